// SPDX-License-Identifier: GPL-3.0-or-later

//! The program `guix-docker`: images from the command line.
//!
//! Each command is a file of its own; [`options`] says what they take, and
//! from that come the help, the manual pages and the completions.  All modules
//! are public for `tests/fuzz/program`, a library of the same files, by which
//! fuzz targets reach them.

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "the library of these files is for tests")]

pub mod build;
pub mod check;
pub mod closure;
pub mod diff;
pub mod failure;
pub mod generate;
pub mod images;
pub mod inspect;
pub mod interrupt;
pub mod item;
pub mod json;
pub mod merge;
pub mod options;
pub mod picture;
pub mod progress;
pub mod publish;
pub mod survey;
pub mod table;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Subcommand};

use failure::{Failure, Outcome};
use options::{Cli, Command, Installation};

/// Runs the command that the command line asks for.
pub fn main() -> ExitCode {
    let program = Installation::augment_subcommands(Cli::command());
    let done = match program.try_get_matches() {
        Ok(matches) => run(&matches),
        Err(error) => return failure::usage(&error),
    };
    match done {
        Ok(outcome) => outcome.code(),
        Err(failure) => failure.tell(),
    }
}

fn run(matches: &ArgMatches) -> Result<Outcome, Failure> {
    if let Ok(part) = Installation::from_arg_matches(matches) {
        return match part {
            Installation::Completions { shell } => generate::completions(shell),
            Installation::Man { directory } => generate::manual(&directory),
        };
    }
    let cli = Cli::from_arg_matches(matches);
    let cli = cli.map_err(|error| Failure::Usage(error.to_string()))?;
    interrupt::watch()
        .map_err(|error| Failure::Other(format!("taking note of signals: {error}")))?;
    match cli.command {
        Command::Build(options) => {
            let order = options::order(matches);
            build::run(&options, &order)
        }
        Command::Inspect(options) => inspect::run(&options),
        Command::Diff(options) => diff::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Merge(options) => merge::run(&options),
    }
}
