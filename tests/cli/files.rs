// SPDX-License-Identifier: GPL-3.0-or-later

//! Pictures and pages as files: complete or not at all, with the mode and the
//! links of what they replace.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use crate::common::Scratch;
use crate::stranger::{layer, plain, run};
use crate::{failed, fine};

/// Commands that write two files and one.
const INSPECT: &[&str] = &["inspect", "--map", "map", "--html", "page", "image.tar"];
const DIFF: &[&str] = &["diff", "--map", "diff", "image.tar", "image.tar"];

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    plain(&scratch, "image.tar", &layer(["a", "b"], b"content"));
    scratch
}

fn names(scratch: &Scratch) -> Vec<String> {
    let entries = fs::read_dir(scratch.path("")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn a_full_disk_leaves_the_old_files() {
    let scratch = scratch();
    for file in ["map", "page", "diff"] {
        scratch.file(file, b"old");
    }
    let before = names(&scratch);
    // As on a full disk: no file may have more than 512 or 1024 bytes.
    let full = "trap '' XFSZ; ulimit -f 1;";
    for (arguments, file) in [(INSPECT, "map"), (DIFF, "diff")] {
        let said = failed(run(&scratch, full, arguments), 1);
        assert!(said.starts_with(&format!("writing \"{file}\": ")), "{said}");
        assert!(said.contains("; make room"), "{said}");
    }
    // The map fits, but the page does not, and neither is written.
    let said = failed(run(&scratch, "trap '' XFSZ; ulimit -f 12;", INSPECT), 1);
    assert!(said.starts_with("writing \"page\": "), "{said}");
    for file in ["map", "page", "diff"] {
        assert_eq!(scratch.read(file), b"old", "{file}");
    }
    assert_eq!(names(&scratch), before);
    let said = failed(
        run(
            &scratch,
            "",
            &["inspect", "--map", "/dev/full", "image.tar"],
        ),
        1,
    );
    assert!(said.starts_with("writing \"/dev/full\": "), "{said}");
}

#[test]
fn modes_and_links_stay() {
    let scratch = scratch();
    scratch.file("map", b"old");
    scratch.mode("map", 0o640);
    scratch.file("elsewhere/page", b"old");
    scratch.mode("elsewhere/page", 0o604);
    symlink("elsewhere/page", scratch.path("page")).unwrap();
    symlink("elsewhere/new", scratch.path("diff")).unwrap();
    fine(run(&scratch, "umask 027;", INSPECT));
    fine(run(&scratch, "umask 027;", DIFF));
    for (file, mode) in [
        ("map", 0o640),
        ("elsewhere/page", 0o604),
        ("elsewhere/new", 0o640),
    ] {
        let metadata = fs::symlink_metadata(scratch.path(file)).unwrap();
        assert!(metadata.is_file() && metadata.len() > 1000, "{file}");
        assert_eq!(metadata.permissions().mode() & 0o7777, mode, "{file}");
    }
    for link in ["page", "diff"] {
        assert!(scratch.path(link).is_symlink(), "{link}");
    }
    // A file that may not be written to is not replaced either.
    scratch.mode("map", 0o444);
    if fs::metadata(scratch.path("map")).unwrap().uid() != 0 {
        let said = failed(run(&scratch, "", INSPECT), 1);
        assert!(said.contains("\"map\": Permission denied"), "{said}");
    }
    fs::create_dir(scratch.path("directory")).unwrap();
    for name in ["directory", "none/map"] {
        let said = failed(
            run(&scratch, "", &["inspect", "--map", name, "image.tar"]),
            1,
        );
        assert!(said.starts_with(&format!("writing \"{name}\": ")), "{said}");
        assert!(!said.contains("--output"), "{said}");
    }
}

#[test]
fn streams_are_written_to() {
    let scratch = scratch();
    fine(run(&scratch, "", INSPECT));
    let map = scratch.read("map");
    let to_stdout = ["inspect", "--map", "/dev/stdout", "image.tar"];
    // A pipe.
    assert!(run(&scratch, "", &to_stdout).stdout == map);
    // A file: what is open is written to, and not replaced.
    let inode = scratch.file("out", b"");
    let inode = || fs::metadata(&inode).unwrap().ino();
    let before = inode();
    fine(run(&scratch, "exec >out;", &to_stdout));
    assert!(scratch.read("out") == map && inode() == before);
    fine(run(
        &scratch,
        "",
        &["inspect", "--map", "/dev/null", "image.tar"],
    ));
    // A FIFO.
    let script = "mkfifo fifo; cat fifo >copy & \"$0\" \"$@\" && wait";
    let output = Command::new("/bin/sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_guix-docker")])
        .args(["inspect", "--map", "fifo", "image.tar"])
        .current_dir(scratch.path(""))
        .output()
        .unwrap();
    fine(output);
    assert!(scratch.read("copy") == map);
}
