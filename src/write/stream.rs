// SPDX-License-Identifier: GPL-3.0-or-later

//! Ways of an archive that takes its bytes in order on one thread: as it is, or
//! through an encoder of streams.

use super::archive::ArchiveWriter;
use super::filter::Filter;
use super::sink::Sink;
use crate::codec::zstd::StreamEncoder;
use crate::error::Result;
use crate::format::Ending;
use crate::job::Job;

/// Way of an archive.
pub enum Stream<'a> {
    /// To the output as it is.
    Plain(ArchiveWriter<'a>),
    /// Through an encoder that has threads of its own.
    Zstd(Box<StreamEncoder>, ArchiveWriter<'a>),
    /// Through a command.
    Command(Filter<'a>),
}

impl Stream<'_> {
    /// Takes the next bytes.
    pub fn write(&mut self, bytes: &[u8], job: &Job) -> Result<()> {
        match self {
            Stream::Plain(writer) => writer.write(bytes),
            Stream::Zstd(encoder, writer) => {
                encoder.encode(bytes, &mut |bytes| writer.write(bytes))
            }
            Stream::Command(filter) => filter.write(bytes, job),
        }
    }

    /// Takes the end of the archive.
    pub fn write_ending(&mut self, ending: &Ending, job: &Job) -> Result<()> {
        match self {
            Stream::Plain(writer) => writer.write_ending(ending),
            _ => {
                let (members, zeros) = ending.tail.split_at(ending.members);
                self.write(members, job)?;
                self.write(zeros, job)
            }
        }
    }

    /// Ends after having taken all, or after a failure, which a command may explain.
    pub fn finish(self, fed: Result<()>, job: &Job) -> Result<()> {
        match self {
            Stream::Plain(_) => fed,
            Stream::Zstd(mut encoder, mut writer) => {
                fed?;
                encoder.finish(&mut |bytes| writer.write(bytes))
            }
            Stream::Command(filter) => filter.finish(fed, job),
        }
    }
}
