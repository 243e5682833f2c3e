// SPDX-License-Identifier: GPL-3.0-or-later

//! Repository names that Docker accepts, made as Guix makes them.

const LENGTHS: std::ops::RangeInclusive<usize> = 2..=255;
const SEPARATORS: [char; 3] = ['_', '-', '.'];

/// Lower-cases `name`, drops leading separators, puts a dot in the place of
/// every other character that is not allowed, and cuts or pads (with "a")
/// the result to 2 to 255 characters.
pub fn canonicalize(name: &str) -> String {
    let mut canonical: String = name
        .chars()
        .map(lower_case)
        .skip_while(|c| SEPARATORS.contains(c))
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '_' | '-' | '.' => c,
            _ => '.',
        })
        .take(*LENGTHS.end())
        .collect();
    while canonical.len() < *LENGTHS.start() {
        canonical.push('a');
    }
    canonical
}

/// Unicode's simple mapping, one character for one, as Guile's
/// `string-downcase` uses it.
fn lower_case(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::canonicalize;

    #[test]
    fn follows_the_rules() {
        for (name, expected) in [
            ("guix", "guix"),
            ("", "aa"),
            ("A", "aa"),
            ("-_.a._-", "a._-"),
            ("x/Y/z", "x.y.z"),
            ("日本", ".."),
            ("É", ".a"),
            ("\u{212a}", "ka"),
            ("İ", "ia"),
        ] {
            assert_eq!(canonicalize(name), expected, "{name:?}");
        }
        assert_eq!(canonicalize(&"x".repeat(300)), "x".repeat(255));
    }
}
