// SPDX-License-Identifier: GPL-3.0-or-later

//! Memory that the names in an image's layers may take.
//!
//! A few kilobytes of a compressed layer can hold millions of names.  An image may
//! take memory for its names in proportion to its stored size, and some in any case.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result, Status};

/// Bytes of memory for an image of any size.
const FREE: u64 = 64 << 20;

/// Bytes of memory for each byte of stored layers.  A file takes some 100 bytes
/// here, and hardly less than 30 in a compressed layer.
const PER_BYTE: u64 = 4;

/// Memory that is left to the names of one image.
#[derive(Clone, Debug)]
pub struct Allowance(Arc<AtomicU64>);

impl Allowance {
    /// Allowance of an image whose layers are stored in `stored` bytes.
    pub fn new(stored: u64) -> Self {
        Allowance::of(stored.saturating_mul(PER_BYTE).saturating_add(FREE))
    }

    /// Allowance of `size` bytes.
    pub(super) fn of(size: u64) -> Self {
        Allowance(Arc::new(AtomicU64::new(size)))
    }

    /// Takes `size` bytes; fails if there are fewer left.
    pub fn take(&self, size: usize) -> Result<()> {
        let take = |left: u64| left.checked_sub(size as u64);
        match self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(Self::exhausted()),
        }
    }

    /// The failure of an image that exceeds its allowance.
    pub fn exhausted() -> Error {
        Error::new(
            Status::Input,
            "layers: too many names for an image of this size, or links that lead too far",
        )
    }
}
