// SPDX-License-Identifier: GPL-3.0-or-later

//! Parameters of the image's metadata.

use std::collections::BTreeMap;

use super::checks::{add_pair, text};
use super::{
    CONTAINERD_NAME, ConfigKeys, History, ImageName, REF_NAME, Reference, config, repository,
    system, variant,
};
use crate::digest::Digest;
use crate::error::{Argument, Error, Result};
use crate::json::Object;

/// Seconds since the epoch of 0000-01-01 and of the end of 9999: the dates that
/// RFC 3339 can write.
const CREATION_TIMES: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// Metadata of the image.
#[derive(Clone, Debug)]
pub struct Metadata {
    pub(crate) names: Vec<Reference>,
    repository: String,
    architecture: Option<&'static str>,
    variant: Option<String>,
    pub(crate) creation_time: i64,
    pub(crate) author: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    /// Content of the history.
    pub history: History,
    /// Spelling of keys in the configuration of a Docker archive.
    pub config_keys: ConfigKeys,
    pub(crate) config: Option<Object>,
}

impl Default for Metadata {
    fn default() -> Self {
        Metadata {
            names: Vec::new(),
            repository: repository::canonicalize("guix"),
            architecture: None,
            variant: None,
            creation_time: now(),
            author: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            history: History::default(),
            config_keys: ConfigKeys::default(),
            config: None,
        }
    }
}

impl Metadata {
    /// Adds image references, which replace the repository.
    pub fn names<N: AsRef<[u8]>>(&mut self, references: &[N]) -> Result<()> {
        for reference in references {
            let reference = Reference::new(reference.as_ref())?;
            if self.names.contains(&reference) {
                return Err(Error::argument(
                    Argument("names"),
                    format_args!("{reference} is given twice"),
                ));
            }
            self.names.push(reference);
        }
        Ok(())
    }

    /// Returns the names of the image with the ID `image_id`.
    pub fn names_of(&self, image_id: &Digest) -> Vec<ImageName<'_>> {
        match self.names.as_slice() {
            [] => vec![ImageName::untagged(&self.repository)],
            names => names.iter().map(|name| name.of(image_id)).collect(),
        }
    }

    /// Sets the name in the REPOSITORY column of `docker images`, made to follow
    /// Docker's rules: 2 to 237 characters, words of a-z and 0-9 with `.`, `_`, `__`
    /// or any number of `-` between them.
    pub fn repository(&mut self, name: &[u8]) -> Result<()> {
        self.repository = repository::canonicalize(&text(Argument("repository"), name)?);
        Ok(())
    }

    /// Sets the system that the files are for, a GNU triplet or its first component.
    pub fn system(&mut self, triplet: &[u8]) -> Result<()> {
        self.architecture = Some(system::architecture(&text(Argument("system"), triplet)?)?);
        Ok(())
    }

    /// Returns Docker's name for the system, by default this machine's.
    pub fn architecture(&self) -> Result<&'static str> {
        self.architecture
            .map_or_else(system::default_architecture, Ok)
    }

    /// Sets the variant of the system's architecture, such as `v7`.
    pub fn variant(&mut self, variant: &[u8]) -> Result<()> {
        self.variant = Some(text(Argument("variant"), variant)?);
        Ok(())
    }

    /// Returns the variant of the architecture, if one was set.
    pub fn architecture_variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// Sets the time of creation, in seconds since the epoch.
    pub fn creation_time(&mut self, seconds: i64) -> Result<()> {
        if !CREATION_TIMES.contains(&seconds) {
            return Err(Error::argument(
                Argument("creation_time"),
                format_args!("{seconds} seconds is not in the years 0 to 9999"),
            ));
        }
        self.creation_time = seconds;
        Ok(())
    }

    /// Sets the author.
    pub fn author(&mut self, author: &[u8]) -> Result<()> {
        self.author = Some(text(Argument("author"), author)?);
        Ok(())
    }

    /// Adds a label.
    pub fn label(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        add_pair(Argument("labels"), &mut self.labels, name, value)
    }

    /// Adds an annotation of an OCI image.
    pub fn annotation(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        if [CONTAINERD_NAME.as_bytes(), REF_NAME.as_bytes()].contains(&name) {
            return Err(Error::argument(
                Argument("annotations"),
                format_args!(
                    "{:?} is the image's name; use names",
                    String::from_utf8_lossy(name)
                ),
            ));
        }
        let is_known = |own: &String| own.as_bytes() == name;
        if self.annotations.keys().any(is_known) {
            return Err(Error::argument(
                Argument("annotations"),
                format_args!("{:?} is given twice", String::from_utf8_lossy(name)),
            ));
        }
        add_pair(Argument("annotations"), &mut self.annotations, name, value)
    }

    /// Sets a JSON object that is merged into the configuration last, see RFC 7396.
    pub fn config(&mut self, json: &[u8]) -> Result<()> {
        self.config = Some(config::parse(json)?);
        Ok(())
    }

    pub(super) fn check(&self) -> Result<()> {
        let architecture = self.architecture()?;
        match &self.variant {
            Some(variant) => variant::check(architecture, variant),
            None => Ok(()),
        }
    }
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs() as i64)
}
