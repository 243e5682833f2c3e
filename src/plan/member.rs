// SPDX-License-Identifier: GPL-3.0-or-later

//! The members of a layer.

use std::ops::Deref;
use std::sync::Arc;

use super::tree::Implied;
use crate::input::Kind;
use crate::tar::Owner;
use crate::tar::{self, HeaderFields, MemberType, OwnerNames, Xattr};

/// One member of a layer's archive.
#[derive(Clone, Debug)]
pub struct Member {
    /// Where its headers begin in the layer, in bytes.
    pub offset: u64,
    /// The size of its headers in bytes.
    pub(super) headers_size: u32,
    /// Its name; a directory's ends in a slash.
    pub name: Name,
    /// Its permissions, up to 0o7777.
    pub mode: u16,
    /// Whether these are for want of others.
    pub implied: Option<Implied>,
    /// Whom it belongs to.
    pub owner: Owner,
    /// What it is.
    pub kind: Kind,
    /// Its extended attributes.
    pub xattrs: Option<Arc<Vec<Xattr>>>,
    /// The file that it is made from, if transformations have renamed it.
    pub origin: Option<Arc<[u8]>>,
}

/// A member's name: as a rule the end of a file name, whose bytes it shares.
#[derive(Clone, Debug)]
pub struct Name {
    bytes: Arc<[u8]>,
    start: usize,
}

impl Name {
    /// What there is of `bytes` from `start` on.
    pub fn new(bytes: Arc<[u8]>, start: usize) -> Self {
        Name { bytes, start }
    }
}

impl Deref for Name {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

impl Member {
    /// Notes the size of the member's headers, when all is known of it.
    pub fn measure(&mut self) {
        // It does not depend on the owners' names.
        self.headers_size = tar::headers_size(&self.fields(OwnerNames::None)) as u32;
    }

    /// The size of the content in bytes, without padding.
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(source) => source.size(),
            _ => 0,
        }
    }

    /// What the member points to, if it is a symbolic link.
    pub fn link(&self) -> &[u8] {
        match &self.kind {
            Kind::Link(target) => target,
            _ => &[],
        }
    }

    /// Where the content begins in the layer.
    pub fn content_offset(&self) -> u64 {
        self.offset + u64::from(self.headers_size)
    }

    /// Where the next member begins in the layer.
    pub fn end(&self) -> u64 {
        self.content_offset() + tar::blocks(self.size())
    }

    /// Appends the member's headers to `bytes`.
    pub fn push_headers(&self, owner_names: OwnerNames, bytes: &mut Vec<u8>) {
        tar::push_headers(&self.fields(owner_names), bytes);
    }

    /// What the headers say.
    fn fields(&self, owner_names: OwnerNames) -> HeaderFields<'_> {
        let (kind, device) = match self.kind {
            Kind::Directory => (MemberType::Directory, None),
            Kind::File(_) => (MemberType::File, None),
            Kind::Link(_) => (MemberType::Link, None),
            Kind::Fifo => (MemberType::Fifo, None),
            Kind::CharacterDevice(major, minor) => {
                (MemberType::CharacterDevice, Some((major, minor)))
            }
            Kind::BlockDevice(major, minor) => (MemberType::BlockDevice, Some((major, minor))),
        };
        HeaderFields {
            name: &self.name,
            link: self.link(),
            kind,
            mode: self.mode,
            owner: self.owner,
            size: self.size(),
            device,
            owner_names,
            xattrs: self.xattrs.as_deref().map_or(&[], Vec::as_slice),
        }
    }

    /// Whether the member's bytes in the archive may be those of `other`:
    /// they are if the contents are.
    pub fn resembles(&self, other: &Self) -> bool {
        let same_kind = match (&self.kind, &other.kind) {
            (Kind::Directory, Kind::Directory) | (Kind::Fifo, Kind::Fifo) => true,
            (Kind::File(a), Kind::File(b)) => a.size() == b.size(),
            (Kind::Link(a), Kind::Link(b)) => a == b,
            (Kind::CharacterDevice(a, b), Kind::CharacterDevice(c, d))
            | (Kind::BlockDevice(a, b), Kind::BlockDevice(c, d)) => (a, b) == (c, d),
            _ => false,
        };
        same_kind
            && (self.mode, self.owner, &self.xattrs) == (other.mode, other.owner, &other.xattrs)
            && *self.name == *other.name
    }
}
