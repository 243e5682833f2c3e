// SPDX-License-Identifier: GPL-3.0-or-later

//! Destinations of encoded streams.  An archive is one in `archive`.

use super::reuse::Found;
use crate::error::{Error, Result, Status};
use crate::format::Blob;
use crate::job::Job;
use crate::output::{Directory, NewFile, write_to};

/// Destination of encoded streams.
pub trait Sink {
    /// Begins the stream of a layer.
    fn begin(&mut self, _layer: usize) -> Result<()> {
        Ok(())
    }

    /// Takes the next bytes of the stream.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Ends the stream of a layer.
    fn end(&mut self, _blob: &Blob) -> Result<()> {
        Ok(())
    }

    /// Takes a layer that exists already.
    fn reuse(&mut self, layer: usize, found: &Found, job: &Job) -> Result<()> {
        copy(self, layer, found, job)
    }

    /// Skips a block that is filled in later, and returns its position; `None` if
    /// there is no going back.
    fn reserve(&mut self) -> Option<u64> {
        None
    }

    /// Writes a block that was skipped.
    fn fill(&mut self, _block: &[u8], _position: u64) -> Result<()> {
        Ok(())
    }
}

/// Copies a layer that exists already to `sink`.
fn copy(sink: &mut (impl Sink + ?Sized), layer: usize, found: &Found, job: &Job) -> Result<()> {
    sink.begin(layer)?;
    let copied = found.section.copy(job, |bytes| sink.write(bytes))?;
    let digest =
        copied.map_err(|error| Error::io(Status::Input, "reading a layer to take over", &error))?;
    if digest != found.blob.digest {
        return Err(Error::new(
            Status::InputChanged,
            format!("{} changed while it was copied", found.blob.digest),
        ));
    }
    sink.end(&found.blob)
}

/// Destination that keeps nothing.
pub struct Discard;

impl Sink for Discard {
    fn write(&mut self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }

    fn reuse(&mut self, _layer: usize, _found: &Found, _job: &Job) -> Result<()> {
        Ok(())
    }
}

/// Directory of blobs.
pub struct Files<'a> {
    directory: &'a Directory,
    open: Option<NewFile>,
}

impl<'a> Files<'a> {
    /// Writes to `directory`.
    pub fn new(directory: &'a Directory) -> Self {
        Files {
            directory,
            open: None,
        }
    }
}

impl Sink for Files<'_> {
    fn begin(&mut self, _layer: usize) -> Result<()> {
        self.open = Some(self.directory.new_blob()?);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &self.open {
            Some(file) => write_to(file.file(), bytes),
            None => Ok(()),
        }
    }

    fn end(&mut self, blob: &Blob) -> Result<()> {
        match self.open.take() {
            Some(file) => self.directory.put_blob(file, &blob.digest),
            None => Ok(()),
        }
    }

    fn reuse(&mut self, layer: usize, found: &Found, job: &Job) -> Result<()> {
        let is_there = found.is_unchanged()
            && self
                .directory
                .adopt_blob(&found.section, &found.blob.digest, job)?;
        match is_there {
            true => Ok(()),
            false => copy(self, layer, found, job),
        }
    }
}
