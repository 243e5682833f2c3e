// SPDX-License-Identifier: GPL-3.0-or-later

//! The work of one build on several threads: whether it goes on, how far it
//! has come, and the threads themselves.

mod clock;
mod progress;
pub mod signals;
mod workers;

pub use clock::Seconds;
pub use progress::{Monitor, Phase, Progress};
pub use workers::{panicked, seed_maps};

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::clock::Clock;
use crate::error::{Error, Result, Status};
use crate::memory::Watch;

/// How often a thread that waits looks whether the build was stopped.
const STOP_INTERVAL: Duration = Duration::from_millis(50);

/// The state shared by the threads of one build.
#[derive(Default)]
pub struct Job {
    stopped: AtomicBool,
    memory: Watch,
    /// The phase and its total, which change while no worker runs.
    phase: Mutex<(Phase, u64)>,
    clock: Mutex<Clock>,
    done: AtomicU64,
    /// What a worker has begun to read last.
    item: Mutex<Option<Arc<[u8]>>>,
    /// The layout whose lock is waited for.
    waits_for: Mutex<Option<Arc<[u8]>>>,
}

impl Job {
    /// Whether to give up; asked by workers before each piece of work.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Has all workers give up.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// An error for a worker that gives up because the build was stopped or
    /// memory has run out.
    pub fn check(&self) -> Result<()> {
        if self.is_stopped() {
            return Err(Error::new(Status::Cancelled, "the build was stopped"));
        }
        self.memory.check()
    }

    /// Begins a phase of which nothing is done, while no worker runs.
    pub fn begin(&self, phase: Phase, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        *lock(&self.item) = None;
        lock(&self.clock).begin(phase);
        *lock(&self.phase) = (phase, total);
    }

    /// How long each phase took so far.
    pub fn seconds(&self) -> Seconds {
        lock(&self.clock).seconds()
    }

    /// Counts `amount` as done, in the unit of the phase.
    pub fn advance(&self, amount: u64) {
        self.done.fetch_add(amount, Ordering::Relaxed);
    }

    /// How far the phase has come.
    pub fn progress(&self) -> Progress {
        let (phase, total) = *lock(&self.phase);
        let done = self.done.load(Ordering::Relaxed);
        Progress {
            phase,
            done: if total == 0 { done } else { done.min(total) },
            total,
            item: lock(&self.item).clone(),
            waits_for: lock(&self.waits_for).clone(),
        }
    }

    /// Notes that a layer is being read whose first path is `item`.
    pub fn reads(&self, item: Option<&[u8]>) {
        *lock(&self.item) = item.map(Arc::from);
    }

    /// Notes that the build waits for another one to leave a layout, or that it
    /// does no more.
    pub fn waits_for(&self, layout: Option<&[u8]>) {
        *lock(&self.waits_for) = layout.map(Arc::from);
    }

    /// Waits until `ready` is true of the state behind `mutex`, or fails when
    /// the build is stopped.
    pub fn wait<'a, T>(
        &self,
        mutex: &'a Mutex<T>,
        changed: &Condvar,
        mut ready: impl FnMut(&mut T) -> bool,
    ) -> Result<MutexGuard<'a, T>> {
        let mut state = lock(mutex);
        while !ready(&mut state) {
            self.check()?;
            // The time limit is for stopping alone: whoever changes the
            // state wakes the others.
            state = changed
                .wait_timeout(state, STOP_INTERVAL)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Ok(state)
    }
}

/// Locks `mutex` even if another worker panicked while it held it: the build
/// is failing by then, and what it guards is thrown away.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
