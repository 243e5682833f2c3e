// SPDX-License-Identifier: GPL-3.0-or-later

//! Listing what is on disk, in the order of `tar --sort=name`.
//!
//! Directories are listed by all threads, each taking the next one that is
//! known; the lists are put into order when all are there.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, RawDir, Stat};
use rustix::io::Errno;

use super::entry::{DiskFile, Kind, ScannedEntry, Source};
use super::file_system::{FileSystem, Origin};
use super::snapshot::{FileId, StatSnapshot};
use super::{changed, failure, failure_or_changed, xattrs};
use crate::error::{Argument, Error, Result, Status, quoted};
use crate::job::{Job, Monitor, lock};
use crate::memory;
use crate::request::Xattrs;
use crate::retry::Attempts;
use crate::warning::Notice;

/// The size a directory counts for when layers are sorted, in bytes, whatever
/// the file system says.
const DIRECTORY_SIZE: u64 = 4096;

/// How much of a directory is listed at once, in bytes.
const LISTED_SIZE: usize = 16 << 10;

/// Where to begin.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// A file or directory, with all that is below it.
    At(&'a [u8]),
    /// A directory, or a link to one: all that is below it, but not itself.
    Below(&'a [u8]),
}

/// How to list.
#[derive(Clone, Copy, Debug)]
pub struct ScanOptions<'a> {
    /// Files that are left out.
    pub omitted: &'a [FileId],
    /// What becomes of extended attributes.
    pub xattrs: Xattrs,
    /// How many threads to use.
    pub threads: usize,
}

/// Lists what is at or below each of `starts`, without sockets, which
/// archives leave out: a directory before its entries, and entries in the
/// order of their names' bytes.  Failures are because of `argument`.
pub fn scan(
    file_system: &FileSystem,
    starts: &[Start],
    argument: Argument,
    options: ScanOptions,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Vec<Vec<ScannedEntry>>> {
    if starts.is_empty() {
        return Ok(Vec::new());
    }
    let scan = Scan {
        file_system,
        starts,
        options,
        job,
        // The first lists are those of the starts.
        lists: AtomicUsize::new(starts.len()),
        queue: Mutex::new(Queue {
            pending: (0..starts.len()).rev().map(Task::Start).collect(),
            busy: 0,
            waiting: 0,
        }),
        changed: Condvar::new(),
        finished: Mutex::default(),
        last_parent: Mutex::default(),
    };
    job.run(options.threads.max(1), monitor, || {
        scan.work().map_err(|error| error.with_argument(argument))
    })?;
    scan.in_order()
}

/// Finds the file `path` alone, without its extended attributes; `None` for a
/// socket.
pub fn find(file_system: &FileSystem, path: &[u8]) -> Result<Option<ScannedEntry>> {
    let path = without_trailing_slashes(path);
    let parent = Parent::open(file_system, path)?;
    let stat = parent.stat(path)?;
    entry(
        parent.fd.as_fd(),
        path,
        split(path).1,
        &stat,
        parent.origin.as_ref(),
    )
}

/// The state that all threads share.
struct Scan<'a> {
    file_system: &'a FileSystem,
    starts: &'a [Start<'a>],
    options: ScanOptions<'a>,
    job: &'a Job,
    /// How many lists there are or will be.
    lists: AtomicUsize,
    queue: Mutex<Queue>,
    changed: Condvar,
    finished: Mutex<Vec<(usize, Vec<Listed>)>>,
    /// The directory of the start that was looked at last: as a rule, of all.
    last_parent: Mutex<Option<Arc<Parent>>>,
}

/// What is left to do.
struct Queue {
    pending: Vec<Task>,
    busy: usize,
    waiting: usize,
}

enum Task {
    /// The start of this index, whose list is that of the same number.
    Start(usize),
    Directory(Directory),
}

/// A directory to list.
struct Directory {
    list: usize,
    path: Arc<[u8]>,
    origin: Option<Arc<Origin>>,
}

/// An entry with the list of what is below it, if it is a directory.
struct Listed {
    entry: ScannedEntry,
    list: Option<usize>,
}

impl Scan<'_> {
    /// One thread's share.
    fn work(&self) -> Result<()> {
        let mut lists = Vec::new();
        let mut below = Vec::new();
        while let Some(task) = self.take()? {
            let (list, listed) = match task {
                Task::Start(index) => (index, self.begin(index, &mut below)?),
                Task::Directory(directory) => (directory.list, self.list(&directory, &mut below)?),
            };
            self.job.advance(listed.len() as u64);
            memory::push(&mut lists, (list, listed))?;
            self.done(&mut below)?;
        }
        let mut finished = lock(&self.finished);
        memory::make_room(&mut finished, lists.len())?;
        finished.append(&mut lists);
        Ok(())
    }

    /// The next task; none when all is done.
    fn take(&self) -> Result<Option<Task>> {
        self.job.check()?;
        let mut queue = lock(&self.queue);
        if queue.pending.is_empty() && queue.busy > 0 {
            queue.waiting += 1;
            drop(queue);
            queue = self.job.wait(&self.queue, &self.changed, |queue| {
                !queue.pending.is_empty() || queue.busy == 0
            })?;
            queue.waiting -= 1;
        }
        let task = queue.pending.pop();
        queue.busy += usize::from(task.is_some());
        Ok(task)
    }

    /// Says that a task is done and that the directories `below` are to be
    /// listed next.
    fn done(&self, below: &mut Vec<Directory>) -> Result<()> {
        let mut queue = lock(&self.queue);
        queue.busy -= 1;
        memory::make_room_to_grow(&mut queue.pending, below.len())?;
        queue
            .pending
            .extend(below.drain(..).rev().map(Task::Directory));
        let wake = queue.waiting > 0 && (queue.busy == 0 || queue.pending.len() > 1);
        drop(queue);
        if wake {
            self.changed.notify_all();
        }
        Ok(())
    }

    fn begin(&self, index: usize, below: &mut Vec<Directory>) -> Result<Vec<Listed>> {
        match self.starts[index] {
            Start::At(path) => {
                let path = without_trailing_slashes(path);
                let parent = self.parent(path)?;
                let stat = parent.stat(path)?;
                if self.options.omitted.contains(&FileId::from(&stat)) {
                    return Err(Error::new(
                        Status::InvalidArgument,
                        format!("{} is the image itself", quoted(path)),
                    ));
                }
                let (_, name) = split(path);
                let origin = parent.origin.as_ref();
                let entry = self.entry(parent.fd.as_fd(), path, name, &stat, origin)?;
                let mut listed = Vec::new();
                if let Some(entry) = entry {
                    listed.push(self.listed(entry, origin, below)?);
                }
                Ok(listed)
            }
            Start::Below(path) => {
                let origin =
                    Origin::resolve(path).map_err(|errno| failure("examining", path, errno))?;
                let directory = Directory {
                    list: index,
                    path: path.into(),
                    origin,
                };
                self.list(&directory, below)
            }
        }
    }

    /// Lists the entries of `directory`, adding the directories among them to
    /// `below`.
    fn list(&self, directory: &Directory, below: &mut Vec<Directory>) -> Result<Vec<Listed>> {
        let path = &*directory.path;
        let origin = directory.origin.as_ref();
        let real = Origin::real_name(origin, path);
        let fd = self.file_system.listed_directory(&real).map_err(|errno| {
            if matches!(errno, Errno::NOTDIR) && directory.list < self.starts.len() {
                Error::new(
                    Status::Input,
                    format!("{} is not a directory", quoted(path)),
                )
            } else {
                failure_or_changed("opening", path, errno)
            }
        })?;
        let fd = fd.as_fd();
        let mut names = self.names(fd, path)?;
        names.sort_unstable();
        let mut full = join(path, b"");
        let above = full.len();
        let mut listed = memory::with_capacity(names.len())?;
        for name in names {
            full.truncate(above);
            full.extend_from_slice(&name);
            let stat = rustix::fs::statat(fd, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|errno| failure_or_changed("examining", &full, errno))?;
            if self.options.omitted.contains(&FileId::from(&stat)) {
                continue;
            }
            if let Some(entry) = self.entry(fd, &full, &name, &stat, origin)? {
                listed.push(self.listed(entry, origin, below)?);
                self.job.check()?;
            }
        }
        Ok(listed)
    }

    /// The names in `directory`, which is called `path`.  They come as the system
    /// has them: others take a directory that is removed meanwhile for one that
    /// ends there.
    fn names(&self, directory: BorrowedFd, path: &[u8]) -> Result<Vec<Vec<u8>>> {
        let mut room = [const { MaybeUninit::uninit() }; LISTED_SIZE];
        let mut stream = RawDir::new(directory, &mut room);
        let mut names = Vec::new();
        let mut attempts = Attempts::default();
        while let Some(entry) = stream.next() {
            self.job.check()?;
            match entry {
                Ok(entry) => match entry.file_name().to_bytes() {
                    b"." | b".." => {}
                    name => memory::push(&mut names, name.to_vec())?,
                },
                Err(Errno::INTR) if attempts.again() => {}
                Err(errno) => return Err(failure_or_changed("listing", path, errno)),
            }
        }
        Ok(names)
    }

    /// What [`entry`] says, with what is asked for of extended attributes.
    fn entry(
        &self,
        directory: BorrowedFd,
        path: &[u8],
        name: &[u8],
        stat: &Stat,
        origin: Option<&Arc<Origin>>,
    ) -> Result<Option<ScannedEntry>> {
        let Some(mut entry) = entry(directory, path, name, stat, origin)? else {
            self.file_system.warnings.note(Notice::Socket, path);
            return Ok(None);
        };
        match self.options.xattrs {
            Xattrs::Keep => {
                let kept = xattrs::kept(self.file_system, directory, name, path, stat)?;
                entry.xattrs = (!kept.is_empty()).then(|| Arc::new(kept));
            }
            Xattrs::Drop => {
                xattrs::note_dropped(self.file_system, path, origin, stat);
            }
        }
        Ok(Some(entry))
    }

    fn listed(
        &self,
        entry: ScannedEntry,
        origin: Option<&Arc<Origin>>,
        below: &mut Vec<Directory>,
    ) -> Result<Listed> {
        let mut list = None;
        if matches!(entry.kind, Kind::Directory) {
            let number = self.lists.fetch_add(1, Ordering::Relaxed);
            let directory = Directory {
                list: number,
                path: Arc::clone(&entry.path),
                origin: origin.cloned(),
            };
            memory::push(below, directory)?;
            list = Some(number);
        }
        Ok(Listed { entry, list })
    }

    /// The directory that holds `path`.
    fn parent(&self, path: &[u8]) -> Result<Arc<Parent>> {
        let mut last = lock(&self.last_parent);
        if let Some(parent) = last.as_ref().filter(|parent| parent.path == split(path).0) {
            return Ok(Arc::clone(parent));
        }
        let parent = Arc::new(Parent::open(self.file_system, path)?);
        *last = Some(Arc::clone(&parent));
        Ok(parent)
    }

    /// All entries, for each start.
    fn in_order(self) -> Result<Vec<Vec<ScannedEntry>>> {
        let count = self.lists.into_inner();
        let mut lists: Vec<Vec<Listed>> = memory::with_capacity(count)?;
        lists.resize_with(count, Vec::new);
        for (number, list) in self.finished.into_inner().unwrap_or_default() {
            lists[number] = list;
        }
        let mut take = |number: usize| std::mem::take(&mut lists[number]).into_iter();
        (0..self.starts.len())
            .map(|start| {
                let mut entries = Vec::new();
                let mut above = vec![take(start)];
                while let Some(list) = above.last_mut() {
                    match list.next() {
                        Some(Listed { entry, list }) => {
                            memory::push(&mut entries, entry)?;
                            above.extend(list.map(&mut take));
                        }
                        None => drop(above.pop()),
                    }
                }
                self.job.check()?;
                Ok(entries)
            })
            .collect()
    }
}

/// The directory that holds a start.
struct Parent {
    path: Vec<u8>,
    origin: Option<Arc<Origin>>,
    fd: OwnedFd,
}

impl Parent {
    fn open(file_system: &FileSystem, path: &[u8]) -> Result<Self> {
        let (directory, _) = split(path);
        let origin =
            Origin::resolve(directory).map_err(|errno| failure("examining", path, errno))?;
        let fd = file_system
            .directory(&Origin::real_name(origin.as_ref(), directory))
            .map_err(|errno| match errno {
                // It was resolved just now.
                Errno::LOOP => changed(path),
                _ => failure("examining", path, errno),
            })?;
        Ok(Parent {
            path: directory.to_vec(),
            origin,
            fd,
        })
    }

    fn stat(&self, path: &[u8]) -> Result<Stat> {
        rustix::fs::statat(&self.fd, split(path).1, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|errno| failure("examining", path, errno))
    }
}

/// What there is to know of the file `name` in `directory`, which is called
/// `path` in full; `None` for a socket.
fn entry(
    directory: BorrowedFd,
    path: &[u8],
    name: &[u8],
    stat: &Stat,
    origin: Option<&Arc<Origin>>,
) -> Result<Option<ScannedEntry>> {
    let path: Arc<[u8]> = path.into();
    #[allow(clippy::unnecessary_cast)] // it is narrower on some architectures
    let device = stat.st_rdev as rustix::fs::Dev;
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::File(Source::Disk(Box::new(DiskFile {
            path: Arc::clone(&path),
            origin: origin.cloned(),
            snapshot: StatSnapshot::from(stat),
        }))),
        FileType::Symlink => {
            let target =
                rustix::fs::readlinkat(directory, name, Vec::new()).map_err(
                    |errno| match errno {
                        // It is no link any more.
                        Errno::INVAL => changed(&path),
                        _ => failure_or_changed("reading the link", &path, errno),
                    },
                )?;
            Kind::Link(target.into_bytes().into())
        }
        FileType::Fifo => Kind::Fifo,
        FileType::CharacterDevice => Kind::CharacterDevice(major, minor),
        FileType::BlockDevice => Kind::BlockDevice(major, minor),
        _ => return Ok(None),
    };
    Ok(Some(ScannedEntry {
        path,
        mode: (stat.st_mode & 0o7777) as u16,
        size: match kind {
            Kind::Directory => DIRECTORY_SIZE,
            _ => stat.st_size as u64,
        },
        kind,
        xattrs: None,
    }))
}

/// The name of the entry `name` of `directory`.
fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let separator: &[u8] = if directory.ends_with(b"/") { b"" } else { b"/" };
    [directory, separator, name].concat()
}

/// The directory and the last component of an absolute file name.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(0) if path.len() == 1 => (b"/", b"."),
        Some(0) => (b"/", &path[1..]),
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b".", path),
    }
}

fn without_trailing_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&byte| byte != b'/');
    &path[..end.map_or(1, |last| last + 1)]
}
