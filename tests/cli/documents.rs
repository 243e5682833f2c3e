// SPDX-License-Identifier: GPL-3.0-or-later

//! Images of other tools in `check`, `inspect`, `diff` and `merge`.

use std::fs;

use serde_json::{Value, json};

use crate::common::Scratch;
use crate::common::layout::{CONFIG, Files, LAYER, config, layer, named};
use crate::{failed, fine, guix_docker, json};

/// An archive of an image for two platforms with attestations, as buildx makes it.
fn buildx() -> (Files, Vec<Value>) {
    let mut files = Files::default();
    let amd64 = files.image("linux/amd64", "amd64");
    let arm64 = files.image("linux/arm64", "arm64");
    let about = [files.attestation(&amd64), files.attestation(&arm64)];
    let manifests = vec![amd64, arm64, about[0].clone(), about[1].clone()];
    (files, manifests)
}

fn write(scratch: &Scratch, name: &str, content: &[u8]) {
    fs::write(scratch.path(name), content).unwrap();
}

/// Severities and reasons of what `check` finds, of each image.
fn check(scratch: &Scratch, name: &str) -> Vec<Vec<(String, String)>> {
    let output = guix_docker(scratch, &["check", "--json", name]);
    let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let images = checked.as_array().unwrap().iter().map(|image| {
        let findings = image["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| (text(&finding["severity"]), text(&finding["reason"])))
            .collect()
    });
    images.collect()
}

#[test]
fn attestations_are_named_and_passed_over() {
    let scratch = Scratch::new();
    let (mut files, manifests) = buildx();
    let index = files.index("app:1", &manifests);
    write(&scratch, "app.tar", &files.oci(&[index]));
    assert_eq!(check(&scratch, "app.tar"), [[], []]);
    let line = "attestations: 2 (https://slsa.dev/provenance/v1)\n";
    let text = fine(guix_docker(&scratch, &["check", "app.tar"]));
    assert!(text.ends_with(line), "{text}");
    assert_eq!(text.matches("no problems found").count(), 2);
    let text = fine(guix_docker(&scratch, &["inspect", "app.tar"]));
    assert!(text.ends_with(line), "{text}");
    let images = json(guix_docker(&scratch, &["inspect", "--json", "app.tar"]));
    assert_eq!(images.as_array().unwrap().len(), 2);
    let predicates = json!([["https://slsa.dev/provenance/v1"]]);
    assert_eq!(images[0]["attestations"], predicates);
    let arguments = ["diff", "--platform", "linux/arm64", "app.tar", "app.tar"];
    fine(guix_docker(&scratch, &arguments));
    // Their digests are verified.
    let damaged = manifests[2]["digest"].as_str().unwrap();
    let manifest = &files.0[&format!("blobs/sha256/{}", &damaged[7..])];
    let manifest: Value = serde_json::from_slice(manifest).unwrap();
    let statement = manifest["layers"][0]["digest"].as_str().unwrap();
    files.add(&format!("blobs/sha256/{}", &statement[7..]), "{}");
    write(&scratch, "damaged.tar", &files.archive());
    let found = check(&scratch, "damaged.tar");
    assert_eq!(found[0][0].0, "refused");
    assert!(found[0][0].1.contains("which is no image"), "{found:?}");
}

#[test]
fn index_keeps_what_it_merges() {
    let scratch = Scratch::new();
    let (mut files, manifests) = buildx();
    let mut index = files.index("app:1", &manifests);
    index["annotations"]["own"] = "of the index".into();
    let mut first = Files(files.0.clone());
    write(
        &scratch,
        "whole.tar",
        &first.oci(std::slice::from_ref(&index)),
    );
    fine(guix_docker(
        &scratch,
        &["merge", "-o", "whole", "whole.tar"],
    ));
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(scratch.path(name)).unwrap()).unwrap()
    };
    // The index itself is kept, with its digest.
    let entry = &read("whole/index.json")["manifests"][0];
    assert_eq!(entry["digest"], index["digest"]);
    assert_eq!(entry["annotations"]["own"], "of the index");
    // Another platform joins it; another image replaces one, with its attestation.
    let mut other = Files::default();
    let mut riscv64 = other.image("linux/riscv64", "riscv64");
    riscv64["annotations"] = json!({"child": "annotation"});
    let riscv64 = {
        let mut named = named(riscv64.clone(), "app:1");
        named["annotations"]["child"] = "annotation".into();
        named
    };
    let newer = named(other.image("linux/amd64", "newer"), "app:1");
    write(&scratch, "other.tar", &other.oci(&[riscv64, newer.clone()]));
    fine(guix_docker(
        &scratch,
        &["merge", "-o", "whole", "other.tar"],
    ));
    let entry = read("whole/index.json")["manifests"][0].clone();
    assert_eq!(entry["annotations"]["own"], "of the index");
    assert_eq!(entry["annotations"].get("child"), None);
    let blob = format!(
        "whole/blobs/sha256/{}",
        &entry["digest"].as_str().unwrap()[7..]
    );
    let merged = read(&blob)["manifests"].as_array().unwrap().clone();
    let digests: Vec<&str> = merged
        .iter()
        .map(|one| one["digest"].as_str().unwrap())
        .collect();
    let expected = [&newer, &manifests[1], &merged[2], &manifests[3]];
    let expected: Vec<&str> = expected
        .iter()
        .map(|one| one["digest"].as_str().unwrap())
        .collect();
    assert_eq!(digests, expected);
    assert_eq!(merged[2]["platform"]["architecture"], "riscv64");
    assert_eq!(merged[2]["annotations"], json!({"child": "annotation"}));
    let text = fine(guix_docker(&scratch, &["check", "whole"]));
    assert!(text.contains("attestations: 1 "), "{text}");
    // Two manifests for one platform.
    let mut twice = Files::default();
    let list = [
        twice.image("linux/amd64", "1"),
        twice.image("linux/amd64", "2"),
    ];
    let index = twice.index("two:1", &list);
    write(&scratch, "twice.tar", &twice.oci(&[index]));
    fine(guix_docker(&scratch, &["merge", "-o", "two", "twice.tar"]));
    let images = json(guix_docker(&scratch, &["inspect", "--json", "two"]));
    assert_eq!(images.as_array().unwrap().len(), 2);
}

#[test]
fn what_is_missing_is_said() {
    let scratch = Scratch::new();
    let (mut files, manifests) = buildx();
    for gone in [1, 3] {
        files.forget(&manifests[gone]);
    }
    let index = files.index("app:1", &manifests);
    write(&scratch, "saved.tar", &files.oci(&[index]));
    let found = check(&scratch, "saved.tar");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].iter().all(|finding| finding.0 == "note"),
        "{found:?}"
    );
    assert!(
        found[0][0]
            .1
            .contains("for linux/arm64 is listed but missing"),
        "{found:?}"
    );
    let text = fine(guix_docker(&scratch, &["inspect", "saved.tar"]));
    assert!(text.contains("missing: 2 (linux/arm64, sha256:"), "{text}");
    let output = guix_docker(&scratch, &["merge", "-o", "layout", "saved.tar"]);
    let warning = String::from_utf8(output.stderr.clone()).unwrap();
    fine(output);
    assert!(warning.contains("listed but missing: sha256:"), "{warning}");
    let message = failed(
        guix_docker(
            &scratch,
            &["inspect", "--platform", "linux/arm64", "saved.tar"],
        ),
        2,
    );
    assert!(message.contains("no such image"), "{message}");
    // A layer that is missing is another thing.
    let lost = layer(&[("file", b"amd64")]);
    let lost = guix_docker::digest::Digest::of(&lost).to_string();
    files.forget(&json!({"digest": lost}));
    write(&scratch, "torn.tar", &files.archive());
    let found = check(&scratch, "torn.tar");
    assert_eq!(found[0][0].0, "refused");
    assert!(found[0][0].1.contains("is missing"), "{found:?}");
}

#[test]
fn documents_that_contradict_each_other_are_found() {
    let scratch = Scratch::new();
    let docker = |files: &mut Files, content: &str, tag: &str| {
        let layer = layer(&[("file", content.as_bytes())]);
        let config = config("linux/amd64", &[&layer]).to_string();
        let names = [format!("{content}.json"), format!("{content}.tar")];
        files.add(&names[0], config);
        files.add(&names[1], layer);
        json!({"Config": names[0], "RepoTags": [tag], "Layers": [names[1]]})
    };
    let found = |files: &Files| {
        write(&scratch, "image.tar", &files.archive());
        let mut all: Vec<(String, String)> = check(&scratch, "image.tar").concat();
        all.sort();
        all
    };
    let mut files = Files::default();
    let entry = docker(&mut files, "same", "app:1");
    files.add("manifest.json", json!([entry]).to_string());
    let same = named(files.image("linux/amd64", "same"), "app:1");
    files.oci(&[same]);
    assert_eq!(found(&files), []);
    files.oci(&[]);
    let none = found(&files);
    assert_eq!(none[0].0, "refused", "{none:?}");
    assert!(
        none[0].1.contains("lists no image that is there"),
        "{none:?}"
    );
    let other = named(files.image("linux/amd64", "other"), "app:1");
    files.oci(&[other]);
    let other = found(&files);
    assert!(
        other
            .iter()
            .any(|one| one.1.contains("is one image in index.json")),
        "{other:?}"
    );
    assert!(
        other
            .iter()
            .any(|one| one.1.contains("manifest.json alone lists")),
        "{other:?}"
    );
    assert!(
        other
            .iter()
            .any(|one| one.1.contains("index.json alone lists")),
        "{other:?}"
    );
}

#[test]
fn configurations_that_engines_refuse_are_found() {
    let scratch = Scratch::new();
    let severities = |change: &dyn Fn(&mut Value)| -> Vec<(String, String)> {
        let mut files = Files::default();
        let layer = layer(&[("file", b"x")]);
        let mut config = config("linux/amd64", &[&layer]);
        change(&mut config);
        files.add("c.json", config.to_string());
        files.add("l.tar", &layer);
        let tags = config.get("tags").cloned().unwrap_or(json!(["app:1"]));
        let manifest = json!([{"Config": "c.json", "RepoTags": tags, "Layers": ["l.tar"]}]);
        files.add("manifest.json", manifest.to_string());
        write(&scratch, "image.tar", &files.archive());
        check(&scratch, "image.tar").concat()
    };
    let right = [
        json!({"created": "2024-01-01T00:00:00.5+01:00"}),
        json!({"config": {"Healthcheck": {}}}),
        json!({"config": {"Healthcheck": {"Test": []}, "Volumes": {"/a": {"b": 1}}, "Shell": "x"}}),
        json!({"history": [{"CREATED": null, "empty_layer": false}]}),
        json!({"tags": ["localhost:5000/a/b:1"]}),
    ];
    for members in right {
        let merge = |config: &mut Value| {
            for (name, value) in members.as_object().unwrap() {
                config[name] = value.clone();
            }
        };
        assert_eq!(severities(&merge), [], "{members}");
    }
    let wrong = [
        json!({"created": 5}),
        json!({"created": "yesterday"}),
        json!({"history": [{"created": "x"}]}),
        json!({"history": [{"empty_layer": 1}]}),
        json!({"Size": "x"}),
        json!({"os.features": [1]}),
        json!({"container_config": {"Cmd": 1}}),
        json!({"config": {"StopTimeout": 1.5}}),
        json!({"config": {"WorkingDir": 5}}),
        json!({"config": {"OpenStdin": "no"}}),
        json!({"Config": {"healthcheck": {"Interval": "1s"}}}),
        json!({"tags": ["app"]}),
        json!({"tags": ["localhost:5000/a/b"]}),
        json!({"tags": [""]}),
        json!({"tags": ["App:1"]}),
    ];
    for members in wrong {
        let merge = |config: &mut Value| {
            for (name, value) in members.as_object().unwrap() {
                config[name] = value.clone();
            }
        };
        let found = severities(&merge);
        assert!(
            found.iter().any(|one| one.0 == "refused"),
            "{members}: {found:?}"
        );
    }
}

#[test]
fn media_types_must_fit() {
    let scratch = Scratch::new();
    let found = |listed: &str, media_type: &str| {
        let mut files = Files::default();
        let layer = layer(&[("file", b"x")]);
        let config = files.blob(CONFIG, config("linux/amd64", &[&layer]).to_string());
        let blob = files.blob(media_type, &layer);
        let mut manifest = files.manifest(&config, &[blob]);
        manifest["mediaType"] = listed.into();
        write(&scratch, "image.tar", &files.oci(&[manifest]));
        check(&scratch, "image.tar").concat()
    };
    let manifest = crate::common::layout::MANIFEST;
    assert_eq!(found(manifest, LAYER), []);
    for (listed, media_type) in [
        (
            "application/vnd.docker.distribution.manifest.v2+json",
            LAYER,
        ),
        ("", LAYER),
        (manifest, "application/vnd.oci.image.layer.v1.tar+gzip"),
        (manifest, "application/vnd.oci.image.layer.v1.tar+xz"),
    ] {
        let found = found(listed, media_type);
        assert_eq!(found[0].0, "refused", "{listed} {media_type}: {found:?}");
    }
}

#[test]
fn an_index_within_an_index_is_found() {
    let scratch = Scratch::new();
    let (mut files, images) = buildx();
    let mut entries = images;
    for depth in 0..3 {
        write(&scratch, "image.tar", &files.oci(&entries));
        let found = check(&scratch, "image.tar").concat();
        let is_refused = found
            .iter()
            .any(|(severity, reason)| severity == "refused" && reason.contains("within an index"));
        assert_eq!(is_refused, depth > 1, "{depth}: {found:?}");
        entries = vec![files.index("app:1", &entries)];
    }
}

#[test]
fn links_in_the_archive_are_found() {
    let scratch = Scratch::new();
    let layer = layer(&[("file", b"x")]);
    let twice = config("linux/amd64", &[&layer, &layer]).to_string();
    let config = config("linux/amd64", &[&layer]).to_string();
    let (alone, both) = (&["1/layer.tar"][..], &["2/layer.tar", "1/layer.tar"][..]);
    for (link, kind, layers, is_refused) in [
        (None, tar::EntryType::Regular, alone, false),
        (Some("../2/layer.tar"), tar::EntryType::Symlink, alone, true),
        (Some("../2/layer.tar"), tar::EntryType::Symlink, both, false),
        (Some("2/layer.tar"), tar::EntryType::Link, alone, true),
        (Some("2/layer.tar"), tar::EntryType::Link, both, true),
    ] {
        let config = if layers.len() > 1 { &twice } else { &config };
        let manifest = json!([{"Config": "c.json", "RepoTags": ["app:1"], "Layers": layers}]);
        let mut image = tar::Builder::new(Vec::new());
        let mut add = |name: &str, kind, content: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(0o644);
            match kind {
                tar::EntryType::Regular => {
                    header.set_size(content.len() as u64);
                    image.append_data(&mut header, name, content).unwrap();
                }
                _ => {
                    header.set_size(0);
                    let target = std::str::from_utf8(content).unwrap();
                    image.append_link(&mut header, name, target).unwrap();
                }
            }
        };
        add("c.json", tar::EntryType::Regular, config.as_bytes());
        add(
            "manifest.json",
            tar::EntryType::Regular,
            manifest.to_string().as_bytes(),
        );
        add("2/layer.tar", tar::EntryType::Regular, &layer);
        add("1/layer.tar", kind, link.map_or(&layer[..], str::as_bytes));
        let mut root = tar::Header::new_ustar();
        root.set_entry_type(tar::EntryType::Directory);
        root.set_mode(0o755);
        root.set_size(0);
        root.as_old_mut().name[0] = b'/';
        root.set_cksum();
        image.append(&root, &b""[..]).unwrap();
        write(&scratch, "image.tar", &image.into_inner().unwrap());
        let found = check(&scratch, "image.tar").concat();
        let refused = found.iter().filter(|(severity, _)| severity == "refused");
        let refused: Vec<_> = refused.collect();
        assert_eq!(
            refused.len(),
            usize::from(is_refused),
            "{layers:?}: {found:?}"
        );
        assert!(
            refused
                .iter()
                .all(|(_, reason)| reason.contains("a link in the archive"))
        );
    }
}

/// Runs the program with no more than 512 MiB of address space.
fn limited(scratch: &Scratch, arguments: &[&str]) -> std::process::Output {
    let program = env!("CARGO_BIN_EXE_guix-docker");
    let script = "ulimit -v 524288; exec \"$0\" \"$@\"";
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", script, program]).args(arguments);
    command.current_dir(scratch.path("")).env_clear();
    command.output().unwrap()
}

/// An archive of images that share one configuration of some 8 MiB.
fn shared_configuration(files_of_layer: &dyn Fn(usize) -> String) -> Vec<u8> {
    let mut files = Files::default();
    let layer = vec![0; 1024];
    let mut config = config("linux/amd64", &[&layer]);
    config["config"]["Labels"] = json!({"large": "y".repeat((8 << 20) - 400)});
    files.add("c.json", config.to_string());
    let images = (0..200).map(|number| {
        let name = files_of_layer(number);
        files.add(&name, &layer);
        json!({"Config": "c.json", "RepoTags": [format!("app:{number}")], "Layers": [name]})
    });
    let manifest = Value::Array(images.collect());
    files.add("manifest.json", manifest.to_string());
    files.archive()
}

#[test]
fn documents_are_bounded_together() {
    let scratch = Scratch::new();
    // One image by 200 names.
    write(
        &scratch,
        "same.tar",
        &shared_configuration(&|_| "l.tar".to_owned()),
    );
    let checked: Value =
        serde_json::from_str(&fine(limited(&scratch, &["check", "--json", "same.tar"]))).unwrap();
    assert_eq!(checked.as_array().unwrap().len(), 1);
    fine(limited(&scratch, &["inspect", "same.tar"]));
    // 200 images, whose documents would take 1.6 GiB.
    write(
        &scratch,
        "other.tar",
        &shared_configuration(&|number| format!("l{number}.tar")),
    );
    let message = failed(limited(&scratch, &["inspect", "other.tar"]), 1);
    assert!(
        message.contains("larger than 134217728 bytes together"),
        "{message}"
    );
    let output = limited(&scratch, &["check", "--json", "other.tar"]);
    assert_eq!(output.status.code(), Some(1));
    // Few bytes that are many values.
    let mut files = Files::default();
    files.add("c.json", format!("{{\"x\":[{}0]}}", "0,".repeat(4_000_000)));
    files.add("l.tar", b"");
    let manifest = json!([{"Config": "c.json", "Layers": ["l.tar"]}]);
    files.add("manifest.json", manifest.to_string());
    write(&scratch, "values.tar", &files.archive());
    let message = failed(limited(&scratch, &["inspect", "values.tar"]), 1);
    assert!(message.contains("more than 96 MiB of memory"), "{message}");
}
