// SPDX-License-Identifier: GPL-3.0-or-later

//! A command that reads an image and writes it compressed.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::process::Signal;

use super::relay::Relay;
use crate::codec::command::{Child, Diagnostics, Input, Streams};
use crate::error::{Argument, Error, Result, Status};
use crate::job::Job;
use crate::output::{Archive, reader_gone, write_failure};
use crate::retry::Attempts;

/// The signal that ends those who write to a pipe that nobody reads.
const SIGPIPE: i32 = Signal::PIPE.as_raw();

/// How often a wait for the command looks whether to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// What is wrong with a command that does not want the whole image.
const STOPPED_READING: &str = "stopped reading before the end of the image";

/// How long a command that stopped reading may take to end and say why.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A running command.  It is ended when dropped.
pub struct Filter<'a> {
    name: OsString,
    child: Child,
    input: Option<Input>,
    diagnostics: Diagnostics,
    output: &'a Archive,
    /// What passes on what it writes, if it cannot write there itself.
    relay: Option<Relay<'a>>,
}

impl<'a> Filter<'a> {
    /// Starts `command`, which writes to `output`.
    pub fn start(command: &[OsString], output: &'a Archive) -> Result<Self> {
        let Some(program) = command.first() else {
            return Err(Error::argument(
                Argument("compressor"),
                "the command is empty",
            ));
        };
        let failed = |error: &std::io::Error| {
            let what = format!("running {program:?}");
            Error::io(Status::Compressor, what, error).with_argument(Argument("compressor"))
        };
        let (input, read) = Input::new().map_err(|errno| failed(&errno.into()))?;
        let (diagnostics, error) = Diagnostics::new().map_err(|errno| failed(&errno.into()))?;
        let (output_end, relay) = match output {
            Archive::Stream(stream)
                if !stream.waits().map_err(|errno| failed(&errno.into()))? =>
            {
                let (relay, end) = Relay::new(stream)?;
                (end, Some(relay))
            }
            _ => {
                let own = output.for_command().map_err(|error| failed(&error))?;
                (own.into(), None)
            }
        };
        let streams = Streams {
            input: read,
            output: output_end,
            error,
        };
        let child = Child::spawn(command, &streams).map_err(|error| match failed(&error) {
            failure if failure.status() == Status::Compressor => {
                failure.with_hint("install it, or give its absolute file name")
            }
            failure => failure,
        })?;
        Ok(Filter {
            name: program.clone(),
            child,
            input: Some(input),
            diagnostics,
            output,
            relay,
        })
    }

    /// Gives `bytes` to the command.
    pub fn write(&mut self, mut bytes: &[u8], job: &Job) -> Result<()> {
        // Calls that did nothing since the last one that did something.
        let mut attempts = Attempts::default();
        while let Some(input) = self.input.as_ref().filter(|_| !bytes.is_empty()) {
            job.check()?;
            match input.give(bytes) {
                Ok(count) => {
                    bytes = &bytes[count..];
                    attempts = Attempts::default();
                }
                Err(Errno::INTR) if attempts.again() => {}
                Err(Errno::AGAIN) => {
                    let polled = self.pipes().chain([input.poll_for_room()]);
                    let waited = wait(polled, POLL_INTERVAL);
                    waited.map_err(|errno| write_failure(&errno.into()))?;
                    match self.listen(job)? {
                        true => attempts = Attempts::default(),
                        false => attempts.pause(),
                    }
                    // Its end of the socket may be open in a process that the
                    // host has forked.
                    if self.has_ended()? {
                        return Err(self.failure(STOPPED_READING));
                    }
                }
                Err(Errno::PIPE | Errno::CONNRESET) => {
                    return Err(self.failure(STOPPED_READING));
                }
                Err(errno) => return Err(write_failure(&errno.into())),
            }
        }
        Ok(())
    }

    /// Pipes from the command to which it can still write.
    fn pipes(&self) -> impl Iterator<Item = PollFd<'_>> {
        let diagnostics = self.diagnostics.pipe().map(AsFd::as_fd);
        let relayed = self.relay.as_ref().and_then(Relay::pipe);
        let pipes = diagnostics.into_iter().chain(relayed);
        pipes.map(|pipe| PollFd::from_borrowed_fd(pipe, PollFlags::IN))
    }

    /// Waits until the command writes something or `pause` is over, and takes in
    /// what it has written.
    fn pause(&mut self, pause: &mut Pause, job: &Job) -> Result<()> {
        job.check()?;
        let waited = wait(self.pipes(), pause.next());
        waited.map_err(|errno| write_failure(&errno.into()))?;
        self.listen(job)?;
        Ok(())
    }

    /// Takes in what the command says and writes, so that it does not have to
    /// wait; returns whether it has written something.
    fn listen(&mut self, job: &Job) -> Result<bool> {
        self.diagnostics.listen();
        match &mut self.relay {
            Some(relay) => Ok(relay.pass_on(job)? > 0),
            None => Ok(false),
        }
    }

    /// Passes on the rest of what the command has written, which has ended.
    fn pass_on_rest(&mut self, job: &Job) -> Result<()> {
        self.listen(job)?;
        // Processes that the command has started are killed, and may take a moment to
        // be gone.
        let limit = Instant::now() + LAST_WORDS;
        let mut pause = Pause::default();
        while self.relay.as_ref().is_some_and(Relay::is_open) && Instant::now() < limit {
            self.pause(&mut pause, job)?;
        }
        Ok(())
    }

    /// Waits until the command has read all it was given.
    fn drain(&mut self, job: &Job) -> Result<()> {
        let mut pause = Pause::default();
        while let Some(input) = &self.input {
            let is_abandoned = input.is_abandoned();
            match input.has_unread() {
                Ok(false) if input.has_lost() => return Err(self.failure(STOPPED_READING)),
                Ok(false) => break,
                Ok(true) if is_abandoned => return Err(self.failure(STOPPED_READING)),
                Ok(true) if self.has_ended()? => return Err(self.failure(STOPPED_READING)),
                Ok(true) => self.pause(&mut pause, job)?,
                Err(errno) => return Err(write_failure(&errno.into())),
            }
        }
        Ok(())
    }

    /// Waits for the command to end after it was fed with the given result.
    /// If it failed, that explains why feeding it did.
    pub fn finish(mut self, fed: Result<()>, job: &Job) -> Result<()> {
        let fed = fed.and_then(|()| self.drain(job));
        drop(self.input.take());
        let limit = match &fed {
            Err(error) if error.status() != Status::Compressor => return fed,
            Err(_) => Some(Instant::now() + LAST_WORDS),
            Ok(()) => None,
        };
        let mut pause = Pause::default();
        while !self.has_ended()? {
            if limit.is_some_and(|limit| Instant::now() > limit) {
                return fed;
            }
            self.pause(&mut pause, job)?;
        }
        // What it has left running must not write to the image any more.
        let status = match self.child.peek() {
            Ok(Some(status)) => status,
            Ok(None) => return Err(self.lost(Errno::CHILD)),
            Err(errno) => return Err(self.lost(errno)),
        };
        self.child.end();
        self.pass_on_rest(job)?;
        if matches!(self.output, Archive::Stream(_)) && status.signal() == Some(SIGPIPE) {
            return Err(reader_gone());
        }
        if let Some(problem) = describe(status) {
            return Err(self.failure(&problem));
        }
        fed?;
        match self.output.is_empty()? {
            true => Err(self.failure("wrote nothing to its standard output")),
            false => Ok(()),
        }
    }

    /// Whether the command has ended; its status is kept.
    fn has_ended(&mut self) -> Result<bool> {
        match self.child.peek() {
            Ok(status) => Ok(status.is_some()),
            Err(Errno::INTR) => Ok(false),
            Err(errno) => Err(self.lost(errno)),
        }
    }

    /// The command's status is not to be had.
    fn lost(&mut self, errno: Errno) -> Error {
        let what = format!("waiting for {:?}", self.name);
        Error::system(Status::Compressor, what, errno).with_argument(Argument("compressor"))
    }

    fn failure(&mut self, problem: &str) -> Error {
        let message = format!("{:?} {problem}", self.name);
        let message = match self.diagnostics.line() {
            Some(line) => format!("{message}: {line}"),
            None => message,
        };
        Error::new(Status::Compressor, message).with_argument(Argument("compressor"))
    }
}

/// How a command ended, if not well.
fn describe(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("failed with exit status {code}")),
        (None, Some(signal)) => Some(format!("was killed by signal {signal}")),
        (None, None) => Some("ended in an unknown way".into()),
    }
}

/// Pauses that begin short and grow.
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Pause(Duration::from_micros(200))
    }
}

impl Pause {
    fn next(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(Duration::from_millis(10));
        now
    }
}

/// Waits until one of `polled` is ready or `time` is over.
fn wait<'a>(polled: impl Iterator<Item = PollFd<'a>>, time: Duration) -> rustix::io::Result<()> {
    let time = Timespec::try_from(time).unwrap_or_default();
    let mut polled: Vec<_> = polled.collect();
    match rustix::event::poll(&mut polled, Some(&time)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}
