// SPDX-License-Identifier: GPL-3.0-or-later

//! Filling the planned places: files are read, hashed, compressed and
//! written, in one pass where the compressor allows it.

#![forbid(unsafe_code)]

mod blob_sinks;
mod blobs;
mod buffers;
mod filter;
mod gzip;
mod gzip_member;
mod hashes;
mod in_order;
mod layers;
mod queue;
mod reader;
mod relay;
mod reuse;
mod sink;
mod uncompressed;

use std::iter::zip;

pub use self::reuse::record;

use self::buffers::Pool;
use self::filter::Filter;
use self::hashes::LayerHashes;
use self::layers::{LayerPass, LayerWork};
use crate::codec::Packing;
use crate::codec::zstd::Encoder;
use crate::digest::DiffId;
use crate::error::Result;
use crate::format::{self, Blob, Documents, Ending, Layout};
use crate::input::FileSystem;
use crate::job::{Job, Monitor, Phase};
use crate::output::{Archive, Output};
use crate::plan::{Layer, Plan};
use crate::request::{Compressor, Request};

/// An image to write.
#[derive(Clone, Copy)]
pub struct Image<'a> {
    /// What it was made for.
    pub request: &'a Request,
    /// Where its files are.
    pub file_system: &'a FileSystem,
    /// Its layers.
    pub plan: &'a Plan,
    /// The layer in whose place each layer is found.
    pub stored: &'a [usize],
}

/// An image that was written.
pub struct Written {
    /// Its layers.
    pub layers: Vec<Blob>,
    /// What says what it is.
    pub documents: Documents,
}

impl<'a> Image<'a> {
    /// Its layers, lowest first.
    fn layers(&self) -> &'a [Layer] {
        &self.plan.layers
    }

    /// The layers that are stored.
    fn stored_layers(&self) -> impl Iterator<Item = usize> {
        let all = self.stored.iter().enumerate();
        all.filter_map(|(index, &stored)| (index == stored).then_some(index))
    }

    /// Their size in bytes before compression.
    fn stored_size(&self) -> u64 {
        self.stored_layers()
            .map(|index| self.layers()[index].size)
            .sum()
    }

    /// The digests of all layers, and what comes after the last one, when all
    /// that are stored have been hashed.
    fn ending(&self, layout: &Layout, hashes: &LayerHashes) -> Result<(Vec<DiffId>, Ending)> {
        let diff_ids = self.stored.iter().map(|&index| hashes.get(index));
        let diff_ids = diff_ids.collect::<Result<Vec<_>>>()?;
        let ending = layout.ending(&diff_ids)?;
        Ok((diff_ids, ending))
    }

    /// The image with its layers as they are.
    fn written(&self, diff_ids: &[DiffId], documents: Documents) -> Written {
        let layers = zip(diff_ids, self.layers());
        Written {
            layers: layers
                .map(|(id, layer)| Blob::plain(*id, layer.size))
                .collect(),
            documents,
        }
    }
}

/// Writes `image` to `output`, which is empty or a directory of other images.
pub fn write(image: &Image, output: &Output, job: &Job, monitor: &mut Monitor) -> Result<Written> {
    let request = image.request;
    match output {
        Output::Archive(archive) if !request.format.stores_blobs() => {
            write_archive(image, request.archive_compressor(), archive, job, monitor)
        }
        // Layers of a base are stored as they are there, whatever that is.
        Output::Archive(archive)
            if request.packing()? == Packing::None && request.base.is_none() =>
        {
            write_archive(image, &Compressor::None, archive, job, monitor)
        }
        _ => blobs::write(image, request.packing()?, output, job, monitor),
    }
}

/// Writes `image` to `output`, which is empty, with its layers as they are and
/// the whole compressed by `compressor`.
fn write_archive(
    image: &Image,
    compressor: &Compressor,
    output: &Archive,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Written> {
    let format = format::archive_format(image.request, image.plan)?;
    let layout = &Layout::new(&*format, image.layers(), image.stored);
    job.begin(Phase::Writing, layout.tail);
    match (compressor, output) {
        (Compressor::Gzip(level), _) => gzip::write(image, layout, *level, output, job, monitor),
        (Compressor::None, Archive::File(file)) => {
            uncompressed::write(image, layout, file.file(), job, monitor)
        }
        (Compressor::None, Archive::Stream(_)) => {
            in_order::write(image, layout, || Ok(sink::Plain(output)), job, monitor)
        }
        (Compressor::Zstd(options), _) => {
            let start = || {
                let encoder = Encoder::new(*options, image.request.threads)?;
                Ok(sink::Zstd { encoder, output })
            };
            in_order::write(image, layout, start, job, monitor)
        }
        (Compressor::Command(words), _) => {
            let start = || Filter::start(words, output);
            in_order::write(image, layout, start, job, monitor)
        }
    }
}

/// Reads and hashes all layers that are stored, as the first part of writing;
/// as many bytes as `rest` says are the second one.
fn hash_all<'b>(
    image: &Image,
    rest: u64,
    pool: &'b Pool,
    hashes: &LayerHashes<'b>,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<()> {
    job.begin(Phase::Writing, image.stored_size() + rest);
    let work = LayerWork::unwritten(image.file_system, image.layers(), image.stored_layers());
    let pass = LayerPass::new(work, true, image.request.threads);
    pass.run(pool, hashes, job, monitor)
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
    let all = groups.iter().flatten().copied();
    let unread: Vec<usize> = all.filter(|&index| layers[index].base.is_none()).collect();
    let total = unread.iter().map(|&index| layers[index].size).sum();
    let is_read = !unread.is_empty();
    let work = LayerWork::unwritten(file_system, layers, unread);
    let pass = LayerPass::new(work, true, request.threads);
    let pool = pass.pool()?;
    let digests = LayerHashes::new(layers);
    if is_read {
        job.begin(Phase::Comparing, total);
        pass.run(&pool, &digests, job, monitor)?;
    }
    let digest_of = |index: usize| match &layers[index].base {
        Some(base) => Ok(base.diff_id),
        None => digests.get(index),
    };
    for group in groups {
        for (position, &index) in group.iter().enumerate() {
            let digest = digest_of(index)?;
            for &earlier in &group[..position] {
                if digest_of(earlier)? == digest {
                    first[index] = first[earlier];
                    break;
                }
            }
        }
    }
    Ok(first)
}
