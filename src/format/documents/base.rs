// SPDX-License-Identifier: GPL-3.0-or-later

//! What the configuration of an image has of the one that it is made upon, as
//! `FROM` in a Dockerfile has it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::request::{ConfigKeys, Request, folded};

type Object = Map<String, Value>;

/// Members of a configuration's `config`, by the names that the specification
/// has for them; case is of no matter in engines.
const NAMES: [&str; 22] = [
    "ArgsEscaped",
    "AttachStderr",
    "AttachStdin",
    "AttachStdout",
    "Cmd",
    "Domainname",
    "Entrypoint",
    "Env",
    "ExposedPorts",
    "Healthcheck",
    "Hostname",
    "Labels",
    "MacAddress",
    "NetworkDisabled",
    "OnBuild",
    "Shell",
    "StdinOnce",
    "StopSignal",
    "StopTimeout",
    "User",
    "Volumes",
    "WorkingDir",
];

/// Members that only say what the base itself was made of.
const LEFT_OUT: [&str; 7] = [
    // Its triggers are for what is built upon it, which this is.
    "OnBuild",
    "Hostname",
    "Domainname",
    "AttachStdin",
    "AttachStdout",
    "AttachStderr",
    "StdinOnce",
];

/// What the whole configuration keeps.
const KEPT: [&str; 4] = ["author", "os.version", "os.features", "variant"];

/// Puts what `base` has below what `document` has, the configuration of the
/// image that `request` asks for.
pub fn put_below(base: &Object, document: &mut Object, request: &Request) {
    for name in KEPT {
        let value = member(base, name).filter(|value| !value.is_null());
        if let (Some(value), false) = (value, document.contains_key(name)) {
            document.insert(name.to_owned(), value.clone());
        }
    }
    let own = match document.get_mut("config") {
        Some(Value::Object(own)) => std::mem::take(own),
        _ => Object::new(),
    };
    let own = with_names(&own);
    let mut config = match member(base, "config") {
        Some(Value::Object(below)) => with_names(below),
        _ => Object::new(),
    };
    config.retain(|name, value| !value.is_null() && !LEFT_OUT.contains(&name.as_str()));
    // Arguments of the base's entry point are none of another one.
    if own.contains_key("Entrypoint") {
        config.shift_remove("Cmd");
    }
    for (name, value) in own {
        let merged = match (name.as_str(), config.get(&name), &value) {
            ("Env", Some(Value::Array(below)), Value::Array(own)) => variables(below, own),
            (
                "Labels" | "ExposedPorts" | "Volumes",
                Some(Value::Object(below)),
                Value::Object(own),
            ) => {
                let mut all = below.clone();
                all.extend(own.clone());
                Value::Object(all)
            }
            _ => value,
        };
        config.insert(name, merged);
    }
    if request.keys() == ConfigKeys::Reference {
        for name in ["Env", "Entrypoint"] {
            if let Some(value) = config.shift_remove(name) {
                config.insert(name.to_ascii_lowercase(), value);
            }
        }
    }
    document.insert("config".to_owned(), Value::Object(config));
}

/// The variant of the architecture that `base` has.
pub fn variant(base: &Object) -> Option<&str> {
    member(base, "variant")?.as_str()
}

/// The member of `object` that engines take for `name`.
fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    let is_it = |(key, _): &(&String, &Value)| folded(key) == name;
    let exact = object.get(name);
    exact.or_else(|| object.iter().find(is_it).map(|(_, value)| value))
}

/// The members of a `config` by the names of the specification.
fn with_names(config: &Object) -> Object {
    let mut named = Object::new();
    for (key, value) in config {
        let name = NAMES.iter().find(|name| folded(name) == folded(key));
        named.insert(
            name.map_or(key.as_str(), |name| name).to_owned(),
            value.clone(),
        );
    }
    named
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
