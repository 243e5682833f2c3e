// SPDX-License-Identifier: GPL-3.0-or-later

//! What was built.

#![forbid(unsafe_code)]

use crate::digest::{DiffId, Digest};

/// An image that was built.
#[derive(Clone, Debug)]
pub struct Report {
    /// The image's ID: the digest of its configuration.
    pub image_id: Digest,
    /// The size of the file in bytes.
    pub archive_size: u64,
    /// Its layers, lowest first.
    pub layers: Vec<LayerReport>,
    /// What its users should know: lines of text.
    pub warnings: Vec<String>,
}

/// A layer of it.
#[derive(Clone, Debug)]
pub struct LayerReport {
    /// The digest of its archive, before compression.
    pub diff_id: DiffId,
    /// The size of its archive in bytes, before compression.
    pub size: u64,
    /// The paths of the request that are in it; none for the layer of extra
    /// files or of the root file system.
    pub items: Vec<Vec<u8>>,
}
