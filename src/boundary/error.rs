// SPDX-License-Identifier: GPL-3.0-or-later

//! Errors as C callers see them.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;

use super::layout::no_padding;
use crate::error::{Argument, Error, Status};

/// What went wrong.  Later versions add members at the end, and statuses.
#[repr(C)]
pub struct CError {
    /// The size of the structure as the library knows it, in bytes.
    pub struct_size: usize,
    /// Why there is no image.
    pub status: Status,
    /// The `errno` of the system call that failed, or 0.
    pub system_error: c_int,
    /// What went wrong, naming the argument or file, and what to do: one line
    /// of UTF-8 without a full stop.
    pub message: *const c_char,
    /// The argument that it is about, by the name of its member of the options
    /// or as "options" if it is about these, or NULL.  The message begins with
    /// it.  Not to be freed.
    pub argument: *const c_char,
}

no_padding!(CError {
    struct_size,
    status,
    system_error,
    message,
    argument
});

/// A copy of `error` for a C caller.
pub fn export(error: &Error) -> *mut CError {
    // Quoting leaves no NUL in a file name; one from elsewhere, a panic's
    // message perhaps, is left out.
    let argument = error.which_argument().map(name);
    let mut message = match argument {
        Some(name) => format!("{}: {}", name.to_string_lossy(), error.message()).into_bytes(),
        None => error.message().as_bytes().to_vec(),
    };
    message.retain(|&byte| byte != 0);
    let message = CString::new(message).unwrap_or_default();
    Box::into_raw(Box::new(CError {
        struct_size: size_of::<CError>(),
        status: error.status(),
        system_error: error.errno(),
        message: message.into_raw(),
        argument: argument.map_or(ptr::null(), CStr::as_ptr),
    }))
}

/// What C calls `argument`.
fn name(argument: Argument) -> &'static CStr {
    match argument {
        Argument::Options => c"options",
        Argument::Image => c"image",
        Argument::Paths => c"paths",
        Argument::Prefix => c"prefix",
        Argument::Repository => c"repository",
        Argument::ExtraFiles => c"extra_files",
        Argument::Transformations => c"transformations",
        Argument::System => c"system",
        Argument::Database => c"database",
        Argument::EntryPoint => c"entry_point",
        Argument::Environment => c"environment",
        Argument::Compressor => c"compressor",
        Argument::CreationTime => c"creation_time",
        Argument::MaxLayers => c"max_layers",
        Argument::RootSystem => c"root_system",
        Argument::History => c"history",
        Argument::Ownership => c"ownership",
        Argument::Variant => c"variant",
        Argument::Whiteouts => c"whiteouts",
        Argument::Modes => c"modes",
        Argument::Xattrs => c"xattrs",
        Argument::ParentDirectories => c"parent_directories",
        Argument::ConfigKeys => c"config_keys",
        Argument::Names => c"names",
        Argument::Cmd => c"cmd",
        Argument::User => c"user",
        Argument::WorkingDirectory => c"working_directory",
        Argument::ExposedPorts => c"exposed_ports",
        Argument::Volumes => c"volumes",
        Argument::Labels => c"labels",
        Argument::StopSignal => c"stop_signal",
        Argument::HealthCheck => c"health_check",
        Argument::Author => c"author",
        Argument::Config => c"config",
        Argument::ImageFd => c"image_fd",
        Argument::ArchiveDigest => c"archive_digest",
        Argument::Format => c"format",
        Argument::Annotations => c"annotations",
        Argument::Reuse => c"reuse",
        Argument::ImmutablePaths => c"immutable_paths",
        Argument::Layering => c"layering",
        Argument::ReferencesGraphs => c"references_graphs",
        Argument::Base => c"base",
        Argument::BaseName => c"base_name",
        Argument::Target => c"target",
        Argument::Sources => c"sources",
    }
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
