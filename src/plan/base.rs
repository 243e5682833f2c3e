// SPDX-License-Identifier: GPL-3.0-or-later

//! Names that an image shares with the one that it is made upon: what would be
//! lost in engines is an error.

use std::collections::BTreeSet;

use super::Plan;
use super::tree::{Implied, MAX_LINKS};
use crate::error::{Argument, Error, Result, quoted};
use crate::image::{Found, Names};
use crate::input::Kind;
use crate::name::{absolute, ancestors, clean, through_link};
use crate::request::Owner;

/// The names whose kind in the base matters: those of the members of `plan`,
/// and of the directories above them.
pub fn names(plan: &Plan) -> Names {
    let mut names = BTreeSet::new();
    for member in plan.layers.iter().flat_map(|layer| &layer.members) {
        let name = clean(&member.name);
        names.extend(ancestors(&name).map(<[u8]>::to_vec));
        names.insert(name.into_owned());
    }
    names.remove(&b""[..]);
    Names::new(names)
}

/// Fails if something of `plan` would hide a directory of the base, which
/// `found` tells of, or be a directory in the place of something else there, or
/// be below that.
pub fn check(plan: &Plan, found: &Names) -> Result<()> {
    for member in plan.layers.iter().flat_map(|layer| &layer.members) {
        let name = clean(&member.name);
        let is_directory = matches!(member.kind, Kind::Directory);
        if !is_directory && matches!(found.get(&name), Some(Found::Directory(..))) {
            return Err(Error::argument(
                Argument::Base,
                format_args!(
                    "{} is a directory in the base, which would be lost; give the file or link \
                     another name",
                    quoted(&absolute(&name))
                ),
            ));
        }
        let own = is_directory.then_some(&*name);
        for above in own.into_iter().chain(ancestors(&name)) {
            let what = match found.get(above) {
                Some(Found::Link(target)) => format!("a symbolic link to {}", quoted(target)),
                Some(Found::File) => "a file".into(),
                Some(Found::Directory(..)) | None => continue,
            };
            let mut message = format!(
                "{} is {what} in the base, which would be lost for {}",
                quoted(&absolute(above)),
                quoted(&absolute(&name)),
            );
            match resolve(&name, found) {
                Some(real) if real != *name => {
                    message.push_str(&format!("; name it {} instead", quoted(&absolute(&real))));
                }
                _ => message.push_str("; give it another name"),
            }
            return Err(Error::argument(Argument::Base, message));
        }
    }
    Ok(())
}

/// Has directories of `plan` of which nobody has said how they are be as they are
/// in the base, which `found` tells of.
pub fn adopt(plan: &mut Plan, found: &Names) -> Result<()> {
    let members = plan.layers.iter_mut().flat_map(|layer| &mut layer.members);
    for member in members {
        let Some(implied) = member.implied else {
            continue;
        };
        let name = clean(&member.name);
        match (found.get(&name), implied) {
            (Some(&Found::Directory(Some((mode, owner)))), _) => {
                member.mode = mode;
                if member.owner == Owner::default() {
                    member.owner = owner;
                }
            }
            (Some(Found::Directory(None)), _) | (_, Implied::Made) => {}
            (_, Implied::InBase) => {
                return Err(Error::argument(
                    Argument::ExtraFiles,
                    format_args!(
                        "the directory {} is not in the base; make it by a directive before",
                        quoted(&absolute(&name))
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// Where `name` leads in the base, as far as its links are known.
fn resolve(name: &[u8], found: &Names) -> Option<Vec<u8>> {
    let mut name = name.to_vec();
    for _ in 0..MAX_LINKS {
        let own = Some(name.as_slice()).into_iter().chain(ancestors(&name));
        let link = own
            .filter_map(|above| match found.get(above) {
                Some(Found::Link(target)) => Some((above, target)),
                _ => None,
            })
            .last();
        let Some((above, target)) = link else {
            return Some(name);
        };
        name = through_link(&name, above, target);
    }
    None
}
