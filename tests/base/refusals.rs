// SPDX-License-Identifier: GPL-3.0-or-later

//! Bases that are not as they should be.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;

use crate::common::{Scratch, members, run};
use crate::{edit, make_base, upon, without};
use flate2::Compression;
use flate2::write::GzEncoder;
use guix_docker::Status;
use guix_docker::digest::Digest;
use guix_docker::request::Format;
use serde_json::{Value, json};

/// What is wrong with a base that is not as it should be.
fn refusal(scratch: &Scratch, base: &[u8]) -> (Status, String) {
    fs::write(scratch.path("bad.tar"), base).unwrap();
    let error = run(&upon(scratch, "image.tar", "bad.tar")).unwrap_err();
    assert!(!scratch.path("image.tar").exists());
    (error.status(), error.message().to_owned())
}

#[test]
fn what_is_not_as_it_should_be_is_refused() {
    let scratch = Scratch::new();
    make_base(&scratch, "docker.tar", Format::DockerArchive, "none");
    make_base(&scratch, "oci.tar", Format::OciArchive, "gzip");
    let docker = scratch.read("docker.tar");
    let oci = scratch.read("oci.tar");
    let config = |change: fn(&mut Value)| {
        edit(&docker, |name, content| {
            if name != "config.json" {
                return Some(content);
            }
            let mut config: Value = serde_json::from_slice(&content).unwrap();
            change(&mut config);
            Some(serde_json::to_vec(&config).unwrap())
        })
    };
    let file = |archive: &[u8], wanted: &str, content: &[u8]| {
        edit(archive, |name, old| match name.contains(wanted) {
            true => Some(content.to_vec()),
            false => Some(old),
        })
    };
    let flipped = |archive: &[u8], wanted: &str, position: usize| {
        edit(archive, |name, mut content| {
            if name.contains(wanted) && content.len() > position {
                content[position] ^= 1;
            }
            Some(content)
        })
    };
    let twice = {
        let mut both = tar::Builder::new(Vec::new());
        for content in [&b"{}"[..], b"[]"] {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            both.append_data(&mut header, "manifest.json", content)
                .unwrap();
        }
        both.into_inner().unwrap()
    };
    let no_size = {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..6].copy_from_slice(b"\x1b[31m.");
        header.as_mut_bytes()[124..136].copy_from_slice(b"00\xff000000000");
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let mut gzipped = GzEncoder::new(Vec::new(), Compression::fast());
    gzipped.write_all(&docker).unwrap();
    let gzipped = gzipped.finish().unwrap();
    let layers: Value = serde_json::from_slice(&members(&docker)["manifest.json"]).unwrap();
    let layer = layers[0]["Layers"][0].as_str().unwrap().to_owned();
    for (what, base, message) in [
        (
            "nothing",
            Vec::new(),
            "it has no index.json and no manifest.json",
        ),
        ("text", b"text".repeat(1000), "no archive of tar"),
        (
            "xz",
            b"\xfd7zXZ\0......".to_vec(),
            "compressed by xz; decompress it first",
        ),
        ("half", docker[..docker.len() / 2].to_vec(), "ends within"),
        (
            "half of gzip",
            gzipped[..gzipped.len() / 2].to_vec(),
            "decompressing it",
        ),
        (
            "a size of no digits",
            no_size,
            "the size of its member \"\\u{1b}[31m.\" is no number",
        ),
        ("two members", twice, "two members \"manifest.json\""),
        (
            "no configuration",
            without(&docker, "config.json"),
            "no file \"config.json\"",
        ),
        ("no layer", without(&docker, &layer), "no file"),
        (
            "no manifest",
            without(&docker, "manifest.json"),
            "no manifest.json",
        ),
        (
            "a manifest of text",
            file(&docker, "manifest.json", b"text"),
            "manifest.json is not as it should be",
        ),
        (
            "a manifest of numbers",
            file(&docker, "manifest.json", b"[[1]]"),
            "manifest.json: an image is not an object",
        ),
        (
            "deep",
            file(&docker, "manifest.json", &b"[".repeat(100_000)),
            "manifest.json is not as it should be",
        ),
        (
            "no image",
            file(&docker, "manifest.json", b"[]"),
            "no image",
        ),
        (
            "a flipped bit",
            flipped(&docker, &layer, 5_000),
            "is not what its digest says",
        ),
        (
            "another configuration",
            config(|c| c["architecture"] = json!("sparc")),
            "no image for amd64, but for linux/sparc",
        ),
        (
            "of Windows",
            config(|c| c["os"] = json!("windows")),
            "but for windows/amd64",
        ),
        (
            "too few digests",
            config(|c| c["rootfs"]["diff_ids"] = json!([])),
            "3 layers, but its configuration 0",
        ),
        (
            "odd digests",
            config(|c| c["rootfs"]["diff_ids"][0] = json!("md5:0")),
            "no digest by SHA-256",
        ),
        (
            "no digests",
            config(|c| c["rootfs"] = json!(null)),
            "\"rootfs\" is missing",
        ),
        (
            "oci: no layout",
            without(&without(&oci, "manifest.json"), "oci-layout"),
            "no oci-layout",
        ),
        (
            "oci: index of text",
            file(&without(&oci, "manifest.json"), "index.json", b"{"),
            "index.json is not as it should be",
        ),
        (
            "oci: no images",
            file(
                &without(&oci, "manifest.json"),
                "index.json",
                br#"{"manifests":[]}"#,
            ),
            "no image",
        ),
        (
            "oci: a flipped bit",
            flipped(&without(&oci, "manifest.json"), "blobs/", 200),
            "digest says",
        ),
    ] {
        let (status, text) = refusal(&scratch, &base);
        assert!(
            matches!(status, Status::Input | Status::InvalidArgument),
            "{what}: {text}"
        );
        assert!(text.contains(message), "{what}: {text}");
    }
    // A name that leads out of the archive is no name in it.
    let manifest = br#"[{"Config":"../../etc/passwd","RepoTags":[],"Layers":[]}]"#;
    let (_, text) = refusal(&scratch, &file(&docker, "manifest.json", manifest));
    assert!(text.contains("no file \"../../etc/passwd\""), "{text}");
}

#[test]
fn a_base_has_at_most_500_layers() {
    let scratch = Scratch::new();
    let layers = vec![vec![0; 1024]; 501];
    let (_, message) = refusal(&scratch, &crate::image_of(&layers));
    assert!(
        message.contains("it has 501 layers; the maximum is 500"),
        "{message}"
    );
}

#[test]
fn names_take_no_more_memory_than_an_image_has_of_them() {
    let scratch = Scratch::new();
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for number in 0..40 {
        let name = format!("{number}{}", "n".repeat(1_000_000));
        for (kind, content) in [
            (tar::EntryType::GNULongName, name.as_bytes()),
            (tar::EntryType::Regular, b""),
        ] {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            header.set_cksum();
            archive.append(&header, content).unwrap();
        }
    }
    let base = archive.into_inner().unwrap().finish().unwrap();
    // A small file.
    assert!(base.len() < 1_000_000, "{}", base.len());
    let (status, message) = refusal(&scratch, &base);
    assert_eq!(status, Status::Input);
    assert!(message.contains("too many members"), "{message}");
}

/// Changes at random, of which none may end in anything but an error that says
/// what is wrong, or an image with the base's layers as they were.
#[test]
fn hostile_archives_do_no_harm() {
    let scratch = Scratch::new();
    let rounds = std::env::var("FUZZ_ROUNDS").map_or(400, |text| text.parse().unwrap());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) as usize % limit.max(1)
    };
    let mut results: BTreeMap<bool, usize> = BTreeMap::new();
    for (format, packed) in [
        (Format::DockerArchive, "none"),
        (Format::DockerArchive, "gzip"),
        (Format::OciArchive, "gzip"),
        (Format::OciArchive, "zstd"),
    ] {
        let report = make_base(&scratch, "base.tar", format, packed);
        let ids: Vec<Digest> = report.layers.iter().map(|layer| layer.diff_id).collect();
        let whole = scratch.read("base.tar");
        for _ in 0..rounds / 4 {
            let mut changed = whole.clone();
            for _ in 0..1 + random(4) {
                let at = random(changed.len());
                match random(6) {
                    0 => changed[at] = random(256) as u8,
                    1 => changed.truncate(at),
                    2 => changed[at..]
                        .iter_mut()
                        .take(random(600))
                        .for_each(|byte| *byte = 0),
                    3 => {
                        let from = random(changed.len());
                        let piece = changed[from..]
                            .iter()
                            .take(512)
                            .copied()
                            .collect::<Vec<_>>();
                        let end = (at + piece.len()).min(changed.len());
                        changed[at..end].copy_from_slice(&piece[..end - at]);
                    }
                    4 => {
                        let digits = b"77777777777";
                        // The size in a header.
                        let at = at / 512 * 512 + 124;
                        if at + digits.len() < changed.len() {
                            changed[at..at + digits.len()].copy_from_slice(digits);
                        }
                    }
                    _ => changed.extend(vec![random(256) as u8; random(2_000)]),
                }
                if changed.is_empty() {
                    break;
                }
            }
            fs::write(scratch.path("changed.tar"), &changed).unwrap();
            let mut request = upon(&scratch, "image.tar", "changed.tar");
            request.layers.max_layers(10).unwrap();
            let result = run(&request);
            *results.entry(result.is_ok()).or_default() += 1;
            match result {
                Ok(report) => {
                    let own: Vec<Digest> =
                        report.layers.iter().map(|layer| layer.diff_id).collect();
                    assert!(own.starts_with(&ids) || own.len() < ids.len());
                    fs::remove_file(scratch.path("image.tar")).unwrap();
                }
                Err(error) => {
                    assert!(
                        matches!(error.status(), Status::Input | Status::InvalidArgument),
                        "{:?}: {error}",
                        error.status()
                    );
                    assert!(!scratch.path("image.tar").exists());
                }
            }
        }
    }
    // Both happen, or the changes are too few or too many.
    assert_eq!(results.len(), 2, "{results:?}");
}
