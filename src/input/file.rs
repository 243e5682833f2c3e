// SPDX-License-Identifier: GPL-3.0-or-later

//! Reading regular files that were found before.

use std::sync::Arc;

use rustix::fd::OwnedFd;
use rustix::fs::Stat;
use rustix::io::Errno;

use super::entry::DiskFile;
use super::file_system::{FileSystem, Origin};
use super::scan::split;
use super::snapshot::OpenSnapshot;
use super::{OPEN_FLAGS, changed, failure, failure_or_changed};
use crate::error::{Error, Result, Status, quoted};
use crate::input::open::open_at;
use crate::retry::retry;
use crate::warning::Notice;

/// Reads files.  The directory and the file read last stay open, since what
/// is read next is often there.  None stays open from its listing on: 900 that
/// do make no image faster, and 20,000 make it slower.
pub struct FileReader<'a> {
    file_system: &'a FileSystem,
    directory: Option<Directory<'a>>,
    file: Option<OpenFile<'a>>,
}

struct Directory<'a> {
    path: &'a [u8],
    origin: Option<&'a Arc<Origin>>,
    fd: OwnedFd,
}

struct OpenFile<'a> {
    file: &'a DiskFile,
    fd: OwnedFd,
    snapshot: OpenSnapshot,
}

impl<'a> FileReader<'a> {
    /// For files of `file_system`.
    pub fn new(file_system: &'a FileSystem) -> Self {
        FileReader {
            file_system,
            directory: None,
            file: None,
        }
    }

    /// Fills `out` with the content of `file` that begins at `from`.
    pub fn read(&mut self, file: &'a DiskFile, mut from: u64, mut out: &mut [u8]) -> Result<()> {
        let open = match self.file.take() {
            Some(open) if std::ptr::eq(open.file, file) => open,
            _ => {
                let fd = self.open(file)?;
                let is_whole = out.len() as u64 == file.snapshot.size;
                if is_whole && read_untouched(&fd, file, out)? {
                    return Ok(());
                }
                OpenFile::new(fd, file)?
            }
        };
        while !out.is_empty() {
            match open.read(out, from)? {
                0 => return Err(open.ended_early()?),
                count => {
                    from += count as u64;
                    out = &mut out[count..];
                }
            }
        }
        open.check()?;
        if from < file.snapshot.size {
            self.file = Some(open);
        }
        Ok(())
    }

    /// Looks whether `file`, whose size is 0, really is empty, as those in
    /// /proc are not.
    pub fn check_empty(&mut self, file: &'a DiskFile) -> Result<()> {
        let open = OpenFile::new(self.open(file)?, file)?;
        if open.read(&mut [0], 0)? == 0 {
            return Ok(());
        }
        open.check()?;
        self.file_system.warnings.note(Notice::Empty, &file.path);
        Ok(())
    }

    fn open(&mut self, file: &'a DiskFile) -> Result<OwnedFd> {
        let (path, name) = split(&file.path);
        let origin = file.origin.as_ref();
        let cached = self.directory.take().filter(|directory| {
            directory.path == path && directory.origin.map(Arc::as_ptr) == origin.map(Arc::as_ptr)
        });
        let directory = match cached {
            Some(directory) => directory,
            None => Directory {
                path,
                origin,
                fd: self
                    .file_system
                    .directory(&Origin::real_name(origin, path))
                    .map_err(|errno| failure_or_changed("opening", &file.path, errno))?,
            },
        };
        let fd = open_at(&directory.fd, name, OPEN_FLAGS);
        self.directory = Some(directory);
        fd.map_err(|errno| failure_or_changed("opening", &file.path, errno))
    }
}

/// Reads all of `file` at once, and looks only then whether it is the one that
/// was found.  If that is doubtful, `out` is to be filled again.
fn read_untouched(fd: &OwnedFd, file: &DiskFile, out: &mut [u8]) -> Result<bool> {
    let read = rustix::io::pread(fd, &mut *out, 0);
    let stat = examine(fd, file)?;
    match read {
        Ok(count) => Ok(count == out.len() && file.snapshot.is_untouched(&stat)),
        Err(errno) if errno != Errno::INTR && file.snapshot.is_of(&stat) => {
            Err(failure("reading", &file.path, errno))
        }
        Err(_) => Ok(false),
    }
}

fn examine(fd: &OwnedFd, file: &DiskFile) -> Result<Stat> {
    rustix::fs::fstat(fd).map_err(|errno| failure("examining", &file.path, errno))
}

impl<'a> OpenFile<'a> {
    /// What `fd` is opened of, which must be the `file` that was found.
    fn new(fd: OwnedFd, file: &'a DiskFile) -> Result<Self> {
        let stat = examine(&fd, file)?;
        if !file.snapshot.is_of(&stat) {
            return Err(changed(&file.path));
        }
        Ok(OpenFile {
            file,
            fd,
            snapshot: OpenSnapshot::from(&stat),
        })
    }

    fn read(&self, out: &mut [u8], from: u64) -> Result<usize> {
        let read = retry(|| rustix::io::pread(&self.fd, &mut *out, from));
        read.map_err(|errno| failure("reading", &self.file.path, errno))
    }

    /// Checks that the file was not modified since it was opened.
    fn check(&self) -> Result<()> {
        let stat = examine(&self.fd, self.file)?;
        if self.snapshot.may_differ(&OpenSnapshot::from(&stat)) {
            return Err(changed(&self.file.path));
        }
        Ok(())
    }

    /// The error for a file that has less than it should.
    fn ended_early(&self) -> Result<Error> {
        self.check()?;
        Ok(Error::new(
            Status::Input,
            format!(
                "{} holds less than its size says, as files in /sys do; \
                 copy it and give the copy",
                quoted(&self.file.path)
            ),
        ))
    }
}
