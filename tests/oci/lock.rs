// SPDX-License-Identifier: GPL-3.0-or-later

//! The lock on a layout, which one build has at a time.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::common::{Scratch, bytes, run};
use crate::{directory, index, merge, request, small_items};
use guix_docker::request::Format;
use guix_docker::{Error, Progress, Report, Status};

const LOCK: &str = ".guix-docker.lock";

/// How often a monitor is called before that is too often: not all builds that
/// wait for what they need not wait for are to wait for ever.
const MANY_CALLS: usize = 200;

fn lock(path: &Path) -> File {
    let file = File::options().read(true).open(path).unwrap();
    flock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
    file
}

/// Builds an image into the layout; `look` is told of all progress.
fn build(
    scratch: &Scratch,
    mut look: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Report, Error> {
    let items = small_items(scratch);
    let mut calls = 0;
    let request = request(scratch, "layout", Format::Oci, &items);
    guix_docker::build(&request, &mut |progress| {
        calls += 1;
        match calls {
            MANY_CALLS => ControlFlow::Break(()),
            _ => look(&progress),
        }
    })
}

#[test]
fn whoever_can_only_read_a_layout_cannot_lock_it() {
    let scratch = Scratch::new();
    let root = scratch.path("layout");
    build(&scratch, |_| ControlFlow::Continue(())).unwrap();
    let mut locked = vec![lock(&root), lock(&root.join("blobs/sha256"))];
    for name in directory(&root).keys() {
        locked.push(lock(&root.join(name)));
    }
    let mut modes = Vec::new();
    build(&scratch, |_| {
        let metadata = fs::metadata(root.join(LOCK));
        modes.extend(metadata.map(|metadata| metadata.mode() & 0o777));
        ControlFlow::Continue(())
    })
    .unwrap();
    // In a part of all calls, the lock is there.
    assert!(
        !modes.is_empty() && modes.iter().all(|&mode| mode == 0o600),
        "{modes:?}"
    );
    assert!(!root.join(LOCK).exists());
}

#[test]
fn those_who_can_write_to_a_layout_can_lock_it() {
    let scratch = Scratch::new();
    let root = scratch.path("layout");
    build(&scratch, |_| ControlFlow::Continue(())).unwrap();
    let is_root = rustix::process::geteuid().is_root();
    let seen = |mode: u32| {
        fs::set_permissions(&root, fs::Permissions::from_mode(mode)).unwrap();
        let mut seen = None;
        build(&scratch, |_| {
            if let Ok(lock) = fs::metadata(root.join(LOCK)) {
                seen = Some((lock.mode() & 0o777, lock.uid(), lock.gid()));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        seen.unwrap()
    };
    let own = fs::metadata(&root).unwrap();
    assert_eq!(seen(0o755), (0o600, own.uid(), own.gid()));
    assert_eq!(seen(0o775), (0o660, own.uid(), own.gid()));
    assert_eq!(seen(0o777), (0o666, own.uid(), own.gid()));
    if is_root {
        chown(&root, Some(65534), Some(65534)).unwrap();
        assert_eq!(seen(0o755).0, 0o600);
        assert_eq!(seen(0o755).1, 65534);
        assert_eq!(seen(0o775), (0o660, 65534, 65534));
    }
}

#[test]
fn a_build_that_waits_says_so_and_can_be_stopped() {
    let scratch = Scratch::new();
    let root = scratch.path("layout");
    build(&scratch, |_| ControlFlow::Continue(())).unwrap();
    let before = directory(&root);
    fs::write(root.join(LOCK), b"").unwrap();
    let mut locked = Some(lock(&root.join(LOCK)));
    // It may be stopped,
    let mut told = Vec::new();
    let error = build(&scratch, |progress| {
        told.extend(progress.waits_for.clone());
        match told.len() {
            3 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    })
    .unwrap_err();
    assert_eq!(error.status(), Status::Cancelled);
    let whole = fs::canonicalize(&root).unwrap();
    assert!(told.iter().all(|layout| **layout == *bytes(&whole)));
    // and leaves all as it is.
    fs::remove_file(root.join(LOCK)).unwrap();
    assert!(directory(&root) == before);
    // Or it goes on when the other one has ended.
    fs::write(root.join(LOCK), b"").unwrap();
    locked.replace(lock(&root.join(LOCK)));
    let mut last = None;
    build(&scratch, |progress| {
        if progress.waits_for.is_some() {
            locked = None;
        }
        last = Some(progress.clone());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(locked.is_none());
    assert_eq!(last.unwrap().waits_for, None);
    assert!(!root.join(LOCK).exists());
}

#[test]
fn what_a_killed_build_has_left_is_used_and_removed() {
    let scratch = Scratch::new();
    let root = scratch.path("layout");
    let items = small_items(&scratch);
    run(&request(&scratch, "layout", Format::Oci, &items)).unwrap();
    let expected = directory(&root);
    fs::write(root.join(LOCK), b"").unwrap();
    // A layout that had no name yet.
    let hidden = scratch.path(".guix-docker-abcdef");
    fs::create_dir_all(hidden.join("blobs/sha256")).unwrap();
    fs::write(hidden.join("index.json"), b"{}").unwrap();
    fs::write(hidden.join(LOCK), b"").unwrap();
    // What has such a name and is something else stays.
    let other = scratch.file(".guix-docker-ghijkl/other", b"");
    run(&request(&scratch, "layout", Format::Oci, &items)).unwrap();
    assert!(directory(&root) == expected);
    assert!(!hidden.exists() && other.exists());
    // As much of a new one.
    for made in [&["blobs"][..], &["blobs", "blobs/sha256"]] {
        fs::remove_dir_all(&root).unwrap();
        fs::create_dir(&root).unwrap();
        for name in made {
            fs::create_dir(root.join(name)).unwrap();
        }
        run(&request(&scratch, "layout", Format::Oci, &items)).unwrap();
        assert!(directory(&root) == expected);
    }
}

#[test]
fn a_new_layout_is_whole_from_the_beginning() {
    let scratch = Scratch::new();
    let root = scratch.path("layout");
    let mut seen = 0;
    let stopped = build(&scratch, |progress| {
        if root.exists() {
            assert_eq!(index(&directory(&root)).manifests().len(), 0);
            assert!(root.join("blobs/sha256").is_dir());
            seen += 1;
        }
        match progress.total {
            0 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    });
    assert_eq!(stopped.unwrap_err().status(), Status::Cancelled);
    assert!(seen > 0);
    let mut left = fs::read_dir(scratch.path("")).unwrap();
    assert!(left.all(|entry| entry.unwrap().file_name() == "items"));
    // Permissions are those of any directory.
    build(&scratch, |_| ControlFlow::Continue(())).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode();
    fs::create_dir(scratch.path("plain")).unwrap();
    assert_eq!(mode(&root), mode(&scratch.path("plain")));
}

#[test]
fn odd_places_are_errors() {
    let scratch = Scratch::new();
    let items = small_items(&scratch);
    let refused = |name: &str, what: &str| {
        let error = run(&request(&scratch, name, Format::Oci, &items)).unwrap_err();
        assert_eq!(error.status(), Status::Output, "{error}");
        assert!(error.message().contains(what), "{error}");
    };
    symlink(scratch.path("nowhere"), scratch.path("dangling")).unwrap();
    refused("dangling", "No such file or directory");
    assert!(!scratch.path("nowhere").exists());
    // A lock that is a link is none.
    run(&request(&scratch, "layout", Format::Oci, &items)).unwrap();
    let victim = scratch.file("victim", b"content");
    symlink(&victim, scratch.path("layout").join(LOCK)).unwrap();
    refused("layout", "symbolic links");
    assert_eq!(fs::read(&victim).unwrap(), b"content");
    // A link to a layout is the layout.
    fs::remove_file(scratch.path("layout").join(LOCK)).unwrap();
    symlink("layout", scratch.path("link")).unwrap();
    run(&request(&scratch, "other", Format::Oci, &items[1..])).unwrap();
    merge(&scratch, "link", &["other"]).unwrap();
    assert_eq!(
        index(&directory(&scratch.path("layout"))).manifests().len(),
        1
    );
}
