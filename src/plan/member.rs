// SPDX-License-Identifier: GPL-3.0-or-later

//! The members of a layer.

use std::ops::Deref;
use std::sync::Arc;

use ::tar::EntryType;

use crate::tar::{self, Entry, Owner};

/// One member of a layer's archive.
#[derive(Clone, Debug)]
pub struct Member {
    /// Where its headers begin in the layer, in bytes.
    pub offset: u64,
    /// Its name; a directory's ends in a slash.
    pub name: Name,
    /// Its permissions, up to 0o7777.
    pub mode: u16,
    /// What it is.
    pub kind: Kind,
}

/// A member's name: as a rule the end of a file name, whose bytes it shares.
#[derive(Clone, Debug)]
pub struct Name {
    bytes: Arc<[u8]>,
    start: usize,
}

/// What a member is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File(Source),
    /// A symbolic link and its target.
    Link(Box<[u8]>),
    /// A named pipe.
    Fifo,
    /// A character device, its major and minor number.
    CharacterDevice(u32, u32),
    /// A block device, its major and minor number.
    BlockDevice(u32, u32),
}

/// Where a regular file's content comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file of this machine.
    Disk(Box<DiskFile>),
    /// Content given in the request.
    Memory(Arc<[u8]>),
}

/// A regular file as the plan found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFile {
    /// Its absolute name.
    pub path: Arc<[u8]>,
    /// What must still be so when it is read.
    pub stamp: Stamp,
}

/// What tells whether a file is the one that was planned, unchanged.  The
/// change time is not part of it: it moves when the store's deduplication
/// links the file elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The device and inode number.
    pub identity: (u64, u64),
    /// The size in bytes.
    pub size: u64,
    /// The modification time: seconds and nanoseconds.
    pub modified: (i64, u64),
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

impl Source {
    /// The size of the content in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Source::Disk(file) => file.stamp.size,
            Source::Memory(content) => content.len() as u64,
        }
    }
}

impl Member {
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
        self.offset + tar::headers_size(&self.name, self.link())
    }

    /// Where the next member begins in the layer.
    pub fn end(&self) -> u64 {
        self.content_offset() + tar::blocks(self.size())
    }

    /// Appends the member's headers to `bytes`.
    pub fn push_headers(&self, owner: Owner, bytes: &mut Vec<u8>) {
        let (kind, device) = match self.kind {
            Kind::Directory => (EntryType::Directory, None),
            Kind::File(_) => (EntryType::Regular, None),
            Kind::Link(_) => (EntryType::Symlink, None),
            Kind::Fifo => (EntryType::Fifo, None),
            Kind::CharacterDevice(major, minor) => (EntryType::Char, Some((major, minor))),
            Kind::BlockDevice(major, minor) => (EntryType::Block, Some((major, minor))),
        };
        let entry = Entry {
            name: &self.name,
            link: self.link(),
            kind,
            mode: self.mode,
            size: self.size(),
            device,
            owner,
        };
        tar::push_headers(&entry, bytes);
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
        same_kind && self.mode == other.mode && *self.name == *other.name
    }
}
