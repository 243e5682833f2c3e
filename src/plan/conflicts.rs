// SPDX-License-Identifier: GPL-3.0-or-later

//! Names that an image has more than once, and names below what is no
//! directory.
//!
//! Engines refuse a layer that names a file twice, and lose files below a
//! name that a link or a file has taken.  So within a layer directories of one
//! name become one, and of files of one name the last is left, in the place of
//! the first.  What cannot be had both is an error.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::member::Member;
use super::tree::MAX_LINKS;
use crate::error::{Argument, Error, Result, quoted};
use crate::input::Kind;
use crate::job::Job;
use crate::memory;
use crate::path::{absolute, ancestors, clean, components, is_at_or_below, through_link};

/// Whether names may be in conflict when an image has all that is at and
/// below `paths`, and `made` besides: names with whether they are
/// directories', no two alike.
///
/// That is told from these names alone, since what is below one path, as it
/// is on disk, is not in conflict with itself.
pub fn may_be(paths: &[Vec<u8>], made: &[(&[u8], bool)]) -> bool {
    let mut paths: Vec<Cow<[u8]>> = paths.iter().map(|path| clean(path)).collect();
    paths.sort_unstable_by(|a, b| components(a).cmp(components(b)));
    if paths
        .windows(2)
        .any(|pair| is_at_or_below(&pair[1], &pair[0]))
    {
        return true;
    }
    made.iter().any(|&(name, is_directory)| {
        let name = clean(name);
        let next = paths.partition_point(|path| components(path).lt(components(&name)));
        // None is below another one, so only neighbours can be related.
        let below = |path: Option<&Cow<[u8]>>| path.is_some_and(|path| is_at_or_below(&name, path));
        let above = paths
            .get(next)
            .is_some_and(|path| is_at_or_below(path, &name));
        below(paths.get(next)) || below(paths[..next].last()) || (above && !is_directory)
    })
}

/// Makes one member of those that have the same name.
pub fn merge(members: Vec<Member>, job: &Job) -> Result<Vec<Member>> {
    let mut merged: Vec<Member> = memory::with_capacity(members.len())?;
    let mut places: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for member in members {
        job.check()?;
        match places.entry(clean(&member.name).into_owned()) {
            Entry::Vacant(entry) => {
                entry.insert(merged.len());
                merged.push(member);
            }
            Entry::Occupied(entry) => {
                let earlier = &mut merged[*entry.get()];
                match (&earlier.kind, &member.kind) {
                    (Kind::Directory, Kind::Directory) => {
                        let name = earlier.name.clone();
                        *earlier = Member { name, ..member };
                        earlier.measure();
                    }
                    (Kind::Directory, _) => return Err(not_both(earlier, &member)),
                    (_, Kind::Directory) => return Err(not_both(&member, earlier)),
                    _ => *earlier = member,
                }
            }
        }
    }
    Ok(merged)
}

/// Fails if something is a directory in one layer and none in another, or
/// below what is none.  `members` are those of all layers.
pub fn check<'a>(members: impl Iterator<Item = &'a Member> + Clone, job: &Job) -> Result<()> {
    let mut others = Others::new();
    for member in members.clone() {
        if !matches!(member.kind, Kind::Directory) {
            others.insert(clean(&member.name), member);
            job.check()?;
        }
    }
    for member in members {
        let name = clean(&member.name);
        if matches!(member.kind, Kind::Directory) {
            if let Some(other) = others.get(&name) {
                return Err(not_both(member, other));
            }
        }
        if let Some(other) = ancestors(&name).find_map(|above| others.get(above)) {
            return Err(below(&name, other, &others));
        }
    }
    Ok(())
}

/// What is no directory, by clean names.
type Others<'a> = BTreeMap<Cow<'a, [u8]>, &'a Member>;

/// The error about a directory and something else of the same name.
fn not_both(directory: &Member, other: &Member) -> Error {
    Error::argument(
        Argument("paths"),
        format_args!(
            "{} would be a directory{} and {}{}; leave one of them out, or give it another name",
            quoted(&absolute(&clean(&directory.name))),
            origin(directory),
            what(other),
            origin(other),
        ),
    )
}

/// The error about the clean `name`, which is below `other`.
fn below(name: &[u8], other: &Member, others: &Others) -> Error {
    let above = clean(&other.name);
    let mut message = format!(
        "{} would be below {}, which is {}{}, and lost",
        quoted(&absolute(name)),
        quoted(&absolute(&above)),
        what(other),
        origin(other),
    );
    match resolve(name, others) {
        Some(real) => message.push_str(&format!("; name it {} instead", quoted(&absolute(&real)))),
        None => message.push_str("; leave one of them out, or give it another name"),
    }
    Error::argument(Argument("paths"), message)
}

/// What a member that is no directory is.
fn what(member: &Member) -> String {
    match &member.kind {
        Kind::Link(target) => format!("a symbolic link to {}", quoted(target)),
        Kind::File(_) => "a file".into(),
        _ => "a device or pipe".into(),
    }
}

/// Where a member comes from, if that is not its name.
fn origin(member: &Member) -> String {
    match &member.origin {
        Some(path) => format!(" (from {})", quoted(path)),
        None => String::new(),
    }
}

/// Where `name` leads when the links above it are followed; `None` if that is
/// nowhere.
fn resolve(name: &[u8], others: &Others) -> Option<Vec<u8>> {
    let mut name = name.to_vec();
    for _ in 0..MAX_LINKS {
        let found = ancestors(&name).find_map(|above| Some((above, *others.get(above)?)));
        let Some((above, other)) = found else {
            return Some(name);
        };
        let Kind::Link(target) = &other.kind else {
            return None;
        };
        name = through_link(&name, above, target);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::may_be;

    #[test]
    fn conflicts_are_told_from_the_names_above() {
        let paths = |names: &[&str]| -> Vec<Vec<u8>> {
            names.iter().map(|name| name.as_bytes().to_vec()).collect()
        };
        let store = paths(&["/s/b", "/s/a-x", "/s/a"]);
        for (made, expected) in [
            (&[][..], false),
            (&[("s", true), ("etc", true), ("etc/x", false)], false),
            (&[("s", false)], true),
            (&[("s/a", true)], true),
            (&[("s/a/b/c", false)], true),
            (&[("s/b/c", true)], true),
            (&[("s/a-", false), ("s/c", false)], false),
        ] {
            let made: Vec<(&[u8], bool)> = made
                .iter()
                .map(|&(name, is_directory): &(&str, bool)| (name.as_bytes(), is_directory))
                .collect();
            assert_eq!(may_be(&store, &made), expected, "{made:?}");
        }
        for names in [
            &["/a", "/a"][..],
            &["/a", "//a/."],
            &["/a", "/a-b", "/a/b"],
            &["/", "/a"],
        ] {
            assert!(may_be(&paths(names), &[]), "{names:?}");
        }
        assert!(may_be(&paths(&["/"]), &[(b"a".as_slice(), false)]));
    }
}
