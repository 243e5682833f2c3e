// SPDX-License-Identifier: GPL-3.0-or-later

//! A command that reads an image and writes it compressed.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::PIPE_SIZE;
use super::diagnostics::Diagnostics;
use crate::error::{Argument, Error, Result, Status};
use crate::job::{Job, signals};
use crate::output::{Archive, reader_gone, write_failure};

/// What a program that calls the library must not do.
const KEEP_CHILDREN: &str =
    "a program that uses compressors must not ignore SIGCHLD or wait for all children";

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
    input: Option<ChildStdin>,
    diagnostics: Diagnostics,
    output: &'a Archive,
    ended: bool,
}

impl<'a> Filter<'a> {
    /// Starts `command`, which writes to `output`.
    pub fn start(command: &[OsString], output: &'a Archive) -> Result<Self> {
        let [program, arguments @ ..] = command else {
            return Err(Error::argument(
                Argument::Compressor,
                "the command is empty",
            ));
        };
        let failed = |error: &std::io::Error| {
            let what = format!("running {program:?}");
            Error::io(Status::Compressor, what, error).because_of(Argument::Compressor)
        };
        if signals::children_vanish() {
            return Err(Error::new(
                Status::Compressor,
                format!("how {program:?} ends could not be known"),
            )
            .because_of(Argument::Compressor)
            .advise(KEEP_CHILDREN));
        }
        let mut command = Command::new(program);
        signals::start_alone(&mut command);
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(output.for_command().map_err(|error| failed(&error))?)
            .stderr(Stdio::piped())
            // So that a shell script ends with all it has started.
            .process_group(0)
            .spawn()
            .map_err(|error| match failed(&error) {
                failure if failure.status() == Status::Compressor => {
                    failure.advise("install it, or give its absolute file name")
                }
                failure => failure,
            })?;
        let input = child.stdin.take();
        let filter = Filter {
            name: program.clone(),
            input,
            diagnostics: Diagnostics::new(child.stderr.take()),
            child,
            output,
            ended: false,
        };
        if let Some(input) = &filter.input {
            rustix::fs::fcntl_setfl(input, OFlags::NONBLOCK)
                .map_err(|errno| failed(&errno.into()))?;
            // A smaller pipe does as well.
            let _ = rustix::pipe::fcntl_setpipe_size(input, PIPE_SIZE);
        }
        Ok(filter)
    }

    /// Gives `bytes` to the command.
    pub fn write(&mut self, mut bytes: &[u8], job: &Job) -> Result<()> {
        let Some(input) = &self.input else {
            return Ok(());
        };
        let interval = Timespec::try_from(POLL_INTERVAL).unwrap_or_default();
        while !bytes.is_empty() {
            job.check()?;
            match rustix::io::write(input, bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let mut polled = vec![PollFd::new(input, PollFlags::OUT)];
                    let diagnostics = self.diagnostics.pipe();
                    polled.extend(diagnostics.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
                    match rustix::event::poll(&mut polled, Some(&interval)) {
                        Ok(_) | Err(Errno::INTR) => self.diagnostics.listen(),
                        Err(errno) => return Err(write_failure(&errno.into())),
                    }
                }
                Err(Errno::PIPE) => {
                    return Err(self.failure(STOPPED_READING));
                }
                Err(errno) => return Err(write_failure(&errno.into())),
            }
        }
        Ok(())
    }

    /// Waits until the command has read all it was given.
    fn drain(&mut self, job: &Job) -> Result<()> {
        let mut pause = Pause::default();
        while let Some(input) = &self.input {
            // No readers are left of a pipe in error.
            let mut polled = [PollFd::new(input, PollFlags::empty())];
            let _ = rustix::event::poll(&mut polled, Some(&Timespec::default()));
            let abandoned = polled[0].revents().contains(PollFlags::ERR);
            match rustix::io::ioctl_fionread(input) {
                Ok(0) => break,
                Ok(_) if abandoned => return Err(self.failure(STOPPED_READING)),
                Ok(_) if self.has_ended()? => return Err(self.failure(STOPPED_READING)),
                Ok(_) => {
                    self.diagnostics.listen();
                    pause.wait(job)?;
                }
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
            self.diagnostics.listen();
            pause.wait(job)?;
        }
        // What it has left running must not write to the image any more.
        self.kill();
        let status = match self.child.wait() {
            Ok(status) => status,
            Err(error) => return Err(self.lost(&error)),
        };
        self.ended = true;
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
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match rustix::process::waitid(WaitId::Pid(self.pid()), options) {
            Ok(status) => Ok(status.is_some()),
            Err(Errno::INTR) => Ok(false),
            Err(errno) => Err(self.lost(&errno.into())),
        }
    }

    /// The command's status is not to be had: it has ended, and its number may
    /// be another process's by now.
    fn lost(&mut self, error: &std::io::Error) -> Error {
        self.ended = true;
        let what = format!("waiting for {:?}", self.name);
        Error::io(Status::Compressor, what, error)
            .because_of(Argument::Compressor)
            .advise(KEEP_CHILDREN)
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Kills the command and what it has started.
    fn kill(&self) {
        // None may be left, and then there is nothing more to do.
        let _ = rustix::process::kill_process_group(self.pid(), Signal::KILL);
    }

    fn failure(&mut self, problem: &str) -> Error {
        let message = format!("{:?} {problem}", self.name);
        let message = match self.diagnostics.line() {
            Some(line) => format!("{message}: {line}"),
            None => message,
        };
        Error::new(Status::Compressor, message).because_of(Argument::Compressor)
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

impl Drop for Filter<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.kill();
            let _ = self.child.wait();
        }
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
    fn wait(&mut self, job: &Job) -> Result<()> {
        job.check()?;
        std::thread::sleep(self.0);
        self.0 = (self.0 * 2).min(Duration::from_millis(10));
        Ok(())
    }
}
