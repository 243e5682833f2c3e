// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker inspect`, `diff` and `merge`.

use std::path::Path;

use guix_docker::Request;
use guix_docker::request::Format;
use serde_json::json;

use crate::common::{Scratch, compressor, run};
use crate::{failed, fine, guix_docker, json, name};

const BASH: &str = "store/0123456789abcdfghijklmnpqrsvwxyz-bash-5.2";
const NEW_BASH: &str = "store/1123456789abcdfghijklmnpqrsvwxyz-bash-5.3";
const GLIBC: &str = "store/2123456789abcdfghijklmnpqrsvwxyz-glibc-2.41";
const APP: &str = "store/3123456789abcdfghijklmnpqrsvwxyz-app-1";
const OTHER: &str = "store/4123456789abcdfghijklmnpqrsvwxyz-other-1";

fn request(scratch: &Scratch, image: &str, items: &[(&str, usize)]) -> Request {
    for (item, size) in items {
        scratch.file(&format!("{item}/file"), &vec![b'x'; *size]);
    }
    let paths: Vec<_> = items.iter().map(|(item, _)| scratch.path(item)).collect();
    let paths: Vec<&Path> = paths.iter().map(|path| path.as_path()).collect();
    let mut request = scratch.request(image, &paths);
    request.metadata.system(b"x86_64-linux").unwrap();
    request.layers.max_layers(10).unwrap();
    request.container.entry_point(&["/bin/app", "a b"]).unwrap();
    request.container.variable(b"A", b"B").unwrap();
    request
}

#[test]
fn images_of_all_formats_are_shown() {
    let scratch = Scratch::new();
    let items = [(BASH, 30_000), (GLIBC, 50_000)];
    for (format, packed) in [
        (Format::DockerArchive, "none"),
        (Format::DockerArchive, "gzip"),
        (Format::DockerArchive, "zstd"),
        (Format::OciArchive, "none"),
        (Format::OciArchive, "zstd"),
        (Format::Oci, "gzip"),
    ] {
        let image = format!("{format:?}-{packed}");
        let mut request = request(&scratch, &image, &items);
        request.output.format = format;
        request.output.compressor = compressor(packed);
        request.metadata.names(&[b"host/app:1"]).unwrap();
        let report = run(&request).unwrap();
        let shown = json(guix_docker(&scratch, &["inspect", "--json", &image]));
        let shown = &shown[0];
        assert_eq!(shown["names"], json!(["host/app:1"]), "{image}");
        assert_eq!(shown["id"], report.image_id.to_string());
        assert_eq!(shown["platform"], "linux/amd64");
        let layers = shown["layers"].as_array().unwrap();
        assert_eq!(layers.len(), report.layers.len());
        for (layer, expected) in layers.iter().zip(&report.layers) {
            assert_eq!(layer["diff_id"], expected.diff_id.to_string());
            assert_eq!(layer["size"], expected.size);
            if let Some(blob) = &expected.blob {
                assert_eq!(layer["digest"], blob.digest.to_string());
                assert_eq!(layer["stored_size"], blob.size);
            }
        }
        let found = layers
            .iter()
            .flat_map(|layer| layer["items"].as_array().unwrap());
        let found: Vec<_> = found.map(|item| (&item["path"], &item["size"])).collect();
        let (glibc, bash) = (json!(name(&scratch, GLIBC)), json!(name(&scratch, BASH)));
        assert!(found.contains(&(&glibc, &json!(50_000))), "{found:?}");
        assert!(found.contains(&(&bash, &json!(30_000))));
        let text = fine(guix_docker(&scratch, &["inspect", &image]));
        for expected in ["host/app:1", "/bin/app 'a b'", "A=B", "glibc-2.41", "50 kB"] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}

#[test]
fn one_of_several_images_is_chosen() {
    let scratch = Scratch::new();
    for system in ["x86_64-linux", "aarch64-linux"] {
        let mut request = request(&scratch, &format!("{system}.tar"), &[(APP, 10)]);
        request.metadata.system(system.as_bytes()).unwrap();
        request.output.format = Format::OciArchive;
        request.metadata.names(&[b"app:1"]).unwrap();
        run(&request).unwrap();
    }
    let both = ["x86_64-linux.tar", "aarch64-linux.tar"];
    fine(guix_docker(
        &scratch,
        &[&["merge", "-q", "-o", "all"], &both[..]].concat(),
    ));
    let shown = json(guix_docker(&scratch, &["inspect", "--json", "all"]));
    assert_eq!(shown.as_array().unwrap().len(), 2);
    let one = ["inspect", "--json", "--platform", "linux/arm64", "all"];
    let shown = json(guix_docker(&scratch, &one));
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!(shown[0]["platform"], "linux/arm64");
    let none = ["inspect", "--name", "none", "all"];
    assert!(failed(guix_docker(&scratch, &none), 2).contains("app:1 for linux/amd64"));
    let several = ["diff", "all", "all"];
    assert!(failed(guix_docker(&scratch, &several), 2).contains("--platform"));
    let picture = ["inspect", "--map", "map.svg", "all"];
    assert!(failed(guix_docker(&scratch, &picture), 2).contains("several images"));
    assert!(!scratch.path("map.svg").exists());
}

#[test]
fn what_changed_is_shown() {
    let scratch = Scratch::new();
    let old = [(BASH, 30_000), (GLIBC, 50_000), (APP, 10_000)];
    let new = [(NEW_BASH, 31_000), (GLIBC, 50_000), (OTHER, 500)];
    run(&request(&scratch, "old.tar", &old)).unwrap();
    let report = run(&request(&scratch, "new.tar", &new)).unwrap();
    let shown = json(guix_docker(
        &scratch,
        &["diff", "--json", "old.tar", "new.tar"],
    ));
    // The other one is that of the extra files.
    assert_eq!(shown["shared"]["layers"], 2);
    assert_eq!(shown["pushed"]["layers"], 2);
    let pushed: u64 = report.layers.iter().map(|layer| layer.size).sum();
    let pushed = pushed - shown["shared"]["size"].as_u64().unwrap();
    assert_eq!(shown["pushed"]["size"], pushed);
    let items: Vec<_> = shown["items"].as_array().unwrap().iter().collect();
    let find = |path: &str| {
        let path = json!(name(&scratch, path));
        (*items.iter().find(|item| item["path"] == path).unwrap()).clone()
    };
    assert_eq!(find(GLIBC)["change"], "same");
    let bash = find(NEW_BASH);
    assert_eq!(bash["change"], "resized");
    assert_eq!(bash["from"], name(&scratch, BASH));
    assert_eq!(
        (&bash["before"], &bash["after"]),
        (&json!(30_000), &json!(31_000))
    );
    assert_eq!(find(OTHER)["change"], "added");
    assert_eq!(find(APP)["change"], "removed");
    let text = fine(guix_docker(&scratch, &["diff", "old.tar", "new.tar"]));
    assert!(
        text.contains("1 came, 1 went, 1 changed, 1 are the same"),
        "{text}"
    );
    // The same size and another content.
    scratch.file("tree/file", b"one");
    let tree = scratch.path("tree");
    run(&scratch.request("one.tar", &[&tree])).unwrap();
    scratch.file("tree/file", b"two");
    run(&scratch.request("two.tar", &[&tree])).unwrap();
    let shown = json(guix_docker(
        &scratch,
        &["diff", "--json", "one.tar", "two.tar"],
    ));
    assert_eq!(shown["items"][0]["change"], "altered");
    let text = fine(guix_docker(&scratch, &["diff", "one.tar", "one.tar"]));
    assert!(text.contains("The items are the same."), "{text}");
}

#[test]
fn pictures_are_written() {
    let scratch = Scratch::new();
    run(&request(
        &scratch,
        "old.tar",
        &[(BASH, 30_000), (APP, 10_000)],
    ))
    .unwrap();
    run(&request(&scratch, "new.tar", &[(NEW_BASH, 40_000)])).unwrap();
    let inspect = [
        "inspect",
        "--map",
        "map.svg",
        "--html",
        "page.html",
        "old.tar",
    ];
    assert_eq!(fine(guix_docker(&scratch, &inspect)), "");
    fine(guix_docker(
        &scratch,
        &["diff", "--map", "diff.svg", "old.tar", "new.tar"],
    ));
    for (file, expected) in [
        ("map.svg", &["<svg", "bash-5.2", "30 kB"][..]),
        (
            "page.html",
            &["<!DOCTYPE html>", "bash-5.2", "/bin/app"][..],
        ),
        ("diff.svg", &["<svg", "bash-5.3", "app-1"][..]),
    ] {
        let text = String::from_utf8(scratch.read(file)).unwrap();
        for expected in expected {
            assert!(text.contains(expected), "{file}: {expected}");
        }
    }
    let nowhere = ["inspect", "--map", "none/map.svg", "old.tar"];
    assert!(failed(guix_docker(&scratch, &nowhere), 1).contains("none/map.svg"));
}

#[test]
fn what_is_no_image_is_refused() {
    let scratch = Scratch::new();
    scratch.file("text", b"this is no image\n");
    run(&request(&scratch, "image.tar", &[(APP, 10_000)])).unwrap();
    let mut image = scratch.read("image.tar");
    let position = image.windows(4).position(|bytes| bytes == b"xxxx").unwrap();
    image[position] = b'y';
    scratch.file("damaged.tar", &image);
    for command in ["inspect", "check"] {
        assert!(failed(guix_docker(&scratch, &[command, "none"]), 1).contains("\"none\""));
        assert!(failed(guix_docker(&scratch, &[command, "text"]), 1).contains("\"text\""));
    }
    let said = failed(guix_docker(&scratch, &["inspect", "damaged.tar"]), 1);
    assert!(said.contains("layer 1 (sha256:"), "{said}");
}
