// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker diff`.

pub mod changes;
pub mod json;
pub mod map;
mod push;

use std::io::{self, Write};

use crate::failure::{self, Failure, Outcome};
use crate::images::ImageFile;
use crate::inspect::{left_out, short};
use crate::options::DiffOptions;
use crate::picture::{self, Change, size_in_words};
use crate::progress::Display;
use crate::publish::Files;
use crate::survey::{self, Room, Survey};
use crate::table::{Side, Table};
use changes::{Changes, ItemChange};
use map::map;
pub use push::Push;

/// How many items are named unless all are asked for.
const ITEMS: usize = 20;

/// Compares two images.
pub fn run(options: &DiffOptions) -> Result<Outcome, Failure> {
    let display = Display::new(&options.progress);
    let room = Room::default();
    let read = |file| {
        let image = ImageFile::open(file, &display)?.select_one(&options.selection)?;
        survey::survey(image, &room, &display)
    };
    let both = read(&options.old).and_then(|old| Ok((old, read(&options.new)?)));
    display.finish();
    let (old, new) = both?;
    let changes = Changes::between(&old, &new);
    let push = Push::of(&old, &new);
    if let Some(file) = &options.map {
        let mut files = Files::default();
        files.write(file, &picture::svg(&map(&old, &new, &changes, &push)))?;
        files.publish()?;
    }
    if options.json {
        failure::print_json(&json::json(&old, &new, &push, &changes))?;
    } else if options.map.is_none() {
        failure::print_with(|out| text(&old, &new, &push, &changes, options.all, out))?;
    }
    Ok(Outcome::Fine)
}

/// Writes the difference in words and tables.
pub fn text(
    old: &Survey,
    new: &Survey,
    push: &Push,
    changes: &Changes,
    all: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "{} ({}) -> {} ({})\n",
        old.name(),
        short(&old.image.id),
        new.name(),
        short(&new.image.id),
    )?;
    let mut table = Table::new([
        ("", Side::Left),
        ("layers", Side::Right),
        ("size", Side::Right),
        ("stored", Side::Right),
    ]);
    for (name, shared) in [("shared", true), ("to be pushed", false)] {
        let (count, size, stored) = push.sum(shared);
        table.row([
            name.into(),
            count.to_string().into(),
            size_in_words(size).into(),
            size_in_words(stored).into(),
        ]);
    }
    table.write(out)?;
    let mut listed: Vec<&ItemChange> = changes
        .items
        .iter()
        .filter(|item| !item.is_same())
        .collect();
    listed.sort_by(|a, b| {
        let weight = |item: &ItemChange| item.after.unwrap_or(0).max(item.before.unwrap_or(0));
        weight(b).cmp(&weight(a)).then_with(|| a.path.cmp(b.path))
    });
    if listed.is_empty() {
        return writeln!(out, "\nThe items are the same.");
    }
    let same = changes.items.len() - listed.len();
    let shown = if all {
        listed.len()
    } else {
        listed.len().min(ITEMS)
    };
    let mut table = Table::new([
        ("", Side::Left),
        ("before", Side::Right),
        ("after", Side::Right),
        ("item", Side::Left),
    ]);
    for item in &listed[..shown] {
        let size = |size: Option<u64>| size.map_or(String::new(), size_in_words);
        table.row([
            item.mark().into(),
            size(item.before).into(),
            size(item.after).into(),
            item.path.into(),
        ]);
    }
    writeln!(
        out,
        "\nItems: {} came, {} went, {} changed, {same} are the same",
        changes.count(|change| change == Change::Added),
        changes.count(|change| change == Change::Removed),
        changes.count(|change| matches!(change, Change::Resized { .. } | Change::Altered)),
    )?;
    table.write(out)?;
    left_out(listed.len() - shown, out)
}
