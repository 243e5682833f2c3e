// SPDX-License-Identifier: GPL-3.0-or-later

//! SHA-256 of messages that come in parts (FIPS 180-4).

#![forbid(unsafe_code)]

use sha2::block_api::compress256;
use sha2::digest::array::Array;
use sha2::digest::typenum::U64;

use super::interleaved::{self, BLOCK_SIZE, Block};

/// The bytes of a message's length, at the end of its last block.
const LENGTH_SIZE: usize = 8;

/// The state before the first block (section 5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The hash of the bytes that have come so far.
#[derive(Clone)]
pub struct Sha256 {
    state: [u32; 8],
    /// Holds the beginning of a block that is not complete yet.
    incomplete: Block,
    /// How many bytes have come.
    length: u64,
}

impl Default for Sha256 {
    fn default() -> Self {
        Sha256 {
            state: INITIAL,
            incomplete: [0; BLOCK_SIZE],
            length: 0,
        }
    }
}

impl Sha256 {
    /// Takes in the next bytes of the message.
    pub fn update(&mut self, bytes: &[u8]) {
        let bytes = self.complete(bytes);
        let (blocks, rest) = blocks(bytes);
        compress256(&mut self.state, blocks);
        self.keep(blocks, rest);
    }

    /// The digest of the message (section 5.1.1: after it a one, zeros, and its
    /// length in bits).
    pub fn finish(mut self) -> [u8; 32] {
        let length = (self.length * 8).to_be_bytes();
        let zeros = (2 * BLOCK_SIZE - 1 - LENGTH_SIZE - self.used()) % BLOCK_SIZE;
        let mut padding = [0; BLOCK_SIZE + LENGTH_SIZE];
        padding[0] = 0x80;
        padding[1 + zeros..][..LENGTH_SIZE].copy_from_slice(&length);
        self.update(&padding[..1 + zeros + LENGTH_SIZE]);
        let mut digest = [0; 32];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        digest
    }

    /// How many bytes of the incomplete block there are.
    fn used(&self) -> usize {
        (self.length % BLOCK_SIZE as u64) as usize
    }

    /// Completes the block that was begun; returns the bytes after it.
    fn complete<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let used = self.used();
        if used == 0 {
            return bytes;
        }
        let (now, later) = bytes.split_at(bytes.len().min(BLOCK_SIZE - used));
        self.incomplete[used..][..now.len()].copy_from_slice(now);
        self.length += now.len() as u64;
        if self.used() == 0 {
            compress256(&mut self.state, &[self.incomplete]);
        }
        later
    }

    /// Notes that `blocks` have been taken in, and keeps what comes after them,
    /// which is less than a block.
    fn keep(&mut self, blocks: &[Block], rest: &[u8]) {
        let used = self.used();
        self.incomplete[used..][..rest.len()].copy_from_slice(rest);
        self.length += (blocks.len() * BLOCK_SIZE + rest.len()) as u64;
    }
}

/// Takes in the next bytes of two messages at once, in less time than one after
/// the other.
pub fn update_both((one, first): (&mut Sha256, &[u8]), (other, second): (&mut Sha256, &[u8])) {
    let (first, first_rest) = blocks(one.complete(first));
    let (second, second_rest) = blocks(other.complete(second));
    let both = first.len().min(second.len());
    interleaved::compress(
        (&mut one.state, &first[..both]),
        (&mut other.state, &second[..both]),
    );
    compress256(&mut one.state, &first[both..]);
    compress256(&mut other.state, &second[both..]);
    one.keep(first, first_rest);
    other.keep(second, second_rest);
}

/// The blocks of `bytes`, and what is left.
fn blocks(bytes: &[u8]) -> (&[Block], &[u8]) {
    let (blocks, rest) = Array::<u8, U64>::slice_as_chunks(bytes);
    (Array::cast_slice_to_core(blocks), rest)
}

#[cfg(test)]
mod tests {
    use sha2::Digest as _;

    use super::*;

    /// Bytes of no pattern, the same for the same seed.
    fn bytes(length: usize, mut seed: u64) -> Vec<u8> {
        std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        })
        .take(length)
        .collect()
    }

    fn reference(bytes: &[u8]) -> [u8; 32] {
        sha2::Sha256::digest(bytes).into()
    }

    fn digest(bytes: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::default();
        hash.update(bytes);
        hash.finish()
    }

    #[test]
    fn digests_are_those_of_the_standard_and_of_every_length() {
        // FIPS 180-4's examples.
        let hex = |digest: [u8; 32]| digest.map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(
            hex(digest(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex(digest(&vec![b'a'; 1_000_000])),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        );
        for length in 0..300 {
            let message = bytes(length, length as u64);
            assert_eq!(digest(&message), reference(&message), "{length} bytes");
        }
    }

    #[test]
    fn messages_may_come_in_any_parts_alone_and_two_at_once() {
        let mut random = bytes(200_000, 1).into_iter();
        let mut below = |limit: usize| {
            let number = random.next().unwrap() as usize * 256 + random.next().unwrap() as usize;
            number % limit
        };
        for round in 0..300 {
            let messages = [bytes(below(5000), round), bytes(below(5000), round + 1000)];
            let mut alone = [Sha256::default(), Sha256::default()];
            let mut both = alone.clone();
            let mut rest = [&messages[0][..], &messages[1][..]];
            while rest.iter().any(|rest| !rest.is_empty()) {
                let parts = rest.map(|rest| rest.split_at(below(300).min(rest.len())));
                let [one, other] = &mut both;
                update_both((one, parts[0].0), (other, parts[1].0));
                for (hash, (part, _)) in alone.iter_mut().zip(parts) {
                    hash.update(part);
                }
                rest = parts.map(|(_, rest)| rest);
            }
            let expected = messages.each_ref().map(|message| reference(message));
            assert_eq!(alone.map(Sha256::finish), expected);
            assert_eq!(both.map(Sha256::finish), expected);
        }
    }
}
