// SPDX-License-Identifier: GPL-3.0-or-later

//! Signals that ask the program to end.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::Failure;

/// What is added to a signal for the exit code.
const SIGNAL_CODE: i32 = 128;

/// The number of the signal that came, or 0.
static SIGNAL: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Begins to take note of signals.  The first one stops the work, which may
/// take a while to end; a second one ends the program at once.
pub fn watch() -> Result<(), Failure> {
    let came = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In the order of these lines.
        let code = SIGNAL_CODE + signal;
        flag::register_conditional_shutdown(signal, code, Arc::clone(&came))
            .and_then(|_| flag::register(signal, Arc::clone(&came)))
            .and_then(|_| flag::register_usize(signal, Arc::clone(&SIGNAL), signal as usize))
            .map_err(|error| Failure::Other(format!("taking note of signals: {error}")))?;
    }
    Ok(())
}

/// The signal that came, if any.
pub fn signal() -> Option<u8> {
    match SIGNAL.load(Ordering::Relaxed) {
        0 => None,
        signal => Some(signal as u8),
    }
}

/// What a monitor of work returns: that it goes on, unless a signal came.
pub fn heed() -> ControlFlow<()> {
    match signal() {
        None => ControlFlow::Continue(()),
        Some(_) => ControlFlow::Break(()),
    }
}
