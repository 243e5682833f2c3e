// SPDX-License-Identifier: GPL-3.0-or-later

//! OCI images: archives and layouts, as the crate `oci-spec` and decoders of
//! others read them.

#![cfg(target_arch = "x86_64")] // where the crate is

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Scratch, bytes, compressor, gunzip, members, noise, run};
use guix_docker::digest::Digest;
use guix_docker::request::Format;
use guix_docker::{Report, Request, Status};
use oci_spec::image::{
    Descriptor, ImageConfiguration, ImageIndex, ImageManifest, MediaType, OciLayout,
};

type Files = BTreeMap<String, Vec<u8>>;

/// The files of a directory, by their names in it.
fn directory(root: &Path) -> Files {
    let mut files = Files::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(path) = pending.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                files.insert(name.to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn blob<'a>(files: &'a Files, descriptor: &Descriptor) -> &'a [u8] {
    let digest = descriptor.digest().to_string();
    let name = format!("blobs/sha256/{}", digest.strip_prefix("sha256:").unwrap());
    let blob = &files[&name];
    assert_eq!(Digest::of(blob).to_string(), digest);
    assert_eq!(blob.len() as u64, descriptor.size());
    blob
}

fn index(files: &Files) -> ImageIndex {
    let layout = OciLayout::from_reader(files["oci-layout"].as_slice()).unwrap();
    assert_eq!(layout.image_layout_version(), "1.0.0");
    let index = ImageIndex::from_reader(files["index.json"].as_slice()).unwrap();
    assert_eq!(*index.media_type(), Some(MediaType::ImageIndex));
    index
}

/// The layers of an image, decompressed, and the rest of what it is.
fn image(
    files: &Files,
    descriptor: &Descriptor,
) -> (ImageManifest, ImageConfiguration, Vec<Vec<u8>>) {
    assert_eq!(*descriptor.media_type(), MediaType::ImageManifest);
    let manifest = ImageManifest::from_reader(blob(files, descriptor)).unwrap();
    assert_eq!(*manifest.media_type(), Some(MediaType::ImageManifest));
    assert_eq!(*manifest.config().media_type(), MediaType::ImageConfig);
    let config = ImageConfiguration::from_reader(blob(files, manifest.config())).unwrap();
    let diff_ids = config.rootfs().diff_ids();
    assert_eq!(diff_ids.len(), manifest.layers().len());
    let layers = manifest.layers().iter().zip(diff_ids).map(|(layer, id)| {
        let packed = blob(files, layer);
        let layer = match layer.media_type() {
            MediaType::ImageLayer => packed.to_vec(),
            MediaType::ImageLayerGzip => gunzip(packed),
            MediaType::ImageLayerZstd => unzstd(packed),
            other => panic!("{other}"),
        };
        assert_eq!(Digest::of(&layer).to_string(), *id);
        layer
    });
    let layers = layers.collect();
    (manifest, config, layers)
}

fn unzstd(packed: &[u8]) -> Vec<u8> {
    let mut child = Command::new("zstd")
        .args(["-q", "-d", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let packed = packed.to_vec();
    let feeder = std::thread::spawn(move || {
        std::io::Write::write_all(&mut input, &packed).unwrap();
    });
    let mut output = Vec::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_end(&mut output)
        .unwrap();
    feeder.join().unwrap();
    assert!(child.wait().unwrap().success());
    output
}

fn has_zstd() -> bool {
    Command::new("zstd").arg("--version").output().is_ok()
}

/// Items of different sizes, one of which has several pieces.
fn items(scratch: &Scratch) -> Vec<PathBuf> {
    let text = "what is said again and again ".repeat(400_000);
    vec![
        scratch.file("items/large", text.as_bytes()),
        scratch.file("items/noise", &noise(1, 3_000_000)),
        scratch.file("items/small", b"small"),
        scratch.file("items/empty", b""),
    ]
}

fn request(scratch: &Scratch, name: &str, format: Format, items: &[PathBuf]) -> Request {
    let paths: Vec<&Path> = items.iter().map(PathBuf::as_path).collect();
    let mut request = scratch.request(name, &paths);
    request.format(format);
    request.system(b"x86_64-linux").unwrap();
    request
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
                request.max_layers(count).unwrap();
            }
            request.variable(b"NAME", b"value").unwrap();
            request.entry_point(&["/run"]).unwrap();
        }
        oci.compressor(compressor(packed));
        oci.name(b"registry.x:5000/app:1").unwrap();
        oci.name(b"app").unwrap();
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
            request.max_layers(4).unwrap();
            request.compressor(compressor(packed));
            request.threads(threads);
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
            let (reader, writer) = std::io::pipe().unwrap();
            let paths: Vec<&[u8]> = items.iter().map(|item| bytes(item)).collect();
            let mut request =
                Request::to_stream(writer.into(), &paths, b"/gnu/store/profile").unwrap();
            request.creation_time(1).unwrap();
            request.system(b"x86_64-linux").unwrap();
            request.format(Format::OciArchive);
            request.max_layers(4).unwrap();
            request.compressor(compressor(packed));
            request.threads(threads);
            request.archive_digest(true);
            let building = std::thread::spawn(move || run(&request).unwrap());
            let mut piped = Vec::new();
            let mut reader = reader;
            reader.read_to_end(&mut piped).unwrap();
            let report = building.join().unwrap();
            assert!(piped == expected, "{packed}, a pipe, {threads} threads");
            assert_eq!(report.archive_digest, Some(Digest::of(&expected)));
            assert_eq!(report.archive_size, expected.len() as u64);
        }
    }
}

/// The names in a layout's index, with the digests of what they are.
fn names(root: &Path) -> Vec<(String, String)> {
    let index = index(&directory(root));
    let entries = index.manifests().iter().map(|entry| {
        let annotations = entry.annotations().as_ref().unwrap();
        let name = &annotations["org.opencontainers.image.ref.name"];
        (name.clone(), entry.digest().to_string())
    });
    entries.collect()
}

fn manifest_digest(report: &Report) -> String {
    report.manifest.unwrap().0.to_string()
}

#[test]
fn a_layout_keeps_its_other_images() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let root = scratch.path("layout");
    let build = |name: &str, items: &[PathBuf]| {
        let mut request = request(&scratch, "layout", Format::Oci, items);
        request.max_layers(10).unwrap();
        request.name(name.as_bytes()).unwrap();
        run(&request).unwrap()
    };
    let first = build("a:1", &items);
    assert_eq!(first.archive_size, 0);
    let second = build("b", &items[1..]);
    let expected = |name: &str, report| (name.to_owned(), manifest_digest(report));
    assert_eq!(
        names(&root),
        [expected("a:1", &first), expected("b:latest", &second)]
    );
    // Another image of the name takes the place of the first.
    let third = build("a:1", &items[2..]);
    assert_eq!(
        names(&root),
        [expected("a:1", &third), expected("b:latest", &second)]
    );
    for entry in index(&directory(&root)).manifests() {
        image(&directory(&root), entry);
    }
}

#[test]
fn systems_of_one_name_are_in_an_index_whatever_the_order() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |root: &str, system: &str, items: &[PathBuf]| {
        let mut request = request(&scratch, root, Format::Oci, items);
        request.system(system.as_bytes()).unwrap();
        request.name(b"app").unwrap();
        run(&request).unwrap()
    };
    let platforms = |root: &str| {
        let files = directory(&scratch.path(root));
        let top = index(&files);
        let [entry] = top.manifests().as_slice() else {
            panic!("{top:?}");
        };
        assert_eq!(*entry.media_type(), MediaType::ImageIndex);
        let annotations = entry.annotations().as_ref().unwrap();
        assert_eq!(
            annotations["org.opencontainers.image.ref.name"],
            "app:latest"
        );
        let nested = ImageIndex::from_reader(blob(&files, entry)).unwrap();
        let platforms = nested.manifests().iter().map(|entry| {
            let (_, config, _) = image(&files, entry);
            let platform = entry.platform().as_ref().unwrap();
            assert_eq!(config.architecture(), platform.architecture());
            assert_eq!(*entry.annotations(), None);
            (
                platform.architecture().to_string(),
                entry.digest().to_string(),
            )
        });
        platforms.collect::<Vec<_>>()
    };
    let systems = ["x86_64-linux", "aarch64-linux", "armhf-linux"];
    let mut reports = BTreeMap::new();
    for system in systems {
        reports.insert(system, build("one", system, &items));
    }
    for system in systems.iter().rev() {
        build("other", system, &items);
    }
    let expected = [("amd64", 0), ("arm", 2), ("arm64", 1)]
        .map(|(name, index)| (name.into(), manifest_digest(&reports[systems[index]])));
    assert_eq!(platforms("one"), expected);
    assert_eq!(platforms("other"), expected);
    // One of them again.
    let again = build("one", "aarch64-linux", &items[2..]);
    assert_eq!(platforms("one")[2].1, manifest_digest(&again));
    assert_eq!(platforms("one").len(), 3);
}

#[test]
fn a_failure_leaves_a_layout_as_it_was() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let missing = vec![items[0].clone(), scratch.path("missing")];
    let failing = request(&scratch, "layout", Format::Oci, &missing);
    assert_eq!(run(&failing).unwrap_err().status(), Status::Input);
    assert!(!scratch.path("layout").exists());
    run(&request(&scratch, "layout", Format::Oci, &items[1..])).unwrap();
    let before = directory(&scratch.path("layout"));
    assert!(run(&failing).is_err());
    // When much of it is there already.
    let mut stopped = request(&scratch, "layout", Format::Oci, &items);
    stopped.max_layers(10).unwrap();
    let mut monitor = |progress: guix_docker::Progress| match progress.done {
        10_000_000.. => std::ops::ControlFlow::Break(()),
        _ => std::ops::ControlFlow::Continue(()),
    };
    let error = guix_docker::build(&stopped, &mut monitor).unwrap_err();
    assert_eq!(error.status(), Status::Cancelled);
    assert!(directory(&scratch.path("layout")) == before);
}

#[test]
fn other_directories_are_left_alone() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    scratch.file("full/file", b"");
    let refused = |name: &str, what: &str| {
        let error = run(&request(&scratch, name, Format::Oci, &items)).unwrap_err();
        assert_eq!(error.status(), Status::Output, "{error}");
        assert!(error.message().contains(what), "{error}");
    };
    refused("full", "it has no file oci-layout, but \"file\"");
    assert_eq!(directory(&scratch.path("full")).len(), 1);
    refused("full/file", "Not a directory");
    refused("missing/layout", "make the directory above it first");
    scratch.file("other/oci-layout", br#"{"imageLayoutVersion":"2.0.0"}"#);
    refused("other", "version \"2.0.0\"");
    // What is empty, or left by a build that was killed, becomes one.
    fs::create_dir(scratch.path("empty")).unwrap();
    fs::create_dir_all(scratch.path("killed/blobs/sha256")).unwrap();
    scratch.file("killed/.guix-docker-x", b"");
    for name in ["empty", "killed", "slash/"] {
        run(&request(&scratch, name, Format::Oci, &items)).unwrap();
        assert_eq!(names(&scratch.path(name)).len(), 1);
    }
    // A file cannot be a directory, nor the other way round.
    let error = run(&request(&scratch, "empty", Format::OciArchive, &items)).unwrap_err();
    assert!(error.message().contains("is a directory"), "{error}");
}

#[test]
fn builds_into_one_layout_wait_for_each_other() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let (scratch, items) = (&scratch, &items);
            scope.spawn(move || {
                let mut request = request(scratch, "layout", Format::Oci, &items[number % 3..]);
                request.name(format!("app:{number}").as_bytes()).unwrap();
                run(&request).unwrap();
            });
        }
    });
    let files = directory(&scratch.path("layout"));
    let index = index(&files);
    assert_eq!(index.manifests().len(), 6);
    for entry in index.manifests() {
        image(&files, entry);
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
        request.compressor(compressor(command));
        let error = run(&request).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument);
        assert!(error.message().ends_with(what), "{error}");
    }
    let (_, writer) = std::io::pipe().unwrap();
    let mut stream = Request::to_stream::<&[u8]>(writer.into(), &[], b"/p").unwrap();
    stream.format(Format::Oci);
    let error = run(&stream).unwrap_err();
    assert!(error.message().contains("a directory"), "{error}");
    let mut docker = request(&scratch, "x", Format::DockerArchive, &[]);
    docker.annotation(b"a", b"b").unwrap();
    let error = run(&docker).unwrap_err();
    assert!(error.message().contains("ask for an OCI format"), "{error}");
}

#[test]
fn annotations_are_the_manifests_and_the_entrys() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let mut request = request(&scratch, "oci.tar", Format::OciArchive, &items);
    request.max_layers(3).unwrap();
    request
        .annotation(b"org.opencontainers.image.version", b"1.0")
        .unwrap();
    request.annotation("x.ü".as_bytes(), b"").unwrap();
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
        assert_eq!(annotations["guix-docker.layer.encoder"], "gzip-6/1");
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

/// When these digests change, so must the revision in `compress/packing.rs`:
/// layers of before are not what would be made any more.
#[test]
fn what_encoders_make_is_pinned() {
    let scratch = Scratch::new();
    let mut text = Vec::new();
    for number in 0..900_000_u32 {
        text.extend(format!("{} ", number.wrapping_mul(2_654_435_761) % 9973).bytes());
    }
    let items = [
        scratch.file("items/text", &text),
        scratch.file("items/repeats", "all the same ".repeat(200_000).as_bytes()),
        scratch.file("items/noise", &noise(7, 300_000)),
    ];
    let mut found = Vec::new();
    for packed in [
        "gzip -1", "gzip -6", "gzip -9", "zstd -1", "zstd -3", "zstd -19",
    ] {
        let paths: Vec<&[u8]> = vec![b"/"; 0];
        let mut request = Request::new(bytes(&scratch.path("oci.tar")), &paths, b"/p").unwrap();
        request.format(Format::OciArchive);
        let directives = items.iter().enumerate().map(|(number, item)| {
            let content = fs::read(item).unwrap();
            guix_docker::request::Directive::file(format!("/{number}").as_bytes(), &content)
        });
        request.extra_files(directives.collect::<Result<_, _>>().unwrap());
        request.compressor(compressor(packed));
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
            ("gzip -1", "5896b8c61b875f58"),
            ("gzip -6", "10c922ed2e5d130e"),
            ("gzip -9", "aefea61d709a64a4"),
            ("zstd -1", "262ca18b91e76008"),
            ("zstd -3", "eeb71ff968a60285"),
            ("zstd -19", "3764b3dad68c3cde"),
        ]
    );
}

/// What each build wrote: names of blobs that were not there before.
fn written(root: &Path, build: impl FnOnce() -> Report) -> (Report, Vec<String>) {
    let inodes = |root: &Path| -> BTreeMap<String, u64> {
        let blobs = fs::read_dir(root.join("blobs/sha256"));
        let blobs = blobs.into_iter().flatten().map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, entry.metadata().unwrap().ino())
        });
        blobs.collect()
    };
    let before = inodes(root);
    let report = build();
    let after = inodes(root);
    let new = after
        .iter()
        .filter(|(name, inode)| before.get(*name) != Some(inode));
    (report, new.map(|(name, _)| name.clone()).collect())
}

#[test]
fn layers_are_taken_over() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let root = scratch.path("layout");
    let build = |items: &[PathBuf], packed: &str| {
        let mut request = request(&scratch, "layout", Format::Oci, items);
        request.max_layers(10).unwrap();
        request.compressor(compressor(packed));
        run(&request).unwrap()
    };
    let (first, new) = written(&root, || build(&items, "gzip"));
    assert_eq!(new.len(), 5 + 2);
    // Nothing has changed.
    let (again, new) = written(&root, || build(&items, "gzip"));
    assert_eq!(manifest_digest(&again), manifest_digest(&first));
    assert_eq!(new.len(), 0);
    // One item has.
    scratch.file("items/small", b"other");
    let (changed, new) = written(&root, || build(&items, "gzip"));
    assert_eq!(new.len(), 1 + 2, "{new:?}");
    let diff_ids =
        |report: &Report| -> Vec<_> { report.layers.iter().map(|layer| layer.diff_id).collect() };
    assert_ne!(diff_ids(&changed), diff_ids(&first));
    // It is what it would be without a layout.
    let mut alone = request(&scratch, "alone", Format::Oci, &items);
    alone.max_layers(10).unwrap();
    assert_eq!(
        manifest_digest(&run(&alone).unwrap()),
        manifest_digest(&changed)
    );
    // Of another level nothing is.
    let (_, new) = written(&root, || build(&items, "gzip -1"));
    // The configuration says nothing of compression.
    assert_eq!(new.len(), 5 + 1);
}

#[test]
fn layers_of_other_layouts_are_linked_copied_and_checked() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |name: &str, format, reuse: &[&str]| {
        let mut request = request(&scratch, name, format, &items);
        request.max_layers(10).unwrap();
        let layouts: Vec<PathBuf> = reuse.iter().map(|name| scratch.path(name)).collect();
        let layouts: Vec<&[u8]> = layouts.iter().map(|layout| bytes(layout)).collect();
        request.reuse(&layouts).unwrap();
        run(&request)
    };
    let first = build("first", Format::Oci, &[]).unwrap();
    let archive = build("plain.tar", Format::OciArchive, &[]).unwrap();
    let large = format!(
        "blobs/sha256/{}",
        first.layers[0].blob.as_ref().unwrap().digest.hex()
    );
    let (second, _) = written(&scratch.path("second"), || {
        build("second", Format::Oci, &["first"]).unwrap()
    });
    assert_eq!(manifest_digest(&first), manifest_digest(&second));
    let inode = |name: &str| fs::metadata(scratch.path(name).join(&large)).unwrap().ino();
    assert_eq!(inode("first"), inode("second"));
    // From an archive, and into one.
    let third = build("third", Format::Oci, &["plain.tar"]).unwrap();
    assert_eq!(manifest_digest(&first), manifest_digest(&third));
    let fourth = build("fourth.tar", Format::OciArchive, &["first"]).unwrap();
    assert_eq!(manifest_digest(&archive), manifest_digest(&fourth));
    assert!(scratch.read("plain.tar") == scratch.read("fourth.tar"));
    // A damaged blob is made anew, with a warning.
    let mut blob = fs::read(scratch.path("first").join(&large)).unwrap();
    blob[1_000] ^= 1;
    fs::remove_file(scratch.path("second").join(&large)).unwrap();
    fs::write(scratch.path("first").join(&large), &blob).unwrap();
    let fifth = build("fifth", Format::Oci, &["first"]).unwrap();
    assert_eq!(manifest_digest(&first), manifest_digest(&fifth));
    assert!(
        fifth.warnings[0].contains("made anew"),
        "{:?}",
        fifth.warnings
    );
    let sixth = build("first", Format::Oci, &["first"]).unwrap();
    assert_eq!(sixth.warnings.len(), 1);
    image(
        &directory(&scratch.path("first")),
        &index(&directory(&scratch.path("first"))).manifests()[0],
    );
    // Damaged as well: cut, and gone.
    for (number, damage) in [Some(10), None].into_iter().enumerate() {
        let path = scratch.path("third").join(&large);
        match damage {
            Some(size) => fs::write(&path, &blob[..size]).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let report = build(&format!("new-{number}"), Format::Oci, &["third"]).unwrap();
        assert_eq!(report.warnings.len(), 1);
        assert_eq!(manifest_digest(&first), manifest_digest(&report));
    }
    let error = build("x", Format::Oci, &["nowhere"]).unwrap_err();
    assert_eq!(error.status(), Status::Input);
    scratch.file("no-layout/file", b"");
    let error = build("x", Format::Oci, &["no-layout"]).unwrap_err();
    assert!(error.message().contains("no oci-layout"), "{error}");
}

#[test]
fn immutable_paths_are_not_read() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |name: &str, immutable| {
        let mut request = request(&scratch, name, Format::Oci, &items);
        request.max_layers(10).unwrap();
        request.immutable_paths(immutable);
        run(&request).unwrap()
    };
    let first = build("layout", false);
    let again = build("layout", true);
    assert_eq!(manifest_digest(&first), manifest_digest(&again));
    // Whoever says so is believed: what is as large as before is as before.
    scratch.file("items/small", b"other");
    assert_eq!(
        manifest_digest(&first),
        manifest_digest(&build("layout", true))
    );
    scratch.file("items/small", b"longer than before");
    let third = build("layout", true);
    assert_ne!(manifest_digest(&first), manifest_digest(&third));
    // It says nothing in the image.
    assert_eq!(
        manifest_digest(&third),
        manifest_digest(&build("new", false))
    );
}

/// Merges layouts by their names in `scratch`.
fn merge(scratch: &Scratch, target: &str, sources: &[&str]) -> Result<(), guix_docker::Error> {
    let sources: Vec<PathBuf> = sources.iter().map(|name| scratch.path(name)).collect();
    let sources: Vec<&[u8]> = sources.iter().map(|source| bytes(source)).collect();
    let merge = guix_docker::Merge::new(bytes(&scratch.path(target)), &sources)?;
    guix_docker::merge(&merge, &mut |_| std::ops::ControlFlow::Continue(()))
}

#[test]
fn layouts_are_merged() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |root: &str, format, system: &str, name: &str| {
        let mut request = request(&scratch, root, format, &items);
        request.system(system.as_bytes()).unwrap();
        request.name(name.as_bytes()).unwrap();
        run(&request).unwrap()
    };
    build("one", Format::Oci, "x86_64-linux", "app");
    build("two", Format::Oci, "aarch64-linux", "app");
    build("two", Format::Oci, "aarch64-linux", "other:1");
    build("all", Format::Oci, "x86_64-linux", "app");
    build("all", Format::Oci, "aarch64-linux", "app");
    build("all", Format::Oci, "aarch64-linux", "other:1");
    merge(&scratch, "merged", &["one", "two"]).unwrap();
    assert!(directory(&scratch.path("merged"))["index.json"] == scratch.read("all/index.json"));
    // Whatever the order, and again, and with what has been merged already.
    merge(&scratch, "merged", &["two", "one", "merged"]).unwrap();
    merge(&scratch, "again", &["merged"]).unwrap();
    for name in ["merged", "again"] {
        assert_eq!(
            names(&scratch.path(name)),
            names(&scratch.path("all")),
            "{name}"
        );
    }
    // Blobs are links.
    let inodes = |root: &str| -> Vec<u64> {
        let blobs = fs::read_dir(scratch.path(root).join("blobs/sha256")).unwrap();
        let inodes = blobs.map(|entry| entry.unwrap().metadata().unwrap().ino());
        inodes.collect()
    };
    let sources = [inodes("one"), inodes("two")].concat();
    let merged = inodes("merged");
    // But for the index of the name, which is in neither.
    let own = merged.iter().filter(|inode| !sources.contains(inode));
    assert_eq!(own.count(), 1);
    // An archive is a layout too.
    build("three.tar", Format::OciArchive, "armhf-linux", "app");
    merge(&scratch, "with-archive", &["three.tar"]).unwrap();
    assert_eq!(names(&scratch.path("with-archive"))[0].0, "app:latest");
    // By their names, which have the same tag.
    build("four.tar", Format::OciArchive, "armhf-linux", "team/app");
    merge(&scratch, "with-archive", &["four.tar", "two"]).unwrap();
    let merged: Vec<String> = names(&scratch.path("with-archive"))
        .into_iter()
        .map(|name| name.0)
        .collect();
    assert_eq!(merged, ["app:latest", "team/app:latest", "other:1"]);

    let digest = &index(&directory(&scratch.path("one"))).manifests()[0]
        .digest()
        .to_string();
    let blob = scratch.path("one/blobs/sha256").join(&digest[7..]);
    let content = fs::read(&blob).unwrap();
    let before = directory(&scratch.path("merged"));
    for (damaged, what) in [
        (Some(&b"{}"[..]), "is not what its digest says"),
        (None, "it has no blobs/sha256/"),
    ] {
        match damaged {
            Some(bytes) => {
                fs::remove_file(&blob).unwrap();
                fs::write(&blob, bytes).unwrap();
            }
            None => fs::remove_file(&blob).unwrap(),
        }
        let error = merge(&scratch, "merged", &["two", "one"]).unwrap_err();
        assert_eq!(error.status(), Status::Input);
        assert!(error.message().contains(what), "{error}");
        assert!(directory(&scratch.path("merged")) == before);
        assert!(merge(&scratch, "new", &["one"]).is_err());
        assert!(!scratch.path("new").exists());
    }
    fs::write(&blob, content).unwrap();
    merge(&scratch, "new", &["one"]).unwrap();
}

#[test]
fn an_index_that_was_lost_is_an_error() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |system: &str| {
        let mut request = request(&scratch, "layout", Format::Oci, &items);
        request.system(system.as_bytes()).unwrap();
        run(&request)
    };
    build("x86_64-linux").unwrap();
    build("aarch64-linux").unwrap();
    let nested = index(&directory(&scratch.path("layout"))).manifests()[0]
        .digest()
        .to_string();
    fs::remove_file(scratch.path("layout/blobs/sha256").join(&nested[7..])).unwrap();
    let mut request = request(&scratch, "layout", Format::Oci, &items);
    request.system(b"armhf-linux").unwrap();
    request.reuse::<&[u8]>(&[]).unwrap();
    let error = run(&request).unwrap_err();
    assert!(error.message().contains("has lost its index"), "{error}");
}

#[test]
fn names_that_are_the_same_are_one() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let mut request = request(&scratch, "layout", Format::Oci, &items[2..]);
    request.name(b"foo:2").unwrap();
    request.name(b"docker.io/library/foo:2").unwrap();
    run(&request).unwrap();
    assert_eq!(names(&scratch.path("layout")).len(), 1);
}

#[test]
fn images_of_other_tools_stay_beside_those_for_other_systems() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    let build = |system: &str| {
        let mut request = request(&scratch, "layout", Format::Oci, &items[2..]);
        request.system(system.as_bytes()).unwrap();
        request.name(b"app").unwrap();
        run(&request).unwrap()
    };
    let first = build("x86_64-linux");
    // As skopeo and umoci write it, and an index without images as Go does.
    let path = scratch.path("layout/index.json");
    let mut index: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let entry = index["manifests"][0].as_object_mut().unwrap();
    entry.remove("platform");
    entry["annotations"]
        .as_object_mut()
        .unwrap()
        .remove("io.containerd.image.name");
    fs::write(&path, index.to_string()).unwrap();
    let second = build("aarch64-linux");
    let files = directory(&scratch.path("layout"));
    let top = self::index(&files);
    let nested = ImageIndex::from_reader(blob(&files, &top.manifests()[0])).unwrap();
    let digests: Vec<String> = nested
        .manifests()
        .iter()
        .map(|entry| entry.digest().to_string())
        .collect();
    assert_eq!(digests, [manifest_digest(&first), manifest_digest(&second)]);
    index["manifests"] = serde_json::Value::Null;
    fs::write(&path, index.to_string()).unwrap();
    build("x86_64-linux");
}

#[test]
fn whoever_stops_a_build_gets_none_of_it() {
    let scratch = Scratch::new();
    let items = items(&scratch);
    for calls in 1.. {
        let request = request(&scratch, "layout", Format::Oci, &items);
        let mut left = calls;
        let result = guix_docker::build(&request, &mut |_| {
            left -= 1;
            match left {
                0 => std::ops::ControlFlow::Break(()),
                _ => std::ops::ControlFlow::Continue(()),
            }
        });
        match result {
            Err(error) => {
                assert_eq!(error.status(), Status::Cancelled);
                assert!(!scratch.path("layout").exists(), "{calls}");
            }
            Ok(_) => break,
        }
    }
}

#[test]
fn indexes_in_indexes_come_to_an_end() {
    let scratch = Scratch::new();
    let root = scratch.path("hostile");
    fs::create_dir_all(root.join("blobs/sha256")).unwrap();
    scratch.file("hostile/oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
    let mut document = r#"{"schemaVersion":2,"manifests":[]}"#.to_owned();
    for _ in 0..4 {
        let digest = Digest::of(document.as_bytes());
        fs::write(root.join("blobs/sha256").join(digest.hex()), &document).unwrap();
        let entry = serde_json::json!({
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "digest": digest.to_string(),
            "size": document.len(),
        });
        let entries = vec![entry; 300];
        document = serde_json::json!({"schemaVersion": 2, "manifests": entries}).to_string();
    }
    fs::write(root.join("index.json"), &document).unwrap();
    let error = merge(&scratch, "merged", &["hostile"]).unwrap_err();
    assert!(error.message().contains("too many images"), "{error}");
}
