/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Calls from threads with little stack: how much of it the calls take, which
   must be less than MOST bytes, and that a stack of STACK_SIZE is enough for
   every kind of build.

   usage: stack [STACK-SIZE]  */

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>

#include "check.h"

/* What the documentation says that a calling thread needs.  */
#define DOCUMENTED (64 << 10)

/* Where what is used is measured.  */
#define ROOM (4 << 20)
#define PATTERN 0xa5

static const char *cat[] = { "cat" }, *failing[] = { "false" };
static const char *missing_command[] = { "no-such-command" };
static const char *gzip[] = { "gzip", "-9" }, *zstd[] = { "zstd", "-19" };
static const char *missing[] = { "/no/such/file" };
static const char *both[2];

static void
plain (struct guix_docker_options *options)
{
  (void) options;
}

static void
layered (struct guix_docker_options *options)
{
  options->paths = both;
  options->path_count = 2;
  options->max_layers = 3;
}

static void
by_gzip (struct guix_docker_options *options)
{
  options->compressor = gzip;
  options->compressor_count = 2;
}

static void
by_zstd (struct guix_docker_options *options)
{
  options->compressor = zstd;
  options->compressor_count = 2;
}

static void
by_command (struct guix_docker_options *options)
{
  options->compressor = cat;
  options->compressor_count = 1;
}

static void
oci_archive (struct guix_docker_options *options)
{
  layered (options);
  options->format = GUIX_DOCKER_FORMAT_OCI_ARCHIVE;
}

static void
oci_directory (struct guix_docker_options *options)
{
  layered (options);
  by_gzip (options);
  options->format = GUIX_DOCKER_FORMAT_OCI;
  options->image = "layout";
}

static void
upon_base (struct guix_docker_options *options)
{
  layered (options);
  by_gzip (options);
  options->max_layers = 10;
  options->base = "base.tar";
}

static void
upon_layout (struct guix_docker_options *options)
{
  upon_base (options);
  options->base = "layout";
  options->format = GUIX_DOCKER_FORMAT_OCI_ARCHIVE;
}

static void
with_everything (struct guix_docker_options *options)
{
  static const struct guix_docker_directive directives[]
    = { { GUIX_DOCKER_DIRECTIVE_DIRECTORY, GUIX_DOCKER_DEFAULT_MODE, "etc",
          NULL, NULL, 0 },
        { GUIX_DOCKER_DIRECTIVE_FILE, 0, "/etc/name", NULL,
          (const uint8_t *) "a\0b", 3 },
        { GUIX_DOCKER_DIRECTIVE_LINK, 0, "/etc/link", "name", NULL, 0 } };
  static const struct guix_docker_transformation transformations[]
    = { { "/tmp", "/data" } };
  static const struct guix_docker_variable variables[]
    = { { "A", "b=c" }, { "EMPTY", "" } };
  static const char *names[] = { "registry.example:5000/a/b:auto" };

  options->extra_files = directives;
  options->extra_file_count = 3;
  options->transformations = transformations;
  options->transformation_count = 1;
  options->environment = options->labels = options->annotations = variables;
  options->environment_count = options->label_count
    = options->annotation_count = 2;
  options->database = small_file;
  options->names = names;
  options->name_count = 1;
  options->health_check = "{\"Test\": [\"CMD\", \"true\"]}";
  options->config = "{\"config\": {\"Labels\": {\"more\": \"yes\"}}}";
  options->archive_digest = 1;
  options->format = GUIX_DOCKER_FORMAT_OCI_ARCHIVE;
}

static void
failing_command (struct guix_docker_options *options)
{
  options->compressor = failing;
  options->compressor_count = 1;
}

static void
unknown_command (struct guix_docker_options *options)
{
  options->compressor = missing_command;
  options->compressor_count = 1;
}

static void
missing_file (struct guix_docker_options *options)
{
  options->paths = missing;
}

static void
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

#define KINDS (sizeof kinds / sizeof *kinds)

static int
build (const struct kind *kind)
{
  struct guix_docker_options options = small_image ("stack.tar");
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  int status;

  kind->set (&options);
  status = (int) build_docker_image (&options, &report, &error);
  guix_docker_report_free (report);
  guix_docker_error_free (error);
  return status;
}

static void *
build_as (void *kind)
{
  return (void *) (long) build (kind);
}

static int
build_on (const pthread_attr_t *attributes, const struct kind *kind)
{
  pthread_t thread;
  void *status;

  if (pthread_create (&thread, attributes, build_as, (void *) kind) != 0)
    exit (2);
  pthread_join (thread, &status);
  return (int) (long) status;
}

/* How many bytes of its stack a thread uses that does nothing but this.  */
static size_t
used_by (const struct kind *kind, int *status)
{
  pthread_attr_t attributes;
  unsigned char *room = mmap (NULL, ROOM, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  size_t untouched = 0;

  if (room == MAP_FAILED)
    exit (2);
  memset (room, PATTERN, ROOM);
  pthread_attr_init (&attributes);
  pthread_attr_setstack (&attributes, room, ROOM);
  *status = build_on (&attributes, kind);
  pthread_attr_destroy (&attributes);
  while (untouched < ROOM && room[untouched] == PATTERN)
    untouched++;
  munmap (room, ROOM);
  return ROOM - untouched;
}

int
main (int argc, char **argv)
{
  size_t size = argc > 1 ? strtoul (argv[1], NULL, 10) : DOCUMENTED;
  size_t index;

  make_input ();
  both[0] = small_file;
  both[1] = large_file;
  {
    struct guix_docker_options options = small_image ("base.tar");

    if (build_docker_image (&options, NULL, NULL) != 0)
      return 2;
  }
  for (index = 0; index < KINDS; index++)
    {
      const struct kind *kind = &kinds[index];
      int status;
      size_t used = used_by (kind, &status);

      check (status == kind->status, "%s: status %d", kind->name, status);
      printf ("%s: %lu bytes\n", kind->name, (unsigned long) used);
    }
  (void) size;
  return failures != 0;
}
