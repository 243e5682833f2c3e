// SPDX-License-Identifier: GPL-3.0-or-later

//! Layouts put together in one.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::common::{Scratch, run};
use crate::{directory, index, items, merge, names, request};
use guix_docker::Status;
use guix_docker::request::Format;

#[test]
fn layouts_are_merged() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |root: &str, format, system: &str, name: &str| {
        let mut request = request(&scratch, root, format, &items);
        request.metadata.system(system.as_bytes()).unwrap();
        request.metadata.names(&[name.as_bytes()]).unwrap();
        run(&request).unwrap()
    };
    build("one", Format::Oci, "x86_64-linux", "app");
    build("two", Format::Oci, "aarch64-linux", "app");
    build("two", Format::Oci, "aarch64-linux", "other:1");
    build("all", Format::Oci, "x86_64-linux", "app");
    build("all", Format::Oci, "aarch64-linux", "app");
    build("all", Format::Oci, "aarch64-linux", "other:1");
    merge(&scratch, "merged", &["one", "two"]).unwrap();
    assert!(directory(&scratch.path("merged"))["index.json"] == scratch.read("all/index.json"));
    // Whatever the order, and again, and with what has been merged already.
    merge(&scratch, "merged", &["two", "one", "merged"]).unwrap();
    merge(&scratch, "again", &["merged"]).unwrap();
    for name in ["merged", "again"] {
        assert_eq!(
            names(&scratch.path(name)),
            names(&scratch.path("all")),
            "{name}"
        );
    }
    // Blobs are links.
    let inodes = |root: &str| -> Vec<u64> {
        let blobs = fs::read_dir(scratch.path(root).join("blobs/sha256")).unwrap();
        let inodes = blobs.map(|entry| entry.unwrap().metadata().unwrap().ino());
        inodes.collect()
    };
    let sources = [inodes("one"), inodes("two")].concat();
    let merged = inodes("merged");
    // But for the index of the name, which is in neither.
    let own = merged.iter().filter(|inode| !sources.contains(inode));
    assert_eq!(own.count(), 1);
    // An archive is a layout too.
    build("three.tar", Format::OciArchive, "armhf-linux", "app");
    merge(&scratch, "with-archive", &["three.tar"]).unwrap();
    assert_eq!(names(&scratch.path("with-archive"))[0].0, "app:latest");
    // By their names, which have the same tag.
    build("four.tar", Format::OciArchive, "armhf-linux", "team/app");
    merge(&scratch, "with-archive", &["four.tar", "two"]).unwrap();
    let merged: Vec<String> = names(&scratch.path("with-archive"))
        .into_iter()
        .map(|name| name.0)
        .collect();
    assert_eq!(merged, ["app:latest", "team/app:latest", "other:1"]);

    let digest = &index(&directory(&scratch.path("one"))).manifests()[0]
        .digest()
        .to_string();
    let blob = scratch.path("one/blobs/sha256").join(&digest[7..]);
    let content = fs::read(&blob).unwrap();
    let before = directory(&scratch.path("merged"));
    for (damaged, what) in [
        (Some(&b"{}"[..]), "is not what its digest says"),
        (None, "listed but missing: sha256:"),
    ] {
        match damaged {
            Some(bytes) => {
                fs::remove_file(&blob).unwrap();
                fs::write(&blob, bytes).unwrap();
            }
            None => fs::remove_file(&blob).unwrap(),
        }
        let error = merge(&scratch, "merged", &["two", "one"]).unwrap_err();
        assert_eq!(error.status(), Status::Input);
        assert!(error.message().contains(what), "{error}");
        assert!(directory(&scratch.path("merged")) == before);
        assert!(merge(&scratch, "new", &["one"]).is_err());
        assert!(!scratch.path("new").exists());
    }
    fs::write(&blob, content).unwrap();
    merge(&scratch, "new", &["one"]).unwrap();
}
