// SPDX-License-Identifier: GPL-3.0-or-later

//! Bytes of an archive in their order, with places that are filled in later.

use super::sink::Sink;
use crate::error::{Error, Result, Status};
use crate::format::{ArchiveFormat, Blob, Documents, Ending};
use crate::job::Job;
use crate::output::{Archive, write_at};
use crate::tar::{BLOCK_SIZE, blocks};

/// Writer of an archive.
pub struct ArchiveWriter<'a> {
    archive: &'a Archive,
    job: &'a Job,
    position: u64,
}

impl<'a> ArchiveWriter<'a> {
    /// Writes to `archive` from its beginning.
    pub fn new(archive: &'a Archive, job: &'a Job) -> Self {
        ArchiveWriter {
            archive,
            job,
            position: 0,
        }
    }

    /// Number of bytes written so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Writes the end of an archive.
    pub fn write_ending(&mut self, ending: &Ending) -> Result<()> {
        match self.archive {
            Archive::File(_) => self.write(&ending.tail),
            Archive::Stream(stream) => {
                let (members, zeros) = ending.tail.split_at(ending.members);
                self.write(members)?;
                stream.write_end(zeros, self.job)
            }
        }
    }
}

/// An archive that is compressed as a whole, or as it is.
impl Sink for ArchiveWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self.archive {
            Archive::File(file) => write_at(file.file(), bytes, self.position)?,
            Archive::Stream(stream) => {
                self.job.check()?;
                stream.write(bytes, self.job)?;
            }
        }
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn reserve(&mut self) -> Option<u64> {
        let position = self.position;
        match self.archive {
            Archive::File(_) => self.position += BLOCK_SIZE,
            Archive::Stream(_) => return None,
        }
        Some(position)
    }

    fn fill(&mut self, block: &[u8], position: u64) -> Result<()> {
        match self.archive {
            Archive::File(file) => write_at(file.file(), block, position),
            Archive::Stream(_) => Ok(()),
        }
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
