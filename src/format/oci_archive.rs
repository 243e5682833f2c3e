// SPDX-License-Identifier: GPL-3.0-or-later

//! An archive that is an OCI image layout and a Docker archive at once, as
//! `docker save` writes it since version 25.

use super::documents::oci::{self, ImageDocuments, RefNames, blob_file};
use super::members::{file_header, push_directory, push_file};
use super::{ArchiveFormat, Blob, Documents, documents};
use crate::error::Result;
use crate::plan::Plan;
use crate::request::Request;
use crate::tar::OwnerNames;

const OWNER_NAMES: OwnerNames = OwnerNames::None;

/// An archive of blobs.
pub struct OciArchive<'a> {
    request: &'a Request,
    plan: &'a Plan,
    head: Vec<u8>,
}

impl<'a> OciArchive<'a> {
    /// For the image of `plan`.
    pub fn new(request: &'a Request, plan: &'a Plan) -> Self {
        let mut head = Vec::new();
        push_directory(&mut head, "blobs/", OWNER_NAMES);
        push_directory(&mut head, "blobs/sha256/", OWNER_NAMES);
        OciArchive {
            request,
            plan,
            head,
        }
    }
}

impl ArchiveFormat for OciArchive<'_> {
    fn head(&self) -> &[u8] {
        &self.head
    }

    fn has_layer_headers(&self) -> bool {
        true
    }

    fn layer_header(&self, layer: &Blob) -> Vec<u8> {
        file_header(&blob_file(&layer.digest), layer.size, OWNER_NAMES)
    }

    fn documents(&self, layers: &[Blob]) -> Result<Documents> {
        let image = ImageDocuments::new(self.request, self.plan, layers, RefNames::Tags)?;
        let mut members = Vec::new();
        let mut push = |name: &str, content: &[u8]| {
            push_file(&mut members, name, content, OWNER_NAMES);
        };
        for document in [&image.config, &image.manifest] {
            push(&blob_file(&document.digest), &document.bytes);
        }
        push("index.json", &oci::index(&image.entries)?);
        let names = self.request.metadata.names_of(&image.config.digest);
        let files: Vec<String> = layers
            .iter()
            .map(|layer| blob_file(&layer.digest))
            .collect();
        let config = blob_file(&image.config.digest);
        push(
            "manifest.json",
            &documents::manifest(&config, &names, &files)?,
        );
        push("oci-layout", oci::LAYOUT);
        Ok(Documents {
            image_id: image.config.digest,
            manifest: Some(image.manifest.identity()),
            members,
        })
    }
}
