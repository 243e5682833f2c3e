// SPDX-License-Identifier: GPL-3.0-or-later

//! System calls that are made again when a signal has interrupted them.
//!
//! File systems that ask a server or another process may interrupt calls, and
//! the signal is the host's.  The standard library makes such a call again for
//! ever and without a pause, should it never succeed.  Here it is an error after
//! half a second.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::thread;
use std::time::Duration;

use rustix::fd::AsFd;
use rustix::io::Errno;

/// Number of times that a call is made again: at first without a pause.
const MAX_ATTEMPTS: u32 = 60;
const AT_ONCE: u32 = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// Attempts of one call.
#[derive(Default)]
pub struct Attempts(u32);

impl Attempts {
    /// Notes that the call did nothing; returns whether to make it again, after
    /// a pause if that has been often.
    pub fn again(&mut self) -> bool {
        self.pause();
        self.0 < MAX_ATTEMPTS
    }

    /// Like [`Attempts::again`], for a call that is made again in any case.
    pub fn pause(&mut self) {
        self.0 = self.0.saturating_add(1);
        if self.0 > AT_ONCE {
            thread::sleep(PAUSE);
        }
    }
}

/// Makes `call`, again if it was interrupted.
pub fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    let mut attempts = Attempts::default();
    loop {
        match call() {
            Err(Errno::INTR) if attempts.again() => {}
            result => return result,
        }
    }
}

/// Like [`retry`], with an error that the standard library takes for one: it
/// makes calls again that fail with `EINTR`.
fn retry_for_std<T>(call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    match retry(call) {
        Err(Errno::INTR) => Err(io::Error::other("interrupted by signals again and again")),
        result => Ok(result?),
    }
}

/// Writes all of `bytes` at the position of `file`.
pub fn write_all(file: impl AsFd, bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match retry_for_std(|| rustix::io::write(&file, rest))? {
            0 => return Err(ErrorKind::WriteZero.into()),
            count => rest = &rest[count..],
        }
    }
    Ok(())
}

/// Writes all of `bytes` from `position` of `file` on.
pub fn write_all_at(file: impl AsFd, bytes: &[u8], position: u64) -> io::Result<()> {
    let mut rest = bytes;
    let mut position = position;
    while !rest.is_empty() {
        match retry_for_std(|| rustix::io::pwrite(&file, rest, position))? {
            0 => return Err(ErrorKind::WriteZero.into()),
            count => {
                rest = &rest[count..];
                position += count as u64;
            }
        }
    }
    Ok(())
}

/// Fills `buffer` with the bytes from `position` of `file` on.
pub fn read_exact_at(file: impl AsFd, buffer: &mut [u8], position: u64) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = &mut buffer[filled..];
        match retry_for_std(|| rustix::io::pread(&file, &mut *rest, position + filled as u64))? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    Ok(())
}

/// File that the standard library may read from and write to.
pub struct Patient(pub File);

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        retry_for_std(|| rustix::io::read(&self.0, &mut *buffer))
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        retry_for_std(|| rustix::io::write(&self.0, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::{MAX_ATTEMPTS, retry, retry_for_std};

    #[test]
    fn interruptions_come_to_an_end() {
        let mut calls = 0;
        let interrupted = retry(|| -> rustix::io::Result<()> {
            calls += 1;
            Err(Errno::INTR)
        });
        assert_eq!((interrupted, calls), (Err(Errno::INTR), MAX_ATTEMPTS));
        let error = retry_for_std(|| Err::<(), _>(Errno::INTR)).unwrap_err();
        assert_ne!(error.kind(), std::io::ErrorKind::Interrupted);
    }

    #[test]
    fn a_call_is_made_until_it_was_not_interrupted() {
        for last in [Ok(7), Err(Errno::IO)] {
            let mut results = vec![last, Err(Errno::INTR), Err(Errno::INTR)];
            assert_eq!(retry(|| results.pop().unwrap()), last);
        }
    }
}
