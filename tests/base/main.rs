// SPDX-License-Identifier: GPL-3.0-or-later

//! Images that are made upon others, of every kind, and what is refused of
//! those that are not as they should be.

#[path = "../common/mod.rs"]
mod common;
mod config;
mod documents;
mod images;
mod names;
mod refusals;
mod streams;

use std::path::{Path, PathBuf};

use common::{Scratch, bytes, compressor, gunzip, members, run};
use guix_docker::digest::Digest;
use guix_docker::request::{Directive, Format};
use guix_docker::{Report, Request};
use serde_json::{Value, json};

/// An image to begin with, of two layers, in `format`.
fn make_base(scratch: &Scratch, name: &str, format: Format, packed: &str) -> Report {
    let items = [
        scratch.file("base/one", &b"one ".repeat(50_000)),
        scratch.file("base/two", b"two"),
    ];
    let paths: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
    let mut request = scratch.request(name, &paths);
    request.metadata.system(b"x86_64-linux").unwrap();
    request.output.format = format;
    request.output.compressor = compressor(packed);
    request.layers.max_layers(10).unwrap();
    request.container.variable(b"PATH", b"/base/bin").unwrap();
    request.container.variable(b"BASE", b"1").unwrap();
    request.container.entry_point(&["/base/run"]).unwrap();
    request.container.cmd(&["argument"]).unwrap();
    request.metadata.label(b"base", b"yes").unwrap();
    request.container.user(b"1000").unwrap();
    request.metadata.author(b"somebody").unwrap();
    request.content.extra_files = vec![
        Directive::directory(b"/usr/bin", None).unwrap(),
        Directive::link(b"/bin", b"/usr/bin").unwrap(),
        Directive::file(b"/etc-file", b"x").unwrap(),
    ];
    run(&request).unwrap()
}

fn upon(scratch: &Scratch, image: &str, base: &str) -> Request {
    let item = scratch.file("own/item", b"own");
    let mut request = scratch.request(image, &[&item]);
    request.metadata.system(b"x86_64-linux").unwrap();
    request.layers.base(bytes(&scratch.path(base))).unwrap();
    request
}

/// The layers and the configuration of a Docker archive, or of one that is
/// both.
fn read(archive: &[u8]) -> (Vec<Vec<u8>>, Value) {
    let members = members(archive);
    let manifest: Value = serde_json::from_slice(&members["manifest.json"]).unwrap();
    let config = serde_json::from_slice(&members[manifest[0]["Config"].as_str().unwrap()]).unwrap();
    let layers = manifest[0]["Layers"].as_array().unwrap().iter();
    let layers = layers.map(|name| {
        let layer = &members[name.as_str().unwrap()];
        match layer.starts_with(b"\x1f\x8b") {
            true => gunzip(layer),
            false => layer.clone(),
        }
    });
    (layers.collect(), config)
}

/// An archive without a member.
fn without(archive: &[u8], name: &str) -> Vec<u8> {
    edit(archive, |member, content| {
        (member != name).then_some(content)
    })
}

/// An archive whose files are what `change` makes of them.
fn edit(archive: &[u8], change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut edited = tar::Builder::new(Vec::new());
    for (name, content) in members(archive) {
        if name.ends_with('/') {
            continue;
        }
        if let Some(content) = change(&name, content) {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            edited
                .append_data(&mut header, &name, content.as_slice())
                .unwrap();
        }
    }
    edited.into_inner().unwrap()
}

/// An archive of these members, of directories where a name ends in a slash.
fn archive(list: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, mode, content) in list {
        let mut header = tar::Header::new_gnu();
        header.set_mode(*mode);
        header.set_uid(7);
        header.set_gid(8);
        header.set_size(content.len() as u64);
        if name.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        archive.append_data(&mut header, name, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

/// A Docker archive of these layers.
fn image_of(layers: &[Vec<u8>]) -> Vec<u8> {
    let ids: Vec<String> = layers
        .iter()
        .map(|layer| Digest::of(layer).to_string())
        .collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": ids},
    });
    let names: Vec<String> = (0..layers.len())
        .map(|number| format!("{number}.tar"))
        .collect();
    let manifest = json!([{"Config": "config", "RepoTags": null, "Layers": names}]);
    let (config, manifest) = (config.to_string(), manifest.to_string());
    let mut list = vec![
        ("config", 0o644, config.as_bytes()),
        ("manifest.json", 0o644, manifest.as_bytes()),
    ];
    for (name, layer) in names.iter().zip(layers) {
        list.push((name, 0o644, layer));
    }
    archive(&list)
}
