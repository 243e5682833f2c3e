// SPDX-License-Identifier: GPL-3.0-or-later

//! An image upon one whose digests and sizes are right, whatever else it is.
//!
//! The input says of what files an image is made.  Its first byte is of flags:
//! 1, the file is compressed; 2, it is a directory; 4, what is made is an OCI
//! archive; 8, it is merged into a layout as well; 16, what is compressed is so
//! by Zstandard.  The rest has files, parted by [`NEXT`], each a name, [`OF`] and a
//! content.  A content that begins with [`LAYER`] is that of an archive, whose
//! members are parted by [`MEMBER`]: a type, a name, [`OF`] and a content.  One
//! that begins with [`PACKED`] is compressed.  In names and contents,
//! [`DIGEST`], [`SIZE`] and [`DIFF_ID`], plus the number of an earlier file, are
//! what that file has.

#![no_main]

use std::fs;
use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use guix_docker::codec::Encoding;
use guix_docker::digest::Digest;
use guix_docker::request::Format;
use guix_docker_fuzz::place::Place;
use libfuzzer_sys::fuzz_target;

const NEXT: u8 = 0xff;
const OF: u8 = 0xfe;
const LAYER: u8 = 0xfd;
const MEMBER: u8 = 0xfc;
const PACKED: u8 = 0xfb;
const DIGEST: u8 = 0xf0;
const SIZE: u8 = 0xe8;
const DIFF_ID: u8 = 0xe0;

/// How many files can be spoken of.
const KNOWN: u8 = 8;

static PLACE: LazyLock<Place> = LazyLock::new(Place::new);

/// A file of an image.
struct File {
    name: Vec<u8>,
    content: Vec<u8>,
    diff_id: Digest,
}

fuzz_target!(|bytes: &[u8]| {
    let Some((flags, recipe)) = bytes.split_first() else {
        return;
    };
    let pack = match flags & 16 {
        0 => gzip,
        _ => zstd,
    };
    let mut files: Vec<File> = Vec::new();
    for part in recipe.split(|&byte| byte == NEXT) {
        let (name, content) = part_at(part, OF);
        let (unpacked, is_packed) = match content.split_first() {
            Some((&PACKED, rest)) => (unpacked(rest, &files), true),
            _ => (unpacked(content, &files), false),
        };
        files.push(File {
            name: filled_in(name, &files),
            diff_id: Digest::of(&unpacked),
            content: match is_packed {
                true => pack(&unpacked),
                false => unpacked,
            },
        });
    }
    let base = PLACE.path("base");
    if flags & 2 == 0 {
        let mut archive = Vec::new();
        for file in &files {
            push_member(&mut archive, b'0', &file.name, &file.content);
        }
        archive.resize(archive.len() + 1024, 0);
        let archive = match flags & 1 {
            0 => archive,
            _ => pack(&archive),
        };
        fs::write(&base, archive).unwrap();
    } else {
        fs::create_dir_all(base.join("blobs/sha256")).unwrap();
        for file in &files {
            let Ok(name) = std::str::from_utf8(&file.name) else {
                continue;
            };
            let digits = name.strip_prefix("blobs/sha256/").unwrap_or_default();
            let is_blob = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            if is_blob || ["oci-layout", "index.json"].contains(&name) {
                fs::write(base.join(name), &file.content).unwrap();
            }
        }
    }
    PLACE.check(match flags & 4 {
        0 => Format::DockerArchive,
        _ => Format::OciArchive,
    });
    PLACE.look();
    if flags & 8 != 0 {
        PLACE.merge();
    }
    match flags & 2 {
        0 => fs::remove_file(base).unwrap(),
        _ => fs::remove_dir_all(base).unwrap(),
    }
});

/// What is before the first `separator`, and what after it.
fn part_at(bytes: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match bytes.iter().position(|&byte| byte == separator) {
        Some(position) => (&bytes[..position], &bytes[position + 1..]),
        None => (bytes, b""),
    }
}

fn unpacked(content: &[u8], files: &[File]) -> Vec<u8> {
    let Some((&LAYER, list)) = content.split_first() else {
        return filled_in(content, files);
    };
    let mut archive = Vec::new();
    for member in list.split(|&byte| byte == MEMBER) {
        if let Some((&kind, rest)) = member.split_first() {
            let (name, content) = part_at(rest, OF);
            push_member(&mut archive, kind, name, content);
        }
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// `text` with the digests and sizes that it speaks of.
fn filled_in(text: &[u8], files: &[File]) -> Vec<u8> {
    let mut result = Vec::new();
    for &byte in text {
        let is_of = |first: u8| (first..first + KNOWN).contains(&byte);
        let file = files.get(usize::from(byte % KNOWN));
        match file {
            Some(file) if is_of(DIGEST) => result.extend(Digest::of(&file.content).hex().bytes()),
            Some(file) if is_of(SIZE) => result.extend(file.content.len().to_string().bytes()),
            Some(file) if is_of(DIFF_ID) => result.extend(file.diff_id.hex().bytes()),
            _ => result.push(byte),
        }
    }
    result
}

/// A member of any type: of a link, `content` is the target.
fn push_member(archive: &mut Vec<u8>, kind: u8, name: &[u8], content: &[u8]) {
    let mut header = tar::Header::new_ustar();
    let fields = header.as_ustar_mut().unwrap();
    let length = name.len().min(fields.name.len());
    fields.name[..length].copy_from_slice(&name[..length]);
    fields.typeflag = [kind];
    let is_link = matches!(kind, b'1' | b'2');
    if is_link {
        let length = content.len().min(fields.linkname.len());
        fields.linkname[..length].copy_from_slice(&content[..length]);
    }
    let content = if is_link { b"" } else { content };
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1);
    header.set_size(content.len() as u64);
    header.set_cksum();
    archive.extend(header.as_bytes());
    archive.extend(content);
    archive.resize(archive.len().next_multiple_of(512), 0);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = Encoding::zstd(1).encoder().unwrap();
    encoder.encode(bytes, true).unwrap().bytes
}
