// SPDX-License-Identifier: GPL-3.0-or-later

//! The headers of GNU tar's archive format, as GNU tar 1.35 writes them.
//!
//! The `tar` crate knows the fields; this module knows what GNU tar puts in
//! them: times of 1, owners of 0, names past 100 bytes in `././@LongLink`
//! members, checksums of six digits, and archives padded to whole records.
//! See "Basic Tar Format" in the GNU tar manual.

#![forbid(unsafe_code)]

use std::sync::LazyLock;

use tar::{EntryType, Header};

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

/// A header with what is the same in all.
static HEADER: LazyLock<Header> = LazyLock::new(|| {
    let mut header = Header::new_gnu();
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(MTIME);
    header
});

/// The name of a member that holds another one's long name.
const LONG_LINK: &[u8] = b"././@LongLink";

/// Whether members carry the names of their owner and group.
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
    /// The size of a file in bytes, else 0.
    pub size: u64,
    /// The major and minor number of a device.
    pub device: Option<(u32, u32)>,
    /// Whether owner names are given.
    pub owner_names: OwnerNames,
}

/// `size` made a multiple of the block size.
pub fn blocks(size: u64) -> u64 {
    size.next_multiple_of(BLOCK_SIZE)
}

/// The size of an archive whose members take `size` bytes.
pub fn archive_size(size: u64) -> u64 {
    (size + 2 * BLOCK_SIZE).next_multiple_of(RECORD_SIZE)
}

/// The size in bytes of a member's headers, those for a long `name` or link
/// target included.
pub fn headers_size(name: &[u8], link: &[u8]) -> u64 {
    let long = |text: &[u8]| match text.len() {
        0..=NAME_FIELD => 0,
        length => BLOCK_SIZE + blocks(length as u64 + 1),
    };
    BLOCK_SIZE + long(name) + long(link)
}

/// Appends the headers that `member` describes, as many bytes as
/// [`headers_size`] says.
pub fn push_headers(member: &HeaderFields, bytes: &mut Vec<u8>) {
    let mut long = [
        (EntryType::GNULongLink, member.link),
        (EntryType::GNULongName, member.name),
    ];
    // Guix runs `tar --delete /` on the archives that have owner names, which
    // writes these two in the other order.
    if member.owner_names == OwnerNames::Root {
        long.reverse();
    }
    for (kind, name) in long {
        if name.len() > NAME_FIELD {
            push_long_name(kind, name, bytes);
        }
    }
    let mut header = HEADER.clone();
    header.set_entry_type(member.kind.into());
    if member.size <= MAX_OCTAL_SIZE {
        put_octal(&mut header.as_old_mut().size, member.size);
    } else {
        header.set_size(member.size);
    }
    put_octal(&mut header.as_old_mut().mode, member.mode.into());
    let fields = header.as_old_mut();
    put(&mut fields.name, member.name);
    put(&mut fields.linkname, member.link);
    if let Some(fields) = header.as_gnu_mut() {
        if member.owner_names == OwnerNames::Root {
            put(&mut fields.uname, b"root");
            put(&mut fields.gname, b"root");
        }
        if let Some((major, minor)) = member.device {
            fields.set_device_major(major);
            fields.set_device_minor(minor);
        }
    }
    push_with_checksum(header, bytes);
}

/// Appends a member that holds `name`, with a NUL, for the next one.
/// GNU tar gives it the names of user and group 0, which there are none of
/// where Guix builds.
fn push_long_name(kind: EntryType, name: &[u8], bytes: &mut Vec<u8>) {
    let mut header = HEADER.clone();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(name.len() as u64 + 1);
    header.set_mtime(0);
    put(&mut header.as_old_mut().name, LONG_LINK);
    push_with_checksum(header, bytes);
    let end = bytes.len() + blocks(name.len() as u64 + 1) as usize;
    bytes.extend_from_slice(name);
    bytes.resize(end, 0);
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
