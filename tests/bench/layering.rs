// SPDX-License-Identifier: GPL-3.0-or-later

//! What registries have to take again when one package of an image is updated,
//! by the policy that puts items into layers.
//!
//! Images are the closures of programs in Debian's dependency graph, with the
//! installed sizes of packages, as `apt-cache` tells them.  As in a store, what
//! depends on the updated package is built anew and changes too.  Each pair is
//! an image and the same one with one package updated: a low one, on which more
//! than a twentieth of the others depend, or a high one.
//!
//! The policies of others are written from their descriptions:
//! - `popularity`: nix2container's, and nixpkgs' first one: items that most
//!   paths from the top lead to have layers of their own, the rest share one.
//! - `popularity, split`: the same, but the item at the top is split off first.
//! - `largest with their own`: nixpkgs' newer one: the largest items have a
//!   layer each, with what only they need; what several of these need is in one
//!   for each combination, as long as there are few enough.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::process::Command;

use guix_docker::plan::layering::{Bits, Item, by_references, by_size};

/// Programs with closures of a hundred packages and more.
const PROGRAMS: [&str; 10] = [
    "calibre",
    "darktable",
    "evince",
    "ffmpeg",
    "gimp",
    "inkscape",
    "kdenlive",
    "libreoffice-writer",
    "octave",
    "texlive-latex-extra",
];

/// How many updates of each kind are tried in an image.
const UPDATES: usize = 12;

const LAYERS: [usize; 3] = [20, 40, 100];

struct Package {
    size: u64,
    /// What it depends on, each with its alternatives.
    depends: Vec<Vec<String>>,
}

/// An image: packages in the order of their names.
struct Image {
    names: Vec<String>,
    sizes: Vec<u64>,
    references: Vec<Vec<usize>>,
    /// Itself and what it depends on, directly or not.
    closures: Vec<Bits>,
    /// Those that depend on it, and itself.
    dependents: Vec<BTreeSet<usize>>,
}

type Groups = Vec<Vec<usize>>;
type Policy = fn(&Image, usize) -> Groups;

const POLICIES: [(&str, Policy); 5] = [
    ("size", size),
    ("popularity", |image, layers| {
        popularity(image, layers, false)
    }),
    ("popularity, split", |image, layers| {
        popularity(image, layers, true)
    }),
    ("largest with their own", largest),
    ("references", references),
];

fn packages() -> (HashMap<String, Package>, HashMap<String, Vec<String>>) {
    let output = Command::new("apt-cache").arg("dumpavail").output();
    let output = output.expect("apt-cache, of Debian's apt, is needed");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut packages = HashMap::new();
    let mut provides: HashMap<String, Vec<String>> = HashMap::new();
    for paragraph in text.split("\n\n") {
        let fields: HashMap<&str, &str> = paragraph
            .lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name, value.trim()))
            .collect();
        let Some(name) = fields.get("Package") else {
            continue;
        };
        let list = |field| fields.get(field).map_or("", |value| value).split(',');
        let word = |text: &str| {
            let end = text.find([' ', '(', ':']).unwrap_or(text.len());
            text[..end].to_owned()
        };
        let depends = list("Pre-Depends").chain(list("Depends"));
        let depends = depends.filter(|item| !item.trim().is_empty());
        let depends = depends.map(|item| item.split('|').map(|one| word(one.trim())).collect());
        let size = fields
            .get("Installed-Size")
            .and_then(|size| size.parse().ok());
        for virtual_package in list("Provides")
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            let providers = provides.entry(word(virtual_package)).or_default();
            providers.push((*name).to_owned());
        }
        packages.entry((*name).to_owned()).or_insert(Package {
            size: size.unwrap_or(1) * 1024,
            depends: depends.collect(),
        });
    }
    (packages, provides)
}

impl Image {
    /// The closure of `program`.
    fn new(
        program: &str,
        packages: &HashMap<String, Package>,
        provides: &HashMap<String, Vec<String>>,
    ) -> Self {
        let choose = |alternatives: &Vec<String>| -> Option<String> {
            let real = alternatives
                .iter()
                .find(|name| packages.contains_key(*name));
            real.cloned().or_else(|| {
                let providers = alternatives.iter().find_map(|name| provides.get(name))?;
                providers.iter().min().cloned()
            })
        };
        // Depth first; a dependency that would close a circle is left out.
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut open: Vec<(String, Vec<String>)> = Vec::new();
        let mut above: HashSet<String> = HashSet::new();
        let depends = |name: &str| -> Vec<String> {
            let mut depends: Vec<_> = packages[name].depends.iter().filter_map(choose).collect();
            depends.reverse();
            depends
        };
        let mut enter = |name: &str, open: &mut Vec<_>, above: &mut HashSet<String>| {
            found.insert(name.to_owned(), BTreeSet::new());
            above.insert(name.to_owned());
            open.push((name.to_owned(), depends(name)));
        };
        enter(program, &mut open, &mut above);
        let mut edges: Vec<(String, String)> = Vec::new();
        let mut seen: HashSet<String> = HashSet::from([program.to_owned()]);
        while let Some((name, rest)) = open.last_mut() {
            let name = name.clone();
            match rest.pop() {
                None => {
                    above.remove(&name);
                    open.pop();
                }
                Some(next) if above.contains(&next) => {}
                Some(next) => {
                    edges.push((name, next.clone()));
                    if seen.insert(next.clone()) {
                        enter(&next, &mut open, &mut above);
                    }
                }
            }
        }
        let names: Vec<String> = found.into_keys().collect();
        let number = |name: &String| names.binary_search(name).unwrap();
        let mut references = vec![BTreeSet::new(); names.len()];
        for (from, to) in &edges {
            references[number(from)].insert(number(to));
        }
        let count = names.len();
        let mut closures = Vec::new();
        let mut dependents = vec![BTreeSet::new(); count];
        for start in 0..count {
            let mut closure = Bits::none(count);
            let mut pending = vec![start];
            let mut seen = HashSet::from([start]);
            while let Some(number) = pending.pop() {
                closure.insert(number);
                dependents[number].insert(start);
                pending.extend(references[number].iter().filter(|&&next| seen.insert(next)));
            }
            closures.push(closure);
        }
        Image {
            sizes: names.iter().map(|name| packages[name].size).collect(),
            references: references
                .into_iter()
                .map(|set| set.into_iter().collect())
                .collect(),
            closures,
            dependents,
            names,
        }
    }

    /// The image in which `number` is updated: its size is another one, and
    /// those of its dependents a little.
    fn updated(&self, number: usize, noise: &mut Noise) -> Self {
        let mut sizes = self.sizes.clone();
        for &dependent in &self.dependents[number] {
            let spread = if dependent == number { 0.1 } else { 0.004 };
            let factor = 1.0 + spread * (noise.next() - 0.5);
            sizes[dependent] = (sizes[dependent] as f64 * factor) as u64;
        }
        Image {
            sizes,
            names: self.names.clone(),
            references: self.references.clone(),
            closures: self.closures.clone(),
            dependents: self.dependents.clone(),
        }
    }
}

/// Numbers from 0 to 1, the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn size(image: &Image, layers: usize) -> Groups {
    by_size(&image.sizes, layers)
}

fn references(image: &Image, layers: usize) -> Groups {
    let items = image.sizes.iter().zip(&image.closures).enumerate();
    let items: Vec<Item> = items
        .map(|(rank, (&size, closure))| Item {
            size,
            changes_with: closure.clone(),
            rank,
        })
        .collect();
    by_references(&items, layers)
}

fn popularity(image: &Image, layers: usize, split: bool) -> Groups {
    let count = image.names.len();
    // Those that more depend on come later: a topological order.
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&number| Reverse(image.closures[number].count()));
    let mut paths = vec![0.0f64; count];
    for &number in &order {
        if image.dependents[number].len() == 1 {
            paths[number] = 1.0;
        }
        for &reference in &image.references[number] {
            paths[reference] += paths[number];
        }
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| paths[b].total_cmp(&paths[a]).then(a.cmp(&b)));
    let top: Vec<usize> = match split {
        true => order
            .iter()
            .copied()
            .filter(|&n| image.dependents[n].len() == 1)
            .collect(),
        false => Vec::new(),
    };
    order.retain(|number| !top.contains(number));
    let left = layers - 1 - usize::from(split);
    let rest = order.split_off(order.len().min(left - 1));
    let mut groups: Groups = order.into_iter().map(|number| vec![number]).collect();
    groups.extend([rest, top].into_iter().filter(|group| !group.is_empty()));
    groups
}

fn largest(image: &Image, layers: usize) -> Groups {
    let count = image.names.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&number| Reverse(image.sizes[number]));
    let mut belongs: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); count];
    for &root in &order {
        let below = |number: usize| number != root && image.dependents[number].contains(&root);
        let mut next = belongs.clone();
        next[root] = BTreeSet::from([root]);
        for number in (0..count).filter(|&number| below(number)) {
            next[number].retain(|other| *other == root || !image.dependents[root].contains(other));
            if !next[number].iter().any(|&other| below(other)) {
                next[number].insert(root);
            }
        }
        if next.iter().collect::<BTreeSet<_>>().len() > layers - 1 {
            break;
        }
        belongs = next;
    }
    let mut groups: BTreeMap<&BTreeSet<usize>, Vec<usize>> = BTreeMap::new();
    for (number, set) in belongs.iter().enumerate() {
        groups.entry(set).or_default().push(number);
    }
    groups.into_values().collect()
}

/// The bytes of layers of `new` that `old` has not, if `changed` have.
fn resent(old: &Groups, new: &Groups, image: &Image, changed: &BTreeSet<usize>) -> u64 {
    let old: HashSet<BTreeSet<usize>> = old
        .iter()
        .map(|group| group.iter().copied().collect())
        .collect();
    let is_new = |group: &&Vec<usize>| {
        let set: BTreeSet<usize> = group.iter().copied().collect();
        !set.is_disjoint(changed) || !old.contains(&set)
    };
    let layers = new.iter().filter(is_new);
    layers.flatten().map(|&number| image.sizes[number]).sum()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let (packages, provides) = packages();
    let programs = PROGRAMS
        .iter()
        .filter(|program| packages.contains_key(**program));
    let images: Vec<Image> = programs
        .map(|program| Image::new(program, &packages, &provides))
        .collect();
    for (program, image) in PROGRAMS.iter().zip(&images) {
        let total: u64 = image.sizes.iter().sum();
        println!(
            "{program}: {} packages, {} MB",
            image.names.len(),
            total / 1_000_000
        );
    }
    println!(
        "\nMB to be taken again, of the median pair, and (the median of) the part of `size`'s:\n"
    );
    print!("| layers | update | pairs | least |");
    POLICIES.iter().for_each(|(name, _)| print!(" {name} |"));
    println!("\n|{}", "---|".repeat(4 + POLICIES.len()));
    for layers in LAYERS {
        let mut all: Vec<[Vec<f64>; POLICIES.len() + 1]> = Vec::new();
        for kind in ["low", "high", "both"] {
            let mut bytes: [Vec<f64>; POLICIES.len() + 1] = Default::default();
            if kind == "both" {
                for kind in &all {
                    bytes
                        .iter_mut()
                        .zip(kind)
                        .for_each(|(all, one)| all.extend(one));
                }
            }
            for image in images.iter().filter(|_| kind != "both") {
                let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
                let few = (image.names.len() / 20).max(2);
                let mut updates: Vec<usize> = (0..image.names.len())
                    .filter(|&number| (image.dependents[number].len() > few) == (kind == "low"))
                    .collect();
                updates.sort_by_cached_key(|_| (noise.next() * 1e9) as u64);
                let old: Vec<Groups> = POLICIES
                    .iter()
                    .map(|(_, policy)| policy(image, layers))
                    .collect();
                for &number in updates.iter().take(UPDATES) {
                    let new = image.updated(number, &mut noise);
                    let changed = &image.dependents[number];
                    let least: u64 = changed.iter().map(|&number| new.sizes[number]).sum();
                    bytes[POLICIES.len()].push(least as f64);
                    for (index, (_, policy)) in POLICIES.iter().enumerate() {
                        let groups = policy(&new, layers);
                        bytes[index].push(resent(&old[index], &groups, &new, changed) as f64);
                    }
                }
            }
            let show = |values: &[f64]| median(&mut values.to_vec()) / 1e6;
            let ratio = |values: &[f64]| {
                let mut ratios: Vec<f64> =
                    values.iter().zip(&bytes[0]).map(|(a, b)| a / b).collect();
                median(&mut ratios)
            };
            print!(
                "| {layers} | {kind} | {} | {:.0} ({:.2}) |",
                bytes[0].len(),
                show(&bytes[POLICIES.len()]),
                ratio(&bytes[POLICIES.len()])
            );
            for values in &bytes[..POLICIES.len()] {
                print!(" {:.0} ({:.2}) |", show(values), ratio(values));
            }
            println!();
            all.push(bytes);
        }
    }
}
