// SPDX-License-Identifier: GPL-3.0-or-later

//! What the program takes on its command line.

mod build;
mod look;
mod values;

use std::path::PathBuf;

use clap::{ArgMatches, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use build::BuildOptions;
pub use look::{CheckOptions, DiffOptions, InspectOptions, Selection};
pub use values::{Pair, bytes_of};

/// The name of the program.
pub const NAME: &str = "guix-docker";

const EXIT_CODES: &str = "\
Exit codes:
  0    it is done; for `check`, engines take the image
  1    it failed; for `check`, engines would refuse the image or lose files
  2    an option or an argument is wrong
  129, 130, 143
       stopped by SIGHUP, SIGINT (Ctrl-C) or SIGTERM, with nothing left behind";

/// Docker and OCI images from store items or any other files.
///
/// The same arguments and files give the same bytes on every machine: those
/// that GNU Guix's (guix docker) makes, many times faster.
#[derive(Parser)]
#[command(name = NAME, version, after_long_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Build an image
    Build(Box<BuildOptions>),
    /// Show what is in an image: layers, items, configuration, history
    Inspect(InspectOptions),
    /// Show what a push of one image costs where another one is
    Diff(DiffOptions),
    /// Check that engines take an image as it is meant
    Check(CheckOptions),
    /// Merge OCI layouts into one, as for several systems
    Merge(MergeOptions),
}

// What an installation needs of the program itself; a doc comment would become
// the program's own description.
#[derive(Subcommand)]
pub enum Installation {
    /// Print the completions of a shell
    #[command(hide = true)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages
    #[command(hide = true)]
    Man {
        /// The directory to write them to, which must be there
        directory: PathBuf,
    },
}

/// How far the work has come, for people.
#[derive(Args, Clone, Debug)]
pub struct ProgressOptions {
    /// How to show how far it has come: a bar if the standard error is a
    /// terminal, a line every few seconds, or nothing
    #[arg(
        long,
        value_name = "HOW",
        default_value = "auto",
        help_heading = "Running"
    )]
    pub progress: ProgressKind,
    /// Show no progress
    #[arg(short, long, help_heading = "Running")]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressKind {
    /// A bar on a terminal, else nothing.
    Auto,
    /// A line every few seconds.
    Plain,
    /// Nothing.
    None,
}

const MERGE_EXAMPLES: &str = "\
Examples:
  guix-docker merge -o all x86_64 aarch64.tar
  skopeo copy --all oci:all:app docker://registry.example/app";

#[derive(Args)]
#[command(after_help = MERGE_EXAMPLES)]
pub struct MergeOptions {
    /// OCI layouts, directories or archives
    #[arg(required = true, value_name = "LAYOUT")]
    pub layouts: Vec<std::ffi::OsString>,
    /// The layout, a directory, that is to have all their images as well
    #[arg(short, long, value_name = "DIRECTORY")]
    pub output: std::ffi::OsString,
    #[command(flatten)]
    pub progress: ProgressOptions,
}

/// Options whose order among each other matters: the extra files.
pub const ORDERED: [&str; 3] = ["directory", "file", "symlink"];

/// In which order the extra files were given: for each, its option and its
/// number among those of that option.
pub fn order(matches: &ArgMatches) -> Vec<(&'static str, usize)> {
    let Some((_, matches)) = matches.subcommand() else {
        return Vec::new();
    };
    let mut order: Vec<(usize, &str, usize)> = Vec::new();
    for option in ORDERED {
        let indices = matches.indices_of(option).into_iter().flatten();
        order.extend(
            indices
                .enumerate()
                .map(|(number, index)| (index, option, number)),
        );
    }
    order.sort_unstable();
    let order = order.into_iter();
    order.map(|(_, option, number)| (option, number)).collect()
}
