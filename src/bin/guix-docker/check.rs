// SPDX-License-Identifier: GPL-3.0-or-later

//! `guix-docker check`: what engines would refuse of an image, or lose.

mod documents;
mod files;
pub mod finding;
mod listing;

use std::ffi::OsStr;

use guix_docker::Status;
use guix_docker::image::WholeImage;

use crate::failure::{self, Failure, Outcome};
use crate::images::ImageFile;
use crate::options::CheckOptions;
use crate::picture::count;
use crate::progress::Display;
use crate::survey;
use crate::table::printable;
use files::Files;
pub use finding::Checked;
use finding::{Finding, Severity};

/// Checks all images of a file.
pub fn run(options: &CheckOptions) -> Result<Outcome, Failure> {
    let display = Display::new(&options.progress);
    let checked = check_file(&options.image, &display);
    display.finish();
    let (file, checked) = checked?;
    match options.json {
        true => failure::print_json(&finding::json(&checked))?,
        false => {
            let mut lines = checked.iter().map(text).collect::<String>();
            if let Some(line) = file.catalog.others_line() {
                lines.push_str(&format!("{}\n", printable(&line)));
            }
            failure::print(&lines)?;
        }
    }
    let is_fine = |image: &Checked| image.findings.iter().all(Finding::is_harmless);
    Ok(match checked.iter().all(is_fine) {
        true => Outcome::Fine,
        false => Outcome::Faulty,
    })
}

/// Checks the images of the file `name`, and what its documents list beside them.
fn check_file(name: &OsStr, display: &Display) -> Result<(ImageFile, Vec<Checked>), Failure> {
    let file = ImageFile::open(name, display)?;
    let mut all = Vec::new();
    for listed in &file.catalog.images {
        all.push(match file.catalog.open(&file.store, listed) {
            Ok(image) => check(&image, display)?,
            Err(error) if error.status() == Status::Input => Checked {
                name: names(&listed.names),
                platform: listed.platform.to_string(),
                layers: 0,
                findings: vec![Finding::new(Severity::Refused, error.message())],
            },
            Err(error) => return Err(error.into()),
        });
    }
    let others = listing::check(&file, display)?;
    if let Some(first) = all.first_mut() {
        first.findings.extend(others);
        first.findings.sort_by_key(|finding| finding.severity);
    }
    Ok((file, all))
}

/// Checks an image.
pub fn check(image: &WholeImage, display: &Display) -> Result<Checked, Failure> {
    let mut findings = documents::check(image);
    let mut files = Files::new(image);
    let read = survey::read_layers(image, display, |layer, job| {
        let mut changes = files.changes();
        let found = layer.read(|member| changes.note(member), job)?;
        Ok((found, changes))
    })?;
    for (index, ((found, changes), whole)) in read.into_iter().zip(&image.layers).enumerate() {
        findings.extend(documents::check_layer(index, whole, found.as_ref()));
        findings.extend(files.apply(index, &changes)?);
    }
    findings.sort_by_key(|finding| finding.severity);
    Ok(Checked {
        name: names(&image.names),
        platform: image.platform(),
        layers: image.layers.len(),
        findings,
    })
}

fn names(names: &[String]) -> String {
    match names {
        [] => "an image without a name".into(),
        names => names.join(", "),
    }
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
        Some(Severity::Note) | None => "no problems found",
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
