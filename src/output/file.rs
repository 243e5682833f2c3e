// SPDX-License-Identifier: GPL-3.0-or-later

//! The image's file: without a name while it is written, then under its name
//! all at once.
//!
//! Where the file system can, the file has no name until it is complete, so
//! that nothing is left behind even if the process is killed.  Elsewhere it
//! has a hidden one in the same directory.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fd::AsRawFd;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use tempfile::{Builder, NamedTempFile};

use super::place::Place;
use crate::error::{Argument, Error, Result, Status};
use crate::input::FileId;

/// The permissions of the image before the umask.
const MODE: u32 = 0o666;

/// The beginning of names that are in use for a moment.
const TEMPORARY: &str = ".guix-docker-";

/// A file that is to become the image.
pub struct ImageFile {
    place: Place,
    file: Unpublished,
}

enum Unpublished {
    Unnamed(File),
    Hidden(NamedTempFile),
}

impl ImageFile {
    /// An empty file in the directory of `image`, which may be a link to what
    /// the image is to replace.
    pub fn create(image: &[u8]) -> Result<Self> {
        let place = Place::find(image)?;
        let failed = |errno| {
            let what = format!("creating a file in {:?}", place.directory_name);
            Error::system(Status::Output, what, errno).because_of(Argument::Image)
        };
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(MODE);
        let file = match rustix::fs::openat(&place.directory, ".", flags, mode) {
            Ok(file) if rustix::fs::stat(proc_name(&file)).is_ok() => {
                Unpublished::Unnamed(File::from(file))
            }
            // The file system has no such files, or /proc is not there to
            // give one a name.
            Ok(_) | Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => {
                let hidden = Builder::new()
                    .prefix(TEMPORARY)
                    .permissions(Permissions::from_mode(MODE))
                    .tempfile_in(&place.directory_name);
                Unpublished::Hidden(hidden.map_err(|error| failed(errno(&error)))?)
            }
            Err(errno) => return Err(failed(errno)),
        };
        Ok(ImageFile { place, file })
    }

    /// The file to write to.
    pub fn file(&self) -> &File {
        match &self.file {
            Unpublished::Unnamed(file) => file,
            Unpublished::Hidden(file) => file.as_file(),
        }
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
        let name = directory_name.join(base);
        let failed = |error: &std::io::Error| {
            let what = format!("naming the finished image {name:?}");
            Error::system(Status::Output, what, errno(error)).because_of(Argument::Image)
        };
        let size = self
            .file()
            .metadata()
            .map_err(|error| failed(&error))?
            .len();
        match self.file {
            Unpublished::Unnamed(file) => {
                let link = |base: &std::ffi::OsStr| {
                    let flags = AtFlags::SYMLINK_FOLLOW;
                    rustix::fs::linkat(rustix::fs::CWD, proc_name(&file), directory, base, flags)
                };
                match link(base) {
                    // A new name of its own first, which then takes the place
                    // of the old file all at once.
                    Err(Errno::EXIST) => {
                        let link_at = |path: &Path| {
                            link(path.file_name().unwrap_or_default()).map_err(std::io::Error::from)
                        };
                        Builder::new()
                            .prefix(TEMPORARY)
                            .make_in(directory_name, link_at)
                            .map_err(|error| failed(&error))?
                            .persist(&name)
                            .map_err(|error| failed(&error.error))?;
                    }
                    result => result.map_err(|errno| failed(&errno.into()))?,
                }
            }
            Unpublished::Hidden(file) => {
                file.persist(&name).map_err(|error| failed(&error.error))?;
            }
        }
        Ok(size)
    }
}

/// The name by which a file without one can be given one.
fn proc_name(file: &impl AsRawFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
