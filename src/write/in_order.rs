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
use super::sink::Sink;
use super::{Image, Written};
use crate::error::{Error, Result, Status};
use crate::format::{Layout, PartKind};
use crate::job::{Job, Monitor, lock, seed_maps};

/// The bytes passed on at a time.
const WRITE_SIZE: usize = crate::codec::command::BUFFER_SIZE;

/// Writes `image` to what `start` returns.
pub fn write<S: Sink>(
    image: &Image,
    layout: &Layout,
    start: impl Fn() -> Result<S> + Sync,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Written> {
    // Where a header waits for a digest, the layers are hashed ahead.
    let hash_ahead = layout.has_layer_headers();
    let work = LayerWork {
        file_system: image.file_system,
        layers: image.layers(),
        places: layout.places().collect(),
        output: None,
    };
    let pass = LayerPass::new(work, false, image.request.threads);
    let pool = pass.pool()?;
    let hashes = LayerHashes::new(image.layers());
    let fed = AtomicBool::new(false);
    let written = Mutex::new(None);
    let feed = || {
        // It makes the documents.
        seed_maps()?;
        let mut sink = start()?;
        let result = Feeder {
            image,
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
    image: &'a Image<'a>,
    layout: &'a Layout<'a>,
    pool: &'b Pool,
    hashes: &'a LayerHashes<'b>,
    /// Whether to hash the layers on the way.
    hash: bool,
    job: &'a Job,
}

impl Feeder<'_, '_> {
    fn feed(&self, sink: &mut impl Sink) -> Result<Written> {
        let mut reader = LayerReader::new(self.image.file_system, self.job);
        for part in &self.layout.parts {
            match &part.kind {
                PartKind::Bytes(bytes) => sink.write(bytes, self.job)?,
                PartKind::LayerHeader(layer) => {
                    let diff_id = self.hashes.wait(*layer, self.job)?;
                    let header = self.layout.layer_header(*layer, &diff_id);
                    sink.write(&header, self.job)?;
                }
                PartKind::Layer(index) => {
                    let layer = &self.image.layers()[*index];
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
        let (diff_ids, ending) = self.image.ending(self.layout, self.hashes)?;
        let (members, end) = ending.tail.split_at(ending.members);
        sink.write(members, self.job)?;
        sink.write_end(end, self.job)?;
        Ok(self.image.written(&diff_ids, ending.documents))
    }
}
