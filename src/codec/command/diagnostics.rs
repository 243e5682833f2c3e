// SPDX-License-Identifier: GPL-3.0-or-later

//! What a command says on its standard error.

use std::fs::File;

use rustix::fd::OwnedFd;
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::pipe::PipeFlags;

use crate::retry::retry;

/// Number of bytes kept, from the end.
const KEPT: usize = 1000;

/// Number of bytes taken in at once: as many as a pipe holds, so that a command
/// that never pauses keeps nobody here.
const AT_ONCE: usize = 64 << 10;

/// The end of what a command has said so far.
pub struct Diagnostics {
    pipe: Option<File>,
    end: Vec<u8>,
}

impl Diagnostics {
    /// What comes through a pipe, whose other end is the command's.
    pub fn new() -> rustix::io::Result<(Self, OwnedFd)> {
        let (own, other) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        rustix::fs::fcntl_setfl(&own, OFlags::NONBLOCK)?;
        let diagnostics = Diagnostics {
            pipe: Some(own.into()),
            end: Vec::new(),
        };
        Ok((diagnostics, other))
    }

    /// What to wait for before [`Diagnostics::listen`], while more can come.
    pub fn pipe(&self) -> Option<&File> {
        self.pipe.as_ref()
    }

    /// Takes in what the pipe holds, without waiting.
    pub fn listen(&mut self) {
        let mut buffer = [0; 4096];
        for _ in 0..AT_ONCE / buffer.len() {
            let Some(pipe) = &self.pipe else { break };
            match retry(|| rustix::io::read(pipe, &mut buffer)) {
                Ok(count) if count > 0 => {
                    self.end.extend_from_slice(&buffer[..count]);
                    let excess = self.end.len().saturating_sub(KEPT);
                    self.end.drain(..excess);
                }
                Err(Errno::AGAIN) => break,
                _ => self.pipe = None,
            }
        }
    }

    /// The end of what was said, as one line without a full stop, or `None`
    /// if nothing was.
    pub fn line(&mut self) -> Option<String> {
        self.listen();
        let text = String::from_utf8_lossy(&self.end);
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = words.join(" ");
        let line = line.trim_end_matches('.');
        (!line.is_empty()).then(|| line.to_owned())
    }
}
