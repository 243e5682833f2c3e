// SPDX-License-Identifier: GPL-3.0-or-later

//! Reading an OCI image layout: its indexes, manifests and configurations.

use super::config::Config;
use super::descriptor::Descriptor;
use super::manifest::Manifest;
use super::store::Store;
use crate::digest::Digest;
use crate::error::Result;
use crate::format::documents::oci::{
    self, CONTAINERD_NAME, DOCKER_LIST_TYPE, INDEX_TYPE, REF_NAME, blob_file,
};
use crate::job::Job;
use crate::json::{self, Object};
use crate::section::Section;

/// Maximum depth of indexes in each other.
pub const MAX_DEPTH: usize = 4;

/// Maximum number of entries of all indexes of a layout.
pub const MAX_ENTRIES: usize = 10_000;

/// Entry of an index that is no index itself.
#[derive(Clone, Debug)]
pub struct IndexEntry {
    /// Descriptor of a manifest, under the names of the indexes around it.
    pub descriptor: Descriptor,
    /// Number of the index that lists the entry: 0 for `index.json`, and another
    /// one for each index in it.
    pub index: usize,
}

/// Entries of `index.json` and of the indexes in it.
#[derive(Default)]
pub struct Listing {
    /// Manifests, whether or not they are in the layout.
    pub entries: Vec<IndexEntry>,
    /// Indexes that are listed but not in the layout.
    pub absent: Vec<Descriptor>,
    /// Depth of the indexes in each other: 1 for one that `index.json` lists.
    pub depth: usize,
    indexes: usize,
}

/// Image of a layout.
pub struct StoredImage {
    /// Configuration.
    pub config: Config,
    /// Layers, lowest first.
    pub layers: Vec<StoredLayer>,
}

/// Layer of an image of a layout, as its documents describe it.
#[derive(Clone, Debug)]
pub struct StoredLayer {
    /// Digest of the archive before compression.
    pub diff_id: Digest,
    /// Digest of the blob.
    pub digest: Digest,
    /// Descriptor of the blob.
    pub descriptor: Descriptor,
}

impl Store {
    /// Lists the entries of the OCI image layout.
    pub fn listing(&self, job: &Job) -> Result<Listing> {
        let index = self.layout_index()?;
        let mut listing = Listing::default();
        self.list(&index, "index.json", 0, &mut listing, job)?;
        Ok(listing)
    }

    /// Reads `index.json` of the OCI image layout.
    pub fn layout_index(&self) -> Result<Object> {
        let layout = self.document("oci-layout")?;
        let layout = layout.ok_or_else(|| {
            self.wrong("it is no OCI layout, an archive or a directory: it has no oci-layout")
        })?;
        oci::check_layout(&layout)
            .map_err(|problem| self.wrong(format_args!("oci-layout {problem}")))?;
        let index = self.document("index.json")?;
        let index = index.ok_or_else(|| self.wrong("it has no index.json"))?;
        self.parse_object(&index, "index.json")
    }

    /// Lists the manifests of the layout, whether or not they are in it.
    pub fn images(&self, job: &Job) -> Result<Vec<Descriptor>> {
        let entries = self.listing(job)?.entries.into_iter();
        Ok(entries.map(|entry| entry.descriptor).collect())
    }

    /// Lists the entries of an index, and of those in it.
    fn list(
        &self,
        index: &Object,
        name: &str,
        depth: usize,
        listing: &mut Listing,
        job: &Job,
    ) -> Result<()> {
        listing.depth = listing.depth.max(depth);
        let number = listing.indexes;
        listing.indexes += 1;
        let wrong = |problem: String| self.wrong(format_args!("{name}: {problem}"));
        if ["config", "layers"]
            .iter()
            .any(|part| json::member(index, part).is_some())
        {
            return Err(wrong("it is an index and a manifest at once".into()));
        }
        for entry in json::list(index, "manifests").map_err(wrong)? {
            job.check()?;
            let descriptor = Descriptor::parse(entry).map_err(wrong)?;
            if listing.entries.len() + listing.indexes > MAX_ENTRIES {
                return Err(self.wrong("it has too many images"));
            }
            let is_index = [INDEX_TYPE, DOCKER_LIST_TYPE].contains(&&*descriptor.media_type);
            if !is_index || depth == MAX_DEPTH {
                listing.entries.push(IndexEntry {
                    descriptor,
                    index: number,
                });
                continue;
            }
            let digest = self.digest(&descriptor)?;
            let Some(nested) = self.blob_document(&digest)? else {
                listing.absent.push(descriptor);
                continue;
            };
            let first = listing.entries.len();
            let name = blob_file(&digest);
            let nested = self.parse_object(&nested, &name)?;
            self.list(&nested, &name, depth + 1, listing, job)?;
            // The images in it are found by the name of the index.
            for entry in &mut listing.entries[first..] {
                for key in [REF_NAME, CONTAINERD_NAME] {
                    if let Some(name) = descriptor.annotation(key) {
                        entry.descriptor.annotate(key, name);
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads the manifest of `descriptor`, if it is in the layout.
    pub fn find_manifest(&self, descriptor: &Descriptor) -> Result<Option<Manifest>> {
        let digest = self.digest(descriptor)?;
        let Some(document) = self.blob_document(&digest)? else {
            return Ok(None);
        };
        let name = blob_file(&digest);
        let members = self.parse_object(&document, &name)?;
        let manifest = Manifest::parse(&members, document.len() as u64);
        match manifest {
            Ok(manifest) => Ok(Some(manifest)),
            Err(problem) => Err(self.wrong(format_args!("{name}: {problem}"))),
        }
    }

    /// Reads the manifest of `descriptor`.
    pub fn manifest(&self, descriptor: &Descriptor) -> Result<Manifest> {
        let manifest = self.find_manifest(descriptor)?;
        manifest.ok_or_else(|| {
            self.wrong(format_args!(
                "the manifest {} is missing",
                descriptor.digest
            ))
        })
    }

    /// Reads the configuration of `manifest`.
    pub fn config(&self, manifest: &Manifest) -> Result<Config> {
        let digest = self.digest(&manifest.config)?;
        let document = self.blob_document(&digest)?;
        let name = blob_file(&digest);
        let document = document
            .ok_or_else(|| self.wrong(format_args!("the configuration {name} is missing")))?;
        self.parse_config(&document, &name)
    }

    /// Reads the image of `descriptor`.
    pub fn image(&self, descriptor: &Descriptor) -> Result<StoredImage> {
        self.image_of(descriptor, self.manifest(descriptor)?)
    }

    /// Reads the image of `descriptor` and its `manifest`.
    pub fn image_of(&self, descriptor: &Descriptor, manifest: Manifest) -> Result<StoredImage> {
        let config = self.config(&manifest)?;
        let layers = self.with_diff_ids(manifest.layers, &config, &descriptor.digest)?;
        let layers = layers.into_iter().map(|(descriptor, diff_id)| {
            Ok(StoredLayer {
                diff_id,
                digest: self.digest(&descriptor)?,
                descriptor,
            })
        });
        Ok(StoredImage {
            layers: layers.collect::<Result<_>>()?,
            config,
        })
    }

    /// Joins `layers` of the manifest called `manifest` with their diff IDs.
    pub fn with_diff_ids<T>(
        &self,
        layers: Vec<T>,
        config: &Config,
        manifest: &str,
    ) -> Result<Vec<(T, Digest)>> {
        if layers.len() != config.diff_ids.len() {
            return Err(self.wrong(format_args!(
                "the manifest {manifest} has {} layers, but its configuration {}",
                layers.len(),
                config.diff_ids.len()
            )));
        }
        let digests = config.diff_ids.iter().map(|text| self.parse_digest(text));
        let digests = digests.collect::<Result<Vec<Digest>>>()?;
        Ok(layers.into_iter().zip(digests).collect())
    }

    /// Finds the blob with that digest.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Section>> {
        self.find(&blob_file(digest))
    }

    /// Reads the document with that digest, if it is in the layout.
    pub fn blob_document(&self, digest: &Digest) -> Result<Option<Vec<u8>>> {
        let name = blob_file(digest);
        match self.document(&name)? {
            Some(document) if Digest::of(&document) != *digest => {
                Err(self.wrong(format_args!("{name} is not what its digest says")))
            }
            document => Ok(document),
        }
    }

    /// Reads the digest of `descriptor`.
    pub fn digest(&self, descriptor: &Descriptor) -> Result<Digest> {
        self.parse_digest(&descriptor.digest)
    }

    /// Reads a digest.
    pub fn parse_digest(&self, text: &str) -> Result<Digest> {
        Digest::parse(text)
            .ok_or_else(|| self.wrong(format_args!("{text:?} is no digest by SHA-256")))
    }
}
