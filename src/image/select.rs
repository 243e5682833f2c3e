// SPDX-License-Identifier: GPL-3.0-or-later

//! Choosing an image by name and platform: see "OCI Image Index", by which the
//! first of several matching manifests is used.

use std::fmt;

use super::catalog::{Catalog, ListedImage, describe};
use super::descriptor::{Descriptor, Platform};
use super::store::Store;
use crate::error::{Error, Result};
use crate::request::whole_name;

/// Name that an image is found by, as it is written or as what it stands for.
#[derive(Clone, Debug)]
pub struct WantedName {
    given: String,
    whole: Option<String>,
}

impl WantedName {
    /// The name `given`, which need not be one that an image can have.
    pub fn new(given: &str) -> Self {
        WantedName {
            whole: whole_name(given),
            given: given.to_owned(),
        }
    }

    fn is(&self, own: &str) -> bool {
        self.given == own || (self.whole.is_some() && self.whole == whole_name(own))
    }
}

impl fmt::Display for WantedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.given)
    }
}

/// Platform that an image is wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedPlatform {
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub architecture: String,
    /// Variant; without one, any will do, and an image without one is preferred.
    pub variant: Option<String>,
}

impl WantedPlatform {
    /// Reads `OS/ARCHITECTURE` or `OS/ARCHITECTURE/VARIANT`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let mut part = || {
            parts
                .next()
                .map(str::to_owned)
                .filter(|part| !part.is_empty())
        };
        Some(WantedPlatform {
            os: part()?,
            architecture: part()?,
            variant: part(),
        })
    }

    fn fits(&self, platform: &Platform) -> bool {
        let known = |own: &str, wanted: &str| own.is_empty() || own == wanted;
        known(&platform.os, &self.os) && known(&platform.architecture, &self.architecture)
    }
}

/// Properties of the images that are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Name; any if absent.
    pub name: Option<WantedName>,
    /// Platform; any if absent.
    pub platform: Option<WantedPlatform>,
}

impl Catalog {
    /// Returns the images that are wanted, in the order of the documents.
    pub fn matching(&self, wanted: &Wanted) -> Vec<&ListedImage> {
        let named = self.images.iter().filter(|image| {
            let is_it = |name: &WantedName| {
                let mut names = image.aliases.iter().chain(&image.names);
                names.any(|own| name.is(own))
            };
            wanted.name.as_ref().is_none_or(is_it)
        });
        let Some(platform) = &wanted.platform else {
            return named.collect();
        };
        let fitting: Vec<&ListedImage> = named
            .filter(|image| platform.fits(&image.platform))
            .collect();
        // A platform that is known is better than one that is not.
        let with = |variant: &str| -> Vec<&ListedImage> {
            let has_it = |image: &&ListedImage| {
                !image.platform.is_unknown() && image.platform.variant == variant
            };
            fitting.iter().copied().filter(has_it).collect()
        };
        let mut best = with(platform.variant.as_deref().unwrap_or_default());
        if best.is_empty() && platform.variant.is_some() {
            best = with("");
        }
        if best.is_empty() && platform.variant.is_none() {
            let is_known = |image: &&ListedImage| !image.platform.is_unknown();
            best = fitting.iter().copied().filter(is_known).collect();
        }
        if best.is_empty() {
            best = fitting;
            best.retain(|image| image.platform.is_unknown());
        }
        best
    }

    /// Returns the one image of `store` that is wanted.
    pub fn choose(&self, store: &Store, wanted: &Wanted) -> Result<&ListedImage> {
        let mut meant = self.matching(wanted);
        // What one document has damaged the other one may have whole.
        let is_whole = |image: &&ListedImage| image.source.is_ok();
        let whole: Vec<&ListedImage> = meant.iter().copied().filter(is_whole).collect();
        meant
            .retain(|image| is_whole(image) || !whole.iter().any(|other| other.shares_name(image)));
        let Some((first, others)) = meant.split_first() else {
            return Err(self.no_such(store, wanted));
        };
        let is_rival = |other: &&&ListedImage| {
            // In an index, the first one of a name and platform is meant.
            first.index.is_none()
                || first.index != other.index
                || (wanted.name.is_none() && first.names != other.names)
        };
        let mut rivals = others.iter().filter(is_rival).peekable();
        if rivals.peek().is_none() && others.iter().all(|other| other.platform == first.platform) {
            return Ok(first);
        }
        let mut variants: Vec<&str> = meant
            .iter()
            .map(|image| image.platform.variant.as_str())
            .collect();
        variants.sort_unstable();
        variants.dedup();
        if wanted.platform.is_some() && wanted.name.is_some() && variants.len() > 1 {
            return Err(store.wrong(format_args!(
                "it has that image for several variants; say which: {}",
                variants.join(", ")
            )));
        }
        Err(store.wrong(format_args!(
            "it has several images; say by its name which is meant: {}",
            listed(&self.images)
        )))
    }

    /// Returns the error for images that are not there.
    pub fn no_such(&self, store: &Store, wanted: &Wanted) -> Error {
        let any = Wanted {
            name: wanted.name.clone(),
            platform: None,
        };
        let named = self.matching(&any);
        match (&wanted.name, &wanted.platform) {
            _ if self.images.is_empty() => store.wrong(format_args!(
                "it has no images{}",
                self.what_else()
                    .map_or(String::new(), |what| format!(" ({what})"))
            )),
            (Some(name), _) if named.is_empty() => store.wrong(format_args!(
                "it has no image {name}, but these: {}",
                listed(&self.images)
            )),
            (_, Some(platform)) => {
                let is_it = |absent: &&Descriptor| {
                    let of_absent = absent.platform().unwrap_or_default();
                    !of_absent.is_unknown() && platform.fits(&of_absent)
                };
                if let Some(absent) = self.absent.iter().find(is_it) {
                    return store.wrong(format_args!(
                        "it lists the image for {}, but the manifest {} is missing",
                        platform.architecture, absent.digest
                    ));
                }
                let mut platforms: Vec<String> = named
                    .iter()
                    .map(|image| image.platform.to_string())
                    .collect();
                platforms.sort_unstable();
                platforms.dedup();
                store.wrong(format_args!(
                    "it has no image for {}, but for {}",
                    platform.architecture,
                    platforms.join(", ")
                ))
            }
            (_, None) => store.wrong("it has no image that can be one"),
        }
    }
}

/// Returns names and platforms of `images` for messages.
pub fn described(images: &[ListedImage]) -> String {
    images.iter().map(describe).collect::<Vec<_>>().join("; ")
}

/// Returns the names of `images`; an image without a name is called so.
fn listed(images: &[ListedImage]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for image in images {
        match image.names.as_slice() {
            [] => names.push("one without a name"),
            own => names.extend(own.iter().map(String::as_str)),
        }
    }
    names.dedup();
    names.join(", ")
}
