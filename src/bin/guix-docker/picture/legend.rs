// SPDX-License-Identifier: GPL-3.0-or-later

//! What explains the colours of a picture.

use super::canvas::{Canvas, Text};
use super::change::Kind;
use super::text::width;
use super::totals::{Sum, Totals, resized};
use super::treemap::Rect;
use super::words::{count, number, size_in_words};

/// How many colours there are for layers.
const STEPS: usize = 8;
/// How much of the width a kind of change takes.
const COLUMN: f64 = 230.4;
/// The size of a patch of colour.
const PATCH: (f64, f64) = (26.0, 14.0);

/// The class of a layer's colour: the colours go from the lowest layer to the
/// topmost.
pub fn layer_class(index: usize, layers: usize) -> String {
    let last = layers.saturating_sub(1).max(1);
    format!("l{}", (index * (STEPS - 1) + last / 2) / last)
}

/// The height of a legend.
pub fn height(totals: &Totals) -> f64 {
    if totals.compared { 36.0 } else { 20.0 }
}

/// Draw what explains the colours of layers.
pub fn of_layers(canvas: &mut Canvas, layers: usize, gathered: bool, at: Rect) {
    let middle = at.y + 14.0;
    let mut x = at.x;
    let say = |canvas: &mut Canvas, x: &mut f64, text: &str| {
        canvas.text(&Text::new(text, *x, middle, 12.0).class("faint"));
        *x += width(text, 12.0, false) + 8.0;
    };
    let patch = |canvas: &mut Canvas, x: &mut f64, class: &str| {
        let rect = Rect {
            x: *x,
            y: middle - 11.0,
            w: PATCH.0,
            h: PATCH.1,
        };
        canvas.group(class, None, &rect, 3.0);
        canvas.end();
        *x += PATCH.0 + 3.0;
    };
    if layers > 1 {
        say(canvas, &mut x, "lowest layer");
    }
    for step in 0..layers.min(STEPS) {
        patch(canvas, &mut x, &layer_class(step, layers.min(STEPS)));
    }
    x += 5.0;
    let text = if layers > 1 { "top layer" } else { "the layer" };
    say(canvas, &mut x, text);
    if gathered {
        x += 20.0;
        patch(canvas, &mut x, "more");
        x += 5.0;
        say(canvas, &mut x, "many small items");
    }
    let note = "Areas are sizes.";
    canvas.text(&Text::new(note, at.right(), middle, 12.0).class("faint end"));
}

/// Draw what explains the colours of changes, with totals.
pub fn of_changes(canvas: &mut Canvas, totals: &Totals, at: Rect) {
    for (index, kind) in Kind::ALL.into_iter().enumerate() {
        let x = at.x + COLUMN * index as f64;
        let rect = Rect {
            x,
            y: at.y + 1.0,
            w: 32.0,
            h: 32.0,
        };
        canvas.group(&format!("item {}", kind.word()), None, &rect, 4.0);
        if let Some(mark) = kind.mark() {
            let text = mark.to_string();
            let left = x + (32.0 - width(&text, 16.0, false)) / 2.0;
            canvas.text(&Text::new(&text, left, at.y + 22.5, 16.0));
        }
        canvas.end();
        let sum = totals.of(kind);
        let label = format!("{} {}", number(sum.count), kind.meaning());
        canvas.text(&Text::new(&label, x + 40.0, at.y + 14.0, 13.0).class("strong"));
        canvas.text(&Text::new(&size(kind, sum), x + 40.0, at.y + 31.0, 12.0).class("faint"));
    }
}

/// The size of all items of a kind, in words.
fn size(kind: Kind, sum: Sum) -> String {
    match kind {
        Kind::Resized => resized(sum.size, sum.before),
        _ => size_in_words(sum.size),
    }
}

/// How much there is, in words: "3 layers, 120 items".
pub fn amounts(layers: usize, totals: &Totals) -> String {
    format!(
        "{}, {}",
        count(layers, "layer"),
        count(totals.items, "item")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_from_the_first_layer_to_the_last() {
        assert_eq!(layer_class(0, 1), "l0");
        assert_eq!(layer_class(1, 2), "l7");
        assert_eq!(layer_class(3, 8), "l3");
        assert_eq!(layer_class(0, 125), "l0");
        assert_eq!(layer_class(124, 125), "l7");
        for layers in 1..200 {
            let classes: Vec<String> = (0..layers)
                .map(|index| layer_class(index, layers))
                .collect();
            assert!(classes.is_sorted());
        }
    }
}
