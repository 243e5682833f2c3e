// SPDX-License-Identifier: GPL-3.0-or-later

//! Images with very many or very long names: what is shown is what there is, in
//! limited memory and of limited size.

use serde_json::{Value, json};

use crate::common::Scratch;
use crate::stranger::{image, item, layer, plain, push, run};
use crate::{failed, fine};

/// Number of items of which nothing may be done for all others.
const MANY: usize = 40_000;

/// Returns the output of a run in little memory.
fn shown(scratch: &Scratch, arguments: &[&str]) -> String {
    fine(run(scratch, "", arguments))
}

fn shown_json(scratch: &Scratch, arguments: &[&str]) -> Value {
    serde_json::from_str(&shown(scratch, arguments)).unwrap()
}

/// A name of 1 MB.
fn very_long(number: usize) -> String {
    format!("{number}-{}", "x".repeat(1_000_000))
}

#[test]
fn very_many_items_are_shown() {
    let scratch = Scratch::new();
    let names = |numbers: std::ops::Range<usize>| numbers.map(|number| item(number) + "/");
    plain(&scratch, "old.tar", &layer(names(0..MANY), b""));
    plain(&scratch, "new.tar", &layer(names(1..MANY + 1), b""));
    let shown = shown(&scratch, &["inspect", "--all", "old.tar"]);
    assert_eq!(shown.matches("0 bytes      1  /gnu/store/").count(), MANY);
    let value = shown_json(&scratch, &["inspect", "--json", "old.tar"]);
    assert_eq!(
        value[0]["layers"][0]["items"].as_array().unwrap().len(),
        MANY
    );
    let files = [
        "inspect",
        "--map",
        "map.svg",
        "--html",
        "page.html",
        "old.tar",
    ];
    fine(run(&scratch, "", &files));
    let map = String::from_utf8(scratch.read("map.svg")).unwrap();
    assert!(map.len() < 2 << 20, "{}", map.len());
    assert!(map.contains(">36,000 more<") && map.contains("1 layer, 40,000 items"));
    let page = String::from_utf8(scratch.read("page.html")).unwrap();
    assert!(page.len() < 6 << 20, "{}", page.len());
    assert_eq!(page.matches("<tr><td><b>package-").count(), 10_000);
    assert!(page.contains("<b>30,000 more items</b>"));
    let value = shown_json(&scratch, &["diff", "--json", "old.tar", "new.tar"]);
    let items = value["items"].as_array().unwrap();
    let same = items.iter().filter(|item| item["change"] == "same");
    assert_eq!(same.count(), MANY - 1);
    // The first and the last are the same package.
    assert_eq!(items.len(), MANY);
    fine(run(
        &scratch,
        "",
        &["diff", "--map", "diff.svg", "old.tar", "new.tar"],
    ));
    assert!(scratch.read("diff.svg").len() < 2 << 20);
}

#[test]
fn names_of_any_length_are_shown() {
    let scratch = Scratch::new();
    for length in [65_535, 65_536, 70_000, 1_000_000] {
        let long = "long-".repeat(length / 5) + &"x".repeat(length % 5);
        plain(
            &scratch,
            "old.tar",
            &layer([long.as_str(), "b"], b"content"),
        );
        plain(&scratch, "new.tar", &layer(["b"], b"content"));
        let value = shown_json(&scratch, &["inspect", "--json", "old.tar"]);
        let items = &value[0]["layers"][0]["items"];
        assert_eq!(items[1]["path"], format!("/{long}"));
        for command in [
            &["inspect", "old.tar"][..],
            &["inspect", "--all", "old.tar"],
            &["diff", "old.tar", "new.tar"],
            &["diff", "--all", "new.tar", "old.tar"],
        ] {
            let shown = shown(&scratch, command);
            assert!(shown.contains(" bytes left out] "), "{command:?}");
            assert!(shown.len() < 100_000, "{}", shown.len());
        }
        let files = [
            "inspect",
            "--map",
            "map.svg",
            "--html",
            "page.html",
            "old.tar",
        ];
        fine(run(&scratch, "", &files));
        fine(run(
            &scratch,
            "",
            &["diff", "--map", "diff.svg", "old.tar", "new.tar"],
        ));
        for file in ["map.svg", "page.html", "diff.svg"] {
            assert!(scratch.read(file).len() < 100_000, "{file}");
        }
    }
}

#[test]
fn more_names_than_memory_are_refused() {
    let scratch = Scratch::new();
    let mut many = Vec::new();
    for number in 0..70 {
        push(&mut many, very_long(number).as_bytes(), b"");
    }
    plain(&scratch, "image.tar", &many);
    let message = "app:1: its items take more than 64 MiB of memory";
    for command in [
        &["inspect", "image.tar"][..],
        &["diff", "image.tar", "image.tar"],
    ] {
        let said = failed(run(&scratch, "", command), 1);
        assert!(said.starts_with(message), "{said}");
    }
    // Items that are listed once, but shown many times.
    let layer = layer((0..1000).map(item), b"");
    image(
        &scratch,
        "again.tar",
        &[(&layer, 5000)],
        json!(["app:1"]),
        json!({}),
    );
    let said = failed(run(&scratch, "", &["inspect", "again.tar"]), 1);
    assert!(said.starts_with(message), "{said}");
    // Each of two images fits, but not both.
    let half = |first: usize| {
        let names = (first..first + 36).map(very_long);
        crate::stranger::layer(names, b"")
    };
    plain(&scratch, "one.tar", &half(0));
    plain(&scratch, "two.tar", &half(36));
    fine(run(&scratch, "", &["inspect", "one.tar"]));
    let said = failed(run(&scratch, "", &["diff", "one.tar", "two.tar"]), 1);
    assert!(said.starts_with(message), "{said}");
}

#[test]
fn layers_that_are_named_many_times_are_read_once() {
    let scratch = Scratch::new();
    let large = layer(["large"], &vec![b'x'; 4 << 20]);
    let small = layer(["small"], b"");
    let layers = [(&*large, 5000), (&*small, 5000)];
    image(&scratch, "image.tar", &layers, json!(["app:1"]), json!({}));
    let value = shown_json(&scratch, &["inspect", "--json", "image.tar"]);
    let layers = value[0]["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 10_000);
    assert_eq!(
        layers[4999]["items"],
        json!([{ "path": "/large", "size": 4 << 20 }])
    );
    assert_eq!(
        layers[5000]["items"],
        json!([{ "path": "/small", "size": 0 }])
    );
    assert_eq!(value[0]["size"], 5000 * (large.len() + small.len()));
    let value = shown_json(&scratch, &["diff", "--json", "image.tar", "image.tar"]);
    assert_eq!(value["shared"]["layers"], 10_000);
    assert_eq!(value["items"][0]["before"], 5000u64 * (4 << 20));
    fine(run(
        &scratch,
        "",
        &["inspect", "--map", "map.svg", "image.tar"],
    ));
    assert!(scratch.read("map.svg").len() < 4 << 20);
}

#[test]
fn documents_of_any_size_are_shown() {
    let scratch = Scratch::new();
    let long = "x".repeat(60_000);
    let object: serde_json::Map<String, Value> = (0..20_000)
        .map(|number| (number.to_string(), json!(1)))
        .collect();
    let env: Vec<String> = (0..20_000)
        .map(|number| format!("V{number}={number}"))
        .collect();
    let config = json!({ "config": { "Env": env, &long: object, "Cmd": [long] } });
    let layer = layer(["a"], b"");
    let names: Vec<&str> = vec![&long; 20];
    image(&scratch, "image.tar", &[(&layer, 1)], json!(names), config);
    let text = shown(&scratch, &["inspect", "--all", "image.tar"]);
    assert!(text.len() < 1 << 20, "{}", text.len());
    assert!(
        text.contains("  and 30001 more: see --json\n"),
        "{text:.2000}"
    );
    let text = shown(&scratch, &["inspect", "image.tar"]);
    assert!(
        text.contains("  and 39981 more: see --all\n"),
        "{text:.2000}"
    );
    fine(run(
        &scratch,
        "",
        &["inspect", "--html", "page.html", "image.tar"],
    ));
    let page = String::from_utf8(scratch.read("page.html")).unwrap();
    assert!(page.len() < 2 << 20, "{}", page.len());
    assert!(page.contains(">30,001 more</th>"));
}
