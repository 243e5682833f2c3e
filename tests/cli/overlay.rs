// SPDX-License-Identifier: GPL-3.0-or-later

//! Findings of `guix-docker check` on files in layers.
//!
//! Each rule has a row, and its opposite another.  The severities are what docker
//! 20.10 and 28, podman 4.3 and 5.8 and umoci do with these very layers.

use guix_docker::digest::Digest;
use guix_docker::tar::push_record;
use serde_json::json;
use tar::EntryType;

use crate::check::findings;
use crate::common::Scratch;
use crate::{failed, guix_docker};

/// Layers, separated by slashes, and findings: severity, layer, file, part of the
/// reason.  A member is its type and its name, and a link's target: see [`member`].
type Case<'a> = (&'a str, &'a [Expected<'a>]);

type Expected<'a> = (&'a str, usize, &'a str, &'a str);

const FINE: &[Expected] = &[];

/// The member of a description such as `f:NAME`, `l:NAME>TARGET` or `D:NAME`: a
/// file (`F`: with content), a directory of mode 755 or (`D`) 1777, a symbolic or a hard link, the
/// character device 0:0 or (`C`) 1:3, a pipe, or a member of another type.
fn member(description: &str) -> Vec<u8> {
    let (kind, name) = description.split_once(':').unwrap();
    let (name, target) = name.split_once('>').unwrap_or((name, ""));
    let mut header = tar::Header::new_gnu();
    header.set_mode(if kind == "D" { 0o1777 } else { 0o755 });
    let content = if kind == "F" { "content" } else { "" };
    header.set_size(content.len() as u64);
    header.set_device_major(u32::from(kind == "C")).unwrap();
    header.set_device_minor(3 * u32::from(kind == "C")).unwrap();
    header.set_entry_type(match kind {
        "f" | "F" => EntryType::Regular,
        "d" | "D" => EntryType::Directory,
        "l" => EntryType::Symlink,
        "h" => EntryType::Link,
        "c" | "C" => EntryType::Char,
        "p" => EntryType::Fifo,
        other => EntryType::new(other.as_bytes()[0]),
    });
    let mut bytes = Vec::new();
    for (text, kind) in [
        (name, EntryType::GNULongName),
        (target, EntryType::GNULongLink),
    ] {
        if text.len() > 100 {
            let mut long = tar::Header::new_gnu();
            long.set_entry_type(kind);
            long.set_size(text.len() as u64);
            long.set_cksum();
            bytes.extend_from_slice(long.as_bytes());
            bytes.extend_from_slice(text.as_bytes());
            bytes.resize(bytes.len().next_multiple_of(512), 0);
        }
    }
    let old = header.as_old_mut();
    for (field, text) in [(&mut old.name, name), (&mut old.linkname, target)] {
        let text = &text.as_bytes()[..text.len().min(100)];
        field[..text.len()].copy_from_slice(text);
    }
    header.set_cksum();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(content.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// A Docker archive whose layers have these members.
fn image(scratch: &Scratch, layers: &[Vec<&str>]) {
    let mut blobs = layers.iter().map(|members| {
        let mut layer: Vec<u8> = members.iter().flat_map(|one| member(one)).collect();
        layer.resize(layer.len() + 1024, 0);
        layer
    });
    write_image(scratch, &blobs.by_ref().collect::<Vec<_>>());
}

fn write_image(scratch: &Scratch, blobs: &[Vec<u8>]) {
    let ids: Vec<String> = blobs
        .iter()
        .map(|blob| Digest::of(blob).to_string())
        .collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": ids},
    });
    let names: Vec<String> = (0..blobs.len())
        .map(|number| format!("{number}.tar"))
        .collect();
    let manifest = json!([{"Config": "c.json", "RepoTags": ["app:1"], "Layers": names}]);
    let mut image = tar::Builder::new(Vec::new());
    let mut add = |name: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        image.append_data(&mut header, name, content).unwrap();
    };
    add("c.json", config.to_string().as_bytes());
    add("manifest.json", manifest.to_string().as_bytes());
    for (name, blob) in names.iter().zip(blobs) {
        add(name, blob);
    }
    scratch.file("image.tar", &image.into_inner().unwrap());
}

fn check(cases: &[Case]) {
    let scratch = Scratch::new();
    for (layers, expected) in cases {
        let members = layers.split(" / ").map(|layer| layer.split(' ').collect());
        image(&scratch, &members.collect::<Vec<_>>());
        let is_wrong = expected.iter().any(|(severity, ..)| *severity != "note");
        let found = findings(&scratch, i32::from(is_wrong));
        let shown: Vec<_> = found.iter().map(|one| one.to_string()).collect();
        assert_eq!(found.len(), expected.len(), "{layers}: {shown:?}");
        for (one, (severity, layer, file, reason)) in found.iter().zip(*expected) {
            assert_eq!(one["severity"], *severity, "{layers}: {shown:?}");
            assert_eq!(one["layer"], *layer, "{layers}: {shown:?}");
            assert_eq!(one["file"], *file, "{layers}: {shown:?}");
            let text = one["reason"].as_str().unwrap();
            assert!(text.contains(reason), "{layers}: {shown:?}");
        }
    }
}

#[test]
fn names_and_types() {
    let long = ["f:", &"n".repeat(255)].concat();
    let too_long = "n".repeat(256);
    let deep = ["f:", &"n/".repeat(1990), "x"].concat();
    let too_deep = "n/".repeat(1998) + "x";
    let target = ["l:a>", &"n/".repeat(2047), "x"].concat();
    let too_long_target = ["l:a>", &"n/".repeat(2048), "x"].concat();
    check(&[
        ("f:a f:a", &[("refused", 1, "a", "twice")]),
        ("f:a f:./a", &[("refused", 1, "./a", "twice")]),
        ("f:a f:b/../a", &[("refused", 1, "b/../a", "twice")]),
        ("d:a/ d:a", &[("refused", 1, "a", "twice")]),
        ("d:a/ f:a/b f:a", &[("refused", 1, "a", "twice")]),
        ("d:/ d:/", &[("refused", 1, "/", "twice")]),
        ("f:a / f:a", FINE),
        ("d:a/ f:a/b / d:a/ f:a/c", FINE),
        ("d:./ f:./a / d:./ f:./b / d:/ f:c", FINE),
        ("d:a/ f:a/../b", FINE),
        ("f:../a", &[("refused", 1, "../a", "escapes the root")]),
        (
            "f:a/../../b",
            &[("refused", 1, "a/../../b", "escapes the root")],
        ),
        ("f:/a", &[("note", 1, "/a", "slash")]),
        (
            "f:/a f:a",
            &[("lost", 1, "a", "another name"), ("note", 1, "/a", "slash")],
        ),
        ("f:/", &[("refused", 1, "/", "root")]),
        ("l:.>a", &[("lost", 1, ".", "root")]),
        (&long, FINE),
        (
            &["f:", &too_long].concat(),
            &[("refused", 1, &too_long, "255")],
        ),
        (
            &["f:a/", &too_long, "/b"].concat(),
            &[("refused", 1, &["a/", &too_long, "/b"].concat(), "255")],
        ),
        (&deep, FINE),
        (
            &["f:", &too_deep].concat(),
            &[("refused", 1, &too_deep, "too long")],
        ),
        (&target, FINE),
        (&too_long_target, &[("refused", 1, "a", "4095")]),
        ("l:a>", &[("refused", 1, "a", "without a target")]),
        ("p:a C:b f:c", FINE),
        ("Z:a", &[("refused", 1, "a", "type \"Z\"")]),
        ("7:a", &[("refused", 1, "a", "type")]),
        ("c:a", &[("lost", 1, "a", "character device 0:0")]),
    ]);
}

#[test]
fn files_instead_of_directories() {
    check(&[
        // As by `rm -rf a && ln -s b a`, without a whiteout or with one.
        ("d:a/ f:a/x d:b/ / l:a>b", FINE),
        ("d:a/ f:a/x d:b/ / f:.wh.a l:a>b", FINE),
        ("d:a/ f:a/x / f:a", FINE),
        ("f:a / d:a/ f:a/x", FINE),
        ("d:b/ l:a>b / d:a/ f:a/x", FINE),
        ("d:b/ l:a>b / f:.wh.a d:a/ f:a/x", FINE),
        ("d:a/ f:a/x / l:a>b d:b/ / d:a/ f:a/z", FINE),
        ("f:a/x l:a>b", &[("lost", 1, "a", "earlier members")]),
    ]);
}

#[test]
fn whiteouts() {
    let base = "d:d/ f:d/y f:e / ";
    let rows: &[Case] = &[
        ("f:d/.wh.y", FINE),
        ("f:./d/.wh.y", FINE),
        ("f:.wh.d", FINE),
        ("f:.wh.d f:d", FINE),
        ("f:d/.wh.y f:d/y", FINE),
        ("l:.wh.e>d", FINE),
        ("d:.wh.d/", FINE),
        ("F:.wh.e", &[("note", 2, ".wh.e", "content")]),
        ("F:c h:.wh.e>c", FINE),
        ("f:.wh.x", &[("note", 2, ".wh.x", "deletion")]),
        ("f:d/.wh.", &[("refused", 2, "d/.wh.", "whiteout without")]),
        ("f:.wh..", &[("refused", 2, ".wh..", "whiteout without")]),
        ("f:.wh...", &[("refused", 2, ".wh...", "whiteout without")]),
        ("f:e f:.wh.e", &[("refused", 2, ".wh.e", "same layer has")]),
        (
            "f:d/x f:.wh.d",
            &[("refused", 2, ".wh.d", "same layer has")],
        ),
        ("f:.wh.e f:.wh.e", &[("refused", 2, ".wh.e", "twice")]),
        (
            "f:.wh.d f:d/x",
            &[("refused", 2, "d/x", "without a member for the directory")],
        ),
        (
            "f:.wh.d f:d/.wh.y",
            &[("refused", 2, "d/.wh.y", "below \"d\"")],
        ),
        ("f:e f:e/.wh.x", &[("refused", 2, "e/.wh.x", "below \"e\"")]),
        // Without an opaque whiteout, an overlay shows what is below.
        ("f:.wh.d d:d/ f:d/x", &[("lost", 2, "d", "made again")]),
        ("f:.wh.d d:d/ f:d/.wh..wh..opq f:d/x", FINE),
        ("f:.wh.e d:e/ f:e/x", FINE),
        ("d:d/ f:d/.wh..wh..opq f:d/x", FINE),
        ("d:d/ f:d/x f:d/.wh..wh..opq", FINE),
        ("f:d/.wh..wh..opq f:d/.wh.y", FINE),
        ("f:d/.wh.y f:d/.wh..wh..opq", FINE),
        (
            "f:d/.wh..wh..opq / f:d/.wh.y",
            &[("note", 3, "d/.wh.y", "deletion")],
        ),
        (
            "d:d/ f:d/.wh..wh..opq f:.wh.d",
            &[("refused", 2, ".wh.d", "same layer has")],
        ),
        (
            "f:x/.wh..wh..opq",
            &[("note", 2, "x/.wh..wh..opq", "opaque")],
        ),
        ("f:.wh..wh..opq f:x", &[("lost", 2, ".wh..wh..opq", "root")]),
        // What AUFS leaves in images.
        ("f:.wh..wh.aufs d:.wh..wh.orph/ d:.wh..wh.plnk/", FINE),
        ("f:.wh..wh.aufs h:.wh.e>.wh..wh.aufs", FINE),
        (
            "d:.wh..wh.plnk/ f:.wh..wh.plnk/1.2 h:b>.wh..wh.plnk/1.2",
            FINE,
        ),
        ("f:d/.wh..wh.aufs", FINE),
    ];
    let whole: Vec<(String, &[Expected])> = rows
        .iter()
        .map(|(layer, expected)| ([base, layer].concat(), *expected))
        .collect();
    let cases: Vec<Case> = whole
        .iter()
        .map(|(layers, expected)| (layers.as_str(), *expected))
        .collect();
    check(&cases);
    check(&[
        ("f:.wh..wh..opq f:x", FINE),
        ("f:.wh.x f:y", &[("lost", 1, ".wh.x", "deletion")]),
    ]);
}

#[test]
fn attributes_that_linux_refuses() {
    const CAPABILITY: &str = "SCHILY.xattr.security.capability";
    let capability = |magic: u32, size: usize| {
        let mut value = magic.to_le_bytes().to_vec();
        value.resize(size, 0);
        value
    };
    let scratch = Scratch::new();
    for (key, value, expected) in [
        ("SCHILY.xattr.user.a", b"x".to_vec(), None),
        ("SCHILY.xattr.a", b"x".to_vec(), Some("refused")),
        (CAPABILITY, capability(0x0200_0000, 20), None),
        (CAPABILITY, capability(0x0200_0001, 20), None),
        (CAPABILITY, capability(0x0300_0000, 24), None),
        (CAPABILITY, capability(0x0200_0000, 24), Some("refused")),
        (CAPABILITY, capability(0x0400_0000, 20), Some("refused")),
        (CAPABILITY, b"x".to_vec(), Some("refused")),
        ("uid", b"4294967294".to_vec(), None),
        ("uid", b"4294967295".to_vec(), Some("lost")),
        ("gid", b"-1".to_vec(), Some("lost")),
        ("gid", b"9999999999".to_vec(), Some("lost")),
    ] {
        let mut header = tar::Header::new_ustar();
        let mut record = Vec::new();
        push_record(&mut record, key.as_bytes(), &value);
        header.set_entry_type(EntryType::XHeader);
        header.set_size(record.len() as u64);
        header.set_cksum();
        let mut layer = [header.as_bytes(), &record[..]].concat();
        layer.resize(1024, 0);
        layer.extend(member("f:a"));
        layer.resize(layer.len() + 1024, 0);
        write_image(&scratch, &[layer]);
        let found = findings(&scratch, i32::from(expected.is_some()));
        let severities: Vec<_> = found.iter().map(|one| one["severity"].as_str()).collect();
        let expected: Vec<_> = expected.into_iter().map(Some).collect();
        assert_eq!(severities, expected, "{key} {value:?}: {found:?}");
    }
}

#[test]
fn members_below_links_and_files() {
    check(&[
        ("d:d/ l:l>d f:l/x", FINE),
        ("d:d/ l:l>/d f:l/x f:l/z", FINE),
        ("d:d/ l:l>k l:k>./d/ f:l/x", FINE),
        ("d:d/ d:d/e/ l:d/l>../d/e f:d/l/x", FINE),
        ("d:d/ l:k>d h:m>k f:m/x", FINE),
        ("d:d/ f:d/y / d:d/ l:l>d f:l/.wh.y f:l/.wh..wh..opq", FINE),
        (
            "d:d/ l:l>d f:l/x f:d/x",
            &[("lost", 1, "d/x", "another name")],
        ),
        ("l:l>d f:l/x", &[("refused", 1, "l/x", "below \"l\"")]),
        (
            "d:d/ / l:l>d f:l/x",
            &[("refused", 2, "l/x", "below \"l\"")],
        ),
        (
            "d:d/ f:d/y / l:l>d f:l/.wh.y",
            &[("refused", 2, "l/.wh.y", "a symbolic link to \"d\"")],
        ),
        (
            "d:d/ f:d/y / l:l>d f:l/.wh..wh..opq",
            &[("refused", 2, "l/.wh..wh..opq", "below \"l\"")],
        ),
        ("f:d l:l>d f:l/x", &[("refused", 1, "l/x", "below \"l\"")]),
        ("l:a>b l:b>a f:a/x", &[("refused", 1, "a/x", "too many")]),
        (
            "l:a>../../d d:d/ f:a/x",
            &[("refused", 1, "a/x", "escapes the root")],
        ),
        ("f:p f:p/x", &[("refused", 1, "p/x", "below \"p\"")]),
        (
            "f:p / f:p/x",
            &[("lost", 2, "p/x", "a file of a lower layer")],
        ),
        ("f:p / d:p/ f:p/x", FINE),
        (
            "d:d/ l:l>d / f:l/x",
            &[("lost", 2, "l/x", "in a lower layer")],
        ),
        (
            "d:d/ f:d/y l:l>d / f:l/.wh.y",
            &[("lost", 2, "l/.wh.y", "in a lower layer")],
        ),
        ("d:d/ l:l>d / d:l/ f:l/x", FINE),
        ("d:d/ l:l>d / f:.wh.l / f:l/x", FINE),
        // The link of a lower layer is behind one of the same layer.
        (
            "d:d/ l:l>d / l:k>l f:k/x",
            &[("refused", 2, "k/x", "a symbolic link to \"l\"")],
        ),
    ]);
}

#[test]
fn hard_links() {
    check(&[
        ("f:a h:b>a", FINE),
        ("f:a h:b>/a h:c>./a h:e>d/../a", FINE),
        ("d:d/ f:d/a l:l>d h:b>l/a", FINE),
        ("l:a>x h:b>a", FINE),
        ("h:b>a f:a", &[("refused", 1, "b", "hard link to \"a\"")]),
        ("h:a>a", &[("refused", 1, "a", "no earlier member")]),
        ("f:a / h:b>a", &[("refused", 2, "b", "no earlier member")]),
        ("f:a / f:a h:b>a", FINE),
        ("d:d/ h:b>d", &[("refused", 1, "b", "a directory")]),
        ("f:a h:b>", &[("refused", 1, "b", "a directory")]),
        ("f:a h:b>../a", &[("refused", 1, "b", "escapes the root")]),
        (
            "f:a / f:.wh.a h:b>a",
            &[("lost", 2, "b", "the layer deletes")],
        ),
    ]);
}

#[test]
fn directories_without_members() {
    check(&[
        ("f:a/b/c", FINE),
        ("d:a/ f:a/b / f:a/c", FINE),
        ("f:a/b / f:a/c", FINE),
        ("D:a/ f:a/b / D:a/ f:a/c", FINE),
        ("D:a/ f:a/b / f:a/c D:a/", FINE),
        ("D:a/ / f:a/c f:a/d", &[("lost", 2, "a", "mode 1777")]),
        ("D:a/ f:a/b / f:a/.wh.b", &[("lost", 2, "a", "mode 1777")]),
        (
            "D:a/ D:a/b/ / D:a/ f:a/b/c",
            &[("lost", 2, "a/b", "owner 0:0")],
        ),
    ]);
}

#[test]
fn many_findings_are_summed_up() {
    let scratch = Scratch::new();
    let names: Vec<String> = (0..30)
        .map(|number| format!("h:{number}>x{number}"))
        .collect();
    let members = names.iter().map(String::as_str).chain(["f:a", "f:a"]);
    image(&scratch, &[members.collect()]);
    let found = findings(&scratch, 1);
    assert_eq!(found.len(), 12);
    assert_eq!(found[9]["file"], "9");
    assert_eq!(found[10]["file"], "20 more");
    let reason = found[10]["reason"].as_str().unwrap();
    assert!(reason.contains("hard link to what"), "{reason}");
    assert_eq!(found[11]["file"], "a");
}

#[test]
fn names_are_bounded() {
    let scratch = Scratch::new();
    // A name that the archive may have, and no engine takes.
    let long = ["f:", &"d/".repeat((1 << 19) - 100), "x"].concat();
    image(&scratch, &[vec![&long, "f:a"]]);
    let found = findings(&scratch, 1);
    assert_eq!(found.len(), 1);
    let file = found[0]["file"].as_str().unwrap();
    assert!(file.starts_with("d/d/") && file.ends_with('…') && file.len() < 1000);
    // Deep names that share nothing take 20 times their size in memory.
    let below = "/d".repeat(1900);
    let names: Vec<String> = (0..1000)
        .map(|number| format!("f:{number}{below}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    image(&scratch, &[names[..100].to_vec()]);
    assert!(findings(&scratch, 0).is_empty());
    image(&scratch, &[names]);
    let message = failed(guix_docker(&scratch, &["check", "image.tar"]), 1);
    assert!(message.contains("too many names"), "{message}");
}
