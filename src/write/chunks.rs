// SPDX-License-Identifier: GPL-3.0-or-later

//! Encoding on all threads: layers one by one, or the archive as a whole.
//!
//! The content of a stream is cut into chunks of one size, whatever the number of
//! threads, which encode them in any order.  Encoded chunks are hashed and written
//! in theirs.
//!
//! In an archive that is compressed as a whole, the header in front of a layer has
//! the layer's digest.  Where the layer ends in the chunk that its header is in, the
//! chunk is encoded when the digest is known.  Otherwise the header stands between
//! two encoded chunks as it is; a file has a place for it that is filled in when all
//! layers are hashed.  Where there is no going back, or the codec has no such place,
//! layers are hashed before.

use std::mem;
use std::sync::Arc;

use super::Context;
use super::buffers::{Buffer, Pool};
use super::hashes::{ByteRange, LayerHashes};
use super::queue::Queue;
use super::reader::LayerReader;
use super::reuse::Found;
use super::sink::Sink;
use crate::codec::{Assembler, Chunk, Encoder, Encoding, NONE};
use crate::digest::{Digest, Sha256};
use crate::error::{Error, Result, Status};
use crate::format::{Blob, Layout, Part, PartKind};
use crate::job::{Job, Monitor};
use crate::tar::BLOCK_SIZE;

/// One pass of all threads.
pub struct Pass<'a, 'b> {
    /// The image.
    pub context: &'a Context<'a>,
    /// Encoding of layers, or of the archive.
    pub encoding: Encoding,
    /// The archive if it is the one stream; `None` if each layer is one.
    pub layout: Option<&'a Layout<'a>>,
    /// Content of all streams, in order.
    pub tasks: &'a [Task<'a>],
    /// Number of threads.
    pub threads: usize,
    /// Buffers of chunks.
    pub pool: &'b Pool,
    /// Digests of layers.
    pub hashes: LayerHashes<'b>,
    /// True if the digests are known from a pass before.
    pub is_hashed: bool,
    /// The running job.
    pub job: &'a Job,
}

/// Unit of work of a thread.
pub enum Task<'a> {
    /// A chunk.
    Chunk(Range),
    /// A layer that exists already.
    Found(usize, &'a Found),
}

/// Byte range of a stream's content that is encoded by itself.
pub struct Range {
    /// The layer; `None` for a chunk of the archive.
    pub layer: Option<usize>,
    /// Offset in bytes.
    pub start: u64,
    /// Size in bytes.
    pub size: usize,
    /// True for the last chunk of the stream.
    pub is_last: bool,
}

/// Result of a task.
enum Made<'a> {
    Chunk(&'a Range, Vec<Piece>),
    Found(usize, &'a Found),
}

/// Part of an encoded chunk.
pub enum Piece {
    /// Encoded bytes.
    Encoded(Chunk),
    /// The header of a layer, as it is.
    Header(usize),
}

/// A header of a layer in a chunk, by its place and the layer.
type Header = (usize, usize);

impl<'a, 'b> Pass<'a, 'b> {
    /// Encodes all content for `sink`.
    pub fn run<S: Sink + Send>(
        &self,
        sink: S,
        monitor: &mut Monitor,
    ) -> Result<Writer<'_, 'a, 'b, S>> {
        let writer = Writer {
            pass: self,
            sink,
            assembler: Assembler::new(self.encoding),
            hasher: Sha256::default(),
            size: 0,
            late: Vec::new(),
            blobs: vec![None; self.context.layers().len()],
        };
        let queue = Queue::new(self.tasks.len() as u64, self.threads, writer);
        self.job.run(self.threads, monitor, || {
            let mut reader = self.reader();
            let mut encoder = self.encoding.encoder()?;
            while let Some(number) = queue.take(self.job)? {
                let made = match &self.tasks[number as usize] {
                    Task::Chunk(range) => {
                        let buffer = self.pool.take(range.size)?;
                        let (buffer, late) = self.read(&mut reader, range, buffer)?;
                        Made::Chunk(range, encode(&buffer, late, range.is_last, &mut *encoder)?)
                    }
                    Task::Found(layer, found) => Made::Found(*layer, found),
                };
                queue.put(number, made, Writer::push)?;
            }
            Ok(())
        })?;
        Ok(queue.into_taker())
    }

    /// Returns a reader of layers.
    pub fn reader(&self) -> LayerReader<'a> {
        LayerReader::new(self.context.file_system, self.job)
    }

    /// Fills `buffer` with the content of `range`, and hashes the layers in it
    /// unless that was done before.  The header of a layer that ends elsewhere is left
    /// out, if it can stand by itself.
    pub fn read(
        &self,
        reader: &mut LayerReader<'a>,
        range: &Range,
        mut buffer: Buffer<'b>,
    ) -> Result<(Arc<Buffer<'b>>, Option<Header>)> {
        let (start, end) = (range.start, range.start + range.size as u64);
        let whole = range.layer.map(|index| [self.whole_layer(index)]);
        let parts = match (&whole, self.layout) {
            (Some(part), _) => part.as_slice(),
            (None, Some(layout)) => layout.parts_between(start, end),
            (None, None) => &[],
        };
        let mut open_layers = Vec::new();
        let mut header: Option<Header> = None;
        for part in parts {
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
                PartKind::LayerHeader(layer) if self.stands_alone() => {
                    header = Some((range.start, *layer));
                }
                PartKind::LayerHeader(layer) => {
                    buffer[range].copy_from_slice(&self.header(*layer)?);
                }
                PartKind::Layer(index) => {
                    let layer = &self.context.layers()[*index];
                    let size = range.len() as u64;
                    reader.fill(layer, skipped, &mut buffer[range.clone()])?;
                    if let Some((position, _)) = header.take_if(|_| size == part.size) {
                        if !self.is_hashed {
                            let digest = Digest::of(&buffer[range]);
                            self.hashes.set(*index, digest, self.job);
                        }
                        buffer[position..position + BLOCK_SIZE as usize]
                            .copy_from_slice(&self.header(*index)?);
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

    /// Returns true if the codec has a place for headers.
    pub fn stands_alone(&self) -> bool {
        self.encoding.codec.block_prefix().is_some()
    }

    fn whole_layer(&self, index: usize) -> Part {
        Part {
            offset: 0,
            size: self.context.layers()[index].size,
            kind: PartKind::Layer(index),
        }
    }

    /// Returns the header of a layer that has been hashed.
    fn header(&self, layer: usize) -> Result<Vec<u8>> {
        let digest = self.hashes.get(layer)?;
        let header = self.layout.map(|all| all.layer_header(layer, &digest));
        // Without an archive there are no headers.
        Ok(header.unwrap_or_default())
    }
}

/// Encodes a chunk, without the header that is left out in it.
pub fn encode(
    bytes: &[u8],
    header: Option<Header>,
    is_last: bool,
    encoder: &mut dyn Encoder,
) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    if let Some((position, layer)) = header {
        let before = encoder.encode(&bytes[..position], false)?;
        pieces.extend([Piece::Encoded(before), Piece::Header(layer)]);
        rest = &bytes[position + BLOCK_SIZE as usize..];
    }
    pieces.push(Piece::Encoded(encoder.encode(rest, is_last)?));
    Ok(pieces)
}

/// Assembles streams from encoded chunks in their order, and writes them.
pub struct Writer<'p, 'a, 'b, S> {
    pass: &'p Pass<'a, 'b>,
    sink: S,
    assembler: Assembler,
    hasher: Sha256,
    size: u64,
    /// Headers that are filled in when all layers are hashed.
    late: Vec<LateHeader>,
    blobs: Vec<Option<Blob>>,
}

/// Header of a layer that has its place in a file.
struct LateHeader {
    layer: usize,
    position: u64,
    /// Number of the block in the assembler.
    block: usize,
}

impl<'p, S: Sink> Writer<'p, '_, '_, S> {
    fn push(&mut self, made: Made<'p>) -> Result<()> {
        match made {
            Made::Chunk(range, pieces) => self.push_chunk(range, pieces),
            Made::Found(layer, found) => {
                self.sink.reuse(layer, found, self.pass.job)?;
                self.blobs[layer] = Some(found.blob);
                let size = self.pass.context.layers()[layer].size;
                self.pass.job.advance(size);
                Ok(())
            }
        }
    }

    /// Adds the next chunk.
    pub fn push_chunk(&mut self, range: &Range, pieces: Vec<Piece>) -> Result<()> {
        if range.start == 0 {
            self.assembler = Assembler::new(self.pass.encoding);
            self.size = 0;
            if let Some(layer) = range.layer {
                self.sink.begin(layer)?;
            }
            self.write(&self.assembler.head())?;
        }
        for piece in pieces {
            match piece {
                Piece::Encoded(chunk) => {
                    let bytes = self.assembler.push(chunk);
                    self.write(&bytes)?;
                }
                Piece::Header(layer) => self.push_header(layer)?,
            }
        }
        match range.is_last {
            true => self.end(range.layer),
            false => Ok(()),
        }
    }

    /// Writes the header of a layer, or leaves a place for it.
    fn push_header(&mut self, layer: usize) -> Result<()> {
        let prefix = self.pass.encoding.codec.block_prefix();
        self.write(prefix.unwrap_or_default())?;
        let block = self.assembler.reserve();
        match self.sink.reserve() {
            Some(position) => self.late.push(LateHeader {
                layer,
                position,
                block,
            }),
            None => {
                let header = self.pass.header(layer)?;
                self.assembler.fill(block, &header);
                self.write(&header)?;
            }
        }
        Ok(())
    }

    /// Ends a stream.
    fn end(&mut self, layer: Option<usize>) -> Result<()> {
        for late in mem::take(&mut self.late) {
            let header = self.pass.header(late.layer)?;
            self.assembler.fill(late.block, &header);
            self.sink.fill(&header, late.position)?;
        }
        self.write(&self.assembler.tail())?;
        let Some(layer) = layer else {
            return Ok(());
        };
        let diff_id = self.pass.hashes.wait(layer, self.pass.job)?;
        let codec = self.pass.encoding.codec;
        let digest = match codec == NONE {
            true => diff_id,
            false => Digest::from(mem::take(&mut self.hasher)),
        };
        let blob = Blob {
            diff_id,
            digest,
            size: self.size,
            codec,
        };
        self.sink.end(&blob)?;
        self.blobs[layer] = Some(blob);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        // An archive's digest, if it is asked for, is its own affair.
        if self.pass.layout.is_none() && self.pass.encoding.codec != NONE {
            self.hasher.update(bytes);
        }
        self.size += bytes.len() as u64;
        self.sink.write(bytes)
    }

    /// Returns the destination, and all layers of the image.
    pub fn into_layers(self) -> Result<(S, Vec<Blob>)> {
        let blob = |&index: &usize| {
            let blob = self.blobs[index];
            blob.ok_or_else(|| Error::new(Status::Internal, "a layer was not compressed"))
        };
        let layers = self.pass.context.stored.iter().map(blob);
        Ok((self.sink, layers.collect::<Result<_>>()?))
    }
}
