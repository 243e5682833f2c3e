// SPDX-License-Identifier: GPL-3.0-or-later

//! Properties of the formats, in one table.

use super::Format;

/// Style of an image's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentStyle {
    /// Guix's: members that OCI does not know, and a choice of keys.
    Guix,
    /// OCI's image specification.
    Oci,
}

/// Properties of a format, on which the path of an image through this library
/// depends.
struct Properties {
    stores_blobs: bool,
    is_directory: bool,
    document_style: DocumentStyle,
}

impl Format {
    fn properties(self) -> Properties {
        match self {
            Format::DockerArchive => Properties {
                stores_blobs: false,
                is_directory: false,
                document_style: DocumentStyle::Guix,
            },
            Format::OciArchive => Properties {
                stores_blobs: true,
                is_directory: false,
                document_style: DocumentStyle::Oci,
            },
            Format::Oci => Properties {
                stores_blobs: true,
                is_directory: true,
                document_style: DocumentStyle::Oci,
            },
        }
    }

    /// Returns true if layers are blobs, each compressed by itself, that other
    /// images can reuse; false if an archive is compressed as a whole.
    pub fn stores_blobs(self) -> bool {
        self.properties().stores_blobs
    }

    /// Returns true if the image is in a directory, with other images.
    pub fn is_directory(self) -> bool {
        self.properties().is_directory
    }

    /// Returns the style of the image's documents.
    pub fn document_style(self) -> DocumentStyle {
        self.properties().document_style
    }
}
