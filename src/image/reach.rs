// SPDX-License-Identifier: GPL-3.0-or-later

//! Blobs that an entry of a layout's index leads to, for copying it as it is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::descriptor::{Descriptor, Platform};
use super::manifest::Kind;
use super::oci::{MAX_DEPTH, MAX_ENTRIES};
use super::store::Store;
use crate::digest::Digest;
use crate::error::Result;
use crate::format::documents::oci::{DOCKER_LIST_TYPE, INDEX_TYPE, blob_file};
use crate::job::Job;
use crate::json::{self, Object};

/// Maximum number of blobs of a layout.
const MAX_BLOBS: usize = 200_000;

/// Blobs that entries lead to.
#[derive(Default)]
pub struct Reachable {
    /// Sizes of the blobs in bytes, by digest.
    pub blobs: BTreeMap<Digest, u64>,
    /// Manifests and indexes that are listed but not in the layout.
    pub absent: Vec<Descriptor>,
}

impl Store {
    /// Returns the entries of `index.json`.
    pub fn top_entries(&self) -> Result<Vec<Descriptor>> {
        let entries = self.descriptors(&self.layout_index()?, "index.json", "manifests")?;
        match entries.len() {
            0..=MAX_ENTRIES => Ok(entries),
            _ => Err(self.wrong("it has too many images")),
        }
    }

    /// Adds the blobs that `descriptor` leads to; returns false if nothing of it is
    /// in the layout.
    pub fn reach(
        &self,
        descriptor: &Descriptor,
        reachable: &mut Reachable,
        job: &Job,
    ) -> Result<bool> {
        self.reach_at(descriptor, reachable, 0, job)
    }

    fn reach_at(
        &self,
        descriptor: &Descriptor,
        reachable: &mut Reachable,
        depth: usize,
        job: &Job,
    ) -> Result<bool> {
        job.check()?;
        let digest = self.digest(descriptor)?;
        if reachable.blobs.contains_key(&digest) {
            return Ok(true);
        }
        let Some(document) = self.blob_document(&digest)? else {
            reachable.absent.push(descriptor.clone());
            return Ok(false);
        };
        self.add_blob(reachable, digest, document.len() as u64)?;
        let name = blob_file(&digest);
        let is_index = [INDEX_TYPE, DOCKER_LIST_TYPE].contains(&&*descriptor.media_type);
        let members = match self.parse(&document, &name) {
            Ok(Value::Object(members)) => members,
            // Of a type that only its makers know.
            _ if !is_index && !descriptor.is_manifest() => return Ok(true),
            Err(error) => return Err(error),
            Ok(_) => return Err(self.wrong(format_args!("{name}: it is not an object"))),
        };
        if is_index {
            if depth == MAX_DEPTH {
                return Err(self.wrong("its indexes are too deep in each other"));
            }
            for child in self.descriptors(&members, &name, "manifests")? {
                self.reach_at(&child, reachable, depth + 1, job)?;
            }
            return Ok(true);
        }
        for part in ["layers", "blobs"] {
            for blob in self.descriptors(&members, &name, part)? {
                self.add_part(&blob, reachable)?;
            }
        }
        if let Some(config) = json::member(&members, "config") {
            let config = Descriptor::parse(config)
                .map_err(|problem| self.wrong(format_args!("{name}: {problem}")))?;
            self.add_part(&config, reachable)?;
        }
        Ok(true)
    }

    /// Adds a part of a manifest; a foreign layer need not be in the layout.
    fn add_part(&self, part: &Descriptor, reachable: &mut Reachable) -> Result<()> {
        let digest = self.digest(part)?;
        if !part.urls().is_empty() && self.blob(&digest)?.is_none() {
            return Ok(());
        }
        self.add_blob(reachable, digest, part.size)
    }

    fn add_blob(&self, reachable: &mut Reachable, digest: Digest, size: u64) -> Result<()> {
        reachable.blobs.insert(digest, size);
        match reachable.blobs.len() {
            0..=MAX_BLOBS => Ok(()),
            _ => Err(self.wrong(format_args!("it has more than {MAX_BLOBS} blobs"))),
        }
    }

    /// Returns the descriptors of the list `part` of the document `name`.
    fn descriptors(&self, document: &Object, name: &str, part: &str) -> Result<Vec<Descriptor>> {
        let wrong = |problem| self.wrong(format_args!("{name}: {problem}"));
        let items = json::list(document, part).map_err(wrong)?.iter();
        items
            .map(|item| Descriptor::parse(item).map_err(wrong))
            .collect()
    }

    /// Returns the platform that the configuration of an image has; `None` for
    /// anything but an image.
    pub fn platform(&self, descriptor: &Descriptor) -> Result<Option<Platform>> {
        if !descriptor.is_manifest() {
            return Ok(None);
        }
        let manifest = self.manifest(descriptor)?;
        if manifest.kind(descriptor) != Kind::Image {
            return Ok(None);
        }
        let platform = self.config(&manifest)?.platform;
        Ok((!platform.is_unknown()).then_some(platform))
    }
}
