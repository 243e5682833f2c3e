// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers that OCI image layouts have already, compressed as they would be.
//!
//! Annotations of a layer's descriptor lead to a blob: the encoder, which must
//! be the same, and the fingerprint of the files.  They are hints that anyone
//! can write.  A blob becomes a layer in one of two ways:
//!
//! - The user's [record](crate::record) has the fact that this encoder made
//!   this blob from files of this fingerprint.  The blob is read for its digest,
//!   and the files for theirs, unless they never change.
//! - There is no such fact.  The files are read for their digest, and the blob
//!   is decompressed: its archive must have that digest too.

mod find;
mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use self::find::Candidate;
use super::Context;
use super::hashes::LayerHashes;
use super::layers::{LayerPass, LayerWork};
use crate::codec::Encoding;
use crate::digest::Digest;
use crate::error::Result;
use crate::format::Blob;
use crate::image::BaseLayer;
use crate::job::{Job, Monitor};
use crate::plan::{Layer, Role};
use crate::record::{Fact, Record};
use crate::section::Section;

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
                codec: layer.codec,
            },
            section: layer.section.clone(),
            stamp: layer.stamp,
        }
    }
}

/// Blobs that layers of an image may be.
pub struct Candidates<'a> {
    context: &'a Context<'a>,
    encoding: Encoding,
    list: Vec<Candidate>,
    /// The layers among them that must be read.
    unread: Vec<usize>,
}

impl<'a> Candidates<'a> {
    /// Lists the blobs in the request's layouts whose annotations fit a layer
    /// that is encoded by `encoding`.
    pub fn find(context: &'a Context, encoding: Encoding, job: &Job) -> Result<Self> {
        let list = find::candidates(context, encoding, job)?;
        let is_read = |candidate: &&Candidate| {
            !candidate.is_recorded || !is_immutable(context, &context.layers()[candidate.layer])
        };
        let unread = list.iter().filter(is_read);
        Ok(Candidates {
            context,
            encoding,
            unread: unread.map(|candidate| candidate.layer).collect(),
            list,
        })
    }

    /// Number of bytes that are read or decompressed to check them.
    pub fn size(&self) -> u64 {
        let layers = self.unread.iter();
        let layers = layers.map(|&layer| self.context.layers()[layer].size);
        let blobs = self.list.iter().map(Candidate::work);
        layers.chain(blobs).sum()
    }

    /// For each layer, the blob that it is.
    pub fn check(self, job: &Job, monitor: &mut Monitor) -> Result<Vec<Option<Found>>> {
        let context = self.context;
        let layers = context.layers().iter();
        let mut found: Vec<Option<Found>> = layers
            .map(|layer| layer.base.as_ref().map(Found::from))
            .collect();
        if self.list.is_empty() {
            return Ok(found);
        }
        let digests = hash_layers(context, &self.unread, job, monitor)?;
        // A blob of other content need not be looked at.
        let (list, others): (Vec<_>, Vec<_>) = self.list.into_iter().partition(|candidate| {
            let digest = digests.get(&candidate.layer);
            digest.is_none_or(|digest| *digest == candidate.stored.diff_id)
        });
        job.advance(others.iter().map(Candidate::work).sum());
        let verified = verify::candidates(context, &list, job, monitor)?;
        for (candidate, is_right) in std::iter::zip(list, verified) {
            if is_right {
                let blob = Blob {
                    diff_id: candidate.stored.diff_id,
                    digest: candidate.stored.digest,
                    size: candidate.section.size,
                    codec: self.encoding.codec,
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

/// Adds to the user's record the `layers` of the image, which this build made or
/// checked.  Layers of a base are not among them.
pub fn record(context: &Context, layers: &[Blob]) -> Result<()> {
    let encoder = context.request.output.encoding()?.identity();
    let bases = context
        .layers()
        .iter()
        .filter_map(|layer| layer.base.as_ref());
    let bases: BTreeSet<Digest> = bases.map(|base| base.diff_id).collect();
    let facts = std::iter::zip(context.layers(), layers).filter_map(|(layer, blob)| {
        let fact = Fact {
            fingerprint: layer.fingerprint?,
            encoder: encoder.clone(),
            diff_id: blob.diff_id,
            digest: blob.digest,
            size: blob.size,
        };
        // In the place of one of the same content, the base's blob is stored.
        (!bases.contains(&blob.diff_id)).then_some(fact)
    });
    Record::new(context.request.layers.cache_home.as_deref()).add(facts.collect());
    Ok(())
}

/// Whether the files of `layer` are the same as long as their names are.
fn is_immutable(context: &Context, layer: &Layer) -> bool {
    let request = context.request;
    request.layers.immutable_paths
        && match layer.role {
            Role::Items => true,
            // The database is a file of no path.
            Role::Everything | Role::Customization => request.content.database.is_none(),
            Role::RootSystem | Role::Base => false,
        }
}

/// The digests of the layers `unread`, by index.
fn hash_layers(
    context: &Context,
    unread: &[usize],
    job: &Job,
    monitor: &mut Monitor,
) -> Result<BTreeMap<usize, Digest>> {
    let work = LayerWork::unwritten(
        context.file_system,
        context.layers(),
        unread.iter().copied(),
    );
    let pass = LayerPass::new(work, true, context.threads());
    let pool = pass.pool()?;
    let hashes = LayerHashes::new(context.layers());
    if !unread.is_empty() {
        pass.run(&pool, &hashes, job, monitor)?;
    }
    let digest = |&layer: &usize| Ok((layer, hashes.get(layer)?));
    unread.iter().map(digest).collect()
}
