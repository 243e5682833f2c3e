// SPDX-License-Identifier: GPL-3.0-or-later

//! Members of one layer, recorded while the layer is read.
//!
//! Layers are read several at once, and applied in order when all are read.  Until
//! then each member takes 12 bytes, and those of its name that the member before
//! does not begin with.

use tar::EntryType;

use super::allowance::Allowance;
use super::paths::MAX_COMPONENT;
use crate::error::{Error, Result};
use crate::image::header::MemberOddity;
use crate::image::tar::Member;
use crate::memory;
use crate::path::{MAX_LENGTH, WHITEOUT, components, rooted};
use crate::tar::Owner;

/// Maximum length in bytes of a name that is kept to be shown.
const MAX_SHOWN: usize = 256;

/// Changes of a layer, in the order of its archive.
pub struct Changes {
    entries: Vec<Entry>,
    bytes: Vec<u8>,
    /// Normalized path of the last entry.
    last: Vec<u8>,
    allowance: Allowance,
    failure: Option<Error>,
}

/// Kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Directory,
    Link,
    HardLink,
    File,
    /// The character device 0:0.
    WhiteoutDevice,
    /// A file of a type that engines refuse.
    Unknown(u8),
    // Members that no engine creates.
    PathTooLong,
    ComponentTooLong,
    NoTarget,
    TargetTooLong,
}

/// Original form of a member's name, as opposed to the normalized path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    Normalized,
    Slash,
    DotSlash,
    /// The name is stored.
    Other,
}

struct Entry {
    kind: Kind,
    spelling: Spelling,
    escapes: bool,
    has_content: bool,
    oddity: Option<MemberOddity>,
    /// Bytes of the path that the last entry's begins with.
    shared: u16,
    /// Bytes of the path after these.
    rest: u16,
    /// Bytes of the link's target.
    target: u16,
}

/// A change, with the path of which only a part is stored.
pub struct Change<'a> {
    /// Kind of the change.
    pub kind: Kind,
    /// True if the name has more ".." than directories.
    pub escapes: bool,
    /// True if the member has content.
    pub has_content: bool,
    /// Part of the member that some engines refuse, or store otherwise.
    pub oddity: Option<MemberOddity>,
    /// Bytes of the path that the last change's begins with.
    pub shared: usize,
    /// Bytes of the path after these.
    pub rest: &'a [u8],
    /// Mode and owner of a directory.
    pub attributes: (u16, Owner),
    /// Target of a link.
    pub target: &'a [u8],
    spelling: Spelling,
    original: &'a [u8],
}

impl Change<'_> {
    /// Writes the member's name as it is in the archive to `name`, from its
    /// normalized `path`.
    pub fn original(&self, path: &[u8], name: &mut Vec<u8>) {
        let prefix: &[u8] = match self.spelling {
            Spelling::Normalized => b"",
            Spelling::Slash => b"/",
            Spelling::DotSlash => b"./",
            Spelling::Other => self.original,
        };
        name.clear();
        name.extend_from_slice(prefix);
        if self.spelling != Spelling::Other {
            name.extend_from_slice(path);
            if self.kind == Kind::Directory && !path.is_empty() {
                name.push(b'/');
            }
        }
        if self.kind == Kind::PathTooLong {
            name.extend_from_slice("…".as_bytes());
        }
    }

    /// True if the member's name begins with a slash.
    pub fn is_absolute(&self) -> bool {
        match self.spelling {
            Spelling::Slash => true,
            Spelling::Other => self.original.starts_with(b"/"),
            Spelling::Normalized | Spelling::DotSlash => false,
        }
    }
}

impl Changes {
    /// Returns no changes; what is recorded is taken from `allowance`.
    pub fn new(allowance: &Allowance) -> Self {
        Changes {
            entries: Vec::new(),
            bytes: Vec::new(),
            last: Vec::new(),
            allowance: allowance.clone(),
            failure: None,
        }
    }

    /// Records the next member of the layer.  After a failure nothing more is
    /// recorded, and applying the changes fails.
    pub fn note(&mut self, member: &Member) {
        if self.failure.is_some() {
            return;
        }
        if let Err(error) = self.record(member) {
            *self = Changes {
                failure: Some(error),
                ..Changes::new(&self.allowance)
            };
        }
    }

    fn record(&mut self, member: &Member) -> Result<()> {
        let (path, escapes) = rooted(&member.name);
        let kind = kind(member, &path);
        let path = match kind {
            Kind::PathTooLong => &path[..MAX_SHOWN],
            _ => &path,
        };
        let target = match kind {
            Kind::Link | Kind::HardLink => &member.link[..member.link.len().min(MAX_LENGTH)],
            _ => b"",
        };
        let spelling = spelling(&member.name, path, kind);
        let original = match spelling {
            Spelling::Other => &member.name[..member.name.len().min(MAX_SHOWN)],
            _ => b"",
        };
        let shared = std::iter::zip(&self.last, path).take_while(|(a, b)| a == b);
        let shared = shared.count();
        let rest = &path[shared..];
        let attributes = match kind {
            Kind::Directory => Attributes::SIZE,
            _ => 0,
        };
        let stored = match original.len() {
            0 if spelling != Spelling::Other => 0,
            length => length + 2,
        };
        let size = rest.len() + target.len() + attributes + stored;
        self.allowance.take(size_of::<Entry>() + size)?;
        memory::make_room_to_grow(&mut self.bytes, size)?;
        self.bytes.extend_from_slice(rest);
        self.bytes.extend_from_slice(target);
        if kind == Kind::Directory {
            self.bytes
                .extend_from_slice(&Attributes::write(member.mode, member.owner));
        }
        if spelling == Spelling::Other {
            self.bytes
                .extend_from_slice(&(original.len() as u16).to_le_bytes());
            self.bytes.extend_from_slice(original);
        }
        self.last.truncate(shared);
        memory::make_room_to_grow(&mut self.last, rest.len())?;
        self.last.extend_from_slice(rest);
        let entry = Entry {
            kind,
            spelling,
            escapes,
            has_content: member.size > 0,
            oddity: member.oddity,
            shared: shared as u16,
            rest: rest.len() as u16,
            target: target.len() as u16,
        };
        memory::push(&mut self.entries, entry)
    }

    /// The failure to record all members, if any.
    pub fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// Iterates over the changes.
    pub fn iter(&self) -> impl Iterator<Item = Change<'_>> {
        let mut bytes = self.bytes.as_slice();
        self.entries.iter().map(move |entry| {
            let mut take = |count: usize| {
                let (taken, left) = bytes.split_at(count);
                bytes = left;
                taken
            };
            let rest = take(entry.rest.into());
            let target = take(entry.target.into());
            let attributes = match entry.kind {
                Kind::Directory => Attributes::read(take(Attributes::SIZE)),
                _ => Default::default(),
            };
            let original = match entry.spelling {
                Spelling::Other => {
                    let length = take(2);
                    take(u16::from_le_bytes([length[0], length[1]]).into())
                }
                _ => b"",
            };
            Change {
                kind: entry.kind,
                escapes: entry.escapes,
                has_content: entry.has_content,
                oddity: entry.oddity,
                shared: entry.shared.into(),
                rest,
                attributes,
                target,
                spelling: entry.spelling,
                original,
            }
        })
    }
}

/// Mode and owner of a directory as bytes.
struct Attributes;

impl Attributes {
    const SIZE: usize = 10;

    fn write(mode: u16, owner: Owner) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[..2].copy_from_slice(&mode.to_le_bytes());
        bytes[2..6].copy_from_slice(&owner.uid.to_le_bytes());
        bytes[6..].copy_from_slice(&owner.gid.to_le_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> (u16, Owner) {
        let number = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let owner = Owner {
            uid: number(2),
            gid: number(6),
        };
        (u16::from_le_bytes([bytes[0], bytes[1]]), owner)
    }
}

/// Returns the kind of `member`, whose normalized path is `path`.
fn kind(member: &Member, path: &[u8]) -> Kind {
    // What a whiteout is called need not fit a file.
    let is_long = |part: &[u8]| part.len() > MAX_COMPONENT;
    let mut parts = components(path);
    let last = parts.next_back().unwrap_or_default();
    let last = last.strip_prefix(WHITEOUT).unwrap_or(last);
    if path.len() > MAX_LENGTH {
        return Kind::PathTooLong;
    }
    if is_long(last) || parts.any(is_long) {
        return Kind::ComponentTooLong;
    }
    match member.kind {
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink if member.link.is_empty() => Kind::NoTarget,
        EntryType::Symlink if member.link.len() > MAX_LENGTH => Kind::TargetTooLong,
        EntryType::Symlink => Kind::Link,
        EntryType::Link => Kind::HardLink,
        EntryType::Char if member.device == (0, 0) => Kind::WhiteoutDevice,
        EntryType::Regular | EntryType::Char | EntryType::Block | EntryType::Fifo => Kind::File,
        other => Kind::Unknown(other.as_byte()),
    }
}

/// Returns how the name of a member differs from its normalized `path`.
fn spelling(name: &[u8], path: &[u8], kind: Kind) -> Spelling {
    let forms: [(Spelling, &[u8]); 3] = [
        (Spelling::Normalized, b""),
        (Spelling::Slash, b"/"),
        (Spelling::DotSlash, b"./"),
    ];
    for (spelling, prefix) in forms {
        let Some(rest) = name.strip_prefix(prefix) else {
            continue;
        };
        let rest = match kind {
            Kind::Directory if !path.is_empty() => rest.strip_suffix(b"/").unwrap_or(b"//"),
            _ => rest,
        };
        if rest == path {
            return spelling;
        }
    }
    Spelling::Other
}
