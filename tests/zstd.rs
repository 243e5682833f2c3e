// SPDX-License-Identifier: GPL-3.0-or-later

//! Zstandard by the library: one frame, whatever the threads, and hardly larger
//! than what the program makes.

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use common::{Scratch, compressor, noise, run};

/// Whether the program is there to compare with.
fn has_program() -> bool {
    let version = Command::new("zstd").arg("--version").output();
    if version.is_err() {
        eprintln!("skipped: zstd is not installed");
    }
    version.is_ok()
}

/// What the program makes of a file.
fn zstd(file: &Path, options: &[&str]) -> Vec<u8> {
    let output = Command::new("zstd")
        .args(["-q", "-c"])
        .args(options)
        .stdin(std::fs::File::open(file).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "zstd {options:?}");
    output.stdout
}

#[test]
fn frames_do_not_depend_on_threads_and_hold_the_archive() {
    let scratch = Scratch::new();
    // More than one job of the library's threads.
    let mut text = Vec::new();
    for number in 0..2_000_000_u32 {
        text.extend_from_slice(
            format!("{} ", number.wrapping_mul(2_654_435_761) % 9973).as_bytes(),
        );
    }
    let items = [
        scratch.file("text", &text),
        scratch.file("noise", &noise(1, 3_000_000)),
        scratch.file("empty", b""),
    ];
    let paths = items.each_ref().map(|item| item.as_path());
    for max_layers in [None, Some(3)] {
        let build = |packed: &str, threads| {
            let mut request = scratch.request("image", &paths);
            if let Some(count) = max_layers {
                request.layers.max_layers(count).unwrap();
            }
            if !packed.is_empty() {
                request.output.compressor = compressor(packed);
            }
            request.running.threads(threads);
            run(&request).unwrap();
            scratch.read("image")
        };
        let archive = build("", 1);
        let plain = scratch.file("plain", &archive);
        for packed in ["zstd -1", "zstd", "zstd -9 --long", "zstd -12"] {
            let one = build(packed, 1);
            for threads in [2, 5] {
                assert!(build(packed, threads) == one, "{packed}, {threads} threads");
            }
            assert_eq!(one[..4], [0x28, 0xb5, 0x2f, 0xfd]);
            if has_program() {
                let file = scratch.file("packed", &one);
                assert!(zstd(&file, &["-d", "--long=27"]) == archive, "{packed}");
                let options: Vec<&str> = packed.split(' ').skip(1).chain(["-T2"]).collect();
                let theirs = zstd(&plain, &options).len();
                assert!(
                    one.len() <= theirs + theirs / 100,
                    "{packed}: {} bytes, {theirs} by the program",
                    one.len()
                );
            }
        }
    }
}
