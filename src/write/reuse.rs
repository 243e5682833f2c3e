// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers that OCI image layouts have already, compressed as they would be.
//!
//! A layout's layers are told apart by what their descriptors say: the
//! encoder, which must be the same, and the fingerprint of the files.  Where
//! that is the layer's, the layer is read for its digest, unless its files
//! never change; and the blob is read for its own.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use super::Image;
use super::hashes::LayerHashes;
use super::layers::{LayerPass, LayerWork};
use crate::compress::Packing;
use crate::digest::{Digest, Sha256, update_both};
use crate::error::{Argument, Result};
use crate::format::Blob;
use crate::format::documents::oci::{ENCODED, ENCODER, FILES, layer_type};
use crate::image::{BaseLayer, Section, Store, StoredLayer};
use crate::job::{Job, Monitor, lock};
use crate::memory;
use crate::plan::{Layer, Role};
use crate::warning::Notice;

/// The bytes of a blob that are read at a time.
const READ_SIZE: u64 = 256 << 10;

/// A blob that is there.
#[derive(Clone)]
pub struct Found {
    /// The layer that it is.
    pub blob: Blob,
    /// Where it is, and had its digest.
    pub section: Section,
    /// What that file was before.
    stamp: Option<(u64, SystemTime)>,
}

impl Found {
    /// Whether the file is what it was when its digest was taken.
    pub fn is_unchanged(&self) -> bool {
        self.stamp.is_some() && self.section.stamp().ok() == self.stamp
    }
}

impl From<&BaseLayer> for Found {
    fn from(layer: &BaseLayer) -> Self {
        Found {
            blob: Blob {
                diff_id: layer.diff_id,
                digest: layer.digest,
                size: layer.section.size,
                compression: layer.compression,
            },
            section: layer.section.clone(),
            stamp: layer.stamp,
        }
    }
}

/// Blobs that layers of an image may be.
pub struct Candidates<'a> {
    image: &'a Image<'a>,
    packing: Packing,
    list: Vec<Candidate>,
    /// The layers among them that must be read.
    unread: Vec<usize>,
}

impl<'a> Candidates<'a> {
    /// Those of the request's layouts, by what is said of them, for layers that
    /// are compressed as `packing` says.
    pub fn find(image: &'a Image, packing: Packing) -> Result<Self> {
        let list = list(image, packing)?;
        let layers = list.iter().map(|candidate| candidate.layer);
        let unread = layers.filter(|&layer| !is_immutable(image, &image.layers()[layer]));
        Ok(Candidates {
            image,
            packing,
            unread: unread.collect(),
            list,
        })
    }

    /// How many bytes are read to check them.
    pub fn size(&self) -> u64 {
        let layers = self.unread.iter();
        let layers = layers.map(|&layer| self.image.layers()[layer].size);
        let blobs = self.list.iter().map(|candidate| candidate.section.size);
        layers.chain(blobs).sum()
    }

    /// For each layer, the blob that it is.
    pub fn check(self, job: &Job, monitor: &mut Monitor) -> Result<Vec<Option<Found>>> {
        let image = self.image;
        let layers = image.layers().iter();
        let mut found: Vec<Option<Found>> = layers
            .map(|layer| layer.base.as_ref().map(Found::from))
            .collect();
        if self.list.is_empty() {
            return Ok(found);
        }
        let digests = hash_layers(image, &self.unread, job, monitor)?;
        let verified = verify(image, &self.list, job, monitor)?;
        for (candidate, is_right) in std::iter::zip(self.list, verified) {
            let diff_id = candidate.stored.diff_id;
            let digest = digests.get(&candidate.layer).copied().unwrap_or(diff_id);
            if is_right && digest == diff_id {
                let blob = Blob {
                    diff_id,
                    digest: candidate.stored.digest,
                    size: candidate.section.size,
                    compression: self.packing.compression(),
                };
                found[candidate.layer] = Some(Found {
                    blob,
                    section: candidate.section,
                    stamp: candidate.stamp,
                });
            }
        }
        Ok(found)
    }
}

/// A blob that a layer may be.
struct Candidate {
    layer: usize,
    stored: StoredLayer,
    section: Section,
    stamp: Option<(u64, SystemTime)>,
}

/// See [`Candidates::find`].
fn list(image: &Image, packing: Packing) -> Result<Vec<Candidate>> {
    let encoder = packing.encoder();
    let mut wanted: BTreeMap<String, usize> = image
        .stored_layers()
        .filter_map(|index| Some((image.layers()[index].fingerprint?.to_string(), index)))
        .collect();
    let mut candidates = Vec::new();
    let media_type = layer_type(packing.compression());
    for layout in image.request.reused_layouts() {
        let found = Store::open(layout.name, &Job::default())
            .and_then(|store| Ok((store.images(&Job::default())?, store)));
        let (descriptors, store) = match found {
            Ok(found) => found,
            // It is written to, and that finds out what is wrong with it.
            Err(_) if layout.is_target => continue,
            Err(error) => return Err(error.because_of(Argument::Reuse)),
        };
        for descriptor in descriptors {
            // An image that cannot be read has nothing to give.
            let Ok(stored) = store.image(&descriptor) else {
                continue;
            };
            for stored in stored.layers {
                let StoredLayer { descriptor, .. } = &stored;
                let is_ours = descriptor.annotation(ENCODER) == Some(&encoder)
                    && descriptor.annotation(ENCODED) == Some(&descriptor.digest)
                    && descriptor.media_type == media_type;
                if !is_ours {
                    continue;
                }
                let files = descriptor.annotation(FILES).unwrap_or_default();
                let Some(&layer) = wanted.get(files) else {
                    continue;
                };
                match store.blob(&stored.digest) {
                    Ok(Some(section)) if section.size == descriptor.size => {
                        wanted.remove(files);
                        candidates.push(Candidate {
                            layer,
                            stored,
                            stamp: section.stamp().ok(),
                            section,
                        });
                    }
                    _ => blame(image, &stored),
                }
            }
        }
    }
    Ok(candidates)
}

/// Warns that a blob is not what it is said to be.
fn blame(image: &Image, stored: &StoredLayer) {
    let digest = stored.digest.to_string();
    let warnings = &image.file_system.warnings;
    warnings.note(Notice::Blob, digest.as_bytes());
}

/// Whether the files of `layer` are the same as long as their names are.
fn is_immutable(image: &Image, layer: &Layer) -> bool {
    let request = image.request;
    request.immutable_paths
        && match layer.role {
            Role::Items => true,
            // The database is a file of no path.
            Role::Everything | Role::Customization => request.database.is_none(),
            Role::RootSystem | Role::Base => false,
        }
}

/// The digests of the layers `unread`, by index.
fn hash_layers(
    image: &Image,
    unread: &[usize],
    job: &Job,
    monitor: &mut Monitor,
) -> Result<BTreeMap<usize, Digest>> {
    let work = LayerWork::unwritten(image.file_system, image.layers(), unread.iter().copied());
    let pass = LayerPass::new(work, true, image.request.threads);
    let pool = pass.pool()?;
    let hashes = LayerHashes::new(image.layers());
    if !unread.is_empty() {
        pass.run(&pool, &hashes, job, monitor)?;
    }
    let digest = |&layer: &usize| Ok((layer, hashes.get(layer)?));
    unread.iter().map(digest).collect()
}

/// Whether each of the candidates' blobs has its digest.
fn verify(
    image: &Image,
    candidates: &[Candidate],
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Vec<bool>> {
    let next = AtomicUsize::new(0);
    let verified = Mutex::new(vec![false; candidates.len()]);
    let threads = image.request.threads.min(candidates.len());
    job.run(threads, monitor, || {
        // Two at once take less time than one after the other.
        let mut open: Vec<Verification> = Vec::with_capacity(2);
        loop {
            job.check()?;
            while open.len() < 2 {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(candidate) = candidates.get(index) else {
                    break;
                };
                open.push(Verification::new(index, &candidate.section));
            }
            if open.is_empty() {
                return Ok(());
            }
            open.iter_mut().try_for_each(Verification::read)?;
            match open.as_mut_slice() {
                [one, other] => update_both(one.part(), other.part()),
                parts => parts.iter_mut().for_each(|part| {
                    let (hasher, bytes) = part.part();
                    hasher.update(bytes);
                }),
            }
            open.retain_mut(|part| {
                job.advance(part.buffer.len() as u64);
                if !part.is_over() {
                    return true;
                }
                let Candidate { stored, .. } = &candidates[part.index];
                match part.digest() == Some(stored.digest) {
                    true => lock(&verified)[part.index] = true,
                    false => blame(image, stored),
                }
                false
            });
        }
    })?;
    let verified = std::mem::take(&mut *lock(&verified));
    Ok(verified)
}

/// A blob that is being read.
struct Verification<'a> {
    index: usize,
    section: &'a Section,
    hasher: Sha256,
    /// The end of what has been read.
    position: u64,
    /// What is to be hashed next.
    buffer: Vec<u8>,
    failed: bool,
}

impl<'a> Verification<'a> {
    fn new(index: usize, section: &'a Section) -> Self {
        Verification {
            index,
            section,
            hasher: Sha256::default(),
            position: 0,
            buffer: Vec::new(),
            failed: false,
        }
    }

    fn read(&mut self) -> Result<()> {
        let size = (self.section.size - self.position).min(READ_SIZE) as usize;
        memory::resize(&mut self.buffer, size)?;
        self.failed |= self
            .section
            .read_at(&mut self.buffer, self.position)
            .is_err();
        self.position += size as u64;
        Ok(())
    }

    fn part(&mut self) -> (&mut Sha256, &[u8]) {
        (&mut self.hasher, &self.buffer)
    }

    fn is_over(&self) -> bool {
        self.failed || self.position == self.section.size
    }

    /// The digest, if all could be read.
    fn digest(&mut self) -> Option<Digest> {
        (!self.failed).then(|| mem::take(&mut self.hasher).into())
    }
}
