// SPDX-License-Identifier: GPL-3.0-or-later

//! Finding blobs in layouts by their annotations.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use super::super::Context;
use crate::codec::{Codec, Encoding, NONE};
use crate::digest::Digest;
use crate::error::{Argument, Result};
use crate::format::documents::oci::{ENCODED, ENCODER, FILES};
use crate::image::{Store, StoredLayer};
use crate::job::Job;
use crate::record::{Fact, Record};
use crate::request::ReusedLayout;
use crate::section::Section;
use crate::warning::Notice;

/// A blob that a layer may be.
pub struct Candidate {
    /// Index of the layer.
    pub layer: usize,
    /// Size in bytes of the layer's archive, as planned.
    pub archive_size: u64,
    /// The layer as an image has it.
    pub stored: StoredLayer,
    /// Codec of the blob.
    pub codec: &'static dyn Codec,
    /// The blob.
    pub section: Section,
    /// What that file was when it was found.
    pub stamp: Option<(u64, SystemTime)>,
    /// Whether the user's record says that it is this layer.
    pub is_recorded: bool,
}

impl Candidate {
    /// Whether the blob must be decompressed: neither the record nor its own
    /// digest say what is in it.
    pub fn is_unpacked(&self) -> bool {
        !self.is_recorded && self.codec != NONE
    }

    /// Number of bytes to read or decompress in checking the blob.
    pub fn work(&self) -> u64 {
        match self.is_unpacked() {
            true => self.archive_size,
            false => self.section.size,
        }
    }
}

/// What is looked for.
struct Search<'a> {
    context: &'a Context<'a>,
    encoding: Encoding,
    encoder: String,
    /// Layers without a candidate that is recorded, by fingerprint.
    wanted: BTreeMap<Digest, usize>,
    facts: BTreeSet<Fact>,
    found: BTreeMap<usize, Candidate>,
}

/// Lists blobs of the request's layouts, at most one for each layer of the image.
/// One that is recorded comes before one that is not.
pub fn candidates(context: &Context, encoding: Encoding, job: &Job) -> Result<Vec<Candidate>> {
    let layouts = context.request.reused_layouts();
    if layouts.is_empty() {
        return Ok(Vec::new());
    }
    let layers = context.stored_layers();
    let wanted: BTreeMap<Digest, usize> = layers
        .filter_map(|index| Some((context.layers()[index].fingerprint?, index)))
        .collect();
    let record = Record::new(context.request.layers.cache_home.as_deref());
    let mut search = Search {
        context,
        encoding,
        encoder: encoding.identity(),
        facts: record.facts(&wanted.keys().copied().collect()),
        wanted,
        found: BTreeMap::new(),
    };
    for layout in layouts {
        search.look_into(&layout, job)?;
    }
    Ok(search.found.into_values().collect())
}

impl Search<'_> {
    fn look_into(&mut self, layout: &ReusedLayout, job: &Job) -> Result<()> {
        let found = Store::open(layout.name, job).and_then(|store| Ok((store.images(job)?, store)));
        let (descriptors, store) = match found {
            Ok(found) => found,
            // It is written to, and that finds out what is wrong with it.
            Err(_) if layout.is_target => return job.check(),
            Err(error) => return Err(error.with_argument(Argument("reuse"))),
        };
        for descriptor in descriptors {
            job.check()?;
            // An image that cannot be read has nothing to give.
            let Ok(stored) = store.image(&descriptor) else {
                continue;
            };
            for stored in stored.layers {
                self.consider(&store, stored);
            }
        }
        Ok(())
    }

    fn consider(&mut self, store: &Store, stored: StoredLayer) {
        let descriptor = &stored.descriptor;
        let is_ours = descriptor.annotation(ENCODER) == Some(&self.encoder)
            && descriptor.annotation(ENCODED) == Some(&descriptor.digest)
            && descriptor.media_type == self.encoding.codec.media_type();
        let files = descriptor.annotation(FILES).filter(|_| is_ours);
        let Some(fingerprint) = files.and_then(Digest::parse) else {
            return;
        };
        let Some(&layer) = self.wanted.get(&fingerprint) else {
            return;
        };
        let is_recorded = self.facts.contains(&Fact {
            fingerprint,
            encoder: self.encoder.clone(),
            diff_id: stored.diff_id,
            digest: stored.digest,
            size: descriptor.size,
        });
        let place = self.found.entry(layer);
        if matches!(place, Entry::Occupied(_)) && !is_recorded {
            return;
        }
        let archive_size = self.context.layers()[layer].size;
        let section = match store.blob(&stored.digest) {
            Ok(Some(section)) if section.size == descriptor.size => section,
            _ => return blame(self.context, Notice::Blob, &stored),
        };
        if !is_recorded && !is_plausible(self.encoding.codec, &stored, archive_size) {
            return blame(self.context, Notice::Layer, &stored);
        }
        let candidate = Candidate {
            layer,
            archive_size,
            codec: self.encoding.codec,
            stamp: section.stamp().ok(),
            stored,
            section,
            is_recorded,
        };
        match place {
            Entry::Occupied(mut place) => drop(place.insert(candidate)),
            Entry::Vacant(place) => drop(place.insert(candidate)),
        }
        if is_recorded {
            self.wanted.remove(&fingerprint);
        }
    }
}

/// Whether an encoder may have made the blob of an archive of that size: none
/// makes a blob that is much larger.
fn is_plausible(codec: &'static dyn Codec, stored: &StoredLayer, archive_size: u64) -> bool {
    let size = stored.descriptor.size;
    match codec == NONE {
        true => size == archive_size && stored.digest == stored.diff_id,
        false => size <= archive_size + archive_size / 64 + 4096,
    }
}

/// Warns that a blob is not what is said of it.
pub fn blame(context: &Context, notice: Notice, stored: &StoredLayer) {
    let digest = stored.digest.to_string();
    context.file_system.warnings.note(notice, digest.as_bytes());
}
