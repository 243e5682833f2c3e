// SPDX-License-Identifier: GPL-3.0-or-later

//! Pictures and pages of any names and sizes.
//!
//! The input is lines, each a layer of items, parted by tabs: a number of bits of
//! their size, a kind of change, how many of them there are, and a name.

#![no_main]

use guix_docker_fuzz::markup::check_document;
use guix_docker_program::picture::{Change, Facts, Item, Layer, Map, html, svg};
use libfuzzer_sys::fuzz_target;

/// Maximum number of items.
const MOST_ITEMS: usize = 10_000;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut left = MOST_ITEMS;
    let layers: Vec<Layer> = text
        .split('\n')
        .map(|line| Layer {
            name: line.chars().take(40).collect(),
            detail: line.chars().rev().take(40).collect(),
            items: line
                .split('\t')
                .flat_map(|text| items(text, &mut left))
                .collect(),
        })
        .collect();
    let count: usize = layers.iter().map(|layer| layer.items.len()).sum();
    let map = Map {
        title: text.clone().into_owned(),
        subtitle: text.chars().rev().collect(),
        layers,
    };
    let picture = svg(&map);
    check_document(&picture);
    assert!(!picture.contains("=\"-"), "negative numbers");
    let facts = Facts {
        heading: text.chars().take(100).collect(),
        rows: text
            .lines()
            .map(|line| (line.to_owned(), line.to_owned()))
            .collect(),
        left_out: bytes.len() % 3,
    };
    let page = html(&map, &[facts]);
    check_document(&page);
    let rows = page.matches("<tr><td><b>").count() - page.matches("<tfoot>").count();
    assert!(
        rows == count || page.contains("<tfoot>"),
        "{rows} of {count}"
    );
});

/// Items that are all alike.
fn items<'a>(text: &'a str, left: &mut usize) -> Vec<Item<'a>> {
    let mut chars = text.chars();
    let mut number = || chars.next().map_or(0, u32::from);
    let (bits, kind, count) = (number(), number(), number());
    let name = chars.as_str();
    let size = match bits % 66 {
        0 => 0,
        65 => u64::MAX,
        bits => 1u64 << (bits - 1) | u64::from(kind),
    };
    let change = match kind % 6 {
        0 => Change::None,
        1 => Change::Same,
        2 => Change::Added,
        3 => Change::Removed,
        4 => Change::Resized {
            before: size.rotate_left(count),
        },
        _ => Change::Altered,
    };
    // Very many are slow.
    let count = match count as usize {
        count @ 0x1000.. => count % 5000,
        count => count % 64,
    };
    let count = count.min(*left);
    *left -= count;
    let item = Item {
        path: text.into(),
        name: name.into(),
        size,
        change,
    };
    vec![item; count]
}
