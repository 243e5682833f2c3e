// SPDX-License-Identifier: GPL-3.0-or-later

//! The one member of a gzip file, see RFC 1952.

use std::fs::File;

use crate::codec::gzip::{self, Blocks, Checksum, Piece};
use crate::error::Result;
use crate::job::Job;
use crate::output::{Archive, write_at};
use crate::tar::BLOCK_SIZE;

/// How a member is written.
#[derive(Clone, Copy)]
pub enum Way<'a> {
    /// To a file, where headers of layers can be filled in later.
    Patched(&'a File),
    /// In order, by what makes the headers of layers.
    InOrder(&'a Archive, &'a Job, &'a HeaderOf<'a>),
}

/// The header of the layer of an index.
pub type HeaderOf<'a> = dyn Fn(usize) -> Result<Vec<u8>> + Sync + 'a;

/// A gzip member being written.
pub struct GzipMember<'a> {
    way: Way<'a>,
    header: [u8; 10],
    /// Where the next byte goes, counted from the beginning of the file.
    position: u64,
    contents: Vec<Content>,
}

/// Something compressed, for the checksum.
enum Content {
    Bytes(Checksum),
    /// The header of a layer, with its place in the file.
    Header(usize, u64),
}

impl<'a> GzipMember<'a> {
    /// A member made as by gzip's `level`.
    pub fn new(way: Way<'a>, level: u8) -> Result<Self> {
        let header = gzip::header(level);
        if let Way::InOrder(output, job, _) = way {
            output.write(&header, job)?;
        }
        Ok(GzipMember {
            way,
            header,
            position: header.len() as u64,
            contents: Vec::new(),
        })
    }

    /// Writes the next piece, leaving a place for a late header.
    pub fn push(&mut self, piece: Piece) -> Result<()> {
        self.push_blocks(piece.before)?;
        if let Some((layer, after)) = piece.after {
            self.write(&gzip::STORED_TAR_BLOCK)?;
            match self.way {
                Way::Patched(_) => {
                    self.contents.push(Content::Header(layer, self.position));
                    self.position += BLOCK_SIZE;
                }
                Way::InOrder(_, _, header_of) => {
                    let header = header_of(layer)?;
                    self.write(&header)?;
                    self.contents.push(Content::Bytes(Checksum::of(&header)));
                }
            }
            self.push_blocks(after)?;
        }
        Ok(())
    }

    fn push_blocks(&mut self, blocks: Blocks) -> Result<()> {
        self.write(&blocks.deflated)?;
        self.contents.push(Content::Bytes(blocks.checksum));
        Ok(())
    }

    /// Writes the late headers, which `header_of` makes from the index of
    /// their layer, and the member's header and checks.
    pub fn finish(mut self, header_of: impl Fn(usize) -> Vec<u8>) -> Result<()> {
        let mut all = Checksum::default();
        for content in std::mem::take(&mut self.contents) {
            match content {
                Content::Bytes(checksum) => all.append(&checksum),
                Content::Header(layer, position) => {
                    let header = header_of(layer);
                    self.write_at(&header, position)?;
                    all.update(&header);
                }
            }
        }
        self.write(&all.trailer())?;
        match self.way {
            // Only now is it one.
            Way::Patched(_) => self.write_at(&self.header, 0),
            Way::InOrder(..) => Ok(()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_at(bytes, self.position)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> Result<()> {
        match self.way {
            Way::Patched(file) => write_at(file, bytes, position),
            Way::InOrder(output, job, _) => output.write(bytes, job),
        }
    }
}
