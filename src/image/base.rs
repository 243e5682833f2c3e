// SPDX-License-Identifier: GPL-3.0-or-later

//! An image that another one is made upon.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::oci::{Descriptor, Platform};
use super::section::Section;
use super::store::Store;
use super::{Names, layer, unpack};
use crate::compress::Compression;
use crate::digest::{DiffId, Digest};
use crate::error::{Argument, Error, Result};
use crate::format::documents::oci::{CONTAINERD_NAME, REF_NAME};
use crate::job::Job;

/// How many layers an image may have.
const MAX_LAYERS: usize = 1_000;

/// An image to begin with.
pub struct Base {
    /// Its configuration.
    pub config: Map<String, Value>,
    /// Its layers, lowest first.
    pub layers: Vec<BaseLayer>,
}

/// A layer of it, which is right when it has been checked.
#[derive(Clone, Debug)]
pub struct BaseLayer {
    /// The digest of its archive, before compression.
    pub diff_id: DiffId,
    /// The digest of what is stored.
    pub digest: Digest,
    /// What is stored.
    pub section: Section,
    /// How that is compressed.
    pub compression: Compression,
    /// The size of its archive in bytes, before compression.
    pub size: u64,
    /// What is said of it besides.
    pub annotations: BTreeMap<String, String>,
}

/// Which of several images is meant.
pub struct Choice<'a> {
    /// Its name, if that was said.
    pub name: Option<&'a str>,
    /// The architecture.
    pub architecture: &'a str,
    /// The architecture's variant, if that was said.
    pub variant: Option<&'a str>,
}

impl Base {
    /// The image of the file or directory `name` that is meant.  It is unpacked
    /// if it is compressed as a whole.
    pub fn open(name: &[u8], choice: &Choice, job: &Job) -> Result<Self> {
        let open = || {
            let store = Store::open_packed(name, job)?;
            let base = match store.find("index.json")? {
                Some(_) => oci(&store, choice)?,
                None => docker(&store, choice)?,
            };
            base.check_platform(&store, choice)?;
            Ok(base)
        };
        open().map_err(|error: Error| error.because_of(Argument::Base))
    }

    /// Fails unless it runs where the image is to run.
    fn check_platform(&self, store: &Store, choice: &Choice) -> Result<()> {
        let text = |name| self.config.get(name).and_then(Value::as_str);
        match (text("os"), text("architecture")) {
            (Some("linux"), Some(architecture)) if architecture == choice.architecture => Ok(()),
            (Some("linux"), Some(architecture)) => Err(store.wrong(format_args!(
                "it is for {architecture}, and the image for {}; say which by system",
                choice.architecture
            ))),
            _ => Err(store.wrong("its configuration does not say that it is for Linux")),
        }
    }
}

/// The image meant of an OCI layout.
fn oci(store: &Store, choice: &Choice) -> Result<Base> {
    let descriptors = store.images()?;
    let is_named = |descriptor: &&Descriptor| match choice.name {
        None => true,
        Some(name) => [REF_NAME, CONTAINERD_NAME]
            .iter()
            .any(|key| descriptor.annotation(key) == Some(name)),
    };
    let named: Vec<&Descriptor> = descriptors.iter().filter(is_named).collect();
    if named.is_empty() {
        return Err(no_such(store, choice, &names(&descriptors)));
    }
    let mut meant: Vec<&Descriptor> = Vec::new();
    let mut platforms: Vec<String> = Vec::new();
    for descriptor in named {
        let platform = store.platform(descriptor)?;
        platforms.push(platform.to_string());
        let is_new = meant.iter().all(|other| other.digest != descriptor.digest);
        if is_new && is_meant(&platform, choice) {
            meant.push(descriptor);
        }
    }
    let image = match meant.as_slice() {
        [one] => store.image(one)?,
        [] => {
            platforms.sort_unstable();
            platforms.dedup();
            return Err(store.wrong(format_args!(
                "it has no image for {}, but for {}",
                choice.architecture,
                platforms.join(", ")
            )));
        }
        _ => return Err(several(store, &names(&descriptors))),
    };
    let layers = image.layers.into_iter().map(|layer| {
        let section = store.blob(&layer.digest)?;
        let section = section
            .filter(|section| section.size == layer.descriptor.size)
            .ok_or_else(|| store.wrong(format_args!("it has no blob {}", layer.digest)))?;
        Ok(BaseLayer {
            diff_id: layer.diff_id,
            digest: layer.digest,
            compression: compression(store, &section)?,
            section,
            size: 0,
            annotations: layer.descriptor.annotations.unwrap_or_default(),
        })
    });
    Ok(Base {
        layers: checked_count(store, layers.collect::<Result<_>>()?)?,
        config: store.parse(&image.config, "its configuration")?,
    })
}

/// The image meant of a Docker archive.
fn docker(store: &Store, choice: &Choice) -> Result<Base> {
    let images = store.docker_images()?;
    let names: Vec<String> = images
        .iter()
        .flat_map(|image| image.repo_tags.iter().flatten().cloned())
        .collect();
    let is_named = |image: &&super::docker::DockerImage| {
        choice.name.is_none_or(|name| {
            let mut tags = image.repo_tags.iter().flatten();
            tags.any(|tag| tag == name)
        })
    };
    let named: Vec<_> = images.iter().filter(is_named).collect();
    let image = match named.as_slice() {
        [one] => one,
        [] => return Err(no_such(store, choice, &names)),
        _ => return Err(several(store, &names)),
    };
    let config = store.document(&image.config)?;
    let config =
        config.ok_or_else(|| store.wrong(format_args!("it has no file {:?}", image.config)))?;
    let diff_ids = store.diff_ids(&config, &image.config)?;
    if diff_ids.len() != image.layers.len() {
        return Err(store.wrong(format_args!(
            "its manifest has {} layers, but its configuration {}",
            image.layers.len(),
            diff_ids.len()
        )));
    }
    let layers = std::iter::zip(&image.layers, diff_ids).map(|(name, diff_id)| {
        let section = store.file_of(name)?;
        let compression = compression(store, &section)?;
        Ok(BaseLayer {
            diff_id,
            // What it is when it is not compressed; else it is not known.
            digest: diff_id,
            compression,
            section,
            size: 0,
            annotations: BTreeMap::new(),
        })
    });
    Ok(Base {
        layers: checked_count(store, layers.collect::<Result<_>>()?)?,
        config: store.parse(&config, &image.config)?,
    })
}

fn compression(store: &Store, section: &Section) -> Result<Compression> {
    unpack::compression(section)
        .map_err(|error| store.wrong(format_args!("a layer: {}", error.message())))
}

fn checked_count(store: &Store, layers: Vec<BaseLayer>) -> Result<Vec<BaseLayer>> {
    match layers.len() {
        0..=MAX_LAYERS => Ok(layers),
        _ => Err(store.wrong("it has too many layers")),
    }
}

fn is_meant(platform: &Platform, choice: &Choice) -> bool {
    platform.os == "linux"
        && platform.architecture == choice.architecture
        && choice
            .variant
            .is_none_or(|variant| platform.variant.as_deref().is_none_or(|own| own == variant))
}

/// The names of images.
fn names(descriptors: &[Descriptor]) -> Vec<String> {
    let mut names: Vec<String> = descriptors
        .iter()
        .filter_map(|descriptor| descriptor.annotation(REF_NAME).map(str::to_owned))
        .collect();
    names.dedup();
    names
}

fn several(store: &Store, names: &[String]) -> Error {
    store.wrong(format_args!(
        "it has several images; say which by base_name: {}",
        names.join(", ")
    ))
}

fn no_such(store: &Store, choice: &Choice, names: &[String]) -> Error {
    let name = choice.name.unwrap_or_default();
    store.wrong(format_args!(
        "it has no image {name:?}, but these: {}",
        names.join(", ")
    ))
}

impl BaseLayer {
    /// Reads the layer: its digests must be what is said, and its archive
    /// whole.  What its members are is told to `names`.
    pub fn check(&mut self, names: &mut Names, job: &Job) -> Result<()> {
        let wrong = |problem: String| {
            Error::argument(
                Argument::Base,
                format_args!("the layer {}: {problem}", self.diff_id),
            )
        };
        let read = layer::read(&self.section, self.compression, names, job)?;
        let read = read.map_err(&wrong)?;
        if read.diff_id != self.diff_id {
            return Err(wrong(format!(
                "its archive is {}, not what the configuration says",
                read.diff_id
            )));
        }
        // Of a layer of a Docker archive, nothing says what it is compressed.
        let is_said = self.digest != self.diff_id || self.compression == Compression::None;
        if is_said && read.digest != self.digest {
            return Err(wrong(format!(
                "it is stored as {}, not as {}",
                read.digest, self.digest
            )));
        }
        self.digest = read.digest;
        self.size = read.size;
        Ok(())
    }

    /// The layer as it is before compression, in a file without a name if need
    /// be.
    pub fn unpack(&mut self, job: &Job) -> Result<()> {
        let section = unpack::plain(self.section.clone(), job);
        self.section = section.map_err(|error| error.because_of(Argument::Base))?;
        self.compression = Compression::None;
        self.digest = self.diff_id;
        Ok(())
    }
}
