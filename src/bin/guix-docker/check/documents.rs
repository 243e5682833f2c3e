// SPDX-License-Identifier: GPL-3.0-or-later

//! The documents of an image, and what they say of its layers.

use std::collections::HashSet;

use guix_docker::image::{ReadLayer, WholeImage, WholeLayer};
use guix_docker::request::{Reference, folded, wrong_member};
use serde_json::{Map, Value};

use super::finding::{Finding, Severity};

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
    let mut refused = |reason: String| findings.push(Finding::new(Severity::Refused, reason));
    let config = &image.config;
    let text = |name: &str| config.get(name).and_then(Value::as_str);
    if let Some(name) = wrong_member(config) {
        refused(format!(
            "{name:?} of the configuration is not of the form that engines read"
        ));
    }
    let inner = config.iter().filter(|(name, _)| folded(name) == "config");
    let inner: Vec<&Map<String, Value>> =
        inner.filter_map(|(_, value)| value.as_object()).collect();
    for object in inner.into_iter().chain([config]) {
        if let Some(name) = twice(object) {
            refused(format!(
                "the configuration has {name:?} twice, in other cases, and engines see one of them"
            ));
        }
    }
    match (text("os"), text("architecture")) {
        (Some("linux"), Some(architecture)) if ARCHITECTURES.contains(&architecture) => {}
        (Some("linux"), Some(architecture)) => {
            refused(format!(
                "no engine runs on the architecture {architecture:?}"
            ));
        }
        (Some(_), Some(_)) => findings.push(Finding::new(
            Severity::Note,
            "it is not for Linux, and is checked as if it were",
        )),
        _ => refused("the configuration does not say what it is for (os, architecture)".into()),
    }
    let root_type = config.get("rootfs").and_then(|rootfs| rootfs.get("type"));
    if root_type.and_then(Value::as_str) != Some("layers") {
        findings.push(Finding::new(
            Severity::Refused,
            "\"type\" in \"rootfs\" of the configuration is not \"layers\"",
        ));
    }
    findings.extend(history(image));
    if image.layers.len() > MAX_LAYERS {
        findings.push(Finding::new(
            Severity::Refused,
            format!(
                "it has {} layers, and Docker takes {MAX_LAYERS}",
                image.layers.len()
            ),
        ));
    }
    if let Some((_, size)) = image.manifest.filter(|(_, size)| *size > MAX_MANIFEST) {
        findings.push(Finding::new(
            Severity::Refused,
            format!("its manifest has {size} bytes, and registries take {MAX_MANIFEST}"),
        ));
    }
    if image.manifest.is_none() {
        for name in &image.names {
            let reference = Reference::new(name.as_bytes());
            if let Err(error) = reference {
                findings.push(Finding::new(
                    Severity::Refused,
                    format!("its name is none that Docker takes: {}", error.message()),
                ));
            }
        }
    }
    findings
}

/// A member that is there twice for those who do not tell cases apart.
fn twice(object: &Map<String, Value>) -> Option<&String> {
    let mut seen = HashSet::new();
    object.keys().find(|name| !seen.insert(folded(name)))
}

/// Whether the history has an entry for each layer, if there is one at all.
fn history(image: &WholeImage) -> Option<Finding> {
    let entries = image.config.get("history")?.as_array()?;
    let makes_layer =
        |entry: &&Value| entry.get("empty_layer").and_then(Value::as_bool) != Some(true);
    let count = entries.iter().filter(makes_layer).count();
    let layers = image.layers.len();
    (count != layers && !entries.is_empty()).then(|| {
        Finding::new(
            Severity::Refused,
            format!(
                "the history tells of {count} layers, and there are {layers}: podman and buildah \
                 build nothing upon such an image"
            ),
        )
    })
}

/// Checks what is said of a layer.
pub fn check_layer(index: usize, layer: &WholeLayer, found: &ReadLayer) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut refused =
        |reason: String| findings.push(Finding::new(Severity::Refused, reason).in_layer(index));
    if let Some((digest, descriptor)) = &layer.descriptor {
        if *digest != found.stored {
            refused(format!("it is stored as {digest}, but is {}", found.stored));
        }
        if descriptor.size != layer.section.size {
            refused(format!(
                "it has {} bytes, but {} are promised",
                layer.section.size, descriptor.size
            ));
        }
        let said = descriptor
            .media_type
            .rsplit(['+', '.'])
            .next()
            .unwrap_or_default();
        let is = layer.compression.name();
        let is_said = match said {
            "gzip" | "zstd" => said == is,
            "tar" => is == "none",
            _ => true,
        };
        if !is_said {
            refused(format!(
                "its media type is {:?}, but its compression {is}",
                descriptor.media_type
            ));
        }
    }
    match &found.archive {
        Err(problem) => refused(format!("it cannot be read: {problem}")),
        Ok((diff_id, _)) if *diff_id != layer.diff_id => refused(format!(
            "its archive is {diff_id}, and the configuration says {}",
            layer.diff_id
        )),
        Ok(_) => {}
    }
    if layer.compression.name() == "zstd" {
        findings.push(
            Finding::new(
                Severity::Note,
                "it is compressed by zstd, which Docker before 23 and crane do not read",
            )
            .in_layer(index),
        );
    }
    findings
}
