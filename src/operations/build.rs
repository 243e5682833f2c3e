// SPDX-License-Identifier: GPL-3.0-or-later

//! From a request to an image, one room after the other.

use std::iter::zip;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;

use super::base;
use crate::error::{Error, Result, Status};
use crate::input::FileSystem;
use crate::job::{Job, Monitor, seed_maps};
use crate::output::Output;
use crate::plan;
use crate::report::{LayerReport, Report};
use crate::request::{ImageName, Request};
use crate::warning::Notice;
use crate::write::{self, Context};

/// Builds the image that `request` asks for.  `monitor` is told of progress
/// and may stop the build.
pub fn build(request: &Request, monitor: &mut Monitor) -> Result<Report> {
    request.check()?;
    seed_maps()?;
    let job = Job::default();
    // First: what is opened later could get the number of a descriptor that is
    // meant, but closed.
    let mut output = Output::open(request)?;
    if let Output::Directory(directory) = &mut output {
        job.run_one(monitor, || directory.lock(&job))?;
    }
    let file_system = FileSystem::open()
        .map_err(|errno| Error::system(Status::Input, "opening the root directory", errno))?;
    if let Output::Directory(directory) = &output {
        for name in directory.shared() {
            let warnings = &file_system.warnings;
            warnings.note(Notice::Layout, name.as_os_str().as_bytes());
        }
    }
    let base = base::open(request, &job, monitor)?;
    let base_layers = base.as_ref().map_or(0, |base| base.layers.len());
    let omitted = output.ids()?;
    // All is listed before anything is read.  Both at once would make an image
    // of one layer, whose hash is a long chain, 2 % faster on two processors.
    let mut plan = plan::plan(request, base_layers, &file_system, &omitted, &job, monitor)?;
    if let Some(base) = base {
        let warnings = &file_system.warnings;
        base::prepend(base, &mut plan, request, warnings, &job, monitor)?;
    }
    if request.output.format.stores_blobs() {
        plan.set_fingerprints();
    }
    let layers = &plan.layers;
    let groups = plan::possible_duplicates(layers);
    let stored = write::first_of_equals(request, &file_system, layers, &groups, &job, monitor)?;
    let context = Context {
        request,
        file_system: &file_system,
        plan: &plan,
        stored: &stored,
    };
    let written = write::write(&context, &output, &job, monitor)?;
    let archive_digest = match &output {
        Output::Archive(archive) => job.run_one(monitor, || archive.digest(request, &job))?,
        Output::Directory(_) => None,
    };
    let warnings = file_system.warnings.lines(layers.len());
    let documents = written.documents;
    let names = request.metadata.names_of(&documents.image_id);
    let names = names.iter().map(ImageName::to_string).collect();
    let layers = zip(&plan.layers, &written.layers);
    let layers = layers.map(|(layer, blob)| LayerReport::new(request, layer, blob));
    let report = Report {
        image_id: documents.image_id,
        manifest: documents.manifest,
        names,
        seconds: job.seconds(),
        archive_digest,
        layers: layers.collect(),
        warnings,
        archive_size: match output {
            Output::Archive(archive) => archive.publish()?,
            Output::Directory(directory) => {
                // Nobody may stop it any more.
                job.run_one(&mut |_| ControlFlow::Continue(()), || directory.publish())?;
                0
            }
        },
    };
    if request.output.format.stores_blobs() {
        // The image is there, whatever becomes of this.
        let add = || write::record(&context, &written.layers);
        let _ = job.run_one(&mut |_| ControlFlow::Continue(()), add);
    }
    Ok(report)
}
