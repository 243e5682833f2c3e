// SPDX-License-Identifier: GPL-3.0-or-later

//! What must be the same whatever processor the library is compiled for.
//!
//! The suite beside this file runs these tests on processors with other word
//! sizes and byte orders.  `GUIX_DOCKER_DIGESTS` in the environment names a
//! directory that gets the digests of images, for a comparison.

#[path = "../common/mod.rs"]
mod common;

use std::fmt::Write;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use common::{Scratch, bytes, compressor, noise, run};
use guix_docker::Request;
use guix_docker::digest::Digest;
use guix_docker::request::{Directive, Format, History, Transformation};

/// A size that is too large for 32 bits and whose blocks are not full.
const LARGE: u64 = (4 << 30) + 12_345;

/// Files of each kind, some of them larger than what gzip's encoder takes at
/// a time, whose names in the image are always the same.
fn tree() -> Scratch {
    let scratch = Scratch::new();
    let text: String = (0..90_000u64).fold(String::new(), |mut text, number| {
        writeln!(text, "line {number}, {} of them", number * number % 7919).unwrap();
        text
    });
    scratch.file("store/text/share/lines", text.as_bytes());
    scratch.file("store/noise/lib/random", &noise(1, 3_000_000));
    scratch.file("store/zeros/empty", b"");
    scratch.file("store/long/name", b"content");
    scratch.file("store/zeros/holes", &[0; 5_000_000]);
    scratch.file(&format!("store/long/{}/x", "d".repeat(150)), b"deep");
    scratch.file("store/long/caf\u{e9}", "caf\u{e9}".as_bytes());
    scratch.file("store/text/bin/program", &noise(2, 100_001));
    scratch.mode("store/text/bin/program", 0o755);
    scratch.link("store/text/share/link", &"../".repeat(60));

    scratch
}

/// A request for an image of that tree.
fn request(scratch: &Scratch) -> Request {
    let names = ["text", "noise", "zeros", "long"];
    let paths = names.map(|name| scratch.path(&format!("store/{name}")));
    let paths = paths.each_ref().map(|path| path.as_path());
    let mut request = scratch.request("image", &paths);
    let store = scratch.path("store");
    request.content.transformations =
        vec![Transformation::new(bytes(&store), b"/gnu/store").unwrap()];
    request.content.extra_files = vec![
        Directive::directory(b"/tmp", Some(0o1777)).unwrap(),
        Directive::directory(b"/etc", None).unwrap(),
        Directive::file(b"/etc/motd", b"welcome").unwrap(),
        Directive::link(b"/bin", b"/gnu/store/text/bin").unwrap(),
    ];
    request.metadata.system(b"x86_64-linux").unwrap();
    request.metadata.history = History::None;
    request
}

#[test]
fn images_do_not_depend_on_the_processor() {
    let scratch = tree();
    let mut digests = String::new();
    for layers in [None, Some(3)] {
        for packed in ["", "gzip -1", "gzip -6", "gzip -9n"] {
            for threads in [1, 3] {
                let mut request = request(&scratch);
                if !packed.is_empty() {
                    request.output.compressor = compressor(packed);
                }
                if let Some(layers) = layers {
                    request.layers.max_layers(layers).unwrap();
                }
                request.running.threads(threads);
                let report = run(&request).unwrap();
                let image = scratch.read("image");
                assert_eq!(report.archive_size, image.len() as u64);
                writeln!(
                    digests,
                    "{layers:?} {packed:?} {} {}",
                    report.image_id,
                    Digest::of(&image)
                )
                .unwrap();
            }
        }
    }
    let lines: Vec<&str> = digests.lines().collect();
    for pair in lines.chunks(2) {
        assert_eq!(pair[0], pair[1], "with another number of threads");
    }
    for packed in ["none", "gzip -6", "zstd -3"] {
        let mut request = request(&scratch);
        request.output.format = Format::OciArchive;
        request.output.compressor = compressor(packed);
        request.layers.max_layers(3).unwrap();
        let report = run(&request).unwrap();
        // The manifest has the names of the files, which are not the same.
        for layer in &report.layers {
            let blob = layer.blob.as_ref().unwrap();
            writeln!(digests, "{packed:?} {} {}", blob.digest, blob.size).unwrap();
        }
    }
    record("small", &digests);
}

/// The diff ID and the file's size of an image with a file of more than 4 GiB.
fn large(packed: &str) -> (String, u64) {
    let scratch = Scratch::new();
    let path = scratch.file("large", b"");
    let file = File::create(&path).unwrap();
    file.set_len(LARGE).unwrap();
    file.write_all_at(&noise(3, 1000), LARGE - 1000).unwrap();
    let mut request = scratch.request("image", &[&path]);
    request.content.transformations = vec![Transformation::new(bytes(&path), b"/large").unwrap()];
    request.output.compressor = compressor(packed);
    let report = run(&request).unwrap();
    let layer = &report.layers[0];
    assert!(layer.size > LARGE);
    let size = fs::metadata(scratch.path("image")).unwrap().len();
    assert_eq!(report.archive_size, size);
    (layer.diff_id.to_string(), size)
}

#[test]
#[ignore = "takes time"]
fn files_may_be_larger_than_4_gib() {
    let (diff_id, size) = large("gzip -1");
    record("large", &format!("{diff_id} {size}\n"));
}

#[test]
#[ignore = "takes space"]
fn images_may_be_larger_than_4_gib() {
    let (diff_id, size) = large("");
    assert!(size > LARGE);
    assert_eq!(diff_id, large("gzip -1").0);
}

/// Writes `digests` for a comparison.
fn record(name: &str, digests: &str) {
    if let Some(directory) = std::env::var_os("GUIX_DOCKER_DIGESTS") {
        fs::write(Path::new(&directory).join(name), digests).unwrap();
    }
}
