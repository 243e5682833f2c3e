// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers that are taken over from layouts.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::common::{Scratch, bytes, compressor, run};
use crate::{directory, image, index, items, manifest_digest, request};
use guix_docker::request::Format;
use guix_docker::{Report, Status};

/// What each build wrote: names of blobs that were not there before.
fn written(root: &Path, build: impl FnOnce() -> Report) -> (Report, Vec<String>) {
    let inodes = |root: &Path| -> BTreeMap<String, u64> {
        let blobs = fs::read_dir(root.join("blobs/sha256"));
        let blobs = blobs.into_iter().flatten().map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, entry.metadata().unwrap().ino())
        });
        blobs.collect()
    };
    let before = inodes(root);
    let report = build();
    let after = inodes(root);
    let new = after
        .iter()
        .filter(|(name, inode)| before.get(*name) != Some(inode));
    (report, new.map(|(name, _)| name.clone()).collect())
}

#[test]
fn layers_are_taken_over() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let root = scratch.path("layout");
    let build = |items: &[PathBuf], packed: &str| {
        let mut request = request(&scratch, "layout", Format::Oci, items);
        request.layers.max_layers(10).unwrap();
        request.output.compressor = compressor(packed);
        run(&request).unwrap()
    };
    let (first, new) = written(&root, || build(&items, "gzip"));
    assert_eq!(new.len(), 5 + 2);
    // Nothing has changed.
    let (again, new) = written(&root, || build(&items, "gzip"));
    assert_eq!(manifest_digest(&again), manifest_digest(&first));
    assert_eq!(new.len(), 0);
    // One item has.
    scratch.file("items/small", b"other");
    let (changed, new) = written(&root, || build(&items, "gzip"));
    assert_eq!(new.len(), 1 + 2, "{new:?}");
    let diff_ids =
        |report: &Report| -> Vec<_> { report.layers.iter().map(|layer| layer.diff_id).collect() };
    assert_ne!(diff_ids(&changed), diff_ids(&first));
    // It is what it would be without a layout.
    let mut alone = request(&scratch, "alone", Format::Oci, &items);
    alone.layers.max_layers(10).unwrap();
    assert_eq!(
        manifest_digest(&run(&alone).unwrap()),
        manifest_digest(&changed)
    );
    // Of another level nothing is.
    let (_, new) = written(&root, || build(&items, "gzip -1"));
    // The configuration says nothing of compression.
    assert_eq!(new.len(), 5 + 1);
}

#[test]
fn layers_of_other_layouts_are_linked_copied_and_checked() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |name: &str, format, reuse: &[&str]| {
        let mut request = request(&scratch, name, format, &items);
        request.layers.max_layers(10).unwrap();
        let layouts: Vec<PathBuf> = reuse.iter().map(|name| scratch.path(name)).collect();
        let layouts: Vec<&[u8]> = layouts.iter().map(|layout| bytes(layout)).collect();
        request.layers.reuse(&layouts).unwrap();
        run(&request)
    };
    let first = build("first", Format::Oci, &[]).unwrap();
    let archive = build("plain.tar", Format::OciArchive, &[]).unwrap();
    let large = format!(
        "blobs/sha256/{}",
        first.layers[0].blob.as_ref().unwrap().digest.hex()
    );
    let (second, _) = written(&scratch.path("second"), || {
        build("second", Format::Oci, &["first"]).unwrap()
    });
    assert_eq!(manifest_digest(&first), manifest_digest(&second));
    let inode = |name: &str| fs::metadata(scratch.path(name).join(&large)).unwrap().ino();
    assert_eq!(inode("first"), inode("second"));
    // From an archive, and into one.
    let third = build("third", Format::Oci, &["plain.tar"]).unwrap();
    assert_eq!(manifest_digest(&first), manifest_digest(&third));
    let fourth = build("fourth.tar", Format::OciArchive, &["first"]).unwrap();
    assert_eq!(manifest_digest(&archive), manifest_digest(&fourth));
    assert!(scratch.read("plain.tar") == scratch.read("fourth.tar"));
    // A damaged blob is made anew, with a warning.
    let mut blob = fs::read(scratch.path("first").join(&large)).unwrap();
    blob[1_000] ^= 1;
    fs::remove_file(scratch.path("second").join(&large)).unwrap();
    fs::write(scratch.path("first").join(&large), &blob).unwrap();
    let fifth = build("fifth", Format::Oci, &["first"]).unwrap();
    assert_eq!(manifest_digest(&first), manifest_digest(&fifth));
    assert!(
        fifth.warnings[0].contains("made anew"),
        "{:?}",
        fifth.warnings
    );
    let sixth = build("first", Format::Oci, &["first"]).unwrap();
    assert_eq!(sixth.warnings.len(), 1);
    image(
        &directory(&scratch.path("first")),
        &index(&directory(&scratch.path("first"))).manifests()[0],
    );
    // Damaged as well: cut, and gone.
    for (number, damage) in [Some(10), None].into_iter().enumerate() {
        let path = scratch.path("third").join(&large);
        match damage {
            Some(size) => fs::write(&path, &blob[..size]).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let report = build(&format!("new-{number}"), Format::Oci, &["third"]).unwrap();
        assert_eq!(report.warnings.len(), 1);
        assert_eq!(manifest_digest(&first), manifest_digest(&report));
    }
    let error = build("x", Format::Oci, &["nowhere"]).unwrap_err();
    assert_eq!(error.status(), Status::Input);
    scratch.file("no-layout/file", b"");
    let error = build("x", Format::Oci, &["no-layout"]).unwrap_err();
    assert!(error.message().contains("no oci-layout"), "{error}");
}

#[test]
fn immutable_paths_are_not_read() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |name: &str, immutable| {
        let mut request = request(&scratch, name, Format::Oci, &items);
        request.layers.max_layers(10).unwrap();
        request.layers.immutable_paths = immutable;
        run(&request).unwrap()
    };
    let first = build("layout", false);
    let again = build("layout", true);
    assert_eq!(manifest_digest(&first), manifest_digest(&again));
    // Whoever says so is believed: what is as large as before is as before.
    scratch.file("items/small", b"other");
    assert_eq!(
        manifest_digest(&first),
        manifest_digest(&build("layout", true))
    );
    scratch.file("items/small", b"longer than before");
    let third = build("layout", true);
    assert_ne!(manifest_digest(&first), manifest_digest(&third));
    // It says nothing in the image.
    assert_eq!(
        manifest_digest(&third),
        manifest_digest(&build("new", false))
    );
}
