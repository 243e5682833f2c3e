// SPDX-License-Identifier: GPL-3.0-or-later

//! The policy of Guix: the largest items have a layer each.

use std::cmp::Reverse;

/// Groups items of the given sizes for an image of at most `max_layers`
/// layers, 2 or more, one of which is not for items.  The largest come first;
/// the last group has all that are left.  Items of one size stay in their
/// order.
pub fn by_size(sizes: &[u64], max_layers: usize) -> Vec<Vec<usize>> {
    let mut indices: Vec<usize> = (0..sizes.len()).collect();
    indices.sort_by_key(|&index| Reverse(sizes[index]));
    let alone = if indices.len() >= max_layers {
        max_layers - 2
    } else {
        indices.len().saturating_sub(1)
    };
    let rest = indices.split_off(alone);
    let mut groups: Vec<Vec<usize>> = indices.into_iter().map(|index| vec![index]).collect();
    if !rest.is_empty() {
        groups.push(rest);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::by_size;

    #[test]
    fn the_largest_have_a_layer_each() {
        let sizes = [5, 7, 5, 9];
        for (max_layers, expected) in [
            (2, vec![vec![3, 1, 0, 2]]),
            (3, vec![vec![3], vec![1, 0, 2]]),
            (4, vec![vec![3], vec![1], vec![0, 2]]),
            (5, vec![vec![3], vec![1], vec![0], vec![2]]),
            (usize::MAX, vec![vec![3], vec![1], vec![0], vec![2]]),
        ] {
            assert_eq!(by_size(&sizes, max_layers), expected, "{max_layers}");
        }
        assert_eq!(by_size(&[], 2), Vec::<Vec<usize>>::new());
        assert_eq!(by_size(&[1], 2), [[0]]);
    }
}
