// SPDX-License-Identifier: GPL-3.0-or-later

//! Items, as policies know them.

use super::bits::Bits;

/// An item to be put into a layer.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its size in bytes.
    pub size: u64,
    /// What it changes with: itself, and all that it refers to.
    pub changes_with: Bits,
    /// Tells it from others of the same size and references.
    pub rank: usize,
}

impl Item {
    /// Its size to the nearest power of two, by its logarithm.
    pub fn rounded_size(&self) -> u64 {
        let size = self.size.max(1);
        let floor = 1u64 << size.ilog2();
        match u128::from(size).pow(2) > 2 * u128::from(floor).pow(2) {
            true => floor.saturating_mul(2),
            false => floor,
        }
    }
}

/// A number that all are below that any of `items` changes with: these may be of
/// items that are in no layer.
pub fn limit(items: &[Item]) -> usize {
    let limits = items.iter().map(|item| item.changes_with.limit());
    limits.max().unwrap_or(0)
}
