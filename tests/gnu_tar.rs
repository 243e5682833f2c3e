// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers of store items are what GNU tar makes of them.

mod common;

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use common::{Scratch, layers, run};

/// What GNU tar makes of `paths` with the options that Guix gives it.
fn gnu_tar(paths: &[&Path]) -> Vec<u8> {
    let owners = ["--owner=0", "--group=0", "--numeric-owner"];
    let options = [&owners[..], &["--mode=go+u,go-w", "--format=gnu"]].concat();
    common::gnu_tar(&options, paths)
}

/// Checks that the one layer of items in an image of `item` is GNU tar's.
fn check(scratch: &Scratch, item: &Path) {
    let mut request = scratch.request("image", &[item]);
    request.layers.max_layers(2).unwrap();
    run(&request).unwrap();
    let layer = layers(&scratch.read("image")).swap_remove(0).1;
    assert!(layer == gnu_tar(&[item]), "{item:?}");
}

#[test]
fn names_of_all_lengths() {
    for total in (95..=105).chain([154, 155, 156, 255, 256, 257, 511, 512, 513, 1100, 4000]) {
        let scratch = Scratch::new();
        let item = scratch.path("i");
        // Names in archives have no leading slash.
        let mut name = bytes_of(&item)[1..].to_vec();
        while name.len() < total {
            let left = total - name.len();
            name.push(b'/');
            let length = if left > 202 {
                200
            } else {
                left.saturating_sub(1)
            };
            name.extend(std::iter::repeat_n(b'n', length));
        }
        let path = [b"/", name.as_slice()].concat();
        let path = Path::new(std::ffi::OsStr::from_bytes(&path));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"x").unwrap();
        check(&scratch, &item);
    }
}

#[test]
fn link_targets_of_all_lengths() {
    let scratch = Scratch::new();
    for length in [1, 99, 100, 101, 255, 256, 511, 512, 4000] {
        scratch.link(&format!("item/{length}"), &"t".repeat(length));
    }
    check(&scratch, &scratch.path("item"));
}

#[test]
fn sizes_around_blocks() {
    let scratch = Scratch::new();
    for size in [0, 1, 511, 512, 513, 1024, 10_239, 10_240, 300_000] {
        scratch.file(&format!("item/{size}"), &common::noise(size, size as usize));
    }
    check(&scratch, &scratch.path("item"));
}

#[test]
fn archives_end_at_whole_records() {
    for blocks in 0..=40 {
        let scratch = Scratch::new();
        let item = scratch.file("item", &vec![b'x'; blocks * 512]);
        check(&scratch, &item);
    }
}

#[test]
fn modes_and_kinds() {
    let scratch = Scratch::new();
    for mode in [
        0o644, 0o755, 0o444, 0o4711, 0o2755, 0o6755, 0o600, 0o070, 0o007, 0o200,
    ] {
        let name = format!("item/mode-{mode:o}");
        scratch.file(&name, b"content");
        scratch.mode(&name, mode);
    }
    scratch.file("item/sticky/file", b"");
    scratch.mode("item/sticky", 0o1777);
    scratch.file("item/links/one", b"hard link");
    std::fs::hard_link(
        scratch.path("item/links/one"),
        scratch.path("item/links/two"),
    )
    .unwrap();
    scratch.link("item/links/symbolic", "one");
    scratch.link("item/links/dangling", "/nowhere");
    let made = Command::new("mkfifo")
        .arg(scratch.path("item/fifo"))
        .status();
    assert!(made.unwrap().success());
    // Unreadable for those who are not root.
    if std::fs::read(scratch.path("item/mode-200")).is_err() {
        for mode in ["200", "70", "7"] {
            std::fs::remove_file(scratch.path(&format!("item/mode-{mode}"))).unwrap();
        }
    }
    check(&scratch, &scratch.path("item"));
}

#[test]
fn order_is_by_bytes() {
    let scratch = Scratch::new();
    for name in [
        "a/b", "a.b", "a-b", "B", "b", "ä", "Z", "a0", "_", "~", "a b", "a\nb",
    ] {
        scratch.file(&format!("item/{name}/file"), name.as_bytes());
    }
    for name in [&b"\xff\xfe"[..], b"\xc3", b"\x01"] {
        let name = Path::new(std::ffi::OsStr::from_bytes(name));
        std::fs::write(scratch.path("item").join(name), b"not text").unwrap();
    }
    check(&scratch, &scratch.path("item"));
}

#[test]
fn several_items_in_one_layer() {
    let scratch = Scratch::new();
    let large = scratch.file("large", &[1; 5000]);
    let small = scratch.file("small", &[2; 50]);
    let middle = scratch.file("middle/file", &[3; 500]);
    let middle = middle.parent().unwrap();
    let mut request = scratch.request("image", &[&small, &large, middle]);
    request.layers.max_layers(2).unwrap();
    run(&request).unwrap();
    let layer = layers(&scratch.read("image")).swap_remove(0).1;
    // The largest comes first; a directory counts 4096 bytes.
    assert!(layer == gnu_tar(&[&large, middle, &small]));
}

#[test]
fn other_readers_list_the_same_members() {
    let scratch = Scratch::new();
    for name in ["item/file", "item/directory/file"] {
        scratch.file(name, b"content");
    }
    scratch.link(&format!("item/{}", "l".repeat(150)), &"t".repeat(150));
    let item = scratch.path("item");
    for max_layers in [None, Some(2)] {
        let mut request = scratch.request("image", &[&item]);
        if let Some(count) = max_layers {
            request.layers.max_layers(count).unwrap();
        }
        run(&request).unwrap();
        let image = scratch.read("image");
        let mut archives = layers(&image);
        archives.push(("image".into(), image));
        for (name, archive) in archives {
            let file = scratch.file("archive", &archive);
            let listed = Command::new("tar").arg("-tf").arg(file).output().unwrap();
            let listed = String::from_utf8(listed.stdout).unwrap();
            let mut listed: Vec<&str> = listed.lines().collect();
            listed.sort_unstable();
            let members = common::members(&archive);
            assert_eq!(members.keys().collect::<Vec<_>>(), listed, "{name}");
        }
    }
}

fn bytes_of(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}
