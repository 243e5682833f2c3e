// SPDX-License-Identifier: GPL-3.0-or-later

//! Inputs that are lines: a word, a space, and fields with tabs between them.

/// A line.
pub struct Line {
    /// What it is about.
    pub word: Vec<u8>,
    fields: Vec<Vec<u8>>,
}

/// The lines of an input; in fields, a `~` stands for `tree`, and the byte 1 for
/// the end of a line.
pub fn lines(input: &[u8], tree: &[u8]) -> Vec<Line> {
    let line = |line: &[u8]| {
        let space = line.iter().position(|&byte| byte == b' ');
        let (word, rest) = match space {
            Some(space) => (&line[..space], &line[space + 1..]),
            None => (line, &b""[..]),
        };
        let fields = rest.split(|&byte| byte == b'\t');
        Line {
            word: word.to_vec(),
            fields: fields
                .map(|field| {
                    let parts: Vec<&[u8]> = field.split(|&byte| byte == b'~').collect();
                    let mut field = parts.join(tree);
                    let ends = field.iter_mut().filter(|byte| **byte == 1);
                    ends.for_each(|byte| *byte = b'\n');
                    field
                })
                .collect(),
        }
    };
    input.split(|&byte| byte == b'\n').map(line).collect()
}

impl Line {
    /// A field, which is empty if there is none.
    pub fn field(&self, index: usize) -> &[u8] {
        self.fields.get(index).map_or(&[], Vec::as_slice)
    }

    /// A field that is a number, or 0.
    pub fn number(&self, index: usize) -> i64 {
        let text = std::str::from_utf8(self.field(index)).unwrap_or_default();
        text.parse().unwrap_or(0)
    }
}
