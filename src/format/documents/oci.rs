// SPDX-License-Identifier: GPL-3.0-or-later

//! The documents of OCI images: see "Descriptors", "Manifest", "Image Index"
//! and "Image Layout" in the OCI Image Format Specification v1.1.1.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::zip;

use serde::Serialize;

use super::{config, config_variant, encode, rfc3339};
use crate::digest::Digest;
use crate::error::Result;
use crate::format::Blob;
use crate::plan::{Layer, Plan};
pub use crate::request::{CONTAINERD_NAME, REF_NAME};
use crate::request::{ImageName, Request};

/// The media type of a configuration.
pub const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
/// That of a manifest.
pub const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
/// That of an index.
pub const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";

/// Media type of a manifest in Docker's registries.
pub const DOCKER_MANIFEST_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// What other tools call an index.
pub const DOCKER_LIST_TYPE: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// `oci-layout`
pub const LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

/// Identity of a layer's encoder: see [`Encoding::identity`](crate::codec::Encoding::identity).
pub const ENCODER: &str = "guix-docker.layer.encoder";

/// The digest of what that made, in case others store something else.
pub const ENCODED: &str = "guix-docker.layer.encoded";

/// The fingerprint of the layer's files.
pub const FILES: &str = "guix-docker.layer.files";

/// The paths that are in a layer, a JSON array of strings.
pub const ITEMS: &str = "guix-docker.layer.items";

/// How many more there are, if they are too many.
pub const MORE_ITEMS: &str = "guix-docker.layer.more-items";

/// How many bytes the paths in a layer's annotation have at most: a layer of
/// all small items has thousands.
const MAX_ITEMS: usize = 64 << 10;

const SCHEMA_VERSION: u32 = 2;

/// A document and its digest.
pub struct Document {
    /// It.
    pub bytes: Vec<u8>,
    /// Of it.
    pub digest: Digest,
}

impl Document {
    fn new(value: &impl Serialize) -> Result<Self> {
        Ok(encode(value)?.into())
    }

    /// Its digest, and its size in bytes.
    pub fn identity(&self) -> (Digest, u64) {
        (self.digest, self.bytes.len() as u64)
    }

    /// What is said of it, a document of that type.
    pub fn descriptor<'a>(&self, media_type: &'a str) -> Descriptor<'a> {
        Descriptor {
            media_type,
            digest: self.digest.to_string(),
            size: self.bytes.len() as u64,
            annotations: Annotations::new(),
            platform: None,
        }
    }
}

impl From<Vec<u8>> for Document {
    fn from(bytes: Vec<u8>) -> Self {
        let digest = Digest::of(&bytes);
        Document { bytes, digest }
    }
}

/// What is said of something besides, by name.
pub type Annotations = BTreeMap<String, String>;

/// What is said of a blob.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor<'a> {
    media_type: &'a str,
    digest: String,
    size: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: Annotations,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform<'a>>,
}

/// What an image runs on.
#[derive(Clone, Debug, Serialize)]
struct Platform<'a> {
    architecture: &'a str,
    os: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    schema_version: u32,
    media_type: &'a str,
    config: Descriptor<'a>,
    layers: Vec<Descriptor<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: Annotations,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a, T> {
    schema_version: u32,
    media_type: &'a str,
    manifests: &'a [T],
}

/// The documents that say what one image is.
pub struct ImageDocuments<'a> {
    /// Its configuration, whose digest is its ID.
    pub config: Document,
    /// Its manifest.
    pub manifest: Document,
    /// What the index says of it: an entry for each of its names.
    pub entries: Vec<Descriptor<'a>>,
}

/// How entries of an index are called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum RefNames {
    /// By their tags, as Docker does it in archives of one image.
    Tags,
    /// By their whole names.
    Whole,
}

impl<'a> ImageDocuments<'a> {
    /// Those of the image of `plan`, whose layers are stored as `blobs`.
    pub fn new(
        request: &'a Request,
        plan: &'a Plan,
        blobs: &[Blob],
        ref_names: RefNames,
    ) -> Result<Self> {
        let created = rfc3339(request.metadata.creation_time)?;
        let encoding = request.output.encoding()?;
        // A layer of the base is stored as it is there, also in the place of one
        // of the same content.
        let encoder = |blob: &Blob| {
            let mut bases = plan.layers.iter().filter_map(|layer| layer.base.as_ref());
            let is_base = bases.any(|base| base.diff_id == blob.diff_id);
            (!is_base).then(|| encoding.identity())
        };
        let config = Document::from(config(request, &created, plan, blobs)?);
        let manifest = Document::new(&Manifest {
            schema_version: SCHEMA_VERSION,
            media_type: MANIFEST_TYPE,
            config: config.descriptor(CONFIG_TYPE),
            layers: zip(&plan.layers, blobs)
                .map(|(layer, blob)| layer_descriptor(layer, blob, encoder(blob)))
                .collect::<Result<_>>()?,
            annotations: request.metadata.annotations.clone(),
        })?;
        let platform = Platform {
            architecture: request.metadata.architecture()?,
            os: "linux",
            variant: config_variant(request, plan),
        };
        let mut names = request.metadata.names_of(&config.digest);
        let mut known = BTreeSet::new();
        names.retain(|name| known.insert(name.whole()));
        let entries = names.iter().map(|name| Descriptor {
            platform: Some(platform.clone()),
            annotations: name_annotations(request, name, ref_names),
            ..manifest.descriptor(MANIFEST_TYPE)
        });
        Ok(ImageDocuments {
            entries: entries.collect(),
            config,
            manifest,
        })
    }
}

/// An index, such as `index.json`.
pub fn index<T: Serialize>(entries: &[T]) -> Result<Vec<u8>> {
    encode(&Index {
        schema_version: SCHEMA_VERSION,
        media_type: INDEX_TYPE,
        manifests: entries,
    })
}

/// Checks a file `oci-layout`; returns what is wrong with it.
pub fn check_layout(bytes: &[u8]) -> std::result::Result<(), String> {
    let document: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| format!("is not JSON: {error}"))?;
    match document
        .get("imageLayoutVersion")
        .and_then(|version| version.as_str())
    {
        Some(version) if version.starts_with("1.") => Ok(()),
        Some(version) => Err(format!("is of version {version:?}, which is not known")),
        None => Err("has no version".into()),
    }
}

/// The file of the blob with that digest.
pub fn blob_file(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

fn layer_descriptor(
    layer: &Layer,
    blob: &Blob,
    encoder: Option<String>,
) -> Result<Descriptor<'static>> {
    Ok(Descriptor {
        media_type: blob.codec.media_type(),
        digest: blob.digest.to_string(),
        size: blob.size,
        annotations: match &layer.base {
            Some(base) => base.annotations.clone(),
            None => layer_annotations(layer, blob, encoder)?,
        },
        platform: None,
    })
}

/// What is said of a layer that is not the base's.
fn layer_annotations(layer: &Layer, blob: &Blob, encoder: Option<String>) -> Result<Annotations> {
    let mut annotations = Annotations::new();
    let mut annotate = |name: &str, value| annotations.insert(name.to_owned(), value);
    if let (Some(encoder), Some(fingerprint)) = (encoder, &layer.fingerprint) {
        annotate(ENCODER, encoder);
        annotate(ENCODED, blob.digest.to_string());
        annotate(FILES, fingerprint.to_string());
    }
    let paths = layer
        .items
        .iter()
        .map(|item| String::from_utf8_lossy(&item.path));
    let mut left = MAX_ITEMS;
    let named: Vec<_> = paths
        .map_while(|path| {
            left = left.checked_sub(path.len())?;
            Some(path)
        })
        .collect();
    if !named.is_empty() {
        let paths = encode(&named)?;
        annotate(ITEMS, String::from_utf8_lossy(&paths).into_owned());
    }
    match layer.items.len() - named.len() {
        0 => {}
        more => drop(annotate(MORE_ITEMS, more.to_string())),
    }
    Ok(annotations)
}

fn name_annotations(request: &Request, name: &ImageName, ref_names: RefNames) -> Annotations {
    let ref_name = match ref_names {
        RefNames::Tags => name.tag.clone(),
        RefNames::Whole => name.to_string(),
    };
    let mut annotations = request.metadata.annotations.clone();
    annotations.insert(CONTAINERD_NAME.to_owned(), name.whole());
    annotations.insert(REF_NAME.to_owned(), ref_name);
    annotations
}
