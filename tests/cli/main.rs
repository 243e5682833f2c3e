// SPDX-License-Identifier: GPL-3.0-or-later

//! The program, as it is run.

#[path = "../common/mod.rs"]
mod common;

mod build;
mod check;
mod closure;
mod documents;
mod files;
mod hidden;
mod large;
mod look;
mod overlay;
mod process;
mod record;
mod stranger;

use std::ffi::OsStr;
use std::process::{Command, Output};

use common::Scratch;
use serde_json::Value;

/// What running the program with `arguments` in `scratch` ends in.
fn guix_docker<S: AsRef<OsStr>>(scratch: &Scratch, arguments: &[S]) -> Output {
    program(scratch).args(arguments).output().unwrap()
}

/// The program, to be run in `scratch` with no environment but what it is
/// given.
fn program(scratch: &Scratch) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guix-docker"));
    command.current_dir(scratch.path("")).env_clear();
    command
}

/// The standard output of a run that was to end well.
fn fine(output: Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

/// The message of a run that was to end with an exit code.
fn failed(output: Output, code: i32) -> String {
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{error}");
    let message = error.strip_prefix("guix-docker: ");
    message.unwrap_or_else(|| panic!("{error}")).to_owned()
}

fn json(output: Output) -> Value {
    serde_json::from_str(&fine(output)).unwrap()
}

/// A name in `scratch` as text.
fn name(scratch: &Scratch, file: &str) -> String {
    scratch.path(file).into_os_string().into_string().unwrap()
}
