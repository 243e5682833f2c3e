// SPDX-License-Identifier: GPL-3.0-or-later

//! Filling the planned places: files are read, hashed, compressed and
//! written, in one pass where the compressor allows it.

#![forbid(unsafe_code)]

mod buffers;
mod digests;
mod direct;
mod filter;
mod gzip;
mod reader;
mod uncompressed;

use std::fs::File;

use self::buffers::Pool;
use self::digests::Digests;
use self::direct::{Direct, Task};
use crate::archive::Archive;
use crate::control::{Control, Monitor, Phase};
use crate::error::{Error, Result, Status};
use crate::metadata::DiffId;
use crate::plan::Layer;
use crate::request::{Compressor, Request};

/// An image whose every byte has a place.
#[derive(Clone, Copy)]
pub struct Image<'a> {
    /// What it was made for.
    pub request: &'a Request,
    /// Its layers.
    pub layers: &'a [Layer],
    /// The layer in whose place each layer is found.
    pub stored: &'a [usize],
    /// The places.
    pub archive: &'a Archive,
}

impl Image<'_> {
    /// The digests of all layers when all that are stored have been hashed.
    fn diff_ids(&self, digests: &Digests) -> Result<Vec<DiffId>> {
        self.stored
            .iter()
            .map(|&index| digests.get(index))
            .collect()
    }

    /// What comes after the last layer.
    fn tail(&self, diff_ids: &[DiffId]) -> Result<Vec<u8>> {
        self.archive.tail_bytes(self.request, self.layers, diff_ids)
    }
}

/// Writes `image` to the empty file `output` and returns the digests of its
/// layers.
pub fn write(
    image: &Image,
    output: &File,
    control: &Control,
    monitor: &mut Monitor,
) -> Result<Vec<DiffId>> {
    control.begin(Phase::Writing, image.archive.tail);
    match &image.request.compressor {
        Compressor::None => uncompressed::write(image, output, control, monitor),
        Compressor::Gzip(level) => gzip::write(image, *level, output, control, monitor),
        Compressor::Filter(command) => filter::write(image, command, output, control, monitor),
    }
}

/// For each layer, the first one with the same content: itself if there is
/// none before.  `groups` are the layers that may be equal; only these are
/// read.
pub fn first_of_equals(
    request: &Request,
    layers: &[Layer],
    groups: &[Vec<usize>],
    control: &Control,
    monitor: &mut Monitor,
) -> Result<Vec<usize>> {
    let mut first: Vec<usize> = (0..layers.len()).collect();
    if groups.is_empty() {
        return Ok(first);
    }
    let places: Vec<(usize, u64)> = groups.iter().flatten().map(|&index| (index, 0)).collect();
    let total = places.iter().map(|&(index, _)| layers[index].size).sum();
    control.begin(Phase::Comparing, total);
    let pool = Pool::default();
    let digests = Digests::new(layers);
    let output = None;
    let direct = Direct::new(
        Task {
            layers,
            places,
            output,
        },
        true,
        request.threads,
    );
    control.run(direct.threads(), monitor, || {
        direct.work(&pool, &digests, control)
    })?;
    for group in groups {
        for (position, &index) in group.iter().enumerate() {
            let digest = digests.get(index)?;
            for &earlier in &group[..position] {
                if digests.get(earlier)? == digest {
                    first[index] = first[earlier];
                    break;
                }
            }
        }
    }
    Ok(first)
}

/// The output could not be written.
fn write_failure(error: &std::io::Error) -> Error {
    let error = Error::io(Status::Output, "writing the image", error);
    match error.status() {
        Status::NoSpace => error.advise("make room, or write the image elsewhere"),
        _ => error,
    }
}
