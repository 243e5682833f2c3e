// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker inspect`.

mod facts;
mod json;

use std::fs;
use std::path::Path;

use crate::failure::{self, Failure, Outcome};
use crate::images::ImageFile;
use crate::item::short_name;
use crate::options::InspectOptions;
use crate::picture::{self, Change, Map, size_in_words};
use crate::progress::Display;
use crate::survey::{self, Survey};
use crate::table::{Side, Table, printable};

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
    let surveys = images
        .into_iter()
        .map(|image| survey::survey(image, &display))
        .collect::<Result<Vec<Survey>, Failure>>();
    display.finish();
    let surveys = surveys?;
    if let (Some(file), [survey]) = (&options.map, surveys.as_slice()) {
        write(file, &picture::svg(&map(survey)))?;
    }
    if let (Some(file), [survey]) = (&options.html, surveys.as_slice()) {
        write(file, &picture::html(&map(survey), &facts::facts(survey)))?;
    }
    if options.json {
        failure::print(&json::json(&surveys)?)?;
    } else if !has_picture {
        let texts: Vec<String> = surveys
            .iter()
            .map(|survey| text(survey, options.all))
            .collect();
        let mut text = texts.join("\n");
        if let Some(line) = file.catalog.what_else() {
            text.push_str(&format!("\n{}\n", printable(&line)));
        }
        failure::print(&text)?;
    }
    Ok(Outcome::Fine)
}

/// Writes a picture.
pub fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| Failure::io(format!("writing {file:?}"), &error))
}

/// The first digits of a digest.
pub fn short(digest: &guix_docker::digest::Digest) -> String {
    digest.hex()[..DIGITS].to_owned()
}

/// The picture of an image.
fn map(survey: &Survey) -> Map {
    let (_, stored) = survey.sizes();
    let layers = survey.layers.iter().enumerate();
    let layers = layers.map(|(index, layer)| picture::Layer {
        name: format!("Layer {}", index + 1),
        detail: short(&layer.diff_id),
        items: layer
            .items
            .iter()
            .map(|item| picture::Item {
                path: item.path.clone(),
                name: short_name(&item.path).to_owned(),
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

/// What a person wants to know.
fn text(survey: &Survey, all: bool) -> String {
    let mut text = format!("{}\n", printable(&survey.name()));
    for facts in facts::facts(survey) {
        let mut table = Table::new(&[("", Side::Left), ("", Side::Left)]);
        let rows = facts.rows.len();
        let shown = if all { rows } else { rows.min(ITEMS) };
        for (name, value) in facts.rows.into_iter().take(shown) {
            table.row(vec![name, value]);
        }
        text.push_str(&format!("\n{}\n{}", facts.heading, table.text()));
        text.push_str(&left_out(rows - shown));
    }
    let mut layers = Table::new(&[
        ("layer", Side::Right),
        ("size", Side::Right),
        ("stored", Side::Right),
        ("diff ID", Side::Left),
        ("items", Side::Left),
    ]);
    for (index, layer) in survey.layers.iter().enumerate() {
        let first = layer.items.first().map(|item| short_name(&item.path));
        let items = match (first, layer.items.len()) {
            (None, _) => "none".to_owned(),
            (Some(first), 1) => first.to_owned(),
            (Some(first), count) => format!("{first} and {} more", count - 1),
        };
        layers.row(vec![
            (index + 1).to_string(),
            size_in_words(layer.size),
            size_in_words(layer.stored_size),
            short(&layer.diff_id),
            items,
        ]);
    }
    text.push_str(&format!("\nLayers\n{}", layers.text()));
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
    let columns = [
        ("size", Side::Right),
        ("layer", Side::Right),
        ("item", Side::Left),
    ];
    let mut table = Table::new(&columns);
    for (layer, item) in &items[..count] {
        table.row(vec![
            size_in_words(item.size),
            layer.to_string(),
            item.path.clone(),
        ]);
    }
    text.push_str(&format!("\nItems\n{}", table.text()));
    text.push_str(&left_out(items.len() - count));
    text
}

/// A line about what is not shown.
pub fn left_out(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!("  and {count} more: see --all\n"),
    }
}
