// SPDX-License-Identifier: GPL-3.0-or-later

//! Where layers and items are in a picture.
//!
//! Layers have areas as their sizes, and so have the items within a layer; the
//! line that names a layer and the gaps between boxes are taken off a layer's
//! area before its items share the rest.
//!
//! What would be too small to be seen is gathered, so that everything is
//! somewhere.  Items of a layer are gathered into one box for each kind of
//! change, with the area of all of them and enough to be seen; so are all but
//! the largest items of a picture that has very many.  Layers are
//! gathered in a strip below all others, which is not to their scale: there
//! nearly always is one, with some links and directories.

use std::cmp::Reverse;

use guix_docker::text::excerpt;

use super::change::Kind;
use super::text::{NAME_LENGTH, width};
use super::totals::drawn;
use super::treemap::{Rect, squarify};
use super::words::number;
use super::{Item, Layer, Map};

/// Layers with a smaller area than this are gathered, in square pixels.
const LEAST_LAYER: f64 = 400.0;
/// Items with a smaller area than this are gathered, in square pixels.
const LEAST_ITEM: f64 = 9.0;
/// Maximum number of items that are not gathered because of their number.
const MOST_ITEMS: usize = 4000;
/// How much is left free around a layer, and around an item.
const LAYER_GAP: f64 = 2.0;
const ITEM_GAP: f64 = 1.0;
/// The height of the line that names a layer.
const HEADER: f64 = 22.0;
/// A frame that is less high has no such line.
const LEAST_HEIGHT: f64 = 48.0;
/// A frame of this width has such a line also if the name has to be shortened.
const ENOUGH_WIDTH: f64 = 110.0;
/// The sizes of the font for names of layers.
pub const NAME_SIZES: [f64; 2] = [12.0, 10.0];
/// The space before and after what is in such a line.
pub const NAME_MARGIN: f64 = 6.0;
/// The height of the strip of the smallest layers, how much of its width is
/// for words, and how wide a box in it may be.
const STRIP: f64 = 30.0;
const STRIP_WORDS: f64 = 400.0;
const STRIP_BOX: f64 = 150.0;

/// A layer in a picture, or the smallest ones together.
#[derive(Debug)]
pub struct Frame<'a> {
    /// Where it is.
    pub rect: Rect,
    /// Where its name and size are, if there is room.
    pub header: Option<Rect>,
    /// What it is called.
    pub name: String,
    /// What else there is to say of it.
    pub detail: String,
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
    One { layer: usize, item: &'a Item<'a> },
    /// Items that are too small for boxes of their own.
    More { kind: Kind, count: usize, size: u64 },
}

/// An item, with the indexes of its layer and of itself in the layer.
#[derive(Clone, Copy)]
struct Entry<'a> {
    layer: usize,
    index: usize,
    item: &'a Item<'a>,
}

/// Place of an item among all, by size.
type Rank = (Reverse<u64>, usize, usize);

impl Entry<'_> {
    fn rank(&self) -> Rank {
        (Reverse(self.item.size), self.layer, self.index)
    }
}

/// The items of the layer at `layer`.
fn entries<'a>(map: &'a Map<'a>, layer: usize) -> impl Iterator<Item = Entry<'a>> {
    let items = map.layers[layer].items.iter().enumerate();
    items.map(move |(index, item)| Entry { layer, index, item })
}

/// The first of the items, in the order of their ranks, that are gathered
/// because there are so many; `None` if there are few.
fn first_gathered(map: &Map) -> Option<Rank> {
    let entries = (0..map.layers.len()).flat_map(|layer| entries(map, layer));
    let mut ranks: Vec<Rank> = entries.map(|entry| entry.rank()).collect();
    if ranks.len() <= MOST_ITEMS {
        return None;
    }
    let (_, first, _) = ranks.select_nth_unstable(MOST_ITEMS);
    Some(*first)
}

/// Put all layers and items of `map` into `within`.
pub fn arrange<'a>(map: &'a Map<'a>, within: Rect) -> Vec<Frame<'a>> {
    let gathered = first_gathered(map);
    let sizes: Vec<u64> = map.layers.iter().map(drawn).collect();
    let areas = areas(&sizes, within.area());
    let (small, mut large): (Vec<usize>, Vec<usize>) =
        (0..areas.len()).partition(|&index| areas[index] < LEAST_LAYER);
    large.sort_by(|&one, &other| areas[other].total_cmp(&areas[one]));
    let strip = match (small.is_empty(), large.is_empty()) {
        (true, _) => 0.0,
        (false, false) => STRIP,
        (false, true) => within.h,
    };
    let most = Rect {
        h: within.h - strip,
        ..within
    };
    let weights: Vec<f64> = large.iter().map(|&index| areas[index]).collect();
    let mut out: Vec<Frame> = squarify(&weights, most)
        .into_iter()
        .zip(large)
        .map(|(rect, layer)| frame(map, rect.inset(LAYER_GAP), layer, gathered))
        .collect();
    if !small.is_empty() {
        let rect = within.below(most.h).inset(LAYER_GAP);
        out.push(strip_of(map, rect, &small, gathered));
    }
    out
}

/// The frame of a layer.
fn frame<'a>(map: &'a Map<'a>, rect: Rect, index: usize, gathered: Option<Rank>) -> Frame<'a> {
    let layer = &map.layers[index];
    let name = excerpt(&layer.name, NAME_LENGTH).into_owned();
    let room = rect.w - 2.0 * NAME_MARGIN;
    let fits = NAME_SIZES
        .iter()
        .any(|&size| width(&name, size, true) <= room);
    let named = rect.h >= LEAST_HEIGHT && (fits || rect.w >= ENOUGH_WIDTH);
    let header = named.then_some(Rect { h: HEADER, ..rect });
    let inside = match header {
        Some(_) => Rect {
            x: rect.x + 3.0,
            y: rect.y + HEADER,
            w: rect.w - 6.0,
            h: rect.h - HEADER - 3.0,
        },
        None => rect.inset(2.0),
    };
    let items: Vec<Entry> = entries(map, index).collect();
    Frame {
        rect,
        header,
        name,
        detail: excerpt(&layer.detail, NAME_LENGTH).into_owned(),
        size: drawn(layer),
        boxes: boxes(&items, inside, gathered),
    }
}

/// The strip of the smallest layers: words, and boxes at their right.
fn strip_of<'a>(
    map: &'a Map<'a>,
    rect: Rect,
    layers: &[usize],
    gathered: Option<Rank>,
) -> Frame<'a> {
    let (name, detail) = match layers {
        &[only] => {
            let Layer { name, detail, .. } = &map.layers[only];
            let detail = excerpt(detail, NAME_LENGTH);
            (
                excerpt(name, NAME_LENGTH).into_owned(),
                format!("{detail}, not to scale"),
            )
        }
        _ => (
            format!("{} smaller layers", number(layers.len())),
            "not to scale".into(),
        ),
    };
    let of_layer = |&layer: &usize| entries(map, layer);
    let items: Vec<Entry> = layers.iter().flat_map(of_layer).collect();
    let words = STRIP_WORDS.min(rect.w / 2.0);
    let inside = Rect {
        x: rect.x + words,
        w: (rect.w - words - 2.0).min(STRIP_BOX * items.len() as f64),
        ..rect.inset(2.0)
    };
    Frame {
        rect,
        header: Some(Rect { w: words, ..rect }),
        name,
        detail,
        size: layers.iter().fold(0, |sum: u64, &layer| {
            sum.saturating_add(drawn(&map.layers[layer]))
        }),
        boxes: boxes(&items, inside, gathered),
    }
}

/// The boxes of some items, of which those from the rank `gathered` on have
/// none of their own.
fn boxes<'a>(items: &[Entry<'a>], within: Rect, gathered: Option<Rank>) -> Vec<Placed<'a>> {
    let sizes: Vec<u64> = items.iter().map(|entry| entry.item.size).collect();
    let areas = areas(&sizes, within.area());
    let mut weighed: Vec<(f64, What)> = Vec::new();
    let mut small: [Vec<usize>; Kind::ALL.len()] = Default::default();
    for (index, entry) in items.iter().enumerate() {
        let Entry { layer, item, .. } = *entry;
        if areas[index] < LEAST_ITEM || gathered.is_some_and(|first| entry.rank() >= first) {
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
                layer: items[index].layer,
                item: items[index].item,
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
    fn check<'a>(map: &'a Map<'a>) -> Vec<Frame<'a>> {
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
    fn the_smallest_of_very_many_are_gathered() {
        let item = |size| samples::item("x", size, Change::None);
        let layer = |size| (0..4000).map(|_| item(size)).collect();
        let map = samples::map(vec![layer(1000), layer(1001), layer(1000)]);
        let frames = arrange(&map, WITHIN);
        let counts: Vec<usize> = frames.iter().map(|frame| frame.boxes.len()).collect();
        assert_eq!(counts, [4000, 1, 1]);
        assert!(matches!(
            frames[2].boxes[0].what,
            What::More {
                count: 4000,
                size: 4_000_000,
                ..
            }
        ));
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
        assert_eq!(frames[1].name, "50 smaller layers");
        assert!((frames[1].rect.h + 4.0 - STRIP).abs() < 1e-6);
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
