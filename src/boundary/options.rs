// SPDX-License-Identifier: GPL-3.0-or-later

//! The structures that C callers fill in.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use super::layout::{Structure, no_padding};
use super::progress::{Monitor, Progress};

/// `creation_time` for the time of the call.
pub const NOW: i64 = i64::MIN;

/// `history`: one entry a layer, saying what the layer holds.
pub const HISTORY_LAYERS: u32 = 0;
/// `history`: one entry however many layers there are, as Guix 1.5.0 has it.
pub const HISTORY_ONE: u32 = 1;
/// `history`: no history at all.
pub const HISTORY_NONE: u32 = 2;

/// `whiteouts`: names that begin with ".wh." are an error.
pub const WHITEOUTS_REFUSE: u32 = 0;
/// `whiteouts`: such files go into the image, and engines delete what they
/// name from lower layers.
pub const WHITEOUTS_ALLOW: u32 = 1;

/// `modes`: as Guix has them, "go+u,go-w" in layers of paths.
pub const MODES_REFERENCE: u32 = 0;
/// `modes`: as on disk.
pub const MODES_KEEP: u32 = 1;

/// `xattrs`: extended attributes are left out.
pub const XATTRS_DROP: u32 = 0;
/// `xattrs`: those of users, and capabilities, are kept.
pub const XATTRS_KEEP: u32 = 1;

/// `config_keys`: "env" and "entrypoint", as Guix has them.
pub const CONFIG_KEYS_REFERENCE: u32 = 0;
/// `config_keys`: "Env" and "Entrypoint", as the specification has them.
pub const CONFIG_KEYS_SPEC: u32 = 1;

/// `format`: a Docker archive, as Guix makes it.
pub const FORMAT_DOCKER_ARCHIVE: u32 = 0;
/// `format`: an archive that is an OCI image layout, and a Docker archive too.
pub const FORMAT_OCI_ARCHIVE: u32 = 1;
/// `format`: a directory that is an OCI image layout.
pub const FORMAT_OCI: u32 = 2;

/// `layering`: the largest paths have layers of their own.
pub const LAYERING_SIZE: u32 = 0;
/// `layering`: what others refer to is in the lower layers, see
/// `references_graphs`.
pub const LAYERING_REFERENCES: u32 = 1;

/// `kind` of a directive: make a directory and those above it.
pub const DIRECTIVE_DIRECTORY: u32 = 1;
/// `kind` of a directive: make a file.
pub const DIRECTIVE_FILE: u32 = 2;
/// `kind` of a directive: make a symbolic link.
pub const DIRECTIVE_LINK: u32 = 3;

/// `mode` of a directory that is to have the default, 0755, or keep what it
/// has.
pub const DEFAULT_MODE: u32 = 0;
/// `mode` of a directory that nobody is to have any permission for.
pub const NO_PERMISSIONS: u32 = 0o10000;

/// What to build.
///
/// Strings end in a NUL; file names are bytes in no particular encoding, other
/// text is UTF-8.  A list is a pointer and a count, and NULL with a count of 0
/// is an empty one.
///
/// Later versions add members at the end, here and in the structures that
/// lists are made of; in those, a member of 0 or NULL has its default.  What a
/// program has of each structure is known from `size` and the `_size` members,
/// so that it runs with every later library as it is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Options {
    /// The size of the structure as the caller knows it, in bytes; set by
    /// `guix_docker_options_init`.
    pub size: usize,
    /// The file to write the image to, or in `GUIX_DOCKER_FORMAT_OCI` the
    /// directory.  Required, unless there is an `image_fd`.
    pub image: *const c_char,
    /// The store items, or other files and directories, to put into the
    /// image with all that is below them, under their own absolute names.  In
    /// a layer, directories of one name become one, and of files of one name
    /// the last is left; across layers, which are in the order of their sizes,
    /// engines take the upper one's.  A directory and a file of one name are an
    /// error, and so is a file below a link.
    pub paths: *const *const c_char,
    /// How many paths there are.
    pub path_count: usize,
    /// The string the image's layer is identified by, usually the profile or
    /// system in `paths`; `database` makes it root's profile.  Required.
    pub prefix: *const c_char,
    /// The name in the REPOSITORY column of `docker images`, made to follow
    /// Docker's rules: 2 to 237 characters, words of a-z and 0-9 with ".", "_",
    /// "__" or any number of "-" between them.
    /// Default, also for NULL: "guix".
    pub repository: *const c_char,
    /// What to make in the image besides the paths, in this order.
    pub extra_files: *const Directive,
    /// How many directives there are.
    pub extra_file_count: usize,
    /// Prefixes of names in the image to replace, each in turn.
    pub transformations: *const Transformation,
    /// How many transformations there are.
    pub transformation_count: usize,
    /// The GNU triplet of the Linux system the files are for, or its first
    /// component: x86_64, i686, arm, aarch64, mips64el, powerpc64le, riscv64,
    /// s390x, loongarch64.  Default, also for NULL: this machine's.
    pub system: *const c_char,
    /// The store database to put at /var/guix/db/db.sqlite, or NULL.
    pub database: *const c_char,
    /// The words of the entry point.  NULL for none at all, which is not the
    /// same as an empty list.
    pub entry_point: *const *const c_char,
    /// How many words there are.
    pub entry_point_count: usize,
    /// The environment that containers start with.
    pub environment: *const Variable,
    /// How many variables there are.
    pub environment_count: usize,
    /// The words of a command that compresses from its standard input to its
    /// standard output, such as "xz", "-9"; it is run without a shell.  `gzip`
    /// and `pigz` at levels -1 to -9 and `zstd` at levels -1 to -19, perhaps
    /// with --long, are not run: the library does their work itself.  "none" is
    /// no command: nothing is compressed, which is the default.  In OCI formats
    /// each layer is compressed by itself, by one of these, zstd without --long;
    /// the default there is "gzip".
    pub compressor: *const *const c_char,
    /// How many words there are.
    pub compressor_count: usize,
    /// The time in the metadata, in seconds since 1970-01-01 00:00 UTC.
    /// Default: `GUIX_DOCKER_NOW`.
    pub creation_time: i64,
    /// The greatest number of layers of a layered image, 2 or more, each
    /// of the largest paths in one of its own; 0, the default, for a
    /// single-layer image.  In the layers of paths, group and others have the
    /// permissions of the user but for writing, see `modes`.
    pub max_layers: i64,
    /// A directory that holds a root file system to make a layer of, or NULL.
    /// It takes the place of `extra_files`, of `database` and, in a
    /// single-layer image, of `paths`.
    pub root_system: *const c_char,
    /// What the history in the metadata holds: one of the
    /// `GUIX_DOCKER_HISTORY_` values.
    pub history: u32,
    /// How many threads to work on at most; 0, the default, for as many as the
    /// process can run at once.  The image does not depend on it, and memory
    /// does.  There are never more than twice as many as the process can run, or
    /// 8.
    pub threads: u32,
    /// Told of progress, and able to stop the build; may be NULL.
    pub progress: Progress,
    /// Passed to `progress` and to `monitor`.
    pub progress_data: *mut c_void,
    /// Told of progress too, and of what is being done; may be NULL.
    pub monitor: Monitor,
    /// The size in bytes of an element of `extra_files` as the caller knows
    /// it; like those below, set by `guix_docker_options_init`.
    pub directive_size: u32,
    /// The size in bytes of an element of `transformations`.
    pub transformation_size: u32,
    /// The size in bytes of an element of `environment`.
    pub variable_size: u32,
    /// Must be 0.
    pub reserved: u32,
    /// Whom files belong to: each applies to what is at and below its path,
    /// and the last one that does wins.  Default: all belongs to root.
    pub ownership: *const Ownership,
    /// How many there are.
    pub ownership_count: usize,
    /// The size in bytes of an element of `ownership`, set by
    /// `guix_docker_options_init`.
    pub ownership_size: usize,
    /// The variant of the system's architecture: "v5" to "v8" of arm, "v8" of
    /// arm64, "v1" to "v4" of amd64; or NULL.
    pub variant: *const c_char,
    /// What becomes of names that begin with ".wh.": one of the
    /// `GUIX_DOCKER_WHITEOUTS_` values.
    pub whiteouts: u32,
    /// The permissions in layers of paths of a layered image: one of the
    /// `GUIX_DOCKER_MODES_` values.
    pub modes: u32,
    /// What becomes of extended attributes: one of the `GUIX_DOCKER_XATTRS_`
    /// values.
    pub xattrs: u32,
    /// 1 for layers to begin with the directories above their paths, 0755 unless
    /// a path has them, or 0.
    pub parent_directories: u32,
    /// How keys in the configuration are written: one of the
    /// `GUIX_DOCKER_CONFIG_KEYS_` values.
    pub config_keys: u32,
    /// How the image is laid out: one of the `GUIX_DOCKER_FORMAT_` values.  OCI
    /// formats have the keys of the specification whatever `config_keys` says.
    pub format: u32,
    /// What the image is called, in the place of `repository`: whole
    /// references, such as "registry.example:5000/team/app:1.2".  The tag is
    /// "latest" if there is none; "auto" becomes the first 12 digits of the
    /// image's ID.
    pub names: *const *const c_char,
    /// How many names there are.
    pub name_count: usize,
    /// The words that are executed, or the default arguments of the entry
    /// point.  NULL for none at all, which is not the same as an empty list.
    pub cmd: *const *const c_char,
    /// How many words there are.
    pub cmd_count: usize,
    /// Who executes them: a user and perhaps a group, "USER[:GROUP]", by names
    /// or numbers; or NULL.
    pub user: *const c_char,
    /// The directory they are executed in, an absolute name, or NULL.
    pub working_directory: *const c_char,
    /// The ports that containers listen at: "PORT", "PORT/tcp", "PORT/udp" or
    /// "PORT/sctp".
    pub exposed_ports: *const *const c_char,
    /// How many ports there are.
    pub exposed_port_count: usize,
    /// Directories that hold containers' data, absolute names.
    pub volumes: *const *const c_char,
    /// How many volumes there are.
    pub volume_count: usize,
    /// What is to be known of the image, by name; elements are as large as
    /// those of `environment`.
    pub labels: *const Variable,
    /// How many labels there are.
    pub label_count: usize,
    /// The signal that tells containers to end, by name or number, or NULL.
    pub stop_signal: *const c_char,
    /// How to find out whether a container works: a JSON object in Docker's
    /// form, with times in nanoseconds, or NULL.
    pub health_check: *const c_char,
    /// Who made the image, or NULL.
    pub author: *const c_char,
    /// A JSON object that is merged into the configuration last, as RFC 7396
    /// says, or NULL.
    pub config: *const c_char,
    /// A descriptor to write the image to in the place of `image`, which is
    /// NULL then; 0 for none.  It may be a pipe, a socket or a file, gets the
    /// same bytes as a file would, in their order, and is not closed.
    pub image_fd: i32,
    /// 1 for the report to have the digest of the archive, for which a file is
    /// read again, or 0; of a directory there is none.
    pub archive_digest: u32,
    /// What is to be known of an OCI image, by name, in its manifest and in the
    /// entries of the index; elements are as large as those of `environment`.
    pub annotations: *const Variable,
    /// How many annotations there are.
    pub annotation_count: usize,
    /// OCI image layouts, directories or archives, searched for reusable layers:
    /// a layer is reused if it is identical to the one that would be built.
    /// NULL, the default, for the layout that is written to, in
    /// `GUIX_DOCKER_FORMAT_OCI`; an empty list for none.  Layouts need not be
    /// trusted: what they say of a layer is checked against the layer, or against
    /// the record of layers that `build_docker_image` keeps.
    pub reuse: *const *const c_char,
    /// How many layouts there are.
    pub reuse_count: usize,
    /// Files that say which of `paths` refers to which, in the form of Guix's
    /// `#:references-graphs`: for each item a line with its name, one with its
    /// deriver or nothing, one with the number of its references, and one with
    /// each of these.  For `GUIX_DOCKER_LAYERING_REFERENCES`.
    pub references_graphs: *const *const c_char,
    /// How many files there are.
    pub references_graph_count: usize,
    /// Which paths share a layer: one of the `GUIX_DOCKER_LAYERING_` values.
    pub layering: u32,
    /// 1 if what is at and below `paths` never changes as long as the names are
    /// the same, as it is with store items, so that layers in the record that
    /// `build_docker_image` keeps are reused without reading their files; or 0.
    pub immutable_paths: u32,
    /// An image whose layers come first, with its environment and the rest of
    /// its configuration as `FROM` in a Dockerfile has them: a Docker archive,
    /// an archive that is an OCI image layout, or such a directory; or NULL.
    /// Archives and layers may be compressed by gzip or zstd.  What would hide
    /// directories of the base, or go through its links, is an error.
    /// `max_layers` counts its layers too.
    pub base: *const c_char,
    /// What the base is called where there are several images, as in `names`, or
    /// NULL.
    pub base_name: *const c_char,
}

/// A file, directory or link to make in the image.  Names are relative to
/// the image's root, with or without a leading slash, and may not contain
/// "..".  Everything belongs to root, unless `ownership` says otherwise.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Directive {
    /// What to make: one of the `GUIX_DOCKER_DIRECTIVE_` values.
    pub kind: u32,
    /// The permissions of a directory, up to 07777, or 0, which is
    /// `GUIX_DOCKER_DEFAULT_MODE`, or `GUIX_DOCKER_NO_PERMISSIONS`.  Not used
    /// for others.
    pub mode: u32,
    /// Where to make it.  The directory above a file or link must be there.
    pub name: *const c_char,
    /// What a link points to.  It must be there, on this machine or in the
    /// image.  Not used for others.
    pub target: *const c_char,
    /// What a file holds.  Not used for others.
    pub content: *const u8,
    /// How many bytes that is.
    pub content_size: usize,
}

/// Names in the image that begin with `from` get `to` in its place.  Both
/// are compared as strings and without their leading slashes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Transformation {
    /// The prefix to replace.
    pub from: *const c_char,
    /// What to replace it by, which may be empty.
    pub to: *const c_char,
}

/// An environment variable.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Variable {
    /// Its name, which is not empty and has no "=".
    pub name: *const c_char,
    /// Its value.
    pub value: *const c_char,
}

/// A part of the image that belongs to someone.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Ownership {
    /// A name in the image, with or without a leading slash; "/" for all of
    /// it.
    pub path: *const c_char,
    /// The number of the user.
    pub uid: u32,
    /// The number of the group.
    pub gid: u32,
}

/// Layouts to merge.  Later versions add members at the end.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MergeOptions {
    /// The size of the structure as the caller knows it, in bytes; set by
    /// `guix_docker_merge_init`.
    pub size: usize,
    /// The directory that all images are to be in, an OCI image layout, which
    /// is made if it is not there.  Required.
    pub target: *const c_char,
    /// The OCI image layouts that they are in, directories or archives.
    pub sources: *const *const c_char,
    /// How many layouts there are.
    pub source_count: usize,
    /// Told of progress, and able to stop the work; may be NULL.
    pub monitor: Monitor,
    /// Passed to `monitor`.
    pub progress_data: *mut c_void,
}

/// The words and 64-bit numbers of a structure of the first version, in bytes.
const fn first(words: usize, numbers: usize) -> usize {
    words * size_of::<usize>() + numbers * 8
}

// What the first version of the library had.  These sizes never change:
// programs that were compiled with them go on running.
impl Structure for Options {
    const FIRST_SIZE: usize = first(22, 5);
    const WHAT: &str = "the options";
}

impl Structure for MergeOptions {
    const FIRST_SIZE: usize = first(6, 0);
    const WHAT: &str = "the options";
}

impl Structure for Directive {
    const FIRST_SIZE: usize = first(4, 1);
    const WHAT: &str = "a directive";
}

impl Structure for Transformation {
    const FIRST_SIZE: usize = first(2, 0);
    const WHAT: &str = "a transformation";
}

impl Structure for Variable {
    const FIRST_SIZE: usize = first(2, 0);
    const WHAT: &str = "a variable";
}

impl Structure for Ownership {
    const FIRST_SIZE: usize = first(1, 1);
    const WHAT: &str = "an ownership";
}

no_padding!(Options {
    size,
    image,
    paths,
    path_count,
    prefix,
    repository,
    extra_files,
    extra_file_count,
    transformations,
    transformation_count,
    system,
    database,
    entry_point,
    entry_point_count,
    environment,
    environment_count,
    compressor,
    compressor_count,
    creation_time,
    max_layers,
    root_system,
    history,
    threads,
    progress,
    progress_data,
    monitor,
    directive_size,
    transformation_size,
    variable_size,
    reserved,
    ownership,
    ownership_count,
    ownership_size,
    variant,
    whiteouts,
    modes,
    xattrs,
    parent_directories,
    config_keys,
    format,
    names,
    name_count,
    cmd,
    cmd_count,
    user,
    working_directory,
    exposed_ports,
    exposed_port_count,
    volumes,
    volume_count,
    labels,
    label_count,
    stop_signal,
    health_check,
    author,
    config,
    image_fd,
    archive_digest,
    annotations,
    annotation_count,
    reuse,
    reuse_count,
    references_graphs,
    references_graph_count,
    layering,
    immutable_paths,
    base,
    base_name,
});
no_padding!(MergeOptions {
    size,
    target,
    sources,
    source_count,
    monitor,
    progress_data,
});
no_padding!(Directive {
    kind,
    mode,
    name,
    target,
    content,
    content_size
});
no_padding!(Transformation { from, to });
no_padding!(Variable { name, value });
no_padding!(Ownership { path, uid, gid });

impl MergeOptions {
    /// The defaults, for a caller who knows the first `size` bytes of the
    /// structure.
    pub fn new(size: usize) -> Self {
        // SAFETY: zeros are NULL, no function or the number 0.
        let zeros: Self = unsafe { MaybeUninit::zeroed().assume_init() };
        MergeOptions { size, ..zeros }
    }
}

impl Options {
    /// The defaults, for a caller who knows the first `size` bytes of the
    /// structure and the elements of lists as the first version had them.
    pub fn new(size: usize) -> Self {
        // SAFETY: zeros are NULL, no function or the number 0, and all members
        // are one of these.
        let zeros: Self = unsafe { MaybeUninit::zeroed().assume_init() };
        Options {
            size,
            creation_time: NOW,
            directive_size: Directive::FIRST_SIZE as u32,
            transformation_size: Transformation::FIRST_SIZE as u32,
            variable_size: Variable::FIRST_SIZE as u32,
            ownership_size: Ownership::FIRST_SIZE,
            ..zeros
        }
    }
}
