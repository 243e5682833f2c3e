// SPDX-License-Identifier: GPL-3.0-or-later

//! Images that exist: reading what others, or this library, have made.
//!
//! Nothing in them is trusted: sizes are bounded, digests are checked, and no
//! name in them is followed out of where they are.

#![forbid(unsafe_code)]

mod archive;
mod base;
mod catalog;
mod codec;
mod config;
mod descriptor;
mod docker;
mod header;
mod layer;
mod manifest;
mod oci;
mod overlay;
mod reach;
mod select;
mod sparse;
mod store;
mod tar;
mod whole;

pub use base::{Base, BaseLayer};
pub use catalog::{Catalog, Contradiction, ListedImage, Other, Source, describe};
pub use descriptor::{Descriptor, Platform};
pub use manifest::{Kind, Manifest};
pub use oci::{IndexEntry, Listing, StoredImage, StoredLayer};
pub use overlay::{Allowance, Changes, Found, Overlay, Problem, Subject};
pub use reach::Reachable;
pub use select::{Wanted, WantedName, WantedPlatform, described};
pub use store::Store;
pub use tar::Member;
pub use whole::{ReadLayer, WholeImage, WholeLayer};

use crate::error::{Error, Status};

/// `what`, a part of an image, is not as it should be.
fn malformed(what: impl std::fmt::Display) -> Error {
    Error::new(Status::Input, what.to_string())
}
