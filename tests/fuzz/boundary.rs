// SPDX-License-Identifier: GPL-3.0-or-later

//! The structures of C: of any size, with any numbers and strings, and pointers
//! to what is there.
//!
//! Words of lines are as in `request`, and besides those of `c_options`.

#![no_main]

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::{LazyLock, Once};

use guix_docker::Job;
use guix_docker::error::Status;
use guix_docker_fuzz::c_options::{Error, Event, Given, Options, Report};
use guix_docker_fuzz::scene::{Scene, check_message};
use guix_docker_fuzz::settings::Settings;
use libfuzzer_sys::fuzz_target;

static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

unsafe extern "C" {
    fn build_docker_image(
        options: *const Options,
        report: *mut *mut Report,
        error: *mut *mut Error,
    ) -> Status;
    fn guix_docker_options_init(options: *mut Options, size: usize);
    fn guix_docker_report_json(report: *const Report) -> *const c_char;
    fn guix_docker_status_name(status: i32) -> *const c_char;
    fn guix_docker_report_free(report: *mut Report);
    fn guix_docker_error_free(error: *mut Error);
}

/// Stops the build when it is called for the last time.
unsafe extern "C" fn progress(calls: *mut c_void, event: *const Event) -> c_int {
    // SAFETY: the library has made it for this call.
    let event = unsafe { &*event };
    assert_eq!(event.struct_size as usize, size_of::<Event>());
    assert!(event.done <= event.total || event.total == 0);
    assert!((1..=3).contains(&event.phase));
    // SAFETY: it is what the options have as the data.
    let calls = unsafe { &mut *calls.cast::<i64>() };
    *calls -= 1;
    c_int::from(*calls == 0)
}

fuzz_target!(|bytes: &[u8]| {
    see_panics();
    let Some(settings) = Settings::new(bytes, &SCENE) else {
        return;
    };
    let mut options = Options::default();
    // SAFETY: the structure is as large as is said.
    unsafe { guix_docker_options_init(&mut options, size_of::<Options>()) };
    let image = SCENE.image(settings.last("image").unwrap_or(b"image"));
    let mut calls = settings.number("stop").unwrap_or(0);
    let mut given = Given::new(options, &settings, &image);
    given.options.progress = Some(progress);
    given.options.progress_data = (&raw mut calls).cast();
    let has_file = given.options.image_fd == -1;

    let mut report = ptr::dangling_mut();
    let mut error = ptr::dangling_mut();
    // SAFETY: all that the structure points to is there until `given` is gone.
    let status = unsafe { build_docker_image(given.structure(), &mut report, &mut error) };
    if status == Status::Ok {
        assert!(error.is_null());
        // SAFETY: the report is valid until it is freed.
        let json = unsafe { CStr::from_ptr(guix_docker_report_json(report)) };
        let json: serde_json::Value = serde_json::from_slice(json.to_bytes()).unwrap();
        // SAFETY: what the library returns is valid until it is freed.
        let id = unsafe { CStr::from_ptr((*report).image_id) };
        assert_eq!(json["image_id"], id.to_str().unwrap());
        if has_file {
            // A NUL ends what C has of the name.
            let image = image.split(|&byte| byte == 0).next().unwrap_or_default();
            let image = Path::new(OsStr::from_bytes(image));
            let images = guix_docker_fuzz::open_all(image.as_os_str().as_bytes(), &Job::default());
            assert_eq!(images.unwrap()[0].id.to_string(), id.to_str().unwrap());
        }
        SCENE.clear();
    } else {
        assert!(report.is_null());
        // SAFETY: as above.
        let (problem, message) = unsafe { (&*error, CStr::from_ptr((*error).message)) };
        assert_eq!(problem.status, status as i32);
        // SAFETY: any number may be asked about.
        assert!(!unsafe { guix_docker_status_name(problem.status) }.is_null());
        let message = message.to_str().unwrap();
        check_message(status, message);
        if !problem.argument.is_null() {
            // SAFETY: as above.
            let argument = unsafe { CStr::from_ptr(problem.argument) };
            let argument = argument.to_str().unwrap();
            assert!(message.starts_with(&format!("{argument}: ")), "{message}");
        }
        SCENE.check_nothing_left();
    }
    // SAFETY: they are the library's, and each is given back once.
    unsafe {
        guix_docker_report_free(report);
        guix_docker_error_free(error);
    }
});

/// Has panics end the fuzzer, which the library would keep from it.
fn see_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: NULL is an error.
        unsafe { build_docker_image(ptr::null(), ptr::null_mut(), ptr::null_mut()) };
        std::panic::set_hook(Box::new(|panic| {
            eprintln!("{panic}");
            std::process::abort();
        }));
    });
}
