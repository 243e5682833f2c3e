// SPDX-License-Identifier: GPL-3.0-or-later

//! Images that exist: reading what others, or this library, have made.
//!
//! Nothing in them is trusted: sizes are bounded, digests are checked, and no
//! name in them is followed out of where they are.

#![forbid(unsafe_code)]

mod archive;
mod base;
mod docker;
mod layer;
mod oci;
mod overlay;
mod section;
mod store;
mod tar;
mod unpack;
mod whole;

pub use base::{Base, BaseLayer, BaseName, Choice};
pub use oci::{Descriptor, Manifest, StoredImage, StoredLayer};
pub use overlay::{Allowance, Changes, Found, Overlay, Problem, Subject};
pub use section::Section;
pub use store::Store;
pub use tar::Member;
pub use whole::{ReadLayer, WholeImage, WholeLayer};

use crate::error::{Error, Status};

/// The size in bytes of the largest document that is read.
const MAX_DOCUMENT: u64 = 8 << 20;

/// `what`, a part of an image, is not as it should be.
fn malformed(what: impl std::fmt::Display) -> Error {
    Error::new(Status::Input, what.to_string())
}
