// SPDX-License-Identifier: GPL-3.0-or-later

//! Images that are made upon others, of every kind, and what is refused of
//! those that are not as they should be.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use common::{Scratch, bytes, compressor, gunzip, members, run};
use flate2::Compression;
use flate2::write::GzEncoder;
use guix_docker::digest::Digest;
use guix_docker::request::{Directive, Format, History};
use guix_docker::{Report, Request, Status};
use serde_json::{Value, json};

/// An image to begin with, of two layers, in `format`.
fn make_base(scratch: &Scratch, name: &str, format: Format, packed: &str) -> Report {
    let items = [
        scratch.file("base/one", &b"one ".repeat(50_000)),
        scratch.file("base/two", b"two"),
    ];
    let paths: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
    let mut request = scratch.request(name, &paths);
    request.system(b"x86_64-linux").unwrap();
    request.format(format);
    request.compressor(compressor(packed));
    request.max_layers(10).unwrap();
    request.variable(b"PATH", b"/base/bin").unwrap();
    request.variable(b"BASE", b"1").unwrap();
    request.entry_point(&["/base/run"]).unwrap();
    request.container.cmd(&["argument"]).unwrap();
    request.container.label(b"base", b"yes").unwrap();
    request.container.user(b"1000").unwrap();
    request.container.author(b"somebody").unwrap();
    request.extra_files(vec![
        Directive::directory(b"/usr/bin", None).unwrap(),
        Directive::link(b"/bin", b"/usr/bin").unwrap(),
        Directive::file(b"/etc-file", b"x").unwrap(),
    ]);
    run(&request).unwrap()
}

fn upon(scratch: &Scratch, image: &str, base: &str) -> Request {
    let item = scratch.file("own/item", b"own");
    let mut request = scratch.request(image, &[&item]);
    request.system(b"x86_64-linux").unwrap();
    request.base(bytes(&scratch.path(base))).unwrap();
    request
}

/// The layers and the configuration of a Docker archive, or of one that is
/// both.
fn read(archive: &[u8]) -> (Vec<Vec<u8>>, Value) {
    let members = members(archive);
    let manifest: Value = serde_json::from_slice(&members["manifest.json"]).unwrap();
    let config = serde_json::from_slice(&members[manifest[0]["Config"].as_str().unwrap()]).unwrap();
    let layers = manifest[0]["Layers"].as_array().unwrap().iter();
    let layers = layers.map(|name| {
        let layer = &members[name.as_str().unwrap()];
        match layer.starts_with(b"\x1f\x8b") {
            true => gunzip(layer),
            false => layer.clone(),
        }
    });
    (layers.collect(), config)
}

#[test]
fn layers_of_all_kinds_of_images_come_first() {
    let scratch = Scratch::new();
    let expected = make_base(&scratch, "docker.tar", Format::DockerArchive, "none");
    make_base(&scratch, "docker.tar.gz", Format::DockerArchive, "gzip");
    make_base(&scratch, "docker.tar.zst", Format::DockerArchive, "zstd");
    make_base(&scratch, "oci-none.tar", Format::OciArchive, "none");
    make_base(&scratch, "oci-gzip.tar", Format::OciArchive, "gzip");
    make_base(&scratch, "oci-zstd.tar", Format::OciArchive, "zstd");
    make_base(&scratch, "layout", Format::Oci, "gzip -9");
    // Not every archive is a layout too.
    let gzip = scratch.read("oci-gzip.tar");
    fs::write(
        scratch.path("only-docker.tar"),
        without(&gzip, "index.json"),
    )
    .unwrap();
    let base_ids: Vec<Digest> = expected.layers.iter().map(|layer| layer.diff_id).collect();
    let mut images = Vec::new();
    for base in [
        "docker.tar",
        "docker.tar.gz",
        "docker.tar.zst",
        "oci-none.tar",
        "oci-gzip.tar",
        "oci-zstd.tar",
        "only-docker.tar",
        "layout",
    ] {
        for max_layers in [None, Some(20)] {
            let mut docker = upon(&scratch, "image.tar", base);
            let mut oci = upon(&scratch, "image.oci.tar", base);
            for request in [&mut docker, &mut oci] {
                if let Some(count) = max_layers {
                    request.max_layers(count).unwrap();
                }
            }
            oci.format(Format::OciArchive);
            let report = run(&docker).unwrap();
            let ids: Vec<Digest> = report.layers.iter().map(|layer| layer.diff_id).collect();
            assert_eq!(ids[..base_ids.len()], base_ids, "{base}");
            assert_eq!(
                ids.len(),
                base_ids.len() + 1 + usize::from(max_layers.is_some())
            );
            let (layers, config) = read(&scratch.read("image.tar"));
            for (layer, id) in layers.iter().zip(&ids) {
                assert_eq!(Digest::of(layer), *id);
            }
            assert_eq!(config["history"].as_array().unwrap().len(), ids.len());
            images.push((max_layers, scratch.read("image.tar")));

            let report = run(&oci).unwrap();
            let oci_ids: Vec<Digest> = report.layers.iter().map(|layer| layer.diff_id).collect();
            assert_eq!(oci_ids, ids);
            let blob = report.layers[0].blob.as_ref().unwrap();
            let expected = match base {
                "oci-gzip.tar" | "only-docker.tar" | "layout" => "tar+gzip",
                "oci-zstd.tar" => "tar+zstd",
                _ => "v1.tar",
            };
            assert!(
                blob.media_type.ends_with(expected),
                "{base}: {}",
                blob.media_type
            );
            let own = report.layers.last().unwrap().blob.as_ref().unwrap();
            assert!(own.media_type.ends_with("tar+gzip"));
        }
    }
    // Whatever the base was stored as.
    for (max_layers, image) in &images {
        let same = images.iter().find(|other| other.0 == *max_layers).unwrap();
        assert!(same.1 == *image, "{max_layers:?}");
    }
}

/// An archive without a member.
fn without(archive: &[u8], name: &str) -> Vec<u8> {
    edit(archive, |member, content| {
        (member != name).then_some(content)
    })
}

/// An archive whose files are what `change` makes of them.
fn edit(archive: &[u8], change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut edited = tar::Builder::new(Vec::new());
    for (name, content) in members(archive) {
        if name.ends_with('/') {
            continue;
        }
        if let Some(content) = change(&name, content) {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            edited
                .append_data(&mut header, &name, content.as_slice())
                .unwrap();
        }
    }
    edited.into_inner().unwrap()
}

#[test]
fn the_configuration_is_as_from_has_it() {
    let scratch = Scratch::new();
    make_base(&scratch, "base.tar", Format::DockerArchive, "none");
    let config = |change: &dyn Fn(&mut Request)| {
        let mut request = upon(&scratch, "image.tar", "base.tar");
        request.format(Format::OciArchive);
        change(&mut request);
        run(&request).unwrap();
        read(&scratch.read("image.tar")).1
    };
    let whole = config(&|_| {});
    assert_eq!(whole["author"], "somebody");
    assert_eq!(whole["history"].as_array().unwrap().len(), 4);
    let kept = &whole["config"];
    assert_eq!(kept["Env"], json!(["PATH=/base/bin", "BASE=1"]));
    assert_eq!(kept["Entrypoint"], json!(["/base/run"]));
    assert_eq!(kept["Cmd"], json!(["argument"]));
    assert_eq!(kept["User"], "1000");
    let changed = config(&|request| {
        request.variable(b"PATH", b"/own").unwrap();
        request.variable(b"OWN", b"2").unwrap();
        request.entry_point(&["/own/run"]).unwrap();
        request.container.label(b"own", b"too").unwrap();
        request.container.author(b"another").unwrap();
        request.container.user(b"0").unwrap();
    });
    assert_eq!(changed["author"], "another");
    let changed = &changed["config"];
    assert_eq!(changed["Env"], json!(["PATH=/own", "BASE=1", "OWN=2"]));
    assert_eq!(changed["Entrypoint"], json!(["/own/run"]));
    // It was for another entry point.
    assert_eq!(changed.get("Cmd"), None);
    assert_eq!(changed["Labels"], json!({"base": "yes", "own": "too"}));
    assert_eq!(changed["User"], "0");
    assert_eq!(
        config(&|request| request.history(History::None)).get("history"),
        None
    );
    let one = config(&|request| {
        request.max_layers(10).unwrap();
        request.history(History::One);
    });
    assert_eq!(one["history"].as_array().unwrap().len(), 4);
    // With Guix's keys, too.
    let mut docker = upon(&scratch, "image.tar", "base.tar");
    docker.variable(b"OWN", b"2").unwrap();
    run(&docker).unwrap();
    let docker = read(&scratch.read("image.tar")).1;
    assert_eq!(
        docker["config"]["env"],
        json!(["PATH=/base/bin", "BASE=1", "OWN=2"])
    );
    assert_eq!(docker["config"]["entrypoint"], json!(["/base/run"]));
    assert_eq!(docker["config"].get("Env"), None);
}

#[test]
fn names_of_the_base_are_not_lost() {
    let scratch = Scratch::new();
    make_base(&scratch, "base.tar", Format::DockerArchive, "none");
    for (directive, what) in [
        (
            Directive::directory(b"/bin", None),
            Some("\"/bin\" is a symbolic link to"),
        ),
        (
            Directive::directory(b"/etc-file/x", None),
            Some("\"/etc-file\" is a file"),
        ),
        (
            Directive::file(b"/usr/bin", b""),
            Some("\"/usr/bin\" is a directory"),
        ),
        (
            Directive::link(b"/usr", b"/bin"),
            Some("\"/usr\" is a directory"),
        ),
        // What takes the place of the like, or is new.
        (Directive::link(b"/bin", b"/own"), None),
        (Directive::file(b"/etc-file", b"y"), None),
        (Directive::directory(b"/usr/bin", Some(0o700)), None),
        (Directive::directory(b"/usr/lib", None), None),
    ] {
        let mut request = upon(&scratch, "image.tar", "base.tar");
        let mut directives = vec![directive.unwrap()];
        if matches!(&directives[0], Directive::File { name, .. } if name.ends_with(b"usr/bin")) {
            directives.insert(0, Directive::directory(b"/usr", None).unwrap());
        }
        request.extra_files(directives);
        match (run(&request), what) {
            (Ok(_), None) => {}
            (Err(error), Some(what)) => assert!(error.message().contains(what), "{error}"),
            (other, what) => panic!("{other:?}, {what:?}"),
        }
    }
    // A file below a link: engines would make a directory of it.
    let item = scratch.file("own/item", b"own");
    let mut request = upon(&scratch, "image.tar", "base.tar");
    let below = guix_docker::request::Transformation::new(bytes(&item), b"/bin/x").unwrap();
    request.transformations(vec![below]);
    let error = run(&request).unwrap_err();
    assert!(
        error
            .message()
            .contains("\"/bin\" is a symbolic link to \"/usr/bin\""),
        "{error}"
    );
    assert!(
        error.message().ends_with("name it \"/usr/bin/x\" instead"),
        "{error}"
    );
    // A whiteout in a layer above has taken the link away.
    let mut middle = upon(&scratch, "middle.tar", "base.tar");
    middle.whiteouts(guix_docker::request::Whiteouts::Allow);
    middle.extra_files(vec![Directive::file(b"/.wh.bin", b"").unwrap()]);
    run(&middle).unwrap();
    let mut request = upon(&scratch, "image.tar", "middle.tar");
    request.extra_files(vec![Directive::directory(b"/bin/x", None).unwrap()]);
    run(&request).unwrap();
}

#[test]
fn the_image_meant_is_taken() {
    let scratch = Scratch::new();
    let item = scratch.file("item", b"item");
    for (system, name) in [
        ("x86_64-linux", "app:1"),
        ("aarch64-linux", "app:1"),
        ("x86_64-linux", "other"),
    ] {
        let mut request = scratch.request("layout", &[&item]);
        request.format(Format::Oci);
        request.system(system.as_bytes()).unwrap();
        request.name(name.as_bytes()).unwrap();
        request
            .container
            .label(b"is", format!("{system} {name}").as_bytes())
            .unwrap();
        run(&request).unwrap();
    }
    let label = |system: &str, name: Option<&str>| {
        let mut request = upon(&scratch, "image.tar", "layout");
        request.format(Format::OciArchive);
        request.system(system.as_bytes()).unwrap();
        if let Some(name) = name {
            request.base_name(name.as_bytes()).unwrap();
        }
        run(&request)?;
        let config = read(&scratch.read("image.tar")).1;
        Ok::<_, guix_docker::Error>(
            config["config"]["Labels"]["is"]
                .as_str()
                .unwrap()
                .to_owned(),
        )
    };
    assert_eq!(
        label("x86_64-linux", Some("app:1")).unwrap(),
        "x86_64-linux app:1"
    );
    assert_eq!(
        label("aarch64-linux", Some("app:1")).unwrap(),
        "aarch64-linux app:1"
    );
    assert_eq!(label("aarch64-linux", None).unwrap(), "aarch64-linux app:1");
    for name in ["docker.io/library/other:latest", "other", "docker.io/other"] {
        let label = label("x86_64-linux", Some(name)).unwrap();
        assert_eq!(label, "x86_64-linux other", "{name}");
    }
    for (system, name, what) in [
        (
            "x86_64-linux",
            None,
            "several images; say by its name which is meant: app:1, other:latest",
        ),
        (
            "x86_64-linux",
            Some("none"),
            "no image \"none\", but these: app:1, other:latest",
        ),
        (
            "armhf-linux",
            Some("app:1"),
            "no image for arm, but for linux/amd64, linux/arm64",
        ),
    ] {
        let error = label(system, name).unwrap_err();
        assert!(error.message().contains(what), "{error}");
    }
    make_base(&scratch, "docker.tar", Format::DockerArchive, "none");
    let mut request = upon(&scratch, "image.tar", "docker.tar");
    request.system(b"aarch64-linux").unwrap();
    let error = run(&request).unwrap_err();
    assert!(
        error
            .message()
            .contains("for amd64, and the image for arm64"),
        "{error}"
    );
    let mut request = upon(&scratch, "image.tar", "docker.tar");
    request.max_layers(4).unwrap();
    let error = run(&request).unwrap_err();
    assert!(error.message().contains("the base has 3 layers"), "{error}");
}

#[test]
fn layers_of_the_same_content_are_stored_once() {
    let scratch = Scratch::new();
    make_base(&scratch, "base.tar", Format::DockerArchive, "none");
    let item = scratch.path("base/one");
    for (format, image) in [
        (Format::DockerArchive, "image.tar"),
        (Format::OciArchive, "oci.tar"),
    ] {
        let mut request = scratch.request(image, &[&item]);
        request.system(b"x86_64-linux").unwrap();
        request.base(bytes(&scratch.path("base.tar"))).unwrap();
        request.format(format);
        request.max_layers(10).unwrap();
        let report = run(&request).unwrap();
        assert_eq!(report.layers[0].diff_id, report.layers[3].diff_id);
        let mut archive = tar::Archive::new(fs::File::open(scratch.path(image)).unwrap());
        let mut names: Vec<PathBuf> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().into_owned())
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}

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
            "manifest.json is not as it should be",
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
            "it is for sparc",
        ),
        (
            "of Windows",
            config(|c| c["os"] = json!("windows")),
            "for Linux",
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
            "not as it should be",
        ),
        (
            "oci: no blobs",
            without(&oci, "oci-layout"),
            "no oci-layout",
        ),
        (
            "oci: index of text",
            file(&oci, "index.json", b"{"),
            "index.json is not as it should be",
        ),
        (
            "oci: no images",
            file(&oci, "index.json", br#"{"manifests":[]}"#),
            "no image",
        ),
        (
            "oci: a flipped bit",
            flipped(&oci, "blobs/", 200),
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
            request.max_layers(10).unwrap();
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

/// An archive of these members, of directories where a name ends in a slash.
fn archive(list: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, mode, content) in list {
        let mut header = tar::Header::new_gnu();
        header.set_mode(*mode);
        header.set_uid(7);
        header.set_gid(8);
        header.set_size(content.len() as u64);
        if name.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        archive.append_data(&mut header, name, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

/// A Docker archive of these layers.
fn image_of(layers: &[Vec<u8>]) -> Vec<u8> {
    let ids: Vec<String> = layers
        .iter()
        .map(|layer| Digest::of(layer).to_string())
        .collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": ids},
    });
    let names: Vec<String> = (0..layers.len())
        .map(|number| format!("{number}.tar"))
        .collect();
    let manifest = json!([{"Config": "config", "RepoTags": null, "Layers": names}]);
    let (config, manifest) = (config.to_string(), manifest.to_string());
    let mut list = vec![
        ("config", 0o644, config.as_bytes()),
        ("manifest.json", 0o644, manifest.as_bytes()),
    ];
    for (name, layer) in names.iter().zip(layers) {
        list.push((name, 0o644, layer));
    }
    archive(&list)
}

/// The members of the last layer of a Docker archive.
fn last_layer(image: &[u8]) -> BTreeMap<String, (u32, u64)> {
    let (layers, _) = read(image);
    let layer = layers.last().unwrap().clone();
    let mut archive = tar::Archive::new(layer.as_slice());
    let entries = archive.entries().unwrap();
    let entries = entries.map(|entry| {
        let entry = entry.unwrap();
        let header = entry.header();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        (name, (header.mode().unwrap(), header.uid().unwrap()))
    });
    entries.collect()
}

#[test]
fn directories_stay_as_they_are_in_the_base() {
    let scratch = Scratch::new();
    let base = image_of(&[
        archive(&[("tmp/", 0o1777, b""), ("opt/app/file", 0o644, b"x")]),
        archive(&[("usr/", 0o711, b""), ("usr/bin/", 0o755, b"")]),
    ]);
    fs::write(scratch.path("base.tar"), base).unwrap();
    let item = scratch.file("tmp/item", b"item");
    let mut request = upon(&scratch, "image.tar", "base.tar");
    request.transformations(vec![
        guix_docker::request::Transformation::new(bytes(&scratch.path("own/item")), b"/tmp/item")
            .unwrap(),
    ]);
    let _ = item;
    request.extra_files(vec![
        Directive::directory(b"/tmp", None).unwrap(),
        // What is above is in the base.
        Directive::file(b"/usr/bin/app", b"").unwrap(),
        Directive::file(b"/opt/app/new", b"").unwrap(),
        Directive::directory(b"/new", None).unwrap(),
    ]);
    run(&request).unwrap();
    let members = last_layer(&scratch.read("image.tar"));
    assert_eq!(members["tmp/"], (0o1777, 7));
    assert_eq!(members["usr/"], (0o711, 7));
    assert_eq!(members["usr/bin/"], (0o755, 7));
    // Of this one nobody says anything.
    assert_eq!(members["opt/app/"], (0o755, 0));
    assert_eq!(members["new/"], (0o755, 0));
    let mut request = upon(&scratch, "image.tar", "base.tar");
    request.extra_files(vec![Directive::directory(b"/tmp", Some(0o700)).unwrap()]);
    run(&request).unwrap();
    assert_eq!(last_layer(&scratch.read("image.tar"))["tmp/"], (0o700, 0));
    for (directive, what) in [
        (
            Directive::file(b"/usr/lib/x", b""),
            "\"/usr/lib\" is not in the base",
        ),
        // A directory all the same.
        (
            Directive::link(b"/opt/app", b"/usr/bin"),
            "\"/opt/app\" is a directory in the base",
        ),
    ] {
        let mut request = upon(&scratch, "image.tar", "base.tar");
        request.extra_files(vec![directive.unwrap()]);
        let error = run(&request).unwrap_err();
        assert!(error.message().contains(what), "{error}");
    }
}

#[test]
fn unusual_archives_are_read() {
    let scratch = Scratch::new();
    // Of no whole number of blocks, and of nothing at all.
    let odd = [archive(&[("file", 0o644, b"x")]), b"odd end".to_vec()].concat();
    // An attribute with line ends, in POSIX's format.
    let text = "SCHILY.xattr.user.x=a\nb path=no\n 12 y=z";
    let record = format!("{} {text}\n", text.len() + 4);
    assert_eq!(record.len(), text.len() + 4);
    let record = record.as_bytes();
    let mut pax = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::XHeader);
    header.set_size(record.len() as u64);
    pax.append_data(&mut header, "pax", record).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(1);
    pax.append_data(&mut header, "attributed", &b"x"[..])
        .unwrap();
    let pax = pax.into_inner().unwrap();
    for layers in [vec![odd], vec![Vec::new()], vec![pax]] {
        fs::write(scratch.path("base.tar"), image_of(&layers)).unwrap();
        for format in [Format::DockerArchive, Format::OciArchive] {
            let mut request = upon(&scratch, "image.tar", "base.tar");
            request.format(format);
            let report = run(&request).unwrap();
            let (read, _) = read(&scratch.read("image.tar"));
            assert!(read[0] == layers[0]);
            assert_eq!(report.layers[0].diff_id, Digest::of(&layers[0]));
        }
    }
    // Zeros behind gzip's end, as on a tape.
    make_base(&scratch, "docker.tar.gz", Format::DockerArchive, "gzip");
    let mut padded = scratch.read("docker.tar.gz");
    padded.resize(padded.len() + 10_000, 0);
    fs::write(scratch.path("padded.tar.gz"), &padded).unwrap();
    run(&upon(&scratch, "image.tar", "padded.tar.gz")).unwrap();
    padded.push(1);
    fs::write(scratch.path("padded.tar.gz"), &padded).unwrap();
    let error = run(&upon(&scratch, "image.tar", "padded.tar.gz")).unwrap_err();
    assert!(error.message().contains("behind its end"), "{error}");
}

#[test]
fn triggers_and_odd_members_do_not_come_with_it() {
    let scratch = Scratch::new();
    make_base(&scratch, "base.tar", Format::DockerArchive, "none");
    let base = scratch.read("base.tar");
    let with = |change: &dyn Fn(&mut Value)| {
        let changed = edit(&base, |name, content| {
            if name != "config.json" {
                return Some(content);
            }
            let mut config: Value = serde_json::from_slice(&content).unwrap();
            change(&mut config);
            Some(serde_json::to_vec(&config).unwrap())
        });
        fs::write(scratch.path("changed.tar"), changed).unwrap();
        run(&upon(&scratch, "image.tar", "changed.tar"))?;
        Ok::<_, guix_docker::Error>(read(&scratch.read("image.tar")).1)
    };
    let config = with(&|config| {
        config["config"]["OnBuild"] = json!(["RUN x"]);
        config["config"]["Shell"] = json!(["/bin/ash"]);
        config["author"] = json!(null);
    });
    let config = config.unwrap();
    assert_eq!(config["config"].get("OnBuild"), None);
    assert_eq!(config["config"]["Shell"], json!(["/bin/ash"]));
    assert_eq!(config.get("author"), None);
    let config = with(&|config| config["history"] = json!([{"created": 5}, {}, {}])).unwrap();
    assert_eq!(config["history"][0]["comment"], "a layer of the base");
    for odd in [
        ("User", json!(7)),
        ("Labels", json!({"a": 1})),
        ("Env", json!(["A=1", 5])),
    ] {
        let error = with(&|config| config["config"][odd.0] = odd.1.clone()).unwrap_err();
        assert!(error.message().contains("engines do not take"), "{error}");
    }
}

/// The manifest of the one image in a layout, as text.
fn manifest_in(root: &Path) -> String {
    let index: Value = serde_json::from_slice(&fs::read(root.join("index.json")).unwrap()).unwrap();
    let entries = index["manifests"].as_array().unwrap();
    let digest = entries.last().unwrap()["digest"].as_str().unwrap();
    fs::read_to_string(root.join("blobs/sha256").join(&digest[7..])).unwrap()
}

#[test]
fn what_a_base_says_of_its_layers_is_not_believed_later() {
    let scratch = Scratch::new();
    let item = scratch.file("own/item", b"own");
    let build = |image: &str, base: Option<&str>, packed: &str| {
        let mut request = scratch.request(image, &[&item]);
        request.system(b"x86_64-linux").unwrap();
        request.max_layers(10).unwrap();
        request.format(match image.ends_with(".tar") {
            true => Format::OciArchive,
            false => Format::Oci,
        });
        request.compressor(compressor(packed));
        if let Some(base) = base {
            request.base(bytes(&scratch.path(base))).unwrap();
        }
        request.immutable_paths(true);
        run(&request).unwrap()
    };
    // A layer of the base is the image's own too, stored in another way.
    build("zstd.tar", None, "zstd");
    build("layout", Some("zstd.tar"), "gzip");
    assert!(!manifest_in(&scratch.path("layout")).contains("guix-docker.layer.encoder"));
    build("layout", None, "gzip");
    build("fresh", None, "gzip");
    assert_eq!(
        manifest_in(&scratch.path("layout")),
        manifest_in(&scratch.path("fresh"))
    );
    // Nor are annotations of another's making.
    let lying = manifest_in(&scratch.path("fresh"));
    assert!(lying.contains("guix-docker.layer.encoded"));
    build("lying", Some("fresh"), "gzip");
    assert!(!manifest_in(&scratch.path("lying")).contains("guix-docker.layer.files"));
}
