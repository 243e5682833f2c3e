// SPDX-License-Identifier: GPL-3.0-or-later

//! Untrusted text shown to people: on terminals, in messages, in pictures and
//! pages.
//!
//! Names in an image may contain characters that control a terminal, reverse
//! the text around them, or are not seen at all, so that one name looks like
//! another.  [`visible`] spells these characters; [`shortened`] limits the
//! length.  Every place that shows text from outside uses both or one of them.
//! The tables are those of Unicode 16: general categories Cc, Zl and Zp, the
//! property `Default_Ignorable_Code_Point`, and the characters of category Cf
//! that have no shape of their own.

#![forbid(unsafe_code)]

use std::borrow::Cow;

/// Maximum number of combining marks on one character; more are spelled, since
/// they would be drawn over the lines above and below.
const MARKS: usize = 2;

/// Returns `text` with its hidden characters spelled as in Rust: `\n`,
/// `\u{202e}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    let mut marks = 0;
    let mut is_spelled = |c: char| {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        marks > MARKS || is_hidden(c)
    };
    let Some((first, _)) = text.char_indices().find(|(_, c)| is_spelled(*c)) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for (index, c) in text[first..].char_indices() {
        // The first one has been counted already.
        match index == 0 || is_spelled(c) {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Returns whether `c` is a control character, changes the direction of text,
/// is invisible, or is a noncharacter, which XML does not allow.
pub fn is_hidden(c: char) -> bool {
    let is_noncharacter = u32::from(c) & 0xfffe == 0xfffe;
    c.is_control()
        || is_noncharacter
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
            | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns whether `c` is drawn above, below or over the character before it,
/// in any script.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Returns `text` without its middle if it has more than `most` bytes, with the
/// number of bytes that are left out.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let is_boundary = |&at: &usize| text.is_char_boundary(at);
    let half = most / 2;
    let start = (0..=half).rfind(is_boundary).unwrap_or(0);
    let end = (text.len() - half..text.len()).find(is_boundary);
    let end = end.unwrap_or(text.len());
    Cow::Owned(format!(
        "{} [{} bytes left out] {}",
        &text[..start],
        end - start,
        &text[end..]
    ))
}

/// Returns `text` both [`shortened`] and [`visible`].
pub fn excerpt(text: &str, most: usize) -> Cow<'_, str> {
    match shortened(text, most) {
        Cow::Borrowed(text) => visible(text),
        Cow::Owned(text) => Cow::Owned(visible(&text).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{excerpt, is_hidden, shortened, visible};
    use std::borrow::Cow;

    #[test]
    fn hidden_characters_are_spelled() {
        for (text, expected) in [
            (
                "a\nb\t\0\u{1b}[31m\u{7f}\u{9b}",
                r"a\nb\t\u{0}\u{1b}[31m\u{7f}\u{9b}",
            ),
            (
                "a\u{202e}b\u{2066}c\u{2069}",
                r"a\u{202e}b\u{2066}c\u{2069}",
            ),
            (
                "\u{200b}\u{200f}\u{2028}\u{2029}",
                r"\u{200b}\u{200f}\u{2028}\u{2029}",
            ),
            (
                "\u{feff}\u{61c}\u{ad}\u{3164}",
                r"\u{feff}\u{61c}\u{ad}\u{3164}",
            ),
            (
                "\u{e0041}\u{fe0f}\u{fffe}\u{1ffff}",
                r"\u{e0041}\u{fe0f}\u{fffe}\u{1ffff}",
            ),
            (
                "e\u{302}\u{301}\u{301}e\u{301}",
                "e\u{302}\u{301}\\u{301}e\u{301}",
            ),
        ] {
            assert_eq!(visible(text), expected);
        }
        let shown = "Grüße, 世界 🦬 � لغة";
        assert!(matches!(visible(shown), Cow::Borrowed(text) if text == shown));
    }

    #[test]
    fn what_formats_text_is_hidden() {
        let all = || (0..=0x10_ffff).filter_map(char::from_u32);
        let shown: String = all().collect();
        assert!(!visible(&shown).chars().any(is_hidden));
    }

    #[test]
    fn the_middle_of_long_text_is_left_out() {
        assert!(matches!(shortened("abcdef", 6), Cow::Borrowed("abcdef")));
        assert_eq!(shortened("abcdefg", 6), "abc [1 bytes left out] efg");
        assert_eq!(shortened("äöüäöü", 6), "ä [8 bytes left out] ü");
        assert_eq!(shortened("🦬🦬", 1), " [8 bytes left out] ");
        assert_eq!(excerpt("a\nbcdefg", 4), r"a\n [4 bytes left out] fg");
        assert_eq!(excerpt("a\n", 4), r"a\n");
    }
}
