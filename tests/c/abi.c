/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the header promises of pointers, sizes, statuses and ownership.  */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/resource.h>

#include "check.h"

static void
check_version (void)
{
  check (strcmp (guix_docker_version (), VERSION) == 0,
         "the version is Cargo.toml's, " VERSION);
}

static void
check_init (void)
{
  struct guix_docker_options options;
  unsigned char bytes[sizeof options + 64];
  size_t size, index;
  int kept = 1, zeroed = 1;

  guix_docker_options_init (NULL, sizeof options);
  check (1, "init leaves NULL alone");

  memset (&options, 0xaa, sizeof options);
  guix_docker_options_init (&options, sizeof options);
  check (options.size == sizeof options && !options.image && !options.paths
         && options.path_count == 0 && !options.prefix
         && !options.repository && !options.extra_files
         && options.extra_file_count == 0 && !options.transformations
         && options.transformation_count == 0 && !options.system
         && !options.database && !options.entry_point
         && options.entry_point_count == 0 && !options.environment
         && options.environment_count == 0 && !options.compressor
         && options.compressor_count == 0
         && options.creation_time == GUIX_DOCKER_NOW
         && options.max_layers == 0 && !options.root_system
         && options.history == GUIX_DOCKER_HISTORY_LAYERS
         && options.threads == 0 && !options.progress
         && !options.progress_data, "init sets the defaults");

  for (size = 0; size < sizeof options; size++)
    {
      memset (bytes, 0xaa, sizeof bytes);
      guix_docker_options_init ((struct guix_docker_options *) bytes, size);
      for (index = size; index < sizeof bytes; index++)
        kept = kept && bytes[index] == 0xaa;
    }
  check (kept, "init writes no more than the size it is given");

  memset (bytes, 0xaa, sizeof bytes);
  guix_docker_options_init ((struct guix_docker_options *) bytes,
                            sizeof options + 32);
  for (index = sizeof options; index < sizeof options + 32; index++)
    zeroed = zeroed && bytes[index] == 0;
  for (; index < sizeof bytes; index++)
    kept = kept && bytes[index] == 0xaa;
  memcpy (&size, bytes, sizeof size);
  check (zeroed && kept && size == sizeof options + 32,
         "init clears what a newer program has");
}

/* Builds with options of SIZE bytes, the last of them LAST.  */
static int
sized (size_t size, int last)
{
  unsigned char bytes[sizeof (struct guix_docker_options) + 64] = { 0 };
  struct guix_docker_options options = small_image ("sized.tar");
  struct guix_docker_error *error = NULL;
  int status;

  options.size = size;
  memcpy (bytes, &options, sizeof options);
  if (size > sizeof options && size <= sizeof bytes)
    bytes[size - 1] = (unsigned char) last;
  status = (int) build_docker_image ((struct guix_docker_options *) bytes,
                                     NULL, &error);
  if (status != 0 && (!error || !strstr (error->message, "options")
                      || exists ("sized.tar")))
    status = -1;
  guix_docker_error_free (error);
  remove ("sized.tar");
  return status;
}

static void
check_sizes (void)
{
  const size_t size = sizeof (struct guix_docker_options);
  const int invalid = GUIX_DOCKER_STATUS_INVALID_ARGUMENT;
  struct guix_docker_error *error = NULL;
  size_t wrong;
  int refused = 1;

  check (build_docker_image (NULL, NULL, NULL) == invalid,
         "options of NULL are refused");
  check (build_docker_image (NULL, NULL, &error) == invalid && error
         && strstr (error->message, "options"),
         "and the message says so");
  guix_docker_error_free (error);
  for (wrong = 0; wrong < size; wrong++)
    refused = refused && sized (wrong, 0) == invalid;
  check (refused, "sizes below the first version's are refused");
  check (sized (SIZE_MAX, 0) == invalid && sized (SIZE_MAX / 2, 0) == invalid
         && sized (1 << 20, 0) == invalid,
         "sizes that make no sense are refused");
  check (sized (size, 0) == 0, "the size of this version is accepted");
  check (sized (size + 8, 0) == 0 && sized (size + 64, 0) == 0
         && sized (size + 1, 0) == 0,
         "a newer program's options are accepted if they ask for nothing new");
  check (sized (size + 8, 1) == invalid && sized (size + 64, 255) == invalid
         && sized (size + 1, 1) == invalid, "and refused if they do");
}

static void
check_results (void)
{
  struct guix_docker_options options = small_image ("results.tar");
  struct guix_docker_report *report = (struct guix_docker_report *) &options;
  struct guix_docker_error *error = (struct guix_docker_error *) &options;
  struct stat status;

  guix_docker_report_free (NULL);
  guix_docker_error_free (NULL);
  check (1, "free functions leave NULL alone");
  check (build_docker_image (&options, NULL, NULL) == 0,
         "neither report nor error need be asked for");
  check (build_docker_image (&options, &report, &error) == 0 && !error
         && report, "success sets the report and clears the error");
  if (report)
    check (strncmp (report->image_id, "sha256:", 7) == 0
           && strlen (report->image_id) == 71 && report->layer_count == 1
           && stat ("results.tar", &status) == 0
           && report->archive_size == (uint64_t) status.st_size
           && strlen (report->layers[0].diff_id) == 71
           && report->layers[0].size % 10240 == 0
           && report->layers[0].item_count == 1
           && strcmp (report->layers[0].items[0], small_file) == 0,
           "the report is of the image");
  guix_docker_report_free (report);
  options.prefix = "";
  error = (struct guix_docker_error *) &options;
  report = (struct guix_docker_report *) &options;
  check (build_docker_image (&options, &report, &error)
             == GUIX_DOCKER_STATUS_INVALID_ARGUMENT && !report && error
         && error->status == GUIX_DOCKER_STATUS_INVALID_ARGUMENT
         && strstr (error->message, "prefix"),
         "failure sets the error and clears the report");
  guix_docker_error_free (error);
  check (build_docker_image (&options, NULL, NULL)
             == GUIX_DOCKER_STATUS_INVALID_ARGUMENT,
         "a failure whose error is not asked for");
  check (build_docker_image (&options, &report, NULL)
             == GUIX_DOCKER_STATUS_INVALID_ARGUMENT && !report,
         "a failure whose report alone is asked for");
  remove ("results.tar");
}

/* A failure with STATUS, for which nothing appears.  */
static void
check_status (const struct guix_docker_options *options, int status,
              const char *name)
{
  struct guix_docker_error *error;
  unsigned before = entries (".");
  int result = (int) build_docker_image (options, NULL, &error);

  check (result == status && error && (int) error->status == status
         && error->message[0] != '\0' && entries (".") == before,
         "status %s: %s", name, error ? error->message : "no message");
  guix_docker_error_free (error);
}

static int
stop (void *data, uint64_t done, uint64_t total)
{
  (void) done;
  (void) total;
  return ++*(int *) data;
}

/* A build when no descriptor is left.  */
static void
check_descriptors (const struct guix_docker_options *options)
{
  struct rlimit old, few;
  struct guix_docker_error *error;
  int files[64], count = 0, status;

  getrlimit (RLIMIT_NOFILE, &old);
  few = old;
  few.rlim_cur = 64;
  setrlimit (RLIMIT_NOFILE, &few);
  while (count < 64 && (files[count] = open ("/dev/null", O_RDONLY)) >= 0)
    count++;
  status = (int) build_docker_image (options, NULL, &error);
  while (count > 0)
    close (files[--count]);
  setrlimit (RLIMIT_NOFILE, &old);
  check (status == GUIX_DOCKER_STATUS_RESOURCES && error
         && error->system_error == EMFILE && !exists (options->image),
         "status RESOURCES: %s", error ? error->message : "no message");
  guix_docker_error_free (error);
}

static void
check_statuses (void)
{
  static const char *missing[] = { "/no/such/file" };
  static const char *failing[] = { "false" };
  static const char *waiting[]
    = { "sh", "-c", "cat >/dev/null; sleep 10" };
  static const char *changing[]
    = { "sh", "-c", "echo >>\"$0\"; exec cat", large_file };
  const struct rlimit little = { 100000, RLIM_INFINITY };
  const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
  struct guix_docker_options options, plain = small_image ("status.tar");
  int calls = 0;

  options = plain;
  options.max_layers = 1;
  check_status (&options, GUIX_DOCKER_STATUS_INVALID_ARGUMENT,
                "INVALID_ARGUMENT");
  options = plain;
  options.repository = "\xff";
  check_status (&options, GUIX_DOCKER_STATUS_INVALID_TEXT, "INVALID_TEXT");
  options = plain;
  options.system = "pdp11";
  check_status (&options, GUIX_DOCKER_STATUS_UNSUPPORTED_SYSTEM,
                "UNSUPPORTED_SYSTEM");
  options = plain;
  options.paths = missing;
  check_status (&options, GUIX_DOCKER_STATUS_INPUT, "INPUT");
  options = plain;
  options.paths = large_paths;
  options.compressor = changing;
  options.compressor_count = 4;
  check_status (&options, GUIX_DOCKER_STATUS_INPUT_CHANGED, "INPUT_CHANGED");
  options = plain;
  options.image = "/no/such/directory/image";
  check_status (&options, GUIX_DOCKER_STATUS_OUTPUT, "OUTPUT");
  options = plain;
  options.paths = large_paths;
  setrlimit (RLIMIT_FSIZE, &little);
  check_status (&options, GUIX_DOCKER_STATUS_NO_SPACE, "NO_SPACE");
  setrlimit (RLIMIT_FSIZE, &all);
  options = plain;
  options.compressor = failing;
  options.compressor_count = 1;
  check_status (&options, GUIX_DOCKER_STATUS_COMPRESSOR, "COMPRESSOR");
  options = plain;
  options.compressor = waiting;
  options.compressor_count = 3;
  options.progress = stop;
  options.progress_data = &calls;
  check_status (&options, GUIX_DOCKER_STATUS_CANCELLED, "CANCELLED");
  check (calls == 1, "a callback that asked to stop is not called again");
  check_descriptors (&plain);
  check (build_docker_image (&plain, NULL, NULL) == GUIX_DOCKER_STATUS_OK,
         "status OK");
  remove ("status.tar");
}

static void
check_all_options (void)
{
  static const char *words[] = { "/bin/sh", "-c", "echo" };
  static const char *gzip[] = { "gzip" };
  static const struct guix_docker_directive directives[]
    = { { GUIX_DOCKER_DIRECTIVE_DIRECTORY, GUIX_DOCKER_DEFAULT_MODE, "etc",
          NULL, NULL, 0 },
        { GUIX_DOCKER_DIRECTIVE_FILE, 0, "/etc/name", NULL,
          (const uint8_t *) "a\0b", 3 },
        { GUIX_DOCKER_DIRECTIVE_LINK, 0, "/etc/link", "name", NULL, 0 } };
  static const struct guix_docker_transformation transformations[]
    = { { "/tmp", "/data" }, { "/data", "" } };
  static const struct guix_docker_variable environment[]
    = { { "A", "b=c" }, { "EMPTY", "" } };
  struct guix_docker_options options = small_image ("all.tar.gz");
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  uint32_t history;
  int status;

  options.repository = "Some/Name";
  options.extra_files = directives;
  options.extra_file_count = 3;
  options.transformations = transformations;
  options.transformation_count = 2;
  options.system = "aarch64-linux-gnu";
  options.database = small_file;
  options.entry_point = words;
  options.entry_point_count = 3;
  options.environment = environment;
  options.environment_count = 2;
  options.compressor = gzip;
  options.compressor_count = 1;
  options.max_layers = INT64_MAX;
  options.threads = 8;
  for (history = GUIX_DOCKER_HISTORY_LAYERS;
       history <= GUIX_DOCKER_HISTORY_NONE; history++)
    {
      options.history = history;
      status = (int) build_docker_image (&options, &report, &error);
      check (status == 0, "all options at once, history %lu: %s",
             (unsigned long) history, error ? error->message : "");
      guix_docker_report_free (report);
      guix_docker_error_free (error);
    }
  options.threads = UINT32_MAX;
  check (build_docker_image (&options, NULL, NULL) == 0,
         "more threads than there can be");
  options.threads = 0;
  options.entry_point_count = 0;
  options.extra_file_count = 0;
  options.transformation_count = 0;
  options.environment_count = 0;
  options.compressor_count = 0;
  options.path_count = 0;
  check (build_docker_image (&options, NULL, NULL) == 0,
         "lists that are empty but not NULL");
  remove ("all.tar.gz");
}

static void *
check_all (void *data)
{
  make_input ();
  check_version ();
  check_init ();
  check_sizes ();
  check_results ();
  check_all_options ();
  check_statuses ();
  return data;
}

/* What the library keeps for a thread that calls it is freed when the thread
   ends, and only then.  */
int
main (void)
{
  pthread_t thread;

  if (pthread_create (&thread, NULL, check_all, NULL) != 0)
    return 2;
  pthread_join (thread, NULL);
  return failures != 0;
}
