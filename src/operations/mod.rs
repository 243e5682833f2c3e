// SPDX-License-Identifier: GPL-3.0-or-later

//! The two operations: building an image, and merging layouts.  They alone lead
//! from one room to the next.

#![forbid(unsafe_code)]

mod base;
mod build;
mod merge;

pub use build::build;
pub use merge::{Merge, merge};
