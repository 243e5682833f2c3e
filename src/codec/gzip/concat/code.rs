// SPDX-License-Identifier: GPL-3.0-or-later

//! The prefix codes of a DEFLATE block, as far as it takes to skip what is
//! written in them.
//!
//! Skipping is a chain of steps, one for each code.  A step looks at the next
//! bits in a table that says how far to go and which table is for the step after
//! it; as long as codes are short there is no branch to predict.  (Joining codes
//! that are seen in one look costs as much time as it saves.)

use super::Malformed;
use super::bits::Bits;

/// The bits that a step looks at.
const LOOK: u32 = 11;

/// The entries of a table.
const TABLE: usize = 1 << LOOK;

/// The longest code of any alphabet, in bits.
const MAX_LENGTH: usize = 15;

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

/// An entry of a table.  Its lowest bits are the bits to skip, extra bits
/// included; with what is above them it is one of the constants or, of a code
/// length, the symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Step(u16);

impl Step {
    /// A literal or length comes next.
    const LITERAL: Step = Step(0);
    /// A distance comes next.
    const DISTANCE: Step = Step(TABLE as u16);
    /// The block is over.
    const END: Step = Step(1 << 15);
    /// The code is longer than the look.
    const LONG: Step = Step(1 << 14);

    const STOPS: u16 = Step::END.0 | Step::LONG.0;
    const SYMBOL: u32 = 6;

    fn symbol(symbol: usize) -> Self {
        Step((symbol as u16) << Self::SYMBOL)
    }

    fn with_bits(self, bits: u32) -> Self {
        Step(self.0 | bits as u16)
    }

    fn bits(self) -> u32 {
        u32::from(self.0 % (1 << Self::SYMBOL))
    }

    fn without_bits(self) -> Self {
        Step(self.0 >> Self::SYMBOL << Self::SYMBOL)
    }

    /// Where the table for the next step begins.
    fn table(self) -> usize {
        usize::from(self.0) & TABLE
    }
}

/// The codes of one block after the other.
pub struct Codes {
    /// For literals and lengths, then for distances.
    tables: Box<[Step; 2 * TABLE]>,
    literals: Code,
    distances: Code,
}

/// A code by the lengths of its symbols.
#[derive(Default)]
struct Code {
    /// How many symbols there are of each length.
    counts: [u16; MAX_LENGTH + 1],
    /// What to do about the symbols, in the order of their codes.
    steps: Vec<Step>,
}

impl Default for Codes {
    fn default() -> Self {
        Codes {
            tables: Box::new([Step::LONG; 2 * TABLE]),
            literals: Code::default(),
            distances: Code::default(),
        }
    }
}

impl Codes {
    /// Takes the codes of section 3.2.6.
    pub fn set_fixed(&mut self) {
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        self.set(&lengths, &[5; 30]);
    }

    /// Takes the codes with the given lengths.
    pub fn set(&mut self, literals: &[u8], distances: &[u8]) {
        let (first, second) = self.tables.split_at_mut(TABLE);
        self.literals.set(literals, first, |symbol| {
            match symbol.checked_sub(END_OF_BLOCK) {
                None => Step::LITERAL,
                Some(0) => Step::END,
                Some(length) => Step::DISTANCE.with_bits(extra(&LENGTH_EXTRA, length - 1)),
            }
        });
        self.distances.set(distances, second, |symbol| {
            Step::LITERAL.with_bits(extra(&DISTANCE_EXTRA, symbol))
        });
    }

    /// Takes the code of the code lengths, for
    /// [`next_code_length`](Self::next_code_length).
    pub fn set_code_lengths(&mut self, lengths: &[u8]) {
        self.literals
            .set(lengths, &mut self.tables[..TABLE], Step::symbol);
    }

    /// Reads a code length or what stands for several.
    pub fn next_code_length(&self, bits: &mut Bits) -> Result<u8, Malformed> {
        let step = self.tables[bits.peek(LOOK) as usize];
        if step == Step::LONG {
            return Err(Malformed);
        }
        bits.skip(step.bits());
        Ok((step.0 >> Step::SYMBOL) as u8)
    }

    /// Skips the symbols of a block, its end included.
    pub fn skip_block(&self, stream: &mut Bits) -> Result<(), Malformed> {
        let mut bits = *stream;
        bits.refill()?;
        let mut table = 0;
        let mut step = self.tables[bits.peek(LOOK) as usize];
        loop {
            // More bits come while the table is looked in.  What is held then is
            // enough for two codes with extra bits, of which one is a distance at
            // most, and for the next look.
            bits.refill()?;
            for _ in 0..2 {
                if step.0 & Step::STOPS != 0 {
                    if step == Step::LONG {
                        bits.refill()?;
                        step = match table {
                            0 => self.literals.look_up(bits)?,
                            _ => self.distances.look_up(bits)?,
                        };
                    }
                    if step.without_bits() == Step::END {
                        bits.skip(step.bits());
                        *stream = bits;
                        return Ok(());
                    }
                }
                bits.skip(step.bits());
                table = step.table();
                step = self.tables[table | bits.peek(LOOK) as usize];
            }
        }
    }
}

impl Code {
    /// Takes the code with the given lengths and fills `table` for looks;
    /// `describe` says what to do about a symbol, with its extra bits.
    fn set(&mut self, lengths: &[u8], table: &mut [Step], describe: impl Fn(usize) -> Step) {
        self.counts = [0; MAX_LENGTH + 1];
        for &length in lengths {
            self.counts[usize::from(length)] += 1;
        }
        self.counts[0] = 0;
        let mut next_code = [0u32; MAX_LENGTH + 2];
        let mut next_index = [0; MAX_LENGTH + 2];
        for length in 1..=MAX_LENGTH {
            let count = self.counts[length];
            next_code[length + 1] = (next_code[length] + u32::from(count)) << 1;
            next_index[length + 1] = next_index[length] + usize::from(count);
        }
        self.steps.clear();
        self.steps.resize(next_index[MAX_LENGTH + 1], Step::LITERAL);
        table.fill(Step::LONG);
        for (symbol, &length) in lengths.iter().enumerate() {
            if length == 0 {
                continue;
            }
            let slot = usize::from(length);
            let length = u32::from(length);
            let step = describe(symbol);
            let step = Step(step.0 + length as u16);
            self.steps[next_index[slot]] = step;
            next_index[slot] += 1;
            let code = next_code[slot];
            next_code[slot] += 1;
            if length <= LOOK {
                let first = (code.reverse_bits() >> (32 - length)) as usize;
                for entry in table.iter_mut().skip(first).step_by(1 << length) {
                    *entry = step;
                }
            }
        }
    }

    /// The step for the next symbol, however long its code is.
    #[cold]
    fn look_up(&self, bits: Bits) -> Result<Step, Malformed> {
        let mut code = 0;
        let mut first = 0;
        let mut index = 0;
        for length in 1..=MAX_LENGTH {
            code |= bits.peek(length as u32) >> (length - 1) & 1;
            let count = u64::from(self.counts[length]);
            if code < first + count {
                return Ok(self.steps[index + (code - first) as usize]);
            }
            index += count as usize;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(Malformed)
    }
}

/// The extra bits of the symbol `index`.
fn extra(bits: &[u8], index: usize) -> u32 {
    bits.get(index).copied().unwrap_or(0).into()
}
