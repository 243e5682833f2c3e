// SPDX-License-Identifier: GPL-3.0-or-later

//! Where an image's documents and layers are: files in a directory, or members
//! of an archive.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fd::OwnedFd;
use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;

use serde_json::Value;

use super::{archive, codec, malformed};
use crate::error::{Error, Result, Status, quoted};
use crate::input::open::{open, open_at};
use crate::job::Job;
use crate::json::Object;
use crate::memory;
use crate::section::Section;

/// Files by their names.
pub struct Store {
    name: Vec<u8>,
    files: Files,
    /// Sum of the sizes of the documents read so far, in bytes.
    read: AtomicU64,
}

/// Maximum sum of the sizes of all documents that are read, in bytes; a document
/// that is read again counts again.
const MAX_DOCUMENTS: u64 = 128 << 20;

enum Files {
    Directory(OwnedFd),
    Archive(archive::Files),
}

impl Store {
    /// The directory or the archive `name`.
    pub fn open(name: &[u8], job: &Job) -> Result<Self> {
        Store::open_as(name, |archive| Ok((archive, None)), job)
    }

    /// Like [`Store::open`], for an archive that may be compressed as a whole.
    pub fn open_packed(name: &[u8], job: &Job) -> Result<Self> {
        Store::open_as(name, |archive| codec::plain(archive, job), job)
    }

    fn open_as(
        name: &[u8],
        unpack: impl FnOnce(Section) -> Result<(Section, Option<&'static str>)>,
        job: &Job,
    ) -> Result<Self> {
        let opening = |errno| {
            let what = format!("opening {}", quoted(name));
            let error = Error::system(Status::Input, what, errno);
            match errno {
                Errno::NOENT => error.with_hint("name an archive or a directory"),
                _ => error,
            }
        };
        let path = Path::new(OsStr::from_bytes(name));
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let fd = open(path, flags).map_err(opening)?;
        let stat = rustix::fs::fstat(&fd).map_err(opening)?;
        let files = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Files::Directory(fd),
            FileType::RegularFile => {
                let whole = Section {
                    file: Arc::new(File::from(fd)),
                    offset: 0,
                    size: stat.st_size as u64,
                };
                let found = unpack(whole).and_then(|(whole, oddity)| {
                    let mut files = archive::files(&whole, job)?;
                    let oddity = oddity.map(|oddity| format!("archive: {oddity}"));
                    files.oddities.splice(0..0, oddity);
                    Ok(files)
                });
                Files::Archive(found.map_err(|error| about(name, &error))?)
            }
            _ => {
                return Err(malformed(format_args!(
                    "{} is neither a directory nor a regular file",
                    quoted(name)
                )));
            }
        };
        Ok(Store {
            name: name.to_vec(),
            files,
            read: AtomicU64::new(0),
        })
    }

    /// What it is called, for messages.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Finds the file `name`, of which `.`, `..` and slashes are resolved.
    pub fn find(&self, name: &str) -> Result<Option<Section>> {
        let Some(name) = archive::normalized(name.as_bytes()) else {
            return Ok(None);
        };
        match &self.files {
            Files::Archive(members) => Ok(members.by_name.get(&name).cloned()),
            Files::Directory(root) => self.open_file(root, &name),
        }
    }

    /// Opens the file `name` beneath `root`, not through any link.
    fn open_file(&self, root: &OwnedFd, name: &str) -> Result<Option<Section>> {
        let failed = |errno| {
            let path = Path::new(OsStr::from_bytes(&self.name)).join(name);
            Error::system(Status::Input, format_args!("opening {path:?}"), errno)
        };
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW;
        let parts: Vec<&str> = name.split('/').collect();
        let (last, above) = parts.split_last().unwrap_or((&name, &[]));
        if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Ok(None);
        }
        let mut directory: Option<OwnedFd> = None;
        for part in above {
            let from = directory.as_ref().unwrap_or(root);
            match open_at(from, *part, flags | OFlags::DIRECTORY) {
                Ok(next) => directory = Some(next),
                Err(Errno::NOENT) => return Ok(None),
                Err(errno) => return Err(failed(errno)),
            }
        }
        let from = directory.as_ref().unwrap_or(root);
        let fd = match open_at(from, *last, flags | OFlags::NOCTTY) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed(errno)),
        };
        let stat = rustix::fs::fstat(&fd).map_err(failed)?;
        if !FileType::from_raw_mode(stat.st_mode).is_file() {
            return Err(self.wrong(format_args!("{name} is not a regular file")));
        }
        Ok(Some(Section {
            file: Arc::new(File::from(fd)),
            offset: 0,
            size: stat.st_size as u64,
        }))
    }

    /// Reads the document `name`, if it is there.
    pub fn document(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(section) = self.find(name)? else {
            return Ok(None);
        };
        let read = self.read.fetch_add(section.size, Ordering::Relaxed);
        if read.saturating_add(section.size) > MAX_DOCUMENTS {
            return Err(self.wrong(format_args!(
                "its documents are larger than {MAX_DOCUMENTS} bytes together"
            )));
        }
        let bytes = section.read().map_err(|error| {
            let what = format!("{}: reading {name}", self.shown_name());
            Error::io(Status::Input, what, &error)
        })?;
        Ok(Some(bytes))
    }

    /// Parses the document `name`.
    pub fn parse(&self, document: &[u8], name: &str) -> Result<Value> {
        // Descriptors and the configuration of a base are copied.
        memory::ask_to_parse(document, 2)
            .map_err(|error| error.with_context(format_args!("{}: {name}", self.shown_name())))?;
        serde_json::from_slice(document)
            .map_err(|error| self.wrong(format_args!("{name} is not as it should be: {error}")))
    }

    /// Parses the document `name`, which must be an object.
    pub fn parse_object(&self, document: &[u8], name: &str) -> Result<Object> {
        match self.parse(document, name)? {
            Value::Object(members) => Ok(members),
            _ => Err(self.wrong(format_args!("{name} is not as it should be: not an object"))),
        }
    }

    /// Returns the parts of the archive around the image that some engines refuse.
    pub fn oddities(&self) -> &[String] {
        match &self.files {
            Files::Archive(members) => &members.oddities,
            Files::Directory(_) => &[],
        }
    }

    /// Returns the link in the archive that is called `name`.
    pub fn link(&self, name: &str) -> Option<&archive::Link> {
        match &self.files {
            Files::Archive(members) => members.links.get(&archive::normalized(name.as_bytes())?),
            Files::Directory(_) => None,
        }
    }

    /// Returns the name of the archive or directory for messages.
    pub fn shown_name(&self) -> String {
        quoted(&self.name).to_string()
    }

    /// It is wrong in the way `problem` says.
    pub fn wrong(&self, problem: impl std::fmt::Display) -> Error {
        malformed(format_args!("{}: {problem}", quoted(&self.name)))
    }
}

fn about(name: &[u8], error: &Error) -> Error {
    error.with_context(format_args!("{}", quoted(name)))
}
