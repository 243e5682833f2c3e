// SPDX-License-Identifier: GPL-3.0-or-later

//! Making trees and images, and reading images back.

#![allow(dead_code)] // each test program uses a part

pub mod layout;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::read::GzDecoder;
use guix_docker::request::Compressor;
use guix_docker::{Error, Report, Request, build};
use serde_json::Value;
use tempfile::TempDir;

/// A directory for the files of one test.
pub struct Scratch {
    directory: TempDir,
    /// Directory of the record of layers, which no other test has.
    cache: TempDir,
}

impl Scratch {
    pub fn new() -> Self {
        Scratch {
            directory: TempDir::new().unwrap(),
            cache: TempDir::new().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes a file, and the directories above it.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub fn link(&self, name: &str, target: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, &path).unwrap();
        path
    }

    pub fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A request for an image `image` of `paths`, created at 1.
    pub fn request(&self, image: &str, paths: &[&Path]) -> Request {
        let image = self.path(image);
        let paths: Vec<&[u8]> = paths.iter().map(|path| bytes(path)).collect();
        let mut request = Request::new(bytes(&image), &paths, b"/gnu/store/profile").unwrap();
        request.metadata.creation_time(1).unwrap();
        request.layers.cache_home(bytes(self.cache.path())).unwrap();
        request
    }

    /// The directory of the record of layers.
    pub fn cache(&self) -> &Path {
        self.cache.path()
    }

    pub fn read(&self, image: &str) -> Vec<u8> {
        fs::read(self.path(image)).unwrap()
    }
}

/// What GNU tar makes of `paths` with `options`.
pub fn gnu_tar(options: &[&str], paths: &[&Path]) -> Vec<u8> {
    let output = Command::new("tar")
        .args(["--mtime=@1", "--sort=name", "--hard-dereference"])
        .args(options)
        .args(["-cf", "-"])
        .args(paths)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

pub fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

pub fn compressor(command: &str) -> Option<Compressor> {
    let words: Vec<&str> = command.split_whitespace().collect();
    Compressor::from_command(&words).unwrap()
}

pub fn run(request: &Request) -> Result<Report, Error> {
    build(request, &mut |_| ControlFlow::Continue(()))
}

/// The members of an archive by name, with their contents.
pub fn members(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(archive);
    archive
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (name, content)
        })
        .collect()
}

/// The names of the layers of an image, lowest first, with the layers.
pub fn layers(image: &[u8]) -> Vec<(String, Vec<u8>)> {
    let members = members(image);
    let manifest: Value = serde_json::from_slice(&members["manifest.json"]).unwrap();
    let names = manifest[0]["Layers"].as_array().unwrap();
    names
        .iter()
        .map(|name| {
            let name = name.as_str().unwrap().to_owned();
            let layer = members[&name].clone();
            (name, layer)
        })
        .collect()
}

pub fn config(image: &[u8]) -> Value {
    serde_json::from_slice(&members(image)["config.json"]).unwrap()
}

/// Decompresses the only member of a gzip file.
pub fn gunzip(file: &[u8]) -> Vec<u8> {
    let mut decoder = GzDecoder::new(file);
    let mut content = Vec::new();
    decoder.read_to_end(&mut content).unwrap();
    assert!(decoder.into_inner().is_empty(), "more than one member");
    content
}

/// Bytes that neither repeat nor compress, the same for the same seed.
pub fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(size).collect()
}
