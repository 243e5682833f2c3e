// SPDX-License-Identifier: GPL-3.0-or-later

//! The images of a Docker archive.

use serde::Deserialize;

use super::section::Section;
use super::store::Store;
use crate::digest::DiffId;
use crate::error::Result;

/// How many images an archive may have.
const MAX_IMAGES: usize = 10_000;

/// An image of an archive, as `manifest.json` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DockerImage {
    /// The file of its configuration.
    pub config: String,
    /// What it is called.
    #[serde(default)]
    pub repo_tags: Option<Vec<String>>,
    /// The files of its layers, lowest first.
    #[serde(default)]
    pub layers: Option<Vec<String>>,
}

/// What an image of an archive is made of.
pub struct DockerParts {
    /// Its configuration.
    pub config: Vec<u8>,
    /// The files of its layers, lowest first, with the digests that the
    /// configuration says they have.
    pub layers: Vec<(String, DiffId)>,
}

impl Store {
    /// The images of the Docker archive that is here.
    pub fn docker_images(&self) -> Result<Vec<DockerImage>> {
        const MANIFEST: &str = "manifest.json";
        let manifest = self.document(MANIFEST)?;
        let manifest = manifest.ok_or_else(|| {
            self.wrong("it is no image: it has no index.json and no manifest.json")
        })?;
        let images: Vec<DockerImage> = self.parse(&manifest, MANIFEST)?;
        match images.len() {
            0..=MAX_IMAGES => Ok(images),
            _ => Err(self.wrong("it has too many images")),
        }
    }

    /// What `image` is made of.
    pub fn docker_parts(&self, image: &DockerImage) -> Result<DockerParts> {
        let name = &image.config;
        let config = self.document(name)?;
        let config = config.ok_or_else(|| self.wrong(format_args!("it has no file {name:?}")))?;
        let diff_ids = self.diff_ids(&config, name)?;
        let files = image.layers.clone().unwrap_or_default();
        if diff_ids.len() != files.len() {
            return Err(self.wrong(format_args!(
                "its manifest has {} layers, but its configuration {}",
                files.len(),
                diff_ids.len()
            )));
        }
        Ok(DockerParts {
            config,
            layers: std::iter::zip(files, diff_ids).collect(),
        })
    }

    /// The file `name`, which an image of the archive has.
    pub fn file_of(&self, name: &str) -> Result<Section> {
        let file = self.find(name)?;
        file.ok_or_else(|| self.wrong(format_args!("it has no file {name:?}")))
    }
}
