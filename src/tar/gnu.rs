// SPDX-License-Identifier: GPL-3.0-or-later

//! Headers of GNU tar's own format.
//!
//! Names past 100 bytes are in `././@LongLink` members, numbers that are too
//! large for octal digits in base 256.

use std::sync::LazyLock;

use ::tar::{EntryType, Header};

use super::{
    BLOCK_SIZE, HeaderFields, MAX_OCTAL_ID, MAX_OCTAL_SIZE, MTIME, NAME_FIELD, Owner, OwnerNames,
    blocks, owner_name, push_with_checksum, put, put_fields, put_octal,
};

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

/// See [`super::headers_size`].
pub fn headers_size(member: &HeaderFields) -> u64 {
    let long = |text: &[u8]| match text.len() {
        0..=NAME_FIELD => 0,
        length => BLOCK_SIZE + blocks(length as u64 + 1),
    };
    BLOCK_SIZE + long(member.name) + long(member.link)
}

/// See [`super::push_headers`].
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
    put_fields(&mut header, member);
    if member.size <= MAX_OCTAL_SIZE {
        put_octal(&mut header.as_old_mut().size, member.size);
    } else {
        header.set_size(member.size);
    }
    put_owner(&mut header, member.owner);
    if let Some(fields) = header.as_gnu_mut() {
        put(&mut fields.uname, owner_name(member, member.owner.uid));
        put(&mut fields.gname, owner_name(member, member.owner.gid));
        if let Some((major, minor)) = member.device {
            fields.set_device_major(major);
            fields.set_device_minor(minor);
        }
    }
    push_with_checksum(header, bytes);
}

/// Fills the fields of the user and the group, which are root's in the header.
fn put_owner(header: &mut Header, owner: Owner) {
    if owner == Owner::default() {
        return;
    }
    if owner.uid <= MAX_OCTAL_ID {
        put_octal(&mut header.as_old_mut().uid, owner.uid.into());
    } else {
        header.set_uid(owner.uid.into());
    }
    if owner.gid <= MAX_OCTAL_ID {
        put_octal(&mut header.as_old_mut().gid, owner.gid.into());
    } else {
        header.set_gid(owner.gid.into());
    }
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
