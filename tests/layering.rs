// SPDX-License-Identifier: GPL-3.0-or-later

//! Layers by references: images of another version share the layers of what
//! has not changed.

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::{Scratch, bytes, noise, run};
use guix_docker::request::Layering;
use guix_docker::{Report, Status};

/// A store: items by their names, with sizes and what they refer to.
const ITEMS: [(&str, usize, &[&str]); 9] = [
    ("libc", 400_000, &[]),
    ("libz", 20_000, &["libc"]),
    ("libpng", 30_000, &["libz", "libc"]),
    ("bash", 60_000, &["libc"]),
    ("fonts", 700_000, &[]),
    ("toolkit", 300_000, &["libpng", "libz", "libc"]),
    ("plugin", 10_000, &["toolkit"]),
    ("app", 90_000, &["toolkit", "plugin", "fonts", "bash"]),
    ("data", 5_000, &[]),
];

/// All that `name` refers to, directly or not, and itself.
fn closure(name: &'static str) -> BTreeSet<&'static str> {
    let (_, _, references) = ITEMS.iter().find(|item| item.0 == name).unwrap();
    let mut closure = BTreeSet::from([name]);
    closure.extend(references.iter().flat_map(|name| self::closure(name)));
    closure
}

/// The image of the store in which `updated` has been, in layers of paths
/// without their versions.
fn build(scratch: &Scratch, updated: Option<&'static str>, layers: i64, reverse: bool) -> Report {
    let is_new = |name| updated.is_some_and(|updated| closure(name).contains(updated));
    // Hashes that have nothing to do with names.
    let path = |name: &str, is_new: bool| {
        let digest = guix_docker::digest::Digest::of(format!("{name}{is_new}").as_bytes());
        scratch.path(&format!("store/{}-{name}", &digest.hex()[..32]))
    };
    let mut graph = String::new();
    let mut paths: Vec<PathBuf> = Vec::new();
    for (name, size, references) in ITEMS {
        let own = path(name, is_new(name));
        let size = size + usize::from(updated == Some(name)) * size / 50;
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("file"), noise(size as u64, size)).unwrap();
        graph += &format!("{}\n\n{}\n", own.display(), references.len());
        for reference in references {
            graph += &format!("{}\n", path(reference, is_new(reference)).display());
        }
        paths.push(own);
    }
    if reverse {
        paths.reverse();
    }
    let graph = scratch.file("graph", graph.as_bytes());
    let paths: Vec<_> = paths.iter().map(PathBuf::as_path).collect();
    let mut request = scratch.request("image", &paths);
    request.layers.max_layers(layers).unwrap();
    request.layers.layering = Layering::References;
    request.layers.references_graphs(&[bytes(&graph)]).unwrap();
    run(&request).unwrap()
}

/// The bytes of layers that `new` has and `old` has not.
fn resent(old: &Report, new: &Report) -> u64 {
    let is_new = |id| old.layers.iter().all(|layer| layer.diff_id != id);
    let layers = new.layers.iter().filter(|layer| is_new(layer.diff_id));
    layers.map(|layer| layer.size).sum()
}

#[test]
fn what_changes_is_all_that_is_new() {
    let scratch = Scratch::new();
    for layers in [4, 6, 20] {
        let old = build(&scratch, None, layers, false);
        assert!(old.layers.len() as i64 <= layers);
        // The order given is of no matter.
        let reversed = build(&scratch, None, layers, true);
        assert_eq!(resent(&old, &reversed), 0);
        let total: u64 = old.layers.iter().map(|layer| layer.size).sum();
        for (updated, at_most) in [
            ("app", 150_000),
            ("plugin", 150_000),
            ("data", 80_000),
            ("libc", if layers == 4 { total } else { total - 700_000 }),
        ] {
            let new = build(&scratch, Some(updated), layers, false);
            let resent = resent(&old, &new);
            // Each archive has some 10,000 bytes of its own.
            let at_most = at_most + 20_000 + if layers == 4 { 450_000 } else { 0 };
            assert!(resent <= at_most, "{updated}, {layers} layers: {resent}");
        }
    }
}

#[test]
fn what_others_refer_to_is_low() {
    let scratch = Scratch::new();
    let report = build(&scratch, None, 100, false);
    let place = |name: &str| {
        let is_there = |layer: &guix_docker::report::LayerReport| {
            let mut items = layer.items.iter();
            items.any(|item| item.path.ends_with(format!("-{name}").as_bytes()))
        };
        report.layers.iter().position(is_there).unwrap()
    };
    for (name, _, references) in ITEMS {
        for reference in references {
            assert!(
                place(reference) < place(name),
                "{reference} is above {name}"
            );
        }
    }
    assert_eq!(place("app"), ITEMS.len() - 1);
}

#[test]
fn graphs_are_checked() {
    let scratch = Scratch::new();
    let item = scratch.file("item", b"");
    for (graph, status, what) in [
        ("/x\n\n0\n", Status::InvalidArgument, "none of the paths"),
        ("", Status::InvalidArgument, "none of the paths"),
        ("/x\n\n1\n", Status::InvalidArgument, "line 3 of"),
        ("x", Status::InvalidArgument, "line 1 of"),
    ] {
        let file = scratch.file("graph", graph.as_bytes());
        let mut request = scratch.request("image", &[&item]);
        request.layers.max_layers(3).unwrap();
        request.layers.layering = Layering::References;
        request.layers.references_graphs(&[bytes(&file)]).unwrap();
        let error = run(&request).unwrap_err();
        assert_eq!(error.status(), status, "{error}");
        assert!(error.message().contains(what), "{error}");
    }
}
