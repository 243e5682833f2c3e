// SPDX-License-Identifier: GPL-3.0-or-later

//! Arguments that are one of a few words.

/// How the image is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A Docker archive, as Guix makes it.
    #[default]
    DockerArchive,
    /// An archive that is an OCI image layout, and a Docker archive too.
    OciArchive,
    /// A directory that is an OCI image layout, of this and of other images.
    Oci,
}

/// Which paths share a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layering {
    /// The largest have layers of their own, as Guix has it.
    #[default]
    Size,
    /// What others refer to is in the lower layers.
    References,
}

/// What the `history` member of the image's configuration holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// One entry a layer, saying what the layer holds.  In a single-layer
    /// image, the entry of Guix 1.5.0.
    #[default]
    Layers,
    /// One entry however many layers there are, as Guix 1.5.0 writes it.
    One,
    /// No such member, as before Guix 1.5.0.
    None,
}

/// What becomes of names that begin with `.wh.`, by which layers say what is
/// to be deleted from those below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whiteouts {
    /// They are an error.
    #[default]
    Refuse,
    /// They are files like others: engines delete what they name.
    Allow,
}

/// The permissions of what is on disk, in layers of paths of layered images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Modes {
    /// Group and others may do what the user may, but for writing, as Guix
    /// has it: `go+u,go-w`.
    #[default]
    Reference,
    /// They are as on disk.
    Keep,
}

/// What becomes of extended attributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Xattrs {
    /// They are left out.
    #[default]
    Drop,
    /// Those of users, and capabilities, are kept.
    Keep,
}

/// How keys in the configuration are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConfigKeys {
    /// `env` and `entrypoint`, as Guix has them.
    #[default]
    Reference,
    /// `Env` and `Entrypoint`, as the specification has them.
    Spec,
}
