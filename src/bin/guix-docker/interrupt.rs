// SPDX-License-Identifier: GPL-3.0-or-later

//! Signals that ask the program to end.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// What is added to a signal for the exit code.
const SIGNAL_CODE: i32 = 128;

/// The number of the signal that came, or 0.
static SIGNAL: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Begins to take note of signals.  The first one stops the work, which may
/// take a while to end; a second one ends the program at once.
pub fn watch() -> io::Result<()> {
    let came = Arc::new(AtomicBool::new(false));
    let ignored = ignored();
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if ignored >> (signal - 1) & 1 == 1 {
            continue;
        }
        // In the order of these lines.
        let code = SIGNAL_CODE + signal;
        flag::register_conditional_shutdown(signal, code, Arc::clone(&came))
            .and_then(|_| flag::register(signal, Arc::clone(&came)))
            .and_then(|_| flag::register_usize(signal, Arc::clone(&SIGNAL), signal as usize))?;
    }
    Ok(())
}

/// The signals that this process is to ignore, a bit each: whoever started it, as
/// `nohup` does, wants it so.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
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
