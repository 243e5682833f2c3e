// SPDX-License-Identifier: GPL-3.0-or-later

//! Files that are exchanged while an image is built, that are not what they
//! seem, or that are the image itself; and progress while they are found.

mod common;

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use common::{Scratch, bytes, compressor, layers, members, run};
use guix_docker::{Phase, Progress, Status, build};
use rustix::fs::{CWD, RenameFlags};

/// How often an image is built while a directory is exchanged for a link.
const RACES: usize = 2_000;

const OUTSIDE: &[u8] = b"from outside the tree";

/// Makes `name` with `content` and a time that is the same for all.
fn file(scratch: &Scratch, name: &str, content: &[u8]) {
    let path = scratch.file(name, content);
    let file = fs::File::options().write(true).open(path).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    file.set_modified(time).unwrap();
}

/// Whether a file in an archive begins with what is outside.
fn has_leaked(archive: &[u8]) -> bool {
    archive.chunks(512).any(|block| block.starts_with(OUTSIDE))
}

/// Sets a flag when it is dropped.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn nothing_is_read_through_a_link_that_takes_a_directorys_place() {
    let scratch = Scratch::new();
    for name in ["a", "b", "below/c", "below/deep/d"] {
        file(
            &scratch,
            &format!("tree/place/{name}"),
            &[b'i'; OUTSIDE.len()],
        );
        file(&scratch, &format!("outside/{name}"), OUTSIDE);
    }
    symlink(scratch.path("outside"), scratch.path("tree/link")).unwrap();
    let (place, link) = (scratch.path("tree/place"), scratch.path("tree/link"));
    let stop = AtomicBool::new(false);
    let (mut built, mut changed) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                rustix::fs::renameat_with(CWD, &place, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                std::thread::sleep(Duration::from_micros(50));
            }
        });
        // Also when a check fails.
        let _stop = StopOnDrop(&stop);
        for race in 0..RACES {
            let tree = scratch.path("tree");
            let mut request = scratch.request("image", &[&tree]);
            match race % 4 {
                0 => request.layers.max_layers(2).unwrap(),
                1 => request.content.root_system(bytes(&tree)).unwrap(),
                2 => request.output.compressor = compressor("gzip -1"),
                _ => {}
            }
            request.running.threads(1 + race % 2);
            match run(&request) {
                Ok(_) => {
                    built += 1;
                    let image = scratch.read("image");
                    let image = match race % 4 {
                        2 => common::gunzip(&image),
                        _ => image,
                    };
                    assert!(!has_leaked(&image), "race {race}");
                }
                Err(error) => {
                    changed += 1;
                    assert_eq!(error.status(), Status::InputChanged, "{error}");
                }
            }
        }
    });
    assert!(built > 0 && changed > 0, "{built} built, {changed} changed");
}

#[test]
fn links_that_were_named_are_followed() {
    let scratch = Scratch::new();
    scratch.file("real/directory/item/file", b"content");
    scratch.link("link", "real/directory");
    for item in [scratch.path("link/item"), scratch.path("./link/./item")] {
        run(&scratch.request("image", &[&item])).unwrap();
        let layer = layers(&scratch.read("image")).swap_remove(0).1;
        let name = item.join("file");
        let name = name.to_str().unwrap().trim_start_matches('/').to_owned();
        assert_eq!(members(&layer)[&name], b"content");
    }
    let mut request = scratch.request("image", &[]);
    request
        .content
        .root_system(bytes(&scratch.path("link")))
        .unwrap();
    run(&request).unwrap();
    let layer = layers(&scratch.read("image")).swap_remove(0).1;
    let names: Vec<_> = members(&layer).into_keys().collect();
    assert_eq!(names, ["item/", "item/file"]);
}

#[test]
fn files_that_hold_something_else_than_their_size_says_are_told() {
    let scratch = Scratch::new();
    // More than its size: it is empty, and that is said.
    let version = Path::new("/proc/version");
    let report = run(&scratch.request("image", &[version])).unwrap();
    let layer = layers(&scratch.read("image")).swap_remove(0).1;
    assert!(members(&layer)["proc/version"].is_empty());
    assert!(report.warnings[0].contains("\"/proc/version\""));
    // Less than its size: there would be nothing right in its place.
    let possible = Path::new("/sys/devices/system/cpu/possible");
    if possible.exists() {
        let error = run(&scratch.request("other", &[possible])).unwrap_err();
        assert_eq!(error.status(), Status::Input, "{error}");
        assert!(error.message().contains("copy it"), "{error}");
        assert!(!scratch.path("other").exists());
    }
    let empty = scratch.file("empty", b"");
    let report = run(&scratch.request("image", &[&empty])).unwrap();
    assert!(report.warnings.is_empty());
}

#[test]
fn the_image_is_not_part_of_itself() {
    let scratch = Scratch::new();
    scratch.file("tree/file", b"content");
    let tree = scratch.path("tree");
    for max_layers in [None, Some(2)] {
        let mut request = scratch.request("tree/image", &[&tree]);
        if let Some(count) = max_layers {
            request.layers.max_layers(count).unwrap();
        }
        run(&request).unwrap();
        let first = scratch.read("tree/image");
        for _ in 0..2 {
            run(&request).unwrap();
            assert!(scratch.read("tree/image") == first);
        }
    }
    let image = scratch.path("tree/image");
    let error = run(&scratch.request("tree/image", &[&image])).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    assert!(error.message().contains("the image itself"), "{error}");
}

/// A root system of many files.
fn root_system(scratch: &Scratch) -> guix_docker::Request {
    for directory in 0..40 {
        let directory = scratch.path(&format!("root/{directory}"));
        fs::create_dir_all(&directory).unwrap();
        for name in 0..500 {
            fs::write(directory.join(name.to_string()), b"").unwrap();
        }
    }
    let mut request = scratch.request("image", &[]);
    let root = scratch.path("root");
    request.content.root_system(bytes(&root)).unwrap();
    request
}

#[test]
fn progress_is_told_by_phases_and_never_goes_back() {
    let scratch = Scratch::new();
    let mut request = root_system(&scratch);
    let mut seen: Vec<Progress> = Vec::new();
    build(&request, &mut |progress| {
        seen.push(progress);
        ControlFlow::Continue(())
    })
    .unwrap();
    for pair in seen.windows(2) {
        let (earlier, later) = (&pair[0], &pair[1]);
        assert!(earlier.phase as u8 <= later.phase as u8, "{pair:?}");
        if earlier.phase == later.phase {
            assert!(earlier.done <= later.done, "{pair:?}");
            assert_eq!(earlier.total, later.total);
        }
    }
    let files = |progress: &&Progress| progress.phase == Phase::Scanning && progress.done > 0;
    assert!(seen.iter().any(|progress| files(&progress)), "{seen:?}");
    assert!(seen.iter().any(|progress| progress.phase == Phase::Writing));
    // A build can be stopped while files are found.
    fs::remove_file(scratch.path("image")).unwrap();
    request.running.threads(1);
    let error = build(&request, &mut |progress| match progress.phase {
        Phase::Scanning => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
    .unwrap_err();
    assert_eq!(error.status(), Status::Cancelled);
    assert!(!scratch.path("image").exists());
}
