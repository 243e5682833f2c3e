// SPDX-License-Identifier: GPL-3.0-or-later

//! The program as a process: signals, terminals, what is generated.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::Scratch;
use crate::{failed, fine, guix_docker, name, program};

const SLOWLY: [&str; 2] = ["--compressor=gzip -9", "--threads=1"];

/// How often the same megabyte comes: further apart than gzip looks.
const COPIES: usize = 80;

/// An item that takes some seconds to compress by [`SLOWLY`].
fn large_item(scratch: &Scratch) -> String {
    let mut state = 1u32;
    let bytes: Vec<u8> = (0..1 << 20)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 28) as u8
        })
        .collect();
    scratch.file("large", &bytes.repeat(COPIES));
    name(scratch, "large")
}

/// Waits until `child` catches interrupts, or has ended.
fn wait_for_handlers(child: &Child) {
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let caught = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))
            .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        let interrupts = 1 << (Signal::INT.as_raw() - 1);
        // A process that has ended has no memory.
        if caught.is_some_and(|mask| mask & interrupts != 0) || !status.contains("VmSize:") {
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn signals_leave_nothing_behind() {
    let scratch = Scratch::new();
    let item = large_item(&scratch);
    fs::create_dir(scratch.path("out")).unwrap();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        // Whatever this test itself was started to ignore.
        let mut command = Command::new("env");
        command
            .args(["--default-signal", env!("CARGO_BIN_EXE_guix-docker")])
            .args(["build", "-o", "out/image", &item])
            .args(SLOWLY)
            .current_dir(scratch.path(""));
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for_handlers(&child);
        kill_process(Pid::from_child(&child), signal).unwrap();
        let said = failed(child.wait_with_output().unwrap(), code);
        assert_eq!(said, "interrupted\n");
        assert_eq!(fs::read_dir(scratch.path("out")).unwrap().count(), 0);
    }
    // As nohup wants it.
    let child = Command::new("env")
        .args(["--ignore-signal=HUP", env!("CARGO_BIN_EXE_guix-docker")])
        .args(["build", "-q", "-o", "out/image", &item])
        .args(SLOWLY)
        .current_dir(scratch.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_handlers(&child);
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    fine(child.wait_with_output().unwrap());
}

#[test]
fn progress_is_for_terminals_or_for_logs() {
    let scratch = Scratch::new();
    let item = large_item(&scratch);
    let build = [
        "build",
        "-o",
        "image",
        "--compressor=gzip -9",
        item.as_str(),
    ];
    // Nothing to a pipe, unless lines are asked for.
    let output = guix_docker(&scratch, &build);
    assert!(output.stderr.is_empty());
    // A command that begins to read when a line is due.
    scratch.file("slow", b"#!/bin/sh\nsleep 4\nexec cat\n");
    scratch.mode("slow", 0o755);
    let slow = format!("--compressor={}", name(&scratch, "slow"));
    let arguments = ["build", "-o", "image", "--progress=plain", &slow, &item];
    let plain = guix_docker(&scratch, &arguments);
    let lines = String::from_utf8(plain.stderr).unwrap();
    assert!(
        !lines.contains(|c: char| c.is_control() && c != '\n'),
        "{lines:?}"
    );
    assert!(
        lines.starts_with("writing: ") && lines.contains(" s left"),
        "{lines}"
    );
    let quiet = guix_docker(
        &scratch,
        &[&build[..], &["--progress=plain", "-q"]].concat(),
    );
    assert!(quiet.stderr.is_empty());
    // A bar on a terminal, which is gone in the end.
    let words: Vec<String> = [env!("CARGO_BIN_EXE_guix-docker")]
        .iter()
        .chain(&build)
        .map(|word| format!("'{word}'"))
        .collect();
    let on_terminal = |more: &str| {
        let script = Command::new("script")
            .args(["--quiet", "--return", "--command"])
            .args([&format!("{}{more}", words.join(" ")), "/dev/null"])
            .env("TERM", "xterm")
            .current_dir(scratch.path(""))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&script.stdout).into_owned();
        assert!(script.status.success(), "{shown}");
        shown
    };
    let shown = on_terminal("");
    assert!(
        shown.contains("writing [") && shown.contains("/s,"),
        "{shown:?}"
    );
    let shown = on_terminal(" -q");
    assert!(!shown.contains("writing"), "{shown:?}");
}

#[test]
fn help_manual_and_completions_tell_all_options() {
    let scratch = Scratch::new();
    let help = fine(guix_docker(&scratch, &["build", "--help"]));
    let options: Vec<&str> = help
        .split_whitespace()
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .map(|word| {
            word.trim_end_matches([',', '.', '[', ']'])
                .split(['[', '='])
                .next()
                .unwrap()
        })
        .collect();
    assert!(options.len() > 45, "{options:?}");
    fs::create_dir(scratch.path("man")).unwrap();
    fine(guix_docker(&scratch, &["man", "man"]));
    let page = String::from_utf8(scratch.read("man/guix-docker-build.1")).unwrap();
    let page = page.replace("\\-", "-");
    for shell in ["bash", "zsh", "fish"] {
        let script = fine(guix_docker(&scratch, &["completions", shell]));
        for option in ["--max-layers", "--label", "--closure-of", "--health-check"] {
            let option = if shell == "fish" {
                &option[2..]
            } else {
                option
            };
            assert!(script.contains(option), "{shell}: {option}");
        }
        assert!(!script.contains("completions"), "{shell}");
    }
    for option in ["--max-layers", "--label", "--closure-of", "--health-check"] {
        assert!(
            options.contains(&option) && page.contains(option),
            "{option}"
        );
    }
    for command in ["inspect", "diff", "check", "merge"] {
        assert!(
            scratch
                .path(&format!("man/guix-docker-{command}.1"))
                .exists()
        );
        let help = fine(guix_docker(&scratch, &[command, "--help"]));
        assert!(help.contains("Examples:"), "{command}");
    }
    let main = String::from_utf8(scratch.read("man/guix-docker.1")).unwrap();
    assert!(main.contains("guix\\-docker\\-inspect(1)") && main.contains("Exit codes"));
    let version = fine(guix_docker(&scratch, &["--version"]));
    assert_eq!(
        version,
        format!("guix-docker {}\n", env!("CARGO_PKG_VERSION"))
    );
    // Whoever reads it may go.
    let mut child = program(&scratch)
        .arg("--help")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_ne!(child.wait().unwrap().code(), Some(101));
}

#[test]
fn waiting_for_another_build_is_told() {
    let scratch = Scratch::new();
    let item = scratch.file("item", b"content");
    fs::create_dir(scratch.path("layout")).unwrap();
    let file = scratch.file("layout/.guix-docker.lock", b"");
    for quiet in [false, true] {
        let locked = fs::File::open(&file).unwrap();
        rustix::fs::flock(&locked, rustix::fs::FlockOperation::LockExclusive).unwrap();
        let mut command = program(&scratch);
        command.args(["build", "-o", "layout", "--format", "oci"]);
        command
            .arg(&item)
            .stderr(Stdio::piped())
            .stdout(Stdio::null());
        if quiet {
            command.arg("--quiet");
        }
        let mut build = command.spawn().unwrap();
        let mut lines = BufReader::new(build.stderr.take().unwrap()).lines();
        if quiet {
            drop(locked);
            assert!(lines.next().is_none());
        } else {
            let line = lines.next().unwrap().unwrap();
            let layout = fs::canonicalize(scratch.path("layout")).unwrap();
            let expected = format!(
                "guix-docker: {layout:?}: another build writes to this layout; waiting for its end"
            );
            assert_eq!(line, expected);
            drop(locked);
            // Once.
            assert!(lines.next().is_none());
        }
        assert!(build.wait().unwrap().success());
        fs::write(&file, b"").unwrap();
    }
}
