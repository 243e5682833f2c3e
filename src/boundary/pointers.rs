// SPDX-License-Identifier: GPL-3.0-or-later

//! Strings and lists that C callers point to.

use std::ffi::{CStr, c_char};
use std::slice;

use super::layout::{self, Structure, zeros};
use crate::error::{Argument, Error, Result};
use crate::memory;

/// Number of bytes that can be had at any time.
const LITTLE: usize = 64 << 10;

/// `argument` or a part of it is missing.
pub fn null(argument: Argument) -> Error {
    Error::argument(argument, "it is NULL")
}

/// Returns the string at a pointer that may not be NULL.
///
/// # Safety
///
/// The pointer must be NULL or that of a string that lives as long as is needed.
pub unsafe fn required<'a>(argument: Argument, string: *const c_char) -> Result<&'a [u8]> {
    // SAFETY: this is what `optional` asks for.
    let string = unsafe { optional(string) }.ok_or_else(|| null(argument))?;
    ask(argument, string.len())?;
    Ok(string)
}

/// Returns the string at a pointer, or `None` for NULL.
///
/// # Safety
///
/// As for [`required`].
pub unsafe fn optional<'a>(string: *const c_char) -> Option<&'a [u8]> {
    if string.is_null() {
        return None;
    }
    // SAFETY: the pointer is not NULL, and so it is that of a string.
    Some(unsafe { CStr::from_ptr(string) }.to_bytes())
}

/// Fails unless there is memory for what is made of `size` bytes of the caller's.
fn ask(argument: Argument, size: usize) -> Result<()> {
    match size > LITTLE {
        true => memory::ask(size.saturating_mul(4)).map_err(|error| error.with_argument(argument)),
        false => Ok(()),
    }
}

/// Returns a list of strings, none of which may be NULL.
///
/// # Safety
///
/// As for [`list`] and [`required`].
pub unsafe fn strings<'a>(
    argument: Argument,
    items: *const *const c_char,
    count: usize,
) -> Result<Vec<&'a [u8]>> {
    // SAFETY: the caller promises `count` elements.
    let items = unsafe { list(argument, items, count)? };
    let mut strings = memory::with_capacity(count)?;
    for &item in items {
        // SAFETY: each is NULL or a string.
        strings.push(unsafe { required(argument, item)? });
    }
    Ok(strings)
}

/// Copies a list of structures, none of which may be NULL.
///
/// # Safety
///
/// As for [`list`] and [`layout::copy`].
pub unsafe fn structures<T: Structure>(
    argument: Argument,
    items: *const *const T,
    count: usize,
) -> Result<Vec<T>> {
    // SAFETY: the caller promises `count` elements.
    let items = unsafe { list(argument, items, count)? };
    let zeros = zeros();
    let mut elements = memory::with_capacity(count)?;
    for &item in items {
        if item.is_null() {
            return Err(null(argument));
        }
        // SAFETY: each is NULL or a structure.
        elements.push(unsafe { layout::copy(argument, item, &zeros)? });
    }
    Ok(elements)
}

/// Returns a list, which may be NULL if it is empty.
///
/// # Safety
///
/// The list must have `count` elements and live as long as is needed.
pub unsafe fn list<'a, T>(argument: Argument, items: *const T, count: usize) -> Result<&'a [T]> {
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
    // SAFETY: the list is not NULL, its size was checked, and the caller promises the
    // rest.
    Ok(unsafe { slice::from_raw_parts(items, count) })
}
