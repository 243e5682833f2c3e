// SPDX-License-Identifier: GPL-3.0-or-later

//! Layouts whose files and directories others can change.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use crate::common::{Scratch, bytes, run};
use crate::{directory, image, index, merge, request, small_items};
use guix_docker::Status;
use guix_docker::request::Format;

const NOBODY: u32 = 65534;

/// The blobs of a layout.
fn blobs(root: &Path) -> Vec<PathBuf> {
    let blobs = fs::read_dir(root.join("blobs/sha256")).unwrap();
    blobs.map(|entry| entry.unwrap().path()).collect()
}

fn inodes(root: &Path) -> Vec<u64> {
    let inodes = blobs(root).into_iter();
    inodes
        .map(|blob| fs::metadata(blob).unwrap().ino())
        .collect()
}

/// Gives others a way to change all blobs: their permissions, or their owner.
fn open_to_others(root: &Path, is_owner: bool) {
    for blob in blobs(root) {
        match is_owner {
            true => chown(blob, Some(NOBODY), None).unwrap(),
            false => fs::set_permissions(blob, Permissions::from_mode(0o666)).unwrap(),
        }
    }
}

/// What others do to a layout whose blobs they can change.
fn spoil(root: &Path) {
    for blob in blobs(root) {
        fs::write(blob, b"spoiled").unwrap();
    }
}

/// All images of a layout are what their digests say, and nobody else can change
/// that.
fn is_safe(root: &Path) {
    let files = directory(root);
    for entry in index(&files).manifests() {
        image(&files, entry);
    }
    for blob in blobs(root) {
        let metadata = fs::metadata(blob).unwrap();
        assert_eq!(metadata.uid(), rustix::process::geteuid().as_raw());
        assert_eq!(metadata.mode() & 0o777 & !0o644, 0);
    }
}

/// The ways in which others can change a file; its owner is changed by root.
fn ways() -> impl Iterator<Item = bool> {
    let is_root = rustix::process::geteuid().is_root();
    [false, true].into_iter().filter(move |way| is_root || !way)
}

#[test]
fn files_that_others_can_change_are_copied() {
    for is_owner in ways() {
        let scratch = Scratch::new();
        let items = small_items(&scratch);
        run(&request(&scratch, "theirs", Format::Oci, &items)).unwrap();
        let theirs = scratch.path("theirs");
        open_to_others(&theirs, is_owner);
        // Merged, reused, and as a base.
        merge(&scratch, "merged", &["theirs"]).unwrap();
        let mut again = request(&scratch, "reused", Format::Oci, &items);
        again.layers.reuse(&[bytes(&theirs)]).unwrap();
        run(&again).unwrap();
        let mut upon = request(&scratch, "upon", Format::Oci, &items[2..]);
        upon.layers.base(bytes(&theirs)).unwrap();
        run(&upon).unwrap();
        let roots = ["merged", "reused", "upon"].map(|name| scratch.path(name));
        let linked = inodes(&theirs);
        for root in &roots {
            assert!(inodes(root).iter().all(|inode| !linked.contains(inode)));
        }
        spoil(&theirs);
        roots.iter().for_each(|root| is_safe(root));
    }
}

#[test]
fn files_of_mine_are_linked() {
    let scratch = Scratch::new();
    let items = small_items(&scratch);
    run(&request(&scratch, "mine", Format::Oci, &items)).unwrap();
    let mine = scratch.path("mine");
    let mut upon = request(&scratch, "upon", Format::Oci, &items[2..]);
    upon.layers.base(bytes(&mine)).unwrap();
    run(&upon).unwrap();
    let linked = inodes(&mine);
    let shared = inodes(&scratch.path("upon"));
    let shared = shared.iter().filter(|inode| linked.contains(inode));
    assert_eq!(shared.count(), 1);
}

#[test]
fn what_others_can_change_in_a_layout_is_replaced() {
    for is_owner in ways() {
        let scratch = Scratch::new();
        let items = small_items(&scratch);
        let mut mine = request(&scratch, "layout", Format::Oci, &items);
        run(&mine).unwrap();
        run(&request(&scratch, "other", Format::Oci, &items)).unwrap();
        let root = scratch.path("layout");
        for layers in [None, Some(&[][..])] {
            if let Some(none) = layers {
                mine.layers.reuse::<&[u8]>(none).unwrap();
            }
            open_to_others(&root, is_owner);
            run(&mine).unwrap();
            is_safe(&root);
        }
        open_to_others(&root, is_owner);
        merge(&scratch, "layout", &["other"]).unwrap();
        is_safe(&root);
    }
}

#[test]
fn links_in_a_layout_are_refused() {
    for name in ["blobs", "blobs/sha256", "index.json", "oci-layout"] {
        let scratch = Scratch::new();
        let items = small_items(&scratch);
        let build = || run(&request(&scratch, "layout", Format::Oci, &items[2..]));
        build().unwrap();
        run(&request(&scratch, "other", Format::Oci, &items)).unwrap();
        let (link, moved) = (scratch.path("layout").join(name), scratch.path("moved"));
        fs::rename(&link, &moved).unwrap();
        symlink(&moved, &link).unwrap();
        let seen = || match moved.is_dir() {
            true => directory(&moved),
            false => [(String::new(), fs::read(&moved).unwrap())].into(),
        };
        let before = seen();
        for error in [
            build().unwrap_err(),
            merge(&scratch, "layout", &["other"]).unwrap_err(),
        ] {
            assert_eq!(error.status(), Status::Output, "{error}");
            let what = format!("{name} is a symbolic link");
            assert!(error.message().contains(&what), "{error}");
        }
        assert!(seen() == before, "{name}");
        assert!(link.is_symlink());
        // Of a directory that is to become a layout, too.
        if name == "blobs" {
            fs::create_dir(scratch.path("new")).unwrap();
            symlink(&moved, scratch.path("new/blobs")).unwrap();
            let error = run(&request(&scratch, "new", Format::Oci, &items)).unwrap_err();
            assert!(error.message().contains("symbolic link"), "{error}");
            assert!(seen() == before);
        }
    }
}

#[test]
fn directories_that_others_can_change_are_a_warning() {
    let scratch = Scratch::new();
    let items = small_items(&scratch);
    let build = || run(&request(&scratch, "layout", Format::Oci, &items[2..])).unwrap();
    assert!(build().warnings.is_empty());
    for name in ["layout", "layout/blobs/sha256"] {
        for is_owner in ways() {
            match is_owner {
                true => chown(scratch.path(name), Some(NOBODY), None).unwrap(),
                false => scratch.mode(name, 0o777),
            }
            let warnings = build().warnings;
            assert_eq!(warnings.len(), 1, "{warnings:?}");
            let path = format!("{:?}", scratch.path(name));
            assert!(warnings[0].contains(&path), "{warnings:?}");
            chown(
                scratch.path(name),
                Some(rustix::process::geteuid().as_raw()),
                None,
            )
            .unwrap();
            scratch.mode(name, 0o755);
        }
    }
    // A group that shares a layout knows.
    scratch.mode("layout", 0o775);
    assert!(build().warnings.is_empty());
}
