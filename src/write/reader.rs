// SPDX-License-Identifier: GPL-3.0-or-later

//! Any byte range of a layer's archive, from the files it is made of.

use crate::error::Result;
use crate::input::{FileReader, FileSystem, Kind, Source};
use crate::plan::{Layer, Member};

/// Reads layers.
pub struct LayerReader<'a> {
    files: FileReader<'a>,
    headers: Vec<u8>,
}

impl<'a> LayerReader<'a> {
    /// For layers of files of `file_system`.
    pub fn new(file_system: &'a FileSystem) -> Self {
        LayerReader {
            files: FileReader::new(file_system),
            headers: Vec::new(),
        }
    }

    /// Fills `out` with the bytes of `layer` that begin at `start`.
    pub fn fill(&mut self, layer: &'a Layer, start: u64, out: &mut [u8]) -> Result<()> {
        let end = start + out.len() as u64;
        let mut position = start;
        let first = layer
            .members
            .partition_point(|member| member.end() <= start);
        for member in &layer.members[first..] {
            if member.offset >= end {
                break;
            }
            let rest = &mut out[(position - start) as usize..];
            position += self.fill_member(layer, member, position, rest)?;
        }
        // The end of the archive.
        out[(position - start) as usize..].fill(0);
        Ok(())
    }

    /// Fills `out` from `position`, which lies in `member`, up to the
    /// member's end; returns the bytes filled.
    fn fill_member(
        &mut self,
        layer: &Layer,
        member: &'a Member,
        position: u64,
        out: &mut [u8],
    ) -> Result<u64> {
        let content = member.content_offset();
        let mut filled = 0;
        if position < content {
            let headers = &mut self.headers;
            headers.clear();
            member.push_headers(layer.owner_names, headers);
            let skip = (position - member.offset) as usize;
            let length = out.len().min(headers.len() - skip);
            out[..length].copy_from_slice(&headers[skip..skip + length]);
            filled = length;
        }
        if let Kind::File(source) = &member.kind {
            let from = (position + filled as u64).saturating_sub(content);
            let left = source.size().saturating_sub(from);
            let length = left.min((out.len() - filled) as u64) as usize;
            let content = &mut out[filled..filled + length];
            match source {
                // Once in each pass over the layer.
                Source::Disk(file) if source.size() == 0 && position == member.offset => {
                    self.files.check_empty(file)?;
                }
                _ if length == 0 => {}
                Source::Disk(file) => self.files.read(file, from, content)?,
                Source::Memory(bytes) => {
                    let from = from as usize;
                    content.copy_from_slice(&bytes[from..from + length]);
                }
            }
            filled += length;
        }
        let padding = (member.end() - position - filled as u64).min((out.len() - filled) as u64);
        out[filled..filled + padding as usize].fill(0);
        Ok(filled as u64 + padding)
    }
}
