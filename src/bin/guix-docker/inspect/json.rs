// SPDX-License-Identifier: GPL-3.0-or-later

//! What an image is, for programs.

use guix_docker::digest::Digest;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::survey::{Item, Survey};

/// An image.
#[derive(Serialize)]
struct Image<'a> {
    names: &'a [String],
    id: Digest,
    manifest_digest: Option<Digest>,
    platform: String,
    size: u64,
    stored_size: u64,
    layers: Vec<Layer<'a>>,
    annotations: &'a Map<String, Value>,
    /// Types of the statements in attestations of the image.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attestations: &'a [Vec<String>],
    config: &'a Map<String, Value>,
}

/// A layer of it.
#[derive(Serialize)]
struct Layer<'a> {
    diff_id: Digest,
    size: u64,
    digest: Digest,
    stored_size: u64,
    compression: &'static str,
    items: &'a [Item],
}

/// An array of images.
pub fn json(surveys: &[Survey]) -> impl Serialize {
    surveys.iter().map(image).collect::<Vec<_>>()
}

fn image(survey: &Survey) -> Image<'_> {
    let (size, stored_size) = survey.sizes();
    let layers = survey.layers.iter().zip(&survey.image.layers);
    let layers = layers.map(|(layer, whole)| Layer {
        diff_id: layer.diff_id,
        size: layer.size,
        digest: layer.stored,
        stored_size: layer.stored_size,
        compression: whole.codec.map_or_else(|name| name, |codec| codec.name()),
        items: &layer.items,
    });
    Image {
        names: &survey.image.names,
        id: survey.image.id,
        manifest_digest: survey.image.manifest.map(|(digest, _)| digest),
        platform: survey.image.platform(),
        size,
        stored_size,
        layers: layers.collect(),
        annotations: &survey.image.annotations,
        attestations: &survey.image.attestations,
        config: &survey.image.config,
    }
}
