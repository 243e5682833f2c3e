// SPDX-License-Identifier: GPL-3.0-or-later

//! Compressed streams and members of layers as engines read them.

use std::fs;
use std::io::Write;

use crate::common::layout::{CONFIG, Files, LAYER, config, layer};
use crate::common::{Scratch, members, run};
use crate::{image_of, upon};
use flate2::Compression;
use flate2::write::GzEncoder;
use guix_docker::request::Format;
use guix_docker::tar::push_record;
use serde_json::json;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; zstd_safe::compress_bound(bytes.len())];
    let size = zstd_safe::compress(&mut frame[..], bytes, 1).unwrap();
    frame.truncate(size);
    frame
}

/// A skippable frame of zstd.
fn skippable(content: &[u8]) -> Vec<u8> {
    let mut frame = 0x184d_2a53_u32.to_le_bytes().to_vec();
    frame.extend((content.len() as u32).to_le_bytes());
    frame.extend(content);
    frame
}

/// An OCI archive of a layer that is stored as `stored`.
fn image(layer: &[u8], stored: &[u8], suffix: &str) -> Vec<u8> {
    let mut files = Files::default();
    let config = files.blob(CONFIG, config("linux/amd64", &[layer]).to_string());
    let blob = files.blob(&format!("{LAYER}{suffix}"), stored);
    let manifest = files.manifest(&config, &[blob]);
    files.oci(&[manifest])
}

#[test]
fn streams_are_read_as_engines_read_them() {
    let whole = layer(&[("file", &b"content ".repeat(1000))]);
    let (one, two) = whole.split_at(whole.len() / 2);
    let cases: Vec<(&str, Vec<u8>, &str, bool)> = vec![
        (
            "gzip of two members",
            [gzip(one), gzip(two)].concat(),
            "+gzip",
            true,
        ),
        (
            "zeros behind gzip",
            [gzip(&whole), vec![0; 700]].concat(),
            "+gzip",
            false,
        ),
        (
            "zstd of two frames",
            [zstd(one), zstd(two)].concat(),
            "+zstd",
            true,
        ),
        (
            "a skippable frame first",
            [skippable(b"pzstd"), zstd(one), zstd(two)].concat(),
            "+zstd",
            false,
        ),
        (
            "a skippable frame between",
            [zstd(one), skippable(b""), zstd(two), skippable(b"end")].concat(),
            "+zstd",
            true,
        ),
    ];
    for (what, stored, suffix, is_kept) in cases {
        let scratch = Scratch::new();
        fs::write(scratch.path("base.tar"), image(&whole, &stored, suffix)).unwrap();
        let mut request = upon(&scratch, "image.tar", "base.tar");
        request.output.format = Format::OciArchive;
        let report = run(&request).unwrap();
        let blob = report.layers[0].blob.as_ref().unwrap();
        let stored_as = members(&scratch.read("image.tar"))
            .remove(&format!("blobs/sha256/{}", blob.digest.hex()))
            .unwrap();
        match is_kept {
            true => assert!(stored_as == stored, "{what}"),
            // Podman refuses the stream: it is stored as every engine reads it.
            false => assert!(stored_as == whole, "{what}"),
        }
    }
    for (what, stored, suffix) in [
        (
            "zeros between",
            [gzip(one), vec![0; 9], gzip(two)].concat(),
            "+gzip",
        ),
        (
            "garbage behind gzip",
            [gzip(&whole), b"garbage".to_vec()].concat(),
            "+gzip",
        ),
        (
            "garbage behind zstd",
            [zstd(&whole), b"garbage".to_vec()].concat(),
            "+zstd",
        ),
    ] {
        let scratch = Scratch::new();
        fs::write(scratch.path("base.tar"), image(&whole, &stored, suffix)).unwrap();
        let error = run(&upon(&scratch, "image.tar", "base.tar")).unwrap_err();
        assert_eq!(
            error.status(),
            guix_docker::Status::Input,
            "{what}: {error}"
        );
    }
}

#[test]
fn a_whole_archive_may_be_such_a_stream() {
    let whole = image_of(&[layer(&[("file", b"x")])]);
    for packed in [
        [skippable(b"pzstd"), zstd(&whole)].concat(),
        [gzip(&whole[..600]), gzip(&whole[600..]), vec![0; 600]].concat(),
    ] {
        let scratch = Scratch::new();
        fs::write(scratch.path("base.tar"), packed).unwrap();
        run(&upon(&scratch, "image.tar", "base.tar")).unwrap();
    }
}

/// A header of a member of `size` bytes.
fn header(name: &[u8], kind: u8, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// A member with its padding.
fn member(name: &[u8], kind: u8, content: &[u8]) -> Vec<u8> {
    let mut member = header(name, kind, content.len() as u64).as_bytes().to_vec();
    member.extend(content);
    member.resize(member.len().next_multiple_of(512), 0);
    member
}

/// An extended header of these records.
fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut content = Vec::new();
    for (key, value) in records {
        push_record(&mut content, key.as_bytes(), value.as_bytes());
    }
    member(b"pax", b'x', &content)
}

const END: &[u8] = &[0; 1024];

/// The problem with a base of this layer, if any.
fn problem(layer: &[u8]) -> Option<String> {
    let scratch = Scratch::new();
    fs::write(scratch.path("base.tar"), image_of(&[layer.to_vec()])).unwrap();
    let result = run(&upon(&scratch, "image.tar", "base.tar"));
    result.err().map(|error| error.message().to_owned())
}

#[test]
fn layers_end_as_engines_let_them() {
    let file = member(b"a", b'0', b"abc");
    let without_padding = &file[..515];
    for layer in [
        without_padding.to_vec(),
        [&member(b"b", b'0', b"b"), without_padding].concat(),
        file.clone(),
        [&file[..], &[0; 512]].concat(),
        [&file[..], END, &b"garbage ".repeat(64)].concat(),
        Vec::new(),
        vec![0; 512],
    ] {
        assert_eq!(problem(&layer), None, "{} bytes", layer.len());
    }
    for (layer, what) in [
        (file[..514].to_vec(), "ends within a member"),
        ([&file, &file[..300]].concat(), "ends within a header"),
        (
            [&file[..], &[0; 512], &file, END].concat(),
            "lone block of zeros",
        ),
        (
            member(b"a", b'7', b""),
            "member type \"7\" is none that engines know",
        ),
        (
            member(b"a", b'S', b""),
            "sparse file in GNU tar's old format",
        ),
    ] {
        let problem = problem(&layer).unwrap_or_default();
        assert!(problem.contains(what), "{what}: {problem}");
    }
}

#[test]
fn numbers_that_go_refuses_are_refused() {
    for (start, field, what) in [
        (100, &b"words\0"[..], "mode"),
        (108, b"root\0", "owner"),
        (116, b"wheel\0", "group"),
        (124, b"many\0", "size"),
        (136, b"noon\0", "modification time"),
        (329, b"x\0", "device number"),
    ] {
        let mut header = header(b"a", b'0', 0);
        header.as_mut_bytes()[start..start + field.len()].copy_from_slice(field);
        header.set_cksum();
        let problem = problem(&[header.as_bytes(), END].concat()).unwrap_or_default();
        assert!(
            problem.contains(&format!("the {what} of its member")),
            "{problem}"
        );
    }
    for records in [
        [("size", "-1")],
        [("size", "words")],
        [("uid", "words")],
        [("mtime", "words")],
        [("path", "a\0b")],
    ] {
        let layer = [pax(&records), member(b"a", b'0', b""), END.to_vec()].concat();
        let problem = problem(&layer).unwrap_or_default();
        assert!(
            problem.contains("malformed extended header"),
            "{records:?}: {problem}"
        );
    }
}

/// Names by which Go's reader and ours know one member: the layer has another one
/// of that name, which engines refuse.
#[test]
fn members_have_the_names_that_go_gives_them() {
    let long = |text: &[u8], kind| member(b"././@LongLink", kind, text);
    let sparse = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")];
    // The map of a file that is a hole.
    let mut no_parts = b"0\n".to_vec();
    no_parts.resize(512, 0);
    let sparse_name =
        |first: (&'static str, &'static str), second| pax(&[sparse[0], sparse[1], first, second]);
    for (headers, expected) in [
        (pax(&[("path", "pax")]), "pax"),
        (pax(&[("path", "")]), "plain"),
        (pax(&[("path", "a"), ("path", "pax")]), "pax"),
        (
            [long(b"gnu\0", b'L'), pax(&[("path", "pax")])].concat(),
            "gnu",
        ),
        (
            [pax(&[("path", "pax")]), long(b"gnu\0", b'L')].concat(),
            "gnu",
        ),
        (long(b"gnu\0text", b'L'), "gnu"),
        (long(b"\0", b'L'), "plain"),
        (
            sparse_name(("path", "pax"), ("GNU.sparse.name", "sparse")),
            "sparse",
        ),
        (
            sparse_name(("GNU.sparse.name", "sparse"), ("path", "pax")),
            "sparse",
        ),
        (
            pax(&[("GNU.sparse.name", "sparse"), ("path", "pax")]),
            "pax",
        ),
        (
            [pax(&[("path", "pax")]), member(b"g", b'g', b"")].concat(),
            "plain",
        ),
    ] {
        for name in ["plain", "pax", "gnu", "sparse"] {
            let second = member(name.as_bytes(), b'0', b"");
            let layer = [
                &headers,
                &member(b"plain", b'0', &no_parts)[..],
                &second,
                END,
            ]
            .concat();
            let problem = problem(&layer).unwrap_or_default();
            let is_second = problem.contains("twice in the layer");
            assert_eq!(is_second, name == expected, "{expected}: {name}: {problem}");
        }
    }
}

#[test]
fn double_members_of_an_archive_must_be_the_same() {
    let layer = layer(&[("file", b"x")]);
    let config = config("linux/amd64", &[&layer]).to_string();
    let manifest = json!([{"Config": "c.json", "Layers": ["l.tar"]}]).to_string();
    let archive = |again: &[u8]| {
        let mut all = Vec::new();
        for (name, content) in [
            ("c.json", config.as_bytes()),
            ("manifest.json", manifest.as_bytes()),
            ("l.tar", &layer),
            ("l.tar", again),
        ] {
            all.extend(member(name.as_bytes(), b'0', content));
        }
        [&all, END].concat()
    };
    let scratch = Scratch::new();
    let mut other = layer.clone();
    other[512] = b'y';
    for (again, is_right) in [(&layer, true), (&other, false)] {
        fs::write(scratch.path("base.tar"), archive(again)).unwrap();
        let result = run(&upon(&scratch, "image.tar", "base.tar"));
        assert_eq!(result.is_ok(), is_right);
    }
}

#[test]
fn sparse_files_whose_maps_engines_refuse_are_refused() {
    let of = |map: &[u8], kind: u8| {
        let records = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")];
        let mut content = map.to_vec();
        content.resize(1024, 0);
        let layer = [&pax(&records), &member(b"a", kind, &content)[..], END].concat();
        problem(&layer).unwrap_or_default()
    };
    assert_eq!(of(b"1\n512\n512\n", b'0'), "");
    for map in [b"x\n" as &[u8], b"1\n512\n513\n", b"2\n512\n0\n0\n512\n"] {
        let problem = of(map, b'0');
        assert!(problem.contains("the map of a sparse file"), "{problem}");
    }
    let problem = of(b"1\n512\n256\n", b'0');
    assert!(problem.contains("bytes than its map"), "{problem}");
    let problem = of(b"1\n512\n512\n", b'5');
    assert!(problem.contains("none by its type"), "{problem}");
}
