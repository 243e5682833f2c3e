// SPDX-License-Identifier: GPL-3.0-or-later

//! What was built.

#![forbid(unsafe_code)]

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::digest::{DiffId, Digest};
use crate::error::{Error, Result, Status};
use crate::format::Blob;
use crate::job::Seconds;
use crate::plan::{Item, Layer};
use crate::request::Request;

/// The version of the form that reports have in JSON, which
/// `include/guix_docker_report.schema.json` describes.  Members may be added
/// to it without another version.
const SCHEMA: u32 = 1;

/// An image that was built.
#[derive(Clone, Debug)]
pub struct Report {
    /// The image's ID: the digest of its configuration.
    pub image_id: Digest,
    /// The digest and the size in bytes of its manifest, in OCI formats.
    pub manifest: Option<(Digest, u64)>,
    /// What it is called: repositories with tags.
    pub names: Vec<String>,
    /// The size of the file in bytes; 0 if a command has written it to a
    /// descriptor, or the image is a directory.
    pub archive_size: u64,
    /// The digest of the file, if that was asked for.
    pub archive_digest: Option<Digest>,
    /// Its layers, lowest first.
    pub layers: Vec<LayerReport>,
    /// What its users should know: lines of text.
    pub warnings: Vec<String>,
    /// How long each phase took.
    pub seconds: Seconds,
}

/// A layer of it.
#[derive(Clone, Debug, Serialize)]
pub struct LayerReport {
    /// The digest of its archive, before compression.
    pub diff_id: DiffId,
    /// The size of its archive in bytes, before compression.
    pub size: u64,
    /// The layer as it is stored, in OCI formats.
    pub blob: Option<BlobReport>,
    /// The paths of the request that are in it; none for the layer of extra
    /// files or of the root file system.
    pub items: Vec<Item>,
}

/// A layer as it is stored.
#[derive(Clone, Debug, Serialize)]
pub struct BlobReport {
    /// The digest of what is stored.
    pub digest: Digest,
    /// The size of that in bytes.
    pub size: u64,
    /// What it is.
    pub media_type: &'static str,
}

impl LayerReport {
    /// Of a layer of the image that `request` asks for.
    pub fn new(request: &Request, layer: &Layer, blob: &Blob) -> Self {
        LayerReport {
            diff_id: blob.diff_id,
            size: layer.size,
            blob: request.output.format.stores_blobs().then(|| BlobReport {
                digest: blob.digest,
                size: blob.size,
                media_type: blob.codec.media_type(),
            }),
            items: layer.items.clone(),
        }
    }
}

impl Report {
    /// The report as a JSON object.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Error::new(Status::Internal, format!("writing JSON: {error}")))
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", &SCHEMA)?;
        map.serialize_entry("version", env!("CARGO_PKG_VERSION"))?;
        map.serialize_entry("image_id", &self.image_id)?;
        map.serialize_entry("config_digest", &self.image_id)?;
        let (digest, size) = self.manifest.unzip();
        map.serialize_entry("manifest_digest", &digest)?;
        map.serialize_entry("manifest_size", &size)?;
        map.serialize_entry("names", &self.names)?;
        let size = Some(self.archive_size).filter(|&size| size > 0);
        map.serialize_entry("archive_size", &size)?;
        map.serialize_entry("archive_digest", &self.archive_digest)?;
        map.serialize_entry("layers", &self.layers)?;
        map.serialize_entry("warnings", &self.warnings)?;
        map.serialize_entry("seconds", &self.seconds)?;
        map.end()
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
