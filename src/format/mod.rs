// SPDX-License-Identifier: GPL-3.0-or-later

//! How an image is laid out: which layers and documents, in which order and
//! under which names.
//!
//! A format is a file of its own beside `docker_archive`; the JSON documents
//! are in [`documents`], and what all formats have in common, archives as GNU
//! tar writes them, in [`archive`].

#![forbid(unsafe_code)]

pub mod archive;
pub mod docker_archive;
pub mod documents;

pub use docker_archive::Layout;

use crate::digest::Digest;

/// A piece of an archive.
#[derive(Debug)]
pub struct Part {
    /// Where it begins in the archive.
    pub offset: u64,
    /// Its size in bytes.
    pub size: u64,
    /// What it is.
    pub kind: PartKind,
}

/// What a piece of an archive is; layers are given by their index.
#[derive(Debug)]
pub enum PartKind {
    /// Bytes that are known.
    Bytes(Vec<u8>),
    /// The header in front of a layer, which its digest is part of.
    LayerHeader(usize),
    /// A layer.
    Layer(usize),
}

/// What is known when all layers have been hashed.
pub struct Ending {
    /// The digest of the image's configuration, which is the image's ID.
    pub image_id: Digest,
    /// The rest of the archive, after its parts.
    pub tail: Vec<u8>,
    /// How many bytes of that are members; zeros follow, which mark the end.
    pub members: usize,
}
