// SPDX-License-Identifier: GPL-3.0-or-later

//! Where the image goes.  An output is a file of its own beside `file`.

#![forbid(unsafe_code)]

mod file;
mod place;

pub use file::ImageFile;

use crate::error::{Error, Status};

/// The output could not be written.
pub fn write_failure(error: &std::io::Error) -> Error {
    let error = Error::io(Status::Output, "writing the image", error);
    match error.status() {
        Status::NoSpace => error.advise("make room, or write the image elsewhere"),
        _ => error,
    }
}
