// SPDX-License-Identifier: GPL-3.0-or-later

//! Tar reader for untrusted archives: every size and name is validated against
//! the data, and what Go's `archive/tar` refuses is refused.

use std::io;

use ::tar::EntryType;

use super::header::{self, Fields, Header, MemberOddity, Parsed, Pax};
use super::sparse::Sparse;
use crate::section::SectionReader;
use crate::tar::{BLOCK_SIZE, Owner, blocks};

/// Maximum size in bytes of an extended header or a long name.
const MAX_EXTENSION: u64 = 1 << 20;

/// Problem of data that does not begin as an archive does.
const NO_ARCHIVE: &str = "it is no archive of tar, or a damaged one";

const ENDS_IN_HEADER: &str = "it ends within a header";
const ENDS_IN_MEMBER: &str = "it ends within a member";

/// Numbers of owners and groups; the greatest of 32 bits stands for none.
const OWNERS: std::ops::Range<i64> = 0..u32::MAX as i64;

/// Source of an archive's bytes.
pub trait Source {
    /// Fills `buffer` as far as there are bytes; returns their number.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Skips `size` bytes, which must be there.
    fn skip(&mut self, size: u64) -> io::Result<()>;

    /// Fills `buffer` with content of a member.
    fn fill_with_content(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill(buffer)
    }

    /// Returns the number of bytes that have been read or skipped.
    fn position(&self) -> u64;
}

impl Source for SectionReader<'_> {
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        io::Read::read(self, buffer)
    }

    fn skip(&mut self, size: u64) -> io::Result<()> {
        SectionReader::skip(self, size)
    }

    fn position(&self) -> u64 {
        SectionReader::position(self)
    }
}

/// Member of an archive.
pub struct Member {
    /// Name, as it is in the archive.
    pub name: Vec<u8>,
    /// Type.
    pub kind: EntryType,
    /// Permissions.
    pub mode: u16,
    /// Owner and group.
    pub owner: Owner,
    /// Target of a link.
    pub link: Vec<u8>,
    /// Major and minor number of a device.
    pub device: (u32, u32),
    /// Offset of the content in bytes.
    pub offset: u64,
    /// Size of the content in bytes.
    pub size: u64,
    /// Part of the member that some engines refuse, or store otherwise.
    pub oddity: Option<MemberOddity>,
}

/// Reader of members.
pub struct Members<S> {
    /// Source of the archive's bytes.
    pub source: S,
}

impl<S: Source> Members<S> {
    /// Returns the next member and skips its content; `None` at the end.
    pub fn next(&mut self) -> Parsed<Option<Member>> {
        let mut long_name = Vec::new();
        let mut long_link = Vec::new();
        let mut pax = Pax::default();
        loop {
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let mut fields = header.fields()?;
            match fields.kind {
                EntryType::GNULongName => long_name = self.long_text(&fields)?,
                EntryType::GNULongLink => long_link = self.long_text(&fields)?,
                EntryType::XHeader => pax = Pax::parse(&self.extension(&fields)?)?,
                EntryType::XGlobalHeader => {
                    // Go returns it as a member of its own, which engines skip.
                    Pax::parse(&self.extension(&fields)?)?;
                    (long_name, long_link, pax) = (Vec::new(), Vec::new(), Pax::default());
                }
                _ => {
                    pax.apply(&mut fields);
                    if !long_name.is_empty() {
                        fields.name = long_name;
                    }
                    if !long_link.is_empty() {
                        fields.link = long_link;
                    }
                    if fields.is_old_file && fields.name.ends_with(b"/") {
                        fields.kind = EntryType::Directory;
                    }
                    return self.member(fields, &pax).map(Some);
                }
            }
        }
    }

    /// Returns the member with those `fields` and skips its content.
    fn member(&mut self, mut fields: Fields, pax: &Pax) -> Parsed<Member> {
        let sparse = Sparse::of(pax, fields.size)?;
        if let Some(name) = sparse.as_ref().and_then(Sparse::name) {
            fields.name = name.to_vec();
        }
        if fields.kind == EntryType::GNUSparse && fields.has_sparse_map {
            self.skip_sparse_map()?;
        }
        // Nothing else has content, whatever the header says.
        let size = match has_content(fields.kind) {
            true => fields.size as u64,
            false => 0,
        };
        let offset = self.source.position();
        let map = match sparse {
            None => 0,
            Some(_) if !has_content(fields.kind) => {
                return Err("a sparse file is none by its type".into());
            }
            Some(sparse) => {
                sparse.check(size, |block| match self.source.fill_with_content(block) {
                    Ok(header::SIZE) => Ok(()),
                    Ok(_) => Err(ENDS_IN_MEMBER.into()),
                    Err(error) => Err(error.to_string()),
                })?
            }
        };
        self.source
            .skip(size - map)
            .map_err(|error| format!("{ENDS_IN_MEMBER}: {error}"))?;
        // The last member's padding may be missing.
        let mut padding = [0; BLOCK_SIZE as usize];
        let padding = &mut padding[..(size.wrapping_neg() % BLOCK_SIZE) as usize];
        let filled = self.source.fill(padding);
        filled.map_err(|error| error.to_string())?;
        Ok(Member {
            name: fields.name,
            kind: fields.kind,
            mode: fields.mode as u16 & 0o7777,
            owner: Owner {
                uid: fields.uid as u32,
                gid: fields.gid as u32,
            },
            link: fields.link,
            device: fields.device,
            offset,
            size,
            oddity: pax.wrong_xattr().or_else(|| {
                let is_owner = [fields.uid, fields.gid]
                    .iter()
                    .all(|id| OWNERS.contains(id));
                (!is_owner).then_some(MemberOddity::Owner)
            }),
        })
    }

    /// Returns the next header; `None` at the end of the archive.
    fn header(&mut self) -> Parsed<Option<Header>> {
        let Some(header) = self.block()? else {
            // Some archives have no mark at their end.
            return Ok(None);
        };
        if header.is_zero() {
            return match self.block()? {
                Some(next) if !next.is_zero() => {
                    Err("a lone block of zeros stands before a member".into())
                }
                _ => Ok(None),
            };
        }
        match header.is_valid() {
            true => Ok(Some(header)),
            false => Err(NO_ARCHIVE.into()),
        }
    }

    /// Returns the next block; `None` where there are no more bytes.
    fn block(&mut self) -> Parsed<Option<Header>> {
        let mut header = Header([0; header::SIZE]);
        match self.source.fill(&mut header.0) {
            Ok(header::SIZE) => Ok(Some(header)),
            Ok(0) => Ok(None),
            Ok(_) if self.source.position() < BLOCK_SIZE => Err(NO_ARCHIVE.into()),
            Ok(_) => Err(ENDS_IN_HEADER.into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Skips the rest of the map of a sparse file in GNU tar's old format.
    fn skip_sparse_map(&mut self) -> Parsed<()> {
        loop {
            match self.block()? {
                None => return Err(ENDS_IN_HEADER.into()),
                Some(block) if block.0[504] == 1 => {}
                Some(_) => return Ok(()),
            }
        }
    }

    /// Returns a name or a target that is too long for the next member's header.
    fn long_text(&mut self, fields: &Fields) -> Parsed<Vec<u8>> {
        let bytes = self.extension(fields)?;
        Ok(header::text(&bytes).to_vec())
    }

    /// Returns content that belongs to the next member's header.
    fn extension(&mut self, fields: &Fields) -> Parsed<Vec<u8>> {
        let size = fields.size as u64;
        if size > MAX_EXTENSION {
            return Err("a member has a header that is too large".into());
        }
        let mut bytes = vec![0; blocks(size) as usize];
        let count = self.source.fill(&mut bytes);
        if count.map_err(|error| error.to_string())? < bytes.len() {
            return Err(ENDS_IN_HEADER.into());
        }
        bytes.truncate(size as usize);
        Ok(bytes)
    }
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
