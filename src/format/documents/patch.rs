// SPDX-License-Identifier: GPL-3.0-or-later

//! Merging into a document: JSON Merge Patch, see RFC 7396.

use serde_json::{Map, Value};

/// Merges `patch` into `target`: members that are null are removed, objects
/// are merged, all else takes the place of what is there.
///
/// Engines do not tell members apart by case, so one of a name that differs in
/// case alone takes the other's place.
pub fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        let there = target
            .keys()
            .find(|other| *other == key)
            .or_else(|| target.keys().find(|other| other.eq_ignore_ascii_case(key)))
            .cloned();
        if let Some(there) = there.filter(|there| there != key) {
            if let Some(old) = target.shift_remove(&there) {
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
                    merge(slot, members);
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

    /// The examples of RFC 7396, appendix A, that are objects.
    #[test]
    fn objects_are_merged_as_the_standard_says() {
        for (target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"a": [{"b": "c"}]}),
                json!({"a": [1]}),
                json!({"a": [1]}),
            ),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
            (
                json!({"env": [1]}),
                json!({"Env": [2]}),
                json!({"Env": [2]}),
            ),
        ] {
            let (Value::Object(mut target), Value::Object(patch)) = (target, patch) else {
                panic!("not objects");
            };
            merge(&mut target, &patch);
            assert_eq!(Value::Object(target), expected);
        }
    }
}
