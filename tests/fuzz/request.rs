// SPDX-License-Identifier: GPL-3.0-or-later

//! A request with all of its arguments: an error of the one that is wrong, or an
//! image that can be read.
//!
//! Words of lines are the names of the arguments, see [`request()`].

#![no_main]

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::LazyLock;

use guix_docker::request::{Choice, Compressor, Directive, Ownership, Transformation};
use guix_docker::{Error, Progress, Request};
use guix_docker_fuzz::scene::{Scene, check_error, check_image};
use guix_docker_fuzz::settings::Settings;
use libfuzzer_sys::fuzz_target;

static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);

fuzz_target!(|bytes: &[u8]| {
    let Some(settings) = Settings::new(bytes, &SCENE) else {
        return;
    };
    let image = SCENE.image(settings.last("image").unwrap_or(b"image"));
    let stop = settings.number("stop");
    let mut calls = 0;
    let mut monitor = |_: Progress| {
        calls += 1;
        match stop == Some(calls) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let request = request(&image, &settings);
    match request.and_then(|request| guix_docker::build(&request, &mut monitor)) {
        Ok(report) => {
            check_image(Path::new(OsStr::from_bytes(&image)), &report);
            SCENE.clear();
        }
        Err(error) => {
            check_error(&error);
            SCENE.check_nothing_left();
        }
    }
});

/// Returns one of the values of a choice.
fn any<T: Choice>(number: u32) -> T {
    T::WORDS[number as usize % T::WORDS.len()].1
}

/// The request for the file `image` that `settings` ask for.
fn request(image: &[u8], settings: &Settings) -> Result<Request, Error> {
    let prefix = settings.last("prefix").unwrap_or(b"prefix");
    let mut request = Request::new(image, &settings.values("path"), prefix)?;
    request.running.threads(settings.threads() as usize);
    request
        .metadata
        .creation_time(settings.number("time").unwrap_or(1))?;
    let is_set = |word| settings.number(word).is_some_and(|number| number & 1 != 0);
    request.output.archive_digest = is_set("digest");
    request.layers.parent_directories = is_set("parents");
    request.layers.immutable_paths = is_set("immutable");
    let choice = |word| settings.number(word).unwrap_or(0) as u32;
    request.output.format = any(choice("format"));
    request.metadata.history = any(choice("history"));
    request.content.whiteouts = any(choice("whiteouts"));
    request.content.modes = any(choice("modes"));
    request.content.xattrs = any(choice("xattrs"));
    request.metadata.config_keys = any(choice("keys"));
    request.layers.layering = any(choice("layering"));
    let directories = settings.all("dir").map(|line| {
        let mode = (!line.field(1).is_empty()).then(|| line.number(1) as u32);
        Directive::directory(line.field(0), mode)
    });
    let files = settings.all("file");
    let files = files.map(|line| Directive::file(line.field(0), line.field(1)));
    let links = settings.all("link");
    let links = links.map(|line| Directive::link(line.field(0), line.field(1)));
    request.content.extra_files = directories
        .chain(files)
        .chain(links)
        .collect::<Result<_, _>>()?;
    let transformations = settings.all("transform");
    let transformations =
        transformations.map(|line| Transformation::new(line.field(0), line.field(1)));
    request.content.transformations = transformations.collect::<Result<_, _>>()?;
    let ownership = settings
        .all("owner")
        .map(|line| Ownership::new(line.field(0), line.number(1) as u32, line.number(2) as u32));
    request.content.ownership = ownership.collect::<Result<_, _>>()?;
    request.output.compressor = Compressor::from_command(&settings.values("compressor"))?;
    for line in settings.all("env") {
        request.container.variable(line.field(0), line.field(1))?;
    }
    for line in settings.all("label") {
        request.metadata.label(line.field(0), line.field(1))?;
    }
    for line in settings.all("annotation") {
        request.metadata.annotation(line.field(0), line.field(1))?;
    }
    if let Some(count) = settings.number("layers") {
        request.layers.max_layers(count)?;
    }
    type Setter = fn(&mut Request, &[u8]) -> Result<(), Error>;
    let setters: [(&str, Setter); 16] = [
        ("repository", |request, text| {
            request.metadata.repository(text)
        }),
        ("system", |request, text| request.metadata.system(text)),
        ("database", |request, text| request.content.database(text)),
        ("root", |request, text| request.content.root_system(text)),
        ("variant", |request, text| request.metadata.variant(text)),
        ("name", |request, name| request.metadata.names(&[name])),
        ("base", |request, text| request.layers.base(text)),
        ("basename", |request, text| request.layers.base_name(text)),
        ("user", |request, user| request.container.user(user)),
        ("workdir", |request, name| {
            request.container.working_directory(name)
        }),
        ("port", |request, port| {
            request.container.exposed_ports(&[port])
        }),
        ("volume", |request, name| request.container.volumes(&[name])),
        ("signal", |request, signal| {
            request.container.stop_signal(signal)
        }),
        ("health", |request, json| {
            request.container.health_check(json)
        }),
        ("author", |request, author| request.metadata.author(author)),
        ("config", |request, json| request.metadata.config(json)),
    ];
    for (word, set) in setters {
        for value in settings.values(word) {
            set(&mut request, value)?;
        }
    }
    type ListSetter = fn(&mut Request, &[&[u8]]) -> Result<(), Error>;
    let setters: [(&str, ListSetter); 4] = [
        ("entry", |request, words| {
            request.container.entry_point(words)
        }),
        ("cmd", |request, words| request.container.cmd(words)),
        ("reuse", |request, layouts| request.layers.reuse(layouts)),
        ("graph", |request, files| {
            request.layers.references_graphs(files)
        }),
    ];
    for (word, set) in setters {
        let values = settings.values(word);
        if !values.is_empty() {
            set(&mut request, &values)?;
        }
    }
    Ok(request)
}
