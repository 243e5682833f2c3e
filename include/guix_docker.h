/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Docker images from files, as GNU Guix makes them.

   Link with -lguix_docker.  This file is generated from the library's sources;
   do not edit it.  */

#ifndef GUIX_DOCKER_H
#define GUIX_DOCKER_H

#include <stddef.h>
#include <stdint.h>

/*
 `creation_time` for the time of the call.
 */
#define GUIX_DOCKER_NOW INT64_MIN

/*
 `history`: one entry a layer, saying what the layer holds.
 */
#define GUIX_DOCKER_HISTORY_LAYERS 0

/*
 `history`: one entry however many layers there are, as Guix 1.5.0 has it.
 */
#define GUIX_DOCKER_HISTORY_ONE 1

/*
 `history`: no history at all.
 */
#define GUIX_DOCKER_HISTORY_NONE 2

/*
 `whiteouts`: names that begin with ".wh." are an error.
 */
#define GUIX_DOCKER_WHITEOUTS_REFUSE 0

/*
 `whiteouts`: such files go into the image, and engines delete what they
 name from lower layers.
 */
#define GUIX_DOCKER_WHITEOUTS_ALLOW 1

/*
 `modes`: as Guix has them, "go+u,go-w" in layers of paths.
 */
#define GUIX_DOCKER_MODES_REFERENCE 0

/*
 `modes`: as on disk.
 */
#define GUIX_DOCKER_MODES_KEEP 1

/*
 `xattrs`: extended attributes are left out.
 */
#define GUIX_DOCKER_XATTRS_DROP 0

/*
 `xattrs`: those of users, and capabilities, are kept.
 */
#define GUIX_DOCKER_XATTRS_KEEP 1

/*
 `config_keys`: "env" and "entrypoint", as Guix has them.
 */
#define GUIX_DOCKER_CONFIG_KEYS_REFERENCE 0

/*
 `config_keys`: "Env" and "Entrypoint", as the specification has them.
 */
#define GUIX_DOCKER_CONFIG_KEYS_SPEC 1

/*
 `format`: a Docker archive, as Guix makes it.
 */
#define GUIX_DOCKER_FORMAT_DOCKER_ARCHIVE 0

/*
 `format`: an archive that is an OCI image layout, and a Docker archive too.
 */
#define GUIX_DOCKER_FORMAT_OCI_ARCHIVE 1

/*
 `format`: a directory that is an OCI image layout.
 */
#define GUIX_DOCKER_FORMAT_OCI 2

/*
 `layering`: the largest paths have layers of their own.
 */
#define GUIX_DOCKER_LAYERING_SIZE 0

/*
 `layering`: what others refer to is in the lower layers, see
 `references_graphs`.
 */
#define GUIX_DOCKER_LAYERING_REFERENCES 1

/*
 `kind` of a directive: make a directory and those above it.
 */
#define GUIX_DOCKER_DIRECTIVE_DIRECTORY 1

/*
 `kind` of a directive: make a file.
 */
#define GUIX_DOCKER_DIRECTIVE_FILE 2

/*
 `kind` of a directive: make a symbolic link.
 */
#define GUIX_DOCKER_DIRECTIVE_LINK 3

/*
 `mode` of a directory that is to have the default, 0755, or keep what it
 has.
 */
#define GUIX_DOCKER_DEFAULT_MODE 0

/*
 `mode` of a directory that nobody is to have any permission for.
 */
#define GUIX_DOCKER_NO_PERMISSIONS 4096

/*
 `phase`: files are listed and examined; `done` counts them, and `total`,
 which is not known, is 0.
 */
#define GUIX_DOCKER_PHASE_SCANNING 1

/*
 `phase`: layers that may be equal are read and compared; `done` and `total`
 are bytes.
 */
#define GUIX_DOCKER_PHASE_COMPARING 2

/*
 `phase`: the image is written; `done` and `total` are bytes before
 compression, and those that are read to check what is taken over.
 */
#define GUIX_DOCKER_PHASE_WRITING 3

/*
 The kind of a failure.  The numbers are stable: they are the status codes
 of the C interface.
 */
enum guix_docker_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /*
   The image was built.
   */
  GUIX_DOCKER_STATUS_OK = 0,
  /*
   An argument is missing, of the wrong shape or out of range.
   */
  GUIX_DOCKER_STATUS_INVALID_ARGUMENT = 1,
  /*
   Text that goes into the image's metadata is not UTF-8.
   */
  GUIX_DOCKER_STATUS_INVALID_TEXT = 2,
  /*
   There is no Docker architecture for the system.
   */
  GUIX_DOCKER_STATUS_UNSUPPORTED_SYSTEM = 3,
  /*
   A file to put into the image is missing or cannot be read.
   */
  GUIX_DOCKER_STATUS_INPUT = 4,
  /*
   A file changed while it was being read.
   */
  GUIX_DOCKER_STATUS_INPUT_CHANGED = 5,
  /*
   The image cannot be created or written at the place asked for.
   */
  GUIX_DOCKER_STATUS_OUTPUT = 6,
  /*
   The file system of the image is full.
   */
  GUIX_DOCKER_STATUS_NO_SPACE = 7,
  /*
   The compressor could not be run, failed or stopped early.
   */
  GUIX_DOCKER_STATUS_COMPRESSOR = 8,
  /*
   The progress callback, or the monitor, asked to stop.
   */
  GUIX_DOCKER_STATUS_CANCELLED = 9,
  /*
   The system has too little memory, or too few threads, descriptors or other
   resources.
   */
  GUIX_DOCKER_STATUS_RESOURCES = 10,
  /*
   A defect of this library.
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

/*
 A file, directory or link to make in the image.  Names are relative to
 the image's root, with or without a leading slash, and may not contain
 "..".  Everything belongs to root, unless `ownership` says otherwise.
 */
typedef struct guix_docker_directive {
  /*
   What to make: one of the `GUIX_DOCKER_DIRECTIVE_` values.
   */
  uint32_t kind;
  /*
   The permissions of a directory, up to 07777, or 0, which is
   `GUIX_DOCKER_DEFAULT_MODE`, or `GUIX_DOCKER_NO_PERMISSIONS`.  Not used
   for others.
   */
  uint32_t mode;
  /*
   Where to make it.  The directory above a file or link must be there.
   */
  const char *name;
  /*
   What a link points to.  It must be there, on this machine or in the
   image.  Not used for others.
   */
  const char *target;
  /*
   What a file holds.  Not used for others.
   */
  const uint8_t *content;
  /*
   How many bytes that is.
   */
  size_t content_size;
} guix_docker_directive;

/*
 Names in the image that begin with `from` get `to` in its place.  Both
 are compared as strings and without their leading slashes.
 */
typedef struct guix_docker_transformation {
  /*
   The prefix to replace.
   */
  const char *from;
  /*
   What to replace it by, which may be empty.
   */
  const char *to;
} guix_docker_transformation;

/*
 An environment variable.
 */
typedef struct guix_docker_variable {
  /*
   Its name, which is not empty and has no "=".
   */
  const char *name;
  /*
   Its value.
   */
  const char *value;
} guix_docker_variable;

/*
 Told of progress about 20 times a second, on the thread that called
 `build_docker_image`.

 - `data`: the `progress_data` of the options.
 - `done`, `total`: bytes done so far and in all, before compression; both
   are 0 while files are being listed.

 Returns 0 to go on; anything else stops the build, which then fails with
 `GUIX_DOCKER_STATUS_CANCELLED`.  The function must return: it may not
 leave by `longjmp` or an exception.
 */
typedef int (*guix_docker_progress)(void *data, uint64_t done, uint64_t total);

/*
 What is being done, and how far it has come.  Within a phase, `done` never
 goes back and `total` stays what it is; phases follow each other in the
 order of their numbers, and those that a build does not have or that are
 over at once are not told of.  Later versions add phases, and members at
 the end.
 */
typedef struct guix_docker_event {
  /*
   The size of the structure as the library knows it, in bytes.
   */
  uint32_t struct_size;
  /*
   What is being done: one of the `GUIX_DOCKER_PHASE_` values.
   */
  uint32_t phase;
  /*
   How much of it is done.
   */
  uint64_t done;
  /*
   How much there is to do, or 0 if that is not known.
   */
  uint64_t total;
} guix_docker_event;

/*
 Like `guix_docker_progress`, but told of the phase as well.

 - `data`: the `progress_data` of the options.
 - `event`: what there is to tell; it lives for the call.

 Returns 0 to go on; anything else stops the build.
 */
typedef int (*guix_docker_monitor)(void *data,
                                   const struct guix_docker_event *event);

/*
 A part of the image that belongs to someone.
 */
typedef struct guix_docker_ownership {
  /*
   A name in the image, with or without a leading slash; "/" for all of
   it.
   */
  const char *path;
  /*
   The number of the user.
   */
  uint32_t uid;
  /*
   The number of the group.
   */
  uint32_t gid;
} guix_docker_ownership;

/*
 What to build.

 Strings end in a NUL; file names are bytes in no particular encoding, other
 text is UTF-8.  A list is a pointer and a count, and NULL with a count of 0
 is an empty one.

 Later versions add members at the end, here and in the structures that
 lists are made of; in those, a member of 0 or NULL has its default.  What a
 program has of each structure is known from `size` and the `_size` members,
 so that it runs with every later library as it is.
 */
typedef struct guix_docker_options {
  /*
   The size of the structure as the caller knows it, in bytes; set by
   `guix_docker_options_init`.
   */
  size_t size;
  /*
   The file to write the image to, or in `GUIX_DOCKER_FORMAT_OCI` the
   directory.  Required, unless there is an `image_fd`.
   */
  const char *image;
  /*
   The store items, or other files and directories, to put into the
   image with all that is below them, under their own absolute names.  In
   a layer, directories of one name become one, and of files of one name
   the last is left; across layers, which are in the order of their sizes,
   engines take the upper one's.  A directory and a file of one name are an
   error, and so is a file below a link.
   */
  const char *const *paths;
  /*
   How many paths there are.
   */
  size_t path_count;
  /*
   The string the image's layer is identified by, usually the profile or
   system in `paths`; `database` makes it root's profile.  Required.
   */
  const char *prefix;
  /*
   The name in the REPOSITORY column of `docker images`, made to follow
   Docker's rules: 2 to 237 characters, words of a-z and 0-9 with ".", "_",
   "__" or any number of "-" between them.
   Default, also for NULL: "guix".
   */
  const char *repository;
  /*
   What to make in the image besides the paths, in this order.
   */
  const struct guix_docker_directive *extra_files;
  /*
   How many directives there are.
   */
  size_t extra_file_count;
  /*
   Prefixes of names in the image to replace, each in turn.
   */
  const struct guix_docker_transformation *transformations;
  /*
   How many transformations there are.
   */
  size_t transformation_count;
  /*
   The GNU triplet of the Linux system the files are for, or its first
   component: x86_64, i686, arm, aarch64, mips64el, powerpc64le, riscv64,
   s390x, loongarch64.  Default, also for NULL: this machine's.
   */
  const char *system;
  /*
   The store database to put at /var/guix/db/db.sqlite, or NULL.
   */
  const char *database;
  /*
   The words of the entry point.  NULL for none at all, which is not the
   same as an empty list.
   */
  const char *const *entry_point;
  /*
   How many words there are.
   */
  size_t entry_point_count;
  /*
   The environment that containers start with.
   */
  const struct guix_docker_variable *environment;
  /*
   How many variables there are.
   */
  size_t environment_count;
  /*
   The words of a command that compresses from its standard input to its
   standard output, such as "xz", "-9"; it is run without a shell.  `gzip`
   and `pigz` at levels -1 to -9 and `zstd` at levels -1 to -19, perhaps
   with --long, are not run: the library does their work itself.  "none" is
   no command: nothing is compressed, which is the default.  In OCI formats
   each layer is compressed by itself, by one of these, zstd without --long;
   the default there is "gzip".
   */
  const char *const *compressor;
  /*
   How many words there are.
   */
  size_t compressor_count;
  /*
   The time in the metadata, in seconds since 1970-01-01 00:00 UTC.
   Default: `GUIX_DOCKER_NOW`.
   */
  int64_t creation_time;
  /*
   The greatest number of layers of a layered image, 2 or more, each
   of the largest paths in one of its own; 0, the default, for a
   single-layer image.  In the layers of paths, group and others have the
   permissions of the user but for writing, see `modes`.
   */
  int64_t max_layers;
  /*
   A directory that holds a root file system to make a layer of, or NULL.
   It takes the place of `extra_files`, of `database` and, in a
   single-layer image, of `paths`.
   */
  const char *root_system;
  /*
   What the history in the metadata holds: one of the
   `GUIX_DOCKER_HISTORY_` values.
   */
  uint32_t history;
  /*
   How many threads to work on at most; 0, the default, for as many as the
   process can run at once.  The image does not depend on it, and memory
   does.  There are never more than twice as many as the process can run, or
   8.
   */
  uint32_t threads;
  /*
   Told of progress, and able to stop the build; may be NULL.
   */
  guix_docker_progress progress;
  /*
   Passed to `progress` and to `monitor`.
   */
  void *progress_data;
  /*
   Told of progress too, and of what is being done; may be NULL.
   */
  guix_docker_monitor monitor;
  /*
   The size in bytes of an element of `extra_files` as the caller knows
   it; like those below, set by `guix_docker_options_init`.
   */
  uint32_t directive_size;
  /*
   The size in bytes of an element of `transformations`.
   */
  uint32_t transformation_size;
  /*
   The size in bytes of an element of `environment`.
   */
  uint32_t variable_size;
  /*
   Must be 0.
   */
  uint32_t reserved;
  /*
   Whom files belong to: each applies to what is at and below its path,
   and the last one that does wins.  Default: all belongs to root.
   */
  const struct guix_docker_ownership *ownership;
  /*
   How many there are.
   */
  size_t ownership_count;
  /*
   The size in bytes of an element of `ownership`, set by
   `guix_docker_options_init`.
   */
  size_t ownership_size;
  /*
   The variant of the system's architecture: "v5" to "v8" of arm, "v8" of
   arm64, "v1" to "v4" of amd64; or NULL.
   */
  const char *variant;
  /*
   What becomes of names that begin with ".wh.": one of the
   `GUIX_DOCKER_WHITEOUTS_` values.
   */
  uint32_t whiteouts;
  /*
   The permissions in layers of paths of a layered image: one of the
   `GUIX_DOCKER_MODES_` values.
   */
  uint32_t modes;
  /*
   What becomes of extended attributes: one of the `GUIX_DOCKER_XATTRS_`
   values.
   */
  uint32_t xattrs;
  /*
   1 for layers to begin with the directories above their paths, 0755 unless
   a path has them, or 0.
   */
  uint32_t parent_directories;
  /*
   How keys in the configuration are written: one of the
   `GUIX_DOCKER_CONFIG_KEYS_` values.
   */
  uint32_t config_keys;
  /*
   How the image is laid out: one of the `GUIX_DOCKER_FORMAT_` values.  OCI
   formats have the keys of the specification whatever `config_keys` says.
   */
  uint32_t format;
  /*
   What the image is called, in the place of `repository`: whole
   references, such as "registry.example:5000/team/app:1.2".  The tag is
   "latest" if there is none; "auto" becomes the first 12 digits of the
   image's ID.
   */
  const char *const *names;
  /*
   How many names there are.
   */
  size_t name_count;
  /*
   The words that are executed, or the default arguments of the entry
   point.  NULL for none at all, which is not the same as an empty list.
   */
  const char *const *cmd;
  /*
   How many words there are.
   */
  size_t cmd_count;
  /*
   Who executes them: a user and perhaps a group, "USER[:GROUP]", by names
   or numbers; or NULL.
   */
  const char *user;
  /*
   The directory they are executed in, an absolute name, or NULL.
   */
  const char *working_directory;
  /*
   The ports that containers listen at: "PORT", "PORT/tcp", "PORT/udp" or
   "PORT/sctp".
   */
  const char *const *exposed_ports;
  /*
   How many ports there are.
   */
  size_t exposed_port_count;
  /*
   Directories that hold containers' data, absolute names.
   */
  const char *const *volumes;
  /*
   How many volumes there are.
   */
  size_t volume_count;
  /*
   What is to be known of the image, by name; elements are as large as
   those of `environment`.
   */
  const struct guix_docker_variable *labels;
  /*
   How many labels there are.
   */
  size_t label_count;
  /*
   The signal that tells containers to end, by name or number, or NULL.
   */
  const char *stop_signal;
  /*
   How to find out whether a container works: a JSON object in Docker's
   form, with times in nanoseconds, or NULL.
   */
  const char *health_check;
  /*
   Who made the image, or NULL.
   */
  const char *author;
  /*
   A JSON object that is merged into the configuration last, as RFC 7396
   says, or NULL.
   */
  const char *config;
  /*
   A descriptor to write the image to in the place of `image`, which is
   NULL then; 0 for none.  It may be a pipe, a socket or a file, gets the
   same bytes as a file would, in their order, and is not closed.
   */
  int32_t image_fd;
  /*
   1 for the report to have the digest of the archive, for which a file is
   read again, or 0; of a directory there is none.
   */
  uint32_t archive_digest;
  /*
   What is to be known of an OCI image, by name, in its manifest and in the
   entries of the index; elements are as large as those of `environment`.
   */
  const struct guix_docker_variable *annotations;
  /*
   How many annotations there are.
   */
  size_t annotation_count;
  /*
   OCI image layouts, directories or archives, searched for reusable layers:
   a layer is reused if it is identical to the one that would be built.
   NULL, the default, for the layout that is written to, in
   `GUIX_DOCKER_FORMAT_OCI`; an empty list for none.  Layouts need not be
   trusted: what they say of a layer is checked against the layer, or against
   the record of layers that `build_docker_image` keeps.
   */
  const char *const *reuse;
  /*
   How many layouts there are.
   */
  size_t reuse_count;
  /*
   Files that say which of `paths` refers to which, in the form of Guix's
   `#:references-graphs`: for each item a line with its name, one with its
   deriver or nothing, one with the number of its references, and one with
   each of these.  For `GUIX_DOCKER_LAYERING_REFERENCES`.
   */
  const char *const *references_graphs;
  /*
   How many files there are.
   */
  size_t references_graph_count;
  /*
   Which paths share a layer: one of the `GUIX_DOCKER_LAYERING_` values.
   */
  uint32_t layering;
  /*
   1 if what is at and below `paths` never changes as long as the names are
   the same, as it is with store items, so that layers in the record that
   `build_docker_image` keeps are reused without reading their files; or 0.
   */
  uint32_t immutable_paths;
  /*
   An image whose layers come first, with its environment and the rest of
   its configuration as `FROM` in a Dockerfile has them: a Docker archive,
   an archive that is an OCI image layout, or such a directory; or NULL.
   Archives and layers may be compressed by gzip or zstd.  What would hide
   directories of the base, or go through its links, is an error.
   `max_layers` counts its layers too.
   */
  const char *base;
  /*
   What the base is called where there are several images, as in `names`, or
   NULL.
   */
  const char *base_name;
} guix_docker_options;

/*
 A layer of an image that was built.  Later versions add members at the end.
 */
typedef struct guix_docker_layer {
  /*
   The size of the structure as the library knows it, in bytes.
   */
  size_t struct_size;
  /*
   The digest of its archive before compression, "sha256:" and 64
   hexadecimal digits.
   */
  const char *diff_id;
  /*
   The size of its archive before compression, in bytes.
   */
  uint64_t size;
  /*
   The paths that are in it; none for the layer of extra files or of the
   root file system, and for those of a base.
   */
  const char *const *items;
  /*
   How many paths there are.
   */
  size_t item_count;
  /*
   The digest of the layer as it is stored in an OCI image, "sha256:" and
   64 hexadecimal digits, or NULL if it is no such image.
   */
  const char *blob_digest;
  /*
   The media type of that, or NULL.
   */
  const char *media_type;
  /*
   The size of that in bytes, or 0.
   */
  uint64_t blob_size;
} guix_docker_layer;

/*
 An image that was built.  Later versions add members at the end.
 */
typedef struct guix_docker_report {
  /*
   The size of the structure as the library knows it, in bytes.
   */
  size_t struct_size;
  /*
   The image's ID, "sha256:" and 64 hexadecimal digits: the digest of its
   configuration.
   */
  const char *image_id;
  /*
   The size of the file in bytes; 0 if a command has written it to a
   descriptor, or the image is a directory.
   */
  uint64_t archive_size;
  /*
   Its layers, lowest first.
   */
  const struct guix_docker_layer *const *layers;
  /*
   How many layers there are.
   */
  size_t layer_count;
  /*
   What users of the image should know: lines of UTF-8 without a full
   stop, such as of files that could not be kept as they are.
   */
  const char *const *warnings;
  /*
   How many warnings there are.
   */
  size_t warning_count;
  /*
   The digest of the file, "sha256:" and 64 hexadecimal digits, or NULL if
   it was not asked for, or a command has written to a descriptor.
   */
  const char *archive_digest;
  /*
   What the image is called: repositories with tags.
   */
  const char *const *names;
  /*
   How many names there are.
   */
  size_t name_count;
  /*
   The report as JSON, see `guix_docker_report_json`.
   */
  const char *json;
  /*
   The digest of the image's manifest, "sha256:" and 64 hexadecimal digits,
   or NULL if it is no OCI image.
   */
  const char *manifest_digest;
  /*
   The size of the manifest in bytes, or 0.
   */
  size_t manifest_size;
} guix_docker_report;

/*
 What went wrong.  Later versions add members at the end, and statuses.
 */
typedef struct guix_docker_error {
  /*
   The size of the structure as the library knows it, in bytes.
   */
  size_t struct_size;
  /*
   Why there is no image.
   */
  guix_docker_status status;
  /*
   The `errno` of the system call that failed, or 0.
   */
  int system_error;
  /*
   What went wrong, naming the argument or file, and what to do: one line
   of UTF-8 without a full stop.
   */
  const char *message;
  /*
   The argument that it is about, by the name of its member of the options
   or as "options" if it is about these, or NULL.  The message begins with
   it.  Not to be freed.
   */
  const char *argument;
} guix_docker_error;

/*
 Layouts to merge.  Later versions add members at the end.
 */
typedef struct guix_docker_merge {
  /*
   The size of the structure as the caller knows it, in bytes; set by
   `guix_docker_merge_init`.
   */
  size_t size;
  /*
   The directory that all images are to be in, an OCI image layout, which
   is made if it is not there.  Required.
   */
  const char *target;
  /*
   The OCI image layouts that they are in, directories or archives.
   */
  const char *const *sources;
  /*
   How many layouts there are.
   */
  size_t source_count;
  /*
   Told of progress, and able to stop the work; may be NULL.
   */
  guix_docker_monitor monitor;
  /*
   Passed to `monitor`.
   */
  void *progress_data;
} guix_docker_merge;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Builds the Docker image that `options` describes.

 - `options`: what to build, made by `guix_docker_options_init` and filled
   in by the caller.  It and all it points to need live only for the call.
 - `report`: where to put what was built, or NULL.  On success `*report`
   is set to a report that `guix_docker_report_free` frees, on failure to
   NULL.
 - `error`: where to put what went wrong, or NULL.  On failure `*error` is
   set to an error that `guix_docker_error_free` frees, on success to NULL.

 Returns `GUIX_DOCKER_STATUS_OK`, which is 0, or why there is no image.
 The image appears under its name when it is complete; a failure leaves
 nothing behind, and an image of that name as it was.

 The call blocks until the image is there.  It may be made from any
 thread that has 64 KiB of stack, half of which are for the callbacks, and
 from several at once.  It starts threads of its own, which block all
 signals and have ended when it returns.  It reads no environment variable
 but PATH, to find a compressor, TMPDIR, where a compressed base is unpacked,
 and XDG_CACHE_HOME or else HOME; a compressor that is run inherits the
 environment.

 In OCI formats it notes which layers it has built, so that a later call
 reuses them without decompressing them: in the file guix-docker/layers in the
 directory XDG_CACHE_HOME, if that is an absolute name, or else in .cache in
 HOME.  The file and its directory must belong to the effective user, who
 alone may write to them; it is at most 4 MiB and can be deleted at any time.
 Where a variable is missing, the directory cannot be made, or the process has
 more privileges than its caller (AT_SECURE), nothing is noted.

 Example:

     struct guix_docker_options options;
     struct guix_docker_error *error;
     const char *paths[] = { "/gnu/store/...-hello-2.12" };

     guix_docker_options_init (&options, sizeof options);
     options.image = "hello.tar";
     options.paths = paths;
     options.path_count = 1;
     options.prefix = paths[0];
     if (build_docker_image (&options, NULL, &error) != 0)
       {
         fprintf (stderr, "%s\n", error->message);
         guix_docker_error_free (error);
       }
 */
guix_docker_status build_docker_image(const struct guix_docker_options *options,
                                      struct guix_docker_report **report,
                                      struct guix_docker_error **error);

/*
 Fills `options` with defaults: an image of no paths, in a single layer,
 not compressed, for this machine's system, created now.

 - `options`: the structure to fill.
 - `size`: `sizeof (struct guix_docker_options)`, by which the library
   knows which members the caller has.

 In C and C++ a macro of the same name also sets the sizes of the elements
 of lists.  Those who call the function by itself, from another language,
 get the sizes of the first version, which later libraries go on to take.
 */
void guix_docker_options_init(struct guix_docker_options *options, size_t size);

/*
 Merges OCI image layouts into one, images of several systems as a rule.

 - `options`: the layouts, made by `guix_docker_merge_init` and filled in by
   the caller.  It and all it points to need live only for the call.
 - `error`: as for `build_docker_image`.

 Images of one name for several systems are found by that name, in an index
 of theirs.  One of the same name and system as another one that is there
 takes its place.  Digests are checked; blobs are linked where that can be.

 Returns `GUIX_DOCKER_STATUS_OK`, which is 0, or why nothing was changed.
 */
guix_docker_status guix_docker_merge_layouts(const struct guix_docker_merge *options,
                                             struct guix_docker_error **error);

/*
 Fills `options` with defaults: nothing.

 - `options`: the structure to fill.
 - `size`: `sizeof (struct guix_docker_merge)`, by which the library knows
   which members the caller has.
 */
void guix_docker_merge_init(struct guix_docker_merge *options, size_t size);

/*
 The report as a JSON object, whose form guix_docker_report.schema.json
 describes; it is freed with the report.  NULL for NULL.
 */
const char *guix_docker_report_json(const struct guix_docker_report *report);

/*
 Frees a report that `build_docker_image` made and that has not been freed;
 NULL is left alone.
 */
void guix_docker_report_free(struct guix_docker_report *report);

/*
 Frees an error that `build_docker_image` made and that has not been freed;
 NULL is left alone.
 */
void guix_docker_error_free(struct guix_docker_error *error);

/*
 The version of the library, such as "1.0.0"; never freed.
 */
const char *guix_docker_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GUIX_DOCKER_H */

#ifndef GUIX_DOCKER_INIT
#define GUIX_DOCKER_INIT

/* What the program knows of the structures that lists are made of goes into
   its options with their defaults.  */
static inline void
guix_docker_options_init_sizes (struct guix_docker_options *options,
                                size_t size)
{
  guix_docker_options_init (options, size);
  if (options && size >= sizeof *options)
    {
      options->directive_size = sizeof (struct guix_docker_directive);
      options->transformation_size
        = sizeof (struct guix_docker_transformation);
      options->variable_size = sizeof (struct guix_docker_variable);
      options->ownership_size = sizeof (struct guix_docker_ownership);
    }
}

#define guix_docker_options_init(options, size) guix_docker_options_init_sizes (options, size)

#endif
