// SPDX-License-Identifier: GPL-3.0-or-later

//! Docker and OCI images from files, as GNU Guix makes them.
//!
//! One call turns a list of store items and a few options into an image: the job of
//! Guix's Scheme module `(guix docker)`, with that module's bytes, where each file is
//! read once and all processors take part.
//!
//! The crate's interface is [`build`] and [`merge`], [`Request`] and its groups in
//! [`request`], [`Report`], and [`Error`].  Other modules are for tests.
//!
//! A build goes down through these rooms, and arrows between them point down only:
//!
//! 1. `boundary`: the C interface, the only room that knows C;
//! 2. `operations`: [`build`] and [`merge`];
//! 3. [`request`]: parameters in groups, checked before a file is touched;
//! 4. `plan`: entries of each layer, with header, size and place of every member;
//! 5. `format`: blobs and documents of an image, and their names;
//! 6. `write`: chunks of layers and archives through a codec to the output;
//! 7. `output`: a file, a stream or a directory, complete or not at all.
//!
//! They use `image`, which reads images that exist, `input`, which finds and reads
//! files, `codec`, and `job` for threads and progress; and on the ground floor `tar`,
//! `digest`, `json`, `path`, `section`, `text`, `error`, `warning` and `memory`.

mod boundary;
#[doc(hidden)]
pub mod codec;
pub mod digest;
pub mod error;
#[doc(hidden)]
pub mod format;
#[doc(hidden)]
pub mod image;
#[doc(hidden)]
pub mod input;
#[doc(hidden)]
pub mod job;
#[doc(hidden)]
pub mod json;
mod memory;
mod operations;
#[doc(hidden)]
pub mod output;
#[doc(hidden)]
pub mod path;
#[doc(hidden)]
pub mod plan;
mod record;
pub mod report;
pub mod request;
mod retry;
#[doc(hidden)]
pub mod section;
#[doc(hidden)]
pub mod tar;
#[doc(hidden)]
pub mod text;
#[doc(hidden)]
pub mod warning;
#[doc(hidden)]
pub mod write;

pub use error::{Error, Status};
pub use job::{Job, Phase, Progress};
pub use operations::{Merge, build, merge};
pub use report::Report;
pub use request::Request;
