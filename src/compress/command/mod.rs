// SPDX-License-Identifier: GPL-3.0-or-later

//! Commands that compress from their standard input to their standard output.

mod diagnostics;
mod process;

pub use process::Filter;

/// The size asked for a command's pipe, in bytes.
pub const PIPE_SIZE: usize = 256 << 10;
