// SPDX-License-Identifier: GPL-3.0-or-later

//! Making a finished DEFLATE stream one that others can follow.
//!
//! A compressor that knows only whole streams marks its last block as final.
//! For streams to be joined into one, that mark must go, and the next stream
//! must begin at a byte.  Where the last block begins, and at which bit it
//! ends, is known to those who read the stream through.  This module does so
//! without producing any output: it only measures codes, see sections 3.2.3
//! to 3.2.7 of RFC 1951.

/// The bits that the first look at a code takes in.
const LOOK: u32 = 11;

/// The longest code of any alphabet, in bits.
const MAX_LENGTH: usize = 15;

/// The most bits of a distance, the extra ones included.
const MAX_DISTANCE_BITS: u32 = MAX_LENGTH as u32 + 13;

/// The end of a block among the literals and lengths.
const END_OF_BLOCK: usize = 256;

/// Extra bits of the lengths 257 and up, and of the distances.
const LENGTH_EXTRA: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_EXTRA: [u8; 30] = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13,
    13,
];

/// The order in which the lengths of the code lengths' codes are given.
const CODE_LENGTH_ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// The stream is not DEFLATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Unmarks the final block of `stream`, which must be a whole DEFLATE
/// stream, and appends an empty stored block, so that it ends with a byte and
/// another stream can follow.
pub fn open_end(stream: &mut Vec<u8>) -> Result<(), Malformed> {
    let (last_block, end) = measure(stream)?;
    stream[last_block / 8] &= !(1 << (last_block % 8));
    // The header of a stored block is three zero bits; then comes the next
    // byte, with a length of 0 and its complement.
    stream.resize((end + 3).div_ceil(8), 0);
    stream.extend([0, 0, 0xff, 0xff]);
    Ok(())
}

/// The bits at which the final block begins and at which it ends.
fn measure(stream: &[u8]) -> Result<(usize, usize), Malformed> {
    let mut bits = Bits::new(stream);
    loop {
        let block = bits.position();
        bits.refill();
        let header = bits.take(3);
        match header >> 1 {
            0 => bits.skip_stored()?,
            1 => {
                let (literals, distances) = fixed_codes();
                skip_symbols(&mut bits, &literals, &distances)?;
            }
            2 => {
                let (literals, distances) = dynamic_codes(&mut bits)?;
                skip_symbols(&mut bits, &literals, &distances)?;
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

/// Skips the symbols of a block, its end included.
fn skip_symbols(bits: &mut Bits, literals: &Code, distances: &Code) -> Result<(), Malformed> {
    loop {
        bits.refill();
        let mut entry = literals.next(bits)?;
        if entry == Entry::LITERAL {
            // A refill is enough for this one, too.
            entry = literals.next(bits)?;
        }
        if entry == Entry::END {
            return Ok(());
        }
        if entry == Entry::LENGTH {
            if bits.held < MAX_DISTANCE_BITS {
                bits.refill();
            }
            distances.next(bits)?;
        }
        if bits.exhausted() {
            return Err(Malformed);
        }
    }
}

/// What follows a symbol.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Entry(u8);

impl Entry {
    /// Another literal or length.
    const LITERAL: Entry = Entry(0);
    /// A distance.
    const LENGTH: Entry = Entry(1);
    /// The next block.
    const END: Entry = Entry(2);
}

/// A prefix code: how far each symbol leads, with its extra bits.
struct Code {
    /// By the next [`LOOK`] bits: the bits of the symbol, or of several
    /// literals and what comes after them, the extra bits included, and what
    /// follows; 0 bits where the code is longer.
    short: Vec<(u8, Entry)>,
    /// For longer codes: how many there are of each length, and all symbols
    /// in the order of their codes.
    counts: [u16; MAX_LENGTH + 1],
    symbols: Vec<(u8, Entry)>,
}

impl Code {
    /// The code of the symbols whose lengths are given; `describe` gives a
    /// symbol's extra bits and what follows it.
    fn new(lengths: &[u8], describe: impl Fn(usize) -> (u8, Entry)) -> Self {
        let mut counts = [0u16; MAX_LENGTH + 1];
        for &length in lengths {
            counts[usize::from(length)] += 1;
        }
        counts[0] = 0;
        let mut next_code = [0u32; MAX_LENGTH + 2];
        let mut next_index = [0usize; MAX_LENGTH + 2];
        for length in 1..=MAX_LENGTH {
            next_code[length + 1] = (next_code[length] + u32::from(counts[length])) << 1;
            next_index[length + 1] = next_index[length] + usize::from(counts[length]);
        }
        let mut short = vec![(0, Entry::LITERAL); 1 << LOOK];
        let mut symbols = vec![(0, Entry::LITERAL); next_index[MAX_LENGTH + 1]];
        for (symbol, &length) in lengths.iter().enumerate() {
            if length == 0 {
                continue;
            }
            let slot = usize::from(length);
            let (extra, entry) = describe(symbol);
            symbols[next_index[slot]] = (extra, entry);
            next_index[slot] += 1;
            let code = next_code[slot];
            next_code[slot] += 1;
            let length = u32::from(length);
            if length <= LOOK {
                let first = (code.reverse_bits() >> (32 - length)) as usize;
                for index in (first..1 << LOOK).step_by(1 << length) {
                    short[index] = (length as u8 + extra, entry);
                }
            }
        }
        Code {
            short,
            counts,
            symbols,
        }
    }

    /// Joins literals that are seen in one look, and what follows them if that
    /// is seen as well.
    fn join_literals(mut self) -> Self {
        let single = self.short.clone();
        for (index, joined) in self.short.iter_mut().enumerate() {
            while joined.1 == Entry::LITERAL && joined.0 > 0 {
                let next = single[index >> joined.0];
                if next.0 == 0 || u32::from(joined.0 + next.0) > LOOK {
                    break;
                }
                *joined = (joined.0 + next.0, next.1);
            }
        }
        self
    }

    /// Skips the next symbol with its extra bits.
    #[inline]
    fn next(&self, bits: &mut Bits) -> Result<Entry, Malformed> {
        let (length, entry) = self.short[bits.peek(LOOK) as usize];
        if length == 0 {
            return self.next_long(bits);
        }
        bits.drop(length.into());
        Ok(entry)
    }

    #[cold]
    fn next_long(&self, bits: &mut Bits) -> Result<Entry, Malformed> {
        let mut code = 0;
        let mut first = 0;
        let mut index = 0;
        for length in 1..=MAX_LENGTH {
            code |= bits.peek(length as u32) >> (length - 1) & 1;
            let count = u64::from(self.counts[length]);
            if code < first + count {
                let (extra, entry) = self.symbols[index + (code - first) as usize];
                bits.drop(length as u32 + u32::from(extra));
                return Ok(entry);
            }
            index += count as usize;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(Malformed)
    }
}

fn literal_code(lengths: &[u8]) -> Code {
    Code::new(lengths, |symbol| match symbol.checked_sub(END_OF_BLOCK) {
        None => (0, Entry::LITERAL),
        Some(0) => (0, Entry::END),
        Some(length) => {
            let extra = LENGTH_EXTRA.get(length - 1).copied().unwrap_or(0);
            (extra, Entry::LENGTH)
        }
    })
    .join_literals()
}

fn distance_code(lengths: &[u8]) -> Code {
    Code::new(lengths, |symbol| {
        (
            DISTANCE_EXTRA.get(symbol).copied().unwrap_or(0),
            Entry::LITERAL,
        )
    })
}

/// The codes of section 3.2.6.
fn fixed_codes() -> (Code, Code) {
    let mut lengths = [8; 288];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    (literal_code(&lengths), distance_code(&[5; 30]))
}

/// Reads the codes of section 3.2.7.
fn dynamic_codes(bits: &mut Bits) -> Result<(Code, Code), Malformed> {
    bits.refill();
    let literals = bits.take(5) as usize + 257;
    let distances = bits.take(5) as usize + 1;
    let given = bits.take(4) as usize + 4;
    let mut code_lengths = [0; 19];
    for &symbol in &CODE_LENGTH_ORDER[..given] {
        bits.refill();
        code_lengths[symbol] = bits.take(3) as u8;
    }
    // Entries are of no use here, so each carries its symbol.
    let code = Code::new(&code_lengths, |symbol| (0, Entry(symbol as u8)));
    let mut lengths = Vec::with_capacity(literals + distances);
    while lengths.len() < literals + distances {
        bits.refill();
        let (value, repeat) = match code.next(bits)?.0 {
            16 => (*lengths.last().ok_or(Malformed)?, 3 + bits.take(2)),
            17 => (0, 3 + bits.take(3)),
            18 => (0, 11 + bits.take(7)),
            length => (length, 1),
        };
        lengths.extend(std::iter::repeat_n(value, repeat as usize));
        if bits.exhausted() {
            return Err(Malformed);
        }
    }
    if lengths.len() > literals + distances {
        return Err(Malformed);
    }
    let (literals, distances) = lengths.split_at(literals);
    Ok((literal_code(literals), distance_code(distances)))
}

/// The bits of a stream, lowest first; after its end they are zeros.
struct Bits<'a> {
    bytes: &'a [u8],
    next: usize,
    buffer: u64,
    held: u32,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Bits {
            bytes,
            next: 0,
            buffer: 0,
            held: 0,
        }
    }

    /// Makes sure that at least 56 bits are held.
    #[inline]
    fn refill(&mut self) {
        let word = match self.bytes.get(self.next..self.next + 8) {
            Some(bytes) => u64::from_le_bytes(bytes.try_into().unwrap_or_default()),
            None => self.last_word(),
        };
        self.buffer |= word << self.held;
        let taken = (63 - self.held) / 8;
        self.next += taken as usize;
        self.held += taken * 8;
    }

    #[cold]
    fn last_word(&self) -> u64 {
        let mut word = [0; 8];
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        word[..rest.len()].copy_from_slice(rest);
        u64::from_le_bytes(word)
    }

    #[inline]
    fn peek(&self, count: u32) -> u64 {
        self.buffer & ((1 << count) - 1)
    }

    #[inline]
    fn drop(&mut self, count: u32) {
        self.buffer >>= count;
        self.held -= count;
    }

    fn take(&mut self, count: u32) -> u64 {
        let value = self.peek(count);
        self.drop(count);
        value
    }

    /// The bits read so far.
    fn position(&self) -> usize {
        self.next * 8 - self.held as usize
    }

    /// Whether more bits were read than there are.
    fn exhausted(&self) -> bool {
        self.position() > self.bytes.len() * 8
    }

    /// Skips a stored block's length and bytes.
    fn skip_stored(&mut self) -> Result<(), Malformed> {
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

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;
    use libdeflater::{CompressionLvl, Compressor};

    use super::{Malformed, open_end};

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
