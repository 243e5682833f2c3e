// SPDX-License-Identifier: GPL-3.0-or-later

//! Decompressing what an image has: an archive as a whole, or a layer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;

use flate2::bufread::GzDecoder;
use zstd_safe::{DCtx, InBuffer, OutBuffer};

use crate::codec::Compression;
use crate::error::{Error, Result, Status};
use crate::job::Job;
use crate::section::Section;

/// The bytes that are read at a time.
const READ_SIZE: usize = 128 << 10;

/// First bytes of compressed data, by codec.
const MAGIC: [(&[u8], std::result::Result<Compression, &str>); 6] = [
    (b"\x1f\x8b", Ok(Compression::Gzip)),
    (b"\x28\xb5\x2f\xfd", Ok(Compression::Zstd)),
    (b"\xfd7zXZ\0", Err("xz")),
    (b"BZh", Err("bzip2")),
    (b"LZIP", Err("lzip")),
    (b"\x04\x22\x4d\x18", Err("lz4")),
];

/// Magic number of zstd's skippable frames, but for its last four bits: see
/// RFC 8878, section 3.1.2.
const SKIPPABLE: u32 = 0x184d_2a50;

/// Size in bytes of a skippable frame's header.
const SKIPPABLE_HEADER: u64 = 8;

/// Maximum number of skippable frames in front of the first frame with data.
const MAX_SKIPPED: usize = 64;

/// Returns the compression of `section` by its first bytes, or the name of a codec
/// that is not read.
pub fn compression(section: &Section) -> Result<std::result::Result<Compression, &'static str>> {
    let mut start = 0;
    for _ in 0..MAX_SKIPPED {
        let mut head = [0; 8];
        let size = (section.size - start).min(head.len() as u64) as usize;
        section
            .read_at(&mut head[..size], start)
            .map_err(|error| Error::io(Status::Input, "reading it", &error))?;
        let length = little_endian(&head[4..]);
        let end = start.saturating_add(SKIPPABLE_HEADER + u64::from(length));
        if !is_skippable(&head[..size]) || end > section.size {
            let known = MAGIC
                .iter()
                .find(|(magic, _)| head[..size].starts_with(magic));
            return Ok(match known {
                Some((_, Ok(Compression::Zstd))) => Ok(Compression::Zstd),
                Some((_, codec)) if start == 0 => *codec,
                // Other codecs have no skippable frames.
                _ => Ok(Compression::None),
            });
        }
        start = end;
    }
    Ok(Ok(Compression::Zstd))
}

/// Returns true if `bytes` begin with a skippable frame.
fn is_skippable(bytes: &[u8]) -> bool {
    bytes.len() >= SKIPPABLE_HEADER as usize && little_endian(bytes) & !0xf == SKIPPABLE
}

fn little_endian(bytes: &[u8]) -> u32 {
    let first = bytes.first_chunk().copied();
    u32::from_le_bytes(first.unwrap_or_default())
}

/// Reader of decompressed bytes.
pub enum Decoder<R: Read> {
    /// Bytes as they are.
    None(R),
    /// Members of gzip, one after the other.
    Gzip(Box<GzipReader<R>>),
    /// Frames of zstd, one after the other.
    Zstd(Box<ZstdReader<R>>),
}

impl<R: Read> Decoder<R> {
    /// Decompresses the bytes of `source`.
    pub fn new(source: R, compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Decoder::None(source),
            Compression::Gzip => Decoder::Gzip(Box::new(GzipReader::new(source))),
            Compression::Zstd => Decoder::Zstd(Box::new(ZstdReader::new(source)?)),
        })
    }

    /// Returns the part of the stream, read to its end, that some engines refuse.
    pub fn oddity(&self) -> Option<&'static str> {
        match self {
            Decoder::Gzip(reader) if reader.has_zeros_behind => {
                Some("zeros stand behind its gzip stream, which podman refuses")
            }
            Decoder::Zstd(reader) if reader.begins_with_skippable => {
                Some("its zstd stream begins with a skippable frame, which podman refuses")
            }
            _ => None,
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Decoder::None(reader) => reader.read(out),
            Decoder::Gzip(reader) => reader.read(out),
            Decoder::Zstd(reader) => reader.read(out),
        }
    }
}

/// Returns `section` as it is, or decompressed in a file without a name, and the
/// part of the compressed stream that some engines refuse.
pub fn plain(section: Section, job: &Job) -> Result<(Section, Option<&'static str>)> {
    let compression = compression(&section)?.map_err(|codec| {
        let what = format!("it is compressed by {codec}; decompress it first, or use gzip or zstd");
        Error::new(Status::Input, what)
    })?;
    if compression == Compression::None {
        return Ok((section, None));
    }
    let unpacking = |error: &io::Error| Error::io(Status::Input, "decompressing it", error);
    let mut reader =
        Decoder::new(section.reader(), compression).map_err(|error| unpacking(&error))?;
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
    let section = Section {
        file: Arc::new(file),
        offset: 0,
        size,
    };
    Ok((section, reader.oddity()))
}

/// Reader of gzip members, one after the other.  Zeros behind the last one are
/// skipped.
pub struct GzipReader<R> {
    decoder: Option<GzDecoder<BufReader<R>>>,
    has_zeros_behind: bool,
}

impl<R: Read> GzipReader<R> {
    fn new(source: R) -> Self {
        let source = BufReader::with_capacity(READ_SIZE, source);
        GzipReader {
            decoder: Some(GzDecoder::new(source)),
            has_zeros_behind: false,
        }
    }
}

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.decoder else {
                return Ok(0);
            };
            let count = decoder.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            let Some(mut source) = self.decoder.take().map(GzDecoder::into_inner) else {
                return Ok(0);
            };
            loop {
                let next = source.fill_buf()?;
                match next.iter().position(|&byte| byte != 0) {
                    _ if next.is_empty() => return Ok(0),
                    Some(0) if !self.has_zeros_behind => break,
                    Some(_) => return Err(io::Error::other("there is something behind its end")),
                    None => {
                        self.has_zeros_behind = true;
                        let count = next.len();
                        source.consume(count);
                    }
                }
            }
            self.decoder = Some(GzDecoder::new(source));
        }
    }
}

/// Reader of zstd frames, one after the other.
pub struct ZstdReader<R> {
    context: DCtx<'static>,
    source: R,
    input: Vec<u8>,
    /// What of the input has been taken, and what there is.
    taken: usize,
    filled: usize,
    /// True if a frame has begun and not ended.
    in_frame: bool,
    /// True if bytes have been read.
    has_begun: bool,
    begins_with_skippable: bool,
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
            has_begun: false,
            begins_with_skippable: false,
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
                if !self.has_begun {
                    self.has_begun = true;
                    self.begins_with_skippable = is_skippable(&self.input[..self.filled]);
                }
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
