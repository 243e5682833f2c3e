// SPDX-License-Identifier: GPL-3.0-or-later

//! Members of an image's own archive: small files and what is above them.

use crate::tar::{self, HeaderFields, MemberType, Owner, OwnerNames};

/// Appends the directory `name` to `archive`.
pub fn push_directory(archive: &mut Vec<u8>, name: &str, owner_names: OwnerNames) {
    archive.extend(header(name, MemberType::Directory, 0o755, 0, owner_names));
}

/// Appends the file `name` with its content to `archive`, which ends with a
/// block.
pub fn push_file(archive: &mut Vec<u8>, name: &str, content: &[u8], owner_names: OwnerNames) {
    archive.extend(file_header(name, content.len() as u64, owner_names));
    archive.extend_from_slice(content);
    archive.resize(tar::blocks(archive.len() as u64) as usize, 0);
}

/// The header of the file `name` of `size` bytes.
pub fn file_header(name: &str, size: u64, owner_names: OwnerNames) -> Vec<u8> {
    header(name, MemberType::File, 0o644, size, owner_names)
}

fn header(name: &str, kind: MemberType, mode: u16, size: u64, owner_names: OwnerNames) -> Vec<u8> {
    let member = HeaderFields {
        name: name.as_bytes(),
        link: b"",
        kind,
        mode,
        owner: Owner::default(),
        size,
        device: None,
        owner_names,
        xattrs: &[],
    };
    let mut bytes = Vec::new();
    tar::push_headers(&member, &mut bytes);
    bytes
}
