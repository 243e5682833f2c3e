// SPDX-License-Identifier: GPL-3.0-or-later

//! Pieces of a gzip member, each compressed by itself.

use std::panic::catch_unwind;

use libdeflater::{CompressionLvl, Compressor};

use super::checksum::Checksum;
use super::joint;
use super::level;
use crate::error::{Error, Result, Status};
use crate::memory;
use crate::tar::BLOCK_SIZE;

/// About what one of libdeflate's compressors takes, in bytes.
const COMPRESSOR_SIZE: usize = 1 << 20;

/// A layer's header that is not known yet: where in its piece it is, and the
/// layer.
pub type LateHeader = (usize, usize);

/// A compressed piece of the archive.
pub struct Piece {
    /// The part before a late header, or all of it.
    pub before: Blocks,
    /// The layer whose header is late, and what comes after the header.
    pub after: Option<(usize, Blocks)>,
}

/// Compressed bytes that end a DEFLATE block and a byte.
pub struct Blocks {
    /// The blocks.
    pub deflated: Vec<u8>,
    /// Of the bytes before compression.
    pub checksum: Checksum,
}

/// Compresses pieces.
pub struct Encoder {
    level: u8,
    /// By the level of libdeflate, made when first used.
    compressors: [Option<Compressor>; 13],
    /// Where compressed bytes go first; it keeps its pages.
    scratch: Vec<u8>,
}

/// What comes after a piece.
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
        Encoder {
            level,
            compressors: Default::default(),
            scratch: Vec::new(),
        }
    }

    /// Compresses `bytes`, the late header in it left out.
    pub fn encode(&mut self, bytes: &[u8], late: Option<LateHeader>) -> Result<Piece> {
        let Some((position, layer)) = late else {
            return Ok(Piece {
                before: self.blocks(bytes, Next::Blocks)?,
                after: None,
            });
        };
        let after = &bytes[position + BLOCK_SIZE as usize..];
        Ok(Piece {
            before: self.blocks(&bytes[..position], Next::Blocks)?,
            after: Some((layer, self.blocks(after, Next::Blocks)?)),
        })
    }

    /// Compresses `bytes`, the last of the member.
    pub fn encode_last(&mut self, bytes: &[u8]) -> Result<Piece> {
        Ok(Piece {
            before: self.blocks(bytes, Next::End)?,
            after: None,
        })
    }

    fn blocks(&mut self, bytes: &[u8], next: Next) -> Result<Blocks> {
        let mut deflated = Vec::new();
        // Of nothing there are no blocks, but there is an end.
        if !bytes.is_empty() || next == Next::End {
            deflated = self.deflate(bytes)?;
        }
        if !bytes.is_empty() && next == Next::Blocks {
            joint::open_end(&mut deflated).map_err(|_| failed())?;
        }
        Ok(Blocks {
            deflated,
            checksum: Checksum::of(bytes),
        })
    }

    /// A whole DEFLATE stream of `bytes`.
    fn deflate(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let level = level::level(self.level, bytes);
        let made = &mut self.compressors[level as usize];
        let compressor = match made {
            Some(compressor) => compressor,
            None => made.insert(compressor(level)?),
        };
        let bound = compressor.deflate_compress_bound(bytes.len());
        if self.scratch.len() < bound {
            memory::resize(&mut self.scratch, bound)?;
        }
        let length = compressor.deflate_compress(bytes, &mut self.scratch);
        let length = length.map_err(|_| failed())?;
        let mut deflated = memory::with_capacity(length + joint::END_SIZE)?;
        deflated.extend_from_slice(&self.scratch[..length]);
        Ok(deflated)
    }
}

/// One of libdeflate's `level`.
fn compressor(level: i32) -> Result<Compressor> {
    let level = CompressionLvl::new(level).map_err(|_| failed())?;
    // It panics for want of memory, and for nothing else.
    catch_unwind(|| Compressor::new(level)).map_err(|_| memory::too_little(COMPRESSOR_SIZE))
}

fn failed() -> Error {
    Error::new(Status::Internal, "compressing the image failed")
}
