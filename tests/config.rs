// SPDX-License-Identifier: GPL-3.0-or-later

//! What an image says of itself: its configuration and its names.

mod common;

use common::{Scratch, config, members, run};
use guix_docker::error::Result;
use guix_docker::request::ConfigKeys;
use guix_docker::{Request, Status};
use serde_json::{Value, json};

/// The configuration that `change` makes.
fn with(change: impl Fn(&mut Request) -> Result<()>) -> Value {
    let scratch = Scratch::new();
    let mut request = scratch.request("image", &[]);
    change(&mut request).unwrap();
    run(&request).unwrap();
    config(&scratch.read("image"))
}

/// Checks that `result` is an error about `argument` that has all of `parts`.
fn refused(result: Result<()>, argument: &str, parts: &[&str]) {
    let error = result.unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument, "{error}");
    let message = error.to_string();
    assert!(message.starts_with(&format!("{argument}: ")), "{message}");
    for part in parts {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn members_are_the_specifications() {
    let config = with(|request| {
        let container = &mut request.container;
        container.cmd(&["serve", "--port", "8080"])?;
        container.user(b"app:1000")?;
        container.working_directory(b"/srv/app")?;
        container.exposed_ports(&["8080/tcp", "53/udp", "22", "8080/tcp"])?;
        container.volumes(&["/var/lib/b", "/var/lib/a"])?;
        let metadata = &mut request.metadata;
        metadata.label(b"org.opencontainers.image.title", "Größe".as_bytes())?;
        metadata.label(b"a", b"")?;
        container.stop_signal(b"SIGRTMIN+3")?;
        metadata.author(b"Someone <someone@example.org>")?;
        container
            .health_check(br#"{"Test":["CMD-SHELL","exit 0"],"Interval":30000000000,"Retries":3}"#)
    });
    assert_eq!(
        config["config"],
        json!({
            "env": [],
            "Cmd": ["serve", "--port", "8080"],
            "User": "app:1000",
            "WorkingDir": "/srv/app",
            "StopSignal": "SIGRTMIN+3",
            "ExposedPorts": {"22": {}, "53/udp": {}, "8080/tcp": {}},
            "Volumes": {"/var/lib/a": {}, "/var/lib/b": {}},
            "Labels": {"a": "", "org.opencontainers.image.title": "Größe"},
            "Healthcheck": {
                "Test": ["CMD-SHELL", "exit 0"],
                "Interval": 30_000_000_000_u64,
                "Retries": 3,
            },
        })
    );
    assert_eq!(config["author"], "Someone <someone@example.org>");
    // An empty list is one.
    let empty = with(|request| {
        let none: [&str; 0] = [];
        request.container.cmd(&none)
    });
    assert_eq!(empty["config"]["Cmd"], json!([]));
}

#[test]
fn values_are_checked_by_the_specifications_rules() {
    let mut request = Request::new(b"image", &[b"/"], b"prefix").unwrap();
    let Request {
        container,
        metadata,
        ..
    } = &mut request;
    for user in ["", ":", "a:", ":b", "a:b:c", "a b"] {
        refused(
            container.user(user.as_bytes()),
            "user",
            &[&format!("{user:?}")],
        );
    }
    for name in ["", "relative", "/a/../b"] {
        let quoted = format!("{name:?}");
        let name = name.as_bytes();
        refused(
            container.working_directory(name),
            "working_directory",
            &[&quoted],
        );
        refused(container.volumes(&[name]), "volumes", &[&quoted]);
    }
    for port in [
        "", "0", "65536", "80/http", "80/", "/tcp", "+80", "080", "80-90", "a",
    ] {
        let quoted = format!("{port:?}");
        refused(
            container.exposed_ports(&[port]),
            "exposed_ports",
            &[&quoted],
        );
    }
    for signal in [
        "",
        "SIG",
        "SIGNONE",
        "0",
        "65",
        "sigterm",
        "SIGRTMIN+16",
        "RTMAX+1",
        "+9",
        "SIGEMT",
    ] {
        let quoted = format!("{signal:?}");
        refused(
            container.stop_signal(signal.as_bytes()),
            "stop_signal",
            &[&quoted],
        );
    }
    for signal in [
        "SIGTERM",
        "TERM",
        "15",
        "64",
        "SIGRTMIN",
        "RTMIN+15",
        "SIGRTMAX-14",
    ] {
        container.stop_signal(signal.as_bytes()).unwrap();
    }
    refused(metadata.label(b"", b"x"), "labels", &["a name is empty"]);
    metadata.label(b"a", b"b").unwrap();
    metadata.label(b"a", b"b").unwrap();
    refused(
        metadata.label(b"a", b"c"),
        "labels",
        &["\"a\"", "\"b\"", "\"c\""],
    );
    for check in [
        "",
        "[]",
        "{}",
        r#"{"Test":[]}"#,
        r#"{"Test":["CMD"]}"#,
        r#"{"Test":["true"]}"#,
        r#"{"Test":["NONE","x"]}"#,
        r#"{"Test":["CMD-SHELL","a","b"]}"#,
        r#"{"Test":["CMD","a"],"Interval":1}"#,
        r#"{"Test":["CMD","a"],"Interval":-1}"#,
        r#"{"Test":["CMD","a"],"Interval":"30s"}"#,
        r#"{"Test":["CMD","a"],"Unknown":1}"#,
        r#"{"Test":"CMD"}"#,
        r#"{"Test":["CMD","a"],"Retries":18446744073709551615}"#,
    ] {
        refused(
            container.health_check(check.as_bytes()),
            "health_check",
            &[],
        );
    }
    for patch in [
        "",
        "[]",
        "null",
        "{",
        r#"{"rootfs":{}}"#,
        r#"{"History":[]}"#,
        r#"{"config":[]}"#,
        r#"{"config":{"Env":"A=b"}}"#,
        r#"{"config":{"Cmd":[1]}}"#,
        r#"{"config":{"labels":["a"]}}"#,
        r#"{"config":{"User":1}}"#,
        r#"{"author":1}"#,
        r#"{"Config":{"Env":"x"}}"#,
        r#"{"config":null}"#,
        r#"{"Config":null}"#,
        r#"{"Architecture":"x"}"#,
        r#"{"os":"plan9"}"#,
        "{\"hi\u{17f}tory\":[]}",
        "{\"rootf\u{17f}\":{}}",
        r#"{"created":"yesterday"}"#,
        r#"{"comment":5}"#,
        r#"{"container_config":5}"#,
        r#"{"config":{"Labels":{"a":1}}}"#,
        r#"{"config":{"ExposedPorts":{"80":1}}}"#,
        r#"{"config":{"Volumes":{"/a":[]}}}"#,
        r#"{"config":{"Healthcheck":{"Test":"x"}}}"#,
        r#"{"config":{"Hostname":5}}"#,
    ] {
        refused(metadata.config(patch.as_bytes()), "config", &[]);
    }
    refused(
        request
            .container
            .variable(b"A", b"b")
            .and(request.container.variable(b"A", b"c")),
        "environment",
        &["\"A\" is given twice", "\"b\"", "\"c\""],
    );
    request.container.variable(b"A", b"b").unwrap();
}

#[test]
fn a_patch_is_merged_last() {
    let config = with(|request| {
        request.container.variable(b"A", b"b")?;
        request.container.entry_point(&["/bin/x"])?;
        request.container.user(b"one")?;
        request.metadata.label(b"kept", b"yes")?;
        request.metadata.config(
            br#"{"config":{"User":"two","Env":["C=d"],"OnBuild":["RUN x"],"entrypoint":null,
                 "Labels":{"more":"1"}},"comment":null,"os.features":["x"]}"#,
        )
    });
    assert_eq!(
        config["config"],
        json!({
            "Env": ["C=d"],
            "User": "two",
            "Labels": {"kept": "yes", "more": "1"},
            "OnBuild": ["RUN x"],
        })
    );
    assert!(config.get("comment").is_none());
    assert_eq!(config["os.features"], json!(["x"]));
    assert_eq!(config["os"], "linux");
    // One that changes nothing leaves every byte as it is.
    let keys: Vec<String> = with(|request| request.metadata.config(b"{}"))
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let plain: Vec<String> = with(|_| Ok(()))
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(keys, plain);
}

#[test]
fn images_have_the_names_that_are_given() {
    let scratch = Scratch::new();
    for max_layers in [None, Some(2)] {
        let mut request = scratch.request("image", &[]);
        request.metadata.config_keys = ConfigKeys::Spec;
        if let Some(count) = max_layers {
            request.layers.max_layers(count).unwrap();
        }
        let tags = |request: &Request| {
            let report = run(request).unwrap();
            let members = members(&scratch.read("image"));
            let manifest: Value = serde_json::from_slice(&members["manifest.json"]).unwrap();
            let repositories = members
                .get("repositories")
                .map(|file| serde_json::from_slice::<Value>(file).unwrap());
            (
                manifest[0]["RepoTags"].clone(),
                repositories,
                report.image_id.hex(),
            )
        };
        assert_eq!(tags(&request).0, json!(["guix:latest"]));
        for name in [
            "registry.example:5000/team/app:1.2",
            "app",
            "app:auto",
            "app:x",
        ] {
            request.metadata.names(&[name.as_bytes()]).unwrap();
        }
        let (names, repositories, id) = tags(&request);
        let auto = &id[..12];
        assert_eq!(
            names,
            json!([
                "registry.example:5000/team/app:1.2",
                "app:latest",
                format!("app:{auto}"),
                "app:x",
            ])
        );
        if let Some(repositories) = repositories {
            let app = repositories["app"].as_object().unwrap();
            let mut tags: Vec<&str> = app.keys().map(String::as_str).collect();
            tags.sort_unstable();
            assert_eq!(tags.len(), 3);
            assert!(tags.contains(&auto));
            assert!(repositories["registry.example:5000/team/app"]["1.2"].is_string());
        }
    }
    let mut request = scratch.request("image", &[]);
    refused(request.metadata.names(&[b"App"]), "names", &["\"App\""]);
    request.metadata.names(&[b"a"]).unwrap();
    refused(request.metadata.names(&[b"a:latest"]), "names", &["twice"]);
}
