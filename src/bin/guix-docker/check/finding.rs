// SPDX-License-Identifier: GPL-3.0-or-later

//! What was found, and how bad it is.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::Checked;

/// How many findings of a kind are told; of more, only how many there are.
const TOLD: usize = 10;

/// How bad something is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Some engine does not take the image.
    Refused,
    /// Engines take it, but files are not there, or not as they are meant.
    Lost,
    /// Some engines do with it what others do not.
    Note,
}

/// Something that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// The number of the layer, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// The name of a file in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What is wrong, and what comes of it.
    pub reason: String,
}

impl Finding {
    /// Something about the whole image.
    pub fn new(severity: Severity, reason: impl Into<String>) -> Self {
        Finding {
            severity,
            layer: None,
            file: None,
            reason: reason.into(),
        }
    }

    /// The same, about the layer of this index.
    pub fn in_layer(mut self, index: usize) -> Self {
        self.layer = Some(index + 1);
        self
    }

    /// The same, about a file.
    pub fn of(mut self, file: &[u8]) -> Self {
        self.file = Some(String::from_utf8_lossy(file).into_owned());
        self
    }

    /// Whether the image is right all the same.
    pub fn is_harmless(&self) -> bool {
        self.severity == Severity::Note
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.severity {
            Severity::Refused => "refused: ",
            Severity::Lost => "lost: ",
            Severity::Note => "note: ",
        })?;
        if let Some(layer) = self.layer {
            write!(f, "layer {layer}: ")?;
        }
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        f.write_str(&self.reason)
    }
}

/// `findings` without those of a kind of which there are very many.
pub fn summed_up(findings: Vec<Finding>) -> Vec<Finding> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        let count = counts.entry(finding.reason.clone()).or_default();
        *count += 1;
        if *count <= TOLD {
            kept.push(finding);
        }
    }
    for (reason, count) in counts.into_iter().filter(|(_, count)| *count > TOLD) {
        let last = kept.iter().rposition(|finding| finding.reason == reason);
        if let Some(last) = last {
            let mut more = kept[last].clone();
            more.file = Some(format!("{} more", count - TOLD));
            kept.insert(last + 1, more);
        }
    }
    kept
}

/// An image and its findings.
#[derive(Serialize)]
struct Image<'a> {
    name: &'a str,
    platform: &'a str,
    layers: usize,
    findings: &'a [Finding],
}

/// An array of images.
pub fn json(checked: &[Checked]) -> impl Serialize {
    let images = checked.iter().map(|image| Image {
        name: &image.name,
        platform: &image.platform,
        layers: image.layers,
        findings: &image.findings,
    });
    images.collect::<Vec<_>>()
}
