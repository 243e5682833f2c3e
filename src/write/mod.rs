// SPDX-License-Identifier: GPL-3.0-or-later

//! Filling the planned places: files are read, hashed, compressed and
//! written, in one pass where the compressor allows it.

#![forbid(unsafe_code)]

mod buffers;
mod gzip;
mod gzip_member;
mod hashes;
mod in_order;
mod layers;
mod reader;
mod sink;
mod uncompressed;

use self::buffers::Pool;
use self::hashes::LayerHashes;
use self::layers::{LayerPass, LayerWork};
use crate::compress::command::Filter;
use crate::compress::zstd::Encoder;
use crate::digest::{DiffId, Digest};
use crate::error::Result;
use crate::format::{Ending, Layout};
use crate::input::FileSystem;
use crate::job::{Job, Monitor, Phase};
use crate::output::Output;
use crate::plan::Layer;
use crate::request::{Compressor, Request};

/// An image whose every byte has a place.
#[derive(Clone, Copy)]
pub struct Image<'a> {
    /// What it was made for.
    pub request: &'a Request,
    /// Where its files are.
    pub file_system: &'a FileSystem,
    /// Its layers.
    pub layers: &'a [Layer],
    /// The layer in whose place each layer is found.
    pub stored: &'a [usize],
    /// The places.
    pub layout: &'a Layout<'a>,
}

/// An image that was written.
pub struct Written {
    /// The digests of its layers.
    pub diff_ids: Vec<DiffId>,
    /// The digest of its configuration.
    pub image_id: Digest,
}

impl Image<'_> {
    /// The digests of all layers, and what comes after the last one, when all
    /// that are stored have been hashed.
    fn ending(&self, hashes: &LayerHashes) -> Result<(Vec<DiffId>, Ending)> {
        let diff_ids = self.stored.iter().map(|&index| hashes.get(index));
        let diff_ids = diff_ids.collect::<Result<Vec<_>>>()?;
        let ending = self.layout.ending(&diff_ids)?;
        Ok((diff_ids, ending))
    }
}

/// Writes `image` to `output`, which is empty.
pub fn write(image: &Image, output: &Output, job: &Job, monitor: &mut Monitor) -> Result<Written> {
    job.begin(Phase::Writing, image.layout.tail);
    match (&image.request.compressor, output) {
        (Compressor::Gzip(level), _) => gzip::write(image, *level, output, job, monitor),
        (Compressor::None, Output::File(file)) => {
            uncompressed::write(image, file.file(), job, monitor)
        }
        (Compressor::None, Output::Stream(_)) => {
            in_order::write(image, || Ok(sink::Plain(output)), job, monitor)
        }
        (Compressor::Zstd(options), _) => {
            let start = || {
                let encoder = Encoder::new(*options, image.request.threads)?;
                Ok(sink::Zstd { encoder, output })
            };
            in_order::write(image, start, job, monitor)
        }
        (Compressor::Command(words), _) => {
            in_order::write(image, || Filter::start(words, output), job, monitor)
        }
    }
}

/// Reads and hashes all layers that are stored, as the first part of writing.
fn hash_all<'b>(
    image: &Image,
    pool: &'b Pool,
    hashes: &LayerHashes<'b>,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<()> {
    let places: Vec<(usize, u64)> = image.layout.places().collect();
    let total: u64 = places
        .iter()
        .map(|&(index, _)| image.layers[index].size)
        .sum();
    job.begin(Phase::Writing, total + image.layout.tail);
    let work = LayerWork {
        file_system: image.file_system,
        layers: image.layers,
        places,
        output: None,
    };
    let pass = LayerPass::new(work, true, image.request.threads);
    job.run(pass.threads(), monitor, || pass.work(pool, hashes, job))
}

/// For each layer, the first one with the same content: itself if there is
/// none before.  `groups` are the layers that may be equal; only these are
/// read.
pub fn first_of_equals(
    request: &Request,
    file_system: &FileSystem,
    layers: &[Layer],
    groups: &[Vec<usize>],
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Vec<usize>> {
    let mut first: Vec<usize> = (0..layers.len()).collect();
    if groups.is_empty() {
        return Ok(first);
    }
    let places: Vec<(usize, u64)> = groups.iter().flatten().map(|&index| (index, 0)).collect();
    let total = places.iter().map(|&(index, _)| layers[index].size).sum();
    job.begin(Phase::Comparing, total);
    let pool = Pool::default();
    let digests = LayerHashes::new(layers);
    let work = LayerWork {
        file_system,
        layers,
        places,
        output: None,
    };
    let pass = LayerPass::new(work, true, request.threads);
    job.run(pass.threads(), monitor, || pass.work(&pool, &digests, job))?;
    for group in groups {
        for (position, &index) in group.iter().enumerate() {
            let digest = digests.get(index)?;
            for &earlier in &group[..position] {
                if digests.get(earlier)? == digest {
                    first[index] = first[earlier];
                    break;
                }
            }
        }
    }
    Ok(first)
}
