// SPDX-License-Identifier: GPL-3.0-or-later

//! Reading a Docker archive: `manifest.json` of the Docker Image Specification
//! v1.2.

use serde_json::Value;

use super::config::Config;
use super::store::Store;
use crate::error::Result;
use crate::json::{self, Object, Parsed};
use crate::section::Section;

/// Maximum number of images of an archive.
const MAX_IMAGES: usize = 10_000;

const MANIFEST: &str = "manifest.json";

/// Image of an archive, as `manifest.json` lists it.
#[derive(Clone, Debug)]
pub struct DockerImage {
    /// File of the configuration.
    pub config: String,
    /// Names of the image.
    pub repo_tags: Vec<String>,
    /// Files of the layers, lowest first.
    pub layers: Vec<String>,
}

impl DockerImage {
    fn parse(image: &Object) -> Parsed<Self> {
        let texts = |name| -> Parsed<Vec<String>> {
            let texts = json::texts(image, name)?;
            Ok(texts.into_iter().map(str::to_owned).collect())
        };
        json::text(image, "Parent")?;
        json::object(image, "LayerSources")?;
        Ok(DockerImage {
            config: json::text(image, "Config")?.to_owned(),
            repo_tags: texts("RepoTags")?,
            layers: texts("Layers")?,
        })
    }
}

impl Store {
    /// Lists the images of the Docker archive, if there is a `manifest.json`.
    pub fn docker_images(&self) -> Result<Option<Vec<DockerImage>>> {
        let Some(manifest) = self.document(MANIFEST)? else {
            return Ok(None);
        };
        let wrong = |problem| self.wrong(format_args!("{MANIFEST}: {problem}"));
        let Value::Array(images) = self.parse(&manifest, MANIFEST)? else {
            return Err(wrong("it is not a list".into()));
        };
        if images.len() > MAX_IMAGES {
            return Err(self.wrong("it has too many images"));
        }
        let parse = |image: &Value| match image {
            Value::Object(image) => DockerImage::parse(image),
            _ => Err("an image is not an object".into()),
        };
        let images = images.iter().map(|image| parse(image).map_err(wrong));
        images.collect::<Result<_>>().map(Some)
    }

    /// Reads the configuration of `image`.
    pub fn docker_config(&self, image: &DockerImage) -> Result<Config> {
        let name = &image.config;
        let document = self.document(name)?;
        let document =
            document.ok_or_else(|| self.wrong(format_args!("it has no file {name:?}")))?;
        self.parse_config(&document, name)
    }

    /// Finds the file `name` of an image.
    pub fn file_of(&self, name: &str) -> Result<Section> {
        let file = self.find(name)?;
        file.ok_or_else(|| self.wrong(format_args!("it has no file {name:?}")))
    }
}
