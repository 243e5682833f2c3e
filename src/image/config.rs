// SPDX-License-Identifier: GPL-3.0-or-later

//! Configuration of an image: see "OCI Image Configuration".

use super::descriptor::Platform;
use super::store::Store;
use crate::digest::Digest;
use crate::error::Result;
use crate::json::{self, Object, keys};

/// Configuration of an image.
#[derive(Clone, Debug)]
pub struct Config {
    /// Digest of the document, the image's ID.
    pub id: Digest,
    /// Members as the document has them.
    pub members: Object,
    /// Platform that the image runs on.
    pub platform: Platform,
    /// Digests of the layers before compression, lowest first, as text.
    pub diff_ids: Vec<String>,
}

impl Config {
    /// Returns the members under the specification's names.
    pub fn normalized(&self) -> Object {
        json::normalized(&self.members, keys::WHOLE)
    }
}

impl Store {
    /// Reads the configuration from `document`, the file `name`.
    pub fn parse_config(&self, document: &[u8], name: &str) -> Result<Config> {
        let wrong = |problem: String| self.wrong(format_args!("{name}: {problem}"));
        let members = self.parse_object(document, name)?;
        let root = json::object(&members, "rootfs").map_err(wrong)?;
        let root = root.ok_or_else(|| wrong("\"rootfs\" is missing".into()))?;
        let diff_ids = json::texts(root, "diff_ids").map_err(wrong)?;
        Ok(Config {
            id: Digest::of(document),
            platform: Platform::of(&members),
            diff_ids: diff_ids.into_iter().map(str::to_owned).collect(),
            members,
        })
    }
}
