// SPDX-License-Identifier: GPL-3.0-or-later

//! What two images have in common, for programs.

use guix_docker::digest::Digest;
use serde::Serialize;

use super::Push;
use super::changes::{Changes, ItemChange};
use crate::failure::Failure;
use crate::picture::Change;
use crate::survey::Survey;

/// A comparison.
#[derive(Serialize)]
struct Comparison<'a> {
    old: Image<'a>,
    new: Image<'a>,
    shared: Sum,
    pushed: Sum,
    layers: Vec<Layer>,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Image<'a> {
    names: &'a [String],
    id: Digest,
}

#[derive(Serialize)]
struct Sum {
    layers: usize,
    size: u64,
    stored_size: u64,
}

/// A layer of the new image.
#[derive(Serialize)]
struct Layer {
    diff_id: Digest,
    digest: Digest,
    size: u64,
    stored_size: u64,
    shared: bool,
}

/// An item, and what became of it.
#[derive(Serialize)]
struct Item<'a> {
    path: &'a str,
    from: Option<&'a str>,
    change: &'static str,
    before: Option<u64>,
    after: Option<u64>,
}

/// An object.
pub fn json(old: &Survey, new: &Survey, push: &Push, changes: &Changes) -> Result<String, Failure> {
    let layers = push.layers.iter().map(|(layer, shared)| Layer {
        diff_id: layer.diff_id,
        digest: layer.stored,
        size: layer.size,
        stored_size: layer.stored_size,
        shared: *shared,
    });
    let comparison = Comparison {
        old: image(old),
        new: image(new),
        shared: sum(push, true),
        pushed: sum(push, false),
        layers: layers.collect(),
        items: changes.items.iter().map(item).collect(),
    };
    let text = serde_json::to_string_pretty(&comparison);
    let text = text.map_err(|error| Failure::Other(format!("writing JSON: {error}")))?;
    Ok(text + "\n")
}

fn image(survey: &Survey) -> Image<'_> {
    Image {
        names: &survey.image.names,
        id: survey.image.id,
    }
}

fn sum(push: &Push, shared: bool) -> Sum {
    let (layers, size, stored_size) = push.sum(shared);
    Sum {
        layers,
        size,
        stored_size,
    }
}

fn item(item: &ItemChange) -> Item<'_> {
    Item {
        path: &item.path,
        from: item.from.as_deref(),
        change: match item.change {
            Change::None | Change::Same => "same",
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Resized { .. } => "resized",
            Change::Altered => "altered",
        },
        before: item.before,
        after: item.after,
    }
}
