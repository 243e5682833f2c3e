// SPDX-License-Identifier: GPL-3.0-or-later

//! The documents of an image, and what they say of its layers.

use std::collections::HashSet;

use guix_docker::codec::{CODECS, Codec, LAYER_TYPE};
use guix_docker::image::{Platform, ReadLayer, WholeImage, WholeLayer};
use guix_docker::json::{self, Object, folded, form, keys, normalized};
use guix_docker::request::{Reference, whole_name};
use serde_json::Value;

use super::finding::Finding;
use super::finding::Severity::{self, Note, Refused};

/// How many layers Docker's storage driver takes.
const MAX_LAYERS: usize = 125;

/// How large a manifest registries have to take, in bytes.
const MAX_MANIFEST: u64 = 4 << 20;

/// The architectures that Go knows and Linux runs on.
const ARCHITECTURES: [&str; 13] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64",
    "ppc64le", "riscv64", "s390x",
];

/// Checks all but the layers.
pub fn check(image: &WholeImage) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |severity, reason: String| findings.push(Finding::new(severity, reason));
    if let Some(path) = form::misformed(&image.config, keys::WHOLE) {
        say(
            Refused,
            format!("{path:?} of the configuration is not of the form that engines read"),
        );
    }
    let config = normalized(&image.config, keys::WHOLE);
    let inner = image.config.values().filter_map(Value::as_object);
    for name in inner.chain([&image.config]).filter_map(twice) {
        say(
            Note,
            format!("the configuration has {name:?} twice, in other cases; engines use the last"),
        );
    }
    if let Some((severity, reason)) = platform(image) {
        say(severity, reason);
    }
    let root = json::object(&config, "rootfs").ok().flatten();
    if root.is_some_and(|root| json::text(root, "type") != Ok("layers")) {
        say(
            Note,
            "\"type\" in \"rootfs\" of the configuration is not \"layers\"".into(),
        );
    }
    if let Some(reason) = history(&config, image.layers.len()) {
        say(Refused, reason);
    }
    if image.layers.len() > MAX_LAYERS {
        say(
            Refused,
            format!(
                "it has {} layers, and Docker takes {MAX_LAYERS}",
                image.layers.len()
            ),
        );
    }
    if let Some((_, size)) = image.manifest.filter(|(_, size)| *size > MAX_MANIFEST) {
        say(
            Refused,
            format!("its manifest has {size} bytes, and registries take {MAX_MANIFEST}"),
        );
    }
    if let (Some((_, size)), Some(listed)) = (image.manifest, image.listed_size) {
        if size != listed {
            say(
                Refused,
                format!("its manifest has {size} bytes, but is listed with {listed}"),
            );
        }
    }
    for name in &image.odd_names {
        say(
            Refused,
            format!("manifest.json names {name:?}, which containerd does not find; normalize it"),
        );
    }
    for name in &image.links {
        say(
            Refused,
            format!(
                "manifest.json names {name:?}, which is a link in the archive; podman does not read \
                 it"
            ),
        );
    }
    let is_reference = |name: &&String| whole_name(name).is_some();
    if image.manifest.is_some() {
        for name in image.names.iter().filter(|name| !is_reference(name)) {
            say(
                Refused,
                format!("its name {name:?} is none that podman and containerd take"),
            );
        }
    }
    if let Some([listed, own]) = &image.media_types {
        if listed.is_empty() || (!own.is_empty() && own != listed) {
            say(
                Refused,
                format!("its manifest is of the media type {own:?}, but listed as {listed:?}"),
            );
        }
    }
    if image.manifest.is_none() {
        for name in &image.names {
            if let Err(error) = Reference::new(name.as_bytes()) {
                let problem = error.message();
                say(
                    Refused,
                    format!("its name is none that Docker takes: {problem}"),
                );
            } else if !name
                .rsplit('/')
                .next()
                .is_some_and(|base| base.contains(':'))
            {
                say(
                    Refused,
                    format!("its name {name:?} has no tag; write NAME:TAG"),
                );
            }
        }
    }
    findings
}

/// Returns a member that is there twice for those who do not tell cases apart.
fn twice(object: &Object) -> Option<&String> {
    let mut seen = HashSet::new();
    object.keys().find(|name| !seen.insert(folded(name)))
}

/// Checks the platform.
fn platform(image: &WholeImage) -> Option<(Severity, String)> {
    let Platform {
        os, architecture, ..
    } = &image.target;
    let listed = image.listed_platform.as_ref();
    if json::text(&image.config, "os") == Ok("")
        || json::text(&image.config, "architecture") == Ok("")
    {
        let reason = "the configuration does not say what it is for (os, architecture)";
        return Some((Note, reason.into()));
    }
    match os.as_str() {
        "linux" if !ARCHITECTURES.contains(&architecture.as_str()) => Some((
            Note,
            format!("no engine runs on the architecture {architecture:?}"),
        )),
        "linux" => listed
            .filter(|listed| (&listed.os, &listed.architecture) != (os, architecture))
            .map(|listed| {
                let reason =
                    format!("the index lists it for {listed}, but it is for {os}/{architecture}");
                (Note, reason)
            }),
        _ => Some((
            Note,
            "it is not for Linux, and is checked as if it were".into(),
        )),
    }
}

/// Compares the entries of the history with the number of layers.
fn history(config: &Object, layers: usize) -> Option<String> {
    let entries = json::list(config, "history").ok()?;
    let makes_layer = |entry: &&Value| {
        let empty = entry
            .as_object()
            .and_then(|entry| json::member(entry, "empty_layer"));
        empty.and_then(Value::as_bool) != Some(true)
    };
    let count = entries.iter().filter(makes_layer).count();
    (count != layers && !entries.is_empty()).then(|| {
        format!(
            "the history tells of {count} layers, and there are {layers}: podman and buildah build \
             nothing upon such an image"
        )
    })
}

/// Checks the documents' claims about a layer, which was `found` to be so.
pub fn check_layer(index: usize, layer: &WholeLayer, found: Option<&ReadLayer>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |severity, reason: String| {
        findings.push(Finding::new(severity, reason).in_layer(index));
    };
    if let Some((digest, descriptor)) = &layer.descriptor {
        let said = codec_of(&descriptor.media_type);
        let is = layer.codec.map_or_else(|name| name, |codec| codec.name());
        match said {
            None => say(
                Refused,
                format!(
                    "its media type {:?} is none of a layer",
                    descriptor.media_type
                ),
            ),
            Some(said) if said.name() != is && layer.section.is_some() => say(
                Refused,
                format!(
                    "its media type is {:?}, but its compression {is}",
                    descriptor.media_type
                ),
            ),
            Some(_) => {}
        }
        if let Some(found) = found.filter(|found| *digest != found.stored) {
            say(
                Refused,
                format!("it is stored as {digest}, but is {}", found.stored),
            );
        }
        if layer.section.is_some() && descriptor.size != layer.stored_size() {
            say(
                Refused,
                format!(
                    "it has {} bytes, but {} are promised",
                    layer.stored_size(),
                    descriptor.size
                ),
            );
        }
        if layer.section.is_none() {
            say(
                Note,
                "it is foreign and not here: engines fetch it from its addresses".into(),
            );
        }
    }
    if let Err(codec) = layer.codec {
        say(
            Refused,
            format!(
                "it is compressed by {codec}, which containerd does not read; its files are not \
                 checked"
            ),
        );
    }
    if let Ok(codec) = layer.codec {
        if let Some(tools) = codec.unread_by() {
            let name = codec.name();
            say(
                Note,
                format!("it is compressed by {name}, which {tools} do not read"),
            );
        }
    }
    let Some(found) = found else {
        return findings;
    };
    match &found.archive {
        Err(problem) => say(Refused, format!("it cannot be read: {problem}")),
        Ok((diff_id, _)) if *diff_id != layer.diff_id => say(
            Refused,
            format!(
                "its archive is {diff_id}, and the configuration says {}",
                layer.diff_id
            ),
        ),
        Ok(_) => {}
    }
    if let Some(oddity) = found.oddity {
        say(Refused, oddity.into());
    }
    findings
}

/// Returns the codec that a layer's media type stands for, if engines know the type.
fn codec_of(media_type: &str) -> Option<&'static dyn Codec> {
    let types = [
        LAYER_TYPE,
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    ];
    let suffix = types
        .iter()
        .find_map(|plain| media_type.strip_prefix(plain))?;
    // Docker's types have a dot in front of the codec.
    let suffix = suffix.replacen('.', "+", 1);
    let is_meant =
        |codec: &&&dyn Codec| codec.media_type().strip_prefix(LAYER_TYPE) == Some(&suffix);
    CODECS.iter().find(is_meant).copied()
}
