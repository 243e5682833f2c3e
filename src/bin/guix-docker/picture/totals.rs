// SPDX-License-Identifier: GPL-3.0-or-later

//! What there is in all.

use super::change::{Change, Kind};
use super::words::size_in_words;
use super::{Item, Layer, Map};

/// What there is of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub count: usize,
    /// In bytes; of removed items, what they had.
    pub size: u64,
    /// In bytes before; 0 for what was not there.
    pub before: u64,
}

impl Sum {
    fn add(&mut self, item: &Item) {
        let before = match item.change {
            Change::Added => 0,
            Change::Resized { before } => before,
            _ => item.size,
        };
        self.count += 1;
        self.size = self.size.saturating_add(item.size);
        self.before = self.before.saturating_add(before);
    }
}

/// What there is in all, and of each kind of change.
#[derive(Clone, Copy, Debug)]
pub struct Totals {
    /// Whether anything is compared with anything.
    pub compared: bool,
    /// Items, removed ones included.
    pub items: usize,
    /// In bytes, without removed items.
    pub size: u64,
    /// In bytes before.
    pub before: u64,
    kinds: [Sum; Kind::ALL.len()],
}

impl Totals {
    pub fn new(map: &Map) -> Totals {
        let mut kinds = [Sum::default(); Kind::ALL.len()];
        let mut compared = false;
        for item in map.layers.iter().flat_map(|layer| &layer.items) {
            compared |= item.change != Change::None;
            kinds[item.change.kind() as usize].add(item);
        }
        let mut totals = Totals {
            compared,
            items: 0,
            size: 0,
            before: 0,
            kinds,
        };
        for kind in Kind::ALL {
            let sum = totals.of(kind);
            totals.items += sum.count;
            totals.before = totals.before.saturating_add(sum.before);
            if kind != Kind::Removed {
                totals.size = totals.size.saturating_add(sum.size);
            }
        }
        totals
    }

    /// What there is of a kind.
    pub fn of(&self, kind: Kind) -> Sum {
        self.kinds[kind as usize]
    }

    /// The size in words, and what it was, if it is another in words.
    pub fn words(&self) -> String {
        resized(
            self.size,
            if self.compared {
                self.before
            } else {
                self.size
            },
        )
    }
}

/// "12 MB, was 10 MB", or "12 MB" if it was that.
pub fn resized(size: u64, before: u64) -> String {
    if size == before {
        size_in_words(size)
    } else {
        format!("{}, was {}", size_in_words(size), size_in_words(before))
    }
}

/// The size of all items of a layer, removed ones too, as they are drawn.
pub fn drawn(layer: &Layer) -> u64 {
    layer
        .items
        .iter()
        .fold(0, |sum, item| sum.saturating_add(item.size))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn removed_items_are_not_there_any_more() {
        let map = samples::map(vec![vec![
            samples::item("a", 10, Change::Same),
            samples::item("b", 20, Change::Added),
            samples::item("c", 40, Change::Removed),
            samples::item("d", 80, Change::Resized { before: 70 }),
            samples::item("e", 5, Change::Altered),
        ]]);
        let totals = Totals::new(&map);
        assert!(totals.compared);
        assert_eq!(totals.items, 5);
        assert_eq!(totals.size, 115);
        assert_eq!(totals.before, 125);
        assert_eq!(totals.words(), "115 bytes, was 125 bytes");
        assert_eq!(totals.of(Kind::Removed).size, 40);
        assert_eq!(totals.of(Kind::Resized).before, 70);
        assert_eq!(drawn(&map.layers[0]), 155);
    }

    #[test]
    fn sizes_that_are_too_large_to_add_up_are_as_large_as_can_be() {
        let item = samples::item("a", u64::MAX, Change::None);
        let totals = Totals::new(&samples::map(vec![vec![item.clone(), item]]));
        assert!(!totals.compared);
        assert_eq!(totals.words(), "18.4 EB");
    }
}
