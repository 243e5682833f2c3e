// SPDX-License-Identifier: GPL-3.0-or-later

//! What store items refer to, as a running guix-daemon knows it.
//!
//! The protocol is that of Guix's `(guix store)`: numbers are 64 bits, the least
//! significant byte first, and a string is its length and its bytes, with zeros
//! up to a multiple of eight.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufReader, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::interrupt;
use crate::item::{is_store_item, item_of};

/// Where the daemon listens, unless GUIX_DAEMON_SOCKET says otherwise.
const SOCKET: &str = "/var/guix/daemon-socket/socket";
const VARIABLE: &str = "GUIX_DAEMON_SOCKET";

/// What client and daemon greet each other by.
const CLIENT: u64 = 0x6e69_7863;
const DAEMON: u64 = 0x6478_696f;

/// The version of the protocol that is spoken: 1.20.
const VERSION: u64 = 0x114;

/// Asks for what an item refers to.
const QUERY_REFERENCES: u64 = 5;

/// What the daemon says before it answers: that it does, that it fails, or a
/// line for people.
const ANSWER: u64 = 0x616c_7473;
const ERROR: u64 = 0x6378_7470;
const LINE: u64 = 0x6f6c_6d67;

/// More than any name or message has, and more references than an item has.
const MAX_STRING: u64 = 1 << 20;
const MAX_REFERENCES: u64 = 1 << 20;

/// The closure of some items, in a file that says what refers to what.
pub struct Graph {
    /// The items that were asked for.
    pub roots: Vec<Vec<u8>>,
    file: NamedTempFile,
}

impl Graph {
    /// That of the store items that `paths` name, or are in; none of no paths.
    pub fn of(paths: &[OsString]) -> Result<Option<Self>, Failure> {
        if paths.is_empty() {
            return Ok(None);
        }
        let roots = paths.iter().map(root).collect::<Result<Vec<_>, _>>()?;
        let mut daemon = Daemon::connect()?;
        let mut references: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
        let mut open = roots.clone();
        while let Some(path) = open.pop() {
            if references.contains_key(&path) {
                continue;
            }
            if interrupt::signal().is_some() {
                return Err(Failure::stopped());
            }
            let mut of_path = daemon.references(&path)?;
            of_path.sort_unstable();
            open.extend(of_path.iter().cloned());
            references.insert(path, of_path);
        }
        let file =
            write(&references).map_err(|error| Failure::io("writing a temporary file", &error))?;
        Ok(Some(Graph { roots, file }))
    }

    /// The name of the file.
    pub fn file(&self) -> Vec<u8> {
        self.file.path().as_os_str().as_bytes().to_vec()
    }
}

/// The store item that `path` is, is in, or leads to.
fn root(path: &OsString) -> Result<Vec<u8>, Failure> {
    let real = fs::canonicalize(path)
        .map_err(|error| Failure::input(format!("--closure-of: finding {path:?}"), &error))?;
    let item = item_of(real.as_os_str().as_bytes());
    match is_store_item(&String::from_utf8_lossy(&item)) {
        true => Ok(item),
        false => Err(Failure::Usage(format!(
            "--closure-of: {path:?} is not in a store; name an item such as /gnu/store/…-hello"
        ))),
    }
}

/// Writes what the daemon itself would for `#:references-graphs`.
fn write(references: &BTreeMap<Vec<u8>, Vec<Vec<u8>>>) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::with_prefix("guix-docker-")?;
    let mut text = Vec::new();
    for (item, references) in references {
        text.extend_from_slice(item);
        text.extend_from_slice(format!("\n\n{}\n", references.len()).as_bytes());
        for reference in references {
            text.extend_from_slice(reference);
            text.push(b'\n');
        }
    }
    file.write_all(&text)?;
    Ok(file)
}

/// A connection to the daemon.
struct Daemon {
    socket: BufReader<UnixStream>,
    name: PathBuf,
}

impl Daemon {
    fn connect() -> Result<Self, Failure> {
        let name = socket_name()?;
        let connecting = |error| {
            let what = format!("--closure-of: connecting to the guix-daemon at {name:?}");
            Failure::input(what, &error).with_hint(
                "is it running? --references FILE takes a file instead, and GUIX_DAEMON_SOCKET \
                 says where it listens",
            )
        };
        let socket = UnixStream::connect(&name).map_err(connecting)?;
        let mut daemon = Daemon {
            socket: BufReader::new(socket),
            name,
        };
        let greeted = daemon.greet();
        greeted.map_err(|error| daemon.failed("greeting", &error))?;
        Ok(daemon)
    }

    fn greet(&mut self) -> io::Result<()> {
        self.send(&CLIENT.to_le_bytes())?;
        if self.number()? != DAEMON {
            return Err(io::Error::other("what answers is no guix-daemon"));
        }
        let version = self.number()?;
        if version & 0xff00 != VERSION & 0xff00 {
            return Err(io::Error::other("it speaks another protocol"));
        }
        let mut message = VERSION.to_le_bytes().to_vec();
        // No processor in particular, and no space to be reserved.
        message.extend(0u64.to_le_bytes());
        message.extend(0u64.to_le_bytes());
        self.send(&message)?;
        self.wait_for_answer()
    }

    /// What `path` refers to.
    fn references(&mut self, path: &[u8]) -> Result<Vec<Vec<u8>>, Failure> {
        let references = self.query(path);
        references.map_err(|error| {
            let what = format!("asking about {:?}", OsStr::from_bytes(path));
            self.failed(&what, &error)
        })
    }

    fn query(&mut self, path: &[u8]) -> io::Result<Vec<Vec<u8>>> {
        let mut message = QUERY_REFERENCES.to_le_bytes().to_vec();
        message.extend((path.len() as u64).to_le_bytes());
        message.extend_from_slice(path);
        message.resize(message.len().next_multiple_of(8), 0);
        self.send(&message)?;
        self.wait_for_answer()?;
        let count = self.number()?;
        if count > MAX_REFERENCES {
            return Err(io::Error::other("the answer is too long"));
        }
        (0..count).map(|_| self.string()).collect()
    }

    /// Passes over what the daemon says before its answer.
    fn wait_for_answer(&mut self) -> io::Result<()> {
        loop {
            match self.number()? {
                ANSWER => return Ok(()),
                LINE => drop(self.string()?),
                ERROR => {
                    let message = self.string()?;
                    return Err(io::Error::other(
                        String::from_utf8_lossy(&message).into_owned(),
                    ));
                }
                _ => return Err(io::Error::other("the answer is not understood")),
            }
        }
    }

    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.socket.get_mut().write_all(message)
    }

    fn number(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.socket.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn string(&mut self) -> io::Result<Vec<u8>> {
        let length = self.number()?;
        if length > MAX_STRING {
            return Err(io::Error::other("the answer is too long"));
        }
        let mut bytes = vec![0; length.next_multiple_of(8) as usize];
        self.socket.read_exact(&mut bytes)?;
        bytes.truncate(length as usize);
        Ok(bytes)
    }

    fn failed(&self, what: &str, error: &io::Error) -> Failure {
        Failure::Other(format!(
            "--closure-of: the guix-daemon at {:?}: {what}: {error}",
            self.name
        ))
    }
}

/// The name of the socket that the daemon listens at.
fn socket_name() -> Result<PathBuf, Failure> {
    let Some(address) = std::env::var_os(VARIABLE) else {
        return Ok(PathBuf::from(SOCKET));
    };
    let bytes = address.as_bytes();
    let name = bytes
        .strip_prefix(b"unix://")
        .or_else(|| bytes.strip_prefix(b"file://"))
        .unwrap_or(bytes);
    match name.starts_with(b"/") {
        true => Ok(PathBuf::from(OsString::from_vec(name.to_vec()))),
        false => Err(Failure::Usage(format!(
            "--closure-of: {VARIABLE} is {address:?}, and only daemons of this machine can be \
             asked; use --references FILE instead"
        ))),
    }
}
