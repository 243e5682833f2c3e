// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers that change together, as far as references tell.
//!
//! In a store, an item changes with everything that it refers to, directly or
//! not, since it is built anew under another name.  If any one item is updated,
//! and one as likely as another, a layer is made anew as often as there are
//! items that something in it refers to.  The bytes that a registry has to
//! take again are, on the average, the sum of each layer's size times that
//! number.
//!
//! Beginning with a layer for each item, the two layers are joined for which
//! this sum grows least, until there are few enough; then items move to other
//! layers as long as it shrinks.  Sizes are rounded to powers of two, so that
//! the choice is the same for another version with much the same sizes.

use super::bits::Bits;
use super::item::{Item, limit};
use super::moves;

/// More items than this are not compared with each other: those with the least
/// to lose share a layer from the beginning.
const MAX_COMPARED: usize = 2_000;

/// A layer in the making.
struct Group {
    size: u64,
    changes_with: Bits,
    /// The bytes that it makes a registry take, over all updates.
    cost: u64,
    /// The least rank in it.
    rank: usize,
    items: Vec<usize>,
    /// The group that it is best joined with.
    best: Option<Best>,
}

/// What to join a group with.
#[derive(Clone, Copy)]
struct Best {
    /// By how much the sum grows.
    growth: u64,
    /// The other group's index.
    other: usize,
    /// Whether that group is not what it was: the growth is no less then, but
    /// may be more.
    is_stale: bool,
}

impl Best {
    fn new((growth, other): (u64, usize)) -> Self {
        Best {
            growth,
            other,
            is_stale: false,
        }
    }
}

/// Groups items for an image of at most `max_layers` layers, 2 or more, one of
/// which is not for items.  What changes least often comes first.
pub fn by_references(items: &[Item], max_layers: usize) -> Vec<Vec<usize>> {
    let mut groups = first_groups(items);
    for index in 0..groups.len() {
        set_best(&mut groups, index);
    }
    let mut left = groups.len();
    while left >= max_layers.max(2) {
        let open = groups.iter().enumerate();
        let next = open
            .filter_map(|(index, group)| Some((index, group.as_ref()?.best?)))
            .min_by_key(|(index, best)| (best.growth, *index));
        match next {
            Some((index, best)) if best.is_stale => set_best(&mut groups, index),
            Some((index, best)) => {
                join(&mut groups, index, best.other);
                left -= 1;
            }
            None => break,
        }
    }
    let groups = groups.into_iter().flatten().map(|group| group.items);
    let mut groups = moves::improve(groups.collect(), items);
    groups.sort_by_cached_key(|group| {
        let mut changes_with = Bits::none(limit(items));
        for &index in group {
            changes_with.extend(&items[index].changes_with);
        }
        let rank = group.iter().map(|&index| items[index].rank).min();
        (changes_with.count(), rank)
    });
    groups
}

/// A group for each item, but for those that are too many.
fn first_groups(items: &[Item]) -> Vec<Option<Group>> {
    let mut groups: Vec<Group> = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            Group::new(
                item.rounded_size(),
                item.changes_with.clone(),
                item.rank,
                vec![index],
            )
        })
        .collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.cost), group.rank));
    if groups.len() > MAX_COMPARED {
        let rest = groups.split_off(MAX_COMPARED - 1);
        groups.extend(rest.into_iter().reduce(Group::joined));
    }
    groups.into_iter().map(Some).collect()
}

impl Group {
    fn new(size: u64, changes_with: Bits, rank: usize, items: Vec<usize>) -> Self {
        Group {
            size,
            cost: size.saturating_mul(changes_with.count()),
            changes_with,
            rank,
            items,
            best: None,
        }
    }

    fn joined(mut self, other: Self) -> Self {
        self.changes_with.extend(&other.changes_with);
        self.items.extend(other.items);
        Group::new(
            self.size.saturating_add(other.size),
            self.changes_with,
            self.rank.min(other.rank),
            self.items,
        )
    }

    /// By how much the sum grows if this group is joined with `other`.
    fn growth(&self, other: &Self) -> u64 {
        let times = self.changes_with.count_with(&other.changes_with);
        let together = self.size.saturating_add(other.size).saturating_mul(times);
        together
            .saturating_sub(self.cost)
            .saturating_sub(other.cost)
    }
}

/// Finds the group that the one of `index` is best joined with.
fn set_best(groups: &mut [Option<Group>], index: usize) {
    let Some(group) = &groups[index] else {
        return;
    };
    let others = groups.iter().enumerate();
    let best = others
        .filter(|&(other, _)| other != index)
        .filter_map(|(other, candidate)| Some((group.growth(candidate.as_ref()?), other)))
        .min();
    if let Some(group) = &mut groups[index] {
        group.best = best.map(Best::new);
    }
}

/// Joins the groups of two indices; the first one's is that of the result.
fn join(groups: &mut [Option<Group>], index: usize, other: usize) {
    let (Some(one), Some(two)) = (groups[index].take(), groups[other].take()) else {
        return;
    };
    let mut joined = one.joined(two);
    let mut joined_best: Option<(u64, usize)> = None;
    for (place, group) in groups.iter_mut().enumerate() {
        let Some(group) = group else {
            continue;
        };
        let growth = group.growth(&joined);
        if joined_best.is_none_or(|best| (growth, place) < best) {
            joined_best = Some((growth, place));
        }
        let Some(best) = &mut group.best else {
            continue;
        };
        if growth <= best.growth {
            *best = Best::new((growth, index));
        } else if best.other == index || best.other == other {
            // With all others it grows by no less than it did with this one.
            best.is_stale = true;
        }
    }
    joined.best = joined_best.map(Best::new);
    groups[index] = Some(joined);
}

#[cfg(test)]
mod tests {
    use super::super::bits::Bits;
    use super::super::item::Item;
    use super::{MAX_COMPARED, by_references};

    /// Items of sizes, and of what they change with besides themselves.
    fn items(list: &[(u64, &[usize])]) -> Vec<Item> {
        let items = list.iter().enumerate().map(|(rank, (size, references))| {
            let mut changes_with = Bits::none(list.len());
            changes_with.insert(rank);
            references
                .iter()
                .for_each(|&other| changes_with.insert(other));
            Item {
                size: *size,
                changes_with,
                rank,
            }
        });
        items.collect()
    }

    #[test]
    fn what_changes_together_shares_a_layer() {
        // A library, another that uses it, a third apart, and an application.
        let list = items(&[
            (1_000, &[]),
            (900, &[0]),
            (50, &[0, 1]),
            (1_100, &[]),
            (10, &[0, 1, 2, 3]),
        ]);
        for (max_layers, expected) in [
            (6, vec![vec![0], vec![3], vec![1], vec![2], vec![4]]),
            (100, vec![vec![0], vec![3], vec![1], vec![2], vec![4]]),
            (5, vec![vec![0], vec![3], vec![1], vec![2, 4]]),
            (4, vec![vec![3], vec![0, 1], vec![2, 4]]),
        ] {
            let mut groups = by_references(&list, max_layers);
            groups.iter_mut().for_each(|group| group.sort_unstable());
            assert_eq!(groups, expected, "{max_layers}");
        }
        let all = by_references(&list, 2);
        assert_eq!((all.len(), all[0].len()), (1, 5));
        assert!(by_references(&[], 2).is_empty());
    }

    #[test]
    fn items_may_change_with_what_is_in_no_layer() {
        let item = |rank, references: &[usize]| {
            let mut changes_with = Bits::none(200);
            references
                .iter()
                .for_each(|&number| changes_with.insert(number));
            Item {
                size: 1_000,
                changes_with,
                rank,
            }
        };
        // The second one changes most often, by what is not there.
        let list = [item(0, &[10]), item(1, &[10, 150, 199]), item(2, &[10, 30])];
        assert_eq!(by_references(&list, 4), [[0], [2], [1]]);
        let groups = by_references(&list, 3);
        assert_eq!(groups.len(), 2);
        assert_eq!(groups.concat().len(), 3);
    }

    #[test]
    fn the_order_given_does_not_matter() {
        let list = items(&[(10, &[]), (10, &[]), (10, &[1]), (10, &[0]), (5, &[2, 1])]);
        let reversed: Vec<Item> = list.iter().rev().cloned().collect();
        for max_layers in 2..6 {
            let ranks = |list: &[Item]| -> Vec<Vec<usize>> {
                let groups = by_references(list, max_layers).into_iter();
                let groups = groups.map(|group| {
                    let mut ranks: Vec<_> = group.iter().map(|&index| list[index].rank).collect();
                    ranks.sort_unstable();
                    ranks
                });
                groups.collect()
            };
            assert_eq!(ranks(&list), ranks(&reversed), "{max_layers}");
        }
    }

    #[test]
    fn many_items_are_all_in_a_layer() {
        let count = MAX_COMPARED + 500;
        let list: Vec<(u64, &[usize])> = (0..count as u64).map(|size| (size, &[][..])).collect();
        let groups = by_references(&items(&list), 10);
        assert_eq!(groups.len(), 9);
        let mut all: Vec<usize> = groups.concat();
        all.sort_unstable();
        assert_eq!(all, (0..count).collect::<Vec<_>>());
    }
}
