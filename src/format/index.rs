// SPDX-License-Identifier: GPL-3.0-or-later

//! The index of an OCI image layout, which tells of its images.
//!
//! Images of one name for several platforms are in an index of their own, to
//! which the layout's index has one entry, so that what is asked for by its
//! name has them all.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::documents::oci::{
    self, CONTAINERD_NAME, DOCKER_LIST_TYPE, Document, INDEX_TYPE, MANIFEST_TYPE, REF_NAME,
};
use super::documents::{decode, encode};
use crate::digest::Digest;
use crate::error::{Error, Result, Status};
use crate::request::{familiar, whole_name};

type Object = Map<String, Value>;

/// Annotation by which BuildKit marks what is about another manifest, and the one
/// that has the digest of that.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";

/// An index, of any tool's making.
pub struct Index {
    whole: Object,
    entries: Vec<Object>,
    /// Places in `entries` of the first entry with each key.
    places: BTreeMap<String, usize>,
}

/// Finds a document by its digest.
pub type Read<'a> = dyn Fn(&Digest) -> Result<Option<Vec<u8>>> + 'a;

impl Index {
    /// The index of these bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong =
            |problem: &str| Error::new(Status::InvalidArgument, format!("its index {problem}"));
        let mut whole: Object = serde_json::from_slice(bytes)
            .map_err(|error| wrong(&format!("is not a JSON object: {error}")))?;
        if whole.get("schemaVersion") != Some(&json!(2)) {
            return Err(wrong("is not of schema version 2"));
        }
        let manifests = match whole.insert("manifests".into(), Value::Null) {
            Some(Value::Array(manifests)) => manifests,
            // As Go writes an empty list.
            Some(Value::Null) => Vec::new(),
            _ => return Err(wrong("has no list of manifests")),
        };
        let entries = manifests.into_iter().map(|entry| match entry {
            Value::Object(entry) => Ok(entry),
            _ => Err(wrong("has an entry that is not an object")),
        });
        let mut index = Index {
            whole,
            entries: Vec::new(),
            places: BTreeMap::new(),
        };
        for entry in entries {
            index.push(entry?);
        }
        Ok(index)
    }

    /// The bytes of the index.
    pub fn encode(mut self) -> Result<Vec<u8>> {
        let entries = self.entries.into_iter().map(Value::Object).collect();
        self.whole.insert("manifests".into(), entries);
        encode(&self.whole)
    }

    fn push(&mut self, entry: Object) {
        let place = self.entries.len();
        self.places.entry(key(&entry)).or_insert(place);
        self.entries.push(entry);
    }

    /// Adds a `group` of entries, which have one name or none.
    ///
    /// They replace entries of the same name and platform.  With entries of the
    /// name for other platforms, they go into an index of the name's own, which is
    /// returned.
    pub fn add<T: Serialize>(&mut self, group: &[T], read: &Read) -> Result<Option<Document>> {
        let new = group.iter().map(|entry| {
            let mut entry: Object = decode(&encode(entry)?)?;
            name_wholly(&mut entry);
            Ok(entry)
        });
        let new = new.collect::<Result<Vec<Object>>>()?;
        let place = new.first().and_then(|entry| self.places.get(&key(entry)));
        let Some(&place) = place else {
            new.into_iter().for_each(|entry| self.push(entry));
            return Ok(None);
        };
        let old = &self.entries[place];
        if let [entry] = new.as_slice() {
            if digest(entry) == digest(old) {
                self.entries[place] = entry.clone();
                return Ok(None);
            }
        }
        let mut own_annotations = index_annotations(old);
        for entry in &new {
            own_annotations.extend(index_annotations(entry));
        }
        let old = images_of(old, read)?;
        let mut added: Vec<Object> = Vec::new();
        for entry in &new {
            added.extend(images_of(entry, read)?);
        }
        let count = added.len();
        let mut images = combine(old, added);
        if let ([entry], true) = (new.as_slice(), images.len() == count) {
            // Nothing of the old ones is left.
            self.entries[place] = entry.clone();
            return Ok(None);
        }
        images.iter_mut().for_each(remove_names);
        let document = Document::from(oci::index(&images)?);
        let mut entry: Object = decode(&encode(&document.descriptor(INDEX_TYPE))?)?;
        let names = names_of(new.first());
        own_annotations.extend(names);
        if !own_annotations.is_empty() {
            entry.insert("annotations".into(), own_annotations.into());
        }
        self.entries[place] = entry;
        Ok(Some(document))
    }
}

/// Joins the images of an index that is there with those that are `added`, whatever
/// the order that they were built in.
fn combine(old: Vec<Object>, added: Vec<Object>) -> Vec<Object> {
    let is_image = |entry: &&Object| !is_about_another(entry);
    let platforms: BTreeSet<String> = added.iter().filter(is_image).map(platform).collect();
    let is_replaced = |image: &Object| {
        // Of an image that is not there, nothing is left.
        !is_about_another(image)
            && (platforms.contains(&platform(image)) || !image.contains_key(PLATFORM))
    };
    let there = |entry: &Object| added.iter().any(|other| digest(other) == digest(entry));
    let gone = old
        .iter()
        .filter(|entry| is_replaced(entry) && !there(entry));
    let gone: BTreeSet<String> = gone.filter_map(digest).map(str::to_owned).collect();
    let is_kept = |entry: &Object| {
        let subject = annotation(entry, REFERENCE_DIGEST);
        !is_replaced(entry)
            && !there(entry)
            && subject.is_none_or(|subject| !gone.contains(subject))
    };
    let mut images: Vec<Object> = old.into_iter().filter(is_kept).collect();
    images.extend(added);
    let mut order: BTreeMap<String, String> = BTreeMap::new();
    for image in images.iter().filter(is_image) {
        if let Some(digest) = digest(image) {
            order.insert(digest.to_owned(), platform(image));
        }
    }
    // Attestations come last, in the order of what they are about.
    images.sort_by_cached_key(|image| match is_about_another(image) {
        false => (false, platform(image)),
        true => {
            let subject = annotation(image, REFERENCE_DIGEST);
            let of = subject.and_then(|subject| order.get(subject));
            (true, of.cloned().unwrap_or_default())
        }
    });
    images
}

/// Returns true for what BuildKit adds to an index about one of its images.
fn is_about_another(entry: &Object) -> bool {
    annotation(entry, REFERENCE_TYPE).is_some()
}

fn is_index(entry: &Object) -> bool {
    matches!(media_type(entry), INDEX_TYPE | DOCKER_LIST_TYPE)
}

/// Returns the images that `entry` stands for: those of an index, or itself.
fn images_of(entry: &Object, read: &Read) -> Result<Vec<Object>> {
    let mut images = match is_index(entry) {
        true => nested(entry, read)?,
        false => vec![entry.clone()],
    };
    for image in &mut images {
        find_platform(image, read)?;
    }
    Ok(images)
}

/// Returns the annotations of the entry of an index, without its names.
fn index_annotations(entry: &Object) -> Object {
    let mut entry = match is_index(entry) {
        true => entry.clone(),
        false => Object::new(),
    };
    remove_names(&mut entry);
    match entry.remove("annotations") {
        Some(Value::Object(annotations)) => annotations,
        _ => Object::new(),
    }
}

/// Returns the annotations of `entry` that are names.
fn names_of(entry: Option<&Object>) -> Object {
    let names = [CONTAINERD_NAME, REF_NAME].into_iter();
    let named = |name: &str| Some((name.to_owned(), annotation(entry?, name)?.into()));
    names.filter_map(named).collect()
}

fn remove_names(entry: &mut Object) {
    if let Some(Value::Object(annotations)) = entry.get_mut("annotations") {
        annotations.shift_remove(REF_NAME);
        annotations.shift_remove(CONTAINERD_NAME);
        if annotations.is_empty() {
            entry.shift_remove("annotations");
        }
    }
}

/// Returns the text that an entry is found by: its name, or else its digest.
fn key(entry: &Object) -> String {
    let digest = || digest(entry).unwrap_or_default().to_owned();
    name(entry).unwrap_or_else(digest)
}

const PLATFORM: &str = "platform";

/// What an entry is found by: containerd's name, which is whole, or else the
/// other one.
fn name(entry: &Object) -> Option<String> {
    let whole = annotation(entry, CONTAINERD_NAME).map(str::to_owned);
    whole.or_else(|| {
        let name = annotation(entry, REF_NAME)?;
        Some(whole_name(name).unwrap_or_else(|| name.to_owned()))
    })
}

/// Has an entry that an archive calls by its tag alone be called by its name.
fn name_wholly(entry: &mut Object) {
    let Some(whole) = annotation(entry, CONTAINERD_NAME).map(str::to_owned) else {
        return;
    };
    let is_whole = |name| whole_name(name).as_deref() == Some(&whole);
    if !annotation(entry, REF_NAME).is_some_and(is_whole) {
        if let Some(Value::Object(annotations)) = entry.get_mut("annotations") {
            annotations.insert(REF_NAME.to_owned(), familiar(&whole).into());
        }
    }
}

/// Gives the entry of an image that does not say what it runs on what its
/// configuration says.
fn find_platform(image: &mut Object, read: &Read) -> Result<()> {
    if image.contains_key(PLATFORM) {
        return Ok(());
    }
    let document = |of: &Object| -> Result<Option<Object>> {
        let bytes = document_of(of, read)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    };
    let Some(manifest) = document(image)? else {
        return Ok(());
    };
    let config = match manifest.get("config") {
        Some(Value::Object(config)) => document(config)?,
        _ => None,
    };
    let mut found = Object::new();
    for name in ["architecture", "os", "variant", "os.version"] {
        if let Some(value @ Value::String(_)) = config.as_ref().and_then(|config| config.get(name))
        {
            found.insert(name.to_owned(), value.clone());
        }
    }
    if !found.is_empty() {
        image.insert(PLATFORM.to_owned(), found.into());
    }
    Ok(())
}

fn digest(entry: &Object) -> Option<&str> {
    entry.get("digest").and_then(Value::as_str)
}

/// The document that `entry` tells of, if it is there.
fn document_of(entry: &Object, read: &Read) -> Result<Option<Vec<u8>>> {
    match digest(entry).and_then(Digest::parse) {
        Some(digest) => read(&digest),
        None => Ok(None),
    }
}

fn annotation<'a>(entry: &'a Object, name: &str) -> Option<&'a str> {
    entry.get("annotations")?.get(name)?.as_str()
}

fn media_type(entry: &Object) -> &str {
    let media_type = entry.get("mediaType").and_then(Value::as_str);
    media_type.unwrap_or(MANIFEST_TYPE)
}

/// What tells platforms apart.
fn platform(image: &Object) -> String {
    let member = |name| image.get(PLATFORM).and_then(|platform| platform.get(name));
    json!([
        member("os"),
        member("architecture"),
        member("variant"),
        member("os.version"),
    ])
    .to_string()
}

/// The images of the index that `entry` tells of.
fn nested(entry: &Object, read: &Read) -> Result<Vec<Object>> {
    match document_of(entry, read)? {
        Some(bytes) => Ok(Index::parse(&bytes)?.entries),
        None => Err(Error::new(
            Status::Output,
            format!(
                "the OCI layout has lost its index {}, or it is damaged; name another directory",
                digest(entry).unwrap_or_default()
            ),
        )),
    }
}
