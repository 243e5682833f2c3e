// SPDX-License-Identifier: GPL-3.0-or-later

//! How the program ends: messages and exit codes.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use guix_docker::error::{Argument, Error, Status};
use guix_docker::text::{excerpt, visible};
use serde::Serialize;

use crate::{interrupt, json};

/// What is printed in front of every message.
const PROGRAM: &str = "guix-docker";

/// Maximum length of a message in bytes, before characters are spelled.
const MAX_MESSAGE: usize = 16 << 10;

/// Bytes of output that are written at a time.
const BUFFER_SIZE: usize = 64 << 10;

/// The exit code of a failure, of wrong usage, and of a signal, which is added.
const FAILURE: u8 = 1;
const USAGE: u8 = 2;
const SIGNAL: u8 = 128;

/// How a command ended that did what it was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Fine,
    /// What was checked is not.
    Faulty,
}

/// Why a command did not do it.
pub enum Failure {
    /// The library says so.
    Library(Error),
    /// An option is wrong.
    Usage(String),
    /// Something else.
    Other(String),
}

impl Outcome {
    /// Its exit code.
    pub fn code(self) -> ExitCode {
        match self {
            Outcome::Fine => ExitCode::SUCCESS,
            Outcome::Faulty => ExitCode::from(FAILURE),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Library(error)
    }
}

impl Failure {
    /// Doing `what` failed.
    pub fn io(what: impl fmt::Display, error: &io::Error) -> Self {
        Failure::Library(Error::io(Status::Output, what, error))
    }

    /// Doing `what` failed, in reading.
    pub fn input(what: impl fmt::Display, error: &io::Error) -> Self {
        Failure::Library(Error::io(Status::Input, what, error))
    }

    /// A signal came.
    pub fn stopped() -> Self {
        Failure::Library(Error::new(Status::Cancelled, "it was stopped"))
    }

    /// Appends a hint, an imperative, to the message.
    pub fn with_hint(self, hint: &str) -> Self {
        match self {
            Failure::Library(error) => Failure::Library(error.with_hint(hint)),
            Failure::Usage(message) => Failure::Usage(format!("{message}; {hint}")),
            Failure::Other(message) => Failure::Other(format!("{message}; {hint}")),
        }
    }

    /// Prints the message; returns the exit code.
    pub fn tell(self) -> ExitCode {
        let (message, code) = match self {
            Failure::Library(error) if error.status() == Status::Cancelled => {
                match interrupt::signal() {
                    Some(signal) => ("interrupted".to_owned(), SIGNAL + signal),
                    None => (describe(&error), FAILURE),
                }
            }
            Failure::Library(error) => (describe(&error), code_of(error.status())),
            Failure::Usage(message) => (message, USAGE),
            Failure::Other(message) => (message, FAILURE),
        };
        tell(&message);
        ExitCode::from(code)
    }
}

fn code_of(status: Status) -> u8 {
    match status {
        Status::InvalidArgument | Status::InvalidText | Status::UnsupportedSystem => USAGE,
        _ => FAILURE,
    }
}

/// The message of `error`, with the option that led to it.
fn describe(error: &Error) -> String {
    match error.which_argument() {
        Some(argument) => format!("{}: {}", option(argument), error.message()),
        None => error.message().to_owned(),
    }
}

/// Warns of what a user should know.
pub fn warn(message: &str) {
    tell(&format!("warning: {message}"));
}

/// Prints `message` as one line, in which names of an image may be.
fn tell(message: &str) {
    let message = excerpt(message, MAX_MESSAGE);
    let _ = writeln!(io::stderr(), "{PROGRAM}: {message}");
}

/// Tells of what takes long.
pub fn note(message: &str) {
    let _ = writeln!(io::stderr(), "{PROGRAM}: {message}");
}

/// Prints what is wrong with the command line, or the help that it asks for;
/// returns the exit code.
pub fn usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    let text = error.render().to_string();
    if !error.use_stderr() {
        let done = io::stdout().write_all(text.as_bytes());
        return match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(FAILURE),
        };
    }
    let text = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            format!("say what to do\n\n{text}")
        }
        _ => text.strip_prefix("error: ").unwrap_or(&text).to_owned(),
    };
    let lines = text.split('\n').map(visible).collect::<Vec<_>>();
    let _ = write!(io::stderr(), "{PROGRAM}: {}", lines.join("\n"));
    ExitCode::from(USAGE)
}

/// Prints `text` to the standard output.
pub fn print(text: &str) -> Result<(), Failure> {
    print_with(|out| out.write_all(text.as_bytes()))
}

/// Prints `value` as JSON to the standard output.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print_with(|out| json::write(value, out))
}

/// Prints what `write` writes to the standard output, as it comes.
pub fn print_with(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(BUFFER_SIZE, io::stdout().lock());
    write(&mut out)
        .and_then(|()| out.flush())
        .map_err(|error| Failure::io("writing to the standard output", &error))
}

/// Returns the name of `argument` on the command line.
fn option(argument: Argument) -> String {
    match argument.0 {
        "options" => "options".to_owned(),
        "image" | "image_fd" | "target" => "--output".to_owned(),
        "paths" => "PATH".to_owned(),
        "sources" => "LAYOUT".to_owned(),
        "extra_files" => "--directory, --file and --symlink".to_owned(),
        "transformations" => "--transform".to_owned(),
        "environment" => "--env".to_owned(),
        "exposed_ports" => "--expose".to_owned(),
        "references_graphs" => "--references".to_owned(),
        "names" | "volumes" | "labels" | "annotations" => {
            format!("--{}", argument.0.trim_end_matches('s'))
        }
        name => format!("--{}", name.replace('_', "-")),
    }
}
