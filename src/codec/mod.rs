// SPDX-License-Identifier: GPL-3.0-or-later

//! Compression of layers and archives.
//!
//! A codec is a file or folder of its own with an implementation of [`Codec`],
//! and an entry in [`CODECS`].  Media types, magic numbers, decoders and names
//! come from that list alone.  The words that ask for a codec are read with the
//! request.

pub mod command;
mod encoding;
pub mod gzip;
mod none;
pub mod zstd;

pub use encoding::{Assembler, Encoding};

use std::fmt;
use std::io::{self, Read};

use self::gzip::Checksum;
use crate::error::Result;

/// All codecs of layers.
pub static CODECS: &[&dyn Codec] = &[NONE, GZIP, ZSTD];

/// Codec of layers that are stored as they are.
pub const NONE: &dyn Codec = &none::Plain;
/// Codec of the gzip format.
pub const GZIP: &dyn Codec = &gzip::Gzip;
/// Codec of the Zstandard format.
pub const ZSTD: &dyn Codec = &zstd::Zstd;

/// Media type of layers as they are, with which those of all codecs begin.
pub const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar";

/// Format in which layers are compressed.
///
/// A layer is cut into chunks of one size, which threads encode in any order.
/// Encoded chunks in the layer's order, between a head and a tail, are a stream
/// that any decoder of the format reads.
pub trait Codec: Sync {
    /// Name in lower case.
    fn name(&self) -> &'static str;

    /// Media type of layers.
    fn media_type(&self) -> &'static str;

    /// First bytes of every stream; empty if anything can be first.
    fn magic(&self) -> &'static [u8];

    /// Version of the encoder's output.  It changes when the bytes do, which a
    /// test notices.
    fn revision(&self) -> u32;

    /// Number of bytes that are encoded at a time, a multiple of a tar block.
    fn chunk_size(&self) -> u64;

    /// Returns an encoder of chunks; each thread has its own.
    fn encoder(&self, level: u8) -> Result<Box<dyn Encoder>>;

    /// Returns the bytes in front of all chunks.
    fn head(&self, _level: u8) -> Vec<u8> {
        Vec::new()
    }

    /// Returns the bytes after all chunks, whose content has this `checksum`.
    fn tail(&self, _checksum: &Checksum) -> Vec<u8> {
        Vec::new()
    }

    /// Bytes between two chunks after which a tar block can stand as it is, to be
    /// filled in later; `None` if the format has no such place.
    fn block_prefix(&self) -> Option<&'static [u8]> {
        None
    }

    /// Returns a decoder of `source`.
    fn decoder<'a>(&self, source: Box<dyn Read + 'a>) -> io::Result<Box<dyn Decoder + 'a>>;

    /// Tools that do not read such layers.
    fn unread_by(&self) -> Option<&'static str> {
        None
    }
}

impl fmt::Debug for dyn Codec {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for dyn Codec {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn Codec {}

/// Encoder of chunks.
pub trait Encoder {
    /// Encodes a chunk, which may be the last one of its stream.
    fn encode(&mut self, bytes: &[u8], is_last: bool) -> Result<Chunk>;
}

/// Encoded chunk.
pub struct Chunk {
    /// Encoded bytes.
    pub bytes: Vec<u8>,
    /// Checksum of the content, for codecs with a tail.
    pub checksum: Option<Checksum>,
}

/// Reader of decoded bytes.
pub trait Decoder: Read {
    /// Returns the part of the stream, read to its end, that some engines refuse.
    fn oddity(&self) -> Option<&'static str> {
        None
    }
}
