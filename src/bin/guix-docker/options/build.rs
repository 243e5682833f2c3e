// SPDX-License-Identifier: GPL-3.0-or-later

//! Options of `build`: one for every parameter of the library, in the library's groups.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use clap::Args;
use guix_docker::request::choices::*;
use guix_docker::request::{
    Compressor, Container, Content, Layers, Metadata, Output, Transformation,
};

use super::ProgressOptions;
use super::values::{CreationTime, Pair, bytes_of, word};
use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  guix-docker build -o app.tar /gnu/store/…-app --entry-point /bin/app \\
      --symlink /bin=/gnu/store/…-app/bin --max-layers 100
  guix-docker build -o app.tar --closure-of $(guix build hello) \\
      --format oci-archive --name registry.example/hello:1 \\
      --max-layers 100 --layering references
  guix-docker build -o - --compressor none /srv/www | docker load";

/// Options of `build`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct BuildOptions {
    /// Absolute names of store items, or other files, with all below them
    #[arg(value_name = "PATH")]
    pub paths: Vec<OsString>,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    pub content: ContentOptions,
    #[command(flatten)]
    pub layers: LayersOptions,
    #[command(flatten)]
    pub metadata: MetadataOptions,
    #[command(flatten)]
    pub container: ContainerOptions,
    /// Maximum number of threads; 0 for as many as there are processors
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Running")]
    pub threads: usize,
    #[command(flatten)]
    pub progress: ProgressOptions,
}

/// Defines the options of a group of parameters, and how each is applied to the group:
/// `each` for every value that was given, `list` for all values if there are some,
/// `whole` for the option as it is, and `flag` if it was given.  `none` are options that
/// are used elsewhere.
macro_rules! options {
    (
        $(#[$attribute:meta])*
        $name:ident for $group:ty, $heading:literal:
        $(
            $(#[$option:meta])*
            $how:ident $field:ident: $type:ty $(=> |$target:ident, $value:ident| $apply:expr)?;
        )*
    ) => {
        $(#[$attribute])*
        #[derive(Args)]
        #[command(next_help_heading = $heading)]
        pub struct $name {
            $($(#[$option])* pub $field: $type,)*
        }

        impl $name {
            /// Sets the parameters of `group`.
            pub fn apply(&self, group: &mut $group) -> Result<(), Failure> {
                $($({
                    let $target = &mut *group;
                    options!(@$how self.$field, $value, $apply);
                })?)*
                Ok(())
            }
        }
    };
    (@each $option:expr, $value:ident, $apply:expr) => {
        for $value in $option.iter() { $apply?; }
    };
    (@whole $option:expr, $value:ident, $apply:expr) => {
        { let $value = &$option; $apply; }
    };
    (@list $option:expr, $value:ident, $apply:expr) => {
        if !$option.is_empty() { let $value = &bytes_of(&$option); $apply?; }
    };
    (@flag $option:expr, $value:ident, $apply:expr) => {
        if $option { $apply?; }
    };
}

options! {
    /// Options of the image's file or directory.
    OutputOptions for Output, "Output":
    /// File to write, directory of an OCI layout, or - for the standard output
    #[arg(short, long, value_name = "FILE")]
    none output: OsString;
    /// Format of the image
    #[arg(long, value_name = "FORMAT", default_value = Format::default().word(),
          value_parser = word::<Format>())]
    whole format: Format => |output, format| output.format = *format;
    /// Compressor of the image, or in OCI formats of each layer: none, "gzip -9",
    /// "zstd -19", or for Docker archives another command that reads its standard input
    /// [default: none, in OCI formats gzip]
    #[arg(long, value_name = "COMMAND")]
    each compressor: Option<OsString> => |output, command| {
        let words = command.as_bytes().split(|byte| byte.is_ascii_whitespace());
        let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
        Compressor::from_command(&words).map(|compressor| output.compressor = compressor)
    };
    /// Print a report of the image as JSON
    #[arg(long)]
    none json: bool;
    /// Add the digest of the archive to the report
    #[arg(long, requires = "json")]
    whole archive_digest: bool => |output, wanted| output.archive_digest = *wanted;
}

options! {
    /// Options of the files in the image.
    ContentOptions for Content, "Content":
    /// Add PATH and all that it refers to, as the guix-daemon knows it
    #[arg(long, value_name = "PATH")]
    none closure_of: Vec<OsString>;
    /// Add all items of FILE, a references graph as the daemon writes it for
    /// #:references-graphs
    #[arg(long, value_name = "FILE")]
    none references: Vec<OsString>;
    /// Main store item [default: the first path of --closure-of, or the first PATH]
    #[arg(long, value_name = "PATH")]
    none prefix: Option<OsString>;
    /// Make a directory in the image, with permissions in octal digits
    #[arg(long, value_name = "NAME[=MODE]", value_parser = Pair::optional_parser())]
    none directory: Vec<Pair>;
    /// Make a file in the image
    #[arg(long, value_name = "NAME[=CONTENT]", value_parser = Pair::optional_parser())]
    none file: Vec<Pair>;
    /// Make a symbolic link in the image
    #[arg(short = 'S', long, value_name = "NAME=TARGET", value_parser = Pair::parser())]
    none symlink: Vec<Pair>;
    /// Replace the prefix OLD of names in the image by NEW
    #[arg(long, value_name = "OLD=NEW", value_parser = Pair::parser())]
    each transform: Vec<Pair> => |content, pair| {
        Transformation::new(pair.name(), pair.value())
            .map(|transformation| content.transformations.push(transformation))
    };
    /// Put the store database FILE at /var/guix/db
    #[arg(long, value_name = "FILE")]
    each database: Option<OsString> => |content, file| content.database(file.as_bytes());
    /// Use the root file system of DIRECTORY instead of extra files
    #[arg(long, value_name = "DIRECTORY")]
    each root_system: Option<OsString> => |content, name| content.root_system(name.as_bytes());
    /// Set the owner of PATH in the image, with all below it
    #[arg(long, value_name = "PATH=UID:GID", value_parser = Pair::parser())]
    each ownership: Vec<Pair> => |content, pair| {
        pair.ownership().map(|ownership| content.ownership.push(ownership))
    };
    /// Permissions in layers of paths: Guix's, where group and others may do what the
    /// user may, but for writing, or those on disk
    #[arg(long, value_name = "HOW", default_value = Modes::default().word(),
          value_parser = word::<Modes>())]
    whole modes: Modes => |content, modes| content.modes = *modes;
    /// Extended attributes: drop all, or keep those of users and capabilities
    #[arg(long, value_name = "HOW", default_value = Xattrs::default().word(),
          value_parser = word::<Xattrs>())]
    whole xattrs: Xattrs => |content, xattrs| content.xattrs = *xattrs;
    /// Names that begin with .wh., by which engines delete files
    #[arg(long, value_name = "HOW", default_value = Whiteouts::default().word(),
          value_parser = word::<Whiteouts>())]
    whole whiteouts: Whiteouts => |content, whiteouts| content.whiteouts = *whiteouts;
}

options! {
    /// Options of the image's layers.
    LayersOptions for Layers, "Layers":
    /// Make a layered image of at most N layers, 2 or more
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    each max_layers: Option<i64> => |layers, count| layers.max_layers(*count);
    /// Policy for the paths that share a layer: the largest have layers of their own, or
    /// those that change together share one
    #[arg(long, value_name = "HOW", default_value = Layering::default().word(),
          value_parser = word::<Layering>())]
    whole layering: Layering => |layers, layering| layers.layering = *layering;
    /// Use the references graph FILE for the layers, without adding its items
    #[arg(long, value_name = "FILE")]
    none references_graph: Vec<OsString>;
    /// Begin layers with the directories above their paths
    #[arg(long)]
    whole parent_directories: bool => |layers, wanted| layers.parent_directories = *wanted;
    /// Build on top of the base image IMAGE
    #[arg(long, value_name = "IMAGE")]
    each base: Option<OsString> => |layers, name| layers.base(name.as_bytes());
    /// Name of the base image, if its file has several
    #[arg(long, value_name = "REFERENCE")]
    each base_name: Option<OsString> => |layers, name| layers.base_name(name.as_bytes());
    /// Reuse layers of this OCI layout [default: the output layout]
    #[arg(long, value_name = "LAYOUT")]
    list reuse: Vec<OsString> => |layers, names| layers.reuse(names);
    /// Reuse no layers
    #[arg(long, conflicts_with = "reuse")]
    flag no_reuse: bool => |layers, _nothing| layers.reuse::<&[u8]>(&[]);
    /// Assume that paths never change, like store items; reuse layers without reading them
    #[arg(long)]
    whole immutable_paths: bool => |layers, immutable| layers.immutable_paths = *immutable;
}

options! {
    /// Options of the image's metadata.
    MetadataOptions for Metadata, "Metadata":
    /// Image reference, such as host:5000/team/app:1.2
    #[arg(short = 't', long, value_name = "REFERENCE")]
    each name: Vec<OsString> => |metadata, name| metadata.names(&[name.as_bytes()]);
    /// Name of the repository, made to follow Docker's rules [default: guix]
    #[arg(long, value_name = "NAME")]
    each repository: Option<OsString> => |metadata, name| metadata.repository(name.as_bytes());
    /// System that the files are for, a GNU triplet or its first component
    /// [default: this machine's]
    #[arg(short, long, value_name = "SYSTEM")]
    each system: Option<OsString> => |metadata, triplet| metadata.system(triplet.as_bytes());
    /// Variant of the architecture, such as v7
    #[arg(long, value_name = "VARIANT")]
    each variant: Option<OsString> => |metadata, variant| metadata.variant(variant.as_bytes());
    /// Time of creation: seconds since 1970, now, or source-date-epoch for
    /// SOURCE_DATE_EPOCH in the environment [default: now]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    each creation_time: Option<CreationTime> => |metadata, time| {
        time.seconds().and_then(|seconds| match seconds {
            Some(seconds) => Ok(metadata.creation_time(seconds)?),
            None => Ok(()),
        })
    };
    /// Author of the image
    #[arg(long, value_name = "NAME")]
    each author: Option<OsString> => |metadata, author| metadata.author(author.as_bytes());
    /// Label: key/value metadata in the configuration
    #[arg(long, value_name = "NAME=VALUE", value_parser = Pair::parser())]
    each label: Vec<Pair> => |metadata, pair| metadata.label(pair.name(), pair.value());
    /// Annotation of an OCI image's manifest
    #[arg(long, value_name = "NAME=VALUE", value_parser = Pair::parser())]
    each annotation: Vec<Pair> => |metadata, pair| metadata.annotation(pair.name(), pair.value());
    /// History: an entry about each layer, Guix's one entry, or none
    #[arg(long, value_name = "HOW", default_value = History::default().word(),
          value_parser = word::<History>())]
    whole history: History => |metadata, history| metadata.history = *history;
    /// Keys of a Docker archive's configuration: as Guix writes them, or as the
    /// specification has them
    #[arg(long, value_name = "HOW", default_value = ConfigKeys::default().word(),
          value_parser = word::<ConfigKeys>())]
    whole config_keys: ConfigKeys => |metadata, keys| metadata.config_keys = *keys;
    /// JSON object that is merged into the configuration last (RFC 7396)
    #[arg(long, value_name = "JSON")]
    each config: Option<OsString> => |metadata, json| metadata.config(json.as_bytes());
}

options! {
    /// Options of containers.
    ContainerOptions for Container, "Containers":
    /// Word of the entry point; repeat it for arguments
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    list entry_point: Vec<OsString> => |container, words| container.entry_point(words);
    /// Word of the command, or of the entry point's default arguments; repeat it
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    list cmd: Vec<OsString> => |container, words| container.cmd(words);
    /// Variable of the environment
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = Pair::parser())]
    each env: Vec<Pair> => |container, pair| container.variable(pair.name(), pair.value());
    /// User of containers: USER or USER:GROUP, by names or numbers
    #[arg(short, long, value_name = "USER")]
    each user: Option<OsString> => |container, user| container.user(user.as_bytes());
    /// Working directory of containers
    #[arg(short, long, value_name = "DIRECTORY")]
    each working_directory: Option<OsString> => |container, name| {
        container.working_directory(name.as_bytes())
    };
    /// Port that containers listen at: PORT, PORT/tcp, PORT/udp or PORT/sctp
    #[arg(long, value_name = "PORT")]
    each expose: Vec<OsString> => |container, port| container.exposed_ports(&[port.as_bytes()]);
    /// Directory for containers' data
    #[arg(long, value_name = "DIRECTORY")]
    each volume: Vec<OsString> => |container, name| container.volumes(&[name.as_bytes()]);
    /// Signal that ends containers
    #[arg(long, value_name = "SIGNAL")]
    each stop_signal: Option<OsString> => |container, signal| {
        container.stop_signal(signal.as_bytes())
    };
    /// Health check: JSON in Docker's form
    #[arg(long, value_name = "JSON")]
    each health_check: Option<OsString> => |container, json| {
        container.health_check(json.as_bytes())
    };
}
