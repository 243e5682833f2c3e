// SPDX-License-Identifier: GPL-3.0-or-later

//! Pieces of a gzip member, each compressed by itself.

use flate2::Crc;
use libdeflater::{CompressionLvl, Compressor};

use super::LateHeader;
use super::joint;
use crate::error::{Error, Result, Status};
use crate::tar::BLOCK;

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
pub struct Encoder(Compressor);

impl Encoder {
    /// For gzip's `level`, 1 to 9.
    pub fn new(level: u8) -> Self {
        let level = CompressionLvl::new(deflate_level(level)).unwrap_or_default();
        Encoder(Compressor::new(level))
    }

    /// Compresses `bytes`, the late header in it left out.
    pub fn encode(&mut self, bytes: &[u8], late: Option<LateHeader>) -> Result<Piece> {
        let Some((position, layer)) = late else {
            return Ok(Piece {
                before: self.stretch(bytes)?,
                after: None,
            });
        };
        Ok(Piece {
            before: self.stretch(&bytes[..position])?,
            after: Some((layer, self.stretch(&bytes[position + BLOCK as usize..])?)),
        })
    }

    fn stretch(&mut self, bytes: &[u8]) -> Result<Stretch> {
        let mut crc = Crc::new();
        crc.update(bytes);
        let mut deflated = Vec::new();
        if !bytes.is_empty() {
            let failed = || Error::new(Status::Internal, "compressing the image failed");
            deflated.resize(self.0.deflate_compress_bound(bytes.len()), 0);
            let length = self.0.deflate_compress(bytes, &mut deflated);
            deflated.truncate(length.map_err(|_| failed())?);
            joint::open_end(&mut deflated).map_err(|_| failed())?;
        }
        Ok(Stretch { deflated, crc })
    }
}

/// The level of libdeflate, 1 to 12, that makes files no larger than gzip's
/// `level` in the least time.
fn deflate_level(level: u8) -> i32 {
    match level {
        0..=5 => level.max(1).into(),
        _ => 6,
    }
}
