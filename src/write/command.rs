// SPDX-License-Identifier: GPL-3.0-or-later

//! The archive through a command, from its standard input to its standard
//! output.
//!
//! A pipe takes bytes in their order only, and the header of a layer in a
//! layered image needs the layer's digest.  So there, other threads hash the
//! layers, in their order, while one feeds the command with what has been
//! hashed; these files are read twice, the second time from memory as a rule.

use std::ffi::OsString;
use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::buffers::Pool;
use super::hashes::{ByteRange, LayerHashes};
use super::layers::{LayerPass, LayerWork};
use super::reader::LayerReader;
use super::{Image, Written};
use crate::compress::command::Filter;
use crate::error::{Error, Result, Status};
use crate::format::PartKind;
use crate::job::{Job, Monitor, lock};

/// The bytes given to the command at a time.
const WRITE_SIZE: usize = crate::compress::command::PIPE_SIZE;

/// Writes `image` to `output` through the command `words`.
pub fn write(
    image: &Image,
    words: &[OsString],
    output: &File,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Written> {
    let pool = Pool::default();
    let hashes = LayerHashes::new(image.layers);
    // Where a header waits for a digest, the layers are hashed ahead.
    let hash_ahead = image
        .layout
        .parts
        .iter()
        .any(|part| matches!(part.kind, PartKind::LayerHeader(_)));
    let work = LayerWork {
        file_system: image.file_system,
        layers: image.layers,
        places: image.layout.places().collect(),
        output: None,
    };
    let pass = LayerPass::new(work, false, image.request.threads);
    let fed = AtomicBool::new(false);
    let written = Mutex::new(None);
    let feed = || {
        let mut filter = Filter::start(words, output)?;
        let result = Feeder {
            image,
            pool: &pool,
            hashes: &hashes,
            hash: !hash_ahead,
            job,
        }
        .feed(&mut filter);
        let (fed, image) = match result {
            Ok(image) => (Ok(()), Some(image)),
            Err(error) => (Err(error), None),
        };
        filter.finish(fed, job)?;
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
    written.ok_or_else(|| Error::new(Status::Internal, "the command was not fed"))
}

/// What brings the archive to the command.
struct Feeder<'a, 'b> {
    image: &'a Image<'a>,
    pool: &'b Pool,
    hashes: &'a LayerHashes<'b>,
    /// Whether to hash the layers on the way.
    hash: bool,
    job: &'a Job,
}

impl Feeder<'_, '_> {
    fn feed(&self, filter: &mut Filter) -> Result<Written> {
        let mut reader = LayerReader::new(self.image.file_system);
        for part in &self.image.layout.parts {
            match &part.kind {
                PartKind::Bytes(bytes) => filter.write(bytes, self.job)?,
                PartKind::LayerHeader(layer) => {
                    let diff_id = self.hashes.wait(*layer, self.job)?;
                    let header = self.image.layout.layer_header(*layer, &diff_id);
                    filter.write(&header, self.job)?;
                }
                PartKind::Layer(index) => {
                    let layer = &self.image.layers[*index];
                    for start in (0..layer.size).step_by(WRITE_SIZE) {
                        let length = (layer.size - start).min(WRITE_SIZE as u64) as usize;
                        let mut buffer = self.pool.take(length);
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
                        filter.write(&buffer, self.job)?;
                    }
                }
            }
        }
        let (diff_ids, ending) = self.image.ending(self.hashes)?;
        filter.write(&ending.tail, self.job)?;
        Ok(Written {
            diff_ids,
            image_id: ending.image_id,
        })
    }
}
