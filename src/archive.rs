// SPDX-License-Identifier: GPL-3.0-or-later

//! The archive that holds the layers and the metadata.
//!
//! Everything has its place before anything is written.  What depends on the
//! layers' digests is written last: the headers in front of the layers of a
//! layered image, whose names are the digests, and the tail, the metadata
//! after the last layer, whose size does not depend on them.

#![forbid(unsafe_code)]

use ::tar::EntryType;

use crate::error::Result;
use crate::metadata::{self, DiffId};
use crate::plan::Layer;
use crate::request::Request;
use crate::tar::{self, Entry, Owner};

/// The archive but for its tail.
#[derive(Debug)]
pub struct Archive {
    /// What it is made of, without gaps.
    pub parts: Vec<Part>,
    /// Where the parts end and the tail begins, in bytes.
    pub tail: u64,
    /// The size with the tail in bytes.
    pub size: u64,
}

/// A piece of the archive.
#[derive(Debug)]
pub struct Part {
    /// Where it begins in the archive.
    pub offset: u64,
    /// Its size in bytes.
    pub size: u64,
    /// What it is.
    pub content: Content,
}

/// What a piece of the archive is; layers are given by their index.
#[derive(Debug)]
pub enum Content {
    /// Bytes that are known.
    Bytes(Vec<u8>),
    /// The header in front of a layer, which its digest is part of.
    LayerHeader(usize),
    /// A layer.
    Layer(usize),
}

/// Gives everything its place.  `stored[i]` is the layer in whose place the
/// layer `i` is found: itself, or an earlier one with the same content.
pub fn lay_out(request: &Request, layers: &[Layer], stored: &[usize]) -> Result<Archive> {
    let mut parts = Parts::default();
    match request.max_layers {
        None => {
            parts.push_bytes(single_layer_head(request, &layers[0])?);
            parts.push(layers[0].size, Content::Layer(0));
        }
        Some(_) => {
            for (index, layer) in layers.iter().enumerate() {
                if stored[index] == index {
                    parts.push(tar::BLOCK, Content::LayerHeader(index));
                    parts.push(layer.size, Content::Layer(index));
                }
            }
        }
    }
    let tail = parts.end;
    // All digests have the same length.
    let members = tail_members(request, layers, &vec![[0; 32]; layers.len()])?;
    Ok(Archive {
        parts: parts.parts,
        tail,
        size: tar::archive_size(tail + members.len() as u64),
    })
}

impl Archive {
    /// The tail: metadata and the end of the archive.
    pub fn tail_bytes(
        &self,
        request: &Request,
        layers: &[Layer],
        diff_ids: &[DiffId],
    ) -> Result<Vec<u8>> {
        let mut bytes = tail_members(request, layers, diff_ids)?;
        bytes.resize((self.size - self.tail) as usize, 0);
        Ok(bytes)
    }

    /// The layers that are stored, with their places.
    pub fn places(&self) -> impl Iterator<Item = (usize, u64)> {
        self.parts.iter().filter_map(|part| match part.content {
            Content::Layer(layer) => Some((layer, part.offset)),
            _ => None,
        })
    }

    /// The parts that overlap the bytes from `start` to `end`.
    pub fn parts_between(&self, start: u64, end: u64) -> impl Iterator<Item = &Part> {
        let first = self
            .parts
            .partition_point(|part| part.offset + part.size <= start);
        self.parts[first..]
            .iter()
            .take_while(move |part| part.offset < end)
    }
}

/// The header in front of a layer of a layered image.
pub fn layer_header(layer: &Layer, diff_id: &DiffId) -> Vec<u8> {
    file_header(&layer_file(diff_id), layer.size, Owner::Numeric)
}

/// Where a layered image has the layer with the digest `diff_id`.
fn layer_file(diff_id: &DiffId) -> String {
    format!("{}/layer.tar", metadata::digest_name(diff_id))
}

/// What comes before the layer of a single-layer image.
fn single_layer_head(request: &Request, layer: &Layer) -> Result<Vec<u8>> {
    let id = metadata::layer_id(&request.prefix);
    let created = metadata::rfc3339(request.creation_time)?;
    let mut head = header(
        &format!("{id}/"),
        EntryType::Directory,
        0o755,
        0,
        Owner::Root,
    );
    let mut push = |name: &str, content: &[u8]| {
        push_file(&mut head, &format!("{id}/{name}"), content, Owner::Root);
    };
    push("VERSION", metadata::LAYER_JSON_VERSION);
    push("json", &metadata::layer_description(&id, &created)?);
    head.extend(file_header(
        &format!("{id}/layer.tar"),
        layer.size,
        Owner::Root,
    ));
    Ok(head)
}

/// The metadata after the last layer.
fn tail_members(request: &Request, layers: &[Layer], diff_ids: &[DiffId]) -> Result<Vec<u8>> {
    let created = metadata::rfc3339(request.creation_time)?;
    let config = metadata::config(request, &created, layers, diff_ids)?;
    let mut tail = Vec::new();
    match request.max_layers {
        None => {
            let id = metadata::layer_id(&request.prefix);
            let layer_files = [format!("{id}/layer.tar")];
            let manifest = metadata::manifest(&request.repository, &layer_files)?;
            let repositories = metadata::repositories(&request.repository, &id)?;
            push_file(&mut tail, "config.json", &config, Owner::Root);
            push_file(&mut tail, "manifest.json", &manifest, Owner::Root);
            push_file(&mut tail, "repositories", &repositories, Owner::Root);
        }
        Some(_) => {
            let layer_files: Vec<String> = diff_ids.iter().map(layer_file).collect();
            let manifest = metadata::manifest(&request.repository, &layer_files)?;
            push_file(&mut tail, "manifest.json", &manifest, Owner::Numeric);
            push_file(&mut tail, "config.json", &config, Owner::Numeric);
        }
    }
    Ok(tail)
}

fn push_file(archive: &mut Vec<u8>, name: &str, content: &[u8], owner: Owner) {
    archive.extend(file_header(name, content.len() as u64, owner));
    archive.extend_from_slice(content);
    archive.resize(tar::blocks(archive.len() as u64) as usize, 0);
}

fn file_header(name: &str, size: u64, owner: Owner) -> Vec<u8> {
    header(name, EntryType::Regular, 0o644, size, owner)
}

fn header(name: &str, kind: EntryType, mode: u16, size: u64, owner: Owner) -> Vec<u8> {
    let entry = Entry {
        name: name.as_bytes(),
        link: b"",
        kind,
        mode,
        size,
        device: None,
        owner,
    };
    let mut bytes = Vec::new();
    tar::push_headers(&entry, &mut bytes);
    bytes
}

/// Parts in a row.
#[derive(Default)]
struct Parts {
    parts: Vec<Part>,
    end: u64,
}

impl Parts {
    fn push_bytes(&mut self, bytes: Vec<u8>) {
        self.push(bytes.len() as u64, Content::Bytes(bytes));
    }

    fn push(&mut self, size: u64, content: Content) {
        self.parts.push(Part {
            offset: self.end,
            size,
            content,
        });
        self.end += size;
    }
}
