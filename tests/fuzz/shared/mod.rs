// SPDX-License-Identifier: GPL-3.0-or-later

//! What several targets have in common.

pub mod c_options;
pub mod image;
pub mod lines;
pub mod markup;
pub mod place;
pub mod scene;
pub mod settings;

use guix_docker::Job;
use guix_docker::error::Result;
use guix_docker::image::{Catalog, Store, WholeImage};

/// Opens all images of the file or directory `name`.
pub fn open_all(name: &[u8], job: &Job) -> Result<Vec<WholeImage>> {
    let store = Store::open_packed(name, job)?;
    let catalog = Catalog::read(&store, job)?;
    let images = catalog.images.iter();
    images.map(|image| catalog.open(&store, image)).collect()
}
