// SPDX-License-Identifier: GPL-3.0-or-later

//! The parts of a build by themselves: `cargo bench`.

#![allow(missing_docs)] // of what the macros make

use std::fs;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use guix_docker::digest::{Sha256, update_both};
use guix_docker::input::FileSystem;
use guix_docker::request::Compressor;
use guix_docker::tar::{self, HeaderFields, MemberType, Owner, OwnerNames};
use guix_docker::{Job, Progress, Request, build, plan};
use tempfile::TempDir;

/// Files in the tree that is walked, in directories of a hundred.
const FILES: usize = 2000;

/// Bytes of the file that is hashed and compressed.
const SIZE: usize = 16 << 20;

/// The headers of a member with a short and with a long name.
fn headers(c: &mut Criterion) {
    let mut group = c.benchmark_group("headers");
    for length in [60, 160] {
        let name = vec![b'n'; length];
        let entry = HeaderFields {
            name: &name,
            link: b"",
            kind: MemberType::File,
            mode: 0o444,
            owner: Owner::default(),
            size: 12345,
            device: None,
            owner_names: OwnerNames::None,
            xattrs: &[],
        };
        group.bench_with_input(BenchmarkId::new("name", length), &entry, |b, entry| {
            let mut bytes = Vec::new();
            b.iter(|| {
                bytes.clear();
                tar::push_headers(black_box(entry), &mut bytes);
                black_box(&bytes);
            })
        });
    }
}

/// SHA-256 of one message, and of two at once.
fn hashes(c: &mut Criterion) {
    let message = vec![7; 256 << 10];
    let mut group = c.benchmark_group("hashes");
    group.throughput(Throughput::Bytes(message.len() as u64));
    group.bench_function("one", |b| {
        let mut hash = Sha256::default();
        b.iter(|| hash.update(black_box(&message)))
    });
    group.throughput(Throughput::Bytes(2 * message.len() as u64));
    group.bench_function("two", |b| {
        let (mut one, mut other) = (Sha256::default(), Sha256::default());
        b.iter(|| update_both((&mut one, &message), (&mut other, black_box(&message))))
    });
}

/// Listing a tree and making members of it.
fn walk(c: &mut Criterion) {
    let scratch = TempDir::new().unwrap();
    for index in 0..FILES {
        let directory = scratch.path().join(format!("item/{}", index / 100));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(index.to_string()), b"").unwrap();
    }
    let request = request(scratch.path(), "");
    let files = FileSystem::open().unwrap();
    let mut group = c.benchmark_group("walk");
    group.throughput(Throughput::Elements(FILES as u64));
    group.bench_function("files", |b| {
        b.iter(|| plan::plan(&request, 0, &files, &[], &Job::default(), &mut go_on).unwrap())
    });
}

/// Reading, hashing, compressing and writing one file on one thread, by what
/// is in it.
fn pieces(c: &mut Criterion) {
    let text: Vec<u8> = (0u64..)
        .flat_map(|line| format!("line {line} of {}\n", line * line % 7919).into_bytes())
        .take(SIZE)
        .collect();
    let mut state = 1u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
    .take(SIZE)
    .collect();
    let mut group = c.benchmark_group("pieces");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(SIZE as u64));
    for (kind, content) in [("text", &text), ("noise", &noise)] {
        let scratch = TempDir::new().unwrap();
        fs::create_dir(scratch.path().join("item")).unwrap();
        fs::write(scratch.path().join("item/file"), content).unwrap();
        for command in ["", "gzip -1", "gzip -6", "gzip -9"] {
            let request = request(scratch.path(), command);
            let name = if command.is_empty() { "none" } else { command };
            group.bench_function(BenchmarkId::new(name, kind), |b| {
                b.iter(|| build(&request, &mut go_on).unwrap())
            });
        }
    }
}

/// A request for an image of `item` in `directory`, on one thread.
fn request(directory: &Path, compressor: &str) -> Request {
    let name = |name: &str| directory.join(name).into_os_string().into_encoded_bytes();
    let words: Vec<&str> = compressor.split_whitespace().collect();
    let mut request = Request::new(&name("image"), &[name("item")], b"prefix").unwrap();
    request.output.compressor = Compressor::from_command(&words).unwrap();
    request.running.threads(1);
    request
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

criterion_group!(benches, headers, hashes, walk, pieces);
criterion_main!(benches);
