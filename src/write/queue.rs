// SPDX-License-Identifier: GPL-3.0-or-later

//! Ordered queue: threads make chunks in any order, and one at a time passes them on
//! in theirs.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::error::Result;
use crate::job::{Job, lock};

/// Queue that hands out the numbers of chunks, takes the chunks of type `C`, and
/// passes them on to a `T` in the order of their numbers.
pub struct Queue<C, T> {
    count: u64,
    /// Maximum distance of a chunk from the one that is passed on next.
    window: u64,
    state: Mutex<State<C, T>>,
    changed: Condvar,
}

struct State<C, T> {
    next: u64,
    passed_on: u64,
    ready: BTreeMap<u64, C>,
    taker: T,
}

impl<C, T> Queue<C, T> {
    /// Returns a queue for `count` chunks of `threads` threads.
    pub fn new(count: u64, threads: usize, taker: T) -> Self {
        Queue {
            count,
            window: 2 * threads as u64 + 2,
            state: Mutex::new(State {
                next: 0,
                passed_on: 0,
                ready: BTreeMap::new(),
                taker,
            }),
            changed: Condvar::new(),
        }
    }

    /// Returns the number of the next chunk to make, or `None` after the last one.
    pub fn take(&self, job: &Job) -> Result<Option<u64>> {
        job.check()?;
        let mut state = job.wait(&self.state, &self.changed, |state| {
            state.next == self.count || state.next < state.passed_on + self.window
        })?;
        if state.next == self.count {
            return Ok(None);
        }
        state.next += 1;
        Ok(Some(state.next - 1))
    }

    /// Takes a chunk, and calls `pass_on` with those that are next.
    pub fn put(
        &self,
        number: u64,
        chunk: C,
        mut pass_on: impl FnMut(&mut T, C) -> Result<()>,
    ) -> Result<()> {
        let mut state = lock(&self.state);
        state.ready.insert(number, chunk);
        loop {
            let number = state.passed_on;
            let Some(chunk) = state.ready.remove(&number) else {
                break;
            };
            pass_on(&mut state.taker, chunk)?;
            state.passed_on += 1;
        }
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Returns the taker of the chunks.
    pub fn into_taker(self) -> T {
        let state = self.state.into_inner();
        state.unwrap_or_else(PoisonError::into_inner).taker
    }
}
