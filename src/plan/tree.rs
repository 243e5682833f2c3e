// SPDX-License-Identifier: GPL-3.0-or-later

//! The files that are made for the image, in memory.

use std::collections::BTreeMap;

use crate::error::{Argument, Error, Result, quoted};
use crate::input::Source;
use crate::path::{components, directory_of};

/// How many links a name may lead through.
pub const MAX_LINKS: usize = 40;

/// Permissions of what is made, whatever the umask.
pub const DIRECTORY_MODE: u16 = 0o755;
const FILE_MODE: u16 = 0o644;

/// A place in the tree.
pub type NodeId = usize;

/// A file system tree that starts as an empty root directory.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    /// Whether there is a base, which directories may be in.
    has_base: bool,
}

/// A directory of which nobody has said what its permissions are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implied {
    /// It is made: with the default, or as it is in the base.
    Made,
    /// It has to be in the base.
    InBase,
}

/// A file, directory or link.
#[derive(Debug)]
pub struct Node {
    /// Its permissions, up to 0o7777.
    pub mode: u16,
    /// Whether these are for want of others.
    pub implied: Option<Implied>,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Debug)]
pub enum NodeKind {
    /// A directory and its entries by name.
    Directory(BTreeMap<Vec<u8>, NodeId>),
    /// A regular file.
    File(Source),
    /// A symbolic link and its target.
    Link(Vec<u8>),
}

const ROOT: NodeId = 0;

impl Tree {
    /// An empty root directory, upon a base if `has_base`.
    pub fn new(has_base: bool) -> Self {
        Tree {
            has_base,
            nodes: vec![Node {
                mode: DIRECTORY_MODE,
                implied: Some(Implied::Made),
                kind: NodeKind::Directory(BTreeMap::new()),
            }],
        }
    }

    /// The node `id`.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The entries of the root directory.
    pub fn root(&self) -> &BTreeMap<Vec<u8>, NodeId> {
        match &self.nodes[ROOT].kind {
            NodeKind::Directory(entries) => entries,
            _ => unreachable!("the root is a directory"),
        }
    }

    /// Makes the directory `name` and those above it that are missing, and
    /// returns it.  A file of that name is left as it is.
    pub fn make_directory(&mut self, name: &[u8]) -> Result<NodeId> {
        let mut links = 0;
        self.descend(ROOT, name, name, true, &mut links)
    }

    /// Sets the permissions of a node.
    pub fn set_mode(&mut self, id: NodeId, mode: u16) {
        self.nodes[id].mode = mode;
        self.nodes[id].implied = None;
    }

    /// Makes the file `name`, or replaces the content of the one that is
    /// there, a link followed.
    pub fn make_file(&mut self, name: &[u8], source: Source) -> Result<()> {
        let mut links = 0;
        let mut target = name.to_vec();
        loop {
            let (parent, last) = self.parent_of(&target, name, &mut links)?;
            match self.entry(parent, &last) {
                None => {
                    self.insert(parent, last, FILE_MODE, NodeKind::File(source));
                    return Ok(());
                }
                Some(id) => match &mut self.nodes[id].kind {
                    NodeKind::File(old) => {
                        *old = source;
                        return Ok(());
                    }
                    NodeKind::Directory(_) => {
                        return Err(problem(name, "a directory of that name is already there"));
                    }
                    NodeKind::Link(to) => {
                        target = link_target(directory_of(&target), to);
                        follow(&mut links, name)?;
                    }
                },
            }
        }
    }

    /// Makes the symbolic link `name`, in the place of a file or link that is
    /// there.
    pub fn make_link(&mut self, name: &[u8], target: &[u8]) -> Result<()> {
        let mut links = 0;
        let (parent, last) = self.parent_of(name, name, &mut links)?;
        let there = self.entry(parent, &last);
        if there.is_some_and(|id| matches!(self.nodes[id].kind, NodeKind::Directory(_))) {
            return Err(problem(name, "a directory of that name is already there"));
        }
        self.insert(parent, last, 0o777, NodeKind::Link(target.to_vec()));
        Ok(())
    }

    /// The directory that holds `name`, and its last component.
    fn parent_of(
        &mut self,
        name: &[u8],
        directive: &[u8],
        links: &mut usize,
    ) -> Result<(NodeId, Vec<u8>)> {
        let mut parts: Vec<&[u8]> = components(name).collect();
        let Some(last) = parts.pop().filter(|last| *last != b"..") else {
            return Err(problem(directive, "it does not lead to a file"));
        };
        let directory = self.descend(ROOT, &parts.join(&b'/'), directive, false, links)?;
        Ok((directory, last.to_vec()))
    }

    /// Follows `name` from the directory `start`, making what is missing if
    /// `make` is true.  `directive` is for messages.
    fn descend(
        &mut self,
        start: NodeId,
        name: &[u8],
        directive: &[u8],
        make: bool,
        links: &mut usize,
    ) -> Result<NodeId> {
        // The directories above, for "..", which link targets may contain.
        let mut above = vec![start];
        let mut pending: Vec<Vec<u8>> = components(name).map(<[u8]>::to_vec).collect();
        pending.reverse();
        let mut reached = start;
        while let Some(part) = pending.pop() {
            let NodeKind::Directory(entries) = &self.nodes[reached].kind else {
                return Err(problem(directive, "a file is where a directory must be"));
            };
            if part == b".." {
                if above.len() > 1 {
                    above.pop();
                }
                reached = above[above.len() - 1];
                continue;
            }
            let next = match entries.get(&part) {
                Some(&id) => id,
                None if make || self.has_base => {
                    let empty = NodeKind::Directory(BTreeMap::new());
                    let id = self.insert(reached, part, DIRECTORY_MODE, empty);
                    self.nodes[id].implied = Some(Implied::InBase);
                    id
                }
                None => {
                    return Err(problem(
                        directive,
                        "the directory above it is missing; make it by a directive before",
                    ));
                }
            };
            if let NodeKind::Link(target) = &self.nodes[next].kind {
                follow(links, directive)?;
                if target.starts_with(b"/") {
                    above.truncate(1);
                    reached = ROOT;
                }
                pending.extend(components(target).rev().map(<[u8]>::to_vec));
                continue;
            }
            if make && self.nodes[next].implied == Some(Implied::InBase) {
                self.nodes[next].implied = Some(Implied::Made);
            }
            reached = next;
            above.push(next);
        }
        if !make && !matches!(self.nodes[reached].kind, NodeKind::Directory(_)) {
            return Err(problem(directive, "a file is where a directory must be"));
        }
        Ok(reached)
    }

    fn entry(&self, directory: NodeId, name: &[u8]) -> Option<NodeId> {
        match &self.nodes[directory].kind {
            NodeKind::Directory(entries) => entries.get(name).copied(),
            _ => None,
        }
    }

    fn insert(&mut self, directory: NodeId, name: Vec<u8>, mode: u16, kind: NodeKind) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node {
            mode,
            implied: None,
            kind,
        });
        if let NodeKind::Directory(entries) = &mut self.nodes[directory].kind {
            entries.insert(name, id);
        }
        id
    }
}

/// What `target`, found in the link of a directory, names from the root.
pub fn link_target(directory: &[u8], target: &[u8]) -> Vec<u8> {
    if target.starts_with(b"/") {
        return target.to_vec();
    }
    [directory, b"/", target].concat()
}

fn follow(links: &mut usize, directive: &[u8]) -> Result<()> {
    *links += 1;
    if *links > MAX_LINKS {
        return Err(problem(directive, "it leads through too many links"));
    }
    Ok(())
}

fn problem(name: &[u8], what: &str) -> Error {
    Error::argument(
        Argument("extra_files"),
        format_args!("{}: {what}", quoted(name)),
    )
}
