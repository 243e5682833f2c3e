// SPDX-License-Identifier: GPL-3.0-or-later

//! The archive in gzip's format, compressed on all threads.
//!
//! The archive is cut into pieces of one size, whatever the number of
//! threads, and each piece is compressed by itself.  The pieces' streams are
//! joined into one, so that the file has a single gzip member, which every
//! reader of the format takes.
//!
//! A layer's digest is part of the header in front of it.  Where a layer ends
//! in the piece that its header is in, the piece is compressed when the
//! digest is known.  Otherwise the header has a stored block of its own, with
//! a place in the file that is filled in when all is done.  Where the file is
//! written in its order, digests are made before: the bytes are the same.

use std::sync::Arc;

use super::buffers::{Buffer, Pool};
use super::gzip_member::{GzipMember, Way};
use super::hashes::{ByteRange, LayerHashes};
use super::queue::Queue;
use super::reader::LayerReader;
use super::{Image, Written};
use crate::codec::gzip::{Encoder, LateHeader, PIECE_SIZE};
use crate::digest::Digest;
use crate::error::Result;
use crate::format::{Layout, PartKind};
use crate::job::{Job, Monitor};
use crate::memory;
use crate::output::Archive;
use crate::tar::BLOCK_SIZE;

/// Writes `image` to `output`, as gzip would at `level`.
pub fn write(
    image: &Image,
    layout: &Layout,
    level: u8,
    output: &Archive,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Written> {
    // The last piece takes the tail, which waits for all digests.
    let whole = layout.tail / PIECE_SIZE;
    let threads = image.request.threads.min(whole as usize).max(1);
    let pool = Pool::new(threads, PIECE_SIZE as usize)?;
    let hashes = LayerHashes::new(image.layers());
    let is_hashed = matches!(output, Archive::Stream(_)) && layout.has_layer_headers();
    if is_hashed {
        super::hash_all(image, layout.tail, &pool, &hashes, job, monitor)?;
    }
    let header_of = |layer: usize| Ok(layout.layer_header(layer, &hashes.get(layer)?));
    let way = match output {
        Archive::File(file) => Way::Patched(file.file()),
        Archive::Stream(_) => Way::InOrder(output, job, &header_of),
    };
    let source = Source {
        image,
        layout,
        hashes: &hashes,
        is_hashed,
        job,
    };
    let member = job.run_one(monitor, || GzipMember::new(way, level))?;
    let queue = Queue::new(whole, threads, member);
    job.run(threads, monitor, || {
        let mut reader = LayerReader::new(image.file_system, job);
        let mut encoder = Encoder::new(level);
        while let Some(number) = queue.take(job)? {
            let buffer = pool.take(PIECE_SIZE as usize)?;
            let (buffer, late) = source.prepare(&mut reader, number * PIECE_SIZE, buffer)?;
            let piece = encoder.encode(&buffer, late)?;
            drop(buffer);
            queue.put(number, piece, |member, _, piece| member.push(piece))?;
        }
        Ok(())
    })?;
    let mut member = queue.into_taker();
    job.run_one(monitor, || {
        let start = whole * PIECE_SIZE;
        let buffer = pool.take((layout.tail - start) as usize)?;
        let mut reader = LayerReader::new(image.file_system, job);
        let (buffer, _) = source.prepare(&mut reader, start, buffer)?;
        let (diff_ids, ending) = image.ending(layout, &hashes)?;
        let mut rest = memory::with_capacity(buffer.len() + ending.tail.len())?;
        rest.extend_from_slice(&buffer);
        rest.extend(ending.tail);
        let mut encoder = Encoder::new(level);
        let mut rest = rest.as_slice();
        while rest.len() > PIECE_SIZE as usize {
            let (piece, more) = rest.split_at(PIECE_SIZE as usize);
            member.push(encoder.encode(piece, None)?)?;
            rest = more;
        }
        member.push(encoder.encode_last(rest)?)?;
        member.finish(|layer| layout.layer_header(layer, &diff_ids[layer]))?;
        Ok(image.written(&diff_ids, ending.documents))
    })
}

/// Where pieces come from.
struct Source<'a, 'b, 'c> {
    image: &'c Image<'a>,
    layout: &'c Layout<'c>,
    hashes: &'c LayerHashes<'b>,
    /// Whether all layers have been hashed before.
    is_hashed: bool,
    job: &'c Job,
}

impl<'a, 'b> Source<'a, 'b, '_> {
    /// Fills `buffer` with the archive's bytes from `start`, and hashes the
    /// layers in it if that was not done before.
    fn prepare(
        &self,
        reader: &mut LayerReader<'a>,
        start: u64,
        mut buffer: Buffer<'b>,
    ) -> Result<(Arc<Buffer<'b>>, Option<LateHeader>)> {
        let end = start + buffer.len() as u64;
        let mut open_layers = Vec::new();
        let mut header = None;
        for part in self.layout.parts_between(start, end) {
            let from = part.offset.max(start);
            let to = (part.offset + part.size).min(end);
            let range = (from - start) as usize..(to - start) as usize;
            let skipped = from - part.offset;
            match &part.kind {
                PartKind::Bytes(bytes) => {
                    let skipped = skipped as usize;
                    let bytes = &bytes[skipped..skipped + range.len()];
                    buffer[range].copy_from_slice(bytes);
                }
                PartKind::LayerHeader(layer) => header = Some((range.start, *layer)),
                PartKind::Layer(index) => {
                    let layer = &self.image.layers()[*index];
                    let size = range.len() as u64;
                    reader.fill(layer, skipped, &mut buffer[range.clone()])?;
                    let whole = header.take_if(|_| size == part.size);
                    if let Some((position, _)) = whole {
                        let header = self.whole_layer(*index, &buffer[range])?;
                        buffer[position..position + BLOCK_SIZE as usize].copy_from_slice(&header);
                    } else if !self.is_hashed {
                        open_layers.push((*index, skipped, range));
                    }
                    if self.is_hashed {
                        self.job.advance(size);
                    }
                }
            }
        }
        let buffer = Arc::new(buffer);
        let ranges = open_layers
            .into_iter()
            .map(|(layer, offset, range)| ByteRange {
                layer,
                offset,
                buffer: Arc::clone(&buffer),
                range,
            });
        self.hashes.add(ranges, self.job)?;
        Ok((buffer, header))
    }

    /// The header of a layer that is there in one piece.
    fn whole_layer(&self, index: usize, bytes: &[u8]) -> Result<Vec<u8>> {
        let digest = match self.is_hashed {
            true => self.hashes.get(index)?,
            false => {
                let digest = Digest::of(bytes);
                self.hashes.set(index, digest, self.job);
                digest
            }
        };
        Ok(self.layout.layer_header(index, &digest))
    }
}
