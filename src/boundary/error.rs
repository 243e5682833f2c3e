// SPDX-License-Identifier: GPL-3.0-or-later

//! Errors as C callers see them.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use crate::error::{Error, Status};

/// What went wrong.
#[repr(C)]
pub struct CError {
    /// Why there is no image.
    pub status: Status,
    /// The `errno` of the system call that failed, or 0.
    pub system_error: c_int,
    /// What went wrong, naming the argument or file, and what to do: one line
    /// of UTF-8 without a full stop.
    pub message: *const c_char,
}

/// A copy of `error` for a C caller.
pub fn export(error: &Error) -> *mut CError {
    // Quoting leaves no null byte in a file name; should one come from
    // elsewhere, the message ends there.
    let mut message = error.message().as_bytes().to_vec();
    message.retain(|&byte| byte != 0);
    let message = CString::new(message).unwrap_or_default();
    Box::into_raw(Box::new(CError {
        status: error.status(),
        system_error: error.errno(),
        message: message.into_raw(),
    }))
}

/// Frees what [`export`] returned, or does nothing for NULL.
///
/// # Safety
///
/// It must not have been freed.
pub unsafe fn free(error: *mut CError) {
    if error.is_null() {
        return;
    }
    // SAFETY: `export` made both, and the caller gives them back.
    unsafe {
        let mut error = Box::from_raw(error);
        drop(CString::from_raw(error.message.cast_mut()));
        error.message = ptr::null();
    }
}
