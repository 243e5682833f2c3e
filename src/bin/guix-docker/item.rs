// SPDX-License-Identifier: GPL-3.0-or-later

//! What a file of an image is a part of, for people: a store item, or what is
//! at the root.

use guix_docker::path::components;

/// The length of the hash in the name of a store item, and what it is made of.
const HASH_LENGTH: usize = 32;
const HASH_DIGITS: &str = "0123456789abcdfghijklmnpqrsvwxyz";

/// The item that the member `name` of a layer belongs to, as an absolute name.
pub fn item_of(name: &[u8]) -> Vec<u8> {
    let mut item = Vec::new();
    let mut root_length = 0;
    for part in components(name) {
        item.push(b'/');
        item.extend_from_slice(part);
        // A store has a directory of its own, as /gnu/store.
        match root_length {
            0 => root_length = item.len(),
            _ if is_store_name(part) => return item,
            _ => {}
        }
    }
    item.truncate(root_length);
    match item.is_empty() {
        true => b"/".to_vec(),
        false => item,
    }
}

/// The name of `item` without directories and without the hash.
pub fn short_name(item: &str) -> &str {
    let base = item.rsplit('/').next().unwrap_or(item);
    match is_store_name(base.as_bytes()) {
        true => &base[HASH_LENGTH + 1..],
        false => item,
    }
}

/// Whether `item` is in a store, where content never changes under a name.
pub fn is_store_item(item: &str) -> bool {
    let base = item.rsplit('/').next().unwrap_or(item);
    is_store_name(base.as_bytes())
}

/// The name of a store item without its version: `bash` of `bash-5.2`.
pub fn package_name(name: &str) -> &str {
    let starts_version = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    let dash = name
        .match_indices('-')
        .find(|(index, _)| starts_version(&name[index + 1..]));
    dash.map_or(name, |(index, _)| &name[..index])
}

fn is_store_name(base: &[u8]) -> bool {
    base.len() > HASH_LENGTH + 1
        && base[HASH_LENGTH] == b'-'
        && base[..HASH_LENGTH]
            .iter()
            .all(|&byte| HASH_DIGITS.as_bytes().contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = "/gnu/store/0123456789abcdfghijklmnpqrsvwxyz-bash-5.2.15";

    #[test]
    fn files_belong_to_store_items_or_to_the_root() {
        let of = |name: &str| String::from_utf8(item_of(name.as_bytes())).unwrap();
        assert_eq!(of(&format!("{}/bin/bash", &ITEM[1..])), ITEM);
        assert_eq!(of(&format!(".{ITEM}")), ITEM);
        assert_eq!(of(&format!("/home/me/store/{}/bin", &ITEM[11..])), {
            format!("/home/me/store/{}", &ITEM[11..])
        });
        assert_eq!(of("usr/lib/x"), "/usr");
        assert_eq!(of("gnu/store/"), "/gnu");
        assert_eq!(of("./"), "/");
        assert_eq!(short_name(ITEM), "bash-5.2.15");
        assert_eq!(short_name("/usr"), "/usr");
        assert_eq!(package_name("bash-5.2.15"), "bash");
        assert_eq!(package_name("gtk+-3-theme"), "gtk+");
        assert_eq!(package_name("profile"), "profile");
        assert!(is_store_item(ITEM) && !is_store_item("/usr"));
    }
}
