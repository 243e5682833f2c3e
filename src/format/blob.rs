// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers as they are stored.

use crate::codec::{Codec, NONE};
use crate::digest::{DiffId, Digest};

/// A layer as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Blob {
    /// The digest of the layer's archive before compression.
    pub diff_id: DiffId,
    /// The digest of what is stored.
    pub digest: Digest,
    /// The size of that in bytes.
    pub size: u64,
    /// Codec.
    pub codec: &'static dyn Codec,
}

impl Blob {
    /// A layer of `size` bytes that is stored as it is.
    pub fn plain(diff_id: DiffId, size: u64) -> Self {
        Blob {
            diff_id,
            digest: diff_id,
            size,
            codec: NONE,
        }
    }
}
