// SPDX-License-Identifier: GPL-3.0-or-later

//! The gzip format, see RFC 1952: pieces that are compressed each by itself
//! and joined into one member.

mod checksum;
mod encoder;
mod joint;
mod level;

pub use checksum::Checksum;
pub use encoder::{Blocks, Encoder, LateHeader, Piece};

use crate::tar::BLOCK_SIZE;

/// The bytes that are compressed at a time, a multiple of [`BLOCK_SIZE`].  What is
/// in one piece is not looked for in the next: sources, which repeat themselves
/// most, take 0.1 % more in pieces of half that size.
pub const PIECE_SIZE: u64 = 4 << 20;

/// The header of a stored block that holds a block of an archive and is not
/// the last one, where a byte begins: its type, its length and the complement
/// of that.
pub const STORED_TAR_BLOCK: [u8; 5] = {
    let length = (BLOCK_SIZE as u16).to_le_bytes();
    [0, length[0], length[1], !length[0], !length[1]]
};

/// A member's header, as made by gzip's `level`: without a name or a time,
/// from Unix.
pub fn header(level: u8) -> [u8; 10] {
    // How hard the compressor tried, for those who care.
    let effort = match level {
        9 => 2,
        1 => 4,
        _ => 0,
    };
    [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, effort, 3]
}
