// SPDX-License-Identifier: GPL-3.0-or-later

//! Findings and their severity.

use std::fmt;

use serde::Serialize;

/// Number of findings of a kind that are told; others are counted.
const TOLD: usize = 10;

/// Findings of an image.
pub struct Checked {
    pub name: String,
    pub platform: String,
    pub layers: usize,
    pub findings: Vec<Finding>,
}

/// Severity of a finding, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Some engine refuses the image.
    Refused,
    /// Engines accept the image, but lose or change files, or disagree on them.
    Lost,
    /// Engines differ, and the image is right all the same.
    Note,
}

/// A problem of an image.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// Number of the layer, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// Name of a file in the layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Problem, and its consequence.
    pub reason: String,
}

impl Finding {
    /// Returns a finding on the whole image.
    pub fn new(severity: Severity, reason: impl Into<String>) -> Self {
        Finding {
            severity,
            layer: None,
            file: None,
            reason: reason.into(),
        }
    }

    /// Returns the same finding on the layer of this index.
    pub fn in_layer(mut self, index: usize) -> Self {
        self.layer = Some(index + 1);
        self
    }

    /// Returns the same finding on a file.
    pub fn of(mut self, file: &[u8]) -> Self {
        self.file = Some(String::from_utf8_lossy(file).into_owned());
        self
    }

    /// True if the image is right all the same.
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

/// Findings of one layer, of which many may be of a kind.
#[derive(Default)]
pub struct Summary {
    /// Each with the index of its kind.
    findings: Vec<(usize, Finding)>,
    /// Kinds, with the number of findings of each.
    kinds: Vec<(&'static str, usize)>,
}

impl Summary {
    /// Adds a finding of a kind, which is described in general.
    pub fn add(&mut self, kind: &'static str, finding: impl FnOnce() -> Finding) {
        let known = self.kinds.iter().position(|(known, _)| *known == kind);
        let index = known.unwrap_or_else(|| {
            self.kinds.push((kind, 0));
            self.kinds.len() - 1
        });
        self.kinds[index].1 += 1;
        if self.kinds[index].1 <= TOLD {
            self.findings.push((index, finding()));
        }
    }

    /// Returns the first findings of each kind, followed by the number of others.
    pub fn into_findings(self) -> Vec<Finding> {
        let mut left: Vec<usize> = self
            .kinds
            .iter()
            .map(|(_, count)| *count.min(&TOLD))
            .collect();
        let mut findings = Vec::new();
        for (index, finding) in self.findings {
            let severity = finding.severity;
            findings.push(finding);
            left[index] -= 1;
            let (kind, count) = self.kinds[index];
            if left[index] == 0 && count > TOLD {
                let more = format!("{} more", count - TOLD);
                findings.push(Finding::new(severity, kind).of(more.as_bytes()));
            }
        }
        findings
    }
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
