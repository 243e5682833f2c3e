// SPDX-License-Identifier: GPL-3.0-or-later

//! How hard to compress, so that files are no larger than gzip's.
//!
//! A level of libdeflate looks less far than gzip's of the same name, and
//! makes more of what it finds.  For most data its level 5 is enough to stay
//! at what gzip's level 9 makes.  Text such as programs' sources and collections
//! of headers depends on how far a compressor looks, the more the more it
//! repeats itself, and gets a higher level.  What is compressed already is only
//! stored.  `cargo bench --bench levels` makes the table of sizes and speeds
//! that this is chosen by.

/// The levels of libdeflate for a level of gzip.
struct Levels {
    usual: i32,
    /// For what repeats itself over and over.
    repetitive: i32,
    /// For text that does so somewhat, and a lot.
    text: i32,
    repetitive_text: i32,
}

/// The level of libdeflate that stores.
const STORED: i32 = 0;

/// The highest level of libdeflate.
const MAX_LEVEL: i32 = 12;

/// How many of a hundred strings have been there before in data that repeats
/// itself, and in text that does.
const REPETITIVE: usize = 90;
const TEXT: usize = 55;
const REPETITIVE_TEXT: usize = 70;

/// How many of a hundred strings there may be twice in noise.
const NOISE: usize = 1;

/// Shorter chunks are compressed as well as can be: it takes no time to
/// speak of, and cutting costs most in small images.
const SMALL: usize = 64 << 10;

/// The bytes that are taken for text, or for noise, or not, together: a block of
/// the archive.
const WINDOW: usize = crate::tar::BLOCK_SIZE as usize;

/// One of so many windows is looked at.
const WINDOW_STEP: usize = 15;

/// Where repeats are looked for: twice as far as DEFLATE can point back.
const SAMPLE: usize = 64 << 10;

/// One of so many samples is looked at.
const SAMPLE_STEP: usize = 8;

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
    if is_noise(bytes) && repetition(bytes) <= NOISE {
        return STORED;
    }
    let levels = match level {
        ..=5 => return level.max(1).into(),
        6 => Levels {
            usual: 5,
            repetitive: 5,
            text: 5,
            repetitive_text: 6,
        },
        _ => Levels {
            usual: 5,
            repetitive: 6,
            text: 6,
            repetitive_text: 7,
        },
    };
    let repetition = repetition(bytes);
    match repetition >= TEXT && is_text(bytes) {
        true if repetition >= REPETITIVE_TEXT => levels.repetitive_text,
        true => levels.text,
        false if repetition >= REPETITIVE => levels.repetitive,
        false => levels.usual,
    }
}

/// Whether no byte in `bytes` is more frequent than others, as in what is
/// compressed or encrypted: by them alone not a thousandth could be saved.
fn is_noise(bytes: &[u8]) -> bool {
    /// In a window, more by several standard deviations than what noise has.
    const MOST_PAIRS: u64 = 1780;
    let mut all = [0; 256];
    for window in bytes.chunks_exact(WINDOW).step_by(WINDOW_STEP) {
        let mut counts = [0u64; 256];
        window
            .iter()
            .for_each(|&byte| counts[usize::from(byte)] += 1);
        if pairs(&counts) > MOST_PAIRS {
            return false;
        }
        all.iter_mut()
            .zip(counts)
            .for_each(|(sum, count)| *sum += count);
    }
    // The square of chi over the size is 1.4 times the bits that the entropy of a
    // byte lacks of eight; 255 is what it is of noise.
    let size: u64 = all.iter().sum();
    256 * pairs(&all) <= size * (size + size / 100 + 255)
}

/// How many pairs of equal bytes there are, each byte with itself included.
fn pairs(counts: &[u64; 256]) -> u64 {
    counts.iter().map(|count| count * count).sum()
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
    use super::{REPETITIVE, STORED, is_noise, is_text, level, repetition};

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
    fn data_of_each_kind_has_its_level() {
        let phrase = hexadecimal(&noise(5_000));
        let repetitive = phrase.repeat(40);
        // New and old lines in turn.
        let lines: Vec<u8> = hexadecimal(&noise(100_000))
            .chunks(100)
            .flat_map(|line| [line, &phrase[..160]].concat())
            .collect();
        let text = hexadecimal(&noise(200_000));
        let code: Vec<u8> = (0..100_000u32)
            .flat_map(|n| (0x4889_0000 + n % 700).to_le_bytes())
            .collect();
        let noise = noise(400_000);
        for (data, is_text_, is_noise_, for_9, for_6) in [
            (&repetitive, true, false, 7, 6),
            (&lines, true, false, 6, 5),
            (&text, true, false, 5, 5),
            (&code, false, false, 6, 5),
            (&noise, false, true, STORED, STORED),
            (&[&text[..], &noise[..100_000]].concat(), true, false, 5, 5),
            (
                &[&repetitive[..], &[0; 900_000]].concat(),
                true,
                false,
                7,
                6,
            ),
        ] {
            assert_eq!((is_text(data), is_noise(data)), (is_text_, is_noise_));
            assert_eq!((level(9, data), level(6, data)), (for_9, for_6));
        }
        assert_eq!(level(3, &repetitive), 3);
        assert_eq!(level(1, &noise), STORED);
        assert_eq!(level(1, b"little"), 12);
    }

    #[test]
    fn what_can_be_made_smaller_is_no_noise() {
        let noise = noise(2 << 20);
        assert_eq!(level(9, &noise), STORED);
        // Seven bits of eight, all bytes in turn, twice the same, a part.
        let seven: Vec<u8> = noise.iter().map(|byte| byte & 0x7f).collect();
        let turns: Vec<u8> = (0..2u32 << 20).map(|n| n as u8).collect();
        let twice = noise[..20 << 10].repeat(100);
        let mut part = noise.clone();
        part[1 << 20..][..8 << 10].fill(b' ');
        // One of a hundred bytes that is always the same.
        let mut marked = noise.clone();
        marked.iter_mut().step_by(100).for_each(|byte| *byte = 7);
        for data in [&seven, &turns, &twice, &part, &marked] {
            assert_ne!(level(9, data), STORED);
        }
    }

    #[test]
    fn repeats_too_far_back_do_not_count() {
        let far = noise(48 << 10).repeat(12);
        assert!(repetition(&far) < REPETITIVE);
        let near = noise(8 << 10).repeat(72);
        assert!(repetition(&near) >= REPETITIVE);
    }
}
