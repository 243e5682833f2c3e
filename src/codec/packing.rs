// SPDX-License-Identifier: GPL-3.0-or-later

//! How layers are compressed, each by itself.
//!
//! A layer is cut into pieces of one size, which threads compress in any
//! order; put together in theirs, they are one gzip member or frames of
//! Zstandard, which decoders take for one stream.

use zstd_safe::{CCtx, CParameter};

use super::gzip::{self, Checksum};
use super::zstd;
use crate::error::Result;
use crate::memory;

/// The bytes of a layer that are copied at a time.
const COPY_SIZE: u64 = 2 << 20;

/// The bytes of a frame of Zstandard, which knows nothing of those before: as
/// many as decoders' windows are made for.
const FRAME_SIZE: u64 = 8 << 20;

/// The versions of what the encoders make.  They change when the bytes do, which
/// a test of these notices.
const GZIP_REVISION: u32 = 3;
const ZSTD_REVISION: u32 = 1;

/// What something is compressed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Nothing.
    None,
    /// The gzip format.
    Gzip,
    /// The Zstandard format.
    Zstd,
}

impl Compression {
    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
    }
}

/// How layers are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// As `gzip` would, at a level of 1 to 9.
    Gzip(u8),
    /// As `zstd` would, at a level of 1 to 19.
    Zstd(u8),
}

impl Packing {
    /// The format of what it makes.
    pub fn compression(self) -> Compression {
        match self {
            Packing::None => Compression::None,
            Packing::Gzip(_) => Compression::Gzip,
            Packing::Zstd(_) => Compression::Zstd,
        }
    }

    /// The bytes of a layer that are compressed at a time.
    pub fn piece_size(self) -> u64 {
        match self {
            Packing::None => COPY_SIZE,
            Packing::Gzip(_) => gzip::PIECE_SIZE,
            Packing::Zstd(_) => FRAME_SIZE,
        }
    }

    /// What layers of one content have to be made by to be equal: the
    /// compressor, its level, and the version of what it makes.
    pub fn encoder(self) -> String {
        match self {
            Packing::None => "none/1".into(),
            Packing::Gzip(level) => format!("gzip-{level}/{GZIP_REVISION}"),
            Packing::Zstd(level) => format!("zstd-{level}/{ZSTD_REVISION}"),
        }
    }
}

/// Compresses pieces; each thread has one.
pub enum Packer {
    /// Copies.
    None,
    /// Makes blocks of a gzip member.
    Gzip(Box<gzip::Encoder>),
    /// Makes frames.
    Zstd(CCtx<'static>),
}

/// A compressed piece.
pub struct Packed {
    bytes: Vec<u8>,
    checksum: Option<Checksum>,
}

impl Packer {
    /// One that compresses as `packing` says.
    pub fn new(packing: Packing) -> Result<Self> {
        Ok(match packing {
            Packing::None => Packer::None,
            Packing::Gzip(level) => Packer::Gzip(Box::new(gzip::Encoder::new(level))),
            Packing::Zstd(level) => {
                let parameters = [
                    CParameter::CompressionLevel(level.into()),
                    CParameter::ChecksumFlag(true),
                ];
                Packer::Zstd(zstd::context(&parameters)?)
            }
        })
    }

    /// Compresses a piece, which may be the last one.
    pub fn pack(&mut self, piece: &[u8], is_last: bool) -> Result<Packed> {
        match self {
            Packer::None => Ok(Packed {
                bytes: memory::copy(piece)?,
                checksum: None,
            }),
            Packer::Gzip(encoder) => {
                let blocks = match is_last {
                    true => encoder.encode_last(piece)?.before,
                    false => encoder.encode(piece, None)?.before,
                };
                Ok(Packed {
                    bytes: blocks.deflated,
                    checksum: Some(blocks.checksum),
                })
            }
            Packer::Zstd(context) => Ok(Packed {
                bytes: zstd::frame(context, piece)?,
                checksum: None,
            }),
        }
    }
}

/// A compressed layer that is put together.
pub struct Assembly {
    packing: Packing,
    checksum: Checksum,
}

impl Assembly {
    /// A layer without any pieces.
    pub fn new(packing: Packing) -> Self {
        Assembly {
            packing,
            checksum: Checksum::default(),
        }
    }

    /// What comes before the pieces.
    pub fn head(&self) -> Vec<u8> {
        match self.packing {
            Packing::Gzip(level) => gzip::header(level).to_vec(),
            Packing::None | Packing::Zstd(_) => Vec::new(),
        }
    }

    /// Adds a piece; returns the bytes that it is.
    pub fn push(&mut self, piece: Packed) -> Vec<u8> {
        if let Some(checksum) = &piece.checksum {
            self.checksum.append(checksum);
        }
        piece.bytes
    }

    /// What comes after the pieces.
    pub fn tail(&self) -> Vec<u8> {
        match self.packing {
            Packing::Gzip(_) => self.checksum.trailer().to_vec(),
            Packing::None | Packing::Zstd(_) => Vec::new(),
        }
    }
}
