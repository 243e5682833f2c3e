// SPDX-License-Identifier: GPL-3.0-or-later

//! Refusing links that point to nothing, as a mistyped target does.

use std::collections::HashMap;

use super::member::Kind;
use super::tree::{MAX_LINKS, components, directory_of, link_target};
use crate::error::{Argument, Error, Result, quoted};
use crate::request::Directive;

/// What an image has under a name: a link's target, or nothing for what is
/// not a link.
type Names<'a> = HashMap<Vec<u8>, Option<&'a [u8]>>;

/// Fails if the target of a link of `directives` is neither on this machine
/// nor in the image, whose files `files` lists.
pub fn check<'a, I>(directives: &[Directive], files: impl Fn() -> I) -> Result<()>
where
    I: Iterator<Item = (&'a [u8], &'a Kind)>,
{
    let mut names: Option<Names> = None;
    for directive in directives {
        let Directive::Link { name, target } = directive else {
            continue;
        };
        if target.starts_with(b"/") && rustix::fs::stat(target.as_slice()).is_ok() {
            continue;
        }
        let names = names.get_or_insert_with(|| collect(files()));
        if !exists(names, link_target(directory_of(name), target)) {
            return Err(Error::argument(
                Argument::ExtraFiles,
                format_args!(
                    "the link {} points to {}, which is neither on this machine nor in the image",
                    quoted(name),
                    quoted(target)
                ),
            ));
        }
    }
    Ok(())
}

/// All names of `files` and of the directories above them.
fn collect<'a>(files: impl Iterator<Item = (&'a [u8], &'a Kind)>) -> Names<'a> {
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
    }
    names
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
