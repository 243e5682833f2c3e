// SPDX-License-Identifier: GPL-3.0-or-later

//! What two images have in common, for programs.

use guix_docker::digest::Digest;
use serde::Serialize;

use super::changes::{Changes, ItemChange};
use super::push::Push;
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
pub fn json<'a>(
    old: &'a Survey,
    new: &'a Survey,
    push: &Push,
    changes: &'a Changes,
) -> impl Serialize {
    let layers = push.layers.iter().map(|(layer, shared)| Layer {
        diff_id: layer.diff_id,
        digest: layer.stored,
        size: layer.size,
        stored_size: layer.stored_size,
        shared: *shared,
    });
    Comparison {
        old: image(old),
        new: image(new),
        shared: sum(push, true),
        pushed: sum(push, false),
        layers: layers.collect(),
        items: changes.items.iter().map(item).collect(),
    }
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

fn item<'a>(item: &'a ItemChange<'a>) -> Item<'a> {
    Item {
        path: item.path,
        from: item.from,
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
