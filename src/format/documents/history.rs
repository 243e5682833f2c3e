// SPDX-License-Identifier: GPL-3.0-or-later

//! The history in the configuration, which `docker history` shows.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Result;
use crate::plan::{Layer, Role};
use crate::request::{History, Request};

/// The comment of Guix's own entry.
const COMMENT: &str = "guix pack";

/// How long a layer's comment may become by the names of its items, in bytes.
const NAMES_LENGTH: usize = 400;

/// The length of the hash and the dash in front of a store item's name.
const HASH_LENGTH: usize = 33;

/// One entry: how one layer came to be.
#[derive(Serialize)]
pub struct HistoryEntry<'a> {
    created: &'a str,
    created_by: &'static str,
    comment: String,
}

/// The entries that the request asks for, or `None` for no history at all.
/// Those of the `base` come first.
pub fn entries(
    request: &Request,
    created: &str,
    layers: &[Layer],
    base: Option<&Map<String, Value>>,
) -> Result<Option<Vec<Value>>> {
    let entry = |comment| {
        let entry = HistoryEntry {
            created,
            created_by: "guix pack -f docker",
            comment,
        };
        serde_json::to_value(entry).map_err(|error| super::failed(&error))
    };
    let (below, own): (Vec<&Layer>, Vec<&Layer>) =
        layers.iter().partition(|layer| layer.base.is_some());
    let mut entries = match base.and_then(|base| of_layers(base, below.len())) {
        Some(entries) => entries,
        None => below
            .iter()
            .map(|layer| entry(comment(layer)))
            .collect::<Result<_>>()?,
    };
    match request.metadata.history {
        History::None => return Ok(None),
        History::One => entries.push(entry(COMMENT.into())?),
        History::Layers => {
            for layer in own {
                entries.push(entry(comment(layer))?);
            }
        }
    }
    Ok(Some(entries))
}

/// The history of the configuration `base`, if it tells of as many layers as
/// there are.
fn of_layers(base: &Map<String, Value>, layers: usize) -> Option<Vec<Value>> {
    let entries = base.get("history")?.as_array()?;
    let is_empty = |entry: &&Value| entry.get("empty_layer") == Some(&Value::Bool(true));
    let is_layer = |entry: &&Value| entry.is_object() && !is_empty(entry);
    let is_text =
        |value: Option<&Value>| value.is_none_or(|value| value.is_string() || value.is_null());
    let is_good = entries.iter().all(|entry| {
        let texts = ["created", "created_by", "author", "comment"];
        let empty = entry.get("empty_layer");
        entry.is_object()
            && texts.iter().all(|name| is_text(entry.get(name)))
            && empty.is_none_or(Value::is_boolean)
    });
    (is_good && entries.iter().filter(is_layer).count() == layers).then(|| entries.clone())
}

/// What `layer` holds.
fn comment(layer: &Layer) -> String {
    match layer.role {
        Role::Everything => COMMENT.into(),
        Role::Customization => "extra files".into(),
        Role::RootSystem => "root file system".into(),
        Role::Base => "a layer of the base".into(),
        Role::Items => match layer.items.as_slice() {
            [item] => String::from_utf8_lossy(&item.path).into_owned(),
            items => {
                let mut comment = format!("{} store items:", items.len());
                for (index, item) in items.iter().enumerate() {
                    if comment.len() > NAMES_LENGTH {
                        comment.push_str(&format!(" and {} more", items.len() - index));
                        break;
                    }
                    comment.push(' ');
                    comment.push_str(&short_name(&item.path));
                }
                comment
            }
        },
    }
}

/// The name of a store item without its directory and hash.
fn short_name(item: &[u8]) -> String {
    let base = item
        .rsplit(|&byte| byte == b'/')
        .find(|part| !part.is_empty());
    let base = base.unwrap_or(item);
    let name = match base.get(HASH_LENGTH - 1) {
        Some(b'-') => &base[HASH_LENGTH..],
        _ => base,
    };
    String::from_utf8_lossy(name).into_owned()
}
