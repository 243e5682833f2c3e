// SPDX-License-Identifier: GPL-3.0-or-later

//! Cost of pushing an image to where another one is.

use std::collections::HashSet;

use guix_docker::digest::Digest;

use crate::survey::{Layer, Survey};

/// Cost of pushing an image to where another one is.
pub struct Push<'a> {
    /// Layers, with true for those that the other image has.
    pub layers: Vec<(&'a Layer, bool)>,
}

impl<'a> Push<'a> {
    /// Compares the layers of two images.
    pub fn of(old: &Survey, new: &'a Survey) -> Self {
        let known: HashSet<Digest> = old.layers.iter().map(|layer| layer.stored).collect();
        let layers = new.layers.iter();
        Push {
            layers: layers
                .map(|layer| (layer, known.contains(&layer.stored)))
                .collect(),
        }
    }

    /// Returns the number of layers that are shared, or are not, and their bytes before
    /// compression and as they are stored.
    pub fn sum(&self, shared: bool) -> (usize, u64, u64) {
        let layers = self.layers.iter().filter(|(_, known)| *known == shared);
        layers.fold((0, 0, 0), |(count, size, stored), (layer, _)| {
            (
                count + 1,
                size.saturating_add(layer.size),
                stored.saturating_add(layer.stored_size),
            )
        })
    }
}
