// SPDX-License-Identifier: GPL-3.0-or-later

//! Manifests: see "OCI Image Manifest", and "Guidelines for Artifact Usage" for
//! those that are of no image.

use serde_json::Value;

use super::descriptor::Descriptor;
use crate::format::documents::oci::CONFIG_TYPE;
use crate::json::{self, Object, Parsed};

/// Media type of a configuration in Docker's manifests.
const DOCKER_CONFIG_TYPE: &str = "application/vnd.docker.container.image.v1+json";

/// Annotations by which BuildKit marks attestations in an index.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";
const ATTESTATION: &str = "attestation-manifest";

/// Annotations of layers that name the type of the statement in them.
const PREDICATE_TYPES: [&str; 2] = ["in-toto.io/predicate-type", "predicateType"];

/// Media types of layers that are statements: BuildKit's, and cosign's envelopes.
const STATEMENT_TYPES: [&str; 2] = [
    "application/vnd.in-toto+json",
    "application/vnd.dsse.envelope.v1+json",
];

/// Manifest of an image or of something else.
pub struct Manifest {
    /// Configuration.
    pub config: Descriptor,
    /// Layers, lowest first.
    pub layers: Vec<Descriptor>,
    /// Annotations.
    pub annotations: Object,
    /// Media type, empty if absent.
    pub media_type: String,
    /// Size of the document in bytes.
    pub size: u64,
    artifact_type: String,
}

/// Kind of what a manifest describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An image of files.
    Image,
    /// Statements about an image, such as how it was built.
    Attestation {
        /// Types of the statements.
        predicates: Vec<String>,
        /// Digest of the manifest that the statements are about.
        subject: Option<String>,
    },
    /// Anything else, with its type.
    Artifact(String),
}

impl Manifest {
    /// Reads a manifest from its document of `size` bytes.
    pub fn parse(members: &Object, size: u64) -> Parsed<Self> {
        if json::member(members, "manifests").is_some() {
            return Err("it is a manifest and an index at once".into());
        }
        let Some(config) = json::member(members, "config") else {
            return Err("\"config\" is missing".into());
        };
        let annotations = json::object(members, "annotations")?;
        let is_text = |value: &Value| value.is_string() || value.is_null();
        if !annotations.is_none_or(|annotations| annotations.values().all(is_text)) {
            return Err("an annotation is not a string".into());
        }
        let layers = json::list(members, "layers")?.iter();
        Ok(Manifest {
            config: Descriptor::parse(config)?,
            layers: layers.map(Descriptor::parse).collect::<Parsed<_>>()?,
            annotations: annotations.cloned().unwrap_or_default(),
            media_type: json::text(members, "mediaType")?.to_owned(),
            size,
            artifact_type: json::text(members, "artifactType")?.to_owned(),
        })
    }

    /// Returns the kind of what the manifest describes, which `descriptor` lists in
    /// an index.
    pub fn kind(&self, descriptor: &Descriptor) -> Kind {
        let types = self.layers.iter().map(|layer| layer.media_type.as_str());
        let is_statement = |layer: &&Descriptor| {
            let media_type = layer.media_type.as_str();
            STATEMENT_TYPES.contains(&media_type)
        };
        let is_marked = descriptor.annotation(REFERENCE_TYPE) == Some(ATTESTATION);
        if is_marked || self.layers.iter().any(|layer| is_statement(&layer)) {
            let predicates = self.layers.iter().filter_map(|layer| {
                let mut types = PREDICATE_TYPES.into_iter();
                types.find_map(|name| layer.annotation(name))
            });
            let mut predicates: Vec<String> = predicates.map(str::to_owned).collect();
            predicates.sort_unstable();
            predicates.dedup();
            return Kind::Attestation {
                predicates,
                subject: descriptor.annotation(REFERENCE_DIGEST).map(str::to_owned),
            };
        }
        let config_type = self.config.media_type.as_str();
        let is_config = ["", CONFIG_TYPE, DOCKER_CONFIG_TYPE].contains(&config_type);
        let no_layer = types.clone().find(|media_type| !is_layer_type(media_type));
        let has_layers = types.clone().any(is_layer_type);
        match no_layer {
            _ if !self.artifact_type.is_empty() => Kind::Artifact(self.artifact_type.clone()),
            _ if !is_config => Kind::Artifact(config_type.to_owned()),
            Some(other) if !has_layers => Kind::Artifact(other.to_owned()),
            _ => Kind::Image,
        }
    }
}

/// Returns true if blobs of this media type are layers of files.
fn is_layer_type(media_type: &str) -> bool {
    media_type.is_empty()
        || media_type.starts_with("application/vnd.oci.image.layer.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.")
}
