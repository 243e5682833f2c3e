// SPDX-License-Identifier: GPL-3.0-or-later

//! A descriptor of the caller's, which takes the image in its order: a pipe, a
//! socket, or a file that is open already.

use std::os::fd::AsRawFd;
use std::sync::Mutex;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;
use rustix::net::SendFlags;

use super::{reader_gone, write_failure};
use crate::digest::{Digest, Sha256};
use crate::error::{Error, Result, Status};
use crate::input::FileId;
use crate::input::open::open;
use crate::job::{Job, lock};
use crate::retry::Attempts;

/// How often a write that waits for the reader looks whether to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The bytes that a pipe takes at once if it takes any.
const PIPE_BUF: usize = 4096;

/// A descriptor that is written to.
pub struct Stream {
    /// The caller's, under another number.
    shared: OwnedFd,
    /// What is written to, if that is another one.
    own: Option<OwnedFd>,
    way: Way,
    state: Mutex<State>,
}

/// How to write without waiting for the reader longer than can be helped: the
/// descriptor is shared with others, whose waiting is not changed.
#[derive(Clone, Copy)]
enum Way {
    /// It was opened anew, not to wait.
    NonBlocking,
    /// A pipe that could not be opened anew.
    SharedPipe,
    /// A socket, which can be told each time.
    Socket,
    /// There is no reader to wait for, or no way not to.
    Plain,
}

struct State {
    written: u64,
    hash: Option<Sha256>,
}

impl Stream {
    /// Writes to `fd`; the bytes are hashed if `hashed`.
    pub fn new(fd: BorrowedFd, hashed: bool) -> Result<Self> {
        let failed = |errno| Error::system(Status::Output, "examining the descriptor", errno);
        let stat = rustix::fs::fstat(fd).map_err(failed)?;
        let access = rustix::fs::fcntl_getfl(fd).map_err(failed)? & OFlags::ACCMODE;
        if access == OFlags::RDONLY {
            return Err(Error::new(
                Status::InvalidArgument,
                "the descriptor is open for reading only",
            ));
        }
        let shared = rustix::io::fcntl_dupfd_cloexec(fd, 3).map_err(failed)?;
        let (own, way) = match FileType::from_raw_mode(stat.st_mode) {
            kind @ (FileType::Fifo | FileType::CharacterDevice) => {
                let name = format!("/proc/self/fd/{}", fd.as_raw_fd());
                let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
                match open(&name, flags) {
                    Ok(fd) => (Some(fd), Way::NonBlocking),
                    Err(_) if kind == FileType::Fifo => (None, Way::SharedPipe),
                    Err(_) => (None, Way::Plain),
                }
            }
            FileType::Socket => (None, Way::Socket),
            _ => (None, Way::Plain),
        };
        Ok(Stream {
            shared,
            own,
            way,
            state: Mutex::new(State {
                written: 0,
                hash: hashed.then(Sha256::default),
            }),
        })
    }

    /// Writes all of `bytes`, unless the job is stopped.
    pub fn write(&self, bytes: &[u8], job: &Job) -> Result<()> {
        match self.write_unless_gone(bytes, job)? {
            true => Ok(()),
            false => Err(reader_gone()),
        }
    }

    /// Writes the zeros at the end of an archive, unless the reader has gone.
    pub fn write_end(&self, zeros: &[u8], job: &Job) -> Result<()> {
        self.write_unless_gone(zeros, job).map(drop)
    }

    /// Writes all of `bytes`, which a command has made: they are not counted.
    pub fn pass_on(&self, bytes: &[u8], job: &Job) -> Result<()> {
        match self.write_bytes(bytes, job)? {
            true => Ok(()),
            false => Err(reader_gone()),
        }
    }

    /// Writes all of `bytes`; returns whether there was somebody to read them.
    fn write_unless_gone(&self, bytes: &[u8], job: &Job) -> Result<bool> {
        let mut state = lock(&self.state);
        // They are the image's also if nobody wants them any more.
        state.written += bytes.len() as u64;
        if let Some(hash) = &mut state.hash {
            hash.update(bytes);
        }
        self.write_bytes(bytes, job)
    }

    fn write_bytes(&self, bytes: &[u8], job: &Job) -> Result<bool> {
        let mut rest = bytes;
        // Calls that did nothing since the last one that did something.
        let mut attempts = Attempts::default();
        while !rest.is_empty() {
            job.check()?;
            match self.try_write(rest) {
                Ok(count) => {
                    rest = &rest[count..];
                    attempts = Attempts::default();
                }
                Err(Errno::INTR) if attempts.again() => {}
                Err(Errno::AGAIN) => {
                    attempts.pause();
                    self.wait()?;
                }
                Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => return Ok(false),
                Err(errno) => return Err(write_failure(&errno.into())),
            }
        }
        Ok(true)
    }

    fn try_write(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        let fd = self.own.as_ref().unwrap_or(&self.shared);
        match self.way {
            Way::NonBlocking | Way::Plain => rustix::io::write(fd, bytes),
            Way::Socket => rustix::net::send(fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL),
            Way::SharedPipe => {
                let mut polled = [PollFd::new(fd, PollFlags::OUT)];
                match rustix::event::poll(&mut polled, Some(&Timespec::default()))? {
                    0 => Err(Errno::AGAIN),
                    _ => rustix::io::write(fd, &bytes[..bytes.len().min(PIPE_BUF)]),
                }
            }
        }
    }

    /// Waits until the reader takes more, but not for long.
    fn wait(&self) -> Result<()> {
        let interval = Timespec::try_from(POLL_INTERVAL).unwrap_or_default();
        let mut polled = [PollFd::new(&self.shared, PollFlags::OUT)];
        match rustix::event::poll(&mut polled, Some(&interval)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(write_failure(&errno.into())),
        }
    }

    /// Whether those that write to it by themselves wait for the reader.
    pub fn waits(&self) -> rustix::io::Result<bool> {
        let stat = rustix::fs::fstat(&self.shared)?;
        let flags = rustix::fs::fcntl_getfl(&self.shared)?;
        // To write to a file, nobody waits.
        let is_file = FileType::from_raw_mode(stat.st_mode).is_file();
        Ok(is_file || !flags.contains(OFlags::NONBLOCK))
    }

    /// The descriptor, for those that write to it by themselves.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.shared.as_fd()
    }

    /// The file it is, if it is one, which must not become part of the image.
    pub fn id(&self) -> Result<Option<FileId>> {
        let stat = rustix::fs::fstat(&self.shared)
            .map_err(|errno| Error::system(Status::Output, "examining the descriptor", errno))?;
        let is_file = FileType::from_raw_mode(stat.st_mode).is_file();
        Ok(is_file.then(|| FileId::from(&stat)))
    }

    /// How many bytes were written here, those that a reader had no need of
    /// included.
    pub fn written(&self) -> u64 {
        lock(&self.state).written
    }

    /// The digest of what was written here, if it was hashed.
    pub fn digest(&self) -> Option<Digest> {
        let state = lock(&self.state);
        let hash = state.hash.clone().filter(|_| state.written > 0)?;
        Some(Digest::from(hash))
    }
}
