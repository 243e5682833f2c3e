// SPDX-License-Identifier: GPL-3.0-or-later

//! Files that images are made of, and a directory that they are made in.

use std::ffi::OsStr;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use guix_docker::request::{Compressor, Format};
use guix_docker::{Error, Job, Progress, Report, Request, Status};
use tempfile::TempDir;

/// The files, for as long as the fuzzer runs.
pub struct Scene {
    directory: TempDir,
}

impl Scene {
    pub fn new() -> Self {
        let scene = Scene {
            directory: TempDir::new().unwrap(),
        };
        let tree = scene.tree();
        for name in ["a", "b/deep/er", "wh", "odd"] {
            fs::create_dir_all(tree.join(name)).unwrap();
        }
        let long = format!("a/{}", "long-".repeat(30));
        for (name, content) in [
            ("a/file", "content of a file\n"),
            ("a/program", "#!/bin/sh\n"),
            ("a-b", "between a and what is below it"),
            ("b/empty", ""),
            ("b/deep/er/x", "x"),
            ("wh/.wh.gone", ""),
            (&long, "long"),
        ] {
            fs::write(tree.join(name), content).unwrap();
        }
        fs::write(tree.join("odd").join(OsStr::from_bytes(b"\xff\n")), "odd").unwrap();
        for (name, mode) in [("a/program", 0o4755), ("b/empty", 0o600), ("wh", 0o1777)] {
            fs::set_permissions(tree.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::hard_link(tree.join("a/file"), tree.join("b/same")).unwrap();
        for (target, name) in [("file", "a/link"), ("b", "to-b"), ("../nowhere", "b/up")] {
            symlink(target, tree.join(name)).unwrap();
        }
        let text = |name: &str| format!("{}/{name}", tree.display());
        let graph = format!("{}\n\n1\n{}\n{}\n\n0\n", text("a"), text("b"), text("b"));
        fs::write(tree.join("graph"), graph).unwrap();
        for (name, format) in [
            ("base.tar", Format::DockerArchive),
            ("base-oci", Format::Oci),
        ] {
            let image = tree.join(name).into_os_string().into_encoded_bytes();
            let mut request = Request::new(&image, &[text("b/deep")], b"base").unwrap();
            request.output.format = format;
            request.running.threads(1);
            request.metadata.creation_time(1).unwrap();
            request.metadata.system(b"x86_64").unwrap();
            request.output.compressor = Compressor::from_command::<&str>(&[]).unwrap();
            guix_docker::build(&request, &mut |_: Progress| ControlFlow::Continue(())).unwrap();
        }
        fs::create_dir(scene.output()).unwrap();
        scene
    }

    /// Where the files are.
    pub fn tree(&self) -> PathBuf {
        self.directory.path().join("tree")
    }

    /// Where images go.
    pub fn output(&self) -> PathBuf {
        self.directory.path().join("out")
    }

    /// The name of an image in [`Scene::output`].
    pub fn image(&self, name: &[u8]) -> Vec<u8> {
        let output = self.output().into_os_string().into_encoded_bytes();
        [&output, b"/".as_slice(), name].concat()
    }

    /// Whether a fuzzer may ask for the file `name`: what is in the tree, or
    /// nothing at all.
    pub fn has(&self, name: &[u8]) -> bool {
        let tree = self.tree().into_os_string().into_encoded_bytes();
        let is_below = match name.strip_prefix(tree.as_slice()) {
            Some(rest) => rest.is_empty() || rest.starts_with(b"/"),
            None => name.is_empty(),
        };
        is_below && !name.split(|&byte| byte == b'/').any(|part| part == b"..")
    }

    /// Fails if there is anything in [`Scene::output`].
    pub fn check_nothing_left(&self) {
        let left = fs::read_dir(self.output()).unwrap().next();
        assert!(left.is_none(), "{left:?} is left");
    }

    /// Removes all that is in [`Scene::output`].
    pub fn clear(&self) {
        for entry in fs::read_dir(self.output()).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => fs::remove_dir_all(path).unwrap(),
                false => fs::remove_file(path).unwrap(),
            }
        }
    }
}

/// Fails if `error` is not one that people can read, or one of the library's.
pub fn check_error(error: &Error) {
    check_message(error.status(), error.message());
}

/// As [`check_error`], for an error of C.
pub fn check_message(status: Status, message: &str) {
    assert_ne!(status, Status::Internal, "{message}");
    assert_ne!(status, Status::Ok, "{message}");
    assert!(!message.is_empty(), "{status:?} has no message");
    assert!(
        !message.chars().any(char::is_control),
        "the message is not one line: {message:?}"
    );
    assert!(!message.ends_with('.'), "{message:?}");
}

/// Fails if what was built is not what `report` says, or cannot be read.
pub fn check_image(image: &Path, report: &Report) {
    let job = Job::default();
    let images = super::open_all(image.as_os_str().as_bytes(), &job).unwrap();
    let [image] = images.as_slice() else {
        panic!("{} images", images.len());
    };
    assert_eq!(image.id, report.image_id);
    assert_eq!(image.manifest, report.manifest);
    let layers = image.layers.iter().map(|layer| {
        let read = layer.read(|_| (), &job).unwrap().unwrap();
        if let Some((digest, _)) = &layer.descriptor {
            assert_eq!(read.stored, *digest);
        }
        let (diff_id, size) = read.archive.unwrap();
        assert_eq!(diff_id, layer.diff_id);
        (diff_id, size)
    });
    let said = report
        .layers
        .iter()
        .map(|layer| (layer.diff_id, layer.size));
    assert_eq!(layers.collect::<Vec<_>>(), said.collect::<Vec<_>>());
}
