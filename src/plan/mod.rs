// SPDX-License-Identifier: GPL-3.0-or-later

//! What the image will hold: every member of every layer, with its place.
//!
//! Planning lists the files of the request, evaluates its directives in
//! memory, names the members and puts them into layers.  File contents are
//! not read; what must still hold when they are is recorded with each file.

#![forbid(unsafe_code)]

pub mod base;
mod conflicts;
mod customization;
mod fingerprint;
mod layer;
pub mod layering;
mod links;
mod member;
mod references;
mod tree;

pub use layer::{Item, Layer, Role};
pub use member::Member;
pub use references::graph_paths;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use self::layer::{LayerBuilder, NewMember, Rules};
use crate::error::{Argument, Error, Result};
use crate::input::{self, FileId, FileSystem, Kind, ScanOptions, ScannedEntry, Start};
use crate::job::{Job, Monitor};
use crate::memory;
use crate::path::{ancestors, clean};
use crate::request::{Layering, Request};
use crate::tar::OwnerNames;

/// The layers of an image.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The layers, lowest first.
    pub layers: Vec<Layer>,
    /// The configuration of the image that it is made upon.
    pub base: Option<Map<String, Value>>,
}

/// Plans the image that `request` asks for, without the files `omitted`, and
/// without the layers of the image that it is made upon, of which there are as
/// many as `base_layers` says.
pub fn plan(
    request: &Request,
    base_layers: usize,
    file_system: &FileSystem,
    omitted: &[FileId],
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Plan> {
    let mut scan = |starts: &[Start], argument| {
        let options = ScanOptions {
            omitted,
            xattrs: request.content.xattrs,
            threads: request.running.threads,
        };
        input::scan(file_system, starts, argument, options, job, monitor)
    };
    // In an image of one layer, a root file system has all that there is.
    let (top, made, paths): (_, _, &[Vec<u8>]) =
        match (&request.content.root_system, request.layers.max) {
            (Some(root), max_layers) => {
                let entries = scan(&[Start::Below(root)], Argument("root_system"))?;
                // One start has one list.
                let entries = entries.into_iter().next().unwrap_or_default();
                let paths = max_layers.map_or(&[][..], |_| request.content.paths.as_slice());
                (Top::root_system(root, entries)?, Vec::new(), paths)
            }
            (None, _) => {
                let members = customization::entries(request, file_system, job)?;
                let role = Role::Customization;
                let made = members.clone();
                (Top { role, members }, made, &request.content.paths)
            }
        };
    let starts: Vec<Start> = paths.iter().map(|path| Start::At(path)).collect();
    let scanned = scan(&starts, Argument("paths"))?;
    let items: Vec<Scanned> = std::iter::zip(paths.iter().cloned(), scanned).collect();
    let rules = Rules {
        request,
        job,
        parents: parents_found(request, &items, job)?,
        may_conflict: !request.content.transformations.is_empty()
            || request.layers.parent_directories
            || conflicts::may_be(paths, &top.names()?),
    };
    let layers = match request.layers.max {
        None => vec![single_layer(&rules, top, items)?],
        Some(max_layers) => {
            let left = max_layers.saturating_sub(base_layers);
            if left < 2 {
                return Err(Error::argument(
                    Argument("max_layers"),
                    format_args!(
                        "{max_layers} is too few: the base has {base_layers} layers, to which 2 \
                         come at least; say {} or more",
                        base_layers + 2
                    ),
                ));
            }
            layered(&rules, top, items, left)?
        }
    };
    if rules.may_conflict {
        let members = layers.iter().flat_map(|layer| &layer.members);
        conflicts::check(members, job)?;
    }
    // What the base has may be what they point to.
    if request.layers.base.is_none() {
        links::check(request, &made, &layers, job)?;
    }
    Ok(Plan { layers, base: None })
}

/// A path of the request with what is at and below it.
type Scanned = (Vec<u8>, Vec<ScannedEntry>);

/// Files of the image besides the paths.
struct Top {
    role: Role,
    members: Vec<NewMember>,
}

impl Top {
    fn root_system(root: &[u8], entries: Vec<ScannedEntry>) -> Result<Self> {
        let start = root.len() + usize::from(!root.ends_with(b"/"));
        let mut members = memory::with_capacity(entries.len())?;
        let entries = entries.into_iter();
        members.extend(entries.map(|entry| NewMember::from_disk(entry, start)));
        Ok(Top {
            role: Role::RootSystem,
            members,
        })
    }

    /// Returns the names of all files; the second part is true for directories.
    fn names<'a>(&'a self) -> Result<Vec<(&'a [u8], bool)>> {
        let mut names = memory::with_capacity(self.members.len())?;
        let name = |member: &'a NewMember| (member.name(), matches!(member.kind, Kind::Directory));
        names.extend(self.members.iter().map(name));
        Ok(names)
    }

    fn push_to(self, layer: &mut LayerBuilder) -> Result<()> {
        let mut members = self.members.into_iter();
        members.try_for_each(|member| layer.push(member))
    }
}

/// One layer with everything.
fn single_layer(rules: &Rules, top: Top, items: Vec<Scanned>) -> Result<Layer> {
    let mut layer = LayerBuilder::new(rules, Role::Everything, OwnerNames::Root);
    layer.push_parents(items.iter().map(|(path, _)| path.as_slice()))?;
    top.push_to(&mut layer)?;
    for item in items {
        layer.push_item(item)?;
    }
    layer.finish()
}

/// The permissions of directories above one of `items` that are in another one,
/// which a layer that begins with them must not undo.
fn parents_found(
    request: &Request,
    items: &[Scanned],
    job: &Job,
) -> Result<BTreeMap<Vec<u8>, u16>> {
    let mut found = BTreeMap::new();
    if !request.layers.parent_directories {
        return Ok(found);
    }
    let mut parents = BTreeSet::new();
    for (path, _) in items {
        parents.extend(ancestors(&clean(path)).map(<[u8]>::to_vec));
        job.check()?;
    }
    for entry in items.iter().flat_map(|(_, entries)| entries) {
        let path = clean(&entry.path);
        if matches!(entry.kind, Kind::Directory) && parents.contains(&*path) {
            found.insert(path.into_owned(), entry.mode);
        }
    }
    Ok(found)
}

/// Layers of items, as the policy groups them, and one of the rest.
fn layered(rules: &Rules, top: Top, items: Vec<Scanned>, max_layers: usize) -> Result<Vec<Layer>> {
    let size = |(_, entries): &Scanned| entries.iter().map(|entry| entry.size).sum();
    let sizes: Vec<u64> = items.iter().map(size).collect();
    let groups = group(rules.request, &items, &sizes, max_layers)?;
    let mut items: Vec<Option<Scanned>> = items.into_iter().map(Some).collect();
    let mut layers: Vec<Layer> = groups
        .into_iter()
        .map(|group| {
            let mut layer = LayerBuilder::new(rules, Role::Items, OwnerNames::None);
            let items: Vec<Scanned> = group
                .into_iter()
                .filter_map(|index| items[index].take())
                .collect();
            layer.push_parents(items.iter().map(|(path, _)| path.as_slice()))?;
            for item in items {
                layer.push_item(item)?;
            }
            layer.finish()
        })
        .collect::<Result<_>>()?;
    let mut last = LayerBuilder::new(rules, top.role.clone(), OwnerNames::Root);
    top.push_to(&mut last)?;
    layers.push(last.finish()?);
    Ok(layers)
}

/// Which of `items`, of so many bytes, share a layer.
fn group(
    request: &Request,
    items: &[Scanned],
    sizes: &[u64],
    max_layers: usize,
) -> Result<Vec<Vec<usize>>> {
    if request.layers.layering == Layering::Size {
        return Ok(layering::by_size(sizes, max_layers));
    }
    let paths: Vec<Vec<u8>> = items.iter().map(|(path, _)| path.clone()).collect();
    let items = references::items(&paths, sizes, &request.layers.references_graphs)?;
    let mut groups = layering::by_references(&items, max_layers);
    // A layer's bytes are those of another image's whatever the order given.
    for group in &mut groups {
        group.sort_by_key(|&index| &paths[index]);
    }
    Ok(groups)
}

/// Groups of layers whose archives are equal if their files' contents are.
pub fn possible_duplicates(layers: &[Layer]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let group = groups
            .iter_mut()
            .find(|group| layers[group[0]].resembles(layer));
        match group {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}
