// SPDX-License-Identifier: GPL-3.0-or-later

//! Pieces that threads make in any order and one takes in theirs.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::error::Result;
use crate::job::{Job, lock};

/// Hands out the numbers of pieces, and takes the pieces back, of type `P`, to
/// pass them on in the order of their numbers, to a `T`.
pub struct Queue<P, T> {
    count: u64,
    /// How far ahead of the one to be passed on next a piece may be.
    window: u64,
    state: Mutex<State<P, T>>,
    changed: Condvar,
}

struct State<P, T> {
    next: u64,
    passed_on: u64,
    ready: BTreeMap<u64, P>,
    taker: T,
}

impl<P, T> Queue<P, T> {
    /// For `count` pieces made by so many threads.
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

    /// The number of the next piece to make, or `None` after the last one.
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

    /// Takes the piece of a number, and has `pass_on` take those that are next.
    pub fn put(
        &self,
        number: u64,
        piece: P,
        mut pass_on: impl FnMut(&mut T, P) -> Result<()>,
    ) -> Result<()> {
        let mut state = lock(&self.state);
        state.ready.insert(number, piece);
        loop {
            let number = state.passed_on;
            let Some(piece) = state.ready.remove(&number) else {
                break;
            };
            pass_on(&mut state.taker, piece)?;
            state.passed_on += 1;
        }
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// What took the pieces.
    pub fn into_taker(self) -> T {
        let state = self.state.into_inner();
        state.unwrap_or_else(PoisonError::into_inner).taker
    }
}
