// SPDX-License-Identifier: GPL-3.0-or-later

//! From a request to an image, one room after the other.

#![forbid(unsafe_code)]

use std::iter::zip;

use sha2::{Digest, Sha256};

use crate::archive;
use crate::control::{Control, Monitor};
use crate::error::Result;
use crate::metadata;
use crate::plan;
use crate::publish::Output;
use crate::report::{LayerReport, Report};
use crate::request::Request;
use crate::write::{self, Image};

/// Builds the image that `request` asks for.  `monitor` is told of progress
/// and may stop the build.
pub fn build(request: &Request, monitor: &mut Monitor) -> Result<Report> {
    let control = Control::default();
    let output = Output::create(&request.image)?;
    let layers = plan::layers(request, &control, monitor)?;
    let groups = plan::possible_duplicates(&layers);
    let stored = write::first_of_equals(request, &layers, &groups, &control, monitor)?;
    let archive = archive::lay_out(request, &layers, &stored)?;
    let image = Image {
        request,
        layers: &layers,
        stored: &stored,
        archive: &archive,
    };
    let diff_ids = write::write(&image, output.file(), &control, monitor)?;
    let archive_size = output.publish()?;
    let created = metadata::rfc3339(request.creation_time)?;
    let config = metadata::config(request, &created, &layers, &diff_ids)?;
    Ok(Report {
        image_id: Sha256::digest(&config).into(),
        archive_size,
        layers: zip(layers, diff_ids)
            .map(|(layer, diff_id)| LayerReport {
                diff_id,
                size: layer.size,
                items: layer.items,
            })
            .collect(),
    })
}
