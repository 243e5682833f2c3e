// SPDX-License-Identifier: GPL-3.0-or-later

//! A map as SVG.
//!
//! It needs nothing but itself: no script, no font, no other file.  Colours
//! come from classes, light or dark as the reader has it.

use std::fmt::Write;

use guix_docker::text::excerpt;

use super::canvas::{Canvas, Text};
use super::change::Kind;
use super::label;
use super::layout::{Frame, NAME_MARGIN, NAME_SIZES, Placed, What, arrange};
use super::text::{LINE_LENGTH, NAME_LENGTH, TITLE_LENGTH, shorten, width};
use super::totals::Totals;
use super::treemap::Rect;
use super::words::{count, share, size_in_words};
use super::{Layer, Map, legend, words};

/// The width of a picture, and the space at its edges.
const WIDTH: f64 = 1200.0;
const MARGIN: f64 = 24.0;
/// The space for the title, the subtitle and what there is in all.
const HEADING: f64 = 78.0;
/// How many items the description names.
const DESCRIBED: usize = 5;

/// A treemap of layers and items by size, and of what changed.
pub fn svg(map: &Map) -> String {
    draw(map, true)
}

/// The map, with its heading or, in a page that has one, without.
pub fn draw(map: &Map, heading: bool) -> String {
    let totals = Totals::new(map);
    let mut at = Rect {
        x: MARGIN,
        y: if heading { MARGIN / 2.0 } else { MARGIN },
        w: WIDTH - 2.0 * MARGIN,
        h: 0.0,
    };
    if heading {
        at.y += HEADING;
    }
    let mut place = at;
    if totals.items > 0 {
        place.y += legend::height(&totals) + 14.0;
    }
    // Boxes have their gaps inside, so the frames end where the text begins.
    place = Rect {
        x: place.x - 2.0,
        w: place.w + 4.0,
        h: map_height(totals.items),
        ..place
    };
    // A page has margins of its own.
    let left = if heading { 0.0 } else { MARGIN - 2.0 };
    let extent = Rect {
        x: left,
        y: 0.0,
        w: WIDTH - 2.0 * left,
        h: place.bottom() + MARGIN - 2.0,
    };
    let mut canvas = Canvas::new(&map.title, &description(map, &totals), &extent);
    if heading {
        draw_heading(&mut canvas, map, &totals);
    }
    if totals.items == 0 {
        let text = "There are no items in this image.";
        canvas.text(&Text::new(text, at.x, place.y + 20.0, 14.0).class("faint"));
        return canvas.finish();
    }
    let frames = arrange(map, place);
    if totals.compared {
        legend::of_changes(&mut canvas, &totals, at);
    } else {
        let gathered = frames
            .iter()
            .flat_map(|frame| &frame.boxes)
            .any(|placed| matches!(placed.what, What::More { .. }));
        legend::of_layers(&mut canvas, map.layers.len(), gathered, at);
    }
    let context = Context { map, totals };
    for frame in &frames {
        context.draw_frame(&mut canvas, frame);
    }
    canvas.finish()
}

/// More items need more room.
fn map_height(items: usize) -> f64 {
    match items {
        0 => 40.0,
        1..=30 => 520.0,
        31..=300 => 700.0,
        _ => 960.0,
    }
}

fn draw_heading(canvas: &mut Canvas, map: &Map, totals: &Totals) {
    let right = WIDTH - MARGIN;
    let mut line = |left: &str, end: &str, y: f64, size: f64, class: &str| {
        let end_class = format!("{class} end");
        canvas.text(&Text::new(end, right, y, size).class(&end_class));
        let bold = class == "strong";
        let room = WIDTH - 2.0 * MARGIN - width(end, size, bold) - 24.0;
        let left = excerpt(left, TITLE_LENGTH);
        if let Some(text) = shorten(&left, size, bold, room, 1) {
            canvas.text(&Text::new(&text, MARGIN, y, size).class(class));
        }
    };
    line(&map.title, &totals.words(), 42.0, 20.0, "strong");
    let amounts = legend::amounts(map.layers_left(), totals);
    line(&map.subtitle, &amounts, 64.0, 13.0, "faint");
}

/// What frames and boxes need to know of the whole.
struct Context<'a> {
    map: &'a Map<'a>,
    totals: Totals,
}

impl Context<'_> {
    fn draw_frame(&self, canvas: &mut Canvas, frame: &Frame) {
        let tooltip = [
            frame.name.clone(),
            frame.detail.clone(),
            size_in_words(frame.size),
        ];
        canvas.begin("layer", &tooltip);
        canvas.rect("frame", &frame.rect, 5.0);
        if let Some(header) = &frame.header {
            draw_header(canvas, frame, header);
        }
        for placed in &frame.boxes {
            self.draw_box(canvas, placed);
        }
        canvas.end();
    }

    fn draw_box(&self, canvas: &mut Canvas, placed: &Placed) {
        let compared = self.totals.compared;
        let (kind, class, name, tooltip, notes);
        match placed.what {
            What::One { layer, item } => {
                let Layer { name: of, .. } = &self.map.layers[layer];
                kind = item.change.kind();
                class = if compared {
                    kind.word().into()
                } else {
                    legend::layer_class(layer, self.map.layers.len())
                };
                name = excerpt(&item.name, NAME_LENGTH).into_owned();
                let size = size_in_words(item.size);
                let about = if compared {
                    item.change.words()
                } else {
                    format!("{} of all", share(item.size, self.totals.size))
                };
                let path = excerpt(&item.path, LINE_LENGTH).into_owned();
                tooltip = vec![path, format!("{size}, {about}"), of.clone()];
                notes = match item.change {
                    super::Change::Resized { before } => {
                        vec![super::totals::resized(item.size, before), size]
                    }
                    _ => vec![size],
                };
            }
            What::More {
                kind: of,
                count: items,
                size,
            } => {
                kind = of;
                class = if compared { of.word() } else { "more" }.into();
                name = format!("{} more", words::number(items));
                let size = size_in_words(size);
                let which = if compared { of.word() } else { "small" };
                tooltip = vec![
                    format!("{} more, {which}", count(items, "item")),
                    size.clone(),
                ];
                notes = vec![size];
            }
        }
        let mark = kind.mark().filter(|_| compared);
        canvas.group(&format!("item {class}"), Some(&tooltip), &placed.rect, 3.0);
        for line in label::lines(&placed.rect, mark, &name, &notes) {
            let text = Text::new(&line.text, line.x, line.y, line.size);
            canvas.text(&text.class(if line.faint { "faint" } else { "" }));
        }
        canvas.end();
    }
}

/// Name a layer, with its size and what else there is room for.
fn draw_header(canvas: &mut Canvas, frame: &Frame, header: &Rect) {
    let (left, right) = (header.x + NAME_MARGIN, header.right() - NAME_MARGIN);
    let base = header.y + header.h / 2.0 + 4.5;
    let mut room = right - left;
    let fitting = NAME_SIZES
        .into_iter()
        .find(|&size| width(&frame.name, size, true) <= room);
    let font = fitting.unwrap_or(NAME_SIZES[0]);
    let size = size_in_words(frame.size);
    let size_width = width(&size, 11.0, false);
    if width(&frame.name, font, true) + 12.0 + size_width <= room {
        canvas.text(&Text::new(&size, right, base, 11.0).class("faint end"));
        room -= size_width + 12.0;
    }
    let Some(name) = shorten(&frame.name, font, true, room, 4) else {
        return;
    };
    canvas.text(&Text::new(&name, left, base, font).class("strong"));
    let done = width(&name, font, true) + 8.0;
    if let Some(detail) = shorten(&frame.detail, 11.0, false, room - done, 6) {
        canvas.text(&Text::new(&detail, left + done, base, 11.0).class("faint"));
    }
}

/// What the picture shows, for those who do not see it.
fn description(map: &Map, totals: &Totals) -> String {
    let mut out = format!(
        "Treemap of {}: {}.",
        legend::amounts(map.layers_left(), totals),
        totals.words()
    );
    if totals.compared {
        for kind in Kind::ALL {
            let sum = totals.of(kind);
            if sum.count > 0 {
                let (items, size) = (count(sum.count, "item"), size_in_words(sum.size));
                let _ = write!(out, " {items} {}, {size}.", kind.meaning());
            }
        }
    }
    let mut items: Vec<_> = map.layers.iter().flat_map(|layer| &layer.items).collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.size));
    let largest: Vec<String> = items
        .iter()
        .take(DESCRIBED)
        .map(|item| {
            let name = excerpt(&item.name, NAME_LENGTH);
            format!("{name}, {}", size_in_words(item.size))
        })
        .collect();
    if !largest.is_empty() {
        let _ = write!(out, " Largest: {}.", largest.join("; "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{Change, samples};
    use super::*;

    #[test]
    fn each_box_has_a_tooltip() {
        let map = samples::map(vec![samples::items(10, |_| Change::None)]);
        let out = svg(&map);
        for item in &map.layers[0].items {
            let size = size_in_words(item.size);
            assert!(out.contains(&format!("<title>{}\n{size}, ", item.path)));
        }
        assert!(out.contains("A title") && out.contains("a subtitle"));
        assert!(out.contains(">1 layer, 10 items<"));
    }

    #[test]
    fn names_are_text_and_not_markup() {
        let mut map = samples::map(vec![vec![samples::item(
            "<script>alert(\"1\")</script>&\u{1}\n]]>",
            1000,
            Change::None,
        )]]);
        map.title = "</title><script>".into();
        map.subtitle = "<b>".into();
        map.layers[0].name = "<i>".into();
        map.layers[0].detail = "'\"".into();
        let out = svg(&map);
        assert!(!out.contains("<script") && !out.contains("<b>") && !out.contains("<i>"));
        assert!(out.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;\\u{1}\\n"));
        assert!(out.chars().all(|c| c == '\n' || !c.is_control()));
    }

    #[test]
    fn the_same_map_gives_the_same_picture() {
        let map = samples::map(vec![
            samples::items(200, samples::changes),
            samples::items(50, samples::changes),
        ]);
        assert_eq!(svg(&map), svg(&map.clone()));
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        let out = svg(&samples::map(vec![samples::items(100, samples::changes)]));
        let names_itself = "http://www.w3.org/2000/svg";
        assert!(!out.replace(names_itself, "").contains("://"));
        assert!(!out.contains("<script") && !out.contains("href") && !out.contains("@import"));
        assert_eq!(
            out.matches("url(").count(),
            out.matches("url(#map-").count()
        );
    }

    #[test]
    fn changes_have_marks_and_totals() {
        let out = svg(&samples::map(vec![vec![
            samples::item("a", 1_000_000, Change::Same),
            samples::item("b", 2_000_000, Change::Added),
            samples::item("c", 3_000_000, Change::Removed),
            samples::item("d", 5_000_000, Change::Resized { before: 4_000_000 }),
            samples::item("e", 6_000_000, Change::Altered),
        ]]));
        for text in [
            "1 same",
            "1 added",
            "1 removed",
            "1 resized",
            "5 MB, was 4 MB",
            "1 altered, same size",
            "14 MB",
        ] {
            assert!(out.contains(&format!(">{text}</text>")), "{text}");
        }
        for name in ["+\u{a0}b", "−\u{a0}c", "±\u{a0}d", "~\u{a0}e"] {
            assert!(out.contains(&format!(">{name}</text>")), "{name}");
        }
    }

    #[test]
    fn an_image_may_be_empty() {
        for map in [samples::map(vec![]), samples::map(vec![vec![], vec![]])] {
            let out = svg(&map);
            assert!(out.contains("There are no items"));
            assert!(out.ends_with("</svg>\n"));
        }
    }

    #[test]
    fn many_items_and_huge_sizes_are_drawn() {
        let mut items = samples::items(2000, samples::changes);
        items.push(samples::item("huge", u64::MAX, Change::Added));
        items.push(samples::item("none", 0, Change::Added));
        let out = svg(&samples::map(vec![items]));
        assert!(!out.contains("NaN") && !out.contains("inf"));
        assert!(!out.contains("=\"-"));
    }

    #[test]
    fn pictures_have_a_limited_size() {
        let item = |name: &str| samples::item(name, 1000, Change::Added);
        let out = svg(&samples::map(vec![vec![item("an-item-1.0"); 100_000]]));
        assert!(out.len() < 3 << 20, "{}", out.len());
        assert!(out.contains(">100,000 added<"));
        let name = "a-\u{202e}".repeat(1 << 18);
        let mut map = samples::map(vec![vec![item(&name); 2], vec![item(&name)]]);
        map.title.clone_from(&name);
        map.subtitle.clone_from(&name);
        map.layers[0].name.clone_from(&name);
        map.layers[0].detail.clone_from(&name);
        let out = svg(&map);
        assert!(out.len() < 100_000, "{}", out.len());
    }
}
