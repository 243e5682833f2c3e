// SPDX-License-Identifier: GPL-3.0-or-later

//! Files of the image whose names the base has, too.

use std::collections::BTreeMap;
use std::fs;

use tar::EntryType;

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
        request.content.extra_files = directives;
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
    request.content.transformations = vec![below];
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
    middle.content.whiteouts = guix_docker::request::Whiteouts::Allow;
    middle.content.extra_files = vec![Directive::file(b"/.wh.bin", b"").unwrap()];
    run(&middle).unwrap();
    let mut request = upon(&scratch, "image.tar", "middle.tar");
    request.content.extra_files = vec![Directive::directory(b"/bin/x", None).unwrap()];
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
    request.content.transformations = vec![
        guix_docker::request::Transformation::new(bytes(&scratch.path("own/item")), b"/tmp/item")
            .unwrap(),
    ];
    let _ = item;
    request.content.extra_files = vec![
        Directive::directory(b"/tmp", None).unwrap(),
        // What is above is in the base.
        Directive::file(b"/usr/bin/app", b"").unwrap(),
        Directive::file(b"/opt/app/new", b"").unwrap(),
        Directive::directory(b"/new", None).unwrap(),
    ];
    run(&request).unwrap();
    let members = last_layer(&scratch.read("image.tar"));
    assert_eq!(members["tmp/"], (0o1777, 7));
    assert_eq!(members["usr/"], (0o711, 7));
    assert_eq!(members["usr/bin/"], (0o755, 7));
    // Of this one nobody says anything.
    assert_eq!(members["opt/app/"], (0o755, 0));
    assert_eq!(members["new/"], (0o755, 0));
    let mut request = upon(&scratch, "image.tar", "base.tar");
    request.content.extra_files = vec![Directive::directory(b"/tmp", Some(0o700)).unwrap()];
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
        request.content.extra_files = vec![directive.unwrap()];
        let error = run(&request).unwrap_err();
        assert!(error.message().contains(what), "{error}");
    }
}

/// A layer of members such as `d:NAME/`, `f:NAME`, `l:NAME>TARGET` or `h:NAME>TARGET`:
/// a directory, a file, a symbolic or a hard link.
fn layer(members: &str) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for member in members.split(' ') {
        let (kind, name) = member.split_once(':').unwrap();
        let (name, target) = name.split_once('>').unwrap_or((name, ""));
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o755);
        header.set_size(0);
        header.set_entry_type(match kind {
            "d" => EntryType::Directory,
            "l" => EntryType::Symlink,
            "h" => EntryType::Link,
            _ => EntryType::Regular,
        });
        let old = header.as_old_mut();
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        old.linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_cksum();
        archive.append(&header, std::io::empty()).unwrap();
    }
    archive.into_inner().unwrap()
}

#[test]
fn links_of_the_base_are_found_however_they_are_made() {
    let scratch = Scratch::new();
    let tmp = Some("\"/tmp\" is a symbolic link to \"/etc\" in the base");
    let link = Some("\"/b/c\" is a symbolic link to \"/etc\" in the base");
    for (layers, directory, what) in [
        ("d:etc/ d:tmp/", "/tmp/x", None),
        ("d:etc/ l:tmp>/etc", "/tmp/x", tmp),
        ("d:etc/ l:a/../tmp>/etc", "/tmp/x", tmp),
        ("d:etc/ l:../tmp>/etc", "/tmp/x", Some("escapes the root")),
        // A hard link to a symbolic link is one, in the layer or in a lower one.
        ("d:etc/ l:k>/etc h:tmp>k", "/tmp/x", tmp),
        (
            "d:etc/ l:k>/etc / h:tmp>k",
            "/tmp/x",
            Some("in no earlier member of the layer"),
        ),
        ("d:etc/ d:d/ l:d/k>/etc l:e>d h:tmp>e/k", "/tmp/x", tmp),
        // Made through other links, of the layer and of a lower one.
        ("d:b/ l:a>b l:a/c>/etc", "/b/c/x", link),
        ("l:a>b d:b/ l:a/c>/etc", "/b/c/x", link),
        ("d:b/ l:a>k l:k>b l:a/c>/etc", "/b/c/x", link),
        (
            "l:a>b l:a/c>/etc",
            "/b/c/x",
            Some("below \"a\", a symbolic link to \"b\", which is no directory"),
        ),
        ("d:b/ l:a>b / l:a/c>/etc", "/b/c/x", link),
        ("d:b/ l:a>b / f:a/y l:a/c>/etc", "/b/c/x", link),
        ("d:b/ l:a>b / f:a/y / l:a/c>/etc", "/b/c/x", link),
        ("d:b/ l:a>b / l:a/c>/etc / f:b/y", "/b/c/x", link),
        (
            "d:b/ l:a>b / f:a/c",
            "/b/c/x",
            Some("\"/b/c\" is a file in the base"),
        ),
        (
            "d:b/ l:a>b / f:a/c",
            "/a/x",
            Some("\"/a\" is a symbolic link to \"b\" or a directory"),
        ),
        // Deleted through links, and without.
        ("d:b/ l:b/c>/etc / d:b/ l:a>b f:a/.wh.c", "/b/c/x", None),
        ("d:b/ l:b/c>/etc / f:b/.wh.c", "/b/c/x", None),
        ("d:b/ l:b/c>/etc / f:b/.wh..wh..opq", "/b/c/x", None),
        ("d:b/ l:b/c>/etc / f:.wh.b", "/b/c/x", None),
        ("d:b/ l:b/c>/etc / f:.wh.b f:b", "/c/x", None),
        ("d:b/ l:b/c>/etc / d:b/c/", "/b/c/x", None),
        // What engines with an overlay do not delete.
        ("d:b/ l:b/c>/etc / f:.wh.b d:b/", "/b/c/x", link),
        ("d:b/ l:b/c>/etc / f:.wh..wh..opq", "/b/c/x", link),
        ("d:b/ l:b/c>/etc / l:a>b / f:a/.wh.c", "/b/c/x", link),
        // Engines refuse the base.
        (
            "d:etc/ d:tmp/ l:tmp>/etc",
            "/tmp/x",
            Some("twice in the layer"),
        ),
        (
            "d:etc/ l:tmp>/etc d:tmp/",
            "/tmp/x",
            Some("twice in the layer"),
        ),
        (
            "d:etc/ l:tmp>/etc f:.wh.tmp",
            "/tmp/x",
            Some("which the same layer has"),
        ),
    ] {
        let list: Vec<Vec<u8>> = layers.split(" / ").map(layer).collect();
        fs::write(scratch.path("base.tar"), image_of(&list)).unwrap();
        let mut request = upon(&scratch, "image.tar", "base.tar");
        let directory = Directive::directory(directory.as_bytes(), None).unwrap();
        request.content.extra_files = vec![directory];
        match (run(&request), what) {
            (Ok(_), None) => {}
            (Err(error), Some(what)) => {
                assert!(error.message().contains(what), "{layers}: {error}");
            }
            (other, _) => panic!("{layers}: {other:?}"),
        }
    }
}

#[test]
fn the_advised_name_is_behind_all_links() {
    let scratch = Scratch::new();
    for (members, directory, advice) in [
        (
            "l:a>b l:b>c/d d:c/ l:c/d>/e",
            "/a/x",
            "name it \"/e\" instead",
        ),
        ("l:a>../../e", "/a/x/y", "name it \"/e\" instead"),
        ("l:a>b l:b>a", "/a/x", "give it another name"),
    ] {
        fs::write(scratch.path("base.tar"), image_of(&[layer(members)])).unwrap();
        let mut request = upon(&scratch, "image.tar", "base.tar");
        let directory = Directive::directory(directory.as_bytes(), None).unwrap();
        request.content.extra_files = vec![directory];
        let error = run(&request).unwrap_err();
        assert!(error.message().ends_with(advice), "{members}: {error}");
    }
}
