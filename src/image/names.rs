// SPDX-License-Identifier: GPL-3.0-or-later

//! What layers have under some names.

use std::collections::{BTreeMap, BTreeSet};

use tar::EntryType;

use super::tar::Member;
use crate::name::{clean, directory_of, is_at_or_below};

/// What the names of whiteouts begin with, and the name of the one that hides
/// all that lower layers have in its directory.
const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What a name is in layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A directory.
    Directory,
    /// A symbolic link, and its target.
    Link(Vec<u8>),
    /// A file, or something else.
    File,
}

/// The names that matter, which are clean, with what they are, if they are
/// there; of others nothing is kept.
#[derive(Clone, Debug, Default)]
pub struct Names {
    names: BTreeMap<Vec<u8>, Option<Found>>,
    /// Names that the layer hides in lower ones, with whether only what is below
    /// them is hidden.
    hidden: BTreeSet<(Vec<u8>, bool)>,
}

impl Names {
    /// To find out about `names`.
    pub fn new(names: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Names {
            names: names.into_iter().map(|name| (name, None)).collect(),
            hidden: BTreeSet::new(),
        }
    }

    /// What there is under `name`.
    pub fn get(&self, name: &[u8]) -> Option<&Found> {
        self.names.get(name)?.as_ref()
    }

    /// Takes note of a member of a layer.
    pub fn note(&mut self, member: &Member) {
        let name = clean(&member.name);
        let base = name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        if let Some(hidden) = base.strip_prefix(WHITEOUT) {
            let directory = directory_of(&name);
            let is_opaque = base == OPAQUE;
            let hidden = match is_opaque {
                true => directory.to_vec(),
                false => clean(&[directory, b"/", hidden].concat()).into_owned(),
            };
            if self.has_at_or_below(&hidden) {
                self.hidden.insert((hidden, is_opaque));
            }
            return;
        }
        if let Some(found) = self.names.get_mut(&*name) {
            *found = Some(match member.kind {
                EntryType::Directory => Found::Directory,
                EntryType::Symlink => Found::Link(member.link.clone()),
                _ => Found::File,
            });
        }
    }

    /// Whether a name that matters is `name` or below it.
    fn has_at_or_below(&self, name: &[u8]) -> bool {
        let below = [name, b"/"].concat();
        let next = self.names.range(below.clone()..).next();
        self.names.contains_key(name)
            || (name.is_empty() && !self.names.is_empty())
            || next.is_some_and(|(next, _)| next.starts_with(&below))
    }

    /// Puts what `upper`, another layer, has above what this one has.
    pub fn put_above(&mut self, upper: Names) {
        for (hidden, only_below) in upper.hidden {
            for (name, found) in &mut self.names {
                if is_at_or_below(name, &hidden) && !(only_below && *name == hidden) {
                    *found = None;
                }
            }
        }
        for (name, found) in upper.names {
            if let (Some(place), Some(found)) = (self.names.get_mut(&name), found) {
                *place = Some(found);
            }
        }
    }
}
