// SPDX-License-Identifier: GPL-3.0-or-later

//! The archive through a command, from its standard input to its standard
//! output.
//!
//! A pipe takes bytes in their order only, and the header of a layer in a
//! layered image needs the layer's digest.  So there, other threads hash the
//! layers, in their order, while one feeds the command with what has been
//! hashed; these files are read twice, the second time from memory as a rule.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{MemfdFlags, OFlags};
use rustix::io::Errno;

use super::buffers::Pool;
use super::digests::{Digests, Stretch};
use super::direct::{Direct, Task};
use super::reader::Reader;
use super::{Image, write_failure};
use crate::control::{Control, Monitor};
use crate::error::{Error, Result, Status};
use crate::metadata::DiffId;
use crate::plan::{Content, layer_header};

/// The bytes given to the command at a time, and the size asked for the pipe.
const CHUNK: usize = 256 << 10;

/// How often a wait for the command looks whether to stop.
const INTERVAL: Duration = Duration::from_millis(100);

/// How much of what a failing command says goes into the message, in bytes.
const MAX_DIAGNOSTIC: u64 = 1000;

/// Writes `image` to `output` through `command` and returns the layers'
/// digests.
pub fn write(
    image: &Image,
    command: &[OsString],
    output: &File,
    control: &Control,
    monitor: &mut Monitor,
) -> Result<Vec<DiffId>> {
    let pool = Pool::default();
    let digests = Digests::new(image.layers);
    let layered = image.request.max_layers.is_some();
    let direct = Direct::new(
        Task {
            layers: image.layers,
            places: image.archive.places().collect(),
            output: None,
        },
        false,
    );
    let fed = AtomicBool::new(false);
    let feed = || {
        let mut filter = Filter::start(command, output)?;
        let result = Feeder {
            image,
            pool: &pool,
            digests: &digests,
            hash: !layered,
            control,
        }
        .feed(&mut filter);
        filter.finish(result, control)
    };
    // The feeder waits most of the time: it comes on top of those that work.
    let threads = if layered {
        1 + image.request.threads
    } else {
        1
    };
    control.run(threads, monitor, || {
        if !fed.swap(true, Ordering::Relaxed) {
            feed()
        } else {
            direct.work(&pool, &digests, control)
        }
    })?;
    image.diff_ids(&digests)
}

/// What brings the archive to the command.
struct Feeder<'a, 'b> {
    image: &'a Image<'a>,
    pool: &'b Pool,
    digests: &'a Digests<'b>,
    /// Whether to hash the layers on the way.
    hash: bool,
    control: &'a Control,
}

impl Feeder<'_, '_> {
    fn feed(&self, filter: &mut Filter) -> Result<()> {
        let mut reader = Reader::default();
        for part in &self.image.archive.parts {
            match &part.content {
                Content::Bytes(bytes) => filter.write(bytes, self.control)?,
                Content::LayerHeader(layer) => {
                    let diff_id = self.digests.wait(*layer, self.control)?;
                    let header = layer_header(&self.image.layers[*layer], &diff_id);
                    filter.write(&header, self.control)?;
                }
                Content::Layer(index) => {
                    let layer = &self.image.layers[*index];
                    for start in (0..layer.size).step_by(CHUNK) {
                        let length = (layer.size - start).min(CHUNK as u64) as usize;
                        let mut buffer = self.pool.take(length);
                        reader.fill(layer, start, &mut buffer)?;
                        let buffer = Arc::new(buffer);
                        if self.hash {
                            let buffer = Arc::clone(&buffer);
                            let range = 0..length;
                            let stretch = Stretch { buffer, range };
                            self.digests.add(*index, start, stretch, self.control)?;
                        }
                        filter.write(&buffer, self.control)?;
                    }
                }
            }
        }
        let diff_ids = self.image.diff_ids(self.digests)?;
        filter.write(&self.image.tail(&diff_ids)?, self.control)
    }
}

/// A running command.  It is ended when dropped.
struct Filter {
    name: OsString,
    child: Child,
    input: Option<ChildStdin>,
    diagnostics: Option<File>,
    ended: bool,
}

impl Filter {
    fn start(command: &[OsString], output: &File) -> Result<Self> {
        let [program, arguments @ ..] = command else {
            return Err(Error::argument("compressor", "the command is empty"));
        };
        let failed = |error: &std::io::Error| {
            let what = format!("compressor: running {program:?}");
            Error::io(Status::Compressor, what, error)
        };
        let diagnostics = rustix::fs::memfd_create("diagnostics", MemfdFlags::CLOEXEC);
        let diagnostics = diagnostics.ok().map(File::from);
        let stderr = match &diagnostics {
            Some(file) => file.try_clone().map_err(|error| failed(&error))?.into(),
            None => Stdio::null(),
        };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(output.try_clone().map_err(|error| failed(&error))?)
            .stderr(stderr)
            // So that a shell script ends with all it has started.
            .process_group(0)
            .spawn()
            .map_err(|error| failed(&error).advise("install it, or give its absolute file name"))?;
        let input = child.stdin.take();
        let filter = Filter {
            name: program.clone(),
            child,
            input,
            diagnostics,
            ended: false,
        };
        if let Some(input) = &filter.input {
            rustix::fs::fcntl_setfl(input, OFlags::NONBLOCK)
                .map_err(|errno| failed(&errno.into()))?;
            // A smaller pipe does as well.
            let _ = rustix::pipe::fcntl_setpipe_size(input, CHUNK);
        }
        Ok(filter)
    }

    /// Gives `bytes` to the command.
    fn write(&mut self, mut bytes: &[u8], control: &Control) -> Result<()> {
        let Some(input) = &self.input else {
            return Ok(());
        };
        let interval = Timespec::try_from(INTERVAL).unwrap_or_default();
        while !bytes.is_empty() {
            control.check()?;
            match rustix::io::write(input, bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let mut polled = [PollFd::new(input, PollFlags::OUT)];
                    match rustix::event::poll(&mut polled, Some(&interval)) {
                        Ok(_) | Err(Errno::INTR) => {}
                        Err(errno) => return Err(write_failure(&errno.into())),
                    }
                }
                Err(Errno::PIPE) => {
                    return Err(self.failure("stopped reading before the end of the image"));
                }
                Err(errno) => return Err(write_failure(&errno.into())),
            }
        }
        Ok(())
    }

    /// Waits for the command to end after it was fed with the given result.
    /// If it failed, that explains why feeding it did.
    fn finish(mut self, fed: Result<()>, control: &Control) -> Result<()> {
        drop(self.input.take());
        match &fed {
            Err(error) if error.status() != Status::Compressor => return fed,
            _ => {}
        }
        let mut pause = Duration::from_micros(200);
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) => {
                    control.check()?;
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(10));
                }
                Err(error) => {
                    let what = format!("compressor: waiting for {:?}", self.name);
                    return Err(Error::io(Status::Compressor, what, &error));
                }
            }
        };
        self.ended = true;
        match describe(status) {
            Some(problem) => Err(self.failure(&problem)),
            None => fed,
        }
    }

    fn failure(&mut self, problem: &str) -> Error {
        let message = format!("compressor: {:?} {problem}", self.name);
        let message = match self.diagnostic() {
            Some(text) => format!("{message}: {text}"),
            None => message,
        };
        Error::new(Status::Compressor, message)
    }

    /// The end of what the command wrote to its standard error, as one line.
    fn diagnostic(&mut self) -> Option<String> {
        let file = self.diagnostics.as_mut()?;
        let size = file.seek(SeekFrom::End(0)).ok()?;
        let start = size.saturating_sub(MAX_DIAGNOSTIC);
        file.seek(SeekFrom::Start(start)).ok()?;
        let mut bytes = Vec::new();
        file.take(MAX_DIAGNOSTIC).read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let text: Vec<&str> = text.split_whitespace().collect();
        (!text.is_empty()).then(|| text.join(" "))
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

impl Drop for Filter {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if let Some(group) = rustix::process::Pid::from_raw(self.child.id() as i32) {
            // It may have ended by itself: there is nothing more to do then.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.wait();
    }
}
