// SPDX-License-Identifier: GPL-3.0-or-later

//! Which image of an archive is the base, and which documents count.

use std::fs;

use crate::common::layout::{CONFIG, Files, LAYER, config, layer, named};
use crate::common::{Scratch, run};
use crate::{read, upon};
use guix_docker::digest::Digest;
use guix_docker::request::Format;
use guix_docker::{Error, Report, Request};
use serde_json::{Value, json};

/// Builds upon `base`; returns the report and the content of the base's file.
fn build(
    scratch: &Scratch,
    base: &[u8],
    change: impl Fn(&mut Request),
) -> Result<(Report, String), Error> {
    fs::write(scratch.path("base.tar"), base).unwrap();
    let mut request = upon(scratch, "image.tar", "base.tar");
    change(&mut request);
    let report = run(&request)?;
    let (layers, _) = read(&scratch.read("image.tar"));
    let mut first = tar::Archive::new(layers[0].as_slice());
    let mut first = first.entries().unwrap();
    let mut content = String::new();
    std::io::Read::read_to_string(&mut first.next().unwrap().unwrap(), &mut content).unwrap();
    Ok((report, content))
}

/// The content of the file of the base that is chosen.
fn chosen(base: &[u8], change: impl Fn(&mut Request)) -> String {
    build(&Scratch::new(), base, change).unwrap().1
}

fn refused(base: &[u8], change: impl Fn(&mut Request)) -> String {
    let error = build(&Scratch::new(), base, change).err().unwrap();
    error.message().to_owned()
}

fn arm(request: &mut Request) {
    request.metadata.system(b"aarch64-linux").unwrap();
}

#[test]
fn an_attestation_is_never_the_base() {
    let mut files = Files::default();
    let image = files.image("linux/amd64", "amd64");
    let attestation = files.attestation(&image);
    let other = files.image("linux/arm64", "arm64");
    let about_other = files.attestation(&other);
    let mut signature = files.blob(CONFIG, config("", &[]).to_string());
    let simple = "application/vnd.dev.cosign.simplesigning.v1+json";
    let simple = files.blob(simple, b"{}");
    signature = files.manifest(&signature, &[simple]);
    let chart = files.blob("application/vnd.cncf.helm.config.v1+json", b"{}");
    let content = files.blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", b"x");
    let chart = files.manifest(&chart, &[content]);
    let list = [attestation, signature, chart, image, about_other, other];
    for base in [files.clone().oci(&list), {
        let index = files.index("app:1", &list);
        files.oci(&[index])
    }] {
        assert_eq!(chosen(&base, |_| {}), "amd64");
        assert_eq!(chosen(&base, arm), "arm64");
    }
    let mut files = Files::default();
    let image = files.image("linux/amd64", "amd64");
    let attestation = files.attestation(&image);
    let alone = refused(&files.oci(&[attestation]), |_| {});
    assert!(
        alone.contains("no images (attestations: 1 (https://slsa.dev/provenance/v1))"),
        "{alone}"
    );
}

#[test]
fn only_the_chosen_image_must_be_there() {
    let mut files = Files::default();
    let here = files.image("linux/amd64", "here");
    let absent = files.image("linux/arm64", "absent");
    files.forget(&absent);
    let index = files.index("app:1", &[absent.clone(), here.clone()]);
    let mut gone = Files::default();
    let missing_index = gone.index("other:1", &[]);
    let base = files.oci(&[index, missing_index]);
    assert_eq!(chosen(&base, |_| {}), "here");
    let message = refused(&base, arm);
    assert!(message.contains("lists the image for arm64"), "{message}");
    assert!(
        message.contains(absent["digest"].as_str().unwrap()),
        "{message}"
    );
    // A manifest that is torn is no reason either, unless it is the one.
    let digest = here["digest"].as_str().unwrap();
    let torn = files.image("linux/arm64", "torn");
    let name = format!("blobs/sha256/{}", &torn["digest"].as_str().unwrap()[7..]);
    files.add(&name, "{}");
    let base = files.oci(&[here.clone(), torn]);
    assert_eq!(chosen(&base, |_| {}), "here", "{digest}");
    assert!(refused(&base, arm).contains("not what its digest says"));
    // Nor is a layer that is missing in another image.
    let mut files = Files::default();
    let here = files.image("linux/amd64", "here");
    let other = files.image("linux/arm64", "other");
    let lost = layer(&[("file", b"other")]);
    files.forget(&json!({"digest": Digest::of(&lost).to_string()}));
    let base = files.oci(&[other, here]);
    assert_eq!(chosen(&base, |_| {}), "here");
    assert!(refused(&base, arm).contains("is missing"));
}

/// A Docker archive of one image, in `files`.
fn docker(files: &mut Files, platform: &str, content: &str, tags: Value) -> Value {
    let layer = layer(&[("file", content.as_bytes())]);
    let config = config(platform, &[&layer]).to_string();
    let names = [format!("{content}.json"), format!("{content}.tar")];
    files.add(&names[0], config);
    files.add(&names[1], layer);
    json!({"Config": names[0], "RepoTags": tags, "Layers": [names[1]]})
}

#[test]
fn what_engines_load_from_manifest_json_counts() {
    for manifests in [json!(null), json!([])] {
        let mut files = Files::default();
        let image = docker(&mut files, "linux/amd64", "docker", json!(["app:1"]));
        files.add("manifest.json", json!([image]).to_string());
        files.oci(&[]);
        let index = json!({"schemaVersion": 2, "manifests": manifests});
        files.add("index.json", index.to_string());
        assert_eq!(chosen(&files.archive(), |_| {}), "docker");
    }
    // An index that has fewer images.
    let mut files = Files::default();
    let oci = files.image("linux/amd64", "oci");
    let image = docker(&mut files, "linux/arm64", "docker", json!(["other:1"]));
    files.add("manifest.json", json!([image]).to_string());
    let base = files.oci(&[oci]);
    assert_eq!(chosen(&base, |_| {}), "oci");
    assert_eq!(chosen(&base, arm), "docker");
    // An OCI manifest without layers, of an image that has one.
    let mut files = Files::default();
    let image = docker(&mut files, "linux/amd64", "docker", json!(["app:1"]));
    files.add("manifest.json", json!([image]).to_string());
    let content = files.0["docker.json"].clone();
    let config = files.blob(CONFIG, content);
    let manifest = files.manifest(&config, &[]);
    assert_eq!(
        chosen(&files.oci(&[named(manifest, "app:1")]), |_| {}),
        "docker"
    );
    // Documents that are none.
    files.add("index.json", "text");
    assert_eq!(chosen(&files.archive(), |_| {}), "docker");
}

#[test]
fn keys_are_read_in_any_case() {
    let mut files = Files::default();
    let layer = layer(&[("file", b"lower")]);
    let id = Digest::of(&layer).to_string();
    files.add("layer.tar", &layer);
    let config = json!({
        "os": "windows", "OS": "linux", "ARCHITECTURE": "amd64",
        "Config": {"user": "7", "env": ["A=b"], "Volumes": null, "cmd": null},
        "Rootfs": {"Type": "layers", "Diff_IDs": [id]},
        "History": [{"Created_By": "x", "EMPTY_LAYER": false}],
    });
    files.add("c.json", config.to_string());
    let manifest = json!([{"config": "c.json", "repotags": null, "LAYERS": ["layer.tar"]}]);
    files.add("manifest.json", manifest.to_string());
    let scratch = Scratch::new();
    let (_, content) = build(&scratch, &files.archive(), |request| {
        request.output.format = Format::OciArchive;
    })
    .unwrap();
    assert_eq!(content, "lower");
    let (_, config) = read(&scratch.read("image.tar"));
    assert_eq!(config["config"]["User"], "7");
    assert_eq!(config["config"]["Env"], json!(["A=b"]));
    assert_eq!(config["history"][0]["Created_By"], "x");
}

#[test]
fn health_checks_without_a_test_are_passed_on() {
    for check in [
        json!({}),
        json!({"Test": []}),
        json!({"Interval": 5_000_000_000_i64}),
    ] {
        let mut files = Files::default();
        let layer = layer(&[("file", b"x")]);
        let mut config = config("linux/amd64", &[&layer]);
        config["config"]["Healthcheck"] = check.clone();
        files.add("c.json", config.to_string());
        files.add("layer.tar", &layer);
        let manifest = json!([{"Config": "c.json", "Layers": ["layer.tar"]}]);
        files.add("manifest.json", manifest.to_string());
        let scratch = Scratch::new();
        build(&scratch, &files.archive(), |_| {}).unwrap();
        let (_, config) = read(&scratch.read("image.tar"));
        assert_eq!(config["config"]["Healthcheck"], check);
    }
}

#[test]
fn the_first_of_several_that_match_is_the_base() {
    let mut files = Files::default();
    let first = files.image("linux/amd64", "first");
    let second = files.image("linux/amd64", "second");
    let index = files.index("app:1", &[first.clone(), second.clone()]);
    assert_eq!(chosen(&files.clone().oci(&[index]), |_| {}), "first");
    assert_eq!(
        chosen(&files.clone().oci(&[second.clone(), first.clone()]), |_| {}),
        "second"
    );
    // Names tell images apart.
    let message = refused(
        &files.oci(&[named(first, "a:1"), named(second, "b:1")]),
        |_| {},
    );
    assert!(message.contains("which is meant: a:1, b:1"), "{message}");
}

#[test]
fn images_without_names_are_told_apart_by_their_platforms() {
    let mut files = Files::default();
    let windows = docker(&mut files, "windows/amd64", "windows", json!(null));
    let linux = docker(&mut files, "linux/amd64", "linux", json!([]));
    let arm64 = docker(&mut files, "linux/arm64", "arm64", json!([]));
    files.add("manifest.json", json!([windows, linux, arm64]).to_string());
    assert_eq!(chosen(&files.archive(), |_| {}), "linux");
    assert_eq!(chosen(&files.archive(), arm), "arm64");
}

#[test]
fn the_system_stands_for_a_platform_that_is_not_said() {
    for is_empty in [false, true] {
        let mut files = Files::default();
        let layer = layer(&[("file", b"none")]);
        let mut config = config("", &[&layer]);
        if is_empty {
            config["os"] = "".into();
            config["architecture"] = "".into();
        }
        let config = files.blob(CONFIG, config.to_string());
        let blob = files.blob(LAYER, &layer);
        let manifest = files.manifest(&config, &[blob]);
        let base = files.oci(&[manifest]);
        let scratch = Scratch::new();
        let (report, content) = build(&scratch, &base, arm).unwrap();
        assert_eq!(content, "none");
        let warning = &report.warnings[0];
        assert!(warning.contains("no os or architecture"), "{warning}");
        let (_, config) = read(&scratch.read("image.tar"));
        assert_eq!(config["architecture"], "arm64");
    }
}

#[test]
fn names_of_files_are_resolved() {
    for (config_name, layer_name) in [
        ("./c.json", "./l.tar"),
        ("a/../c.json", "b/.././l.tar"),
        ("/c.json", "/l.tar"),
    ] {
        let mut files = Files::default();
        let layer = layer(&[("file", b"x")]);
        files.add("c.json", config("linux/amd64", &[&layer]).to_string());
        files.add("l.tar", &layer);
        files.add("l.tar", &layer);
        let manifest = json!([{"Config": config_name, "Layers": [layer_name]}]);
        files.add("manifest.json", manifest.to_string());
        assert_eq!(chosen(&files.archive(), |_| {}), "x", "{config_name}");
    }
}

#[test]
fn foreign_layers_are_named() {
    let mut files = Files::default();
    let layer = layer(&[("file", b"foreign")]);
    let config = files.blob(CONFIG, config("linux/amd64", &[&layer]).to_string());
    let foreign = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    let mut blob = files.blob(foreign, &layer);
    blob["urls"] = json!(["https://example.org/layer"]);
    let manifest = files.manifest(&config, std::slice::from_ref(&blob));
    let base = files.clone().oci(std::slice::from_ref(&manifest));
    let (report, content) = build(&Scratch::new(), &base, |request| {
        request.output.format = Format::OciArchive;
    })
    .unwrap();
    assert_eq!(content, "foreign");
    assert!(
        report.warnings[0].contains("foreign layers"),
        "{:?}",
        report.warnings
    );
    files.forget(&blob);
    let message = refused(&files.oci(&[manifest]), |_| {});
    assert!(message.contains("foreign and not here"), "{message}");
    assert!(message.contains("https://example.org/layer"), "{message}");
}

#[test]
fn a_base_that_engines_refuse_is_refused() {
    for (key, value) in [
        ("created", json!("yesterday")),
        ("history", json!([{"created": 5}])),
        ("history", json!([{"empty_layer": "no"}])),
        ("Size", json!("large")),
        ("container_config", json!(false)),
        ("config", json!({"WorkingDir": 5})),
        ("config", json!({"StopTimeout": "x"})),
        ("config", json!({"Cmd": "text"})),
    ] {
        let mut files = Files::default();
        let layer = layer(&[("file", b"x")]);
        let mut config = config("linux/amd64", &[&layer]);
        config[key] = value;
        let config = files.blob(CONFIG, config.to_string());
        let blob = files.blob(LAYER, &layer);
        let manifest = files.manifest(&config, &[blob]);
        let message = refused(&files.oci(&[manifest]), |_| {});
        assert!(message.contains("engines do not take"), "{key}: {message}");
    }
}
