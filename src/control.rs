// SPDX-License-Identifier: GPL-3.0-or-later

//! Running work on several threads while the calling thread watches.
//!
//! While workers run, the calling thread reports progress, so that a host
//! language can handle its signals there, and stops them when asked to.
//! Workers block every signal, which therefore reaches the host's own threads
//! only.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result, Status};
use crate::signals;

/// How often the calling thread reports progress.
const INTERVAL: Duration = Duration::from_millis(50);

/// What a build is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Listing and examining files.
    #[default]
    Scanning,
    /// Reading layers that may be equal.
    Comparing,
    /// Writing the image.
    Writing,
}

/// How far a phase has come: in files for [`Phase::Scanning`], whose total is
/// not known and 0, else in bytes before compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How much of it is done.  It never decreases within a phase.
    pub done: u64,
    /// How much there is to do.  It does not change within a phase.
    pub total: u64,
}

/// Told of progress; breaking stops the build.
pub type Monitor<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// The state shared by the threads of one build.
#[derive(Default)]
pub struct Control {
    stopped: AtomicBool,
    /// Set while no worker runs, by the thread that reports progress.
    phase: Mutex<(Phase, u64)>,
    done: AtomicU64,
}

impl Control {
    /// Whether to give up; asked by workers before each piece of work.
    pub fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// An error for a worker that gives up because the build was stopped.
    pub fn check(&self) -> Result<()> {
        if self.stopped() {
            return Err(Error::new(Status::Cancelled, "the build was stopped"));
        }
        Ok(())
    }

    /// Begins a phase of which nothing is done, when no worker runs.
    pub fn begin(&self, phase: Phase, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        *lock(&self.phase) = (phase, total);
    }

    /// Counts `amount` as done.
    pub fn advance(&self, amount: u64) {
        self.done.fetch_add(amount, Ordering::Relaxed);
    }

    fn progress(&self) -> Progress {
        let (phase, total) = *lock(&self.phase);
        let done = self.done.load(Ordering::Relaxed);
        Progress {
            phase,
            done: if total == 0 { done } else { done.min(total) },
            total,
        }
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
                .wait_timeout(state, INTERVAL)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Ok(state)
    }

    /// Runs `job` on `threads` threads at once until all have returned, and
    /// returns the first failure.  A failure, and `monitor`, stop them all.
    pub fn run(
        &self,
        threads: usize,
        monitor: &mut Monitor,
        job: impl Fn() -> Result<()> + Sync,
    ) -> Result<()> {
        let finish = Finish {
            state: Mutex::new((0, None)),
            changed: Condvar::new(),
        };
        thread::scope(|scope| {
            let mut workers = Vec::with_capacity(threads);
            // Threads inherit the mask in force when they are made.
            let masked = signals::block_all();
            for _ in 0..threads {
                let worker = thread::Builder::new().name("guix-docker".into());
                let body = || {
                    let result = catch_unwind(AssertUnwindSafe(&job));
                    finish.report(
                        self,
                        result.unwrap_or_else(|payload| Err(panicked(&*payload))),
                    );
                };
                match worker.spawn_scoped(scope, body) {
                    Ok(worker) => workers.push(worker),
                    Err(error) => {
                        let error = Error::io(Status::Resources, "starting a thread", &error);
                        lock(&finish.state).1 = Some(error.advise("ask for fewer threads"));
                        self.stopped.store(true, Ordering::Relaxed);
                        break;
                    }
                }
            }
            drop(masked);
            let result = self.watch(workers.len(), monitor, &finish);
            // The scope waits for what the threads do; this, for their end.
            for worker in workers {
                let _ = worker.join();
            }
            result
        })
    }

    /// Runs `job` on a thread of its own, as [`Control::run`] does.
    pub fn run_one<T: Send>(
        &self,
        monitor: &mut Monitor,
        job: impl FnOnce() -> Result<T> + Send,
    ) -> Result<T> {
        let job = Mutex::new(Some(job));
        let result = Mutex::new(None);
        self.run(1, monitor, || {
            if let Some(job) = lock(&job).take() {
                *lock(&result) = Some(job()?);
            }
            Ok(())
        })?;
        let result = lock(&result).take();
        result.ok_or_else(|| Error::new(Status::Internal, "a worker returned nothing"))
    }

    fn watch(&self, started: usize, monitor: &mut Monitor, finish: &Finish) -> Result<()> {
        let mut cancelled = false;
        let mut state = lock(&finish.state);
        while state.0 < started {
            state = finish
                .changed
                .wait_timeout(state, INTERVAL)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            if state.0 == started || self.stopped() {
                continue;
            }
            drop(state);
            // The workers must not go on without the one who watches them:
            // should it panic, they are stopped first.
            let told = catch_unwind(AssertUnwindSafe(|| monitor(self.progress())));
            match told {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => {
                    cancelled = true;
                    self.stopped.store(true, Ordering::Relaxed);
                }
                Err(payload) => {
                    self.stopped.store(true, Ordering::Relaxed);
                    resume_unwind(payload);
                }
            }
            state = lock(&finish.state);
        }
        match state.1.take() {
            Some(error) if !cancelled => Err(error),
            _ if cancelled => Err(Error::new(
                Status::Cancelled,
                "the build was stopped by its progress callback",
            )),
            _ => Ok(()),
        }
    }
}

/// How many workers have returned, and the first failure.
struct Finish {
    state: Mutex<(usize, Option<Error>)>,
    changed: Condvar,
}

impl Finish {
    fn report(&self, control: &Control, result: Result<()>) {
        let mut state = lock(&self.state);
        state.0 += 1;
        if let Err(error) = result {
            control.stopped.store(true, Ordering::Relaxed);
            state.1.get_or_insert(error);
        }
        self.changed.notify_all();
    }
}

/// Locks `mutex` even if another worker panicked while it held it: the build
/// is failing by then, and what it guards is thrown away.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The failure that a caught panic becomes.
pub fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason was given");
    // One line, as all messages are.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Error::new(
        Status::Internal,
        format!("a defect in this library stopped the build, please report it: {text}"),
    )
}
