// SPDX-License-Identifier: GPL-3.0-or-later

//! How an image is laid out: which layers and documents, in which order and
//! under which names.
//!
//! A format is a file of its own beside `docker_archive`; the JSON documents
//! are in [`documents`], and what all formats have in common, archives as GNU
//! tar writes them, in [`archive`].

#![forbid(unsafe_code)]

mod blob;
mod docker_archive;
pub mod documents;
mod index;
mod layout;
mod members;
mod oci_archive;

pub use blob::Blob;
pub use index::Index;
pub use layout::{Ending, Layout, Part, PartKind};

use self::docker_archive::DockerArchive;
use self::oci_archive::OciArchive;
use crate::digest::Digest;
use crate::error::Result;
use crate::plan::Plan;
use crate::request::{Format, Request};

/// A format whose images are archives: a head, the layers, which may have
/// headers in front of them, and the documents.
pub trait ArchiveFormat: Sync {
    /// What comes before all layers.
    fn head(&self) -> &[u8];

    /// Whether a layer's header is in front of it, and not in the head.
    fn has_layer_headers(&self) -> bool;

    /// The header in front of a layer, a block.
    fn layer_header(&self, blob: &Blob) -> Vec<u8>;

    /// What comes after the layers, when these are known.
    fn documents(&self, layers: &[Blob]) -> Result<Documents>;
}

/// The format of the archive that `request` asks for, with the layers of
/// `plan`.
pub fn archive_format<'a>(
    request: &'a Request,
    plan: &'a Plan,
) -> Result<Box<dyn ArchiveFormat + 'a>> {
    Ok(match request.output.format {
        Format::DockerArchive => Box::new(DockerArchive::new(request, plan)?),
        Format::OciArchive | Format::Oci => Box::new(OciArchive::new(request, plan)),
    })
}

/// What says what the image is.
pub struct Documents {
    /// The digest of the image's configuration, which is the image's ID.
    pub image_id: Digest,
    /// The digest and the size in bytes of its manifest, in OCI formats.
    pub manifest: Option<(Digest, u64)>,
    /// The documents as members of an archive, without what marks its end.
    pub members: Vec<u8>,
}
