// SPDX-License-Identifier: GPL-3.0-or-later

//! Compressed images: the same archive, however it is made.

mod common;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{Scratch, compressor, gunzip, noise, run};

/// Items of many sizes, some larger than what is compressed at a time.
fn items(scratch: &Scratch) -> Vec<std::path::PathBuf> {
    let text: String = (0..40_000)
        .map(|n| format!("line {n} of a long text\n"))
        .collect();
    let sizes = [3_500_000, 1_100_000, 1 << 20, 600_000, 30_000, 4_000, 0];
    let mut items: Vec<_> = sizes
        .iter()
        .enumerate()
        .map(|(index, &size)| {
            let mut content = noise(index as u64, size / 2);
            content.extend(text.bytes().cycle().skip(size).take(size - size / 2));
            scratch.file(&format!("item-{index}/data"), &content)
        })
        .map(|file| file.parent().unwrap().to_owned())
        .collect();
    items.push(scratch.file("text", text.as_bytes()));
    items
}

#[test]
fn bytes_do_not_depend_on_threads_and_inflate_to_the_archive() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let paths: Vec<_> = items.iter().map(|item| item.as_path()).collect();
    for max_layers in [None, Some(2), Some(5), Some(100)] {
        let build = |command: &str, threads| {
            let mut request = scratch.request("image", &paths);
            if let Some(count) = max_layers {
                request.layers.max_layers(count).unwrap();
            }
            request.output.compressor = compressor(command);
            request.running.threads(threads);
            let report = run(&request).unwrap();
            let image = scratch.read("image");
            assert_eq!(report.archive_size, image.len() as u64);
            image
        };
        let plain = build("", 1);
        for threads in [2, 3, 8] {
            assert!(
                build("", threads) == plain,
                "{max_layers:?}, {threads} threads"
            );
        }
        for level in [1, 6, 9] {
            let command = format!("gzip -{level}n");
            let compressed = build(&command, 1);
            for threads in [2, 3, 8] {
                assert!(build(&command, threads) == compressed, "{threads} threads");
            }
            assert!(
                gunzip(&compressed) == plain,
                "{max_layers:?}, level {level}"
            );
            check_size(&compressed, &plain, level);
            assert!(through(&["gzip", "-dc"], &compressed) == plain);
        }
        for filter in ["cat", "tac -s nothing-of-the-kind"] {
            assert!(build(filter, 2) == plain, "{max_layers:?}, {filter}");
        }
    }
}

#[test]
fn small_images_are_no_larger_than_gzips() {
    let scratch = Scratch::new();
    let file = scratch.file("file", b"a few words\n");
    for max_layers in [None, Some(2)] {
        let mut request = scratch.request("image", &[&file]);
        if let Some(count) = max_layers {
            request.layers.max_layers(count).unwrap();
        }
        run(&request).unwrap();
        let plain = scratch.read("image");
        for level in 1..=9 {
            request.output.compressor = compressor(&format!("gzip -{level}"));
            run(&request).unwrap();
            let compressed = scratch.read("image");
            assert!(gunzip(&compressed) == plain);
            check_size(&compressed, &plain, level);
        }
    }
}

/// What there is on most machines of text, sources in several languages,
/// programs, locale data and files that are packed already.
const TREES: [&str; 8] = [
    "/usr/include",
    "/usr/share/guile",
    "/usr/share/perl",
    "/usr/lib/python3",
    "/usr/bin",
    "/usr/share/locale",
    "/usr/share/doc",
    "/usr/share/man",
];

/// How much of each is compressed, in bytes.
const SIZE: usize = 8 << 20;

/// How much larger than gzip's a file may be, a part in so many: for text
/// that repeats itself over and over, which gzip looks back farther in, and
/// for collections of small packed files.
const EXCESS: usize = 100;

#[test]
fn real_files_are_hardly_larger_than_gzips() {
    let scratch = Scratch::new();
    let mut compared = 0;
    for tree in TREES.iter().map(Path::new).filter(|tree| tree.is_dir()) {
        let mut request = scratch.request("tree", &[tree]);
        run(&request).unwrap();
        let mut data = scratch.read("tree");
        data.truncate(SIZE);
        let item = scratch.file("item", &data);
        request = scratch.request("image", &[&item]);
        run(&request).unwrap();
        let plain = scratch.read("image");
        for level in [1, 3, 6, 9] {
            request.output.compressor = compressor(&format!("gzip -{level}"));
            run(&request).unwrap();
            let reference = through(&["gzip", &format!("-{level}n")], &plain).len();
            let size = scratch.read("image").len();
            assert!(
                size <= reference + reference / EXCESS,
                "{tree:?}, level {level}: {size} bytes, gzip's {reference}"
            );
            compared += 1;
        }
    }
    assert!(compared > 0, "none of {TREES:?} is here");
}

#[test]
fn what_is_compressed_already_is_not_made_larger() {
    let scratch = Scratch::new();
    // Four pieces of 4 MiB or so, the first and the last with something else in
    // them.
    let packed = scratch.file("packed", &noise(1, 14 << 20));
    let mut request = scratch.request("image", &[&packed]);
    run(&request).unwrap();
    let plain = scratch.read("image");
    for level in [1, 6, 9] {
        request.output.compressor = compressor(&format!("gzip -{level}"));
        run(&request).unwrap();
        let compressed = scratch.read("image");
        assert!(gunzip(&compressed) == plain);
        check_size(&compressed, &plain, level);
    }
}

/// Checks that `compressed` is no larger than what gzip makes of `plain`.
fn check_size(compressed: &[u8], plain: &[u8], level: u8) {
    let reference = through(&["gzip", &format!("-{level}n")], plain).len();
    let size = compressed.len();
    assert!(
        size <= reference,
        "level {level}: {size} bytes, gzip's {reference}"
    );
}

/// What a command writes when it reads `input`.
fn through(command: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        output.stdout
    })
}
