// SPDX-License-Identifier: GPL-3.0-or-later

//! What a gzip member's trailer says of its content.

use crc32fast::Hasher;

/// The CRC-32 and the length of bytes.
#[derive(Default)]
pub struct Checksum {
    hasher: Hasher,
    length: u64,
}

impl Checksum {
    /// Of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut checksum = Checksum::default();
        checksum.update(bytes);
        checksum
    }

    /// Adds `bytes` at the end.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
    }

    /// Adds the bytes that `other` is of.
    pub fn append(&mut self, other: &Checksum) {
        self.hasher.combine(&other.hasher);
        self.length += other.length;
    }

    /// The end of a member with that content: its checksum, and its length
    /// modulo 2^32.
    pub fn trailer(&self) -> [u8; 8] {
        let checksum = self.hasher.clone().finalize().to_le_bytes();
        let length = (self.length as u32).to_le_bytes();
        let mut trailer = [0; 8];
        trailer[..4].copy_from_slice(&checksum);
        trailer[4..].copy_from_slice(&length);
        trailer
    }
}
