// SPDX-License-Identifier: GPL-3.0-or-later

//! Parameters of the image's file or directory.

use std::sync::Arc;

use rustix::fd::OwnedFd;

use super::compressor::DEFAULT_LEVEL;
use super::{Compressor, Format};
use crate::codec::Encoding;
use crate::error::{Argument, Error, Result, quoted};

/// Place that the image goes to.
#[derive(Clone, Debug)]
pub enum Destination {
    /// A file or directory of this name.
    File(Vec<u8>),
    /// The stream of this descriptor.
    Stream(Arc<OwnedFd>),
}

/// Output: the image's file or directory.
#[derive(Clone, Debug)]
pub struct Output {
    pub(crate) destination: Destination,
    /// Format of the image.
    pub format: Format,
    /// Compressor of the archive, or in OCI formats of each layer; `None` for the
    /// format's default.
    pub compressor: Option<Compressor>,
    /// True for the report to have the digest of the archive.
    pub archive_digest: bool,
}

impl Output {
    pub(super) fn new(destination: Destination) -> Self {
        Output {
            destination,
            format: Format::default(),
            compressor: None,
            archive_digest: false,
        }
    }

    /// Returns the compressor of a Docker archive.
    pub fn archive_compressor(&self) -> &Compressor {
        self.compressor
            .as_ref()
            .unwrap_or(&Compressor::Codec(Encoding::NONE))
    }

    /// Returns the compressor of each layer of an OCI image.
    pub fn encoding(&self) -> Result<Encoding> {
        match &self.compressor {
            None => Ok(Encoding::gzip(DEFAULT_LEVEL)),
            Some(compressor) => compressor.encoding(),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.format.stores_blobs() {
            self.encoding()?;
        }
        match &self.destination {
            Destination::File(image) if image.ends_with(b"/") && !self.format.is_directory() => {
                Err(Error::argument(
                    Argument("image"),
                    format_args!("{} names a directory; name a file", quoted(image)),
                ))
            }
            _ => Ok(()),
        }
    }
}
