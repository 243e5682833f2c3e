// SPDX-License-Identifier: GPL-3.0-or-later

//! Columns of text.
//!
//! Cells may hold untrusted text of any length: hidden characters are spelled,
//! the middle of very long cells is left out, and a column is padded to a
//! limited width, beyond which its longer cells push the rest of their own row
//! to the right.  The size of a table is therefore in proportion to that of
//! its cells.

use std::borrow::Cow;
use std::io::{self, Write};

use guix_docker::text::excerpt;
pub use guix_docker::text::visible as printable;

/// Maximum width that a column is padded to, in characters.
const WIDEST: usize = 60;

/// Maximum length of a cell in bytes, before characters are spelled.
const LONGEST: usize = 16 << 10;

/// To which side the text of a column goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// To the left.
    Left,
    /// To the right, as numbers.
    Right,
}

/// A table of `N` columns under headings, which may be empty.
pub struct Table<'a, const N: usize> {
    columns: [(&'static str, Side); N],
    rows: Vec<[Cow<'a, str>; N]>,
}

impl<'a, const N: usize> Table<'a, N> {
    /// Makes a table without rows.
    pub fn new(columns: [(&'static str, Side); N]) -> Self {
        let rows = Vec::new();
        Table { columns, rows }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [Cow<'a, str>; N]) {
        self.rows.push(cells);
    }

    /// Writes the table as lines, two spaces from the margin.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let headings = self.columns.map(|(heading, _)| Cow::Borrowed(heading));
        let has_headings = headings.iter().any(|heading| !heading.is_empty());
        let all = has_headings
            .then_some(&headings)
            .into_iter()
            .chain(&self.rows);
        let mut widths = [0; N];
        for row in all.clone() {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(length(&excerpt(cell, LONGEST)));
            }
        }
        let mut line = String::new();
        for row in all {
            line.clear();
            for ((cell, width), (_, side)) in row.iter().zip(widths).zip(self.columns) {
                let cell = excerpt(cell, LONGEST);
                let padding = width.min(WIDEST).saturating_sub(length(&cell));
                let (before, after) = match side {
                    Side::Left => (0, padding),
                    Side::Right => (padding, 0),
                };
                line.extend(std::iter::repeat_n(' ', 2 + before));
                line.push_str(&cell);
                line.extend(std::iter::repeat_n(' ', after));
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<const N: usize>(table: &Table<N>) -> String {
        let mut text = Vec::new();
        table.write(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let mut table = Table::new([("size", Side::Right), ("item", Side::Left)]);
        table.row(["7".into(), "a\u{1b}[2J\u{202e}".into()]);
        table.row(["12345".into(), "b".into()]);
        assert_eq!(
            text(&table),
            "   size  item\n      7  a\\u{1b}[2J\\u{202e}\n  12345  b\n"
        );
    }

    #[test]
    fn a_long_cell_does_not_widen_other_rows() {
        let mut table = Table::new([("", Side::Left), ("", Side::Left)]);
        let long = "x".repeat(70_000);
        table.row([(&*long).into(), "value".into()]);
        for _ in 0..1000 {
            table.row(["name".into(), (&*long).into()]);
        }
        let text = text(&table);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("x [53616 bytes left out] x"));
        assert!(lines[0].ends_with("x  value"));
        assert!(lines[1].starts_with(&format!("  name{:56}  x", "")));
        assert!(lines.iter().all(|line| line.len() < LONGEST + 200));
    }
}
