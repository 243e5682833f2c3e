// SPDX-License-Identifier: GPL-3.0-or-later

//! The one member of a gzip file, see RFC 1952.

use std::fs::File;
use std::os::unix::fs::FileExt;

use flate2::Crc;

use super::piece::{Piece, Stretch};
use crate::error::Result;
use crate::tar::BLOCK;
use crate::write::write_failure;

/// The header of a stored block of [`BLOCK`] bytes that is not the last one,
/// where a byte begins: its type, its length and the complement of that.
const STORED_BLOCK: [u8; 5] = {
    let length = (BLOCK as u16).to_le_bytes();
    [0, length[0], length[1], !length[0], !length[1]]
};

/// A gzip member being written to a file.
pub struct Member<'a> {
    output: &'a File,
    header: [u8; 10],
    /// Where the next byte goes, counted from the beginning of the file.
    position: u64,
    contents: Vec<Content>,
}

/// Something compressed, for the checksum.
enum Content {
    Bytes(Crc),
    /// The header of a layer, with its place in the file.
    Header(usize, u64),
}

impl<'a> Member<'a> {
    /// A member at the beginning of `output`, made as by gzip's `level`.
    pub fn new(output: &'a File, level: u8) -> Self {
        // How hard the compressor tried, for those who care.
        let effort = match level {
            9 => 2,
            1 => 4,
            _ => 0,
        };
        // Without a name or a time, from Unix.
        let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, effort, 3];
        Member {
            output,
            header,
            position: header.len() as u64,
            contents: Vec::new(),
        }
    }

    /// Writes the next piece, leaving a place for a late header.
    pub fn push(&mut self, piece: Piece) -> Result<()> {
        self.push_stretch(piece.before)?;
        if let Some((layer, after)) = piece.after {
            self.write(&STORED_BLOCK)?;
            self.contents.push(Content::Header(layer, self.position));
            self.position += BLOCK;
            self.push_stretch(after)?;
        }
        Ok(())
    }

    fn push_stretch(&mut self, stretch: Stretch) -> Result<()> {
        self.write(&stretch.deflated)?;
        self.contents.push(Content::Bytes(stretch.crc));
        Ok(())
    }

    /// Writes the late headers, which `header_of` makes from the index of
    /// their layer, and the member's header and checks.
    pub fn finish(mut self, header_of: impl Fn(usize) -> Vec<u8>) -> Result<()> {
        let mut all = Crc::new();
        for content in std::mem::take(&mut self.contents) {
            match content {
                Content::Bytes(crc) => all.combine(&crc),
                Content::Header(layer, position) => {
                    let header = header_of(layer);
                    self.write_at(&header, position)?;
                    all.update(&header);
                }
            }
        }
        let checks = [all.sum().to_le_bytes(), all.amount().to_le_bytes()];
        self.write(checks.as_flattened())?;
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
