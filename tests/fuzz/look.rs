// SPDX-License-Identifier: GPL-3.0-or-later

//! Images as the program shows them: text, JSON, pictures and pages.
//!
//! The input is images as `shared/image.rs` has them, one or two, after a byte of
//! flags: 1, all items are shown.

#![no_main]

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use guix_docker::Job;
use guix_docker_fuzz::image::{Image, images};
use guix_docker_fuzz::markup::{check_document, check_visible};
use guix_docker_program::diff::changes::Changes;
use guix_docker_program::diff::{self, Push};
use guix_docker_program::inspect::{self, facts};
use guix_docker_program::json;
use guix_docker_program::options::{ProgressKind, ProgressOptions};
use guix_docker_program::picture::{Change, Map, html, svg};
use guix_docker_program::progress::Display;
use guix_docker_program::survey::{Room, Survey, survey};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tempfile::TempDir;

static PLACE: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().unwrap());

/// Length of what is shown of an empty image.
const SMALL: usize = 64 << 10;

/// Length of the longest picture, and of the longest page.
const PICTURE: usize = 24 << 20;
const PAGE: usize = 64 << 20;

fuzz_target!(|bytes: &[u8]| {
    let Some((flags, rest)) = bytes.split_first() else {
        return;
    };
    let all = flags & 1 != 0;
    let images = images(rest);
    let surveys: Option<Vec<Survey>> = images.iter().map(read).collect();
    let Some(surveys) = surveys else {
        return;
    };
    for (image, survey) in images.iter().zip(&surveys) {
        check_survey(image, survey);
        check_shown(image, survey, all);
    }
    let pair = (surveys.first().unwrap(), surveys.last().unwrap());
    check_diff(pair.0, pair.1, all, surveys.len() == 1);
    check_diff(pair.1, pair.0, all, surveys.len() == 1);
});

/// Reads an image; `None` if its documents are none that are read.
fn read(image: &Image) -> Option<Survey> {
    let path: PathBuf = PLACE.path().join("image");
    fs::write(&path, &image.archive).unwrap();
    let name: &OsStr = path.as_os_str();
    let images = guix_docker_fuzz::open_all(name.as_encoded_bytes(), &Job::default());
    let image = images.ok()?.pop()?;
    let display = Display::new(&ProgressOptions {
        progress: ProgressKind::None,
        quiet: true,
    });
    survey(image, &Room::default(), &display).ok()
}

/// Compares what was read with what was written.
fn check_survey(image: &Image, survey: &Survey) {
    let sizes: Vec<u64> = survey.layers.iter().map(|layer| layer.size).collect();
    let expected: Vec<u64> = image.layers.iter().map(|&size| size as u64).collect();
    assert_eq!(sizes, expected);
    assert_eq!(sum(survey), image.files as u64);
}

fn sum(survey: &Survey) -> u64 {
    let items = survey.layers.iter().flat_map(|layer| layer.items.iter());
    items.map(|item| item.size).sum()
}

fn shown(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn check_shown(image: &Image, survey: &Survey, all: bool) {
    let surveys = std::slice::from_ref(survey);
    let text = shown(|out| inspect::text(surveys, all, out));
    check_visible(&text);
    assert!(text.len() < SMALL + 16 * image.size, "{}", text.len());
    let text = shown(|out| json::write(&inspect::json::json(surveys), out));
    check_visible(&text);
    // Each value may be at a depth of 128.
    assert!(text.len() < SMALL + 300 * image.size, "{}", text.len());
    let value: Value = serde_json::from_str(&text).unwrap();
    let layers = value[0]["layers"].as_array().unwrap();
    let items = layers
        .iter()
        .flat_map(|layer| layer["items"].as_array().unwrap());
    let items: u64 = items.map(|item| item["size"].as_u64().unwrap()).sum();
    assert_eq!(items, image.files as u64);
    let map = inspect::map(survey);
    check_picture(&map);
    let page = html(&map, &facts::facts(survey));
    check_document(&page);
    assert_eq!(page.matches("<script").count(), 1);
    assert!(
        page.len() < PAGE.min(SMALL + 64 * image.size),
        "{}",
        page.len()
    );
}

fn check_picture(map: &Map) {
    let picture = svg(map);
    check_document(&picture);
    assert!(picture.len() < PICTURE, "{}", picture.len());
}

fn check_diff(old: &Survey, new: &Survey, all: bool, are_same: bool) {
    let changes = Changes::between(old, new);
    let push = Push::of(old, new);
    let text = shown(|out| diff::text(old, new, &push, &changes, all, out));
    check_visible(&text);
    assert_eq!(
        text.ends_with("\nThe items are the same.\n"),
        changes.items.iter().all(|item| item.is_same())
    );
    assert!(!are_same || changes.items.iter().all(|item| item.is_same()));
    let text = shown(|out| json::write(&diff::json::json(old, new, &push, &changes), out));
    check_visible(&text);
    let value: Value = serde_json::from_str(&text).unwrap();
    let items = value["items"].as_array().unwrap();
    for (key, survey) in [("before", old), ("after", new)] {
        let sizes = items.iter().filter_map(|item| item[key].as_u64());
        assert_eq!(sizes.sum::<u64>(), sum(survey), "{key}");
    }
    let counts = ["shared", "pushed"].map(|part| value[part]["layers"].as_u64().unwrap());
    assert_eq!(counts.iter().sum::<u64>(), new.layers.len() as u64);
    let map = diff::map::map(old, new, &changes, &push);
    let drawn = map.layers.iter().flat_map(|layer| &layer.items);
    let (mut before, mut after) = (0, 0);
    for item in drawn {
        before += match item.change {
            Change::None | Change::Same | Change::Removed | Change::Altered => item.size,
            Change::Added => 0,
            Change::Resized { before } => before,
        };
        after += match item.change {
            Change::Removed => 0,
            _ => item.size,
        };
    }
    assert_eq!((before, after), (sum(old), sum(new)));
    check_picture(&map);
}
