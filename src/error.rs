// SPDX-License-Identifier: GPL-3.0-or-later

//! What can go wrong, sorted by what the caller can do about it.

use std::ffi::OsStr;
use std::fmt;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::io::Errno;

/// The kind of a failure.  The numbers are stable: they are the status codes
/// of the C interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// The image was built.
    Ok = 0,
    /// An argument is missing, of the wrong shape or out of range.
    InvalidArgument = 1,
    /// Text that goes into the image's metadata is not UTF-8.
    InvalidText = 2,
    /// There is no Docker architecture for the system.
    UnsupportedSystem = 3,
    /// A file to put into the image is missing or cannot be read.
    Input = 4,
    /// A file changed while it was being read.
    InputChanged = 5,
    /// The image cannot be created or written at the place asked for.
    Output = 6,
    /// The file system of the image is full.
    NoSpace = 7,
    /// The compressor could not be run, failed or stopped early.
    Compressor = 8,
    /// The progress callback, or the monitor, asked to stop.
    Cancelled = 9,
    /// The system has too little memory, or too few threads, descriptors or other
    /// resources.
    Resources = 10,
    /// A defect of this library.
    Internal = 11,
}

/// An argument of a request.  Its name in messages is left to those who pass
/// them on: each language has its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // they are those of [`Request`](crate::Request)
pub enum Argument {
    Options,
    Image,
    Paths,
    Prefix,
    Repository,
    ExtraFiles,
    Transformations,
    System,
    Database,
    EntryPoint,
    Environment,
    Compressor,
    CreationTime,
    MaxLayers,
    RootSystem,
    History,
    Ownership,
    Variant,
    Whiteouts,
    Modes,
    Xattrs,
    ParentDirectories,
    ConfigKeys,
    Names,
    Cmd,
    User,
    WorkingDirectory,
    ExposedPorts,
    Volumes,
    Labels,
    StopSignal,
    HealthCheck,
    Author,
    Config,
    ImageFd,
    ArchiveDigest,
    Format,
    Annotations,
    Reuse,
    ImmutablePaths,
    Layering,
    ReferencesGraphs,
    Base,
    BaseName,
    Target,
    Sources,
}

/// A failure: its kind, the argument that led to it, if any, and a message
/// that says what is wrong with which file or value and what to do.
#[derive(Clone, Debug)]
pub struct Error {
    status: Status,
    errno: i32,
    argument: Option<Argument>,
    message: String,
}

/// The result of anything in this library that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure that no system call stands behind.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Error {
            status,
            errno: 0,
            argument: None,
            message: shortened(one_line(message.into())),
        }
    }

    /// `argument` is wrong in the way `problem` says.
    pub fn argument(argument: Argument, problem: impl fmt::Display) -> Self {
        Error::new(Status::InvalidArgument, problem.to_string()).because_of(argument)
    }

    /// A system call failed with `errno` while doing `what`, as in
    /// `reading "/a/file"`.  Resource shortages override `status`.
    pub fn system(status: Status, what: impl fmt::Display, errno: Errno) -> Self {
        let status = match errno {
            Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN => Status::Resources,
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG if status == Status::Output => {
                Status::NoSpace
            }
            _ => status,
        };
        let reason = std::io::Error::from(errno).to_string();
        let reason = reason.split(" (os error").next().unwrap_or_default();
        Error {
            status,
            errno: errno.raw_os_error(),
            argument: None,
            message: shortened(one_line(format!("{what}: {reason}"))),
        }
    }

    /// Like [`Error::system`], from the standard library's errors.
    pub fn io(status: Status, what: impl fmt::Display, error: &std::io::Error) -> Self {
        match (Errno::from_io_error(error), error.kind()) {
            (Some(errno), _) => Error::system(status, what, errno),
            (None, ErrorKind::OutOfMemory) => Error::system(status, what, Errno::NOMEM),
            (None, _) => Error::new(status, format!("{what}: {error}")),
        }
    }

    /// The same failure with advice on what to do added to its message.
    pub fn advise(mut self, advice: &str) -> Self {
        self.message.push_str("; ");
        self.message.push_str(advice);
        self
    }

    /// The same failure, of `what`.
    pub fn about(&self, what: impl fmt::Display) -> Self {
        Error {
            message: shortened(one_line(format!("{what}: {}", self.message))),
            ..self.clone()
        }
    }

    /// The same failure with the argument that led to it.
    pub fn because_of(mut self, argument: Argument) -> Self {
        self.argument = Some(argument);
        self
    }

    /// The kind of the failure.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The `errno` of the system call that failed, or 0.
    pub fn errno(&self) -> i32 {
        self.errno
    }

    /// The argument that led to the failure.
    pub fn which_argument(&self) -> Option<Argument> {
        self.argument
    }

    /// The message, one line without the argument's name and without a final
    /// full stop.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(argument) = self.argument {
            write!(f, "{argument:?}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A message with escapes in the place of control characters, which a document
/// of a stranger may have, or a compressor's diagnostics: they are not to reach
/// a terminal or make two lines of one.
fn one_line(message: String) -> String {
    if !message.contains(char::is_control) {
        return message;
    }
    let escaped = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    message.chars().map(escaped).collect()
}

/// The length of the longest message, in bytes; names of any file fit in.
const MAX_MESSAGE: usize = 16 << 10;

/// `message` without what is too much of it, in the middle: what it is about may
/// be of any length.
fn shortened(message: String) -> String {
    if message.len() <= MAX_MESSAGE {
        return message;
    }
    let is_boundary = |&at: &usize| message.is_char_boundary(at);
    let half = MAX_MESSAGE / 2;
    let start = (0..=half).rfind(is_boundary).unwrap_or(0);
    let end = (message.len() - half..).find(is_boundary);
    let end = end.unwrap_or(message.len());
    format!(
        "{} [{} bytes left out] {}",
        &message[..start],
        end - start,
        &message[end..]
    )
}

/// Shows the bytes of a file name in quotes, with what is not text escaped.
pub fn quoted(name: &[u8]) -> impl fmt::Display + '_ {
    struct Quoted<'a>(&'a Path);
    impl fmt::Display for Quoted<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{:?}", self.0)
        }
    }
    Quoted(Path::new(OsStr::from_bytes(name)))
}

#[cfg(test)]
mod tests {
    use super::{Argument, Error, MAX_MESSAGE, Status};

    #[test]
    fn a_message_is_one_line() {
        let error = Error::argument(Argument::Config, "a\nb \u{1b}[31m\u{9b}\0é");
        let expected = r"a\nb \u{1b}[31m\u{9b}\u{0}é";
        assert_eq!(error.message(), expected);
        assert_eq!(error.about("x\ty").message(), format!(r"x\ty: {expected}"));
        let io = std::io::Error::other("\r");
        assert_eq!(
            Error::io(Status::Input, "\u{7f}", &io).message(),
            r"\u{7f}: \r"
        );
    }

    #[test]
    fn long_messages_have_their_beginning_and_their_end() {
        let long = "\u{e4}".repeat(1 << 20);
        let error = Error::argument(Argument::Image, format_args!("a{long} is wrong"));
        let message = error.advise("name another one").message().to_owned();
        assert!(message.len() < MAX_MESSAGE + 100, "{}", message.len());
        assert!(message.starts_with("a\u{e4}"), "{message}");
        assert!(message.ends_with("\u{e4} is wrong; name another one"));
        assert!(message.contains(" bytes left out] "));
    }

    #[test]
    fn messages_with_long_file_names_are_whole() {
        let text = "x".repeat(MAX_MESSAGE);
        assert_eq!(Error::new(Status::Input, text.clone()).message(), text);
    }
}
