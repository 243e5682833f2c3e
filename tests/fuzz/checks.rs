// SPDX-License-Identifier: GPL-3.0-or-later

//! Findings of the program about images.
//!
//! The input is images as `shared/image.rs` has them.

#![no_main]

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use guix_docker::Job;
use guix_docker_fuzz::image::{Image, images};
use guix_docker_fuzz::markup::check_visible;
use guix_docker_program::check::{self, finding};
use guix_docker_program::json;
use guix_docker_program::options::{ProgressKind, ProgressOptions};
use guix_docker_program::progress::Display;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tempfile::TempDir;

static PLACE: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().unwrap());

/// Length of what is said of an image that is right.
const SMALL: usize = 64 << 10;

fuzz_target!(|bytes: &[u8]| {
    for image in images(bytes) {
        check_image(&image);
    }
});

fn check_image(image: &Image) {
    let path: PathBuf = PLACE.path().join("image");
    fs::write(&path, &image.archive).unwrap();
    let name: &OsStr = path.as_os_str();
    let Ok(images) = guix_docker_fuzz::open_all(name.as_encoded_bytes(), &Job::default()) else {
        return;
    };
    let display = Display::new(&ProgressOptions {
        progress: ProgressKind::None,
        quiet: true,
    });
    let checked: Result<Vec<_>, _> = images
        .iter()
        .map(|image| check::check(image, &display))
        .collect();
    let Ok(checked) = checked else {
        panic!("an image that can be opened cannot be checked");
    };
    let text: String = checked.iter().map(check::text).collect();
    check_visible(&text);
    assert!(text.len() < SMALL + 64 * image.size, "{}", text.len());
    let mut bytes = Vec::new();
    json::write(&finding::json(&checked), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    check_visible(&text);
    assert!(text.len() < SMALL + 64 * image.size, "{}", text.len());
    let value: Value = serde_json::from_str(&text).unwrap();
    for image in value.as_array().unwrap() {
        let layers = image["layers"].as_u64().unwrap();
        for finding in image["findings"].as_array().unwrap() {
            assert!(!finding["reason"].as_str().unwrap().is_empty());
            let layer = finding.get("layer").map(|layer| layer.as_u64().unwrap());
            assert!(layer.is_none_or(|layer| (1..=layers).contains(&layer)));
        }
    }
}
