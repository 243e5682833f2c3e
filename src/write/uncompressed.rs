// SPDX-License-Identifier: GPL-3.0-or-later

//! The archive as it is.

use std::fs::File;

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::hashes::LayerHashes;
use super::layers::{LayerPass, LayerWork};
use super::{Context, Written};
use crate::error::Result;
use crate::format::{Layout, PartKind};
use crate::job::{Job, Monitor};
use crate::output::{write_at, write_failure};
use crate::retry::retry;

/// The `f_type` of file systems in memory.
const TMPFS_MAGIC: u64 = 0x0102_1994;

/// Writes the layers of the image to their places in `output`, then all that
/// depends on their digests.
pub fn write(
    context: &Context,
    layout: &Layout,
    output: &File,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Written> {
    let work = LayerWork {
        file_system: context.file_system,
        layers: context.layers(),
        places: layout.places().collect(),
        output: Some(output),
    };
    let pass = LayerPass::new(work, true, context.threads());
    let pool = pass.pool()?;
    let hashes = LayerHashes::new(context.layers());
    // Not on the calling thread: SIGXFSZ, for a file past the limit, is blocked
    // on the others alone.
    job.run_one(monitor, || reserve(output, layout.tail))?;
    pass.run(&pool, &hashes, job, monitor)?;
    job.run_one(monitor, || {
        let (diff_ids, ending) = context.ending(layout, &hashes)?;
        let write_at = |bytes: &[u8], offset| write_at(output, bytes, offset);
        for part in &layout.parts {
            match &part.kind {
                PartKind::Bytes(bytes) => write_at(bytes, part.offset)?,
                PartKind::LayerHeader(layer) => {
                    let header = layout.layer_header(*layer, &diff_ids[*layer]);
                    write_at(&header, part.offset)?;
                }
                PartKind::Layer(_) => {}
            }
        }
        write_at(&ending.tail, layout.tail)?;
        Ok(context.written(&diff_ids, ending.documents))
    })
}

/// Has the file system find room for all layers, which takes it less than to
/// do so a bit at a time, and fails at once where there is not enough.
fn reserve(output: &File, size: u64) -> Result<()> {
    // What is in memory would be cleared as well, and on this thread alone.
    if retry(|| rustix::fs::fstatfs(output)).is_ok_and(|system| {
        #[allow(clippy::unnecessary_cast)] // its type differs between architectures
        let kind = system.f_type as u64;
        kind & 0xffff_ffff == TMPFS_MAGIC
    }) {
        return Ok(());
    }
    match retry(|| rustix::fs::fallocate(output, FallocateFlags::empty(), 0, size)) {
        Err(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => {
            Err(write_failure(&errno.into()))
        }
        // Not every file system can.
        _ => Ok(()),
    }
}
