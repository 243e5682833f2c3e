// SPDX-License-Identifier: GPL-3.0-or-later

//! Merging into a document: JSON Merge Patch, see RFC 7396.

use serde_json::{Map, Value};

use crate::json::is_same_name;

/// How deep there are objects whose members have names that engines do not
/// tell apart by case: the whole, and `config`.  Deeper, as in `Labels`, names
/// are data.
const FOLDED_DEPTH: usize = 2;

/// Merges `patch` into `target`, a configuration: members that are null are
/// removed, objects are merged, all else takes the place of what is there.
///
/// A member whose name differs in case alone takes the other's place.
pub fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    merge_at(0, target, patch);
}

fn merge_at(depth: usize, target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        if depth < FOLDED_DEPTH && !target.contains_key(key) {
            let is_other = |other: &&String| is_same_name(other, key);
            let there = target.keys().find(is_other).cloned();
            if let Some(old) = there.and_then(|there| target.shift_remove(&there)) {
                target.insert(key.clone(), old);
            }
        }
        match value {
            Value::Null => {
                target.shift_remove(key);
            }
            Value::Object(members) => {
                let slot = target.entry(key.clone()).or_insert(Value::Null);
                if !slot.is_object() {
                    *slot = Value::Object(Map::new());
                }
                if let Value::Object(slot) = slot {
                    merge_at(depth + 1, slot, members);
                }
            }
            value => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::merge;

    /// The examples of RFC 7396, appendix A, that are objects, and names that
    /// differ in case.
    #[test]
    fn objects_are_merged_as_the_standard_says() {
        for (target, patch, expected) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, r#"{}"#),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (
                r#"{"a":{"b":"c"}}"#,
                r#"{"a":{"b":"d","c":null}}"#,
                r#"{"a":{"b":"d"}}"#,
            ),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            (
                r#"{}"#,
                r#"{"a":{"bb":{"ccc":null}}}"#,
                r#"{"a":{"bb":{}}}"#,
            ),
            (r#"{"env":[1]}"#, r#"{"Env":[2]}"#, r#"{"Env":[2]}"#),
            (
                r#"{}"#,
                r#"{"a":4.5000000000000005e+300}"#,
                r#"{"a":4.5000000000000005e+300}"#,
            ),
            (
                r#"{"config":{"Labels":{"A":"1"}}}"#,
                r#"{"Config":{"labels":{"a":"2"}}}"#,
                r#"{"Config":{"labels":{"A":"1","a":"2"}}}"#,
            ),
        ] {
            let parse = |text| match serde_json::from_str(text) {
                Ok(Value::Object(object)) => object,
                other => panic!("{other:?}"),
            };
            let mut merged = parse(target);
            merge(&mut merged, &parse(patch));
            assert_eq!(json!(merged).to_string(), expected);
        }
    }
}
