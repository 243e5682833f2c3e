// SPDX-License-Identifier: GPL-3.0-or-later

//! Which store items refer to which, as Guix's daemon writes it for
//! `#:references-graphs`.
//!
//! For each item there are lines: its name, its deriver, which may be empty,
//! the number of its references, and each of these.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::layering::{Bits, Item};
use crate::error::{Argument, Error, Result, Status, quoted};
use crate::memory;
use crate::path::{absolute, clean};

/// The length of the hash and the dash in front of a store item's name.
const HASH_LENGTH: usize = 33;

/// Items with their references, each by a number.
#[derive(Default)]
struct Graph {
    numbers: BTreeMap<Vec<u8>, usize>,
    references: Vec<Vec<usize>>,
}

/// The `paths`, of so many bytes, as the policy wants them, when `files` say
/// what they refer to.  What no file tells of refers to nothing.
pub fn items(paths: &[Vec<u8>], sizes: &[u64], files: &[Vec<u8>]) -> Result<Vec<Item>> {
    let mut graph = Graph::read(files)?;
    let is_known = |path: &Vec<u8>| graph.numbers.contains_key(&*clean(path));
    if !paths.is_empty() && !paths.iter().any(is_known) {
        return Err(Error::argument(
            Argument("references_graphs"),
            format_args!(
                "they tell of none of the paths, such as {}; give the graphs of these paths",
                quoted(&paths[0])
            ),
        ));
    }
    let numbers: Vec<usize> = paths
        .iter()
        .map(|path| graph.number(&clean(path)))
        .collect();
    // A bit for each two, here and for the policy.
    memory::ask(graph.references.len().saturating_pow(2) / 2)?;
    let closures = graph.closures();
    // By the name, which is the same in another version, and then the hash.
    let mut order: Vec<usize> = (0..paths.len()).collect();
    order.sort_by_key(|&index| (name_only(&paths[index]), &paths[index]));
    let mut ranks = vec![0; paths.len()];
    for (rank, index) in order.into_iter().enumerate() {
        ranks[index] = rank;
    }
    let items = numbers.iter().enumerate().map(|(index, &number)| Item {
        size: sizes[index],
        changes_with: closures[number].clone(),
        rank: ranks[index],
    });
    Ok(items.collect())
}

/// All items that `files` tell of, in the order of their names' bytes.
pub fn graph_paths(files: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
    let graph = Graph::read(files)?;
    let paths = graph.numbers.into_keys();
    Ok(paths.map(|path| absolute(&path)).collect())
}

/// The name of a store item without its directory and hash.
fn name_only(path: &[u8]) -> &[u8] {
    let base = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    match base.get(HASH_LENGTH - 1) {
        Some(b'-') => &base[HASH_LENGTH..],
        _ => base,
    }
}

impl Graph {
    /// What `files` tell.
    fn read(files: &[Vec<u8>]) -> Result<Self> {
        let mut graph = Graph::default();
        for file in files {
            let reading = |error| {
                let what = format!("reading {}", quoted(file));
                Error::io(Status::Input, what, &error).with_argument(Argument("references_graphs"))
            };
            let content = std::fs::read(OsStr::from_bytes(file)).map_err(reading)?;
            graph.parse(&content).map_err(|line| {
                Error::argument(
                    Argument("references_graphs"),
                    format_args!(
                        "line {line} of {} is not as Guix's daemon writes it: for each item its \
                         name, a line for its deriver, the number of references, and these",
                        quoted(file)
                    ),
                )
            })?;
        }
        Ok(graph)
    }

    /// Adds what a file says; fails with the number of a line that is wrong.
    fn parse(&mut self, content: &[u8]) -> std::result::Result<(), usize> {
        let content = content.strip_suffix(b"\n").unwrap_or(content);
        if content.is_empty() {
            return Ok(());
        }
        let mut lines = content.split(|&byte| byte == b'\n').enumerate();
        while let Some((line, item)) = lines.next() {
            let mut last = line + 1;
            if !item.starts_with(b"/") {
                return Err(last);
            }
            let item = self.number(&clean(item));
            let mut next = || {
                let (line, text) = lines.next().ok_or(last)?;
                last = line + 1;
                Ok::<_, usize>((last, text))
            };
            next()?;
            let (line, count) = next()?;
            let count = std::str::from_utf8(count).map_err(|_| line)?;
            let count: usize = count.parse().map_err(|_| line)?;
            for _ in 0..count {
                let (line, reference) = next()?;
                if !reference.starts_with(b"/") {
                    return Err(line);
                }
                let reference = self.number(&clean(reference));
                self.references[item].push(reference);
            }
        }
        Ok(())
    }

    /// The number of the item of that name.
    fn number(&mut self, name: &[u8]) -> usize {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.references.len();
        self.numbers.insert(name.to_vec(), number);
        self.references.push(Vec::new());
        number
    }

    /// For each item, itself and all that it refers to, directly or not.
    fn closures(&self) -> Vec<Bits> {
        let count = self.references.len();
        let mut closures: Vec<Bits> = (0..count)
            .map(|number| {
                let mut closure = Bits::none(count);
                closure.insert(number);
                closure
            })
            .collect();
        let order = self.references_first();
        // Once, and again should there be a cycle.
        loop {
            let mut grown = false;
            for &number in &order {
                for &reference in &self.references[number] {
                    let closure = closures[reference].clone();
                    grown |= closures[number].extend(&closure);
                }
            }
            if !grown {
                return closures;
            }
        }
    }

    /// The items, each after those that it refers to, as far as that can be.
    fn references_first(&self) -> Vec<usize> {
        let count = self.references.len();
        let mut seen = vec![false; count];
        let mut order = Vec::with_capacity(count);
        for start in 0..count {
            let mut pending = vec![(start, 0)];
            while let Some((number, position)) = pending.pop() {
                if position == 0 && std::mem::replace(&mut seen[number], true) {
                    continue;
                }
                match self.references[number].get(position) {
                    Some(&reference) => {
                        pending.push((number, position + 1));
                        if !seen[reference] {
                            pending.push((reference, 0));
                        }
                    }
                    None => order.push(number),
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::{Graph, name_only};

    #[test]
    fn graphs_are_read_and_followed() {
        let mut graph = Graph::default();
        let text = "/s/a\n\n2\n/s/a\n/s/b\n/s/b\n/s/b.drv\n1\n/s/c\n/s/d\n\n0\n";
        graph.parse(text.as_bytes()).unwrap();
        // What is said of an item elsewhere is added.
        graph.parse(b"/s/c\n\n1\n/s/a").unwrap();
        let closures = graph.closures();
        let count = |name: &[u8]| closures[graph.numbers[name]].count();
        assert_eq!([count(b"s/a"), count(b"s/b"), count(b"s/c")], [3, 3, 3]);
        assert_eq!(count(b"s/d"), 1);
        for (text, line) in [
            ("x\n", 1),
            ("/a\n", 1),
            ("/a\n\n", 2),
            ("/a\n\nx\n", 3),
            ("/a\n\n-1\n", 3),
            ("/a\n\n1\nb\n", 4),
            ("/a\n\n2\n/b\n", 4),
            ("/a\n\n0\n\n", 4),
        ] {
            assert_eq!(
                Graph::default().parse(text.as_bytes()),
                Err(line),
                "{text:?}"
            );
        }
        assert_eq!(Graph::default().parse(b""), Ok(()));
    }

    #[test]
    fn names_are_told_from_hashes() {
        let path = format!("/gnu/store/{}-hello-2.12", "x".repeat(32));
        assert_eq!(name_only(path.as_bytes()), b"hello-2.12");
        assert_eq!(name_only(b"/opt/app"), b"app");
    }
}
