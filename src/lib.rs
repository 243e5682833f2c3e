// SPDX-License-Identifier: GPL-3.0-or-later

//! Docker images from files, as GNU Guix makes them.
//!
//! One call turns a list of store items and a few options into a Docker
//! image archive.  It is the job of Guix's Scheme module `(guix docker)`,
//! and the bytes are that module's, but the files are read once and every
//! processor takes part.
//!
//! The work runs through four rooms, in this order and never back:
//!
//! 1. [`request`]: every argument, checked and owned;
//! 2. [`plan`]: the files are listed and split into layers, and [`archive`]
//!    lays out the whole; each member's header, size and place are known;
//! 3. [`write`](mod@write): threads fill the planned places, hashing and compressing;
//! 4. [`publish`]: the image appears under its name, complete or not at all.
//!
//! [`metadata`] is the only room that knows JSON and `boundary` the only
//! one that knows C.

pub mod archive;
mod boundary;
pub mod control;
pub mod error;
pub mod metadata;
mod pipeline;
pub mod plan;
pub mod publish;
pub mod report;
pub mod request;
mod signals;
pub mod tar;
pub mod write;

pub use control::{Control, Phase, Progress};
pub use error::{Error, Status};
pub use pipeline::build;
pub use report::Report;
pub use request::Request;
