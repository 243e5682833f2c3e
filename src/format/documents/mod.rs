// SPDX-License-Identifier: GPL-3.0-or-later

//! The JSON files of an image: those of the Docker Image Specification v1.2,
//! and in [`oci`] those of OCI images.
//!
//! Members stand in the order in which Guix writes them, without white space.

mod base;
mod config;
mod created;
mod history;
pub mod oci;
mod patch;

pub use config::{config, config_variant};
pub use created::rfc3339;

use std::collections::BTreeMap;

use crate::error::{Error, Result, Status};
use crate::request::ImageName;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version of the JSON of single layers, in a file of its own.
pub const LAYER_JSON_VERSION: &[u8] = b"1.0";

/// `ID/json`: the description of the one layer.
pub fn layer_description(id: &str, created: &str) -> Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Description<'a> {
        id: &'a str,
        created: &'a str,
        container_config: (),
    }
    encode(&Description {
        id,
        created,
        container_config: (),
    })
}

/// `manifest.json`: what the image is called, and the names of the files of
/// the configuration and of `layers`, lowest first.
pub fn manifest(config: &str, names: &[ImageName], layers: &[String]) -> Result<Vec<u8>> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Manifest<'a> {
        config: &'a str,
        repo_tags: Vec<String>,
        layers: &'a [String],
    }
    encode(&[Manifest {
        config,
        repo_tags: names.iter().map(ImageName::to_string).collect(),
        layers,
    }])
}

/// `repositories`: what the image was called before there was a manifest.
pub fn repositories(names: &[ImageName], id: &str) -> Result<Vec<u8>> {
    let mut repositories: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for name in names {
        let tags = repositories.entry(name.repository).or_default();
        tags.insert(&name.tag, id);
    }
    encode(&repositories)
}

/// `value` as JSON.
pub fn encode(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| failed(&error))
}

/// The value of a document of this library's own.
pub fn decode<T: DeserializeOwned>(document: &[u8]) -> Result<T> {
    serde_json::from_slice(document).map_err(|error| failed(&error))
}

fn failed(error: &serde_json::Error) -> Error {
    Error::new(Status::Internal, format!("writing JSON: {error}"))
}
