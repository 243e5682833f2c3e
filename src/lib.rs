// SPDX-License-Identifier: GPL-3.0-or-later

//! Docker images from files, as GNU Guix makes them.
//!
//! One call turns a list of store items and a few options into a Docker
//! image archive.  It is the job of Guix's Scheme module `(guix docker)`,
//! and the bytes are that module's, but the files are read once and every
//! processor takes part.
//!
//! The work runs through these rooms, in this order and never back:
//!
//! 1. [`request`]: every argument, checked and owned;
//! 2. [`plan`]: files are found and put into layers; each member's header,
//!    size and place in its layer are known;
//! 3. [`format`](mod@format): the layers and the JSON documents have their
//!    places in the image;
//! 4. [`write`](mod@write): threads fill these places, hashing and compressing;
//! 5. [`output`]: the image appears under its name, complete or not at all.
//!
//! They use [`input`], which finds, opens and reads files, [`image`], which
//! reads images that exist, [`codec`], which compresses bytes, [`mod@tar`], which has
//! the headers of archives, [`job`], which
//! has the threads, and `memory`, which says when there is too little.
//! `boundary` is the only room that knows C.

mod boundary;
pub mod codec;
pub mod digest;
pub mod error;
pub mod format;
pub mod image;
pub mod input;
pub mod job;
pub mod json;
mod memory;
mod operations;
pub mod output;
pub mod path;
pub mod plan;
mod record;
pub mod report;
pub mod request;
mod retry;
pub mod section;
pub mod tar;
pub mod text;
pub mod warning;
pub mod write;

pub use error::{Error, Status};
pub use job::{Job, Phase, Progress};
pub use operations::{Merge, build, merge};
pub use report::Report;
pub use request::Request;
