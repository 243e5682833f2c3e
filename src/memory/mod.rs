// SPDX-License-Identifier: GPL-3.0-or-later

//! Running out of memory, which is an error as others are.
//!
//! What is large, or grows with the number of files, is asked for by the
//! functions here, which fail.  What is small is not: where there is no memory
//! for it, it comes from a reserve, and the build gives up at the next
//! [`Watch::check`].

#[cfg_attr(not(feature = "reserve"), allow(dead_code))]
mod reserve;

use crate::error::{Error, Result, Status};

/// What to do about too little memory.
const ADVICE: &str = "ask for fewer threads, or let the process have more memory";

/// Finds out whether memory has run out since it was made, in any thread.
#[derive(Clone, Copy)]
pub struct Watch {
    shortages: usize,
}

impl Default for Watch {
    fn default() -> Self {
        Watch {
            shortages: reserve::shortages(),
        }
    }
}

impl Watch {
    /// Fails if memory has run out.
    pub fn check(&self) -> Result<()> {
        match reserve::shortages() == self.shortages {
            true => Ok(()),
            false => Err(too_little(reserve::last_size())),
        }
    }
}

/// Fails unless `size` bytes can be had, which are not held.
pub fn ask(size: usize) -> Result<()> {
    match reserve::system_has(size) {
        true => Ok(()),
        false => Err(too_little(size)),
    }
}

/// Bytes that a value of a JSON document takes when it is parsed, with its name
/// and with the room to grow of the list or object that it is in.
pub const VALUE_SIZE: usize = 256;

/// Maximum number of bytes that a parsed JSON document may take.
const MAX_PARSED: usize = 96 << 20;

/// Address space that the C library reserves for the small allocations of a
/// thread, in bytes.
const ARENA: usize = if cfg!(target_pointer_width = "64") {
    128 << 20
} else {
    2 << 20
};

/// Ratio of the memory that small allocations take without an arena, when each is
/// a page of its own, to that with one.
const WITHOUT_ARENA: usize = 32;

/// Fails unless `size` bytes can be had in small allocations.
pub fn ask_for_small(size: usize) -> Result<()> {
    match reserve::system_has(ARENA) {
        true => ask(size),
        false => ask(size.saturating_mul(WITHOUT_ARENA)),
    }
}

/// Returns the number of bytes that a JSON document takes at most when it is
/// parsed.
pub fn parsed_size(document: &[u8]) -> usize {
    let mut in_text = false;
    let mut is_escaped = false;
    let mut values = 1;
    for byte in document {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b',' | b'[' | b'{' if !in_text => values += 1,
            _ => {}
        }
    }
    document
        .len()
        .saturating_add(VALUE_SIZE.saturating_mul(values))
}

/// Fails unless a JSON document can be parsed, and `copies` more of it be made.
pub fn ask_to_parse(document: &[u8], copies: usize) -> Result<()> {
    let size = parsed_size(document);
    if size > MAX_PARSED {
        let what = format!(
            "a JSON document of {} bytes would take more than {} MiB of memory",
            document.len(),
            MAX_PARSED >> 20
        );
        return Err(Error::new(Status::Input, what));
    }
    ask_for_small(size.saturating_mul(copies + 1))
}

/// An empty list with room for `count` items.
pub fn with_capacity<T>(count: usize) -> Result<Vec<T>> {
    let mut list = Vec::new();
    make_room(&mut list, count)?;
    Ok(list)
}

/// Makes room for `count` more items in `list`, and no more than that.
pub fn make_room<T>(list: &mut Vec<T>, count: usize) -> Result<()> {
    list.try_reserve_exact(count)
        .map_err(|_| too_little(count.saturating_mul(size_of::<T>())))
}

/// Makes room for `count` more items in `list`, and for more to come.
pub fn make_room_to_grow<T>(list: &mut Vec<T>, count: usize) -> Result<()> {
    if list.capacity() - list.len() >= count {
        return Ok(());
    }
    // As much again, so that all is moved but few times.
    let more = count.max(list.len()).max(4);
    list.try_reserve_exact(more)
        .map_err(|_| too_little((list.len() + more).saturating_mul(size_of::<T>())))
}

/// Adds `item` to `list`.
pub fn push<T>(list: &mut Vec<T>, item: T) -> Result<()> {
    make_room_to_grow(list, 1)?;
    list.push(item);
    Ok(())
}

/// `size` zeros.
pub fn zeros(size: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    resize(&mut bytes, size)?;
    Ok(bytes)
}

/// Makes `bytes` as many as `size` says, by zeros at the end.
pub fn resize(bytes: &mut Vec<u8>, size: usize) -> Result<()> {
    let more = size.saturating_sub(bytes.len());
    make_room(bytes, more)?;
    bytes.resize(size, 0);
    Ok(())
}

/// Bytes of one's own.
pub fn copy(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut copy = with_capacity(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

/// The failure to get `size` bytes.
pub fn too_little(size: usize) -> Error {
    let size = match size >> 10 {
        0 => format!("{size} bytes"),
        kibibytes @ 1..=9999 => format!("{kibibytes} KiB"),
        kibibytes => format!("{} MiB", kibibytes >> 10),
    };
    let message = format!("there is too little memory: {size} more could not be had");
    Error::new(Status::Resources, message).with_hint(ADVICE)
}

#[cfg(test)]
mod tests {
    use super::{ask, copy, push, with_capacity, zeros};
    use crate::error::Status;

    #[test]
    fn what_cannot_be_had_is_an_error() {
        let most = usize::MAX;
        let failures = [
            ask(most).err(),
            with_capacity::<u64>(most).err(),
            zeros(most).err(),
        ];
        for error in failures {
            let error = error.unwrap();
            assert_eq!(error.status(), Status::Resources);
            assert!(error.message().contains(" MiB more "), "{error}");
        }
    }

    #[test]
    fn what_can_be_had_is_as_always() {
        let mut list = with_capacity(3).unwrap();
        assert!(list.capacity() >= 3);
        for number in 0..1000 {
            push(&mut list, number).unwrap();
        }
        assert!(list.iter().copied().eq(0..1000));
        assert_eq!(zeros(5).unwrap(), [0; 5]);
        assert_eq!(copy(b"some").unwrap(), b"some");
        assert!(ask(1 << 20).is_ok());
    }
}
