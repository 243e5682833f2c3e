// SPDX-License-Identifier: GPL-3.0-or-later

//! Columns of text.

/// To which side the text of a column goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// To the left.
    Left,
    /// To the right, as numbers.
    Right,
}

/// A table under a heading.
pub struct Table {
    columns: Vec<(String, Side)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table of columns with their headings, which may be empty.
    pub fn new(columns: &[(&str, Side)]) -> Self {
        let columns = columns.iter();
        Table {
            columns: columns
                .map(|(heading, side)| (heading.to_string(), *side))
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row of as many cells as there are columns.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows
            .push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }

    /// The table as lines, two spaces from the margin.
    pub fn text(&self) -> String {
        let headings: Vec<String> = self.columns.iter().map(|column| column.0.clone()).collect();
        let has_headings = headings.iter().any(|heading| !heading.is_empty());
        let all = has_headings
            .then_some(&headings)
            .into_iter()
            .chain(&self.rows);
        let mut widths = vec![0; self.columns.len()];
        for row in all.clone() {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = String::new();
        for row in all {
            let mut line = String::new();
            for ((cell, width), (_, side)) in row.iter().zip(&widths).zip(&self.columns) {
                line.push_str("  ");
                match side {
                    Side::Left => line.push_str(&format!("{cell:<width$}")),
                    Side::Right => line.push_str(&format!("{cell:>width$}")),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// `text` with nothing that a terminal would obey.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => printable.extend(character.escape_default()),
            false => printable.push(character),
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let mut table = Table::new(&[("size", Side::Right), ("item", Side::Left)]);
        table.row(vec!["7".into(), "a\u{1b}[2J".into()]);
        table.row(vec!["12345".into(), "b".into()]);
        assert_eq!(
            table.text(),
            "   size  item\n      7  a\\u{1b}[2J\n  12345  b\n"
        );
    }
}
