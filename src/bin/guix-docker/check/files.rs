// SPDX-License-Identifier: GPL-3.0-or-later

//! The files of an image: what a layer has twice, what is below something that
//! is no directory, what is deleted.

use std::collections::{BTreeMap, HashMap, HashSet};

use guix_docker::image::Member;
use guix_docker::name::{Hidden, MAX_LENGTH, ancestors, clean, components, hidden_by};

use super::finding::{Finding, Severity, summed_up};

/// What is at a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Directory,
    Link,
    File,
}

/// The members of a layer.
#[derive(Default)]
pub struct Layer {
    files: HashMap<Vec<u8>, Kind>,
    /// With what they hide, in the order of the archive.
    whiteouts: Vec<(Vec<u8>, Hidden)>,
    findings: Vec<Finding>,
}

impl Layer {
    /// Takes note of a member, as it comes.
    pub fn note(&mut self, member: &Member) {
        use Severity::{Note, Refused};
        let name = clean(&member.name).into_owned();
        let mut say = |severity, reason: &str| {
            self.findings
                .push(Finding::new(severity, reason).of(&member.name));
        };
        if components(&name).any(|part| part == b"..") {
            say(Refused, "it leads out of the image");
        }
        if name.len() > MAX_LENGTH {
            say(Refused, "its name is longer than Linux takes");
        }
        if member.name.starts_with(b"/") {
            say(
                Note,
                "its name begins with a slash, which engines take away",
            );
        }
        let kind = match member.kind.as_byte() {
            b'5' => Kind::Directory,
            b'2' => Kind::Link,
            b'0' | 0 | b'1' | b'3' | b'4' | b'6' | b'7' | b'S' => Kind::File,
            _ => {
                say(Refused, "it is of a type that engines do not know");
                Kind::File
            }
        };
        if member.kind.as_byte() == b'1' {
            let target = clean(&member.link);
            if !self.files.contains_key(&*target) {
                say(
                    Refused,
                    "it is a hard link to a file that does not come before it",
                );
            }
        }
        if let Some(hidden) = hidden_by(&name) {
            self.whiteouts.push((name, hidden));
            return;
        }
        if self.files.insert(name, kind).is_some() {
            say(
                Refused,
                "the layer has it twice, which podman and buildah refuse",
            );
        }
    }

    /// Files that are below something that is no directory.
    fn below_others(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for name in self.files.keys() {
            let other = ancestors(name)
                .find(|above| matches!(self.files.get(*above), Some(Kind::Link | Kind::File)));
            if let Some(above) = other {
                let reason = format!(
                    "it is below {}, which is no directory in the same layer",
                    String::from_utf8_lossy(above)
                );
                findings.push(Finding::new(Severity::Lost, reason).of(name));
            }
        }
        findings.sort_by(|a, b| a.file.cmp(&b.file));
        findings
    }
}

/// The files of all layers so far.
#[derive(Default)]
pub struct Tree {
    files: BTreeMap<Vec<u8>, Kind>,
}

impl Tree {
    /// Puts the layer of this index above; returns what is wrong with it.
    pub fn put_above(&mut self, index: usize, layer: Layer) -> Vec<Finding> {
        let mut findings = layer.below_others();
        for (whiteout, hidden) in &layer.whiteouts {
            findings.extend(self.delete(whiteout, hidden));
        }
        let own: HashSet<&Vec<u8>> = layer.files.keys().collect();
        let mut names: Vec<(&Vec<u8>, Kind)> = layer
            .files
            .iter()
            .map(|(name, kind)| (name, *kind))
            .collect();
        names.sort_unstable_by_key(|(name, _)| *name);
        for (name, kind) in names {
            // What the layer itself has above it was looked at before.
            let lower = ancestors(name).take_while(|above| !own.contains(&above.to_vec()));
            let is_other =
                |above: &&[u8]| matches!(self.files.get(*above), Some(Kind::Link | Kind::File));
            if let Some(above) = lower.into_iter().find(is_other) {
                let reason = format!(
                    "it is below {}, which is no directory in a lower layer: engines follow a link \
                     or put a directory in its place",
                    String::from_utf8_lossy(above)
                );
                findings.push(Finding::new(Severity::Lost, reason).of(name));
            }
            if kind != Kind::Directory && self.files.get(name) == Some(&Kind::Directory) {
                let lost = self.remove_below(name);
                if lost > 0 {
                    let reason = "it takes the place of a directory of lower layers, with all \
                                  that is in it";
                    findings.push(Finding::new(Severity::Lost, reason).of(name));
                }
            }
            self.files.insert(name.clone(), kind);
        }
        let mut all = layer.findings;
        all.extend(findings);
        summed_up(all)
            .into_iter()
            .map(|finding| finding.in_layer(index))
            .collect()
    }

    /// Deletes what a whiteout says.
    fn delete(&mut self, whiteout: &[u8], hidden: &Hidden) -> Option<Finding> {
        if hidden.only_below {
            self.remove_below(&hidden.name);
            return None;
        }
        let there = self.files.remove(&hidden.name).is_some();
        let below = self.remove_below(&hidden.name);
        (!there && below == 0).then(|| {
            let reason = "engines take it for the deletion of a file, but no lower layer has that \
                          file; a file that is called so is lost";
            Finding::new(Severity::Lost, reason).of(whiteout)
        })
    }

    /// Removes all that is below `directory`; returns how much that was.
    fn remove_below(&mut self, directory: &[u8]) -> usize {
        let mut first = directory.to_vec();
        if !first.is_empty() {
            first.push(b'/');
        }
        let names = self.files.range(first.clone()..);
        let names = names.take_while(|(name, _)| name.starts_with(&first));
        let names: Vec<Vec<u8>> = names.map(|(name, _)| name.clone()).collect();
        for name in &names {
            self.files.remove(name);
        }
        names.len()
    }
}
