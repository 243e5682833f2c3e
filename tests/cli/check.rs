// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker check`.

use std::path::Path;

use guix_docker::digest::Digest;
use guix_docker::request::Format;
use serde_json::{Value, json};
use tar::EntryType;

use crate::common::{Scratch, run};
use crate::{fine, guix_docker, json};

/// A member of a layer: its type, its name, and its content or target.
type Member<'a> = (EntryType, &'a str, &'a str);

/// What is done to a configuration.
type Change = fn(&mut Value);

const FILE: EntryType = EntryType::Regular;
const LINK: EntryType = EntryType::Symlink;

fn archive(members: &[Member]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (kind, name, content) in members {
        let mut header = tar::Header::new_gnu();
        let bytes = name.as_bytes();
        header.as_old_mut().name[..bytes.len()].copy_from_slice(bytes);
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        header.set_size(0);
        let mut data = "";
        match *kind {
            LINK | EntryType::Link => header.set_link_name(content).unwrap(),
            _ => {
                header.set_size(content.len() as u64);
                data = content;
            }
        }
        header.set_cksum();
        archive.append(&header, data.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap()
}

/// A Docker archive of these layers, whose configuration `change` has changed.
fn image(scratch: &Scratch, layers: &[&[Member]], change: impl Fn(&mut Value)) {
    let layers: Vec<Vec<u8>> = layers.iter().map(|members| archive(members)).collect();
    let ids: Vec<String> = layers
        .iter()
        .map(|layer| Digest::of(layer).to_string())
        .collect();
    let mut config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": ids},
    });
    change(&mut config);
    let names: Vec<String> = (0..layers.len())
        .map(|number| format!("{number}.tar"))
        .collect();
    let manifest = json!([{"Config": "c.json", "RepoTags": ["app:1"], "Layers": names}]);
    let mut image = tar::Builder::new(Vec::new());
    let mut add = |name: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        image.append_data(&mut header, name, content).unwrap();
    };
    add("c.json", config.to_string().as_bytes());
    add("manifest.json", manifest.to_string().as_bytes());
    for (name, layer) in names.iter().zip(&layers) {
        add(name, layer);
    }
    scratch.file("image.tar", &image.into_inner().unwrap());
}

/// The findings, after checking the exit code.
pub fn findings(scratch: &Scratch, code: i32) -> Vec<Value> {
    let output = guix_docker(scratch, &["check", "--json", "image.tar"]);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
    checked[0]["findings"].as_array().unwrap().clone()
}

#[test]
fn what_this_library_makes_is_well() {
    let scratch = Scratch::new();
    let item = scratch.file("item", b"content");
    for format in [Format::DockerArchive, Format::OciArchive, Format::Oci] {
        let name = format!("{format:?}");
        let mut request = scratch.request(&name, &[Path::new(&item)]);
        request.output.format = format;
        request.metadata.names(&[b"app:1"]).unwrap();
        run(&request).unwrap();
        let text = fine(guix_docker(&scratch, &["check", &name]));
        assert!(text.starts_with("app:1 (linux/"), "{text}");
        assert!(text.ends_with("1 layer: no problems found\n"), "{text}");
        let found = json(guix_docker(&scratch, &["check", "--json", &name]));
        assert_eq!(found[0]["findings"], json!([]));
    }
}

#[test]
fn documents_that_engines_refuse_are_found() {
    let scratch = Scratch::new();
    let layer: &[Member] = &[(FILE, "a", "1")];
    let cases: &[(Change, &str, &str)] = &[
        (
            |config| config["architecture"] = json!("vax"),
            "note",
            "\"vax\"",
        ),
        (
            |config| drop(config.as_object_mut().unwrap().remove("os")),
            "note",
            "what it is for",
        ),
        (
            |config| config["rootfs"]["type"] = json!("x"),
            "note",
            "rootfs",
        ),
        (
            |config| config["history"] = json!([{}, {}]),
            "refused",
            "history tells of 2 layers",
        ),
        (
            |config| config["config"] = json!({"Env": "A=B"}),
            "refused",
            "\"config.Env\"",
        ),
        (
            |config| config["config"] = json!({"env": [], "Env": []}),
            "note",
            "twice",
        ),
        (
            |config| config["rootfs"]["diff_ids"][0] = json!(Digest::of(b"x").to_string()),
            "refused",
            "the configuration says",
        ),
    ];
    for (change, severity, reason) in cases {
        image(&scratch, &[layer], change);
        let found = findings(&scratch, i32::from(*severity == "refused"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0]["severity"], *severity);
        assert!(
            found[0]["reason"].as_str().unwrap().contains(reason),
            "{found:?}"
        );
    }
    let layers = vec![layer; 126];
    image(&scratch, &layers, |_| {});
    let text = guix_docker(&scratch, &["check", "image.tar"]).stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("126 layers: engines would refuse it\n  refused: it has 126 layers"));
}

#[test]
fn blobs_that_are_not_what_is_said_are_found() {
    let scratch = Scratch::new();
    let item = scratch.file("item", &b"content ".repeat(1000));
    let mut request = scratch.request("image.tar", &[Path::new(&item)]);
    request.output.format = Format::Oci;
    run(&request).unwrap();
    let shown = json(guix_docker(&scratch, &["inspect", "--json", "image.tar"]));
    let digest = shown[0]["layers"][0]["digest"].as_str().unwrap();
    let blob = scratch.path("image.tar/blobs/sha256").join(&digest[7..]);
    let whole = std::fs::read(&blob).unwrap();
    let damage = |bytes: &[u8]| {
        std::fs::remove_file(&blob).unwrap();
        std::fs::write(&blob, bytes).unwrap();
        findings(&scratch, 1)
    };
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let found = damage(&flipped);
    assert!(
        found
            .iter()
            .any(|finding| finding["reason"].as_str().unwrap().contains("stored as"))
    );
    let found = damage(&whole[..whole.len() / 2]);
    let reasons = serde_json::to_string(&found).unwrap();
    assert!(
        reasons.contains("are promised") && reasons.contains("cannot be read"),
        "{reasons}"
    );
    let found = damage(b"no archive");
    assert!(
        serde_json::to_string(&found)
            .unwrap()
            .contains("its media type")
    );
}
