// SPDX-License-Identifier: GPL-3.0-or-later

//! An image of an archive or a layout, with its layers unread.

use std::collections::BTreeMap;

use super::archive::{Link, normalized};
use super::catalog::{Catalog, ListedImage, Source};
use super::codec::{self, Known};
use super::config::Config;
use super::descriptor::{Descriptor, Platform};
use super::docker::DockerImage;
use super::layer::{self, Read};
use super::manifest::Kind;
use super::store::Store;
use super::tar::Member;
use crate::codec::NONE;
use crate::digest::{DiffId, Digest};
use crate::error::Result;
use crate::job::Job;
use crate::json::Object;
use crate::section::Section;

/// Image whose documents fit together and whose layers are there.
pub struct WholeImage {
    /// Names.
    pub names: Vec<String>,
    /// Platform, by the configuration or else by the index.
    pub target: Platform,
    /// Platform by the index, if that has one.
    pub listed_platform: Option<Platform>,
    /// Members of the configuration.
    pub config: Object,
    /// Digest of the configuration: the image's ID.
    pub id: Digest,
    /// Digest and size in bytes of the manifest, in an OCI layout.
    pub manifest: Option<(Digest, u64)>,
    /// Media types of the manifest: the index's and its own.
    pub media_types: Option<[String; 2]>,
    /// Annotations of the manifest.
    pub annotations: Object,
    /// Types of the statements that attestations of the image have.
    pub attestations: Vec<Vec<String>>,
    /// Size of the manifest in bytes by the index.
    pub listed_size: Option<u64>,
    /// Names of files in `manifest.json` that are not normalized.
    pub odd_names: Vec<String>,
    /// Names of files in `manifest.json` that are links which some engine does not read.
    pub links: Vec<String>,
    /// Layers, lowest first.
    pub layers: Vec<WholeLayer>,
}

/// Layer of an image.
pub struct WholeLayer {
    /// Digest of the archive before compression, by the configuration.
    pub diff_id: DiffId,
    /// Digest and descriptor of the blob, in an OCI layout.
    pub descriptor: Option<(Digest, Descriptor)>,
    /// The blob; `None` for a foreign layer, which is to be fetched from elsewhere.
    pub section: Option<Section>,
    /// Codec, or the name of one that is not read.
    pub codec: Known,
}

/// Result of reading a layer.
pub struct ReadLayer {
    /// Digest of the blob.
    pub stored: Digest,
    /// Digest and size in bytes of the archive, or the problem with it.
    pub archive: std::result::Result<(DiffId, u64), String>,
    /// Part of the compressed stream that some engines refuse.
    pub oddity: Option<&'static str>,
}

impl Catalog {
    /// Opens `image`, which `store` lists.
    pub fn open(&self, store: &Store, image: &ListedImage) -> Result<WholeImage> {
        let (config, manifest, layers) = match &image.source {
            Err(error) => return Err(error.clone()),
            Ok(Source::Oci(descriptor)) => {
                let manifest = store.manifest(descriptor)?;
                let identity = (store.digest(descriptor)?, manifest.size);
                let media_types = [descriptor.media_type.clone(), manifest.media_type.clone()];
                let annotations = manifest.annotations.clone();
                let stored = store.image_of(descriptor, manifest)?;
                let layers = stored.layers.into_iter().map(|layer| {
                    let section = store.blob(&layer.digest)?;
                    if section.is_none() && layer.descriptor.urls().is_empty() {
                        return Err(store.wrong(format_args!(
                            "the layer {} is missing",
                            layer.descriptor.digest
                        )));
                    }
                    let descriptor = Some((layer.digest, layer.descriptor));
                    WholeLayer::new(store, layer.diff_id, descriptor, section)
                });
                let layers = layers.collect::<Result<Vec<WholeLayer>>>()?;
                (
                    stored.config,
                    Some((identity, (media_types, annotations))),
                    layers,
                )
            }
            Ok(Source::Docker(docker)) => {
                let config = store.docker_config(docker)?;
                let files = docker.layers.clone();
                let layers = store.with_diff_ids(files, &config, "manifest.json")?;
                let layers = layers.into_iter().map(|(file, diff_id)| {
                    WholeLayer::new(store, diff_id, None, Some(store.file_of(&file)?))
                });
                let layers = layers.collect::<Result<Vec<WholeLayer>>>()?;
                (config, None, layers)
            }
        };
        let Config { id, members, .. } = config;
        let platform = match config.platform.is_unknown() {
            true => image.platform.clone(),
            false => config.platform,
        };
        let (mut listed_size, mut listed_platform) = (None, None);
        let (mut odd_names, mut links) = (Vec::new(), Vec::new());
        match &image.source {
            Ok(Source::Oci(descriptor)) => {
                listed_size = Some(descriptor.size);
                listed_platform = descriptor.platform();
            }
            Ok(Source::Docker(docker)) => {
                let names = || [&docker.config].into_iter().chain(&docker.layers).cloned();
                let is_odd = |name: &String| normalized(name.as_bytes()).as_ref() != Some(name);
                odd_names = names().filter(is_odd).collect();
                links = names()
                    .filter(|name| is_unread(store, docker, name))
                    .collect();
            }
            Err(_) => {}
        }
        let (manifest, described): (Option<(Digest, u64)>, _) = manifest.unzip();
        let (media_types, annotations) = described.unzip();
        let own = manifest.map(|(digest, _)| digest.to_string());
        let attestations = self.others.iter().filter_map(|other| match &other.kind {
            Kind::Attestation {
                predicates,
                subject,
            } if own.is_some() && *subject == own => Some(predicates.clone()),
            _ => None,
        });
        Ok(WholeImage {
            names: image.names.clone(),
            target: platform,
            listed_platform: listed_platform.filter(|platform| !platform.is_unknown()),
            config: members,
            id,
            manifest,
            media_types,
            annotations: annotations.unwrap_or_default(),
            attestations: attestations.collect(),
            listed_size,
            odd_names,
            links,
            layers,
        })
    }
}

/// Returns true if the file `name` of an image is a link that podman does not read: a
/// hard link, or a layer that is a symbolic link to no other layer of the image.
fn is_unread(store: &Store, image: &DockerImage, name: &str) -> bool {
    match store.link(name) {
        None => false,
        Some(Link::Hard(_)) => true,
        Some(Link::Symbolic(target)) => {
            let is_target = |layer: &String| normalized(layer.as_bytes()) == *target;
            let is_config = normalized(name.as_bytes()) == normalized(image.config.as_bytes());
            !is_config && (target.is_none() || !image.layers.iter().any(is_target))
        }
    }
}

impl WholeImage {
    /// Returns the platform as text.
    pub fn platform(&self) -> String {
        self.target.to_string()
    }

    /// Returns the names for people.
    pub fn name(&self) -> String {
        match self.names.is_empty() {
            true => "an image without a name".to_owned(),
            false => self.names.join(", "),
        }
    }
}

impl WholeLayer {
    fn new(
        store: &Store,
        diff_id: DiffId,
        descriptor: Option<(Digest, Descriptor)>,
        section: Option<Section>,
    ) -> Result<Self> {
        let codec = match &section {
            Some(section) => codec::of(section)
                .map_err(|error| error.with_context(format_args!("{}", store.shown_name())))?,
            None => Ok(NONE),
        };
        Ok(WholeLayer {
            diff_id,
            descriptor,
            section,
            codec,
        })
    }

    /// Returns the annotations of the layer.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        let descriptor = self.descriptor.as_ref();
        descriptor.map_or_else(BTreeMap::new, |(_, descriptor)| descriptor.annotations())
    }

    /// Returns the size of the blob in bytes, 0 if it is not there.
    pub fn stored_size(&self) -> u64 {
        self.section.as_ref().map_or(0, |section| section.size)
    }

    /// Reads the layer and calls `note` with each member; returns `None` for a
    /// layer that is not there or whose codec is not read.
    pub fn read(&self, note: impl FnMut(&Member), job: &Job) -> Result<Option<ReadLayer>> {
        let (Some(section), Ok(codec)) = (&self.section, self.codec) else {
            return Ok(None);
        };
        let read = layer::read(section, codec, note, job)?;
        Ok(Some(ReadLayer::from(read)))
    }

    /// Reads the layer like [`WholeLayer::read`]; `note` gets a digest of each
    /// member's content as well.
    pub fn read_contents(
        &self,
        note: impl FnMut(&Member, &Digest),
        job: &Job,
    ) -> Result<Option<ReadLayer>> {
        let (Some(section), Ok(codec)) = (&self.section, self.codec) else {
            return Ok(None);
        };
        let read = layer::read_contents(section, codec, note, job)?;
        Ok(Some(ReadLayer::from(read)))
    }
}

impl From<Read> for ReadLayer {
    fn from(read: Read) -> Self {
        ReadLayer {
            stored: read.stored,
            oddity: read
                .archive
                .as_ref()
                .ok()
                .and_then(|archive| archive.oddity),
            archive: read.archive.map(|archive| (archive.diff_id, archive.size)),
        }
    }
}
