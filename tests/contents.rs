// SPDX-License-Identifier: GPL-3.0-or-later

//! What members say of owners, permissions and attributes, and what the
//! configuration and the report say of the image.

mod common;

use std::os::unix::net::UnixListener;
use std::path::Path;

use common::{Scratch, bytes, config, gnu_tar, layers, run};
use guix_docker::Request;
use guix_docker::request::{ConfigKeys, Directive, Modes, Ownership, Xattrs};
use rustix::fs::XattrFlags;

/// The layer of items of a layered image.
fn first_layer(scratch: &Scratch, request: &mut Request) -> Vec<u8> {
    request.layers.max_layers(2).unwrap();
    run(request).unwrap();
    layers(&scratch.read("image")).swap_remove(0).1
}

/// The user, group, their names and the permissions of the members of an
/// archive.
fn owners(archive: &[u8]) -> Vec<(String, u64, u64, String, u32)> {
    let mut archive = tar::Archive::new(archive);
    let entries = archive.entries().unwrap();
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            (
                String::from_utf8(entry.path_bytes().into_owned()).unwrap(),
                header.uid().unwrap(),
                header.gid().unwrap(),
                format!(
                    "{}:{}",
                    header.username().unwrap().unwrap(),
                    header.groupname().unwrap().unwrap()
                ),
                header.mode().unwrap(),
            )
        })
        .collect()
}

#[test]
fn owners_are_written_as_gnu_tar_does() {
    let scratch = Scratch::new();
    scratch.file("item/file", b"content");
    scratch.link(&format!("item/{}", "l".repeat(120)), "target");
    let item = scratch.path("item");
    for (uid, gid) in [
        (0, 0),
        (1, 65_534),
        (1000, 100),
        (0o7_777_777, 0o10_000_000),
        (u32::MAX - 1, 1 << 31),
    ] {
        let mut request = scratch.request("image", &[&item]);
        request.content.ownership = vec![Ownership::new(b"/", uid, gid).unwrap()];
        let expected = gnu_tar(
            &[
                &format!("--owner={uid}"),
                &format!("--group={gid}"),
                "--numeric-owner",
                "--mode=go+u,go-w",
                "--format=gnu",
            ],
            &[&item],
        );
        assert!(
            first_layer(&scratch, &mut request) == expected,
            "{uid}:{gid}"
        );
    }
}

#[test]
fn the_last_ownership_that_applies_wins() {
    let scratch = Scratch::new();
    scratch.file("item/sub/file", b"");
    let sub = scratch.path("item/sub");
    let mut request = scratch.request("image", &[&scratch.path("item")]);
    request.content.extra_files = vec![
        Directive::directory(b"/home/user", Some(0o700)).unwrap(),
        Directive::file(b"/home/user/root", b"").unwrap(),
    ];
    request.content.ownership = vec![
        Ownership::new(b"/home/user", 1000, 0).unwrap(),
        Ownership::new(b"home/user/root", 0, 5).unwrap(),
        Ownership::new(bytes(&sub), 7, 8).unwrap(),
    ];
    run(&request).unwrap();
    let found = owners(&layers(&scratch.read("image"))[0].1);
    let of = |name: &str| {
        let found = found
            .iter()
            .find(|owner| owner.0.trim_end_matches('/') == name);
        let (_, uid, gid, names, _) = found.unwrap();
        (*uid, *gid, names.as_str())
    };
    let name = |path: &str| scratch.path(path).to_str().unwrap()[1..].to_owned();
    assert_eq!(of("home"), (0, 0, "root:root"));
    assert_eq!(of("home/user"), (1000, 0, ":root"));
    assert_eq!(of("home/user/root"), (0, 5, "root:"));
    assert_eq!(of(&name("item")), (0, 0, "root:root"));
    assert_eq!(of(&name("item/sub")), (7, 8, ":"));
    assert_eq!(of(&name("item/sub/file")), (7, 8, ":"));
    assert!(Ownership::new(b"/", u32::MAX, 0).is_err());
    assert!(Ownership::new(b"", 0, 0).is_err());
    assert!(Ownership::new(b"/a/../b", 0, 0).is_err());
}

#[test]
fn permissions_are_kept_if_that_is_wanted() {
    let scratch = Scratch::new();
    for mode in [0o600, 0o4750, 0o1777, 0o640] {
        let name = format!("item/{mode:o}");
        scratch.file(&name, b"");
        scratch.mode(&name, mode);
    }
    scratch.link("item/link", "600");
    let item = scratch.path("item");
    let mut request = scratch.request("image", &[&item]);
    let common = ["--owner=0", "--group=0", "--numeric-owner", "--format=gnu"];
    let reference = [&common[..], &["--mode=go+u,go-w"]].concat();
    assert!(first_layer(&scratch, &mut request) == gnu_tar(&reference, &[&item]));
    request.content.modes = Modes::Keep;
    assert!(first_layer(&scratch, &mut request) == gnu_tar(&common, &[&item]));
}

#[test]
fn attributes_are_written_as_gnu_tar_does() {
    let scratch = Scratch::new();
    let file = scratch.file("item/file", b"content");
    let set = |path: &Path, name: &str, value: &[u8]| {
        rustix::fs::setxattr(path, name, value, XattrFlags::empty())
    };
    if set(&file, "user.test", b"value").is_err() {
        eprintln!("skipped: no extended attributes here");
        return;
    }
    let posix = [
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--format=posix",
        "--xattrs",
        "--xattrs-include=user.*",
        "--xattrs-include=security.capability",
        "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
    ];
    let check = |path: &Path, owner: u32| {
        let mut request = scratch.request("image", &[path]);
        request.content.xattrs = Xattrs::Keep;
        request.content.modes = Modes::Keep;
        request.content.ownership = vec![Ownership::new(b"/", owner, owner).unwrap()];
        let user = format!("--owner={owner}");
        let group = format!("--group={owner}");
        let options = [&posix[..], &[&user, &group]].concat();
        let layer = first_layer(&scratch, &mut request);
        assert!(layer == gnu_tar(&options, &[path]), "{path:?}");
    };
    check(&file, 0);
    check(&file, 3_000_000);
    let accented = scratch.file("item/n\u{e9}", b"");
    set(&accented, "user.test", b"value").unwrap();
    check(&accented, 0);
    // A name that readers would take apart at another place.
    let equals = scratch.file("item/equals", b"");
    set(&equals, "user.a=b", b"value").unwrap();
    let mut request = scratch.request("image", &[&equals]);
    request.content.xattrs = Xattrs::Keep;
    let warnings = run(&request).unwrap().warnings;
    assert!(warnings[0].contains("item/equals"), "{warnings:?}");
    for length in [1, 99, 100, 101, 250] {
        let name = format!("item/{}", "n".repeat(length));
        let file = scratch.file(&name, b"x");
        // Lengths around those at which their own digits become more.
        set(&file, "user.test", &vec![0; 60 + length]).unwrap();
        check(&file, 0);
    }
    for size in [72, 73, 74, 75, 970, 971, 972, 973, 974, 975] {
        set(&file, "user.test", &vec![b'v'; size]).unwrap();
        check(&file, 0);
    }
    let directory = scratch.path("directory");
    std::fs::create_dir(&directory).unwrap();
    set(&directory, "user.test", b"of a directory").unwrap();
    check(&directory, 0);

    // A size that does not fit.
    let large = std::fs::File::create(scratch.path("item/large")).unwrap();
    large.set_len((8 << 30) + 1).unwrap();
    set(&scratch.path("item/large"), "user.test", b"").unwrap();
    let mut request = scratch.request("image", &[&scratch.path("item/large")]);
    request.content.xattrs = Xattrs::Keep;
    let stopped = guix_docker::build(&request, &mut |progress| match progress.total > 8 << 30 {
        true => std::ops::ControlFlow::Break(()),
        false => std::ops::ControlFlow::Continue(()),
    });
    assert!(stopped.is_err());
}

#[test]
fn attributes_are_in_the_order_of_their_names() {
    let scratch = Scratch::new();
    let file = scratch.file("file", b"");
    for name in ["user.b", "user.a", "user.c"] {
        let set = rustix::fs::setxattr(&file, name, b"x", XattrFlags::empty());
        if set.is_err() {
            eprintln!("skipped: no extended attributes here");
            return;
        }
    }
    let mut request = scratch.request("image", &[&file]);
    request.content.xattrs = Xattrs::Keep;
    run(&request).unwrap();
    let layer = layers(&scratch.read("image")).swap_remove(0).1;
    let mut archive = tar::Archive::new(layer.as_slice());
    let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
    let extensions = entry.pax_extensions().unwrap().unwrap();
    let keys: Vec<String> = extensions
        .map(|extension| extension.unwrap().key().unwrap().to_owned())
        .collect();
    assert_eq!(
        keys,
        [
            "SCHILY.xattr.user.a",
            "SCHILY.xattr.user.b",
            "SCHILY.xattr.user.c"
        ]
    );
    // They are left out unless they are wanted.
    request.content.xattrs = Xattrs::Drop;
    run(&request).unwrap();
    let layer = layers(&scratch.read("image")).swap_remove(0).1;
    assert_eq!(layer.len(), 10240);
    assert_eq!(layer[156], b'0');
}

#[test]
fn warnings_name_what_is_not_as_it_was() {
    let scratch = Scratch::new();
    scratch.file("item/file", b"");
    let _socket = UnixListener::bind(scratch.path("item/socket")).unwrap();
    let ping = scratch.file("item/ping", b"");
    scratch.mode("item/ping", 0o755);
    // cap_net_raw=ep, see capability.h.
    let capability = [
        1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let name = "security.capability";
    let capable = rustix::fs::setxattr(&ping, name, &capability, XattrFlags::empty()).is_ok();
    let mut request = scratch.request("image", &[&scratch.path("item")]);
    let warnings = run(&request).unwrap().warnings;
    assert!(
        warnings[0].starts_with("sockets are left out: "),
        "{warnings:?}"
    );
    assert!(warnings[0].contains("item/socket\""), "{warnings:?}");
    assert_eq!(warnings.len(), 1 + usize::from(capable));
    if capable {
        assert!(warnings[1].starts_with("capabilities are left out"));
        assert!(warnings[1].contains("item/ping\""), "{warnings:?}");
    }
    request.content.xattrs = Xattrs::Keep;
    assert_eq!(run(&request).unwrap().warnings.len(), 1);

    let names: Vec<_> = (0..126)
        .map(|name| scratch.file(&format!("many/{name:03}"), &[name]))
        .collect();
    let paths: Vec<&Path> = names.iter().map(|path| path.as_path()).collect();
    let mut request = scratch.request("image", &paths);
    request.layers.max_layers(200).unwrap();
    let warnings = run(&request).unwrap().warnings;
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].starts_with("the image has 127 layers"),
        "{warnings:?}"
    );
    request.layers.max_layers(125).unwrap();
    assert!(run(&request).unwrap().warnings.is_empty());

    let status = Path::new("/proc/self/status");
    let warnings = run(&scratch.request("image", &[status])).unwrap().warnings;
    assert!(
        warnings[0].contains("\"/proc/self/status\""),
        "{warnings:?}"
    );
}

#[test]
fn layers_may_begin_with_the_directories_above() {
    let scratch = Scratch::new();
    let one = scratch.file("store/one/file", &[1; 9000]);
    let two = scratch.file("store/two/file", &[2; 8000]);
    let one = one.parent().unwrap();
    let two = two.parent().unwrap();
    let mut request = scratch.request("image", &[one, two]);
    request.layers.parent_directories = true;
    let store = one.parent().unwrap().to_str().unwrap()[1..].to_owned();
    let mut above: Vec<String> = Path::new(&store)
        .ancestors()
        .filter(|name| !name.as_os_str().is_empty())
        .map(|name| format!("{}/", name.to_str().unwrap()))
        .collect();
    above.reverse();
    for max_layers in [None, Some(3)] {
        if let Some(count) = max_layers {
            request.layers.max_layers(count).unwrap();
        }
        run(&request).unwrap();
        let layers = layers(&scratch.read("image"));
        let with_items = match max_layers {
            None => 1,
            Some(_) => 2,
        };
        for (_, layer) in &layers[..with_items] {
            let members = owners(layer);
            let names: Vec<&str> = members.iter().map(|member| member.0.as_str()).collect();
            assert_eq!(names[..above.len()], above);
            assert!(names[above.len()].starts_with(&format!("{store}/")));
            assert!(
                members[..above.len()]
                    .iter()
                    .all(|member| member.4 == 0o755)
            );
        }
    }
}

#[test]
fn parents_do_not_undo_permissions() {
    let scratch = Scratch::new();
    scratch.file("secret/below/file", &[1; 9000]);
    scratch.mode("secret", 0o700);
    let secret = scratch.path("secret");
    let below = scratch.path("secret/below");
    let mut request = scratch.request("image", &[&secret, &below]);
    request.layers.parent_directories = true;
    request.content.modes = Modes::Keep;
    request.layers.max_layers(5).unwrap();
    run(&request).unwrap();
    let name = format!("{}/", &secret.to_str().unwrap()[1..]);
    let mut seen = 0;
    for (_, layer) in layers(&scratch.read("image")) {
        for (_, _, _, _, mode) in owners(&layer).iter().filter(|owner| owner.0 == name) {
            assert_eq!(*mode, 0o700);
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
}

#[test]
fn variants_belong_to_architectures() {
    let scratch = Scratch::new();
    for (system, variant, good) in [
        ("armhf-linux", "v7", true),
        ("x86_64-linux", "v3", true),
        ("aarch64-linux", "v8", true),
        ("aarch64-linux", "v7", false),
        ("x86_64-linux", "v5", false),
        ("riscv64-linux", "v1", false),
        ("armhf-linux", "7", false),
    ] {
        let mut request = scratch.request("image", &[]);
        request.metadata.system(system.as_bytes()).unwrap();
        request.metadata.variant(variant.as_bytes()).unwrap();
        match run(&request) {
            Ok(_) => {
                assert!(good, "{system} {variant}");
                let config = config(&scratch.read("image"));
                assert_eq!(config["variant"], variant);
            }
            Err(error) => {
                assert!(!good, "{error}");
                assert!(error.to_string().starts_with("variant: "), "{error}");
            }
        }
    }
    run(&scratch.request("image", &[])).unwrap();
    assert!(config(&scratch.read("image")).get("variant").is_none());
}

#[test]
fn keys_may_be_the_specifications() {
    let scratch = Scratch::new();
    let mut request = scratch.request("image", &[]);
    request.container.variable(b"A", b"b").unwrap();
    request.container.entry_point(&["/bin/x"]).unwrap();
    for (keys, env, entry_point) in [
        (ConfigKeys::Guix, "env", "entrypoint"),
        (ConfigKeys::Spec, "Env", "Entrypoint"),
    ] {
        request.metadata.config_keys = keys;
        run(&request).unwrap();
        let config = config(&scratch.read("image"));
        let members = config["config"].as_object().unwrap();
        assert_eq!(members.len(), 2);
        assert_eq!(members[env][0], "A=b");
        assert_eq!(members[entry_point][0], "/bin/x");
    }
}
