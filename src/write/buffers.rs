// SPDX-License-Identifier: GPL-3.0-or-later

//! Buffers that are used again: fresh memory costs a page fault every 4 KiB.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Buffers that are not in use.
#[derive(Default)]
pub struct Pool(Mutex<Vec<Vec<u8>>>);

/// A buffer that returns to its pool when dropped.
pub struct Buffer<'a> {
    bytes: Vec<u8>,
    pool: &'a Pool,
}

impl Pool {
    /// A buffer of `size` bytes, which may hold anything.
    pub fn take(&self, size: usize) -> Buffer<'_> {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = free.pop().unwrap_or_default();
        drop(free);
        bytes.resize(size, 0);
        Buffer { bytes, pool: self }
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
        let mut free = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(std::mem::take(&mut self.bytes));
    }
}
