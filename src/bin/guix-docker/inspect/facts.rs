// SPDX-License-Identifier: GPL-3.0-or-later

//! What an image's documents say of it, in words.

use serde_json::{Map, Value};

use crate::picture::{Facts, size_in_words};
use crate::survey::Survey;

/// Of the image, of its configuration and of its history.
pub fn facts(survey: &Survey) -> Vec<Facts> {
    let mut all = vec![Facts {
        heading: "Image".into(),
        rows: image(survey),
    }];
    let config = member(&survey.image.config, "config").and_then(Value::as_object);
    let sections = [
        ("Configuration", config.map(container).unwrap_or_default()),
        ("Annotations", pairs(&survey.image.annotations)),
        ("History", history(&survey.image.config)),
    ];
    for (heading, rows) in sections {
        if !rows.is_empty() {
            all.push(Facts {
                heading: heading.into(),
                rows,
            });
        }
    }
    all
}

fn image(survey: &Survey) -> Vec<(String, String)> {
    let image = &survey.image;
    let (size, stored) = survey.sizes();
    let mut rows = vec![
        ("ID".to_owned(), image.id.to_string()),
        ("platform".to_owned(), image.platform()),
    ];
    if let Some((digest, _)) = image.manifest {
        rows.push(("manifest".to_owned(), digest.to_string()));
    }
    for name in ["created", "author"] {
        if let Some(value) = member(&image.config, name).and_then(Value::as_str) {
            rows.push((name.to_owned(), value.to_owned()));
        }
    }
    let layers = crate::picture::count(survey.layers.len(), "layer");
    let size = format!(
        "{} in {layers}, {} as it is stored",
        size_in_words(size),
        size_in_words(stored)
    );
    rows.push(("size".to_owned(), size));
    rows
}

/// What containers start with: a row for each string, of a list or of an
/// object as well.
fn container(config: &Map<String, Value>) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for (name, value) in config {
        match value {
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            Value::Array(list) if name.eq_ignore_ascii_case("env") => {
                rows.extend(list.iter().map(|value| (name.clone(), words(value))));
            }
            Value::Object(object) if object.values().all(is_empty) => {
                rows.extend(object.keys().map(|key| (name.clone(), key.clone())));
            }
            Value::Object(object) => {
                let parts = object.iter();
                let parts = parts.map(|(key, value)| format!("{key}={}", words(value)));
                rows.extend(parts.map(|part| (name.clone(), part)));
            }
            value => rows.push((name.clone(), words(value))),
        }
    }
    rows
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

fn pairs(map: &Map<String, Value>) -> Vec<(String, String)> {
    let pairs = map.iter();
    pairs
        .map(|(name, value)| (name.clone(), words(value)))
        .collect()
}

/// A row for each entry: what is said of the layer, or what made it.
fn history(config: &Map<String, Value>) -> Vec<(String, String)> {
    let entries = member(config, "history").and_then(Value::as_array);
    let mut layer = 0;
    let rows = entries.into_iter().flatten().map(|entry| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let is_empty = entry.get("empty_layer").and_then(Value::as_bool) == Some(true);
        let place = match is_empty {
            true => "no layer".to_owned(),
            false => {
                layer += 1;
                format!("layer {layer}")
            }
        };
        let said = match text("comment") {
            "" => text("created_by"),
            comment => comment,
        };
        (place, said.to_owned())
    });
    rows.collect()
}

/// The member `name`, whatever its case.
fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let found = object
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

/// A string as it is, the words of a list as a shell takes them, and anything
/// else as JSON.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) if list.iter().all(Value::is_string) => {
            let list = list.iter().filter_map(Value::as_str);
            list.map(quoted).collect::<Vec<_>>().join(" ")
        }
        value => value.to_string(),
    }
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+,@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
