// SPDX-License-Identifier: GPL-3.0-or-later

//! The JSON files of an image, in the Docker Image Specification v1.2.
//!
//! Members stand in the order in which Guix writes them, without white space.

mod config;
mod created;
mod history;

pub use config::config;
pub use created::rfc3339;

use std::collections::BTreeMap;

use crate::error::{Error, Result, Status};
use serde::Serialize;

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

/// `manifest.json`: the names of the configuration and of `layers`, lowest
/// first.
pub fn manifest(repository: &str, layers: &[String]) -> Result<Vec<u8>> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Manifest<'a> {
        config: &'a str,
        repo_tags: [String; 1],
        layers: &'a [String],
    }
    encode(&[Manifest {
        config: "config.json",
        repo_tags: [format!("{repository}:latest")],
        layers,
    }])
}

/// `repositories`: what the image was called before there was a manifest.
pub fn repositories(repository: &str, id: &str) -> Result<Vec<u8>> {
    let tags = BTreeMap::from([("latest", id)]);
    encode(&BTreeMap::from([(repository, tags)]))
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value)
        .map_err(|error| Error::new(Status::Internal, format!("writing JSON: {error}")))
}
