// SPDX-License-Identifier: GPL-3.0-or-later

//! Decompressing what an image has: an archive as a whole, or a layer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;

use flate2::bufread::GzDecoder;
use zstd_safe::{DCtx, InBuffer, OutBuffer};

use super::section::Section;
use crate::compress::Compression;
use crate::error::{Error, Result, Status};
use crate::job::Job;

/// The bytes that are read at a time.
const READ_SIZE: usize = 128 << 10;

/// What compressed bytes begin with, of the kinds that are known by name.
const MAGIC: [(&[u8], Kind); 6] = [
    (b"\x1f\x8b", Kind::Known(Compression::Gzip)),
    (b"\x28\xb5\x2f\xfd", Kind::Known(Compression::Zstd)),
    (b"\xfd7zXZ\0", Kind::Other("xz")),
    (b"BZh", Kind::Other("bzip2")),
    (b"LZIP", Kind::Other("lzip")),
    (b"\x04\x22\x4d\x18", Kind::Other("lz4")),
];

#[derive(Clone, Copy)]
enum Kind {
    Known(Compression),
    Other(&'static str),
}

/// How `section` is compressed, by what it begins with.
pub fn compression(section: &Section) -> Result<Compression> {
    let mut head = [0; 8];
    let size = section.size.min(head.len() as u64) as usize;
    section
        .read_at(&mut head[..size], 0)
        .map_err(|error| Error::io(Status::Input, "reading it", &error))?;
    let kind = MAGIC
        .iter()
        .find(|(magic, _)| head[..size].starts_with(magic));
    match kind {
        None => Ok(Compression::None),
        Some((_, Kind::Known(compression))) => Ok(*compression),
        Some((_, Kind::Other(name))) => Err(Error::new(
            Status::Input,
            format!("it is compressed by {name}; decompress it first, or use gzip or zstd"),
        )),
    }
}

/// The bytes of `section`, decompressed.
pub fn reader<'a>(
    section: impl Read + 'a,
    compression: Compression,
) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match compression {
        Compression::None => Box::new(section),
        Compression::Gzip => Box::new(GzipReader::new(section)),
        Compression::Zstd => Box::new(ZstdReader::new(section)?),
    })
}

/// `section` as it is, or decompressed in a file without a name.
pub fn plain(section: Section, job: &Job) -> Result<Section> {
    let compression = compression(&section)?;
    if compression == Compression::None {
        return Ok(section);
    }
    let unpacking = |error: &io::Error| Error::io(Status::Input, "decompressing it", error);
    let mut reader = reader(section.reader(), compression).map_err(|error| unpacking(&error))?;
    let temporary = std::env::temp_dir();
    let mut file = tempfile::tempfile_in(&temporary).map_err(|error| {
        let what = format!("making a temporary file in {temporary:?}");
        Error::io(Status::Output, what, &error).advise("set TMPDIR to another directory")
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
            Error::io(Status::Output, what, &error).advise("set TMPDIR to where there is room")
        })?;
        size += count as u64;
    }
    Ok(Section {
        file: Arc::new(file),
        offset: 0,
        size,
    })
}

/// Decompresses gzip members, one after the other, and takes zeros behind the
/// last one for nothing.
struct GzipReader<R>(Option<GzDecoder<BufReader<R>>>);

impl<R: Read> GzipReader<R> {
    fn new(source: R) -> Self {
        let source = BufReader::with_capacity(READ_SIZE, source);
        GzipReader(Some(GzDecoder::new(source)))
    }
}

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.0 else {
                return Ok(0);
            };
            let count = decoder.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            let Some(mut source) = self.0.take().map(GzDecoder::into_inner) else {
                return Ok(0);
            };
            loop {
                let next = source.fill_buf()?;
                match next.iter().position(|&byte| byte != 0) {
                    _ if next.is_empty() => return Ok(0),
                    Some(0) => break,
                    Some(_) => return Err(io::Error::other("there is something behind its end")),
                    None => {
                        let count = next.len();
                        source.consume(count);
                    }
                }
            }
            self.0 = Some(GzDecoder::new(source));
        }
    }
}

/// Decompresses frames of Zstandard, one after the other.
struct ZstdReader<R> {
    context: DCtx<'static>,
    source: R,
    input: Vec<u8>,
    /// What of the input has been taken, and what there is.
    taken: usize,
    filled: usize,
    /// Whether a frame has begun and not ended.
    in_frame: bool,
}

impl<R: Read> ZstdReader<R> {
    fn new(source: R) -> io::Result<Self> {
        Ok(ZstdReader {
            context: DCtx::try_create().ok_or(io::ErrorKind::OutOfMemory)?,
            source,
            input: vec![0; READ_SIZE],
            taken: 0,
            filled: 0,
            in_frame: false,
        })
    }
}

impl<R: Read> Read for ZstdReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if self.taken == self.filled {
                self.filled = self.source.read(&mut self.input)?;
                self.taken = 0;
                if self.filled == 0 {
                    return match self.in_frame {
                        true => Err(io::ErrorKind::UnexpectedEof.into()),
                        false => Ok(0),
                    };
                }
            }
            let mut input = InBuffer::around(&self.input[self.taken..self.filled]);
            let mut output = OutBuffer::around(&mut *out);
            let left = self
                .context
                .decompress_stream(&mut output, &mut input)
                .map_err(|code| match zstd_safe::get_error_name(code) {
                    "Frame requires too much memory for decoding" => {
                        io::Error::other("its window is larger than 128 MiB; decompress it first")
                    }
                    name if name.contains("not enough memory") => io::ErrorKind::OutOfMemory.into(),
                    name => io::Error::other(name),
                })?;
            let written = output.pos();
            self.taken += input.pos();
            self.in_frame = left > 0;
            if written > 0 {
                return Ok(written);
            }
        }
    }
}
