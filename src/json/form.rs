// SPDX-License-Identifier: GPL-3.0-or-later

//! Forms of JSON values that Go's decoders accept.

use serde_json::Value;

use super::{Object, folded};

/// A key of the configuration or of an object in it.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Name in the specification's spelling.
    pub name: &'static str,
    /// Form of its value.
    pub form: Form,
    /// Way from a base image into the image built on top of it.
    pub from_base: FromBase,
    /// True if the parameter `config` may set it.  The others follow from the
    /// image's files or have parameters of their own.
    pub is_free: bool,
}

/// Way of a key from a base image into the image built on top of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromBase {
    /// The base's value, unless the image has its own.
    Kept,
    /// The image's members are added to the base's; those of the same name
    /// replace the base's.
    Merged,
    /// Dropped: the value concerns the base alone.
    Dropped,
}

/// Form of a value.  Null is of every form: decoders leave the default.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// `true` or `false`.
    Boolean,
    /// A string.
    Text,
    /// A string that is a time in RFC 3339.
    Time,
    /// A whole number of 64 bits with a sign.
    Integer,
    /// A list of strings.
    Texts,
    /// A list of strings, or one string.
    TextOrTexts,
    /// An object whose members are strings.
    TextsByName,
    /// An object whose members are objects.
    ObjectsByName,
    /// An object with these keys, and others that are ignored.
    Object(&'static [Key]),
    /// A list of such objects.
    Objects(&'static [Key]),
}

impl Form {
    /// Returns the place within `value` that decoders refuse, as in `[3].created`,
    /// empty for `value` itself; or `None` if the value has this form.
    fn problem(self, value: &Value) -> Option<String> {
        let unless = |is_right: bool| (!is_right).then(String::new);
        let is_text = |value: &Value| value.is_null() || value.is_string();
        let is_object = |value: &Value| value.is_null() || value.is_object();
        match (self, value) {
            (_, Value::Null)
            | (Form::Boolean, Value::Bool(_))
            | (Form::Text | Form::TextOrTexts, Value::String(_)) => None,
            (Form::Time, Value::String(time)) => unless(is_time(time)),
            (Form::Integer, value) => unless(value.is_i64()),
            (Form::Texts | Form::TextOrTexts, Value::Array(items)) => {
                unless(items.iter().all(is_text))
            }
            (Form::TextsByName, Value::Object(members)) => unless(members.values().all(is_text)),
            (Form::ObjectsByName, Value::Object(members)) => {
                unless(members.values().all(is_object))
            }
            (Form::Object(keys), Value::Object(members)) => {
                misformed(members, keys).map(|path| format!(".{path}"))
            }
            (Form::Objects(keys), Value::Array(items)) => {
                items
                    .iter()
                    .enumerate()
                    .find_map(|(index, item)| match item {
                        Value::Null => None,
                        Value::Object(members) => {
                            misformed(members, keys).map(|path| format!("[{index}].{path}"))
                        }
                        _ => Some(format!("[{index}]")),
                    })
            }
            _ => Some(String::new()),
        }
    }
}

/// Returns the path of the first member of `object` whose value is not of the
/// form that `keys` has for it, as in `history[3].created`.
pub fn misformed(object: &Object, keys: &[Key]) -> Option<String> {
    object.iter().find_map(|(name, value)| {
        let folded = folded(name);
        let key = keys.iter().find(|key| super::folded(key.name) == folded)?;
        let place = key.form.problem(value)?;
        Some(format!("{name}{place}"))
    })
}

/// Returns true if `text` is a time as Go's `time.Time` decodes it, in RFC 3339:
/// `2006-01-02T15:04:05.999999999Z` or with `+07:00` at its end.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |start: usize, length: usize| -> Option<u32> {
        let digits = bytes.get(start..start + length)?;
        let all = digits.iter().all(u8::is_ascii_digit);
        all.then(|| {
            digits
                .iter()
                .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
        })
    };
    let is_at = |place: usize, byte: u8| bytes.get(place) == Some(&byte);
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let parts = [(0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2)];
    let numbers: Option<Vec<u32>> = parts
        .iter()
        .map(|&(start, length)| number(start, length))
        .collect();
    let Some([year, month, day, hour, minute, second]) = numbers.as_deref() else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let mut zone = 19;
    if is_at(zone, b'.') {
        let fraction = bytes[zone + 1..].iter();
        let digits = fraction.take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        zone += 1 + digits;
    }
    let is_zone = match bytes.get(zone) {
        Some(b'Z') => bytes.len() == zone + 1,
        Some(b'+' | b'-') => {
            bytes.len() == zone + 6
                && is_at(zone + 3, b':')
                && number(zone + 1, 2).is_some_and(|hours| hours < 24)
                && number(zone + 4, 2).is_some_and(|minutes| minutes < 60)
        }
        _ => false,
    };
    separators.iter().all(|&(place, byte)| is_at(place, byte))
        && (1..=12).contains(month)
        && (1..=days).contains(day)
        && *hour < 24
        && *minute < 60
        && *second < 60
        && is_zone
}

#[cfg(test)]
mod tests {
    use super::super::keys;
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_those_of_rfc_3339() {
        for time in [
            "1970-01-01T00:00:01Z",
            "2024-02-29T23:59:59.123456789+05:30",
            "0001-01-01T00:00:00Z",
        ] {
            assert!(is_time(time), "{time}");
        }
        for time in [
            "",
            "yesterday",
            "2023-02-29T00:00:00Z",
            "2023-01-01 00:00:00Z",
            "2023-01-01T00:00:00",
            "2023-01-01T00:00:00.Z",
            "2023-01-01T24:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-01-01T00:00:00+0530",
            "2023-01-01T00:00:00Zx",
        ] {
            assert!(!is_time(time), "{time}");
        }
    }

    #[test]
    fn the_place_of_a_wrong_value_is_named() {
        let place = |document: Value| misformed(document.as_object().unwrap(), keys::WHOLE);
        let path = |document| place(document).unwrap();
        assert_eq!(path(json!({"created": 5})), "created");
        assert_eq!(
            path(json!({"history": [{}, null, {"created": "x"}]})),
            "history[2].created"
        );
        assert_eq!(path(json!({"history": [3]})), "history[0]");
        assert_eq!(
            path(json!({"Config": {"WORKINGDIR": 5}})),
            "Config.WORKINGDIR"
        );
        assert_eq!(
            path(json!({"config": {"Healthcheck": {"Interval": 1.5}}})),
            "config.Healthcheck.Interval"
        );
        assert_eq!(
            path(json!({"rootfs": {"diff_ids": "x"}})),
            "rootfs.diff_ids"
        );
        for right in [
            json!({"config": {"Healthcheck": {}, "Env": null, "Cmd": [null], "Volumes": {"/a": {"b": 1}}}}),
            json!({"config": null, "history": null, "unknown": [1]}),
            json!({"config": {"StopTimeout": -1, "Healthcheck": {"Test": [], "Interval": 1}}}),
        ] {
            assert_eq!(place(right.clone()), None, "{right}");
        }
    }
}
