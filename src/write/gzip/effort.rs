// SPDX-License-Identifier: GPL-3.0-or-later

//! How hard to compress, so that no file is larger than gzip's.
//!
//! At one level of libdeflate, what it saves over gzip depends on the data.
//! Machine code and tables leave a wide margin, and are what gzip takes
//! longest for; text and data that is compressed already leave less, or none
//! at the highest levels of gzip.  So a piece is sampled first.  The levels
//! come from a table of sizes and times over text, machine code, locale data
//! and compressed files.

/// The bytes that are looked at together: a block of the archive.
const WINDOW: usize = crate::tar::BLOCK as usize;

/// One of so many windows is looked at.
const SAMPLING: usize = 7;

/// Shorter stretches are compressed as well as can be: it takes no time to
/// speak of, and cutting costs most in small images.
const SMALL: usize = 64 << 10;

/// The highest level of libdeflate.
const MAX_LEVEL: i32 = 12;

/// What most of a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Data {
    /// Text.
    Text,
    /// Machine code, tables.
    Binary,
    /// A fair share of it is compressed or random.
    Packed,
}

/// How to compress a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// The level of libdeflate, 1 to 12.
    pub level: i32,
    /// The level to compress the piece at again, and to take what is smaller,
    /// if what is left is less than one part in [`REPETITIVE`]: then much
    /// depends on how far back the compressor looks.
    pub if_repetitive: Option<i32>,
}

/// See [`Effort::if_repetitive`].
pub const REPETITIVE: usize = 5;

/// How to compress `bytes` for gzip's `level`, 1 to 9.
pub fn effort(level: u8, bytes: &[u8]) -> Effort {
    let (level, if_repetitive) = if bytes.len() < SMALL {
        (MAX_LEVEL, None)
    } else {
        match (level, sample(bytes)) {
            (..=5, _) => (level.max(1).into(), None),
            (_, Data::Binary) => (6, None),
            (6 | 7, Data::Text | Data::Packed) => (7, None),
            (_, Data::Text) => (7, Some(9)),
            (_, Data::Packed) => (8, None),
        }
    };
    Effort {
        level,
        if_repetitive,
    }
}

/// Says what `bytes` are by looking at some of them.
fn sample(bytes: &[u8]) -> Data {
    let (mut text, mut packed, mut binary) = (0, 0, 0);
    for window in bytes.chunks_exact(WINDOW).step_by(SAMPLING) {
        match classify(window) {
            Some(Data::Text) => text += 1,
            Some(Data::Packed) => packed += 1,
            Some(Data::Binary) => binary += 1,
            None => {}
        }
    }
    if packed * 10 > text + packed + binary {
        Data::Packed
    } else if text > binary {
        Data::Text
    } else {
        Data::Binary
    }
}

/// Says what one window is, but for the headers and the padding of archives.
fn classify(window: &[u8]) -> Option<Data> {
    let mut counts = [0u16; 256];
    for &byte in window {
        counts[usize::from(byte)] += 1;
    }
    let share = |count: u16| usize::from(count) * 100 / window.len();
    let printable = counts[32..127].iter().sum::<u16>() + counts[9] + counts[10];
    let most = counts.iter().max().copied().unwrap_or(0);
    if share(counts[0]) > 50 {
        None
    } else if share(printable) > 90 {
        Some(Data::Text)
    } else if share(most) < 3 {
        // No byte stands out: there is next to nothing to save.
        Some(Data::Packed)
    } else {
        Some(Data::Binary)
    }
}

#[cfg(test)]
mod tests {
    use super::{Data, sample};

    #[test]
    fn pieces_are_told_apart() {
        let text = "All of this is text, in lines.\n".repeat(4000);
        let code: Vec<u8> = (0..120_000u32)
            .flat_map(|n| (0x4889_0000 + n % 700).to_le_bytes())
            .collect();
        let mut state = 1u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .take(100_000)
        .collect();
        assert_eq!(sample(text.as_bytes()), Data::Text);
        assert_eq!(sample(&code), Data::Binary);
        assert_eq!(sample(&noise), Data::Packed);
        assert_eq!(sample(&[text.as_bytes(), &noise].concat()), Data::Packed);
        assert_eq!(sample(&[&code, &noise[..30_000]].concat()), Data::Binary);
    }
}
