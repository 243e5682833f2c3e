// SPDX-License-Identifier: GPL-3.0-or-later

//! The gzip format, see RFC 1952: chunks that are compressed each by itself
//! and joined into one member.

mod checksum;
mod concat;
mod decoder;
mod encoder;
mod level;

pub use checksum::Checksum;

use std::io::{self, Read};

use self::decoder::GzipReader;
use self::encoder::GzipEncoder;
use super::{Codec, Decoder, Encoder};
use crate::error::Result;
use crate::tar::BLOCK_SIZE;

/// Codec of the gzip format, at levels of 1 to 9.
pub struct Gzip;

/// Header of a stored block of DEFLATE that holds a tar block and is not the
/// last one, where a byte begins: its type, its length and the complement of that.
const STORED_TAR_BLOCK: [u8; 5] = {
    let length = (BLOCK_SIZE as u16).to_le_bytes();
    [0, length[0], length[1], !length[0], !length[1]]
};

impl Codec for Gzip {
    fn name(&self) -> &'static str {
        "gzip"
    }

    fn media_type(&self) -> &'static str {
        "application/vnd.oci.image.layer.v1.tar+gzip"
    }

    fn magic(&self) -> &'static [u8] {
        b"\x1f\x8b"
    }

    fn revision(&self) -> u32 {
        3
    }

    /// No match reaches from one chunk into another: sources, which repeat
    /// themselves most, take 0.1 % more in chunks of half this size.
    fn chunk_size(&self) -> u64 {
        4 << 20
    }

    fn encoder(&self, level: u8) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(GzipEncoder::new(level)))
    }

    /// Returns a member's header, without a name or a time, from Unix.
    fn head(&self, level: u8) -> Vec<u8> {
        // How hard the compressor tried, for those who care.
        let effort = match level {
            9 => 2,
            1 => 4,
            _ => 0,
        };
        vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, effort, 3]
    }

    fn tail(&self, checksum: &Checksum) -> Vec<u8> {
        checksum.trailer().to_vec()
    }

    fn block_prefix(&self) -> Option<&'static [u8]> {
        Some(&STORED_TAR_BLOCK)
    }

    fn decoder<'a>(&self, source: Box<dyn Read + 'a>) -> io::Result<Box<dyn Decoder + 'a>> {
        Ok(Box::new(GzipReader::new(source)))
    }
}
