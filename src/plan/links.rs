// SPDX-License-Identifier: GPL-3.0-or-later

//! Refusing links that point to nothing, as a mistyped target does.

use std::collections::BTreeMap;

use rustix::io::Errno;

use super::layer::{Layer, NewMember};
use super::tree::{MAX_LINKS, link_target};
use crate::error::{Argument, Error, Result, Status, quoted};
use crate::input::Kind;
use crate::job::Job;
use crate::path::{components, directory_of};
use crate::request::{Directive, Request};

/// What an image has under a name: a link's target, or nothing for what is
/// not a link.
type Names<'a> = BTreeMap<Vec<u8>, Option<&'a [u8]>>;

/// Fails if the target of a link that `request` has made is neither on this
/// machine nor in the image, which has `layers`.  Of what directives have
/// `made`, the names before transformations count as well.
pub fn check(request: &Request, made: &[NewMember], layers: &[Layer], job: &Job) -> Result<()> {
    if request.content.root_system.is_some() {
        return Ok(());
    }
    let mut names: Option<Names> = None;
    for directive in &request.content.extra_files {
        let Directive::Link { name, target } = directive else {
            continue;
        };
        let here = match target.starts_with(b"/") {
            true => rustix::fs::stat(target.as_slice()).map(drop),
            false => Err(Errno::NOENT),
        };
        if here.is_ok() {
            continue;
        }
        if names.is_none() {
            let members = layers.iter().flat_map(|layer| &layer.members);
            let members = members.map(|member| (&*member.name, &member.kind));
            let made = made.iter().map(|made| (made.name(), &made.kind));
            names = Some(collect(members.chain(made), job)?);
        }
        let is_there = |names| exists(names, link_target(directory_of(name), target));
        if names.as_ref().is_some_and(is_there) {
            continue;
        }
        return Err(match here {
            Err(errno) if !is_absent(errno) => Error::system(
                Status::Input,
                format_args!(
                    "examining {}, which the link {} points to",
                    quoted(target),
                    quoted(name)
                ),
                errno,
            )
            .with_argument(Argument("extra_files")),
            _ => Error::argument(
                Argument("extra_files"),
                format_args!(
                    "the link {} points to {}, which is neither on this machine nor in the image",
                    quoted(name),
                    quoted(target)
                ),
            ),
        });
    }
    Ok(())
}

/// Whether a failure of examining a file says that there is none.
fn is_absent(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NAMETOOLONG
    )
}

/// All names of `files` and of the directories above them.
fn collect<'a>(files: impl Iterator<Item = (&'a [u8], &'a Kind)>, job: &Job) -> Result<Names<'a>> {
    let mut names = Names::new();
    for (name, kind) in files {
        let mut name = normal(components(name));
        let link = match kind {
            Kind::Link(target) => Some(&**target),
            _ => None,
        };
        names.insert(name.clone(), link);
        while !name.is_empty() {
            name.truncate(directory_of(&name).len());
            names.entry(name.clone()).or_insert(None);
        }
        job.check()?;
    }
    Ok(names)
}

/// Whether `name` leads to a file, links followed.
fn exists(names: &Names, name: Vec<u8>) -> bool {
    let mut pending: Vec<Vec<u8>> = components(&name).rev().map(<[u8]>::to_vec).collect();
    let mut reached: Vec<Vec<u8>> = Vec::new();
    let mut links = 0;
    while let Some(part) = pending.pop() {
        if part == b".." {
            reached.pop();
            continue;
        }
        reached.push(part);
        match names.get(&normal(reached.iter().map(Vec::as_slice))) {
            None => return false,
            Some(None) => {}
            Some(Some(target)) => {
                links += 1;
                if links > MAX_LINKS {
                    return false;
                }
                reached.pop();
                if target.starts_with(b"/") {
                    reached.clear();
                }
                pending.extend(components(target).rev().map(<[u8]>::to_vec));
            }
        }
    }
    true
}

fn normal<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    parts.collect::<Vec<_>>().join(&b'/')
}
