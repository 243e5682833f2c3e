// SPDX-License-Identifier: GPL-3.0-or-later

//! Requests for images: every argument, owned and checked before a file is touched.
//!
//! A [`Request`] starts from the three arguments that have no default.  The others
//! are in groups, those of `guix-docker build --help`.  A parameter that needs no
//! check is a public member of its group, and the others have setters, which refuse
//! what later steps could not use.  File names are bytes; text of JSON documents is
//! UTF-8.

#![forbid(unsafe_code)]

mod checks;
pub mod choices;
mod compressor;
mod config;
mod container;
mod content;
mod directive;
mod format;
mod health_check;
mod layers;
mod metadata;
mod output;
mod ownership;
mod reference;
mod repository;
mod running;
mod system;
mod transformation;
mod variant;

use std::sync::Arc;

use rustix::fd::OwnedFd;

pub(crate) use checks::file_name;
pub use choices::*;
pub use compressor::Compressor;
pub use container::Container;
pub use content::Content;
pub use directive::Directive;
pub use format::DocumentStyle;
pub use layers::Layers;
pub use metadata::Metadata;
pub use output::{Destination, Output};
pub use ownership::{Owner, Ownership};
pub use reference::{ImageName, Reference, familiar, whole_name};
pub use running::Running;
pub use transformation::Transformation;

use crate::error::{Argument, Error, Result};

/// Annotation with the image's name for containerd: a whole image reference.
pub const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// Annotation that tells an image from others in its layout.
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// A checked request for one image.
#[derive(Clone, Debug)]
pub struct Request {
    /// Output: the image's file or directory.
    pub output: Output,
    /// Content: the files in the image.
    pub content: Content,
    /// Layers of the image.
    pub layers: Layers,
    /// Metadata of the image.
    pub metadata: Metadata,
    /// Defaults of containers.
    pub container: Container,
    /// Running: the build itself.
    pub running: Running,
}

/// Layout whose layers may be reused.
pub struct ReusedLayout<'a> {
    /// Name of the layout.
    pub name: &'a [u8],
    /// True for the output layout itself, which is searched by default.
    pub is_target: bool,
}

impl Request {
    /// Returns a request for the image file `image` of the files and directories
    /// `paths`, with an ID made from the string `prefix`.
    pub fn new<P: AsRef<[u8]>>(image: &[u8], paths: &[P], prefix: &[u8]) -> Result<Self> {
        let image = checks::file_name(Argument("image"), image)?;
        Request::to(Destination::File(image), paths, prefix)
    }

    /// Like [`Request::new`], for an image that goes to the descriptor `fd`.
    pub fn to_stream<P: AsRef<[u8]>>(fd: OwnedFd, paths: &[P], prefix: &[u8]) -> Result<Self> {
        Request::to(Destination::Stream(Arc::new(fd)), paths, prefix)
    }

    fn to<P: AsRef<[u8]>>(destination: Destination, paths: &[P], prefix: &[u8]) -> Result<Self> {
        Ok(Request {
            output: Output::new(destination),
            content: Content::new(paths, prefix)?,
            layers: Layers::default(),
            metadata: Metadata::default(),
            container: Container::default(),
            running: Running::default(),
        })
    }

    /// Returns the spelling of keys in the configuration.
    pub fn keys(&self) -> ConfigKeys {
        match self.output.format.document_style() {
            DocumentStyle::Guix => self.metadata.config_keys,
            DocumentStyle::Oci => ConfigKeys::Spec,
        }
    }

    /// Returns the layouts whose layers may be reused.
    pub fn reused_layouts(&self) -> Vec<ReusedLayout<'_>> {
        let layout = |name, is_target| ReusedLayout { name, is_target };
        match (&self.layers.reuse, &self.output.destination) {
            (Some(layouts), _) => layouts.iter().map(|name| layout(name, false)).collect(),
            (None, Destination::File(name)) if self.output.format.is_directory() => {
                vec![layout(name, true)]
            }
            _ => Vec::new(),
        }
    }

    /// Checks what depends on more than one argument.
    pub fn check(&self) -> Result<()> {
        self.output.check()?;
        if !self.output.format.stores_blobs() {
            let reuses = self.layers.reuse.as_ref();
            let only_oci = [
                ("annotations", !self.metadata.annotations.is_empty()),
                ("reuse", reuses.is_some_and(|layouts| !layouts.is_empty())),
            ];
            if let Some((name, _)) = only_oci.into_iter().find(|(_, is_given)| *is_given) {
                return Err(Error::argument(
                    Argument(name),
                    "a Docker archive has none; use an OCI format",
                ));
            }
        }
        self.layers.check()?;
        self.metadata.check()
    }
}
