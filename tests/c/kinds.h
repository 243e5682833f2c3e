/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Every kind of build, good ones and such as fail.  */

#ifndef KINDS_H
#define KINDS_H

#include "check.h"

static const char *cat[] = { "cat" }, *failing[] = { "false" };
static const char *missing_command[] = { "no-such-command" };
static const char *gzip[] = { "gzip", "-9" }, *zstd[] = { "zstd", "-3" };
static const char *missing[] = { "/no/such/file" };
static const char *both[2];

static inline void
plain (struct guix_docker_options *options)
{
  (void) options;
}

static inline void
layered (struct guix_docker_options *options)
{
  options->paths = both;
  options->path_count = 2;
  options->max_layers = 3;
}

static inline void
by_gzip (struct guix_docker_options *options)
{
  options->compressor = gzip;
  options->compressor_count = 2;
}

static inline void
by_zstd (struct guix_docker_options *options)
{
  options->compressor = zstd;
  options->compressor_count = 2;
}

static inline void
by_command (struct guix_docker_options *options)
{
  options->compressor = cat;
  options->compressor_count = 1;
}

static inline void
oci_archive (struct guix_docker_options *options)
{
  layered (options);
  options->format = GUIX_DOCKER_FORMAT_OCI_ARCHIVE;
}

static inline void
oci_directory (struct guix_docker_options *options)
{
  layered (options);
  by_gzip (options);
  options->format = GUIX_DOCKER_FORMAT_OCI;
}

static inline void
upon_base (struct guix_docker_options *options)
{
  layered (options);
  by_gzip (options);
  options->max_layers = 10;
  options->base = "base.tar";
}

static inline void
upon_layout (struct guix_docker_options *options)
{
  upon_base (options);
  options->base = "base-layout";
  options->format = GUIX_DOCKER_FORMAT_OCI_ARCHIVE;
}

static const struct guix_docker_directive *const directives[]
  = { DIRECTIVE (DIRECTORY, 0, "etc", NULL, NULL, 0),
      DIRECTIVE (FILE, 0, "/etc/name", NULL, "a\0b", 3),
      DIRECTIVE (LINK, 0, "/etc/link", "name", NULL, 0) };
static const struct guix_docker_transformation *const transformations[]
  = { TRANSFORMATION ("/tmp", "/data") };
static const struct guix_docker_variable *const variables[]
  = { VARIABLE ("A", "b=c"), VARIABLE ("EMPTY", "") };
static const struct guix_docker_ownership *const owners[]
  = { OWNERSHIP ("/", 1, 2) };

static inline void
with_everything (struct guix_docker_options *options)
{
  static const char *names[] = { "registry.example:5000/a/b:auto" };

  options->extra_files = directives;
  options->extra_file_count = 3;
  options->transformations = transformations;
  options->transformation_count = 1;
  options->environment = options->labels = options->annotations = variables;
  options->environment_count = options->label_count
    = options->annotation_count = 2;
  options->ownership = owners;
  options->ownership_count = 1;
  options->database = small_file;
  options->names = names;
  options->name_count = 1;
  options->health_check = "{\"Test\": [\"CMD\", \"true\"]}";
  options->config = "{\"config\": {\"Labels\": {\"more\": \"yes\"}}}";
  options->archive_digest = 1;
  options->format = GUIX_DOCKER_FORMAT_OCI_ARCHIVE;
}

static inline void
failing_command (struct guix_docker_options *options)
{
  options->compressor = failing;
  options->compressor_count = 1;
}

static inline void
unknown_command (struct guix_docker_options *options)
{
  options->compressor = missing_command;
  options->compressor_count = 1;
}

static inline void
missing_file (struct guix_docker_options *options)
{
  options->paths = missing;
}

static inline void
wrong_argument (struct guix_docker_options *options)
{
  options->system = "pdp11";
}

static const struct kind
{
  const char *name;
  void (*set) (struct guix_docker_options *);
  int status;
} kinds[] = {
  { "plain", plain, 0 },
  { "layered", layered, 0 },
  { "gzip", by_gzip, 0 },
  { "zstd", by_zstd, 0 },
  { "a command", by_command, 0 },
  { "an OCI archive", oci_archive, 0 },
  { "an OCI directory", oci_directory, 0 },
  { "upon a base", upon_base, 0 },
  { "upon a layout", upon_layout, 0 },
  { "all options", with_everything, 0 },
  { "a command that fails", failing_command, GUIX_DOCKER_STATUS_COMPRESSOR },
  { "an unknown command", unknown_command, GUIX_DOCKER_STATUS_COMPRESSOR },
  { "a missing file", missing_file, GUIX_DOCKER_STATUS_INPUT },
  { "a wrong argument", wrong_argument, GUIX_DOCKER_STATUS_UNSUPPORTED_SYSTEM },
};

#define KINDS ((int) (sizeof kinds / sizeof *kinds))

/* Make the input, and the images that others are made upon.  */
static inline void
make_kinds (void)
{
  struct guix_docker_options options;

  make_input ();
  both[0] = small_file;
  both[1] = large_file;
  options = small_image ("base.tar");
  if (build_docker_image (&options, NULL, NULL) != 0)
    exit (2);
  options.image = "base-layout";
  options.format = GUIX_DOCKER_FORMAT_OCI;
  if (build_docker_image (&options, NULL, NULL) != 0)
    exit (2);
}

static inline struct guix_docker_options
options_of (const struct kind *kind, const char *image)
{
  struct guix_docker_options options = small_image (image);

  options.threads = 2;
  kind->set (&options);
  return options;
}

/* Remove an image of any format.  */
static inline void
remove_image (const char *image)
{
  char command[5000];
  struct stat status;

  if (lstat (image, &status) != 0)
    return;
  if (!S_ISDIR (status.st_mode))
    {
      remove (image);
      return;
    }
  snprintf (command, sizeof command, "rm -r -- '%s'", image);
  if (system (command) != 0)
    exit (2);
}

#endif
