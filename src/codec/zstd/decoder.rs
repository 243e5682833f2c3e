// SPDX-License-Identifier: GPL-3.0-or-later

//! Decoding of zstd.

use std::io::{self, Read};

use zstd_safe::{DCtx, InBuffer, OutBuffer};

use crate::codec::Decoder;

/// Number of bytes read at a time.
const READ_SIZE: usize = 128 << 10;

/// Magic number of skippable frames, but for its last four bits: see RFC 8878,
/// section 3.1.2.
const SKIPPABLE: u32 = 0x184d_2a50;

/// Size in bytes of a skippable frame's header.
const SKIPPABLE_HEADER: u64 = 8;

/// Returns the size in bytes of the skippable frame that begins with `bytes`, if one
/// does.
pub fn skippable_size(bytes: &[u8]) -> Option<u64> {
    let (head, rest) = bytes.split_first_chunk()?;
    let length = u32::from_le_bytes(*rest.first_chunk()?);
    (u32::from_le_bytes(*head) & !0xf == SKIPPABLE).then_some(SKIPPABLE_HEADER + u64::from(length))
}

/// Reader of zstd frames, one after the other.
pub struct ZstdReader<R> {
    context: DCtx<'static>,
    source: R,
    input: Vec<u8>,
    /// Number of bytes of the input that are decoded.
    taken: usize,
    /// Number of bytes of the input that are read.
    filled: usize,
    /// True if a frame has begun and not ended.
    in_frame: bool,
    /// True if bytes have been read.
    has_begun: bool,
    begins_with_skippable: bool,
}

impl<R: Read> ZstdReader<R> {
    /// Decompresses `source`.
    pub fn new(source: R) -> io::Result<Self> {
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
                    self.begins_with_skippable =
                        skippable_size(&self.input[..self.filled]).is_some();
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

impl<R: Read> Decoder for ZstdReader<R> {
    fn oddity(&self) -> Option<&'static str> {
        self.begins_with_skippable
            .then_some("its zstd stream begins with a skippable frame, which podman refuses")
    }
}
