// SPDX-License-Identifier: GPL-3.0-or-later

//! Parameters of the build itself, on which the image does not depend.

use std::thread;

/// Thread cap on machines with few processors.
const ALWAYS_USEFUL_THREADS: usize = 8;

/// Running: the build itself.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    pub(crate) threads: usize,
}

impl Default for Running {
    fn default() -> Self {
        Running {
            threads: available_threads(),
        }
    }
}

impl Running {
    /// Sets the maximum number of threads; 0 stands for as many as the process can run
    /// at once.  More than twice as many, or 8, would take memory for nothing.
    pub fn threads(&mut self, count: usize) {
        let available = available_threads();
        self.threads = match count {
            0 => available,
            _ => count.min((2 * available).max(ALWAYS_USEFUL_THREADS)),
        };
    }
}

fn available_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
