// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker diff`.

mod changes;
mod json;

use std::collections::HashSet;

use crate::failure::{self, Failure, Outcome};
use crate::images::ImageFile;
use crate::inspect::{left_out, short, write};
use crate::item::short_name;
use crate::options::DiffOptions;
use crate::picture::{self, Change, Map, count, size_in_words};
use crate::progress::Display;
use crate::survey::{self, Layer, Survey};
use crate::table::{Side, Table, printable};
use changes::{Changes, ItemChange};

/// How many items are named unless all are asked for.
const ITEMS: usize = 20;

/// What a push of an image has to send where another one is.
struct Push<'a> {
    /// For each layer, whether the other image has it.
    layers: Vec<(&'a Layer, bool)>,
}

/// Compares two images.
pub fn run(options: &DiffOptions) -> Result<Outcome, Failure> {
    let display = Display::new(&options.progress);
    let read = |file| {
        let image = ImageFile::open(file, &display)?.select_one(&options.selection)?;
        survey::survey(image, &display)
    };
    let both = read(&options.old).and_then(|old| Ok((old, read(&options.new)?)));
    display.finish();
    let (old, new) = both?;
    let changes = Changes::between(&old, &new);
    let push = Push::of(&old, &new);
    if let Some(file) = &options.map {
        write(file, &picture::svg(&map(&old, &new, &changes, &push)))?;
    }
    if options.json {
        failure::print(&json::json(&old, &new, &push, &changes)?)?;
    } else if options.map.is_none() {
        failure::print(&text(&old, &new, &push, &changes, options.all))?;
    }
    Ok(Outcome::Fine)
}

impl<'a> Push<'a> {
    fn of(old: &Survey, new: &'a Survey) -> Self {
        let known: HashSet<String> = old.layers.iter().map(|layer| layer.stored.hex()).collect();
        let layers = new.layers.iter();
        Push {
            layers: layers
                .map(|layer| (layer, known.contains(&layer.stored.hex())))
                .collect(),
        }
    }

    /// The number of layers that are shared, or are not, and their bytes before
    /// compression and as they are stored.
    fn sum(&self, shared: bool) -> (usize, u64, u64) {
        let layers = self.layers.iter().filter(|(_, known)| *known == shared);
        layers.fold((0, 0, 0), |(count, size, stored), (layer, _)| {
            (count + 1, size + layer.size, stored + layer.stored_size)
        })
    }
}

fn text(old: &Survey, new: &Survey, push: &Push, changes: &Changes, all: bool) -> String {
    let mut text = format!(
        "{} ({}) -> {} ({})\n\n",
        printable(&old.name()),
        short(&old.image.id),
        printable(&new.name()),
        short(&new.image.id),
    );
    let mut table = Table::new(&[
        ("", Side::Left),
        ("layers", Side::Right),
        ("size", Side::Right),
        ("stored", Side::Right),
    ]);
    for (name, shared) in [("shared", true), ("to be pushed", false)] {
        let (count, size, stored) = push.sum(shared);
        table.row(vec![
            name.into(),
            count.to_string(),
            size_in_words(size),
            size_in_words(stored),
        ]);
    }
    text.push_str(&table.text());
    let mut listed: Vec<&ItemChange> = changes
        .items
        .iter()
        .filter(|item| !item.is_same())
        .collect();
    listed.sort_by(|a, b| {
        let weight = |item: &ItemChange| item.after.unwrap_or(0).max(item.before.unwrap_or(0));
        weight(b).cmp(&weight(a)).then_with(|| a.path.cmp(&b.path))
    });
    if listed.is_empty() {
        text.push_str("\nThe items are the same.\n");
        return text;
    }
    let same = changes.items.len() - listed.len();
    let shown = if all {
        listed.len()
    } else {
        listed.len().min(ITEMS)
    };
    let mut table = Table::new(&[
        ("", Side::Left),
        ("before", Side::Right),
        ("after", Side::Right),
        ("item", Side::Left),
    ]);
    for item in &listed[..shown] {
        let size = |size: Option<u64>| size.map_or(String::new(), size_in_words);
        table.row(vec![
            item.mark().to_owned(),
            size(item.before),
            size(item.after),
            item.path.clone(),
        ]);
    }
    text.push_str(&format!(
        "\nItems: {} came, {} went, {} changed, {same} are the same\n{}",
        changes.count(|change| change == Change::Added),
        changes.count(|change| change == Change::Removed),
        changes.count(|change| matches!(change, Change::Resized { .. } | Change::Altered)),
        table.text()
    ));
    text.push_str(&left_out(listed.len() - shown));
    text
}

/// The picture: the new image's layers, and what is not in them any more.
fn map(old: &Survey, new: &Survey, changes: &Changes, push: &Push) -> Map {
    let mut layers: Vec<picture::Layer> = Vec::new();
    for (index, (layer, is_shared)) in push.layers.iter().enumerate() {
        let state = if *is_shared { "shared" } else { "to be pushed" };
        let items = layer.items.iter().map(|item| picture::Item {
            path: item.path.clone(),
            name: short_name(&item.path).to_owned(),
            size: item.size,
            change: changes.of(&item.path),
        });
        layers.push(picture::Layer {
            name: format!("Layer {}", index + 1),
            detail: state.to_owned(),
            items: items.collect(),
        });
    }
    let gone = changes
        .items
        .iter()
        .filter(|item| item.change == Change::Removed);
    let gone: Vec<picture::Item> = gone
        .map(|item| picture::Item {
            path: item.path.clone(),
            name: short_name(&item.path).to_owned(),
            size: item.before.unwrap_or(0),
            change: Change::Removed,
        })
        .collect();
    if !gone.is_empty() {
        layers.push(picture::Layer {
            name: "Gone".into(),
            detail: String::new(),
            items: gone,
        });
    }
    let (pushed, size, stored) = push.sum(false);
    Map {
        title: format!("{} -> {}", old.name(), new.name()),
        subtitle: format!(
            "{} to be pushed: {}, {} as they are stored",
            count(pushed, "layer"),
            size_in_words(size),
            size_in_words(stored)
        ),
        layers,
    }
}
