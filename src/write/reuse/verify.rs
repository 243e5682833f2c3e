// SPDX-License-Identifier: GPL-3.0-or-later

//! Reading blobs, to see that they are what is said of them.

use std::io::{self, ErrorKind, Read};
use std::mem;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::Context;
use super::find::{Candidate, blame};
use crate::digest::{Digest, Sha256, update_both};
use crate::error::{Error, Result, Status};
use crate::job::{Job, Monitor, lock};
use crate::memory;
use crate::section::Section;
use crate::warning::Notice;

/// The bytes of a blob that are read at a time.
const READ_SIZE: u64 = 256 << 10;

/// Memory in bytes that decompression takes besides what is read at a time.
const UNPACKING_SIZE: usize = 1 << 20;

/// Returns for each of the candidates, whose layers have the diff IDs that are
/// said, whether the blob is that layer.
pub fn candidates(
    context: &Context,
    candidates: &[Candidate],
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Vec<bool>> {
    let next = AtomicUsize::new(0);
    let verified = Mutex::new(vec![false; candidates.len()]);
    let threads = context.threads().min(candidates.len());
    job.run(threads, monitor, || {
        // Two at once take less time than one after the other.
        let mut open: Vec<Verification> = Vec::with_capacity(2);
        loop {
            job.check()?;
            while open.len() < 2 {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(candidate) = candidates.get(index) else {
                    break;
                };
                if candidate.is_unpacked() {
                    lock(&verified)[index] = unpack(context, candidate, job)?;
                } else {
                    open.push(Verification::new(index, &candidate.section));
                }
            }
            if open.is_empty() {
                return Ok(());
            }
            open.iter_mut().try_for_each(Verification::read)?;
            match open.as_mut_slice() {
                [one, other] => update_both(one.part(), other.part()),
                parts => parts.iter_mut().for_each(|part| {
                    let (hasher, bytes) = part.part();
                    hasher.update(bytes);
                }),
            }
            open.retain_mut(|part| {
                job.advance(part.buffer.len() as u64);
                if !part.is_over() {
                    return true;
                }
                let Candidate { stored, .. } = &candidates[part.index];
                match part.digest() == Some(stored.digest) {
                    true => lock(&verified)[part.index] = true,
                    false => blame(context, Notice::Blob, stored),
                }
                false
            });
        }
    })?;
    let verified = mem::take(&mut *lock(&verified));
    Ok(verified)
}

/// Decompresses the blob of `candidate`; returns whether blob and archive have
/// the digests that are said.  No more is decompressed than the layer has.
fn unpack(context: &Context, candidate: &Candidate, job: &Job) -> Result<bool> {
    memory::ask(UNPACKING_SIZE)?;
    let mut buffer = memory::zeros(READ_SIZE as usize)?;
    let mut blob_hash = Sha256::default();
    let mut archive_hash = Sha256::default();
    let mut size = 0;
    let mut read = || -> Result<io::Result<bool>> {
        let source = Hashed {
            reader: candidate.section.reader(),
            hash: &mut blob_hash,
        };
        let mut archive = match candidate.codec.decoder(Box::new(source)) {
            Ok(archive) => archive,
            Err(error) => return Ok(Err(error)),
        };
        loop {
            job.check()?;
            let count = match archive.read(&mut buffer) {
                Ok(0) => return Ok(Ok(size == candidate.archive_size)),
                Ok(count) => count as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Err(error)),
            };
            if count > candidate.archive_size - size {
                return Ok(Ok(false));
            }
            archive_hash.update(&buffer[..count as usize]);
            size += count;
            job.advance(count);
        }
    };
    let read = read()?;
    job.advance(candidate.archive_size - size);
    let stored = &candidate.stored;
    let is_whole = match read {
        Ok(is_whole) => is_whole,
        Err(error) if error.kind() == ErrorKind::OutOfMemory => {
            let what = format!("decompressing {}", stored.digest);
            return Err(Error::io(Status::Input, what, &error));
        }
        Err(_) => false,
    };
    if is_whole
        && Digest::from(archive_hash) == stored.diff_id
        && Digest::from(blob_hash) == stored.digest
    {
        return Ok(true);
    }
    blame(context, Notice::Layer, stored);
    Ok(false)
}

/// Hashes what is read.
struct Hashed<'a, R> {
    reader: R,
    hash: &'a mut Sha256,
}

impl<R: Read> Read for Hashed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}

/// A blob that is being read for its digest.
struct Verification<'a> {
    index: usize,
    section: &'a Section,
    hasher: Sha256,
    /// The end of what has been read.
    position: u64,
    /// What is to be hashed next.
    buffer: Vec<u8>,
    failed: bool,
}

impl<'a> Verification<'a> {
    fn new(index: usize, section: &'a Section) -> Self {
        Verification {
            index,
            section,
            hasher: Sha256::default(),
            position: 0,
            buffer: Vec::new(),
            failed: false,
        }
    }

    fn read(&mut self) -> Result<()> {
        let size = (self.section.size - self.position).min(READ_SIZE) as usize;
        memory::resize(&mut self.buffer, size)?;
        self.failed |= self
            .section
            .read_at(&mut self.buffer, self.position)
            .is_err();
        self.position += size as u64;
        Ok(())
    }

    fn part(&mut self) -> (&mut Sha256, &[u8]) {
        (&mut self.hasher, &self.buffer)
    }

    fn is_over(&self) -> bool {
        self.failed || self.position == self.section.size
    }

    /// The digest, if all could be read.
    fn digest(&mut self) -> Option<Digest> {
        (!self.failed).then(|| mem::take(&mut self.hasher).into())
    }
}
