// SPDX-License-Identifier: GPL-3.0-or-later

//! What an image is, in an archive as in a layout.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;

use crate::common::{Scratch, bytes, compressor, members, noise, run};
use crate::{directory, image, index, items, names, request};
use guix_docker::digest::Digest;
use guix_docker::request::Format;
use guix_docker::{Request, Status};

fn has_zstd() -> bool {
    Command::new("zstd").arg("--version").output().is_ok()
}

#[test]
fn an_archive_is_a_layout_and_a_docker_archive() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    for (max_layers, packed) in [
        (None, ""),
        (Some(3), "none"),
        (Some(100), "gzip -9"),
        (Some(100), "zstd -5"),
    ] {
        if packed.starts_with("zstd") && !has_zstd() {
            eprintln!("skipped: zstd is not installed");
            continue;
        }
        let mut docker = request(&scratch, "docker.tar", Format::DockerArchive, &items);
        let mut oci = request(&scratch, "oci.tar", Format::OciArchive, &items);
        for request in [&mut docker, &mut oci] {
            if let Some(count) = max_layers {
                request.layers.max_layers(count).unwrap();
            }
            request.container.variable(b"NAME", b"value").unwrap();
            request.container.entry_point(&["/run"]).unwrap();
        }
        oci.output.compressor = compressor(packed);
        oci.metadata.names(&[b"registry.x:5000/app:1"]).unwrap();
        oci.metadata.names(&[b"app"]).unwrap();
        let expected = run(&docker).unwrap();
        let report = run(&oci).unwrap();
        let files = members(&scratch.read("oci.tar"));
        let index = index(&files);

        let names = index.manifests().iter().map(|entry| {
            let annotations = entry.annotations().as_ref().unwrap();
            (
                annotations["io.containerd.image.name"].as_str(),
                annotations["org.opencontainers.image.ref.name"].as_str(),
            )
        });
        let names: Vec<_> = names.collect();
        assert_eq!(
            names,
            [
                ("registry.x:5000/app:1", "1"),
                ("docker.io/library/app:latest", "latest")
            ]
        );
        let entry = &index.manifests()[0];
        assert_eq!(entry.digest(), index.manifests()[1].digest());
        let platform = entry.platform().as_ref().unwrap();
        assert_eq!(platform.architecture().to_string(), "amd64");
        assert_eq!(platform.os().to_string(), "linux");

        let (manifest, config, _) = image(&files, entry);
        let config_digest = manifest.config().digest().to_string();
        assert_eq!(report.image_id.to_string(), config_digest);
        let (digest, size) = report.manifest.unwrap();
        assert_eq!(digest.to_string(), entry.digest().to_string());
        assert_eq!(size, entry.size());
        for (layer, (descriptor, docker)) in report
            .layers
            .iter()
            .zip(manifest.layers().iter().zip(&expected.layers))
        {
            // The layers are those of a Docker archive.
            assert_eq!(layer.diff_id, docker.diff_id);
            let blob = layer.blob.as_ref().unwrap();
            assert_eq!(blob.digest.to_string(), descriptor.digest().to_string());
            assert_eq!(blob.size, descriptor.size());
            assert_eq!(blob.media_type, descriptor.media_type().to_string());
        }
        let execution = config.config().as_ref().unwrap();
        assert_eq!(execution.env().as_deref(), Some(&["NAME=value".into()][..]));
        assert_eq!(
            execution.entrypoint().as_deref(),
            Some(&["/run".into()][..])
        );
        assert_eq!(
            config.history().as_ref().unwrap().len(),
            manifest.layers().len()
        );

        let docker: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        let digits = |digest: &str| digest.replace("sha256:", "blobs/sha256/");
        assert_eq!(docker[0]["Config"], digits(&config_digest));
        assert_eq!(docker[0]["RepoTags"], serde_json::json!(report.names));
        let layers = manifest.layers().iter();
        let layers: Vec<_> = layers
            .map(|layer| digits(layer.digest().as_ref()))
            .collect();
        assert_eq!(docker[0]["Layers"], serde_json::json!(layers));
    }
}

#[test]
fn bytes_do_not_depend_on_threads_nor_on_the_output() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    for packed in ["none", "gzip -1", "gzip", "zstd", "zstd -15"] {
        let build = |name: &str, threads, format| {
            let mut request = request(&scratch, name, format, &items);
            request.layers.max_layers(4).unwrap();
            request.output.compressor = compressor(packed);
            request.running.threads(threads);
            run(&request).unwrap()
        };
        build("1.tar", 1, Format::OciArchive);
        let expected = scratch.read("1.tar");
        for threads in [2, 7] {
            build("2.tar", threads, Format::OciArchive);
            assert!(scratch.read("2.tar") == expected, "{packed}, {threads}");
        }
        build("layout", 3, Format::Oci);
        let (archive, layout) = (members(&expected), directory(&scratch.path("layout")));
        for (name, content) in &archive {
            if name.starts_with("blobs/sha256/") && !name.ends_with('/') {
                assert!(layout[name] == *content, "{packed}: {name}");
            }
        }
        fs::remove_dir_all(scratch.path("layout")).unwrap();
        for threads in [1, 3] {
            let (reader, writer) = rustix::pipe::pipe().unwrap();
            let paths: Vec<&[u8]> = items.iter().map(|item| bytes(item)).collect();
            let mut request = Request::to_stream(writer, &paths, b"/gnu/store/profile").unwrap();
            request.layers.cache_home(bytes(scratch.cache())).unwrap();
            request.metadata.creation_time(1).unwrap();
            request.metadata.system(b"x86_64-linux").unwrap();
            request.output.format = Format::OciArchive;
            request.layers.max_layers(4).unwrap();
            request.output.compressor = compressor(packed);
            request.running.threads(threads);
            request.output.archive_digest = true;
            let building = std::thread::spawn(move || run(&request).unwrap());
            let mut piped = Vec::new();
            let mut reader = fs::File::from(reader);
            reader.read_to_end(&mut piped).unwrap();
            let report = building.join().unwrap();
            assert!(piped == expected, "{packed}, a pipe, {threads} threads");
            assert_eq!(report.archive_digest, Some(Digest::of(&expected)));
            assert_eq!(report.archive_size, expected.len() as u64);
        }
    }
}

#[test]
fn only_what_compresses_layers_is_taken() {
    let scratch = Scratch::new();
    for (command, what) in [
        ("xz -9", "\"xz -9\""),
        ("zstd --long", "\"zstd --long\""),
        ("zstd -22", "\"zstd -22\""),
        ("gzip --rsyncable", "\"gzip --rsyncable\""),
    ] {
        let mut request = request(&scratch, "x", Format::OciArchive, &[]);
        request.output.compressor = compressor(command);
        let error = run(&request).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument);
        assert!(error.message().ends_with(what), "{error}");
    }
    let (_, writer) = rustix::pipe::pipe().unwrap();
    let mut stream = Request::to_stream::<&[u8]>(writer, &[], b"/p").unwrap();
    stream.output.format = Format::Oci;
    let error = run(&stream).unwrap_err();
    assert!(error.message().contains("a directory"), "{error}");
    let mut docker = request(&scratch, "x", Format::DockerArchive, &[]);
    docker.metadata.annotation(b"a", b"b").unwrap();
    let error = run(&docker).unwrap_err();
    assert!(error.message().contains("use an OCI format"), "{error}");
}

#[test]
fn an_annotation_is_given_once() {
    let mut request = Request::new(b"image", &[b"/"], b"prefix").unwrap();
    request.metadata.annotation(b"a", b"b").unwrap();
    for value in [b"b", b"c"] {
        let error = request.metadata.annotation(b"a", value).unwrap_err();
        assert_eq!(error.to_string(), "annotations: \"a\" is given twice");
    }
    request.metadata.annotation(b"b", b"b").unwrap();
}

#[test]
fn annotations_are_the_manifests_and_the_entrys() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let mut request = request(&scratch, "oci.tar", Format::OciArchive, &items);
    request.layers.max_layers(3).unwrap();
    request
        .metadata
        .annotation(b"org.opencontainers.image.version", b"1.0")
        .unwrap();
    request.metadata.annotation("x.ü".as_bytes(), b"").unwrap();
    run(&request).unwrap();
    let files = members(&scratch.read("oci.tar"));
    let index = index(&files);
    let entry = &index.manifests()[0];
    let (manifest, _, _) = image(&files, entry);
    for annotations in [entry.annotations(), manifest.annotations()] {
        let annotations = annotations.as_ref().unwrap();
        assert_eq!(annotations["org.opencontainers.image.version"], "1.0");
        assert_eq!(annotations["x.ü"], "");
    }
    // What is in each layer.
    let listed = manifest.layers().iter().map(|layer| {
        let annotations = layer.annotations().as_ref().unwrap();
        assert_eq!(annotations["guix-docker.layer.encoder"], "gzip-6/3");
        let items = annotations.get("guix-docker.layer.items")?;
        Some(serde_json::from_str::<Vec<String>>(items).unwrap())
    });
    let name = |index: usize| items[index].to_str().unwrap().to_owned();
    assert_eq!(
        listed.collect::<Vec<_>>(),
        [
            Some(vec![name(0)]),
            Some(vec![name(1), name(2), name(3)]),
            None
        ]
    );
}

#[test]
fn long_lists_of_items_are_cut() {
    let scratch = Scratch::new();
    let items: Vec<PathBuf> = (0..1_000)
        .map(|number| scratch.file(&format!("{}{number}", "x".repeat(200)), b""))
        .collect();
    run(&request(&scratch, "oci.tar", Format::OciArchive, &items)).unwrap();
    let files = members(&scratch.read("oci.tar"));
    let (manifest, _, _) = image(&files, &index(&files).manifests()[0]);
    let annotations = manifest.layers()[0].annotations().as_ref().unwrap();
    let named: Vec<String> = serde_json::from_str(&annotations["guix-docker.layer.items"]).unwrap();
    let more: usize = annotations["guix-docker.layer.more-items"].parse().unwrap();
    assert_eq!(named.len() + more, 1_000);
    assert!((100..900).contains(&named.len()), "{}", named.len());
}

/// When these digests change, so must the revision in `codec/packing.rs`:
/// layers of before are not what would be made any more.
#[test]
fn what_encoders_make_is_pinned() {
    let scratch = Scratch::new();
    let mut text = Vec::new();
    for number in 0..900_000_u32 {
        text.extend(format!("{} ", number.wrapping_mul(2_654_435_761) % 9973).bytes());
    }
    // New and old lines in turn, in hexadecimal digits.
    let mut lines = Vec::new();
    for line in noise(3, 1 << 20).chunks(50) {
        lines.extend(
            line.iter()
                .flat_map(|byte| format!("{byte:02x}").into_bytes()),
        );
        lines.extend("an old line that has been there before\n".repeat(4).bytes());
    }
    let items = [
        scratch.file("items/text", &text),
        scratch.file("items/repeats", "all the same ".repeat(200_000).as_bytes()),
        scratch.file("items/lines", &lines),
        scratch.file("items/noise", &noise(7, 5 << 20)),
    ];
    let mut found = Vec::new();
    for packed in [
        "gzip -1", "gzip -6", "gzip -9", "zstd -1", "zstd -3", "zstd -19",
    ] {
        let paths: Vec<&[u8]> = vec![b"/"; 0];
        let mut request = Request::new(bytes(&scratch.path("oci.tar")), &paths, b"/p").unwrap();
        request.layers.cache_home(bytes(scratch.cache())).unwrap();
        request.output.format = Format::OciArchive;
        let directives = items.iter().enumerate().map(|(number, item)| {
            let content = fs::read(item).unwrap();
            guix_docker::request::Directive::file(format!("/{number}").as_bytes(), &content)
        });
        request.content.extra_files = directives.collect::<Result<_, _>>().unwrap();
        request.output.compressor = compressor(packed);
        let report = run(&request).unwrap();
        let digest = report.layers[0].blob.as_ref().unwrap().digest;
        found.push((packed, digest.hex()[..16].to_owned()));
    }
    let found: Vec<_> = found
        .iter()
        .map(|(packed, digest)| (*packed, digest.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("gzip -1", "4338df1246c608f7"),
            ("gzip -6", "71fd6d5bd937b8a7"),
            ("gzip -9", "cd826e97acc9d16a"),
            ("zstd -1", "7e9a538525fa21f2"),
            ("zstd -3", "89d49b672c74364c"),
            ("zstd -19", "29527d1cdc625a77"),
        ]
    );
}

#[test]
fn names_that_are_the_same_are_one() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let mut request = request(&scratch, "layout", Format::Oci, &items[2..]);
    request.metadata.names(&[b"foo:2"]).unwrap();
    request
        .metadata
        .names(&[b"docker.io/library/foo:2"])
        .unwrap();
    run(&request).unwrap();
    assert_eq!(names(&scratch.path("layout")).len(), 1);
}
