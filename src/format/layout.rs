// SPDX-License-Identifier: GPL-3.0-or-later

//! The places in an archive that has its layers as they are.
//!
//! Layers have their places before anything is written.  What depends on
//! their digests is made when these are known: the headers in front of the
//! layers, where these are called by their digests, and the tail, the
//! documents after the last layer.

use super::{ArchiveFormat, Blob, Documents};
use crate::digest::DiffId;
use crate::error::Result;
use crate::plan::Layer;
use crate::tar::{self, BLOCK_SIZE};

/// An archive but for its tail.
pub struct Layout<'a> {
    format: &'a dyn ArchiveFormat,
    layers: &'a [Layer],
    /// What it is made of, without gaps.
    pub parts: Vec<Part>,
    /// Where the parts end and the tail begins, in bytes.
    pub tail: u64,
}

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
    /// What says what the image is.
    pub documents: Documents,
    /// The rest of the archive, after its parts.
    pub tail: Vec<u8>,
    /// How many bytes of that are members; zeros follow, which mark the end.
    pub members: usize,
}

impl<'a> Layout<'a> {
    /// Gives everything its place.  `stored[i]` is the layer in whose place
    /// the layer `i` is found: itself, or an earlier one with the same
    /// content.
    pub fn new(format: &'a dyn ArchiveFormat, layers: &'a [Layer], stored: &[usize]) -> Self {
        let mut layout = Layout {
            format,
            layers,
            parts: Vec::new(),
            tail: 0,
        };
        let head = format.head();
        if !head.is_empty() {
            layout.push(head.len() as u64, PartKind::Bytes(head.to_vec()));
        }
        for (index, layer) in layers.iter().enumerate() {
            if stored[index] == index {
                if format.has_layer_headers() {
                    layout.push(BLOCK_SIZE, PartKind::LayerHeader(index));
                }
                layout.push(layer.size, PartKind::Layer(index));
                // Layers of others need not end with a block.
                let padding = tar::blocks(layer.size) - layer.size;
                if padding > 0 {
                    layout.push(padding, PartKind::Bytes(vec![0; padding as usize]));
                }
            }
        }
        layout
    }

    fn push(&mut self, size: u64, kind: PartKind) {
        self.parts.push(Part {
            offset: self.tail,
            size,
            kind,
        });
        self.tail += size;
    }

    /// Whether there are parts that digests are needed for before their
    /// layers.
    pub fn has_layer_headers(&self) -> bool {
        self.format.has_layer_headers()
    }

    /// The layers that are stored, with their places.
    pub fn places(&self) -> impl Iterator<Item = (usize, u64)> {
        self.parts.iter().filter_map(|part| match part.kind {
            PartKind::Layer(layer) => Some((layer, part.offset)),
            _ => None,
        })
    }

    /// The parts that overlap the bytes from `start` to `end`.
    pub fn parts_between(&self, start: u64, end: u64) -> &[Part] {
        let before = |part: &Part| part.offset + part.size <= start;
        let first = self.parts.partition_point(before);
        let count = self.parts[first..].partition_point(|part| part.offset < end);
        &self.parts[first..first + count]
    }

    /// The header in front of the layer `index`, whose digest is `diff_id`.
    pub fn layer_header(&self, index: usize, diff_id: &DiffId) -> Vec<u8> {
        self.format.layer_header(&self.blob(index, diff_id))
    }

    /// The layer `index`, whose digest is `diff_id`, as it is stored.
    fn blob(&self, index: usize, diff_id: &DiffId) -> Blob {
        Blob::plain(*diff_id, self.layers[index].size)
    }

    /// What comes after the last layer, when the layers' digests are
    /// `diff_ids`.
    pub fn ending(&self, diff_ids: &[DiffId]) -> Result<Ending> {
        let blobs = diff_ids.iter().enumerate();
        let blobs: Vec<Blob> = blobs.map(|(index, id)| self.blob(index, id)).collect();
        let documents = self.format.documents(&blobs)?;
        Ok(Ending::new(documents, self.tail))
    }
}

impl Ending {
    /// For an archive whose parts end at `position`.
    pub fn new(mut documents: Documents, position: u64) -> Self {
        let mut tail = std::mem::take(&mut documents.members);
        let members = tail.len();
        let size = tar::archive_size(position + members as u64);
        tail.resize((size - position) as usize, 0);
        Ending {
            documents,
            tail,
            members,
        }
    }
}
