// SPDX-License-Identifier: GPL-3.0-or-later

//! Checks of pictures and pages: well-formed, with nothing hidden.

use guix_docker::text::is_hidden;

/// Elements of HTML without an end.
const VOID: [&str; 2] = ["meta", "input"];

/// Elements of HTML whose content is no markup.
const RAW: [&str; 2] = ["script", "style"];

const ENTITIES: [&str; 5] = ["amp;", "lt;", "gt;", "quot;", "#39;"];

/// Fails unless nothing in `text` is hidden but line ends.
pub fn check_visible(text: &str) {
    let hidden = text.chars().find(|&c| c != '\n' && is_hidden(c));
    assert_eq!(hidden, None, "hidden characters");
}

/// Fails unless `text` is a well-formed document without hidden characters.
pub fn check_document(text: &str) {
    check_visible(text);
    assert!(!text.contains("NaN") && !text.contains("=\"inf"), "numbers");
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text.strip_prefix("<!DOCTYPE html>").unwrap_or(text);
    while let Some(start) = rest.find('<') {
        check_text(&rest[..start]);
        let (tag, after) = split_tag(&rest[start + 1..]);
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "ends in another order");
            continue;
        }
        let tag_content = tag.strip_suffix('/').unwrap_or(tag);
        let length = tag_content.find(' ').unwrap_or(tag_content.len());
        let (name, attributes) = tag_content.split_at(length);
        assert!(
            name.bytes().all(|b| b.is_ascii_alphanumeric()),
            "an element {name:?}"
        );
        check_attributes(attributes);
        if tag.ends_with('/') || VOID.contains(&name) {
            continue;
        }
        open.push(name);
        if RAW.contains(&name) {
            let end = rest.find("</").expect("an element without an end");
            rest = &rest[end..];
        }
    }
    check_text(rest);
    assert!(open.is_empty(), "no ends of {open:?}");
}

/// Parts what is in a tag from what is after it.
fn split_tag(text: &str) -> (&str, &str) {
    let mut is_quoted = false;
    let end = text.find(|c| {
        is_quoted ^= c == '"';
        c == '>' && !is_quoted
    });
    let end = end.expect("a tag without an end");
    (&text[..end], &text[end + 1..])
}

fn check_attributes(mut attributes: &str) {
    while let Some(rest) = attributes.strip_prefix(' ') {
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .unwrap_or(rest.len());
        assert!(length > 0, "an attribute without a name: {rest:?}");
        attributes = &rest[length..];
        if let Some(value) = attributes.strip_prefix("=\"") {
            let (value, after) = value.split_once('"').expect("a value without an end");
            assert!(!value.contains('<'), "a value with a tag");
            check_text(value);
            attributes = after;
        }
    }
    assert_eq!(attributes, "", "no attribute");
}

fn check_text(text: &str) {
    assert!(!text.contains("]]>"), "the end of a section");
    for entity in text.split('&').skip(1) {
        let is_known = ENTITIES.iter().any(|known| entity.starts_with(known));
        assert!(is_known, "an entity {entity:.9}");
    }
}
