// SPDX-License-Identifier: GPL-3.0-or-later

//! Contents of an archive or a layout: its images, and what else it lists.
//!
//! `index.json` and `manifest.json` may both list images.  Images that only one
//! of them has are listed too.  Where both list an image and the OCI manifest
//! does not fit its configuration, `manifest.json` counts, from which every
//! engine can load.  Nothing but documents is read: an image that is damaged is
//! an error only if it is chosen.

use std::collections::{BTreeMap, BTreeSet};

use super::descriptor::{Descriptor, Platform};
use super::docker::DockerImage;
use super::manifest::Kind;
use super::oci::{IndexEntry, Listing};
use super::store::Store;
use crate::digest::Digest;
use crate::error::{Error, Result, Status};
use crate::job::Job;
use crate::request::whole_name;

/// Contents of an archive or a layout.
#[derive(Default)]
pub struct Catalog {
    /// Images, in the order of the documents.
    pub images: Vec<ListedImage>,
    /// Attestations and artifacts.
    pub others: Vec<Other>,
    /// Manifests and indexes that are listed but not there.
    pub absent: Vec<Descriptor>,
    /// Depth of the indexes in each other: 1 for one that `index.json` lists.
    pub depth: usize,
    /// Differences between `index.json` and `manifest.json`.
    pub contradictions: Vec<Contradiction>,
}

/// Image that a document lists.
pub struct ListedImage {
    /// Names to show.
    pub names: Vec<String>,
    /// Names to find the image by, as the documents have them.
    pub aliases: Vec<String>,
    /// Platform that the image runs on, as far as that is known.
    pub platform: Platform,
    /// Number of the index that lists the image; `None` in `manifest.json`.
    pub index: Option<usize>,
    /// Documents that describe the image, or the reason why they cannot be read.
    pub source: Result<Source>,
    /// Digest of the configuration.
    id: Option<Digest>,
}

/// Documents that describe an image.
#[derive(Clone, Debug)]
pub enum Source {
    /// A manifest of an OCI layout.
    Oci(Descriptor),
    /// An entry of `manifest.json`.
    Docker(DockerImage),
}

/// Manifest of something that is no image of files.
pub struct Other {
    /// Descriptor of the manifest.
    pub descriptor: Descriptor,
    /// Attestation or artifact.
    pub kind: Kind,
}

/// Difference between the two documents that list images.
pub enum Contradiction {
    /// `index.json` is unusable in the way that the text says.
    NoIndex(String),
    /// The OCI manifest of an image of `manifest.json` does not fit.
    Manifest(String),
    /// A name stands for two images.
    Name(String),
    /// An image is in `manifest.json` alone.
    OnlyDocker(String),
    /// An image is in `index.json` alone; true if `manifest.json` has another one for
    /// its platform.
    OnlyOci(String, bool),
}

impl Catalog {
    /// Reads the documents of `store`.
    pub fn read(store: &Store, job: &Job) -> Result<Self> {
        let mut catalog = Catalog::default();
        let docker = store.docker_images();
        let has_docker = matches!(docker, Ok(Some(_)));
        let has_index = store.find("index.json")?.is_some();
        let has_layout = has_index && store.find("oci-layout")?.is_some();
        if has_layout || (has_index && !has_docker) {
            let listing = store.listing(job);
            match listing.and_then(|listing| catalog.add_listing(store, listing, job)) {
                Ok(()) => {}
                Err(error) if !has_docker || is_final(&error) => return Err(error),
                Err(error) => {
                    let problem = error.message().to_owned();
                    catalog.contradictions = vec![Contradiction::NoIndex(problem)];
                }
            }
        }
        match docker {
            Ok(Some(images)) => catalog.add_docker(store, &images, has_layout, job)?,
            Ok(None) if has_index => {}
            Ok(None) => {
                return Err(
                    store.wrong("it is no image: it has no index.json and no manifest.json")
                );
            }
            Err(error) if !has_index || is_final(&error) => return Err(error),
            Err(error) => {
                let problem = error.message().to_owned();
                catalog
                    .contradictions
                    .push(Contradiction::Manifest(problem));
            }
        }
        Ok(catalog)
    }

    fn add_listing(&mut self, store: &Store, listing: Listing, job: &Job) -> Result<()> {
        self.absent = listing.absent;
        self.depth = listing.depth;
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for IndexEntry { descriptor, index } in listing.entries {
            job.check()?;
            if let Some(&place) = places.get(&descriptor.digest) {
                self.images[place].add_names(&descriptor);
                continue;
            }
            let manifest = match store.find_manifest(&descriptor) {
                Ok(Some(manifest)) => Ok(manifest),
                Ok(None) => {
                    self.absent.push(descriptor);
                    continue;
                }
                Err(error) if is_final(&error) => return Err(error),
                Err(_) if !descriptor.is_manifest() => {
                    let kind = Kind::Artifact(descriptor.media_type.clone());
                    self.others.push(Other { descriptor, kind });
                    continue;
                }
                Err(error) => Err(error),
            };
            let kind = manifest.as_ref().map(|manifest| manifest.kind(&descriptor));
            if let Ok(kind @ (Kind::Attestation { .. } | Kind::Artifact(_))) = kind {
                self.others.push(Other { descriptor, kind });
                continue;
            }
            places.insert(descriptor.digest.clone(), self.images.len());
            let described = manifest.and_then(|manifest| {
                let id = store.digest(&manifest.config)?;
                let known = descriptor.platform();
                let platform = match known.filter(|platform| !platform.is_unknown()) {
                    Some(platform) => platform,
                    None => store.config(&manifest)?.platform,
                };
                Ok((id, platform))
            });
            if let Err(error) = &described {
                if is_final(error) {
                    return Err(error.clone());
                }
            }
            let mut image = ListedImage {
                names: Vec::new(),
                aliases: Vec::new(),
                platform: match &described {
                    Ok((_, platform)) => platform.clone(),
                    Err(_) => descriptor.platform().unwrap_or_default(),
                },
                index: Some(index),
                id: described.as_ref().ok().map(|(id, _)| *id),
                source: Err(store.wrong("no document describes the image")),
            };
            image.add_names(&descriptor);
            image.source = described.map(|_| Source::Oci(descriptor));
            self.images.push(image);
        }
        Ok(())
    }

    /// Adds the images of `manifest.json`.
    fn add_docker(
        &mut self,
        store: &Store,
        images: &[DockerImage],
        has_layout: bool,
        job: &Job,
    ) -> Result<()> {
        let is_readable = !self
            .contradictions
            .iter()
            .any(|one| matches!(one, Contradiction::NoIndex(_)));
        let in_index = self.images.len();
        if has_layout && is_readable && in_index == 0 && !images.is_empty() {
            let problem = "index.json lists no image that is there".to_owned();
            self.contradictions.push(Contradiction::NoIndex(problem));
        }
        let compares = has_layout && in_index > 0;
        let mut by_id: BTreeMap<Digest, usize> = BTreeMap::new();
        for (place, image) in self.images.iter().enumerate() {
            if let Some(id) = image.id {
                by_id.entry(id).or_insert(place);
            }
        }
        let mut in_both = vec![false; in_index];
        let mut configs: BTreeMap<&str, Result<(Digest, Platform)>> = BTreeMap::new();
        let mut listed_before: BTreeMap<(Digest, &[String]), usize> = BTreeMap::new();
        for image in images {
            job.check()?;
            let config = configs.entry(&image.config).or_insert_with(|| {
                let config = store.docker_config(image)?;
                Ok((config.id, config.platform))
            });
            if let Err(error) = config {
                if is_final(error) {
                    return Err(error.clone());
                }
            }
            let described = config.as_ref().ok();
            let mut listed = ListedImage {
                names: image.repo_tags.clone(),
                aliases: image.repo_tags.clone(),
                platform: described.map(|config| config.1.clone()).unwrap_or_default(),
                index: None,
                id: described.map(|config| config.0),
                source: config.clone().map(|_| Source::Docker(image.clone())),
            };
            if let Some(id) = listed.id {
                let place = self.images.len();
                let place = *listed_before.entry((id, &image.layers)).or_insert(place);
                if let Some(twin) = self.images.get_mut(place) {
                    twin.join_names(&listed);
                    continue;
                }
            }
            let place = listed.id.and_then(|id| by_id.get(&id));
            let Some(&place) = place else {
                if compares {
                    let one = describe(&listed);
                    self.contradictions.push(Contradiction::OnlyDocker(one));
                }
                self.images.push(listed);
                continue;
            };
            in_both[place] = true;
            let twin = &mut self.images[place];
            if let Some(problem) = twin.misfit(store, image) {
                self.contradictions.push(Contradiction::Manifest(problem));
                std::mem::swap(&mut twin.source, &mut listed.source);
            }
            twin.join_names(&listed);
            if let Some(id) = listed.id {
                listed_before.insert((id, &image.layers), place);
            }
        }
        if compares {
            self.compare_names(in_index, &in_both);
        }
        Ok(())
    }

    /// Notes images of `index.json`, the first `in_index`, that `manifest.json` does
    /// not list, and names that stand for different images of one platform.
    fn compare_names(&mut self, in_index: usize, in_both: &[bool]) {
        let (oci, docker) = self.images.split_at(in_index);
        let missing = oci
            .iter()
            .zip(in_both)
            .filter(|(_, is_in_both)| !**is_in_both);
        let platforms: BTreeSet<&Platform> = docker.iter().map(|image| &image.platform).collect();
        let in_both: Vec<&ListedImage> = oci
            .iter()
            .zip(in_both)
            .filter_map(|(image, is_in_both)| is_in_both.then_some(image))
            .collect();
        let missing = missing.map(|(image, _)| {
            let is_rival = platforms.contains(&image.platform)
                || in_both.iter().any(|other| other.platform == image.platform);
            Contradiction::OnlyOci(describe(image), is_rival)
        });
        let names = |images: &[ListedImage]| -> BTreeSet<(String, Platform)> {
            let names = images.iter().flat_map(|image| {
                let names = image.names.iter().filter_map(|name| whole_name(name));
                names.map(|name| (name, image.platform.clone()))
            });
            names.collect()
        };
        let (in_oci, in_docker) = (names(oci), names(docker));
        let shared = in_oci.intersection(&in_docker);
        let shared = shared.map(|(name, _)| Contradiction::Name(name.clone()));
        let found: Vec<Contradiction> = missing.chain(shared).collect();
        self.contradictions.extend(found);
    }
}

impl Catalog {
    /// Returns a line about what is listed beside images, as in
    /// `attestations: 1 (https://slsa.dev/provenance/v1)`, and about what is missing.
    pub fn what_else(&self) -> Option<String> {
        let lines: Vec<String> = self
            .others_line()
            .into_iter()
            .chain(self.missing())
            .collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }

    fn missing(&self) -> Option<String> {
        let named = self.absent.iter().map(|absent| match absent.platform() {
            Some(platform) if !platform.is_unknown() => platform.to_string(),
            _ => absent.digest.clone(),
        });
        let named: BTreeSet<String> = named.collect();
        let named: Vec<String> = named.into_iter().collect();
        let count = self.absent.len();
        (count > 0).then(|| format!("missing: {count} ({})", named.join(", ")))
    }

    /// Returns a line about attestations and artifacts.
    pub fn others_line(&self) -> Option<String> {
        let (mut attestations, mut artifacts) = ((0, BTreeSet::new()), (0, BTreeSet::new()));
        for other in &self.others {
            match &other.kind {
                Kind::Attestation { predicates, .. } => {
                    attestations.0 += 1;
                    attestations.1.extend(predicates.iter().map(String::as_str));
                }
                Kind::Artifact(artifact_type) => {
                    artifacts.0 += 1;
                    artifacts.1.insert(artifact_type.as_str());
                }
                Kind::Image => {}
            }
        }
        let all = [("attestations", attestations), ("artifacts", artifacts)];
        let lines: Vec<String> = all
            .into_iter()
            .filter(|(_, (count, _))| *count > 0)
            .map(|(what, (count, types))| match types.is_empty() {
                true => format!("{what}: {count}"),
                false => {
                    let types: Vec<&str> = types.into_iter().collect();
                    format!("{what}: {count} ({})", types.join(", "))
                }
            })
            .collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }
}

impl ListedImage {
    fn add_names(&mut self, descriptor: &Descriptor) {
        self.aliases.extend(descriptor.names().map(str::to_owned));
        if let Some(name) = descriptor.name() {
            if !self.names.contains(&name) {
                self.names.push(name);
            }
        }
    }

    /// Returns true if a name of `other` is one of this image too, or both have none.
    pub fn shares_name(&self, other: &ListedImage) -> bool {
        let whole = |name: &String| whole_name(name).unwrap_or_else(|| name.clone());
        let own: BTreeSet<String> = self.names.iter().map(whole).collect();
        let mut names = other.names.iter().map(whole);
        names.any(|name| own.contains(&name)) || (own.is_empty() && other.names.is_empty())
    }

    /// Takes the names of `other`, the same image in another document.
    fn join_names(&mut self, other: &ListedImage) {
        self.aliases.extend_from_slice(&other.aliases);
        for name in &other.names {
            let whole = whole_name(name);
            let is_known =
                |own: &String| own == name || (whole.is_some() && whole_name(own) == whole);
            if !self.names.iter().any(is_known) {
                self.names.push(name.clone());
            }
        }
    }

    /// Returns the difference from `image` of `manifest.json`, which has the same
    /// configuration.
    fn misfit(&self, store: &Store, image: &DockerImage) -> Option<String> {
        let descriptor = match &self.source {
            Err(error) => return Some(error.message().to_owned()),
            Ok(Source::Docker(_)) => return None,
            Ok(Source::Oci(descriptor)) => descriptor,
        };
        let layers = match store.manifest(descriptor) {
            Ok(manifest) => manifest.layers.len(),
            Err(error) => return Some(error.message().to_owned()),
        };
        (layers != image.layers.len()).then(|| {
            format!(
                "the manifest {} has {layers} layers, but manifest.json lists {}",
                descriptor.digest,
                image.layers.len()
            )
        })
    }
}

impl Descriptor {
    /// Returns true if the descriptor may be of an image's manifest.
    pub fn is_manifest(&self) -> bool {
        use crate::format::documents::oci::{DOCKER_MANIFEST_TYPE, MANIFEST_TYPE};
        ["", MANIFEST_TYPE, DOCKER_MANIFEST_TYPE].contains(&self.media_type.as_str())
    }
}

/// Returns the names and the platform of `image` for messages.
pub fn describe(image: &ListedImage) -> String {
    let names = match image.names.is_empty() {
        true => "one without a name".to_owned(),
        false => image.names.join(", "),
    };
    format!("{names} for {}", image.platform)
}

/// Returns true if `error` says nothing about the image: the call ends.
fn is_final(error: &Error) -> bool {
    matches!(error.status(), Status::Cancelled | Status::Resources)
}
