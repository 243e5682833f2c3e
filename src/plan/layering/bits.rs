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

    /// A number that all of the numbers are below.
    pub fn limit(&self) -> usize {
        64 * self.0.len()
    }

    /// Adds `number`.
    pub fn insert(&mut self, number: usize) {
        self.0[number / 64] |= 1 << (number % 64);
    }

    /// Takes `number` away.
    pub fn remove(&mut self, number: usize) {
        self.0[number / 64] &= !(1 << (number % 64));
    }

    /// The numbers, least first.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(index, &word)| {
            let without_least = |word: &u64| Some(word & (word - 1)).filter(|&rest| rest != 0);
            std::iter::successors(Some(word).filter(|&word| word != 0), without_least)
                .map(move |word| 64 * index + word.trailing_zeros() as usize)
        })
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
