// SPDX-License-Identifier: GPL-3.0-or-later

//! Bytes of a file that are a document or a layer.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use crate::digest::{Digest, Sha256};
use crate::error::Result;
use crate::job::Job;
use crate::memory;
use crate::retry::read_exact_at;

/// Maximum size in bytes of a document that is read.
const MAX_DOCUMENT: u64 = 8 << 20;

/// Byte range of a file.
#[derive(Clone, Debug)]
pub struct Section {
    /// The file.
    pub file: Arc<File>,
    /// Where in it the part begins, in bytes.
    pub offset: u64,
    /// The size of the part in bytes.
    pub size: u64,
}

/// The bytes that are read at a time.
const READ_SIZE: usize = 256 << 10;

impl Section {
    /// Fills `buffer` with the bytes from `position` on; fails where there are
    /// too few.
    pub fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        let end = position + buffer.len() as u64;
        if end > self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read_exact_at(&self.file, buffer, self.offset + position)
    }

    /// What changes if the file is written to.
    pub fn stamp(&self) -> io::Result<(u64, SystemTime)> {
        let metadata = self.file.metadata()?;
        Ok((metadata.len(), metadata.modified()?))
    }

    /// Reads all bytes in their order.
    pub fn reader(&self) -> SectionReader<'_> {
        SectionReader {
            section: self,
            position: 0,
        }
    }

    /// All bytes, unless there are too many for a document.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        if self.size > MAX_DOCUMENT {
            let what = format!("it is larger than {MAX_DOCUMENT} bytes");
            return Err(io::Error::other(what));
        }
        let short = |_| io::Error::from(io::ErrorKind::OutOfMemory);
        let mut bytes = memory::zeros(self.size as usize).map_err(short)?;
        self.read_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    /// Gives all bytes to `take`, some at a time; returns their digest, or what is
    /// wrong with the file.
    pub fn copy(
        &self,
        job: &Job,
        mut take: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<io::Result<Digest>> {
        let mut hash = Sha256::default();
        let mut buffer = vec![0; READ_SIZE.min(self.size as usize)];
        let mut position = 0;
        while position < self.size {
            job.check()?;
            let count = (self.size - position).min(READ_SIZE as u64);
            let bytes = &mut buffer[..count as usize];
            if let Err(error) = self.read_at(bytes, position) {
                return Ok(Err(error));
            }
            hash.update(bytes);
            take(bytes)?;
            position += count;
        }
        Ok(Ok(Digest::from(hash)))
    }

    /// The digest of all bytes, or what is wrong with the file.
    pub fn digest(&self, job: &Job) -> Result<io::Result<Digest>> {
        self.copy(job, |bytes| {
            job.advance(bytes.len() as u64);
            Ok(())
        })
    }
}

/// Reads a section from its beginning.
pub struct SectionReader<'a> {
    section: &'a Section,
    position: u64,
}

impl io::Read for SectionReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.section.size - self.position;
        let count = (buffer.len() as u64).min(left) as usize;
        self.section.read_at(&mut buffer[..count], self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl SectionReader<'_> {
    /// Skips `size` bytes.
    pub fn skip(&mut self, size: u64) -> io::Result<()> {
        if size > self.section.size - self.position {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.position += size;
        Ok(())
    }

    /// Number of bytes read or skipped so far.
    pub fn position(&self) -> u64 {
        self.position
    }
}
