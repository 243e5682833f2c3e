// SPDX-License-Identifier: GPL-3.0-or-later

//! The file system that an image's layers make, as container engines see it.
//!
//! The rules are those of the OCI Image Layer Filesystem Changeset ("Applying
//! Changesets", "Whiteouts"), and where it is silent those of engines.  Engines
//! extract layers in one of two ways:
//!
//! - docker, podman and containerd extract each layer into an empty directory and
//!   put an overlay file system over all of them.  Links of the layer itself are
//!   followed, within the layer; a directory that a member implies hides a link of
//!   a lower layer, and takes mode and owner anew.  A whiteout cannot be made where
//!   the layer has a file, nor a file below a whiteout.
//! - umoci and drivers without an overlay extract all layers into one directory and
//!   follow links of lower layers, too.  A whiteout spares what its layer has.
//!
//! [`Overlay`] applies the first way, and reports as a [`Problem`] where an engine
//! fails, or the two ways lead to different files.  Where they differ, a path may be
//! [`Found::Either`].  File contents are not read.
//!
//! Names are untrusted: memory is bounded by an [`Allowance`], and time is linear in
//! the bytes of names, and of targets as far as links are followed.

mod allowance;
mod apply;
mod changes;
mod paths;
mod problem;
#[cfg(test)]
mod tests;

pub use allowance::Allowance;
pub use changes::Changes;
pub use problem::{Problem, Subject};

use self::paths::{PathId, Paths, ROOT};
use crate::error::Result;
use crate::memory;
use crate::path::components;
use crate::tar::Owner;

/// Marks a path without extra facts.
const NONE: u32 = u32::MAX;

/// Mode and owner that engines give to directories without a member.
const IMPLIED: (u16, Owner) = (0o755, Owner { uid: 0, gid: 0 });

/// Kind of a file in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A directory, with mode and owner unless only members below imply it.
    Directory(Option<(u16, Owner)>),
    /// A symbolic link, with its target.
    Link(&'a [u8]),
    /// A regular file, device or pipe.
    File,
    /// A directory in some engines, and in others a symbolic link with this target,
    /// or a file.
    Either(Option<&'a [u8]>),
}

/// Files of an image, from the lowest layer up to the last one applied.
pub struct Overlay {
    paths: Paths,
    states: Vec<State>,
    extras: Vec<Extra>,
    targets: Vec<u8>,
    allowance: Allowance,
    /// Number of changes so far, and more for each layer.
    clock: u32,
    /// Number of the last layer.
    layer: u32,
    /// Bytes of paths that may still be walked behind symbolic links.
    walks: u64,
}

/// Kind of a path in the lower layers and the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Absent,
    Directory,
    Link,
    File,
    /// See [`Found::Either`].
    Either,
}

/// Kind of a path in the current layer alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    Absent,
    /// A directory without a member.
    Implied,
    Directory,
    Link,
    File,
    Whiteout,
}

/// State of a path.  It counts only if it was set after the last time that a
/// directory above was cleared.
#[derive(Clone, Copy)]
struct State {
    kind: Kind,
    own: Own,
    /// True if the directory had entries since it was cleared.
    filled: bool,
    /// Time at which `kind` and `own` were set.
    set: u32,
    own_set: u32,
    /// Time up to which the states of all paths below are void.
    cleared: u32,
    /// Index into `extras`.
    extra: u32,
    /// Layer that last had a member of this name, in the bits above [`SEEN_BITS`],
    /// and the forms that the name had.
    seen: u32,
}

/// Bits of [`State::seen`]: relative and absolute names, which engines do not take
/// for duplicates of each other.
const SEEN_BITS: u32 = 2;

/// Further facts on a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extra {
    Attributes(u16, Owner),
    /// Range of `targets`.
    Target {
        start: u32,
        length: u16,
    },
}

impl Default for State {
    fn default() -> Self {
        State {
            kind: Kind::Absent,
            own: Own::Absent,
            filled: false,
            set: 0,
            own_set: 0,
            cleared: 0,
            extra: NONE,
            seen: 0,
        }
    }
}

impl Overlay {
    /// Returns an image without layers, whose names may take `allowance`.
    pub fn new(allowance: Allowance) -> Self {
        let root = State {
            kind: Kind::Directory,
            set: u32::MAX,
            ..State::default()
        };
        Overlay {
            paths: Paths::new(),
            states: vec![root],
            extras: Vec::new(),
            targets: Vec::new(),
            allowance,
            clock: 0,
            layer: 0,
            walks: apply::FREE_WALKS,
        }
    }

    /// Returns a record for the changes of one layer of this image.
    pub fn changes(&self) -> Changes {
        Changes::new(&self.allowance)
    }

    /// Returns the kind of the file at a normalized path, links not followed; `None`
    /// if there is none, and for the root.
    pub fn get(&self, path: &[u8]) -> Option<Found<'_>> {
        let (_, found) = self
            .along(path)
            .find(|(above, _)| above.len() == path.len())?;
        Some(found)
    }

    /// Iterates over a normalized path and the paths above it, from below the root as
    /// far as they are in the image.
    pub fn along<'a, 'b>(&'a self, path: &'b [u8]) -> impl Iterator<Item = (&'b [u8], Found<'a>)> {
        let (mut id, mut cleared, mut end) = (ROOT, 0, 0);
        components(path).map_while(move |component| {
            cleared = cleared.max(self.states[id as usize].cleared);
            id = self.paths.child(id, component)?;
            end += usize::from(end > 0) + component.len();
            Some((&path[..end], self.found(id, cleared)?))
        })
    }

    /// Describes a path below directories that were cleared at the time given.
    fn found(&self, id: PathId, cleared: u32) -> Option<Found<'_>> {
        let extra = self.extra(self.states[id as usize].extra);
        let target = match extra {
            Some(Extra::Target { start, length }) => {
                Some(&self.targets[start as usize..][..length.into()])
            }
            _ => None,
        };
        match self.kind(id, cleared) {
            Kind::Absent => None,
            Kind::Directory => Some(Found::Directory(match extra {
                Some(Extra::Attributes(mode, owner)) => Some((mode, owner)),
                _ => None,
            })),
            Kind::Link => Some(Found::Link(target.unwrap_or_default())),
            Kind::File => Some(Found::File),
            Kind::Either => Some(Found::Either(target)),
        }
    }

    /// Kind of a path, below directories that were cleared at the time given.
    fn kind(&self, id: PathId, cleared: u32) -> Kind {
        let state = &self.states[id as usize];
        match state.set.max(state.own_set) > cleared {
            true => state.kind,
            false => Kind::Absent,
        }
    }

    fn extra(&self, index: u32) -> Option<Extra> {
        self.extras.get(index as usize).copied()
    }

    /// Adds a path to those known.
    fn add(&mut self, parent: PathId, component: &[u8]) -> Result<PathId> {
        let id = self.paths.add(parent, component, &self.allowance)?;
        while self.states.len() < self.paths.len() {
            memory::push(&mut self.states, State::default())?;
        }
        Ok(id)
    }

    fn add_extra(&mut self, extra: Extra) -> Result<u32> {
        // Most directories are like the one before.
        if self.extras.last() != Some(&extra) {
            self.allowance.take(size_of::<Extra>())?;
            memory::push(&mut self.extras, extra)?;
        }
        u32::try_from(self.extras.len() - 1).map_err(|_| Allowance::exhausted())
    }

    fn add_target(&mut self, target: &[u8]) -> Result<u32> {
        self.allowance.take(target.len())?;
        memory::make_room_to_grow(&mut self.targets, target.len())?;
        let start = u32::try_from(self.targets.len()).map_err(|_| Allowance::exhausted())?;
        self.targets.extend_from_slice(target);
        self.add_extra(Extra::Target {
            start,
            length: target.len() as u16,
        })
    }
}
