// SPDX-License-Identifier: GPL-3.0-or-later

//! Where layers and items are in a picture.
//!
//! Layers have areas as their sizes, and so have the items within a layer; the
//! line that names a layer and the gaps between boxes are taken off a layer's
//! area before its items share the rest.  What would be too small to be seen
//! is gathered: layers into one frame, items of a layer into one box for each
//! kind of change.  Such a box has the area of all in it, and enough to be
//! seen, so that everything is somewhere.

use super::change::Kind;
use super::totals::drawn;
use super::treemap::{Rect, squarify};
use super::{Item, Layer, Map};

/// Layers with a smaller area than this are gathered, in square pixels.
const LEAST_LAYER: f64 = 400.0;
/// Items with a smaller area than this are gathered, in square pixels.
const LEAST_ITEM: f64 = 9.0;
/// How much is left free around a layer, and around an item.
const LAYER_GAP: f64 = 2.0;
const ITEM_GAP: f64 = 1.0;
/// The height of the line that names a layer.
const HEADER: f64 = 22.0;
/// A frame that is smaller has no such line.
const LEAST_FRAME: (f64, f64) = (58.0, 48.0);

/// A layer in a picture, or the smallest ones together.
#[derive(Debug)]
pub struct Frame<'a> {
    /// Where it is.
    pub rect: Rect,
    /// Where its name is, if there is room.
    pub header: Option<Rect>,
    /// What it is called.
    pub name: String,
    /// What else there is to say of it.
    pub detail: &'a str,
    /// The size of what is in it.
    pub size: u64,
    /// What is in it.
    pub boxes: Vec<Placed<'a>>,
}

/// A box in a layer.
#[derive(Debug)]
pub struct Placed<'a> {
    /// Where it is.
    pub rect: Rect,
    /// What it is.
    pub what: What<'a>,
}

/// What a box stands for.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// An item, and the index of its layer.
    One { layer: usize, item: &'a Item },
    /// Items that are too small for boxes of their own.
    More { kind: Kind, count: usize, size: u64 },
}

/// Put all layers and items of `map` into `within`.
pub fn arrange(map: &Map, within: Rect) -> Vec<Frame<'_>> {
    let sizes: Vec<u64> = map.layers.iter().map(drawn).collect();
    let areas = areas(&sizes, within.area());
    let (small, large): (Vec<usize>, Vec<usize>) =
        (0..areas.len()).partition(|&index| areas[index] < LEAST_LAYER);
    // One that is alone needs no other name.
    let mut groups: Vec<Vec<usize>> = large.into_iter().map(|index| vec![index]).collect();
    if !small.is_empty() {
        groups.push(small);
    }
    let weight = |group: &[usize]| {
        let sum: f64 = group.iter().map(|&index| areas[index]).sum();
        sum.max(LEAST_LAYER)
    };
    let mut weighed: Vec<(f64, Vec<usize>)> = groups
        .into_iter()
        .map(|group| (weight(&group), group))
        .collect();
    weighed.sort_by(|one, other| other.0.total_cmp(&one.0));
    let weights: Vec<f64> = weighed.iter().map(|(weight, _)| *weight).collect();
    squarify(&weights, within)
        .into_iter()
        .zip(weighed)
        .map(|(rect, (_, group))| frame(map, rect.inset(LAYER_GAP), &group))
        .collect()
}

/// The frame of some layers, mostly of one.
fn frame<'a>(map: &'a Map, rect: Rect, layers: &[usize]) -> Frame<'a> {
    let (name, detail) = match layers {
        &[only] => {
            let Layer { name, detail, .. } = &map.layers[only];
            (name.clone(), detail.as_str())
        }
        _ => (
            format!("{} layers", super::words::number(layers.len())),
            "the smallest",
        ),
    };
    let items: Vec<(usize, &Item)> = layers
        .iter()
        .flat_map(|&layer| {
            let items = map.layers[layer].items.iter();
            items.map(move |item| (layer, item))
        })
        .collect();
    let size = items
        .iter()
        .fold(0u64, |sum, (_, item)| sum.saturating_add(item.size));
    let header =
        (rect.w >= LEAST_FRAME.0 && rect.h >= LEAST_FRAME.1).then_some(Rect { h: HEADER, ..rect });
    let inside = match header {
        Some(_) => Rect {
            x: rect.x + 3.0,
            y: rect.y + HEADER,
            w: rect.w - 6.0,
            h: rect.h - HEADER - 3.0,
        },
        None => rect.inset(2.0),
    };
    Frame {
        rect,
        header,
        name,
        detail,
        size,
        boxes: boxes(&items, inside),
    }
}

/// The boxes of some items, with their layers.
fn boxes<'a>(items: &[(usize, &'a Item)], within: Rect) -> Vec<Placed<'a>> {
    let sizes: Vec<u64> = items.iter().map(|(_, item)| item.size).collect();
    let areas = areas(&sizes, within.area());
    let mut weighed: Vec<(f64, What)> = Vec::new();
    let mut small: [Vec<usize>; Kind::ALL.len()] = Default::default();
    for (index, &(layer, item)) in items.iter().enumerate() {
        if areas[index] < LEAST_ITEM {
            small[item.change.kind() as usize].push(index);
        } else {
            weighed.push((areas[index], What::One { layer, item }));
        }
    }
    for (kind, group) in Kind::ALL.into_iter().zip(small) {
        let sum: f64 = group.iter().map(|&index| areas[index]).sum();
        let what = match group[..] {
            [] => continue,
            [index] => What::One {
                layer: items[index].0,
                item: items[index].1,
            },
            _ => What::More {
                kind,
                count: group.len(),
                size: group
                    .iter()
                    .fold(0, |sum, &index| sum.saturating_add(sizes[index])),
            },
        };
        weighed.push((sum.max(LEAST_ITEM), what));
    }
    weighed.sort_by(|one, other| other.0.total_cmp(&one.0));
    let weights: Vec<f64> = weighed.iter().map(|(weight, _)| *weight).collect();
    squarify(&weights, within)
        .into_iter()
        .zip(weighed)
        .map(|(rect, (_, what))| Placed {
            rect: rect.inset(ITEM_GAP),
            what,
        })
        .collect()
}

/// `area` shared by things of these sizes; alike, if none has a size.
fn areas(sizes: &[u64], area: f64) -> Vec<f64> {
    let total: f64 = sizes.iter().map(|&size| size as f64).sum();
    sizes
        .iter()
        .map(|&size| {
            if total > 0.0 {
                size as f64 / total * area
            } else {
                area / sizes.len() as f64
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Change;
    use super::super::samples::{self, inside, overlap};
    use super::*;

    const WITHIN: Rect = Rect {
        x: 24.0,
        y: 100.0,
        w: 1152.0,
        h: 700.0,
    };

    /// Check what holds for every map, and return its frames.
    fn check(map: &Map) -> Vec<Frame<'_>> {
        let frames = arrange(map, WITHIN);
        for (index, frame) in frames.iter().enumerate() {
            assert!(inside(&frame.rect, &WITHIN), "{frame:?}");
            for other in &frames[..index] {
                assert!(!overlap(&frame.rect, &other.rect));
            }
            for (index, one) in frame.boxes.iter().enumerate() {
                assert!(inside(&one.rect, &frame.rect), "{one:?}");
                assert!(one.rect.w > 0.0 && one.rect.h > 0.0, "{one:?}");
                if let Some(header) = frame.header {
                    assert!(!overlap(&one.rect, &header));
                }
                for other in &frame.boxes[..index] {
                    assert!(!overlap(&one.rect, &other.rect));
                }
            }
        }
        let (mut count, mut size) = (0, 0u64);
        for placed in frames.iter().flat_map(|frame| &frame.boxes) {
            let (some, bytes) = match placed.what {
                What::One { item, .. } => (1, item.size),
                What::More { count, size, .. } => (count, size),
            };
            count += some;
            size = size.saturating_add(bytes);
        }
        let items = || map.layers.iter().flat_map(|layer| &layer.items);
        assert_eq!(count, items().count());
        assert_eq!(
            size,
            items().fold(0, |sum: u64, item| sum.saturating_add(item.size))
        );
        frames
    }

    #[test]
    fn all_items_are_somewhere() {
        for count in [1, 10, 100, 2000] {
            for layers in [1, 7, 100] {
                let mut items = vec![Vec::new(); layers];
                for (index, item) in samples::items(count, samples::changes)
                    .into_iter()
                    .enumerate()
                {
                    items[index % layers].push(item);
                }
                check(&samples::map(items));
            }
        }
    }

    #[test]
    fn areas_are_as_sizes() {
        let sizes = [400, 300, 200, 100];
        let item = |&size: &u64| samples::item("x", size, Change::None);
        let map = samples::map(vec![sizes.iter().map(item).collect()]);
        let frames = check(&map);
        let boxes = &frames[0].boxes;
        // The gaps count as parts of the boxes.
        let area = |placed: &Placed| (placed.rect.w + 2.0) * (placed.rect.h + 2.0);
        let unit = area(&boxes[3]) / 100.0;
        for (placed, size) in boxes.iter().zip(sizes) {
            assert!((area(placed) / unit - size as f64).abs() < 1e-6);
        }

        let map = samples::map(sizes.iter().map(|size| vec![item(size)]).collect());
        let frames = check(&map);
        let area = |frame: &Frame| (frame.rect.w + 4.0) * (frame.rect.h + 4.0);
        let unit = area(&frames[3]) / 100.0;
        for (frame, size) in frames.iter().zip(sizes) {
            assert!((area(frame) / unit - size as f64).abs() < 1e-6);
        }
    }

    #[test]
    fn the_smallest_are_gathered_by_kind() {
        let mut items = samples::items(0, samples::changes);
        items.push(samples::item("large", 1 << 40, Change::Same));
        for index in 0..3000 {
            let change = if index % 3 == 0 {
                Change::Added
            } else {
                Change::Same
            };
            items.push(samples::item("small", 1, change));
        }
        items.push(samples::item("alone", 1, Change::Removed));
        let map = samples::map(vec![items]);
        let frames = check(&map);
        let more: Vec<(Kind, usize)> = frames[0]
            .boxes
            .iter()
            .filter_map(|placed| match placed.what {
                What::More { kind, count, .. } => Some((kind, count)),
                What::One { .. } => None,
            })
            .collect();
        assert_eq!(more, [(Kind::Same, 2000), (Kind::Added, 1000)]);
        assert_eq!(frames[0].boxes.len(), 4);
    }

    #[test]
    fn the_smallest_layers_have_a_frame_together() {
        let mut layers = vec![vec![samples::item("large", 1 << 40, Change::None)]];
        for index in 0..50 {
            layers.push(vec![samples::item("small", index, Change::None)]);
        }
        let map = samples::map(layers);
        let frames = check(&map);
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[1].name, "50 layers");
        assert_eq!(frames[1].size, 49 * 50 / 2);
    }

    #[test]
    fn sizes_of_nothing_are_shared_alike() {
        let zero = || samples::item("zero", 0, Change::None);
        let map = samples::map(vec![vec![zero(); 4], vec![zero()], vec![]]);
        assert_eq!(check(&map).len(), 3);
        let map = samples::map(vec![
            vec![zero(); 4],
            vec![samples::item("x", 1, Change::None)],
        ]);
        assert_eq!(check(&map).len(), 2);
    }

    #[test]
    fn there_may_be_nothing() {
        assert!(check(&samples::map(vec![])).is_empty());
        assert!(check(&samples::map(vec![vec![]]))[0].boxes.is_empty());
    }

    #[test]
    fn sizes_may_be_huge() {
        let item = |size| samples::item("huge", size, Change::None);
        let items = vec![item(u64::MAX), item(u64::MAX), item(1), item(0)];
        check(&samples::map(vec![items.clone(), items]));
    }
}
