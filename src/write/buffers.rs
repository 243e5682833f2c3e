// SPDX-License-Identifier: GPL-3.0-or-later

//! Buffers that are used again: fresh memory costs a page fault every 4 KiB.

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use crate::error::Result;
use crate::job::lock;
use crate::memory;

/// Buffers that are not in use.
pub struct Pool(Mutex<Vec<Vec<u8>>>);

/// A buffer that returns to its pool when dropped.
pub struct Buffer<'a> {
    bytes: Vec<u8>,
    pool: &'a Pool,
}

impl Pool {
    /// `count` buffers of `size` bytes, so that a lack of memory shows before there
    /// is any work.
    pub fn new(count: usize, size: usize) -> Result<Self> {
        let mut free = memory::with_capacity(count)?;
        for _ in 0..count {
            let buffer = memory::with_capacity(size).map_err(|error| {
                let size = size >> 10;
                error.with_context(format_args!("making {count} buffers of {size} KiB"))
            })?;
            free.push(buffer);
        }
        Ok(Pool(Mutex::new(free)))
    }

    /// A buffer of `size` bytes, which may hold anything.
    pub fn take(&self, size: usize) -> Result<Buffer<'_>> {
        let mut bytes = lock(&self.0).pop().unwrap_or_default();
        memory::resize(&mut bytes, size)?;
        Ok(Buffer { bytes, pool: self })
    }
}

impl Deref for Buffer<'_> {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Buffer<'_> {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        lock(&self.pool.0).push(std::mem::take(&mut self.bytes));
    }
}
