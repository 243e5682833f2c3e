// SPDX-License-Identifier: GPL-3.0-or-later

//! Layouts that become one: images of several systems, as a rule.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::digest::Digest;
use crate::error::{Argument, Error, Result, Status, quoted};
use crate::image::{Descriptor, Store};
use crate::job::{Job, Monitor, Phase};
use crate::output::{Directory, write_to};

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
    let total = blobs.values().map(|blob| blob.size).sum();
    job.begin(Phase::Writing, total);
    job.run_one(monitor, || {
        for blob in blobs.values() {
            job.check()?;
            blob.copy(&target, &job)?;
        }
        target.add_entries(images.iter().map(|image| &image.descriptor), &job)
    })?;
    // Nobody may stop it any more.
    job.run_one(&mut |_| ControlFlow::Continue(()), || target.publish())
}

/// An image to copy.
struct Image {
    descriptor: Descriptor,
    blobs: Vec<Blob>,
}

/// A blob to copy.
struct Blob {
    source: Arc<Store>,
    digest: Digest,
    size: u64,
}

/// All images of `sources`.
fn images(sources: &[Vec<u8>]) -> Result<Vec<Image>> {
    let mut images = Vec::new();
    for source in sources {
        let found = Store::open(source).and_then(|store| images_of(&Arc::new(store)));
        images.extend(found.map_err(|error| error.because_of(Argument::Sources))?);
    }
    Ok(images)
}

fn images_of(store: &Arc<Store>) -> Result<Vec<Image>> {
    let descriptors = store.images()?;
    if descriptors.is_empty() {
        return Err(store.wrong("it has no images"));
    }
    let image = |mut descriptor: Descriptor| {
        let manifest = store.manifest(&descriptor)?;
        let parts = [&descriptor, &manifest.config];
        let parts = parts.into_iter().chain(&manifest.layers);
        let blobs = parts.map(|part| {
            Ok(Blob {
                source: Arc::clone(store),
                digest: store.digest(part)?,
                size: part.size,
            })
        });
        let blobs = blobs.collect::<Result<_>>()?;
        if manifest.is_image() {
            descriptor.platform = Some(store.platform(&descriptor)?);
        }
        Ok(Image { descriptor, blobs })
    };
    descriptors.into_iter().map(image).collect()
}

impl Blob {
    /// Has the blob appear in `target`, if it is right.
    fn copy(&self, target: &Directory, job: &Job) -> Result<()> {
        let copy = || self.copy_from(&self.source, target, job);
        copy().map_err(|error: Error| match error.which_argument() {
            Some(_) => error,
            None => error.because_of(Argument::Sources),
        })
    }

    fn copy_from(&self, source: &Store, target: &Directory, job: &Job) -> Result<()> {
        let reading = |error| {
            let what = format!("reading {} of {}", self.digest, quoted(source.name()));
            Error::io(Status::Input, what, &error)
        };
        let section = source.blob(&self.digest)?;
        let section = section
            .filter(|section| section.size == self.size)
            .ok_or_else(|| source.wrong(format_args!("it has no whole {}", self.digest)))?;
        let before = section.stamp().map_err(reading)?;
        if section.digest(job)?.map_err(reading)? != self.digest {
            return Err(source.wrong(format_args!("{} is not what its digest says", self.digest)));
        }
        let changed = || source.wrong(format_args!("{} changed while it was copied", self.digest));
        if section.stamp().map_err(reading)? != before {
            return Err(changed());
        }
        if target.adopt_blob(&section, &self.digest, job)? {
            return Ok(());
        }
        let file = target.new_blob()?;
        let write = |bytes: &[u8]| write_to(file.file(), bytes);
        match section.copy(job, write)?.map_err(reading)? == self.digest {
            true => target.put_blob(file, &self.digest),
            false => Err(changed()),
        }
    }
}
