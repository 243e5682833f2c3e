// SPDX-License-Identifier: GPL-3.0-or-later

//! The record of layers, where the environment says.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::common::Scratch;
use crate::{fine, name, program};

/// Builds an OCI archive with variables in the environment.
fn build(scratch: &Scratch, variables: &[(&str, &str)]) {
    let item = scratch.file("item", b"content");
    let mut command = program(scratch);
    command.envs(variables.iter().copied());
    command.args(["build", "-o", "image.tar", "--format", "oci-archive"]);
    fine(command.arg(item).output().unwrap());
}

#[test]
fn the_record_is_in_the_cache_directory() {
    let scratch = Scratch::new();
    let (cache, home) = (name(&scratch, "cache"), name(&scratch, "home"));
    fs::create_dir(&home).unwrap();
    build(&scratch, &[("XDG_CACHE_HOME", &cache), ("HOME", &home)]);
    let facts = |name: &str| fs::read_to_string(scratch.path(name)).unwrap();
    let first = facts("cache/guix-docker/layers");
    assert_eq!(first.lines().count(), 1);
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
    // The default, and what stands for it.
    for variables in [
        &[("HOME", home.as_str())][..],
        &[("XDG_CACHE_HOME", ""), ("HOME", &home)],
        &[("XDG_CACHE_HOME", "relative"), ("HOME", &home)],
    ] {
        build(&scratch, variables);
        assert_eq!(facts("home/.cache/guix-docker/layers"), first);
        let mode = fs::metadata(scratch.path("home/.cache")).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
        fs::remove_dir_all(scratch.path("home/.cache")).unwrap();
        assert!(!scratch.path("relative").exists());
    }
}

#[test]
fn without_a_place_nothing_is_recorded() {
    let scratch = Scratch::new();
    let names = |scratch: &Scratch| {
        let entries = fs::read_dir(scratch.path("")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    for variables in [
        &[][..],
        &[("HOME", "home")],
        &[("HOME", "/homeless-shelter")],
        &[("XDG_CACHE_HOME", "/dev/null")],
    ] {
        build(&scratch, variables);
        assert_eq!(names(&scratch), ["image.tar", "item"]);
    }
    // Of another user's home nothing is made.
    if rustix::process::geteuid().is_root() {
        let home = name(&scratch, "home");
        fs::create_dir(&home).unwrap();
        std::os::unix::fs::chown(&home, Some(65534), None).unwrap();
        build(&scratch, &[("HOME", &home)]);
        assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
    }
}

#[test]
fn whoever_calls_a_set_uid_program_does_not_say_where_the_record_is() {
    const NOBODY: u32 = 65534;
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: files are given to another user by root only");
        return;
    }
    let scratch = Scratch::new();
    let item = scratch.file("item", b"content");
    let copy = scratch.path("program");
    fs::copy(env!("CARGO_BIN_EXE_guix-docker"), &copy).unwrap();
    fs::create_dir(scratch.path("cache")).unwrap();
    for path in ["", "program", "cache"] {
        std::os::unix::fs::chown(scratch.path(path), Some(NOBODY), None).unwrap();
    }
    for (mode, caller) in [(0o4755, 0), (0o755, NOBODY)] {
        scratch.mode("program", mode);
        let mut command = Command::new(&copy);
        command
            .env_clear()
            .uid(caller)
            .current_dir(scratch.path(""));
        command.env("XDG_CACHE_HOME", scratch.path("cache"));
        command.args(["build", "-o", "image.tar", "--format", "oci-archive"]);
        fine(command.arg(&item).output().unwrap());
        let is_recorded = scratch.path("cache/guix-docker/layers").exists();
        assert_eq!(is_recorded, caller == NOBODY);
    }
}
