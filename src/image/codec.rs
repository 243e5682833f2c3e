// SPDX-License-Identifier: GPL-3.0-or-later

//! Codecs of archives and layers, told by their first bytes.

use std::io::{self, Read, Write};
use std::sync::Arc;

use crate::codec::{CODECS, Codec, NONE, ZSTD, zstd};
use crate::error::{Error, Result, Status};
use crate::job::Job;
use crate::section::Section;

/// Number of bytes read at a time.
const READ_SIZE: usize = 128 << 10;

/// Names of codecs that are not read, with the first bytes of their streams.
const UNREAD: [(&[u8], &str); 4] = [
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"LZIP", "lzip"),
    (b"\x04\x22\x4d\x18", "lz4"),
];

/// Maximum number of skippable frames of zstd in front of the first frame with data.
const MAX_SKIPPED: usize = 64;

/// Codec, or the name of one that is not read.
pub type Known = std::result::Result<&'static dyn Codec, &'static str>;

/// Returns the codec of `section` by its first bytes.
pub fn of(section: &Section) -> Result<Known> {
    let mut start = 0;
    for _ in 0..MAX_SKIPPED {
        let mut head = [0; 8];
        let size = (section.size - start).min(head.len() as u64) as usize;
        section
            .read_at(&mut head[..size], start)
            .map_err(|error| Error::io(Status::Input, "reading it", &error))?;
        let head = &head[..size];
        let end = zstd::skippable_size(head).map(|size| start.saturating_add(size));
        match end.filter(|end| *end <= section.size) {
            Some(end) => start = end,
            // Other codecs have no skippable frames.
            None if start > 0 => return Ok(Ok(if begins(head, ZSTD) { ZSTD } else { NONE })),
            None => return Ok(by_magic(head)),
        }
    }
    Ok(Ok(ZSTD))
}

fn begins(head: &[u8], codec: &dyn Codec) -> bool {
    !codec.magic().is_empty() && head.starts_with(codec.magic())
}

fn by_magic(head: &[u8]) -> Known {
    if let Some((_, name)) = UNREAD.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(name);
    }
    let codec = CODECS.iter().find(|codec| begins(head, **codec));
    Ok(*codec.unwrap_or(&NONE))
}

/// Returns `section` as it is, or decompressed in a file without a name, and the
/// part of the compressed stream that some engines refuse.
pub fn plain(section: Section, job: &Job) -> Result<(Section, Option<&'static str>)> {
    let codec = of(&section)?.map_err(|codec| {
        let what = format!("it is compressed by {codec}; decompress it first, or use gzip or zstd");
        Error::new(Status::Input, what)
    })?;
    if codec == NONE {
        return Ok((section, None));
    }
    let unpacking = |error: &io::Error| Error::io(Status::Input, "decompressing it", error);
    let mut reader = codec
        .decoder(Box::new(section.reader()))
        .map_err(|error| unpacking(&error))?;
    let temporary = std::env::temp_dir();
    let mut file = tempfile::tempfile_in(&temporary).map_err(|error| {
        let what = format!("making a temporary file in {temporary:?}");
        Error::io(Status::Output, what, &error).with_hint("set TMPDIR to another directory")
    })?;
    let mut buffer = vec![0; READ_SIZE];
    let mut size = 0;
    loop {
        job.check()?;
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unpacking(&error)),
        };
        file.write_all(&buffer[..count]).map_err(|error| {
            let what = format!("writing a temporary file in {temporary:?}");
            Error::io(Status::Output, what, &error).with_hint("set TMPDIR to where there is room")
        })?;
        size += count as u64;
    }
    let oddity = reader.oddity();
    drop(reader);
    let section = Section {
        file: Arc::new(file),
        offset: 0,
        size,
    };
    Ok((section, oddity))
}
