// SPDX-License-Identifier: GPL-3.0-or-later

//! What a build is doing and how far it has come.

use std::ops::ControlFlow;
use std::sync::Arc;

/// Phase of the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Phase {
    /// Files are listed and examined.  Their number is reported, and the total is 0.
    #[default]
    Scanning = 1,
    /// Layers that may be equal are read and compared.  Bytes are reported.
    Comparing = 2,
    /// The image is written.  Bytes before compression are reported, and those that are
    /// read to check reused layers.
    Writing = 3,
}

/// How far a phase has come: in files for [`Phase::Scanning`], whose total is
/// not known and 0, else in bytes before compression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How much of it is done.  It never decreases within a phase.
    pub done: u64,
    /// How much there is to do.  It does not change within a phase.
    pub total: u64,
    /// The path, or the first of them, whose layer a worker has begun to read
    /// last.
    pub item: Option<Arc<[u8]>>,
    /// The OCI layout that another build has, if this one waits for its end.
    pub waits_for: Option<Arc<[u8]>>,
}

/// Told of progress; breaking stops the build.
pub type Monitor<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;
