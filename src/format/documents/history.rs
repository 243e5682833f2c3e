// SPDX-License-Identifier: GPL-3.0-or-later

//! The history in the configuration, which `docker history` shows.

use serde::Serialize;

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
pub fn entries<'a>(
    request: &Request,
    created: &'a str,
    layers: &[Layer],
) -> Option<Vec<HistoryEntry<'a>>> {
    let entry = |comment| HistoryEntry {
        created,
        created_by: "guix pack -f docker",
        comment,
    };
    match request.history {
        History::None => None,
        History::One => Some(vec![entry(COMMENT.into())]),
        History::Layers => Some(layers.iter().map(|layer| entry(comment(layer))).collect()),
    }
}

/// What `layer` holds.
fn comment(layer: &Layer) -> String {
    match layer.role {
        Role::Everything => COMMENT.into(),
        Role::Customization => "extra files".into(),
        Role::RootSystem => "root file system".into(),
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
