// SPDX-License-Identifier: GPL-3.0-or-later

//! Files of an image at paths that its base image has, too.  A path that engines
//! would put elsewhere, or that would hide files of the base, is an error.

use super::Plan;
use super::tree::{Implied, MAX_LINKS};
use crate::error::{Argument, Error, Result, quoted};
use crate::image::{Found, Overlay};
use crate::input::Kind;
use crate::path::{absolute, clean, through_link};
use crate::tar::Owner;

/// Fails if a member of `plan` would hide a directory of the base image, whose files
/// are `base`, or would be a directory instead of something else there, or be below
/// that.
pub fn check(plan: &Plan, base: &Overlay) -> Result<()> {
    for member in plan.layers.iter().flat_map(|layer| &layer.members) {
        let name = clean(&member.name);
        let is_directory = matches!(member.kind, Kind::Directory);
        let found = base.get(&name);
        if !is_directory && matches!(found, Some(Found::Directory(_) | Found::Either(_))) {
            return Err(Error::argument(
                Argument("base"),
                format_args!(
                    "{} is a directory in the base, which would be lost; give the file or link \
                     another name",
                    quoted(&absolute(&name))
                ),
            ));
        }
        for (above, found) in base.along(&name) {
            if !is_directory && above.len() == name.len() {
                continue;
            }
            let what = match found {
                Found::Link(target) => format!("a symbolic link to {}", quoted(target)),
                Found::Either(Some(target)) => format!(
                    "a symbolic link to {} or a directory, by engine,",
                    quoted(target)
                ),
                Found::Either(None) => "a file or a directory, by engine,".into(),
                Found::File => "a file".into(),
                Found::Directory(_) => continue,
            };
            let mut message = format!(
                "{} is {what} in the base, which would be lost for {}",
                quoted(&absolute(above)),
                quoted(&absolute(&name)),
            );
            match resolve(&name, base) {
                Some(real) if real != *name => {
                    message.push_str(&format!("; name it {} instead", quoted(&absolute(&real))));
                }
                _ => message.push_str("; give it another name"),
            }
            return Err(Error::argument(Argument("base"), message));
        }
    }
    Ok(())
}

/// Copies mode and owner from the base image, whose files are `base`, to directories
/// of `plan` without explicit ones.
pub fn adopt(plan: &mut Plan, base: &Overlay) -> Result<()> {
    let members = plan.layers.iter_mut().flat_map(|layer| &mut layer.members);
    for member in members {
        let Some(implied) = member.implied else {
            continue;
        };
        let name = clean(&member.name);
        match (base.get(&name), implied) {
            (Some(Found::Directory(Some((mode, owner)))), _) => {
                member.mode = mode;
                if member.owner == Owner::default() {
                    member.owner = owner;
                }
            }
            (Some(Found::Directory(None)), _) | (_, Implied::Made) => {}
            (_, Implied::InBase) => {
                return Err(Error::argument(
                    Argument("extra_files"),
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

/// Returns the path that `name` leads to in the base image, or `None` if its links
/// lead to each other.
fn resolve(name: &[u8], base: &Overlay) -> Option<Vec<u8>> {
    let mut name = name.to_vec();
    for _ in 0..MAX_LINKS {
        let link = base.along(&name).find_map(|(above, found)| match found {
            Found::Link(target) | Found::Either(Some(target)) => Some((above, target)),
            _ => None,
        });
        let Some((above, target)) = link else {
            return Some(name);
        };
        name = through_link(&name, above, target);
    }
    None
}
