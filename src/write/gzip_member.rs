// SPDX-License-Identifier: GPL-3.0-or-later

//! The one member of a gzip file, see RFC 1952.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::compress::gzip::{self, Blocks, Checksum, Piece};
use crate::error::Result;
use crate::format::archive::BLOCK_SIZE;
use crate::output::write_failure;

/// A gzip member being written to a file.
pub struct GzipMember<'a> {
    output: &'a File,
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
    /// A member at the beginning of `output`, made as by gzip's `level`.
    pub fn new(output: &'a File, level: u8) -> Self {
        let header = gzip::header(level);
        GzipMember {
            output,
            header,
            position: header.len() as u64,
            contents: Vec::new(),
        }
    }

    /// Writes the next piece, leaving a place for a late header.
    pub fn push(&mut self, piece: Piece) -> Result<()> {
        self.push_blocks(piece.before)?;
        if let Some((layer, after)) = piece.after {
            self.write(&gzip::STORED_TAR_BLOCK)?;
            self.contents.push(Content::Header(layer, self.position));
            self.position += BLOCK_SIZE;
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
        self.write_at(&self.header, 0)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_at(bytes, self.position)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], position: u64) -> Result<()> {
        let written = self.output.write_all_at(bytes, position);
        written.map_err(|error| write_failure(&error))
    }
}
