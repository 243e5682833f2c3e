// SPDX-License-Identifier: GPL-3.0-or-later

//! Any byte range of a layer's archive, from the files it is made of.

use crate::error::{Argument, Error, Result, Status};
use crate::input::{FileReader, FileSystem, Kind, Source};
use crate::job::Job;
use crate::plan::{Layer, Member};

/// Reads layers.
pub struct LayerReader<'a> {
    files: FileReader<'a>,
    headers: Vec<u8>,
    job: &'a Job,
    /// The layer that was read last.
    layer: Option<&'a Layer>,
}

impl<'a> LayerReader<'a> {
    /// For layers of files of `file_system`; `job` is told which.
    pub fn new(file_system: &'a FileSystem, job: &'a Job) -> Self {
        LayerReader {
            files: FileReader::new(file_system),
            headers: Vec::new(),
            job,
            layer: None,
        }
    }

    /// Fills `out` with the bytes of `layer` that begin at `start`.
    pub fn fill(&mut self, layer: &'a Layer, start: u64, out: &mut [u8]) -> Result<()> {
        if !self.layer.is_some_and(|last| std::ptr::eq(last, layer)) {
            self.layer = Some(layer);
            let item = layer.items.first();
            self.job.reads(item.map(|item| item.path.as_slice()));
        }
        if let Some(base) = &layer.base {
            return base.section.read_at(out, start).map_err(|error| {
                Error::io(Status::InputChanged, "reading the base", &error)
                    .with_argument(Argument("base"))
            });
        }
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

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::ops::ControlFlow;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::FileExt;

    use super::LayerReader;
    use crate::input::FileSystem;
    use crate::job::Job;
    use crate::plan;
    use crate::request::Request;

    /// Too large for 32 bits, and its last block is not full.
    const LARGE: u64 = BOUNDARY + 12_345;
    const BOUNDARY: u64 = 4 << 30;

    #[test]
    fn sizes_and_offsets_may_exceed_4_gib() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("1-large");
        let file = File::create(&path).unwrap();
        file.set_len(LARGE).unwrap();
        file.write_all_at(b"across", BOUNDARY - 3).unwrap();
        file.write_all_at(b"end", LARGE - 3).unwrap();
        fs::write(scratch.path().join("2-last"), b"what comes after").unwrap();
        let below = scratch.path().as_os_str().as_bytes();
        let request = Request::new(b"/image", &[below], b"/prefix").unwrap();
        let file_system = FileSystem::open().unwrap();
        let mut monitor = |_| ControlFlow::Continue(());
        let job = Job::default();
        let plan = plan::plan(&request, 0, &file_system, &[], &job, &mut monitor).unwrap();
        let layer = &plan.layers[0];
        let [.., large, last] = layer.members.as_slice() else {
            panic!("{:?}", layer.members);
        };
        assert_eq!(large.size(), LARGE);
        assert_eq!(
            last.offset,
            (large.content_offset() + LARGE).next_multiple_of(512)
        );

        let mut reader = LayerReader::new(&file_system, &job);
        let mut read = |start, size| {
            let mut bytes = vec![1; size];
            reader.fill(layer, start, &mut bytes).unwrap();
            bytes
        };
        let content = large.content_offset();
        assert_eq!(read(content + BOUNDARY - 4, 8), b"\0across\0");
        let ending = read(
            content + LARGE - 4,
            (last.offset - content - LARGE) as usize + 4,
        );
        assert_eq!(ending[..4], *b"\0end");
        assert!(ending[4..].iter().all(|&byte| byte == 0));
        assert_eq!(read(last.content_offset(), 17), b"what comes after\0");
        let header = read(content - 512, 512);
        assert_eq!(header[124..136], *b"40000030071\0");
    }
}
