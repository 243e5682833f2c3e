// SPDX-License-Identifier: GPL-3.0-or-later

//! Archives and their members' headers, as GNU tar 1.35 writes them.
//!
//! The `tar` crate knows the fields; this module knows what GNU tar puts in
//! them: times of 1, checksums of six digits, archives padded to whole
//! records.  Members have headers of GNU tar's own format but for those with
//! extended attributes, which only POSIX's can tell of.  See "Basic Tar
//! Format" in the GNU tar manual.

#![forbid(unsafe_code)]

mod gnu;
mod pax;

pub use pax::push_record;

use ::tar::{EntryType, Header};

/// The unit of everything in an archive, in bytes.
pub const BLOCK_SIZE: u64 = 512;

/// What an archive's size is a multiple of, in bytes: 20 blocks.
const RECORD_SIZE: u64 = 20 * BLOCK_SIZE;

/// The modification time of every member, in seconds since the epoch.
const MTIME: u64 = 1;

/// The bytes that fit into a header's name fields.
const NAME_FIELD: usize = 100;

/// The greatest size that fits into its field in octal digits.
const MAX_OCTAL_SIZE: u64 = (1 << 33) - 1;

/// The greatest user or group that fits into its field in octal digits.
const MAX_OCTAL_ID: u32 = (1 << 21) - 1;

/// User and group of a member, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// User ID.
    pub uid: u32,
    /// Group ID.
    pub gid: u32,
}

/// Whether members carry the names of their owner and group, where these are
/// root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerNames {
    /// `--owner=root:0 --group=root:0`
    Root,
    /// `--owner=0 --group=0 --numeric-owner`
    None,
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberType {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A named pipe.
    Fifo,
    /// A character device.
    CharacterDevice,
    /// A block device.
    BlockDevice,
}

impl From<MemberType> for EntryType {
    fn from(kind: MemberType) -> Self {
        match kind {
            MemberType::File => EntryType::Regular,
            MemberType::Directory => EntryType::Directory,
            MemberType::Link => EntryType::Symlink,
            MemberType::Fifo => EntryType::Fifo,
            MemberType::CharacterDevice => EntryType::Char,
            MemberType::BlockDevice => EntryType::Block,
        }
    }
}

/// An extended attribute: its name and its value.
pub type Xattr = (Box<[u8]>, Box<[u8]>);

/// What a header says of its member.
#[derive(Clone, Copy, Debug)]
pub struct HeaderFields<'a> {
    /// The name; a directory's ends in a slash.
    pub name: &'a [u8],
    /// What a symbolic link points to, or nothing.
    pub link: &'a [u8],
    /// What the member is.
    pub kind: MemberType,
    /// The permissions, up to 0o7777.
    pub mode: u16,
    /// Whom it belongs to.
    pub owner: Owner,
    /// The size of a file in bytes, else 0.
    pub size: u64,
    /// The major and minor number of a device.
    pub device: Option<(u32, u32)>,
    /// Whether owner names are given.
    pub owner_names: OwnerNames,
    /// Extended attributes.
    pub xattrs: &'a [Xattr],
}

/// `size` made a multiple of the block size.
pub fn blocks(size: u64) -> u64 {
    size.next_multiple_of(BLOCK_SIZE)
}

/// The size of an archive whose members take `size` bytes.
pub fn archive_size(size: u64) -> u64 {
    (size + 2 * BLOCK_SIZE).next_multiple_of(RECORD_SIZE)
}

/// The size in bytes of the headers of `member`, those for what does not fit
/// into fields included.
pub fn headers_size(member: &HeaderFields) -> u64 {
    match member.xattrs {
        [] => gnu::headers_size(member),
        _ => pax::headers_size(member),
    }
}

/// Appends the headers of `member`, as many bytes as [`headers_size`] says.
pub fn push_headers(member: &HeaderFields, bytes: &mut Vec<u8>) {
    match member.xattrs {
        [] => gnu::push_headers(member, bytes),
        _ => pax::push_headers(member, bytes),
    }
}

/// Fills the fields that all formats have, but for the user, the group and
/// the size.
fn put_fields(header: &mut Header, member: &HeaderFields) {
    header.set_entry_type(member.kind.into());
    put_octal(&mut header.as_old_mut().mode, member.mode.into());
    let fields = header.as_old_mut();
    put(&mut fields.name, member.name);
    put(&mut fields.linkname, member.link);
}

/// The name that goes with the user or group `id`.
fn owner_name(member: &HeaderFields, id: u32) -> &'static [u8] {
    match member.owner_names {
        OwnerNames::Root if id == 0 => b"root",
        _ => b"",
    }
}

/// Copies as much of `text` into `field` as fits.
fn put(field: &mut [u8], text: &[u8]) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text[..length]);
}

/// Fills `field` with the octal digits of `number` and a NUL.
fn put_octal(field: &mut [u8], mut number: u64) {
    if let Some((end, digits)) = field.split_last_mut() {
        *end = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (number & 7) as u8;
            number >>= 3;
        }
    }
}

/// Appends `header` with its checksum: six octal digits, a NUL and the
/// space that counted for it.
fn push_with_checksum(mut header: Header, bytes: &mut Vec<u8>) {
    let field = &mut header.as_old_mut().cksum;
    field.fill(b' ');
    let sum: u32 = header.as_bytes().iter().map(|&byte| u32::from(byte)).sum();
    put_octal(&mut header.as_old_mut().cksum[..7], sum.into());
    bytes.extend_from_slice(header.as_bytes());
}
