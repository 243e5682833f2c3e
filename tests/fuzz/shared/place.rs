// SPDX-License-Identifier: GPL-3.0-or-later

//! Where images are built upon what a fuzzer has made up.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use guix_docker::request::{Compressor, Directive, Format, Xattrs};
use guix_docker::{Job, Merge, Progress, Report, Request};
use tempfile::TempDir;

use super::scene::check_error;

/// A directory with an item, for as long as the fuzzer runs.
pub struct Place {
    directory: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join("item"), "own").unwrap();
        Place { directory }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Builds upon `base`, and upon what comes of that: an image or an error,
    /// but not an image that cannot be read, and nothing left of an error.
    pub fn check(&self, format: Format) {
        let first = self.build("base", "image", format);
        match first {
            Ok(first) => {
                let second = self.build("image", "second", Format::OciArchive);
                let second = second.expect("an image cannot be read that was made");
                let layers = |report: &Report| -> Vec<String> {
                    let layers = report.layers.iter();
                    layers.map(|layer| layer.diff_id.to_string()).collect()
                };
                let (first, second) = (layers(&first), layers(&second));
                assert_eq!(first, second[..first.len()]);
                fs::remove_file(self.path("image")).unwrap();
                fs::remove_file(self.path("second")).unwrap();
            }
            Err(error) => {
                check_error(&error);
                assert!(!self.path("image").exists());
            }
        }
    }

    /// Looks at all images of `base`, as the program does.
    pub fn look(&self) {
        let job = Job::default();
        let images = match super::open_all(&self.name("base"), &job) {
            Ok(images) => images,
            Err(error) => return check_error(&error),
        };
        for layer in images.iter().flat_map(|image| &image.layers) {
            match layer.read_contents(|_, _| (), &job) {
                Ok(read) => assert!(
                    !read.is_some_and(|read| read.archive.is_err_and(|what| what.is_empty()))
                ),
                Err(error) => check_error(&error),
            }
        }
    }

    /// Merges `base` into a layout: all of it or nothing, and what comes of it
    /// can be merged once more.
    pub fn merge(&self) {
        let (base, target, again) = (self.name("base"), self.name("merged"), self.name("again"));
        let merge = |target: &[u8], source: &[u8]| {
            let merge = Merge::new(target, &[source])?;
            guix_docker::merge(&merge, &mut |_: Progress| ControlFlow::Continue(()))
        };
        match merge(&target, &base) {
            Ok(_) => {
                merge(&again, &target).expect("a layout cannot be read that was merged");
                let index = |name| fs::read(self.path(name).join("index.json")).unwrap();
                assert_eq!(index("merged"), index("again"));
                fs::remove_dir_all(self.path("merged")).unwrap();
                fs::remove_dir_all(self.path("again")).unwrap();
            }
            Err(error) => {
                check_error(&error);
                assert!(!self.path("merged").exists());
            }
        }
    }

    fn name(&self, name: &str) -> Vec<u8> {
        self.path(name).into_os_string().into_encoded_bytes()
    }

    fn build(&self, base: &str, image: &str, format: Format) -> guix_docker::error::Result<Report> {
        let mut request = Request::new(&self.name(image), &[self.name("item")], b"prefix")?;
        request.running.threads(1);
        request.output.format = format;
        request.content.xattrs = Xattrs::Drop;
        request.output.compressor = Compressor::from_command::<&str>(&[])?;
        request.metadata.system(b"x86_64-linux")?;
        request.content.extra_files = vec![Directive::link(b"/usr/bin/own", b"item")?];
        request.layers.base(&self.name(base))?;
        guix_docker::build(&request, &mut |_: Progress| ControlFlow::Continue(()))
    }
}
