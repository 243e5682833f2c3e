// SPDX-License-Identifier: GPL-3.0-or-later

//! Any stretch of a layer's archive, from the files it is made of.

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Error, Result, Status, quoted};
use crate::plan::{self, DiskFile, Kind, Layer, Member, Source};

/// Reads layers.  The directory and the file read last stay open, since the
/// next stretch often begins there.
#[derive(Default)]
pub struct Reader<'a> {
    directory: Option<(&'a [u8], OwnedFd)>,
    file: Option<(&'a DiskFile, OwnedFd)>,
    headers: Vec<u8>,
}

impl<'a> Reader<'a> {
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
            let stretch = &mut out[(position - start) as usize..];
            position += self.fill_member(layer, member, position, stretch)?;
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
            member.push_headers(layer.owner, headers);
            let skip = (position - member.offset) as usize;
            let length = out.len().min(headers.len() - skip);
            out[..length].copy_from_slice(&headers[skip..skip + length]);
            filled = length;
        }
        if let Kind::File(source) = &member.kind {
            let from = (position + filled as u64).saturating_sub(content);
            let left = source.size().saturating_sub(from);
            let length = left.min((out.len() - filled) as u64) as usize;
            self.read(source, from, &mut out[filled..filled + length])?;
            filled += length;
        }
        let padding = (member.end() - position - filled as u64).min((out.len() - filled) as u64);
        out[filled..filled + padding as usize].fill(0);
        Ok(filled as u64 + padding)
    }

    /// Fills `out` with a file's content that begins at `from`.
    fn read(&mut self, source: &'a Source, from: u64, out: &mut [u8]) -> Result<()> {
        match source {
            _ if out.is_empty() => Ok(()),
            Source::Memory(content) => {
                let from = from as usize;
                out.copy_from_slice(&content[from..from + out.len()]);
                Ok(())
            }
            Source::Disk(file) => self.read_disk(file, from, out),
        }
    }

    fn read_disk(&mut self, file: &'a DiskFile, mut from: u64, mut out: &mut [u8]) -> Result<()> {
        let fd = match self.file.take() {
            Some((open, fd)) if std::ptr::eq(open, file) => fd,
            _ => self.open(file)?,
        };
        while !out.is_empty() {
            match rustix::io::pread(&fd, &mut *out, from) {
                Ok(0) => return Err(changed(file)),
                Ok(count) => {
                    from += count as u64;
                    out = &mut out[count..];
                }
                Err(Errno::INTR) => {}
                // Something else has taken its place.
                Err(Errno::SPIPE | Errno::ISDIR) => return Err(changed(file)),
                Err(errno) => return Err(plan::failure("reading", &file.path, errno)),
            }
        }
        let stat = rustix::fs::fstat(&fd)
            .map_err(|errno| plan::failure("examining", &file.path, errno))?;
        if plan::stamp(&stat) != file.stamp {
            return Err(changed(file));
        }
        if from < file.stamp.size {
            self.file = Some((file, fd));
        }
        Ok(())
    }

    fn open(&mut self, file: &'a DiskFile) -> Result<OwnedFd> {
        let (directory, name) = plan::split(&file.path);
        let cached = self.directory.take();
        let fd = match cached.filter(|(path, _)| *path == directory) {
            Some((_, fd)) => fd,
            None => plan::open_directory(directory).map_err(|error| {
                if gone(error.errno()) {
                    changed(file)
                } else {
                    error
                }
            })?,
        };
        // NONBLOCK matters only should a pipe have taken the file's place.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = rustix::fs::openat(&fd, name, flags, Mode::empty());
        self.directory = Some((directory, fd));
        opened.map_err(|errno| {
            if gone(errno.raw_os_error()) {
                changed(file)
            } else {
                plan::failure("opening", &file.path, errno)
            }
        })
    }
}

/// Whether a file that was there a moment ago has been removed or replaced.
fn gone(errno: i32) -> bool {
    [Errno::NOENT, Errno::NOTDIR, Errno::LOOP, Errno::NXIO]
        .iter()
        .any(|gone| gone.raw_os_error() == errno)
}

fn changed(file: &DiskFile) -> Error {
    Error::new(
        Status::InputChanged,
        format!(
            "{} changed while the image was being built; build it again when the file is at rest",
            quoted(&file.path)
        ),
    )
}
