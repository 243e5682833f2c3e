// SPDX-License-Identifier: GPL-3.0-or-later

//! Markup of a picture: boxes, groups and text in SVG.

use std::fmt::Write as _;

use super::text::{LINE_LENGTH, TITLE_LENGTH, escape, escape_up_to, is_guess, width, without_head};
use super::treemap::Rect;

/// A picture that is being drawn.
pub struct Canvas {
    out: String,
}

impl Canvas {
    /// Begins a picture of that title and description.
    pub fn new(title: &str, description: &str, extent: &Rect) -> Canvas {
        let Rect { x, w, h, .. } = *extent;
        let style = without_head(include_str!("map.css"));
        let out = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" class="map" width="{w}" height="{h}" viewBox="{x} 0 {w} {h}" role="img" aria-labelledby="map-title map-desc">
<title id="map-title">{}</title>
<desc id="map-desc">{}</desc>
<style>
{style}</style>
<defs>
{}{}{}</defs>
<rect class="ground" x="{x}" width="{w}" height="{h}"/>
"#,
            escape_up_to(title, TITLE_LENGTH),
            escape(description),
            pattern("removed", 45, r#"width="2.5" height="7""#),
            pattern("resized", 0, r#"width="7" height="2""#),
            pattern("altered", 45, r#"width="3" height="3""#),
        );
        Canvas { out }
    }

    /// Ends the picture; returns its markup.
    pub fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }

    /// Begins a group with lines that are shown when a pointer is over it.
    pub fn begin(&mut self, class: &str, tooltip: &[String]) {
        let _ = writeln!(self.out, r#"<g class="{class}">"#);
        let lines: Vec<String> = tooltip
            .iter()
            .filter(|line| !line.is_empty())
            .map(|line| escape_up_to(line, 8 * LINE_LENGTH))
            .collect();
        if !lines.is_empty() {
            let _ = writeln!(self.out, "<title>{}</title>", lines.join("\n"));
        }
    }

    /// Begins a group that is a box.
    pub fn group(&mut self, class: &str, tooltip: Option<&[String]>, rect: &Rect, radius: f64) {
        self.begin(class, tooltip.unwrap_or_default());
        self.rect("", rect, radius);
    }

    /// Ends a group.
    pub fn end(&mut self) {
        self.out.push_str("</g>\n");
    }

    /// Draws a box.
    pub fn rect(&mut self, class: &str, rect: &Rect, radius: f64) {
        self.out.push_str("<rect");
        if !class.is_empty() {
            let _ = write!(self.out, r#" class="{class}""#);
        }
        let _ = write!(
            self.out,
            r#" x="{}" y="{}" width="{}" height="{}""#,
            round(rect.x),
            round(rect.y),
            round(rect.w),
            round(rect.h)
        );
        // Corners of small boxes would be all there is of them.
        if rect.w.min(rect.h) > 4.0 * radius {
            let _ = write!(self.out, r#" rx="{radius}""#);
        }
        self.out.push_str("/>\n");
    }

    /// Writes a line of text.
    pub fn text(&mut self, text: &Text) {
        let Text { x, y, size, .. } = *text;
        self.out.push_str("<text");
        if !text.class.is_empty() {
            let _ = write!(self.out, r#" class="{}""#, text.class);
        }
        let _ = write!(
            self.out,
            r#" x="{}" y="{}" font-size="{size}""#,
            round(x),
            round(y)
        );
        if is_guess(text.text) {
            let bold = text.class.starts_with("strong");
            let width = width(text.text, size, bold);
            let _ = write!(
                self.out,
                r#" textLength="{}" lengthAdjust="spacingAndGlyphs""#,
                round(width)
            );
        }
        let _ = writeln!(self.out, ">{}</text>", escape(text.text));
    }
}

/// A line of text in a picture.
pub struct Text<'a> {
    text: &'a str,
    x: f64,
    y: f64,
    size: f64,
    class: &'a str,
}

impl<'a> Text<'a> {
    pub fn new(text: &'a str, x: f64, y: f64, size: f64) -> Text<'a> {
        Text {
            text,
            x,
            y,
            size,
            class: "",
        }
    }

    pub fn class(self, class: &'a str) -> Text<'a> {
        Text { class, ..self }
    }
}

/// A pattern that fills boxes: what is drawn over and over upon a ground.
fn pattern(name: &str, angle: u32, lines: &str) -> String {
    format!(
        r#"<pattern id="map-{name}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate({angle})"><rect class="{name}-ground" width="7" height="7"/><rect class="{name}-lines" {lines}/></pattern>
"#
    )
}

/// A number with at most two decimals.
fn round(number: f64) -> f64 {
    // Adding 0 makes a zero that is negative a positive one.
    (number * 100.0).round() / 100.0 + 0.0
}
