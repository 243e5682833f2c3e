// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers' digests, taken from stretches that arrive in any order.
//!
//! SHA-256 runs through a layer from its beginning to its end.  Stretches
//! that come early wait; whoever brings the one that is next hashes it and
//! all that follow it, while other threads go on reading.

use std::collections::BTreeMap;
use std::iter::zip;
use std::mem;
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

/// What SHA-256 takes in at a time, in bytes.
const BLOCK: usize = 64;

/// The digests of all layers.
pub struct Digests<'a> {
    chains: Vec<Chain<'a>>,
}

/// A stretch of a layer: a part of a buffer.
pub struct Stretch<'a> {
    /// The layer's index.
    pub layer: usize,
    /// Where in the layer it begins, in bytes.
    pub offset: u64,
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

/// A hash that this thread has taken, with the stretch that is next.
struct Run<'a, 'b> {
    chain: &'a Chain<'b>,
    hasher: Sha256,
    stretch: Option<Stretch<'b>>,
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

    /// Takes stretches of layers and hashes those that are next, two layers
    /// at once.
    pub fn add(
        &self,
        stretches: impl IntoIterator<Item = Stretch<'a>>,
        control: &Control,
    ) -> Result<()> {
        let mut chains = Vec::new();
        let mut runs = Vec::new();
        for stretch in stretches {
            let chain = &self.chains[stretch.layer];
            let mut state = lock(&chain.state);
            state.waiting.insert(stretch.offset, stretch);
            runs.extend(state.hasher.take().map(|hasher| Run {
                chain,
                hasher,
                stretch: None,
            }));
            chains.push(chain);
        }
        loop {
            runs.retain_mut(|run| run.go_on(control));
            if runs.is_empty() {
                break;
            }
            hash(&mut runs);
        }
        for chain in chains {
            chain.wait_for_room(control)?;
        }
        Ok(())
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
    fn wait_for_room(&self, control: &Control) -> Result<()> {
        if lock(&self.state).waiting.len() > MAX_WAITING {
            let room = |state: &mut State| state.waiting.len() <= MAX_WAITING / 2;
            drop(control.wait(&self.state, &self.changed, room)?);
        }
        Ok(())
    }
}

impl Run<'_, '_> {
    /// Goes on to the stretch that is next; if it has not come yet, gives the
    /// hash back and returns false.
    fn go_on(&mut self, control: &Control) -> bool {
        let hashed = self
            .stretch
            .take()
            .map_or(0, |done| done.range.len() as u64);
        control.advance(hashed);
        let mut state = lock(&self.chain.state);
        state.next += hashed;
        let next = state.next;
        self.stretch = state.waiting.remove(&next);
        if self.stretch.is_some() {
            if state.waiting.len() == MAX_WAITING / 2 {
                self.chain.changed.notify_all();
            }
            return true;
        }
        if next == state.size && state.digest.is_none() {
            state.digest = Some(self.hasher.finalize_reset().into());
            self.chain.changed.notify_all();
        }
        state.hasher = Some(mem::take(&mut self.hasher));
        false
    }
}

impl Stretch<'_> {
    fn bytes(&self) -> &[u8] {
        &self.buffer[self.range.clone()]
    }
}

/// Hashes the stretches of all `runs`, two at once.
fn hash(runs: &mut [Run]) {
    for pair in runs.chunks_mut(2) {
        let mut parts = pair.iter_mut().filter_map(|run| {
            let bytes = run.stretch.as_ref()?.bytes();
            Some((&mut run.hasher, bytes))
        });
        match (parts.next(), parts.next()) {
            (Some(one), Some(other)) => hash_both(one, other),
            (Some((hasher, bytes)), None) => hasher.update(bytes),
            _ => {}
        }
    }
}

/// Hashes parts of two messages, a block of each in turn.  A hash waits for
/// its own last step most of the time; the processor, which looks ahead, goes
/// on with the other one meanwhile.
fn hash_both((one, first): (&mut Sha256, &[u8]), (other, second): (&mut Sha256, &[u8])) {
    let (first, first_rest) = first.split_at(first.len().min(second.len()));
    let (second, second_rest) = second.split_at(first.len());
    for (first, second) in zip(first.chunks(BLOCK), second.chunks(BLOCK)) {
        one.update(first);
        other.update(second);
    }
    one.update(first_rest);
    other.update(second_rest);
}

fn unknown() -> Error {
    Error::new(Status::Internal, "a layer was not hashed to its end")
}
