// SPDX-License-Identifier: GPL-3.0-or-later

//! Items, as policies know them.

use super::bits::Bits;

/// Item to be put into a layer.
#[derive(Clone, Debug)]
pub struct Item {
    /// Size in bytes.
    pub size: u64,
    /// Items with which this one changes: itself, and all that it refers to.
    pub changes_with: Bits,
    /// Order among items of the same size and references.
    pub rank: usize,
}

impl Item {
    /// Rounds the size to the nearest power of two, by the logarithm.
    pub fn rounded_size(&self) -> u64 {
        let size = self.size.max(1);
        let floor = 1u64 << size.ilog2();
        match u128::from(size).pow(2) > 2 * u128::from(floor).pow(2) {
            true => floor.saturating_mul(2),
            false => floor,
        }
    }
}

/// Returns a bound above all numbers of items that any of `items` changes with, which
/// may be in no layer.
pub fn limit(items: &[Item]) -> usize {
    let limits = items.iter().map(|item| item.changes_with.limit());
    limits.max().unwrap_or(0)
}
