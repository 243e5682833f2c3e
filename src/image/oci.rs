// SPDX-License-Identifier: GPL-3.0-or-later

//! The images of an OCI image layout.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::section::Section;
use super::store::Store;
use crate::digest::Digest;
use crate::error::Result;
use crate::format::documents::oci::{
    self, CONFIG_TYPE, CONTAINERD_NAME, DOCKER_LIST_TYPE, INDEX_TYPE, MANIFEST_TYPE, REF_NAME,
    blob_file,
};
use crate::request::familiar;

/// How deep indexes may be in each other.
const MAX_DEPTH: usize = 4;

/// How many images and indexes a layout may have.
const MAX_ENTRIES: usize = 10_000;

/// How many bytes all its indexes may have.
const MAX_INDEXES: usize = 64 << 20;

/// What other tools call a manifest and a configuration.
const DOCKER_MANIFEST_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG_TYPE: &str = "application/vnd.docker.container.image.v1+json";

/// What is said of a blob.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    #[serde(default)]
    pub media_type: String,
    /// Its digest, as text.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
    /// What is said of it besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// What an image runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// Members of no meaning here.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What an image runs on.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Platform {
    /// The architecture, by Go's name.
    #[serde(default)]
    pub architecture: String,
    /// The operating system.
    #[serde(default)]
    pub os: String,
    /// The variant of the architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Members of no meaning here.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

impl Descriptor {
    /// What is said of it under `name`.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str)
    }

    /// What the image is called, as its maker calls it.
    pub fn name(&self) -> Option<String> {
        let whole = self.annotation(CONTAINERD_NAME).map(familiar);
        whole.or_else(|| self.annotation(REF_NAME).map(str::to_owned))
    }
}

#[derive(Deserialize)]
struct Index {
    #[serde(deserialize_with = "list_or_null")]
    manifests: Vec<Descriptor>,
}

/// What an image is made of.
#[derive(Deserialize)]
pub struct Manifest {
    /// Its configuration.
    pub config: Descriptor,
    /// Its layers, lowest first.
    #[serde(default, deserialize_with = "list_or_null")]
    pub layers: Vec<Descriptor>,
    /// What is said of the image besides.
    #[serde(default)]
    pub annotations: Value,
    /// The size of the document in bytes.
    #[serde(skip)]
    pub size: u64,
}

/// What is needed of a configuration.
#[derive(Deserialize)]
struct Config {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default, deserialize_with = "list_or_null")]
    diff_ids: Vec<String>,
}

/// An image that exists.
pub struct StoredImage {
    /// Its configuration.
    pub config: Vec<u8>,
    /// Its layers, lowest first.
    pub layers: Vec<StoredLayer>,
}

/// A layer of it.
#[derive(Clone, Debug)]
pub struct StoredLayer {
    /// The digest of its archive, before compression, as the image says.
    pub diff_id: Digest,
    /// The digest of what is stored, as the image says.
    pub digest: Digest,
    /// What is said of that.
    pub descriptor: Descriptor,
}

/// What was found in indexes.
#[derive(Default)]
struct Listing {
    images: Vec<Descriptor>,
    entries: usize,
    bytes: usize,
}

impl Manifest {
    /// Whether it is of an image, and not of something else that layouts have.
    pub fn is_image(&self) -> bool {
        let types = ["", CONFIG_TYPE, DOCKER_CONFIG_TYPE];
        types.contains(&self.config.media_type.as_str())
    }
}

/// Takes null for an empty list, as Go does.
fn list_or_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Store {
    /// What is said of the images of the OCI image layout that is here.
    pub fn images(&self) -> Result<Vec<Descriptor>> {
        let layout = self.document("oci-layout")?;
        let layout = layout.ok_or_else(|| {
            self.wrong("it is no OCI layout, an archive or a directory: it has no oci-layout")
        })?;
        oci::check_layout(&layout)
            .map_err(|problem| self.wrong(format_args!("oci-layout {problem}")))?;
        let index = self.document("index.json")?;
        let index = index.ok_or_else(|| self.wrong("it has no index.json"))?;
        let mut listing = Listing::default();
        self.list(&index, "index.json", 0, &mut listing)?;
        Ok(listing.images)
    }

    /// Lists the images of an index, and of those in it.
    fn list(&self, index: &[u8], name: &str, depth: usize, listing: &mut Listing) -> Result<()> {
        listing.bytes += index.len();
        let index: Index = self.parse(index, name)?;
        for descriptor in index.manifests {
            listing.entries += 1;
            if listing.entries > MAX_ENTRIES || listing.bytes > MAX_INDEXES {
                return Err(self.wrong("it has too many images"));
            }
            match descriptor.media_type.as_str() {
                INDEX_TYPE | DOCKER_LIST_TYPE if depth < MAX_DEPTH => {
                    let digest = self.digest(&descriptor)?;
                    let nested = self.document_of(&digest)?;
                    let first = listing.images.len();
                    self.list(&nested, &blob_file(&digest), depth + 1, listing)?;
                    // They are found by the name of the index.
                    for image in &mut listing.images[first..] {
                        let annotations = image.annotations.get_or_insert_default();
                        for key in [REF_NAME, CONTAINERD_NAME] {
                            if let Some(name) = descriptor.annotation(key) {
                                annotations.insert(key.to_owned(), name.to_owned());
                            }
                        }
                    }
                }
                "" | MANIFEST_TYPE | DOCKER_MANIFEST_TYPE => listing.images.push(descriptor),
                // Of something else.
                _ => {}
            }
        }
        Ok(())
    }

    /// The manifest of that descriptor.
    pub fn manifest(&self, descriptor: &Descriptor) -> Result<Manifest> {
        let digest = self.digest(descriptor)?;
        let document = self.document_of(&digest)?;
        let manifest: Manifest = self.parse(&document, &blob_file(&digest))?;
        Ok(Manifest {
            size: document.len() as u64,
            ..manifest
        })
    }

    /// What the image of that descriptor runs on, which its configuration says
    /// if the descriptor does not.
    pub fn platform(&self, descriptor: &Descriptor) -> Result<Platform> {
        if let Some(platform) = &descriptor.platform {
            return Ok(platform.clone());
        }
        #[derive(Deserialize)]
        struct Config {
            architecture: String,
            os: String,
            #[serde(default)]
            variant: Option<String>,
        }
        let config = self.manifest(descriptor)?.config;
        let digest = self.digest(&config)?;
        let config: Config = self.parse(&self.document_of(&digest)?, &blob_file(&digest))?;
        Ok(Platform {
            architecture: config.architecture,
            os: config.os,
            variant: config.variant,
            rest: Map::new(),
        })
    }

    /// The image of that descriptor.
    pub fn image(&self, descriptor: &Descriptor) -> Result<StoredImage> {
        self.image_of(descriptor, self.manifest(descriptor)?)
    }

    /// The image of that descriptor, which has this `manifest`.
    pub fn image_of(&self, descriptor: &Descriptor, manifest: Manifest) -> Result<StoredImage> {
        let config_digest = self.digest(&manifest.config)?;
        let config = self.document_of(&config_digest)?;
        let diff_ids = self.diff_ids(&config, &blob_file(&config_digest))?;
        if diff_ids.len() != manifest.layers.len() {
            return Err(self.wrong(format_args!(
                "the manifest {} has {} layers, but its configuration {}",
                descriptor.digest,
                manifest.layers.len(),
                diff_ids.len()
            )));
        }
        let layers = std::iter::zip(manifest.layers, diff_ids);
        let layers = layers.map(|(descriptor, diff_id)| {
            Ok(StoredLayer {
                diff_id,
                digest: self.digest(&descriptor)?,
                descriptor,
            })
        });
        Ok(StoredImage {
            layers: layers.collect::<Result<_>>()?,
            config,
        })
    }

    /// The digests of the layers that the configuration `name` tells of.
    pub fn diff_ids(&self, config: &[u8], name: &str) -> Result<Vec<Digest>> {
        let Config { rootfs } = self.parse(config, name)?;
        let diff_ids = rootfs.diff_ids.iter();
        diff_ids.map(|text| self.parse_digest(text)).collect()
    }

    /// The layer that is stored with that digest, if it is there.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Section>> {
        self.find(&blob_file(digest))
    }

    /// The digest of what `descriptor` is about.
    pub fn digest(&self, descriptor: &Descriptor) -> Result<Digest> {
        self.parse_digest(&descriptor.digest)
    }

    /// The digest that is written so.
    pub fn parse_digest(&self, text: &str) -> Result<Digest> {
        Digest::parse(text)
            .ok_or_else(|| self.wrong(format_args!("{text:?} is no digest by SHA-256")))
    }

    /// The document `name` as a value.
    pub fn parse<T: DeserializeOwned>(&self, document: &[u8], name: &str) -> Result<T> {
        serde_json::from_slice(document)
            .map_err(|error| self.wrong(format_args!("{name} is not as it should be: {error}")))
    }
}
