// SPDX-License-Identifier: GPL-3.0-or-later

//! Which items of two images are the same ones, and what became of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::item::{is_store_item, package_name, short_name};
use crate::picture::Change;
use crate::survey::{Item, Survey};

/// All items of two images, in the order of their paths.
pub struct Changes<'a> {
    pub items: Vec<ItemChange<'a>>,
}

/// An item of one or both.
pub struct ItemChange<'a> {
    /// Where it is, or was if it is gone.
    pub path: &'a str,
    /// Where it was, if that is another path.
    pub from: Option<&'a str>,
    /// Its size in bytes before and after.
    pub before: Option<u64>,
    pub after: Option<u64>,
    pub change: Change,
    /// Parts of the item in each layer, before and after.
    pub old_parts: Vec<&'a Item>,
    pub new_parts: Vec<&'a Item>,
}

/// An item in all layers of an image.
#[derive(Clone, Debug, Default)]
struct Whole<'a> {
    size: u64,
    parts: Vec<&'a Item>,
}

/// Items with the same content, and the same path or the same name, of two
/// images: their old and their new paths.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

impl ItemChange<'_> {
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

impl<'a> Changes<'a> {
    /// What became of the items of `old` in `new`.  Store items are other ones
    /// under other hashes; those of the same name, or of the same package if
    /// there is one of it, are taken for the same item.
    pub fn between(old: &'a Survey, new: &'a Survey) -> Self {
        let (mut before, mut after) = (wholes(old), wholes(new));
        let pairs = pairs(
            before.keys().copied().collect(),
            after.keys().copied().collect(),
        );
        let mut items = Vec::with_capacity(before.len() + after.len() - pairs.len());
        for (from, path) in pairs {
            let (was, is) = (
                before.remove(from).unwrap_or_default(),
                after.remove(path).unwrap_or_default(),
            );
            let contents = |whole: &Whole| -> Vec<_> {
                let parts = whole.parts.iter();
                parts.map(|part| part.content).collect()
            };
            let change = match () {
                () if from == path && contents(&was) == contents(&is) => Change::Same,
                () if was.size != is.size => Change::Resized { before: was.size },
                () => Change::Altered,
            };
            items.push(ItemChange {
                from: (from != path).then_some(from),
                path,
                before: Some(was.size),
                after: Some(is.size),
                change,
                old_parts: was.parts,
                new_parts: is.parts,
            });
        }
        for (path, whole) in before {
            items.push(ItemChange {
                path,
                from: None,
                before: Some(whole.size),
                after: None,
                change: Change::Removed,
                old_parts: whole.parts,
                new_parts: Vec::new(),
            });
        }
        for (path, whole) in after {
            items.push(ItemChange {
                path,
                from: None,
                before: None,
                after: Some(whole.size),
                change: Change::Added,
                old_parts: Vec::new(),
                new_parts: whole.parts,
            });
        }
        items.sort_by_key(|item| item.path);
        Changes { items }
    }

    /// How many items have a change of which `is_meant`.
    pub fn count(&self, is_meant: impl Fn(Change) -> bool) -> usize {
        self.items
            .iter()
            .filter(|item| is_meant(item.change))
            .count()
    }
}

fn wholes(survey: &Survey) -> BTreeMap<&str, Whole<'_>> {
    let mut wholes: BTreeMap<&str, Whole> = BTreeMap::new();
    for item in survey.layers.iter().flat_map(|layer| layer.items.iter()) {
        let whole = wholes.entry(&item.path).or_default();
        whole.size = whole.size.saturating_add(item.size);
        whole.parts.push(item);
    }
    wholes
}

/// Pairs paths of `old` and `new` by what they have in common.
fn pairs<'a>(mut old: Vec<&'a str>, mut new: Vec<&'a str>) -> Pairs<'a> {
    let mut pairs = Pairs::new();
    pair(&mut old, &mut new, &mut pairs, |_| true, |path| path);
    pair(&mut old, &mut new, &mut pairs, is_store_item, short_name);
    let package = |path| package_name(short_name(path));
    pair(&mut old, &mut new, &mut pairs, is_store_item, package);
    pairs
}

/// Pairs what is left of which `is_meant`, by a `key` that only one of each
/// side has.
fn pair<'a>(
    old: &mut Vec<&'a str>,
    new: &mut Vec<&'a str>,
    pairs: &mut Pairs<'a>,
    is_meant: impl Fn(&str) -> bool,
    key: impl Fn(&'a str) -> &'a str,
) {
    let by_key = |list: &[&'a str]| {
        let mut found: HashMap<&str, Option<&'a str>> = HashMap::new();
        for path in list.iter().copied().filter(|path| is_meant(path)) {
            found
                .entry(key(path))
                .and_modify(|only| *only = None)
                .or_insert(Some(path));
        }
        found
    };
    let (by_old, by_new) = (by_key(old), by_key(new));
    let mut paired: HashSet<&str> = HashSet::new();
    for (key, path) in &by_old {
        if let (Some(path), Some(Some(other))) = (path, by_new.get(key)) {
            pairs.push((path, other));
            paired.extend([path, other]);
        }
    }
    old.retain(|path| !paired.contains(path));
    new.retain(|path| !paired.contains(path));
}
