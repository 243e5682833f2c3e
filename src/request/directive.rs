// SPDX-License-Identifier: GPL-3.0-or-later

//! Files, directories and links to make in the image.

use std::sync::Arc;

use super::checks;
use crate::error::{Argument, Error, Result, quoted};
use crate::memory;
use crate::path::MAX_LENGTH;

/// How many bytes there may be between slashes.
const MAX_COMPONENT: usize = 255;

/// How much is shown of one that is too long.
const SHOWN: usize = 40;

/// One thing to make, as Guix's `evaluate-populate-directive` takes them.
/// Names are relative to the root of the image, with or without a leading
/// slash.
#[derive(Clone, Debug)]
pub enum Directive {
    /// A directory and those above it that are missing.
    Directory {
        /// Where to make it.
        name: Vec<u8>,
        /// Its permissions, if they are to be set; a new one has 0755.
        mode: Option<u16>,
    },
    /// A file with permissions 0644, in a directory that must be there.
    File {
        /// Where to make it.
        name: Vec<u8>,
        /// What it holds.
        content: Arc<Vec<u8>>,
    },
    /// A symbolic link, in a directory that must be there.  It takes the
    /// place of a file or link of the same name.
    Link {
        /// Where to make it.
        name: Vec<u8>,
        /// What it points to.
        target: Vec<u8>,
    },
}

impl Directive {
    /// `(directory NAME UID GID MODE)`.
    pub fn directory(name: &[u8], mode: Option<u32>) -> Result<Self> {
        let mode = match mode {
            None => None,
            Some(mode @ 0..=0o7777) => Some(mode as u16),
            Some(mode) => {
                return Err(Error::argument(
                    Argument("extra_files"),
                    format_args!(
                        "the mode {mode:04o} of the directory {} is above 7777",
                        quoted(name)
                    ),
                ));
            }
        };
        let name = inside_root(name)?;
        Ok(Directive::Directory { name, mode })
    }

    /// `(file NAME CONTENT)`.
    pub fn file(name: &[u8], content: &[u8]) -> Result<Self> {
        Ok(Directive::File {
            name: not_root(name)?,
            content: Arc::new(memory::copy(content)?),
        })
    }

    /// `(NAME -> TARGET)`.
    pub fn link(name: &[u8], target: &[u8]) -> Result<Self> {
        let name = not_root(name)?;
        if target.is_empty() {
            return Err(Error::argument(
                Argument("extra_files"),
                format_args!("the link {} has an empty target", quoted(&name)),
            ));
        }
        Ok(Directive::Link {
            target: checks::no_nul(Argument("extra_files"), target)?,
            name,
        })
    }
}

fn inside_root(name: &[u8]) -> Result<Vec<u8>> {
    checks::no_parent(Argument("extra_files"), name)?;
    let is_long = |part: &[u8]| part.len() > MAX_COMPONENT;
    if name.len() > MAX_LENGTH || name.split(|&byte| byte == b'/').any(is_long) {
        return Err(Error::argument(
            Argument("extra_files"),
            format_args!(
                "a name that begins with {} is too long: names have {MAX_LENGTH} bytes at most, \
                 and {MAX_COMPONENT} between slashes",
                quoted(&name[..SHOWN.min(name.len())])
            ),
        ));
    }
    checks::no_nul(Argument("extra_files"), name)
}

fn not_root(name: &[u8]) -> Result<Vec<u8>> {
    let last = name.rsplit(|&byte| byte == b'/').next();
    if last.is_none_or(|part| part.is_empty() || part == b".") {
        return Err(Error::argument(
            Argument("extra_files"),
            format_args!("{} does not name a file", quoted(name)),
        ));
    }
    inside_root(name)
}
