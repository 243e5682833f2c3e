// SPDX-License-Identifier: GPL-3.0-or-later

//! A directory of blobs: an OCI image layout.
//!
//! It is a valid layout at any time: a new one appears with an index of no
//! images, blobs appear whole, and before the index that tells of them takes the
//! place of the one that there was.  A build has the directory to itself, by a
//! lock on it.  Nothing in it is written or read through a symbolic link.

mod blobs;
mod lock;
mod skeleton;

pub use skeleton::remove as remove_skeleton;

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use serde::Serialize;

use self::lock::{LOCK, Lock};
use self::skeleton::{Skeleton, remove_empty};
use super::leftovers;
use super::new_file::is_temporary;
use super::{NewFile, write_to};
use crate::digest::Digest;
use crate::error::{Argument, Error, Result, Status};
use crate::format::Index;
use crate::format::documents::oci;
use crate::input::FileId;
use crate::input::open::{DIRECTORY_FLAGS, can_be_changed, open, open_at};
use crate::job::{Job, lock};
use crate::retry::Patient;

/// How often a build looks whether another one has left the directory.
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// How often in a row the directory, or the file that is its lock, may be gone
/// or another user's, which is so for moments.
const MAX_ODDITIES: usize = 40;

/// The permissions of directories and files before the umask.  Nobody but its
/// owner has to write to a blob.
const DIRECTORY_MODE: Mode = Mode::from_bits_retain(0o777);
const FILE_MODE: Mode = Mode::from_bits_retain(0o644);

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
    /// The directory of its blobs, when it is locked.
    blobs: Option<OwnedFd>,
    lock: Option<Lock>,
    /// What was made in it or of it and goes again if the build fails.
    made: Mutex<Vec<Made>>,
    index: Mutex<Option<Vec<u8>>>,
}

/// Something that was made, by its name in the directory.
enum Made {
    File(&'static str),
    Directory(&'static str),
    Blob(String),
    /// The directory itself.
    Root,
}

impl Directory {
    /// The directory `name`, which is made if it is not there; errors about it
    /// are because of `argument`.
    pub fn open(name: &[u8], argument: Argument) -> Result<Self> {
        let name = Path::new(OsStr::from_bytes(name));
        let open = || {
            let (root, lock) = open_or_make(name)?;
            let mut directory = Directory {
                argument,
                name: name.to_owned(),
                root,
                blobs: None,
                made: Mutex::new(made_with(lock.as_ref())),
                lock,
                index: Mutex::new(None),
            };
            directory.name = std::fs::canonicalize(name).map_err(|error| {
                let what = format!("finding the directory {name:?}");
                Error::io(Status::Output, what, &error)
            })?;
            Ok(directory)
        };
        open().map_err(|error: Error| error.with_argument(argument))
    }

    /// Waits until no other build has the directory, and makes it a layout if
    /// it is empty.
    pub fn lock(&mut self, job: &Job) -> Result<()> {
        let argument = self.argument;
        let locked = self.lock_and_prepare(job);
        job.waits_for(None);
        locked.map_err(|error| error.with_argument(argument))
    }

    fn lock_and_prepare(&mut self, job: &Job) -> Result<()> {
        let mut oddities = 0;
        while self.lock.is_none() {
            job.check()?;
            let taken = match self.is_there()? {
                true => Lock::take(&self.root),
                // The other build has failed, and removed what it had made.
                false => Err(Errno::NOENT),
            };
            match taken {
                // It may have been removed before that.
                Ok(Some(lock)) if self.is_there()? => self.lock = Some(lock),
                Ok(Some(_)) => {}
                Ok(None) => {
                    oddities = 0;
                    job.waits_for(Some(self.name.as_os_str().as_bytes()));
                    thread::sleep(LOCK_INTERVAL);
                }
                Err(Errno::NOENT | Errno::ACCESS) if oddities < MAX_ODDITIES => {
                    oddities += 1;
                    thread::sleep(LOCK_INTERVAL);
                    let (root, taken) = open_or_make(&self.name)?;
                    lock(&self.made).extend(made_with(taken.as_ref()));
                    (self.root, self.lock) = (root, taken);
                }
                Err(errno) => return Err(self.lock_failure(errno)),
            }
        }
        // A new layout has a hidden name beside its place at first.
        let above = self.name.parent().map(|above| open(above, DIRECTORY_FLAGS));
        if let Some(Ok(above)) = above {
            leftovers::remove(&above);
        }
        leftovers::remove(&self.root);
        self.prepare()?;
        self.blobs = self.open_blobs()?;
        if let Some(blobs) = &self.blobs {
            leftovers::remove(blobs);
        }
        Ok(())
    }

    fn lock_failure(&self, errno: Errno) -> Error {
        let error = failed(format_args!("locking {:?}", self.name.join(LOCK)), errno);
        match errno {
            Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP => {
                error.with_hint("have the layout on a file system that knows locks")
            }
            Errno::ACCESS if self.has_lock() => {
                error.with_hint("remove that file if no build of another user has the layout")
            }
            _ => error,
        }
    }

    /// Whether there is a file that is a lock.
    fn has_lock(&self) -> bool {
        rustix::fs::statat(&self.root, LOCK, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Whether the directory still has its name.
    fn is_there(&self) -> Result<bool> {
        let examining = |errno| failed(format_args!("examining {:?}", self.name), errno);
        let open = rustix::fs::fstat(&self.root).map_err(examining)?;
        match rustix::fs::stat(&self.name) {
            Ok(named) => Ok(FileId::from(&named) == FileId::from(&open)),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(examining(errno)),
        }
    }

    /// Makes what an empty layout has, unless it is there.
    fn prepare(&self) -> Result<()> {
        let Some(layout) = self.read(&self.root, LAYOUT)? else {
            return self.make_layout();
        };
        oci::check_layout(&layout)
            .map_err(|problem| self.refused(format_args!("{LAYOUT} {problem}")))?;
        // Not when all has been written.
        Index::parse(&self.read_index()?)
            .map_err(|error| self.refused(format_args!("{}", error.message())))?;
        self.make_blobs()
    }

    /// Makes a layout of a directory that was empty, or where a build was
    /// killed that did so.  Files are written before anything appears.
    fn make_layout(&self) -> Result<()> {
        if let Some(stranger) = self.stranger()? {
            return Err(self.refused(format_args!(
                "it has no file {LAYOUT}, but {stranger:?}; name a new or an empty directory"
            )));
        }
        let index = self.new_file(&empty_index()?)?;
        let layout = self.new_file(oci::LAYOUT)?;
        self.make_blobs()?;
        self.put(index, INDEX)?;
        self.put(layout, LAYOUT)
    }

    /// Makes the directories of blobs, unless they are there.
    fn make_blobs(&self) -> Result<()> {
        for name in BLOBS {
            match rustix::fs::mkdirat(&self.root, name, DIRECTORY_MODE) {
                Ok(()) => lock(&self.made).push(Made::Directory(name)),
                Err(Errno::EXIST) => {}
                Err(errno) => {
                    let name = self.name.join(name);
                    return Err(failed(format_args!("making the directory {name:?}"), errno));
                }
            }
            if name == BLOBS[0] {
                // The next one must not be made through a link.
                self.open_part(&self.root, name, name)?;
            }
        }
        Ok(())
    }

    /// The name of something in the directory that an empty layout has not.
    fn stranger(&self) -> Result<Option<OsString>> {
        let reading = |errno| failed(format_args!("reading the directory {:?}", self.name), errno);
        // The standard library panics if such a descriptor cannot be closed well.
        let listed = open_at(&self.root, ".", DIRECTORY_FLAGS).and_then(Dir::new);
        for entry in listed.map_err(reading)? {
            let entry = entry.map_err(reading)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            let is_known = [".", "..", INDEX, LOCK, BLOBS[0]]
                .iter()
                .any(|known| name == *known);
            if !is_known && !is_temporary(name.as_bytes()) {
                return Ok(Some(name.to_owned()));
            }
        }
        Ok(None)
    }

    /// Opens the directory `part` of `above`, which is called `name` in the
    /// layout, not through a link; `None` if it is not there.
    fn open_part(&self, above: &OwnedFd, name: &str, part: &str) -> Result<Option<OwnedFd>> {
        match open_at(above, part, DIRECTORY_FLAGS | OFlags::NOFOLLOW) {
            Ok(directory) => Ok(Some(directory)),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) => Err(self.refused_link(above, part, name)),
            Err(errno) => {
                let name = self.name.join(name);
                Err(failed(format_args!("opening {name:?}"), errno))
            }
        }
    }

    /// What is called `name` in the layout, and `base` in `directory`, is not
    /// what it has to be.
    fn refused_link(&self, directory: impl AsFd, base: &str, name: &str) -> Error {
        let stat = rustix::fs::statat(directory, base, AtFlags::SYMLINK_NOFOLLOW);
        match stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_symlink()) {
            true => self.refused(format_args!(
                "{name} is a symbolic link; put what it leads to in its place"
            )),
            false => self.refused(format_args!("{name} is not a directory")),
        }
    }

    fn refused(&self, problem: std::fmt::Arguments) -> Error {
        let what = format!("{:?} is no OCI layout: {problem}", self.name);
        Error::new(Status::Output, what).with_argument(self.argument)
    }

    /// The files that must not become part of the image: the directory, with
    /// all that is in it.
    pub fn ids(&self) -> Result<Vec<FileId>> {
        let stat = rustix::fs::fstat(&self.root)
            .map_err(|errno| failed(format_args!("examining {:?}", self.name), errno))?;
        Ok(vec![FileId::from(&stat)])
    }

    /// The names of its directories that another user owns, or anyone can write
    /// to.
    pub fn shared(&self) -> Vec<PathBuf> {
        let parts = [
            Some((&self.root, "")),
            self.blobs.as_ref().map(|fd| (fd, BLOBS[1])),
        ];
        let is_shared =
            |fd: &OwnedFd| rustix::fs::fstat(fd).is_ok_and(|stat| can_be_changed(&stat));
        let shared = parts.into_iter().flatten().filter(|(fd, _)| is_shared(fd));
        let path = |name: &str| match name {
            "" => self.name.clone(),
            name => self.name.join(name),
        };
        shared.map(|(_, name)| path(name)).collect()
    }

    /// The index that is there.
    fn read_index(&self) -> Result<Vec<u8>> {
        let index = self.read(&self.root, INDEX)?;
        index.ok_or_else(|| self.refused(format_args!("it has no file {INDEX}")))
    }

    /// Adds entries to the index, which is written by [`Directory::publish`].  The
    /// entries of a group have one name or none.
    pub fn add_entries<'a, T: Serialize + 'a>(
        &self,
        groups: impl Iterator<Item = &'a [T]>,
        job: &Job,
    ) -> Result<()> {
        let read = |digest: &Digest| self.read_document(digest);
        let mut index = Index::parse(&self.read_index()?)?;
        for group in groups {
            job.check()?;
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
            let file = self.new_file(&index)?;
            self.put(file, INDEX)?;
        }
        lock(&self.made).clear();
        Ok(())
    }

    /// A file with that content, which has no name yet.
    fn new_file(&self, bytes: &[u8]) -> Result<NewFile> {
        let file = self.new_blob()?;
        write_to(file.file(), bytes)?;
        Ok(file)
    }

    /// Gives `file` a name in the directory, and the place of what is there.
    fn put(&self, file: NewFile, name: &'static str) -> Result<()> {
        if rustix::fs::statat(&self.root, name, AtFlags::SYMLINK_NOFOLLOW).is_err() {
            lock(&self.made).push(Made::File(name));
        }
        file.publish(&self.root, OsStr::new(name))
            .map_err(|errno| self.naming("", name, errno))
    }

    fn naming(&self, directory: &str, name: &str, errno: Errno) -> Error {
        let name = self.name.join(directory).join(name);
        failed(format_args!("naming {name:?}"), errno)
    }

    /// The content of a file in `directory`, one of the layout's, if it is there.
    fn read(&self, directory: impl AsFd, name: &str) -> Result<Option<Vec<u8>>> {
        let failure = |error: &std::io::Error| {
            let what = format!("reading {name:?} in {:?}", self.name);
            Error::io(Status::Output, what, error)
        };
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match open_at(&directory, name, flags | OFlags::NOFOLLOW) {
            Ok(file) => std::fs::File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(self.refused_link(directory, name, name)),
            Err(errno) => return Err(failure(&errno.into())),
        };
        let mut bytes = Vec::new();
        Patient(file)
            .take(MAX_INDEX + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| failure(&error))?;
        if bytes.len() as u64 > MAX_INDEX {
            return Err(self.refused(format_args!("{name} is larger than {MAX_INDEX} bytes")));
        }
        Ok(Some(bytes))
    }
}

impl Drop for Directory {
    /// Removes what was made, unless it was published, and then the lock.
    fn drop(&mut self) {
        let made = std::mem::take(&mut *lock(&self.made));
        for made in made.into_iter().rev() {
            let (directory, name) = match &made {
                Made::File(name) => (Some(&self.root), *name),
                Made::Blob(name) => (self.blobs.as_ref(), name.as_str()),
                Made::Directory(name) => {
                    let _ = rustix::fs::unlinkat(&self.root, *name, AtFlags::REMOVEDIR);
                    continue;
                }
                Made::Root => {
                    self.lock = None;
                    let _ = remove_empty(rustix::fs::CWD, self.name.as_path());
                    continue;
                }
            };
            if let Some(directory) = directory {
                let _ = rustix::fs::unlinkat(directory, name, AtFlags::empty());
            }
        }
    }
}

/// What there is of a directory that was made with a lock.
fn made_with(lock: Option<&Lock>) -> Vec<Made> {
    let [outer, inner] = BLOBS.map(Made::Directory);
    let files = [INDEX, LAYOUT].map(Made::File);
    let all = [Made::Root, outer, inner].into_iter().chain(files);
    lock.map_or(Vec::new(), |_| all.collect())
}

fn empty_index() -> Result<Vec<u8>> {
    oci::index::<oci::Descriptor>(&[])
}

/// Opens the directory `name`, or makes a layout of that name, with the lock on
/// it.
fn open_or_make(name: &Path) -> Result<(OwnedFd, Option<Lock>)> {
    let opening = |errno| {
        let error = failed(format_args!("opening the directory {name:?}"), errno);
        match errno {
            Errno::NOTDIR => error.with_hint("an OCI layout is a directory; name another one"),
            _ => error,
        }
    };
    let above = match open(name, DIRECTORY_FLAGS) {
        Ok(root) => return Ok((root, None)),
        Err(Errno::NOENT) => name.parent(),
        Err(errno) => return Err(opening(errno)),
    };
    let Some((above, base)) = above.zip(name.file_name()) else {
        return Err(opening(Errno::NOENT));
    };
    let above = match above.as_os_str().is_empty() {
        true => Path::new("."),
        false => above,
    };
    let making = |errno| {
        let error = failed(format_args!("making the directory {name:?}"), errno);
        match errno {
            Errno::NOENT => error.with_hint("make the directory above it first"),
            _ => error,
        }
    };
    let above = open(above, DIRECTORY_FLAGS).map_err(making)?;
    let index = empty_index()?;
    let skeleton = Skeleton::make(above.as_fd(), &index, oci::LAYOUT).map_err(making)?;
    match skeleton.publish(base) {
        Ok((root, lock)) => Ok((root, Some(lock))),
        // Another build was faster, or it is a link to nothing.
        Err(Errno::EXIST | Errno::NOTEMPTY) => {
            let root = open(name, DIRECTORY_FLAGS).map_err(opening)?;
            Ok((root, None))
        }
        Err(errno) => Err(making(errno)),
    }
}

fn failed(what: impl std::fmt::Display, errno: Errno) -> Error {
    Error::system(Status::Output, what, errno)
}
