// SPDX-License-Identifier: GPL-3.0-or-later

//! What is merged into the image's configuration: nothing that would have
//! engines refuse it.

use serde_json::{Map, Value};

use super::health_check::HealthCheck;
use super::text;
use crate::error::{Argument, Error, Result};
use crate::memory;

/// Members of the configuration that follow from the files of the image, or
/// that have parameters of their own with rules that a patch would pass over.
const NOT_MERGED: [&str; 7] = [
    "architecture",
    "container_config",
    "created",
    "history",
    "os",
    "rootfs",
    "variant",
];

/// Members of `config` that engines refuse in another form.
const CONFIG_FORMS: [(&str, Form); 23] = [
    ("argsescaped", Form::Boolean),
    ("attachstderr", Form::Boolean),
    ("attachstdin", Form::Boolean),
    ("attachstdout", Form::Boolean),
    ("cmd", Form::Texts),
    ("domainname", Form::Text),
    ("entrypoint", Form::Texts),
    ("env", Form::Texts),
    ("exposedports", Form::Objects),
    ("healthcheck", Form::HealthCheck),
    ("hostname", Form::Text),
    ("image", Form::Text),
    ("labels", Form::TextsByName),
    ("macaddress", Form::Text),
    ("networkdisabled", Form::Boolean),
    ("onbuild", Form::Texts),
    ("openstdin", Form::Boolean),
    ("shell", Form::Texts),
    ("stdinonce", Form::Boolean),
    ("stopsignal", Form::Text),
    ("tty", Form::Boolean),
    ("user", Form::Text),
    ("volumes", Form::Objects),
];

/// Such members of the whole.
const WHOLE_FORMS: [(&str, Form); 9] = [
    ("author", Form::Text),
    ("comment", Form::Text),
    ("config", Form::Object),
    ("container", Form::Text),
    ("docker_version", Form::Text),
    ("id", Form::Text),
    ("os.features", Form::Texts),
    ("os.version", Form::Text),
    ("parent", Form::Text),
];

/// The form of a value in JSON.
#[derive(Clone, Copy)]
enum Form {
    Boolean,
    Text,
    Texts,
    Object,
    /// An object of texts.
    TextsByName,
    /// An object of empty objects.
    Objects,
    /// See [`HealthCheck`].
    HealthCheck,
}

impl Form {
    fn is_of(self, value: &Value) -> bool {
        let values = |is_good: fn(&Value) -> bool| {
            let values = value.as_object().map(Map::values);
            values.is_some_and(|mut values| values.all(|value| value.is_null() || is_good(value)))
        };
        match self {
            _ if value.is_null() => true,
            Form::Boolean => value.is_boolean(),
            Form::Text => value.is_string(),
            Form::Texts => value
                .as_array()
                .is_some_and(|items| items.iter().all(Value::is_string)),
            Form::Object => value.is_object(),
            Form::TextsByName => values(Value::is_string),
            Form::Objects => values(|value| value.as_object().is_some_and(Map::is_empty)),
            Form::HealthCheck => HealthCheck::from_json(&value.to_string()).is_ok(),
        }
    }
}

/// The name of a member as engines compare it: Go folds the case of letters,
/// two of which are not ASCII's.
pub fn folded(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

/// The first member of `object` that is not of its form among `forms`.
fn misformed<'a>(object: &'a Map<String, Value>, forms: &[(&str, Form)]) -> Option<&'a String> {
    let is_wrong = |(key, value): &(&String, &Value)| {
        let form = forms.iter().find(|(name, _)| *name == folded(key));
        form.is_some_and(|(_, form)| !form.is_of(value))
    };
    object.iter().find(is_wrong).map(|(key, _)| key)
}

/// Reads a JSON object that is to be merged, and checks its members.
pub fn parse(json: &[u8]) -> Result<Map<String, Value>> {
    let wrong = |problem: String| Error::argument(Argument::Config, problem);
    let json = text(Argument::Config, json)?;
    memory::ask_to_parse(json.as_bytes())?;
    let object: Map<String, Value> = serde_json::from_str(&json)
        .map_err(|error| wrong(format!("it is not a JSON object: {error}")))?;
    if let Some(key) = object
        .keys()
        .find(|key| NOT_MERGED.contains(&&*folded(key)))
    {
        return Err(wrong(format!(
            "{key:?} is not to be merged: it follows from the files of the image or from \
             other parameters"
        )));
    }
    let mut config = object.iter().filter(|(key, _)| folded(key) == "config");
    if config.any(|(_, value)| value.is_null()) {
        return Err(wrong("\"config\" is not to be removed".into()));
    }
    if let Some(key) = wrong_member(&object) {
        return Err(wrong(format!("engines do not take this value of {key:?}")));
    }
    Ok(object)
}

/// The first member of a configuration, or of its `config`, that engines would
/// not take.
pub fn wrong_member(object: &Map<String, Value>) -> Option<&String> {
    let config = object.iter().filter(|(key, _)| folded(key) == "config");
    misformed(object, &WHOLE_FORMS).or_else(|| {
        config
            .filter_map(|(_, value)| value.as_object())
            .find_map(|config| misformed(config, &CONFIG_FORMS))
    })
}
