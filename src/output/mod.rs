// SPDX-License-Identifier: GPL-3.0-or-later

//! Where the image goes.  An output is a file of its own beside `archive`.

#![forbid(unsafe_code)]

mod archive;
mod directory;
mod file;
mod leftovers;
mod new_file;
mod place;
mod stream;

pub use archive::Archive;
pub use directory::Directory;
pub use file::ImageFile;
pub use new_file::NewFile;
pub use stream::Stream;

use std::fs::File;

use crate::error::{Argument, Error, Result, Status};
use crate::input::FileId;
use crate::request::{Destination, Request};
use crate::retry;

/// What an image is written to.
pub enum Output {
    /// An archive.
    Archive(Archive),
    /// A directory of blobs.
    Directory(Directory),
}

impl Output {
    /// What `request` wants the image written to.
    pub fn open(request: &Request) -> Result<Self> {
        match &request.output.destination {
            _ if !request.output.format.is_directory() => {
                Archive::open(request).map(Output::Archive)
            }
            Destination::File(name) => {
                Directory::open(name, Argument("image")).map(Output::Directory)
            }
            Destination::Stream(_) => Err(Error::argument(
                Argument("image_fd"),
                "an OCI layout is a directory, which a descriptor cannot take; \
                 name it as the image",
            )),
        }
    }

    /// The files that must not become part of the image.
    pub fn ids(&self) -> Result<Vec<FileId>> {
        match self {
            Output::Archive(archive) => archive.ids(),
            Output::Directory(directory) => directory.ids(),
        }
    }
}

/// Nobody is left who reads the output.
pub fn reader_gone() -> Error {
    Error::new(
        Status::Output,
        "the reader of the image was gone before its end",
    )
    .with_hint("see what it says; it may have refused the image")
}

/// Writes all of `bytes` to the image's `file`, at its position.
pub fn write_to(file: &File, bytes: &[u8]) -> Result<()> {
    retry::write_all(file, bytes).map_err(|error| write_failure(&error))
}

/// Writes all of `bytes` to the image's `file`, from `position` on.
pub fn write_at(file: &File, bytes: &[u8], position: u64) -> Result<()> {
    retry::write_all_at(file, bytes, position).map_err(|error| write_failure(&error))
}

/// The output could not be written.
pub fn write_failure(error: &std::io::Error) -> Error {
    let error = Error::io(Status::Output, "writing the image", error);
    match error.status() {
        Status::NoSpace => error.with_hint("make room, or write the image elsewhere"),
        _ => error,
    }
}
