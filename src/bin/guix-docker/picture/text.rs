// SPDX-License-Identifier: GPL-3.0-or-later

//! Text in XML and HTML, and how wide it is.

use guix_docker::text::{excerpt, visible};

/// How wide text in bold is against text that is not.
const BOLD: f64 = 1.1;

/// Maximum lengths in bytes, before characters are spelled, of the name of an
/// item in a box, of a line about it, and of a title.
pub const NAME_LENGTH: usize = 200;
pub const LINE_LENGTH: usize = 500;
pub const TITLE_LENGTH: usize = 1000;

/// `text` as content or the value of an attribute, in XML and HTML.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// Like [`escape`], without the middle of what has more than `most` bytes.
pub fn escape_up_to(text: &str, most: usize) -> String {
    escape(&excerpt(text, most))
}

/// What is in a file that begins with a line about its licence, which is not
/// that of what is made.
pub fn without_head(file: &str) -> &str {
    file.split_once('\n').map_or("", |(_, rest)| rest)
}

/// The width of `text` in pixels, or a little more, at a size of `size`.
///
/// It is not known which font will be used; these are the widths of DejaVu
/// Sans, which is wider than what other systems have for `sans-serif`.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let em: f64 = text.chars().map(advance).sum();
    em * size * if bold { BOLD } else { 1.0 }
}

/// Whether the width of `text` is a guess: then it has to be made so wide.
pub fn is_guess(text: &str) -> bool {
    !text
        .chars()
        .all(|c| c.is_ascii() || "…−±\u{a0}".contains(c))
}

/// The width of a character in units of the font's size.
fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' => 0.32,
        ' ' | '\u{a0}' | '.' | ',' | '/' | '|' | '\\' | ':' | ';' | '\'' | 'I' | 'J' => 0.35,
        '-' | 'f' | 't' | '(' | ')' | '[' | ']' | '!' => 0.40,
        'r' | '"' => 0.46,
        's' | 'z' | 'c' | 'k' | 'x' | 'v' | 'y' | '_' | '?' | '*' => 0.60,
        'a'..='h' | 'n'..='q' | 'u' | '0'..='9' | '$' | '`' | '{' | '}' => 0.64,
        'w' => 0.84,
        'm' | 'W' | '@' | '%' | '…' => 1.0,
        'A'..='H' | 'K' | 'L' | 'P' | 'R'..='V' | 'X'..='Z' => 0.77,
        'M' | 'N' | 'O' | 'Q' | '#' | '&' | '<' | '>' | '=' | '+' | '~' | '^' | '−' | '±' => {
            0.87
        }
        // Latin, Greek, Cyrillic.
        '\u{c0}'..='\u{52f}' => 0.8,
        _ => 1.1,
    }
}

/// `text`, or as much of its beginning as fits into `room`, with an ellipsis;
/// nothing if fewer than `least` characters would be left of it.
pub fn shorten(text: &str, size: f64, bold: bool, room: f64, least: usize) -> Option<String> {
    if width(text, size, bold) <= room {
        return Some(text.into());
    }
    let mut out = String::new();
    let mut left = room - width("…", size, bold);
    for c in text.chars() {
        left -= width(c.encode_utf8(&mut [0; 4]), size, bold);
        if left < 0.0 {
            break;
        }
        out.push(c);
    }
    // An ellipsis after what separates words says nothing more.
    out.truncate(out.trim_end_matches(['-', '.', '_', ' ', ',']).len());
    if out.chars().count() < least {
        return None;
    }
    out.push('…');
    Some(out)
}

/// `text` in lines that fit into `room`, divided after hyphens and the like;
/// nothing if it takes more than `most` or cannot be divided so.
pub fn wrap(text: &str, size: f64, room: f64, most: usize) -> Option<Vec<String>> {
    let mut lines = vec![String::new()];
    for piece in text.split_inclusive(['-', '_', ' ', ',', '/', ':']) {
        let line = lines.last_mut()?;
        if width(&format!("{line}{piece}"), size, false) <= room {
            line.push_str(piece);
        } else if width(piece, size, false) <= room {
            lines.push(piece.into());
        } else {
            return None;
        }
    }
    lines.retain(|line| !line.is_empty());
    (lines.len() <= most).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use guix_docker::text::is_hidden;

    #[test]
    fn what_would_be_markup_is_text() {
        assert_eq!(
            escape("<a b=\"c\" d='e'>&amp;</a>"),
            "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;&lt;/a&gt;"
        );
        assert_eq!(escape("]]>--"), "]]&gt;--");
    }

    #[test]
    fn what_is_not_seen_is_spelled() {
        assert_eq!(escape("a\n<\u{202e}"), "a\\n&lt;\\u{202e}");
        assert_eq!(escape_up_to("<<<<", 2), "&lt; [2 bytes left out] &lt;");
        // Whatever there is, no control characters are left.
        let all: String = (0..=0x10_ffff).filter_map(char::from_u32).collect();
        assert!(escape(&all).chars().all(|c| !is_hidden(c)));
    }

    #[test]
    fn what_is_shortened_fits() {
        for room in 0..200 {
            let room = f64::from(room);
            if let Some(short) = shorten("glibc-locales-2.39", 12.0, false, room, 3) {
                assert!(width(&short, 12.0, false) <= room);
                assert!(short.chars().count() > 3);
            }
        }
        assert_eq!(
            shorten("bash-5.2", 12.0, false, 1e3, 3).as_deref(),
            Some("bash-5.2")
        );
        assert_eq!(
            shorten("bash-5.2", 10.0, false, 40.0, 3).as_deref(),
            Some("bash…")
        );
        assert_eq!(shorten("bash-5.2", 10.0, false, 15.0, 3), None);
    }

    #[test]
    fn lines_are_divided_after_hyphens() {
        let room = width("locales-2.39", 10.0, false) + 0.1;
        assert_eq!(
            wrap("glibc-locales-2.39", 10.0, room, 3).unwrap(),
            ["glibc-", "locales-2.39"]
        );
        assert_eq!(wrap("glibc-locales-2.39", 10.0, room, 1), None);
        assert_eq!(wrap("averyveryverylongword", 10.0, 30.0, 9), None);
    }
}
