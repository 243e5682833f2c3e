// SPDX-License-Identifier: GPL-3.0-or-later

//! Structures that grow: callers of every version know the first members.
//!
//! Each structure begins with its size in bytes as the caller knows it.  Later
//! versions append members, and nothing else changes.

use std::ptr;

use crate::error::{Argument, Error, Result};

/// Structure that callers fill in and that later versions append members to.
///
/// # Safety
///
/// The structure is `repr(C)` and begins with its size, a `u32`; zeros are a value of
/// each other member.
pub unsafe trait Structure: Copy {
    /// Size in the first version of the library, in bytes.
    const FIRST_SIZE: usize;
    /// Name in messages.
    const WHAT: &str;
}

/// Implements [`Structure`] for a structure whose first version ended with the member
/// `$last`.
macro_rules! structure {
    ($structure:ident, $what:literal, up to $last:ident: $type:ty) => {
        // SAFETY: the structures of this crate are like that.
        unsafe impl Structure for $structure {
            const FIRST_SIZE: usize = std::mem::offset_of!($structure, $last) + size_of::<$type>();
            const WHAT: &str = $what;
        }

        const _: () = {
            assert!(std::mem::offset_of!($structure, struct_size) == 0);
            // A later member in padding would be what an older caller left there.
            assert!($structure::FIRST_SIZE % align_of::<$structure>() == 0);
        };
    };
}

pub(super) use structure;

/// Upper bound of the size of any version of a structure, in bytes.
const MAX_SIZE: usize = 1 << 16;

/// Copies the structure at `source`.  Members that the caller does not have are as in
/// `defaults`; those that this version does not have must be zero.
///
/// # Safety
///
/// `source` must point to as many readable bytes as its first member says.
pub unsafe fn copy<T: Structure>(argument: Argument, source: *const T, defaults: &T) -> Result<T> {
    // SAFETY: every version of the structure begins with its size.
    let size = unsafe { source.cast::<u32>().read() } as usize;
    if !(T::FIRST_SIZE..=MAX_SIZE).contains(&size) {
        return Err(Error::argument(
            argument,
            format_args!(
                "struct_size of {} is {size}, not {} or more; set it to the size of the structure",
                T::WHAT,
                T::FIRST_SIZE
            ),
        ));
    }
    let mut copy = *defaults;
    let known = size.min(size_of::<T>());
    // SAFETY: `known` bytes are in both structures, and any bytes that a caller has
    // there are members of the types that both versions share; the rest, too, is within
    // the caller's `size`.
    let rest = unsafe {
        let source = source.cast::<u8>();
        ptr::copy_nonoverlapping(source, (&raw mut copy).cast::<u8>(), known);
        std::slice::from_raw_parts(source.add(known), size - known)
    };
    if rest.iter().any(|&byte| byte != 0) {
        return Err(Error::argument(
            argument,
            format_args!(
                "a member of {} is set that this version of the library does not have; use the \
                 version that the header belongs to",
                T::WHAT
            ),
        ));
    }
    Ok(copy)
}

/// Fills the structure at `target`, of which the caller has `size` bytes, with
/// `defaults`, and members that this version does not have with zeros.
///
/// # Safety
///
/// `target` must point to `size` bytes that may be written.
pub unsafe fn fill<T: Structure>(target: *mut T, defaults: &T, size: usize) {
    let known = size.min(size_of::<T>());
    // SAFETY: `known` bytes are in both structures; the rest is within the caller's
    // `size`.
    unsafe {
        let bytes = target.cast::<u8>();
        ptr::copy_nonoverlapping((&raw const *defaults).cast::<u8>(), bytes, known);
        bytes.add(known).write_bytes(0, size - known);
        if size >= size_of::<u32>() {
            target.cast::<u32>().write(size as u32);
        }
    }
}

/// Returns a structure of zeros.
pub fn zeros<T: Structure>() -> T {
    // SAFETY: zeros are a value of each member.
    unsafe { std::mem::MaybeUninit::zeroed().assume_init() }
}
