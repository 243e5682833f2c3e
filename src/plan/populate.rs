// SPDX-License-Identifier: GPL-3.0-or-later

//! What directives and the store database put into an image.

use super::member::{Kind, Source};
use super::tree::{Content, NodeId, Tree};
use super::walk::{self, join};
use crate::error::{Argument, Error, Result, Status, quoted};
use crate::request::{Directive, Request};

/// Where Guix keeps its database, profiles and garbage collector roots.
const DATABASE: &[u8] = b"/var/guix/db/db.sqlite";
const PROFILES: &[u8] = b"/var/guix/profiles";
const ROOTS: &[u8] = b"/var/guix/gcroots";
const ROOT_PROFILES: &[u8] = b"/var/guix/profiles/per-user/root";

/// Makes the tree that `request` describes: first its directives, in turn,
/// then the database and the links that make its prefix root's profile.
pub fn populate(request: &Request) -> Result<Tree> {
    let mut tree = Tree::new();
    for directive in &request.extra_files {
        match directive {
            Directive::Directory { name, mode } => {
                let directory = tree.make_directory(name)?;
                if let Some(mode) = *mode {
                    tree.set_mode(directory, mode);
                }
            }
            Directive::File { name, content } => {
                tree.make_file(name, Source::Memory(content.as_slice().into()))?;
            }
            Directive::Link { name, target } => tree.make_link(name, target)?,
        }
    }
    if let Some(database) = &request.database {
        install_database(&mut tree, database, &request.prefix)?;
    }
    Ok(tree)
}

fn install_database(tree: &mut Tree, database: &[u8], profile: &[u8]) -> Result<()> {
    let found = walk::find(database).map_err(|error| error.because_of(Argument::Database))?;
    let Some(Kind::File(source)) = found.kind else {
        return Err(Error::new(
            Status::Input,
            format!("{} is not a regular file", quoted(database)),
        )
        .because_of(Argument::Database));
    };
    tree.make_directory(super::tree::directory_of(DATABASE))?;
    tree.make_file(DATABASE, source)?;
    tree.make_directory(PROFILES)?;
    tree.make_directory(ROOTS)?;
    tree.make_link(&join(ROOTS, b"profiles"), PROFILES)?;
    tree.make_directory(ROOT_PROFILES)?;
    tree.make_link(&join(ROOT_PROFILES, b"guix-profile-1-link"), profile)?;
    tree.make_link(
        &join(ROOT_PROFILES, b"guix-profile"),
        b"guix-profile-1-link",
    )
}

/// A file of a tree, as it goes into a layer.
pub struct Made {
    /// Its name from the root, without a leading slash.
    pub name: Vec<u8>,
    /// Its permissions.
    pub mode: u16,
    /// What it is.
    pub kind: Kind,
}

/// Lists a tree as [`walk::walk`] lists a directory, the root left out.
pub fn list(tree: &Tree) -> Vec<Made> {
    let mut pending: Vec<(Vec<u8>, NodeId)> = Vec::new();
    let mut made = Vec::new();
    let push =
        |pending: &mut Vec<_>, directory: &[u8], entries: &std::collections::BTreeMap<_, _>| {
            for (name, &id) in entries.iter().rev() {
                let name: &Vec<u8> = name;
                let name = match directory {
                    b"" => name.clone(),
                    _ => join(directory, name),
                };
                pending.push((name, id));
            }
        };
    push(&mut pending, b"", tree.root());
    while let Some((name, id)) = pending.pop() {
        let node = tree.node(id);
        let kind = match &node.content {
            Content::Directory(entries) => {
                push(&mut pending, &name, entries);
                Kind::Directory
            }
            Content::File(source) => Kind::File(source.clone()),
            Content::Link(target) => Kind::Link(target.as_slice().into()),
        };
        made.push(Made {
            name,
            mode: node.mode,
            kind,
        });
    }
    made
}
