// SPDX-License-Identifier: GPL-3.0-or-later

//! Where images are built upon what a fuzzer has made up.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use guix_docker::request::{Compressor, Directive, Format, Xattrs};
use guix_docker::{Progress, Report, Request, Status};
use tempfile::TempDir;

/// A directory with an item, for as long as the fuzzer runs.
pub struct Place {
    directory: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let shared_memory = PathBuf::from("/dev/shm");
        let directory = match shared_memory.is_dir() {
            true => TempDir::new_in(shared_memory),
            false => TempDir::new(),
        };
        let directory = directory.unwrap();
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
                assert_ne!(error.status(), Status::Internal, "{error}");
                assert!(!error.message().is_empty());
                assert!(!self.path("image").exists());
            }
        }
    }

    fn build(&self, base: &str, image: &str, format: Format) -> guix_docker::error::Result<Report> {
        let name = |name: &str| self.path(name).into_os_string().into_encoded_bytes();
        let mut request = Request::new(&name(image), &[name("item")], b"prefix")?;
        request.threads(1);
        request.format(format);
        request.xattrs(Xattrs::Drop);
        request.compressor(Compressor::from_command::<&str>(&[])?);
        request.system(b"x86_64-linux")?;
        request.extra_files(vec![Directive::link(b"/usr/bin/own", b"item")?]);
        request.base(&name(base))?;
        guix_docker::build(&request, &mut |_: Progress| ControlFlow::Continue(()))
    }
}
