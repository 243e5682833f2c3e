// SPDX-License-Identifier: GPL-3.0-or-later

//! `--closure-of`, with what answers as a guix-daemon does.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use crate::common::{Scratch, layers, members};
use crate::{failed, fine, name, program};

const HASH: &str = "0123456789abcdfghijklmnpqrsvwxyz";

fn number(socket: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    socket.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn string(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

/// Answers one client about what items refer to.
fn serve(mut socket: UnixStream, references: &HashMap<String, Vec<String>>) -> io::Result<()> {
    assert_eq!(number(&mut socket)?, 0x6e69_7863);
    socket.write_all(&0x6478_696f_u64.to_le_bytes())?;
    socket.write_all(&0x164_u64.to_le_bytes())?;
    assert_eq!(number(&mut socket)?, 0x114);
    assert_eq!((number(&mut socket)?, number(&mut socket)?), (0, 0));
    // A line for people, and the answer.
    socket.write_all(&0x6f6c_6d67_u64.to_le_bytes())?;
    socket.write_all(&string("hello\n"))?;
    socket.write_all(&0x616c_7473_u64.to_le_bytes())?;
    loop {
        assert_eq!(number(&mut socket)?, 5);
        let length = number(&mut socket)? as usize;
        let mut item = vec![0; length.next_multiple_of(8)];
        socket.read_exact(&mut item)?;
        let item = String::from_utf8_lossy(&item[..length]).into_owned();
        let Some(references) = references.get(&item) else {
            socket.write_all(&0x6378_7470_u64.to_le_bytes())?;
            socket.write_all(&string("path is not valid"))?;
            return socket.write_all(&1_u64.to_le_bytes());
        };
        socket.write_all(&0x616c_7473_u64.to_le_bytes())?;
        socket.write_all(&(references.len() as u64).to_le_bytes())?;
        for reference in references {
            socket.write_all(&string(reference))?;
        }
    }
}

#[test]
fn closures_are_what_the_daemon_says() {
    let scratch = Scratch::new();
    let item = |letter: &str| {
        let base = format!("store/{letter}{}-{letter}", &HASH[1..]);
        scratch.file(&format!("{base}/file"), letter.as_bytes());
        name(&scratch, &base)
    };
    let [app, lib, libc, other] = ["1", "2", "3", "4"].map(item);
    let references = HashMap::from([
        (app.clone(), vec![lib.clone(), libc.clone()]),
        (lib.clone(), vec![libc.clone(), lib.clone()]),
        (libc.clone(), vec![]),
    ]);
    let listener = UnixListener::bind(scratch.path("socket")).unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            // Clients hang up.
            let _ = serve(socket.unwrap(), &references);
        }
    });
    let socket = name(&scratch, "socket");
    let build = |of: &str, socket: &str| {
        let mut command = program(&scratch);
        command.env("GUIX_DAEMON_SOCKET", socket);
        command.args([
            "build",
            "-o",
            "image",
            "--creation-time=1",
            "--closure-of",
            of,
        ]);
        command.args(["--max-layers=3", "--layering=references"]);
        command.output().unwrap()
    };
    // A profile, or a file in an item.
    scratch.link("profile", &app);
    let mut images = Vec::new();
    for of in [&app, &name(&scratch, "profile"), &format!("{app}/file")] {
        fine(build(of, &format!("unix://{socket}")));
        images.push(scratch.read("image"));
    }
    assert!(images.iter().all(|image| *image == images[0]));
    let all = layers(&images[0]);
    let names: Vec<String> = all
        .iter()
        .flat_map(|(_, layer)| members(layer).into_keys())
        .collect();
    for item in [&app, &lib, &libc] {
        assert!(names.contains(&format!("{}/file", &item[1..])), "{names:?}");
    }
    assert!(!names.iter().any(|name| name.starts_with(&other[1..])));
    std::fs::remove_file(scratch.path("image")).unwrap();
    let said = failed(build(&other, &socket), 1);
    assert!(said.contains("path is not valid"), "{said}");
    let said = failed(build(&app, &name(&scratch, "nothing")), 1);
    assert!(said.contains("is it running?"), "{said}");
    let said = failed(build(&app, "ssh://elsewhere"), 2);
    assert!(said.contains("GUIX_DAEMON_SOCKET"), "{said}");
    assert!(!scratch.path("image").exists());
}
