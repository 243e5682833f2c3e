// SPDX-License-Identifier: GPL-3.0-or-later

//! What images hold, and what the library refuses.

mod common;

use std::path::Path;

use common::{Scratch, config, layers, members, run};
use guix_docker::request::{Directive, History, Transformation};
use guix_docker::{Report, Request, Status};

fn directory(name: &str, mode: Option<u32>) -> Directive {
    Directive::directory(name.as_bytes(), mode).unwrap()
}

fn file(name: &str, content: &str) -> Directive {
    Directive::file(name.as_bytes(), content.as_bytes()).unwrap()
}

fn link(name: &str, target: &str) -> Directive {
    Directive::link(name.as_bytes(), target.as_bytes()).unwrap()
}

/// The names of what directives make, or the message of their failure.
fn made(directives: Vec<Directive>) -> Result<Vec<String>, String> {
    let scratch = Scratch::new();
    let mut request = scratch.request("image", &[]);
    request.content.extra_files = directives;
    run(&request).map_err(|error| error.to_string())?;
    let layer = layers(&scratch.read("image")).swap_remove(0).1;
    Ok(members(&layer).into_keys().collect())
}

#[test]
fn equal_layers_are_stored_once_and_listed_twice() {
    let scratch = Scratch::new();
    let one = scratch.file("one", &[1; 100_000]);
    let two = scratch.file("two", &[2; 200_000]);
    let mut request = scratch.request("image", &[&one, &one, &two]);
    request.layers.max_layers(10).unwrap();
    let report = run(&request).unwrap();
    let ids: Vec<_> = report.layers.iter().map(|layer| layer.diff_id).collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(ids[1], ids[2]);
    let image = scratch.read("image");
    // Layers of `one` and `two`, the extra files, two files of metadata.
    assert_eq!(
        tar::Archive::new(image.as_slice())
            .entries()
            .unwrap()
            .count(),
        5
    );
    assert_eq!(layers(&image).len(), 4);
}

#[test]
fn files_of_equal_size_do_not_make_layers_equal() {
    // Transformations give two items the same names.
    let scratch = Scratch::new();
    let one = scratch.file("a/item", &[1; 5000]);
    let two = scratch.file("b/item", &[2; 5000]);
    let to = |from: &Path| Transformation::new(common::bytes(from), b"/item").unwrap();
    let build = |content: u8| {
        std::fs::write(&two, [content; 5000]).unwrap();
        let mut request = scratch.request("image", &[&one, &two]);
        request.content.transformations = vec![to(&one), to(&two)];
        request.layers.max_layers(9).unwrap();
        let Report { layers, .. } = run(&request).unwrap();
        layers[0].diff_id == layers[1].diff_id
    };
    assert!(!build(2));
    assert!(build(1));
}

#[test]
fn layers_of_an_image_without_paths_or_extra_files() {
    let scratch = Scratch::new();
    let mut request = scratch.request("image", &[]);
    assert_eq!(run(&request).unwrap().layers.len(), 1);
    request.layers.max_layers(2).unwrap();
    assert_eq!(run(&request).unwrap().layers.len(), 1);
    assert_eq!(layers(&scratch.read("image"))[0].1, vec![0; 10240]);
}

#[test]
fn directives_lead_through_links_inside_the_image() {
    let names = made(vec![
        directory("/usr/bin", None),
        link("/bin", "usr/bin"),
        directory("/bin/inner", None),
        file("/bin/tool", ""),
        link("/absolute", "/usr"),
        file("/absolute/readme", "text"),
    ]);
    let expected = [
        "absolute",
        "bin",
        "usr/",
        "usr/bin/",
        "usr/bin/inner/",
        "usr/bin/tool",
        "usr/readme",
    ];
    assert_eq!(names.unwrap(), expected);
}

#[test]
fn directives_that_cannot_be_followed_are_named() {
    for (directives, expected) in [
        (vec![file("/a/b", "")], "the directory above it is missing"),
        (
            vec![file("/a", ""), file("/a/b", "")],
            "a file is where a directory must be",
        ),
        (
            vec![directory("/a", None), file("/a", "")],
            "a directory of that name",
        ),
        (
            vec![directory("/a", None), link("/a", "/")],
            "a directory of that name",
        ),
        (
            vec![link("/a", "b"), link("/b", "a"), file("/a", "")],
            "too many links",
        ),
        (
            vec![link("/a", "/no/such/file")],
            "neither on this machine nor in the image",
        ),
        (
            vec![link("/a", "b")],
            "neither on this machine nor in the image",
        ),
    ] {
        let message = made(directives).unwrap_err();
        assert!(message.starts_with("extra_files: "), "{message}");
        assert!(message.contains("\"/a"), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn links_may_point_into_the_image() {
    let scratch = Scratch::new();
    let item = scratch.file("item/bin/tool", b"");
    let item = item.parent().unwrap().parent().unwrap();
    let mut request = scratch.request("image", &[item]);
    request.content.transformations =
        vec![Transformation::new(common::bytes(item), b"/opt/item").unwrap()];
    request.content.extra_files = vec![
        link("/tool", "/opt/item/bin/tool"),
        link("/again", "tool"),
        link("/directory", "opt"),
    ];
    run(&request).unwrap();
}

#[test]
fn history_says_what_layers_hold() {
    let scratch = Scratch::new();
    let hash = "0123456789abcdfghijklmnpqrsvwxyz";
    let items: Vec<_> = ["hello-2.12", "tool-1", "lib-3"]
        .iter()
        .enumerate()
        .map(|(index, name)| scratch.file(&format!("{hash}-{name}"), &vec![0; 9000 - 1000 * index]))
        .collect();
    let paths: Vec<_> = items.iter().map(|item| item.as_path()).collect();
    let mut request = scratch.request("image", &paths);
    request.layers.max_layers(3).unwrap();
    let comments = |request: &Request| {
        run(request).unwrap();
        let config = config(&scratch.read("image"));
        let history = config["history"].as_array()?.clone();
        Some(
            history
                .iter()
                .map(|entry| entry["comment"].clone())
                .collect::<Vec<_>>(),
        )
    };
    let first = items[0].to_str().unwrap();
    let expected = [first, "2 store items: tool-1 lib-3", "extra files"];
    assert_eq!(comments(&request).unwrap(), expected);
    request.metadata.history = History::One;
    assert_eq!(comments(&request).unwrap(), ["guix pack"]);
    request.metadata.history = History::None;
    assert_eq!(comments(&request), None);
}

#[test]
fn arguments_are_checked_before_files_are_touched() {
    let check = |result: guix_docker::error::Result<()>, status, part: &str| {
        let error = result.unwrap_err();
        assert_eq!(error.status(), status, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    };
    let none: [&[u8]; 0] = [];
    let invalid = Status::InvalidArgument;
    check(Request::new(b"", &none, b"p").map(drop), invalid, "image");
    check(
        Request::new(b"dir/", &none, b"p").and_then(|request| request.check()),
        invalid,
        "image",
    );
    check(Request::new(b"i", &none, b"").map(drop), invalid, "prefix");
    check(
        Request::new(b"i", &[b"relative"], b"p").map(drop),
        invalid,
        "relative",
    );
    check(
        Request::new(b"i", &[b"/a/../b"], b"p").map(drop),
        invalid,
        "..",
    );
    check(Request::new(b"i\0", &none, b"p").map(drop), invalid, "NUL");
    let mut request = Request::new(b"i", &none, b"p").unwrap();
    let text = Status::InvalidText;
    check(request.metadata.repository(b"\xff"), text, "repository");
    check(
        request.container.entry_point(&[b"\xff"]),
        text,
        "entry_point",
    );
    check(
        request.container.variable(b"A", b"\xff"),
        text,
        "environment",
    );
    check(
        request.container.variable(b"", b"x"),
        invalid,
        "environment",
    );
    check(
        request.container.variable(b"A=B", b"x"),
        invalid,
        "environment",
    );
    check(
        request.metadata.system(b"sparc"),
        Status::UnsupportedSystem,
        "sparc",
    );
    check(request.layers.max_layers(1), invalid, "max_layers");
    check(request.layers.max_layers(-5), invalid, "max_layers");
    check(
        request.metadata.creation_time(i64::MAX),
        invalid,
        "creation_time",
    );
    check(request.content.database(b"db"), invalid, "database");
    check(request.content.root_system(b"root"), invalid, "root_system");
    check(
        Directive::directory(b"/a", Some(0o10000)).map(drop),
        invalid,
        "mode",
    );
    check(
        Directive::directory(b"/../a", None).map(drop),
        invalid,
        "..",
    );
    check(Directive::file(b"/", b"").map(drop), invalid, "extra_files");
    check(Directive::link(b"/a", b"").map(drop), invalid, "target");
    check(
        Transformation::new(b"/a", b"../b").map(drop),
        invalid,
        "transformations",
    );
}

#[test]
fn what_killed_builds_have_left_is_removed() {
    use rustix::fs::{FlockOperation, flock};
    use std::fs::File;

    let scratch = Scratch::new();
    let item = scratch.file("item", b"x");
    let left = |directory: &str| {
        let name = |end: &str| format!("{directory}/.guix-docker-{end}");
        scratch.file(&name("dead01"), b"");
        // One that is being written, and what is somebody else's.
        scratch.file(&name("alive1"), b"");
        scratch.file(&name("notes"), b"");
        std::fs::create_dir(scratch.path(&name("dead02"))).unwrap();
        scratch.file(&format!("{}/file", name("dirdir")), b"");
        scratch.link(&name("link00"), "nowhere");
        let alive = File::open(scratch.path(&name("alive1"))).unwrap();
        flock(&alive, FlockOperation::LockExclusive).unwrap();
        alive
    };
    let names = |directory: &str| {
        let names = std::fs::read_dir(scratch.path(directory)).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.starts_with('.')).collect();
        names.sort();
        names
    };
    let stay = ["alive1", "dirdir", "link00", "notes"].map(|end| format!(".guix-docker-{end}"));
    let _file = left("files");
    run(&scratch.request("files/image", &[&item])).unwrap();
    assert_eq!(names("files"), stay);
    // In a layout, and replacing an image.
    let mut request = scratch.request("layout", &[&item]);
    request.output.format = guix_docker::request::Format::Oci;
    run(&request).unwrap();
    let _layout = (left("layout"), left("layout/blobs/sha256"));
    run(&request).unwrap();
    assert_eq!(names("layout"), stay);
    assert_eq!(names("layout/blobs/sha256"), stay);
    scratch.file("files/.guix-docker-dead02", b"");
    run(&scratch.request("files/image", &[&item])).unwrap();
    assert_eq!(names("files"), stay);
}
