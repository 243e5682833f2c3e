// SPDX-License-Identifier: GPL-3.0-or-later

//! What can go wrong, sorted by what the caller can do about it.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::io::Errno;

use crate::text;

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
    /// The progress callback asked to stop.
    Cancelled = 9,
    /// The system has too little memory, or too few threads, descriptors or other
    /// resources.
    Resources = 10,
    /// A defect of this library.
    Internal = 11,
}

/// Argument of a request, by the name of its member of the C options.
///
/// The names that other languages use follow by rule: dashes instead of underscores
/// in Scheme, and two dashes in front on the command line, but for the exceptions that
/// these list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument(pub &'static str);

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
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
        Error::new(Status::InvalidArgument, problem.to_string()).with_argument(argument)
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

    /// Appends a hint, an imperative, to the message.
    pub fn with_hint(mut self, hint: &str) -> Self {
        self.message.push_str("; ");
        self.message.push_str(hint);
        self
    }

    /// Puts `what` in front of the message.
    pub fn with_context(&self, what: impl fmt::Display) -> Self {
        Error {
            message: shortened(one_line(format!("{what}: {}", self.message))),
            ..self.clone()
        }
    }

    /// Sets the argument that led to the failure.
    pub fn with_argument(mut self, argument: Argument) -> Self {
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
            write!(f, "{argument}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Maximum length of a message in bytes; the name of any file fits in.
const MAX_MESSAGE: usize = 16 << 10;

/// Returns `message` in one line: parts of it may come from untrusted documents
/// or from a compressor's diagnostics, and are not to control a terminal.
fn one_line(message: String) -> String {
    match text::visible(&message) {
        Cow::Borrowed(_) => message,
        Cow::Owned(visible) => visible,
    }
}

/// Returns `message` without what is too much of it, in the middle.
fn shortened(message: String) -> String {
    match text::shortened(&message, MAX_MESSAGE) {
        Cow::Borrowed(_) => message,
        Cow::Owned(shortened) => shortened,
    }
}

/// Shows the bytes of a file name in quotes, with what is not text, or hidden,
/// escaped.
pub fn quoted(name: &[u8]) -> impl fmt::Display + '_ {
    struct Quoted<'a>(&'a Path);
    impl fmt::Display for Quoted<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            // `Debug` leaves some characters that are not seen.
            f.write_str(&text::visible(&format!("{:?}", self.0)))
        }
    }
    Quoted(Path::new(OsStr::from_bytes(name)))
}

#[cfg(test)]
mod tests {
    use super::{Argument, Error, MAX_MESSAGE, Status, quoted};

    #[test]
    fn a_message_is_one_line() {
        let error = Error::argument(Argument("config"), "a\nb \u{1b}[31m\u{9b}\0é");
        let expected = r"a\nb \u{1b}[31m\u{9b}\u{0}é";
        assert_eq!(error.message(), expected);
        assert_eq!(
            error.with_context("x\ty").message(),
            format!(r"x\ty: {expected}")
        );
        let io = std::io::Error::other("\r");
        assert_eq!(
            Error::io(Status::Input, "\u{7f}", &io).message(),
            r"\u{7f}: \r"
        );
    }

    #[test]
    fn hidden_characters_are_spelled_in_messages_and_names() {
        let name = "a\u{202e}gpj\u{2066}\u{200b}\u{2028}\u{3164}\u{feff}.exe";
        let spelled = r"a\u{202e}gpj\u{2066}\u{200b}\u{2028}\u{3164}\u{feff}.exe";
        let quoted = quoted(name.as_bytes()).to_string();
        assert_eq!(quoted, format!("\"{spelled}\""));
        let error = Error::new(Status::Input, format!("{name} is missing"));
        assert_eq!(error.message(), format!("{spelled} is missing"));
    }

    #[test]
    fn long_messages_have_their_beginning_and_their_end() {
        let long = "\u{e4}".repeat(1 << 20);
        let error = Error::argument(Argument("image"), format_args!("a{long} is wrong"));
        let message = error.with_hint("name another one").message().to_owned();
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
