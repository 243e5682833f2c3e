// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker check`: what engines would refuse of an image, or lose.

mod documents;
mod files;
pub mod finding;

use guix_docker::image::WholeImage;

use crate::failure::{self, Failure, Outcome};
use crate::options::CheckOptions;
use crate::picture::count;
use crate::progress::Display;
use crate::survey;
use crate::table::printable;
use files::{Layer, Tree};
use finding::{Finding, Severity};

/// What was found of an image.
pub struct Checked {
    name: String,
    platform: String,
    layers: usize,
    findings: Vec<Finding>,
}

/// Checks all images of a file.
pub fn run(options: &CheckOptions) -> Result<Outcome, Failure> {
    let display = Display::new(&options.progress);
    let images = survey::open(&options.image, &display);
    let checked = images.and_then(|images| {
        let checked = images.iter().map(|image| check(image, &display));
        checked.collect::<Result<Vec<Checked>, Failure>>()
    });
    display.finish();
    let checked = checked?;
    match options.json {
        true => failure::print_json(&finding::json(&checked))?,
        false => failure::print(&checked.iter().map(text).collect::<String>())?,
    }
    let is_fine = |image: &Checked| image.findings.iter().all(Finding::is_harmless);
    Ok(match checked.iter().all(is_fine) {
        true => Outcome::Fine,
        false => Outcome::Faulty,
    })
}

/// Checks an image.
pub fn check(image: &WholeImage, display: &Display) -> Result<Checked, Failure> {
    let mut findings = documents::check(image);
    let read = survey::read_layers(image, display, |layer, job| {
        let mut files = Layer::default();
        let found = layer.read(|member| files.note(member), job)?;
        Ok((found, files))
    })?;
    let mut tree = Tree::default();
    for (index, ((found, layer), whole)) in read.into_iter().zip(&image.layers).enumerate() {
        findings.extend(documents::check_layer(index, whole, &found));
        findings.extend(tree.put_above(index, layer));
    }
    findings.sort_by_key(|finding| finding.severity);
    Ok(Checked {
        name: match image.names.is_empty() {
            true => "an image without a name".into(),
            false => image.names.join(", "),
        },
        platform: image.platform(),
        layers: image.layers.len(),
        findings,
    })
}

/// The findings in words.
pub fn text(checked: &Checked) -> String {
    let verdict = match checked
        .findings
        .iter()
        .map(|finding| finding.severity)
        .min()
    {
        Some(Severity::Refused) => "engines would refuse it",
        Some(Severity::Lost) => "files would be lost or changed",
        Some(Severity::Note) | None => "all is well",
    };
    let mut text = format!(
        "{} ({}), {}: {verdict}\n",
        printable(&checked.name),
        printable(&checked.platform),
        count(checked.layers, "layer")
    );
    for finding in &checked.findings {
        text.push_str(&format!("  {}\n", printable(&finding.to_string())));
    }
    text
}
