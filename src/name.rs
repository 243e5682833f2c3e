// SPDX-License-Identifier: GPL-3.0-or-later

//! Names of files in an image, compared by what they lead to.

#![forbid(unsafe_code)]

use std::borrow::Cow;

/// How many bytes the name of a file may have on Linux.
pub const MAX_LENGTH: usize = 4095;

/// What names begin with by which layers delete files of those below them, and
/// the one that hides all that lower layers have in its directory: see "Whiteouts"
/// in the OCI Image Layer Filesystem Changeset.
pub const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What a whiteout hides.
pub struct Hidden {
    /// The name, which is clean.
    pub name: Vec<u8>,
    /// Whether that stays itself, and only what is below it is hidden.
    pub only_below: bool,
}

/// What `name`, which is clean, hides in lower layers, if it is a whiteout.
pub fn hidden_by(name: &[u8]) -> Option<Hidden> {
    let base = name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let hidden = base.strip_prefix(WHITEOUT)?;
    let directory = directory_of(name);
    let only_below = base == OPAQUE;
    Some(Hidden {
        name: match only_below {
            true => directory.to_vec(),
            false => clean(&[directory, b"/", hidden].concat()).into_owned(),
        },
        only_below,
    })
}

/// The components of a name that lead anywhere.
pub fn components(name: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    name.split(|&byte| byte == b'/')
        .filter(|part| !part.is_empty() && *part != b".")
}

/// A name of components with one slash between each and the next: that of
/// the root is empty.
pub fn clean(name: &[u8]) -> Cow<'_, [u8]> {
    let trimmed = trim(name);
    let is_clean = trimmed
        .split(|&byte| byte == b'/')
        .all(|part| !part.is_empty() && part != b".");
    match is_clean || trimmed.is_empty() {
        true => Cow::Borrowed(trimmed),
        false => Cow::Owned(components(trimmed).collect::<Vec<_>>().join(&b'/')),
    }
}

/// All of `name` but its last component, without a slash at the end.
pub fn directory_of(name: &[u8]) -> &[u8] {
    let slash = name.iter().rposition(|&byte| byte == b'/');
    &name[..slash.unwrap_or(0)]
}

/// The names of the directories above `name`, which is clean, the nearest
/// first and the root left out.
pub fn ancestors(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::successors(Some(directory_of(name)), |name| Some(directory_of(name)))
        .take_while(|name| !name.is_empty())
}

/// Where the clean `name` leads when `link`, which is it or above it, is followed
/// to its `target`.
pub fn through_link(name: &[u8], link: &[u8], target: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = match target.starts_with(b"/") {
        true => Vec::new(),
        false => components(directory_of(link)).collect(),
    };
    for part in components(target).chain(components(&name[link.len()..])) {
        match part {
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join(&b'/')
}

/// A member's name from the root of the image, as people write it.
pub fn absolute(name: &[u8]) -> Vec<u8> {
    [b"/", name].concat()
}

/// Whether `name` is `directory` or below it; both are clean.
pub fn is_at_or_below(name: &[u8], directory: &[u8]) -> bool {
    directory.is_empty()
        || name
            .strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

fn trim(name: &[u8]) -> &[u8] {
    let is_slash = |byte: &u8| *byte == b'/';
    let start = name.iter().position(|byte| !is_slash(byte));
    let end = name.iter().rposition(|byte| !is_slash(byte));
    match (start, end) {
        (Some(start), Some(end)) => &name[start..=end],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::{ancestors, clean, is_at_or_below};

    #[test]
    fn clean_names_say_what_they_lead_to() {
        for (name, expected) in [
            ("", ""),
            ("/", ""),
            ("./", ""),
            ("a", "a"),
            ("/a/b/", "a/b"),
            ("//a//b/./c/.", "a/b/c"),
            ("a/.b/..c", "a/.b/..c"),
        ] {
            assert_eq!(*clean(name.as_bytes()), *expected.as_bytes(), "{name:?}");
        }
    }

    #[test]
    fn names_are_compared_by_components() {
        assert!(is_at_or_below(b"a/b", b"a"));
        assert!(is_at_or_below(b"a", b"a"));
        assert!(is_at_or_below(b"a", b""));
        assert!(!is_at_or_below(b"ab", b"a"));
        assert!(!is_at_or_below(b"a", b"a/b"));
        let above: Vec<_> = ancestors(b"a/b/c").collect();
        assert_eq!(above, [b"a/b".as_slice(), b"a"]);
    }
}
