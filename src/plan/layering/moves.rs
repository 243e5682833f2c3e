// SPDX-License-Identifier: GPL-3.0-or-later

//! Items that change places, where that makes an image cheaper to update.
//!
//! Joining two layers cannot be undone, so the layers that it leads to are not
//! the best ones.  Taking the items one by one, each into the layer that it
//! costs least in, mends most of that.

use super::bits::Bits;
use super::item::{Item, limit};

/// How often all items are looked at, which bounds the time.  Few move after
/// the third time.
const MAX_ROUNDS: usize = 20;

/// A layer, while items come and go.
struct Place {
    size: u128,
    /// What something in it changes with.
    changes_with: Bits,
    /// For each number, how many in this layer change with it.
    counts: Vec<u32>,
}

/// Moves items between `groups` until no single move makes the sum of costs
/// less.  Groups that nothing is left of are dropped.
pub fn improve(groups: Vec<Vec<usize>>, items: &[Item]) -> Vec<Vec<usize>> {
    let mut places: Vec<Place> = Vec::with_capacity(groups.len());
    let mut place_of = vec![0; items.len()];
    let limit = limit(items);
    for group in &groups {
        let mut place = Place::new(limit);
        for &index in group {
            place.put(&items[index]);
            place_of[index] = places.len();
        }
        places.push(place);
    }
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_unstable_by_key(|&index| items[index].rank);
    for _ in 0..MAX_ROUNDS {
        let mut is_done = true;
        for &index in &order {
            let (item, here) = (&items[index], place_of[index]);
            let saved = places[here].saved_without(item);
            let others = places.iter().enumerate();
            let best = others
                .filter(|&(there, _)| there != here)
                .map(|(there, place)| (place.growth_with(item), there))
                .min();
            if let Some((_, there)) = best.filter(|&(growth, _)| growth < saved) {
                places[here].take(item);
                places[there].put(item);
                place_of[index] = there;
                is_done = false;
            }
        }
        if is_done {
            break;
        }
    }
    let mut groups = vec![Vec::new(); groups.len()];
    for index in order {
        groups[place_of[index]].push(index);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

impl Place {
    fn new(count: usize) -> Self {
        Place {
            size: 0,
            changes_with: Bits::none(count),
            counts: vec![0; count],
        }
    }

    fn put(&mut self, item: &Item) {
        self.size += u128::from(item.rounded_size());
        self.changes_with.extend(&item.changes_with);
        for other in item.changes_with.iter() {
            self.counts[other] += 1;
        }
    }

    fn take(&mut self, item: &Item) {
        self.size -= u128::from(item.rounded_size());
        for other in item.changes_with.iter() {
            self.counts[other] -= 1;
            if self.counts[other] == 0 {
                self.changes_with.remove(other);
            }
        }
    }

    /// By how much less an image costs if `item` is not here.
    fn saved_without(&self, item: &Item) -> u128 {
        let times = self.changes_with.count();
        let others = item.changes_with.iter();
        let alone = others.filter(|&other| self.counts[other] == 1).count() as u64;
        let left = self.size - u128::from(item.rounded_size());
        self.size * u128::from(times) - left * u128::from(times - alone)
    }

    /// By how much more it costs if `item` is here as well.
    fn growth_with(&self, item: &Item) -> u128 {
        let times = self.changes_with.count();
        let more = self.changes_with.count_with(&item.changes_with);
        let together = self.size + u128::from(item.rounded_size());
        together * u128::from(more) - self.size * u128::from(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(groups: &[Vec<usize>], items: &[Item]) -> u128 {
        let costs = groups.iter().map(|group| {
            let mut place = Place::new(limit(items));
            group.iter().for_each(|&index| place.put(&items[index]));
            place.size * u128::from(place.changes_with.count())
        });
        costs.sum()
    }

    #[test]
    fn no_single_move_is_left_that_makes_an_image_cheaper() {
        let mut state = 1u64;
        let mut below = |limit: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % limit
        };
        for _ in 0..50 {
            let count = 1 + below(40);
            let mut items: Vec<Item> = Vec::new();
            for rank in 0..count {
                // All that earlier ones refer to, and so itself.
                let mut changes_with = Bits::none(count);
                changes_with.insert(rank);
                for _ in 0..below(3).min(rank) {
                    let other = below(rank);
                    changes_with.extend(&items[other].changes_with);
                }
                items.push(Item {
                    size: 1 + below(100_000) as u64,
                    changes_with,
                    rank,
                });
            }
            let groups = 1 + below(6);
            let mut before = vec![Vec::new(); groups];
            (0..count).for_each(|index| before[below(groups)].push(index));
            let after = improve(before.clone(), &items);
            let least = cost(&after, &items);
            assert!(least <= cost(&before, &items));
            let mut all = after.concat();
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
            for here in 0..after.len() {
                for there in (0..after.len()).filter(|&there| there != here) {
                    for position in 0..after[here].len() {
                        let mut moved = after.clone();
                        let item = moved[here].remove(position);
                        moved[there].push(item);
                        assert!(cost(&moved, &items) >= least);
                    }
                }
            }
        }
    }
}
