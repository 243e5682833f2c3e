// SPDX-License-Identifier: GPL-3.0-or-later

//! The place that an image is to appear at, looked at before any work is done.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Stat, StatxAttributes, StatxFlags};
use rustix::io::Errno;

use crate::error::{Argument, Error, Result, Status, quoted};
use crate::input::FileId;
use crate::input::open::{DIRECTORY_FLAGS, open};
use crate::retry::retry;

/// How many symbolic links the image's name may lead through.
const MAX_SYMLINKS: usize = 40;

/// The `f_type` of /proc.
const PROC_SUPER_MAGIC: u64 = 0x9fa0;

/// A name in a directory, whether or not there is a file of that name.  It
/// stays the same place if the process changes its directory.
pub struct Place {
    /// The directory's absolute name.
    pub directory_name: PathBuf,
    /// The directory.
    pub directory: OwnedFd,
    /// The name in it.
    pub base: OsString,
    /// The file that is there, which the image is to replace.
    pub replaced: Option<FileId>,
}

impl Place {
    /// The place that `image`, which may be a link to it, names.  Fails where
    /// an image could not be given that name.
    pub fn find(image: &[u8]) -> Result<Self> {
        let name = follow_links(image)?;
        let parent = match name.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let failed = |errno| {
            let error = because_of_image(format_args!("creating a file in {parent:?}"), errno);
            match errno {
                Errno::NOENT => error.with_hint("make that directory first"),
                _ => error,
            }
        };
        let directory = open(parent, DIRECTORY_FLAGS).map_err(failed)?;
        let directory_name = std::fs::canonicalize(parent)
            .map_err(|error| failed(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
        let base = name.file_name().unwrap_or(OsStr::new(".")).to_owned();
        let mut place = Place {
            directory_name,
            directory,
            base,
            replaced: None,
        };
        place.check(image)?;
        Ok(place)
    }

    fn check(&mut self, image: &[u8]) -> Result<()> {
        let stat = rustix::fs::statat(&self.directory, &self.base, AtFlags::SYMLINK_NOFOLLOW);
        let stat = match stat {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => {
                let name = self.directory_name.join(&self.base);
                return Err(because_of_image(format_args!("examining {name:?}"), errno));
            }
        };
        let kind = FileType::from_raw_mode(stat.st_mode);
        if !kind.is_file() {
            let what = match kind.is_dir() {
                true => "is a directory",
                false => "is not a regular file",
            };
            return Err(refused(image, what, "name another file"));
        }
        self.replaced = Some(FileId::from(&stat));
        self.check_replaceable(image, &stat)
    }

    /// Fails if the file that is there, of which `stat` is known, cannot be
    /// replaced by another one.
    fn check_replaceable(&self, image: &[u8], stat: &Stat) -> Result<()> {
        let attributes = |flags| {
            let statx = match flags {
                AtFlags::EMPTY_PATH => {
                    rustix::fs::statx(&self.directory, "", flags, StatxFlags::empty())
                }
                _ => rustix::fs::statx(&self.directory, &self.base, flags, StatxFlags::empty()),
            };
            statx.map_or(StatxAttributes::empty(), |statx| statx.stx_attributes)
        };
        let file = attributes(AtFlags::SYMLINK_NOFOLLOW);
        if file.contains(StatxAttributes::MOUNT_ROOT) {
            let what = "is mounted by itself and cannot be replaced";
            return Err(refused(
                image,
                what,
                "mount its directory, or name another file",
            ));
        }
        // The kernel checks all that deleting a file takes before it finds
        // that this is no directory, and leaves the file as it is.
        let probe = rustix::fs::unlinkat(&self.directory, &self.base, AtFlags::REMOVEDIR);
        let Err(errno @ (Errno::PERM | Errno::ACCESS | Errno::ROFS)) = probe else {
            return Ok(());
        };
        let guarded = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
        let (what, advice) = if file.intersects(guarded) {
            (
                "is immutable or append-only and cannot be replaced",
                "change that by chattr -ia, or name another file",
            )
        } else if attributes(AtFlags::EMPTY_PATH).intersects(guarded) {
            (
                "is in a directory that is immutable or append-only",
                "change that by chattr -ia, or name a file in another directory",
            )
        } else if errno == Errno::PERM && stat.st_uid != rustix::process::geteuid().as_raw() {
            (
                "belongs to another user, in a directory whose files only their owners may replace",
                "name another file",
            )
        } else {
            return Err(
                because_of_image(format_args!("replacing {}", quoted(image)), errno)
                    .with_hint("name another file"),
            );
        };
        Err(refused(image, what, advice))
    }
}

/// The name that `image` leads to when it is a link, whether or not there is
/// a file of that name.
fn follow_links(image: &[u8]) -> Result<PathBuf> {
    let mut name = PathBuf::from(OsStr::from_bytes(image));
    for _ in 0..MAX_SYMLINKS {
        let Ok(target) = std::fs::read_link(&name) else {
            return Ok(name);
        };
        let parent = match name.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // There, what a link says is no name.
        let is_proc = retry(|| rustix::fs::statfs(parent)).is_ok_and(|system| {
            #[allow(clippy::unnecessary_cast)] // its type differs between architectures
            let kind = system.f_type as u64;
            kind & 0xffff_ffff == PROC_SUPER_MAGIC
        });
        if is_proc {
            let what = "leads to a file that a process has open";
            return Err(refused(image, what, "name a regular file"));
        }
        name = parent.join(target);
    }
    Err(because_of_image(quoted(image), Errno::LOOP))
}

/// The image cannot be what `image` names.
fn refused(image: &[u8], what: &str, advice: &str) -> Error {
    Error::new(Status::Output, format!("{} {what}", quoted(image)))
        .with_argument(Argument("image"))
        .with_hint(advice)
}

fn because_of_image(what: impl std::fmt::Display, errno: Errno) -> Error {
    Error::system(Status::Output, what, errno).with_argument(Argument("image"))
}
