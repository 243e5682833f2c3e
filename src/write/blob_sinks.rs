// SPDX-License-Identifier: GPL-3.0-or-later

//! Where compressed layers go, one after the other.

use std::fs::File;

use super::reuse::Found;
use crate::error::{Error, Result, Status};
use crate::format::{ArchiveFormat, Blob, Documents, Ending};
use crate::job::Job;
use crate::output::{Archive, Directory, NewFile, write_at, write_to};
use crate::tar::{BLOCK_SIZE, blocks};

/// Takes layers.
pub trait BlobSink {
    /// The layer of an index begins.
    fn begin(&mut self, layer: usize) -> Result<()>;

    /// Takes what comes next of it.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// That was all of it.
    fn end(&mut self, blob: &Blob) -> Result<()>;

    /// Takes a layer that is there already.
    fn take_over(&mut self, layer: usize, found: &Found, job: &Job) -> Result<()> {
        copy(self, layer, found, job)
    }
}

/// Has `sink` take the bytes of a layer that is there already.
fn copy(sink: &mut (impl BlobSink + ?Sized), layer: usize, found: &Found, job: &Job) -> Result<()> {
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

/// Nowhere.
pub struct Discard;

impl BlobSink for Discard {
    fn begin(&mut self, _layer: usize) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }

    fn end(&mut self, _blob: &Blob) -> Result<()> {
        Ok(())
    }

    fn take_over(&mut self, _layer: usize, _found: &Found, _job: &Job) -> Result<()> {
        Ok(())
    }
}

/// An archive in which headers are filled in.
pub struct ArchiveFile<'a> {
    file: &'a File,
    format: &'a dyn ArchiveFormat,
    position: u64,
}

impl<'a> ArchiveFile<'a> {
    /// An archive with its head.
    pub fn new(file: &'a File, format: &'a dyn ArchiveFormat) -> Result<Self> {
        let mut archive = ArchiveFile {
            file,
            format,
            position: 0,
        };
        archive.write(format.head())?;
        Ok(archive)
    }

    /// Writes what comes after the layers.
    pub fn finish(mut self, documents: Documents) -> Result<Documents> {
        let ending = Ending::new(documents, self.position);
        self.write(&ending.tail)?;
        Ok(ending.documents)
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> Result<()> {
        write_at(self.file, bytes, position)
    }
}

impl BlobSink for ArchiveFile<'_> {
    fn begin(&mut self, _layer: usize) -> Result<()> {
        self.position += BLOCK_SIZE;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_at(bytes, self.position)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self, blob: &Blob) -> Result<()> {
        let start = self.position - blob.size - BLOCK_SIZE;
        self.write_at(&self.format.layer_header(blob), start)?;
        self.write(&padding(blob))
    }
}

/// An archive that is written in its order, of layers that are known.
pub struct ArchiveStream<'a> {
    archive: &'a Archive,
    format: &'a dyn ArchiveFormat,
    layers: &'a [Blob],
    position: u64,
    job: &'a Job,
}

impl<'a> ArchiveStream<'a> {
    /// An archive with its head.
    pub fn new(
        archive: &'a Archive,
        format: &'a dyn ArchiveFormat,
        layers: &'a [Blob],
        job: &'a Job,
    ) -> Result<Self> {
        let mut stream = ArchiveStream {
            archive,
            format,
            layers,
            position: 0,
            job,
        };
        stream.write(format.head())?;
        Ok(stream)
    }

    /// Writes what comes after the layers.
    pub fn finish(mut self, documents: Documents) -> Result<Documents> {
        let ending = Ending::new(documents, self.position);
        let (members, end) = ending.tail.split_at(ending.members);
        self.write(members)?;
        self.archive.write_end(end, self.job)?;
        Ok(ending.documents)
    }
}

impl BlobSink for ArchiveStream<'_> {
    fn begin(&mut self, layer: usize) -> Result<()> {
        self.write(&self.format.layer_header(&self.layers[layer]))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.archive.write(bytes, self.job)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self, blob: &Blob) -> Result<()> {
        let is_known = |known: &Blob| (known.digest, known.size) == (blob.digest, blob.size);
        if !self.layers.iter().any(is_known) {
            // The files were the same, or reading them would have failed.
            return Err(Error::new(
                Status::Internal,
                "compressing a layer again gave something else",
            ));
        }
        self.write(&padding(blob))
    }
}

/// Files of a directory.
pub struct Files<'a> {
    directory: &'a Directory,
    open: Option<NewFile>,
}

impl<'a> Files<'a> {
    /// Of this directory.
    pub fn new(directory: &'a Directory) -> Self {
        Files {
            directory,
            open: None,
        }
    }
}

impl BlobSink for Files<'_> {
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

    fn take_over(&mut self, layer: usize, found: &Found, job: &Job) -> Result<()> {
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

/// What comes after a layer in an archive, up to the next block.
fn padding(blob: &Blob) -> Vec<u8> {
    vec![0; (blocks(blob.size) - blob.size) as usize]
}
