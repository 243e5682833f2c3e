// SPDX-License-Identifier: GPL-3.0-or-later

//! JSON documents as container engines read them.
//!
//! Engines decode documents with Go's `encoding/json`: the name of a member
//! matches in any case, the last of several matching members wins, and `null`
//! stands for an absent value.  [`keys`] lists the keys of an image's
//! configuration with the [`form`]s that their decoders accept.

#![forbid(unsafe_code)]

pub mod form;
pub mod keys;

use serde_json::{Map, Value};

use crate::memory;

/// A JSON object, with its members in the document's order.
pub type Object = Map<String, Value>;

/// The result of reading a part of a document, or the problem with it.
pub type Parsed<T> = std::result::Result<T, String>;

/// Returns the case-folded form of `name` by which Go compares names of
/// members.  Two letters beyond ASCII fold to ASCII letters.
pub fn folded(name: &str) -> String {
    name.chars().map(fold).collect()
}

fn fold(letter: char) -> char {
    match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        letter => letter.to_ascii_lowercase(),
    }
}

/// Returns true if Go takes both for the name of the same member.
pub fn is_same_name(one: &str, other: &str) -> bool {
    one.chars().map(fold).eq(other.chars().map(fold))
}

/// Returns the value of the member `name` unless it is absent or null.
pub fn member<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object
        .iter()
        .filter(|(key, value)| !value.is_null() && is_same_name(key, name))
        .map(|(_, value)| value)
        .next_back()
}

/// Returns the text of the member `name`, empty if it is absent.
pub fn text<'a>(object: &'a Object, name: &str) -> Parsed<&'a str> {
    match member(object, name) {
        None => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(format!("{name:?} is not a string")),
    }
}

/// Returns the items of the list `name`, none if it is absent.
pub fn list<'a>(object: &'a Object, name: &str) -> Parsed<&'a [Value]> {
    match member(object, name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(format!("{name:?} is not a list")),
    }
}

/// Returns the strings of the list `name`; null stands for an empty string.
pub fn texts<'a>(object: &'a Object, name: &str) -> Parsed<Vec<&'a str>> {
    let text = |item: &'a Value| match item {
        Value::Null => Ok(""),
        Value::String(text) => Ok(text.as_str()),
        _ => Err(format!("{name:?} has an item that is not a string")),
    };
    list(object, name)?.iter().map(text).collect()
}

/// Returns the members of the object `name`, if it is present.
pub fn object<'a>(object: &'a Object, name: &str) -> Parsed<Option<&'a Object>> {
    match member(object, name) {
        None => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(format!("{name:?} is not an object")),
    }
}

/// Returns the number `name`, 0 if it is absent.
pub fn number(object: &Object, name: &str) -> Parsed<u64> {
    match member(object, name) {
        None => Ok(0),
        Some(value) => value
            .as_u64()
            .ok_or_else(|| format!("{name:?} is not a whole number")),
    }
}

/// Returns the number of bytes that a copy of `value` takes at most.
pub fn memory_size(value: &Value) -> usize {
    let inner = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(memory_size).sum(),
        Value::Object(members) => members_size(members),
    };
    memory::VALUE_SIZE + inner
}

/// Returns the number of bytes that a copy of `members` takes at most.
pub fn members_size(members: &Object) -> usize {
    let sizes = members
        .iter()
        .map(|(name, value)| name.len() + memory_size(value));
    sizes.sum()
}

/// Returns `object` with its members under the names in `keys`, in the order of
/// the document.  Of members that Go takes for the same one, the last remains;
/// objects with keys of their own are merged.
pub fn normalized(object: &Object, keys: &[form::Key]) -> Object {
    let mut result = Object::new();
    for (name, value) in object {
        let key = keys.iter().find(|key| is_same_name(key.name, name));
        let name = key.map_or(name.as_str(), |key| key.name);
        let inner = match key.map(|key| key.form) {
            Some(form::Form::Object(inner)) => inner,
            _ => &[],
        };
        match (result.get_mut(name), value) {
            (Some(_), Value::Null) => {}
            (Some(Value::Object(there)), Value::Object(members)) if !inner.is_empty() => {
                there.extend(normalized(members, inner));
            }
            (_, Value::Object(members)) if !inner.is_empty() => {
                result.insert(name.to_owned(), normalized(members, inner).into());
            }
            _ => drop(result.insert(name.to_owned(), value.clone())),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_found_as_go_finds_them() {
        let document = json!({
            "config": "c", "LAYERS": ["a", null], "Size": 7, "none": null,
            "tag\u{17f}": "folded", "os": "first", "OS": "last", "oS": null,
        });
        let document = document.as_object().unwrap();
        assert_eq!(text(document, "Config"), Ok("c"));
        assert_eq!(texts(document, "Layers"), Ok(vec!["a", ""]));
        assert_eq!(number(document, "size"), Ok(7));
        assert_eq!(text(document, "None"), Ok(""));
        assert_eq!(list(document, "None"), Ok(&[][..]));
        assert_eq!(text(document, "tags"), Ok("folded"));
        assert_eq!(text(document, "os"), Ok("last"));
        assert!(text(document, "layers").is_err());
        assert!(number(document, "config").is_err());
        assert!(object(document, "config").is_err());
        assert_eq!(object(document, "absent"), Ok(None));
        let found = normalized(document, keys::WHOLE);
        assert_eq!(found["os"], "last");
        assert!(!found.contains_key("OS"));
        let twice = json!({"config": {"User": "a", "Tty": true}, "Config": {"USER": "b"}});
        let found = normalized(twice.as_object().unwrap(), keys::WHOLE);
        assert_eq!(json!(found), json!({"config": {"User": "b", "Tty": true}}));
    }
}
