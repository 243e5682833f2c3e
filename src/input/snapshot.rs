// SPDX-License-Identifier: GPL-3.0-or-later

//! What `stat` says of a file, to know it again by.

use rustix::fs::{FileType, Stat};

/// What must be the same of a regular file when it is found and when it is
/// opened.
///
/// Device and inode number are not part of it: they do not last on every file
/// system, and the store's deduplication replaces a file by an equal one.
/// Nor is the change time, which moves when a link to the file is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatSnapshot {
    /// The size in bytes.
    pub size: u64,
    /// The modification time: seconds and nanoseconds.
    modified: (i64, u64),
}

/// What must be the same of an open file before and after it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSnapshot {
    snapshot: StatSnapshot,
    changed: (i64, u64),
    links: u64,
}

/// Which file it is, among those that are there at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId(u64, u64);

// The types of the members of Stat differ between architectures, here and below.
#[allow(clippy::unnecessary_cast)]
impl From<&Stat> for StatSnapshot {
    fn from(stat: &Stat) -> Self {
        StatSnapshot {
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as u64),
        }
    }
}

#[allow(clippy::unnecessary_cast)]
impl From<&Stat> for OpenSnapshot {
    fn from(stat: &Stat) -> Self {
        OpenSnapshot {
            snapshot: stat.into(),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as u64),
            links: stat.st_nlink as u64,
        }
    }
}

#[allow(clippy::unnecessary_cast)]
impl From<&Stat> for FileId {
    fn from(stat: &Stat) -> Self {
        FileId(stat.st_dev as u64, stat.st_ino as u64)
    }
}

impl StatSnapshot {
    /// Whether `stat` is of a regular file that looks the same.
    pub fn is_of(&self, stat: &Stat) -> bool {
        FileType::from_raw_mode(stat.st_mode).is_file() && *self == StatSnapshot::from(stat)
    }
}

impl OpenSnapshot {
    /// Whether the file's content may have changed in between.  The change
    /// time alone does not tell: it moves with the number of links as well,
    /// when the store's deduplication replaces the file by an equal one.
    pub fn may_differ(&self, later: &Self) -> bool {
        self.snapshot != later.snapshot
            || (self.changed != later.changed && self.links == later.links)
    }
}
