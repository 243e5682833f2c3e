// SPDX-License-Identifier: GPL-3.0-or-later

//! Blobs of a layout that is written to.
//!
//! A file that another user owns, or can write to, is nobody's to rely on: its
//! content may change when its digest has been checked.  So a blob is linked to
//! a file, or left as it is, only if the effective user alone can write to it;
//! otherwise its content is cloned or copied.

use std::ffi::OsStr;
use std::sync::Arc;

use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, OFlags, Stat};

use super::{BLOBS, Directory, FILE_MODE, Made, failed};
use crate::digest::Digest;
use crate::error::{Error, Result, Status};
use crate::input::FileId;
use crate::input::open::{is_private, open_at};
use crate::job::{Job, lock};
use crate::output::NewFile;
use crate::output::new_file::proc_name;
use crate::section::Section;

impl Directory {
    /// An empty file that is to be a blob.
    pub fn new_blob(&self) -> Result<NewFile> {
        NewFile::create(&self.root, &self.name, FILE_MODE)
            .map_err(|error| error.with_argument(self.argument))
    }

    /// Has a blob appear.
    pub fn put_blob(&self, file: NewFile, digest: &Digest) -> Result<()> {
        let name = digest.hex();
        let directory = self.blobs()?;
        if rustix::fs::statat(directory, &name, AtFlags::SYMLINK_NOFOLLOW).is_err() {
            lock(&self.made).push(Made::Blob(name.clone()));
        }
        file.publish(directory, OsStr::new(&name))
            .map_err(|errno| self.naming(BLOBS[1], &name, errno))
    }

    /// Writes a blob of these bytes, unless it is there.
    pub fn write_blob(&self, bytes: &[u8], digest: &Digest) -> Result<()> {
        let there = self.open_blob(&digest.hex(), bytes.len() as u64)?;
        let is_kept = there.is_some_and(|(stat, _)| is_private(&stat));
        if is_kept && self.read_document(digest)?.is_some() {
            return Ok(());
        }
        let file = self.new_file(bytes)?;
        self.put_blob(file, digest)
    }

    /// Has a blob of another directory, whose digest was checked, appear in this
    /// one as well, unless it is there; returns whether that could be done
    /// without copying it.
    pub fn adopt_blob(&self, section: &Section, digest: &Digest, job: &Job) -> Result<bool> {
        let name = digest.hex();
        let stat = rustix::fs::fstat(&*section.file)
            .map_err(|errno| failed(format_args!("examining the blob {digest}"), errno))?;
        if let Some((there, file)) = self.open_blob(&name, section.size)? {
            if is_private(&there) {
                let is_same = FileId::from(&there) == FileId::from(&stat);
                return Ok(is_same || matches!(file.digest(job)?, Ok(found) if found == *digest));
            }
        }
        if section.offset != 0 || section.size != stat.st_size as u64 {
            return Ok(false);
        }
        if is_private(&stat) {
            // By its descriptor: the name may be another file's by now.
            let source = proc_name(&section.file.as_raw_fd());
            let flags = AtFlags::SYMLINK_FOLLOW;
            let linked = rustix::fs::linkat(rustix::fs::CWD, source, self.blobs()?, &name, flags);
            if linked.is_ok() {
                lock(&self.made).push(Made::Blob(name));
                return Ok(true);
            }
        }
        self.clone_blob(section, digest, job)
    }

    /// Has a blob share its content with another file until that is written to;
    /// returns whether that could be done.
    fn clone_blob(&self, section: &Section, digest: &Digest, job: &Job) -> Result<bool> {
        let file = self.new_blob()?;
        if rustix::fs::ioctl_ficlone(file.file(), &*section.file).is_err() {
            return Ok(false);
        }
        let examining = |error| {
            let what = format!("examining the blob {digest}");
            Error::io(Status::Output, what, &error)
        };
        let clone = Section {
            size: file.file().metadata().map_err(examining)?.len(),
            file: Arc::new(file.file().try_clone().map_err(examining)?),
            offset: 0,
        };
        // It may have been written to since its digest was taken.
        let found = clone.copy(job, |_| Ok(()))?;
        match found.map_err(examining)? == *digest {
            true => self.put_blob(file, digest).map(|()| true),
            false => Ok(false),
        }
    }

    /// The bytes of the document with that digest, if it is there and is right.
    pub(super) fn read_document(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        let document = self.read(self.blobs()?, &digest.hex())?;
        Ok(document.filter(|bytes| Digest::of(bytes) == *digest))
    }

    /// The blob that is there under `name`, if it has `size` bytes.
    fn open_blob(&self, name: &str, size: u64) -> Result<Option<(Stat, Section)>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let Ok(file) = open_at(self.blobs()?, name, flags) else {
            return Ok(None);
        };
        let Ok(stat) = rustix::fs::fstat(&file) else {
            return Ok(None);
        };
        let is_it = FileType::from_raw_mode(stat.st_mode).is_file() && stat.st_size as u64 == size;
        Ok(is_it.then(|| {
            let section = Section {
                file: Arc::new(file.into()),
                offset: 0,
                size,
            };
            (stat, section)
        }))
    }

    /// The directory of the blobs.
    fn blobs(&self) -> Result<BorrowedFd<'_>> {
        let blobs = self.blobs.as_ref().map(rustix::fd::AsFd::as_fd);
        blobs.ok_or_else(|| Error::new(Status::Internal, "a layout was not locked"))
    }

    /// Opens the directory of the blobs, not through any link; `None` if it is
    /// not there.
    pub(super) fn open_blobs(&self) -> Result<Option<OwnedFd>> {
        let mut directory: Option<OwnedFd> = None;
        for (name, part) in std::iter::zip(BLOBS, ["blobs", "sha256"]) {
            match self.open_part(directory.as_ref().unwrap_or(&self.root), name, part)? {
                None => return Ok(None),
                part => directory = part,
            }
        }
        Ok(directory)
    }
}
