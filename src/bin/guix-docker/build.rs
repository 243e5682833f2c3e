// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker build`.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use guix_docker::request::Directive;
use guix_docker::{Report, Request, plan};

use crate::closure::Graph;
use crate::failure::{self, Failure, Outcome};
use crate::options::{BuildOptions, Pair};
use crate::picture::size_in_words;
use crate::progress::Display;

/// Builds the image; the extra files come in `order`.
pub fn run(options: &BuildOptions, order: &[(&str, usize)]) -> Result<Outcome, Failure> {
    let graph = Graph::of(&options.content.closure_of)?;
    let request = request(options, order, graph.as_ref())?;
    let display = Display::new(&options.progress);
    let report = guix_docker::build(&request, &mut display.monitor());
    display.finish();
    let report = report?;
    report.warnings.iter().for_each(|line| failure::warn(line));
    match is_stream(options) {
        // The image has gone there.
        true if options.output.json => {
            let _ = writeln!(io::stderr(), "{}", report.to_json()?);
        }
        true => {}
        false if options.output.json => failure::print(&format!("{}\n", report.to_json()?))?,
        false => failure::print(&summary(options, &report))?,
    }
    Ok(Outcome::Fine)
}

fn is_stream(options: &BuildOptions) -> bool {
    options.output.output == "-"
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
        options.output.output.to_string_lossy(),
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
    let BuildOptions {
        output,
        content,
        layers,
        metadata,
        container,
        ..
    } = options;
    let mut graphs = absolute(&content.references)?;
    graphs.extend(graph.map(Graph::file));
    let mut paths: Vec<Vec<u8>> = options.paths.iter().map(bytes).collect();
    for path in plan::graph_paths(&graphs)? {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let first = graph.map(|graph| graph.roots[0].clone());
    let prefix = content.prefix.as_ref().map(bytes).or(first);
    let Some(prefix) = prefix.or_else(|| paths.first().cloned()) else {
        return Err(Failure::Usage(
            "there is nothing to put into the image; name a PATH, or use --closure-of or \
             --references"
                .into(),
        ));
    };
    let mut request = match is_stream(options) {
        false => Request::new(output.output.as_bytes(), &paths, &prefix)?,
        true => {
            let stdout = io::stdout().as_fd().try_clone_to_owned();
            let stdout = stdout.map_err(|error| Failure::io("the standard output", &error))?;
            Request::to_stream(stdout, &paths, &prefix)?
        }
    };
    output.apply(&mut request.output)?;
    content.apply(&mut request.content)?;
    layers.apply(&mut request.layers)?;
    metadata.apply(&mut request.metadata)?;
    container.apply(&mut request.container)?;
    request.running.threads(options.threads);
    graphs.extend(absolute(&layers.references_graph)?);
    request.layers.references_graphs(&graphs)?;
    let extra_files = order.iter().map(|(option, number)| match *option {
        "directory" => content.directory[*number].directory(),
        "file" => {
            let Pair { name, value } = &content.file[*number];
            let bytes = value.as_deref().unwrap_or(OsStr::new(""));
            Ok(Directive::file(name.as_bytes(), bytes.as_bytes())?)
        }
        _ => {
            let link = &content.symlink[*number];
            Ok(Directive::link(link.name(), link.value())?)
        }
    });
    request.content.extra_files = extra_files.collect::<Result<_, Failure>>()?;
    Ok(request)
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
