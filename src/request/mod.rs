// SPDX-License-Identifier: GPL-3.0-or-later

//! What to build: every argument, owned and checked before a file is touched.
//!
//! A [`Request`] starts from the three arguments that have no default and
//! takes the others through its setters, each of which refuses what later
//! steps could not use.  File names are bytes; what becomes JSON is UTF-8.

#![forbid(unsafe_code)]

mod choices;
mod compressor;
mod config;
mod container;
mod directive;
mod format;
mod health_check;
mod oci;
mod ownership;
mod reference;
mod repository;
mod system;
mod transformation;
mod variant;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use rustix::fd::OwnedFd;

pub use choices::{ConfigKeys, Format, History, Layering, Modes, Whiteouts, Xattrs};
pub use compressor::Compressor;
pub use container::Container;
pub use directive::Directive;
pub use format::DocumentStyle;
pub use oci::{CONTAINERD_NAME, REF_NAME, ReusedLayout};
pub use ownership::{Owner, Ownership};
pub use reference::{ImageName, Reference, familiar, whole_name};
pub use transformation::Transformation;

use crate::codec::Encoding;
use crate::digest::Digest;
use crate::error::{Argument, Error, Result, Status, quoted};

/// Seconds since the epoch of 0000-01-01 and of the end of 9999: the dates
/// that RFC 3339 can write.
const CREATION_TIMES: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// So many threads may work on one image on any machine.
const ALWAYS_USEFUL_THREADS: usize = 8;

/// Where the image is to go.
#[derive(Clone, Debug)]
pub enum Destination {
    /// To a file of this name.
    File(Vec<u8>),
    /// To what this descriptor is of, in order.
    Stream(Arc<OwnedFd>),
}

/// A checked request for one image.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) destination: Destination,
    pub(crate) paths: Vec<Vec<u8>>,
    pub(crate) prefix: Vec<u8>,
    pub(crate) repository: String,
    pub(crate) extra_files: Vec<Directive>,
    pub(crate) transformations: Vec<Transformation>,
    architecture: Option<&'static str>,
    pub(crate) database: Option<Vec<u8>>,
    pub(crate) entry_point: Option<Vec<String>>,
    pub(crate) environment: Vec<String>,
    /// Where in it the first variable of each name is.
    variables: BTreeMap<String, usize>,
    pub(crate) format: Format,
    compressor: Option<Compressor>,
    pub(crate) creation_time: i64,
    pub(crate) max_layers: Option<usize>,
    pub(crate) root_system: Option<Vec<u8>>,
    pub(crate) history: History,
    pub(crate) threads: usize,
    pub(crate) ownership: Vec<Ownership>,
    pub(crate) whiteouts: Whiteouts,
    pub(crate) modes: Modes,
    pub(crate) xattrs: Xattrs,
    pub(crate) parent_directories: bool,
    variant: Option<String>,
    config_keys: ConfigKeys,
    pub(crate) names: Vec<Reference>,
    pub(crate) archive_digest: bool,
    pub(crate) annotations: BTreeMap<String, String>,
    reuse: Option<Vec<Vec<u8>>>,
    pub(crate) immutable_paths: bool,
    pub(crate) cache_home: Option<Vec<u8>>,
    pub(crate) layering: Layering,
    pub(crate) references_graphs: Vec<Vec<u8>>,
    pub(crate) base: Option<Vec<u8>>,
    pub(crate) base_name: Option<String>,
    /// What containers start with.
    pub container: Container,
}

impl Request {
    /// An image to be written to the file `image`, holding the files and
    /// directories `paths`, with an ID made from the string `prefix`.
    pub fn new<P: AsRef<[u8]>>(image: &[u8], paths: &[P], prefix: &[u8]) -> Result<Self> {
        if image.is_empty() {
            return Err(Error::argument(Argument::Image, "the file name is empty"));
        }
        if prefix.is_empty() {
            return Err(Error::argument(Argument::Prefix, "the string is empty"));
        }
        Ok(Request {
            destination: Destination::File(file_name(Argument::Image, image)?),
            paths: paths
                .iter()
                .map(|path| absolute(Argument::Paths, path.as_ref()))
                .collect::<Result<_>>()?,
            prefix: file_name(Argument::Prefix, prefix)?,
            repository: repository::canonicalize("guix"),
            extra_files: Vec::new(),
            transformations: Vec::new(),
            architecture: None,
            database: None,
            entry_point: None,
            environment: Vec::new(),
            variables: BTreeMap::new(),
            format: Format::default(),
            compressor: None,
            creation_time: now(),
            max_layers: None,
            root_system: None,
            history: History::default(),
            threads: available_threads(),
            ownership: Vec::new(),
            whiteouts: Whiteouts::default(),
            modes: Modes::default(),
            xattrs: Xattrs::default(),
            parent_directories: false,
            variant: None,
            config_keys: ConfigKeys::default(),
            names: Vec::new(),
            archive_digest: false,
            annotations: BTreeMap::new(),
            reuse: None,
            immutable_paths: false,
            cache_home: None,
            layering: Layering::default(),
            references_graphs: Vec::new(),
            base: None,
            base_name: None,
            container: Container::default(),
        })
    }

    /// Like [`Request::new`], for an image that goes to the descriptor `fd`.
    pub fn to_stream<P: AsRef<[u8]>>(fd: OwnedFd, paths: &[P], prefix: &[u8]) -> Result<Self> {
        let destination = Destination::Stream(Arc::new(fd));
        let request = Request::new(b"stream", paths, prefix)?;
        Ok(Request {
            destination,
            ..request
        })
    }

    /// Whether the report is to have the digest of the archive.
    pub fn archive_digest(&mut self, wanted: bool) {
        self.archive_digest = wanted;
    }

    /// The name in the REPOSITORY column of `docker images`, made to follow
    /// Docker's rules: 2 to 237 characters, words of a-z and 0-9 with `.`,
    /// `_`, `__` or any number of `-` between them.
    pub fn repository(&mut self, name: &[u8]) -> Result<()> {
        self.repository = repository::canonicalize(&text(Argument::Repository, name)?);
        Ok(())
    }

    /// Files, directories and links to make in the image.
    pub fn extra_files(&mut self, directives: Vec<Directive>) {
        self.extra_files = directives;
    }

    /// Prefixes of member names to replace, each in turn.
    pub fn transformations(&mut self, transformations: Vec<Transformation>) {
        self.transformations = transformations;
    }

    /// The system the files are for, a GNU triplet or its first component.
    pub fn system(&mut self, triplet: &[u8]) -> Result<()> {
        self.architecture = Some(system::architecture(&text(Argument::System, triplet)?)?);
        Ok(())
    }

    /// Docker's name for the system, this machine's unless another was set.
    pub fn architecture(&self) -> Result<&'static str> {
        self.architecture
            .map_or_else(system::default_architecture, Ok)
    }

    /// The file of the store database to put at `/var/guix/db/db.sqlite`.
    pub fn database(&mut self, file: &[u8]) -> Result<()> {
        self.database = Some(absolute(Argument::Database, file)?);
        Ok(())
    }

    /// The words of the image's entry point.
    pub fn entry_point<W: AsRef<[u8]>>(&mut self, words: &[W]) -> Result<()> {
        self.entry_point = Some(
            words
                .iter()
                .map(|word| text(Argument::EntryPoint, word.as_ref()))
                .collect::<Result<_>>()?,
        );
        Ok(())
    }

    /// Adds a variable to the environment that containers start with.
    pub fn variable(&mut self, name: &[u8], value: &[u8]) -> Result<()> {
        let name = text(Argument::Environment, name)?;
        let value = text(Argument::Environment, value)?;
        if name.is_empty() {
            return Err(Error::argument(
                Argument::Environment,
                "a variable has no name",
            ));
        }
        if name.contains('=') {
            return Err(Error::argument(
                Argument::Environment,
                format_args!("the variable name {name:?} contains \"=\""),
            ));
        }
        let variable = format!("{name}={value}");
        let first = *self.variables.entry(name).or_insert(self.environment.len());
        if let Some(other) = self
            .environment
            .get(first)
            .filter(|&other| *other != variable)
        {
            let (name, other) = other.split_once('=').unwrap_or_default();
            return Err(Error::argument(
                Argument::Environment,
                format_args!("{name:?} is given twice, as {other:?} and as {value:?}"),
            ));
        }
        self.environment.push(variable);
        Ok(())
    }

    /// How the image is laid out.
    pub fn format(&mut self, format: Format) {
        self.format = format;
    }

    /// What compresses the image, or in OCI formats each layer; `None` for
    /// what is usual in the format.
    pub fn compressor(&mut self, compressor: Option<Compressor>) {
        self.compressor = compressor;
    }

    /// What compresses a Docker archive.
    pub fn archive_compressor(&self) -> &Compressor {
        self.compressor
            .as_ref()
            .unwrap_or(&Compressor::Codec(Encoding::NONE))
    }

    /// The time in the metadata, in seconds since the epoch.
    pub fn creation_time(&mut self, seconds: i64) -> Result<()> {
        if !CREATION_TIMES.contains(&seconds) {
            return Err(Error::argument(
                Argument::CreationTime,
                format_args!("{seconds} seconds is not in the years 0 to 9999"),
            ));
        }
        self.creation_time = seconds;
        Ok(())
    }

    /// Makes a layered image of at most `count` layers, 2 or more.
    pub fn max_layers(&mut self, count: i64) -> Result<()> {
        if count < 2 {
            return Err(Error::argument(
                Argument::MaxLayers,
                format_args!("{count} is below 2; a layered image has 2 layers or more"),
            ));
        }
        self.max_layers = Some(usize::try_from(count).unwrap_or(usize::MAX));
        Ok(())
    }

    /// A directory holding a root file system, which takes the place of the
    /// extra files, the database and, in a single-layer image, the paths.
    pub fn root_system(&mut self, directory: &[u8]) -> Result<()> {
        self.root_system = Some(absolute(Argument::RootSystem, directory)?);
        Ok(())
    }

    /// What the configuration's history holds.
    pub fn history(&mut self, history: History) {
        self.history = history;
    }

    /// How many threads to use at most; 0 for as many as the process may run at
    /// once.  Of more than are useful, each would take memory for nothing: these
    /// are twice as many, or 8.
    pub fn threads(&mut self, count: usize) {
        let available = available_threads();
        self.threads = match count {
            0 => available,
            _ => count.min((2 * available).max(ALWAYS_USEFUL_THREADS)),
        };
    }

    /// Whom files belong to: to root, unless it is said here.
    pub fn ownership(&mut self, ownership: Vec<Ownership>) {
        self.ownership = ownership;
    }

    /// What becomes of names that begin with `.wh.`.
    pub fn whiteouts(&mut self, whiteouts: Whiteouts) {
        self.whiteouts = whiteouts;
    }

    /// What the permissions in layers of paths are.
    pub fn modes(&mut self, modes: Modes) {
        self.modes = modes;
    }

    /// What becomes of extended attributes.
    pub fn xattrs(&mut self, xattrs: Xattrs) {
        self.xattrs = xattrs;
    }

    /// Whether layers begin with the directories above their paths.
    pub fn parent_directories(&mut self, wanted: bool) {
        self.parent_directories = wanted;
    }

    /// The variant of the system's architecture, as `v7`.
    pub fn variant(&mut self, variant: &[u8]) -> Result<()> {
        self.variant = Some(text(Argument::Variant, variant)?);
        Ok(())
    }

    /// The variant of the architecture, if one was set.
    pub fn architecture_variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// How keys in the configuration of a Docker archive are written.
    pub fn config_keys(&mut self, keys: ConfigKeys) {
        self.config_keys = keys;
    }

    /// How keys in the configuration are written.
    pub fn keys(&self) -> ConfigKeys {
        match self.format {
            Format::DockerArchive => self.config_keys,
            Format::OciArchive | Format::Oci => ConfigKeys::Spec,
        }
    }

    /// Adds a whole reference to what the image is called, in the place of the
    /// repository.
    pub fn name(&mut self, reference: &[u8]) -> Result<()> {
        let reference = Reference::new(reference)?;
        if self.names.contains(&reference) {
            return Err(Error::argument(
                Argument::Names,
                format_args!("{reference} is given twice"),
            ));
        }
        self.names.push(reference);
        Ok(())
    }

    /// What the image with the ID `image_id` is called.
    pub fn names_of(&self, image_id: &Digest) -> Vec<ImageName<'_>> {
        match self.names.as_slice() {
            [] => vec![ImageName::untagged(&self.repository)],
            names => names.iter().map(|name| name.of(image_id)).collect(),
        }
    }

    /// Which paths share a layer.
    pub fn layering(&mut self, layering: Layering) {
        self.layering = layering;
    }

    /// Files that say which of the paths refers to which.
    pub fn references_graphs<P: AsRef<[u8]>>(&mut self, files: &[P]) -> Result<()> {
        self.references_graphs = files
            .iter()
            .map(|file| absolute(Argument::ReferencesGraphs, file.as_ref()))
            .collect::<Result<_>>()?;
        Ok(())
    }

    /// The file or directory of an image whose layers come first.
    pub fn base(&mut self, name: &[u8]) -> Result<()> {
        if name.is_empty() {
            return Err(Error::argument(Argument::Base, "the file name is empty"));
        }
        self.base = Some(file_name(Argument::Base, name)?);
        Ok(())
    }

    /// What that image is called there.
    pub fn base_name(&mut self, name: &[u8]) -> Result<()> {
        self.base_name = Some(text(Argument::BaseName, name)?);
        Ok(())
    }

    /// Checks what depends on more than one argument.
    pub fn check(&self) -> Result<()> {
        self.check_format()?;
        if self.base.is_none() && self.base_name.is_some() {
            return Err(Error::argument(
                Argument::BaseName,
                "there is no base that it could be in",
            ));
        }
        if self.layering == Layering::References {
            let wrong = |what| Err(Error::argument(Argument::Layering, what));
            if self.max_layers.is_none() {
                return wrong("there is a single layer; say how many there may be");
            }
            if self.references_graphs.is_empty() {
                return wrong(
                    "there are no references graphs, which say what refers to what; give them too",
                );
            }
        }
        let architecture = self.architecture()?;
        match &self.variant {
            Some(variant) => variant::check(architecture, variant),
            None => Ok(()),
        }
    }
}

fn available_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_secs() as i64)
}

/// Checks that bytes can name a file at all.
fn file_name(argument: Argument, name: &[u8]) -> Result<Vec<u8>> {
    if name.contains(&0) {
        return Err(Error::argument(
            argument,
            format_args!("{} contains a NUL", quoted(name)),
        ));
    }
    Ok(name.to_vec())
}

/// Checks a file name that must not depend on the current directory and may
/// not climb out of the directories it names.
fn absolute(argument: Argument, name: &[u8]) -> Result<Vec<u8>> {
    if !name.starts_with(b"/") {
        return Err(Error::argument(
            argument,
            format_args!("{} is not an absolute file name", quoted(name)),
        ));
    }
    no_parent(argument, name)?;
    file_name(argument, name)
}

/// Refuses a `..` component.
fn no_parent(argument: Argument, name: &[u8]) -> Result<()> {
    if name.split(|&byte| byte == b'/').any(|part| part == b"..") {
        return Err(Error::argument(
            argument,
            format_args!("{} contains \"..\"", quoted(name)),
        ));
    }
    Ok(())
}

/// Checks text that goes into the image's metadata.
fn text(argument: Argument, bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| {
        Error::new(
            Status::InvalidText,
            format!("{} is not UTF-8 text", quoted(bytes)),
        )
        .because_of(argument)
    })
}
