// SPDX-License-Identifier: GPL-3.0-or-later

//! An archive that is compressed as a whole, on all threads.

use super::archive::ArchiveWriter;
use super::buffers::Pool;
use super::chunks::{Pass, Range, Task, encode};
use super::hashes::LayerHashes;
use super::{Context, Written, hash_all};
use crate::codec::Encoding;
use crate::error::Result;
use crate::format::Layout;
use crate::job::{Job, Monitor};
use crate::memory;
use crate::output::Archive;

/// Writes the image to `output`, encoded by `encoding`.
pub fn write(
    context: &Context,
    layout: &Layout,
    encoding: Encoding,
    output: &Archive,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Written> {
    let chunk_size = encoding.codec.chunk_size() as usize;
    let chunk = |start: u64, size| Range {
        layer: None,
        start,
        size,
        is_last: false,
    };
    // The last chunk has the tail, which waits for all digests.
    let whole = layout.tail / chunk_size as u64;
    let rest_start = whole * chunk_size as u64;
    let mut tasks = memory::with_capacity(whole as usize)?;
    let starts = (0..rest_start).step_by(chunk_size);
    tasks.extend(starts.map(|start| Task::Chunk(chunk(start, chunk_size))));
    let threads = context.threads().min(whole as usize).max(1);
    let pool = Pool::new(threads, chunk_size)?;
    let mut pass = Pass {
        context,
        encoding,
        layout: Some(layout),
        tasks: &tasks,
        threads,
        pool: &pool,
        hashes: LayerHashes::new(context.layers()),
        is_hashed: false,
        job,
    };
    let can_fill = matches!(output, Archive::File(_)) && pass.stands_alone();
    if layout.has_layer_headers() && !can_fill {
        hash_all(context, layout.tail, &pool, &pass.hashes, job, monitor)?;
        pass.is_hashed = true;
    }
    let mut writer = pass.run(ArchiveWriter::new(output, job), monitor)?;
    job.run_one(monitor, || {
        let last = chunk(rest_start, (layout.tail - rest_start) as usize);
        let buffer = pool.take(last.size)?;
        let (buffer, _) = pass.read(&mut pass.reader(), &last, buffer)?;
        let (diff_ids, ending) = context.ending(layout, &pass.hashes)?;
        let mut rest = memory::with_capacity(buffer.len() + ending.tail.len())?;
        rest.extend_from_slice(&buffer);
        rest.extend(ending.tail);
        let mut encoder = encoding.encoder()?;
        let mut start = rest_start;
        let mut chunks = rest.chunks(chunk_size).peekable();
        while let Some(bytes) = chunks.next() {
            let is_last = chunks.peek().is_none();
            let range = Range {
                is_last,
                ..chunk(start, bytes.len())
            };
            writer.push_chunk(&range, encode(bytes, None, is_last, &mut *encoder)?)?;
            start += bytes.len() as u64;
        }
        Ok(context.written(&diff_ids, ending.documents))
    })
}
