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
//! a place in the file that is filled in when all is done.

mod effort;
mod joint;
mod member;
mod piece;

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use self::member::Member;
use self::piece::{Encoder, Piece};
use super::Image;
use super::buffers::{Buffer, Pool};
use super::digests::{Digests, Stretch};
use super::reader::Reader;
use crate::archive::{Content, layer_header};
use crate::control::{Control, Monitor, lock};
use crate::error::Result;
use crate::metadata::DiffId;
use crate::tar::BLOCK;

/// The bytes of the archive that are compressed at a time, a multiple of
/// [`BLOCK`].  The size of the output depends on it but little.
const PIECE: u64 = 2 << 20;

/// A layer's header that has to wait: where in its piece it is, and the
/// layer.
type LateHeader = (usize, usize);

/// Writes `image` to `output`, as gzip would at `level`, and returns the
/// layers' digests.
pub fn write(
    image: &Image,
    level: u8,
    output: &File,
    control: &Control,
    monitor: &mut Monitor,
) -> Result<Vec<DiffId>> {
    let pool = Pool::default();
    let digests = Digests::new(image.layers);
    // The last piece takes the tail, which waits for all digests.
    let whole = image.archive.tail / PIECE;
    let threads = image.request.threads.min(whole as usize).max(1);
    let queue = Queue {
        window: 2 * threads as u64 + 2,
        state: Mutex::new(State {
            next: 0,
            written: 0,
            ready: BTreeMap::new(),
            member: Member::new(output, level),
        }),
        changed: Condvar::new(),
    };
    control.run(threads, monitor, || {
        let mut reader = Reader::default();
        let mut encoder = Encoder::new(level);
        while let Some(number) = queue.take(whole, control)? {
            let buffer = pool.take(PIECE as usize);
            let (buffer, late) = prepare(
                image,
                &mut reader,
                number * PIECE,
                buffer,
                &digests,
                control,
            )?;
            let piece = encoder.encode(&buffer, late)?;
            drop(buffer);
            queue.put(number, piece)?;
        }
        Ok(())
    })?;
    let state = queue.state.into_inner();
    let mut member = state.unwrap_or_else(PoisonError::into_inner).member;
    control.run_one(monitor, || {
        let start = whole * PIECE;
        let buffer = pool.take((image.archive.tail - start) as usize);
        let (buffer, _) = prepare(
            image,
            &mut Reader::default(),
            start,
            buffer,
            &digests,
            control,
        )?;
        let diff_ids = image.diff_ids(&digests)?;
        let mut rest = buffer.to_vec();
        rest.extend(image.tail(&diff_ids)?);
        let mut encoder = Encoder::new(level);
        let mut rest = rest.as_slice();
        while rest.len() > PIECE as usize {
            let (piece, more) = rest.split_at(PIECE as usize);
            member.push(encoder.encode(piece, None)?)?;
            rest = more;
        }
        member.push(encoder.encode_last(rest)?)?;
        member.finish(|layer| layer_header(&image.layers[layer], &diff_ids[layer]))?;
        Ok(diff_ids)
    })
}

/// Fills `buffer` with the archive's bytes from `start` and hashes the layers
/// in it.
fn prepare<'a, 'b>(
    image: &Image<'a>,
    reader: &mut Reader<'a>,
    start: u64,
    mut buffer: Buffer<'b>,
    digests: &Digests<'b>,
    control: &Control,
) -> Result<(Arc<Buffer<'b>>, Option<LateHeader>)> {
    let end = start + buffer.len() as u64;
    let mut open_layers = Vec::new();
    let mut header = None;
    for part in image.archive.parts_between(start, end) {
        let from = part.offset.max(start);
        let to = (part.offset + part.size).min(end);
        let range = (from - start) as usize..(to - start) as usize;
        let skipped = from - part.offset;
        match &part.content {
            Content::Bytes(bytes) => {
                let skipped = skipped as usize;
                let bytes = &bytes[skipped..skipped + range.len()];
                buffer[range].copy_from_slice(bytes);
            }
            Content::LayerHeader(layer) => header = Some((range.start, *layer)),
            Content::Layer(index) => {
                let layer = &image.layers[*index];
                reader.fill(layer, skipped, &mut buffer[range.clone()])?;
                match header.take_if(|_| range.len() as u64 == part.size) {
                    Some((position, _)) => {
                        let digest = Sha256::digest(&buffer[range]).into();
                        digests.set(*index, digest, control);
                        let header = layer_header(layer, &digest);
                        buffer[position..position + BLOCK as usize].copy_from_slice(&header);
                    }
                    None => open_layers.push((*index, skipped, range)),
                }
            }
        }
    }
    let buffer = Arc::new(buffer);
    let stretches = open_layers
        .into_iter()
        .map(|(layer, offset, range)| Stretch {
            layer,
            offset,
            buffer: Arc::clone(&buffer),
            range,
        });
    digests.add(stretches, control)?;
    Ok((buffer, header))
}

/// Hands out pieces, and takes them back in any order to write them in theirs.
struct Queue<'a> {
    /// How far ahead of the one to be written next a piece may be.
    window: u64,
    state: Mutex<State<'a>>,
    changed: Condvar,
}

struct State<'a> {
    next: u64,
    written: u64,
    ready: BTreeMap<u64, Piece>,
    member: Member<'a>,
}

impl Queue<'_> {
    /// The number of the next piece to make, or `None` after `count`.
    fn take(&self, count: u64, control: &Control) -> Result<Option<u64>> {
        control.check()?;
        let mut state = control.wait(&self.state, &self.changed, |state| {
            state.next == count || state.next < state.written + self.window
        })?;
        if state.next == count {
            return Ok(None);
        }
        state.next += 1;
        Ok(Some(state.next - 1))
    }

    fn put(&self, number: u64, piece: Piece) -> Result<()> {
        let mut state = lock(&self.state);
        state.ready.insert(number, piece);
        loop {
            let number = state.written;
            let Some(piece) = state.ready.remove(&number) else {
                break;
            };
            state.member.push(piece)?;
            state.written += 1;
        }
        drop(state);
        self.changed.notify_all();
        Ok(())
    }
}
