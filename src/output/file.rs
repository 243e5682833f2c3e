// SPDX-License-Identifier: GPL-3.0-or-later

//! The image's file: it takes the place of the one that is there when it is
//! complete.

use std::fs::File;

use rustix::fs::Mode;

use super::leftovers;
use super::new_file::NewFile;
use super::place::Place;
use crate::error::{Argument, Error, Result, Status};
use crate::input::FileId;

/// The permissions of the file before the umask.
const MODE: Mode = Mode::from_bits_retain(0o666);

/// A file that is to become the image.
pub struct ImageFile {
    place: Place,
    file: NewFile,
}

impl ImageFile {
    /// An empty file in the directory of `image`, which may be a link to what
    /// the image is to replace.
    pub fn create(image: &[u8]) -> Result<Self> {
        let place = Place::find(image)?;
        leftovers::remove(&place.directory);
        let file = NewFile::create(&place.directory, &place.directory_name, MODE)
            .map_err(|error| error.with_argument(Argument("image")))?;
        Ok(ImageFile { place, file })
    }

    /// The file to write to.
    pub fn file(&self) -> &File {
        self.file.file()
    }

    /// The files that must not become part of the image: itself and the one
    /// it replaces.
    pub fn ids(&self) -> Result<Vec<FileId>> {
        let stat = rustix::fs::fstat(self.file())
            .map_err(|errno| Error::system(Status::Output, "examining the image", errno))?;
        let replaced = self.place.replaced;
        Ok([Some(FileId::from(&stat)), replaced]
            .into_iter()
            .flatten()
            .collect())
    }

    /// Gives the file its name; returns its size in bytes.
    pub fn publish(self) -> Result<u64> {
        let Place {
            directory_name,
            directory,
            base,
            ..
        } = &self.place;
        let failed = |errno| {
            let what = format!("naming the finished image {:?}", directory_name.join(base));
            Error::system(Status::Output, what, errno).with_argument(Argument("image"))
        };
        let stat = rustix::fs::fstat(self.file()).map_err(failed)?;
        self.file.publish(directory, base).map_err(failed)?;
        Ok(stat.st_size as u64)
    }
}
