// SPDX-License-Identifier: GPL-3.0-or-later

//! The files of an archive that is an image.

use std::collections::BTreeMap;

use ::tar::EntryType;

use super::malformed;
use super::tar::{Member, Members};
use crate::error::{Error, Result, Status, quoted};
use crate::job::Job;
use crate::path::{components, directory_of};
use crate::section::Section;

/// More members than an image has: it has a few for each layer.
const MAX_MEMBERS: usize = 100_000;

/// More bytes than all their names and links have.  A name may be long, and a
/// small file holds many if it is compressed or has holes.
const MAX_NAMES: usize = 16 << 20;

/// Maximum number of oddities that are kept.
const MAX_ODDITIES: usize = 10;

/// How many links lead from a name to a file at most.
const MAX_LINKS: usize = 8;

/// Files of an archive.
#[derive(Default)]
pub struct Files {
    /// Regular files by their names.  Symbolic and hard links to such files, which
    /// old versions of `docker save` write for layers of the same content, are these
    /// files.
    pub by_name: BTreeMap<String, Section>,
    /// Links by their names.
    pub links: BTreeMap<String, Link>,
    /// Parts of the archive that some engines refuse.
    pub oddities: Vec<String>,
}

/// Link in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Symbolic link to this name, or out of the archive.
    Symbolic(Option<String>),
    /// Hard link to this name.
    Hard(Option<String>),
}

impl Link {
    fn target(&self) -> Option<&String> {
        match self {
            Link::Symbolic(target) | Link::Hard(target) => target.as_ref(),
        }
    }
}

/// Lists the files of the archive `whole`.
pub fn files(whole: &Section, job: &Job) -> Result<Files> {
    let mut oddities = Vec::new();
    let mut members = Members {
        source: whole.reader(),
    };
    let mut files: BTreeMap<String, Section> = BTreeMap::new();
    let mut links: BTreeMap<String, Link> = BTreeMap::new();
    let mut count = 0;
    let mut names = 0;
    while let Some(member) = members.next().map_err(malformed)? {
        job.check()?;
        count += 1;
        names += member.name.len() + member.link.len();
        if count > MAX_MEMBERS || names > MAX_NAMES {
            return Err(malformed("it has too many members for an image"));
        }
        if let (Some(oddity), true) = (oddity(&member), oddities.len() < MAX_ODDITIES) {
            oddities.push(oddity);
        }
        let link = match member.kind {
            EntryType::Regular | EntryType::Continuous => None,
            EntryType::Symlink => Some(Link::Symbolic(beside(&member.name, &member.link))),
            EntryType::Link => Some(Link::Hard(resolve(&[], &member.link))),
            _ => continue,
        };
        let Some(name) = resolve(&[], &member.name) else {
            continue;
        };
        let section = Section {
            offset: whole.offset + member.offset,
            size: member.size,
            ..whole.clone()
        };
        let is_same = match files.get(&name) {
            Some(first) if link.is_none() => is_same(first, &section, job)?,
            first => first.is_none() && !links.contains_key(&name),
        };
        if !is_same {
            // Docker takes the last one, and podman the first.
            return Err(malformed(format_args!("it has two members {name:?}")));
        }
        match link {
            None => drop(files.insert(name, section)),
            Some(link) => drop(links.insert(name, link)),
        }
    }
    for name in links.keys() {
        let mut target = name;
        for _ in 0..MAX_LINKS {
            match links.get(target).and_then(Link::target) {
                Some(next) => target = next,
                None => break,
            }
        }
        if let Some(section) = files.get(target).cloned() {
            files.insert(name.clone(), section);
        }
    }
    Ok(Files {
        by_name: files,
        links,
        oddities,
    })
}

/// Returns the problem with a member of the archive around an image, if some
/// engine refuses it.
fn oddity(member: &Member) -> Option<String> {
    let name = quoted(&member.name);
    match (member.kind.as_byte(), normalized(&member.name)) {
        (kind, _) if !matches!(kind, 0 | b'0'..=b'6') => Some(format!(
            "the member {name} is of a type that docker refuses"
        )),
        (_, None) => Some(format!(
            "the name {name} escapes the archive, which docker refuses"
        )),
        (_, Some(path)) if member.name.starts_with(b"/") && !path.is_empty() => Some(format!(
            "the name {name} begins with a slash; containerd and podman do not find the file"
        )),
        _ => None,
    }
}

/// Returns true if two members have the same content.
fn is_same(one: &Section, other: &Section, job: &Job) -> Result<bool> {
    let digest = |section: &Section| {
        let digest = section.digest(job)?;
        digest.map_err(|error| Error::io(Status::Input, "reading it", &error))
    };
    Ok(one.size == other.size && digest(one)? == digest(other)?)
}

/// Returns `name` from the root of the archive without `.` and `..`, if it does
/// not escape the root.
pub fn normalized(name: &[u8]) -> Option<String> {
    resolve(&[], name)
}

/// Where the symbolic link `name` to `target` leads.
fn beside(name: &[u8], target: &[u8]) -> Option<String> {
    match target.starts_with(b"/") {
        true => None,
        false => resolve(directory_of(name), target),
    }
}

/// The name from the root of the archive, if it is text and does not lead out
/// of it.
fn resolve(directory: &[u8], name: &[u8]) -> Option<String> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in components(directory).chain(components(name)) {
        match part {
            b".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    String::from_utf8(parts.join(&b'/')).ok()
}
