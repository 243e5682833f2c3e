// SPDX-License-Identifier: GPL-3.0-or-later

//! Progress reports to C callers.

use std::ffi::{c_int, c_void};
use std::ops::ControlFlow;

use crate::job;

/// Progress of the work.  Within a phase, `done` never decreases and `total` is
/// constant.  Phases follow each other in the order of their numbers; a phase that is
/// not needed, or over at once, is not reported.  Later versions append phases and
/// members.
#[repr(C)]
pub struct Event {
    /// Size of the structure as the library knows it, in bytes.
    pub struct_size: u32,
    /// Phase: one of `enum guix_docker_phase`.
    pub phase: u32,
    /// Number of files or bytes that are done.
    pub done: u64,
    /// Number of all files or bytes, or 0 if it is unknown.
    pub total: u64,
}

/// Function that progress is reported to, about 20 times a second, on the thread that
/// called the library.
///
/// - `data`: the `progress_data` of the options.
/// - `event`: the progress; the structure belongs to the library and lives for the
///   call.
///
/// Returns 0 to go on; another number stops the work, which then fails with
/// `GUIX_DOCKER_STATUS_CANCELLED`.  The function must return: it may not leave by
/// `longjmp` or an exception.
pub type Progress = Option<unsafe extern "C" fn(data: *mut c_void, event: *const Event) -> c_int>;

/// Reports `news` to the caller's function; breaks if the work is to stop.
///
/// # Safety
///
/// The function must be as its type says.
pub unsafe fn report(
    function: Progress,
    data: *mut c_void,
    news: &job::Progress,
) -> ControlFlow<()> {
    let Some(function) = function else {
        return ControlFlow::Continue(());
    };
    let event = Event {
        struct_size: size_of::<Event>() as u32,
        phase: news.phase as u32,
        done: news.done,
        total: news.total,
    };
    // SAFETY: the caller gave the function to be called like this.
    match unsafe { function(data, &event) } {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    }
}
