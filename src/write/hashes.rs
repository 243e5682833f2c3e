// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers' digests, taken from byte ranges that arrive in any order.
//!
//! SHA-256 runs through a layer from its beginning to its end.  Ranges
//! that come early wait; whoever brings the one that is next hashes it and
//! all that follow it, while other threads go on reading.

use std::collections::BTreeMap;
use std::mem;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex};

use super::buffers::Buffer;
use crate::digest::{DiffId, Digest, Sha256, update_both};
use crate::error::{Error, Result, Status};
use crate::job::{Job, lock};
use crate::plan::Layer;

/// How many ranges of a layer may wait, which bounds memory.  A thread
/// that brings more goes on when half of them are done, not after each.
const MAX_WAITING: usize = 16;

/// The digests of all layers.
pub struct LayerHashes<'a> {
    hashes: Vec<LayerHash<'a>>,
}

/// A byte range of a layer: a part of a buffer.
pub struct ByteRange<'a> {
    /// The layer's index.
    pub layer: usize,
    /// Where in the layer it begins, in bytes.
    pub offset: u64,
    /// The buffer, which other ranges may be parts of too.
    pub buffer: Arc<Buffer<'a>>,
    /// The part of it.
    pub range: Range<usize>,
}

/// One layer's hash so far.
struct LayerHash<'a> {
    state: Mutex<HashState<'a>>,
    changed: Condvar,
}

struct HashState<'a> {
    /// The hash, which the thread that is hashing has taken away.
    hasher: Option<Sha256>,
    next: u64,
    size: u64,
    waiting: BTreeMap<u64, ByteRange<'a>>,
    digest: Option<DiffId>,
}

/// A hash that this thread has taken, with the range that is next.
struct ActiveHash<'a, 'b> {
    layer_hash: &'a LayerHash<'b>,
    hasher: Sha256,
    current: Option<ByteRange<'b>>,
}

impl<'a> LayerHashes<'a> {
    /// For `layers`, none of which has been hashed.
    pub fn new(layers: &[Layer]) -> Self {
        let layer_hash = |layer: &Layer| LayerHash {
            state: Mutex::new(HashState {
                hasher: Some(Sha256::default()),
                next: 0,
                size: layer.size,
                waiting: BTreeMap::new(),
                // Of nothing, nothing comes.
                digest: (layer.size == 0).then(|| Digest::of(b"")),
            }),
            changed: Condvar::new(),
        };
        LayerHashes {
            hashes: layers.iter().map(layer_hash).collect(),
        }
    }

    /// Takes ranges of layers and hashes those that are next, two layers
    /// at once.
    pub fn add(&self, ranges: impl IntoIterator<Item = ByteRange<'a>>, job: &Job) -> Result<()> {
        let mut hashes = Vec::new();
        let mut active = Vec::new();
        for current in ranges {
            let layer_hash = &self.hashes[current.layer];
            let mut state = lock(&layer_hash.state);
            state.waiting.insert(current.offset, current);
            active.extend(state.hasher.take().map(|hasher| ActiveHash {
                layer_hash,
                hasher,
                current: None,
            }));
            hashes.push(layer_hash);
        }
        loop {
            active.retain_mut(|hash| hash.go_on(job));
            if active.is_empty() {
                break;
            }
            hash(&mut active);
        }
        for layer_hash in hashes {
            layer_hash.wait_for_room(job)?;
        }
        Ok(())
    }

    /// Says that the layer `index`, no range of which was added, has the
    /// digest `digest`.
    pub fn set(&self, index: usize, digest: DiffId, job: &Job) {
        let mut state = lock(&self.hashes[index].state);
        state.digest = Some(digest);
        job.advance(state.size);
    }

    /// The digest of the layer `index`, once it is known.
    pub fn wait(&self, index: usize, job: &Job) -> Result<DiffId> {
        let layer_hash = &self.hashes[index];
        let known = |state: &mut HashState| state.digest.is_some();
        let state = job.wait(&layer_hash.state, &layer_hash.changed, known)?;
        state.digest.ok_or_else(unknown)
    }

    /// The digest of the layer `index`, all of which has been hashed.
    pub fn get(&self, index: usize) -> Result<DiffId> {
        lock(&self.hashes[index].state).digest.ok_or_else(unknown)
    }
}

impl LayerHash<'_> {
    fn wait_for_room(&self, job: &Job) -> Result<()> {
        if lock(&self.state).waiting.len() > MAX_WAITING {
            let room = |state: &mut HashState| state.waiting.len() <= MAX_WAITING / 2;
            drop(job.wait(&self.state, &self.changed, room)?);
        }
        Ok(())
    }
}

impl ActiveHash<'_, '_> {
    /// Goes on to the range that is next; if it has not come yet, gives the
    /// hash back and returns false.
    fn go_on(&mut self, job: &Job) -> bool {
        let hashed = self
            .current
            .take()
            .map_or(0, |done| done.range.len() as u64);
        job.advance(hashed);
        let mut state = lock(&self.layer_hash.state);
        state.next += hashed;
        let next = state.next;
        self.current = state.waiting.remove(&next);
        if self.current.is_some() {
            if state.waiting.len() == MAX_WAITING / 2 {
                self.layer_hash.changed.notify_all();
            }
            return true;
        }
        if next == state.size && state.digest.is_none() {
            state.digest = Some(mem::take(&mut self.hasher).into());
            self.layer_hash.changed.notify_all();
        }
        state.hasher = Some(mem::take(&mut self.hasher));
        false
    }
}

impl ByteRange<'_> {
    fn bytes(&self) -> &[u8] {
        &self.buffer[self.range.clone()]
    }
}

/// Hashes the current ranges of all `active`, two at once.
fn hash(active: &mut [ActiveHash]) {
    for pair in active.chunks_mut(2) {
        let mut parts = pair.iter_mut().filter_map(|hash| {
            let bytes = hash.current.as_ref()?.bytes();
            Some((&mut hash.hasher, bytes))
        });
        match (parts.next(), parts.next()) {
            (Some(one), Some(other)) => update_both(one, other),
            (Some((hasher, bytes)), None) => hasher.update(bytes),
            _ => {}
        }
    }
}

fn unknown() -> Error {
    Error::new(Status::Internal, "a layer was not hashed to its end")
}
