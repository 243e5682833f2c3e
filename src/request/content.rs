// SPDX-License-Identifier: GPL-3.0-or-later

//! Parameters of the files in the image.

use super::checks::{absolute, all_absolute, no_nul};
use super::{Directive, Modes, Ownership, Transformation, Whiteouts, Xattrs};
use crate::error::{Argument, Error, Result};

/// Content: the files in the image.
#[derive(Clone, Debug)]
pub struct Content {
    pub(crate) paths: Vec<Vec<u8>>,
    pub(crate) prefix: Vec<u8>,
    /// Directives for files, directories and links that are made in the image.
    pub extra_files: Vec<Directive>,
    /// Prefixes of names in the image that are replaced, each in turn.
    pub transformations: Vec<Transformation>,
    pub(crate) database: Option<Vec<u8>>,
    pub(crate) root_system: Option<Vec<u8>>,
    /// Owners of parts of the image; root owns the rest.
    pub ownership: Vec<Ownership>,
    /// Permissions in layers of paths.
    pub modes: Modes,
    /// Treatment of extended attributes.
    pub xattrs: Xattrs,
    /// Treatment of names that begin with `.wh.`.
    pub whiteouts: Whiteouts,
}

impl Content {
    pub(super) fn new<P: AsRef<[u8]>>(paths: &[P], prefix: &[u8]) -> Result<Self> {
        if prefix.is_empty() {
            return Err(Error::argument(Argument("prefix"), "the string is empty"));
        }
        Ok(Content {
            paths: all_absolute(Argument("paths"), paths)?,
            prefix: no_nul(Argument("prefix"), prefix)?,
            extra_files: Vec::new(),
            transformations: Vec::new(),
            database: None,
            root_system: None,
            ownership: Vec::new(),
            modes: Modes::default(),
            xattrs: Xattrs::default(),
            whiteouts: Whiteouts::default(),
        })
    }

    /// Sets the file of the store database, which becomes `/var/guix/db/db.sqlite`.
    pub fn database(&mut self, file: &[u8]) -> Result<()> {
        self.database = Some(absolute(Argument("database"), file)?);
        Ok(())
    }

    /// Sets the directory of a root file system, which replaces the extra files, the
    /// database and, in a single-layer image, the paths.
    pub fn root_system(&mut self, directory: &[u8]) -> Result<()> {
        self.root_system = Some(absolute(Argument("root_system"), directory)?);
        Ok(())
    }
}
