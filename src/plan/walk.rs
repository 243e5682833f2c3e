// SPDX-License-Identifier: GPL-3.0-or-later

//! Listing what is on disk, in the order of `tar --sort=name`.

use std::sync::Arc;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::member::{DiskFile, Kind, Source, Stamp};
use crate::control::Control;
use crate::error::{Error, Result, Status, quoted};

/// The size a directory counts for when layers are sorted, in bytes, whatever
/// the file system says.
const DIRECTORY_SIZE: u64 = 4096;

/// The longest file name the system takes in one piece, with its null byte.
const PATH_MAX: usize = 4096;

/// A file found on disk, with an absolute name.
#[derive(Debug)]
pub struct Found {
    /// Its name as given or as its directory's name with its own.
    pub path: Arc<[u8]>,
    /// Its permissions, up to 0o7777.
    pub mode: u16,
    /// What it is; `None` for a socket, which archives leave out.
    pub kind: Option<Kind>,
    /// Its size in bytes as layers are sorted by it.
    pub size: u64,
}

/// Lists `path` and all below it: a directory before its entries, and
/// entries in the order of their names' bytes.
pub fn walk(path: &[u8], control: &Control) -> Result<Vec<Found>> {
    let mut pending = vec![find(path)?];
    let mut found = Vec::new();
    while let Some(next) = pending.pop() {
        if matches!(next.kind, Some(Kind::Directory)) {
            control.check()?;
            entries(&next.path, &mut pending)?;
        }
        found.push(next);
    }
    Ok(found)
}

/// Finds `path` alone.
pub fn find(path: &[u8]) -> Result<Found> {
    let path = without_trailing_slashes(path);
    look(rustix::fs::CWD, path, path)
}

/// The names in a directory, in the order of their bytes.
pub fn names(path: &[u8]) -> Result<Vec<Vec<u8>>> {
    read_names(&mut list(path)?, path)
}

/// Pushes the entries of the directory `path`, the first one last.
fn entries(path: &[u8], pending: &mut Vec<Found>) -> Result<()> {
    let mut directory = list(path)?;
    let names = read_names(&mut directory, path)?;
    let fd = directory
        .fd()
        .map_err(|errno| failure("listing", path, errno))?;
    let mut full = join(path, b"");
    let above = full.len();
    for name in names.iter().rev() {
        full.truncate(above);
        full.extend_from_slice(name);
        pending.push(look(fd, &full, name)?);
    }
    Ok(())
}

fn list(path: &[u8]) -> Result<Dir> {
    Dir::new(open_directory(path)?).map_err(|errno| failure("listing", path, errno))
}

fn read_names(directory: &mut Dir, path: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    while let Some(entry) = directory.read() {
        let entry = entry.map_err(|errno| failure("listing", path, errno))?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(name.to_vec());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Looks at the file `name` in `directory`, which is called `path` in full.
fn look(directory: BorrowedFd, path: &[u8], name: &[u8]) -> Result<Found> {
    let stat = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
        .map_err(|errno| failure("examining", path, errno))?;
    let shared: Arc<[u8]> = path.into();
    let file_type = FileType::from_raw_mode(stat.st_mode);
    let device = || {
        let number = stat.st_rdev;
        (rustix::fs::major(number), rustix::fs::minor(number))
    };
    let kind = match file_type {
        FileType::Directory => Some(Kind::Directory),
        FileType::RegularFile => Some(Kind::File(Source::Disk(Box::new(DiskFile {
            path: Arc::clone(&shared),
            stamp: stamp(&stat),
        })))),
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(directory, name, Vec::new())
                .map_err(|errno| failure("reading the link", path, errno))?;
            Some(Kind::Link(target.into_bytes().into()))
        }
        FileType::Fifo => Some(Kind::Fifo),
        FileType::CharacterDevice => {
            let (major, minor) = device();
            Some(Kind::CharacterDevice(major, minor))
        }
        FileType::BlockDevice => {
            let (major, minor) = device();
            Some(Kind::BlockDevice(major, minor))
        }
        _ => None,
    };
    Ok(Found {
        path: shared,
        mode: (stat.st_mode & 0o7777) as u16,
        size: match kind {
            Some(Kind::Directory) => DIRECTORY_SIZE,
            _ => stat.st_size as u64,
        },
        kind,
    })
}

/// What must not change between planning and reading a file.
pub fn stamp(stat: &Stat) -> Stamp {
    Stamp {
        identity: (stat.st_dev, stat.st_ino),
        size: stat.st_size as u64,
        modified: (stat.st_mtime, stat.st_mtime_nsec),
    }
}

/// Opens the directory `path`, in steps if its name is too long for one.
pub fn open_directory(path: &[u8]) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = |base: BorrowedFd, name: &[u8]| {
        rustix::fs::openat(base, name, flags, Mode::empty())
            .map_err(|errno| failure("opening", path, errno))
    };
    let mut rest = path;
    let mut base: Option<OwnedFd> = None;
    while rest.len() >= PATH_MAX {
        let cut = rest[..PATH_MAX - 1].iter().rposition(|&byte| byte == b'/');
        let Some(cut) = cut.filter(|&cut| cut > 0) else {
            break;
        };
        base = Some(open(base_or_cwd(&base), &rest[..cut])?);
        rest = &rest[cut + 1..];
    }
    open(base_or_cwd(&base), rest)
}

fn base_or_cwd(base: &Option<OwnedFd>) -> BorrowedFd<'_> {
    base.as_ref().map_or(rustix::fs::CWD, AsFd::as_fd)
}

/// A failure of doing `action` on the input file `path`.
pub fn failure(action: &str, path: &[u8], errno: Errno) -> Error {
    Error::system(
        Status::Input,
        format_args!("{action} {}", quoted(path)),
        errno,
    )
}

/// The name of the entry `name` of `directory`.
pub fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let separator: &[u8] = if directory.ends_with(b"/") { b"" } else { b"/" };
    [directory, separator, name].concat()
}

/// The directory and the last component of an absolute file name.
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
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
