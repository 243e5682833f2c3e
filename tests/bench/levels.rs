// SPDX-License-Identifier: GPL-3.0-or-later

//! What gzip's levels are mapped by: the size and speed of each level of
//! libdeflate over real trees, by itself and as this library uses it, beside
//! GNU gzip's.
//!
//! usage: cargo bench --bench levels [-- [--level N] [--pieces] [DIRECTORY...]]
//!
//! N is the level of gzip, 9 by default.  `--pieces` compares sizes of pieces
//! instead of levels.  Without a DIRECTORY, those of this machine that have
//! much of one kind of data are taken.  Sizes are in percent of what gzip
//! makes, more or less; speeds in MB/s, on one thread.

use std::fs::File;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use guix_docker::request::Compressor;
use guix_docker::{Request, build};
use libdeflater::CompressionLvl;
use tempfile::TempDir;

/// Trees of one kind of data each.
const TREES: [(&str, &str); 12] = [
    ("headers", "/usr/include"),
    ("Scheme", "/usr/share/guile"),
    ("Perl", "/usr/share/perl"),
    ("documents", "/usr/share/doc"),
    ("manuals, packed", "/usr/share/man"),
    ("locale data", "/usr/share/locale"),
    ("character maps", "/usr/share/i18n"),
    ("Python", "/usr/lib/python3"),
    ("JavaScript", "/usr/share/nodejs"),
    ("programs", "/usr/bin"),
    ("libraries", "/usr/lib/x86_64-linux-gnu"),
    ("compilers", "/usr/lib/gcc"),
];

/// So much of a tree is taken, in bytes.
const MOST: u64 = 64 << 20;

/// Trees with less are left out: a few files say little.
const LEAST: u64 = 4 << 20;

/// The size of the pieces that levels are compared with, in bytes, and those
/// that are compared with each other.
const PIECE: usize = 4 << 20;
const PIECES: [usize; 5] = [256 << 10, 1 << 20, 2 << 20, 4 << 20, 16 << 20];

fn main() {
    let mut level = "9".to_owned();
    let mut pieces = false;
    let mut trees: Vec<(String, String)> = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--level" => level = arguments.next().expect("--level takes a number"),
            "--pieces" => pieces = true,
            directory => trees.push((directory.to_owned(), directory.to_owned())),
        }
    }
    if trees.is_empty() {
        trees = TREES.map(|(name, path)| (name.into(), path.into())).into();
    }
    let columns: Vec<(String, i32, usize)> = if pieces {
        let column = |&size: &usize| (format!("{} KiB", size >> 10), 6, size);
        PIECES.iter().map(column).collect()
    } else {
        (3..=9)
            .map(|level| (format!("libdeflate {level}"), level, PIECE))
            .collect()
    };
    print!("| tree | MB | gzip -{level} | guix-docker |");
    columns.iter().for_each(|(name, ..)| print!(" {name} |"));
    println!("\n|---|{}", "---:|".repeat(columns.len() + 3));
    for (name, directory) in trees {
        if Path::new(&directory).is_dir() {
            row(&name, Path::new(&directory), &level, &columns);
        }
    }
}

/// Prints a tree's row of the table.
fn row(name: &str, directory: &Path, level: &str, columns: &[(String, i32, usize)]) {
    let scratch = TempDir::new().unwrap();
    let whole = scratch.path().join("whole");
    image(&whole, directory, &[]);
    let mut data = Vec::new();
    let whole = File::open(&whole).unwrap();
    whole.take(MOST).read_to_end(&mut data).unwrap();
    let megabytes = data.len() as f64 / 1e6;
    if (data.len() as u64) < LEAST {
        return;
    }
    let speed = |time: Duration| format!("{:.0}", megabytes / time.as_secs_f64());
    let (gzip, time) = gzip(level, &data);
    print!("| {name} | {megabytes:.0} | 100, {} |", speed(time));
    let against_gzip = |size: usize| format!("{:+.2}", (size as f64 / gzip as f64 - 1.0) * 100.0);

    // As an item of one file, whose headers hardly count.
    let item = scratch.path().join("item");
    std::fs::write(&item, &data).unwrap();
    let output = scratch.path().join("image");
    let begin = Instant::now();
    let size = image(&output, &item, &["gzip", &format!("-{level}")]);
    print!(" {}, {} |", against_gzip(size), speed(begin.elapsed()));

    for &(_, level, piece) in columns {
        let begin = Instant::now();
        let mut compressor = libdeflater::Compressor::new(CompressionLvl::new(level).unwrap());
        let mut out = vec![0; compressor.deflate_compress_bound(piece)];
        let size: usize = data
            .chunks(piece)
            .map(|piece| compressor.deflate_compress(piece, &mut out).unwrap())
            .sum();
        print!(" {}, {} |", against_gzip(size), speed(begin.elapsed()));
    }
    println!();
}

/// Makes an image of `path` on one thread and returns its size.
fn image(name: &Path, path: &Path, compressor: &[&str]) -> usize {
    let bytes = |path: &Path| path.as_os_str().as_bytes().to_vec();
    let mut request = Request::new(&bytes(name), &[bytes(path)], b"prefix").unwrap();
    request.output.compressor = Compressor::from_command(compressor).unwrap();
    request.running.threads(1);
    let report = build(&request, &mut |_| ControlFlow::Continue(())).unwrap();
    report.archive_size as usize
}

/// The size of what GNU gzip makes of `data`, and how long it takes.
fn gzip(level: &str, data: &[u8]) -> (usize, Duration) {
    let begin = Instant::now();
    let mut child = Command::new("gzip")
        .arg(format!("-{level}n"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gzip is not installed");
    let mut input = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(data).unwrap());
        child.wait_with_output().unwrap()
    });
    (output.stdout.len(), begin.elapsed())
}
