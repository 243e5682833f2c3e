// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers that are compressed in pieces, and images that are compressed while
//! parts of them are not known: unpacked, they are what they were.
//!
//! The first byte is of flags: 16, an image is built; 32, the content comes
//! again and again; 64, Zstandard; the rest is the level.  The second says how
//! many cuts there are, whose places follow in two bytes each.

#![no_main]

use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use guix_docker::codec::{Assembler, Encoding, GZIP};
use guix_docker::request::{Compressor, Directive};
use guix_docker::{Progress, Request};
use guix_docker_fuzz::scene::Scene;
use libfuzzer_sys::fuzz_target;

const IMAGE: u8 = 16;
const AGAIN: u8 = 32;
const ZSTD: u8 = 64;

static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

fuzz_target!(|bytes: &[u8]| {
    let &[flags, cuts, ref rest @ ..] = bytes else {
        return;
    };
    let level = 1 + (flags & 15) % 9;
    let places = rest.len().min(2 * usize::from(cuts % 16)) & !1;
    let (places, content) = rest.split_at(places);
    let content = match flags & AGAIN {
        0 => content.to_vec(),
        // Distances up to, and beyond, what a reference can have.
        _ => content.repeat(100_000 / content.len().max(1000)),
    };
    if flags & IMAGE != 0 {
        return check_image(&content, level, cuts);
    }
    let encoding = match flags & ZSTD {
        0 => Encoding::gzip(level),
        _ => Encoding::zstd(level.min(5)),
    };
    if content.is_empty() {
        // An archive is not.
        return;
    }
    let mut places: Vec<usize> = places
        .chunks(2)
        .map(|place| usize::from(u16::from_le_bytes([place[0], place[1]])))
        .map(|place| place % content.len())
        .collect();
    places.extend([0, content.len()]);
    places.sort_unstable();
    let mut encoder = encoding.encoder().unwrap();
    let mut assembler = Assembler::new(encoding);
    let mut packed = assembler.head();
    for (index, ends) in places.windows(2).enumerate() {
        let is_last = index + 2 == places.len();
        let chunk = encoder.encode(&content[ends[0]..ends[1]], is_last);
        packed.extend(assembler.push(chunk.unwrap()));
    }
    packed.extend(assembler.tail());
    match encoding.codec == GZIP {
        true => assert!(gunzip(&packed) == content, "other bytes"),
        false => {
            let mut unpacked = vec![0; content.len() + 1];
            let length = zstd_safe::decompress(&mut unpacked[..], &packed).unwrap();
            assert!(unpacked[..length] == content, "other bytes");
        }
    }
});

/// All that is in `packed`, which is one member and no more.
fn gunzip(packed: &[u8]) -> Vec<u8> {
    let mut decoder = GzDecoder::new(packed);
    let mut unpacked = Vec::new();
    decoder.read_to_end(&mut unpacked).unwrap();
    assert!(decoder.into_inner().is_empty(), "there is something behind");
    unpacked
}

/// Builds an image of `content` with and without compression.
fn check_image(content: &[u8], level: u8, layers: u8) {
    let mut images = [(b"plain".as_slice(), "none"), (b"packed", "gzip")].map(|(name, word)| {
        let image = SCENE.image(name);
        let tree = SCENE.tree().into_os_string().into_encoded_bytes();
        let paths = [
            [&tree, b"/a".as_slice()].concat(),
            [&tree, b"/b".as_slice()].concat(),
        ];
        let mut request = Request::new(&image, &paths, b"prefix").unwrap();
        request.running.threads(1);
        request.metadata.creation_time(1).unwrap();
        request.metadata.system(b"x86_64").unwrap();
        request.content.extra_files = vec![Directive::file(b"content", content).unwrap()];
        if layers > 1 {
            request.layers.max_layers(layers.into()).unwrap();
        }
        let option = format!("-{level}");
        let words = if word == "gzip" {
            vec![word, &option]
        } else {
            vec![word]
        };
        request.output.compressor = Compressor::from_command(&words).unwrap();
        guix_docker::build(&request, &mut |_: Progress| ControlFlow::Continue(())).unwrap();
        let image = PathBuf::from(String::from_utf8(image).unwrap());
        let bytes = fs::read(&image).unwrap();
        fs::remove_file(image).unwrap();
        bytes
    });
    images[1] = gunzip(&images[1]);
    assert!(images[0] == images[1], "the image has other bytes");
}
