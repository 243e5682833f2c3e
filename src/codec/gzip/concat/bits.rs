// SPDX-License-Identifier: GPL-3.0-or-later

//! The bits of a DEFLATE stream.

use super::Malformed;

/// The bits of a stream, lowest first; after its end they are zeros.
#[derive(Clone, Copy)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    next: usize,
    buffer: u64,
    held: u32,
}

impl<'a> Bits<'a> {
    /// The bits of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Bits {
            bytes,
            next: 0,
            buffer: 0,
            held: 0,
        }
    }

    /// Makes sure that at least 56 bits are held.  Fails when more bits have
    /// been read than there are, but not at once.
    #[inline]
    pub fn refill(&mut self) -> Result<(), Malformed> {
        let word = match self.bytes.get(self.next..self.next + 8) {
            Some(bytes) => u64::from_le_bytes(bytes.try_into().unwrap_or_default()),
            None => self.last_word()?,
        };
        self.buffer |= word << self.held;
        self.next += (63 - self.held) as usize / 8;
        // Whole bytes more, and less than 64 bits.
        self.held |= 56;
        Ok(())
    }

    #[cold]
    fn last_word(&self) -> Result<u64, Malformed> {
        if self.position() > self.bytes.len() * 8 {
            return Err(Malformed);
        }
        let mut word = [0; 8];
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        word[..rest.len()].copy_from_slice(rest);
        Ok(u64::from_le_bytes(word))
    }

    /// The next `count` bits, at most those held.
    #[inline]
    pub fn peek(&self, count: u32) -> u64 {
        self.buffer & ((1 << count) - 1)
    }

    /// Skips `count` bits, at most those held.
    #[inline]
    pub fn skip(&mut self, count: u32) {
        self.buffer >>= count;
        self.held -= count;
    }

    /// Reads `count` bits, at most those held.
    pub fn take(&mut self, count: u32) -> u64 {
        let value = self.peek(count);
        self.skip(count);
        value
    }

    /// The bits read so far.
    pub fn position(&self) -> usize {
        self.next * 8 - self.held as usize
    }

    /// Skips a stored block's length and bytes.
    pub fn skip_stored(&mut self) -> Result<(), Malformed> {
        let start = self.position().div_ceil(8);
        let Some(&[low, high, ..]) = self.bytes.get(start..) else {
            return Err(Malformed);
        };
        self.next = start + 4 + usize::from(u16::from_le_bytes([low, high]));
        self.buffer = 0;
        self.held = 0;
        Ok(())
    }
}
