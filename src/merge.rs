// SPDX-License-Identifier: GPL-3.0-or-later

//! Layouts that become one: images of several systems, as a rule.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io::Write;

use crate::digest::Digest;
use crate::error::{Argument, Error, Result, Status};
use crate::format::Index;
use crate::image::{Descriptor, Section, Store};
use crate::job::{Job, Monitor, Phase};
use crate::output::{Directory, write_failure};

/// Layouts to merge.
#[derive(Clone, Debug)]
pub struct Merge {
    target: Vec<u8>,
    sources: Vec<Vec<u8>>,
}

impl Merge {
    /// All images of the OCI layouts `sources`, directories or archives, are to
    /// be in the directory `target` as well, which may have others.
    pub fn new<S: AsRef<[u8]>>(target: &[u8], sources: &[S]) -> Result<Self> {
        let sources: Vec<Vec<u8>> = sources.iter().map(|name| name.as_ref().to_vec()).collect();
        let empty = |argument| Err(Error::argument(argument, "a file name is empty"));
        if target.is_empty() {
            return empty(Argument::Target);
        }
        if sources.iter().any(Vec::is_empty) {
            return empty(Argument::Sources);
        }
        Ok(Merge {
            target: target.to_vec(),
            sources,
        })
    }
}

/// Merges layouts.  Images of one name for several systems are found by that
/// name, in an index of theirs; one of the same name and system as one that is
/// there takes its place.  `monitor` is told of progress and may stop it.
pub fn merge(merge: &Merge, monitor: &mut Monitor) -> Result<()> {
    let job = Job::default();
    let images = job.run_one(monitor, || images(&merge.sources))?;
    let mut target = Directory::open(&merge.target, Argument::Target)?;
    job.run_one(monitor, || target.lock(&job))?;
    let blobs: BTreeMap<String, &Blob> = images
        .iter()
        .flat_map(|image| &image.blobs)
        .map(|blob| (blob.digest.hex(), blob))
        .collect();
    let total = blobs.values().map(|blob| blob.section.size).sum();
    job.begin(Phase::Writing, total);
    job.run_one(monitor, || {
        for blob in blobs.values() {
            blob.copy(&target, &job)?;
        }
        let mut index = Index::parse(&target.read_index()?)?;
        let read = |digest: &Digest| target.read_document(digest);
        for image in &images {
            if let Some(nested) = index.add(&image.descriptor, &read)? {
                target.write_blob(&nested.bytes, &nested.digest)?;
            }
        }
        target.set_index(index.encode()?);
        Ok(())
    })?;
    job.run_one(monitor, || target.publish())
}

/// An image to copy.
struct Image {
    descriptor: Descriptor,
    blobs: Vec<Blob>,
}

/// A blob to copy.
struct Blob {
    source: Vec<u8>,
    digest: Digest,
    section: Section,
}

/// All images of `sources`.
fn images(sources: &[Vec<u8>]) -> Result<Vec<Image>> {
    let mut images = Vec::new();
    for source in sources {
        let found = Store::open(source).and_then(|store| images_of(&store));
        images.extend(found.map_err(|error| error.because_of(Argument::Sources))?);
    }
    Ok(images)
}

fn images_of(store: &Store) -> Result<Vec<Image>> {
    let descriptors = store.images()?;
    if descriptors.is_empty() {
        return Err(store.wrong("it has no images"));
    }
    let image = |mut descriptor: Descriptor| {
        let manifest = store.manifest(&descriptor)?;
        let parts = [&descriptor, &manifest.config];
        let parts = parts.into_iter().chain(&manifest.layers);
        let blobs = parts.map(|part| {
            let digest = store.digest(part)?;
            match store.blob(&digest)? {
                Some(section) if section.size == part.size => Ok(Blob {
                    source: store.name().to_vec(),
                    digest,
                    section,
                }),
                Some(_) => Err(store.wrong(format_args!("{digest} has another size than is said"))),
                None => Err(store.wrong(format_args!("it has no {digest}"))),
            }
        });
        let blobs = blobs.collect::<Result<_>>()?;
        descriptor.platform = Some(store.platform(&descriptor)?);
        Ok(Image { descriptor, blobs })
    };
    descriptors.into_iter().map(image).collect()
}

impl Blob {
    /// Has the blob appear in `target`, if it is right.
    fn copy(&self, target: &Directory, job: &Job) -> Result<()> {
        let name = crate::error::quoted(&self.source);
        let reading = |error| {
            let what = format!("reading {} of {name}", self.digest);
            Error::io(Status::Input, what, &error).because_of(Argument::Sources)
        };
        if self.section.digest(job)?.map_err(reading)? != self.digest {
            return Err(Error::new(
                Status::Input,
                format!("{} of {name} is not what its digest says", self.digest),
            )
            .because_of(Argument::Sources));
        }
        if target.link_blob(&self.section, &self.digest, job)? {
            return Ok(());
        }
        let file = target.new_blob()?;
        let write = |bytes: &[u8]| {
            let written = file.file().write_all(bytes);
            written.map_err(|error| write_failure(&error))
        };
        self.section.copy(job, write)?.map_err(reading)?;
        target.put_blob(file, &self.digest)
    }
}
