// SPDX-License-Identifier: GPL-3.0-or-later

//! Telling C callers of progress.

use std::ffi::{c_int, c_void};
use std::ops::ControlFlow;

use super::layout::no_padding;
use super::options::Options;
use crate::job::{self, Phase};

/// `phase`: files are listed and examined; `done` counts them, and `total`,
/// which is not known, is 0.
pub const PHASE_SCANNING: u32 = 1;
/// `phase`: layers that may be equal are read and compared; `done` and `total`
/// are bytes.
pub const PHASE_COMPARING: u32 = 2;
/// `phase`: the image is written; `done` and `total` are bytes before
/// compression, and those that are read to check what is taken over.
pub const PHASE_WRITING: u32 = 3;

/// Told of progress about 20 times a second, on the thread that called
/// `build_docker_image`.
///
/// - `data`: the `progress_data` of the options.
/// - `done`, `total`: bytes done so far and in all, before compression; both
///   are 0 while files are being listed.
///
/// Returns 0 to go on; anything else stops the build, which then fails with
/// `GUIX_DOCKER_STATUS_CANCELLED`.  The function must return: it may not
/// leave by `longjmp` or an exception.
pub type Progress = Option<unsafe extern "C" fn(data: *mut c_void, done: u64, total: u64) -> c_int>;

/// What is being done, and how far it has come.  Within a phase, `done` never
/// goes back and `total` stays what it is; phases follow each other in the
/// order of their numbers, and those that a build does not have or that are
/// over at once are not told of.  Later versions add phases, and members at
/// the end.
#[repr(C)]
pub struct Event {
    /// The size of the structure as the library knows it, in bytes.
    pub struct_size: u32,
    /// What is being done: one of the `GUIX_DOCKER_PHASE_` values.
    pub phase: u32,
    /// How much of it is done.
    pub done: u64,
    /// How much there is to do, or 0 if that is not known.
    pub total: u64,
}

no_padding!(Event {
    struct_size,
    phase,
    done,
    total
});

/// Like `guix_docker_progress`, but told of the phase as well.
///
/// - `data`: the `progress_data` of the options.
/// - `event`: what there is to tell; it lives for the call.
///
/// Returns 0 to go on; anything else stops the build.
pub type Monitor = Option<unsafe extern "C" fn(data: *mut c_void, event: *const Event) -> c_int>;

/// Tells the functions of `options` of `news`; breaks if one of them wants the
/// build to stop.
///
/// # Safety
///
/// The functions must be as their types say.
pub unsafe fn tell(options: &Options, news: job::Progress) -> ControlFlow<()> {
    let data = options.progress_data;
    // SAFETY: the caller promises the functions.
    unsafe { tell_monitor(options.monitor, data, &news)? };
    let job::Progress {
        phase, done, total, ..
    } = news;
    if let Some(progress) = options.progress {
        let done = if phase == Phase::Scanning { 0 } else { done };
        // SAFETY: the caller gave the function to be called like this.
        if unsafe { progress(data, done, total) } != 0 {
            return ControlFlow::Break(());
        }
    }
    ControlFlow::Continue(())
}

/// Tells `monitor` of `news`; breaks if it wants the work to stop.
///
/// # Safety
///
/// It must be as its type says.
pub unsafe fn tell_monitor(
    monitor: Monitor,
    data: *mut c_void,
    news: &job::Progress,
) -> ControlFlow<()> {
    let &job::Progress {
        phase, done, total, ..
    } = news;
    if let Some(monitor) = monitor {
        let event = Event {
            struct_size: size_of::<Event>() as u32,
            phase: match phase {
                Phase::Scanning => PHASE_SCANNING,
                Phase::Comparing => PHASE_COMPARING,
                Phase::Writing => PHASE_WRITING,
            },
            done,
            total,
        };
        // SAFETY: the caller gave the function to be called like this.
        if unsafe { monitor(data, &event) } != 0 {
            return ControlFlow::Break(());
        }
    }
    ControlFlow::Continue(())
}
