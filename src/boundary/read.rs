// SPDX-License-Identifier: GPL-3.0-or-later

//! Reading what a C caller points to.

use std::ffi::{CStr, c_char};
use std::{ptr, slice};

use super::null;
use super::options::{
    DEFAULT_MODE, DIRECTIVE_DIRECTORY, DIRECTIVE_FILE, DIRECTIVE_LINK, Directive, HISTORY_LAYERS,
    HISTORY_NONE, HISTORY_ONE, NOW, Options,
};
use crate::error::{Error, Result, quoted};
use crate::request::{self, Compressor, History, Request};

/// The size of the structure in the first version of the library.
const FIRST_SIZE: usize = size_of::<Options>();

/// Copies the options of a caller whose structure may be older or newer.
///
/// # Safety
///
/// `options` must be NULL or point to as many bytes as its first member says.
pub unsafe fn options(options: *const Options) -> Result<Options> {
    if options.is_null() {
        return Err(null("options"));
    }
    // SAFETY: every version of the structure begins with its size.
    let size = unsafe { options.cast::<usize>().read() };
    // What no version will ever have: the size was not set.
    if !(FIRST_SIZE..=1 << 16).contains(&size) {
        return Err(Error::argument(
            "options",
            format_args!(
                "their size is {size}, not {FIRST_SIZE} or more; call guix_docker_options_init"
            ),
        ));
    }
    let known = size.min(size_of::<Options>());
    let mut copy = Options::new(size);
    // SAFETY: the caller promises `size` bytes.
    let rest = unsafe {
        let source = options.cast::<u8>();
        ptr::copy_nonoverlapping(source, (&raw mut copy).cast::<u8>(), known);
        slice::from_raw_parts(source.add(known), size - known)
    };
    if rest.iter().any(|&byte| byte != 0) {
        return Err(Error::argument(
            "options",
            "they ask for what this version of the library does not have; \
             use the version that the header belongs to",
        ));
    }
    Ok(copy)
}

/// Makes a request of `options`.
///
/// # Safety
///
/// Everything that `options` points to must be as the structure describes.
pub unsafe fn request(options: &Options) -> Result<Request> {
    // SAFETY: here and below, the caller promises that strings end in a null
    // byte and that lists are as long as their counts say.
    let (image, paths, prefix) = unsafe {
        (
            required("image", options.image)?,
            strings("paths", options.paths, options.path_count)?,
            required("prefix", options.prefix)?,
        )
    };
    let mut request = Request::new(image, &paths, prefix)?;
    // SAFETY: as above.
    if let Some(repository) = unsafe { optional(options.repository) } {
        request.repository(repository)?;
    }
    // SAFETY: as above.
    let directives = unsafe { list("extra-files", options.extra_files, options.extra_file_count)? };
    // SAFETY: as above.
    let directives = directives.iter().map(|item| unsafe { directive(item) });
    request.extra_files(directives.collect::<Result<_>>()?);
    // SAFETY: as above.
    let transformations = unsafe {
        list(
            "transformations",
            options.transformations,
            options.transformation_count,
        )?
    };
    let transformations = transformations.iter().map(|item| {
        // SAFETY: as above.
        let (from, to) = unsafe {
            (
                required("transformations", item.from)?,
                required("transformations", item.to)?,
            )
        };
        request::Transformation::new(from, to)
    });
    request.transformations(transformations.collect::<Result<_>>()?);
    // SAFETY: as above.
    if let Some(system) = unsafe { optional(options.system) } {
        request.system(system)?;
    }
    // SAFETY: as above.
    if let Some(database) = unsafe { optional(options.database) } {
        request.database(database)?;
    }
    // SAFETY: as above.
    let words = unsafe {
        strings(
            "entry-point",
            options.entry_point,
            options.entry_point_count,
        )?
    };
    if !options.entry_point.is_null() {
        request.entry_point(&words)?;
    }
    // SAFETY: as above.
    let environment = unsafe {
        list(
            "environment",
            options.environment,
            options.environment_count,
        )?
    };
    for variable in environment {
        // SAFETY: as above.
        let (name, value) = unsafe {
            (
                required("environment", variable.name)?,
                required("environment", variable.value)?,
            )
        };
        request.variable(name, value)?;
    }
    // SAFETY: as above.
    let command = unsafe { strings("compressor", options.compressor, options.compressor_count)? };
    request.compressor(Compressor::from_command(&command)?);
    if options.creation_time != NOW {
        request.creation_time(options.creation_time)?;
    }
    if options.max_layers != 0 {
        request.max_layers(options.max_layers)?;
    }
    // SAFETY: as above.
    if let Some(root_system) = unsafe { optional(options.root_system) } {
        request.root_system(root_system)?;
    }
    request.history(match options.history {
        HISTORY_LAYERS => History::Layers,
        HISTORY_ONE => History::One,
        HISTORY_NONE => History::None,
        other => {
            let problem = format_args!("{other} is none of the values it may have");
            return Err(Error::argument("history", problem));
        }
    });
    request.threads(options.threads as usize);
    Ok(request)
}

/// # Safety
///
/// The members that the kind of the directive uses must be valid.
unsafe fn directive(directive: &Directive) -> Result<request::Directive> {
    // SAFETY: the caller promises valid members.
    let name = unsafe { required("extra-files", directive.name)? };
    match directive.kind {
        DIRECTIVE_DIRECTORY => {
            let mode = Some(directive.mode).filter(|&mode| mode != DEFAULT_MODE);
            request::Directive::directory(name, mode)
        }
        DIRECTIVE_FILE => {
            // SAFETY: as above.
            let content =
                unsafe { list("extra-files", directive.content, directive.content_size)? };
            request::Directive::file(name, content)
        }
        DIRECTIVE_LINK => {
            // SAFETY: as above.
            let target = unsafe { required("extra-files", directive.target)? };
            request::Directive::link(name, target)
        }
        other => Err(Error::argument(
            "extra-files",
            format_args!("the directive for {} has no kind {other}", quoted(name)),
        )),
    }
}

/// The string behind a pointer that may not be NULL.
///
/// # Safety
///
/// It must be NULL or a string that lives as long as is needed.
unsafe fn required<'a>(argument: &str, string: *const c_char) -> Result<&'a [u8]> {
    // SAFETY: as above.
    unsafe { optional(string) }.ok_or_else(|| null(argument))
}

/// The string behind a pointer, or `None` for NULL.
///
/// # Safety
///
/// As for [`required`].
unsafe fn optional<'a>(string: *const c_char) -> Option<&'a [u8]> {
    if string.is_null() {
        return None;
    }
    // SAFETY: as above.
    Some(unsafe { CStr::from_ptr(string) }.to_bytes())
}

/// A list of strings, none of which may be NULL.
///
/// # Safety
///
/// As for [`list`] and [`required`].
unsafe fn strings<'a>(
    argument: &str,
    items: *const *const c_char,
    count: usize,
) -> Result<Vec<&'a [u8]>> {
    // SAFETY: as above.
    let items = unsafe { list(argument, items, count)? };
    // SAFETY: as above.
    let strings = items
        .iter()
        .map(|&item| unsafe { required(argument, item) });
    strings.collect()
}

/// A list that may be NULL if it is empty.
///
/// # Safety
///
/// It must have `count` elements and live as long as is needed.
unsafe fn list<'a, T>(argument: &str, items: *const T, count: usize) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    if items.is_null() {
        return Err(Error::argument(
            argument,
            format_args!("it is NULL, but its count is {count}"),
        ));
    }
    if count > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(Error::argument(
            argument,
            format_args!("no list has {count} elements"),
        ));
    }
    // SAFETY: it is not NULL, its size was checked, and the caller promises
    // the rest.
    Ok(unsafe { slice::from_raw_parts(items, count) })
}
