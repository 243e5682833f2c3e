// SPDX-License-Identifier: GPL-3.0-or-later

//! No member twice, and nothing below what is no directory.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{Scratch, bytes, layers, run};
use guix_docker::request::{Directive, Transformation, Whiteouts};
use guix_docker::{Error, Report, Request, Status};

/// The names of the members of an archive, in its order.
fn names(archive: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(archive);
    let entries = archive.entries().unwrap();
    entries
        .map(|entry| String::from_utf8(entry.unwrap().path_bytes().into_owned()).unwrap())
        .collect()
}

/// What an engine has of the layers of `image`: later files in the place of
/// earlier ones.  Fails as engines do for a name that is twice in a layer.
fn unpack(image: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for (_, layer) in layers(image) {
        let clean = |name: &String| {
            name.trim_matches('/')
                .replace("/./", "/")
                .replace("//", "/")
        };
        let mut here: Vec<String> = names(&layer).iter().map(clean).collect();
        here.sort_unstable();
        let count = here.len();
        here.dedup();
        assert_eq!(here.len(), count, "a name is twice in a layer");
        for (name, content) in common::members(&layer) {
            files.insert(clean(&name), content);
        }
    }
    files
}

fn path(scratch: &Scratch, name: &str) -> String {
    scratch.path(name).to_str().unwrap().to_owned()
}

/// Builds both kinds of images of `paths`; what is there already is kept if that
/// fails.
fn attempts<T>(
    scratch: &Scratch,
    paths: &[String],
    change: impl Fn(&mut Request),
    then: impl Fn(Result<Report, Error>) -> T,
) -> [T; 2] {
    [None, Some(100)].map(|max_layers| {
        let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
        let mut request = scratch.request("image", &paths);
        if let Some(count) = max_layers {
            request.layers.max_layers(count).unwrap();
        }
        change(&mut request);
        std::fs::write(scratch.path("image"), b"as it was").unwrap();
        then(run(&request))
    })
}

/// Both kinds of images of `paths`.
fn both(scratch: &Scratch, paths: &[String], change: impl Fn(&mut Request)) -> [Vec<u8>; 2] {
    attempts(scratch, paths, change, |result| {
        result.unwrap();
        scratch.read("image")
    })
}

/// The message of the failure of both kinds of images.
fn failures(scratch: &Scratch, paths: &[String], change: impl Fn(&mut Request)) -> [String; 2] {
    attempts(scratch, paths, change, |result| {
        let error = result.unwrap_err();
        assert_eq!(scratch.read("image"), b"as it was");
        error.to_string()
    })
}

#[test]
fn paths_may_overlap() {
    let scratch = Scratch::new();
    scratch.file("d/n/sub/file", b"content");
    scratch.file("d/n/other", b"other");
    let n = path(&scratch, "d/n");
    for second in ["", "/sub", "/", "/sub/file", "//sub/./file", "/./"] {
        let second = format!("{n}{second}");
        for paths in [[n.clone(), second.clone()], [second, n.clone()]] {
            for image in both(&scratch, &paths, |_| ()) {
                let files = unpack(&image);
                let at = |name: &str| &files[&format!("{}/{name}", &n[1..])];
                assert_eq!(at("sub/file"), b"content", "{paths:?}");
                assert_eq!(at("other"), b"other", "{paths:?}");
            }
        }
    }
}

#[test]
fn what_is_named_once_stays_as_it_is() {
    // Names are as given, clean or not.
    let scratch = Scratch::new();
    scratch.file("d/a", b"a");
    scratch.file("d/b", b"b");
    let d = path(&scratch, "d");
    let paths = [format!("{d}//a"), format!("{d}/./b")];
    let [image, _] = both(&scratch, &paths, |_| ());
    let layer = &layers(&image)[0].1;
    let expected: Vec<String> = paths.iter().map(|path| path[1..].to_owned()).collect();
    assert_eq!(names(layer), expected);
}

#[test]
fn the_last_of_several_files_is_left_in_the_first_ones_place() {
    let scratch = Scratch::new();
    scratch.file("a/x", b"first");
    scratch.file("a/y", b"y");
    scratch.file("b/x", b"second");
    scratch.mode("b", 0o700);
    let (a, b) = (path(&scratch, "a"), path(&scratch, "b"));
    let to = |from: &str| Transformation::new(from.as_bytes(), b"/t").unwrap();
    let [single, _] = both(&scratch, &[a.clone(), b.clone()], |request| {
        request.content.transformations = vec![to(&a), to(&b)];
    });
    let layer = &layers(&single)[0].1;
    assert_eq!(names(layer), ["t/", "t/x", "t/y"]);
    assert_eq!(common::members(layer)["t/x"], b"second");
    let mode = tar::Archive::new(layer.as_slice())
        .entries()
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .header()
        .mode();
    assert_eq!(mode.unwrap(), 0o700);
}

#[test]
fn extra_files_may_be_in_paths_too() {
    let scratch = Scratch::new();
    let inside = scratch.file("item/etc/motd", b"of the item");
    let motd = path(&scratch, "item/etc/motd");
    let directory = motd.strip_suffix("/motd").unwrap().to_owned();
    for image in both(&scratch, &[path(&scratch, "item")], |request| {
        request.content.extra_files = vec![
            Directive::directory(directory.as_bytes(), Some(0o711)).unwrap(),
            Directive::file(motd.as_bytes(), b"extra").unwrap(),
        ];
    }) {
        let files = unpack(&image);
        // What comes last is left: the paths in a single layer, the extra
        // files in the last of several.
        let expected: &[u8] = match layers(&image).len() {
            1 => b"of the item",
            _ => b"extra",
        };
        assert_eq!(files[&motd[1..]], expected);
    }
    assert!(inside.exists());
}

#[test]
fn databases_may_be_in_paths_too() {
    let scratch = Scratch::new();
    scratch.file("root/var/guix/db/db.sqlite", b"old");
    scratch.file("root/var/guix/profiles/per-user/user/link", b"");
    let new = scratch.file("new", b"new");
    let root = path(&scratch, "root");
    for image in both(&scratch, std::slice::from_ref(&root), |request| {
        request.content.database(bytes(&new)).unwrap();
        request.content.transformations = vec![Transformation::new(root.as_bytes(), b"").unwrap()];
    }) {
        let files = unpack(&image);
        assert!(files.contains_key("var/guix/gcroots/profiles"));
        assert!(files.contains_key("var/guix/profiles/per-user/user/link"));
        assert!(files["var/guix/db/db.sqlite"].len() == 3);
    }
}

#[test]
fn a_directory_and_a_file_of_one_name_are_refused() {
    let scratch = Scratch::new();
    scratch.file("a/x/y", b"");
    scratch.file("b/x", b"");
    scratch.link("c/x", "elsewhere");
    let a = path(&scratch, "a");
    for other in ["b", "c"] {
        let other = path(&scratch, other);
        for paths in [[a.clone(), other.clone()], [other.clone(), a.clone()]] {
            for message in failures(&scratch, &paths, |request| {
                request.content.transformations = [&a, &other]
                    .map(|from| Transformation::new(from.as_bytes(), b"/t").unwrap())
                    .into();
            }) {
                for part in [
                    "\"/t/x\" would be a directory",
                    &format!("{a}/x"),
                    &format!("{other}/x"),
                ] {
                    assert!(message.contains(part), "{part}: {message}");
                }
            }
        }
    }
    let lib = scratch.file("lib/file", b"");
    let lib = lib.parent().unwrap().to_str().unwrap().to_owned();
    let above = Path::new(&lib).parent().unwrap().to_str().unwrap();
    for message in failures(&scratch, std::slice::from_ref(&lib), |request| {
        request.content.extra_files = vec![
            Directive::directory(above.as_bytes(), None).unwrap(),
            Directive::link(lib.as_bytes(), b"/usr").unwrap(),
        ];
    }) {
        assert!(message.contains("a symbolic link to \"/usr\""), "{message}");
        assert!(message.contains(&lib), "{message}");
    }
}

#[test]
fn files_below_links_are_refused_with_the_name_to_use() {
    let scratch = Scratch::new();
    scratch.file("usr/bin/busybox", b"program");
    scratch.link("bin", "usr/bin");
    scratch.link("sbin", "bin");
    let link = path(&scratch, "bin");
    let file = path(&scratch, "bin/busybox");
    let real = path(&scratch, "usr/bin/busybox");
    for paths in [[link.clone(), file.clone()], [file.clone(), link.clone()]] {
        for message in failures(&scratch, &paths, |_| ()) {
            assert!(message.starts_with("paths: "), "{message}");
            for part in [
                format!("{file:?} would be below {link:?}, which is a symbolic link"),
                format!("name it {real:?} instead"),
            ] {
                assert!(message.contains(&part), "{part}: {message}");
            }
        }
    }
    let through = [path(&scratch, "sbin"), link, path(&scratch, "sbin/busybox")];
    for message in failures(&scratch, &through, |_| ()) {
        assert!(message.contains(&format!("name it {real:?}")), "{message}");
    }
    // All are there under the names that were advised.
    for image in both(&scratch, &[path(&scratch, "bin"), real.clone()], |_| ()) {
        assert_eq!(unpack(&image)[&real[1..]], b"program");
    }
    // A file, not a link.
    scratch.file("one", b"");
    scratch.file("two/x", b"");
    let (one, two) = (path(&scratch, "one"), path(&scratch, "two/x"));
    for message in failures(&scratch, &[one.clone(), two.clone()], |request| {
        request.content.transformations = vec![
            Transformation::new(one.as_bytes(), b"/t").unwrap(),
            Transformation::new(two.as_bytes(), b"/t/x").unwrap(),
        ];
    }) {
        assert!(
            message.contains("\"/t/x\" would be below \"/t\", which is a file"),
            "{message}"
        );
    }
}

#[test]
fn links_of_a_root_system_are_seen_from_the_paths() {
    let scratch = Scratch::new();
    scratch.link("root/tools", "usr/tools");
    scratch.file("item/tool", b"");
    let item = path(&scratch, "item/tool");
    let paths = [Path::new(&item)];
    let mut request = scratch.request("image", &paths);
    request.layers.max_layers(5).unwrap();
    request
        .content
        .root_system(bytes(&scratch.path("root")))
        .unwrap();
    run(&request).unwrap();
    let from = item.strip_suffix("/tool").unwrap();
    request.content.transformations =
        vec![Transformation::new(from.as_bytes(), b"/tools").unwrap()];
    let message = run(&request).unwrap_err().to_string();
    assert!(message.contains("\"/tools/tool\""), "{message}");
    assert!(message.contains("\"/usr/tools/tool\""), "{message}");
}

#[test]
fn transformations_do_not_lead_out_of_the_image() {
    let scratch = Scratch::new();
    scratch.file("sub/zz.", b"");
    let sub = path(&scratch, "sub");
    let file = format!("{sub}/zz");
    for (from, to) in [
        (file.as_str(), "."),
        (&format!("{file}."), "."),
        (&file, "a/."),
    ] {
        for message in failures(&scratch, &[format!("{sub}/zz.")], |request| {
            request.content.transformations =
                vec![Transformation::new(from.as_bytes(), to.as_bytes()).unwrap()];
        }) {
            assert!(message.starts_with("transformations: "), "{message}");
            assert!(message.contains("would be called"), "{message}");
        }
    }
    // A name that was a whiteout's and is none any more.
    scratch.file(".wh.dir/foo", b"");
    let hidden = path(&scratch, ".wh.dir");
    for image in both(&scratch, &[format!("{hidden}/foo")], |request| {
        request.content.transformations =
            vec![Transformation::new(hidden.as_bytes(), b"/tmp/dir").unwrap()];
    }) {
        assert!(unpack(&image).contains_key("tmp/dir/foo"));
    }
}

#[test]
fn whiteouts_are_refused_or_let_through() {
    for name in ["item/.wh.x", "item/.wh..wh..opq", "item/.wh.d/file"] {
        let scratch = Scratch::new();
        scratch.file(name, b"");
        let item = path(&scratch, "item");
        for max_layers in [None, Some(3)] {
            let mut request = scratch.request("image", &[Path::new(&item)]);
            if let Some(count) = max_layers {
                request.layers.max_layers(count).unwrap();
            }
            let error = run(&request).unwrap_err();
            assert_eq!(error.status(), Status::Input);
            assert!(error.message().contains(".wh."), "{error}");
            request.content.whiteouts = Whiteouts::Allow;
            run(&request).unwrap();
            let files = unpack(&scratch.read("image"));
            assert!(files.contains_key(&path(&scratch, name)[1..]));
        }
    }
    let scratch = Scratch::new();
    let mut request = scratch.request("image", &[]);
    request.content.extra_files = vec![Directive::directory(b"/.wh.x/y", None).unwrap()];
    assert_eq!(run(&request).unwrap_err().status(), Status::Input);
    // A name that only looks like it.
    let item = scratch.file("x.wh.y", b"");
    run(&scratch.request("image", &[&item])).unwrap();
}

#[test]
fn names_that_no_file_can_have_are_refused() {
    let longest = [b"/".as_slice(), &[b'n'; 255]].concat();
    let too_long = [longest.as_slice(), b"n"].concat();
    let deep = longest.repeat(15);
    let too_deep = longest.repeat(16);
    for name in [&longest, &deep] {
        Directive::directory(name, None).unwrap();
        Directive::file(name, b"").unwrap();
        Directive::link(name, b"/").unwrap();
    }
    for name in [&too_long, &too_deep, &vec![b'n'; 1 << 20]] {
        let refusals = [
            Directive::directory(name, None).unwrap_err(),
            Directive::file(name, b"").unwrap_err(),
            Directive::link(name, b"/").unwrap_err(),
        ];
        for error in refusals {
            assert_eq!(error.status(), Status::InvalidArgument);
            assert!(error.message().contains("is too long") && error.message().len() < 200);
        }
    }
}
