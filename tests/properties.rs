// SPDX-License-Identifier: GPL-3.0-or-later

//! What holds for all values, tried with values that are made up: the same ones
//! each time, and the smallest one that fails is printed.

use std::collections::BTreeSet;

use guix_docker::codec::{Encoder, Encoding};
use guix_docker::digest::{Digest, Sha256, update_both};
use guix_docker::format::documents::config;
use guix_docker::path::{
    Whiteout, ancestors, clean, components, directory_of, is_at_or_below, through_link, whiteout,
};
use guix_docker::plan::layering::{Bits, Item, by_references, by_size};
use guix_docker::plan::{self, Layer, Plan, Role};
use guix_docker::request::{History, Reference, Request, Transformation, familiar, whole_name};
use guix_docker::tar::OwnerNames;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use serde_json::Value;
use sha2::Digest as _;

/// So many values, from a seed of their own, and no file of those that failed.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        cases: count,
        rng_seed: RngSeed::Fixed(0x6775_6978),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Names with all that matters in them often.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => "[a-c]{1,2}",
        2 => Just("/".to_owned()),
        1 => Just("..".to_owned()),
        1 => Just(".".to_owned()),
        1 => Just(".wh.".to_owned()),
        1 => Just(".wh..wh..opq".to_owned()),
    ];
    let parts = vec(part, 0..8).prop_map(|parts| parts.join("/").into_bytes());
    prop_oneof![parts, vec(any::<u8>(), 0..12)]
}

fn clean_name() -> impl Strategy<Value = Vec<u8>> {
    name().prop_map(|name| clean(&name).into_owned())
}

fn list(name: &[u8]) -> Vec<&[u8]> {
    components(name).collect()
}

/// A graph without cycles: sizes, and what earlier items each one refers to.  Some
/// of the items have numbers only, and are in no layer.
fn items() -> impl Strategy<Value = Vec<Item>> {
    let item = (0..5_000_000u64, vec(any::<Index>(), 0..4), any::<bool>());
    vec(item, 1..40).prop_map(|list| {
        let limit = list.len();
        let mut closures: Vec<Bits> = Vec::new();
        let mut items = Vec::new();
        for (number, (size, references, is_there)) in list.into_iter().enumerate() {
            let mut changes_with = Bits::none(limit);
            changes_with.insert(number);
            if number > 0 {
                for reference in references {
                    changes_with.extend(&closures[reference.index(number)]);
                }
            }
            closures.push(changes_with.clone());
            if is_there {
                items.push(Item {
                    size,
                    changes_with,
                    rank: number,
                });
            }
        }
        items
    })
}

/// All that is in `groups`, sorted.
fn all(groups: &[Vec<usize>]) -> Vec<usize> {
    let mut all = groups.concat();
    all.sort_unstable();
    all
}

/// The numbers that are before `count`, in an order that `keys` make.
fn shuffled(count: usize, keys: &[u64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&index| keys[index % keys.len()].rotate_left(index as u32));
    order
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn clean_names_lead_where_names_do(name in name()) {
        let once = clean(&name).into_owned();
        prop_assert_eq!(list(&once), list(&name));
        prop_assert_eq!(&*clean(&once), &*once);
        prop_assert_eq!(list(&once).join(&b'/'), once);
    }

    #[test]
    fn names_are_below_those_whose_components_they_begin_with(a in clean_name(), b in clean_name()) {
        let expected = list(&a).starts_with(&list(&b));
        prop_assert_eq!(is_at_or_below(&a, &b), expected);
        // So are those above it, but for itself and the root.
        let is_above = ancestors(&a).any(|above| above == b);
        prop_assert_eq!(is_above, expected && a != b && !b.is_empty());
        let count = list(&a).len().saturating_sub(1);
        prop_assert_eq!(ancestors(&a).count(), count);
    }

    #[test]
    fn links_are_followed_within_the_root(link in clean_name(), below in clean_name(), target in name()) {
        // No member of an image has such a name.
        prop_assume!([&link, &below].iter().all(|name| !list(name).contains(&b"..".as_slice())));
        let name = clean(&[&link, b"/".as_slice(), &below].concat()).into_owned();
        let reached = through_link(&name, &link, &target);
        prop_assert!(components(&reached).all(|part| part != b".."));
        prop_assert_eq!(&*clean(&reached), &*reached);
        // Without "..", that is what the target and the rest are together.
        let parts = [list(&target), list(&below)].concat();
        if !parts.contains(&b"..".as_slice()) {
            let start = if target.starts_with(b"/") { vec![] } else { list(directory_of(&link)) };
            prop_assert_eq!(list(&reached), [start, parts].concat());
        }
    }

    #[test]
    fn whiteouts_hide_what_is_beside_them(name in "[a-c.]{1,6}") {
        prop_assert_eq!(whiteout(name.as_bytes()), None);
        let whited_out = format!(".wh.{name}");
        let expected = match name.as_str() {
            "." | ".." => Whiteout::Invalid,
            name => Whiteout::Path(name.as_bytes()),
        };
        prop_assert_eq!(whiteout(whited_out.as_bytes()), Some(expected));
    }

    #[test]
    fn transformations_replace_prefixes_in_turn(
        rules in vec(("/?[ab/]{0,3}", "/?[ab/]{0,3}"), 0..4),
        name in "[ab][ab/]{0,5}",
    ) {
        let transformations = rules.iter().map(|(old, new)| {
            Transformation::new(old.as_bytes(), new.as_bytes()).unwrap()
        });
        let transformations: Vec<_> = transformations.collect();
        let mut expected = name.clone();
        let mut is_changed = false;
        for (old, new) in &rules {
            let (old, new) = (old.trim_start_matches('/'), new.trim_start_matches('/'));
            if let Some(rest) = expected.strip_prefix(old).filter(|_| !expected.is_empty()) {
                expected = format!("{new}{rest}");
                is_changed = true;
            }
        }
        let expected = is_changed.then(|| expected.trim_start_matches('/').as_bytes().to_vec());
        prop_assert_eq!(Transformation::apply_all(&transformations, name.as_bytes()), expected);
    }

    #[test]
    fn repository_names_are_made_to_be_taken(name in ".{0,300}|[A-Za-z0-9._-]{0,300}") {
        let canonical = |name: &str| {
            let mut request = Request::new(b"image", &[b"/item"], b"/item").unwrap();
            request.metadata.repository(name.as_bytes()).unwrap();
            request.metadata.names_of(&Digest::of(b""))[0].repository.to_owned()
        };
        let repository = canonical(&name);
        prop_assert!((2..=237).contains(&repository.len()), "{}", repository);
        prop_assert_eq!(canonical(&repository), repository.clone());
        // 64 digits would be taken for an ID, and are Guix's to choose.
        let is_id = repository.len() == 64 && repository.bytes().all(|c| c.is_ascii_hexdigit());
        prop_assert_eq!(Reference::new(repository.as_bytes()).is_ok(), !is_id);
    }

    #[test]
    fn references_stand_for_whole_names(
        host in prop_oneof![
            Just(String::new()),
            "[a-z]{1,5}\\.[a-z]{2}(:[0-9]{1,4})?/",
            Just("localhost/".to_owned()),
            Just("docker.io/".to_owned()),
            Just("index.docker.io/".to_owned()),
        ],
        path in "[a-z0-9]{1,4}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,4}){0,2}|library(/[a-z]){1,2}",
        tag in "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,8})?",
    ) {
        // It would be a host; of names with one in front, engines leave that out.
        let first = path.split_once('/').map_or("", |(first, _)| first);
        prop_assume!(!first.contains('.'));
        let name = format!("{host}{path}{tag}");
        let whole = whole_name(&name);
        prop_assert!(whole.is_some(), "{}", name);
        let whole = whole.unwrap();
        prop_assert_eq!(whole_name(&whole), Some(whole.clone()));
        prop_assert_eq!(whole_name(&familiar(&whole)), Some(whole.clone()));
        prop_assert!(whole.contains('/') && whole.len() >= path.len());
        let tag = if tag.is_empty() { ":latest".to_owned() } else { tag };
        prop_assert!(whole.ends_with(&tag));
    }

    #[test]
    fn anything_is_a_reference_or_an_error(name in ".{0,40}|[a-z:/@.\\[\\]_-]{0,20}") {
        if Reference::new(name.as_bytes()).is_ok() {
            let whole = whole_name(&name).unwrap();
            prop_assert_eq!(whole_name(&whole), Some(whole));
        } else {
            prop_assert_eq!(whole_name(&name), None);
        }
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn the_largest_have_layers_of_their_own(
        sizes in vec(0..1_000u64, 0..60),
        max_layers in 2..70usize,
        keys in vec(any::<u64>(), 1..8),
    ) {
        let groups = by_size(&sizes, max_layers);
        prop_assert_eq!(all(&groups), (0..sizes.len()).collect::<Vec<_>>());
        prop_assert!(groups.len() < max_layers);
        prop_assert_eq!(groups.len(), sizes.len().min(max_layers - 1));
        prop_assert!(groups.iter().rev().skip(1).all(|group| group.len() == 1));
        // One after the other, they become no larger.
        let order = groups.concat();
        prop_assert!(order.windows(2).all(|pair| sizes[pair[0]] >= sizes[pair[1]]));
        // In another order, they are of the same sizes.
        let shuffle = shuffled(sizes.len(), &keys);
        let others: Vec<u64> = shuffle.iter().map(|&index| sizes[index]).collect();
        let by_group = |groups: &[Vec<usize>], sizes: &[u64]| -> Vec<Vec<u64>> {
            let sizes = |group: &Vec<usize>| group.iter().map(|&index| sizes[index]).collect();
            groups.iter().map(sizes).collect()
        };
        let other_groups = by_size(&others, max_layers);
        prop_assert_eq!(by_group(&groups, &sizes), by_group(&other_groups, &others));
    }

    #[test]
    fn references_put_every_item_into_one_layer(
        items in items(),
        max_layers in 2..50usize,
        keys in vec(any::<u64>(), 1..8),
    ) {
        let groups = by_references(&items, max_layers);
        prop_assert_eq!(all(&groups), (0..items.len()).collect::<Vec<_>>());
        prop_assert!(groups.len() < max_layers);
        prop_assert!(groups.iter().all(|group| !group.is_empty()));
        // What changes least often is below.
        let times = |group: &Vec<usize>| {
            let mut all = items[group[0]].changes_with.clone();
            for &index in group {
                all.extend(&items[index].changes_with);
            }
            all.count()
        };
        prop_assert!(groups.windows(2).all(|pair| times(&pair[0]) <= times(&pair[1])));
        // The order in which they are given does not matter.
        let order = shuffled(items.len(), &keys);
        let others: Vec<Item> = order.iter().map(|&index| items[index].clone()).collect();
        let by_rank = |groups: Vec<Vec<usize>>, items: &[Item]| -> Vec<BTreeSet<usize>> {
            let ranks = |group: Vec<usize>| group.iter().map(|&index| items[index].rank).collect();
            groups.into_iter().map(ranks).collect()
        };
        let other_groups = by_references(&others, max_layers);
        prop_assert_eq!(by_rank(groups, &items), by_rank(other_groups, &others));
    }

    #[test]
    fn sets_of_numbers_are_sets(
        one in vec(0..200usize, 0..30),
        two in vec(0..200usize, 0..30),
        gone in 0..200usize,
    ) {
        let bits = |numbers: &[usize]| {
            let mut bits = Bits::none(200);
            numbers.iter().for_each(|&number| bits.insert(number));
            bits
        };
        let set = |numbers: &[usize]| numbers.iter().copied().collect::<BTreeSet<usize>>();
        let (mut joined, mut expected) = (bits(&one), set(&one));
        prop_assert_eq!(joined.count_with(&bits(&two)), (&expected | &set(&two)).len() as u64);
        prop_assert_eq!(joined.extend(&bits(&two)), !set(&two).is_subset(&expected));
        expected.extend(&two);
        joined.remove(gone);
        expected.remove(&gone);
        prop_assert_eq!(joined.iter().collect::<BTreeSet<_>>(), expected.clone());
        prop_assert_eq!(joined.count(), expected.len() as u64);
    }

    #[test]
    fn digests_do_not_depend_on_how_bytes_come(
        bytes in vec(any::<u8>(), 0..2_000),
        other in vec(any::<u8>(), 0..2_000),
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let expected = |bytes: &[u8]| {
            let digits = sha2::Sha256::digest(bytes);
            digits.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let parts = |bytes: &[u8]| -> Vec<Vec<u8>> {
            let ends = cuts.iter().map(|cut| cut.index(bytes.len() + 1));
            let mut ends: Vec<usize> = ends.chain([0, bytes.len()]).collect();
            ends.sort_unstable();
            ends.windows(2).map(|ends| bytes[ends[0]..ends[1]].to_vec()).collect()
        };
        let (mut one, mut two, mut alone) =
            (Sha256::default(), Sha256::default(), Sha256::default());
        for (part, other) in std::iter::zip(parts(&bytes), parts(&other)) {
            alone.update(&part);
            update_both((&mut one, &part), (&mut two, &other));
        }
        prop_assert_eq!(Digest::from(alone).hex(), expected(&bytes));
        prop_assert_eq!(Digest::from(one).hex(), expected(&bytes));
        prop_assert_eq!(Digest::from(two).hex(), expected(&other));
        let digest = Digest::of(&bytes);
        prop_assert_eq!(digest.hex(), expected(&bytes));
        prop_assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
    }

    #[test]
    fn a_history_tells_of_every_layer(
        layers in vec(vec("(/[a-z0-9-]{1,60}){1,3}", 0..60), 1..12),
        kind in 0..3usize,
    ) {
        let mut request = Request::new(b"image", &[b"/item"], b"/item").unwrap();
        request.metadata.system(b"x86_64").unwrap();
        request.metadata.history = [History::Layers, History::One, History::None][kind];
        let layer = |paths: &Vec<String>| Layer {
            role: if paths.is_empty() { Role::Customization } else { Role::Items },
            items: paths.iter().map(|path| plan::Item { path: path.clone().into(), size: 1 }).collect(),
            members: Vec::new(),
            owner_names: OwnerNames::None,
            size: 10_240,
            fingerprint: None,
            base: None,
        };
        let plan = Plan {
            layers: layers.iter().map(layer).collect(),
            base: None,
        };
        let document = config(&request, "1970-01-01T00:00:01Z", &plan, &[]).unwrap();
        let document: Value = serde_json::from_slice(&document).unwrap();
        let history = document["history"].as_array();
        let count = history.map(Vec::len);
        prop_assert_eq!(count, [Some(layers.len()), Some(1), None][kind]);
        let comments = history.into_iter().flatten().map(|entry| &entry["comment"]);
        for (comment, paths) in std::iter::zip(comments, &layers).filter(|_| kind == 0) {
            // However many there are, and with the longest name.
            let comment = comment.as_str().unwrap();
            prop_assert!(comment.len() < 700, "{}", comment);
            let number = paths.len();
            let is_told = match paths.as_slice() {
                [] => comment == "extra files",
                [path] => comment == path,
                _ => comment.starts_with(&format!("{number} store items: ")),
            };
            prop_assert!(is_told, "{}", comment);
        }
    }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn pieces_do_not_depend_on_what_was_compressed_before(
        pieces in vec(("[a-f ]{1,40}|[\\x00-\\xff]{1,40}", 1..2_000usize), 1..4),
        level in 1..10u8,
        is_zstd in any::<bool>(),
    ) {
        let encoding = match is_zstd {
            false => Encoding::gzip(level),
            true => Encoding::zstd(level),
        };
        let bytes = |encoder: &mut dyn Encoder, piece: &[u8]| {
            encoder.encode(piece, false).unwrap().bytes
        };
        let mut used = encoding.encoder().unwrap();
        for (text, count) in pieces {
            let piece = text.repeat(count).into_bytes();
            let mut fresh = encoding.encoder().unwrap();
            prop_assert!(bytes(&mut *used, &piece) == bytes(&mut *fresh, &piece));
        }
    }
}
