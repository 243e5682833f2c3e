// SPDX-License-Identifier: GPL-3.0-or-later

//! Problems of a layer's members that show when the layer is applied.

use std::fmt;

use super::paths::{PathId, Paths};
use crate::error::quoted;
use crate::image::header::MemberOddity;
use crate::tar::Owner;

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
    /// A part of the member is refused, or stored otherwise.
    Odd(MemberOddity),
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

impl Problem {
    /// Returns true if docker 20.10 or 28, podman 4.3 or 5.8, or umoci refuses the
    /// layer.
    pub fn is_refused(&self) -> bool {
        matches!(
            self,
            Problem::NameEscapes
                | Problem::NameTooLong
                | Problem::ComponentTooLong
                | Problem::UnknownType(_)
                | Problem::Odd(MemberOddity::Capability | MemberOddity::XattrName)
                | Problem::RootNotDirectory { absolute: true }
                | Problem::Duplicate
                | Problem::NoTarget
                | Problem::TargetTooLong
                | Problem::HardLinkMissing(_)
                | Problem::HardLinkToDirectory(_)
                | Problem::HardLinkEscapes(_)
                | Problem::InvalidWhiteout
                | Problem::WhiteoutOfOwn(_)
                | Problem::BelowWhiteout(_)
                | Problem::BelowFile(_)
                | Problem::BelowDangling { .. }
                | Problem::BelowEscaping { .. }
                | Problem::TooManyLinks
                | Problem::HiddenDirectory
        )
    }

    /// Describes the problem without the file's particulars.
    pub fn kind(&self) -> &'static str {
        match self {
            Problem::LeadingSlash => "name begins with a slash, which engines strip",
            Problem::NameEscapes => "name escapes the root by \"..\"",
            Problem::NameTooLong => {
                "name is too long for the directories where engines keep layers"
            }
            Problem::ComponentTooLong => "component of the name is longer than 255 bytes",
            Problem::Odd(MemberOddity::Capability) => {
                "capability is none that Linux knows; docker and podman refuse the layer"
            }
            Problem::Odd(MemberOddity::XattrName) => {
                "extended attribute is of no kind that Linux knows; docker refuses the layer"
            }
            Problem::Odd(MemberOddity::Owner) => {
                "owner or group is beyond the numbers that Linux has; engines store another one"
            }
            Problem::RootNotDirectory { .. } => {
                "name is the root's, but the type is no directory's"
            }
            Problem::Duplicate => "twice in the layer; docker and podman refuse duplicate names",
            Problem::NoTarget => "symbolic link without a target",
            Problem::TargetTooLong => "target of the symbolic link is longer than 4095 bytes",
            Problem::InvalidWhiteout => "whiteout without the name of a file",
            Problem::WhiteoutContent => {
                "whiteout with content: docker and podman load the image, but do not save or push it"
            }
            Problem::OpaqueRoot => {
                "opaque whiteout of the root: umoci deletes all files of lower layers, docker and \
                 podman none"
            }
            Problem::OpaqueNothing => {
                "opaque whiteout of what is in no lower layer: docker and podman make a directory"
            }
            Problem::WhiteoutDevice => {
                "character device 0:0, which docker and podman take for a whiteout"
            }
            Problem::TooManyLinks => "below too many levels of symbolic links",
            Problem::Overwrites => "overwrites a file that the layer has by another name",
            Problem::HidesOwn => "replaces a directory of the same layer; earlier members are lost",
            Problem::HiddenDirectory => {
                "directory below a path that a later member of the layer replaces"
            }
            Problem::MadeAgain => {
                "deleted and made again by the layer: docker and podman keep files of lower layers in \
                 it, umoci deletes them"
            }
            Problem::UnknownType(_) => "member type is none that engines know",
            Problem::HardLinkMissing(_) => "hard link to what is in no earlier member of the layer",
            Problem::HardLinkToDirectory(_) => "hard link to a directory",
            Problem::HardLinkEscapes(_) => "hard link that escapes the root",
            Problem::HardLinkToWhiteout(_) => "hard link to a file that the layer deletes",
            Problem::WhiteoutOfOwn(_) => "whiteout of a path that the same layer has",
            Problem::WhiteoutOfNothing(_) => "deletion (whiteout) of what is in no lower layer",
            Problem::BelowWhiteout(_) => "below a path that the same layer deletes",
            Problem::BelowFile(_) => "below a path that is no directory in the same layer",
            Problem::BelowDangling { .. } => {
                "below a symbolic link whose target is no directory in the same layer"
            }
            Problem::BelowEscaping { .. } => "below a symbolic link that escapes the root",
            Problem::BelowLowerLink { .. } => "below a symbolic link in a lower layer",
            Problem::BelowLowerFile(_) => "below a file of a lower layer",
            Problem::Implied { .. } => {
                "no member in this layer for a directory, whose mode and owner docker and podman reset"
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Problem::HardLinkMissing(target) => format!(
                "hard link to {}, which is in no earlier member of the layer",
                quoted(target)
            ),
            Problem::HardLinkToDirectory(target) => {
                format!("hard link to {}, which is a directory", quoted(target))
            }
            Problem::HardLinkEscapes(target) => {
                format!("hard link to {}, which escapes the root", quoted(target))
            }
            Problem::HardLinkToWhiteout(target) => format!(
                "hard link to {}, which the layer deletes: docker and podman delete this file, too",
                quoted(target)
            ),
            Problem::WhiteoutOfOwn(path) => {
                format!("whiteout of {}, which the same layer has", quoted(path))
            }
            Problem::WhiteoutOfNothing(path) => format!(
                "deletion (whiteout) of {}, which is in no lower layer; engines store no file of this name",
                quoted(path)
            ),
            Problem::BelowWhiteout(path) => format!(
                "below {}, which the same layer deletes without a member for the directory",
                quoted(path)
            ),
            Problem::BelowFile(path) => format!(
                "below {}, which is no directory in the same layer",
                quoted(path)
            ),
            Problem::BelowDangling { link, target } => format!(
                "below {}, a symbolic link to {}, which is no directory in the same layer",
                quoted(link),
                quoted(target)
            ),
            Problem::BelowEscaping { link, target } => format!(
                "below {}, a symbolic link to {}, which escapes the root",
                quoted(link),
                quoted(target)
            ),
            Problem::BelowLowerLink { link, target } => format!(
                "below {}, a symbolic link to {} in a lower layer: docker and podman replace the link \
                 by a directory, umoci follows it",
                quoted(link),
                quoted(target)
            ),
            Problem::BelowLowerFile(path) => format!(
                "below {}, a file of a lower layer, which a directory replaces",
                quoted(path)
            ),
            Problem::Implied { mode, owner } => format!(
                "no member in this layer for the directory: docker and podman reset mode {mode:o}, \
                 owner {}:{} to 755, 0:0",
                owner.uid, owner.gid
            ),
            Problem::UnknownType(b'S') => {
                "sparse file in GNU tar's old format, which engines refuse; make the layer without \
                 --sparse, or with --format=posix"
                    .to_owned()
            }
            Problem::UnknownType(kind) => {
                format!("member type {} is none that engines know", quoted(&[*kind]))
            }
            _ => self.kind().to_owned(),
        };
        f.write_str(&text)
    }
}
