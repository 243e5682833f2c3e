// SPDX-License-Identifier: GPL-3.0-or-later

//! All images of an archive or a layout, for those who look at them.

use serde_json::{Map, Value};

use super::layer::{self, Read};
use super::oci::Descriptor;
use super::section::Section;
use super::store::Store;
use super::tar::Member;
use crate::compress::Compression;
use crate::digest::{DiffId, Digest};
use crate::error::Result;
use crate::job::Job;

/// An image, of whose layers nothing has been read yet.
pub struct WholeImage {
    /// What it is called.
    pub names: Vec<String>,
    /// Its configuration.
    pub config: Map<String, Value>,
    /// The digest of that: the image's ID.
    pub id: Digest,
    /// The digest and the size in bytes of its manifest, in an OCI layout.
    pub manifest: Option<(Digest, u64)>,
    /// What the manifest says of it.
    pub annotations: Map<String, Value>,
    /// Its layers, lowest first.
    pub layers: Vec<WholeLayer>,
}

/// A layer of it.
pub struct WholeLayer {
    /// The digest of its archive, as the configuration says.
    pub diff_id: DiffId,
    /// The digest and the size of what is stored, as the manifest of an OCI
    /// layout says; with what is said of it besides.
    pub descriptor: Option<(Digest, Descriptor)>,
    /// What is stored.
    pub section: Section,
    /// How that is compressed.
    pub compression: Compression,
}

/// What a layer was found to be.
pub struct ReadLayer {
    /// The digest of what is stored.
    pub stored: Digest,
    /// The digest of its archive and the size of that in bytes, or what is
    /// wrong with it.
    pub archive: std::result::Result<(DiffId, u64), String>,
}

impl WholeImage {
    /// The images of the file or directory `name`, which may be compressed as a
    /// whole.
    pub fn open_all(name: &[u8], job: &Job) -> Result<Vec<Self>> {
        let store = Store::open_packed(name, job)?;
        match store.find("index.json")? {
            Some(_) => oci(&store),
            None => docker(&store),
        }
    }

    /// What it runs on, as its configuration says.
    pub fn platform(&self) -> String {
        let text = |name| self.config.get(name).and_then(Value::as_str);
        let os = text("os").unwrap_or("?");
        let architecture = text("architecture").unwrap_or("?");
        match text("variant") {
            None | Some("") => format!("{os}/{architecture}"),
            Some(variant) => format!("{os}/{architecture}/{variant}"),
        }
    }
}

impl WholeLayer {
    /// Reads the layer; `note` is told of its members.
    pub fn read(&self, note: impl FnMut(&Member), job: &Job) -> Result<ReadLayer> {
        layer::read(&self.section, self.compression, note, job).map(ReadLayer::from)
    }

    /// Like [`WholeLayer::read`], where `note` is told of a digest of the content
    /// of each as well, with the zeros up to the end of its last block.
    pub fn read_contents(
        &self,
        note: impl FnMut(&Member, &Digest),
        job: &Job,
    ) -> Result<ReadLayer> {
        layer::read_contents(&self.section, self.compression, note, job).map(ReadLayer::from)
    }
}

impl From<Read> for ReadLayer {
    fn from(read: Read) -> Self {
        ReadLayer {
            stored: read.stored,
            archive: read.archive.map(|archive| (archive.diff_id, archive.size)),
        }
    }
}

/// The images of an OCI layout; those that are in several indexes, once.
fn oci(store: &Store) -> Result<Vec<WholeImage>> {
    let mut images: Vec<WholeImage> = Vec::new();
    for descriptor in store.images()? {
        let manifest = store.manifest(&descriptor)?;
        if !manifest.is_image() {
            continue;
        }
        let name = descriptor.name();
        let identity = (store.digest(&descriptor)?, manifest.size);
        let known = images
            .iter_mut()
            .find(|image| image.manifest == Some(identity));
        if let Some(image) = known {
            image.names.extend(name);
            image.names.dedup();
            continue;
        }
        let annotations = manifest.annotations.as_object().cloned();
        let id = store.digest(&manifest.config)?;
        let stored = store.image_of(&descriptor, manifest)?;
        let layers = stored.layers.into_iter().map(|layer| {
            let section = store.blob(&layer.digest)?;
            let section = section
                .ok_or_else(|| store.wrong(format_args!("it has no blob {}", layer.digest)))?;
            Ok(WholeLayer {
                diff_id: layer.diff_id,
                compression: store.compression(&section)?,
                section,
                descriptor: Some((layer.digest, layer.descriptor)),
            })
        });
        images.push(WholeImage {
            names: name.into_iter().collect(),
            config: store.parse(&stored.config, "its configuration")?,
            id,
            manifest: Some(identity),
            annotations: annotations.unwrap_or_default(),
            layers: layers.collect::<Result<_>>()?,
        });
    }
    Ok(images)
}

/// The images of a Docker archive.
fn docker(store: &Store) -> Result<Vec<WholeImage>> {
    let images = store.docker_images()?.into_iter().map(|image| {
        let parts = store.docker_parts(&image)?;
        let layers = parts.layers.into_iter().map(|(file, diff_id)| {
            let section = store.file_of(&file)?;
            Ok(WholeLayer {
                diff_id,
                descriptor: None,
                compression: store.compression(&section)?,
                section,
            })
        });
        Ok(WholeImage {
            names: image.repo_tags.unwrap_or_default(),
            id: Digest::of(&parts.config),
            config: store.parse(&parts.config, &image.config)?,
            manifest: None,
            annotations: Map::new(),
            layers: layers.collect::<Result<_>>()?,
        })
    });
    images.collect()
}
