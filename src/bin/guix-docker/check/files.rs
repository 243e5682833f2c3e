// SPDX-License-Identifier: GPL-3.0-or-later

//! Problems of the files in an image's layers, as findings.

use guix_docker::Job;
use guix_docker::error::{Result, quoted};
use guix_docker::image::{Allowance, Changes, Overlay, Problem, WholeImage};

use super::finding::{Finding, Severity, Summary};

/// Files of the layers so far.
pub struct Files(Overlay);

impl Files {
    /// Returns the files of `image` before its first layer.
    pub fn new(image: &WholeImage) -> Self {
        let sizes = image.layers.iter().map(|layer| layer.section.size);
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
                summary.add(general(&problem), || {
                    Finding::new(severity(&problem), reason(&problem)).of(&subject.name())
                });
            })?;
        let findings = summary.into_findings().into_iter();
        Ok(findings.map(|finding| finding.in_layer(index)).collect())
    }
}

/// Severity of a problem, by what docker 20.10 and 28, podman 4.3 and 5.8 and umoci
/// do about it.
fn severity(problem: &Problem) -> Severity {
    match problem {
        Problem::LeadingSlash | Problem::WhiteoutContent | Problem::OpaqueNothing => Severity::Note,
        Problem::NameEscapes
        | Problem::NameTooLong
        | Problem::ComponentTooLong
        | Problem::UnknownType(_)
        | Problem::RootNotDirectory { absolute: true }
        | Problem::Duplicate
        | Problem::NoTarget
        | Problem::TargetTooLong
        | Problem::HardLinkMissing(_)
        | Problem::HardLinkToDirectory(_)
        | Problem::HardLinkEscapes(_)
        | Problem::InvalidWhiteout
        | Problem::WhiteoutOfOwn(_)
        | Problem::BelowWhiteout(_)
        | Problem::BelowFile(_)
        | Problem::BelowDangling { .. }
        | Problem::BelowEscaping { .. }
        | Problem::TooManyLinks
        | Problem::HiddenDirectory => Severity::Refused,
        Problem::RootNotDirectory { absolute: false }
        | Problem::HardLinkToWhiteout(_)
        | Problem::WhiteoutOfNothing(_)
        | Problem::OpaqueRoot
        | Problem::WhiteoutDevice
        | Problem::BelowLowerLink { .. }
        | Problem::BelowLowerFile(_)
        | Problem::Overwrites
        | Problem::HidesOwn
        | Problem::MadeAgain
        | Problem::Implied { .. } => Severity::Lost,
    }
}

/// Describes a problem of one file.
fn reason(problem: &Problem) -> String {
    match problem {
        Problem::HardLinkMissing(target) => format!(
            "hard link to {}, which is in no earlier member of the layer",
            quoted(target)
        ),
        Problem::HardLinkToDirectory(target) => {
            format!("hard link to {}, which is a directory", quoted(target))
        }
        Problem::HardLinkEscapes(target) => {
            format!("hard link to {}, which escapes the root", quoted(target))
        }
        Problem::HardLinkToWhiteout(target) => format!(
            "hard link to {}, which the layer deletes: docker and podman delete this file, too",
            quoted(target)
        ),
        Problem::WhiteoutOfOwn(path) => {
            format!("whiteout of {}, which the same layer has", quoted(path))
        }
        Problem::WhiteoutOfNothing(path) => format!(
            "deletion (whiteout) of {}, which is in no lower layer; a file of this name is lost",
            quoted(path)
        ),
        Problem::BelowWhiteout(path) => format!(
            "below {}, which the same layer deletes without a member for the directory",
            quoted(path)
        ),
        Problem::BelowFile(path) => format!(
            "below {}, which is no directory in the same layer",
            quoted(path)
        ),
        Problem::BelowDangling { link, target } => format!(
            "below {}, a symbolic link to {}, which is no directory in the same layer",
            quoted(link),
            quoted(target)
        ),
        Problem::BelowEscaping { link, target } => format!(
            "below {}, a symbolic link to {}, which escapes the root",
            quoted(link),
            quoted(target)
        ),
        Problem::BelowLowerLink { link, target } => format!(
            "below {}, a symbolic link to {} in a lower layer: docker and podman replace the link \
             by a directory, umoci follows it",
            quoted(link),
            quoted(target)
        ),
        Problem::BelowLowerFile(path) => format!(
            "below {}, a file of a lower layer, which a directory replaces",
            quoted(path)
        ),
        Problem::Implied { mode, owner } => format!(
            "no member in this layer for the directory: docker and podman reset mode {mode:o}, \
             owner {}:{} to 755, 0:0",
            owner.uid, owner.gid
        ),
        Problem::UnknownType(kind) => {
            format!("member type {} is none that engines know", quoted(&[*kind]))
        }
        _ => general(problem).to_owned(),
    }
}

/// Describes a problem without the file's particulars.
fn general(problem: &Problem) -> &'static str {
    match problem {
        Problem::LeadingSlash => "name begins with a slash, which engines strip",
        Problem::NameEscapes => "name escapes the root by \"..\"",
        Problem::NameTooLong => "name is too long for the directories where engines keep layers",
        Problem::ComponentTooLong => "component of the name is longer than 255 bytes",
        Problem::RootNotDirectory { .. } => "name is the root's, but the type is no directory's",
        Problem::Duplicate => "twice in the layer; docker and podman refuse duplicate names",
        Problem::NoTarget => "symbolic link without a target",
        Problem::TargetTooLong => "target of the symbolic link is longer than 4095 bytes",
        Problem::InvalidWhiteout => "whiteout without the name of a file",
        Problem::WhiteoutContent => {
            "whiteout with content: docker and podman load the image, but do not save or push it"
        }
        Problem::OpaqueRoot => {
            "opaque whiteout of the root: umoci deletes all files of lower layers, docker and \
             podman none"
        }
        Problem::OpaqueNothing => {
            "opaque whiteout of what is in no lower layer: docker and podman make a directory"
        }
        Problem::WhiteoutDevice => {
            "character device 0:0, which docker and podman take for a whiteout"
        }
        Problem::TooManyLinks => "below too many levels of symbolic links",
        Problem::Overwrites => "overwrites a file that the layer has by another name",
        Problem::HidesOwn => "replaces a directory of the same layer; earlier members are lost",
        Problem::HiddenDirectory => {
            "directory below a path that a later member of the layer replaces"
        }
        Problem::MadeAgain => {
            "deleted and made again by the layer: docker and podman keep files of lower layers in \
             it, umoci deletes them"
        }
        Problem::UnknownType(_) => "member type is none that engines know",
        Problem::HardLinkMissing(_) => "hard link to what is in no earlier member of the layer",
        Problem::HardLinkToDirectory(_) => "hard link to a directory",
        Problem::HardLinkEscapes(_) => "hard link that escapes the root",
        Problem::HardLinkToWhiteout(_) => "hard link to a file that the layer deletes",
        Problem::WhiteoutOfOwn(_) => "whiteout of a path that the same layer has",
        Problem::WhiteoutOfNothing(_) => "deletion (whiteout) of what is in no lower layer",
        Problem::BelowWhiteout(_) => "below a path that the same layer deletes",
        Problem::BelowFile(_) => "below a path that is no directory in the same layer",
        Problem::BelowDangling { .. } => {
            "below a symbolic link whose target is no directory in the same layer"
        }
        Problem::BelowEscaping { .. } => "below a symbolic link that escapes the root",
        Problem::BelowLowerLink { .. } => "below a symbolic link in a lower layer",
        Problem::BelowLowerFile(_) => "below a file of a lower layer",
        Problem::Implied { .. } => {
            "no member in this layer for a directory, whose mode and owner docker and podman reset"
        }
    }
}
