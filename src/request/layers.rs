// SPDX-License-Identifier: GPL-3.0-or-later

//! Parameters of the image's layers.

use super::Layering;
use super::checks::{absolute, all_absolute, file_name, text};
use crate::error::{Argument, Error, Result};

/// Layers of the image.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    pub(crate) max: Option<usize>,
    /// Policy for the paths that share a layer.
    pub layering: Layering,
    pub(crate) references_graphs: Vec<Vec<u8>>,
    /// True for layers to begin with the directories above their paths.
    pub parent_directories: bool,
    pub(crate) base: Option<Vec<u8>>,
    pub(crate) base_name: Option<String>,
    pub(crate) reuse: Option<Vec<Vec<u8>>>,
    /// True if files at and below the paths never change under their names.
    pub immutable_paths: bool,
    pub(crate) cache_home: Option<Vec<u8>>,
}

impl Layers {
    /// Asks for a layered image of at most `count` layers, 2 or more.
    pub fn max_layers(&mut self, count: i64) -> Result<()> {
        if count < 2 {
            return Err(Error::argument(
                Argument("max_layers"),
                format_args!("{count} is below 2; a layered image has 2 layers or more"),
            ));
        }
        self.max = Some(usize::try_from(count).unwrap_or(usize::MAX));
        Ok(())
    }

    /// Sets the files with the references among the paths.
    pub fn references_graphs<P: AsRef<[u8]>>(&mut self, files: &[P]) -> Result<()> {
        self.references_graphs = all_absolute(Argument("references_graphs"), files)?;
        Ok(())
    }

    /// Sets the file or directory of the base image.
    pub fn base(&mut self, name: &[u8]) -> Result<()> {
        self.base = Some(file_name(Argument("base"), name)?);
        Ok(())
    }

    /// Sets the name of the base image among those of its file.
    pub fn base_name(&mut self, name: &[u8]) -> Result<()> {
        self.base_name = Some(text(Argument("base_name"), name)?);
        Ok(())
    }

    /// Sets the OCI image layouts that are searched for reusable layers.
    pub fn reuse<P: AsRef<[u8]>>(&mut self, layouts: &[P]) -> Result<()> {
        let layouts = layouts.iter();
        let names = layouts.map(|layout| file_name(Argument("reuse"), layout.as_ref()));
        self.reuse = Some(names.collect::<Result<_>>()?);
        Ok(())
    }

    /// Sets the directory of the record of layers, instead of the cache directory that
    /// the environment names.
    pub fn cache_home(&mut self, directory: &[u8]) -> Result<()> {
        self.cache_home = Some(absolute(Argument("reuse"), directory)?);
        Ok(())
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.base.is_none() && self.base_name.is_some() {
            return Err(Error::argument(
                Argument("base_name"),
                "there is no base that it could be in",
            ));
        }
        if self.layering == Layering::References {
            let wrong = |what| Err(Error::argument(Argument("layering"), what));
            if self.max.is_none() {
                return wrong("there is a single layer; say how many there may be");
            }
            if self.references_graphs.is_empty() {
                return wrong(
                    "there are no references graphs, which say what refers to what; give them too",
                );
            }
        }
        Ok(())
    }
}
