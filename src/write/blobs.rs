// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers compressed one by one: a large one by several threads, small ones
//! side by side.
//!
//! Layers are cut into pieces of one size, whatever the number of threads.
//! These compress pieces by themselves, in any order; what comes of them is
//! hashed and written in the order of the layers.  A header in an archive says
//! the digest and the size of what comes after it, so a file has a place for
//! it that is filled in when these are known.  Where there is no going back,
//! all is compressed twice: once for these, and again to be written.

use std::mem;
use std::sync::Arc;

use super::blob_sinks::{ArchiveFile, ArchiveStream, BlobSink, Discard, Files};
use super::buffers::Pool;
use super::hashes::{ByteRange, LayerHashes};
use super::queue::Queue;
use super::reader::LayerReader;
use super::reuse::{Candidates, Found};
use super::{Image, Written};
use crate::codec::{Assembly, Packed, Packer, Packing};
use crate::digest::{Digest, Sha256};
use crate::error::{Error, Result, Status};
use crate::format::documents::oci::{ImageDocuments, RefNames};
use crate::format::{self, Blob, Documents};
use crate::job::{Job, Monitor, Phase};
use crate::memory;
use crate::output::{Archive, Directory, Output};

/// Writes `image` to `output`, each layer compressed as `packing` says.
pub fn write(
    image: &Image,
    packing: Packing,
    output: &Output,
    job: &Job,
    monitor: &mut Monitor,
) -> Result<Written> {
    let candidates = job.run_one(monitor, || Candidates::find(image, packing, job))?;
    let passes = match output {
        Output::Archive(Archive::Stream(_)) => 2,
        Output::Archive(Archive::File(_)) | Output::Directory(_) => 1,
    };
    job.begin(
        Phase::Writing,
        candidates.size() + passes * image.stored_size(),
    );
    let found = candidates.check(job, monitor)?;
    let pieces = pieces(image, packing, &found)?;
    let threads = image.request.threads.min(pieces.len()).max(1);
    let pool = Pool::new(threads, packing.piece_size() as usize)?;
    let pass = Pass {
        image,
        packing,
        pieces: &pieces,
        threads,
        pool: &pool,
        hashes: LayerHashes::new(image.layers()),
        is_hashed: false,
        job,
    };
    match output {
        Output::Archive(Archive::File(file)) => {
            let format = format::archive_format(image.request, image.plan)?;
            let sink = job.run_one(monitor, || ArchiveFile::new(file.file(), &*format))?;
            let (sink, layers) = pass.run(sink, monitor)?;
            let documents = format.documents(&layers)?;
            job.run_one(monitor, || {
                let documents = sink.finish(documents)?;
                Ok(Written { layers, documents })
            })
        }
        Output::Archive(archive) => {
            let format = format::archive_format(image.request, image.plan)?;
            let (Discard, layers) = pass.run(Discard, monitor)?;
            let documents = format.documents(&layers)?;
            let start = || ArchiveStream::new(archive, &*format, &layers, job);
            let sink = job.run_one(monitor, start)?;
            let pass = Pass {
                is_hashed: true,
                ..pass
            };
            let (sink, layers) = pass.run(sink, monitor)?;
            job.run_one(monitor, || {
                let documents = sink.finish(documents)?;
                Ok(Written { layers, documents })
            })
        }
        Output::Directory(directory) => {
            let (_, layers) = pass.run(Files::new(directory), monitor)?;
            job.run_one(monitor, || {
                let documents = put_documents(image, &layers, directory, job)?;
                Ok(Written { layers, documents })
            })
        }
    }
}

/// Has `directory` tell of the image when it is published.
fn put_documents(
    image: &Image,
    layers: &[Blob],
    directory: &Directory,
    job: &Job,
) -> Result<Documents> {
    let documents = ImageDocuments::new(image.request, image.plan, layers, RefNames::Whole)?;
    for document in [&documents.config, &documents.manifest] {
        directory.write_blob(&document.bytes, &document.digest)?;
    }
    directory.add_entries(documents.entries.chunks(1), job)?;
    Ok(Documents {
        image_id: documents.config.digest,
        manifest: Some(documents.manifest.identity()),
        members: Vec::new(),
    })
}

/// One pass of all threads over the layers.
struct Pass<'a, 'b> {
    image: &'a Image<'a>,
    packing: Packing,
    /// All layers that are stored.
    pieces: &'a [Piece<'a>],
    threads: usize,
    pool: &'b Pool,
    hashes: LayerHashes<'b>,
    /// Whether the layers' digests are known from a pass before.
    is_hashed: bool,
    job: &'a Job,
}

/// What one thread makes at a time.
enum Piece<'a> {
    /// A byte range of a layer.
    Range(Range),
    /// A layer that is there already.
    Found(usize, &'a Found),
}

/// What came of a piece.
enum Made<'a> {
    /// The byte range, compressed.
    Range(&'a Range, Packed),
    /// The layer, to be copied.
    Found(usize, &'a Found),
}

/// A byte range of a layer that is compressed by itself.
struct Range {
    layer: usize,
    start: u64,
    size: usize,
    is_last: bool,
}

/// All layers that are stored, in pieces, those `found` in one.
fn pieces<'a>(
    image: &Image,
    packing: Packing,
    found: &'a [Option<Found>],
) -> Result<Vec<Piece<'a>>> {
    let piece_size = packing.piece_size();
    let mut pieces = Vec::new();
    for layer in image.stored_layers() {
        if let Some(found) = &found[layer] {
            memory::push(&mut pieces, Piece::Found(layer, found))?;
            continue;
        }
        let size = image.layers()[layer].size;
        for start in (0..size).step_by(piece_size as usize) {
            let end = size.min(start + piece_size);
            let range = Range {
                layer,
                start,
                size: (end - start) as usize,
                is_last: end == size,
            };
            memory::push(&mut pieces, Piece::Range(range))?;
        }
    }
    Ok(pieces)
}

impl<'b> Pass<'_, 'b> {
    /// Compresses all layers into `sink`; returns it, and the layers.
    fn run<S: BlobSink + Send>(&self, sink: S, monitor: &mut Monitor) -> Result<(S, Vec<Blob>)> {
        let writer = Writer {
            pass: self,
            sink,
            assembly: Assembly::new(self.packing),
            hasher: Sha256::default(),
            size: 0,
            blobs: vec![None; self.image.layers().len()],
        };
        let queue = Queue::new(self.pieces.len() as u64, self.threads, writer);
        self.job.run(self.threads, monitor, || {
            let mut reader = LayerReader::new(self.image.file_system, self.job);
            let mut packer = Packer::new(self.packing)?;
            while let Some(number) = queue.take(self.job)? {
                let made = match &self.pieces[number as usize] {
                    Piece::Range(range) => {
                        Made::Range(range, self.pack(range, &mut reader, &mut packer)?)
                    }
                    Piece::Found(layer, found) => Made::Found(*layer, found),
                };
                queue.put(number, made, |writer, _, made| writer.push(made))?;
            }
            Ok(())
        })?;
        let Writer { sink, blobs, .. } = queue.into_taker();
        let blob = |&index: &usize| {
            blobs[index].ok_or_else(|| Error::new(Status::Internal, "a layer was not compressed"))
        };
        let layers = self.image.stored.iter().map(blob).collect::<Result<_>>()?;
        Ok((sink, layers))
    }

    /// Reads and compresses a range, and hashes it if that was not done before.
    fn pack<'c>(
        &'c self,
        range: &Range,
        reader: &mut LayerReader<'c>,
        packer: &mut Packer,
    ) -> Result<Packed> {
        let mut buffer = self.pool.take(range.size)?;
        let layer = &self.image.layers()[range.layer];
        reader.fill(layer, range.start, &mut buffer)?;
        let buffer = Arc::new(buffer);
        if self.is_hashed {
            self.job.advance(range.size as u64);
        } else {
            let range = ByteRange {
                layer: range.layer,
                offset: range.start,
                buffer: Arc::clone(&buffer),
                range: 0..range.size,
            };
            self.hashes.add([range], self.job)?;
        }
        packer.pack(&buffer, range.is_last)
    }
}

/// Takes pieces in their order.
struct Writer<'a, 'b, S> {
    pass: &'a Pass<'a, 'b>,
    sink: S,
    assembly: Assembly,
    hasher: Sha256,
    size: u64,
    blobs: Vec<Option<Blob>>,
}

impl<S: BlobSink> Writer<'_, '_, S> {
    fn push(&mut self, made: Made) -> Result<()> {
        match made {
            Made::Range(range, packed) => self.push_range(range, packed),
            Made::Found(layer, found) => {
                self.sink.take_over(layer, found, self.pass.job)?;
                self.blobs[layer] = Some(found.blob);
                self.pass.job.advance(self.pass.image.layers()[layer].size);
                Ok(())
            }
        }
    }

    fn push_range(&mut self, range: &Range, packed: Packed) -> Result<()> {
        let packing = self.pass.packing;
        if range.start == 0 {
            self.assembly = Assembly::new(packing);
            self.size = 0;
            self.sink.begin(range.layer)?;
            self.write(&self.assembly.head())?;
        }
        let bytes = self.assembly.push(packed);
        self.write(&bytes)?;
        if range.is_last {
            self.write(&self.assembly.tail())?;
            let diff_id = self.pass.hashes.wait(range.layer, self.pass.job)?;
            let digest = match packing {
                Packing::None => diff_id,
                _ => Digest::from(mem::take(&mut self.hasher)),
            };
            let blob = Blob {
                diff_id,
                digest,
                size: self.size,
                compression: packing.compression(),
            };
            self.sink.end(&blob)?;
            self.blobs[range.layer] = Some(blob);
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.pass.packing != Packing::None {
            self.hasher.update(bytes);
        }
        self.size += bytes.len() as u64;
        self.sink.write(bytes)
    }
}
