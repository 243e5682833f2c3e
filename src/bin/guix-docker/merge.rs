// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker merge`.

use std::os::unix::ffi::OsStrExt;

use guix_docker::Merge;

use crate::failure::{self, Failure, Outcome};
use crate::options::MergeOptions;
use crate::progress::Display;

/// Merges the layouts.
pub fn run(options: &MergeOptions) -> Result<Outcome, Failure> {
    let sources: Vec<&[u8]> = options.layouts.iter().map(|name| name.as_bytes()).collect();
    let merge = Merge::new(options.output.as_bytes(), &sources)?;
    let display = Display::new(&options.progress);
    let merged = guix_docker::merge(&merge, &mut display.monitor());
    display.finish();
    for warning in merged? {
        failure::warn(&warning);
    }
    Ok(Outcome::Fine)
}
