// SPDX-License-Identifier: GPL-3.0-or-later

//! Which items of two images are the same ones, and what became of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use guix_docker::digest::Digest;

use crate::item::{is_store_item, package_name, short_name};
use crate::picture::Change;
use crate::survey::Survey;

/// All items of two images.
pub struct Changes {
    pub items: Vec<ItemChange>,
    by_path: HashMap<String, Change>,
}

/// An item of one or both.
pub struct ItemChange {
    /// Where it is, or was if it is gone.
    pub path: String,
    /// Where it was, if that is another path.
    pub from: Option<String>,
    /// Its size in bytes before and after.
    pub before: Option<u64>,
    pub after: Option<u64>,
    pub change: Change,
}

/// An item in all layers of an image.
#[derive(Clone, Debug, Default)]
struct Whole {
    size: u64,
    parts: Vec<Digest>,
}

impl ItemChange {
    /// Whether it is what it was.
    pub fn is_same(&self) -> bool {
        self.change == Change::Same
    }

    /// A sign for the change, as a picture has it.
    pub fn mark(&self) -> &'static str {
        match self.change {
            Change::Added => "+",
            Change::Removed => "-",
            Change::Same | Change::None => "=",
            Change::Resized { .. } | Change::Altered => "~",
        }
    }
}

impl Changes {
    /// What became of the items of `old` in `new`.  Store items are other ones
    /// under other hashes; those of the same name, or of the same package if
    /// there is one of it, are taken for the same item.
    pub fn between(old: &Survey, new: &Survey) -> Self {
        let (mut before, mut after) = (wholes(old), wholes(new));
        let mut pairs: Vec<(String, String)> = Vec::new();
        let same = |path: &str| path.to_owned();
        let name = |path: &str| short_name(path).to_owned();
        let package = |path: &str| package_name(short_name(path)).to_owned();
        let mut old_left: Vec<String> = before.keys().cloned().collect();
        let mut new_left: Vec<String> = after.keys().cloned().collect();
        pair(&mut old_left, &mut new_left, &mut pairs, |_| true, same);
        pair(
            &mut old_left,
            &mut new_left,
            &mut pairs,
            is_store_item,
            name,
        );
        pair(
            &mut old_left,
            &mut new_left,
            &mut pairs,
            is_store_item,
            package,
        );
        let mut items = Vec::new();
        for (from, path) in pairs {
            let (was, is) = (
                before.remove(&from).unwrap_or_default(),
                after.remove(&path).unwrap_or_default(),
            );
            let change = match () {
                () if from == path && was.parts == is.parts => Change::Same,
                () if was.size != is.size => Change::Resized { before: was.size },
                () => Change::Altered,
            };
            items.push(ItemChange {
                from: (from != path).then_some(from),
                path,
                before: Some(was.size),
                after: Some(is.size),
                change,
            });
        }
        for (path, whole) in before {
            items.push(ItemChange {
                path,
                from: None,
                before: Some(whole.size),
                after: None,
                change: Change::Removed,
            });
        }
        for (path, whole) in after {
            items.push(ItemChange {
                path,
                from: None,
                before: None,
                after: Some(whole.size),
                change: Change::Added,
            });
        }
        items.sort_by(|a, b| a.path.cmp(&b.path));
        let current = items.iter().filter(|item| item.after.is_some());
        Changes {
            by_path: current
                .map(|item| (item.path.clone(), item.change))
                .collect(),
            items,
        }
    }

    /// What became of the item that is at `path` now.
    pub fn of(&self, path: &str) -> Change {
        self.by_path.get(path).copied().unwrap_or(Change::Same)
    }

    /// How many items have a change of which `is_meant`.
    pub fn count(&self, is_meant: impl Fn(Change) -> bool) -> usize {
        self.items
            .iter()
            .filter(|item| is_meant(item.change))
            .count()
    }
}

fn wholes(survey: &Survey) -> BTreeMap<String, Whole> {
    let mut wholes: BTreeMap<String, Whole> = BTreeMap::new();
    for item in survey.layers.iter().flat_map(|layer| &layer.items) {
        let whole = wholes.entry(item.path.clone()).or_default();
        whole.size += item.size;
        whole.parts.push(item.content);
    }
    wholes
}

/// Pairs what is left of which `is_meant`, by a `key` that only one of each
/// side has.
fn pair(
    old: &mut Vec<String>,
    new: &mut Vec<String>,
    pairs: &mut Vec<(String, String)>,
    is_meant: impl Fn(&str) -> bool,
    key: impl Fn(&str) -> String,
) {
    let by_key = |list: &[String]| {
        let mut found: HashMap<String, Option<String>> = HashMap::new();
        for path in list.iter().filter(|path| is_meant(path)) {
            found
                .entry(key(path))
                .and_modify(|only| *only = None)
                .or_insert_with(|| Some(path.clone()));
        }
        found
    };
    let (by_old, by_new) = (by_key(old), by_key(new));
    let mut paired: HashSet<String> = HashSet::new();
    for (key, path) in &by_old {
        if let (Some(path), Some(Some(other))) = (path, by_new.get(key)) {
            pairs.push((path.clone(), other.clone()));
            paired.extend([path.clone(), other.clone()]);
        }
    }
    old.retain(|path| !paired.contains(path));
    new.retain(|path| !paired.contains(path));
}
