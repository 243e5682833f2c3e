// SPDX-License-Identifier: GPL-3.0-or-later

//! How hard to compress, so that files are no larger than gzip's.
//!
//! A level of libdeflate looks less far than gzip's of the same name, and
//! makes more of what it finds.  For most data its level 5 is enough to stay
//! at what gzip's level 9 makes.  Data that repeats itself a lot depends on how
//! far a compressor looks, text such as collections of headers or of manuals
//! most of all, and gets a higher level.  `cargo bench --bench levels` makes the
//! table of sizes and speeds that this is chosen by.

/// The levels of libdeflate for a level of gzip.
struct Levels {
    usual: i32,
    repetitive: i32,
    repetitive_text: i32,
    very_repetitive_text: i32,
}

/// How many of a hundred strings have been there before in data that repeats
/// itself, in text that does, and in text that does so over and over.
const REPETITIVE: usize = 75;
const REPETITIVE_TEXT: usize = 80;
const VERY_REPETITIVE_TEXT: usize = 85;

/// The highest level of libdeflate.
const MAX_LEVEL: i32 = 12;

/// Shorter pieces are compressed as well as can be: it takes no time to
/// speak of, and cutting costs most in small images.
const SMALL: usize = 64 << 10;

/// The bytes that are taken for text or not together: a block of the archive.
const WINDOW: usize = crate::format::archive::BLOCK_SIZE as usize;

/// One of so many windows is looked at.
const WINDOW_STEP: usize = 15;

/// Where repeats are looked for: twice as far as DEFLATE can point back.
const SAMPLE: usize = 64 << 10;

/// One of so many samples is looked at.
const SAMPLE_STEP: usize = 4;

/// The length of the strings that are looked for.
const STRING: usize = 8;

/// One of two to the power of so many strings is looked for, the same ones
/// everywhere.
const STRING_BITS: u32 = 4;

/// The logarithm of how many strings are remembered.
const SLOT_BITS: u32 = 14;

/// The level of libdeflate to compress `bytes` at for gzip's `level`, 1 to 9.
pub fn level(level: u8, bytes: &[u8]) -> i32 {
    if bytes.len() < SMALL {
        return MAX_LEVEL;
    }
    let levels = match level {
        ..=5 => return level.max(1).into(),
        6 => Levels {
            usual: 5,
            repetitive: 5,
            repetitive_text: 6,
            very_repetitive_text: 7,
        },
        _ => Levels {
            usual: 5,
            repetitive: 6,
            repetitive_text: 7,
            very_repetitive_text: 8,
        },
    };
    match repetition(bytes) {
        VERY_REPETITIVE_TEXT.. if is_text(bytes) => levels.very_repetitive_text,
        REPETITIVE_TEXT.. if is_text(bytes) => levels.repetitive_text,
        REPETITIVE.. => levels.repetitive,
        _ => levels.usual,
    }
}

/// Whether most of `bytes` is text, but for the headers and the padding of
/// archives.
fn is_text(bytes: &[u8]) -> bool {
    let (mut text, mut other) = (0, 0);
    for window in bytes.chunks_exact(WINDOW).step_by(WINDOW_STEP) {
        let mut printable = 0;
        let mut zeros = 0;
        for byte in window {
            printable += u32::from(matches!(byte, b' '..=b'~' | b'\t' | b'\n'));
            zeros += u32::from(*byte == 0);
        }
        let share = |count: u32| count as usize * 100 / window.len();
        if share(zeros) <= 50 {
            if share(printable) > 90 {
                text += 1;
            } else {
                other += 1;
            }
        }
    }
    text > other
}

/// How many of a hundred strings in `bytes` have been there before, no farther
/// back than DEFLATE reaches.
fn repetition(bytes: &[u8]) -> usize {
    let (mut all, mut known) = (0, 0);
    let mut seen = vec![0; 1 << SLOT_BITS];
    for sample in bytes.chunks_exact(SAMPLE).step_by(SAMPLE_STEP) {
        seen.fill(0);
        for (position, string) in sample.windows(STRING).enumerate() {
            let string = u64::from_le_bytes(string.try_into().unwrap_or_default());
            let hash = string.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            if hash >> (64 - STRING_BITS) != 0 {
                continue;
            }
            // Not 0, which no string has been remembered by.
            let mark = (hash >> 8) as u32 | 1;
            let slot = (hash >> (64 - STRING_BITS - SLOT_BITS)) as usize % seen.len();
            // The first half has little before it.
            if position >= SAMPLE / 2 {
                all += 1;
                known += usize::from(seen[slot] == mark);
            }
            seen[slot] = mark;
        }
    }
    known * 100 / all.max(1)
}

#[cfg(test)]
mod tests {
    use super::{REPETITIVE, is_text, level, repetition};

    /// Bytes of which none tells the next.
    fn noise(size: usize) -> Vec<u8> {
        let mut state = 1u64;
        std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .take(size)
        .collect()
    }

    fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits
            .map(|digit| b"0123456789abcdef"[usize::from(digit)])
            .collect()
    }

    #[test]
    fn repetitive_text_is_told_from_other_data() {
        let phrase = hexadecimal(&noise(5_000));
        let repetitive = phrase.repeat(40);
        let text = hexadecimal(&noise(200_000));
        let code: Vec<u8> = (0..100_000u32)
            .flat_map(|n| (0x4889_0000 + n % 700).to_le_bytes())
            .collect();
        for (data, expected) in [
            (&repetitive, (true, true)),
            (&text, (true, false)),
            (&code, (false, true)),
            (&noise(400_000), (false, false)),
            (&[&text[..], &noise(100_000)].concat(), (true, false)),
            (&[&repetitive[..], &[0; 900_000]].concat(), (true, true)),
        ] {
            let is_repetitive = repetition(data) >= REPETITIVE;
            assert_eq!((is_text(data), is_repetitive), expected);
        }
        assert_eq!(level(9, &repetitive), 8);
        assert_eq!(level(9, &text), 5);
        assert_eq!(level(9, &code), 6);
        assert_eq!(level(6, &repetitive), 7);
        assert_eq!(level(6, &code), 5);
        assert_eq!(level(3, &repetitive), 3);
        assert_eq!(level(1, b"little"), 12);
    }

    #[test]
    fn repeats_too_far_back_do_not_count() {
        let far = noise(48 << 10).repeat(8);
        assert!(repetition(&far) < REPETITIVE);
        let near = noise(8 << 10).repeat(48);
        assert!(repetition(&near) >= REPETITIVE);
    }
}
