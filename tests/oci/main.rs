// SPDX-License-Identifier: GPL-3.0-or-later

//! OCI images: archives and layouts, as the crate `oci-spec` and decoders of
//! others read them.

#![cfg(target_arch = "x86_64")] // where the crate is

#[path = "../common/mod.rs"]
mod common;
mod image;
mod layout;
mod links;
mod lock;
mod merge;
mod reuse;
mod trust;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Scratch, bytes, gunzip, noise};
use guix_docker::digest::Digest;
use guix_docker::request::Format;
use guix_docker::{Report, Request};
use oci_spec::image::{
    Descriptor, ImageConfiguration, ImageIndex, ImageManifest, MediaType, OciLayout,
};

type Files = BTreeMap<String, Vec<u8>>;

/// The files of a directory, by their names in it.
fn directory(root: &Path) -> Files {
    let mut files = Files::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(path) = pending.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                files.insert(name.to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn blob<'a>(files: &'a Files, descriptor: &Descriptor) -> &'a [u8] {
    let digest = descriptor.digest().to_string();
    let name = format!("blobs/sha256/{}", digest.strip_prefix("sha256:").unwrap());
    let blob = &files[&name];
    assert_eq!(Digest::of(blob).to_string(), digest);
    assert_eq!(blob.len() as u64, descriptor.size());
    blob
}

fn index(files: &Files) -> ImageIndex {
    let layout = OciLayout::from_reader(files["oci-layout"].as_slice()).unwrap();
    assert_eq!(layout.image_layout_version(), "1.0.0");
    let index = ImageIndex::from_reader(files["index.json"].as_slice()).unwrap();
    assert_eq!(*index.media_type(), Some(MediaType::ImageIndex));
    index
}

/// The layers of an image, decompressed, and the rest of what it is.
fn image(
    files: &Files,
    descriptor: &Descriptor,
) -> (ImageManifest, ImageConfiguration, Vec<Vec<u8>>) {
    assert_eq!(*descriptor.media_type(), MediaType::ImageManifest);
    let manifest = ImageManifest::from_reader(blob(files, descriptor)).unwrap();
    assert_eq!(*manifest.media_type(), Some(MediaType::ImageManifest));
    assert_eq!(*manifest.config().media_type(), MediaType::ImageConfig);
    let config = ImageConfiguration::from_reader(blob(files, manifest.config())).unwrap();
    let diff_ids = config.rootfs().diff_ids();
    assert_eq!(diff_ids.len(), manifest.layers().len());
    let layers = manifest.layers().iter().zip(diff_ids).map(|(layer, id)| {
        let packed = blob(files, layer);
        let layer = match layer.media_type() {
            MediaType::ImageLayer => packed.to_vec(),
            MediaType::ImageLayerGzip => gunzip(packed),
            MediaType::ImageLayerZstd => unzstd(packed),
            other => panic!("{other}"),
        };
        assert_eq!(Digest::of(&layer).to_string(), *id);
        layer
    });
    let layers = layers.collect();
    (manifest, config, layers)
}

fn unzstd(packed: &[u8]) -> Vec<u8> {
    let mut child = Command::new("zstd")
        .args(["-q", "-d", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let packed = packed.to_vec();
    let feeder = std::thread::spawn(move || {
        std::io::Write::write_all(&mut input, &packed).unwrap();
    });
    let mut output = Vec::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_end(&mut output)
        .unwrap();
    feeder.join().unwrap();
    assert!(child.wait().unwrap().success());
    output
}

/// Items of different sizes, one of which has several pieces.
fn items(scratch: &Scratch) -> Vec<PathBuf> {
    let text = "what is said again and again ".repeat(400_000);
    vec![
        scratch.file("items/large", text.as_bytes()),
        scratch.file("items/noise", &noise(1, 3_000_000)),
        scratch.file("items/small", b"small"),
        scratch.file("items/empty", b""),
    ]
}

/// As many, and small ones.
fn small_items(scratch: &Scratch) -> Vec<PathBuf> {
    let text = "what is said again and again ".repeat(8_000);
    vec![
        scratch.file("items/large", text.as_bytes()),
        scratch.file("items/noise", &noise(1, 50_000)),
        scratch.file("items/small", b"small"),
        scratch.file("items/empty", b""),
    ]
}

fn request(scratch: &Scratch, name: &str, format: Format, items: &[PathBuf]) -> Request {
    let paths: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
    let mut request = scratch.request(name, &paths);
    request.output.format = format;
    request.metadata.system(b"x86_64-linux").unwrap();
    request
}

/// The names in a layout's index, with the digests of what they are.
fn names(root: &Path) -> Vec<(String, String)> {
    let index = index(&directory(root));
    let entries = index.manifests().iter().map(|entry| {
        let annotations = entry.annotations().as_ref().unwrap();
        let name = &annotations["org.opencontainers.image.ref.name"];
        (name.clone(), entry.digest().to_string())
    });
    entries.collect()
}

fn manifest_digest(report: &Report) -> String {
    report.manifest.unwrap().0.to_string()
}

/// Merges layouts by their names in `scratch`.
fn merge(
    scratch: &Scratch,
    target: &str,
    sources: &[&str],
) -> Result<Vec<String>, guix_docker::Error> {
    let sources: Vec<PathBuf> = sources.iter().map(|name| scratch.path(name)).collect();
    let sources: Vec<&[u8]> = sources.iter().map(|source| bytes(source)).collect();
    let merge = guix_docker::Merge::new(bytes(&scratch.path(target)), &sources)?;
    guix_docker::merge(&merge, &mut |_| std::ops::ControlFlow::Continue(()))
}
