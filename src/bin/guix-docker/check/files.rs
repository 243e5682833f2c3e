// SPDX-License-Identifier: GPL-3.0-or-later

//! Problems of the files in an image's layers, as findings.

use guix_docker::Job;
use guix_docker::error::Result;
use guix_docker::image::{Allowance, Changes, Overlay, Problem, WholeImage};

use super::finding::{Finding, Severity, Summary};

/// Files of the layers so far.
pub struct Files(Overlay);

impl Files {
    /// Returns the files of `image` before its first layer.
    pub fn new(image: &WholeImage) -> Self {
        let sizes = image.layers.iter().map(|layer| layer.stored_size());
        let stored = sizes.fold(0, u64::saturating_add);
        Files(Overlay::new(Allowance::new(stored)))
    }

    /// Returns a record for the changes of one layer.
    pub fn changes(&self) -> Changes {
        self.0.changes()
    }

    /// Applies the changes of the layer of this index; returns its findings.
    pub fn apply(&mut self, index: usize, changes: &Changes) -> Result<Vec<Finding>> {
        let mut summary = Summary::default();
        self.0
            .apply(changes, &Job::default(), &mut |subject, problem| {
                summary.add(problem.kind(), || {
                    Finding::new(severity(&problem, index), problem.to_string()).of(&subject.name())
                });
            })?;
        let findings = summary.into_findings().into_iter();
        Ok(findings.map(|finding| finding.in_layer(index)).collect())
    }
}

/// Severity of a problem in the layer of this index.
fn severity(problem: &Problem, index: usize) -> Severity {
    match problem {
        _ if problem.is_refused() => Severity::Refused,
        Problem::LeadingSlash | Problem::WhiteoutContent | Problem::OpaqueNothing => Severity::Note,
        // Builders write one for each file that a step makes and deletes.
        Problem::WhiteoutOfNothing(_) if index > 0 => Severity::Note,
        _ => Severity::Lost,
    }
}
