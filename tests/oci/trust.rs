// SPDX-License-Identifier: GPL-3.0-or-later

//! Layouts of others, whose annotations claim what is not so.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::common::{Scratch, compressor, run};
use crate::{directory, image, index, manifest_digest, merge, request, small_items};
use flate2::write::GzEncoder;
use guix_docker::digest::Digest;
use guix_docker::request::Format;
use guix_docker::{Report, Request};
use serde_json::Value;

const ENCODED: &str = "guix-docker.layer.encoded";
const FILES: &str = "guix-docker.layer.files";

/// Adds a blob to a layout; returns its descriptor's digest.
fn put(root: &Path, bytes: &[u8]) -> String {
    let digest = Digest::of(bytes);
    fs::write(root.join("blobs/sha256").join(digest.hex()), bytes).unwrap();
    digest.to_string()
}

fn document(root: &Path, digest: &Value) -> Value {
    let digest = digest.as_str().unwrap().strip_prefix("sha256:").unwrap();
    let bytes = fs::read(root.join("blobs/sha256").join(digest)).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Changes manifest and configuration of the only image of the layout `root` as
/// `change` does.
fn rewrite(root: &Path, change: impl FnOnce(&mut Value, &mut Value)) {
    let file = root.join("index.json");
    let mut index: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let entry = &mut index["manifests"][0];
    let mut manifest = document(root, &entry["digest"]);
    let mut config = document(root, &manifest["config"]["digest"]);
    change(&mut manifest, &mut config);
    let config = config.to_string();
    manifest["config"]["digest"] = put(root, config.as_bytes()).into();
    manifest["config"]["size"] = config.len().into();
    let manifest = manifest.to_string();
    entry["digest"] = put(root, manifest.as_bytes()).into();
    entry["size"] = manifest.len().into();
    fs::write(&file, index.to_string()).unwrap();
}

/// A request as its maker would make it again.
fn again(scratch: &Scratch, root: &str, items: &[PathBuf], packed: &str) -> Request {
    let mut request = request(scratch, root, Format::Oci, items);
    request.layers.max_layers(10).unwrap();
    request.metadata.names(&[b"mine"]).unwrap();
    request.output.compressor = compressor(packed);
    request
}

/// What a stranger puts in the place of a layer, as it is and compressed.
fn evil(packed: &str) -> (Vec<u8>, Vec<u8>) {
    let archive = b"what is not in my files".repeat(1_000);
    let blob = match packed {
        "none" => archive.clone(),
        _ => {
            let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::new(6));
            encoder.write_all(&archive).unwrap();
            encoder.finish().unwrap()
        }
    };
    (archive, blob)
}

/// All of an image is what its digests say.
fn is_whole(scratch: &Scratch, root: &str, report: &Report) {
    let files = directory(&scratch.path(root));
    let index = index(&files);
    let mut entries = index.manifests().iter();
    let entry = entries.find(|entry| entry.digest().to_string() == manifest_digest(report));
    image(&files, entry.unwrap());
}

#[test]
fn annotations_that_are_forged_are_not_believed() {
    for packed in ["gzip", "none"] {
        for (is_right_diff_id, is_immutable) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            for is_recorded in [false, true] {
                let scratch = Scratch::new();
                let items = small_items(&scratch);
                // The stranger knows names, modes, and sizes, perhaps contents too.
                let expected = run(&again(&scratch, "stranger", &items, packed)).unwrap();
                if !is_recorded {
                    fs::remove_dir_all(scratch.cache().join("guix-docker")).unwrap();
                }
                let (archive, blob) = evil(packed);
                let root = scratch.path("stranger");
                rewrite(&root, |manifest, config| {
                    let layer = &mut manifest["layers"][0];
                    layer["digest"] = put(&root, &blob).into();
                    layer["size"] = blob.len().into();
                    layer["annotations"][ENCODED] = layer["digest"].clone();
                    if !is_right_diff_id {
                        let diff_id = Digest::of(&archive).to_string();
                        config["rootfs"]["diff_ids"][0] = diff_id.into();
                    }
                });
                merge(&scratch, "all", &["stranger"]).unwrap();
                let mut mine = again(&scratch, "all", &items, packed);
                mine.layers.immutable_paths = is_immutable;
                let report = run(&mine).unwrap();
                let what = format!("{packed} {is_right_diff_id} {is_immutable} {is_recorded}");
                assert_eq!(
                    manifest_digest(&report),
                    manifest_digest(&expected),
                    "{what}"
                );
                is_whole(&scratch, "all", &report);
                assert!(
                    !is_right_diff_id || report.warnings[0].contains("made anew"),
                    "{what}: {:?}",
                    report.warnings
                );
            }
        }
    }
}

#[test]
fn a_layer_of_mine_is_not_taken_for_another_one() {
    let scratch = Scratch::new();
    let items = small_items(&scratch);
    let expected = run(&again(&scratch, "stranger", &items, "gzip")).unwrap();
    // Layer 1 is said to be made of the files of layer 0, as large as it is.
    rewrite(&scratch.path("stranger"), |manifest, config| {
        let files = manifest["layers"][0]["annotations"][FILES].clone();
        manifest["layers"][1]["annotations"][FILES] = files;
        manifest["layers"].as_array_mut().unwrap().remove(0);
        let without_first = |list: &mut Value| drop(list.as_array_mut().unwrap().remove(0));
        without_first(&mut config["rootfs"]["diff_ids"]);
        without_first(&mut config["history"]);
    });
    for is_immutable in [true, false] {
        let root = format!("all-{is_immutable}");
        merge(&scratch, &root, &["stranger"]).unwrap();
        let mut mine = again(&scratch, &root, &items, "gzip");
        mine.layers.immutable_paths = is_immutable;
        let report = run(&mine).unwrap();
        assert_eq!(manifest_digest(&report), manifest_digest(&expected));
        is_whole(&scratch, &root, &report);
    }
}

#[test]
fn a_forged_layer_does_not_hide_the_right_one() {
    let scratch = Scratch::new();
    let items = small_items(&scratch);
    let expected = run(&again(&scratch, "mine", &items, "gzip")).unwrap();
    run(&again(&scratch, "stranger", &items, "gzip")).unwrap();
    let (_, blob) = evil("gzip");
    let root = scratch.path("stranger");
    rewrite(&root, |manifest, _| {
        let layer = &mut manifest["layers"][0];
        layer["digest"] = put(&root, &blob).into();
        layer["size"] = blob.len().into();
        layer["annotations"][ENCODED] = layer["digest"].clone();
    });
    let mut mine = again(&scratch, "new", &items, "gzip");
    let layouts = ["stranger", "mine"].map(|name| scratch.path(name));
    let layouts = layouts.map(|layout| layout.into_os_string().into_encoded_bytes());
    mine.layers.reuse(&layouts).unwrap();
    let report = run(&mine).unwrap();
    assert_eq!(manifest_digest(&report), manifest_digest(&expected));
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
}

#[test]
fn layers_without_a_record_are_checked_and_recorded() {
    let scratch = Scratch::new();
    let items = small_items(&scratch);
    let record = scratch.cache().join("guix-docker/layers");
    for packed in ["gzip", "zstd", "none"] {
        let expected = run(&again(&scratch, packed, &items, packed)).unwrap();
        let facts = fs::read_to_string(&record).unwrap();
        assert_eq!(facts.lines().count(), 5);
        let blobs = |root: &str| -> Vec<_> {
            let blobs = fs::read_dir(scratch.path(root).join("blobs/sha256")).unwrap();
            let blob = |entry: fs::DirEntry| {
                let inode = std::os::unix::fs::MetadataExt::ino(&entry.metadata().unwrap());
                (entry.file_name(), inode)
            };
            let mut blobs: Vec<_> = blobs.map(|entry| blob(entry.unwrap())).collect();
            blobs.sort();
            blobs
        };
        let before = blobs(packed);
        // Without a record, and with that of this build.
        for is_recorded in [false, true] {
            if !is_recorded {
                fs::remove_file(&record).unwrap();
            }
            let report = run(&again(&scratch, packed, &items, packed)).unwrap();
            assert_eq!(manifest_digest(&report), manifest_digest(&expected));
            assert!(report.warnings.is_empty(), "{:?}", report.warnings);
            assert_eq!(blobs(packed), before);
            assert_eq!(fs::read_to_string(&record).unwrap(), facts);
        }
        fs::remove_file(&record).unwrap();
    }
}

#[test]
fn immutable_paths_are_read_where_there_is_no_record() {
    let scratch = Scratch::new();
    let items = small_items(&scratch);
    let build = |is_immutable| {
        let mut request = again(&scratch, "layout", &items, "gzip");
        request.layers.immutable_paths = is_immutable;
        run(&request).unwrap()
    };
    let first = build(false);
    scratch.file("items/small", b"other");
    // The record says what the files were.
    assert_eq!(manifest_digest(&build(true)), manifest_digest(&first));
    fs::remove_dir_all(scratch.cache().join("guix-docker")).unwrap();
    let second = build(true);
    assert_ne!(manifest_digest(&second), manifest_digest(&first));
    is_whole(&scratch, "layout", &second);
}

#[test]
fn nothing_is_recorded_of_others() {
    let scratch = Scratch::new();
    let items = small_items(&scratch);
    run(&again(&scratch, "stranger", &items, "gzip")).unwrap();
    let record = scratch.cache().join("guix-docker/layers");
    fs::remove_file(&record).unwrap();
    merge(&scratch, "all", &["stranger"]).unwrap();
    assert!(!record.exists());
    // Layers of a base are not among those that a build upon it has made.
    let mut upon = request(&scratch, "upon", Format::Oci, &items[2..3]);
    upon.layers
        .base(
            &scratch
                .path("stranger")
                .into_os_string()
                .into_encoded_bytes(),
        )
        .unwrap();
    let report = run(&upon).unwrap();
    let facts = fs::read_to_string(&record).unwrap();
    assert_eq!(facts.lines().count(), 1);
    let own = report.layers.last().unwrap().diff_id.to_string();
    assert!(facts.contains(&own), "{facts}");
    // The image has nothing of it.
    let files = directory(&scratch.path("upon"));
    assert!(
        files.keys().all(|name| !name.contains("cache")),
        "{:?}",
        files.keys()
    );
}
