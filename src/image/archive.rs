// SPDX-License-Identifier: GPL-3.0-or-later

//! The members of an archive, without their contents.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use tar::{EntryType, Header, PaxExtensions};

use super::malformed;
use super::section::Section;
use crate::error::{Error, Result, Status};
use crate::format::archive::{BLOCK_SIZE, blocks};

/// More members than an image has: it has a few for each layer.
const MAX_MEMBERS: usize = 100_000;

/// More bytes than the headers of one member have.
const MAX_EXTENSION: u64 = 1 << 20;

/// How many links lead from a name to a file at most.
const MAX_LINKS: usize = 8;

/// The regular files among the members of an archive of `size` bytes, by
/// their names.  Symbolic and hard links to such files, which old versions of
/// `docker save` write for layers of the same content, are these files.
pub fn members(file: Arc<File>, size: u64) -> Result<HashMap<String, Section>> {
    let mut reader = Reader {
        whole: Section {
            file,
            offset: 0,
            size,
        },
        position: 0,
    };
    let mut files: HashMap<String, Section> = HashMap::new();
    let mut links: HashMap<String, String> = HashMap::new();
    let mut count = 0;
    while let Some(member) = reader.next()? {
        count += 1;
        if count > MAX_MEMBERS {
            return Err(malformed("it has too many members for an image"));
        }
        let Some(name) = clean(&member.name) else {
            continue;
        };
        let is_new = match member.link {
            _ if files.contains_key(&name) || links.contains_key(&name) => false,
            None => files.insert(name.clone(), member.content).is_none(),
            Some(link) => links.insert(name.clone(), link).is_none(),
        };
        if !is_new {
            return Err(malformed(format_args!("it has two members {name:?}")));
        }
    }
    for name in links.keys() {
        let mut target = name;
        for _ in 0..MAX_LINKS {
            match links.get(target) {
                Some(next) => target = next,
                None => break,
            }
        }
        if let Some(section) = files.get(target).cloned() {
            files.insert(name.clone(), section);
        }
    }
    Ok(files)
}

/// A file or a link.
struct Member {
    name: Vec<u8>,
    content: Section,
    /// The clean name that it is a link to.
    link: Option<String>,
}

struct Reader {
    whole: Section,
    position: u64,
}

impl Reader {
    /// The next file or link; members of other kinds are passed over.
    fn next(&mut self) -> Result<Option<Member>> {
        let mut long_name = None;
        let mut long_link = None;
        let mut pax = Pax::default();
        loop {
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let size = match (pax.size, header.entry_type()) {
                (Some(size), EntryType::Regular | EntryType::Continuous) => size,
                _ => header
                    .size()
                    .map_err(|error| malformed(format_args!("{error}")))?,
            };
            let content = self.content(size)?;
            match header.entry_type() {
                EntryType::GNULongName => long_name = Some(extension(&content)?),
                EntryType::GNULongLink => long_link = Some(extension(&content)?),
                EntryType::XHeader => pax = Pax::parse(&extension(&content)?)?,
                EntryType::Regular | EntryType::Continuous => {
                    return Ok(Some(Member {
                        name: pax
                            .path
                            .or(long_name)
                            .unwrap_or_else(|| header.path_bytes().into()),
                        content,
                        link: None,
                    }));
                }
                kind @ (EntryType::Symlink | EntryType::Link) => {
                    let name = pax
                        .path
                        .or(long_name)
                        .unwrap_or_else(|| header.path_bytes().into());
                    let target = pax
                        .link
                        .or(long_link)
                        .unwrap_or_else(|| header.link_name_bytes().unwrap_or_default().into());
                    let target = match kind {
                        EntryType::Symlink => beside(&name, &target),
                        _ => clean(&target),
                    };
                    return Ok(Some(Member {
                        name,
                        content,
                        // Out of the archive there is nothing.
                        link: Some(target.unwrap_or_default()),
                    }));
                }
                _ => {
                    (long_name, long_link) = (None, None);
                    pax = Pax::default();
                }
            }
        }
    }

    /// The next header, or `None` at the end of the archive.
    fn header(&mut self) -> Result<Option<Header>> {
        let left = self.whole.size - self.position;
        if left == 0 {
            return Ok(None);
        }
        let mut header = Header::new_old();
        self.whole
            .read_at(header.as_mut_bytes(), self.position)
            .map_err(|error| reading(&error))?;
        self.position += BLOCK_SIZE;
        if header.as_bytes().iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        let bytes = header.as_bytes();
        let sum: u32 = bytes.iter().map(|&byte| u32::from(byte)).sum();
        let field = bytes[148..156].iter().map(|&byte| u32::from(byte));
        let sum = sum - field.sum::<u32>() + 8 * u32::from(b' ');
        match header.cksum() {
            Ok(said) if said == sum => Ok(Some(header)),
            _ => Err(malformed("it is no archive of tar, or a damaged one")),
        }
    }

    /// The content of a member of `size` bytes.
    fn content(&mut self, size: u64) -> Result<Section> {
        let left = self.whole.size - self.position;
        if size > left {
            return Err(malformed("it ends within a member"));
        }
        let content = Section {
            file: Arc::clone(&self.whole.file),
            offset: self.position,
            size,
        };
        self.position += blocks(size).min(left);
        Ok(content)
    }
}

/// What the header of a member in POSIX's format says besides.
#[derive(Default)]
struct Pax {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Pax {
    fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong = || malformed("a member has an extended header that is no such thing");
        let mut pax = Pax::default();
        for record in PaxExtensions::new(bytes) {
            let record = record.map_err(|_| wrong())?;
            let value = record.value_bytes();
            match record.key_bytes() {
                b"path" => pax.path = Some(value.to_vec()),
                b"linkpath" => pax.link = Some(value.to_vec()),
                b"size" => {
                    let size = record.value().ok().and_then(|text| text.parse().ok());
                    pax.size = Some(size.ok_or_else(wrong)?);
                }
                _ => {}
            }
        }
        Ok(pax)
    }
}

/// The content of a member that belongs to the header of the next one, without
/// a NUL at its end.
fn extension(content: &Section) -> Result<Vec<u8>> {
    if content.size > MAX_EXTENSION {
        return Err(malformed("a member has a header that is too large"));
    }
    let mut bytes = content.read().map_err(|error| reading(&error))?;
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    Ok(bytes)
}

fn reading(error: &std::io::Error) -> Error {
    Error::io(Status::Input, "reading it", error)
}

/// The name from the root of the archive, if it is one of text that does not
/// lead out of it.
fn clean(name: &[u8]) -> Option<String> {
    resolve(&[], name)
}

/// Where the symbolic link `name` to `target` leads.
fn beside(name: &[u8], target: &[u8]) -> Option<String> {
    match target.starts_with(b"/") {
        true => None,
        false => resolve(crate::name::directory_of(name), target),
    }
}

fn resolve(directory: &[u8], name: &[u8]) -> Option<String> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in crate::name::components(directory).chain(crate::name::components(name)) {
        match part {
            b".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    String::from_utf8(parts.join(&b'/')).ok()
}
