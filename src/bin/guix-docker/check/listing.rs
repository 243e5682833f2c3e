// SPDX-License-Identifier: GPL-3.0-or-later

//! Findings about what an archive or a layout lists: contradictions of its
//! documents, missing manifests, damaged attestations and artifacts.

use guix_docker::Job;
use guix_docker::image::{Contradiction, Descriptor, Reachable, Store};

use super::finding::{Finding, Severity};
use crate::failure::Failure;
use crate::images::ImageFile;
use crate::progress::Display;

/// Checks what `file` lists beside whole images.
pub fn check(file: &ImageFile, display: &Display) -> Result<Vec<Finding>, Failure> {
    let catalog = &file.catalog;
    let mut findings: Vec<Finding> = catalog.contradictions.iter().map(contradiction).collect();
    let oddities = file.store.oddities().iter();
    findings.extend(oddities.map(|oddity| Finding::new(Severity::Refused, oddity)));
    if catalog.depth > 1 {
        let reason = "an index within an index lists images, which podman does not read";
        findings.push(Finding::new(Severity::Refused, reason));
    }
    for absent in &catalog.absent {
        findings.push(Finding::new(
            Severity::Note,
            format!(
                "the manifest {}{} is listed but missing",
                absent.digest,
                platform(absent)
            ),
        ));
    }
    let job = Job::default();
    for other in &catalog.others {
        let verify = || verify(&file.store, &other.descriptor, &job);
        let problem = job.run_one(&mut display.monitor(), verify)?;
        findings.extend(problem.map(|problem| Finding::new(Severity::Refused, problem)));
    }
    Ok(findings)
}

fn platform(descriptor: &Descriptor) -> String {
    let platform = descriptor
        .platform()
        .filter(|platform| !platform.is_unknown());
    platform.map_or_else(String::new, |platform| format!(" for {platform}"))
}

/// Compares the blobs of an attestation or artifact with their digests; returns
/// the first problem.
fn verify(
    store: &Store,
    descriptor: &Descriptor,
    job: &Job,
) -> guix_docker::error::Result<Option<String>> {
    let mut reachable = Reachable::default();
    if let Err(error) = store.reach(descriptor, &mut reachable, job) {
        return match error.status() {
            guix_docker::Status::Input => Ok(Some(error.message().to_owned())),
            _ => Err(error),
        };
    }
    for (digest, size) in &reachable.blobs {
        let what = match store.blob(digest)? {
            None => "is missing",
            Some(blob) if blob.size != *size => "is truncated or too long",
            Some(blob) => match blob.digest(job)? {
                Ok(found) if found == *digest => continue,
                _ => "is not what its digest says",
            },
        };
        return Ok(Some(format!(
            "{}, which is no image: the blob {digest} {what}",
            descriptor.digest
        )));
    }
    Ok(None)
}

fn contradiction(contradiction: &Contradiction) -> Finding {
    let (severity, reason) = match contradiction {
        Contradiction::NoIndex(problem) => (
            Severity::Refused,
            format!(
                "index.json is of no use, and engines that prefer it refuse the image: {problem}"
            ),
        ),
        Contradiction::Manifest(problem) => (
            Severity::Refused,
            format!("index.json and manifest.json disagree: {problem}"),
        ),
        Contradiction::Name(name) => (
            Severity::Lost,
            format!("{name:?} is one image in index.json and another one in manifest.json"),
        ),
        Contradiction::OnlyDocker(image) => (
            Severity::Lost,
            format!("manifest.json alone lists {image}; engines that prefer index.json ignore it"),
        ),
        Contradiction::OnlyOci(image, is_rival) => (
            match is_rival {
                true => Severity::Lost,
                false => Severity::Note,
            },
            format!("index.json alone lists {image}; Docker's classic store ignores it"),
        ),
    };
    Finding::new(severity, reason)
}
