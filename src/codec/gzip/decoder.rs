// SPDX-License-Identifier: GPL-3.0-or-later

//! Decoding of gzip.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use crate::codec::Decoder;

/// Number of bytes read at a time.
const READ_SIZE: usize = 128 << 10;

/// Reader of gzip members, one after the other.  Zeros behind the last one are
/// skipped.
pub struct GzipReader<R> {
    decoder: Option<GzDecoder<BufReader<R>>>,
    has_zeros_behind: bool,
}

impl<R: Read> GzipReader<R> {
    /// Decompresses `source`.
    pub fn new(source: R) -> Self {
        let source = BufReader::with_capacity(READ_SIZE, source);
        GzipReader {
            decoder: Some(GzDecoder::new(source)),
            has_zeros_behind: false,
        }
    }
}

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.decoder else {
                return Ok(0);
            };
            let count = decoder.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            let Some(mut source) = self.decoder.take().map(GzDecoder::into_inner) else {
                return Ok(0);
            };
            loop {
                let next = source.fill_buf()?;
                match next.iter().position(|&byte| byte != 0) {
                    _ if next.is_empty() => return Ok(0),
                    Some(0) if !self.has_zeros_behind => break,
                    Some(_) => return Err(io::Error::other("there is something behind its end")),
                    None => {
                        self.has_zeros_behind = true;
                        let count = next.len();
                        source.consume(count);
                    }
                }
            }
            self.decoder = Some(GzDecoder::new(source));
        }
    }
}

impl<R: Read> Decoder for GzipReader<R> {
    fn oddity(&self) -> Option<&'static str> {
        self.has_zeros_behind
            .then_some("zeros stand behind its gzip stream, which podman refuses")
    }
}
