// SPDX-License-Identifier: GPL-3.0-or-later

//! Destinations of encoded streams: layers one after the other, or an archive as a
//! whole.

use super::archive::ArchiveWriter;
use super::reuse::Found;
use crate::error::{Error, Result, Status};
use crate::format::{ArchiveFormat, Blob, Documents, Ending};
use crate::job::Job;
use crate::output::{Directory, NewFile, write_to};
use crate::tar::blocks;

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

/// Archive of layers that are compressed each by itself.
pub struct Members<'a> {
    writer: ArchiveWriter<'a>,
    format: &'a dyn ArchiveFormat,
    /// Layers that are known; `None` if headers are filled in later.
    known: Option<&'a [Blob]>,
    /// Position of the header of the current layer.
    header: Option<u64>,
}

impl<'a> Members<'a> {
    /// Begins an archive.
    pub fn new(
        mut writer: ArchiveWriter<'a>,
        format: &'a dyn ArchiveFormat,
        known: Option<&'a [Blob]>,
    ) -> Result<Self> {
        writer.write(format.head())?;
        Ok(Members {
            writer,
            format,
            known,
            header: None,
        })
    }

    /// Writes the documents and the end of the archive.
    pub fn finish(mut self, documents: Documents) -> Result<Documents> {
        let ending = Ending::new(documents, self.writer.position());
        self.writer.write_ending(&ending)?;
        Ok(ending.documents)
    }
}

impl Sink for Members<'_> {
    fn begin(&mut self, layer: usize) -> Result<()> {
        match self.known {
            Some(layers) => self.writer.write(&self.format.layer_header(&layers[layer])),
            None => {
                self.header = self.writer.reserve();
                Ok(())
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write(bytes)
    }

    fn end(&mut self, blob: &Blob) -> Result<()> {
        if let Some(position) = self.header.take() {
            self.writer
                .fill(&self.format.layer_header(blob), position)?;
        }
        let is_same = |known: &Blob| (known.digest, known.size) == (blob.digest, blob.size);
        if self.known.is_some_and(|layers| !layers.iter().any(is_same)) {
            // The files were the same, or reading them would have failed.
            return Err(Error::new(
                Status::Internal,
                "compressing a layer again gave something else",
            ));
        }
        let padding = blocks(blob.size) - blob.size;
        self.writer.write(&vec![0; padding as usize])
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
