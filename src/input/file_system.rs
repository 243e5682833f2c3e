// SPDX-License-Identifier: GPL-3.0-or-later

//! Opening beneath a descriptor, never through a symbolic link.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::input::open::{open, open_at};
use crate::retry::retry;
use crate::warning::Warnings;

/// The longest file name the system takes in one piece, with its NUL.
const PATH_MAX: usize = 4096;

/// The file system, held by its root directory for the time of a build.
pub struct FileSystem {
    /// What is worth a warning about the files that were found.
    pub warnings: Warnings,
    root: OwnedFd,
    has_openat2: AtomicBool,
}

/// A directory that the caller has named through symbolic links.  They are
/// followed once, when the directory is first looked at.
#[derive(Debug, PartialEq, Eq)]
pub struct Origin {
    given: Vec<u8>,
    real: Vec<u8>,
}

impl Origin {
    /// Where the directory `given`, which may be a link or below one, really
    /// is; `None` if it is there.
    pub fn resolve(given: &[u8]) -> rustix::io::Result<Option<Arc<Self>>> {
        let real = match std::fs::canonicalize(Path::new(OsStr::from_bytes(given))) {
            Ok(real) => real.into_os_string().into_encoded_bytes(),
            Err(error) => match Errno::from_io_error(&error) {
                // It is taken as it is; were there links, it is not opened.
                Some(Errno::NAMETOOLONG) => return Ok(None),
                errno => return Err(errno.unwrap_or(Errno::IO)),
            },
        };
        Ok((real != given).then(|| {
            Arc::new(Origin {
                given: given.to_vec(),
                real,
            })
        }))
    }

    /// Where `path`, the directory or one below it, really is.
    pub fn real_name(origin: Option<&Arc<Self>>, path: &[u8]) -> Vec<u8> {
        match origin {
            None => path.to_vec(),
            Some(origin) => {
                let below = path.strip_prefix(origin.given.as_slice());
                [&origin.real, b"/".as_slice(), below.unwrap_or_default()].concat()
            }
        }
    }
}

impl FileSystem {
    /// The file system as the process sees it now.
    pub fn open() -> rustix::io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(FileSystem {
            warnings: Warnings::default(),
            root: open("/", flags)?,
            has_openat2: AtomicBool::new(true),
        })
    }

    /// Opens the directory with the absolute name `path`, to reach what is in
    /// it, if no part of its name is a symbolic link; fails with `ELOOP` or
    /// `ENOTDIR` if one is.
    pub fn directory(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        self.open_directory(path, OFlags::PATH)
    }

    /// Opens a directory likewise, to list it.
    pub fn listed_directory(&self, path: &[u8]) -> rustix::io::Result<OwnedFd> {
        self.open_directory(path, OFlags::RDONLY)
    }

    fn open_directory(&self, path: &[u8], access: OFlags) -> rustix::io::Result<OwnedFd> {
        let start = path.iter().position(|&byte| byte != b'/');
        let mut rest = &path[start.unwrap_or(path.len())..];
        let mut base: Option<OwnedFd> = None;
        while rest.len() >= PATH_MAX {
            let cut = rest[..PATH_MAX - 1].iter().rposition(|&byte| byte == b'/');
            let cut = cut.ok_or(Errno::NAMETOOLONG)?;
            base = Some(self.directory_below(self.or_root(&base), &rest[..cut], OFlags::PATH)?);
            rest = &rest[cut + 1..];
        }
        self.directory_below(self.or_root(&base), rest, access)
    }

    fn or_root<'a>(&'a self, base: &'a Option<OwnedFd>) -> BorrowedFd<'a> {
        base.as_ref().unwrap_or(&self.root).as_fd()
    }

    fn directory_below(
        &self,
        base: BorrowedFd,
        path: &[u8],
        access: OFlags,
    ) -> rustix::io::Result<OwnedFd> {
        let path = if path.is_empty() { b"." } else { path };
        if self.has_openat2.load(Ordering::Relaxed) {
            let flags = access | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            let opened = retry(|| rustix::fs::openat2(base, path, flags, Mode::empty(), resolve));
            match opened {
                // Before Linux 5.6, or refused by a sandbox that does not
                // know the call.
                Err(Errno::NOSYS | Errno::PERM) => {
                    self.has_openat2.store(false, Ordering::Relaxed);
                }
                result => return result,
            }
        }
        step_by_step(base, path, access)
    }
}

/// As `openat2` with `RESOLVE_NO_SYMLINKS`, a component at a time.
fn step_by_step(base: BorrowedFd, path: &[u8], access: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut reached: Option<OwnedFd> = None;
    let mut components = path
        .split(|&byte| byte == b'/')
        .filter(|part| !part.is_empty())
        .peekable();
    while let Some(component) = components.next() {
        let above = reached.as_ref().map_or(base, AsFd::as_fd);
        // Directories on the way need not be readable.
        let access = match components.peek() {
            Some(_) => OFlags::PATH,
            None => access,
        };
        reached = Some(open_at(above, component, flags | access)?);
    }
    reached.ok_or(Errno::NOENT)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use rustix::fs::OFlags;
    use rustix::io::Errno;
    use tempfile::TempDir;

    use super::{AsFd, FileSystem, step_by_step};

    #[test]
    fn no_part_of_a_name_may_be_a_link() {
        let scratch = TempDir::new().unwrap();
        let here = scratch.path().canonicalize().unwrap();
        std::fs::create_dir_all(here.join("real/below")).unwrap();
        symlink("real", here.join("link")).unwrap();
        let files = FileSystem::open().unwrap();
        for (name, expected) in [
            ("real/below", None),
            ("real/./below/", None),
            ("link", Some([Errno::LOOP, Errno::NOTDIR])),
            ("link/below", Some([Errno::LOOP, Errno::NOTDIR])),
            ("missing", Some([Errno::NOENT; 2])),
        ] {
            let path = here.join(name);
            let path = path.as_os_str().as_bytes();
            for result in [
                files.listed_directory(path),
                files.directory(path),
                step_by_step(files.root.as_fd(), &path[1..], OFlags::RDONLY),
            ] {
                match (result, expected) {
                    (Ok(_), None) => {}
                    (Err(errno), Some(allowed)) => assert!(allowed.contains(&errno), "{name}"),
                    (result, _) => panic!("{name}: {result:?}"),
                }
            }
        }
    }
}
