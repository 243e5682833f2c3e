/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Docker images from files, as GNU Guix makes them.

   Link with -lguix_docker.  This file is generated from the library's sources;
   do not edit it.  */

#ifndef GUIX_DOCKER_H
#define GUIX_DOCKER_H

#include <stddef.h>
#include <stdint.h>

/** Version of this header: 0xMMNNPP for MM.NN.PP.  */
#define GUIX_DOCKER_VERSION_NUMBER 0x000100

/**
 * `creation_time` for the time of the call.
 */
#define GUIX_DOCKER_NOW INT64_MIN

/**
 * `mode` of a directory without permissions.
 */
#define GUIX_DOCKER_NO_PERMISSIONS 4096

/**
 * The kind of a failure.  The numbers are stable: they are the status codes
 * of the C interface.
 */
enum guix_docker_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The image was built.
   */
  GUIX_DOCKER_STATUS_OK = 0,
  /**
   * An argument is missing, of the wrong shape or out of range.
   */
  GUIX_DOCKER_STATUS_INVALID_ARGUMENT = 1,
  /**
   * Text that goes into the image's metadata is not UTF-8.
   */
  GUIX_DOCKER_STATUS_INVALID_TEXT = 2,
  /**
   * There is no Docker architecture for the system.
   */
  GUIX_DOCKER_STATUS_UNSUPPORTED_SYSTEM = 3,
  /**
   * A file to put into the image is missing or cannot be read.
   */
  GUIX_DOCKER_STATUS_INPUT = 4,
  /**
   * A file changed while it was being read.
   */
  GUIX_DOCKER_STATUS_INPUT_CHANGED = 5,
  /**
   * The image cannot be created or written at the place asked for.
   */
  GUIX_DOCKER_STATUS_OUTPUT = 6,
  /**
   * The file system of the image is full.
   */
  GUIX_DOCKER_STATUS_NO_SPACE = 7,
  /**
   * The compressor could not be run, failed or stopped early.
   */
  GUIX_DOCKER_STATUS_COMPRESSOR = 8,
  /**
   * The progress callback asked to stop.
   */
  GUIX_DOCKER_STATUS_CANCELLED = 9,
  /**
   * The system has too little memory, or too few threads, descriptors or other
   * resources.
   */
  GUIX_DOCKER_STATUS_RESOURCES = 10,
  /**
   * A defect of this library.
   */
  GUIX_DOCKER_STATUS_INTERNAL = 11,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum guix_docker_status guix_docker_status;
#else
typedef int32_t guix_docker_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Spelling of keys in the configuration of a Docker archive.
 */
enum guix_docker_config_keys
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * `env` and `entrypoint`, as in Guix.
   */
  GUIX_DOCKER_CONFIG_KEYS_GUIX,
  /**
   * `Env` and `Entrypoint`, as in the specification.
   */
  GUIX_DOCKER_CONFIG_KEYS_SPEC,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum guix_docker_config_keys guix_docker_config_keys;
#else
typedef uint32_t guix_docker_config_keys;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Kind of a file that is made in the image.
 */
enum guix_docker_directive_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Directory, with those above it.
   */
  GUIX_DOCKER_DIRECTIVE_KIND_DIRECTORY = 1,
  /**
   * Regular file.
   */
  GUIX_DOCKER_DIRECTIVE_KIND_FILE = 2,
  /**
   * Symbolic link.
   */
  GUIX_DOCKER_DIRECTIVE_KIND_LINK = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum guix_docker_directive_kind guix_docker_directive_kind;
#else
typedef uint32_t guix_docker_directive_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Format of an image.
 */
enum guix_docker_format
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Docker archive, as Guix makes it.
   */
  GUIX_DOCKER_FORMAT_DOCKER_ARCHIVE,
  /**
   * Archive that is an OCI image layout and a Docker archive, too.
   */
  GUIX_DOCKER_FORMAT_OCI_ARCHIVE,
  /**
   * Directory that is an OCI image layout, of this and of other images.
   */
  GUIX_DOCKER_FORMAT_OCI,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum guix_docker_format guix_docker_format;
#else
typedef uint32_t guix_docker_format;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Content of `history` in the image's configuration.
 */
enum guix_docker_history
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * One entry for each layer, about its content.  In a single-layer image, the
   * entry of Guix 1.5.0.
   */
  GUIX_DOCKER_HISTORY_LAYERS,
  /**
   * One entry for all layers, as Guix 1.5.0 writes it.
   */
  GUIX_DOCKER_HISTORY_ONE,
  /**
   * No history, as before Guix 1.5.0.
   */
  GUIX_DOCKER_HISTORY_NONE,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum guix_docker_history guix_docker_history;
#else
typedef uint32_t guix_docker_history;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Policy for the paths that share a layer.
 */
enum guix_docker_layering
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The largest paths have layers of their own, as in Guix.
   */
  GUIX_DOCKER_LAYERING_SIZE,
  /**
   * Paths that many others refer to are in the lower layers; needs
   * `references_graphs`.
   */
  GUIX_DOCKER_LAYERING_REFERENCES,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum guix_docker_layering guix_docker_layering;
#else
typedef uint32_t guix_docker_layering;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Permissions of files on disk in the layers of paths of a layered image.
 */
enum guix_docker_modes
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Group and others have the permissions of the user but for writing, as in Guix:
   * `go+u,go-w`.
   */
  GUIX_DOCKER_MODES_GUIX,
  /**
   * Permissions are as on disk.
   */
  GUIX_DOCKER_MODES_KEEP,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum guix_docker_modes guix_docker_modes;
#else
typedef uint32_t guix_docker_modes;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Phase of the work.
 */
enum guix_docker_phase
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Files are listed and examined.  Their number is reported, and the total is 0.
   */
  GUIX_DOCKER_PHASE_SCANNING = 1,
  /**
   * Layers that may be equal are read and compared.  Bytes are reported.
   */
  GUIX_DOCKER_PHASE_COMPARING = 2,
  /**
   * The image is written.  Bytes before compression are reported, and those that are
   * read to check reused layers.
   */
  GUIX_DOCKER_PHASE_WRITING = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum guix_docker_phase guix_docker_phase;
#else
typedef uint32_t guix_docker_phase;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Treatment of names that begin with `.wh.`, by which layers delete files of those
 * below.
 */
enum guix_docker_whiteouts
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * A name that begins with `.wh.` is an error.
   */
  GUIX_DOCKER_WHITEOUTS_REFUSE,
  /**
   * Whiteouts go into the image, and engines delete the files that they name.
   */
  GUIX_DOCKER_WHITEOUTS_ALLOW,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum guix_docker_whiteouts guix_docker_whiteouts;
#else
typedef uint32_t guix_docker_whiteouts;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Treatment of extended attributes.
 */
enum guix_docker_xattrs
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Extended attributes are left out.
   */
  GUIX_DOCKER_XATTRS_DROP,
  /**
   * Attributes of users, and capabilities, are kept.
   */
  GUIX_DOCKER_XATTRS_KEEP,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum guix_docker_xattrs guix_docker_xattrs;
#else
typedef uint32_t guix_docker_xattrs;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * File, directory or link to make in the image.  Names are relative to the image's
 * root, with or without a leading slash, and may not contain "..".
 */
typedef struct guix_docker_directive {
  /**
   * Size of the structure in bytes.
   */
  uint32_t struct_size;
  /**
   * Kind of the file: one of `enum guix_docker_directive_kind`.
   */
  uint32_t kind;
  /**
   * Permissions of a directory, up to 07777, or 0 for the default, 0755, or
   * `GUIX_DOCKER_NO_PERMISSIONS`.  A directory that exists keeps its permissions by
   * default.  Not used for files and links.
   */
  uint32_t mode;
  /**
   * Name in the image.  The directory above a file or link must exist.
   */
  const char *name;
  /**
   * Target of a link, which must exist, on this machine or in the image.
   */
  const char *target;
  /**
   * Content of a file.
   */
  const uint8_t *content;
  /**
   * Size of the content in bytes.
   */
  size_t content_size;
} guix_docker_directive;

/**
 * Prefix of names in the image and its replacement.  Both are compared as strings and
 * without their leading slashes.
 */
typedef struct guix_docker_transformation {
  /**
   * Size of the structure in bytes.
   */
  uint32_t struct_size;
  /**
   * Prefix to replace.
   */
  const char *from;
  /**
   * Replacement, which may be empty.
   */
  const char *to;
} guix_docker_transformation;

/**
 * Owner of a part of the image.
 */
typedef struct guix_docker_ownership {
  /**
   * Size of the structure in bytes.
   */
  uint32_t struct_size;
  /**
   * Number of the user.
   */
  uint32_t uid;
  /**
   * Number of the group.
   */
  uint32_t gid;
  /**
   * Name in the image, with or without a leading slash; "/" for all files.
   */
  const char *path;
} guix_docker_ownership;

/**
 * Name and value: a variable of the environment, a label or an annotation.
 */
typedef struct guix_docker_variable {
  /**
   * Size of the structure in bytes.
   */
  uint32_t struct_size;
  /**
   * Name, which is not empty; that of a variable has no "=".
   */
  const char *name;
  /**
   * Value.
   */
  const char *value;
} guix_docker_variable;

/**
 * Progress of the work.  Within a phase, `done` never decreases and `total` is
 * constant.  Phases follow each other in the order of their numbers; a phase that is
 * not needed, or over at once, is not reported.  Later versions append phases and
 * members.
 */
typedef struct guix_docker_event {
  /**
   * Size of the structure as the library knows it, in bytes.
   */
  uint32_t struct_size;
  /**
   * Phase: one of `enum guix_docker_phase`.
   */
  uint32_t phase;
  /**
   * Number of files or bytes that are done.
   */
  uint64_t done;
  /**
   * Number of all files or bytes, or 0 if it is unknown.
   */
  uint64_t total;
} guix_docker_event;

/**
 * Function that progress is reported to, about 20 times a second, on the thread that
 * called the library.
 *
 * - `data`: the `progress_data` of the options.
 * - `event`: the progress; the structure belongs to the library and lives for the
 *   call.
 *
 * Returns 0 to go on; another number stops the work, which then fails with
 * `GUIX_DOCKER_STATUS_CANCELLED`.  The function must return: it may not leave by
 * `longjmp` or an exception.
 */
typedef int (*guix_docker_progress)(void *data,
                                    const struct guix_docker_event *event);

/**
 * Image to build.
 *
 * Strings end in a NUL.  File names are bytes in no particular encoding, and other
 * text is UTF-8.  A list is an array of pointers and its length; NULL with a length
 * of 0 is an empty list.  All that the structure points to belongs to the caller and
 * need live only for the call.
 *
 * Each structure begins with its size, and later versions append members, which are 0
 * or NULL by default.  So a program runs with every later library as it is.
 */
typedef struct guix_docker_options {
  /**
   * Size of the structure in bytes; set by `guix_docker_options_init`.
   */
  uint32_t struct_size;
  /**
   * Descriptor that the image is written to instead of the file `image`, which is
   * NULL then.  Default: -1, none.  The descriptor may be that of a pipe, a socket
   * or a file, gets the same bytes as a file would, and is not closed.
   */
  int32_t image_fd;
  /**
   * File to write, or in `GUIX_DOCKER_FORMAT_OCI` the directory.  Required, unless
   * there is an `image_fd`.
   */
  const char *image;
  /**
   * Format of the image: one of `enum guix_docker_format`.
   */
  uint32_t format;
  /**
   * 1 for the report to have the digest of the archive, for which a file is read
   * again, or 0; a directory has none.
   */
  uint32_t archive_digest;
  /**
   * Words of a command that compresses from its standard input to its standard
   * output, such as "xz", "-9"; it is run without a shell.  `gzip` and `pigz` at
   * levels -1 to -9 and `zstd` at levels -1 to -19, perhaps with --long, are not
   * run: the library does their work itself.  "none" stands for no compression,
   * which is the default.  In OCI formats each layer is compressed by itself, by one
   * of these, zstd without --long; the default there is "gzip".
   */
  const char *const *compressor;
  /**
   * Number of words.
   */
  size_t compressor_count;
  /**
   * Store items, or other files and directories, that go into the image with
   * all files below them, under their own absolute names.  In a layer, directories
   * of one name become one, and the last of several files of one name stays; across
   * layers, engines take the upper one's.  A directory and a file of one name are
   * an error, and so is a file below a link.
   */
  const char *const *paths;
  /**
   * Number of paths.
   */
  size_t path_count;
  /**
   * Main store item, usually the profile or system in `paths`.  The layer ID of a
   * single-layer image is derived from this string, and `database` makes the item
   * root's profile.  Required.
   */
  const char *prefix;
  /**
   * Files, directories and links to make in the image, in this order.
   */
  const struct guix_docker_directive *const *extra_files;
  /**
   * Number of directives.
   */
  size_t extra_file_count;
  /**
   * Prefixes of names in the image to replace, each in turn.
   */
  const struct guix_docker_transformation *const *transformations;
  /**
   * Number of transformations.
   */
  size_t transformation_count;
  /**
   * Store database to put at /var/guix/db/db.sqlite, or NULL.
   */
  const char *database;
  /**
   * Directory with a root file system to make a layer of, or NULL.  It replaces
   * `extra_files`, `database` and, in a single-layer image, `paths`.
   */
  const char *root_system;
  /**
   * Owners of parts of the image.  Each applies at and below its path, and the last
   * one that applies wins.  Default: root owns all files.
   */
  const struct guix_docker_ownership *const *ownership;
  /**
   * Number of owners.
   */
  size_t ownership_count;
  /**
   * Permissions in layers of paths of a layered image: one of
   * `enum guix_docker_modes`.
   */
  uint32_t modes;
  /**
   * Treatment of extended attributes: one of `enum guix_docker_xattrs`.
   */
  uint32_t xattrs;
  /**
   * Treatment of names that begin with ".wh.": one of
   * `enum guix_docker_whiteouts`.
   */
  uint32_t whiteouts;
  /**
   * Maximum number of layers, 2 or more, those of the base included; 0, the
   * default, for a single-layer image.
   */
  uint32_t max_layers;
  /**
   * Policy for the paths that share a layer: one of `enum guix_docker_layering`.
   */
  uint32_t layering;
  /**
   * 1 for layers to begin with the directories above their paths, of mode 0755
   * unless a path has them, or 0.
   */
  uint32_t parent_directories;
  /**
   * Files with the references among `paths`, in the form of Guix's
   * `#:references-graphs`: for each item a line with its name, one with its deriver
   * or nothing, one with the number of its references, and one with each of these.
   * For `GUIX_DOCKER_LAYERING_REFERENCES`.
   */
  const char *const *references_graphs;
  /**
   * Number of files.
   */
  size_t references_graph_count;
  /**
   * Image whose layers come first, with its environment and the rest of its
   * configuration as `FROM` in a Dockerfile has them: a Docker archive, an archive
   * that is an OCI image layout, or such a directory; or NULL.  Archives and layers
   * may be compressed by gzip or zstd.  Files that would hide directories of the
   * base, or go through its links, are an error.
   */
  const char *base;
  /**
   * Name of the base where there are several images, as in `names`, or NULL.
   */
  const char *base_name;
  /**
   * OCI image layouts, directories or archives, searched for reusable layers: a
   * layer is reused if it is identical to the one that would be built.  NULL, the
   * default, for the output layout itself, in `GUIX_DOCKER_FORMAT_OCI`; an empty
   * list for none.  Layouts need not be trusted: their statements about a layer are
   * checked against the layer, or against the record of layers that
   * `build_docker_image` keeps.
   */
  const char *const *reuse;
  /**
   * Number of layouts.
   */
  size_t reuse_count;
  /**
   * 1 to assume that files at and below `paths` never change under their names, like
   * store items, and to reuse layers in the record of layers without reading their
   * files; or 0.
   */
  uint32_t immutable_paths;
  /**
   * Image references, which replace `repository`, such as
   * "registry.example:5000/team/app:1.2".  The default tag is "latest"; "auto"
   * becomes the first 12 digits of the image's ID.
   */
  const char *const *names;
  /**
   * Number of names.
   */
  size_t name_count;
  /**
   * Name in the REPOSITORY column of `docker images`, made to follow Docker's rules:
   * 2 to 237 characters, words of a-z and 0-9 with ".", "_", "__" or any number of
   * "-" between them.  Default, also for NULL: "guix".
   */
  const char *repository;
  /**
   * GNU triplet of the Linux system the files are for, or its first component:
   * x86_64, i686, arm, aarch64, mips64el, powerpc64le, riscv64, s390x, loongarch64.
   * Default, also for NULL: this machine's.
   */
  const char *system;
  /**
   * Variant of the system's architecture: "v5" to "v8" of arm, "v8" of arm64, "v1"
   * to "v4" of amd64; or NULL.
   */
  const char *variant;
  /**
   * Author of the image, or NULL.
   */
  const char *author;
  /**
   * Time of creation in the metadata, in seconds since 1970-01-01 00:00 UTC.
   * Default: `GUIX_DOCKER_NOW`.
   */
  int64_t creation_time;
  /**
   * Labels: key/value metadata in the image configuration.
   */
  const struct guix_docker_variable *const *labels;
  /**
   * Number of labels.
   */
  size_t label_count;
  /**
   * Annotations: key/value metadata in the manifest of an OCI image and in its
   * entries of the index.
   */
  const struct guix_docker_variable *const *annotations;
  /**
   * Number of annotations.
   */
  size_t annotation_count;
  /**
   * JSON object that is merged into the configuration last, as RFC 7396 says, or
   * NULL.
   */
  const char *config;
  /**
   * Content of the history in the metadata: one of `enum guix_docker_history`.
   */
  uint32_t history;
  /**
   * Spelling of keys in the configuration: one of `enum guix_docker_config_keys`.
   * OCI formats have the keys of the specification in any case.
   */
  uint32_t config_keys;
  /**
   * Words of the entry point.  NULL for none, which differs from an empty list.
   */
  const char *const *entry_point;
  /**
   * Number of words.
   */
  size_t entry_point_count;
  /**
   * Words of the command, or the default arguments of the entry point.  NULL for
   * none, which differs from an empty list.
   */
  const char *const *cmd;
  /**
   * Number of words.
   */
  size_t cmd_count;
  /**
   * Environment of containers.
   */
  const struct guix_docker_variable *const *environment;
  /**
   * Number of variables.
   */
  size_t environment_count;
  /**
   * User of containers, "USER" or "USER:GROUP", by names or numbers; or NULL.
   */
  const char *user;
  /**
   * Working directory of containers, an absolute name, or NULL.
   */
  const char *working_directory;
  /**
   * Ports that containers listen at: "PORT", "PORT/tcp", "PORT/udp" or "PORT/sctp".
   */
  const char *const *exposed_ports;
  /**
   * Number of ports.
   */
  size_t exposed_port_count;
  /**
   * Directories for containers' data, absolute names.
   */
  const char *const *volumes;
  /**
   * Number of volumes.
   */
  size_t volume_count;
  /**
   * Signal that ends containers, by name or number, or NULL.
   */
  const char *stop_signal;
  /**
   * Health check: a JSON object in Docker's form, with times in nanoseconds, or
   * NULL.
   */
  const char *health_check;
  /**
   * Maximum number of threads; 0, the default, for as many as the process can run
   * at once.  More than twice as many, or 8, are not started.  The image does not
   * depend on this number, and memory does.
   */
  uint32_t threads;
  /**
   * Function to report progress to, which can stop the build; or NULL.
   */
  guix_docker_progress progress;
  /**
   * Data for `progress`.
   */
  void *progress_data;
} guix_docker_options;

/**
 * Layer of an image that was built.  Later versions append members.
 */
typedef struct guix_docker_layer {
  /**
   * Size of the structure as the library knows it, in bytes.
   */
  uint32_t struct_size;
  /**
   * Digest of the layer's archive before compression, "sha256:" and 64 hexadecimal
   * digits.
   */
  const char *diff_id;
  /**
   * Size of the layer's archive before compression, in bytes.
   */
  uint64_t size;
  /**
   * Paths in the layer; none for the layer of extra files or of the root file
   * system, and for those of a base.
   */
  const char *const *items;
  /**
   * Number of paths.
   */
  size_t item_count;
  /**
   * Digest of the layer's blob in an OCI image, of the same form, or NULL in a Docker
   * archive.
   */
  const char *blob_digest;
  /**
   * Media type of the blob, or NULL.
   */
  const char *media_type;
  /**
   * Size of the blob in bytes, or 0.
   */
  uint64_t blob_size;
} guix_docker_layer;

/**
 * Image that was built.  Later versions append members.
 */
typedef struct guix_docker_report {
  /**
   * Size of the structure as the library knows it, in bytes.
   */
  uint32_t struct_size;
  /**
   * ID of the image, "sha256:" and 64 hexadecimal digits: the digest of its
   * configuration.
   */
  const char *image_id;
  /**
   * Size of the file in bytes; 0 if a command has written it to a descriptor, or the
   * image is a directory.
   */
  uint64_t archive_size;
  /**
   * Digest of the file, of the same form, or NULL if it was not asked for, or a
   * command has written the file to a descriptor.
   */
  const char *archive_digest;
  /**
   * Digest of the image's manifest, of the same form, or NULL in a Docker archive.
   */
  const char *manifest_digest;
  /**
   * Size of the manifest in bytes, or 0.
   */
  uint64_t manifest_size;
  /**
   * Names of the image: repositories with tags.
   */
  const char *const *names;
  /**
   * Number of names.
   */
  size_t name_count;
  /**
   * Layers of the image, lowest first.
   */
  const struct guix_docker_layer *const *layers;
  /**
   * Number of layers.
   */
  size_t layer_count;
  /**
   * Warnings for users of the image: lines of UTF-8 without a full stop, such as of
   * files that could not be kept as they are.
   */
  const char *const *warnings;
  /**
   * Number of warnings.
   */
  size_t warning_count;
} guix_docker_report;

/**
 * Failure of a call.  Later versions append members and statuses.
 */
typedef struct guix_docker_error {
  /**
   * Size of the structure as the library knows it, in bytes.
   */
  uint32_t struct_size;
  /**
   * Kind of the failure.
   */
  guix_docker_status status;
  /**
   * The `errno` of the system call that failed, or 0.
   */
  int system_error;
  /**
   * Message that names the argument or file and what to do: one line of UTF-8 without
   * a full stop.
   */
  const char *message;
  /**
   * Argument that led to the failure, by the name of its member of the options, or
   * "options" for the structure itself; or NULL.  The message begins with it.
   */
  const char *argument;
} guix_docker_error;

/**
 * OCI image layouts to merge.
 */
typedef struct guix_docker_merge {
  /**
   * Size of the structure in bytes; set by `guix_docker_merge_init`.
   */
  uint32_t struct_size;
  /**
   * OCI image layout that gets all images, a directory, which is made if it is
   * missing.  Required.
   */
  const char *target;
  /**
   * OCI image layouts with these images, directories or archives.
   */
  const char *const *sources;
  /**
   * Number of layouts.
   */
  size_t source_count;
  /**
   * Function to report progress to, which can stop the work; or NULL.
   */
  guix_docker_progress progress;
  /**
   * Data for `progress`.
   */
  void *progress_data;
} guix_docker_merge;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Builds the Docker image that `options` describes.
 *
 * - `options`: what to build, made by `guix_docker_options_init` and filled
 *   in by the caller.  It and all it points to need live only for the call.
 * - `report`: where to put what was built, or NULL.  On success `*report`
 *   is set to a report that `guix_docker_report_free` frees, on failure to
 *   NULL.
 * - `error`: where to put what went wrong, or NULL.  On failure `*error` is
 *   set to an error that `guix_docker_error_free` frees, on success to NULL.
 *
 * Returns `GUIX_DOCKER_STATUS_OK`, which is 0, or why there is no image.
 * The image appears under its name when it is complete; a failure leaves
 * nothing behind, and an image of that name as it was.
 *
 * The call blocks until the image is there.  It may be made from any
 * thread that has 64 KiB of stack, half of which are for the callbacks, and
 * from several at once.  It starts threads of its own, which block all
 * signals and have ended when it returns.  It reads no environment variable
 * but PATH, to find a compressor, TMPDIR, where a compressed base is unpacked,
 * and XDG_CACHE_HOME or else HOME; a compressor that is run inherits the
 * environment.
 *
 * In OCI formats it notes which layers it has built, so that a later call
 * reuses them without decompressing them: in the file guix-docker/layers in the
 * directory XDG_CACHE_HOME, if that is an absolute name, or else in .cache in
 * HOME.  The file and its directory must belong to the effective user, who
 * alone may write to them; it is at most 4 MiB and can be deleted at any time.
 * Where a variable is missing, the directory cannot be made, or the process has
 * more privileges than its caller (AT_SECURE), nothing is noted.
 *
 * Example:
 *
 *     struct guix_docker_options options;
 *     struct guix_docker_error *error;
 *     const char *paths[] = { "/gnu/store/...-hello-2.12" };
 *
 *     guix_docker_options_init (&options, sizeof options);
 *     options.image = "hello.tar";
 *     options.paths = paths;
 *     options.path_count = 1;
 *     options.prefix = paths[0];
 *     if (build_docker_image (&options, NULL, &error) != 0)
 *       {
 *         fprintf (stderr, "%s\n", error->message);
 *         guix_docker_error_free (error);
 *       }
 */
guix_docker_status build_docker_image(const struct guix_docker_options *options,
                                      struct guix_docker_report **report,
                                      struct guix_docker_error **error);

/**
 * Fills `options` with defaults: an image of no paths, in a single layer,
 * not compressed, for this machine's system, created now.
 *
 * - `options`: the structure to fill.
 * - `size`: `sizeof (struct guix_docker_options)`, by which the library
 *   knows which members the caller has.
 */
void guix_docker_options_init(struct guix_docker_options *options, size_t size);

/**
 * Merges OCI image layouts into one, images of several systems as a rule.
 *
 * - `options`: the layouts, made by `guix_docker_merge_init` and filled in by
 *   the caller.  It and all it points to need live only for the call.
 * - `error`: as for `build_docker_image`.
 *
 * Images of one name for several systems are found by that name, in an index
 * of theirs.  One of the same name and system as another one that is there
 * takes its place.  Digests are checked; blobs are linked where that can be.
 *
 * Returns `GUIX_DOCKER_STATUS_OK`, which is 0, or why nothing was changed.
 */
guix_docker_status guix_docker_merge_layouts(const struct guix_docker_merge *options,
                                             struct guix_docker_error **error);

/**
 * Fills `options` with defaults: nothing.
 *
 * - `options`: the structure to fill.
 * - `size`: `sizeof (struct guix_docker_merge)`, by which the library knows
 *   which members the caller has.
 */
void guix_docker_merge_init(struct guix_docker_merge *options, size_t size);

/**
 * Returns the report as a JSON object, whose form guix_docker_report.schema.json
 * describes.
 *
 * - `report`: a report of `build_docker_image`, or NULL.
 *
 * The text is made by the first call, is freed with the report, and is the same for
 * all threads.  NULL for NULL, or if there is too little memory.
 */
const char *guix_docker_report_json(const struct guix_docker_report *report);

/**
 * Frees a report that `build_docker_image` made and that has not been freed;
 * NULL is left alone.
 */
void guix_docker_report_free(struct guix_docker_report *report);

/**
 * Frees an error that `build_docker_image` made and that has not been freed;
 * NULL is left alone.
 */
void guix_docker_error_free(struct guix_docker_error *error);

/**
 * Returns the version of the library, such as "1.0.0"; never freed.
 */
const char *guix_docker_version(void);

/**
 * Returns the name of a status, such as "INVALID_ARGUMENT", or NULL for a number that
 * is none; never freed.
 *
 * - `status`: one of `enum guix_docker_status`.
 */
const char *guix_docker_status_name(int32_t status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GUIX_DOCKER_H */
