// SPDX-License-Identifier: GPL-3.0-or-later

//! The C interface.
//!
//! Nothing else in the library knows of C.  A call reads all that the caller
//! points to into a [`Request`](crate::Request) first and looks at the
//! caller's memory no more; what it returns belongs to the library until its
//! own `_free` function gets it back.  Panics stop here.

#![allow(unsafe_code)]
// The documentation of the functions is the header's, for C programmers: what
// it asks of pointers is the safety section.
#![allow(clippy::missing_safety_doc)]

mod error;
mod layout;
mod options;
mod pointers;
mod progress;
mod read;
mod report;

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Once;

use self::error::CError;
use self::options::{MergeOptions, Options};
use self::report::CReport;
use crate::error::{Result, Status};
use crate::job::{panicked, seed_maps};
use crate::report::Report;

/// Builds the Docker image that `options` describes.
///
/// - `options`: what to build, made by `guix_docker_options_init` and filled
///   in by the caller.  It and all it points to need live only for the call.
/// - `report`: where to put what was built, or NULL.  On success `*report`
///   is set to a report that `guix_docker_report_free` frees, on failure to
///   NULL.
/// - `error`: where to put what went wrong, or NULL.  On failure `*error` is
///   set to an error that `guix_docker_error_free` frees, on success to NULL.
///
/// Returns `GUIX_DOCKER_STATUS_OK`, which is 0, or why there is no image.
/// The image appears under its name when it is complete; a failure leaves
/// nothing behind, and an image of that name as it was.
///
/// The call blocks until the image is there.  It may be made from any
/// thread that has 64 KiB of stack, half of which are for the callbacks, and
/// from several at once.  It starts threads of its own, which block all
/// signals and have ended when it returns.  It reads no environment variable
/// but PATH, to find a compressor, TMPDIR, where a compressed base is unpacked,
/// and XDG_CACHE_HOME or else HOME; a compressor that is run inherits the
/// environment.
///
/// In OCI formats it notes which layers it has built, so that a later call
/// reuses them without decompressing them: in the file guix-docker/layers in the
/// directory XDG_CACHE_HOME, if that is an absolute name, or else in .cache in
/// HOME.  The file and its directory must belong to the effective user, who
/// alone may write to them; it is at most 4 MiB and can be deleted at any time.
/// Where a variable is missing, the directory cannot be made, or the process has
/// more privileges than its caller (AT_SECURE), nothing is noted.
///
/// Example:
///
///     struct guix_docker_options options;
///     struct guix_docker_error *error;
///     const char *paths[] = { "/gnu/store/...-hello-2.12" };
///
///     guix_docker_options_init (&options, sizeof options);
///     options.image = "hello.tar";
///     options.paths = paths;
///     options.path_count = 1;
///     options.prefix = paths[0];
///     if (build_docker_image (&options, NULL, &error) != 0)
///       {
///         fprintf (stderr, "%s\n", error->message);
///         guix_docker_error_free (error);
///       }
#[unsafe(no_mangle)]
pub unsafe extern "C" fn build_docker_image(
    options: *const Options,
    report: *mut *mut CReport,
    error: *mut *mut CError,
) -> Status {
    keep_quiet();
    let built = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller promises valid pointers.
        let result = unsafe { build(options) };
        match result {
            Ok(built) => (Status::Ok, report::export(built), ptr::null_mut()),
            Err(problem) => (problem.status(), ptr::null_mut(), error::export(&problem)),
        }
    }));
    let (status, new_report, new_error) = built.unwrap_or_else(|payload| {
        let problem = panicked(&*payload);
        (problem.status(), ptr::null_mut(), error::export(&problem))
    });
    // SAFETY: the caller promises that each is NULL or valid for writing; what
    // is not handed over is freed.
    unsafe {
        if report.is_null() {
            report::free(new_report);
        } else {
            *report = new_report;
        }
        if error.is_null() {
            error::free(new_error);
        } else {
            *error = new_error;
        }
    }
    status
}

/// Has panics, which become errors with the same message, print nothing on the
/// caller's standard error.  The hook is this library's own.
fn keep_quiet() {
    static ONCE: Once = Once::new();
    // What tests say is to be seen.
    if cfg!(not(test)) {
        ONCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    }
}

/// # Safety
///
/// `options` must be NULL or valid as [`build_docker_image`] describes.
unsafe fn build(options: *const Options) -> Result<Report> {
    seed_maps()?;
    // SAFETY: the caller promises a structure as large as it says.
    let options = unsafe { read::options(options)? };
    // SAFETY: the caller promises that all it points to is there for the
    // call; the request owns all it holds.
    let request = unsafe { read::request(&options)? };
    let mut monitor = |news| {
        // SAFETY: the caller promises a function that may be called.
        unsafe { progress::report(options.progress, options.progress_data, &news) }
    };
    crate::build(&request, &mut monitor)
}

/// Fills `options` with defaults: an image of no paths, in a single layer,
/// not compressed, for this machine's system, created now.
///
/// - `options`: the structure to fill.
/// - `size`: `sizeof (struct guix_docker_options)`, by which the library
///   knows which members the caller has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn guix_docker_options_init(options: *mut Options, size: usize) {
    if options.is_null() {
        return;
    }
    let defaults = Options::new();
    // SAFETY: the caller promises `size` bytes.
    unsafe { layout::fill(options, &defaults, size) }
}

/// Merges OCI image layouts into one, images of several systems as a rule.
///
/// - `options`: the layouts, made by `guix_docker_merge_init` and filled in by
///   the caller.  It and all it points to need live only for the call.
/// - `error`: as for `build_docker_image`.
///
/// Images of one name for several systems are found by that name, in an index
/// of theirs.  One of the same name and system as another one that is there
/// takes its place.  Digests are checked; blobs are linked where that can be.
///
/// Returns `GUIX_DOCKER_STATUS_OK`, which is 0, or why nothing was changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn guix_docker_merge_layouts(
    options: *const MergeOptions,
    error: *mut *mut CError,
) -> Status {
    keep_quiet();
    let merged = catch_unwind(AssertUnwindSafe(|| {
        seed_maps()?;
        // SAFETY: the caller promises a structure as large as it says, and all
        // it points to.
        let (merge, options) = unsafe { read::merge(options)? };
        let mut monitor = |news| {
            // SAFETY: the caller promises a function that may be called.
            unsafe { progress::report(options.progress, options.progress_data, &news) }
        };
        crate::merge(&merge, &mut monitor)
    }));
    let merged = merged.unwrap_or_else(|payload| Err(panicked(&*payload)));
    let (status, new_error) = match merged {
        Ok(_) => (Status::Ok, ptr::null_mut()),
        Err(problem) => (problem.status(), error::export(&problem)),
    };
    // SAFETY: the caller promises that it is NULL or valid for writing; what is
    // not handed over is freed.
    unsafe {
        if error.is_null() {
            error::free(new_error);
        } else {
            *error = new_error;
        }
    }
    status
}

/// Fills `options` with defaults: nothing.
///
/// - `options`: the structure to fill.
/// - `size`: `sizeof (struct guix_docker_merge)`, by which the library knows
///   which members the caller has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn guix_docker_merge_init(options: *mut MergeOptions, size: usize) {
    if !options.is_null() {
        // SAFETY: the caller promises `size` bytes.
        unsafe { layout::fill(options, &layout::zeros(), size) }
    }
}

/// Returns the report as a JSON object, whose form guix_docker_report.schema.json
/// describes.
///
/// - `report`: a report of `build_docker_image`, or NULL.
///
/// The text is made by the first call, is freed with the report, and is the same for
/// all threads.  NULL for NULL, or if there is too little memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn guix_docker_report_json(report: *const CReport) -> *const c_char {
    if report.is_null() {
        return ptr::null();
    }
    // SAFETY: the caller promises a report of this library.
    let json = catch_unwind(AssertUnwindSafe(|| unsafe { report::json(report) }));
    json.unwrap_or(ptr::null())
}

/// Frees a report that `build_docker_image` made and that has not been freed;
/// NULL is left alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn guix_docker_report_free(report: *mut CReport) {
    // SAFETY: the caller promises a report of this library or NULL.
    unsafe { report::free(report) }
}

/// Frees an error that `build_docker_image` made and that has not been freed;
/// NULL is left alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn guix_docker_error_free(error: *mut CError) {
    // SAFETY: the caller promises an error of this library or NULL.
    unsafe { error::free(error) }
}

/// Returns the version of the library, such as "1.0.0"; never freed.
#[unsafe(no_mangle)]
pub extern "C" fn guix_docker_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Returns the name of a status, such as "INVALID_ARGUMENT", or NULL for a number that
/// is none; never freed.
///
/// - `status`: one of `enum guix_docker_status`.
#[unsafe(no_mangle)]
pub extern "C" fn guix_docker_status_name(status: i32) -> *const c_char {
    error::status_name(status).map_or(ptr::null(), std::ffi::CStr::as_ptr)
}
