// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers in their own bytes: hashed, and written where they belong.
//!
//! Each layer is cut into chunks.  A thread takes the next chunk of the
//! largest layer that no other thread works on, so that memory stays in its
//! own cache and the longest hash starts first; when fewer layers than
//! threads are left, threads share one.

use std::cmp::Reverse;
use std::fs::File;
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
    state: Mutex<Vec<Lane>>,
    changed: Condvar,
}

/// A layer being worked on.
struct Lane {
    index: usize,
    place: u64,
    size: u64,
    next: u64,
    workers: usize,
}

/// A chunk of a layer.
struct Chunk {
    index: usize,
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
    /// Work on `task`, the largest layer first if `largest_first`, else in
    /// the order given.
    pub fn new(task: Task<'a>, largest_first: bool) -> Self {
        let mut lanes: Vec<Lane> = task
            .places
            .iter()
            .map(|&(index, place)| Lane {
                index,
                place,
                size: task.layers[index].size,
                next: 0,
                workers: 0,
            })
            .collect();
        if largest_first {
            lanes.sort_by_key(|lane| Reverse(lane.size));
        }
        Direct {
            task,
            board: Board {
                state: Mutex::new(lanes),
                changed: Condvar::new(),
            },
        }
    }

    /// How many of `wanted` threads there is work for.
    pub fn threads(&self, wanted: usize) -> usize {
        let chunks = |lane: &Lane| lane.size / CHUNK + 1;
        let work: u64 = lock(&self.board.state).iter().map(chunks).sum();
        wanted.min(usize::try_from(work).unwrap_or(wanted)).max(1)
    }

    /// One thread's share of the work.
    pub fn work<'b>(&self, pool: &'b Pool, digests: &Digests<'b>, control: &Control) -> Result<()> {
        let mut reader = Reader::default();
        while let Some(chunk) = self.board.take(control)? {
            let mut buffer = pool.take(chunk.length);
            let layer = &self.task.layers[chunk.index];
            reader.fill(layer, chunk.start, &mut buffer)?;
            if let Some(output) = self.task.output {
                output
                    .write_all_at(&buffer, chunk.place + chunk.start)
                    .map_err(|error| write_failure(&error))?;
            }
            let stretch = Stretch {
                buffer: Arc::new(buffer),
                range: 0..chunk.length,
            };
            digests.add(chunk.index, chunk.start, stretch, control)?;
            self.board.put_back(&chunk);
        }
        Ok(())
    }
}

impl Board {
    /// The next chunk to work on, or `None` when all have been taken.
    fn take(&self, control: &Control) -> Result<Option<Chunk>> {
        control.check()?;
        let choose = |lanes: &[Lane]| {
            let open = lanes.iter().enumerate();
            open.filter(|(_, lane)| lane.workers < MAX_SHARING)
                .min_by_key(|(_, lane)| lane.workers)
                .map(|(position, _)| position)
        };
        let mut lanes = control.wait(&self.state, &self.changed, |lanes| {
            lanes.is_empty() || choose(lanes).is_some()
        })?;
        let Some(position) = choose(&lanes) else {
            return Ok(None);
        };
        let lane = &mut lanes[position];
        let length = (lane.size - lane.next).min(CHUNK - (lane.place + lane.next) % CHUNK);
        let chunk = Chunk {
            index: lane.index,
            place: lane.place,
            start: lane.next,
            length: length as usize,
        };
        lane.next += length;
        lane.workers += 1;
        if lane.next == lane.size {
            lanes.remove(position);
            if lanes.is_empty() {
                self.changed.notify_all();
            }
        }
        Ok(Some(chunk))
    }

    /// Says that a thread has done with a chunk.
    fn put_back(&self, chunk: &Chunk) {
        let mut lanes = lock(&self.state);
        if let Some(lane) = lanes.iter_mut().find(|lane| lane.index == chunk.index) {
            let was_full = lane.workers == MAX_SHARING;
            lane.workers -= 1;
            drop(lanes);
            if was_full {
                self.changed.notify_one();
            }
        }
    }
}
