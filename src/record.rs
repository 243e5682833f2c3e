// SPDX-License-Identifier: GPL-3.0-or-later

//! Record of layers: the facts that let a later build reuse a blob.
//!
//! Annotations of a layer are hints, for anyone can write them.  A fact is
//! what a build of this user found true: an encoder made a blob of an archive
//! with a diff ID, from files with a fingerprint.  Facts are lines of one file,
//! `guix-docker/layers` in the user's cache directory, which is
//! `XDG_CACHE_HOME` or else `.cache` in `HOME`.  A fact is true wherever the
//! blob lies, for the reader checks the blob's digest.
//!
//! The file is used only if nobody but the effective user can have written it:
//! directory and file belong to that user, are no symbolic links, and neither
//! group nor others can write to them.  A process with more privileges than
//! its caller (`AT_SECURE`) has no record, as the caller sets the variables.
//! A record that cannot be read or written is as good as none: layers take
//! longer to reuse then.

#![allow(unsafe_code)] // for a flag that the kernel passes to the process

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::digest::{DiffId, Digest};
use crate::input::open::{DIRECTORY_FLAGS, is_own, is_private, open, open_at};
use crate::retry::{self, Patient, retry};

/// Name of the directory, of the file in it, and of the file that replaces it.
const DIRECTORY: &str = "guix-docker";
const LAYERS: &str = "layers";
const NEW_LAYERS: &str = "layers.new";

/// Maximum size of the file in bytes; beyond, its older half goes.
const MAX_SIZE: u64 = 4 << 20;

/// Maximum length of a line in bytes; a fact takes some 230.
const MAX_LINE: u64 = 1 << 10;

/// Number of attempts to lock the directory, and the pause between two.
const LOCK_ATTEMPTS: usize = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

const PRIVATE_DIRECTORY: Mode = Mode::RWXU;
const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

/// A layer that a build of this user made or checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// Fingerprint of the layer's files.
    pub fingerprint: Digest,
    /// Encoder that compressed the layer.
    pub encoder: String,
    /// Digest of the archive before compression.
    pub diff_id: DiffId,
    /// Digest of the blob.
    pub digest: Digest,
    /// Size of the blob in bytes.
    pub size: u64,
}

impl Fact {
    fn line(&self) -> String {
        let Fact {
            fingerprint,
            encoder,
            diff_id,
            digest,
            size,
        } = self;
        format!("{fingerprint} {encoder} {diff_id} {digest} {size}\n")
    }

    /// Parses a line with its end; a line that was cut is no fact.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_suffix('\n')?.split(' ');
        let fact = Fact {
            fingerprint: Digest::parse(words.next()?)?,
            encoder: words.next()?.to_owned(),
            diff_id: Digest::parse(words.next()?)?,
            digest: Digest::parse(words.next()?)?,
            size: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(fact)
    }
}

/// The user's record, which need not exist.
pub struct Record {
    /// The user's cache directory, and the directory to own before that is made.
    home: Option<(PathBuf, Option<PathBuf>)>,
}

impl Record {
    /// The record in the cache directory `home`, or the environment's.
    pub fn new(home: Option<&[u8]>) -> Self {
        Record {
            home: match home {
                Some(home) => Some((PathBuf::from(OsStr::from_bytes(home)), None)),
                None => cache_home(),
            },
        }
    }

    /// Returns all facts about the fingerprints `wanted`.
    pub fn facts(&self, wanted: &BTreeSet<Digest>) -> BTreeSet<Fact> {
        let mut facts = BTreeSet::new();
        let file = self.directory(false).and_then(|directory| {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = open_at(&directory, LAYERS, flags).ok()?;
            is_private_of(&file, FileType::RegularFile).then(|| File::from(file))
        });
        let Some(file) = file else {
            return facts;
        };
        let mut lines = BufReader::with_capacity(64 << 10, Patient(file).take(2 * MAX_SIZE));
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut lines).take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(count) if count > 0 => {}
                _ => return facts,
            }
            let fact = std::str::from_utf8(&line).ok().and_then(Fact::parse);
            facts.extend(fact.filter(|fact| wanted.contains(&fact.fingerprint)));
        }
    }

    /// Adds `facts` that the record has not.  A failure leaves them out.
    pub fn add(&self, facts: BTreeSet<Fact>) {
        let wanted = facts.iter().map(|fact| fact.fingerprint).collect();
        let known = self.facts(&wanted);
        let lines: Vec<String> = facts.difference(&known).map(Fact::line).collect();
        if lines.is_empty() {
            return;
        }
        if let Some(directory) = self.directory(true) {
            let _ = append(&directory, lines.concat().as_bytes());
        }
    }

    /// Opens the directory of the record, which is made if `make`.
    fn directory(&self, make: bool) -> Option<OwnedFd> {
        let (home, above) = self.home.as_ref()?;
        let home = match open(home.as_path(), DIRECTORY_FLAGS) {
            Err(Errno::NOENT) if make => {
                // A directory of another user gets none of this user's.
                if let Some(above) = above {
                    is_own_directory(&open(above.as_path(), DIRECTORY_FLAGS).ok()?).then_some(())?;
                }
                made(rustix::fs::mkdir(home.as_path(), PRIVATE_DIRECTORY))?;
                open(home.as_path(), DIRECTORY_FLAGS)
            }
            opened => opened,
        };
        let home = home.ok().filter(is_own_directory)?;
        let flags = DIRECTORY_FLAGS | OFlags::NOFOLLOW;
        let directory = match open_at(&home, DIRECTORY, flags) {
            Err(Errno::NOENT) if make => {
                made(rustix::fs::mkdirat(&home, DIRECTORY, PRIVATE_DIRECTORY))?;
                open_at(&home, DIRECTORY, flags)
            }
            opened => opened,
        };
        let directory = directory.ok()?;
        is_private_of(&directory, FileType::Directory).then_some(directory)
    }
}

fn made(result: rustix::io::Result<()>) -> Option<()> {
    match result {
        Ok(()) | Err(Errno::EXIST) => Some(()),
        Err(_) => None,
    }
}

/// Returns the cache directory that the environment names, and the directory
/// that must be the user's for it to be made.
fn cache_home() -> Option<(PathBuf, Option<PathBuf>)> {
    if is_secure() {
        return None;
    }
    let variable = |name| {
        let value = PathBuf::from(std::env::var_os(name)?);
        value.is_absolute().then_some(value)
    };
    if let Some(home) = variable("XDG_CACHE_HOME") {
        return Some((home, None));
    }
    let home = variable("HOME")?;
    Some((home.join(".cache"), Some(home)))
}

/// Whether the process has privileges that its caller may not have.
fn is_secure() -> bool {
    // SAFETY: the call reads what the kernel passed to the process.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// Whether the open directory belongs to the effective user.
fn is_own_directory(directory: &OwnedFd) -> bool {
    rustix::fs::fstat(directory).is_ok_and(|stat| is_own(&stat))
}

/// Whether the open file belongs to the effective user, who alone can write to
/// it, and is of that kind.
fn is_private_of(file: &OwnedFd, kind: FileType) -> bool {
    rustix::fs::fstat(file)
        .is_ok_and(|stat| is_private(&stat) && FileType::from_raw_mode(stat.st_mode) == kind)
}

/// Appends `lines` to the file, or writes it anew where it would be too large.
fn append(directory: &OwnedFd, lines: &[u8]) -> io::Result<()> {
    lock(directory)?;
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let flags = flags | OFlags::CREATE | OFlags::APPEND | OFlags::RDWR;
    let file = retry(|| rustix::fs::openat(directory, LAYERS, flags, PRIVATE_FILE))?;
    if !is_private_of(&file, FileType::RegularFile) {
        return Ok(());
    }
    let size = rustix::fs::fstat(&file)?.st_size as u64;
    if size + lines.len() as u64 > MAX_SIZE {
        return shorten(directory, &file, size, lines);
    }
    let mut bytes = Vec::with_capacity(lines.len() + 1);
    // A write that was cut must not make another fact of the next one.
    if size > 0 {
        let mut last = [0];
        retry::read_exact_at(&file, &mut last, size - 1)?;
        bytes.extend((last != *b"\n").then_some(b'\n'));
    }
    bytes.extend(lines);
    retry(|| rustix::io::write(&file, &bytes))?;
    Ok(())
}

/// Replaces the file by its newer half and `lines`, all at once.
fn shorten(directory: &OwnedFd, file: &OwnedFd, size: u64, lines: &[u8]) -> io::Result<()> {
    let kept = (MAX_SIZE / 2).saturating_sub(lines.len() as u64);
    let kept = kept.min(size);
    let mut bytes = vec![0; kept as usize];
    retry::read_exact_at(file, &mut bytes, size - kept)?;
    // The first line is cut.
    let start = bytes.iter().position(|&byte| byte == b'\n');
    bytes.drain(..start.map_or(bytes.len(), |end| end + 1));
    bytes.extend(lines);
    let _ = rustix::fs::unlinkat(directory, NEW_LAYERS, AtFlags::empty());
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
    let new = retry(|| rustix::fs::openat(directory, NEW_LAYERS, flags, PRIVATE_FILE))?;
    let written = retry::write_all(&new, &bytes);
    match written {
        Ok(()) => rustix::fs::renameat(directory, NEW_LAYERS, directory, LAYERS)?,
        Err(_) => rustix::fs::unlinkat(directory, NEW_LAYERS, AtFlags::empty())?,
    }
    written
}

/// Waits a moment for builds that write to the record.  Nobody else can open
/// the directory to lock it.
fn lock(directory: &OwnedFd) -> io::Result<()> {
    for _ in 0..LOCK_ATTEMPTS {
        match rustix::fs::flock(directory, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK | Errno::INTR) => thread::sleep(LOCK_PAUSE),
            locked => return Ok(locked?),
        }
    }
    Err(Errno::WOULDBLOCK.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs::{self, Permissions};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::Path;

    use tempfile::TempDir;

    use super::{Fact, MAX_SIZE, Record};
    use crate::digest::Digest;

    fn fact(number: u64) -> Fact {
        let digest = |text: &str| Digest::of(format!("{text} {number}").as_bytes());
        Fact {
            fingerprint: digest("files"),
            encoder: "gzip-6/3".into(),
            diff_id: digest("archive"),
            digest: digest("blob"),
            size: number,
        }
    }

    fn record(home: &Path) -> Record {
        Record::new(Some(home.as_os_str().as_bytes()))
    }

    fn has(home: &Path, fact: &Fact) -> bool {
        let wanted = BTreeSet::from([fact.fingerprint]);
        record(home).facts(&wanted).contains(fact)
    }

    #[test]
    fn a_fact_is_all_of_its_line() {
        let line = fact(7).line();
        assert_eq!(Fact::parse(&line), Some(fact(7)));
        for start in 1..line.len() {
            let cut = &line[..start];
            assert_eq!(Fact::parse(cut), None, "{cut}");
            assert_eq!(Fact::parse(&format!("{cut}{line}")), None, "{cut}");
        }
        assert_eq!(Fact::parse(&line.replace('\n', " x\n")), None);
    }

    #[test]
    fn facts_are_kept_once() {
        let scratch = TempDir::new().unwrap();
        let home = scratch.path().join("cache");
        assert!(!has(&home, &fact(1)));
        record(&home).add(BTreeSet::from([fact(1), fact(2)]));
        record(&home).add(BTreeSet::from([fact(2), fact(3)]));
        let file = home.join("guix-docker/layers");
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 3);
        for number in 1..=3 {
            assert!(has(&home, &fact(number)));
        }
        // Another layer of the same files has a line of its own.
        let other = Fact {
            digest: fact(3).digest,
            ..fact(1)
        };
        assert!(!has(&home, &other));
        for path in [home.clone(), home.join("guix-docker")] {
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o700);
        }
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_line_that_was_cut_is_no_part_of_the_next_one() {
        let scratch = TempDir::new().unwrap();
        record(scratch.path()).add(BTreeSet::from([fact(1)]));
        let file = scratch.path().join("guix-docker/layers");
        let line = fs::read(&file).unwrap();
        fs::write(&file, &line[..line.len() - 1]).unwrap();
        assert!(!has(scratch.path(), &fact(1)));
        record(scratch.path()).add(BTreeSet::from([fact(2)]));
        assert!(has(scratch.path(), &fact(2)));
    }

    #[test]
    fn a_record_that_grows_too_large_loses_its_older_half() {
        let scratch = TempDir::new().unwrap();
        let line = fact(0).line().len() as u64;
        let count = MAX_SIZE / line;
        record(scratch.path()).add((0..count).map(fact).collect());
        // Facts were sorted by their fingerprints.
        let oldest = (0..count).map(fact).min().unwrap();
        let newest = (0..count).map(fact).max().unwrap();
        assert!(has(scratch.path(), &oldest) && has(scratch.path(), &newest));
        record(scratch.path()).add((count..count + 100).map(fact).collect());
        assert!(!has(scratch.path(), &oldest));
        assert!(has(scratch.path(), &newest) && has(scratch.path(), &fact(count)));
        let directory = scratch.path().join("guix-docker");
        let size = fs::metadata(directory.join("layers")).unwrap().len();
        assert!(
            size <= MAX_SIZE / 2 && size > MAX_SIZE / 2 - 2 * line,
            "{size}"
        );
        assert_eq!(fs::read_dir(directory).unwrap().count(), 1);
    }

    #[test]
    fn a_record_that_others_can_write_is_none() {
        let scratch = TempDir::new().unwrap();
        let home = scratch.path();
        record(home).add(BTreeSet::from([fact(1)]));
        let (directory, file) = (home.join("guix-docker"), home.join("guix-docker/layers"));
        let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode));
        for (path, private) in [(&directory, 0o700), (&file, 0o600)] {
            for open in [0o020, 0o002] {
                set(path, private | open).unwrap();
                assert!(!has(home, &fact(1)), "{path:?}");
                record(home).add(BTreeSet::from([fact(2)]));
            }
            set(path, private).unwrap();
            assert!(has(home, &fact(1)) && !has(home, &fact(2)), "{path:?}");
        }
        // Nor is what a link leads to.
        let moved = home.join("moved");
        for path in [&file, &directory] {
            fs::rename(path, &moved).unwrap();
            symlink(&moved, path).unwrap();
            assert!(!has(home, &fact(1)), "{path:?}");
            record(home).add(BTreeSet::from([fact(2)]));
            fs::remove_file(path).unwrap();
            fs::rename(&moved, path).unwrap();
            assert!(has(home, &fact(1)) && !has(home, &fact(2)), "{path:?}");
        }
    }

    #[test]
    fn a_record_of_another_user_is_none() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: files are given to another user by root only");
            return;
        }
        let scratch = TempDir::new().unwrap();
        let home = scratch.path().join("cache");
        record(&home).add(BTreeSet::from([fact(1)]));
        let directory = home.join("guix-docker");
        for path in [&home, &directory, &directory.join("layers")] {
            std::os::unix::fs::chown(path, Some(65534), None).unwrap();
            assert!(!has(&home, &fact(1)), "{path:?}");
            record(&home).add(BTreeSet::from([fact(2)]));
            std::os::unix::fs::chown(path, Some(0), None).unwrap();
            assert!(has(&home, &fact(1)) && !has(&home, &fact(2)), "{path:?}");
        }
    }
}
