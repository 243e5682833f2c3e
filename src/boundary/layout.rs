// SPDX-License-Identifier: GPL-3.0-or-later

//! Structures that grow: what callers of every version have of them.

use std::ptr;

use crate::error::{Argument, Error, Result};

/// A structure that callers fill in and that later versions add members to.
pub trait Structure: Copy {
    /// Its size in the first version of the library, in bytes.
    const FIRST_SIZE: usize;
    /// What it is called in messages.
    const WHAT: &str;
}

/// More than any version of a structure has, in bytes: its size was not set.
const MAX_SIZE: usize = 1 << 16;

/// Checks that `size` is one that some version of a structure has, in bytes.
pub fn check_size<T: Structure>(argument: Argument, size: usize) -> Result<()> {
    if (T::FIRST_SIZE..=MAX_SIZE).contains(&size) {
        return Ok(());
    }
    Err(Error::argument(
        argument,
        format_args!(
            "the size of {} is {size}, not {} or more; call guix_docker_options_init",
            T::WHAT,
            T::FIRST_SIZE
        ),
    ))
}

/// Copies the structure at `source`, of which the caller has `size` bytes.
/// Members that the caller does not have are as in `defaults`; those that this
/// version does not have must be zero.
///
/// # Safety
///
/// `source` must point to `size` readable bytes.
pub unsafe fn copy<T: Structure>(
    argument: Argument,
    source: *const T,
    size: usize,
    defaults: &T,
) -> Result<T> {
    check_size::<T>(argument, size)?;
    let mut copy = *defaults;
    let known = size.min(size_of::<T>());
    // SAFETY: `known` bytes are in both structures, and any bytes that a
    // caller has there are members of the types that both versions share; the
    // rest, too, is within the caller's `size`.
    let rest = unsafe {
        let source = source.cast::<u8>();
        ptr::copy_nonoverlapping(source, (&raw mut copy).cast::<u8>(), known);
        std::slice::from_raw_parts(source.add(known), size - known)
    };
    if rest.iter().any(|&byte| byte != 0) {
        return Err(Error::argument(
            argument,
            format_args!(
                "{} asks for what this version of the library does not have; \
                 use the version that the header belongs to",
                T::WHAT
            ),
        ));
    }
    Ok(copy)
}

/// Fills the structure at `target`, of which the caller has `size` bytes, with
/// `defaults`, and what this version does not have with zeros.
///
/// # Safety
///
/// `target` must point to `size` bytes that may be written.
pub unsafe fn fill<T: Structure>(target: *mut T, defaults: &T, size: usize) {
    let known = size.min(size_of::<T>());
    // SAFETY: `known` bytes are in both structures; the rest is within the
    // caller's `size`.
    unsafe {
        let target = target.cast::<u8>();
        ptr::copy_nonoverlapping((&raw const *defaults).cast::<u8>(), target, known);
        target.add(known).write_bytes(0, size - known);
    }
}

/// Fails to compile unless a structure consists of the members named, in that
/// order and without padding between or after them: padding that a later
/// version put a member into would hold whatever an older caller left there.
macro_rules! no_padding {
    ($structure:ident { $($member:ident),* $(,)? }) => {
        const _: () = {
            const fn size<T>(_: fn(&$structure) -> &T) -> usize {
                size_of::<T>()
            }
            let mut end = 0;
            $(
                assert!(std::mem::offset_of!($structure, $member) == end);
                end += size(|whole| &whole.$member);
            )*
            assert!(size_of::<$structure>() == end);
        };
    };
}

pub(super) use no_padding;
