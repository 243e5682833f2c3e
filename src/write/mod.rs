// SPDX-License-Identifier: GPL-3.0-or-later

//! Filling the planned places: files are read, hashed, compressed and
//! written, in one pass where the compressor allows it.

#![forbid(unsafe_code)]

mod archive;
mod blobs;
mod buffers;
mod chunks;
mod filter;
mod hashes;
mod in_order;
mod layers;
mod queue;
mod reader;
mod relay;
mod reuse;
mod sink;
mod stream;
mod uncompressed;
mod whole;

use std::iter::zip;

pub use self::reuse::record;

use self::archive::ArchiveWriter;
use self::buffers::Pool;
use self::filter::Filter;
use self::hashes::LayerHashes;
use self::layers::{LayerPass, LayerWork};
use self::stream::Stream;
use crate::codec::zstd::{self, StreamEncoder};
use crate::codec::{Encoding, NONE, ZSTD};
use crate::digest::DiffId;
use crate::error::Result;
use crate::format::{self, Blob, Documents, Ending, Layout};
use crate::input::FileSystem;
use crate::job::{Job, Monitor, Phase};
use crate::output::{Archive, Output};
use crate::plan::{Layer, Plan};
use crate::request::{Compressor, Request};

/// Image to write, and its surroundings.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Request.
    pub request: &'a Request,
    /// File system of the image's files.
    pub file_system: &'a FileSystem,
    /// Layers of the image.
    pub plan: &'a Plan,
    /// The layer in whose place each layer is found.
    pub stored: &'a [usize],
}

/// Image that was written.
pub struct Written {
    /// Layers as they are stored.
    pub layers: Vec<Blob>,
    /// Configuration, manifest and other documents.
    pub documents: Documents,
}

impl<'a> Context<'a> {
    /// Returns the maximum number of threads.
    fn threads(&self) -> usize {
        self.request.running.threads
    }

    /// Returns the layers of the image, lowest first.
    fn layers(&self) -> &'a [Layer] {
        &self.plan.layers
    }

    /// Returns the layers that are stored.
    fn stored_layers(&self) -> impl Iterator<Item = usize> {
        let all = self.stored.iter().enumerate();
        all.filter_map(|(index, &stored)| (index == stored).then_some(index))
    }

    /// Returns their size in bytes before compression.
    fn stored_size(&self) -> u64 {
        self.stored_layers()
            .map(|index| self.layers()[index].size)
            .sum()
    }

    /// Returns the digests of all layers and the archive's end, when all layers that
    /// are stored have been hashed.
    fn ending(&self, layout: &Layout, hashes: &LayerHashes) -> Result<(Vec<DiffId>, Ending)> {
        let diff_ids = self.stored.iter().map(|&index| hashes.get(index));
        let diff_ids = diff_ids.collect::<Result<Vec<_>>>()?;
        let ending = layout.ending(&diff_ids)?;
        Ok((diff_ids, ending))
    }

    /// Returns the result for an image with its layers as they are.
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

/// Writes the image to `output`, which is empty or a directory of other images.
pub fn write(
    context: &Context,
    output: &Output,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Written> {
    let request = context.request;
    match output {
        Output::Archive(archive) if !request.output.format.stores_blobs() => write_archive(
            context,
            request.output.archive_compressor(),
            archive,
            job,
            monitor,
        ),
        // Layers of a base are stored as they are there, whatever that is.
        Output::Archive(archive)
            if request.output.encoding()? == Encoding::NONE && request.layers.base.is_none() =>
        {
            let compressor = Compressor::Codec(Encoding::NONE);
            write_archive(context, &compressor, archive, job, monitor)
        }
        _ => blobs::write(context, request.output.encoding()?, output, job, monitor),
    }
}

/// Writes the image to `output`, which is empty, with its layers as they are and
/// the whole compressed by `compressor`.
fn write_archive(
    context: &Context,
    compressor: &Compressor,
    output: &Archive,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Written> {
    let format = format::archive_format(context.request, context.plan)?;
    let layout = &Layout::new(&*format, context.layers(), context.stored);
    job.begin(Phase::Writing, layout.tail);
    let writer = || ArchiveWriter::new(output, job);
    let zstd = |options| {
        let encoder = StreamEncoder::new(options, context.threads())?;
        Ok(Stream::Zstd(Box::new(encoder), writer()))
    };
    match (compressor, output) {
        (Compressor::Codec(Encoding { codec, .. }), Archive::File(file)) if *codec == NONE => {
            uncompressed::write(context, layout, file.file(), job, monitor)
        }
        (Compressor::Codec(Encoding { codec, .. }), Archive::Stream(_)) if *codec == NONE => {
            in_order::write(
                context,
                layout,
                || Ok(Stream::Plain(writer())),
                job,
                monitor,
            )
        }
        // It is one frame, as `zstd` makes it.
        (&Compressor::Codec(Encoding { codec, level }), _) if codec == ZSTD => {
            let options = zstd::Options { level, long: None };
            in_order::write(context, layout, || zstd(options), job, monitor)
        }
        (Compressor::Codec(encoding), _) => {
            whole::write(context, layout, *encoding, output, job, monitor)
        }
        (Compressor::ZstdLong(options), _) => {
            in_order::write(context, layout, || zstd(*options), job, monitor)
        }
        (Compressor::Command(words), _) => {
            let start = || Ok(Stream::Command(Filter::start(words, output)?));
            in_order::write(context, layout, start, job, monitor)
        }
    }
}

/// Reads and hashes all layers that are stored, as the first part of writing;
/// as many bytes as `rest` says are the second one.
fn hash_all<'b>(
    context: &Context,
    rest: u64,
    pool: &'b Pool,
    hashes: &LayerHashes<'b>,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<()> {
    job.begin(Phase::Writing, context.stored_size() + rest);
    let work = LayerWork::unwritten(
        context.file_system,
        context.layers(),
        context.stored_layers(),
    );
    let pass = LayerPass::new(work, true, context.threads());
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
    let pass = LayerPass::new(work, true, request.running.threads);
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
