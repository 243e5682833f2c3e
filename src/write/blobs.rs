// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers compressed one by one: a large one by several threads, small ones
//! side by side.
//!
//! A header in an archive says the digest and the size of what comes after it, so a
//! file has a place for it that is filled in when these are known.  Where there is no
//! going back, all is encoded twice: once for these, and again to be written.

use super::archive::{ArchiveWriter, Members};
use super::buffers::Pool;
use super::chunks::{Pass, Range, Task};
use super::hashes::LayerHashes;
use super::reuse::{Candidates, Found};
use super::sink::{Discard, Files};
use super::{Context, Written};
use crate::codec::Encoding;
use crate::error::Result;
use crate::format::documents::oci::{ImageDocuments, RefNames};
use crate::format::{self, Blob, Documents};
use crate::job::{Job, Monitor, Phase};
use crate::memory;
use crate::output::{Archive, Directory, Output};

/// Writes the image to `output`, each layer encoded by `encoding`.
pub fn write(
    context: &Context,
    encoding: Encoding,
    output: &Output,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Written> {
    let candidates = job.run_one(monitor, || Candidates::find(context, encoding, job))?;
    let passes = match output {
        Output::Archive(Archive::Stream(_)) => 2,
        Output::Archive(Archive::File(_)) | Output::Directory(_) => 1,
    };
    job.begin(
        Phase::Writing,
        candidates.size() + passes * context.stored_size(),
    );
    let found = candidates.check(job, monitor)?;
    let tasks = tasks(context, encoding.codec.chunk_size(), &found)?;
    let threads = context.threads().min(tasks.len()).max(1);
    let pool = Pool::new(threads, encoding.codec.chunk_size() as usize)?;
    let mut pass = Pass {
        context,
        encoding,
        layout: None,
        tasks: &tasks,
        threads,
        pool: &pool,
        hashes: LayerHashes::new(context.layers()),
        is_hashed: false,
        job,
    };
    let archive = match output {
        Output::Archive(archive) => archive,
        Output::Directory(directory) => {
            let (_, layers) = pass.run(Files::new(directory), monitor)?.into_layers()?;
            return job.run_one(monitor, || {
                let documents = put_documents(context, &layers, directory, job)?;
                Ok(Written { layers, documents })
            });
        }
    };
    let format = format::archive_format(context.request, context.plan)?;
    let known = match archive {
        Archive::File(_) => None,
        Archive::Stream(_) => Some(pass.run(Discard, monitor)?.into_layers()?.1),
    };
    pass.is_hashed = known.is_some();
    let writer = ArchiveWriter::new(archive, job);
    let start = || Members::new(writer, &*format, known.as_deref());
    let sink = job.run_one(monitor, start)?;
    let (sink, layers) = pass.run(sink, monitor)?.into_layers()?;
    let documents = format.documents(&layers)?;
    job.run_one(monitor, || {
        let documents = sink.finish(documents)?;
        Ok(Written { layers, documents })
    })
}

/// Writes the documents of the image to `directory`, whose index lists it when it is
/// published.
fn put_documents(
    context: &Context,
    layers: &[Blob],
    directory: &Directory,
    job: &Job,
) -> Result<Documents> {
    let documents = ImageDocuments::new(context.request, context.plan, layers, RefNames::Whole)?;
    for document in [&documents.config, &documents.manifest] {
        directory.write_blob(&document.bytes, &document.digest)?;
    }
    directory.add_entries(documents.entries.chunks(1), job)?;
    Ok(Documents {
        image_id: documents.config.digest,
        manifest: Some(documents.manifest.identity()),
        members: Vec::new(),
    })
}

/// Returns the chunks of all layers that are stored; those `found` are one task.
fn tasks<'a>(
    context: &Context,
    chunk_size: u64,
    found: &'a [Option<Found>],
) -> Result<Vec<Task<'a>>> {
    let mut tasks = Vec::new();
    for layer in context.stored_layers() {
        if let Some(found) = &found[layer] {
            memory::push(&mut tasks, Task::Found(layer, found))?;
            continue;
        }
        let size = context.layers()[layer].size;
        for start in (0..size).step_by(chunk_size as usize) {
            let end = size.min(start + chunk_size);
            let range = Range {
                layer: Some(layer),
                start,
                size: (end - start) as usize,
                is_last: end == size,
            };
            memory::push(&mut tasks, Task::Chunk(range))?;
        }
    }
    Ok(tasks)
}
