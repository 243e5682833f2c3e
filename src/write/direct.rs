// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers in their own bytes: hashed, and written where they belong.
//!
//! Each layer is cut into chunks.  A thread takes the next chunks of the two
//! largest layers that no other thread works on, so that memory stays in its
//! own cache and the longest hashes start first; two, since two are hashed in
//! less time than one after the other.  When fewer layers than threads are
//! left, threads share one.

use std::cmp::Reverse;
use std::fs::File;
use std::iter::zip;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Condvar, Mutex};

use super::buffers::Pool;
use super::digests::{Digests, Stretch};
use super::reader::Reader;
use super::write_failure;
use crate::control::{Control, lock};
use crate::error::Result;
use crate::plan::Layer;

/// The bytes read, hashed and written at a time: few enough to stay in a
/// core's cache in between.
const CHUNK: u64 = 256 << 10;

/// How many layers a thread works on at once, if there are enough.
const ABREAST: usize = 2;

/// How many threads may work on one layer: one hashes, and reading and
/// writing is not so much slower than that more could be of use.
const MAX_SHARING: usize = 4;

/// Layers to hash.
pub struct Task<'a> {
    /// All layers of the image.
    pub layers: &'a [Layer],
    /// Those to hash, with their places in the output.
    pub places: Vec<(usize, u64)>,
    /// Where to write them; nowhere if `None`.
    pub output: Option<&'a File>,
}

/// What is left to do.
struct Board {
    /// How many threads work on it.
    threads: usize,
    lanes: Mutex<Vec<Lane>>,
    changed: Condvar,
}

/// A layer being worked on.
struct Lane {
    layer: usize,
    place: u64,
    size: u64,
    next: u64,
    workers: usize,
}

/// A chunk of a layer.
struct Chunk {
    layer: usize,
    place: u64,
    start: u64,
    length: usize,
}

/// What all threads do together about a task; each calls [`Direct::work`].
pub struct Direct<'a> {
    task: Task<'a>,
    board: Board,
}

impl<'a> Direct<'a> {
    /// Work on `task` for up to `threads` threads, the largest layer first if
    /// `largest_first`, else in the order given.
    pub fn new(task: Task<'a>, largest_first: bool, threads: usize) -> Self {
        let mut lanes: Vec<Lane> = task
            .places
            .iter()
            .map(|&(layer, place)| Lane {
                layer,
                place,
                size: task.layers[layer].size,
                next: 0,
                workers: 0,
            })
            .collect();
        if largest_first {
            lanes.sort_by_key(|lane| Reverse(lane.size));
        }
        let chunks = |lane: &Lane| lane.size / CHUNK + 1;
        let work: u64 = lanes.iter().map(chunks).sum();
        Direct {
            task,
            board: Board {
                threads: threads.min(usize::try_from(work).unwrap_or(threads)).max(1),
                lanes: Mutex::new(lanes),
                changed: Condvar::new(),
            },
        }
    }

    /// How many threads there is work for.
    pub fn threads(&self) -> usize {
        self.board.threads
    }

    /// One thread's share of the work.
    pub fn work<'b>(&self, pool: &'b Pool, digests: &Digests<'b>, control: &Control) -> Result<()> {
        // Each layer's files stay open in one.
        let mut readers = <[Reader; ABREAST]>::default();
        loop {
            let chunks = self.board.take(control)?;
            if chunks.is_empty() {
                return Ok(());
            }
            let stretches = zip(&chunks, &mut readers)
                .map(|(chunk, reader)| self.transfer(chunk, reader, pool))
                .collect::<Result<Vec<_>>>()?;
            digests.add(stretches, control)?;
            self.board.put_back(&chunks);
        }
    }

    /// Reads a chunk and writes it.
    fn transfer<'b>(
        &self,
        chunk: &Chunk,
        reader: &mut Reader<'a>,
        pool: &'b Pool,
    ) -> Result<Stretch<'b>> {
        let mut buffer = pool.take(chunk.length);
        reader.fill(&self.task.layers[chunk.layer], chunk.start, &mut buffer)?;
        if let Some(output) = self.task.output {
            output
                .write_all_at(&buffer, chunk.place + chunk.start)
                .map_err(|error| write_failure(&error))?;
        }
        Ok(Stretch {
            layer: chunk.layer,
            offset: chunk.start,
            buffer: Arc::new(buffer),
            range: 0..chunk.length,
        })
    }
}

impl Board {
    /// The next chunks to work on, of different layers; none when all have
    /// been taken.
    fn take(&self, control: &Control) -> Result<Vec<Chunk>> {
        control.check()?;
        let mut lanes = control.wait(&self.lanes, &self.changed, |lanes| {
            lanes.is_empty() || lanes.iter().any(Lane::is_open)
        })?;
        // Two threads are better than one for two layers.
        let abreast = (lanes.len() / self.threads).clamp(1, ABREAST);
        let mut chunks: Vec<Chunk> = Vec::with_capacity(abreast);
        for _ in 0..abreast {
            let others = |lane: &Lane| chunks.iter().all(|chunk| chunk.layer != lane.layer);
            let open = lanes
                .iter_mut()
                .filter(|lane| lane.is_open() && others(lane));
            let Some(lane) = open.min_by_key(|lane| lane.workers) else {
                break;
            };
            chunks.push(lane.take());
        }
        lanes.retain(|lane| lane.next < lane.size);
        if lanes.is_empty() {
            self.changed.notify_all();
        }
        Ok(chunks)
    }

    /// Says that a thread has done with `chunks`.
    fn put_back(&self, chunks: &[Chunk]) {
        let mut lanes = lock(&self.lanes);
        let mut was_full = false;
        for lane in lanes.iter_mut() {
            if chunks.iter().any(|chunk| chunk.layer == lane.layer) {
                was_full |= !lane.is_open();
                lane.workers -= 1;
            }
        }
        drop(lanes);
        if was_full {
            self.changed.notify_all();
        }
    }
}

impl Lane {
    fn is_open(&self) -> bool {
        self.workers < MAX_SHARING
    }

    /// The next chunk; chunks end at multiples of their size in the output.
    fn take(&mut self) -> Chunk {
        let start = self.next;
        let length = (self.size - start).min(CHUNK - (self.place + start) % CHUNK);
        self.next += length;
        self.workers += 1;
        Chunk {
            layer: self.layer,
            place: self.place,
            start,
            length: length as usize,
        }
    }
}
