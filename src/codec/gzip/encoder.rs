// SPDX-License-Identifier: GPL-3.0-or-later

//! Encoding of chunks of a gzip member, each by itself.

use std::panic::catch_unwind;

use libdeflater::{CompressionLvl, Compressor};

use super::checksum::Checksum;
use super::concat;
use super::level;
use crate::codec::{Chunk, Encoder};
use crate::error::{Error, Result, Status};
use crate::memory;

/// About what one of libdeflate's compressors takes, in bytes.
const COMPRESSOR_SIZE: usize = 1 << 20;

/// Encoder of chunks.
pub struct GzipEncoder {
    level: u8,
    /// By the level of libdeflate, made when first used.
    compressors: [Option<Compressor>; 13],
    /// Buffer for compressed bytes, whose pages are kept.
    scratch: Vec<u8>,
}

impl Encoder for GzipEncoder {
    /// Returns blocks of DEFLATE that end with a byte.
    fn encode(&mut self, bytes: &[u8], is_last: bool) -> Result<Chunk> {
        let mut deflated = Vec::new();
        // Of nothing there are no blocks, but there is an end.
        if !bytes.is_empty() || is_last {
            deflated = self.deflate(bytes)?;
        }
        if !bytes.is_empty() && !is_last {
            concat::open_end(&mut deflated).map_err(|_| failed())?;
        }
        Ok(Chunk {
            bytes: deflated,
            checksum: Some(Checksum::of(bytes)),
        })
    }
}

impl GzipEncoder {
    /// Encodes at gzip's `level`, 1 to 9.
    pub fn new(level: u8) -> Self {
        GzipEncoder {
            level,
            compressors: Default::default(),
            scratch: Vec::new(),
        }
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
        let mut deflated = memory::with_capacity(length + concat::END_SIZE)?;
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
