// SPDX-License-Identifier: GPL-3.0-or-later

//! One layer: its members, their names and their places.

use std::sync::Arc;

use super::member::{Member, Name};
use crate::format::gnu_tar::{self, OwnerNames};
use crate::input::{Kind, ScannedEntry};
use crate::request::{Request, Transformation};

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
    pub owner_names: OwnerNames,
    /// The size of its archive in bytes.
    pub size: u64,
}

impl Layer {
    /// Whether the layer's archive is that of `other` if the contents of
    /// their files are the same.
    pub fn resembles(&self, other: &Self) -> bool {
        self.size == other.size
            && self.owner_names == other.owner_names
            && self.members.len() == other.members.len()
            && std::iter::zip(&self.members, &other.members).all(|(a, b)| a.resembles(b))
    }
}

/// Gathers the members of a layer.
pub struct LayerBuilder<'a> {
    transformations: &'a [Transformation],
    layer: Layer,
}

impl<'a> LayerBuilder<'a> {
    /// A layer without members.
    pub fn new(request: &'a Request, role: Role, owner_names: OwnerNames) -> Self {
        LayerBuilder {
            transformations: &request.transformations,
            layer: Layer {
                role,
                items: Vec::new(),
                members: Vec::new(),
                owner_names,
                size: 0,
            },
        }
    }

    /// Adds a path of the request with all that is at and below it, under
    /// their own names.
    pub fn push_item(&mut self, (path, entries): (Vec<u8>, Vec<ScannedEntry>)) {
        for entry in entries {
            self.push(entry.path, 0, entry.mode, entry.kind);
        }
        self.layer.items.push(path);
    }

    /// Adds the file whose name is what there is of `path` from `start` on,
    /// unless a member's name made of it is empty.
    pub fn push(&mut self, path: Arc<[u8]>, start: usize, mode: u16, kind: Kind) {
        let name = self.member_name(path, start, matches!(kind, Kind::Directory));
        if name.is_empty() {
            return;
        }
        let mode = match self.layer.owner_names {
            OwnerNames::Root => mode,
            OwnerNames::None => group_and_others_as_user(mode),
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

    /// The layer, with its size.
    pub fn finish(mut self) -> Layer {
        self.layer.size = gnu_tar::archive_size(self.layer.size);
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
