// SPDX-License-Identifier: GPL-3.0-or-later

//! The image's file: without a name while it is written, then under its name
//! all at once.
//!
//! Where the file system can, the file has no name until it is complete, so
//! that nothing is left behind even if the process is killed.  Elsewhere it
//! has a hidden one in the same directory.

#![forbid(unsafe_code)]

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use tempfile::{Builder, NamedTempFile};

use crate::error::{Argument, Error, Result, Status, quoted};

/// How many links the image's name may lead through.
const MAX_LINKS: usize = 40;

/// The permissions of the image before the umask.
const MODE: u32 = 0o666;

/// The beginning of names that are in use for a moment.
const TEMPORARY: &str = ".guix-docker-";

/// A file that is to become the image.
pub struct Output {
    name: PathBuf,
    directory: OwnedFd,
    file: Unpublished,
}

enum Unpublished {
    Unnamed(File),
    Hidden(NamedTempFile),
}

impl Output {
    /// An empty file in the directory of `image`, which may be a link to what
    /// the image is to replace.
    pub fn create(image: &[u8]) -> Result<Self> {
        let name = follow_links(image)?;
        if let Ok(metadata) = std::fs::metadata(&name) {
            let kind = match metadata.file_type() {
                kind if kind.is_file() => None,
                kind if kind.is_dir() => Some("is a directory"),
                _ => Some("is not a regular file"),
            };
            if let Some(kind) = kind {
                return Err(Error::new(
                    Status::Output,
                    format!("{} {kind}; name another file", quoted(image)),
                )
                .because_of(Argument::Image));
            }
        }
        let parent = match name.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let failed = |errno| {
            let what = format!("creating a file in {parent:?}");
            let error = Error::system(Status::Output, what, errno).because_of(Argument::Image);
            match errno {
                Errno::NOENT => error.advise("make that directory first"),
                _ => error,
            }
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(parent, flags, Mode::empty()).map_err(failed)?;
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&directory, ".", flags, Mode::from_raw_mode(MODE)) {
            Ok(file) if rustix::fs::stat(proc_name(&file)).is_ok() => {
                Unpublished::Unnamed(File::from(file))
            }
            // The file system has no such files, or /proc is not there to
            // give one a name.
            Ok(_) | Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => {
                use std::os::unix::fs::PermissionsExt;
                let hidden = Builder::new()
                    .prefix(TEMPORARY)
                    .permissions(std::fs::Permissions::from_mode(MODE))
                    .tempfile_in(parent);
                let hidden = hidden
                    .map_err(|error| failed(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
                Unpublished::Hidden(hidden)
            }
            Err(errno) => return Err(failed(errno)),
        };
        Ok(Output {
            name,
            directory,
            file,
        })
    }

    /// The file to write to.
    pub fn file(&self) -> &File {
        match &self.file {
            Unpublished::Unnamed(file) => file,
            Unpublished::Hidden(file) => file.as_file(),
        }
    }

    /// Gives the file its name; returns its size in bytes.
    pub fn publish(self) -> Result<u64> {
        let name = self.name;
        let failed = |errno| {
            let what = format!("naming the finished image {name:?}");
            Error::system(Status::Output, what, errno).because_of(Argument::Image)
        };
        let io_failed =
            |error: std::io::Error| failed(Errno::from_io_error(&error).unwrap_or(Errno::IO));
        match self.file {
            Unpublished::Unnamed(file) => {
                let size = file.metadata().map_err(io_failed)?.len();
                let base = name.file_name().unwrap_or(name.as_os_str());
                let link = |base: &OsStr| {
                    let flags = AtFlags::SYMLINK_FOLLOW;
                    let file = proc_name(&file);
                    rustix::fs::linkat(rustix::fs::CWD, file, &self.directory, base, flags)
                };
                match link(base) {
                    Ok(()) => {}
                    Err(Errno::EXIST) => replace(&self.directory, base, link).map_err(failed)?,
                    Err(errno) => return Err(failed(errno)),
                }
                Ok(size)
            }
            Unpublished::Hidden(file) => {
                let size = file.as_file().metadata().map_err(io_failed)?.len();
                file.persist(&name)
                    .map_err(|error| io_failed(error.error))?;
                Ok(size)
            }
        }
    }
}

/// Replaces the file `base` by one that `link` gives a name.
fn replace(
    directory: &OwnedFd,
    base: &OsStr,
    link: impl Fn(&OsStr) -> rustix::io::Result<()>,
) -> rustix::io::Result<()> {
    let mut attempt: u64 = 0;
    let temporary = loop {
        let name = format!("{TEMPORARY}{}-{attempt}", std::process::id());
        match link(OsStr::new(&name)) {
            Ok(()) => break name,
            Err(Errno::EXIST) => attempt += 1,
            Err(errno) => return Err(errno),
        }
    };
    rustix::fs::renameat(directory, &temporary, directory, base).inspect_err(|_| {
        // The first failure is the one to report.
        let _ = rustix::fs::unlinkat(directory, &temporary, AtFlags::empty());
    })
}

/// The name by which a file without one can be given one.
fn proc_name(file: &impl AsRawFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// The name that `image` leads to when it is a link, whether or not there is
/// a file of that name.
fn follow_links(image: &[u8]) -> Result<PathBuf> {
    let mut name = PathBuf::from(OsStr::from_bytes(image));
    for _ in 0..MAX_LINKS {
        match std::fs::read_link(&name) {
            Ok(target) => name = name.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => return Ok(name),
        }
    }
    Err(Error::system(Status::Output, quoted(image), Errno::LOOP).because_of(Argument::Image))
}
