// SPDX-License-Identifier: GPL-3.0-or-later

//! SHA-256 of two messages, interleaved in one stream of instructions.
//!
//! A hash waits for its own last step most of the time; steps of another one
//! fill that time.  With the instructions that x86-64 has for SHA-256, the steps
//! of both are put between each other; elsewhere blocks are taken in turn, and
//! the processor, which looks ahead, may find the steps of the other.

use std::iter::zip;
use std::slice;

use sha2::block_api::compress256;

/// Size in bytes of a block.
pub const BLOCK_SIZE: usize = 64;

/// Part of a message that is hashed at a time.
pub type Block = [u8; BLOCK_SIZE];

/// A hash and the blocks that it takes in next.
type Lane<'a> = (&'a mut [u32; 8], &'a [Block]);

/// Takes in blocks of two messages, of each the same number.
pub fn compress(one: Lane, other: Lane) {
    debug_assert_eq!(one.1.len(), other.1.len());
    #[cfg(target_arch = "x86_64")]
    if x86::is_available() {
        return x86::compress(one, other);
    }
    compress_in_turn(one, other);
}

fn compress_in_turn((one, first): Lane, (other, second): Lane) {
    for (first, second) in zip(first, second) {
        compress256(one, slice::from_ref(first));
        compress256(other, slice::from_ref(second));
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)] // the processor's own instructions
mod x86 {
    use std::arch::x86_64::*;
    use std::iter::zip;

    use super::{Block, Lane};

    /// Four words of each of the two.
    type Pair = [__m128i; 2];

    /// The constants of the rounds (FIPS 180-4, section 4.2.2).
    const K: [[u32; 4]; 16] = [
        [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
        [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
        [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
        [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
        [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
        [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
        [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
        [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
        [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
        [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
        [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
        [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
        [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
        [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
        [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
        [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
    ];

    pub fn is_available() -> bool {
        is_x86_feature_detected!("sha")
            && is_x86_feature_detected!("ssse3")
            && is_x86_feature_detected!("sse4.1")
    }

    /// Takes in blocks; [`is_available`] must have said so.
    pub fn compress(one: Lane, other: Lane) {
        assert!(is_available());
        // SAFETY: the processor has the instructions.
        unsafe { compress_both(one, other) }
    }

    #[target_feature(enable = "sha,ssse3,sse4.1")]
    unsafe fn compress_both((one, first): Lane, (other, second): Lane) {
        // SAFETY: whoever called this knows that the instructions are there, and
        // what is read and written are arrays of the size that is asked for.
        unsafe {
            // The words of a state as the instructions want them, the first one
            // highest.
            let words = [&*one, &*other].map(|state| state.map(|word| word as i32));
            let mut abef = words.map(|[a, b, _, _, e, f, _, _]| _mm_set_epi32(a, b, e, f));
            let mut cdgh = words.map(|[_, _, c, d, _, _, g, h]| _mm_set_epi32(c, d, g, h));
            for (first, second) in zip(first, second) {
                let before = (abef, cdgh);
                let [mut w0, mut w1, mut w2, mut w3] = load_blocks(first, second);
                for (round, k) in K.iter().enumerate() {
                    let k = _mm_loadu_si128(k.as_ptr().cast());
                    for lane in 0..2 {
                        let sum = _mm_add_epi32(w0[lane], k);
                        cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], sum);
                        let sum = _mm_shuffle_epi32(sum, 0x0e);
                        abef[lane] = _mm_sha256rnds2_epu32(abef[lane], cdgh[lane], sum);
                    }
                    let mut next = w0;
                    if round < 12 {
                        for lane in 0..2 {
                            let sum = _mm_add_epi32(
                                _mm_sha256msg1_epu32(w0[lane], w1[lane]),
                                _mm_alignr_epi8(w3[lane], w2[lane], 4),
                            );
                            next[lane] = _mm_sha256msg2_epu32(sum, w3[lane]);
                        }
                    }
                    (w0, w1, w2, w3) = (w1, w2, w3, next);
                }
                for lane in 0..2 {
                    abef[lane] = _mm_add_epi32(abef[lane], before.0[lane]);
                    cdgh[lane] = _mm_add_epi32(cdgh[lane], before.1[lane]);
                }
            }
            store_state(one, abef[0], cdgh[0]);
            store_state(other, abef[1], cdgh[1]);
        }
    }

    /// The words of two blocks, four at a time.
    #[inline]
    #[target_feature(enable = "sha,ssse3,sse4.1")]
    unsafe fn load_blocks(first: &Block, second: &Block) -> [Pair; 4] {
        // SAFETY: as above; a block is four times 16 bytes.
        unsafe {
            let big_endian = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
            let load = |block: &Block, part: usize| {
                let words = _mm_loadu_si128(block.as_ptr().add(16 * part).cast());
                _mm_shuffle_epi8(words, big_endian)
            };
            [0, 1, 2, 3].map(|part| [load(first, part), load(second, part)])
        }
    }

    #[inline]
    #[target_feature(enable = "sha,ssse3,sse4.1")]
    unsafe fn store_state(state: &mut [u32; 8], abef: __m128i, cdgh: __m128i) {
        let (mut feba, mut hgdc) = ([0; 4], [0; 4]);
        // SAFETY: as above; four words are 16 bytes.
        unsafe {
            _mm_storeu_si128(feba.as_mut_ptr().cast(), abef);
            _mm_storeu_si128(hgdc.as_mut_ptr().cast(), cdgh);
        }
        let ([f, e, b, a], [h, g, d, c]) = (feba, hgdc);
        *state = [a, b, c, d, e, f, g, h];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_gives_the_same() {
        let blocks: Vec<Block> = (0..40u8).map(|number| [number; 64]).collect();
        let (first, second) = blocks.split_at(20);
        let mut states = [[1; 8], [2; 8]];
        let mut expected = states;
        compress256(&mut expected[0], first);
        compress256(&mut expected[1], second);
        let mut in_turn = states;
        let [one, other] = &mut in_turn;
        compress_in_turn((one, first), (other, second));
        assert_eq!(in_turn, expected);
        let [one, other] = &mut states;
        compress((one, first), (other, second));
        assert_eq!(states, expected);
    }
}
