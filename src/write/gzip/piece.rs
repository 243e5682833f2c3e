// SPDX-License-Identifier: GPL-3.0-or-later

//! Pieces of a gzip member, each compressed by itself.

use flate2::Crc;
use libdeflater::{CompressionLvl, Compressor};

use super::LateHeader;
use super::joint;
use crate::error::{Error, Result, Status};
use crate::tar::BLOCK;

/// Stretches of fewer bytes are compressed as well as can be: it takes no time
/// to speak of, and pieces cost most in small images.
const SMALL: usize = 64 << 10;

/// The highest level of libdeflate.
const MAX_LEVEL: i32 = 12;

/// A compressed piece of the archive.
pub struct Piece {
    /// The part before a late header, or all of it.
    pub before: Stretch,
    /// The layer whose header is late, and what comes after the header.
    pub after: Option<(usize, Stretch)>,
}

/// Compressed bytes that end a DEFLATE block and a byte.
pub struct Stretch {
    /// The blocks.
    pub deflated: Vec<u8>,
    /// Of the bytes before compression.
    pub crc: Crc,
}

/// Compresses pieces.
pub struct Encoder {
    level: i32,
    compressor: Compressor,
}

/// What comes after a stretch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// More blocks of the stream.
    Blocks,
    /// The end of the member.
    End,
}

impl Encoder {
    /// For gzip's `level`, 1 to 9.
    pub fn new(level: u8) -> Self {
        let level = deflate_level(level);
        Encoder {
            level,
            compressor: compressor(level),
        }
    }

    /// Compresses `bytes`, the late header in it left out.
    pub fn encode(&mut self, bytes: &[u8], late: Option<LateHeader>) -> Result<Piece> {
        let Some((position, layer)) = late else {
            return Ok(Piece {
                before: self.stretch(bytes, Next::Blocks)?,
                after: None,
            });
        };
        let after = &bytes[position + BLOCK as usize..];
        Ok(Piece {
            before: self.stretch(&bytes[..position], Next::Blocks)?,
            after: Some((layer, self.stretch(after, Next::Blocks)?)),
        })
    }

    /// Compresses `bytes`, the last of the member.
    pub fn encode_last(&mut self, bytes: &[u8]) -> Result<Piece> {
        Ok(Piece {
            before: self.stretch(bytes, Next::End)?,
            after: None,
        })
    }

    fn stretch(&mut self, bytes: &[u8], next: Next) -> Result<Stretch> {
        let mut crc = Crc::new();
        crc.update(bytes);
        let mut deflated = Vec::new();
        if !bytes.is_empty() {
            let level = match bytes.len() {
                ..SMALL => MAX_LEVEL,
                _ => self.level,
            };
            let mut thorough;
            let compressor = if level == self.level {
                &mut self.compressor
            } else {
                thorough = compressor(level);
                &mut thorough
            };
            let failed = || Error::new(Status::Internal, "compressing the image failed");
            deflated.resize(compressor.deflate_compress_bound(bytes.len()), 0);
            let length = compressor.deflate_compress(bytes, &mut deflated);
            deflated.truncate(length.map_err(|_| failed())?);
            if next == Next::Blocks {
                joint::open_end(&mut deflated).map_err(|_| failed())?;
            }
        }
        Ok(Stretch { deflated, crc })
    }
}

fn compressor(level: i32) -> Compressor {
    Compressor::new(CompressionLvl::new(level).unwrap_or_default())
}

/// The level of libdeflate, 1 to 12, that makes files no larger than gzip's
/// `level` in the least time.
fn deflate_level(level: u8) -> i32 {
    match level {
        0..=5 => level.max(1).into(),
        _ => 6,
    }
}
