// SPDX-License-Identifier: GPL-3.0-or-later

//! The index of an OCI image layout, which tells of its images.
//!
//! Images of one name for several platforms are in an index of their own, to
//! which the layout's index has one entry, so that what is asked for by its
//! name has them all.

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

/// An index, of any tool's making.
pub struct Index {
    whole: Object,
    entries: Vec<Object>,
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
        let entries = entries.collect::<Result<_>>()?;
        Ok(Index { whole, entries })
    }

    /// The bytes of the index.
    pub fn encode(mut self) -> Result<Vec<u8>> {
        let entries = self.entries.into_iter().map(Value::Object).collect();
        self.whole.insert("manifests".into(), entries);
        encode(&self.whole)
    }

    /// Adds the `entry` of an image.  It takes the place of one of the same
    /// name and platform; with one for another platform, it goes into an index
    /// of the name's own, which is returned.
    pub fn add(&mut self, entry: &impl Serialize, read: &Read) -> Result<Option<Document>> {
        let mut entry: Object = decode(&encode(entry)?)?;
        name_wholly(&mut entry);
        let is_same = |other: &&mut Object| match (name(other), name(&entry)) {
            (Some(other), Some(name)) => other == name,
            _ => other.get("digest") == entry.get("digest"),
        };
        let Some(old) = self.entries.iter_mut().find(is_same) else {
            self.entries.push(entry);
            return Ok(None);
        };
        let mut images = match media_type(old) {
            INDEX_TYPE | DOCKER_LIST_TYPE => nested(old, read)?,
            _ => vec![old.clone()],
        };
        for image in &mut images {
            find_platform(image, read)?;
        }
        // Of an image that is not there, nothing is left.
        images.retain(|image| platform(image) != platform(&entry) && image.contains_key(PLATFORM));
        if images.is_empty() {
            *old = entry;
            return Ok(None);
        }
        let names = entry.get("annotations").cloned();
        images.push(entry);
        for image in &mut images {
            if let Some(Value::Object(annotations)) = image.get_mut("annotations") {
                annotations.shift_remove(REF_NAME);
                annotations.shift_remove(CONTAINERD_NAME);
                if annotations.is_empty() {
                    image.shift_remove("annotations");
                }
            }
        }
        // Whatever the order they were built in.
        images.sort_by_key(|image| platform(image).to_string());
        let document = Document::from(oci::index(&images)?);
        *old = decode(&encode(&document.descriptor(INDEX_TYPE))?)?;
        if let Some(names) = names {
            old.insert("annotations".into(), names);
        }
        Ok(Some(document))
    }
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
fn platform(image: &Object) -> Value {
    let member = |name| image.get(PLATFORM).and_then(|platform| platform.get(name));
    json!([
        member("os"),
        member("architecture"),
        member("variant"),
        member("os.version"),
    ])
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
