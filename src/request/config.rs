// SPDX-License-Identifier: GPL-3.0-or-later

//! The parameter `config`: a patch of the image's configuration that keeps the
//! configuration readable for engines.

use super::checks::text;
use super::health_check::HealthCheck;
use crate::error::{Argument, Error, Result, Status};
use crate::json::{self, Object, form, is_same_name, keys};
use crate::memory;

/// Reads a JSON object that is to be merged, and checks its members.
pub fn parse(json: &[u8]) -> Result<Object> {
    let wrong = |problem: String| Error::argument(Argument("config"), problem);
    let json = text(Argument("config"), json)?;
    memory::ask_to_parse(json.as_bytes(), 0).map_err(|error| match error.status() {
        Status::Resources => error.with_argument(Argument("config")),
        _ => wrong(error.message().to_owned()),
    })?;
    let object: Object = serde_json::from_str(&json)
        .map_err(|error| wrong(format!("it is not a JSON object: {error}")))?;
    let is_derived = |name: &&String| {
        let mut derived = keys::WHOLE.iter().filter(|key| !key.is_free);
        derived.any(|key| is_same_name(key.name, name))
    };
    if let Some(key) = object.keys().find(is_derived) {
        return Err(wrong(format!(
            "{key:?} is not to be merged: it follows from the files of the image or from \
             other parameters"
        )));
    }
    let mut config = object
        .iter()
        .filter(|(name, _)| is_same_name(name, "config"));
    if config.any(|(_, value)| value.is_null()) {
        return Err(wrong("\"config\" is not to be removed".into()));
    }
    let misformed = form::misformed(&object, keys::WHOLE).or_else(|| wrong_health_check(&object));
    match misformed {
        Some(key) => Err(wrong(format!("engines do not take this value of {key:?}"))),
        None => Ok(object),
    }
}

/// Returns the name of the health check if it is not complete, which a base
/// image's may be.
fn wrong_health_check(patch: &Object) -> Option<String> {
    let config = json::object(patch, "config").ok()??;
    let check = json::member(config, "Healthcheck")?;
    let is_wrong = HealthCheck::from_json(&check.to_string()).is_err();
    is_wrong.then(|| "Healthcheck".to_owned())
}
