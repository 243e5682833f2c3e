// SPDX-License-Identifier: GPL-3.0-or-later

//! From a request to an image, one room after the other.

#![forbid(unsafe_code)]

use std::iter::zip;

use crate::error::{Error, Result, Status};
use crate::format::Layout;
use crate::input::FileSystem;
use crate::job::{Job, Monitor};
use crate::output::Output;
use crate::plan;
use crate::report::{LayerReport, Report};
use crate::request::{ImageName, Request};
use crate::write::{self, Image};

/// Builds the image that `request` asks for.  `monitor` is told of progress
/// and may stop the build.
pub fn build(request: &Request, monitor: &mut Monitor) -> Result<Report> {
    request.check()?;
    let job = Job::default();
    // First: what is opened later could get the number of a descriptor that is
    // meant, but closed.
    let output = Output::open(request)?;
    let file_system = FileSystem::open()
        .map_err(|errno| Error::system(Status::Input, "opening the root directory", errno))?;
    let plan = plan::plan(request, &file_system, &output.ids()?, &job, monitor)?;
    let layers = &plan.layers;
    let groups = plan::possible_duplicates(layers);
    let stored = write::first_of_equals(request, &file_system, layers, &groups, &job, monitor)?;
    let layout = Layout::new(request, &plan, &stored)?;
    let image = Image {
        request,
        file_system: &file_system,
        layers,
        stored: &stored,
        layout: &layout,
    };
    let written = write::write(&image, &output, &job, monitor)?;
    let archive_digest = job.run_one(monitor, || output.digest(request, &job))?;
    let warnings = file_system.warnings.lines(layers.len());
    let names = request.names_of(&written.image_id);
    Ok(Report {
        image_id: written.image_id,
        names: names.iter().map(ImageName::to_string).collect(),
        seconds: job.seconds(),
        archive_size: output.publish()?,
        archive_digest,
        layers: zip(&plan.layers, written.diff_ids)
            .map(|(layer, diff_id)| LayerReport {
                diff_id,
                size: layer.size,
                items: layer.items.clone(),
            })
            .collect(),
        warnings,
    })
}
