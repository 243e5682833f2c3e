// SPDX-License-Identifier: GPL-3.0-or-later

//! What a command writes, passed on to a descriptor that does not wait: a
//! command would take its `EAGAIN` for a failure, and how the descriptor waits
//! is its owner's to say.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::pipe::PipeFlags;

use crate::codec::command::BUFFER_SIZE;
use crate::error::{Error, Result, Status};
use crate::job::Job;
use crate::memory;
use crate::output::Stream;
use crate::retry::retry;

/// A pipe from a command.
pub struct Relay<'a> {
    pipe: OwnedFd,
    has_ended: bool,
    output: &'a Stream,
    buffer: Vec<u8>,
}

impl<'a> Relay<'a> {
    /// A pipe to `output`, and the command's end of it.
    pub fn new(output: &'a Stream) -> Result<(Self, OwnedFd)> {
        let failed = |errno| Error::system(Status::Compressor, "making a pipe", errno);
        let (pipe, other) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(failed)?;
        rustix::fs::fcntl_setfl(&pipe, OFlags::NONBLOCK).map_err(failed)?;
        let relay = Relay {
            pipe,
            has_ended: false,
            output,
            buffer: memory::zeros(BUFFER_SIZE)?,
        };
        Ok((relay, other))
    }

    /// True while more can come.
    pub fn is_open(&self) -> bool {
        !self.has_ended
    }

    /// Descriptor to wait for before [`Relay::pass_on`], while more can come.
    pub fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.is_open().then(|| self.pipe.as_fd())
    }

    /// Passes on the bytes that the pipe holds; returns their number.
    pub fn pass_on(&mut self, job: &Job) -> Result<usize> {
        let mut passed = 0;
        loop {
            let Relay { pipe, buffer, .. } = &mut *self;
            match retry(|| rustix::io::read(&*pipe, &mut *buffer)) {
                Ok(0) => {
                    self.has_ended = true;
                    return Ok(passed);
                }
                Ok(count) => {
                    self.output.pass_on(&self.buffer[..count], job)?;
                    passed += count;
                }
                Err(Errno::AGAIN) => return Ok(passed),
                Err(errno) => {
                    let what = "reading what the command writes";
                    return Err(Error::system(Status::Compressor, what, errno));
                }
            }
        }
    }
}
