// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers as they are.

use std::io::{self, Read};

use super::{Chunk, Codec, Decoder, Encoder, LAYER_TYPE};
use crate::error::Result;
use crate::memory;

/// Codec that copies.
pub struct Plain;

impl Codec for Plain {
    fn name(&self) -> &'static str {
        "none"
    }

    fn media_type(&self) -> &'static str {
        LAYER_TYPE
    }

    fn magic(&self) -> &'static [u8] {
        b""
    }

    fn revision(&self) -> u32 {
        1
    }

    fn chunk_size(&self) -> u64 {
        2 << 20
    }

    fn encoder(&self, _level: u8) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(Plain))
    }

    fn decoder<'a>(&self, source: Box<dyn Read + 'a>) -> io::Result<Box<dyn Decoder + 'a>> {
        Ok(Box::new(source))
    }
}

impl Encoder for Plain {
    fn encode(&mut self, bytes: &[u8], _is_last: bool) -> Result<Chunk> {
        Ok(Chunk {
            bytes: memory::copy(bytes)?,
            checksum: None,
        })
    }
}

impl Decoder for Box<dyn Read + '_> {}
