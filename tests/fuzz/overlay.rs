// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers of any members, one on top of the other.  Nothing is in what is no
//! directory, and what a layer ends with is there.
//!
//! A layer ends with a zero, a member with a line end: its type, its name, and
//! behind ">" the target of a link.

#![no_main]

use guix_docker::Job;
use guix_docker::error::Status;
use guix_docker::image::{Allowance, Found, Member, Overlay};
use guix_docker::path::rooted;
use guix_docker::tar::Owner;
use libfuzzer_sys::fuzz_target;
use tar::EntryType;

fn member(line: &[u8]) -> Option<Member> {
    let (kind, rest) = line.split_first()?;
    let arrow = rest.iter().position(|&byte| byte == b'>');
    let (name, link) = match arrow {
        Some(arrow) => (&rest[..arrow], &rest[arrow + 1..]),
        None => (rest, &b""[..]),
    };
    Some(Member {
        name: name.to_vec(),
        kind: match kind {
            b'd' | b'D' => EntryType::Directory,
            b'l' => EntryType::Symlink,
            b'h' => EntryType::Link,
            b'f' => EntryType::Regular,
            other => EntryType::new(*other),
        },
        mode: if *kind == b'D' { 0o700 } else { 0o755 },
        owner: Owner::default(),
        link: link.to_vec(),
        device: (0, 0),
        offset: 0,
        size: 0,
        oddity: None,
    })
}

fuzz_target!(|bytes: &[u8]| {
    let mut overlay = Overlay::new(Allowance::new(0));
    let mut names: Vec<Vec<u8>> = Vec::new();
    for layer in bytes.split(|&byte| byte == 0) {
        let mut changes = overlay.changes();
        for member in layer.split(|&byte| byte == b'\n').filter_map(member) {
            changes.note(&member);
            names.push(rooted(&member.name).0.into_owned());
        }
        let mut problems = 0;
        if let Err(error) = overlay.apply(&changes, &Job::default(), &mut |_, _| problems += 1) {
            assert_eq!(error.status(), Status::Input);
            return;
        }
        assert!(problems <= 8 * names.len());
        for name in &names {
            let found: Vec<_> = overlay.along(name).collect();
            let is_directory =
                |found: &Found| matches!(found, Found::Directory(_) | Found::Either(_));
            if let Some((_, above)) = found.split_last() {
                assert!(above.iter().all(|(_, found)| is_directory(found)));
            }
            for (_, found) in found {
                match found {
                    Found::Link(target) | Found::Either(Some(target)) => {
                        assert!(!target.is_empty() && target.len() < 4096);
                    }
                    _ => {}
                }
            }
        }
    }
});
