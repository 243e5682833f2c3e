// SPDX-License-Identifier: GPL-3.0-or-later

//! Errors for C callers.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;

use crate::error::{Error, Status};

/// Failure of a call.  Later versions append members and statuses.
#[repr(C)]
pub struct CError {
    /// Size of the structure as the library knows it, in bytes.
    pub struct_size: u32,
    /// Kind of the failure.
    pub status: Status,
    /// The `errno` of the system call that failed, or 0.
    pub system_error: c_int,
    /// Message that names the argument or file and what to do: one line of UTF-8 without
    /// a full stop.
    pub message: *const c_char,
    /// Argument that led to the failure, by the name of its member of the options, or
    /// "options" for the structure itself; or NULL.  The message begins with it.
    pub argument: *const c_char,
}

/// Returns a copy of `error` for a C caller.
pub fn export(error: &Error) -> *mut CError {
    // Quoting leaves no NUL in a file name; one from elsewhere, a panic's message
    // perhaps, is left out.
    let string = |text: String| {
        let mut bytes = text.into_bytes();
        bytes.retain(|&byte| byte != 0);
        CString::new(bytes).unwrap_or_default().into_raw()
    };
    let argument = error.which_argument();
    Box::into_raw(Box::new(CError {
        struct_size: size_of::<CError>() as u32,
        status: error.status(),
        system_error: error.errno(),
        message: string(error.to_string()),
        argument: argument.map_or(ptr::null_mut(), |argument| string(argument.to_string())),
    }))
}

/// Returns the name of the constant for `status`, without its prefix.
pub fn status_name(status: i32) -> Option<&'static CStr> {
    const NAMES: [(Status, &CStr); 12] = [
        (Status::Ok, c"OK"),
        (Status::InvalidArgument, c"INVALID_ARGUMENT"),
        (Status::InvalidText, c"INVALID_TEXT"),
        (Status::UnsupportedSystem, c"UNSUPPORTED_SYSTEM"),
        (Status::Input, c"INPUT"),
        (Status::InputChanged, c"INPUT_CHANGED"),
        (Status::Output, c"OUTPUT"),
        (Status::NoSpace, c"NO_SPACE"),
        (Status::Compressor, c"COMPRESSOR"),
        (Status::Cancelled, c"CANCELLED"),
        (Status::Resources, c"RESOURCES"),
        (Status::Internal, c"INTERNAL"),
    ];
    let found = NAMES.iter().find(|(own, _)| *own as i32 == status);
    found.map(|(_, name)| *name)
}

/// Frees an error that [`export`] returned; does nothing for NULL.
///
/// # Safety
///
/// The error must not have been freed.
pub unsafe fn free(error: *mut CError) {
    if error.is_null() {
        return;
    }
    // SAFETY: `export` made all three, and the caller gives them back.
    unsafe {
        let error = Box::from_raw(error);
        for string in [error.message, error.argument] {
            if !string.is_null() {
                drop(CString::from_raw(string.cast_mut()));
            }
        }
    }
}
