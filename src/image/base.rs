// SPDX-License-Identifier: GPL-3.0-or-later

//! Base image: the image that another one is built on top of.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::catalog::Catalog;
use super::select::Wanted;
use super::store::Store;
use super::whole::{WholeImage, WholeLayer};
use super::{Changes, codec, layer};
use crate::codec::{Codec, NONE};
use crate::digest::{DiffId, Digest};
use crate::error::{Argument, Error, Result, Status};
use crate::job::Job;
use crate::json::{Object, form, keys, normalized};
use crate::section::Section;

/// Maximum number of layers of a base image; each is an open file.
const MAX_LAYERS: usize = 500;

/// Prefix of this library's own annotations.
const OWN_PREFIX: &str = "guix-docker.";

/// Base image.
pub struct Base {
    /// Configuration, under the specification's names.
    pub config: Object,
    /// Layers, lowest first.
    pub layers: Vec<BaseLayer>,
    /// True if neither the configuration nor an index says what the image is for.
    pub has_no_platform: bool,
}

/// Layer of a base image.  Its digests are verified by [`BaseLayer::check`].
#[derive(Clone, Debug)]
pub struct BaseLayer {
    /// Digest of the archive before compression.
    pub diff_id: DiffId,
    /// Digest of the blob.
    pub digest: Digest,
    /// The blob.
    pub section: Section,
    /// Codec of the blob.
    pub codec: &'static dyn Codec,
    /// Size in bytes of the archive before compression.
    pub size: u64,
    /// Annotations of the layer.
    pub annotations: BTreeMap<String, String>,
    /// Stamp of the file when the layer was checked.
    pub stamp: Option<(u64, SystemTime)>,
    /// True if the layer was to be fetched from elsewhere, and is stored as an
    /// ordinary one.
    pub was_foreign: bool,
}

impl Base {
    /// Opens the image of the archive or directory `name` that is wanted.  An
    /// archive that is compressed as a whole is decompressed.
    pub fn open(name: &[u8], wanted: &Wanted, job: &Job) -> Result<Self> {
        let open = || {
            let store = Store::open_packed(name, job)?;
            let catalog = Catalog::read(&store, job)?;
            let image = catalog.open(&store, catalog.choose(&store, wanted)?)?;
            check_platform(&store, &image, wanted)?;
            if let Some(key) = form::misformed(&image.config, keys::WHOLE) {
                return Err(store.wrong(format_args!(
                    "its configuration has a {key:?} that engines do not take"
                )));
            }
            if image.layers.len() > MAX_LAYERS {
                return Err(store.wrong(format_args!(
                    "it has {} layers; the maximum is {MAX_LAYERS}",
                    image.layers.len()
                )));
            }
            let layers = image
                .layers
                .into_iter()
                .map(|layer| base_layer(&store, layer));
            Ok(Base {
                layers: layers.collect::<Result<_>>()?,
                config: normalized(&image.config, keys::WHOLE),
                has_no_platform: image.target.is_unknown(),
            })
        };
        open().map_err(|error: Error| error.with_argument(Argument("base")))
    }
}

/// Fails if the configuration of `image` is for another platform than the index
/// says.
fn check_platform(store: &Store, image: &WholeImage, wanted: &Wanted) -> Result<()> {
    let Some(platform) = &wanted.platform else {
        return Ok(());
    };
    let own = &image.target;
    let is_it = |own: &str, wanted: &str| own.is_empty() || own == wanted;
    match own.is_unknown()
        || (is_it(&own.os, &platform.os) && is_it(&own.architecture, &platform.architecture))
    {
        true => Ok(()),
        false => Err(store.wrong(format_args!(
            "its configuration is for {own}, and the image for {}/{}",
            platform.os, platform.architecture
        ))),
    }
}

fn base_layer(store: &Store, layer: WholeLayer) -> Result<BaseLayer> {
    let codec = layer.codec.map_err(|codec| {
        store.wrong(format_args!(
            "the layer {} is compressed by {codec}; decompress it first, or use gzip or zstd",
            layer.diff_id
        ))
    })?;
    // Annotations of this library are true of layers that it makes alone.
    let mut annotations = layer.annotations();
    annotations.retain(|name, _| !name.starts_with(OWN_PREFIX));
    let urls = layer.descriptor.as_ref();
    let urls = urls.map_or_else(Vec::new, |(_, descriptor)| descriptor.urls());
    let Some(section) = layer.section else {
        return Err(store.wrong(format_args!(
            "the layer {} is foreign and not here; add its blob, which is to be had at {}",
            layer.diff_id,
            urls.join(", ")
        )));
    };
    if let Some((digest, descriptor)) = &layer.descriptor {
        if section.size != descriptor.size {
            return Err(store.wrong(format_args!("the blob {digest} is truncated or too long")));
        }
    }
    Ok(BaseLayer {
        diff_id: layer.diff_id,
        // A Docker archive has no digest of a compressed layer.
        digest: layer
            .descriptor
            .as_ref()
            .map_or(layer.diff_id, |layer| layer.0),
        codec,
        section,
        size: 0,
        annotations,
        stamp: None,
        was_foreign: !urls.is_empty(),
    })
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
            .with_argument(Argument("base"))
        };
        self.stamp = self.section.stamp().ok();
        let layer::Read { stored, archive } = layer::read(
            &self.section,
            self.codec,
            |member| changes.note(member),
            job,
        )?;
        // Of a compressed layer of a Docker archive, nothing says what it is.
        let is_said = self.digest != self.diff_id || self.codec == NONE;
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
        match read.oddity {
            // Decompressed, every engine reads it.
            Some(_) => self.unpack(job),
            None => Ok(()),
        }
    }

    /// The layer as it is before compression, in a file without a name if need
    /// be.
    pub fn unpack(&mut self, job: &Job) -> Result<()> {
        let section = codec::plain(self.section.clone(), job);
        (self.section, _) = section.map_err(|error| error.with_argument(Argument("base")))?;
        self.codec = NONE;
        self.digest = self.diff_id;
        self.stamp = self.section.stamp().ok();
        Ok(())
    }
}
