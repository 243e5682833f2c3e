// SPDX-License-Identifier: GPL-3.0-or-later

//! How bytes are packed.  A compressor is a file or folder of its own
//! beside `gzip`; which one a request asks for is decided in
//! [`Compressor`](crate::request::Compressor).

pub mod command;
pub mod gzip;
mod packing;
pub mod zstd;

pub use packing::{Assembly, Compression, Packed, Packer, Packing};
