// SPDX-License-Identifier: GPL-3.0-or-later

//! Headers of POSIX's format, for members with extended attributes.
//!
//! A member of its own, in front, has records of what the header cannot say:
//! see "pax Header Block" in POSIX.  These are as
//! `tar --format=posix --xattrs --pax-option=delete=atime,delete=ctime`
//! writes them, with attributes in the order of their names.

use ::tar::{EntryType, Header};

use super::{
    BLOCK_SIZE, HeaderFields, MAX_OCTAL_ID, MAX_OCTAL_SIZE, MTIME, NAME_FIELD, blocks, owner_name,
    push_with_checksum, put, put_fields, put_octal,
};
use crate::path::{clean, directory_of};

/// In front of the name of an attribute.
const XATTR: &[u8] = b"SCHILY.xattr.";

/// See [`super::headers_size`].
pub fn headers_size(member: &HeaderFields) -> u64 {
    2 * BLOCK_SIZE + blocks(records(member).len() as u64)
}

/// See [`super::push_headers`].
pub fn push_headers(member: &HeaderFields, bytes: &mut Vec<u8>) {
    let records = records(member);
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::XHeader);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(records.len() as u64);
    header.set_mtime(MTIME);
    put(&mut header.as_old_mut().name, &records_name(member.name));
    push_with_checksum(header, bytes);
    let end = bytes.len() + blocks(records.len() as u64) as usize;
    bytes.extend(records);
    bytes.resize(end, 0);

    let mut header = Header::new_ustar();
    header.set_mtime(MTIME);
    put_fields(&mut header, member);
    // What does not fit is in a record.
    let or_0 = |number, greatest| if number <= greatest { number } else { 0 };
    let fields = header.as_old_mut();
    put_octal(&mut fields.uid, or_0(member.owner.uid, MAX_OCTAL_ID).into());
    put_octal(&mut fields.gid, or_0(member.owner.gid, MAX_OCTAL_ID).into());
    let size = if member.size <= MAX_OCTAL_SIZE {
        member.size
    } else {
        0
    };
    put_octal(&mut fields.size, size);
    if let Some(fields) = header.as_ustar_mut() {
        put(&mut fields.uname, owner_name(member, member.owner.uid));
        put(&mut fields.gname, owner_name(member, member.owner.gid));
        let (major, minor) = member.device.unwrap_or_default();
        fields.set_device_major(major);
        fields.set_device_minor(minor);
    }
    push_with_checksum(header, bytes);
}

/// What the header cannot say.
fn records(member: &HeaderFields) -> Vec<u8> {
    let mut records = Vec::new();
    let mut push = |key: &[u8], value: &[u8]| push_record(&mut records, key, value);
    if member.name.len() > NAME_FIELD || !member.name.is_ascii() {
        push(b"path", member.name);
    }
    if member.link.len() > NAME_FIELD {
        push(b"linkpath", member.link);
    }
    if member.owner.uid > MAX_OCTAL_ID {
        push(b"uid", member.owner.uid.to_string().as_bytes());
    }
    if member.owner.gid > MAX_OCTAL_ID {
        push(b"gid", member.owner.gid.to_string().as_bytes());
    }
    if member.size > MAX_OCTAL_SIZE {
        push(b"size", member.size.to_string().as_bytes());
    }
    for (name, value) in member.xattrs {
        push(&[XATTR, name].concat(), value);
    }
    records
}

/// Appends a record: its length in decimal digits, which counts for itself
/// as well, the key and the value.
pub fn push_record(records: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = " =\n".len() + key.len() + value.len();
    let digits = |number: usize| number.to_string().len();
    let mut length = rest + digits(rest);
    if rest + digits(length) > length {
        length += 1;
    }
    records.extend_from_slice(length.to_string().as_bytes());
    records.push(b' ');
    records.extend_from_slice(key);
    records.push(b'=');
    records.extend_from_slice(value);
    records.push(b'\n');
}

/// What the member that has the records of the member `name` is called.
fn records_name(name: &[u8]) -> Vec<u8> {
    let name = clean(name);
    let directory = directory_of(&name);
    let (directory, base) = match directory.len() {
        0 => (b".".as_slice(), &*name),
        length => (directory, &name[length + 1..]),
    };
    [directory, b"/PaxHeaders/", base].concat()
}
