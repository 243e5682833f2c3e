// SPDX-License-Identifier: GPL-3.0-or-later

//! Images to pipes, sockets and open files: the same bytes as in a file.

mod common;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fd::AsFd;
use rustix::fs::OFlags;

use common::{Scratch, compressor, noise, run};
use guix_docker::{Report, Request, Status};

/// Items of several sizes, some of them larger than what is passed on at once.
fn items(scratch: &Scratch) -> Vec<std::path::PathBuf> {
    let text: String = (0..300_000).map(|number| format!("{number} ")).collect();
    vec![
        scratch.file("a/text", text.as_bytes()),
        scratch.file("b/noise", &noise(1, 3_500_000)),
        scratch.file("c/small", b"small"),
        scratch.file("d/small", b"small too"),
    ]
}

/// The same request as that of [`Scratch::request`], for `fd`.
fn to_stream(fd: impl Into<OwnedFd>, paths: &[&Path]) -> Request {
    let paths: Vec<&[u8]> = paths.iter().map(|path| common::bytes(path)).collect();
    let mut request = Request::to_stream(fd.into(), &paths, b"/gnu/store/profile").unwrap();
    request.metadata.creation_time(1).unwrap();
    request
}

fn pipe() -> (File, OwnedFd) {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    (reader.into(), writer)
}

/// What a reader gets that takes its time, and the report.
fn read_slowly(mut reader: impl Read + Send, build: impl FnOnce() -> Report) -> (Vec<u8>, Report) {
    thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut bytes = Vec::new();
            let mut buffer = vec![0; 70_000];
            loop {
                match reader.read(&mut buffer).unwrap() {
                    0 => return bytes,
                    count => bytes.extend_from_slice(&buffer[..count]),
                }
                if bytes.len() < 1 << 20 {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        });
        let report = build();
        (reading.join().unwrap(), report)
    })
}

/// Has what writes to `fd` not wait.
fn does_not_wait(fd: &impl AsFd) {
    rustix::fs::fcntl_setfl(fd, OFlags::NONBLOCK).unwrap();
}

#[test]
fn commands_write_to_what_does_not_wait() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let paths: Vec<&Path> = items.iter().map(|item| item.parent().unwrap()).collect();
    // One whose child is left with the descriptor for a moment, too.
    for script in ["exec cat", "cat; sleep 1000 &"] {
        let change = |request: &mut Request| {
            let command = guix_docker::request::Compressor::from_command(&["sh", "-c", script]);
            request.output.compressor = command.unwrap();
        };
        let mut request = scratch.request("image", &paths);
        change(&mut request);
        run(&request).unwrap();
        let expected = scratch.read("image");
        let build = |fd: OwnedFd| {
            does_not_wait(&fd);
            let mut request = to_stream(fd.try_clone().unwrap(), &paths);
            change(&mut request);
            let report = run(&request).unwrap();
            let flags = rustix::fs::fcntl_getfl(&fd).unwrap();
            assert!(flags.contains(OFlags::NONBLOCK));
            report
        };
        let (reader, writer) = pipe();
        let (piped, report) = read_slowly(reader, || build(writer));
        assert!(piped == expected, "{script}: {} bytes", piped.len());
        assert_eq!((report.archive_size, report.archive_digest), (0, None));
        let (reader, writer) = UnixStream::pair().unwrap();
        let (sent, _) = read_slowly(reader, || build(writer.into()));
        assert!(
            sent == expected,
            "{script}: {} bytes to a socket",
            sent.len()
        );
        // A file never has anyone wait.
        build(File::create(scratch.path("file")).unwrap().into());
        assert!(scratch.read("file") == expected);
        // The reader goes.
        let (reader, writer) = pipe();
        does_not_wait(&writer);
        let mut request = to_stream(writer, &paths);
        change(&mut request);
        let mut some = [0; 1000];
        let going = thread::spawn(move || { &reader }.read_exact(&mut some).unwrap());
        let error = run(&request).unwrap_err();
        assert_eq!(error.status(), Status::Output, "{error}");
        going.join().unwrap();
    }
}

#[test]
fn streams_have_the_bytes_of_files() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let paths: Vec<&Path> = items.iter().map(|item| item.parent().unwrap()).collect();
    for max_layers in [None, Some(3), Some(50)] {
        for packed in [
            "",
            "gzip -1",
            "gzip -9n",
            "zstd -3",
            "zstd -1 --long",
            "sh -c cat",
        ] {
            let change = |request: &mut Request| {
                if let Some(count) = max_layers {
                    request.layers.max_layers(count).unwrap();
                }
                if packed == "sh -c cat" {
                    let words = ["sh", "-c", "exec cat"];
                    let command = guix_docker::request::Compressor::from_command(&words);
                    request.output.compressor = command.unwrap();
                } else if !packed.is_empty() {
                    request.output.compressor = compressor(packed);
                }
                request.output.archive_digest = true;
            };
            let mut request = scratch.request("image", &paths);
            change(&mut request);
            let filed = run(&request).unwrap();
            let expected = scratch.read("image");
            let digest = guix_docker::digest::Digest::of(&expected);
            assert_eq!(filed.archive_digest, Some(digest));

            let (reader, writer) = pipe();
            let (piped, report) = read_slowly(reader, || {
                let mut request = to_stream(writer, &paths);
                change(&mut request);
                run(&request).unwrap()
            });
            let what = format!("{max_layers:?} {packed:?}");
            assert!(piped == expected, "{what}: {} bytes", piped.len());
            assert_eq!(report.image_id, filed.image_id);
            if packed != "sh -c cat" {
                assert_eq!(report.archive_size, expected.len() as u64, "{what}");
                assert_eq!(report.archive_digest, Some(digest), "{what}");
            } else {
                assert_eq!((report.archive_size, report.archive_digest), (0, None));
            }

            let (reader, writer) = UnixStream::pair().unwrap();
            let (sent, _) = read_slowly(reader, || {
                let mut request = to_stream(writer, &paths);
                change(&mut request);
                run(&request).unwrap()
            });
            assert!(sent == expected, "{what}: {} bytes to a socket", sent.len());

            // A file that is open and has something in it already.
            let mut file = File::create(scratch.path("file")).unwrap();
            file.write_all(b"before").unwrap();
            let mut request = to_stream(file, &paths);
            change(&mut request);
            run(&request).unwrap();
            let written = fs::read(scratch.path("file")).unwrap();
            assert!(
                written == [b"before", expected.as_slice()].concat(),
                "{what}"
            );
        }
    }
}

#[test]
fn a_reader_that_goes_is_an_error() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let paths: Vec<&Path> = items.iter().map(|item| item.parent().unwrap()).collect();
    for packed in ["", "gzip -1", "zstd"] {
        for socket in [false, true] {
            let error = thread::scope(|scope| {
                let mut request = if socket {
                    let (mut reader, writer) = UnixStream::pair().unwrap();
                    scope.spawn(move || reader.read(&mut [0; 1000]).unwrap());
                    to_stream(writer, &paths)
                } else {
                    let (mut reader, writer) = pipe();
                    scope.spawn(move || reader.read(&mut [0; 1000]).unwrap());
                    to_stream(writer, &paths)
                };
                if !packed.is_empty() {
                    request.output.compressor = compressor(packed);
                }
                request.layers.max_layers(3).unwrap();
                run(&request).unwrap_err()
            });
            assert_eq!(error.status(), Status::Output, "{packed} {socket}: {error}");
            assert!(
                error.message().contains("reader"),
                "{packed} {socket}: {error}"
            );
        }
    }
}

/// As those do that know from the zeros that there is no more.
#[test]
fn a_reader_may_go_when_all_members_are_read() {
    let scratch = Scratch::new();
    let item = scratch.file("item", &noise(1, 200_000));
    run(&scratch.request("image", &[&item])).unwrap();
    let image = scratch.read("image");
    let zeros = image.iter().rev().take_while(|&&byte| byte == 0).count();
    let members = (image.len() - zeros).next_multiple_of(512);
    for _ in 0..50 {
        let (mut reader, writer) = UnixStream::pair().unwrap();
        thread::scope(|scope| {
            scope.spawn(move || reader.read_exact(&mut vec![0; members]).unwrap());
            run(&to_stream(writer, &[&item])).unwrap();
        });
    }
}

#[test]
fn a_reader_that_waits_does_not_keep_a_build_from_being_stopped() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let paths: Vec<&Path> = items.iter().map(|item| item.parent().unwrap()).collect();
    let (reader, writer) = pipe();
    let (other, socket) = UnixStream::pair().unwrap();
    for mut request in [to_stream(writer, &paths), to_stream(socket, &paths)] {
        for packed in ["", "gzip -1", "zstd -1"] {
            if !packed.is_empty() {
                request.output.compressor = compressor(packed);
            }
            let start = Instant::now();
            let error = guix_docker::build(&request, &mut |_| match start.elapsed()
                > Duration::from_millis(300)
            {
                true => std::ops::ControlFlow::Break(()),
                false => std::ops::ControlFlow::Continue(()),
            })
            .unwrap_err();
            assert_eq!(error.status(), Status::Cancelled, "{error}");
            assert!(start.elapsed() < Duration::from_secs(300));
        }
    }
    drop((reader, other));

    // Nor does a compressor that takes long.
    let mut text = Vec::new();
    for number in 0..12_000_000_u32 {
        text.extend_from_slice(&(number.wrapping_mul(2_654_435_761) % 9973).to_le_bytes());
    }
    let text = scratch.file("text", &text);
    let mut request = scratch.request("image", &[&text]);
    request.running.threads(1);
    for packed in ["gzip -9", "zstd -12", "xz"] {
        request.output.compressor = compressor(packed);
        let start = Instant::now();
        let error = guix_docker::build(&request, &mut |progress| match progress.done > 0 {
            true => std::ops::ControlFlow::Break(()),
            false => std::ops::ControlFlow::Continue(()),
        })
        .unwrap_err();
        assert_eq!(error.status(), Status::Cancelled, "{packed}: {error}");
        assert!(start.elapsed() < Duration::from_secs(30), "{packed}");
        assert!(!scratch.path("image").exists());
    }
}

#[test]
fn only_what_can_be_written_to_is_taken() {
    let scratch = Scratch::new();
    let file = scratch.file("file", b"");
    let error = run(&to_stream(File::open(&file).unwrap(), &[])).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    assert!(error.to_string().starts_with("image_fd: "), "{error}");
    // The file is not part of itself.
    let tree = scratch.path("tree");
    fs::create_dir(&tree).unwrap();
    let image = File::create(tree.join("image")).unwrap();
    run(&to_stream(image, &[&tree])).unwrap();
    let layer = common::layers(&scratch.read("tree/image")).swap_remove(0).1;
    assert_eq!(common::members(&layer).len(), 1);
}
