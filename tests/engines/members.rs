// SPDX-License-Identifier: GPL-3.0-or-later

//! Members of layers as this library reads them, for comparison with engines.
//!
//! usage: members IMAGE...
//!
//! Prints a line of JSON for each image: its file, and for each member of its layers
//! the type, a character of tar's, and the name in hexadecimal digits; or null for an
//! image that cannot be read.

use std::fmt::Write as _;
use std::path::Path;

use guix_docker::Job;
use guix_docker::error::Result;
use guix_docker::image::{Catalog, Member, Store};
use serde_json::json;

fn main() {
    for file in std::env::args().skip(1) {
        let members = members(Path::new(&file)).ok();
        println!("{}", json!({ "file": file, "members": members }));
    }
}

/// Lists the members of the first image of `file`.
fn members(file: &Path) -> Result<Vec<(String, String)>> {
    let job = Job::default();
    let name = file.as_os_str().as_encoded_bytes();
    let store = Store::open_packed(name, &job)?;
    let catalog = Catalog::read(&store, &job)?;
    let mut members = Vec::new();
    let mut note = |member: &Member| {
        let name = member.name.iter().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        members.push((char::from(member.kind.as_byte()).to_string(), name));
    };
    for image in catalog.images.iter().take(1) {
        for layer in catalog.open(&store, image)?.layers {
            layer.read(&mut note, &job)?;
        }
    }
    Ok(members)
}
