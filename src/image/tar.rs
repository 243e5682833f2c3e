// SPDX-License-Identifier: GPL-3.0-or-later

//! Archives of strangers: their members, of which nothing is believed but what
//! is there.

use std::io;

use tar::{EntryType, Header};

use crate::error::quoted;
use crate::format::archive::{BLOCK_SIZE, blocks};
use crate::request::Owner;

/// More bytes than the headers of one member have.
const MAX_EXTENSION: u64 = 1 << 20;

/// What is wrong with what does not begin as an archive does.
const NO_ARCHIVE: &str = "it is no archive of tar, or a damaged one";

/// What an archive is read from.
pub trait Source {
    /// Fills `buffer` as far as there are bytes; returns how many there were.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Goes on behind so many bytes, which must be there.
    fn skip(&mut self, size: u64) -> io::Result<()>;

    /// How many bytes have been read or skipped.
    fn position(&self) -> u64;
}

/// A member.
pub struct Member {
    /// Its name.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: EntryType,
    /// Its permissions.
    pub mode: u16,
    /// Whom it belongs to.
    pub owner: Owner,
    /// What it is a link to.
    pub link: Vec<u8>,
    /// Major and minor number of a device.
    pub device: (u32, u32),
    /// Where its content begins, in bytes.
    pub offset: u64,
    /// The size of that in bytes.
    pub size: u64,
}

/// Reads members.
pub struct Members<S> {
    /// Where they are.
    pub source: S,
}

/// The result of reading, with what is wrong with the archive.
pub type Parsed<T> = std::result::Result<T, String>;

impl<S: Source> Members<S> {
    /// The next member, with its content passed over, or `None` at the end.
    pub fn next(&mut self) -> Parsed<Option<Member>> {
        let mut long_name = None;
        let mut long_link = None;
        let mut pax = Pax::default();
        loop {
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let kind = header.entry_type();
            let size = match pax.size {
                Some(size) if !is_extension(kind) => size,
                _ => header.size().map_err(|_| {
                    let name = header.path_bytes();
                    format!("the size of its member {} is no number", quoted(&name))
                })?,
            };
            // Nothing else has content, whatever is said.
            let size = match is_extension(kind) || has_content(kind) {
                true => size,
                false => 0,
            };
            match kind {
                EntryType::GNULongName => long_name = Some(self.extension(size)?),
                EntryType::GNULongLink => long_link = Some(self.extension(size)?),
                EntryType::XHeader => pax = Pax::parse(&self.extension(size)?)?,
                EntryType::XGlobalHeader => drop(self.extension(size)?),
                _ => {
                    self.skip_sparse_map(&header)?;
                    let offset = self.source.position();
                    let padded = size.checked_next_multiple_of(BLOCK_SIZE);
                    let padded = padded.ok_or("a member is too large")?;
                    self.source
                        .skip(padded)
                        .map_err(|error| format!("it ends within a member: {error}"))?;
                    let link = header.link_name_bytes().unwrap_or_default();
                    let device =
                        |number: io::Result<Option<u32>>| number.ok().flatten().unwrap_or_default();
                    return Ok(Some(Member {
                        device: (device(header.device_major()), device(header.device_minor())),
                        name: pax
                            .path
                            .or(long_name)
                            .unwrap_or_else(|| header.path_bytes().into()),
                        kind,
                        // What is no number is nobody's: it is no error in engines.
                        mode: header.mode().unwrap_or(0o755) as u16 & 0o7777,
                        owner: Owner {
                            uid: pax.uid.or(header.uid().ok()).map_or(0, |id| id as u32),
                            gid: pax.gid.or(header.gid().ok()).map_or(0, |id| id as u32),
                        },
                        link: pax.link.or(long_link).unwrap_or_else(|| link.into()),
                        offset,
                        size,
                    }));
                }
            }
        }
    }

    /// The next header, or `None` at the end of the archive.
    fn header(&mut self) -> Parsed<Option<Header>> {
        let mut header = Header::new_old();
        let size = header.as_bytes().len();
        match self.source.fill(header.as_mut_bytes()) {
            Ok(count) if count == size => {}
            // Nothing marks the end of some archives.
            Ok(0) => return Ok(None),
            // The first one.
            Ok(_) if self.source.position() < BLOCK_SIZE => return Err(NO_ARCHIVE.into()),
            Ok(_) => return Err("it ends within a header".into()),
            Err(error) => return Err(error.to_string()),
        }
        let bytes = header.as_bytes();
        if bytes.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        let sum: u32 = bytes.iter().map(|&byte| u32::from(byte)).sum();
        let field: u32 = bytes[148..156].iter().map(|&byte| u32::from(byte)).sum();
        match header.cksum() {
            Ok(said) if said == sum - field + 8 * u32::from(b' ') => Ok(Some(header)),
            _ => Err(NO_ARCHIVE.into()),
        }
    }

    /// Passes over what does not fit into the header of a sparse file in GNU tar's
    /// old format.
    fn skip_sparse_map(&mut self, header: &Header) -> Parsed<()> {
        let is_sparse = header.entry_type() == EntryType::GNUSparse;
        let mut is_extended = is_sparse && header.as_bytes()[482] == 1;
        while is_extended {
            let mut block = [0; BLOCK_SIZE as usize];
            match self.source.fill(&mut block) {
                Ok(count) if count == block.len() => is_extended = block[504] == 1,
                Ok(_) => return Err("it ends within a header".into()),
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }

    /// Content that belongs to the next member's header, without a NUL at its
    /// end.
    fn extension(&mut self, size: u64) -> Parsed<Vec<u8>> {
        if size > MAX_EXTENSION {
            return Err("a member has a header that is too large".into());
        }
        let mut bytes = vec![0; blocks(size) as usize];
        let count = self.source.fill(&mut bytes);
        if count.map_err(|error| error.to_string())? < bytes.len() {
            return Err("it ends within a header".into());
        }
        bytes.truncate(size as usize);
        if bytes.last() == Some(&0) {
            bytes.pop();
        }
        Ok(bytes)
    }
}

fn is_extension(kind: EntryType) -> bool {
    matches!(
        kind,
        EntryType::GNULongName
            | EntryType::GNULongLink
            | EntryType::XHeader
            | EntryType::XGlobalHeader
    )
}

fn has_content(kind: EntryType) -> bool {
    !matches!(
        kind,
        EntryType::Link
            | EntryType::Symlink
            | EntryType::Char
            | EntryType::Block
            | EntryType::Directory
            | EntryType::Fifo
    )
}

/// What the header of a member in POSIX's format says besides.
#[derive(Default)]
struct Pax {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
}

impl Pax {
    fn parse(bytes: &[u8]) -> Parsed<Self> {
        let wrong = || "a member has an extended header that is no such thing".to_owned();
        let mut pax = Pax::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            // LENGTH KEY=VALUE, and a line end; values may have others.
            let space = rest
                .iter()
                .position(|&byte| byte == b' ')
                .ok_or_else(wrong)?;
            let length = std::str::from_utf8(&rest[..space]).ok();
            let length: usize = length
                .and_then(|text| text.parse().ok())
                .ok_or_else(wrong)?;
            if length <= space + 1 || length > rest.len() || rest[length - 1] != b'\n' {
                return Err(wrong());
            }
            let record = &rest[space + 1..length - 1];
            let equals = record
                .iter()
                .position(|&byte| byte == b'=')
                .ok_or_else(wrong)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            let number = || {
                let text = std::str::from_utf8(value).ok();
                text.and_then(|text| text.parse().ok()).ok_or_else(wrong)
            };
            match key {
                b"path" | b"GNU.sparse.name" => pax.path = Some(value.to_vec()),
                b"linkpath" => pax.link = Some(value.to_vec()),
                b"size" => pax.size = Some(number()?),
                b"uid" => pax.uid = Some(number()?),
                b"gid" => pax.gid = Some(number()?),
                _ => {}
            }
            rest = &rest[length..];
        }
        Ok(pax)
    }
}
