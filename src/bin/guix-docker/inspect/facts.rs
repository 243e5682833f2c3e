// SPDX-License-Identifier: GPL-3.0-or-later

//! What an image's documents say of it, in words.

use guix_docker::text::shortened;
use serde_json::{Map, Value};

use crate::picture::{Facts, size_in_words};
use crate::survey::Survey;

/// Maximum number of rows under a heading.
const MOST_ROWS: usize = 10_000;

/// Maximum lengths of a name and of a value in bytes.
const NAME_LENGTH: usize = 200;
const VALUE_LENGTH: usize = 16 << 10;

/// Facts about the image, its configuration and its history.
pub fn facts(survey: &Survey) -> Vec<Facts> {
    let config = member(&survey.image.config, "config").and_then(Value::as_object);
    let sections = [
        ("Image", image(survey)),
        ("Configuration", config.map(container).unwrap_or_default()),
        ("Annotations", pairs(&survey.image.annotations)),
        ("History", history(&survey.image.config)),
    ];
    let sections = sections.into_iter();
    sections
        .filter(|(_, rows)| !rows.rows.is_empty())
        .map(|(heading, rows)| Facts {
            heading: heading.into(),
            rows: rows.rows,
            left_out: rows.left_out,
        })
        .collect()
}

/// Rows of a table, of limited number and length.
#[derive(Default)]
struct Rows {
    rows: Vec<(String, String)>,
    left_out: usize,
}

impl Rows {
    fn push(&mut self, name: &str, value: impl FnOnce() -> String) {
        if self.rows.len() >= MOST_ROWS {
            self.left_out += 1;
            return;
        }
        let name = shortened(name, NAME_LENGTH).into_owned();
        let value = match value() {
            value if value.len() <= VALUE_LENGTH => value,
            value => shortened(&value, VALUE_LENGTH).into_owned(),
        };
        self.rows.push((name, value));
    }
}

fn image(survey: &Survey) -> Rows {
    let image = &survey.image;
    let (size, stored) = survey.sizes();
    let mut rows = Rows::default();
    rows.push("ID", || image.id.to_string());
    rows.push("platform", || image.platform());
    if let Some((digest, _)) = image.manifest {
        rows.push("manifest", || digest.to_string());
    }
    for name in ["created", "author"] {
        if let Some(value) = member(&image.config, name).and_then(Value::as_str) {
            rows.push(name, || value.to_owned());
        }
    }
    let layers = crate::picture::count(survey.layers.len(), "layer");
    rows.push("size", || {
        format!(
            "{} in {layers}, {} as it is stored",
            size_in_words(size),
            size_in_words(stored)
        )
    });
    rows
}

/// What containers start with: a row for each string, of a list or of an
/// object as well.
fn container(config: &Map<String, Value>) -> Rows {
    let mut rows = Rows::default();
    for (name, value) in config {
        match value {
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            Value::Array(list) if name.eq_ignore_ascii_case("env") => {
                for value in list {
                    rows.push(name, || words(value));
                }
            }
            Value::Object(object) if object.values().all(is_empty) => {
                for key in object.keys() {
                    rows.push(name, || key.clone());
                }
            }
            Value::Object(object) => {
                for (key, value) in object {
                    rows.push(name, || format!("{key}={}", words(value)));
                }
            }
            value => rows.push(name, || words(value)),
        }
    }
    rows
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

fn pairs(map: &Map<String, Value>) -> Rows {
    let mut rows = Rows::default();
    for (name, value) in map {
        rows.push(name, || words(value));
    }
    rows
}

/// A row for each entry: what is said of the layer, or what made it.
fn history(config: &Map<String, Value>) -> Rows {
    let entries = member(config, "history").and_then(Value::as_array);
    let mut layer = 0;
    let mut rows = Rows::default();
    for entry in entries.into_iter().flatten() {
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
        rows.push(&place, || said.to_owned());
    }
    rows
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
