// SPDX-License-Identifier: GPL-3.0-or-later

//! Descriptors: see "OCI Content Descriptors" and the `platform` of "OCI Image
//! Index".

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::format::documents::oci::{CONTAINERD_NAME, REF_NAME};
use crate::json::{self, Object, Parsed};
use crate::request::familiar;

/// Descriptor of a blob, with members that have no meaning here.
#[derive(Clone, Debug)]
pub struct Descriptor {
    /// Media type, empty if absent.
    pub media_type: String,
    /// Digest as text.
    pub digest: String,
    /// Size in bytes.
    pub size: u64,
    members: Object,
}

/// Platform that an image runs on.  Each part is empty if absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    /// Operating system, by Go's name.
    pub os: String,
    /// Architecture, by Go's name.
    pub architecture: String,
    /// Variant of the architecture.
    pub variant: String,
}

impl Descriptor {
    /// Reads a descriptor.
    pub fn parse(value: &Value) -> Parsed<Self> {
        let Value::Object(members) = value else {
            return Err("a descriptor is not an object".into());
        };
        json::object(members, "platform")?;
        json::texts(members, "urls")?;
        if !is_base64(json::text(members, "data")?) {
            return Err("\"data\" of a descriptor is not Base64".into());
        }
        let annotations = json::object(members, "annotations")?;
        let is_text = |value: &Value| value.is_string() || value.is_null();
        if !annotations.is_none_or(|annotations| annotations.values().all(is_text)) {
            return Err("an annotation is not a string".into());
        }
        Ok(Descriptor {
            media_type: json::text(members, "mediaType")?.to_owned(),
            digest: json::text(members, "digest")?.to_owned(),
            size: json::number(members, "size")?,
            members: members.clone(),
        })
    }

    /// Returns the annotation `name`.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        json::object(&self.members, "annotations")
            .ok()??
            .get(name)?
            .as_str()
    }

    /// Returns all annotations.
    pub fn annotations(&self) -> BTreeMap<String, String> {
        let annotations = json::object(&self.members, "annotations").ok().flatten();
        let texts = annotations.into_iter().flatten();
        texts
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect()
    }

    /// Sets the annotation `name`.
    pub fn annotate(&mut self, name: &str, value: &str) {
        let key = "annotations";
        if !matches!(self.members.get(key), Some(Value::Object(_))) {
            let there = self.annotations();
            self.members.insert(key.to_owned(), json!(there));
        }
        if let Some(Value::Object(annotations)) = self.members.get_mut(key) {
            annotations.insert(name.to_owned(), value.into());
        }
    }

    /// Returns the names of the image as its maker wrote them: containerd's and
    /// the specification's.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = [CONTAINERD_NAME, REF_NAME];
        names.into_iter().filter_map(|name| self.annotation(name))
    }

    /// Returns the name to show for the image.
    pub fn name(&self) -> Option<String> {
        let whole = self.annotation(CONTAINERD_NAME).map(familiar);
        whole.or_else(|| self.annotation(REF_NAME).map(str::to_owned))
    }

    /// Returns the platform of the image, if the descriptor has one.
    pub fn platform(&self) -> Option<Platform> {
        let platform = json::object(&self.members, "platform").ok()??;
        Some(Platform::of(platform))
    }

    /// Sets the platform of an image whose descriptor has none.
    pub fn set_platform(&mut self, platform: &Platform) {
        let mut members = json!({"architecture": platform.architecture, "os": platform.os});
        if !platform.variant.is_empty() {
            members["variant"] = platform.variant.as_str().into();
        }
        self.members.insert("platform".to_owned(), members);
    }

    /// Returns the addresses that the blob can be fetched from.
    pub fn urls(&self) -> Vec<&str> {
        json::texts(&self.members, "urls").unwrap_or_default()
    }
}

/// Returns true if `text` is Base64 with its padding: see RFC 4648, section 4.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.len() % 4 == 0 && text.len() - digits.len() <= 2 && digits.bytes().all(is_digit)
}

impl Serialize for Descriptor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members.serialize(serializer)
    }
}

impl Platform {
    /// Returns the platform that `object`, a configuration or a `platform`, is for.
    pub fn of(object: &Object) -> Self {
        let text = |name| json::text(object, name).unwrap_or_default().to_owned();
        Platform {
            os: text("os"),
            architecture: text("architecture"),
            variant: text("variant"),
        }
    }

    /// Returns true if the platform is not known: absent, or written so by
    /// BuildKit for what runs nowhere.
    pub fn is_unknown(&self) -> bool {
        let is_unknown = |text: &str| matches!(text, "" | "unknown");
        is_unknown(&self.os) && is_unknown(&self.architecture)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |text: &'_ str| match text {
            "" => "?".to_owned(),
            text => text.to_owned(),
        };
        write!(f, "{}/{}", known(&self.os), known(&self.architecture))?;
        match self.variant.as_str() {
            "" => Ok(()),
            variant => write!(f, "/{variant}"),
        }
    }
}
