// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker build`: every option does what the parameter does.

use std::fs;
use std::path::Path;

use guix_docker::Request;
use guix_docker::request::{
    ConfigKeys, Directive, Format, History, Layering, Modes, Ownership, Transformation, Whiteouts,
    Xattrs,
};

use crate::common::{Scratch, compressor, members, run};
use crate::{failed, fine, guix_docker, json, name, program};

/// Two items, one of which refers to the other, and the file that says so.
fn items(scratch: &Scratch) -> [String; 3] {
    scratch.file("store/one/file", &b"one ".repeat(5_000));
    scratch.file("store/two/bin/two", b"two");
    scratch.file("store/two/.wh.x", b"");
    let (one, two) = (name(scratch, "store/one"), name(scratch, "store/two"));
    let graph = format!("{one}\n\n0\n{two}\n\n1\n{one}\n");
    scratch.file("graph", graph.as_bytes());
    [one, two, name(scratch, "graph")]
}

/// What an option sets in a request.
type Set = fn(&mut Request, &Scratch);

/// Options that are given one by one, upon those that every build has.
const OPTIONS: &[(&[&str], Set)] = &[
    (&[], |_, _| {}),
    (&["--compressor", "gzip -9"], |r, _| {
        r.output.compressor = compressor("gzip -9")
    }),
    (&["--compressor", "zstd -1"], |r, _| {
        r.output.compressor = compressor("zstd -1")
    }),
    (&["--format", "oci-archive"], |r, _| {
        r.output.format = Format::OciArchive
    }),
    (
        &[
            "--directory",
            "/tmp=1777",
            "--file",
            "/a=b=c",
            "--symlink",
            "/bin=/tmp",
        ],
        |r, _| {
            r.content.extra_files = vec![
                Directive::directory(b"/tmp", Some(0o1777)).unwrap(),
                Directive::file(b"/a", b"b=c").unwrap(),
                Directive::link(b"/bin", b"/tmp").unwrap(),
            ];
        },
    ),
    // Later ones take the place of earlier ones, of whichever kind.
    (
        &[
            "-S",
            "/x=/tmp",
            "--file",
            "/f",
            "-S",
            "/x=/f",
            "--directory",
            "/d",
        ],
        |r, _| {
            r.content.extra_files = vec![
                Directive::link(b"/x", b"/tmp").unwrap(),
                Directive::file(b"/f", b"").unwrap(),
                Directive::link(b"/x", b"/f").unwrap(),
                Directive::directory(b"/d", None).unwrap(),
            ];
        },
    ),
    (&["--transform", "/=/elsewhere/"], |r, _| {
        r.content.transformations = vec![Transformation::new(b"/", b"/elsewhere/").unwrap()];
    }),
    (&["--database", "DIR/graph"], |r, s| {
        r.content.database(name(s, "graph").as_bytes()).unwrap();
    }),
    (
        &["--root-system", "DIR/store", "--max-layers", "9"],
        |r, s| {
            r.content.root_system(name(s, "store").as_bytes()).unwrap();
            r.layers.max_layers(9).unwrap();
        },
    ),
    (&["--ownership", "/=7:8"], |r, _| {
        r.content.ownership = vec![Ownership::new(b"/", 7, 8).unwrap()];
    }),
    (&["--modes", "keep", "--max-layers", "3"], |r, _| {
        r.content.modes = Modes::Keep;
        r.layers.max_layers(3).unwrap();
    }),
    (&["--xattrs", "keep"], |r, _| {
        r.content.xattrs = Xattrs::Keep
    }),
    (&["--max-layers", "2"], |r, _| {
        r.layers.max_layers(2).unwrap()
    }),
    (
        &[
            "--max-layers",
            "5",
            "--layering",
            "references",
            "--references",
            "graph",
        ],
        |r, s| {
            r.layers.max_layers(5).unwrap();
            r.layers.layering = Layering::References;
            r.layers.references_graphs(&[name(s, "graph")]).unwrap();
        },
    ),
    (&["--parent-directories", "--max-layers", "9"], |r, _| {
        r.layers.parent_directories = true;
        r.layers.max_layers(9).unwrap();
    }),
    (&["--name", "host:5000/app:1", "-t", "app:auto"], |r, _| {
        r.metadata.names(&[b"host:5000/app:1"]).unwrap();
        r.metadata.names(&[b"app:auto"]).unwrap();
    }),
    (&["--repository", "Some Thing"], |r, _| {
        r.metadata.repository(b"Some Thing").unwrap()
    }),
    (&["--system", "armhf-linux", "--variant", "v7"], |r, _| {
        r.metadata.system(b"armhf-linux").unwrap();
        r.metadata.variant(b"v7").unwrap();
    }),
    (
        &["--author", "me", "--label", "a=b=c", "--label", "d="],
        |r, _| {
            r.metadata.author(b"me").unwrap();
            r.metadata.label(b"a", b"b=c").unwrap();
            r.metadata.label(b"d", b"").unwrap();
        },
    ),
    (
        &["--annotation", "x=y", "--format", "oci-archive"],
        |r, _| {
            r.metadata.annotation(b"x", b"y").unwrap();
            r.output.format = Format::OciArchive;
        },
    ),
    (&["--history", "none"], |r, _| {
        r.metadata.history = History::None
    }),
    (&["--config-keys", "spec", "-e", "A=B"], |r, _| {
        r.metadata.config_keys = ConfigKeys::Spec;
        r.container.variable(b"A", b"B").unwrap();
    }),
    (&["--config", r#"{"config":{"Tty":true}}"#], |r, _| {
        r.metadata.config(br#"{"config":{"Tty":true}}"#).unwrap();
    }),
    (
        &[
            "--entry-point",
            "/bin/two",
            "--entry-point",
            "--flag",
            "--cmd",
            "-x",
        ],
        |r, _| {
            r.container.entry_point(&["/bin/two", "--flag"]).unwrap();
            r.container.cmd(&["-x"]).unwrap();
        },
    ),
    (
        &["--user", "1000:100", "--working-directory", "/srv"],
        |r, _| {
            r.container.user(b"1000:100").unwrap();
            r.container.working_directory(b"/srv").unwrap();
        },
    ),
    (
        &["--expose", "80", "--expose", "53/udp", "--volume", "/data"],
        |r, _| {
            r.container.exposed_ports(&[b"80"]).unwrap();
            r.container.exposed_ports(&[b"53/udp"]).unwrap();
            r.container.volumes(&[b"/data"]).unwrap();
        },
    ),
    (
        &[
            "--stop-signal",
            "SIGINT",
            "--health-check",
            r#"{"Test":["NONE"]}"#,
        ],
        |r, _| {
            r.container.stop_signal(b"SIGINT").unwrap();
            r.container.health_check(br#"{"Test":["NONE"]}"#).unwrap();
        },
    ),
    (&["--base", "base.tar"], |r, s| {
        r.layers.base(name(s, "base.tar").as_bytes()).unwrap()
    }),
    (&["--base", "base.tar", "--base-name", "base"], |r, s| {
        r.layers.base(name(s, "base.tar").as_bytes()).unwrap();
        r.layers.base_name(b"base").unwrap();
    }),
    (
        &[
            "--reuse",
            "layout",
            "--immutable-paths",
            "--format",
            "oci-archive",
        ],
        |r, s| {
            r.layers.reuse(&[name(s, "layout")]).unwrap();
            r.layers.immutable_paths = true;
            r.output.format = Format::OciArchive;
        },
    ),
    (
        &[
            "--max-layers",
            "5",
            "--layering",
            "references",
            "--references-graph",
            "graph",
        ],
        |r, s| {
            r.layers.max_layers(5).unwrap();
            r.layers.layering = Layering::References;
            r.layers.references_graphs(&[name(s, "graph")]).unwrap();
        },
    ),
    (&["--no-reuse", "--format", "oci-archive"], |r, _| {
        r.layers.reuse::<&[u8]>(&[]).unwrap();
        r.output.format = Format::OciArchive;
    }),
    (&["--threads", "3", "--max-layers", "4"], |r, _| {
        r.running.threads(3);
        r.layers.max_layers(4).unwrap();
    }),
];

#[test]
fn options_are_parameters() {
    let scratch = Scratch::new();
    let [one, two, _] = items(&scratch);
    let mut base = scratch.request("base.tar", &[Path::new(&one)]);
    base.metadata.repository(b"base").unwrap();
    base.running.threads(1);
    run(&base).unwrap();
    let mut layout = scratch.request("layout", &[Path::new(&one)]);
    layout.output.format = Format::Oci;
    run(&layout).unwrap();
    for (options, set) in OPTIONS {
        let mut request = scratch.request("expected", &[Path::new(&one), Path::new(&two)]);
        request.content.whiteouts = Whiteouts::Allow;
        set(&mut request, &scratch);
        run(&request).unwrap();
        let options = options
            .iter()
            .map(|option| option.replace("DIR", name(&scratch, "").trim_end_matches('/')));
        let mut arguments: Vec<String> = [
            "build",
            "-o",
            "image",
            "--creation-time",
            "1",
            "--whiteouts",
            "allow",
            "--prefix",
            "/gnu/store/profile",
            &one,
            &two,
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.extend(options);
        let said = fine(guix_docker(&scratch, &arguments));
        assert!(said.starts_with("image: "), "{said}");
        assert!(
            scratch.read("image") == scratch.read("expected"),
            "{arguments:?}"
        );
    }
}

#[test]
fn reports_are_json_and_streams_are_files() {
    let scratch = Scratch::new();
    let [one, two, graph] = items(&scratch);
    let common = [
        "build",
        "--creation-time",
        "source-date-epoch",
        "--whiteouts=allow",
        "-o",
    ];
    let run = |more: &[&str]| {
        let mut command = program(&scratch);
        command.env("SOURCE_DATE_EPOCH", "7").args(common);
        command.args(more).output().unwrap()
    };
    let report = json(run(&["image", "--json", "--archive-digest", &one, &two]));
    let image = scratch.read("image");
    assert_eq!(report["archive_size"], image.len());
    let digest = guix_docker::digest::Digest::of(&image).to_string();
    assert_eq!(report["archive_digest"], digest);
    let config = &members(&image)["config.json"];
    assert!(String::from_utf8_lossy(config).contains("1970-01-01T00:00:07Z"));
    let output = run(&["-", &one, &two]);
    assert!(output.stdout == image);
    // The paths of a file of references, in the order of their names.
    let output = run(&["-", "--prefix", &one, "--references", &graph]);
    assert!(output.stdout == image);
    // A directory.
    fine(run(&[
        "layout", "--format", "oci", "--name", "app:1", &one, &two,
    ]));
    assert!(scratch.path("layout/index.json").exists());
    let warnings = String::from_utf8(run(&["other", &one, &two]).stderr).unwrap();
    assert!(
        warnings
            .lines()
            .all(|line| line.starts_with("guix-docker: warning: "))
    );
}

#[test]
fn what_is_wrong_is_said_by_the_option() {
    let scratch = Scratch::new();
    let [one, ..] = items(&scratch);
    let cases: &[(&[&str], i32, &str)] = &[
        (
            &["--max-layers", "1", &one],
            2,
            "--max-layers: 1 is below 2",
        ),
        (
            &["--max-layers", "x", &one],
            2,
            "invalid value 'x' for '--max-layers <N>'",
        ),
        (
            &["relative"],
            2,
            "PATH: \"relative\" is not an absolute file name",
        ),
        (
            &["/no/such"],
            1,
            "PATH: examining \"/no/such\": No such file",
        ),
        (&[], 2, "there is nothing to put into the image"),
        (&["--env", "X", &one], 2, "\"X\" has no \"=\""),
        (&["--env", "=X", &one], 2, "--env: a name is empty"),
        (
            &["--entry-point", "", "--user", "a b", &one],
            2,
            "--user: \"a b\"",
        ),
        (
            &["--directory", "/x=9", &one],
            2,
            "--directory: \"9\" is not a mode",
        ),
        (
            &["--ownership", "/x=me", &one],
            2,
            "--ownership: \"me\" is not of the form",
        ),
        (
            &["--creation-time", "noon", &one],
            2,
            "neither a number of seconds",
        ),
        (
            &["--creation-time", "source-date-epoch", &one],
            2,
            "SOURCE_DATE_EPOCH is not set",
        ),
        (&["--system", "vax", &one], 2, "--system: "),
        (&["--compressor", "false", &one], 1, "--compressor: "),
        (&["--references", "none", &one], 1, "--references: reading"),
        (&["--base", "none", &one], 1, "--base: opening"),
        (&["--closure-of", &one], 2, "--closure-of: "),
        (
            &["--no-such-option"],
            2,
            "unexpected argument '--no-such-option'",
        ),
    ];
    for (options, code, message) in cases {
        let arguments = [&["build", "-o", "image", "--whiteouts=allow"], *options].concat();
        let said = failed(guix_docker(&scratch, &arguments), *code);
        assert!(said.contains(message), "{said}");
        assert!(!scratch.path("image").exists());
    }
    let full = fs::read_dir(scratch.path("")).unwrap().count();
    assert_eq!(full, 2, "something is left behind");
    let output = guix_docker::<&str>(&scratch, &[]);
    assert!(failed(output, 2).contains("Usage: guix-docker"));
}
