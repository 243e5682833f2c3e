// SPDX-License-Identifier: GPL-3.0-or-later

//! What the tests here draw, and how they look at it.

use super::treemap::Rect;
use super::{Change, Item, Layer, Map};

/// An item below `/gnu/store`.
pub fn item(name: &str, size: u64, change: Change) -> Item<'static> {
    Item {
        path: format!("/gnu/store/{name}").into(),
        name: name.to_owned().into(),
        size,
        change,
    }
}

/// A map of layers called "Layer 1" and so on.
pub fn map(layers: Vec<Vec<Item<'static>>>) -> Map<'static> {
    Map {
        title: "A title".into(),
        subtitle: "a subtitle".into(),
        layers: layers
            .into_iter()
            .enumerate()
            .map(|(index, items)| Layer {
                name: format!("Layer {}", index + 1),
                detail: format!("detail-{index}"),
                items,
            })
            .collect(),
    }
}

/// Sizes between some bytes and some hundred megabytes, most of them small.
pub fn sizes(count: usize) -> impl Iterator<Item = u64> {
    let mut state: u64 = 88_172_645_463_325_252;
    std::iter::repeat_with(move || {
        // Xorshift, by Marsaglia.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let exponent = 3 + state % 20;
        (1 << exponent) + (state >> 20) % (1 << exponent)
    })
    .take(count)
}

/// Items of such sizes, each compared or not.
pub fn items(count: usize, change: impl Fn(usize) -> Change) -> Vec<Item<'static>> {
    sizes(count)
        .enumerate()
        .map(|(index, size)| item(&format!("item-{index}-1.0"), size, change(index)))
        .collect()
}

/// Every kind of change in turn.
pub fn changes(index: usize) -> Change {
    match index % 5 {
        0 => Change::Same,
        1 => Change::Added,
        2 => Change::Removed,
        3 => Change::Resized {
            before: index as u64 * 1000,
        },
        _ => Change::Altered,
    }
}

/// How much rounding may move an edge.
const SLACK: f64 = 1e-6;

/// Whether a rectangle is inside another one.
pub fn inside(inner: &Rect, outer: &Rect) -> bool {
    inner.x >= outer.x - SLACK
        && inner.y >= outer.y - SLACK
        && inner.right() <= outer.right() + SLACK
        && inner.bottom() <= outer.bottom() + SLACK
        && inner.w >= 0.0
        && inner.h >= 0.0
}

/// Whether two rectangles overlap.
pub fn overlap(one: &Rect, other: &Rect) -> bool {
    one.x + SLACK < other.right()
        && other.x + SLACK < one.right()
        && one.y + SLACK < other.bottom()
        && other.y + SLACK < one.bottom()
}
