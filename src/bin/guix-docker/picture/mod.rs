// SPDX-License-Identifier: GPL-3.0-or-later

//! Pictures of images: a treemap of layers and what is in them, by size, as
//! SVG, and a page with the same and a table.
//!
//! Functions from plain data to text, which is the same for the same data:
//!
//! - [`layout`] has the boxes and where they are, by [`treemap`];
//! - [`svg`](mod@svg) draws them, [`label`] what is written in them, [`legend`]
//!   what explains them;
//! - [`html`](mod@html) is the page;
//! - [`change`], [`text`] and [`words`] say things.
//!
//! Names and sizes may be those of untrusted images.  The size of what is drawn
//! is limited for any number of items and any length of names: the smallest
//! items are gathered, and the middle of long names is left out.

mod canvas;
mod change;
mod html;
mod label;
mod layout;
mod legend;
#[cfg(test)]
mod samples;
mod svg;
mod text;
mod totals;
mod treemap;
mod words;

use std::borrow::Cow;

pub use change::Change;
pub use html::html;
pub use svg::svg;
pub use words::{count, size_in_words};

/// What a picture shows.
#[derive(Clone, Debug)]
pub struct Map<'a> {
    /// What it is a picture of.
    pub title: String,
    /// A line below the title.
    pub subtitle: String,
    /// The layers, lowest first.
    pub layers: Vec<Layer<'a>>,
}

impl Map<'_> {
    /// How many layers there are, but for those of what is gone.
    fn layers_left(&self) -> usize {
        let is_gone = |item: &Item| item.change == Change::Removed;
        let is_left = |layer: &&Layer| layer.items.is_empty() || !layer.items.iter().all(is_gone);
        self.layers.iter().filter(is_left).count()
    }
}

/// A layer, with what is in it.
#[derive(Clone, Debug)]
pub struct Layer<'a> {
    /// What it is called, such as "Layer 3".
    pub name: String,
    /// What else there is to say of it, such as a short diff ID.
    pub detail: String,
    /// What is in it, in any order.
    pub items: Vec<Item<'a>>,
}

/// A store item, or a top-level directory.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    /// Its whole name.
    pub path: Cow<'a, str>,
    /// A short one, such as "bash-5.2".
    pub name: Cow<'a, str>,
    /// Its size in bytes; that which it had, if it was removed.
    pub size: u64,
    /// How it differs from what it is compared with.
    pub change: Change,
}

/// A table of names and values under a heading.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The heading.
    pub heading: String,
    /// Names and values.
    pub rows: Vec<(String, String)>,
    /// Number of rows that there are besides.
    pub left_out: usize,
}
