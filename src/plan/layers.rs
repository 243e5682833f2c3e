// SPDX-License-Identifier: GPL-3.0-or-later

//! Splitting the files of an image into layers.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::member::{Kind, Member, Name};
use super::populate::{self, Made};
use super::tree::Tree;
use super::walk::{self, Found};
use crate::control::{Control, Monitor, lock};
use crate::error::{Argument, Error, Result, Status, quoted};
use crate::request::{Request, Transformation};
use crate::tar::{self, Owner};

/// What a layer holds, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything, in a single-layer image.
    Everything,
    /// Store items.
    Items,
    /// The extra files and the store database.
    Customization,
    /// The root file system.
    RootSystem,
}

/// One layer of the image.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it holds.
    pub role: Role,
    /// The paths of the request that are in it.
    pub items: Vec<Vec<u8>>,
    /// Its members in the order of the archive.
    pub members: Vec<Member>,
    /// Whether its members carry owner names.
    pub owner: Owner,
    /// The size of its archive in bytes.
    pub size: u64,
}

impl Layer {
    /// Whether the layer's archive is that of `other` if the contents of
    /// their files are the same.
    pub fn resembles(&self, other: &Self) -> bool {
        self.size == other.size
            && self.owner == other.owner
            && self.members.len() == other.members.len()
            && std::iter::zip(&self.members, &other.members).all(|(a, b)| a.resembles(b))
    }
}

/// Lists all files and puts them into layers.  `tree` is left out when the
/// request has a root system.
pub fn split(
    request: &Request,
    tree: &Tree,
    control: &Control,
    monitor: &mut Monitor,
) -> Result<Vec<Layer>> {
    let customize = |role, items: Vec<Vec<u8>>, found: Vec<Vec<Found>>| {
        let mut layer = Builder::new(request, role, Owner::Root);
        match &request.root_system {
            Some(root) => root_members(root, &mut layer, control)
                .map_err(|error| error.because_of(Argument::RootSystem))?,
            None => {
                for Made { name, mode, kind } in populate::list(tree) {
                    layer.push(name.into(), 0, mode, kind);
                }
                for found in found.into_iter().flatten() {
                    layer.push_found(found);
                }
            }
        }
        Ok(layer.finish(items))
    };
    let Some(max_layers) = request.max_layers else {
        // A root system takes the place of the paths.
        let paths: &[Vec<u8>] = match request.root_system {
            Some(_) => &[],
            None => &request.paths,
        };
        let found = walk_all(paths, request.threads, control, monitor)?;
        return Ok(vec![customize(Role::Everything, paths.to_vec(), found)?]);
    };
    let found = walk_all(&request.paths, request.threads, control, monitor)?;
    let mut layers = item_layers(request, found, max_layers);
    let role = match request.root_system {
        Some(_) => Role::RootSystem,
        None => Role::Customization,
    };
    layers.push(customize(role, Vec::new(), Vec::new())?);
    Ok(layers)
}

/// Layers for the paths, largest first; the last one takes all that is left
/// when each of the others has one path and the customization layer is
/// counted.
fn item_layers(request: &Request, found: Vec<Vec<Found>>, max_layers: usize) -> Vec<Layer> {
    let mut items: Vec<(Vec<u8>, Vec<Found>)> = request.paths.iter().cloned().zip(found).collect();
    items.sort_by_key(|(_, found)| Reverse(found.iter().map(|file| file.size).sum::<u64>()));
    let alone = if items.len() >= max_layers {
        max_layers - 2
    } else {
        items.len().saturating_sub(1)
    };
    let mut layers = Vec::new();
    let mut items = items.into_iter();
    while items.len() > 0 {
        let count = if layers.len() < alone { 1 } else { items.len() };
        let mut layer = Builder::new(request, Role::Items, Owner::Numeric);
        let mut paths = Vec::with_capacity(count);
        for (path, found) in items.by_ref().take(count) {
            found.into_iter().for_each(|file| layer.push_found(file));
            paths.push(path);
        }
        layers.push(layer.finish(paths));
    }
    layers
}

/// Walks `paths` on several threads.
fn walk_all(
    paths: &[Vec<u8>],
    threads: usize,
    control: &Control,
    monitor: &mut Monitor,
) -> Result<Vec<Vec<Found>>> {
    let next = AtomicUsize::new(0);
    let found: Vec<Mutex<Vec<Found>>> = paths.iter().map(|_| Mutex::default()).collect();
    control.run(threads.min(paths.len()).max(1), monitor, || {
        while let Some(index) =
            Some(next.fetch_add(1, Ordering::Relaxed)).filter(|i| *i < paths.len())
        {
            control.check()?;
            *lock(&found[index]) = walk::walk(&paths[index], control)
                .map_err(|error| error.because_of(Argument::Paths))?;
        }
        Ok(())
    })?;
    Ok(found
        .into_iter()
        .map(|files| std::mem::take(&mut *lock(&files)))
        .collect())
}

/// Adds what is in the root file system `root`, under names relative to it.
fn root_members(root: &[u8], layer: &mut Builder, control: &Control) -> Result<()> {
    let stat = rustix::fs::stat(root).map_err(|errno| walk::failure("examining", root, errno))?;
    if !rustix::fs::FileType::from_raw_mode(stat.st_mode).is_dir() {
        return Err(Error::new(
            Status::Input,
            format!("{} is not a directory", quoted(root)),
        ));
    }
    for name in walk::names(root)? {
        let top = walk::join(root, &name);
        let relative = top.len() - name.len();
        for Found {
            path, mode, kind, ..
        } in walk::walk(&top, control)?
        {
            if let Some(kind) = kind {
                layer.push(path, relative, mode, kind);
            }
        }
    }
    Ok(())
}

/// Gathers the members of a layer.
struct Builder<'a> {
    transformations: &'a [Transformation],
    layer: Layer,
}

impl<'a> Builder<'a> {
    fn new(request: &'a Request, role: Role, owner: Owner) -> Self {
        Builder {
            transformations: &request.transformations,
            layer: Layer {
                role,
                items: Vec::new(),
                members: Vec::new(),
                owner,
                size: 0,
            },
        }
    }

    /// Adds a file found on disk under its own name.
    fn push_found(&mut self, found: Found) {
        if let Some(kind) = found.kind {
            self.push(found.path, 0, found.mode, kind);
        }
    }

    /// Adds the file whose name is what there is of `path` from `start` on,
    /// unless a member's name made of it is empty.
    fn push(&mut self, path: Arc<[u8]>, start: usize, mode: u16, kind: Kind) {
        let name = self.member_name(path, start, matches!(kind, Kind::Directory));
        if name.is_empty() {
            return;
        }
        let mode = match self.layer.owner {
            Owner::Root => mode,
            Owner::Numeric => group_and_others_as_user(mode),
        };
        let member = Member {
            offset: self.layer.size,
            name,
            mode,
            kind,
        };
        self.layer.size = member.end();
        self.layer.members.push(member);
    }

    /// The name in the archive of the file whose name is what there is of
    /// `path` from `start` on.
    fn member_name(&self, path: Arc<[u8]>, start: usize, is_directory: bool) -> Name {
        let relative = path[start..].iter().position(|&byte| byte != b'/');
        let (path, start) = match relative {
            Some(slashes) => (path, start + slashes),
            // As GNU tar calls the root directory.
            None => (Arc::from(&b"."[..]), 0),
        };
        let transformed = Transformation::apply_all(self.transformations, &path[start..]);
        if transformed.is_none() && !is_directory {
            return Name::new(path, start);
        }
        let mut name = transformed.unwrap_or_else(|| path[start..].to_vec());
        if is_directory {
            while name.ends_with(b"/") {
                name.pop();
            }
            if !name.is_empty() {
                name.push(b'/');
            }
        }
        Name::new(name.into(), 0)
    }

    fn finish(mut self, items: Vec<Vec<u8>>) -> Layer {
        self.layer.items = items;
        self.layer.size = tar::archive_size(self.layer.size);
        self.layer
    }
}

/// `--mode=go+u,go-w`
fn group_and_others_as_user(mode: u16) -> u16 {
    let user = mode >> 6 & 0o7;
    (mode | user << 3 | user) & !0o022
}

#[cfg(test)]
mod tests {
    use super::group_and_others_as_user;

    #[test]
    fn modes_follow_the_user_but_for_writing() {
        for (mode, expected) in [
            (0o644, 0o644),
            (0o755, 0o755),
            (0o700, 0o755),
            (0o777, 0o755),
            (0o400, 0o444),
            (0o4711, 0o4755),
            (0o1777, 0o1755),
            (0o2070, 0o2050),
            (0, 0),
        ] {
            assert_eq!(group_and_others_as_user(mode), expected, "{mode:o}");
        }
    }
}
