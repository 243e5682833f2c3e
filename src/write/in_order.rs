// SPDX-License-Identifier: GPL-3.0-or-later

//! The archive in its order: to a pipe, or through what compresses it as a
//! whole.
//!
//! The header of a layer in a layered image needs the layer's digest.  So
//! there, other threads hash the layers, in their order, while one passes on
//! what has been hashed; these files are read twice, the second time from
//! memory as a rule.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::buffers::Pool;
use super::hashes::{ByteRange, LayerHashes};
use super::layers::{LayerPass, LayerWork};
use super::reader::LayerReader;
use super::stream::Stream;
use super::{Context, Written};
use crate::error::{Error, Result, Status};
use crate::format::{Layout, PartKind};
use crate::job::{Job, Monitor, lock, seed_maps};

/// The bytes passed on at a time.
const WRITE_SIZE: usize = crate::codec::command::BUFFER_SIZE;

/// Writes the image to the stream that `start` returns.
pub fn write<'s>(
    context: &Context,
    layout: &Layout,
    start: impl Fn() -> Result<Stream<'s>> + Sync,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Written> {
    // Where a header waits for a digest, the layers are hashed ahead.
    let hash_ahead = layout.has_layer_headers();
    let work = LayerWork {
        file_system: context.file_system,
        layers: context.layers(),
        places: layout.places().collect(),
        output: None,
    };
    let pass = LayerPass::new(work, false, context.threads());
    let pool = pass.pool()?;
    let hashes = LayerHashes::new(context.layers());
    let fed = AtomicBool::new(false);
    let written = Mutex::new(None);
    let feed = || {
        // It makes the documents.
        seed_maps()?;
        let mut sink = start()?;
        let result = Feeder {
            context,
            layout,
            pool: &pool,
            hashes: &hashes,
            hash: !hash_ahead,
            job,
        }
        .feed(&mut sink);
        let (fed, image) = match result {
            Ok(image) => (Ok(()), Some(image)),
            Err(error) => (Err(error), None),
        };
        sink.finish(fed, job)?;
        *lock(&written) = image;
        Ok(())
    };
    // The feeder waits most of the time: it comes on top of those that work.
    let threads = if hash_ahead { 1 + pass.threads() } else { 1 };
    job.run(threads, monitor, || {
        if !fed.swap(true, Ordering::Relaxed) {
            feed()
        } else {
            pass.work(&pool, &hashes, job)
        }
    })?;
    let written = lock(&written).take();
    written.ok_or_else(|| Error::new(Status::Internal, "the archive was not passed on"))
}

/// What brings the archive to where it goes.
struct Feeder<'a, 'b> {
    context: &'a Context<'a>,
    layout: &'a Layout<'a>,
    pool: &'b Pool,
    hashes: &'a LayerHashes<'b>,
    /// Whether to hash the layers on the way.
    hash: bool,
    job: &'a Job,
}

impl Feeder<'_, '_> {
    fn feed(&self, sink: &mut Stream) -> Result<Written> {
        let mut reader = LayerReader::new(self.context.file_system, self.job);
        for part in &self.layout.parts {
            match &part.kind {
                PartKind::Bytes(bytes) => sink.write(bytes, self.job)?,
                PartKind::LayerHeader(layer) => {
                    let diff_id = self.hashes.wait(*layer, self.job)?;
                    let header = self.layout.layer_header(*layer, &diff_id);
                    sink.write(&header, self.job)?;
                }
                PartKind::Layer(index) => {
                    let layer = &self.context.layers()[*index];
                    for start in (0..layer.size).step_by(WRITE_SIZE) {
                        self.job.check()?;
                        let length = (layer.size - start).min(WRITE_SIZE as u64) as usize;
                        let mut buffer = self.pool.take(length)?;
                        reader.fill(layer, start, &mut buffer)?;
                        let buffer = Arc::new(buffer);
                        if self.hash {
                            let range = ByteRange {
                                layer: *index,
                                offset: start,
                                buffer: Arc::clone(&buffer),
                                range: 0..length,
                            };
                            self.hashes.add([range], self.job)?;
                        }
                        sink.write(&buffer, self.job)?;
                    }
                }
            }
        }
        let (diff_ids, ending) = self.context.ending(self.layout, self.hashes)?;
        sink.write_ending(&ending, self.job)?;
        Ok(self.context.written(&diff_ids, ending.documents))
    }
}
