// SPDX-License-Identifier: GPL-3.0-or-later

//! Names of files in an image, compared by what they lead to.

#![forbid(unsafe_code)]

use std::borrow::Cow;

/// How many bytes the name of a file may have on Linux.
pub const MAX_LENGTH: usize = 4095;

/// Prefix of whiteouts, by which a layer deletes files of lower layers: see
/// "Whiteouts" in the OCI Image Layer Filesystem Changeset.
pub const WHITEOUT: &[u8] = b".wh.";

/// Prefix of the names that AUFS keeps for itself.
const METADATA: &[u8] = b".wh..wh.";

/// Name of an opaque whiteout.
const OPAQUE: &[u8] = b".wh..wh..opq";

/// Effect of a file whose name begins with [`WHITEOUT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whiteout<'a> {
    /// Deletes the path of this name beside it.
    Path(&'a [u8]),
    /// Deletes all that lower layers have in its directory.
    Opaque,
    /// None: engines skip metadata of AUFS, such as `.wh..wh.plnk`.
    Metadata,
    /// None: engines refuse a whiteout of no file.
    Invalid,
}

/// Returns the effect of a file whose last component is `component`, if that is a
/// whiteout.
pub fn whiteout(component: &[u8]) -> Option<Whiteout<'_>> {
    let path = component.strip_prefix(WHITEOUT)?;
    Some(match path {
        b"" | b"." | b".." => Whiteout::Invalid,
        _ if component == OPAQUE => Whiteout::Opaque,
        _ if component.starts_with(METADATA) => Whiteout::Metadata,
        _ => Whiteout::Path(path),
    })
}

/// Paths of lower layers that a whiteout hides.
pub struct Hidden {
    /// A normalized path.
    pub name: Vec<u8>,
    /// True if only what is below the path is hidden.
    pub only_below: bool,
}

/// Returns the paths that the normalized path `name` hides, if it is a whiteout of
/// some.
pub fn hidden_by(name: &[u8]) -> Option<Hidden> {
    let component = name.rsplit(|&byte| byte == b'/').next()?;
    let directory = directory_of(name);
    match whiteout(component)? {
        Whiteout::Path(path) => Some(Hidden {
            name: clean(&[directory, b"/", path].concat()).into_owned(),
            only_below: false,
        }),
        Whiteout::Opaque => Some(Hidden {
            name: directory.to_vec(),
            only_below: true,
        }),
        Whiteout::Metadata | Whiteout::Invalid => None,
    }
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

/// Normalizes `name`, which begins at the root whatever it begins with, as engines
/// do: ".." takes a component away.  The second result is true if there is none to
/// take away, and the name escapes the root.
pub fn rooted(name: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let name = match clean(name) {
        Cow::Borrowed(name) if !has_dot_dot(name) => return (Cow::Borrowed(name), false),
        name => name,
    };
    let mut escapes = false;
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in components(&name) {
        match part {
            b".." => escapes |= parts.pop().is_none(),
            part => parts.push(part),
        }
    }
    (Cow::Owned(parts.join(&b'/')), escapes)
}

fn has_dot_dot(name: &[u8]) -> bool {
    components(name).any(|part| part == b"..")
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
    use super::{Whiteout, ancestors, clean, is_at_or_below, rooted, whiteout};

    #[test]
    fn whiteouts_are_told_from_names() {
        for (component, expected) in [
            ("a", None),
            (".wh", None),
            ("a.wh.b", None),
            (".wh.a", Some(Whiteout::Path(b"a"))),
            (".wh..a", Some(Whiteout::Path(b".a"))),
            (".wh..wh", Some(Whiteout::Path(b".wh"))),
            (".wh....", Some(Whiteout::Path(b"..."))),
            (".wh..wh..opq", Some(Whiteout::Opaque)),
            (".wh..wh.", Some(Whiteout::Metadata)),
            (".wh..wh.aufs", Some(Whiteout::Metadata)),
            (".wh..wh..opqx", Some(Whiteout::Metadata)),
            (".wh.", Some(Whiteout::Invalid)),
            (".wh..", Some(Whiteout::Invalid)),
            (".wh...", Some(Whiteout::Invalid)),
        ] {
            assert_eq!(whiteout(component.as_bytes()), expected, "{component:?}");
        }
    }

    #[test]
    fn rooted_names_have_no_dots() {
        for (name, expected, escapes) in [
            ("", "", false),
            ("./a/./b/", "a/b", false),
            ("a/../b", "b", false),
            ("a/b/../../c", "c", false),
            ("../a", "a", true),
            ("/../a", "a", true),
            ("a/../../b", "b", true),
            ("a/..", "", false),
            ("a/..b", "a/..b", false),
        ] {
            let (path, escaped) = rooted(name.as_bytes());
            assert_eq!(
                (&*path, escaped),
                (expected.as_bytes(), escapes),
                "{name:?}"
            );
        }
    }

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
