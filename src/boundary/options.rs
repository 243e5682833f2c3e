// SPDX-License-Identifier: GPL-3.0-or-later

//! Structures that C callers fill in.

use std::ffi::{c_char, c_void};

use super::layout::{Structure, structure, zeros};
use super::progress::Progress;

/// `creation_time` for the time of the call.
pub const NOW: i64 = i64::MIN;

/// `mode` of a directory without permissions.
pub const NO_PERMISSIONS: u32 = 0o10000;

/// Image to build.
///
/// Strings end in a NUL.  File names are bytes in no particular encoding, and other
/// text is UTF-8.  A list is an array of pointers and its length; NULL with a length
/// of 0 is an empty list.  All that the structure points to belongs to the caller and
/// need live only for the call.
///
/// Each structure begins with its size, and later versions append members, which are 0
/// or NULL by default.  So a program runs with every later library as it is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Options {
    /// Size of the structure in bytes; set by `guix_docker_options_init`.
    pub struct_size: u32,

    /// Descriptor that the image is written to instead of the file `image`, which is
    /// NULL then.  Default: -1, none.  The descriptor may be that of a pipe, a socket
    /// or a file, gets the same bytes as a file would, and is not closed.
    pub image_fd: i32,
    /// File to write, or in `GUIX_DOCKER_FORMAT_OCI` the directory.  Required, unless
    /// there is an `image_fd`.
    pub image: *const c_char,
    /// Format of the image: one of `enum guix_docker_format`.
    pub format: u32,
    /// 1 for the report to have the digest of the archive, for which a file is read
    /// again, or 0; a directory has none.
    pub archive_digest: u32,
    /// Words of a command that compresses from its standard input to its standard
    /// output, such as "xz", "-9"; it is run without a shell.  `gzip` and `pigz` at
    /// levels -1 to -9 and `zstd` at levels -1 to -19, perhaps with --long, are not
    /// run: the library does their work itself.  "none" stands for no compression,
    /// which is the default.  In OCI formats each layer is compressed by itself, by one
    /// of these, zstd without --long; the default there is "gzip".
    pub compressor: *const *const c_char,
    /// Number of words.
    pub compressor_count: usize,

    /// Store items, or other files and directories, that go into the image with
    /// all files below them, under their own absolute names.  In a layer, directories
    /// of one name become one, and the last of several files of one name stays; across
    /// layers, engines take the upper one's.  A directory and a file of one name are
    /// an error, and so is a file below a link.
    pub paths: *const *const c_char,
    /// Number of paths.
    pub path_count: usize,
    /// Main store item, usually the profile or system in `paths`.  The layer ID of a
    /// single-layer image is derived from this string, and `database` makes the item
    /// root's profile.  Required.
    pub prefix: *const c_char,
    /// Files, directories and links to make in the image, in this order.
    pub extra_files: *const *const Directive,
    /// Number of directives.
    pub extra_file_count: usize,
    /// Prefixes of names in the image to replace, each in turn.
    pub transformations: *const *const Transformation,
    /// Number of transformations.
    pub transformation_count: usize,
    /// Store database to put at /var/guix/db/db.sqlite, or NULL.
    pub database: *const c_char,
    /// Directory with a root file system to make a layer of, or NULL.  It replaces
    /// `extra_files`, `database` and, in a single-layer image, `paths`.
    pub root_system: *const c_char,
    /// Owners of parts of the image.  Each applies at and below its path, and the last
    /// one that applies wins.  Default: root owns all files.
    pub ownership: *const *const Ownership,
    /// Number of owners.
    pub ownership_count: usize,
    /// Permissions in layers of paths of a layered image: one of
    /// `enum guix_docker_modes`.
    pub modes: u32,
    /// Treatment of extended attributes: one of `enum guix_docker_xattrs`.
    pub xattrs: u32,
    /// Treatment of names that begin with ".wh.": one of
    /// `enum guix_docker_whiteouts`.
    pub whiteouts: u32,

    /// Maximum number of layers, 2 or more, those of the base included; 0, the
    /// default, for a single-layer image.
    pub max_layers: u32,
    /// Policy for the paths that share a layer: one of `enum guix_docker_layering`.
    pub layering: u32,
    /// 1 for layers to begin with the directories above their paths, of mode 0755
    /// unless a path has them, or 0.
    pub parent_directories: u32,
    /// Files with the references among `paths`, in the form of Guix's
    /// `#:references-graphs`: for each item a line with its name, one with its deriver
    /// or nothing, one with the number of its references, and one with each of these.
    /// For `GUIX_DOCKER_LAYERING_REFERENCES`.
    pub references_graphs: *const *const c_char,
    /// Number of files.
    pub references_graph_count: usize,
    /// Image whose layers come first, with its environment and the rest of its
    /// configuration as `FROM` in a Dockerfile has them: a Docker archive, an archive
    /// that is an OCI image layout, or such a directory; or NULL.  Archives and layers
    /// may be compressed by gzip or zstd.  Files that would hide directories of the
    /// base, or go through its links, are an error.
    pub base: *const c_char,
    /// Name of the base where there are several images, as in `names`, or NULL.
    pub base_name: *const c_char,
    /// OCI image layouts, directories or archives, searched for reusable layers: a
    /// layer is reused if it is identical to the one that would be built.  NULL, the
    /// default, for the output layout itself, in `GUIX_DOCKER_FORMAT_OCI`; an empty
    /// list for none.  Layouts need not be trusted: their statements about a layer are
    /// checked against the layer, or against the record of layers that
    /// `build_docker_image` keeps.
    pub reuse: *const *const c_char,
    /// Number of layouts.
    pub reuse_count: usize,
    /// 1 to assume that files at and below `paths` never change under their names, like
    /// store items, and to reuse layers in the record of layers without reading their
    /// files; or 0.
    pub immutable_paths: u32,

    /// Image references, which replace `repository`, such as
    /// "registry.example:5000/team/app:1.2".  The default tag is "latest"; "auto"
    /// becomes the first 12 digits of the image's ID.
    pub names: *const *const c_char,
    /// Number of names.
    pub name_count: usize,
    /// Name in the REPOSITORY column of `docker images`, made to follow Docker's rules:
    /// 2 to 237 characters, words of a-z and 0-9 with ".", "_", "__" or any number of
    /// "-" between them.  Default, also for NULL: "guix".
    pub repository: *const c_char,
    /// GNU triplet of the Linux system the files are for, or its first component:
    /// x86_64, i686, arm, aarch64, mips64el, powerpc64le, riscv64, s390x, loongarch64.
    /// Default, also for NULL: this machine's.
    pub system: *const c_char,
    /// Variant of the system's architecture: "v5" to "v8" of arm, "v8" of arm64, "v1"
    /// to "v4" of amd64; or NULL.
    pub variant: *const c_char,
    /// Author of the image, or NULL.
    pub author: *const c_char,
    /// Time of creation in the metadata, in seconds since 1970-01-01 00:00 UTC.
    /// Default: `GUIX_DOCKER_NOW`.
    pub creation_time: i64,
    /// Labels: key/value metadata in the image configuration.
    pub labels: *const *const Variable,
    /// Number of labels.
    pub label_count: usize,
    /// Annotations: key/value metadata in the manifest of an OCI image and in its
    /// entries of the index.
    pub annotations: *const *const Variable,
    /// Number of annotations.
    pub annotation_count: usize,
    /// JSON object that is merged into the configuration last, as RFC 7396 says, or
    /// NULL.
    pub config: *const c_char,
    /// Content of the history in the metadata: one of `enum guix_docker_history`.
    pub history: u32,
    /// Spelling of keys in the configuration: one of `enum guix_docker_config_keys`.
    /// OCI formats have the keys of the specification in any case.
    pub config_keys: u32,

    /// Words of the entry point.  NULL for none, which differs from an empty list.
    pub entry_point: *const *const c_char,
    /// Number of words.
    pub entry_point_count: usize,
    /// Words of the command, or the default arguments of the entry point.  NULL for
    /// none, which differs from an empty list.
    pub cmd: *const *const c_char,
    /// Number of words.
    pub cmd_count: usize,
    /// Environment of containers.
    pub environment: *const *const Variable,
    /// Number of variables.
    pub environment_count: usize,
    /// User of containers, "USER" or "USER:GROUP", by names or numbers; or NULL.
    pub user: *const c_char,
    /// Working directory of containers, an absolute name, or NULL.
    pub working_directory: *const c_char,
    /// Ports that containers listen at: "PORT", "PORT/tcp", "PORT/udp" or "PORT/sctp".
    pub exposed_ports: *const *const c_char,
    /// Number of ports.
    pub exposed_port_count: usize,
    /// Directories for containers' data, absolute names.
    pub volumes: *const *const c_char,
    /// Number of volumes.
    pub volume_count: usize,
    /// Signal that ends containers, by name or number, or NULL.
    pub stop_signal: *const c_char,
    /// Health check: a JSON object in Docker's form, with times in nanoseconds, or
    /// NULL.
    pub health_check: *const c_char,

    /// Maximum number of threads; 0, the default, for as many as the process can run
    /// at once.  More than twice as many, or 8, are not started.  The image does not
    /// depend on this number, and memory does.
    pub threads: u32,
    /// Function to report progress to, which can stop the build; or NULL.
    pub progress: Progress,
    /// Data for `progress`.
    pub progress_data: *mut c_void,
}

/// File, directory or link to make in the image.  Names are relative to the image's
/// root, with or without a leading slash, and may not contain "..".
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Directive {
    /// Size of the structure in bytes.
    pub struct_size: u32,
    /// Kind of the file: one of `enum guix_docker_directive_kind`.
    pub kind: u32,
    /// Permissions of a directory, up to 07777, or 0 for the default, 0755, or
    /// `GUIX_DOCKER_NO_PERMISSIONS`.  A directory that exists keeps its permissions by
    /// default.  Not used for files and links.
    pub mode: u32,
    /// Name in the image.  The directory above a file or link must exist.
    pub name: *const c_char,
    /// Target of a link, which must exist, on this machine or in the image.
    pub target: *const c_char,
    /// Content of a file.
    pub content: *const u8,
    /// Size of the content in bytes.
    pub content_size: usize,
}

/// Kind of a file that is made in the image.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum DirectiveKind {
    /// Directory, with those above it.
    Directory = 1,
    /// Regular file.
    File = 2,
    /// Symbolic link.
    Link = 3,
}

/// Prefix of names in the image and its replacement.  Both are compared as strings and
/// without their leading slashes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Transformation {
    /// Size of the structure in bytes.
    pub struct_size: u32,
    /// Prefix to replace.
    pub from: *const c_char,
    /// Replacement, which may be empty.
    pub to: *const c_char,
}

/// Name and value: a variable of the environment, a label or an annotation.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Variable {
    /// Size of the structure in bytes.
    pub struct_size: u32,
    /// Name, which is not empty; that of a variable has no "=".
    pub name: *const c_char,
    /// Value.
    pub value: *const c_char,
}

/// Owner of a part of the image.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Ownership {
    /// Size of the structure in bytes.
    pub struct_size: u32,
    /// Number of the user.
    pub uid: u32,
    /// Number of the group.
    pub gid: u32,
    /// Name in the image, with or without a leading slash; "/" for all files.
    pub path: *const c_char,
}

/// OCI image layouts to merge.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MergeOptions {
    /// Size of the structure in bytes; set by `guix_docker_merge_init`.
    pub struct_size: u32,
    /// OCI image layout that gets all images, a directory, which is made if it is
    /// missing.  Required.
    pub target: *const c_char,
    /// OCI image layouts with these images, directories or archives.
    pub sources: *const *const c_char,
    /// Number of layouts.
    pub source_count: usize,
    /// Function to report progress to, which can stop the work; or NULL.
    pub progress: Progress,
    /// Data for `progress`.
    pub progress_data: *mut c_void,
}

structure!(Options, "the options", up to progress_data: *mut c_void);
structure!(MergeOptions, "the options", up to progress_data: *mut c_void);
structure!(Directive, "a directive", up to content_size: usize);
structure!(Transformation, "a transformation", up to to: *const c_char);
structure!(Variable, "a variable", up to value: *const c_char);
structure!(Ownership, "an ownership", up to path: *const c_char);

impl Options {
    /// Returns the defaults.
    pub fn new() -> Self {
        Options {
            image_fd: -1,
            creation_time: NOW,
            ..zeros()
        }
    }
}
