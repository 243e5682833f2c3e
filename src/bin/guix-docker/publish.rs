// SPDX-License-Identifier: GPL-3.0-or-later

//! Files that the program writes for people: pictures and pages.
//!
//! A file takes the place of the one of its name when it is complete, with the
//! mode of that one, so that a failure leaves the old file as it is and nothing
//! besides.  What is no file but takes bytes, such as a pipe or `/dev/stdout`,
//! is written to as it is.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use guix_docker::error::{Error, Status};
use guix_docker::output::ImageFile;
use rustix::fs::Access;

use crate::failure::Failure;

/// Permission bits, without those that give a program rights.
const MODE: u32 = 0o777;

/// Maximum number of symbolic links that a name leads through.
const MAX_LINKS: usize = 40;

/// Files that are complete, but have no names yet.
#[derive(Default)]
pub struct Files(Vec<(PathBuf, ImageFile)>);

impl Files {
    /// Writes `text` to a file that is to be called `name`, or to what `name`
    /// stands for if that is no file.
    pub fn write(&mut self, name: &Path, text: &str) -> Result<(), Failure> {
        let failed = |error: io::Error| {
            let failure = Error::io(Status::Output, format!("writing {name:?}"), &error);
            Failure::Library(match failure.status() {
                Status::NoSpace => failure.with_hint("make room, or write it elsewhere"),
                _ => failure,
            })
        };
        let old = fs::metadata(name).ok();
        if leads_to_descriptor(name) || old.as_ref().is_some_and(|old| !old.is_file()) {
            return fs::write(name, text).map_err(failed);
        }
        if old.is_some() {
            // A file that may not be written to is not replaced either.
            rustix::fs::access(name, Access::WRITE_OK).map_err(|errno| failed(errno.into()))?;
        }
        let new = ImageFile::create(name.as_os_str().as_bytes());
        let new = new.map_err(|error| about(name, &error))?;
        let mut file: &File = new.file();
        if let Some(old) = old {
            adopt(file, &old).map_err(failed)?;
        }
        file.write_all(text.as_bytes()).map_err(failed)?;
        self.0.push((name.to_owned(), new));
        Ok(())
    }

    /// Gives all files their names.
    pub fn publish(self) -> Result<(), Failure> {
        for (name, file) in self.0 {
            file.publish().map_err(|error| about(&name, &error))?;
        }
        Ok(())
    }
}

/// The failure `error` to write the file `name`.
fn about(name: &Path, error: &Error) -> Failure {
    // Without the argument that it is for an image.
    let message = format!("writing {name:?}: {}", error.message());
    Failure::Library(Error::new(error.status(), message))
}

/// Gives the new `file` the owner, as far as that is allowed, and the mode of
/// the file that it is to replace.
fn adopt(file: &File, old: &Metadata) -> io::Result<()> {
    let new = file.metadata()?;
    let mut mode = old.mode() & MODE;
    if (old.uid(), old.gid()) != (new.uid(), new.gid())
        && fchown(file, Some(old.uid()), Some(old.gid())).is_err()
        && fchown(file, None, Some(old.gid())).is_err()
    {
        // The rights of the old group are not for another one.
        mode &= !0o070;
    }
    file.set_permissions(Permissions::from_mode(mode))
}

/// Returns whether `name` leads to a descriptor that a process has open, as
/// `/dev/stdout` does, also if that is one of a file.
fn leads_to_descriptor(name: &Path) -> bool {
    let mut name = name.to_owned();
    for _ in 0..MAX_LINKS {
        let directory = match name.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let (Ok(target), Ok(directory)) = (fs::read_link(&name), directory.canonicalize()) else {
            return false;
        };
        if directory.starts_with("/proc") {
            return true;
        }
        name = directory.join(target);
    }
    false
}
