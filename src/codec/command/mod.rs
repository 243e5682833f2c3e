// SPDX-License-Identifier: GPL-3.0-or-later

//! Commands that compress from their standard input to their standard output.

mod child;
mod diagnostics;
mod input;

pub use child::{Child, Streams};
pub use diagnostics::Diagnostics;
pub use input::Input;

/// How much a command is to be given at once, in bytes.
pub const BUFFER_SIZE: usize = 256 << 10;
