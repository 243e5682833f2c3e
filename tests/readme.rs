// SPDX-License-Identifier: GPL-3.0-or-later

//! What README.md names is there: files, suites, tests, and its own sections.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What the names of files begin with that are this project's.
const OWN: [&str; 5] = ["src/", "tests/", "guile/", "include/", ".ci/"];

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(top().join("README.md")).unwrap()
}

/// All words in `text` that may name a file, with what is in front of them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._/-~$+".contains(c);
    let words = text.split(move |c| !is_part(c));
    words.map(|word| word.trim_end_matches(['.', '-']))
}

#[test]
fn files_are_there() {
    let text = readme();
    let names: BTreeSet<&str> = words(&text)
        .map(|word| word.strip_prefix("$PWD/").unwrap_or(word))
        .filter(|word| {
            OWN.iter()
                .any(|start| word.starts_with(start) && word != start)
        })
        .collect();
    assert!(names.len() > 60, "{names:?}");
    let missing: Vec<_> = names
        .into_iter()
        .filter(|name| !top().join(name).exists())
        .collect();
    assert!(missing.is_empty(), "README.md names {missing:?}");
}

/// The functions that are tests in `file` or, if it is a directory, in it.
fn tests_in(file: &Path, tests: &mut BTreeSet<String>) {
    if file.is_dir() {
        for entry in fs::read_dir(file).unwrap() {
            tests_in(&entry.unwrap().path(), tests);
        }
    } else if file.extension().is_some_and(|extension| extension == "rs") {
        let source = fs::read_to_string(file).unwrap();
        for function in source.split("#[test]").skip(1) {
            let name = function.split("fn ").nth(1);
            let name = name.and_then(|rest| rest.split(['(', '<']).next());
            tests.extend(name.map(str::to_owned));
        }
    }
}

#[test]
fn tests_are_there() {
    let mut tests = BTreeSet::new();
    for directory in ["src", "tests"] {
        for entry in fs::read_dir(top().join(directory)).unwrap() {
            let path = entry.unwrap().path();
            // What is compiled there has copies of sources.
            if !path.ends_with("fuzz") {
                tests_in(&path, &mut tests);
            }
        }
    }
    assert!(tests.len() > 150, "{}", tests.len());
    let text = readme();
    let (_, table) = text.split_once("### What holds it").unwrap();
    let table = table.split("\n## ").next().unwrap();
    // Functions are the words in code that have several underscores.
    let code = table.split('`').skip(1).step_by(2);
    let functions: BTreeSet<&str> = code
        .filter(|word| word.matches('_').count() > 1 && !word.contains(['/', '(', ' ']))
        .collect();
    assert!(functions.len() > 10, "{functions:?}");
    let missing: Vec<_> = functions
        .iter()
        .filter(|name| !tests.contains(**name))
        .collect();
    assert!(missing.is_empty(), "README.md names {missing:?}");
}

#[test]
fn suites_are_those_that_run() {
    let run = fs::read_to_string(top().join("tests/run")).unwrap();
    let (_, list) = run.split_once("set -- ").unwrap();
    let list = list.replace('\\', " ");
    let suites: BTreeSet<&str> = list
        .split("\n\n")
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let text = readme();
    let (_, table) = text.split_once("| suite | |\n").unwrap();
    let rows = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let told: BTreeSet<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    assert_eq!(told, suites);
}

#[test]
fn sections_are_there() {
    let text = readme();
    let mut anchors = BTreeSet::new();
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        if let Some(heading) = line.strip_prefix('#').filter(|_| !is_code) {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = heading
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            anchors.insert(kept.collect::<String>().replace(' ', "-"));
        }
    }
    let links: BTreeSet<&str> = text
        .split("](#")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .collect();
    assert!(links.len() > 10, "{links:?}");
    let missing: Vec<_> = links
        .iter()
        .filter(|link| !anchors.contains(**link))
        .collect();
    assert!(missing.is_empty(), "README.md leads to {missing:?}");
}
