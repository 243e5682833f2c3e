// SPDX-License-Identifier: GPL-3.0-or-later

//! What `stat` says of a file, to know it again by.

use rustix::fs::{FileType, Stat};

/// What must be the same of a regular file when it is found and when it is
/// opened.
///
/// Device and inode number are not part of it: they do not last on every file
/// system, and the store's deduplication replaces a file by an equal one.
#[derive(Clone, Copy, Debug)]
pub struct StatSnapshot {
    /// The size in bytes.
    pub size: u64,
    /// The modification time: seconds and nanoseconds.
    modified: (i64, u64),
    /// The change time, in nanoseconds.  It need not be the same, since it moves
    /// when a link to the file is made; where it is, nothing has changed.
    changed: i64,
}

/// What must be the same of an open file before and after it is read.
#[derive(Clone, Copy, Debug)]
pub struct OpenSnapshot {
    snapshot: StatSnapshot,
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
            changed: (stat.st_ctime as i64)
                .wrapping_mul(1_000_000_000)
                .wrapping_add(stat.st_ctime_nsec as i64),
        }
    }
}

#[allow(clippy::unnecessary_cast)]
impl From<&Stat> for OpenSnapshot {
    fn from(stat: &Stat) -> Self {
        OpenSnapshot {
            snapshot: stat.into(),
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
        FileType::from_raw_mode(stat.st_mode).is_file() && self.looks_like(&stat.into())
    }

    /// Whether `stat` is of a file that nobody has touched since.
    pub fn is_untouched(&self, stat: &Stat) -> bool {
        self.is_of(stat) && self.changed == StatSnapshot::from(stat).changed
    }

    fn looks_like(&self, later: &Self) -> bool {
        (self.size, self.modified) == (later.size, later.modified)
    }
}

impl OpenSnapshot {
    /// Whether the file's content may have changed in between.  The change
    /// time alone does not tell: it moves with the number of links as well,
    /// when the store's deduplication replaces the file by an equal one.
    pub fn may_differ(&self, later: &Self) -> bool {
        !self.snapshot.looks_like(&later.snapshot)
            || (self.snapshot.changed != later.snapshot.changed && self.links == later.links)
    }
}
