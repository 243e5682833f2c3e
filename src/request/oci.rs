// SPDX-License-Identifier: GPL-3.0-or-later

//! What only OCI images have: annotations, layers that are compressed one by
//! one, and layouts to take them from.

use super::compressor::DEFAULT_LEVEL;
use super::{Destination, Format, Request, absolute, file_name, text};
use crate::codec::Encoding;
use crate::error::{Argument, Error, Result, quoted};

/// The annotation for what an image is called by containerd: a whole reference.
pub const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// The annotation that tells an image from others in its layout.
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// A layout whose layers may be taken over.
pub struct ReusedLayout<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Whether nobody has asked for it, and the image is written to it.
    pub is_target: bool,
}

impl Request {
    /// What compresses each layer of an OCI image.
    pub fn packing(&self) -> Result<Encoding> {
        match &self.compressor {
            None => Ok(Encoding::gzip(DEFAULT_LEVEL)),
            Some(compressor) => compressor.packing(),
        }
    }

    /// Adds to what is to be known of an OCI image.
    pub fn annotation(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        let name = text(Argument::Annotations, name)?;
        let value = text(Argument::Annotations, value)?;
        if name.is_empty() {
            return Err(Error::argument(
                Argument::Annotations,
                "an annotation has no name",
            ));
        }
        if [CONTAINERD_NAME, REF_NAME].contains(&name.as_str()) {
            return Err(Error::argument(
                Argument::Annotations,
                format_args!("{name:?} is the image's name; say it by names"),
            ));
        }
        match self.annotations.insert(name.clone(), value) {
            None => Ok(()),
            Some(_) => Err(Error::argument(
                Argument::Annotations,
                format_args!("{name:?} is given twice"),
            )),
        }
    }

    /// OCI image layouts whose layers may be taken over.
    pub fn reuse<P: AsRef<[u8]>>(&mut self, layouts: &[P]) -> Result<()> {
        let layouts = layouts.iter().map(|layout| match layout.as_ref() {
            b"" => Err(Error::argument(Argument::Reuse, "a file name is empty")),
            layout => file_name(Argument::Reuse, layout),
        });
        self.reuse = Some(layouts.collect::<Result<_>>()?);
        Ok(())
    }

    /// The layouts whose layers may be taken over.
    pub fn reused_layouts(&self) -> Vec<ReusedLayout<'_>> {
        let layout = |name, is_target| ReusedLayout { name, is_target };
        match (&self.reuse, &self.destination) {
            (Some(layouts), _) => layouts.iter().map(|name| layout(name, false)).collect(),
            (None, Destination::File(name)) if self.format == Format::Oci => {
                vec![layout(name, true)]
            }
            _ => Vec::new(),
        }
    }

    /// Whether what is at and below the paths never changes as long as their
    /// names are the same.
    pub fn immutable_paths(&mut self, immutable: bool) {
        self.immutable_paths = immutable;
    }

    /// The directory that holds the record of layers, in the place of the cache
    /// directory that the environment names.
    pub fn cache_home(&mut self, directory: &[u8]) -> Result<()> {
        self.cache_home = Some(absolute(Argument::Reuse, directory)?);
        Ok(())
    }

    /// Checks what the format can have.
    pub(super) fn check_format(&self) -> Result<()> {
        if let Destination::File(image) = &self.destination {
            if image.ends_with(b"/") && self.format != Format::Oci {
                return Err(Error::argument(
                    Argument::Image,
                    format_args!("{} names a directory; name a file", quoted(image)),
                ));
            }
        }
        if self.format != Format::DockerArchive {
            self.packing()?;
            return Ok(());
        }
        let only_oci = [
            (Argument::Annotations, !self.annotations.is_empty()),
            (
                Argument::Reuse,
                self.reuse
                    .as_ref()
                    .is_some_and(|layouts| !layouts.is_empty()),
            ),
        ];
        match only_oci.iter().find(|(_, is_given)| *is_given) {
            Some((argument, _)) => Err(Error::argument(
                *argument,
                "a Docker archive has none; ask for an OCI format",
            )),
            None => Ok(()),
        }
    }
}
