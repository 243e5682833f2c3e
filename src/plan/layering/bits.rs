// SPDX-License-Identifier: GPL-3.0-or-later

//! Sets of small numbers.

/// A set of numbers below a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits(Vec<u64>);

impl Bits {
    /// None of the numbers below `limit`.
    pub fn none(limit: usize) -> Self {
        Bits(vec![0; limit.div_ceil(64)])
    }

    /// Adds `number`.
    pub fn insert(&mut self, number: usize) {
        self.0[number / 64] |= 1 << (number % 64);
    }

    /// Adds all of `other`; returns whether that was more.
    pub fn extend(&mut self, other: &Self) -> bool {
        let mut grown = false;
        for (word, other) in std::iter::zip(&mut self.0, &other.0) {
            grown |= *other & !*word != 0;
            *word |= other;
        }
        grown
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// How many there are in this set or in `other`.
    pub fn count_with(&self, other: &Self) -> u64 {
        std::iter::zip(&self.0, &other.0)
            .map(|(word, other)| u64::from((word | other).count_ones()))
            .sum()
    }
}
