// SPDX-License-Identifier: GPL-3.0-or-later

//! What takes the archive in its order.

use super::filter::Filter;
use crate::codec::zstd::Encoder;
use crate::error::Result;
use crate::job::Job;
use crate::output::Archive;

/// Takes bytes in their order.
pub trait Sink {
    /// Takes what comes next.
    fn write(&mut self, bytes: &[u8], job: &Job) -> Result<()>;

    /// Takes the zeros that mark the end of the archive.
    fn write_end(&mut self, zeros: &[u8], job: &Job) -> Result<()> {
        self.write(zeros, job)
    }

    /// Ends after having taken all, or after a failure, which it may explain.
    fn finish(self, fed: Result<()>, job: &Job) -> Result<()>;
}

impl Sink for Filter<'_> {
    fn write(&mut self, bytes: &[u8], job: &Job) -> Result<()> {
        Filter::write(self, bytes, job)
    }

    fn finish(self, fed: Result<()>, job: &Job) -> Result<()> {
        Filter::finish(self, fed, job)
    }
}

/// The output itself.
pub struct Plain<'a>(pub &'a Archive);

impl Sink for Plain<'_> {
    fn write(&mut self, bytes: &[u8], job: &Job) -> Result<()> {
        self.0.write(bytes, job)
    }

    fn write_end(&mut self, zeros: &[u8], job: &Job) -> Result<()> {
        self.0.write_end(zeros, job)
    }

    fn finish(self, fed: Result<()>, _job: &Job) -> Result<()> {
        fed
    }
}

/// The output of an encoder.
pub struct Zstd<'a> {
    /// What compresses.
    pub encoder: Encoder,
    /// Where that goes.
    pub output: &'a Archive,
}

impl Sink for Zstd<'_> {
    fn write(&mut self, bytes: &[u8], job: &Job) -> Result<()> {
        let output = self.output;
        self.encoder
            .encode(bytes, &mut |bytes| output.write(bytes, job))
    }

    fn finish(mut self, fed: Result<()>, job: &Job) -> Result<()> {
        fed?;
        let output = self.output;
        self.encoder.finish(&mut |bytes| output.write(bytes, job))
    }
}
