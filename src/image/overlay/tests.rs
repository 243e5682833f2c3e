// SPDX-License-Identifier: GPL-3.0-or-later

//! Well-formed layers, and bounds of memory and time.  The rules have their tests in
//! `tests/cli/files.rs` and `tests/base/names.rs`.

use std::collections::BTreeMap;

use tar::EntryType;

use super::{Allowance, Found, Overlay, Problem};
use crate::error::Status;
use crate::image::tar::Member;
use crate::job::Job;
use crate::tar::Owner;

fn member(kind: EntryType, name: &[u8], link: &[u8]) -> Member {
    Member {
        name: name.to_vec(),
        kind,
        mode: 0o755,
        owner: Owner::default(),
        link: link.to_vec(),
        device: (0, 0),
        offset: 0,
        size: 0,
        oddity: None,
    }
}

/// Applies a layer of `members`; returns the problems.
fn apply(overlay: &mut Overlay, members: &[Member]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut changes = overlay.changes();
    members.iter().for_each(|member| changes.note(member));
    let applied = overlay.apply(&changes, &Job::default(), &mut |_, problem| {
        problems.push(problem)
    });
    applied.unwrap();
    problems
}

#[test]
fn a_deep_name_takes_memory_once() {
    let mut overlay = Overlay::new(Allowance::new(0));
    let name = |end: &str| ["d/".repeat(1900).as_bytes(), end.as_bytes()].concat();
    let members: Vec<Member> = (0..2_000)
        .map(|number| member(EntryType::Regular, &name(&number.to_string()), b""))
        .collect();
    assert_eq!(apply(&mut overlay, &members), []);
    assert!(overlay.paths.len() < 1 + 1900 + 2_001);
    assert_eq!(overlay.get(&name("777")), Some(Found::File));
    assert_eq!(overlay.get(&name("x")), None);
    // No engine makes this one, and it takes nothing.
    let before = overlay.paths.len();
    let huge = member(EntryType::Regular, &b"d/".repeat(1 << 19), b"");
    assert_eq!(apply(&mut overlay, &[huge]), [Problem::NameTooLong]);
    assert_eq!(overlay.paths.len(), before);
}

#[test]
fn names_are_bounded_by_the_size_of_the_image() {
    let deep = |number: usize| {
        let name = [number.to_string().as_bytes(), &b"/d".repeat(1900)].concat();
        member(EntryType::Regular, &name, b"")
    };
    // Each is 1900 paths.
    let exceeded = |allowance: Allowance, count: usize| {
        let mut overlay = Overlay::new(allowance);
        let mut changes = overlay.changes();
        (0..count).for_each(|number| changes.note(&deep(number)));
        overlay
            .apply(&changes, &Job::default(), &mut |_, _| {})
            .err()
    };
    let error = exceeded(Allowance::of(1 << 20), 20).unwrap();
    assert_eq!(error.status(), Status::Input);
    assert!(error.message().contains("too many names"), "{error}");
    assert!(exceeded(Allowance::of(1 << 20), 2).is_none());
    // While it is recorded, too.
    assert!(exceeded(Allowance::of(1 << 10), 2).is_some());
    assert!(exceeded(Allowance::new(1 << 20), 20).is_none());
}

#[test]
fn links_are_followed_for_a_bounded_time() {
    let mut overlay = Overlay::new(Allowance::new(0));
    overlay.walks = 1 << 20;
    // A chain of links, each with a long target.
    let long = |end: usize| ["./".repeat(2000), end.to_string()].concat();
    let mut members: Vec<Member> = (0..30)
        .map(|number| {
            let name = number.to_string();
            member(
                EntryType::Symlink,
                name.as_bytes(),
                long(number + 1).as_bytes(),
            )
        })
        .collect();
    members.push(member(EntryType::Directory, b"30/", b""));
    let below = |number: usize| member(EntryType::Regular, format!("0/{number}").as_bytes(), b"");
    members.extend((0..5).map(below));
    assert_eq!(apply(&mut overlay, &members), []);
    assert_eq!(overlay.get(b"30/4"), Some(Found::File));
    let mut changes = overlay.changes();
    (5..20).for_each(|number| changes.note(&below(number)));
    // The links are of a lower layer now: they are followed all the same.
    let error = overlay
        .apply(&changes, &Job::default(), &mut |_, _| {})
        .unwrap_err();
    assert!(error.message().contains("links"), "{error}");
}

/// A file system: what is at each path.
type Files = BTreeMap<String, EntryType>;

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Members by which a layer makes `new` of `old`, as docker writes them.
fn difference(old: &Files, new: &Files) -> Vec<Member> {
    let is_directory = |files: &Files, path: &str| {
        path.is_empty() || files.get(path) == Some(&EntryType::Directory)
    };
    let mut members: BTreeMap<String, EntryType> = BTreeMap::new();
    let deleted = old
        .keys()
        .filter(|path| !new.contains_key(*path) && is_directory(new, parent(path)));
    let whiteouts = deleted.map(|path| {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let slash = if parent.is_empty() { "" } else { "/" };
        (format!("{parent}{slash}.wh.{name}"), EntryType::Regular)
    });
    members.extend(whiteouts);
    let changed = new
        .iter()
        .filter(|(path, kind)| old.get(*path) != Some(*kind));
    members.extend(changed.map(|(path, kind)| (path.clone(), *kind)));
    for path in members.keys().cloned().collect::<Vec<_>>() {
        let above = std::iter::successors(Some(parent(&path)), |path| Some(parent(path)));
        for directory in above.take_while(|path| !path.is_empty()) {
            members.insert(directory.to_owned(), EntryType::Directory);
        }
    }
    let members = members.into_iter();
    members
        .map(|(path, kind)| member(kind, path.as_bytes(), b"a/b"))
        .collect()
}

#[test]
fn well_formed_layers_are_applied_without_problems() {
    let mut state = 1u32;
    let mut random = |bound: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % bound
    };
    let names = [
        "a", "b", "a/a", "a/b", "b/a", "a/a/a", "a/a/b", "a/b/a", "b/a/b",
    ];
    for _ in 0..200 {
        let mut overlay = Overlay::new(Allowance::new(0));
        let mut files = Files::new();
        for _ in 0..6 {
            let old = files.clone();
            for _ in 0..random(6) {
                let path = names[random(names.len() as u32) as usize];
                let kind = [EntryType::Directory, EntryType::Regular, EntryType::Symlink];
                let kind = kind[random(3) as usize];
                let below = format!("{path}/");
                match random(3) {
                    0 => files.retain(|other, _| other != path && !other.starts_with(&below)),
                    _ if parent(path).is_empty()
                        || files.get(parent(path)) == Some(&EntryType::Directory) =>
                    {
                        if kind != EntryType::Directory {
                            files.retain(|other, _| !other.starts_with(&below));
                        }
                        files.insert(path.to_owned(), kind);
                    }
                    _ => {}
                }
            }
            let members = difference(&old, &files);
            let shown: Vec<_> = members
                .iter()
                .map(|member| String::from_utf8_lossy(&member.name))
                .collect();
            assert_eq!(apply(&mut overlay, &members), [], "{old:?}: {shown:?}");
            for path in names {
                let found = match files.get(path) {
                    None => None,
                    Some(EntryType::Directory) => {
                        Some(Found::Directory(Some((0o755, Owner::default()))))
                    }
                    Some(EntryType::Symlink) => Some(Found::Link(b"a/b")),
                    Some(_) => Some(Found::File),
                };
                assert_eq!(overlay.get(path.as_bytes()), found, "{path}: {shown:?}");
            }
        }
    }
}
