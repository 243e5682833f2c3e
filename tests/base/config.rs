// SPDX-License-Identifier: GPL-3.0-or-later

//! What the configuration and the manifest have of the base.

use std::fs;
use std::path::Path;

use crate::common::{Scratch, bytes, compressor, run};
use crate::{edit, make_base, read, upon};
use guix_docker::Request;
use guix_docker::request::{Format, History};
use serde_json::{Value, json};

#[test]
fn the_configuration_is_as_from_has_it() {
    let scratch = Scratch::new();
    make_base(&scratch, "base.tar", Format::DockerArchive, "none");
    let config = |change: &dyn Fn(&mut Request)| {
        let mut request = upon(&scratch, "image.tar", "base.tar");
        request.output.format = Format::OciArchive;
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
        request.container.variable(b"PATH", b"/own").unwrap();
        request.container.variable(b"OWN", b"2").unwrap();
        request.container.entry_point(&["/own/run"]).unwrap();
        request.metadata.label(b"own", b"too").unwrap();
        request.metadata.author(b"another").unwrap();
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
        config(&|request| request.metadata.history = History::None).get("history"),
        None
    );
    let one = config(&|request| {
        request.layers.max_layers(10).unwrap();
        request.metadata.history = History::One;
    });
    assert_eq!(one["history"].as_array().unwrap().len(), 4);
    // With Guix's keys, too.
    let mut docker = upon(&scratch, "image.tar", "base.tar");
    docker.container.variable(b"OWN", b"2").unwrap();
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
    // A history of another number of layers is none.
    let config = with(&|config| config["history"] = json!([{}])).unwrap();
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
        request.metadata.system(b"x86_64-linux").unwrap();
        request.layers.max_layers(10).unwrap();
        request.output.format = match image.ends_with(".tar") {
            true => Format::OciArchive,
            false => Format::Oci,
        };
        request.output.compressor = compressor(packed);
        if let Some(base) = base {
            request.layers.base(bytes(&scratch.path(base))).unwrap();
        }
        request.layers.immutable_paths = true;
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
