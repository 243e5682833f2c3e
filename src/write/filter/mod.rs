// SPDX-License-Identifier: GPL-3.0-or-later

//! The archive through a command, from its standard input to its standard
//! output.
//!
//! A pipe takes bytes in their order only, and the header of a layer in a
//! layered image needs the layer's digest.  So there, other threads hash the
//! layers, in their order, while one feeds the command with what has been
//! hashed; these files are read twice, the second time from memory as a rule.

mod diagnostics;
mod process;

use std::ffi::OsString;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use self::process::Filter;
use super::Image;
use super::buffers::Pool;
use super::digests::{Digests, Stretch};
use super::direct::{Direct, Task};
use super::reader::Reader;
use crate::archive::{Content, layer_header};
use crate::control::{Control, Monitor};
use crate::error::Result;
use crate::metadata::DiffId;

/// The bytes given to the command at a time, and the size asked for the pipe.
const CHUNK: usize = 256 << 10;

/// Writes `image` to `output` through `command` and returns the layers'
/// digests.
pub fn write(
    image: &Image,
    command: &[OsString],
    output: &File,
    control: &Control,
    monitor: &mut Monitor,
) -> Result<Vec<DiffId>> {
    let pool = Pool::default();
    let digests = Digests::new(image.layers);
    let layered = image.request.max_layers.is_some();
    let direct = Direct::new(
        Task {
            layers: image.layers,
            places: image.archive.places().collect(),
            output: None,
        },
        false,
        image.request.threads,
    );
    let fed = AtomicBool::new(false);
    let feed = || {
        let mut filter = Filter::start(command, output)?;
        let result = Feeder {
            image,
            pool: &pool,
            digests: &digests,
            hash: !layered,
            control,
        }
        .feed(&mut filter);
        filter.finish(result, control)
    };
    // The feeder waits most of the time: it comes on top of those that work.
    let threads = if layered { 1 + direct.threads() } else { 1 };
    control.run(threads, monitor, || {
        if !fed.swap(true, Ordering::Relaxed) {
            feed()
        } else {
            direct.work(&pool, &digests, control)
        }
    })?;
    image.diff_ids(&digests)
}

/// What brings the archive to the command.
struct Feeder<'a, 'b> {
    image: &'a Image<'a>,
    pool: &'b Pool,
    digests: &'a Digests<'b>,
    /// Whether to hash the layers on the way.
    hash: bool,
    control: &'a Control,
}

impl Feeder<'_, '_> {
    fn feed(&self, filter: &mut Filter) -> Result<()> {
        let mut reader = Reader::default();
        for part in &self.image.archive.parts {
            match &part.content {
                Content::Bytes(bytes) => filter.write(bytes, self.control)?,
                Content::LayerHeader(layer) => {
                    let diff_id = self.digests.wait(*layer, self.control)?;
                    let header = layer_header(&self.image.layers[*layer], &diff_id);
                    filter.write(&header, self.control)?;
                }
                Content::Layer(index) => {
                    let layer = &self.image.layers[*index];
                    for start in (0..layer.size).step_by(CHUNK) {
                        let length = (layer.size - start).min(CHUNK as u64) as usize;
                        let mut buffer = self.pool.take(length);
                        reader.fill(layer, start, &mut buffer)?;
                        let buffer = Arc::new(buffer);
                        if self.hash {
                            let stretch = Stretch {
                                layer: *index,
                                offset: start,
                                buffer: Arc::clone(&buffer),
                                range: 0..length,
                            };
                            self.digests.add([stretch], self.control)?;
                        }
                        filter.write(&buffer, self.control)?;
                    }
                }
            }
        }
        let diff_ids = self.image.diff_ids(self.digests)?;
        filter.write(&self.image.tail(&diff_ids)?, self.control)
    }
}
