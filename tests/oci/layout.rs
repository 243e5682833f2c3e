// SPDX-License-Identifier: GPL-3.0-or-later

//! Layouts that have other images, and builds that fail in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::common::{Scratch, bytes, run};
use crate::{blob, directory, image, index, items, manifest_digest, merge, names, request};
use guix_docker::Status;
use guix_docker::digest::Digest;
use guix_docker::request::Format;
use oci_spec::image::{ImageIndex, MediaType};

#[test]
fn a_layout_keeps_its_other_images() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let root = scratch.path("layout");
    let build = |name: &str, items: &[PathBuf]| {
        let mut request = request(&scratch, "layout", Format::Oci, items);
        request.layers.max_layers(10).unwrap();
        request.metadata.names(&[name.as_bytes()]).unwrap();
        run(&request).unwrap()
    };
    let first = build("a:1", &items);
    assert_eq!(first.archive_size, 0);
    let second = build("b", &items[1..]);
    let expected = |name: &str, report| (name.to_owned(), manifest_digest(report));
    assert_eq!(
        names(&root),
        [expected("a:1", &first), expected("b:latest", &second)]
    );
    // Another image of the name takes the place of the first.
    let third = build("a:1", &items[2..]);
    assert_eq!(
        names(&root),
        [expected("a:1", &third), expected("b:latest", &second)]
    );
    for entry in index(&directory(&root)).manifests() {
        image(&directory(&root), entry);
    }
}

#[test]
fn systems_of_one_name_are_in_an_index_whatever_the_order() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |root: &str, system: &str, items: &[PathBuf]| {
        let mut request = request(&scratch, root, Format::Oci, items);
        request.metadata.system(system.as_bytes()).unwrap();
        request.metadata.names(&[b"app"]).unwrap();
        run(&request).unwrap()
    };
    let platforms = |root: &str| {
        let files = directory(&scratch.path(root));
        let top = index(&files);
        let [entry] = top.manifests().as_slice() else {
            panic!("{top:?}");
        };
        assert_eq!(*entry.media_type(), MediaType::ImageIndex);
        let annotations = entry.annotations().as_ref().unwrap();
        assert_eq!(
            annotations["org.opencontainers.image.ref.name"],
            "app:latest"
        );
        let nested = ImageIndex::from_reader(blob(&files, entry)).unwrap();
        let platforms = nested.manifests().iter().map(|entry| {
            let (_, config, _) = image(&files, entry);
            let platform = entry.platform().as_ref().unwrap();
            assert_eq!(config.architecture(), platform.architecture());
            assert_eq!(*entry.annotations(), None);
            (
                platform.architecture().to_string(),
                entry.digest().to_string(),
            )
        });
        platforms.collect::<Vec<_>>()
    };
    let systems = ["x86_64-linux", "aarch64-linux", "armhf-linux"];
    let mut reports = BTreeMap::new();
    for system in systems {
        reports.insert(system, build("one", system, &items));
    }
    for system in systems.iter().rev() {
        build("other", system, &items);
    }
    let expected = [("amd64", 0), ("arm", 2), ("arm64", 1)]
        .map(|(name, index)| (name.into(), manifest_digest(&reports[systems[index]])));
    assert_eq!(platforms("one"), expected);
    assert_eq!(platforms("other"), expected);
    // One of them again.
    let again = build("one", "aarch64-linux", &items[2..]);
    assert_eq!(platforms("one")[2].1, manifest_digest(&again));
    assert_eq!(platforms("one").len(), 3);
}

#[test]
fn a_failure_leaves_a_layout_as_it_was() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let missing = vec![items[0].clone(), scratch.path("missing")];
    let failing = request(&scratch, "layout", Format::Oci, &missing);
    assert_eq!(run(&failing).unwrap_err().status(), Status::Input);
    assert!(!scratch.path("layout").exists());
    run(&request(&scratch, "layout", Format::Oci, &items[1..])).unwrap();
    let before = directory(&scratch.path("layout"));
    assert!(run(&failing).is_err());
    // When much of it is there already.
    let mut stopped = request(&scratch, "layout", Format::Oci, &items);
    stopped.layers.max_layers(10).unwrap();
    let mut monitor = |progress: guix_docker::Progress| match progress.done {
        10_000_000.. => std::ops::ControlFlow::Break(()),
        _ => std::ops::ControlFlow::Continue(()),
    };
    let error = guix_docker::build(&stopped, &mut monitor).unwrap_err();
    assert_eq!(error.status(), Status::Cancelled);
    assert!(directory(&scratch.path("layout")) == before);
}

#[test]
fn other_directories_are_left_alone() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    scratch.file("full/file", b"");
    let refused = |name: &str, what: &str| {
        let error = run(&request(&scratch, name, Format::Oci, &items)).unwrap_err();
        assert_eq!(error.status(), Status::Output, "{error}");
        assert!(error.message().contains(what), "{error}");
    };
    refused("full", "it has no file oci-layout, but \"file\"");
    assert_eq!(directory(&scratch.path("full")).len(), 1);
    refused("full/file", "Not a directory");
    refused("missing/layout", "make the directory above it first");
    scratch.file("other/oci-layout", br#"{"imageLayoutVersion":"2.0.0"}"#);
    refused("other", "version \"2.0.0\"");
    // What is empty, or left by a build that was killed, becomes one.
    fs::create_dir(scratch.path("empty")).unwrap();
    fs::create_dir_all(scratch.path("killed/blobs/sha256")).unwrap();
    scratch.file("killed/.guix-docker-abcdef", b"");
    for name in ["empty", "killed", "slash/"] {
        run(&request(&scratch, name, Format::Oci, &items)).unwrap();
        assert_eq!(names(&scratch.path(name)).len(), 1);
    }
    assert!(!scratch.path("killed/.guix-docker-abcdef").exists());
    // A file cannot be a directory, nor the other way round.
    let error = run(&request(&scratch, "empty", Format::OciArchive, &items)).unwrap_err();
    assert!(error.message().contains("is a directory"), "{error}");
}

#[test]
fn builds_into_one_layout_wait_for_each_other() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (scratch, items) = (&scratch, &items);
            scope.spawn(move || {
                let mut request = request(scratch, "layout", Format::Oci, &items[number % 3..]);
                request.metadata.names(&[format!("app:{number}")]).unwrap();
                run(&request).unwrap();
            });
        }
    });
    let files = directory(&scratch.path("layout"));
    let index = index(&files);
    assert_eq!(index.manifests().len(), 6);
    for entry in index.manifests() {
        image(&files, entry);
    }
}

#[test]
fn an_index_that_was_lost_is_an_error() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |system: &str| {
        let mut request = request(&scratch, "layout", Format::Oci, &items);
        request.metadata.system(system.as_bytes()).unwrap();
        run(&request)
    };
    build("x86_64-linux").unwrap();
    build("aarch64-linux").unwrap();
    let nested = index(&directory(&scratch.path("layout"))).manifests()[0]
        .digest()
        .to_string();
    fs::remove_file(scratch.path("layout/blobs/sha256").join(&nested[7..])).unwrap();
    let mut request = request(&scratch, "layout", Format::Oci, &items);
    request.metadata.system(b"armhf-linux").unwrap();
    request.layers.reuse::<&[u8]>(&[]).unwrap();
    let error = run(&request).unwrap_err();
    assert!(error.message().contains("has lost its index"), "{error}");
}

#[test]
fn images_of_other_tools_stay_beside_those_for_other_systems() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |system: &str| {
        let mut request = request(&scratch, "layout", Format::Oci, &items[2..]);
        request.metadata.system(system.as_bytes()).unwrap();
        request.metadata.names(&[b"app"]).unwrap();
        run(&request).unwrap()
    };
    let first = build("x86_64-linux");
    // As skopeo and umoci write it, and an index without images as Go does.
    let path = scratch.path("layout/index.json");
    let mut index: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let entry = index["manifests"][0].as_object_mut().unwrap();
    entry.remove("platform");
    entry["annotations"]
        .as_object_mut()
        .unwrap()
        .remove("io.containerd.image.name");
    fs::write(&path, index.to_string()).unwrap();
    let second = build("aarch64-linux");
    let files = directory(&scratch.path("layout"));
    let top = self::index(&files);
    let nested = ImageIndex::from_reader(blob(&files, &top.manifests()[0])).unwrap();
    let digests: Vec<String> = nested
        .manifests()
        .iter()
        .map(|entry| entry.digest().to_string())
        .collect();
    assert_eq!(digests, [manifest_digest(&first), manifest_digest(&second)]);
    index["manifests"] = serde_json::Value::Null;
    fs::write(&path, index.to_string()).unwrap();
    build("x86_64-linux");
}

#[test]
fn whoever_stops_a_build_gets_none_of_it() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    for calls in 1.. {
        let request = request(&scratch, "layout", Format::Oci, &items);
        let mut left = calls;
        let result = guix_docker::build(&request, &mut |_| {
            left -= 1;
            match left {
                0 => std::ops::ControlFlow::Break(()),
                _ => std::ops::ControlFlow::Continue(()),
            }
        });
        match result {
            Err(error) => {
                assert_eq!(error.status(), Status::Cancelled);
                assert!(!scratch.path("layout").exists(), "{calls}");
            }
            Ok(_) => break,
        }
    }
}

#[test]
fn indexes_in_indexes_come_to_an_end() {
    let scratch = Scratch::new();
    let root = scratch.path("hostile");
    fs::create_dir_all(root.join("blobs/sha256")).unwrap();
    scratch.file("hostile/oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
    let mut document = r#"{"schemaVersion":2,"manifests":[]}"#.to_owned();
    for _ in 0..4 {
        let digest = Digest::of(document.as_bytes());
        fs::write(root.join("blobs/sha256").join(digest.hex()), &document).unwrap();
        let entry = serde_json::json!({
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "digest": digest.to_string(),
            "size": document.len(),
        });
        let entries = vec![entry; 300];
        document = serde_json::json!({"schemaVersion": 2, "manifests": entries}).to_string();
    }
    fs::write(root.join("index.json"), &document).unwrap();
    // Each of the documents is copied once.
    merge(&scratch, "merged", &["hostile"]).unwrap();
    let blobs = fs::read_dir(scratch.path("merged/blobs/sha256")).unwrap();
    assert_eq!(blobs.count(), 4);
    let mut request = request(&scratch, "image", Format::OciArchive, &items(&scratch));
    request.layers.base(bytes(&root)).unwrap();
    let error = run(&request).unwrap_err();
    assert!(error.message().contains("too many images"), "{error}");
}
