// SPDX-License-Identifier: GPL-3.0-or-later

//! A file without a name while it is written, that then has its name all at
//! once.
//!
//! Where the file system can, the file has no name until it is complete, so
//! that nothing is left behind even if the process is killed.  Elsewhere it
//! has a hidden one in the same directory, which the next build removes if the
//! process is killed.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fd::{AsFd, AsRawFd};
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};
use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, Result, Status};

/// The permissions of files before the umask.
const MODE: u32 = 0o666;

/// The beginning of names that are in use for a moment.
const TEMPORARY: &str = ".guix-docker-";

/// How many letters come after it.
const RANDOM: usize = 6;

/// A file that has no name yet.
pub enum NewFile {
    /// It has none at all.
    Unnamed(File),
    /// It has a hidden one.
    Hidden(NamedTempFile),
}

impl NewFile {
    /// An empty file in `directory`, whose absolute name is `directory_name`.
    pub fn create(directory: impl AsFd, directory_name: &Path) -> Result<Self> {
        let failed = |errno| {
            let what = format!("creating a file in {directory_name:?}");
            Error::system(Status::Output, what, errno)
        };
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(MODE);
        match retry_on_intr(|| rustix::fs::openat(&directory, ".", flags, mode)) {
            Ok(file) if rustix::fs::stat(proc_name(&file)).is_ok() => {
                // It may have a hidden name for a moment.  Where there are no
                // locks, what is left of it stays.
                let _ = lock(&file, FlockOperation::NonBlockingLockExclusive);
                Ok(NewFile::Unnamed(File::from(file)))
            }
            // The file system has no such files, or /proc is not there to
            // give one a name.
            Ok(_) | Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => {
                let hidden = create_hidden(directory_name);
                Ok(NewFile::Hidden(
                    hidden.map_err(|error| failed(errno(&error)))?,
                ))
            }
            Err(errno) => Err(failed(errno)),
        }
    }

    /// The file to write to.
    pub fn file(&self) -> &File {
        match self {
            NewFile::Unnamed(file) => file,
            NewFile::Hidden(file) => file.as_file(),
        }
    }

    /// Gives the file the name `base` in `directory`, whose absolute name is
    /// `directory_name`, and the place of what is there.
    pub fn publish(
        self,
        directory: impl AsFd,
        directory_name: &Path,
        base: &OsStr,
    ) -> std::io::Result<()> {
        let name = directory_name.join(base);
        match self {
            NewFile::Unnamed(file) => {
                let link = |base: &OsStr| {
                    let flags = AtFlags::SYMLINK_FOLLOW;
                    rustix::fs::linkat(rustix::fs::CWD, proc_name(&file), &directory, base, flags)
                };
                match link(base) {
                    // A new name of its own first, which then takes the place
                    // of the old file all at once.
                    Err(Errno::EXIST) => {
                        let link_at = |path: &Path| {
                            link(path.file_name().unwrap_or_default()).map_err(std::io::Error::from)
                        };
                        let hidden = Builder::new()
                            .prefix(TEMPORARY)
                            .rand_bytes(RANDOM)
                            .make_in(directory_name, link_at)?;
                        hidden.persist(&name).map_err(|error| error.error)?;
                        Ok(())
                    }
                    result => Ok(result?),
                }
            }
            NewFile::Hidden(file) => match file.persist(&name) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.error),
            },
        }
    }
}

/// Whether a file of this name is one that is hidden for a moment, perhaps left
/// by a process that was killed.
pub fn is_temporary(name: &[u8]) -> bool {
    name.strip_prefix(TEMPORARY.as_bytes())
        .is_some_and(|rest| rest.len() == RANDOM && rest.iter().all(u8::is_ascii_alphanumeric))
}

/// A locked file of a hidden name in `directory`.
fn create_hidden(directory: &Path) -> std::io::Result<NamedTempFile> {
    loop {
        let hidden = Builder::new()
            .prefix(TEMPORARY)
            .rand_bytes(RANDOM)
            .permissions(Permissions::from_mode(MODE))
            .tempfile_in(directory)?;
        if lock(&hidden, FlockOperation::LockExclusive).is_err() {
            return Ok(hidden);
        }
        // Before it was locked, it could be taken for one that is left over.  A
        // file system in user space may have it go on under another name then.
        match rustix::fs::stat(hidden.path()) {
            Ok(_) if rustix::fs::fstat(&hidden)?.st_nlink > 0 => return Ok(hidden),
            Ok(_) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn lock(file: impl AsFd, how: FlockOperation) -> rustix::io::Result<()> {
    retry_on_intr(|| rustix::fs::flock(&file, how))
}

/// The name by which a file without one can be given one.
fn proc_name(file: &impl AsRawFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// The number of `error`.
pub fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
