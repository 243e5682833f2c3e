// SPDX-License-Identifier: GPL-3.0-or-later

//! Problems of a layer's members that show when the layer is applied.

use super::paths::{PathId, Paths};
use crate::request::Owner;

/// A file that has a problem.
#[derive(Clone, Copy)]
pub struct Subject<'a>(pub(super) Name<'a>);

/// Name of a file, which may be long to write.
#[derive(Clone, Copy)]
pub(super) enum Name<'a> {
    /// As it is in the archive.
    Member(&'a [u8]),
    Path(&'a Paths, PathId),
}

impl Subject<'_> {
    /// Returns the name of the member as it is in the archive, or the normalized path
    /// of a directory without one.
    pub fn name(&self) -> Vec<u8> {
        match self.0 {
            Name::Member(name) => name.to_vec(),
            Name::Path(paths, id) => paths.name(id),
        }
    }
}

/// A problem of one member.  Paths in it are normalized, targets of links are as
/// they are in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The name begins with a slash.
    LeadingSlash,
    /// The name has more ".." than directories.
    NameEscapes,
    /// The name is longer than engines can create below their storage.
    NameTooLong,
    /// A component of the name is longer than Linux allows.
    ComponentTooLong,
    /// The type of the member is unknown to engines.
    UnknownType(u8),
    /// The member is the root directory by name, but no directory.
    RootNotDirectory {
        /// True if the name begins with a slash.
        absolute: bool,
    },
    /// The layer has an earlier member of the same name.
    Duplicate,
    /// The symbolic link has no target.
    NoTarget,
    /// The target of the symbolic link is longer than Linux allows.
    TargetTooLong,
    /// The hard link's target is no earlier member of the layer.
    HardLinkMissing(Vec<u8>),
    /// The hard link's target is a directory.
    HardLinkToDirectory(Vec<u8>),
    /// The hard link's target has more ".." than directories.
    HardLinkEscapes(Vec<u8>),
    /// The hard link's target is deleted by a whiteout of the layer.
    HardLinkToWhiteout(Vec<u8>),
    /// The whiteout names no file.
    InvalidWhiteout,
    /// The whiteout has content, which engines do not keep.
    WhiteoutContent,
    /// The whiteout is of a path that the layer has by an earlier member.
    WhiteoutOfOwn(Vec<u8>),
    /// The whiteout is of a path that no lower layer has.
    WhiteoutOfNothing(Vec<u8>),
    /// The opaque whiteout is of the root directory, and there are lower layers.
    OpaqueRoot,
    /// The opaque whiteout is of a directory that neither the layer nor a lower one
    /// has.
    OpaqueNothing,
    /// The member is the character device 0:0.
    WhiteoutDevice,
    /// The member is below a path that the layer has deleted.
    BelowWhiteout(Vec<u8>),
    /// The member is below a path that is no directory in the layer.
    BelowFile(Vec<u8>),
    /// The member is below a symbolic link of the layer whose target is no
    /// directory of the layer.
    BelowDangling {
        /// Path of the link.
        link: Vec<u8>,
        /// Target of the link.
        target: Vec<u8>,
    },
    /// The member is below a symbolic link that leads above the root.
    BelowEscaping {
        /// Path of the link.
        link: Vec<u8>,
        /// Target of the link.
        target: Vec<u8>,
    },
    /// The member is below symbolic links that lead to each other, or too many.
    TooManyLinks,
    /// The member is below a symbolic link of a lower layer.
    BelowLowerLink {
        /// Path of the link.
        link: Vec<u8>,
        /// Target of the link.
        target: Vec<u8>,
    },
    /// The member is below a path that is no directory in a lower layer.
    BelowLowerFile(Vec<u8>),
    /// The member leads to the same file as an earlier one of another name.
    Overwrites,
    /// The member is no directory, and earlier members of the layer are below it.
    HidesOwn,
    /// The directory is below a path that a later member of the layer replaces.
    HiddenDirectory,
    /// The directory is deleted and made again by the layer, not opaque, and lower
    /// layers have files in it.
    MadeAgain,
    /// The directory has mode and owner in a lower layer and no member in this one,
    /// which has files in it.
    Implied {
        /// Mode in the lower layer.
        mode: u16,
        /// Owner in the lower layer.
        owner: Owner,
    },
}
