// SPDX-License-Identifier: GPL-3.0-or-later

//! How long each phase takes.

use std::time::Instant;

use serde::Serialize;

use super::Phase;

/// How long each phase took, in seconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Seconds {
    /// [`Phase::Scanning`]
    pub scanning: f64,
    /// [`Phase::Comparing`]
    pub comparing: f64,
    /// [`Phase::Writing`]
    pub writing: f64,
}

/// Measures phases.
pub struct Clock {
    phase: Phase,
    since: Instant,
    seconds: Seconds,
}

impl Default for Clock {
    fn default() -> Self {
        Clock {
            phase: Phase::default(),
            since: Instant::now(),
            seconds: Seconds::default(),
        }
    }
}

impl Clock {
    /// Ends the present phase and begins `phase`.
    pub fn begin(&mut self, phase: Phase) {
        self.seconds = self.seconds();
        self.phase = phase;
        self.since = Instant::now();
    }

    /// How long each phase took until now.
    pub fn seconds(&self) -> Seconds {
        let mut seconds = self.seconds;
        let passed = self.since.elapsed().as_secs_f64();
        match self.phase {
            Phase::Scanning => seconds.scanning += passed,
            Phase::Comparing => seconds.comparing += passed,
            Phase::Writing => seconds.writing += passed,
        }
        seconds
    }
}
