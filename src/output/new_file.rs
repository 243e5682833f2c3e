// SPDX-License-Identifier: GPL-3.0-or-later

//! A file without a name while it is written, that then has its name all at
//! once.
//!
//! Where the file system can, the file has no name until it is complete, so
//! that nothing is left behind even if the process is killed.  Elsewhere it
//! has a hidden one in the same directory, which the next build removes if the
//! process is killed.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::{Errno, Result as CallResult};

use crate::error::{Error, Result, Status};
use crate::retry::retry;

/// The beginning of names that are in use for a moment.
const TEMPORARY: &str = ".guix-docker-";

/// How many letters come after it.
const RANDOM: usize = 6;

/// Number of hidden names to try before that is an error.
const MAX_NAMES: usize = 1000;

/// The lowest number of a descriptor that is not a standard stream's.
const FIRST_FREE: i32 = 3;

/// A file that has no name yet.
pub struct NewFile {
    file: File,
    /// The hidden one that it has where it must have one.
    hidden: Option<Hidden>,
}

/// A hidden name, which is removed unless the file got another one.
struct Hidden {
    directory: OwnedFd,
    name: String,
}

impl NewFile {
    /// An empty file in `directory`, whose absolute name is `directory_name`, of
    /// those permissions before the umask.
    pub fn create(directory: impl AsFd, directory_name: &Path, mode: Mode) -> Result<Self> {
        let directory = directory.as_fd();
        let failed = |errno| {
            let what = format!("creating a file in {directory_name:?}");
            Error::system(Status::Output, what, errno)
        };
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        match retry(|| rustix::fs::openat(directory, ".", flags, mode)) {
            Ok(file) if rustix::fs::stat(proc_name(&file)).is_ok() => {
                // It may have a hidden name for a moment.  Where there are no
                // locks, what is left of it stays.
                let _ = lock(&file);
                Ok(NewFile {
                    file: File::from(file),
                    hidden: None,
                })
            }
            // The file system has no such files, or /proc is not there to
            // give one a name.
            Ok(_) | Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => {
                create_hidden(directory, mode).map_err(failed)
            }
            Err(errno) => Err(failed(errno)),
        }
    }

    /// The file to write to.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file the name `base` in `directory`, and the place of what is
    /// there.
    pub fn publish(self, directory: impl AsFd, base: &OsStr) -> CallResult<()> {
        let directory = directory.as_fd();
        let NewFile { file, hidden } = self;
        if let Some(hidden) = hidden {
            return hidden.rename(directory, base);
        }
        let link = |name: &OsStr| {
            let flags = AtFlags::SYMLINK_FOLLOW;
            rustix::fs::linkat(rustix::fs::CWD, proc_name(&file), directory, name, flags)
        };
        match link(base) {
            // A new name of its own first, which then takes the place of the
            // old file all at once.
            Err(Errno::EXIST) => {
                let (hidden, ()) = Hidden::try_names(directory, |name| link(OsStr::new(name)))?;
                hidden.rename(directory, base)
            }
            result => result,
        }
    }
}

impl Hidden {
    /// Calls `make` with hidden names until it makes something of that name in
    /// `directory`.
    fn try_names<T>(
        directory: BorrowedFd,
        mut make: impl FnMut(&str) -> CallResult<T>,
    ) -> CallResult<(Self, T)> {
        let own = rustix::io::fcntl_dupfd_cloexec(directory, FIRST_FREE)?;
        for name in hidden_names().take(MAX_NAMES) {
            match make(&name) {
                Err(Errno::EXIST) => {}
                made => {
                    let made = made?;
                    let hidden = Hidden {
                        directory: own,
                        name,
                    };
                    return Ok((hidden, made));
                }
            }
        }
        Err(Errno::EXIST)
    }

    /// Has the file be called `base` in `directory`.
    fn rename(mut self, directory: BorrowedFd, base: &OsStr) -> CallResult<()> {
        rustix::fs::renameat(&self.directory, &self.name, directory, base)?;
        self.name.clear();
        Ok(())
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            let _ = rustix::fs::unlinkat(&self.directory, &self.name, AtFlags::empty());
        }
    }
}

/// Whether a file of this name is one that is hidden for a moment, perhaps left
/// by a process that was killed.
pub fn is_temporary(name: &[u8]) -> bool {
    name.strip_prefix(TEMPORARY.as_bytes())
        .is_some_and(|rest| rest.len() == RANDOM && rest.iter().all(u8::is_ascii_alphanumeric))
}

/// Hidden names, other ones each time.
pub fn hidden_names() -> impl Iterator<Item = String> {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let time = SystemTime::now().duration_since(UNIX_EPOCH);
    let time = time.map_or(0, |time| time.as_nanos() as u64);
    let process = u64::from(std::process::id()) << 40;
    let call = CALLS
        .fetch_add(1, Ordering::Relaxed)
        .wrapping_mul(0x9e37_79b9);
    let mut state = (time ^ process ^ call) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let letter = |index| char::from(LETTERS[(state >> (5 * index + 20)) as usize % 32]);
        TEMPORARY.chars().chain((0..RANDOM).map(letter)).collect()
    })
}

/// A locked file of a hidden name in `directory`.
fn create_hidden(directory: BorrowedFd, mode: Mode) -> CallResult<NewFile> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
    let flags = flags | OFlags::NOFOLLOW;
    let create = |name: &str| retry(|| rustix::fs::openat(directory, name, flags, mode));
    for _ in 0..MAX_NAMES {
        let (hidden, file) = Hidden::try_names(directory, create)?;
        // Before it was locked, it could be taken for one that is left over.  A
        // file system in user space may have it go on under another name then.
        let is_kept = match lock(&file) {
            Err(Errno::WOULDBLOCK) => false,
            Err(_) => true,
            Ok(()) => match rustix::fs::statat(directory, &hidden.name, AtFlags::empty()) {
                Ok(_) => rustix::fs::fstat(&file)?.st_nlink > 0,
                Err(Errno::NOENT) => false,
                Err(errno) => return Err(errno),
            },
        };
        if is_kept {
            return Ok(NewFile {
                file: File::from(file),
                hidden: Some(hidden),
            });
        }
    }
    Err(Errno::EXIST)
}

/// Locks `file` unless another process has it.
pub fn lock(file: impl AsFd) -> CallResult<()> {
    retry(|| rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive))
}

/// The name by which a file without one can be given one.
pub fn proc_name(file: &impl AsRawFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{hidden_names, is_temporary};

    #[test]
    fn hidden_names_differ() {
        let names = (0..10).flat_map(|_| hidden_names().take(100));
        let names: BTreeSet<String> = names.collect();
        assert!(names.len() > 990, "{}", names.len());
        assert!(names.iter().all(|name| is_temporary(name.as_bytes())));
    }
}
