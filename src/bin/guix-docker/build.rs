// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker build`.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use guix_docker::request::{Compressor, Directive, Ownership, Transformation};
use guix_docker::{Report, Request, plan};

use crate::closure::Graph;
use crate::failure::{self, Failure, Outcome};
use crate::options::{BuildOptions, Choice, CreationTime, Pair};
use crate::picture::size_in_words;
use crate::progress::Display;

/// Builds the image; the extra files come in `order`.
pub fn run(options: &BuildOptions, order: &[(&str, usize)]) -> Result<Outcome, Failure> {
    let graph = Graph::of(&options.closure_of)?;
    let request = request(options, order, graph.as_ref())?;
    let display = Display::new(&options.progress);
    let report = guix_docker::build(&request, &mut display.monitor());
    display.finish();
    let report = report?;
    report.warnings.iter().for_each(|line| failure::warn(line));
    match is_stream(options) {
        // The image has gone there.
        true if options.json => {
            let _ = writeln!(io::stderr(), "{}", report.to_json()?);
        }
        true => {}
        false if options.json => failure::print(&format!("{}\n", report.to_json()?))?,
        false => failure::print(&summary(options, &report))?,
    }
    Ok(Outcome::Fine)
}

fn is_stream(options: &BuildOptions) -> bool {
    options.output == "-"
}

/// A line about what was built.
fn summary(options: &BuildOptions, report: &Report) -> String {
    let size: u64 = report.layers.iter().map(|layer| layer.size).sum();
    let layers = match report.layers.len() {
        1 => "1 layer".to_owned(),
        count => format!("{count} layers"),
    };
    let file = match report.archive_size {
        0 => String::new(),
        size => format!("; the file has {}", size_in_words(size)),
    };
    format!(
        "{}: {}, {} in {layers}{file}\n{}\n",
        options.output.to_string_lossy(),
        report.names.join(", "),
        size_in_words(size),
        report.image_id,
    )
}

/// The request that the options make.
fn request(
    options: &BuildOptions,
    order: &[(&str, usize)],
    graph: Option<&Graph>,
) -> Result<Request, Failure> {
    let mut graphs = absolute(&options.references)?;
    graphs.extend(graph.map(Graph::file));
    let mut paths: Vec<Vec<u8>> = options.paths.iter().map(bytes).collect();
    for path in plan::graph_paths(&graphs)? {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let first = graph.map(|graph| graph.roots[0].clone());
    let prefix = options.prefix.as_ref().map(bytes).or(first);
    let Some(prefix) = prefix.or_else(|| paths.first().cloned()) else {
        return Err(Failure::Usage(
            "there is nothing to put into the image; name a PATH, or use --closure-of or \
             --references"
                .into(),
        ));
    };
    let mut request = match is_stream(options) {
        false => Request::new(options.output.as_bytes(), &paths, &prefix)?,
        true => {
            let stdout = io::stdout().as_fd().try_clone_to_owned();
            let stdout = stdout.map_err(|error| Failure::io("the standard output", &error))?;
            Request::to_stream(stdout, &paths, &prefix)?
        }
    };
    graphs.extend(absolute(&options.references_graph)?);
    request.references_graphs(&graphs)?;
    content(&mut request, options, order)?;
    layers(&mut request, options)?;
    metadata(&mut request, options)?;
    container(&mut request, options)?;
    request.format(options.format.value());
    if let Some(command) = &options.compressor {
        let words = command.as_bytes().split(|byte| byte.is_ascii_whitespace());
        let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
        request.compressor(Compressor::from_command(&words)?);
    }
    request.archive_digest(options.archive_digest);
    request.threads(options.threads);
    Ok(request)
}

fn content(
    request: &mut Request,
    options: &BuildOptions,
    order: &[(&str, usize)],
) -> Result<(), Failure> {
    let directives = order.iter().map(|&(option, number)| match option {
        "directory" => directory(&options.directory[number]),
        "file" => {
            let Pair { name, value } = &options.file[number];
            let content = value.as_deref().unwrap_or(OsStr::new(""));
            Ok(Directive::file(name.as_bytes(), content.as_bytes())?)
        }
        _ => {
            let link = &options.symlink[number];
            Ok(Directive::link(link.name(), link.value())?)
        }
    });
    request.extra_files(directives.collect::<Result<_, Failure>>()?);
    let transformations = options.transform.iter();
    let transformations =
        transformations.map(|pair| Transformation::new(pair.name(), pair.value()));
    request.transformations(transformations.collect::<Result<_, _>>()?);
    if let Some(file) = &options.database {
        request.database(file.as_bytes())?;
    }
    if let Some(directory) = &options.root_system {
        request.root_system(directory.as_bytes())?;
    }
    let ownership = options.ownership.iter().map(ownership);
    request.ownership(ownership.collect::<Result<_, Failure>>()?);
    request.modes(options.modes.value());
    request.xattrs(options.xattrs.value());
    request.whiteouts(options.whiteouts.value());
    Ok(())
}

fn directory(pair: &Pair) -> Result<Directive, Failure> {
    let mode = pair.value.as_ref().map(|text| {
        let digits = text
            .to_str()
            .and_then(|text| u32::from_str_radix(text, 8).ok());
        digits.filter(|&mode| mode <= 0o7777).ok_or_else(|| {
            Failure::Usage(format!(
                "--directory: {text:?} is not a mode in octal digits, such as 1777"
            ))
        })
    });
    Ok(Directive::directory(pair.name(), mode.transpose()?)?)
}

fn ownership(pair: &Pair) -> Result<Ownership, Failure> {
    let text = String::from_utf8_lossy(pair.value());
    let number = |text: &str| text.parse::<u32>().ok();
    let ids = text.split_once(':');
    let ids = ids.and_then(|(uid, gid)| Some((number(uid)?, number(gid)?)));
    let (uid, gid) = ids.ok_or_else(|| {
        Failure::Usage(format!(
            "--ownership: {text:?} is not of the form UID:GID, both numbers"
        ))
    })?;
    Ok(Ownership::new(pair.name(), uid, gid)?)
}

fn layers(request: &mut Request, options: &BuildOptions) -> Result<(), Failure> {
    if let Some(count) = options.max_layers {
        request.max_layers(count)?;
    }
    request.layering(options.layering.value());
    request.parent_directories(options.parent_directories);
    if let Some(base) = &options.base {
        request.base(base.as_bytes())?;
    }
    if let Some(name) = &options.base_name {
        request.base_name(name.as_bytes())?;
    }
    if options.no_reuse || !options.reuse.is_empty() {
        let layouts: Vec<&[u8]> = options.reuse.iter().map(|name| name.as_bytes()).collect();
        request.reuse(&layouts)?;
    }
    request.immutable_paths(options.immutable_paths);
    Ok(())
}

fn metadata(request: &mut Request, options: &BuildOptions) -> Result<(), Failure> {
    if let Some(name) = &options.repository {
        request.repository(name.as_bytes())?;
    }
    for name in &options.name {
        request.name(name.as_bytes())?;
    }
    if let Some(system) = &options.system {
        request.system(system.as_bytes())?;
    }
    if let Some(variant) = &options.variant {
        request.variant(variant.as_bytes())?;
    }
    match options.creation_time {
        None | Some(CreationTime::Now) => {}
        Some(CreationTime::Seconds(seconds)) => request.creation_time(seconds)?,
        Some(CreationTime::SourceDateEpoch) => request.creation_time(source_date_epoch()?)?,
    }
    for pair in &options.annotation {
        request.annotation(pair.name(), pair.value())?;
    }
    request.history(options.history.value());
    request.config_keys(options.config_keys.value());
    Ok(())
}

fn source_date_epoch() -> Result<i64, Failure> {
    const NAME: &str = "SOURCE_DATE_EPOCH";
    let usage = |problem: String| Failure::Usage(format!("--creation-time: {NAME} {problem}"));
    let value = std::env::var_os(NAME).ok_or_else(|| usage("is not set".into()))?;
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| usage(format!("is {value:?}, not a number of seconds")))
}

fn container(request: &mut Request, options: &BuildOptions) -> Result<(), Failure> {
    let words = |list: &[OsString]| -> Vec<Vec<u8>> { list.iter().map(bytes).collect() };
    if !options.entry_point.is_empty() {
        request.entry_point(&words(&options.entry_point))?;
    }
    for pair in &options.env {
        request.variable(pair.name(), pair.value())?;
    }
    let container = &mut request.container;
    if !options.cmd.is_empty() {
        container.cmd(&words(&options.cmd))?;
    }
    if let Some(user) = &options.user {
        container.user(user.as_bytes())?;
    }
    if let Some(directory) = &options.working_directory {
        container.working_directory(directory.as_bytes())?;
    }
    for port in &options.expose {
        container.exposed_port(port.as_bytes())?;
    }
    for volume in &options.volume {
        container.volume(volume.as_bytes())?;
    }
    for pair in &options.label {
        container.label(pair.name(), pair.value())?;
    }
    if let Some(signal) = &options.stop_signal {
        container.stop_signal(signal.as_bytes())?;
    }
    if let Some(json) = &options.health_check {
        container.health_check(json.as_bytes())?;
    }
    if let Some(author) = &options.author {
        container.author(author.as_bytes())?;
    }
    if let Some(json) = &options.config {
        container.config(json.as_bytes())?;
    }
    Ok(())
}

/// The names of files, from the root.
fn absolute(files: &[OsString]) -> Result<Vec<Vec<u8>>, Failure> {
    let names = files.iter().map(|file| {
        let name = std::path::absolute(file)
            .map_err(|error| Failure::input(format!("finding {file:?}"), &error))?;
        Ok(name.into_os_string().into_vec())
    });
    names.collect()
}

fn bytes(text: &OsString) -> Vec<u8> {
    text.as_bytes().to_vec()
}
