// SPDX-License-Identifier: GPL-3.0-or-later

//! The archive as it is.

use std::fs::File;
use std::os::unix::fs::FileExt;

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::buffers::Pool;
use super::digests::Digests;
use super::direct::{Direct, Task};
use super::{Image, write_failure};
use crate::archive::{Content, layer_header};
use crate::control::{Control, Monitor};
use crate::error::Result;
use crate::metadata::DiffId;

/// The `f_type` of file systems in memory.
const TMPFS_MAGIC: u64 = 0x0102_1994;

/// Writes the layers of `image` to their places in `output`, then all that
/// depends on their digests, which it returns.
pub fn write(
    image: &Image,
    output: &File,
    control: &Control,
    monitor: &mut Monitor,
) -> Result<Vec<DiffId>> {
    let pool = Pool::default();
    let digests = Digests::new(image.layers);
    let direct = Direct::new(
        Task {
            layers: image.layers,
            places: image.archive.places().collect(),
            output: Some(output),
        },
        true,
        image.request.threads,
    );
    // Not on the calling thread: SIGXFSZ, for a file past the limit, is blocked
    // on the others alone.
    control.run_one(monitor, || reserve(output, image.archive.size))?;
    control.run(direct.threads(), monitor, || {
        direct.work(&pool, &digests, control)
    })?;
    control.run_one(monitor, || {
        let diff_ids = image.diff_ids(&digests)?;
        let write_at = |bytes: &[u8], offset| {
            let written = output.write_all_at(bytes, offset);
            written.map_err(|error| write_failure(&error))
        };
        for part in &image.archive.parts {
            match &part.content {
                Content::Bytes(bytes) => write_at(bytes, part.offset)?,
                Content::LayerHeader(layer) => {
                    let header = layer_header(&image.layers[*layer], &diff_ids[*layer]);
                    write_at(&header, part.offset)?;
                }
                Content::Layer(_) => {}
            }
        }
        write_at(&image.tail(&diff_ids)?, image.archive.tail)?;
        Ok(diff_ids)
    })
}

/// Has the file system find room for the whole file, which takes it less than
/// to do so a bit at a time, and fails at once where there is not enough.
fn reserve(output: &File, size: u64) -> Result<()> {
    // What is in memory would be cleared as well, and on this thread alone.
    if rustix::fs::fstatfs(output).is_ok_and(|system| system.f_type as u64 == TMPFS_MAGIC) {
        return Ok(());
    }
    match rustix::fs::fallocate(output, FallocateFlags::empty(), 0, size) {
        Err(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => {
            Err(write_failure(&errno.into()))
        }
        // Not every file system can.
        _ => Ok(()),
    }
}
