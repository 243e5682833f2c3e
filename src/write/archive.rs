// SPDX-License-Identifier: GPL-3.0-or-later

//! Bytes of an archive in their order, with places that are filled in later.

use super::sink::Sink;
use crate::error::Result;
use crate::format::Ending;
use crate::job::Job;
use crate::output::{Archive, write_at};
use crate::tar::BLOCK_SIZE;

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
