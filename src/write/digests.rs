// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers' digests, taken from stretches that arrive in any order.
//!
//! SHA-256 runs through a layer from its beginning to its end.  Stretches
//! that come early wait; whoever brings the one that is next hashes it and
//! all that follow it, while other threads go on reading.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex};

use sha2::{Digest, Sha256};

use super::buffers::Buffer;
use crate::control::{Control, lock};
use crate::error::{Error, Result, Status};
use crate::metadata::DiffId;
use crate::plan::Layer;

/// How many stretches of a layer may wait, which bounds memory.  A thread
/// that brings more goes on when half of them are done, not after each.
const MAX_WAITING: usize = 16;

/// The digests of all layers.
pub struct Digests<'a> {
    chains: Vec<Chain<'a>>,
}

/// A stretch of a layer: a part of a buffer.
pub struct Stretch<'a> {
    /// The buffer, which other stretches may be parts of too.
    pub buffer: Arc<Buffer<'a>>,
    /// The part of it.
    pub range: Range<usize>,
}

/// One layer's hash so far.
struct Chain<'a> {
    state: Mutex<State<'a>>,
    changed: Condvar,
}

struct State<'a> {
    /// The hash, which the thread that is hashing has taken away.
    hasher: Option<Sha256>,
    next: u64,
    size: u64,
    waiting: BTreeMap<u64, Stretch<'a>>,
    digest: Option<DiffId>,
}

impl<'a> Digests<'a> {
    /// For `layers`, none of which has been hashed.
    pub fn new(layers: &[Layer]) -> Self {
        let chain = |layer: &Layer| Chain {
            state: Mutex::new(State {
                hasher: Some(Sha256::new()),
                next: 0,
                size: layer.size,
                waiting: BTreeMap::new(),
                digest: None,
            }),
            changed: Condvar::new(),
        };
        Digests {
            chains: layers.iter().map(chain).collect(),
        }
    }

    /// Takes the stretch of the layer `index` that begins at `offset`.
    pub fn add(
        &self,
        index: usize,
        offset: u64,
        stretch: Stretch<'a>,
        control: &Control,
    ) -> Result<()> {
        let chain = &self.chains[index];
        let mut state = lock(&chain.state);
        state.waiting.insert(offset, stretch);
        let Some(mut hasher) = state.hasher.take() else {
            let crowded = state.waiting.len() > MAX_WAITING;
            drop(state);
            return chain.wait_for_room(crowded, control);
        };
        let next = state.next;
        while let Some(stretch) = next_waiting(&mut state) {
            drop(state);
            hasher.update(&stretch.buffer[stretch.range.clone()]);
            control.advance(stretch.range.len() as u64);
            state = lock(&chain.state);
            state.next += stretch.range.len() as u64;
            if state.waiting.len() == MAX_WAITING / 2 {
                chain.changed.notify_all();
            }
        }
        if state.next == state.size && state.next != next {
            state.digest = Some(hasher.finalize_reset().into());
        }
        state.hasher = Some(hasher);
        let crowded = state.waiting.len() > MAX_WAITING;
        drop(state);
        chain.changed.notify_all();
        chain.wait_for_room(crowded, control)
    }

    /// Says that the layer `index`, no stretch of which was added, has the
    /// digest `digest`.
    pub fn set(&self, index: usize, digest: DiffId, control: &Control) {
        let mut state = lock(&self.chains[index].state);
        state.digest = Some(digest);
        control.advance(state.size);
    }

    /// The digest of the layer `index`, once it is known.
    pub fn wait(&self, index: usize, control: &Control) -> Result<DiffId> {
        let chain = &self.chains[index];
        let known = |state: &mut State| state.digest.is_some();
        let state = control.wait(&chain.state, &chain.changed, known)?;
        state.digest.ok_or_else(unknown)
    }

    /// The digest of the layer `index`, all of which has been hashed.
    pub fn get(&self, index: usize) -> Result<DiffId> {
        lock(&self.chains[index].state).digest.ok_or_else(unknown)
    }
}

impl Chain<'_> {
    fn wait_for_room(&self, crowded: bool, control: &Control) -> Result<()> {
        if crowded {
            let room = |state: &mut State| state.waiting.len() <= MAX_WAITING / 2;
            drop(control.wait(&self.state, &self.changed, room)?);
        }
        Ok(())
    }
}

fn next_waiting<'a>(state: &mut State<'a>) -> Option<Stretch<'a>> {
    let next = state.next;
    state.waiting.remove(&next)
}

fn unknown() -> Error {
    Error::new(Status::Internal, "a layer was not hashed to its end")
}
