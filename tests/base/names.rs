// SPDX-License-Identifier: GPL-3.0-or-later

//! Files of the image whose names the base has, too.

use std::collections::BTreeMap;
use std::fs;

use crate::common::{Scratch, bytes, run};
use crate::{archive, image_of, make_base, read, upon};
use guix_docker::request::{Directive, Format};

#[test]
fn names_of_the_base_are_not_lost() {
    let scratch = Scratch::new();
    make_base(&scratch, "base.tar", Format::DockerArchive, "none");
    for (directive, what) in [
        (
            Directive::directory(b"/bin", None),
            Some("\"/bin\" is a symbolic link to"),
        ),
        (
            Directive::directory(b"/etc-file/x", None),
            Some("\"/etc-file\" is a file"),
        ),
        (
            Directive::file(b"/usr/bin", b""),
            Some("\"/usr/bin\" is a directory"),
        ),
        (
            Directive::link(b"/usr", b"/bin"),
            Some("\"/usr\" is a directory"),
        ),
        // What takes the place of the like, or is new.
        (Directive::link(b"/bin", b"/own"), None),
        (Directive::file(b"/etc-file", b"y"), None),
        (Directive::directory(b"/usr/bin", Some(0o700)), None),
        (Directive::directory(b"/usr/lib", None), None),
    ] {
        let mut request = upon(&scratch, "image.tar", "base.tar");
        let mut directives = vec![directive.unwrap()];
        if matches!(&directives[0], Directive::File { name, .. } if name.ends_with(b"usr/bin")) {
            directives.insert(0, Directive::directory(b"/usr", None).unwrap());
        }
        request.extra_files(directives);
        match (run(&request), what) {
            (Ok(_), None) => {}
            (Err(error), Some(what)) => assert!(error.message().contains(what), "{error}"),
            (other, what) => panic!("{other:?}, {what:?}"),
        }
    }
    // A file below a link: engines would make a directory of it.
    let item = scratch.file("own/item", b"own");
    let mut request = upon(&scratch, "image.tar", "base.tar");
    let below = guix_docker::request::Transformation::new(bytes(&item), b"/bin/x").unwrap();
    request.transformations(vec![below]);
    let error = run(&request).unwrap_err();
    assert!(
        error
            .message()
            .contains("\"/bin\" is a symbolic link to \"/usr/bin\""),
        "{error}"
    );
    assert!(
        error.message().ends_with("name it \"/usr/bin/x\" instead"),
        "{error}"
    );
    // A whiteout in a layer above has taken the link away.
    let mut middle = upon(&scratch, "middle.tar", "base.tar");
    middle.whiteouts(guix_docker::request::Whiteouts::Allow);
    middle.extra_files(vec![Directive::file(b"/.wh.bin", b"").unwrap()]);
    run(&middle).unwrap();
    let mut request = upon(&scratch, "image.tar", "middle.tar");
    request.extra_files(vec![Directive::directory(b"/bin/x", None).unwrap()]);
    run(&request).unwrap();
}

/// The members of the last layer of a Docker archive.
fn last_layer(image: &[u8]) -> BTreeMap<String, (u32, u64)> {
    let (layers, _) = read(image);
    let layer = layers.last().unwrap().clone();
    let mut archive = tar::Archive::new(layer.as_slice());
    let entries = archive.entries().unwrap();
    let entries = entries.map(|entry| {
        let entry = entry.unwrap();
        let header = entry.header();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        (name, (header.mode().unwrap(), header.uid().unwrap()))
    });
    entries.collect()
}

#[test]
fn directories_stay_as_they_are_in_the_base() {
    let scratch = Scratch::new();
    let base = image_of(&[
        archive(&[("tmp/", 0o1777, b""), ("opt/app/file", 0o644, b"x")]),
        archive(&[("usr/", 0o711, b""), ("usr/bin/", 0o755, b"")]),
    ]);
    fs::write(scratch.path("base.tar"), base).unwrap();
    let item = scratch.file("tmp/item", b"item");
    let mut request = upon(&scratch, "image.tar", "base.tar");
    request.transformations(vec![
        guix_docker::request::Transformation::new(bytes(&scratch.path("own/item")), b"/tmp/item")
            .unwrap(),
    ]);
    let _ = item;
    request.extra_files(vec![
        Directive::directory(b"/tmp", None).unwrap(),
        // What is above is in the base.
        Directive::file(b"/usr/bin/app", b"").unwrap(),
        Directive::file(b"/opt/app/new", b"").unwrap(),
        Directive::directory(b"/new", None).unwrap(),
    ]);
    run(&request).unwrap();
    let members = last_layer(&scratch.read("image.tar"));
    assert_eq!(members["tmp/"], (0o1777, 7));
    assert_eq!(members["usr/"], (0o711, 7));
    assert_eq!(members["usr/bin/"], (0o755, 7));
    // Of this one nobody says anything.
    assert_eq!(members["opt/app/"], (0o755, 0));
    assert_eq!(members["new/"], (0o755, 0));
    let mut request = upon(&scratch, "image.tar", "base.tar");
    request.extra_files(vec![Directive::directory(b"/tmp", Some(0o700)).unwrap()]);
    run(&request).unwrap();
    assert_eq!(last_layer(&scratch.read("image.tar"))["tmp/"], (0o700, 0));
    for (directive, what) in [
        (
            Directive::file(b"/usr/lib/x", b""),
            "\"/usr/lib\" is not in the base",
        ),
        // A directory all the same.
        (
            Directive::link(b"/opt/app", b"/usr/bin"),
            "\"/opt/app\" is a directory in the base",
        ),
    ] {
        let mut request = upon(&scratch, "image.tar", "base.tar");
        request.extra_files(vec![directive.unwrap()]);
        let error = run(&request).unwrap_err();
        assert!(error.message().contains(what), "{error}");
    }
}
