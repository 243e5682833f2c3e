// SPDX-License-Identifier: GPL-3.0-or-later

//! Merging of layouts, which hold images of several systems as a rule.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::digest::Digest;
use crate::error::{Argument, Error, Result, Status, quoted};
use crate::image::{Descriptor, Reachable, Store};
use crate::job::{Job, Monitor, Phase};
use crate::output::{Directory, write_to};
use crate::request::file_name;

/// Maximum number of missing manifests that a warning names.
const SHOWN: usize = 20;

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
        let sources = sources.iter();
        let sources = sources.map(|name| file_name(Argument("sources"), name.as_ref()));
        Ok(Merge {
            target: file_name(Argument("target"), target)?,
            sources: sources.collect::<Result<_>>()?,
        })
    }
}

/// Merges layouts; returns warnings about what the sources list but have not.
///
/// Images of one name for several platforms become an index of that name.  An
/// image replaces one of the same name and platform that the target has.  Indexes
/// with a name of their own, attestations and artifacts are kept as they are.
/// `monitor` is called with the progress and may stop the merge.
pub fn merge(merge: &Merge, monitor: &mut Monitor) -> Result<Vec<String>> {
    let job = Job::default();
    let sources = job.run_one(monitor, || {
        let sources = merge.sources.iter().map(|name| Source::read(name, &job));
        let sources = sources.collect::<Result<Vec<Source>>>();
        sources.map_err(|error| error.with_argument(Argument("sources")))
    })?;
    let mut target = Directory::open(&merge.target, Argument("target"))?;
    job.run_one(monitor, || target.lock(&job))?;
    let blobs: BTreeMap<Digest, Blob> = sources
        .iter()
        .flat_map(|source| {
            let blobs = source.reachable.blobs.iter();
            blobs.map(|(&digest, &size)| {
                let source = Arc::clone(&source.store);
                let blob = Blob {
                    source,
                    digest,
                    size,
                };
                (digest, blob)
            })
        })
        .collect();
    let total = blobs.values().map(|blob| blob.size).sum();
    job.begin(Phase::Writing, total);
    job.run_one(monitor, || {
        for blob in blobs.values() {
            job.check()?;
            blob.copy(&target, &job)?;
        }
        let groups = sources.iter().flat_map(|source| &source.groups);
        target.add_entries(groups.map(Vec::as_slice), &job)
    })?;
    // Nobody may stop it any more.
    job.run_one(&mut |_| ControlFlow::Continue(()), || target.publish())?;
    Ok(sources.iter().filter_map(Source::warning).collect())
}

/// A blob to copy.
struct Blob {
    source: Arc<Store>,
    digest: Digest,
    size: u64,
}

/// Layout to merge.
struct Source {
    store: Arc<Store>,
    /// Entries of its index; those of one name are in one group.
    groups: Vec<Vec<Descriptor>>,
    reachable: Reachable,
}

impl Source {
    fn read(name: &[u8], job: &Job) -> Result<Self> {
        let store = Store::open(name, job)?;
        let mut reachable = Reachable::default();
        let mut groups: Vec<Vec<Descriptor>> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for mut descriptor in store.top_entries()? {
            if !store.reach(&descriptor, &mut reachable, job)? {
                continue;
            }
            if descriptor.platform().is_none() {
                if let Some(platform) = store.platform(&descriptor)? {
                    descriptor.set_platform(&platform);
                }
            }
            let place = descriptor.name().and_then(|name| {
                let place = *places.entry(name).or_insert(groups.len());
                (place < groups.len()).then_some(place)
            });
            match place {
                Some(place) => groups[place].push(descriptor),
                None => groups.push(vec![descriptor]),
            }
        }
        let source = Source {
            store: Arc::new(store),
            groups,
            reachable,
        };
        match (source.groups.is_empty(), source.warning()) {
            (false, _) => Ok(source),
            (true, Some(missing)) => Err(Error::new(Status::Input, missing)),
            (true, None) => Err(source.store.wrong("it has no images")),
        }
    }

    /// Returns a warning about what is missing in the layout.
    fn warning(&self) -> Option<String> {
        let absent = &self.reachable.absent;
        let shown: Vec<String> = absent
            .iter()
            .take(SHOWN)
            .map(|absent| match absent.platform() {
                Some(platform) => format!("{} ({platform})", absent.digest),
                None => absent.digest.clone(),
            })
            .collect();
        let more = match absent.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!absent.is_empty()).then(|| {
            format!(
                "{}: listed but missing: {}{more}",
                quoted(self.store.name()),
                shown.join(", ")
            )
        })
    }
}

impl Blob {
    /// Has the blob appear in `target`, if it is right.
    fn copy(&self, target: &Directory, job: &Job) -> Result<()> {
        let copy = || self.copy_from(&self.source, target, job);
        copy().map_err(|error: Error| match error.which_argument() {
            Some(_) => error,
            None => error.with_argument(Argument("sources")),
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
