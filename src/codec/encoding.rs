// SPDX-License-Identifier: GPL-3.0-or-later

//! Codecs at their levels.

use super::gzip::Checksum;
use super::{Chunk, Codec, Encoder, GZIP, NONE, ZSTD};
use crate::error::Result;

/// Codec at a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Codec.
    pub codec: &'static dyn Codec,
    /// Level; 0 for a codec without levels.
    pub level: u8,
}

impl Encoding {
    /// Layers as they are.
    pub const NONE: Self = Encoding {
        codec: NONE,
        level: 0,
    };

    /// Returns gzip at a level of 1 to 9.
    pub const fn gzip(level: u8) -> Self {
        Encoding { codec: GZIP, level }
    }

    /// Returns zstd at a level of 1 to 19.
    pub const fn zstd(level: u8) -> Self {
        Encoding { codec: ZSTD, level }
    }

    /// Returns the codec, its level, and the revision of its encoder: layers of the
    /// same content and identity have the same bytes.
    pub fn identity(self) -> String {
        let (name, revision) = (self.codec.name(), self.codec.revision());
        match self.level {
            0 => format!("{name}/{revision}"),
            level => format!("{name}-{level}/{revision}"),
        }
    }

    /// Returns an encoder of chunks.
    pub fn encoder(self) -> Result<Box<dyn Encoder>> {
        self.codec.encoder(self.level)
    }
}

/// Puts the encoded chunks of a stream together.
pub struct Assembler {
    encoding: Encoding,
    checksums: Vec<Checksum>,
}

impl Assembler {
    /// Begins a stream.
    pub fn new(encoding: Encoding) -> Self {
        Assembler {
            encoding,
            checksums: Vec::new(),
        }
    }

    /// Returns the bytes in front of the chunks.
    pub fn head(&self) -> Vec<u8> {
        self.encoding.codec.head(self.encoding.level)
    }

    /// Adds a chunk; returns its bytes.
    pub fn push(&mut self, chunk: Chunk) -> Vec<u8> {
        self.checksums.extend(chunk.checksum);
        chunk.bytes
    }

    /// Adds a block that stands as it is, and whose content is given to
    /// [`Assembler::fill`]; returns the block's number.
    pub fn reserve(&mut self) -> usize {
        self.checksums.push(Checksum::default());
        self.checksums.len() - 1
    }

    /// Sets the content of a block.
    pub fn fill(&mut self, number: usize, content: &[u8]) {
        self.checksums[number] = Checksum::of(content);
    }

    /// Returns the bytes after the chunks.
    pub fn tail(&self) -> Vec<u8> {
        let mut all = Checksum::default();
        self.checksums
            .iter()
            .for_each(|checksum| all.append(checksum));
        self.encoding.codec.tail(&all)
    }
}
