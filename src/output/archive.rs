// SPDX-License-Identifier: GPL-3.0-or-later

//! An archive: a file or a stream.

use std::fs::File;
use std::sync::Arc;

use rustix::fd::AsFd;

use super::{ImageFile, Stream, write_failure};
use crate::digest::Digest;
use crate::error::{Argument, Error, Result, Status};
use crate::input::FileId;
use crate::job::Job;
use crate::request::{Destination, Request};
use crate::section::Section;

/// What an archive is written to.
pub enum Archive {
    /// A file, at any place in it.
    File(ImageFile),
    /// A descriptor, in order.
    Stream(Stream),
}

impl Archive {
    /// What `request` wants the archive written to.
    pub fn open(request: &Request) -> Result<Self> {
        let stream = |fd, argument| {
            let stream = Stream::new(fd, request.output.archive_digest);
            let stream = stream.map_err(|error| error.with_argument(argument))?;
            Ok(Archive::Stream(stream))
        };
        match &request.output.destination {
            Destination::Stream(fd) => stream(fd.as_fd(), Argument("image_fd")),
            Destination::File(name) => match name.as_slice() {
                b"/dev/stdout" | b"/dev/fd/1" | b"/proc/self/fd/1" => {
                    stream(std::io::stdout().as_fd(), Argument("image"))
                }
                b"/dev/stderr" | b"/dev/fd/2" | b"/proc/self/fd/2" => {
                    stream(std::io::stderr().as_fd(), Argument("image"))
                }
                name => ImageFile::create(name).map(Archive::File),
            },
        }
    }

    /// The files that must not become part of the image.
    pub fn ids(&self) -> Result<Vec<FileId>> {
        match self {
            Archive::File(file) => file.ids(),
            Archive::Stream(stream) => Ok(stream.id()?.into_iter().collect()),
        }
    }

    /// The output for a command that writes to it.
    pub fn for_command(&self) -> std::io::Result<File> {
        match self {
            Archive::File(file) => file.file().try_clone(),
            Archive::Stream(stream) => Ok(stream.fd().try_clone_to_owned()?.into()),
        }
    }

    /// Whether nothing was written to a file; of descriptors this is not known.
    pub fn is_empty(&self) -> Result<bool> {
        match self {
            Archive::File(file) => {
                let metadata = file.file().metadata();
                Ok(metadata.map_err(|error| write_failure(&error))?.len() == 0)
            }
            Archive::Stream(_) => Ok(false),
        }
    }

    /// The digest of what was written, for which a file is read again; `None`
    /// if it was not asked for, or a command has written to a descriptor.
    pub fn digest(&self, request: &Request, job: &Job) -> Result<Option<Digest>> {
        match self {
            Archive::File(file) if request.output.archive_digest => {
                hash(file.file(), job).map(Some)
            }
            Archive::File(_) => Ok(None),
            Archive::Stream(stream) => Ok(stream.digest()),
        }
    }

    /// Has the image appear; returns its size in bytes, or 0 if a command has
    /// written it to a descriptor.
    pub fn publish(self) -> Result<u64> {
        match self {
            Archive::File(file) => file.publish(),
            Archive::Stream(stream) => Ok(stream.written()),
        }
    }
}

fn hash(file: &File, job: &Job) -> Result<Digest> {
    let failed = |error: &std::io::Error| Error::io(Status::Output, "reading the image", error);
    let section = || {
        Ok(Section {
            offset: 0,
            size: file.metadata()?.len(),
            file: Arc::new(file.try_clone()?),
        })
    };
    let section = section().map_err(|error| failed(&error))?;
    let digest = section.copy(job, |_| Ok(()))?;
    digest.map_err(|error| failed(&error))
}
