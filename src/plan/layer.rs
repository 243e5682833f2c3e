// SPDX-License-Identifier: GPL-3.0-or-later

//! One layer: its members, their names and their places.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::conflicts;
use super::member::{Member, Name};
use super::tree::{DIRECTORY_MODE, Implied};
use crate::digest::Digest;
use crate::error::{Argument, Error, Result, Status, quoted};
use crate::image::BaseLayer;
use crate::input::{Kind, ScannedEntry};
use crate::job::Job;
use crate::memory;
use crate::path::{WHITEOUT, absolute, ancestors, clean, components};
use crate::request::{Modes, Ownership, Request, Transformation, Whiteouts};
use crate::tar::{self, Owner, OwnerNames, Xattr};

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
    /// What another image has.
    Base,
}

/// A path of the request.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// The path.
    #[serde(serialize_with = "as_text")]
    pub path: Vec<u8>,
    /// The size in bytes of its members in the archive.
    pub size: u64,
}

/// Writes a path as text, with replacement characters for what is not UTF-8.
fn as_text<S: Serializer>(path: &[u8], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(path))
}

/// One layer of the image.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it holds.
    pub role: Role,
    /// The paths of the request that are in it.
    pub items: Vec<Item>,
    /// Its members in the order of the archive.
    pub members: Vec<Member>,
    /// Whether its members carry owner names.
    pub owner_names: OwnerNames,
    /// The size of its archive in bytes.
    pub size: u64,
    /// In OCI images, what tells it from others without reading its files.
    pub fingerprint: Option<Digest>,
    /// The layer as it is in another image, if it is from there: it has no
    /// members.
    pub base: Option<BaseLayer>,
}

impl From<BaseLayer> for Layer {
    fn from(base: BaseLayer) -> Self {
        Layer {
            role: Role::Base,
            items: Vec::new(),
            members: Vec::new(),
            owner_names: OwnerNames::None,
            size: base.size,
            fingerprint: None,
            base: Some(base),
        }
    }
}

impl Layer {
    /// Whether the layer's archive may be that of `other`: it is if the contents
    /// of their files are the same.
    pub fn resembles(&self, other: &Self) -> bool {
        if self.base.is_some() || other.base.is_some() {
            return self.size == other.size;
        }
        self.size == other.size
            && self.owner_names == other.owner_names
            && self.members.len() == other.members.len()
            && std::iter::zip(&self.members, &other.members).all(|(a, b)| a.resembles(b))
    }
}

/// What holds for all layers of an image.
pub struct Rules<'a> {
    /// What the image is made for.
    pub request: &'a Request,
    /// Whether the build goes on.
    pub job: &'a Job,
    /// The permissions of directories above a path that are in another one.
    pub parents: BTreeMap<Vec<u8>, u16>,
    /// Whether members may have the same name.
    pub may_conflict: bool,
}

/// Gathers the members of a layer.
pub struct LayerBuilder<'a> {
    rules: &'a Rules<'a>,
    request: &'a Request,
    layer: Layer,
}

/// A file that becomes a member.
#[derive(Clone)]
pub struct NewMember {
    /// Its name, or what its name is the end of.
    pub path: Arc<[u8]>,
    /// Where in that its name begins.
    pub start: usize,
    /// Its permissions.
    pub mode: u16,
    /// Whether these are for want of others.
    pub implied: Option<Implied>,
    /// What it is.
    pub kind: Kind,
    /// Its extended attributes.
    pub xattrs: Option<Arc<Vec<Xattr>>>,
}

impl NewMember {
    /// A file of this machine, whose name begins at `start`.
    pub fn from_disk(entry: ScannedEntry, start: usize) -> Self {
        NewMember {
            path: entry.path,
            start,
            mode: entry.mode,
            implied: None,
            kind: entry.kind,
            xattrs: entry.xattrs,
        }
    }

    /// Returns the part of the path that the name is made of.
    pub fn name(&self) -> &[u8] {
        &self.path[self.start..]
    }

    /// The directory `name`, of these permissions if they are known.
    fn directory(name: &[u8], mode: Option<u16>) -> Self {
        NewMember {
            path: name.into(),
            start: 0,
            mode: mode.unwrap_or(DIRECTORY_MODE),
            implied: mode.is_none().then_some(Implied::Made),
            kind: Kind::Directory,
            xattrs: None,
        }
    }
}

impl<'a> LayerBuilder<'a> {
    /// A layer without members.
    pub fn new(rules: &'a Rules, role: Role, owner_names: OwnerNames) -> Self {
        LayerBuilder {
            rules,
            request: rules.request,
            layer: Layer {
                role,
                items: Vec::new(),
                members: Vec::new(),
                owner_names,
                size: 0,
                fingerprint: None,
                base: None,
            },
        }
    }

    /// Adds the directories above `paths`, as far as they are wanted, with the
    /// permissions that they have elsewhere, or 0755.
    pub fn push_parents<'b>(&mut self, paths: impl Iterator<Item = &'b [u8]>) -> Result<()> {
        if !self.request.layers.parent_directories {
            return Ok(());
        }
        let mut parents = BTreeSet::new();
        for path in paths {
            parents.extend(ancestors(&clean(path)).map(<[u8]>::to_vec));
        }
        for parent in parents {
            let mode = self.rules.parents.get(&parent).copied();
            self.push(NewMember::directory(&parent, mode))?;
        }
        Ok(())
    }

    /// Adds a path of the request with all that is at and below it, under
    /// their own names.
    pub fn push_item(&mut self, (path, entries): (Vec<u8>, Vec<ScannedEntry>)) -> Result<()> {
        let first = self.layer.members.len();
        if self.request.content.whiteouts == Whiteouts::Refuse {
            // The directories above are no members: the first one's whole name
            // is looked at.
            if let Some(entry) = entries.first() {
                let (name, _) = self.member_name(&entry.path, 0, false);
                refuse_whiteouts(&name)?;
            }
        }
        for entry in entries {
            self.push(NewMember::from_disk(entry, 0))?;
        }
        // Their offsets are 0 as yet.
        let size = self.layer.members[first..].iter().map(Member::end).sum();
        self.layer.items.push(Item { path, size });
        Ok(())
    }

    /// Adds a file, unless the name that a member made of it has is empty.
    pub fn push(&mut self, file: NewMember) -> Result<()> {
        let NewMember {
            path,
            start,
            mode,
            implied,
            kind,
            xattrs,
        } = file;
        let (name, is_new) = self.member_name(&path, start, matches!(kind, Kind::Directory));
        if name.is_empty() {
            return Ok(());
        }
        if is_new {
            check_new_name(&name, &path, matches!(kind, Kind::Directory))?;
        }
        if self.request.content.whiteouts == Whiteouts::Refuse {
            match is_new {
                true => refuse_whiteouts(&name)?,
                // Those above are members, or were looked at.
                false => refuse_whiteout(last_component(&name), &name)?,
            }
        }
        let owner = match self.request.content.ownership.as_slice() {
            [] => Owner::default(),
            ownership => Ownership::owner_of(ownership, &clean(&name)),
        };
        let follows_user =
            self.layer.owner_names == OwnerNames::None && self.request.content.modes == Modes::Guix;
        let mode = match follows_user {
            true => group_and_others_as_user(mode),
            false => mode,
        };
        let mut member = Member {
            offset: 0,
            headers_size: 0,
            name,
            mode,
            implied,
            owner,
            kind,
            xattrs,
            origin: is_new.then_some(path),
        };
        member.measure();
        memory::push(&mut self.layer.members, member)?;
        self.rules.job.check()
    }

    /// The name in the archive of the file whose name is what there is of
    /// `path` from `start` on, and whether transformations have made it.
    fn member_name(&self, path: &Arc<[u8]>, start: usize, is_directory: bool) -> (Name, bool) {
        let relative = path[start..].iter().position(|&byte| byte != b'/');
        let (path, start) = match relative {
            Some(slashes) => (Arc::clone(path), start + slashes),
            // As GNU tar calls the root directory.
            None => (Arc::from(&b"."[..]), 0),
        };
        let transformed =
            Transformation::apply_all(&self.request.content.transformations, &path[start..]);
        let is_new = transformed.is_some();
        if !is_new && !is_directory {
            return (Name::new(path, start), is_new);
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
        (Name::new(name.into(), 0), is_new)
    }

    /// The layer, with its members in their places.  Those of one name become
    /// one if there may be any.
    pub fn finish(self) -> Result<Layer> {
        let mut layer = self.layer;
        if self.rules.may_conflict {
            layer.members = conflicts::merge(layer.members, self.rules.job)?;
        }
        for member in &mut layer.members {
            member.offset = layer.size;
            layer.size = member.end();
        }
        layer.size = tar::archive_size(layer.size);
        Ok(layer)
    }
}

/// Fails if transformations have made a `name` of that of the file `path` that
/// leads out of the image, or to its root.
fn check_new_name(name: &[u8], path: &[u8], is_directory: bool) -> Result<()> {
    let leads_up = name.split(|&byte| byte == b'/').any(|part| part == b"..");
    if !leads_up && (is_directory || components(name).next().is_some()) {
        return Ok(());
    }
    Err(Error::argument(
        Argument("transformations"),
        format_args!(
            "{} would be called {} in the image",
            quoted(path),
            quoted(name)
        ),
    ))
}

/// The last component of a name, with the slash that a directory's ends in.
fn last_component(name: &[u8]) -> &[u8] {
    let name_only = name.strip_suffix(b"/").unwrap_or(name);
    let slash = name_only.iter().rposition(|&byte| byte == b'/');
    &name[slash.map_or(0, |slash| slash + 1)..]
}

/// As [`refuse_whiteout`], for all parts of `name`.
fn refuse_whiteouts(name: &[u8]) -> Result<()> {
    components(name).try_for_each(|part| refuse_whiteout(part, name))
}

/// Fails if a `part` of a member's `name` says to engines that something is to
/// be deleted from the layers below.
fn refuse_whiteout(part: &[u8], name: &[u8]) -> Result<()> {
    if !part.starts_with(WHITEOUT) {
        return Ok(());
    }
    Err(Error::new(
        Status::Input,
        format!(
            "engines would take {} for a whiteout, by its name, and delete what is below it; \
             rename or leave out the file, or allow whiteouts",
            quoted(&absolute(name))
        ),
    ))
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
