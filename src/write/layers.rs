// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers in their own bytes: hashed, and written where they belong.
//!
//! Each layer is cut into shares.  A thread takes the next shares of the two
//! largest layers that no other thread works on, so that memory stays in its
//! own cache and the longest hashes start first; two, since two are hashed in
//! less time than one after the other.  When fewer layers than threads are
//! left, threads share one.

use std::cmp::Reverse;
use std::fs::File;
use std::iter::zip;
use std::sync::{Arc, Condvar, Mutex};

use super::buffers::Pool;
use super::hashes::{ByteRange, LayerHashes};
use super::reader::LayerReader;
use crate::error::Result;
use crate::input::FileSystem;
use crate::job::{Job, Monitor, lock};
use crate::output::write_at;
use crate::plan::Layer;

/// The bytes read, hashed and written at a time: few enough to stay in a
/// core's cache in between.
const RANGE_SIZE: u64 = 256 << 10;

/// How many layers a thread works on at once, if there are enough.
const INTERLEAVED: usize = 2;

/// How many threads may work on one layer: one hashes, and reading and
/// writing is not so much slower than that more could be of use.
const MAX_SHARING: usize = 4;

/// Layers to hash.
pub struct LayerWork<'a> {
    /// Where the layers' files are.
    pub file_system: &'a FileSystem,
    /// All layers of the image.
    pub layers: &'a [Layer],
    /// Those to hash, with their places in the output.
    pub places: Vec<(usize, u64)>,
    /// Where to write them; nowhere if `None`.
    pub output: Option<&'a File>,
}

impl<'a> LayerWork<'a> {
    /// To hash the layers `indices` alone.
    pub fn unwritten(
        file_system: &'a FileSystem,
        layers: &'a [Layer],
        indices: impl IntoIterator<Item = usize>,
    ) -> Self {
        LayerWork {
            file_system,
            layers,
            places: indices.into_iter().map(|index| (index, 0)).collect(),
            output: None,
        }
    }
}

/// What is left to do.
struct Schedule {
    /// How many threads work on it.
    threads: usize,
    open_layers: Mutex<Vec<OpenLayer>>,
    changed: Condvar,
}

/// A layer being worked on.
struct OpenLayer {
    layer: usize,
    place: u64,
    size: u64,
    next: u64,
    workers: usize,
}

/// Range of a layer that a thread works on at a time.
struct Share {
    layer: usize,
    place: u64,
    start: u64,
    length: usize,
}

/// One pass of threads over layers.
pub struct LayerPass<'a> {
    work: LayerWork<'a>,
    schedule: Schedule,
}

impl<'a> LayerPass<'a> {
    /// A pass over `work` for up to `threads` threads, the largest layer first if
    /// `largest_first`, else in the order given.
    pub fn new(work: LayerWork<'a>, largest_first: bool, threads: usize) -> Self {
        let mut open_layers: Vec<OpenLayer> = work
            .places
            .iter()
            .map(|&(layer, place)| OpenLayer {
                layer,
                place,
                size: work.layers[layer].size,
                next: 0,
                workers: 0,
            })
            .collect();
        if largest_first {
            open_layers.sort_by_key(|layer| Reverse(layer.size));
        }
        let shares = |layer: &OpenLayer| layer.size / RANGE_SIZE + 1;
        let count: u64 = open_layers.iter().map(shares).sum();
        LayerPass {
            work,
            schedule: Schedule {
                threads: threads
                    .min(usize::try_from(count).unwrap_or(threads))
                    .max(1),
                open_layers: Mutex::new(open_layers),
                changed: Condvar::new(),
            },
        }
    }

    /// Buffers for the work.
    pub fn pool(&self) -> Result<Pool> {
        Pool::new(self.threads() * INTERLEAVED, RANGE_SIZE as usize)
    }

    /// How many threads there is work for.
    pub fn threads(&self) -> usize {
        self.schedule.threads
    }

    /// All of the work.
    pub fn run<'b>(
        &self,
        pool: &'b Pool,
        hashes: &LayerHashes<'b>,
        job: &Job,
        monitor: &mut Monitor,
    ) -> Result<()> {
        job.run(self.threads(), monitor, || self.work(pool, hashes, job))
    }

    /// One thread's share of the work.
    pub fn work<'b>(&self, pool: &'b Pool, hashes: &LayerHashes<'b>, job: &Job) -> Result<()> {
        // Each layer's files stay open in one.
        let mut readers = std::array::from_fn::<_, INTERLEAVED, _>(|_| {
            LayerReader::new(self.work.file_system, job)
        });
        loop {
            let shares = self.schedule.take(job)?;
            if shares.is_empty() {
                return Ok(());
            }
            let hashed = zip(&shares, &mut readers)
                .map(|(share, reader)| self.transfer(share, reader, pool))
                .collect::<Result<Vec<_>>>()?;
            hashes.add(hashed, job)?;
            self.schedule.put_back(&shares);
        }
    }

    /// Reads a range and writes it.
    fn transfer<'b>(
        &self,
        share: &Share,
        reader: &mut LayerReader<'a>,
        pool: &'b Pool,
    ) -> Result<ByteRange<'b>> {
        let mut buffer = pool.take(share.length)?;
        reader.fill(&self.work.layers[share.layer], share.start, &mut buffer)?;
        if let Some(output) = self.work.output {
            write_at(output, &buffer, share.place + share.start)?;
        }
        Ok(ByteRange {
            layer: share.layer,
            offset: share.start,
            buffer: Arc::new(buffer),
            range: 0..share.length,
        })
    }
}

impl Schedule {
    /// The next shares to work on, of different layers; none when all have
    /// been taken.
    fn take(&self, job: &Job) -> Result<Vec<Share>> {
        job.check()?;
        let mut open_layers = job.wait(&self.open_layers, &self.changed, |open_layers| {
            open_layers.is_empty() || open_layers.iter().any(OpenLayer::is_open)
        })?;
        // Two threads are better than one for two layers.
        let interleaved = (open_layers.len() / self.threads).clamp(1, INTERLEAVED);
        let mut shares: Vec<Share> = Vec::with_capacity(interleaved);
        for _ in 0..interleaved {
            let others = |layer: &OpenLayer| shares.iter().all(|share| share.layer != layer.layer);
            let open = open_layers
                .iter_mut()
                .filter(|layer| layer.is_open() && others(layer));
            let Some(layer) = open.min_by_key(|layer| layer.workers) else {
                break;
            };
            shares.push(layer.take());
        }
        open_layers.retain(|layer| layer.next < layer.size);
        if open_layers.is_empty() {
            self.changed.notify_all();
        }
        Ok(shares)
    }

    /// Says that a thread has done with `shares`.
    fn put_back(&self, shares: &[Share]) {
        let mut open_layers = lock(&self.open_layers);
        let mut was_full = false;
        for layer in open_layers.iter_mut() {
            if shares.iter().any(|share| share.layer == layer.layer) {
                was_full |= !layer.is_open();
                layer.workers -= 1;
            }
        }
        drop(open_layers);
        if was_full {
            self.changed.notify_all();
        }
    }
}

impl OpenLayer {
    fn is_open(&self) -> bool {
        self.workers < MAX_SHARING
    }

    /// The next range; shares end at multiples of their size in the output.
    fn take(&mut self) -> Share {
        let start = self.next;
        let length = (self.size - start).min(RANGE_SIZE - (self.place + start) % RANGE_SIZE);
        self.next += length;
        self.workers += 1;
        Share {
            layer: self.layer,
            place: self.place,
            start,
            length: length as usize,
        }
    }
}
