// SPDX-License-Identifier: GPL-3.0-or-later

//! The Zstandard format, see RFC 8878, by the reference library: one frame,
//! made on threads of its own, or frames that the caller's threads make.
//!
//! What its threads make does not depend on how many these are, as long as it
//! is asked for any: it is what `zstd -T1`, or any other number but 0, makes of
//! a pipe.

mod decoder;

pub use decoder::skippable_size;

use std::io::{self, Read};

use zstd_safe::zstd_sys::ZSTD_EndDirective as EndDirective;
use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer};

use self::decoder::ZstdReader;
use super::{Chunk, Codec, Decoder, Encoder};
use crate::error::{Error, Result, Status};
use crate::memory;

/// Codec of the Zstandard format, at levels of 1 to 19: each chunk is a frame,
/// which knows nothing of those before.
pub struct Zstd;

impl Codec for Zstd {
    fn name(&self) -> &'static str {
        "zstd"
    }

    fn media_type(&self) -> &'static str {
        "application/vnd.oci.image.layer.v1.tar+zstd"
    }

    fn magic(&self) -> &'static [u8] {
        b"\x28\xb5\x2f\xfd"
    }

    fn revision(&self) -> u32 {
        1
    }

    /// As many bytes as decoders' windows are made for.
    fn chunk_size(&self) -> u64 {
        8 << 20
    }

    fn encoder(&self, level: u8) -> Result<Box<dyn Encoder>> {
        let parameters = [
            CParameter::CompressionLevel(level.into()),
            CParameter::ChecksumFlag(true),
        ];
        Ok(Box::new(FrameEncoder(context(&parameters)?)))
    }

    fn decoder<'a>(&self, source: Box<dyn Read + 'a>) -> io::Result<Box<dyn Decoder + 'a>> {
        Ok(Box::new(ZstdReader::new(source)?))
    }

    fn unread_by(&self) -> Option<&'static str> {
        Some("Docker before 23 and crane")
    }
}

/// Encoder of frames.
struct FrameEncoder(CCtx<'static>);

impl Encoder for FrameEncoder {
    fn encode(&mut self, bytes: &[u8], _is_last: bool) -> Result<Chunk> {
        let mut frame = memory::with_capacity(zstd_safe::compress_bound(bytes.len()))?;
        self.0.compress2(&mut frame, bytes).map_err(failed)?;
        frame.shrink_to_fit();
        Ok(Chunk {
            bytes: frame,
            checksum: None,
        })
    }
}

/// What to do where memory is too little.
const ADVICE: &str = "ask for fewer threads, or a lower level";

/// How to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// 1 to 19.
    pub level: u8,
    /// The binary logarithm of how far back matches are looked for, if that is
    /// to be further than the level says.
    pub long: Option<u8>,
}

/// Encoder of an archive as one frame, on threads of the reference library.
pub struct StreamEncoder {
    context: CCtx<'static>,
    output: Vec<u8>,
}

impl StreamEncoder {
    /// Begins a frame that is made on `threads` threads.
    pub fn new(options: Options, threads: usize) -> Result<Self> {
        let mut parameters = vec![
            CParameter::CompressionLevel(options.level.into()),
            CParameter::ChecksumFlag(true),
            CParameter::NbWorkers(u32::try_from(threads.max(1)).unwrap_or(u32::MAX)),
        ];
        if let Some(window) = options.long {
            parameters.push(CParameter::EnableLongDistanceMatching(true));
            parameters.push(CParameter::WindowLog(window.into()));
        }
        Ok(StreamEncoder {
            context: context(&parameters)?,
            output: vec![0; CCtx::out_size()],
        })
    }

    /// Compresses `bytes`; `write` gets what there is of the frame.
    pub fn encode(
        &mut self,
        bytes: &[u8],
        write: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut input = InBuffer::around(bytes);
        while input.pos() < bytes.len() {
            self.step(&mut input, EndDirective::ZSTD_e_continue, write)?;
        }
        Ok(())
    }

    /// Ends the frame; `write` gets the rest of it.
    pub fn finish(&mut self, write: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut input = InBuffer::around(&[]);
        while self.step(&mut input, EndDirective::ZSTD_e_end, write)? > 0 {}
        Ok(())
    }

    /// Has the library take some input; returns how many bytes it still has to
    /// give, as far as it knows.
    fn step(
        &mut self,
        input: &mut InBuffer,
        directive: EndDirective,
        write: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<usize> {
        let mut output = OutBuffer::around(self.output.as_mut_slice());
        let left = self
            .context
            .compress_stream2(&mut output, input, directive)
            .map_err(failed)?;
        if output.pos() > 0 {
            write(output.as_slice())?;
        }
        Ok(left)
    }
}

/// Returns a compression context with these parameters.
fn context(parameters: &[CParameter]) -> Result<CCtx<'static>> {
    let mut context = CCtx::try_create().ok_or_else(|| {
        Error::new(Status::Resources, "there is too little memory to compress").with_hint(ADVICE)
    })?;
    for &parameter in parameters {
        context.set_parameter(parameter).map_err(failed)?;
    }
    Ok(context)
}

fn failed(code: usize) -> Error {
    let name = zstd_safe::get_error_name(code);
    let status = match name.contains("memory") {
        true => Status::Resources,
        false => Status::Internal,
    };
    let error = Error::new(status, format!("compressing by zstd: {name}"));
    match status {
        Status::Resources => error.with_hint(ADVICE),
        _ => error,
    }
}
