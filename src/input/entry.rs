// SPDX-License-Identifier: GPL-3.0-or-later

//! What is known of a file before it is read.

use std::sync::Arc;

use super::file_system::Origin;
use super::snapshot::StatSnapshot;
use crate::tar::Xattr;

/// A file found on disk.
#[derive(Debug)]
pub struct ScannedEntry {
    /// Its name: as given, or its directory's name with its own.
    pub path: Arc<[u8]>,
    /// Its permissions, up to 0o7777.
    pub mode: u16,
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes as layers are sorted by it.
    pub size: u64,
    /// Extended attributes that are kept.
    pub xattrs: Option<Arc<Vec<Xattr>>>,
}

/// What a file is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File(Source),
    /// A symbolic link and its target.
    Link(Box<[u8]>),
    /// A named pipe.
    Fifo,
    /// A character device, its major and minor number.
    CharacterDevice(u32, u32),
    /// A block device, its major and minor number.
    BlockDevice(u32, u32),
}

/// Where a regular file's content comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file of this machine.
    Disk(Box<DiskFile>),
    /// Content given in the request.
    Memory(Arc<Vec<u8>>),
}

/// A regular file as it was found.
#[derive(Clone, Debug)]
pub struct DiskFile {
    /// Its name, as given or below a name that was given.
    pub path: Arc<[u8]>,
    /// Where that really is, if the given name leads through links.
    pub(super) origin: Option<Arc<Origin>>,
    /// What must still be so when it is read.
    pub snapshot: StatSnapshot,
}

impl Source {
    /// The size of the content in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Source::Disk(file) => file.snapshot.size,
            Source::Memory(content) => content.len() as u64,
        }
    }
}
