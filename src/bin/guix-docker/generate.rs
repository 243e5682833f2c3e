// SPDX-License-Identifier: GPL-3.0-or-later

//! Completions and manual pages, from what the options are.

use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::failure::{self, Failure, Outcome};
use crate::options::{Cli, NAME};

/// Prints the completions of `shell`.
pub fn completions(shell: Shell) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), NAME, &mut script);
    failure::print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Fine)
}

/// Writes a manual page for the program and one for each command.
pub fn manual(directory: &Path) -> Result<Outcome, Failure> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    page(&program, directory)?;
    for command in program.get_subcommands() {
        page(command, directory)?;
    }
    Ok(Outcome::Fine)
}

fn page(command: &Command, directory: &Path) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or(NAME).to_owned();
    let file = directory.join(format!("{name}.1"));
    let page = clap_mangen::Man::new(command.clone()).title(name.to_uppercase());
    let mut text = Vec::new();
    page.render(&mut text)
        .and_then(|()| fs::write(&file, &text))
        .map_err(|error| Failure::io(format!("writing {file:?}"), &error))
}
