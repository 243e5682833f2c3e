// SPDX-License-Identifier: GPL-3.0-or-later

//! Making a finished DEFLATE stream one that others can follow.
//!
//! A compressor that knows only whole streams marks its last block as final.
//! For streams to be joined into one, that mark must go, and the next stream
//! must begin at a byte.  Where the last block begins, and at which bit it
//! ends, is known to those who read the stream through.  This module does so
//! without producing any output: it only measures codes, see sections 3.2.3
//! to 3.2.7 of RFC 1951.

mod bits;
mod code;

use self::bits::Bits;
use self::code::Codes;

/// The order in which the lengths of the code lengths' codes are given.
const CODE_LENGTH_ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// By how many bytes [`open_end`] makes a stream longer at most.
pub const END_SIZE: usize = 5;

/// The stream is not DEFLATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Unmarks the final block of `stream`, which must be a whole DEFLATE
/// stream, and appends an empty stored block, so that it ends with a byte and
/// another stream can follow.
pub fn open_end(stream: &mut Vec<u8>) -> Result<(), Malformed> {
    let (last_block, end) = measure(stream)?;
    stream[last_block / 8] &= !(1 << (last_block % 8));
    // What is behind the end may be anything.
    stream.truncate(end.div_ceil(8));
    if end % 8 > 0 {
        stream[end / 8] &= (1 << (end % 8)) - 1;
    }
    // The header of a stored block is three zero bits; then comes the next
    // byte, with a length of 0 and its complement.
    stream.resize((end + 3).div_ceil(8), 0);
    stream.extend([0, 0, 0xff, 0xff]);
    Ok(())
}

/// The bits at which the final block begins and at which it ends.
fn measure(stream: &[u8]) -> Result<(usize, usize), Malformed> {
    let mut bits = Bits::new(stream);
    let mut codes = Codes::default();
    loop {
        let block = bits.position();
        bits.refill()?;
        let header = bits.take(3);
        match header >> 1 {
            0 => bits.skip_stored()?,
            1 => {
                codes.set_fixed();
                codes.skip_block(&mut bits)?;
            }
            2 => {
                read_codes(&mut bits, &mut codes)?;
                codes.skip_block(&mut bits)?;
            }
            _ => return Err(Malformed),
        }
        let end = bits.position();
        if end > stream.len() * 8 {
            return Err(Malformed);
        }
        if header & 1 == 1 {
            return Ok((block, end));
        }
    }
}

/// Reads the codes of section 3.2.7.
fn read_codes(bits: &mut Bits, codes: &mut Codes) -> Result<(), Malformed> {
    bits.refill()?;
    let literals = bits.take(5) as usize + 257;
    let distances = bits.take(5) as usize + 1;
    let given = bits.take(4) as usize + 4;
    let mut code_lengths = [0; 19];
    for &symbol in &CODE_LENGTH_ORDER[..given] {
        bits.refill()?;
        code_lengths[symbol] = bits.take(3) as u8;
    }
    codes.set_code_lengths(&code_lengths);
    // Room for what a last repetition may say too much.
    let mut lengths = [0; 288 + 32 + 138];
    let mut count = 0;
    while count < literals + distances {
        bits.refill()?;
        let (value, repeat) = match codes.next_code_length(bits)? {
            16 if count == 0 => return Err(Malformed),
            16 => (lengths[count - 1], 3 + bits.take(2)),
            17 => (0, 3 + bits.take(3)),
            18 => (0, 11 + bits.take(7)),
            length => (length, 1),
        };
        let end = count + repeat as usize;
        lengths[count..end].fill(value);
        count = end;
    }
    if count > literals + distances {
        return Err(Malformed);
    }
    let (literals, distances) = lengths[..count].split_at(literals);
    codes.set(literals, distances);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;
    use libdeflater::{CompressionLvl, Compressor};

    use super::{END_SIZE, Malformed, measure, open_end};

    /// Bytes with runs, repeats and noise, the same for the same seed.
    fn sample(seed: u64, size: usize) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut bytes = Vec::new();
        while bytes.len() < size {
            match random() % 4 {
                0 => bytes.extend(random().to_le_bytes()),
                1 => bytes.extend(vec![random() as u8; (random() % 600) as usize]),
                2 => bytes.extend(format!("{:x} some words ", random() % 999).bytes()),
                _ if bytes.is_empty() => {}
                _ => {
                    let start = random() as usize % bytes.len();
                    let end = (start + random() as usize % 300).min(bytes.len());
                    bytes.extend_from_within(start..end);
                }
            }
        }
        bytes.truncate(size);
        bytes
    }

    #[test]
    fn joined_streams_inflate_to_the_joined_inputs() {
        for level in 0..=12 {
            let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
            let mut joined = Vec::new();
            let mut expected = Vec::new();
            for (seed, size) in [0, 1, 2, 100, 5_000, 70_000, 400_000]
                .into_iter()
                .enumerate()
            {
                let input = sample(seed as u64, size);
                let mut piece = vec![0; compressor.deflate_compress_bound(size)];
                let length = compressor.deflate_compress(&input, &mut piece).unwrap();
                piece.truncate(length);
                open_end(&mut piece).unwrap();
                joined.extend(piece);
                expected.extend(input);
            }
            joined.extend([3, 0]);
            let mut inflated = Vec::new();
            let mut decoder = DeflateDecoder::new(joined.as_slice());
            decoder.read_to_end(&mut inflated).unwrap();
            assert!(inflated == expected, "level {level}");
            assert_eq!(decoder.total_in(), joined.len() as u64);
        }
    }

    #[test]
    fn what_is_behind_the_end_does_not_count() {
        let mut compressor = Compressor::new(CompressionLvl::best());
        for size in 0..200 {
            let mut stream = vec![0; 1000];
            let length = compressor
                .deflate_compress(&sample(size, size as usize), &mut stream)
                .unwrap();
            stream.truncate(length);
            let (_, end) = measure(&stream).unwrap();
            let mut dirty = stream.clone();
            if end % 8 > 0 {
                dirty[end / 8] |= 0xff << (end % 8);
            }
            dirty.extend([0xff; 9]);
            open_end(&mut stream).unwrap();
            open_end(&mut dirty).unwrap();
            assert_eq!(stream, dirty);
            assert!(stream.len() <= length + END_SIZE);
        }
    }

    #[test]
    fn what_is_not_a_stream_is_refused() {
        let mut compressor = Compressor::new(CompressionLvl::best());
        let mut stream = vec![0; 100_000];
        let length = compressor
            .deflate_compress(&sample(9, 50_000), &mut stream)
            .unwrap();
        stream.truncate(length);
        for cut in [0, 1, 10, 1_000, length - 3] {
            assert_eq!(
                open_end(&mut stream[..cut].to_vec()),
                Err(Malformed),
                "{cut}"
            );
        }
        assert_eq!(open_end(&mut vec![0xff; 100]), Err(Malformed));
    }
}
