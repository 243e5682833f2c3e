// SPDX-License-Identifier: GPL-3.0-or-later

//! JSON for programs, which a terminal may show.
//!
//! Characters that control a terminal or hide text are written as escapes of
//! JSON: the value of a string is the same.

use std::io::{self, Write};

use guix_docker::text::is_hidden;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

/// Writes `value`, with indentation, and a line end.
pub fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, Visible::default());
    value.serialize(&mut serializer)?;
    writeln!(out)
}

/// The usual layout, without hidden characters in strings.
#[derive(Default)]
struct Visible(PrettyFormatter<'static>);

impl Formatter for Visible {
    fn write_string_fragment<W: Write + ?Sized>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((index, hidden)) = rest.char_indices().find(|(_, c)| is_hidden(*c)) {
            out.write_all(&rest.as_bytes()[..index])?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[index + hidden.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn values_are_the_same_and_nothing_is_hidden() {
        let name = "a\u{202e}\u{9b}\u{7f}\u{feff}\u{e0041}\n\"\\é🦬";
        let value = json!({ name: [name, 1.5, null], "empty": [[], {}], "b": { "c": true } });
        let mut text = Vec::new();
        write(&value, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert!(
            text.contains(r#""a\u202e\u009b\u007f\ufeff\udb40\udc41\n\"\\é🦬""#),
            "{text}"
        );
        assert!(!text.chars().any(|c| c != '\n' && is_hidden(c)));
        let usual = serde_json::to_string_pretty(&json!([1, { "a": "é" }])).unwrap();
        text_is(&json!([1, { "a": "é" }]), &(usual + "\n"));
    }

    fn text_is(value: &Value, expected: &str) {
        let mut text = Vec::new();
        write(value, &mut text).unwrap();
        assert_eq!(text, expected.as_bytes());
    }
}
