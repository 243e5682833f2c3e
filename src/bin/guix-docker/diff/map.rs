// SPDX-License-Identifier: GPL-3.0-or-later

//! The picture of what changed between two images.
//!
//! The picture has the new image's layers, and a layer of removed items.  An
//! item that is in several layers is drawn in each of them: parts that are the
//! same as before are shown as the same, and the change of the item is shown at
//! the first of the others.  The sums of all boxes, before and after, are
//! therefore the sizes of the images' files.

use std::collections::HashMap;
use std::vec;

use guix_docker::digest::Digest;

use super::changes::{Changes, ItemChange};
use super::push::Push;
use crate::item::short_name;
use crate::picture::{Change, Item, Layer, Map, count, size_in_words};
use crate::survey::{self, Survey};

/// Draws the changes.
pub fn map<'a>(old: &Survey, new: &Survey, changes: &Changes<'a>, push: &Push<'a>) -> Map<'a> {
    let (mut parts, gone) = parts(changes);
    let mut layers: Vec<Layer> = Vec::new();
    for (index, (layer, is_shared)) in push.layers.iter().enumerate() {
        let state = if *is_shared { "shared" } else { "to be pushed" };
        let items = layer.items.iter().map(|item| {
            let change = parts.get_mut(&*item.path).and_then(Iterator::next);
            drawn(&item.path, item.size, change.unwrap_or(Change::Same))
        });
        layers.push(Layer {
            name: format!("Layer {}", index + 1),
            detail: state.to_owned(),
            items: items.collect(),
        });
    }
    if !gone.is_empty() {
        layers.push(Layer {
            name: "Gone".into(),
            detail: String::new(),
            items: gone,
        });
    }
    let (pushed, size, stored) = push.sum(false);
    Map {
        title: format!("{} -> {}", old.name(), new.name()),
        subtitle: format!(
            "{} to be pushed: {}, {} as they are stored",
            count(pushed, "layer"),
            size_in_words(size),
            size_in_words(stored)
        ),
        layers,
    }
}

fn drawn(path: &str, size: u64, change: Change) -> Item<'_> {
    Item {
        path: path.into(),
        name: short_name(path).into(),
        size,
        change,
    }
}

/// Returns the changes of the parts of each item that is not the same, in the
/// order of layers, and the removed items.
fn parts<'a>(changes: &Changes<'a>) -> (HashMap<&'a str, vec::IntoIter<Change>>, Vec<Item<'a>>) {
    let mut parts = HashMap::new();
    let mut gone = Vec::new();
    for item in changes.items.iter().filter(|item| !item.is_same()) {
        let (changes, removed) = parts_of(item);
        parts.insert(item.path, changes.into_iter());
        if let Some(size) = removed {
            gone.push(drawn(item.path, size, Change::Removed));
        }
    }
    (parts, gone)
}

/// Returns the changes of the parts of `item`, and the size of removed parts if
/// there is no part to show them at.
fn parts_of(item: &ItemChange) -> (Vec<Change>, Option<u64>) {
    // Number and size of the old parts that are not found again.
    let mut left: HashMap<Digest, (usize, u64)> = HashMap::new();
    for part in &item.old_parts {
        left.entry(part.content).or_insert((0, part.size)).0 += 1;
    }
    let mut changes: Vec<Change> = Vec::new();
    for part in &item.new_parts {
        changes.push(match left.get_mut(&part.content) {
            Some((count @ 1.., _)) => {
                *count -= 1;
                Change::Same
            }
            _ => Change::Added,
        });
    }
    let (count, before) = left.values().fold((0, 0u64), |(all, sum), (count, size)| {
        let size = size.saturating_mul(*count as u64);
        (all + count, sum.saturating_add(size))
    });
    let altered = |part: &survey::Item| match part.size == before {
        true => Change::Altered,
        false => Change::Resized { before },
    };
    match changes.iter().position(|change| *change == Change::Added) {
        Some(first) if count > 0 => changes[first] = altered(item.new_parts[first]),
        None if count > 0 => return (changes, Some(before)),
        // The parts are in other layers than before.
        None => changes[0] = Change::Altered,
        Some(_) => {}
    }
    (changes, None)
}
