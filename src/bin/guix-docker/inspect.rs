// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker inspect`.

pub mod facts;
pub mod json;

use std::io::{self, Write};

use guix_docker::text::visible;

use crate::failure::{self, Failure, Outcome};
use crate::images::ImageFile;
use crate::item::short_name;
use crate::options::InspectOptions;
use crate::picture::{self, Change, Map, size_in_words};
use crate::progress::Display;
use crate::publish::Files;
use crate::survey::{self, Room, Survey};
use crate::table::{Side, Table};

/// How many items are named unless all are asked for.
const ITEMS: usize = 20;

/// How many digits of a digest are shown: enough to tell layers apart.
const DIGITS: usize = 12;

/// Shows images.
pub fn run(options: &InspectOptions) -> Result<Outcome, Failure> {
    let display = Display::new(&options.progress);
    let file = ImageFile::open(&options.image, &display)?;
    let images = file.select(&options.selection)?;
    let has_picture = options.map.is_some() || options.html.is_some();
    if has_picture && images.len() > 1 {
        return Err(Failure::Usage(
            "there are several images, and a picture is of one; use --name or --platform".into(),
        ));
    }
    let room = Room::default();
    let surveys = images
        .into_iter()
        .map(|image| survey::survey(image, &room, &display))
        .collect::<Result<Vec<Survey>, Failure>>();
    display.finish();
    let surveys = surveys?;
    if let (true, [survey]) = (has_picture, surveys.as_slice()) {
        let map = map(survey);
        let mut files = Files::default();
        if let Some(file) = &options.map {
            files.write(file, &picture::svg(&map))?;
        }
        if let Some(file) = &options.html {
            files.write(file, &picture::html(&map, &facts::facts(survey)))?;
        }
        files.publish()?;
    }
    if options.json {
        failure::print_json(&json::json(&surveys))?;
    } else if !has_picture {
        failure::print_with(|out| {
            text(&surveys, options.all, out)?;
            match file.catalog.what_else() {
                Some(line) => writeln!(out, "\n{}", visible(&line)),
                None => Ok(()),
            }
        })?;
    }
    Ok(Outcome::Fine)
}

/// The first digits of a digest.
pub fn short(digest: &guix_docker::digest::Digest) -> String {
    digest.hex()[..DIGITS].to_owned()
}

/// The picture of an image.
pub fn map(survey: &Survey) -> Map<'_> {
    let (_, stored) = survey.sizes();
    let layers = survey.layers.iter().enumerate();
    let layers = layers.map(|(index, layer)| picture::Layer {
        name: format!("Layer {}", index + 1),
        detail: short(&layer.diff_id),
        items: layer
            .items
            .iter()
            .map(|item| picture::Item {
                path: item.path.as_str().into(),
                name: short_name(&item.path).into(),
                size: item.size,
                change: Change::None,
            })
            .collect(),
    });
    Map {
        title: survey.name(),
        subtitle: format!(
            "{}, {} as it is stored",
            survey.image.platform(),
            size_in_words(stored),
        ),
        layers: layers.collect(),
    }
}

/// Writes facts, layers and items of each image.
pub fn text(surveys: &[Survey], all: bool, out: &mut dyn Write) -> io::Result<()> {
    for (index, survey) in surveys.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        text_of(survey, all, out)?;
    }
    Ok(())
}

fn text_of(survey: &Survey, all: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", survey.name())?;
    for facts in facts::facts(survey) {
        let mut table = Table::new([("", Side::Left), ("", Side::Left)]);
        let rows = facts.rows.len();
        let shown = if all { rows } else { rows.min(ITEMS) };
        for (name, value) in facts.rows.into_iter().take(shown) {
            table.row([name.into(), value.into()]);
        }
        writeln!(out, "\n{}", facts.heading)?;
        table.write(out)?;
        match (all, rows - shown + facts.left_out) {
            (_, 0) => {}
            (true, more) => writeln!(out, "  and {more} more: see --json")?,
            (false, more) => left_out(more, out)?,
        }
    }
    let mut layers = Table::new([
        ("layer", Side::Right),
        ("size", Side::Right),
        ("stored", Side::Right),
        ("diff ID", Side::Left),
        ("items", Side::Left),
    ]);
    for (index, layer) in survey.layers.iter().enumerate() {
        let first = layer.items.first().map(|item| short_name(&item.path));
        let items = match (first, layer.items.len()) {
            (None, _) => "none".into(),
            (Some(first), 1) => first.into(),
            (Some(first), count) => format!("{first} and {} more", count - 1).into(),
        };
        layers.row([
            (index + 1).to_string().into(),
            size_in_words(layer.size).into(),
            size_in_words(layer.stored_size).into(),
            short(&layer.diff_id).into(),
            items,
        ]);
    }
    writeln!(out, "\nLayers")?;
    layers.write(out)?;
    let mut items: Vec<(usize, &survey::Item)> = survey
        .layers
        .iter()
        .enumerate()
        .flat_map(|(index, layer)| layer.items.iter().map(move |item| (index + 1, item)))
        .collect();
    items.sort_by_key(|(_, item)| std::cmp::Reverse(item.size));
    let count = if all {
        items.len()
    } else {
        items.len().min(ITEMS)
    };
    let mut table = Table::new([
        ("size", Side::Right),
        ("layer", Side::Right),
        ("item", Side::Left),
    ]);
    for (layer, item) in &items[..count] {
        table.row([
            size_in_words(item.size).into(),
            layer.to_string().into(),
            item.path.as_str().into(),
        ]);
    }
    writeln!(out, "\nItems")?;
    table.write(out)?;
    left_out(items.len() - count, out)
}

/// Writes a line about what is not shown.
pub fn left_out(count: usize, out: &mut dyn Write) -> io::Result<()> {
    match count {
        0 => Ok(()),
        count => writeln!(out, "  and {count} more: see --all"),
    }
}
