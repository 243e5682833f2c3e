// SPDX-License-Identifier: GPL-3.0-or-later

//! What layers have under some names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tar::EntryType;

use super::tar::Member;
use crate::name::{ancestors, clean, hidden_by};
use crate::request::Owner;

/// What a name is in layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A directory, with its permissions and whom it belongs to; `None` if that
    /// only follows from what is below it.
    Directory(Option<(u16, Owner)>),
    /// A symbolic link, and its target.
    Link(Vec<u8>),
    /// A file, or something else.
    File,
}

/// What there is under names that matter, which are clean; of others nothing is
/// kept.
#[derive(Clone, Debug)]
pub struct Names {
    wanted: Arc<BTreeSet<Vec<u8>>>,
    found: BTreeMap<Vec<u8>, Found>,
    /// Names that the layer hides in lower ones, with whether only what is below
    /// them is hidden.
    hidden: BTreeSet<(Vec<u8>, bool)>,
}

impl Names {
    /// To find out about the names `wanted`.
    pub fn new(wanted: BTreeSet<Vec<u8>>) -> Self {
        Names {
            wanted: Arc::new(wanted),
            found: BTreeMap::new(),
            hidden: BTreeSet::new(),
        }
    }

    /// What there is under `name`.
    pub fn get(&self, name: &[u8]) -> Option<&Found> {
        self.found.get(name)
    }

    /// Takes note of a member of a layer.
    pub fn note(&mut self, member: &Member) {
        let name = clean(&member.name);
        if let Some(hidden) = hidden_by(&name) {
            if self.has_at_or_below(&hidden.name) {
                self.hidden.insert((hidden.name, hidden.only_below));
            }
            return;
        }
        // Whatever a member is below is a directory, if nothing says what it is.
        for above in ancestors(&name) {
            if self.wanted.contains(above) && !self.found.contains_key(above) {
                self.found.insert(above.to_vec(), Found::Directory(None));
            }
        }
        if self.wanted.contains(&*name) {
            let found = match member.kind {
                EntryType::Directory => Found::Directory(Some((member.mode, member.owner))),
                EntryType::Symlink => Found::Link(member.link.clone()),
                _ => Found::File,
            };
            self.found.insert(name.into_owned(), found);
        }
    }

    /// Whether a name that matters is `name` or below it.
    fn has_at_or_below(&self, name: &[u8]) -> bool {
        let below = [name, b"/"].concat();
        let next = self.wanted.range(below.clone()..).next();
        self.wanted.contains(name)
            || (name.is_empty() && !self.wanted.is_empty())
            || next.is_some_and(|next| next.starts_with(&below))
    }

    /// Puts what `upper`, another layer, has above what this one has.
    pub fn put_above(&mut self, upper: Names) {
        for (hidden, only_below) in upper.hidden {
            if !only_below {
                self.found.remove(&hidden);
            }
            let mut below = hidden;
            if !below.is_empty() {
                below.push(b'/');
            }
            let names = self.found.range(below.clone()..);
            let names = names.take_while(|(name, _)| name.starts_with(&below));
            for name in names.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
                self.found.remove(&name);
            }
        }
        for (name, found) in upper.found {
            match self.found.get(&name) {
                Some(Found::Directory(_)) if found == Found::Directory(None) => {}
                _ => drop(self.found.insert(name, found)),
            }
        }
    }
}
