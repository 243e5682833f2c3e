// SPDX-License-Identifier: GPL-3.0-or-later

//! The archive that `docker save` writes and `docker load` reads, as Guix has
//! it: the Docker Image Specification v1.2.
//!
//! Layers have their places before anything is written.  What depends on
//! their digests is made when these are known: the headers in front of the
//! layers of a layered image, whose names are the digests, and the tail, the
//! metadata after the last layer.

use super::archive::{self, BLOCK_SIZE, HeaderFields, MemberType, OwnerNames};
use super::documents;
use super::{Ending, Part, PartKind};
use crate::digest::{DiffId, Digest};
use crate::error::Result;
use crate::plan::{Layer, Plan};
use crate::request::{Owner, Request};

/// The archive but for its tail.
pub struct Layout<'a> {
    request: &'a Request,
    plan: &'a Plan,
    form: Form,
    created: String,
    /// What it is made of, without gaps.
    pub parts: Vec<Part>,
    /// Where the parts end and the tail begins, in bytes.
    pub tail: u64,
}

/// How layers are found in the archive.
enum Form {
    /// There is one, in a directory with this name, beside what older engines
    /// read.
    Single(String),
    /// Each is in a directory that is called by its digest.
    Layered,
}

impl<'a> Layout<'a> {
    /// Gives everything its place.  `stored[i]` is the layer in whose place
    /// the layer `i` is found: itself, or an earlier one with the same
    /// content.
    pub fn new(request: &'a Request, plan: &'a Plan, stored: &[usize]) -> Result<Self> {
        let mut layout = Layout {
            request,
            plan,
            form: match plan.is_layered {
                true => Form::Layered,
                false => Form::Single(Digest::of(&request.prefix).hex()),
            },
            created: documents::rfc3339(request.creation_time)?,
            parts: Vec::new(),
            tail: 0,
        };
        match &layout.form {
            Form::Single(id) => {
                let head = single_layer_head(id, &layout.created, &plan.layers[0])?;
                layout.push(head.len() as u64, PartKind::Bytes(head));
                layout.push(plan.layers[0].size, PartKind::Layer(0));
            }
            Form::Layered => {
                for (index, layer) in plan.layers.iter().enumerate() {
                    if stored[index] == index {
                        layout.push(BLOCK_SIZE, PartKind::LayerHeader(index));
                        layout.push(layer.size, PartKind::Layer(index));
                    }
                }
            }
        }
        Ok(layout)
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
        matches!(self.form, Form::Layered)
    }

    /// The layers that are stored, with their places.
    pub fn places(&self) -> impl Iterator<Item = (usize, u64)> {
        self.parts.iter().filter_map(|part| match part.kind {
            PartKind::Layer(layer) => Some((layer, part.offset)),
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

    /// The header in front of the layer `index`, whose digest is `diff_id`.
    pub fn layer_header(&self, index: usize, diff_id: &DiffId) -> Vec<u8> {
        let name = self.layer_file(diff_id);
        file_header(&name, self.plan.layers[index].size, self.owner_names())
    }

    /// What comes after the last layer, when the layers' digests are
    /// `diff_ids`.
    pub fn ending(&self, diff_ids: &[DiffId]) -> Result<Ending> {
        let Layout { request, plan, .. } = self;
        let layers = &plan.layers;
        let config = documents::config(request, &self.created, layers, diff_ids)?;
        let layer_files: Vec<String> = diff_ids.iter().map(|id| self.layer_file(id)).collect();
        let image_id = Digest::of(&config);
        let names = request.names_of(&image_id);
        let manifest = documents::manifest(&names, &layer_files)?;
        let mut tail = Vec::new();
        let mut push =
            |name, content: &[u8]| push_file(&mut tail, name, content, self.owner_names());
        match &self.form {
            Form::Single(id) => {
                push("config.json", &config);
                push("manifest.json", &manifest);
                let repositories = documents::repositories(&names, id)?;
                push("repositories", &repositories);
            }
            Form::Layered => {
                push("manifest.json", &manifest);
                push("config.json", &config);
            }
        }
        let size = archive::archive_size(self.tail + tail.len() as u64);
        let members = tail.len();
        tail.resize((size - self.tail) as usize, 0);
        Ok(Ending {
            image_id,
            tail,
            members,
        })
    }

    /// Where the layer with the digest `diff_id` is.
    fn layer_file(&self, diff_id: &DiffId) -> String {
        match &self.form {
            Form::Single(id) => format!("{id}/layer.tar"),
            Form::Layered => format!("{diff_id}/layer.tar"),
        }
    }

    fn owner_names(&self) -> OwnerNames {
        match self.form {
            Form::Single(_) => OwnerNames::Root,
            Form::Layered => OwnerNames::None,
        }
    }
}

/// What comes before the layer of a single-layer image.
fn single_layer_head(id: &str, created: &str, layer: &Layer) -> Result<Vec<u8>> {
    let names = OwnerNames::Root;
    let mut head = header(&format!("{id}/"), MemberType::Directory, 0o755, 0, names);
    let mut push = |name: &str, content: &[u8]| {
        push_file(&mut head, &format!("{id}/{name}"), content, names);
    };
    push("VERSION", documents::LAYER_JSON_VERSION);
    push("json", &documents::layer_description(id, created)?);
    head.extend(file_header(&format!("{id}/layer.tar"), layer.size, names));
    Ok(head)
}

fn push_file(archive: &mut Vec<u8>, name: &str, content: &[u8], owner_names: OwnerNames) {
    archive.extend(file_header(name, content.len() as u64, owner_names));
    archive.extend_from_slice(content);
    archive.resize(archive::blocks(archive.len() as u64) as usize, 0);
}

fn file_header(name: &str, size: u64, owner_names: OwnerNames) -> Vec<u8> {
    header(name, MemberType::File, 0o644, size, owner_names)
}

fn header(name: &str, kind: MemberType, mode: u16, size: u64, owner_names: OwnerNames) -> Vec<u8> {
    let member = HeaderFields {
        name: name.as_bytes(),
        link: b"",
        kind,
        mode,
        owner: Owner::default(),
        size,
        device: None,
        owner_names,
        xattrs: &[],
    };
    let mut bytes = Vec::new();
    archive::push_headers(&member, &mut bytes);
    bytes
}
