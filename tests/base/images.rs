// SPDX-License-Identifier: GPL-3.0-or-later

//! Bases of every kind, and which image in them is meant.

use std::fs;
use std::path::PathBuf;

use crate::common::{Scratch, bytes, run};
use crate::{archive, image_of, make_base, read, upon, without};
use guix_docker::digest::Digest;
use guix_docker::request::Format;

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
                    request.layers.max_layers(count).unwrap();
                }
            }
            oci.output.format = Format::OciArchive;
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
        request.output.format = Format::Oci;
        request.metadata.system(system.as_bytes()).unwrap();
        request.metadata.names(&[name.as_bytes()]).unwrap();
        request
            .metadata
            .label(b"is", format!("{system} {name}").as_bytes())
            .unwrap();
        run(&request).unwrap();
    }
    let label = |system: &str, name: Option<&str>| {
        let mut request = upon(&scratch, "image.tar", "layout");
        request.output.format = Format::OciArchive;
        request.metadata.system(system.as_bytes()).unwrap();
        if let Some(name) = name {
            request.layers.base_name(name.as_bytes()).unwrap();
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
    request.metadata.system(b"aarch64-linux").unwrap();
    let error = run(&request).unwrap_err();
    assert!(
        error
            .message()
            .contains("it has no image for arm64, but for linux/amd64"),
        "{error}"
    );
    let mut request = upon(&scratch, "image.tar", "docker.tar");
    request.layers.max_layers(4).unwrap();
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
        request.metadata.system(b"x86_64-linux").unwrap();
        request
            .layers
            .base(bytes(&scratch.path("base.tar")))
            .unwrap();
        request.output.format = format;
        request.layers.max_layers(10).unwrap();
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
            request.output.format = format;
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
