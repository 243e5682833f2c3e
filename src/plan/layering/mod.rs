// SPDX-License-Identifier: GPL-3.0-or-later

//! Which items share a layer.
//!
//! A policy knows numbers only: from what it is told of the items it makes
//! groups of their indices, in the order of the layers and of the items in
//! each.

mod bits;
mod by_references;
mod by_size;
mod item;
mod moves;

pub use bits::Bits;
pub use by_references::by_references;
pub use by_size::by_size;
pub use item::Item;
