// SPDX-License-Identifier: GPL-3.0-or-later

//! The committed header, and names that follow from it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const TOP: &str = env!("CARGO_MANIFEST_DIR");

fn header() -> String {
    fs::read_to_string(format!("{TOP}/include/guix_docker.h")).unwrap()
}

#[test]
fn the_header_is_what_the_sources_make_of_it() {
    let generated = env!("GUIX_DOCKER_HEADER");
    assert!(
        fs::read_to_string(generated).unwrap() == header(),
        "the header is stale: cp {generated} {TOP}/include/guix_docker.h"
    );
}

/// Returns the members of the structures of options.
fn members() -> BTreeSet<String> {
    let header = header();
    let bodies = ["options", "merge"].map(|name| {
        let start = header.find(&format!("typedef struct guix_docker_{name} {{"));
        let body = &header[start.unwrap()..];
        &body[..body.find("\n}").unwrap()]
    });
    let lines = bodies.iter().flat_map(|body| body.lines());
    let members = lines.filter_map(|line| line.trim().strip_suffix(';'));
    members
        .map(|member| member.rsplit([' ', '*']).next().unwrap().to_owned())
        .collect()
}

/// Adds the arguments that sources in `directory` name.
fn arguments(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            arguments(&path, found);
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        let named = source.split("Argument(\"").skip(1);
        found.extend(named.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
}

/// Names of arguments in messages are those of members, from which other languages
/// derive theirs.
#[test]
fn arguments_are_members_of_the_options() {
    let members = members();
    assert!(members.len() > 60, "{members:?}");
    let mut found = BTreeSet::new();
    arguments(Path::new(&format!("{TOP}/src")), &mut found);
    assert!(found.len() > 30, "{found:?}");
    let unknown = found
        .iter()
        .filter(|name| *name != "options" && !members.contains(*name));
    assert_eq!(unknown.count(), 0, "{found:?}");
}

/// Each parameter has a row in the README's table and in Scheme's.
#[test]
fn parameters_are_described_in_each_language() {
    let read = |name: &str| fs::read_to_string(format!("{TOP}/{name}")).unwrap();
    let (readme, scheme) = (read("README.md"), read("guile/guix/docker/arguments.scm"));
    let start = scheme.find("(define-parameters build-parameters").unwrap();
    let end = scheme.find("(define-parameters merge-parameters").unwrap();
    let scheme = &scheme[start..end];
    let is_plain = |name: &&String| {
        !name.ends_with("_count")
            && ![
                "struct_size",
                "progress_data",
                "image_fd",
                "target",
                "sources",
            ]
            .contains(&name.as_str())
    };
    for member in members().iter().filter(is_plain) {
        let name = member.replace('_', "-");
        assert!(readme.contains(&format!("`{name}`")), "README.md: {name}");
        let row = [format!("(optional {name} "), format!("(required {name}\n")];
        assert!(row.iter().any(|row| scheme.contains(row)), "Scheme: {name}");
        assert!(
            scheme.contains(&name.to_uppercase()),
            "Scheme's text: {name}"
        );
    }
}
