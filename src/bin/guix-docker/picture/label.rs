// SPDX-License-Identifier: GPL-3.0-or-later

//! What is written in a box: as much as fits, and nothing that is too small to
//! be read.

use super::text::{shorten, width, wrap};
use super::treemap::Rect;

/// The space between text and the edges of its box.
const MARGIN: (f64, f64) = (5.0, 3.0);
const SMALL_MARGIN: (f64, f64) = (3.0, 2.0);
/// The distance of lines, in sizes of the font.
const SPACING: f64 = 1.3;
/// Where text stands below the top of its line, in sizes of the font.
const ASCENT: f64 = 0.97;
/// Sizes of the font, the large one for boxes of which there are few.
const LARGE: f64 = 15.0;
const NORMAL: f64 = 12.0;
const SMALL: f64 = 10.0;
const SMALLEST: f64 = 9.0;
/// From what width and height on a box has a name in large letters.
const LARGE_BOX: (f64, f64) = (150.0, 70.0);
/// From what width or height on a box has its name in small letters.
const SMALL_BOX: f64 = 44.0;
/// From what height on a box has its name at the top.
const LOW_BOX: f64 = 30.0;
/// In how many lines a name may be.
const LINES: usize = 3;
/// How much of a name is to be left when it is shortened.
const LEAST: usize = 5;

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub text: String,
    /// The size of the font.
    pub size: f64,
    pub x: f64,
    /// The height of the base line.
    pub y: f64,
    /// Whether it is less important than the name.
    pub faint: bool,
}

/// What is written in `rect`: a name after `mark`, and below it the first of
/// `notes` that fits.
pub fn lines(rect: &Rect, mark: Option<char>, name: &str, notes: &[String]) -> Vec<Line> {
    let margin = if is_small(rect) { SMALL_MARGIN } else { MARGIN };
    let room = rect.w - 2.0 * margin.0;
    let height = rect.h - 2.0 * margin.1;
    let marked = match mark {
        // A space at which no line ends.
        Some(mark) => format!("{mark}\u{a0}{name}"),
        None => name.into(),
    };
    let Some((size, texts)) = name_lines(&marked, rect, room, height) else {
        return mark
            .and_then(|mark| alone(rect, mark))
            .into_iter()
            .collect();
    };
    let mut out: Vec<Line> = Vec::new();
    let mut top = rect.y + margin.1;
    let mut add = |text: String, size: f64, faint: bool| {
        out.push(Line {
            text,
            size,
            x: rect.x + margin.0,
            y: top + ASCENT * size,
            faint,
        });
        top += SPACING * size;
    };
    let mut left = height;
    for text in texts {
        left -= SPACING * size;
        add(text, size, false);
    }
    let size = if size == LARGE {
        NORMAL
    } else {
        size.min(SMALL)
    };
    let note = notes.iter().find(|note| width(note, size, false) <= room);
    if let Some(note) = note.filter(|_| left >= SPACING * size) {
        add(note.clone(), size, true);
    }
    // What is alone in a low box is in the middle of it.
    if let ([line], true) = (out.as_mut_slice(), rect.h < LOW_BOX) {
        line.y += left / 2.0;
    }
    out
}

/// A name in lines and their size, if there is room.
fn name_lines(name: &str, rect: &Rect, room: f64, height: f64) -> Option<(f64, Vec<String>)> {
    let most = |size: f64| LINES.min((height / (SPACING * size)) as usize);
    let sizes: &[f64] = if is_small(rect) {
        &[SMALL, SMALLEST]
    } else if rect.w >= LARGE_BOX.0 && rect.h >= LARGE_BOX.1 {
        &[LARGE, NORMAL, SMALL, SMALLEST]
    } else {
        &[NORMAL, SMALL, SMALLEST]
    };
    for &size in sizes {
        // A name that fits is one line.
        if let Some(texts) = wrap(name, size, room, most(size)) {
            return Some((size, texts));
        }
    }
    let short = shorten(name, SMALLEST, false, room, LEAST)?;
    (most(SMALLEST) > 0).then(|| (SMALLEST, vec![short]))
}

/// Whether a box is one of the smaller ones that have a name.
fn is_small(rect: &Rect) -> bool {
    rect.w.min(rect.h) < SMALL_BOX
}

/// Only the mark, in the middle.
fn alone(rect: &Rect, mark: char) -> Option<Line> {
    let text = mark.to_string();
    let wide = width(&text, SMALL, false);
    (rect.w >= wide + 2.0 && rect.h >= SPACING * SMALL).then(|| Line {
        x: rect.x + (rect.w - wide) / 2.0,
        y: rect.y + (rect.h - SPACING * SMALL) / 2.0 + ASCENT * SMALL,
        text,
        size: SMALL,
        faint: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(w: f64, h: f64) -> Rect {
        Rect {
            x: 100.0,
            y: 200.0,
            w,
            h,
        }
    }

    fn texts(w: f64, h: f64, mark: Option<char>) -> Vec<String> {
        let notes = ["12.3 MB, was 10 MB".into(), "12.3 MB".into()];
        lines(&rect(w, h), mark, "glibc-locales-2.39", &notes)
            .into_iter()
            .map(|line| line.text)
            .collect()
    }

    #[test]
    fn what_is_written_is_inside() {
        let notes = ["12.3 MB, was 10 MB".into(), "12.3 MB".into()];
        for (w, h) in (0..300).flat_map(|w| (0..120).map(move |h| (w, h))) {
            let rect = rect(f64::from(w), f64::from(h));
            let mut bottom = rect.y;
            for line in lines(&rect, Some('+'), "glibc-locales-2.39", &notes) {
                assert!(line.size >= SMALLEST);
                assert!(line.x >= rect.x && line.y - ASCENT * line.size >= bottom - 1e-6);
                assert!(line.x + width(&line.text, line.size, false) <= rect.right());
                bottom = line.y + (SPACING - ASCENT) * line.size;
                assert!(bottom <= rect.bottom() + 1e-6);
            }
        }
    }

    #[test]
    fn there_is_as_much_as_fits() {
        assert_eq!(
            texts(300.0, 100.0, None),
            ["glibc-locales-2.39", "12.3 MB, was 10 MB"]
        );
        assert_eq!(
            texts(92.0, 60.0, None),
            ["glibc-", "locales-2.39", "12.3 MB"]
        );
        assert_eq!(texts(60.0, 20.0, Some('+')), ["+\u{a0}glibc-l…"]);
        assert_eq!(texts(20.0, 20.0, Some('+')), ["+"]);
        assert_eq!(texts(20.0, 20.0, None), [""; 0]);
        assert_eq!(texts(5.0, 5.0, Some('+')), [""; 0]);
    }
}
