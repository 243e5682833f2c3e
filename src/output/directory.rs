// SPDX-License-Identifier: GPL-3.0-or-later

//! A directory of blobs: an OCI image layout.
//!
//! It is a valid layout at any time: blobs appear whole, and before the index
//! that tells of them takes the place of the one that there was.  A build has
//! the directory to itself, by a lock on it.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;
use serde::Serialize;

use super::leftovers;
use super::new_file::{errno, is_temporary};
use super::{NewFile, write_failure};
use crate::digest::Digest;
use crate::error::{Argument, Error, Result, Status};
use crate::format::Index;
use crate::format::documents::oci;
use crate::image::Section;
use crate::input::FileId;
use crate::job::{Job, lock};
use crate::open::{DIRECTORY_FLAGS, open, open_at};

/// How often a build looks whether another one has left the directory.
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// The permissions of directories before the umask.
const DIRECTORY_MODE: Mode = Mode::from_bits_retain(0o777);

/// The files of a layout.
const LAYOUT: &str = "oci-layout";
const INDEX: &str = "index.json";
const BLOBS: [&str; 2] = ["blobs", "blobs/sha256"];

/// More than an index has, in bytes.
const MAX_INDEX: u64 = 8 << 20;

/// A layout that is being written to.
pub struct Directory {
    argument: Argument,
    /// Its absolute name.
    name: PathBuf,
    root: OwnedFd,
    /// What was made in it or of it and goes again if the build fails.
    made: Mutex<Vec<Made>>,
    index: Mutex<Option<Vec<u8>>>,
}

/// Something that was made, by its name in the directory.
enum Made {
    File(PathBuf),
    Directory(PathBuf),
    /// The directory itself.
    Root,
}

impl Directory {
    /// The directory `name`, which is made if it is not there; errors about it
    /// are because of `argument`.
    pub fn open(name: &[u8], argument: Argument) -> Result<Self> {
        let failed = |what, errno| failed(what, errno).because_of(argument);
        let name = Path::new(OsStr::from_bytes(name));
        let made = match rustix::fs::mkdir(name, DIRECTORY_MODE) {
            Ok(()) => vec![Made::Root],
            Err(Errno::EXIST) => Vec::new(),
            Err(errno) => {
                let error = failed(format!("making the directory {name:?}"), errno);
                return Err(match errno {
                    Errno::NOENT => error.advise("make the directory above it first"),
                    _ => error,
                });
            }
        };
        let open = || {
            let root = open_directory(name)?;
            let name = std::fs::canonicalize(name).map_err(|error| errno(&error))?;
            Ok((root, name))
        };
        let (root, name) = open().map_err(|errno| {
            if !made.is_empty() {
                let _ = rustix::fs::rmdir(name);
            }
            let error = failed(format!("opening the directory {name:?}"), errno);
            match errno {
                Errno::NOTDIR => error.advise("an OCI layout is a directory; name another one"),
                _ => error,
            }
        })?;
        Ok(Directory {
            argument,
            name,
            root,
            made: Mutex::new(made),
            index: Mutex::new(None),
        })
    }

    /// Waits until no other build has the directory, and makes it a layout if
    /// it is empty.
    pub fn lock(&mut self, job: &Job) -> Result<()> {
        let argument = self.argument;
        self.lock_and_prepare(job)
            .map_err(|error| error.because_of(argument))
    }

    fn lock_and_prepare(&mut self, job: &Job) -> Result<()> {
        loop {
            job.check()?;
            match rustix::fs::flock(&self.root, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) if self.is_there() => break,
                // The other build has failed, and removed what it had made.
                Ok(()) => {
                    let what = format!("opening the directory {:?}", self.name);
                    match rustix::fs::mkdir(&self.name, DIRECTORY_MODE) {
                        Ok(()) => lock(&self.made).push(Made::Root),
                        Err(Errno::EXIST) => {}
                        Err(errno) => return Err(failed(what, errno)),
                    }
                    self.root = open_directory(&self.name).map_err(|errno| failed(what, errno))?;
                }
                Err(Errno::WOULDBLOCK) => thread::sleep(LOCK_INTERVAL),
                Err(Errno::INTR) => {}
                Err(errno) => {
                    let what = format!("locking the directory {:?}", self.name);
                    return Err(failed(what, errno)
                        .advise("have the layout on a file system that knows locks"));
                }
            }
        }
        leftovers::remove(&self.root);
        let flags = DIRECTORY_FLAGS | OFlags::NOFOLLOW;
        if let Ok(blobs) = open_at(&self.root, BLOBS[1], flags) {
            leftovers::remove(&blobs);
        }
        self.prepare()
    }

    /// Whether the directory still has its name.
    fn is_there(&self) -> bool {
        let ids = (rustix::fs::stat(&self.name), rustix::fs::fstat(&self.root));
        matches!(ids, (Ok(named), Ok(open)) if FileId::from(&named) == FileId::from(&open))
    }

    /// Makes what an empty layout has, unless it is there.
    fn prepare(&self) -> Result<()> {
        if let Some(layout) = self.read(LAYOUT)? {
            oci::check_layout(&layout)
                .map_err(|problem| self.refused(format_args!("{LAYOUT} {problem}")))?;
            // Not when all has been written.
            return Index::parse(&self.read_index()?)
                .map(drop)
                .map_err(|error| self.refused(format_args!("{}", error.message())));
        }
        if let Some(stranger) = self.stranger()? {
            return Err(self.refused(format_args!(
                "it has no file {LAYOUT}, but {stranger:?}; name a new or an empty directory"
            )));
        }
        for name in BLOBS {
            match rustix::fs::mkdirat(&self.root, name, DIRECTORY_MODE) {
                Ok(()) => lock(&self.made).push(Made::Directory(name.into())),
                Err(Errno::EXIST) => {}
                Err(errno) => {
                    let name = self.name.join(name);
                    return Err(failed(format_args!("making the directory {name:?}"), errno));
                }
            }
        }
        self.put_file(Path::new(INDEX), &oci::index::<oci::Descriptor>(&[])?)?;
        self.put_file(Path::new(LAYOUT), oci::LAYOUT)
    }

    /// The name of something in the directory that an empty layout has not.
    fn stranger(&self) -> Result<Option<OsString>> {
        let reading = |errno| failed(format_args!("reading the directory {:?}", self.name), errno);
        // The standard library panics if such a descriptor cannot be closed well.
        let listed = open_at(&self.root, ".", DIRECTORY_FLAGS).and_then(Dir::new);
        for entry in listed.map_err(reading)? {
            let entry = entry.map_err(reading)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            let is_known = [".", "..", INDEX, BLOBS[0]]
                .iter()
                .any(|known| name == *known);
            if !is_known && !is_temporary(name.as_bytes()) {
                return Ok(Some(name.to_owned()));
            }
        }
        Ok(None)
    }

    fn refused(&self, problem: std::fmt::Arguments) -> Error {
        let what = format!("{:?} is no OCI layout: {problem}", self.name);
        Error::new(Status::Output, what).because_of(self.argument)
    }

    /// The files that must not become part of the image: the directory, with
    /// all that is in it.
    pub fn ids(&self) -> Result<Vec<FileId>> {
        let stat = rustix::fs::fstat(&self.root)
            .map_err(|errno| failed(format_args!("examining {:?}", self.name), errno))?;
        Ok(vec![FileId::from(&stat)])
    }

    /// An empty file that is to be a blob.
    pub fn new_blob(&self) -> Result<NewFile> {
        NewFile::create(&self.root, &self.name).map_err(|error| error.because_of(self.argument))
    }

    /// Has a blob appear.
    pub fn put_blob(&self, file: NewFile, digest: &Digest) -> Result<()> {
        self.put(file, Path::new(&oci::blob_file(digest)))
    }

    /// Writes a blob of these bytes, unless it is there.
    pub fn write_blob(&self, bytes: &[u8], digest: &Digest) -> Result<()> {
        if self.read_document(digest)?.is_some() {
            return Ok(());
        }
        self.put_file(Path::new(&oci::blob_file(digest)), bytes)
    }

    /// Has a blob of another directory appear in this one as well, unless it is
    /// there; returns whether that could be done without copying it.
    pub fn link_blob(&self, section: &Section, digest: &Digest, job: &Job) -> Result<bool> {
        let name = oci::blob_file(digest);
        let stat = rustix::fs::fstat(&*section.file)
            .map_err(|errno| failed(format_args!("examining the blob {digest}"), errno))?;
        if let Some((there, file)) = self.open_blob(&name, section.size) {
            return Ok(FileId::from(&there) == FileId::from(&stat)
                || matches!(file.digest(job)?, Ok(found) if found == *digest));
        }
        if section.offset != 0 || section.size != stat.st_size as u64 {
            return Ok(false);
        }
        // By its descriptor: the name may be another file's by now.
        let source = format!("/proc/self/fd/{}", section.file.as_raw_fd());
        let flags = AtFlags::SYMLINK_FOLLOW;
        let linked = rustix::fs::linkat(rustix::fs::CWD, source, &self.root, &name, flags);
        if linked.is_ok() {
            lock(&self.made).push(Made::File(name.into()));
        }
        Ok(linked.is_ok())
    }

    /// The blob that is there under `name`, if it has `size` bytes.
    fn open_blob(&self, name: &str, size: u64) -> Option<(Stat, Section)> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = open_at(&self.root, name, flags).ok()?;
        let stat = rustix::fs::fstat(&file).ok()?;
        let is_it = FileType::from_raw_mode(stat.st_mode).is_file() && stat.st_size as u64 == size;
        is_it.then(|| {
            let section = Section {
                file: Arc::new(file.into()),
                offset: 0,
                size,
            };
            (stat, section)
        })
    }

    /// The bytes of the document with that digest, if it is there and is right.
    fn read_document(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        let document = self.read(&oci::blob_file(digest))?;
        Ok(document.filter(|bytes| Digest::of(bytes) == *digest))
    }

    /// The index that is there.
    fn read_index(&self) -> Result<Vec<u8>> {
        let index = self.read(INDEX)?;
        index.ok_or_else(|| self.refused(format_args!("it has no file {INDEX}")))
    }

    /// Adds entries to the index, which is written by [`Directory::publish`].  The
    /// entries of a group have one name or none.
    pub fn add_entries<'a, T: Serialize + 'a>(
        &self,
        groups: impl Iterator<Item = &'a [T]>,
    ) -> Result<()> {
        let read = |digest: &Digest| self.read_document(digest);
        let mut index = Index::parse(&self.read_index()?)?;
        for group in groups {
            if let Some(nested) = index.add(group, &read)? {
                self.write_blob(&nested.bytes, &nested.digest)?;
            }
        }
        let index = index.encode()?;
        if index.len() as u64 > MAX_INDEX {
            return Err(self.refused(format_args!(
                "its index would be larger than {MAX_INDEX} bytes; name another directory"
            )));
        }
        *lock(&self.index) = Some(index);
        Ok(())
    }

    /// Has the index tell of the image.
    pub fn publish(self) -> Result<()> {
        if let Some(index) = lock(&self.index).take() {
            self.put_file(Path::new(INDEX), &index)?;
        }
        lock(&self.made).clear();
        Ok(())
    }

    fn put_file(&self, name: &Path, bytes: &[u8]) -> Result<()> {
        let file = self.new_blob()?;
        file.file()
            .write_all(bytes)
            .map_err(|error| write_failure(&error))?;
        self.put(file, name)
    }

    /// Gives `file` a name in the directory, and the place of what is there.
    fn put(&self, file: NewFile, name: &Path) -> Result<()> {
        let is_new = rustix::fs::statat(&self.root, name, AtFlags::SYMLINK_NOFOLLOW).is_err();
        let above = name.parent().filter(|above| *above != Path::new(""));
        let above = above.unwrap_or(Path::new("."));
        let base = name.file_name().unwrap_or(name.as_os_str());
        let naming = |errno| failed(format_args!("naming {:?}", self.name.join(name)), errno);
        let directory = open_at(&self.root, above, DIRECTORY_FLAGS).map_err(naming)?;
        if is_new {
            lock(&self.made).push(Made::File(name.into()));
        }
        file.publish(&directory, &self.name.join(above), base)
            .map_err(|error| naming(errno(&error)))
    }

    /// The content of a file in the directory, if it is there.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let reading = |errno| failed(format_args!("reading {:?}", self.name.join(name)), errno);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match open_at(&self.root, name, flags) {
            Ok(file) => std::fs::File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(reading(errno)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_INDEX + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| reading(errno(&error)))?;
        if bytes.len() as u64 > MAX_INDEX {
            return Err(self.refused(format_args!("{name} is larger than {MAX_INDEX} bytes")));
        }
        Ok(Some(bytes))
    }
}

impl Drop for Directory {
    /// Removes what was made, unless it was published.
    fn drop(&mut self) {
        let made = std::mem::take(&mut *lock(&self.made));
        for made in made.into_iter().rev() {
            let _ = match made {
                Made::File(name) => rustix::fs::unlinkat(&self.root, name, AtFlags::empty()),
                Made::Directory(name) => rustix::fs::unlinkat(&self.root, name, AtFlags::REMOVEDIR),
                Made::Root => rustix::fs::rmdir(&self.name),
            };
        }
    }
}

fn open_directory(name: &Path) -> rustix::io::Result<OwnedFd> {
    open(name, DIRECTORY_FLAGS)
}

fn failed(what: impl std::fmt::Display, errno: Errno) -> Error {
    Error::system(Status::Output, what, errno)
}
