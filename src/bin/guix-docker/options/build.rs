// SPDX-License-Identifier: GPL-3.0-or-later

//! What `build` takes: an option for every parameter of the library.

use std::ffi::OsString;

use clap::Args;

use super::ProgressOptions;
use super::values::{
    ConfigKeysWord, CreationTime, FormatWord, HistoryWord, LayeringWord, ModesWord, Pair,
    WhiteoutsWord, XattrsWord,
};

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
    /// The file to write, the directory of an OCI layout, or - for the standard
    /// output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: OsString,
    /// How the image is laid out
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "docker-archive",
        help_heading = "Output"
    )]
    pub format: FormatWord,
    /// What compresses the image, or in OCI formats each layer: none, "gzip -9",
    /// "zstd -19", or for Docker archives another command that reads its
    /// standard input [default: none, in OCI formats gzip]
    #[arg(long, value_name = "COMMAND", help_heading = "Output")]
    pub compressor: Option<OsString>,
    /// Print a report of the image as JSON
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Have the digest of the archive in the report
    #[arg(long, requires = "json", help_heading = "Output")]
    pub archive_digest: bool,

    /// Add PATH and all that it refers to, as the guix-daemon knows it
    #[arg(long, value_name = "PATH", help_heading = "Content")]
    pub closure_of: Vec<OsString>,
    /// Add all items of FILE, which says what refers to what as the daemon
    /// writes it for #:references-graphs
    #[arg(long, value_name = "FILE", help_heading = "Content")]
    pub references: Vec<OsString>,
    /// The item that the image is about [default: the first path of --closure-of,
    /// or the first PATH]
    #[arg(long, value_name = "PATH", help_heading = "Content")]
    pub prefix: Option<OsString>,
    /// Make a directory in the image, with permissions in octal digits
    #[arg(long, value_name = "NAME[=MODE]", value_parser = Pair::optional_parser(),
          help_heading = "Content")]
    pub directory: Vec<Pair>,
    /// Make a file in the image
    #[arg(long, value_name = "NAME[=CONTENT]", value_parser = Pair::optional_parser(),
          help_heading = "Content")]
    pub file: Vec<Pair>,
    /// Make a symbolic link in the image
    #[arg(short = 'S', long, value_name = "NAME=TARGET", value_parser = Pair::parser(),
          help_heading = "Content")]
    pub symlink: Vec<Pair>,
    /// Replace the prefix OLD of names in the image by NEW
    #[arg(long, value_name = "OLD=NEW", value_parser = Pair::parser(), help_heading = "Content")]
    pub transform: Vec<Pair>,
    /// Put the store database FILE at /var/guix/db
    #[arg(long, value_name = "FILE", help_heading = "Content")]
    pub database: Option<OsString>,
    /// Have the root file system of DIRECTORY instead of extra files
    #[arg(long, value_name = "DIRECTORY", help_heading = "Content")]
    pub root_system: Option<OsString>,
    /// Whom PATH in the image, with all below it, belongs to
    #[arg(long, value_name = "PATH=UID:GID", value_parser = Pair::parser(),
          help_heading = "Content")]
    pub ownership: Vec<Pair>,
    /// Permissions in layers of paths: group and others may do what the user
    /// may, but for writing, or those on disk
    #[arg(
        long,
        value_name = "HOW",
        default_value = "reference",
        help_heading = "Content"
    )]
    pub modes: ModesWord,
    /// Extended attributes: leave them out, or keep those of users and
    /// capabilities
    #[arg(
        long,
        value_name = "HOW",
        default_value = "drop",
        help_heading = "Content"
    )]
    pub xattrs: XattrsWord,
    /// Names that begin with .wh., by which engines delete files
    #[arg(
        long,
        value_name = "HOW",
        default_value = "refuse",
        help_heading = "Content"
    )]
    pub whiteouts: WhiteoutsWord,

    /// Make a layered image of at most N layers, 2 or more
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        help_heading = "Layers"
    )]
    pub max_layers: Option<i64>,
    /// Which paths share a layer: the largest have layers of their own, or what
    /// changes together shares one
    #[arg(
        long,
        value_name = "HOW",
        default_value = "size",
        help_heading = "Layers"
    )]
    pub layering: LayeringWord,
    /// A file that says what refers to what, of whose items only those are added
    /// that are named otherwise
    #[arg(long, value_name = "FILE", help_heading = "Layers")]
    pub references_graph: Vec<OsString>,
    /// Begin layers with the directories above their paths
    #[arg(long, help_heading = "Layers")]
    pub parent_directories: bool,
    /// Put the layers of IMAGE first
    #[arg(long, value_name = "IMAGE", help_heading = "Layers")]
    pub base: Option<OsString>,
    /// What that image is called, of several
    #[arg(long, value_name = "REFERENCE", help_heading = "Layers")]
    pub base_name: Option<OsString>,
    /// Take layers over from this OCI layout [default: the one that is written
    /// to]
    #[arg(long, value_name = "LAYOUT", help_heading = "Layers")]
    pub reuse: Vec<OsString>,
    /// Take no layers over
    #[arg(long, conflicts_with = "reuse", help_heading = "Layers")]
    pub no_reuse: bool,
    /// Believe that paths never change under their names, as those of a store
    #[arg(long, help_heading = "Layers")]
    pub immutable_paths: bool,

    /// A whole reference, such as host:5000/team/app:1.2
    #[arg(short = 't', long, value_name = "REFERENCE", help_heading = "Metadata")]
    pub name: Vec<OsString>,
    /// The name of the repository, made to follow Docker's rules [default: guix]
    #[arg(long, value_name = "NAME", help_heading = "Metadata")]
    pub repository: Option<OsString>,
    /// The system that it runs on, a GNU triplet or its first component
    /// [default: this machine's]
    #[arg(short, long, value_name = "SYSTEM", help_heading = "Metadata")]
    pub system: Option<OsString>,
    /// The variant of the architecture, such as v7
    #[arg(long, value_name = "VARIANT", help_heading = "Metadata")]
    pub variant: Option<OsString>,
    /// When it was made: seconds since 1970, now, or source-date-epoch for
    /// SOURCE_DATE_EPOCH in the environment [default: now]
    #[arg(
        long,
        value_name = "TIME",
        allow_negative_numbers = true,
        help_heading = "Metadata"
    )]
    pub creation_time: Option<CreationTime>,
    /// Who made it
    #[arg(long, value_name = "NAME", help_heading = "Metadata")]
    pub author: Option<OsString>,
    /// What is to be known of it, by name
    #[arg(long, value_name = "NAME=VALUE", value_parser = Pair::parser(),
          help_heading = "Metadata")]
    pub label: Vec<Pair>,
    /// An annotation of an OCI image's manifest
    #[arg(long, value_name = "NAME=VALUE", value_parser = Pair::parser(),
          help_heading = "Metadata")]
    pub annotation: Vec<Pair>,
    /// The history: an entry about each layer, Guix's one entry, or none
    #[arg(
        long,
        value_name = "HOW",
        default_value = "layers",
        help_heading = "Metadata"
    )]
    pub history: HistoryWord,
    /// Keys of a Docker archive's configuration: as Guix writes them, or as the
    /// specification has them
    #[arg(
        long,
        value_name = "HOW",
        default_value = "reference",
        help_heading = "Metadata"
    )]
    pub config_keys: ConfigKeysWord,
    /// JSON that is merged into the configuration last (RFC 7396)
    #[arg(long, value_name = "JSON", help_heading = "Metadata")]
    pub config: Option<OsString>,

    /// A word of the command that containers run; repeat it for its arguments
    #[arg(
        long,
        value_name = "WORD",
        allow_hyphen_values = true,
        help_heading = "Containers"
    )]
    pub entry_point: Vec<OsString>,
    /// A word of the default arguments, or of the command if there is no entry
    /// point; repeat it
    #[arg(
        long,
        value_name = "WORD",
        allow_hyphen_values = true,
        help_heading = "Containers"
    )]
    pub cmd: Vec<OsString>,
    /// A variable of the environment
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = Pair::parser(),
          help_heading = "Containers")]
    pub env: Vec<Pair>,
    /// Who runs it: USER or USER:GROUP, by names or numbers
    #[arg(short, long, value_name = "USER", help_heading = "Containers")]
    pub user: Option<OsString>,
    /// Where it runs
    #[arg(short, long, value_name = "DIRECTORY", help_heading = "Containers")]
    pub working_directory: Option<OsString>,
    /// A port that it listens at: PORT, PORT/tcp, PORT/udp or PORT/sctp
    #[arg(long, value_name = "PORT", help_heading = "Containers")]
    pub expose: Vec<OsString>,
    /// A directory that holds its data
    #[arg(long, value_name = "DIRECTORY", help_heading = "Containers")]
    pub volume: Vec<OsString>,
    /// What tells it to end
    #[arg(long, value_name = "SIGNAL", help_heading = "Containers")]
    pub stop_signal: Option<OsString>,
    /// How to find out whether it works: JSON in Docker's form
    #[arg(long, value_name = "JSON", help_heading = "Containers")]
    pub health_check: Option<OsString>,

    /// How many threads to use; 0 for as many as there are processors
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Running")]
    pub threads: usize,
    #[command(flatten)]
    pub progress: ProgressOptions,
}
