// SPDX-License-Identifier: GPL-3.0-or-later

//! What the configuration of an image has of the one that it is made upon, as
//! `FROM` in a Dockerfile has it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::json::form::FromBase;
use crate::json::keys;
use crate::json::{self, Object, normalized};
use crate::request::{ConfigKeys, Request};

/// Completes `document`, the configuration of the image that `request` asks for,
/// with what `base`, the normalized configuration of its base, hands on.
pub fn merge_base(base: &Object, document: &mut Object, request: &Request) {
    for key in keys::WHOLE
        .iter()
        .filter(|key| key.from_base == FromBase::Kept)
    {
        let value = json::member(base, key.name);
        if let (Some(value), false) = (value, document.contains_key(key.name)) {
            document.insert(key.name.to_owned(), value.clone());
        }
    }
    let own = match document.get_mut("config") {
        Some(Value::Object(own)) => std::mem::take(own),
        _ => Object::new(),
    };
    let own = normalized(&own, keys::CONFIG);
    let mut config = match json::member(base, "config") {
        Some(Value::Object(below)) => normalized(below, keys::CONFIG),
        _ => Object::new(),
    };
    let from_base = |name: &str| {
        let key = keys::CONFIG.iter().find(|key| key.name == name);
        key.map_or(FromBase::Kept, |key| key.from_base)
    };
    config.retain(|name, value| !value.is_null() && from_base(name) != FromBase::Dropped);
    // Arguments of the base's entry point are none of another one.
    if own.contains_key("Entrypoint") {
        config.shift_remove("Cmd");
    }
    for (name, value) in own {
        let merged = match (from_base(&name), config.get(&name), &value) {
            (FromBase::Merged, Some(Value::Array(below)), Value::Array(own)) => {
                variables(below, own)
            }
            (FromBase::Merged, Some(Value::Object(below)), Value::Object(own)) => {
                let mut all = below.clone();
                all.extend(own.clone());
                Value::Object(all)
            }
            _ => value,
        };
        config.insert(name, merged);
    }
    if request.keys() == ConfigKeys::Guix {
        for name in ["Env", "Entrypoint"] {
            if let Some(value) = config.shift_remove(name) {
                config.insert(name.to_ascii_lowercase(), value);
            }
        }
    }
    document.insert("config".to_owned(), Value::Object(config));
}

/// Returns the variant of the architecture that `base` has.
pub fn variant(base: &Object) -> Option<&str> {
    json::member(base, "variant")?.as_str()
}

/// The variables `below`, with those of `own` in the place of others of the same
/// name, or after them.
fn variables(below: &[Value], own: &[Value]) -> Value {
    let name = |variable: &Value| {
        let text = variable.as_str().unwrap_or_default();
        text.split('=').next().unwrap_or_default().to_owned()
    };
    let mut all = below.to_vec();
    // The first of each name is the one that counts.
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (place, variable) in all.iter().enumerate() {
        places.entry(name(variable)).or_insert(place);
    }
    for variable in own {
        let place = *places.entry(name(variable)).or_insert(all.len());
        match all.get_mut(place) {
            Some(other) => *other = variable.clone(),
            None => all.push(variable.clone()),
        }
    }
    Value::Array(all)
}
