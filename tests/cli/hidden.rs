// SPDX-License-Identifier: GPL-3.0-or-later

//! Characters that control a terminal, turn text around or are not seen: they
//! are spelled wherever the program shows names of others.

use std::process::Output;

use serde_json::{Value, json};

use crate::common::Scratch;
use crate::stranger::{image, layer};
use crate::{failed, guix_docker};

/// Characters that are spelled.
const HIDDEN: &str = "\u{1b}[31m\u{9b}\u{202e}\u{2066}\u{2069}\u{200b}\u{200f}\u{2028}\u{2029}\
                      \u{feff}\u{61c}\u{ad}\u{115f}\u{3164}\u{e0041}";

/// Spellings of these characters.
const SPELLED: &str = "\\u{1b}[31m\\u{9b}\\u{202e}\\u{2066}\\u{2069}\\u{200b}\\u{200f}\\u{2028}\
                       \\u{2029}\\u{feff}\\u{61c}\\u{ad}\\u{115f}\\u{3164}\\u{e0041}";

fn is_hidden(c: char) -> bool {
    c != '\n' && (c.is_control() || HIDDEN.chars().skip(5).any(|hidden| hidden == c))
}

/// Returns both outputs of a run, in which nothing is hidden.
fn visible(output: &Output) -> [String; 2] {
    [&output.stdout, &output.stderr].map(|bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(!text.contains(is_hidden), "{text:?}");
        text
    })
}

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    let name = |name: &str| format!("{name}{HIDDEN}");
    let config = json!({
        "config": { "Env": [name("ENV=")], "Labels": { name("label"): name("value") } },
        "history": [{ "created_by": name("RUN ") }],
        "author": name("author"),
        "variant": name("v"),
    });
    for (file, files) in [
        ("one.tar", vec![name("one"), name("both"), name("both")]),
        ("two.tar", vec![name("two"), name("both")]),
    ] {
        let layer = layer(files, b"content");
        image(
            &scratch,
            file,
            &[(&layer, 1)],
            json!([name("app:")]),
            config.clone(),
        );
    }
    scratch
}

#[test]
fn hidden_characters_are_spelled_on_terminals() {
    let scratch = scratch();
    for arguments in [
        &["inspect", "one.tar"][..],
        &["inspect", "--all", "one.tar"],
        &["diff", "one.tar", "two.tar"],
        &["check", "one.tar"],
    ] {
        let [out, _] = visible(&guix_docker(&scratch, arguments));
        assert!(out.contains(SPELLED), "{arguments:?}: {out}");
    }
    for arguments in [
        &["inspect", "--json", "one.tar"][..],
        &["diff", "--json", "one.tar", "two.tar"],
        &["check", "--json", "one.tar"],
    ] {
        let [out, _] = visible(&guix_docker(&scratch, arguments));
        assert!(
            out.contains(r"\u202e") && out.contains(r"\udb40\udc41"),
            "{out}"
        );
        let value: Value = serde_json::from_str(&out).unwrap();
        // Programs get what is there.
        assert!(value.to_string().contains(&HIDDEN[5..]), "{out}");
    }
}

#[test]
fn hidden_characters_are_spelled_in_messages() {
    let scratch = scratch();
    let output = guix_docker(&scratch, &["inspect", "--name", "none", "one.tar"]);
    let [_, error] = visible(&output);
    assert!(error.contains(SPELLED), "{error}");
    failed(output, 2);
    let file = format!("none{HIDDEN}");
    let number = format!("--max-layers={HIDDEN}");
    for arguments in [
        &["inspect", &*file][..],
        &["check", &file],
        &["build", "--output=x", &file],
        &["build", "--output=x", &number, "/"],
    ] {
        let output = guix_docker(&scratch, arguments);
        let [_, error] = visible(&output);
        // Messages about options have no sequences for terminals at all.
        let (_, spelled) = SPELLED.split_once("[31m").unwrap();
        assert!(error.contains(spelled), "{error}");
        assert!(!output.status.success());
    }
}

#[test]
fn hidden_characters_are_spelled_in_pictures_and_pages() {
    let scratch = scratch();
    for arguments in [
        &["inspect", "--map", "map", "--html", "page", "one.tar"][..],
        &["diff", "--map", "diff", "one.tar", "two.tar"],
    ] {
        assert!(guix_docker(&scratch, arguments).status.success());
    }
    for file in ["map", "page", "diff"] {
        let text = String::from_utf8(scratch.read(file)).unwrap();
        assert!(!text.contains(is_hidden), "{file}");
        assert!(text.contains(SPELLED), "{file}");
    }
}
