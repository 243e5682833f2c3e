// SPDX-License-Identifier: GPL-3.0-or-later

//! What directives and the store database put into an image.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::layer::NewMember;
use super::tree::{NodeId, NodeKind, Tree};
use crate::error::{Argument, Error, Result, Status, quoted};
use crate::input::{self, FileSystem, Kind, Source};
use crate::job::Job;
use crate::path::directory_of;
use crate::request::{Directive, Request};

/// Where Guix keeps its database, profiles and garbage collector roots.
const DATABASE: &[u8] = b"/var/guix/db/db.sqlite";
const PROFILES: &[u8] = b"/var/guix/profiles";
const ROOTS: &[u8] = b"/var/guix/gcroots";
const ROOT_PROFILES: &[u8] = b"/var/guix/profiles/per-user/root";

/// What `request` puts into the image besides its paths: first by its
/// directives, in turn, then the database and the links that make its prefix
/// root's profile.  A directory comes before its entries, and entries are in
/// the order of their names' bytes; the root is left out.
pub fn entries(request: &Request, file_system: &FileSystem, job: &Job) -> Result<Vec<NewMember>> {
    let mut tree = Tree::new(request.layers.base.is_some());
    evaluate(request, &mut tree, job)?;
    if let Some(database) = &request.content.database {
        install_database(&mut tree, file_system, database, &request.content.prefix)?;
    }
    Ok(list(&tree))
}

fn evaluate(request: &Request, tree: &mut Tree, job: &Job) -> Result<()> {
    for directive in &request.content.extra_files {
        job.check()?;
        match directive {
            Directive::Directory { name, mode } => {
                let directory = tree.make_directory(name)?;
                if let Some(mode) = *mode {
                    tree.set_mode(directory, mode);
                }
            }
            Directive::File { name, content } => {
                tree.make_file(name, Source::Memory(Arc::clone(content)))?;
            }
            Directive::Link { name, target } => tree.make_link(name, target)?,
        }
    }
    Ok(())
}

fn install_database(
    tree: &mut Tree,
    file_system: &FileSystem,
    database: &[u8],
    profile: &[u8],
) -> Result<()> {
    let found = input::find(file_system, database)
        .map_err(|error| error.with_argument(Argument("database")))?;
    let Some(Kind::File(source)) = found.map(|found| found.kind) else {
        return Err(Error::new(
            Status::Input,
            format!("{} is not a regular file", quoted(database)),
        )
        .with_argument(Argument("database")));
    };
    tree.make_directory(directory_of(DATABASE))?;
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

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    [directory, b"/", name].concat()
}

fn list(tree: &Tree) -> Vec<NewMember> {
    let mut entries = Vec::new();
    let mut pending = Vec::new();
    push_entries(&mut pending, b"", tree.root());
    while let Some((name, id)) = pending.pop() {
        let node = tree.node(id);
        let kind = match &node.kind {
            NodeKind::Directory(below) => {
                push_entries(&mut pending, &name, below);
                Kind::Directory
            }
            NodeKind::File(source) => Kind::File(source.clone()),
            NodeKind::Link(target) => Kind::Link(target.as_slice().into()),
        };
        entries.push(NewMember {
            path: name.into(),
            start: 0,
            mode: node.mode,
            implied: node.implied,
            kind,
            xattrs: None,
        });
    }
    entries
}

/// Pushes what is in a directory, the first one last.
fn push_entries(
    pending: &mut Vec<(Vec<u8>, NodeId)>,
    directory: &[u8],
    entries: &BTreeMap<Vec<u8>, NodeId>,
) {
    for (name, &id) in entries.iter().rev() {
        let name = match directory {
            b"" => name.clone(),
            _ => join(directory, name),
        };
        pending.push((name, id));
    }
}
