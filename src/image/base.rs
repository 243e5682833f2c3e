// SPDX-License-Identifier: GPL-3.0-or-later

//! An image that another one is made upon.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::docker::DockerImage;
use super::oci::{Descriptor, Platform};
use super::section::Section;
use super::store::Store;
use super::{Changes, layer, unpack};
use crate::compress::Compression;
use crate::digest::{DiffId, Digest};
use crate::error::{Argument, Error, Result, Status};
use crate::format::documents::oci::{CONTAINERD_NAME, REF_NAME};
use crate::job::Job;
use crate::request::{whole_name, wrong_member};

/// How many layers an image may have; each is an open file.
const MAX_LAYERS: usize = 500;

/// What this library's own annotations begin with.
const OWN_PREFIX: &str = "guix-docker.";

/// A name that an image is found by: as it is there, or as what it stands for.
pub struct BaseName {
    given: String,
    whole: Option<String>,
}

impl BaseName {
    /// The name `given`, which need not be one that an image can have.
    pub fn new(given: &str) -> Self {
        BaseName {
            whole: whole_name(given),
            given: given.to_owned(),
        }
    }

    /// Whether an image that is called `own` is meant.
    fn is(&self, own: &str) -> bool {
        self.given == own || (self.whole.is_some() && self.whole == whole_name(own))
    }
}

impl fmt::Display for BaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.given)
    }
}

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
    /// What the file was when it was checked.
    pub stamp: Option<(u64, SystemTime)>,
}

/// Which of several images is meant.
pub struct Choice<'a> {
    /// Its name, if that was said.
    pub name: Option<BaseName>,
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
            match wrong_member(&base.config) {
                None => Ok(base),
                Some(key) => Err(store.wrong(format_args!(
                    "its configuration has a {key:?} that engines do not take"
                ))),
            }
        };
        open().map_err(|error: Error| error.because_of(Argument::Base))
    }

    /// Fails unless it runs where the image is to run.
    fn check_platform(&self, store: &Store, choice: &Choice) -> Result<()> {
        let text = |name| self.config.get(name).and_then(Value::as_str);
        match (text("os"), text("architecture")) {
            (Some("linux"), Some(architecture)) if architecture == choice.architecture => Ok(()),
            (Some("linux"), Some(architecture)) => Err(store.wrong(format_args!(
                "it is for {architecture}, and the image for {}; say which system is meant",
                choice.architecture
            ))),
            _ => Err(store.wrong("its configuration does not say that it is for Linux")),
        }
    }
}

/// The image meant of an OCI layout.
fn oci(store: &Store, choice: &Choice) -> Result<Base> {
    // What else layouts have, such as signatures, is no image.
    let mut images = Vec::new();
    for descriptor in store.images()? {
        if store.manifest(&descriptor)?.is_image() {
            images.push(descriptor);
        }
    }
    let names: Vec<Option<String>> = images.iter().map(Descriptor::name).collect();
    let is_named = |descriptor: &&Descriptor| {
        choice.name.as_ref().is_none_or(|name| {
            let names = [REF_NAME, CONTAINERD_NAME].map(|key| descriptor.annotation(key));
            let mut names = names.into_iter().flatten();
            names.any(|own| name.is(own))
        })
    };
    let mut named: Vec<&Descriptor> = images.iter().filter(is_named).collect();
    if named.is_empty() {
        return Err(no_such(store, choice, &names));
    }
    named.sort_by(|a, b| a.digest.cmp(&b.digest));
    named.dedup_by(|a, b| a.digest == b.digest);
    let platforms = named.iter().map(|descriptor| store.platform(descriptor));
    let platforms = platforms.collect::<Result<Vec<Platform>>>()?;
    let for_architecture: Vec<(&Descriptor, &Platform)> = std::iter::zip(named, &platforms)
        .filter(|(_, platform)| {
            platform.os == "linux" && platform.architecture == choice.architecture
        })
        .collect();
    // Those of the very variant, or else those for all.
    let variant = |wanted: Option<&str>| -> Vec<(&Descriptor, &Platform)> {
        let is_it =
            |(_, platform): &&(&Descriptor, &Platform)| platform.variant.as_deref() == wanted;
        for_architecture.iter().filter(is_it).copied().collect()
    };
    let mut meant = variant(choice.variant);
    if meant.is_empty() {
        meant = match choice.variant {
            Some(_) => variant(None),
            None => for_architecture.clone(),
        };
    }
    let image = match meant.as_slice() {
        [(one, _)] => store.image(one)?,
        [] => {
            let mut platforms: Vec<String> = platforms.iter().map(Platform::to_string).collect();
            platforms.sort_unstable();
            platforms.dedup();
            return Err(store.wrong(format_args!(
                "it has no image for {}, but for {}",
                choice.architecture,
                platforms.join(", ")
            )));
        }
        _ => {
            let mut variants: Vec<&str> = meant
                .iter()
                .filter_map(|(_, platform)| platform.variant.as_deref())
                .collect();
            variants.sort_unstable();
            variants.dedup();
            if choice.name.is_some() && variants.len() > 1 {
                return Err(store.wrong(format_args!(
                    "it has that image for several variants; say which: {}",
                    variants.join(", ")
                )));
            }
            return Err(several(store, &names));
        }
    };
    if image.layers.len() > MAX_LAYERS {
        return Err(store.wrong("it has too many layers"));
    }
    let layers = image.layers.into_iter().map(|layer| {
        let section = store.blob(&layer.digest)?;
        let section = section
            .filter(|section| section.size == layer.descriptor.size)
            .ok_or_else(|| store.wrong(format_args!("it has no blob {}", layer.digest)))?;
        // What this library says of layers is true of those that it makes.
        let mut annotations = layer.descriptor.annotations.unwrap_or_default();
        annotations.retain(|name, _| !name.starts_with(OWN_PREFIX));
        Ok(BaseLayer {
            diff_id: layer.diff_id,
            digest: layer.digest,
            compression: store.compression(&section)?,
            section,
            size: 0,
            annotations,
            stamp: None,
        })
    });
    Ok(Base {
        layers: layers.collect::<Result<_>>()?,
        config: store.parse(&image.config, "its configuration")?,
    })
}

/// The image meant of a Docker archive.
fn docker(store: &Store, choice: &Choice) -> Result<Base> {
    let images = store.docker_images()?;
    let tags = |image: &DockerImage| image.repo_tags.clone().unwrap_or_default();
    let names: Vec<Option<String>> = images
        .iter()
        .flat_map(|image| match tags(image).as_slice() {
            [] => vec![None],
            tags => tags.iter().cloned().map(Some).collect(),
        })
        .collect();
    let is_named = |image: &&DockerImage| {
        let is_it = |name: &BaseName| tags(image).iter().any(|tag| name.is(tag));
        choice.name.as_ref().is_none_or(is_it)
    };
    let named: Vec<_> = images.iter().filter(is_named).collect();
    let image = match named.as_slice() {
        [one] => one,
        [] => return Err(no_such(store, choice, &names)),
        _ => return Err(several(store, &names)),
    };
    let parts = store.docker_parts(image)?;
    if parts.layers.len() > MAX_LAYERS {
        return Err(store.wrong("it has too many layers"));
    }
    let layers = parts.layers.into_iter().map(|(name, diff_id)| {
        let section = store.file_of(&name)?;
        let compression = store.compression(&section)?;
        Ok(BaseLayer {
            diff_id,
            // What it is when it is not compressed; else it is not known.
            digest: diff_id,
            compression,
            section,
            size: 0,
            annotations: BTreeMap::new(),
            stamp: None,
        })
    });
    Ok(Base {
        layers: layers.collect::<Result<_>>()?,
        config: store.parse(&parts.config, &image.config)?,
    })
}

/// Names, of which images that have none are told apart by that.
fn listed(names: &[Option<String>]) -> String {
    let mut names: Vec<&str> = names
        .iter()
        .map(|name| name.as_deref().unwrap_or("one without a name"))
        .collect();
    names.dedup();
    names.join(", ")
}

fn several(store: &Store, names: &[Option<String>]) -> Error {
    store.wrong(format_args!(
        "it has several images; say by its name which is meant: {}",
        listed(names)
    ))
}

fn no_such(store: &Store, choice: &Choice, names: &[Option<String>]) -> Error {
    match (&choice.name, names) {
        (_, []) => store.wrong("it has no images"),
        (Some(name), _) => store.wrong(format_args!(
            "it has no image {name}, but these: {}",
            listed(names)
        )),
        (None, _) => store.wrong("it has no image that can be one"),
    }
}

impl BaseLayer {
    /// Reads the layer: its digests must be what is said, and its archive
    /// whole.  Its members are recorded in `changes`.
    pub fn check(&mut self, changes: &mut Changes, job: &Job) -> Result<()> {
        let wrong = |problem: String| {
            Error::new(
                Status::Input,
                format!("the layer {}: {problem}", self.diff_id),
            )
            .because_of(Argument::Base)
        };
        self.stamp = self.section.stamp().ok();
        let layer::Read { stored, archive } = layer::read(
            &self.section,
            self.compression,
            |member| changes.note(member),
            job,
        )?;
        // Of a compressed layer of a Docker archive, nothing says what it is.
        let is_said = self.digest != self.diff_id || self.compression == Compression::None;
        if is_said && stored != self.digest {
            return Err(wrong(format!(
                "what is stored as {} is not what its digest says",
                self.digest
            )));
        }
        let read = archive.map_err(&wrong)?;
        if read.diff_id != self.diff_id {
            return Err(wrong(format!(
                "its archive is {}, not what the configuration says",
                read.diff_id
            )));
        }
        self.digest = stored;
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
