// SPDX-License-Identifier: GPL-3.0-or-later

//! What the image will hold: every member of every layer, with its place.
//!
//! Planning lists the files of the request, evaluates its directives in
//! memory, names the members and splits them into layers.  File contents are
//! not read; what must still hold when they are is recorded with each file.

#![forbid(unsafe_code)]

mod dangling;
mod layers;
mod member;
mod populate;
mod tree;
mod walk;

pub use layers::{Layer, Role};
pub use member::{DiskFile, Kind, Member, Source};
pub use walk::{failure, open_directory, split, stamp};

use crate::control::{Control, Monitor};
use crate::error::Result;
use crate::request::Request;

/// The layers of the image, lowest first.
pub fn layers(request: &Request, control: &Control, monitor: &mut Monitor) -> Result<Vec<Layer>> {
    let tree = match request.root_system {
        Some(_) => tree::Tree::new(),
        None => populate::populate(request)?,
    };
    let layers = layers::split(request, &tree, control, monitor)?;
    if request.root_system.is_none() {
        let made = populate::list(&tree);
        dangling::check(&request.extra_files, || {
            let members = layers.iter().flat_map(|layer| &layer.members);
            let members = members.map(|member| (&*member.name, &member.kind));
            members.chain(made.iter().map(|made| (made.name.as_slice(), &made.kind)))
        })?;
    }
    Ok(layers)
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
