// SPDX-License-Identifier: GPL-3.0-or-later

//! Directives, transformations and paths of any kind: an error, or an image
//! whose names are such that engines lose nothing.
//!
//! Words of lines are `d NAME MODE`, `f NAME CONTENT` and `l NAME TARGET` for
//! directories, files and links, `t OLD NEW` for transformations, `p PATH` for
//! paths, `o PATH UID GID` for owners, `r PATH` for a root file system, `n
//! LAYERS`, and `g`, `w` and `k` for parent directories, whiteouts and modes as
//! they are.

#![no_main]

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;

use guix_docker::path::{ancestors, clean, components};
use guix_docker::request::{Directive, Modes, Ownership, Transformation, Whiteouts};
use guix_docker::{Error, Progress, Report, Request};
use guix_docker_fuzz::lines::{Line, lines};
use guix_docker_fuzz::scene::{Scene, check_error, check_image};
use libfuzzer_sys::fuzz_target;
use tar::EntryType;

static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

/// A member as others read it.
struct Member {
    name: Vec<u8>,
    kind: EntryType,
    mode: u32,
    content: Vec<u8>,
}

fuzz_target!(|bytes: &[u8]| {
    let tree = SCENE.tree().into_os_string().into_encoded_bytes();
    let lines = lines(bytes, &tree);
    let paths = values(&lines, b"p");
    let roots = values(&lines, b"r");
    if !paths.iter().chain(&roots).all(|path| SCENE.has(path)) {
        return;
    }
    let image = SCENE.image(b"image");
    let built = build(&image, &paths, &roots, &lines);
    match built {
        Ok(report) => {
            let image = PathBuf::from(String::from_utf8(image).unwrap());
            check_image(&image, &report);
            let layers = layers(&fs::read(&image).unwrap());
            assert_eq!(layers.len(), report.layers.len());
            check_names(&layers, &lines);
            if roots.is_empty() {
                check_directives(layers.last().unwrap(), &lines);
            }
            fs::remove_file(image).unwrap();
        }
        Err(error) => check_error(&error),
    }
    SCENE.check_nothing_left();
});

/// The first fields of lines of a word.
fn values(lines: &[Line], word: &[u8]) -> Vec<Vec<u8>> {
    let lines = lines.iter().filter(|line| line.word == word);
    lines.map(|line| line.field(0).to_vec()).collect()
}

fn build(
    image: &[u8],
    paths: &[Vec<u8>],
    roots: &[Vec<u8>],
    lines: &[Line],
) -> Result<Report, Error> {
    let mut request = Request::new(image, paths, b"prefix")?;
    request.running.threads(1);
    request.metadata.creation_time(1)?;
    if let Some(root) = roots.last() {
        request.content.root_system(root)?;
    }
    let (mut directives, mut transformations, mut ownership) = (vec![], vec![], vec![]);
    for line in lines {
        let (name, other) = (line.field(0), line.field(1));
        match line.word.as_slice() {
            b"d" => {
                let mode = (!other.is_empty()).then(|| line.number(1) as u32);
                directives.push(Directive::directory(name, mode)?);
            }
            b"f" => directives.push(Directive::file(name, other)?),
            b"l" => directives.push(Directive::link(name, other)?),
            b"t" => transformations.push(Transformation::new(name, other)?),
            b"o" => {
                let (uid, gid) = (line.number(1) as u32, line.number(2) as u32);
                ownership.push(Ownership::new(name, uid, gid)?);
            }
            b"n" => request.layers.max_layers(line.number(0))?,
            b"g" => request.layers.parent_directories = true,
            b"w" => request.content.whiteouts = Whiteouts::Allow,
            b"k" => request.content.modes = Modes::Keep,
            _ => {}
        }
    }
    request.content.extra_files = directives;
    request.content.transformations = transformations;
    request.content.ownership = ownership;
    guix_docker::build(&request, &mut |_: Progress| ControlFlow::Continue(()))
}

/// The members of each layer of a Docker archive, in the order of its manifest.
fn layers(image: &[u8]) -> Vec<Vec<Member>> {
    let mut files: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    for member in members(image) {
        files.insert(member.name, member.content);
    }
    let manifest: serde_json::Value =
        serde_json::from_slice(&files[&b"manifest.json"[..]]).unwrap();
    let names = manifest[0]["Layers"].as_array().unwrap().iter();
    names
        .map(|name| members(&files[name.as_str().unwrap().as_bytes()]))
        .collect()
}

fn members(archive: &[u8]) -> Vec<Member> {
    let mut archive = tar::Archive::new(archive);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        Member {
            name: entry.path_bytes().into_owned(),
            kind: entry.header().entry_type(),
            mode: entry.header().mode().unwrap(),
            content,
        }
    });
    entries.collect()
}

/// Fails if a name is there twice in a layer, leads out of the image, or is
/// below what is no directory.
fn check_names(layers: &[Vec<Member>], lines: &[Line]) {
    let mut others: HashMap<Vec<u8>, &Member> = HashMap::new();
    for layer in layers {
        let mut names = HashMap::new();
        for member in layer {
            let name = clean(&member.name).into_owned();
            assert!(!member.name.starts_with(b"/"));
            assert!(!member.name.is_empty() && !member.name.contains(&0));
            assert!(components(&name).all(|part| part != b".."));
            let is_directory = member.kind == EntryType::Directory;
            assert_eq!(is_directory, member.name.ends_with(b"/"));
            assert!(is_directory || !name.is_empty());
            // Links of the file system become files.
            assert_ne!(member.kind, EntryType::Link);
            let is_file = member.kind == EntryType::Regular;
            assert!(is_file || member.content.is_empty());
            if !is_directory {
                others.insert(name.clone(), member);
            }
            let earlier = names.insert(name, member);
            assert!(earlier.is_none(), "a name is there twice");
        }
        if lines.iter().all(|line| line.word != b"w") {
            let is_whiteout = |part: &[u8]| part.starts_with(b".wh.");
            let mut parts = names.keys().flat_map(|name| components(name));
            assert!(!parts.any(is_whiteout));
        }
    }
    for member in layers.iter().flatten() {
        let name = clean(&member.name);
        assert!(ancestors(&name).all(|above| !others.contains_key(above)));
        let is_directory = member.kind == EntryType::Directory;
        assert!(!is_directory || !others.contains_key(&*name));
    }
    // What transformations make of the order is theirs.  Of several paths, and
    // of directives beside them, each has its own order.
    let count = |word: &[u8]| lines.iter().filter(|line| line.word == word).count();
    if count(b"t") > 0 || count(b"g") > 0 {
        return;
    }
    let is_layered = count(b"n") > 0;
    let top = is_layered.then(|| layers.last().unwrap());
    let only = match count(b"p") {
        0 => layers.first(),
        1 if is_layered => layers.first(),
        _ => None,
    };
    for layer in top.into_iter().chain(only) {
        let sorted = layer.windows(2).all(|pair| {
            let [first, second] = pair else { return true };
            components(&first.name).lt(components(&second.name))
        });
        assert!(sorted, "names are not in the order of their bytes");
    }
}

/// Fails if the layer that directives are in does not have what the last ones
/// say, where no links are in their way.
fn check_directives(layer: &[Member], lines: &[Line]) {
    let is_plain = lines
        .iter()
        .all(|line| !matches!(line.word.as_slice(), b"l" | b"t" | b"p"));
    if !is_plain {
        return;
    }
    let mut files: BTreeMap<Vec<u8>, (&[u8], u32)> = BTreeMap::new();
    let mut directories: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    for line in lines {
        let name = clean(line.field(0)).into_owned();
        match line.word.as_slice() {
            b"f" => files.entry(name).or_insert((b"", 0o644)).0 = line.field(1),
            b"d" => {
                for above in ancestors(&name) {
                    directories.entry(above.to_vec()).or_insert(0o755);
                }
                // A file of that name stays one.
                let mode = match files.get_mut(&name) {
                    Some((_, mode)) => mode,
                    None => directories.entry(name).or_insert(0o755),
                };
                if !line.field(1).is_empty() {
                    *mode = line.number(1) as u32;
                }
            }
            _ => {}
        }
    }
    directories.remove(&b""[..]);
    assert_eq!(layer.len(), files.len() + directories.len());
    for member in layer {
        let name = &*clean(&member.name);
        match member.kind {
            EntryType::Directory => assert_eq!(directories[name], member.mode),
            _ => assert_eq!(files[name], (member.content.as_slice(), member.mode)),
        }
    }
}
