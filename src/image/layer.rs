// SPDX-License-Identifier: GPL-3.0-or-later

//! Reading a layer of an image once: its digests, its size, its members.

use std::cell::RefCell;
use std::io;
use std::mem;
use std::rc::Rc;

use super::tar::{Member, Members, Source};
use crate::codec::{Codec, NONE};
use crate::digest::{DiffId, Digest, Sha256};
use crate::error::{Error, Result, Status};
use crate::job::Job;
use crate::section::Section;

/// The bytes that are passed over at a time.
const SKIP_SIZE: usize = 64 << 10;

/// What was found.
pub struct Read {
    /// The digest of what is stored.
    pub stored: Digest,
    /// The archive, or what is wrong with it.
    pub archive: std::result::Result<Archive, String>,
}

/// What was found of a layer's archive.
pub struct Archive {
    /// Its digest.
    pub diff_id: DiffId,
    /// The size of its archive in bytes.
    pub size: u64,
    /// Part of the compressed stream that some engines refuse.
    pub oddity: Option<&'static str>,
}

/// Reads the layer that is stored in `section`; `note` is told of its members,
/// in their order.
pub fn read(
    section: &Section,
    codec: &'static dyn Codec,
    mut note: impl FnMut(&Member),
    job: &Job,
) -> Result<Read> {
    read_with(section, codec, None, |member, _| note(member), job)
}

/// Like [`read`], where `note` is told of a digest of each member's content as
/// well.
pub fn read_contents(
    section: &Section,
    codec: &'static dyn Codec,
    note: impl FnMut(&Member, &Digest),
    job: &Job,
) -> Result<Read> {
    read_with(section, codec, Some(Sha256::default()), note, job)
}

fn read_with(
    section: &Section,
    codec: &'static dyn Codec,
    content: Option<Sha256>,
    mut note: impl FnMut(&Member, &Digest),
    job: &Job,
) -> Result<Read> {
    // What is not compressed is its own archive, and is hashed as that.
    let hash = (codec != NONE).then(Hash::default);
    let diff_hash = Hash::default();
    let read = || {
        let text = |error: io::Error| error.to_string();
        let stored = Hashing {
            reader: section.reader(),
            hash: hash.clone(),
            job,
        };
        let unpacked = Hashing {
            reader: codec.decoder(Box::new(stored)).map_err(text)?,
            hash: Some(Rc::clone(&diff_hash)),
            job,
        };
        let mut members = Members {
            source: Unpacked {
                reader: unpacked,
                position: 0,
                content,
            },
        };
        let nothing = Digest::of(b"");
        while let Some(member) = members.next()? {
            let content = members.source.content.as_mut().map(mem::take);
            note(&member, &content.map_or(nothing, Digest::from));
        }
        // Zeros, as a rule.
        let rest = io::copy(&mut members.source.reader, &mut io::sink());
        Ok(Archive {
            diff_id: digest(&diff_hash),
            size: members.source.position + rest.map_err(text)?,
            oddity: members.source.reader.reader.oddity(),
        })
    };
    let archive: std::result::Result<Archive, String> = read();
    // An error may be the job's.
    job.check()?;
    let stored = match (&archive, &hash) {
        (Ok(archive), None) => archive.diff_id,
        (Ok(_), Some(hash)) => digest(hash),
        // Not all was read.
        (Err(_), _) => section
            .digest(job)?
            .map_err(|error| Error::io(Status::Input, "reading the base", &error))?,
    };
    Ok(Read { stored, archive })
}

type Hash = Rc<RefCell<Sha256>>;

fn digest(hash: &Hash) -> Digest {
    hash.borrow().clone().into()
}

/// Hashes what is read, if there is a hash, and fails when the job is stopped.
struct Hashing<'a, R> {
    reader: R,
    hash: Option<Hash>,
    job: &'a Job,
}

impl<R: io::Read> io::Read for Hashing<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.job.is_stopped() {
            return Err(io::Error::other("the build was stopped"));
        }
        let count = self.reader.read(buffer)?;
        if let Some(hash) = &self.hash {
            hash.borrow_mut().update(&buffer[..count]);
        }
        Ok(count)
    }
}

/// A layer's archive, as it comes.
struct Unpacked<R> {
    reader: R,
    position: u64,
    /// Of what was skipped: the content of a member, up to the end of its last
    /// block.
    content: Option<Sha256>,
}

impl<R: io::Read> Source for Unpacked<R> {
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.position += filled as u64;
        Ok(filled)
    }

    fn skip(&mut self, size: u64) -> io::Result<()> {
        let mut buffer = [0; SKIP_SIZE];
        let mut left = size;
        while left > 0 {
            let part = left.min(SKIP_SIZE as u64) as usize;
            if self.fill_with_content(&mut buffer[..part])? < part {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= part as u64;
        }
        Ok(())
    }

    fn fill_with_content(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let filled = self.fill(buffer)?;
        if let Some(content) = &mut self.content {
            content.update(&buffer[..filled]);
        }
        Ok(filled)
    }

    fn position(&self) -> u64 {
        self.position
    }
}
