// SPDX-License-Identifier: GPL-3.0-or-later

//! Docker archives as nobody should make them, and what the program says of
//! them in little memory.

use std::process::{Command, Output};

use guix_docker::digest::Digest;
use serde_json::{Value, json};

use crate::common::Scratch;

/// Maximum address space of the program, in KiB.
const MEMORY: u32 = 256 << 10;

/// A layer of files of these names with the same content.
pub fn layer<N: AsRef<[u8]>>(names: impl IntoIterator<Item = N>, content: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    for name in names {
        push(&mut archive, name.as_ref(), content);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// A file of an archive.
pub fn push(archive: &mut Vec<u8>, name: &[u8], content: &[u8]) {
    if name.len() > 100 {
        let long = [name, b"\0"].concat();
        push_header(archive, b'L', b"././@LongLink", long.len());
        push_content(archive, &long);
    }
    push_header(archive, b'0', name, content.len());
    push_content(archive, content);
}

fn push_header(archive: &mut Vec<u8>, kind: u8, name: &[u8], size: usize) {
    let mut header = tar::Header::new_gnu();
    let length = name.len().min(100);
    header.as_old_mut().name[..length].copy_from_slice(&name[..length]);
    header.as_old_mut().linkflag = [kind];
    header.set_mode(0o644);
    header.set_size(size as u64);
    header.set_cksum();
    archive.extend(header.as_bytes());
}

fn push_content(archive: &mut Vec<u8>, content: &[u8]) {
    archive.extend(content);
    archive.resize(archive.len().next_multiple_of(512), 0);
}

/// Writes an archive called `file` with `layers`, of which each is named as often
/// as is said, whose configuration has the members of `config` besides.
pub fn image(
    scratch: &Scratch,
    file: &str,
    layers: &[(&[u8], usize)],
    names: Value,
    config: Value,
) {
    let (mut archive, mut ids, mut files) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (layer, times)) in layers.iter().enumerate() {
        let name = format!("{index}.tar");
        push(&mut archive, name.as_bytes(), layer);
        ids.extend(vec![Digest::of(layer).to_string(); *times]);
        files.extend(vec![name; *times]);
    }
    let mut all = json!({
        "architecture": "amd64",
        "os": "linux",
        "rootfs": { "type": "layers", "diff_ids": ids },
    });
    for (name, value) in config.as_object().unwrap() {
        all[name] = value.clone();
    }
    let manifest = json!([{ "Config": "c.json", "RepoTags": names, "Layers": files }]);
    push(&mut archive, b"c.json", all.to_string().as_bytes());
    push(
        &mut archive,
        b"manifest.json",
        manifest.to_string().as_bytes(),
    );
    archive.resize(archive.len() + 1024, 0);
    scratch.file(file, &archive);
}

/// An image of one layer without anything of note.
pub fn plain(scratch: &Scratch, file: &str, layer: &[u8]) {
    image(scratch, file, &[(layer, 1)], json!(["app:1"]), json!({}));
}

/// The name of the item of this number.
pub fn item(number: usize) -> String {
    let digits = b"0123456789abcdfghijklmnpqrsvwxyz";
    let digit = |place: u32| char::from(digits[number >> (5 * place) & 31]);
    let hash: String = (0..4).rev().map(digit).collect();
    format!("gnu/store/{hash}{hash:0>28}-package-{number}-1.0")
}

/// Runs the program in little memory, by a shell that begins with `before`.
pub fn run(scratch: &Scratch, before: &str, arguments: &[&str]) -> Output {
    let script = format!("{before} ulimit -v {MEMORY}; exec \"$0\" \"$@\"");
    Command::new("/bin/sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_guix-docker")])
        .args(arguments)
        .current_dir(scratch.path(""))
        .env_clear()
        // Threads would reserve what they do not use.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap()
}
