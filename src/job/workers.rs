// SPDX-License-Identifier: GPL-3.0-or-later

//! Worker threads, and the calling thread that watches them.
//!
//! While workers run, the calling thread reports progress, so that a host
//! language can handle its signals there, and stops them when asked to.
//! Workers block every signal, which therefore reaches the host's own threads
//! only.

use std::any::Any;
use std::hash::RandomState;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Job, Monitor, lock, signals};
use crate::error::{Error, Result, Status};
use crate::memory;

/// How often the calling thread reports progress.
const REPORT_INTERVAL: Duration = Duration::from_millis(50);

/// The stack of a thread, in bytes.
const STACK_SIZE: usize = 1 << 20;

/// The memory that the C library takes for a thread besides its stack, more or
/// less.  It ends the process when a thread that begins has none.
const THREAD_SIZE: usize = 256 << 10;

/// Where workers wait for each other before they begin, so that none takes the
/// memory that another one begins with.
struct Gate {
    /// How many have come, and how many have been started when all are.
    state: Mutex<(usize, Option<usize>)>,
    changed: Condvar,
}

/// How many workers have returned, and the first failure.
struct Finish {
    state: Mutex<(usize, Option<Error>)>,
    changed: Condvar,
}

impl Job {
    /// Runs `work` on `threads` threads at once until all have returned, and
    /// returns the first failure.  A failure, and `monitor`, stop them all.
    pub fn run(
        &self,
        threads: usize,
        monitor: &mut Monitor,
        work: impl Fn() -> Result<()> + Sync,
    ) -> Result<()> {
        let finish = Finish {
            state: Mutex::new((0, None)),
            changed: Condvar::new(),
        };
        let gate = Gate {
            state: Mutex::new((0, None)),
            changed: Condvar::new(),
        };
        memory::ask(threads.saturating_mul(STACK_SIZE + THREAD_SIZE))?;
        thread::scope(|scope| {
            let mut workers = Vec::with_capacity(threads);
            // Threads inherit the mask in force when they are made.
            let masked = signals::block_all();
            for _ in 0..threads {
                let worker = thread::Builder::new()
                    .name("guix-docker".into())
                    .stack_size(STACK_SIZE);
                let body = || {
                    gate.pass();
                    let result = catch_unwind(AssertUnwindSafe(&work));
                    let result = result.unwrap_or_else(|payload| Err(panicked(&*payload)));
                    finish.report(self, result);
                };
                match worker.spawn_scoped(scope, body) {
                    Ok(worker) => workers.push(worker),
                    Err(error) => {
                        let error = Error::io(Status::Resources, "starting a thread", &error);
                        lock(&finish.state).1 = Some(error.with_hint("ask for fewer threads"));
                        self.stop();
                        break;
                    }
                }
            }
            drop(masked);
            gate.open(workers.len());
            let result = self.watch(workers.len(), monitor, &finish);
            // The scope waits for what the threads do; this, for their end.
            for worker in workers {
                let _ = worker.join();
            }
            result
        })
    }

    /// Runs `work` on a thread of its own, as [`Job::run`] does.
    pub fn run_one<T: Send>(
        &self,
        monitor: &mut Monitor,
        work: impl FnOnce() -> Result<T> + Send,
    ) -> Result<T> {
        let work = Mutex::new(Some(work));
        let result = Mutex::new(None);
        self.run(1, monitor, || {
            if let Some(work) = lock(&work).take() {
                seed_maps()?;
                *lock(&result) = Some(work()?);
            }
            Ok(())
        })?;
        let result = lock(&result).take();
        result.ok_or_else(|| Error::new(Status::Internal, "a worker returned nothing"))
    }

    /// Waits for the workers that were `started`, telling `monitor` of progress
    /// meanwhile and when all is done.
    fn watch(&self, started: usize, monitor: &mut Monitor, finish: &Finish) -> Result<()> {
        let mut state = lock(&finish.state);
        loop {
            if state.0 < started {
                state = finish
                    .changed
                    .wait_timeout(state, REPORT_INTERVAL)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
            let is_over = state.0 == started;
            if !self.is_stopped() {
                drop(state);
                if self.tell(monitor).is_break() {
                    self.stop();
                    return Err(Error::new(
                        Status::Cancelled,
                        "the build was stopped by its progress callback",
                    ));
                }
                state = lock(&finish.state);
            }
            if is_over {
                return state.1.take().map_or(Ok(()), Err);
            }
        }
    }

    /// Tells `monitor` how far the job has come.  One that panics stops the
    /// workers as well: the panic goes on when they have ended.
    fn tell(&self, monitor: &mut Monitor) -> ControlFlow<()> {
        catch_unwind(AssertUnwindSafe(|| monitor(self.progress()))).unwrap_or_else(|payload| {
            self.stop();
            resume_unwind(payload)
        })
    }
}

impl Gate {
    /// Waits until all workers have begun.
    fn pass(&self) {
        let mut state = lock(&self.state);
        state.0 += 1;
        while state.1.is_none_or(|started| state.0 < started) {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Says how many workers there are.
    fn open(&self, started: usize) {
        lock(&self.state).1 = Some(started);
        self.changed.notify_all();
    }
}

impl Finish {
    fn report(&self, job: &Job, result: Result<()>) {
        let mut state = lock(&self.state);
        state.0 += 1;
        if let Err(error) = result {
            job.stop();
            state.1.get_or_insert(error);
        }
        self.changed.notify_all();
    }
}

/// Gets the random numbers that the standard library has for maps, for this
/// thread: it panics where there are none, for the first map.  JSON documents are
/// such maps.
pub fn seed_maps() -> Result<()> {
    catch_unwind(|| drop(RandomState::new())).map_err(|_| {
        Error::new(
            Status::Resources,
            "the system has no random numbers for this process",
        )
    })
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

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::{Duration, Instant};

    use super::Job;
    use crate::error::Status;

    #[test]
    fn a_panic_is_told_with_its_message() {
        let job = Job::default();
        let result = job.run(2, &mut |_| ControlFlow::Continue(()), || {
            panic!("the\nreason")
        });
        let error = result.unwrap_err();
        assert_eq!(error.status(), Status::Internal);
        assert!(error.message().ends_with(": the reason"), "{error}");
    }

    #[test]
    fn a_monitor_that_panics_stops_the_workers_at_once() {
        let job = Job::default();
        let start = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| {
            job.run(2, &mut |_| panic!("the monitor"), || {
                while start.elapsed() < Duration::from_secs(20) {
                    job.check()?;
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            })
        }));
        assert_eq!(result.unwrap_err().downcast_ref(), Some(&"the monitor"));
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
