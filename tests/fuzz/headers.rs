// SPDX-License-Identifier: GPL-3.0-or-later

//! Headers of any member, as the crate `tar` reads them.

#![no_main]

use guix_docker::tar::{
    BLOCK_SIZE, HeaderFields, MemberType, Owner, OwnerNames, Xattr, blocks, headers_size,
    push_headers,
};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;

const TYPES: [(MemberType, tar::EntryType); 6] = [
    (MemberType::File, tar::EntryType::Regular),
    (MemberType::Directory, tar::EntryType::Directory),
    (MemberType::Link, tar::EntryType::Symlink),
    (MemberType::Fifo, tar::EntryType::Fifo),
    (MemberType::CharacterDevice, tar::EntryType::Char),
    (MemberType::BlockDevice, tar::EntryType::Block),
];

/// The largest numbers that a device may have on Linux.
const MAX_MAJOR: u32 = 0xfff;
const MAX_MINOR: u32 = 0xf_ffff;

fuzz_target!(|bytes: &[u8]| {
    // What is too short makes no member.
    let _ = check(&mut Unstructured::new(bytes));
});

fn check(input: &mut Unstructured) -> Result<()> {
    let &(kind, read_kind) = input.choose(&TYPES)?;
    let is_link = kind == MemberType::Link;
    let is_device = matches!(kind, MemberType::CharacterDevice | MemberType::BlockDevice);
    let mode = input.arbitrary::<u16>()? & 0o7777;
    let owner = Owner {
        uid: number(input, u32::MAX.into())? as u32,
        gid: number(input, u32::MAX.into())? as u32,
    };
    let size = match kind {
        MemberType::File => number(input, i64::MAX as u64)?,
        _ => 0,
    };
    let device = match is_device {
        true => Some((
            number(input, MAX_MAJOR.into())? as u32,
            number(input, MAX_MINOR.into())? as u32,
        )),
        false => None,
    };
    let &owner_names = input.choose(&[OwnerNames::Root, OwnerNames::None])?;
    let mut name = name(input, 4095)?;
    if kind == MemberType::Directory {
        name.push(b'/');
    }
    let link = match is_link {
        true => self::name(input, 4095)?,
        false => Vec::new(),
    };
    let mut xattrs: Vec<Xattr> = Vec::new();
    for _ in 0..input.int_in_range(0..=3)? {
        // What the kernel has, without those that are left out.
        let mut key = b"user.".to_vec();
        key.extend(self::name(input, 250)?);
        key.retain(|&byte| byte != b'=');
        let length = input.int_in_range(0..=2000)?;
        let value = input.bytes(length.min(input.len()))?;
        xattrs.push((key.into(), value.into()));
    }
    xattrs.sort();
    xattrs.dedup_by(|second, first| second.0 == first.0);
    let member = HeaderFields {
        name: &name,
        link: &link,
        kind,
        mode,
        owner,
        size,
        device,
        owner_names,
        xattrs: &xattrs,
    };
    let mut archive = Vec::new();
    push_headers(&member, &mut archive);
    assert_eq!(archive.len() as u64, headers_size(&member));
    assert_eq!(archive.len() as u64 % BLOCK_SIZE, 0);
    // As much content as a reader looks at.
    let headers = archive.len();
    archive.resize(headers + blocks(size.min(1)) as usize, b'c');

    // That crate parts records at the ends of lines, which values may have.
    let is_read = xattrs.is_empty() || {
        let records = records(&archive);
        let value = |key: &[u8]| records.iter().find(|record| record.0 == key);
        for (key, value) in &xattrs {
            let key = [b"SCHILY.xattr.", &**key].concat();
            assert!(records.contains(&(key, value.to_vec())));
        }
        assert!(value(b"path").is_none_or(|record| record.1 == name));
        assert!(value(b"linkpath").is_none_or(|record| record.1 == link));
        records
            .iter()
            .all(|(key, value)| ![key, value].iter().any(|text| text.contains(&b'\n')))
    };
    if !is_read {
        return Ok(());
    }
    let mut reader = tar::Archive::new(archive.as_slice());
    let mut entry = reader.entries().unwrap().next().unwrap().unwrap();
    assert_eq!(&*entry.path_bytes(), name);
    assert_eq!(entry.link_name_bytes().unwrap_or_default(), link);
    assert_eq!(entry.raw_file_position(), headers as u64);
    assert_eq!(entry.size(), size);
    let read: Vec<Xattr> = match entry.pax_extensions().unwrap() {
        Some(records) => records
            .map(|record| record.unwrap())
            .filter_map(|record| {
                let name = record.key_bytes().strip_prefix(b"SCHILY.xattr.")?;
                Some((name.into(), record.value_bytes().into()))
            })
            .collect(),
        None => Vec::new(),
    };
    assert_eq!(read, xattrs);
    let header = entry.header();
    assert_eq!(header.entry_type(), read_kind);
    assert_eq!(header.mode().unwrap(), u32::from(mode));
    assert_eq!(header.uid().unwrap(), u64::from(owner.uid));
    assert_eq!(header.gid().unwrap(), u64::from(owner.gid));
    assert_eq!(header.mtime().unwrap(), 1);
    if let Some((major, minor)) = device {
        assert_eq!(header.device_major().unwrap(), Some(major));
        assert_eq!(header.device_minor().unwrap(), Some(minor));
    }
    let is_named = |id: u32| owner_names == OwnerNames::Root && id == 0;
    let named = |is_named: bool| if is_named { &b"root"[..] } else { b"" };
    assert_eq!(header.username_bytes(), Some(named(is_named(owner.uid))));
    assert_eq!(header.groupname_bytes(), Some(named(is_named(owner.gid))));
    Ok(())
}

/// The records of the member that `archive` begins with, keys and values.
fn records(archive: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(&archive[..512]);
    assert_eq!(header.entry_type(), tar::EntryType::XHeader);
    let mut rest = &archive[512..][..header.size().unwrap() as usize];
    let mut records = Vec::new();
    while !rest.is_empty() {
        let space = rest.iter().position(|&byte| byte == b' ').unwrap();
        let length: usize = std::str::from_utf8(&rest[..space])
            .unwrap()
            .parse()
            .unwrap();
        let (record, after) = rest.split_at(length);
        let (&end, record) = record[space + 1..].split_last().unwrap();
        assert_eq!(end, b'\n');
        let equals = record.iter().position(|&byte| byte == b'=').unwrap();
        records.push((record[..equals].to_vec(), record[equals + 1..].to_vec()));
        rest = after;
    }
    records
}

/// A number up to `greatest`, of any number of digits.
fn number(input: &mut Unstructured, greatest: u64) -> Result<u64> {
    let shift = input.int_in_range(0..=63)?;
    Ok((input.arbitrary::<u64>()? >> shift).min(greatest))
}

/// Bytes that a file may be called, without a slash at the end.  Of a long one,
/// only the beginning is the input's.
fn name(input: &mut Unstructured, longest: usize) -> Result<Vec<u8>> {
    let length = input.int_in_range(1..=longest)?;
    let given = input.bytes(length.min(64).min(input.len()))?;
    let mut name = given.to_vec();
    name.retain(|&byte| byte != 0);
    name.resize(length, b'n');
    if name.ends_with(b"/") {
        name.push(b'n');
        name.remove(0);
    }
    Ok(name)
}
