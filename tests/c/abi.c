/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the header promises of pointers, statuses and ownership.  */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"

static const int invalid = GUIX_DOCKER_STATUS_INVALID_ARGUMENT;

/* The sizes of results in the first version of the library, with words of 64
   bits, and of 32; sizes.c has those of what programs fill in.  */
#define FIRST_REPORT (sizeof (void *) == 8 ? 40u : 24u)
#define FIRST_LAYER (sizeof (void *) == 8 ? 40u : 24u)
#define FIRST_ERROR (sizeof (void *) == 8 ? 32u : 20u)

static void
check_version (void)
{
  check (strcmp (guix_docker_version (), VERSION) == 0,
         "the version is Cargo.toml's, " VERSION);
}

static void
free_nothing (void)
{
  guix_docker_report_free (NULL);
  guix_docker_error_free (NULL);
}

/* The permissions of the member NAME of an archive in IMAGE, or -1.  An
   archive in an archive is in whole blocks, too.  */
static long
mode_of (const char *image, const char *name)
{
  FILE *file = fopen (image, "r");
  char block[512];
  long mode = -1;

  while (file && mode < 0 && fread (block, sizeof block, 1, file) == 1)
    if (memcmp (block + 257, "ustar", 5) == 0
        && strncmp (block, name, 100) == 0)
      mode = strtol (block + 100, NULL, 8);
  if (file)
    fclose (file);
  return mode;
}

static void
check_modes (void)
{
  static const uint32_t modes[]
    = { GUIX_DOCKER_DEFAULT_MODE, GUIX_DOCKER_NO_PERMISSIONS, 01777, 1 };
  static const char *names[] = { "/zero", "/none", "/sticky", "/one", "/zero" };
  struct guix_docker_directive directives[5];
  struct guix_docker_options options = small_image ("modes.tar");
  unsigned number;

  memset (directives, 0, sizeof directives);
  for (number = 0; number < 5; number++)
    {
      directives[number].kind = GUIX_DOCKER_DIRECTIVE_DIRECTORY;
      directives[number].name = names[number];
      if (number < 4)
        directives[number].mode = modes[number];
    }
  options.extra_files = directives;
  options.extra_file_count = 4;
  check (build_docker_image (&options, NULL, NULL) == 0
         && mode_of ("modes.tar", "zero/") == 0755,
         "a directory of mode 0 has permissions 0755");
  check (mode_of ("modes.tar", "none/") == 0,
         "a directory of mode NO_PERMISSIONS has none");
  check (mode_of ("modes.tar", "sticky/") == 01777
         && mode_of ("modes.tar", "one/") == 1,
         "other modes are what they are");
  directives[0].mode = 0700;
  options.extra_file_count = 5;
  check (build_docker_image (&options, NULL, NULL) == 0
         && mode_of ("modes.tar", "zero/") == 0700,
         "mode 0 leaves alone the permissions of a directory that is there");
  remove ("modes.tar");
  directives[0].mode = GUIX_DOCKER_NO_PERMISSIONS + 1;
  check_refused (&options, "extra_files",
                 "the mode 10001 of the directory \"/zero\" is above 7777",
                 "a mode above NO_PERMISSIONS is refused");
}

/* Each of the words that are numbers.  */
static void
check_words (void)
{
  static const char *const names[]
    = { "history", "whiteouts", "modes", "xattrs", "parent_directories",
        "config_keys", "archive_digest", "immutable_paths" };
  static const uint32_t greatest[]
    = { GUIX_DOCKER_HISTORY_NONE, GUIX_DOCKER_WHITEOUTS_ALLOW,
        GUIX_DOCKER_MODES_KEEP, GUIX_DOCKER_XATTRS_KEEP, 1,
        GUIX_DOCKER_CONFIG_KEYS_SPEC, 1, 1 };
  size_t index;

  for (index = 0; index < sizeof names / sizeof names[0]; index++)
    {
      struct guix_docker_options options = small_image ("words.tar");
      uint32_t *const words[]
        = { &options.history, &options.whiteouts, &options.modes,
            &options.xattrs, &options.parent_directories,
            &options.config_keys, &options.archive_digest,
            &options.immutable_paths };

      *words[index] = greatest[index];
      check (build_docker_image (&options, NULL, NULL) == 0,
             "%s: the last value there is", names[index]);
      remove ("words.tar");
      *words[index] = greatest[index] + 1;
      check_refused (&options, names[index], "none of the values",
                     "a value there is not");
      *words[index] = UINT32_MAX;
      check_refused (&options, names[index], "none of the values",
                     "another one");
    }
}

static int
stop_merge (void *data, const struct guix_docker_event *event)
{
  return *(int *) data + (event->struct_size == 0);
}

/* Merging the layout that is there.  */
static void
check_merge (void)
{
  static const char *const sources[] = { "formats" };
  struct guix_docker_merge merge;
  struct guix_docker_error *error;
  int stop = 1;

  memset (&merge, 0xff, sizeof merge);
  guix_docker_merge_init (&merge, sizeof merge);
  check (merge.size == sizeof merge && merge.target == NULL
         && merge.sources == NULL && merge.monitor == NULL,
         "nothing is to be merged at first");
  check (guix_docker_merge_layouts (NULL, NULL)
         == GUIX_DOCKER_STATUS_INVALID_ARGUMENT, "NULL is refused");
  check (guix_docker_merge_layouts (&merge, &error)
         == GUIX_DOCKER_STATUS_INVALID_ARGUMENT
         && strcmp (error->argument, "target") == 0, "so is no target");
  guix_docker_error_free (error);
  merge.target = "merged";
  merge.sources = sources;
  merge.source_count = 1;
  merge.monitor = stop_merge;
  merge.progress_data = &stop;
  check (guix_docker_merge_layouts (&merge, &error)
         == GUIX_DOCKER_STATUS_CANCELLED && error != NULL
         && access ("merged", F_OK) != 0, "it can be stopped");
  guix_docker_error_free (error);
  stop = 0;
  check (guix_docker_merge_layouts (&merge, &error) == 0 && error == NULL
         && system ("diff -r formats merged") == 0,
         "one layout is merged into a copy of it");
  check (guix_docker_merge_layouts (&merge, NULL) == 0
         && system ("diff -r formats merged && rm -r merged") == 0,
         "and again into the same");
  merge.size = 8;
  check (guix_docker_merge_layouts (&merge, NULL)
         == GUIX_DOCKER_STATUS_INVALID_ARGUMENT, "a size is checked");
}

/* The formats of images.  */
static void
check_formats (void)
{
  struct guix_docker_options options = small_image ("formats");
  struct guix_docker_report *report;

  check (build_docker_image (&options, &report, NULL) == 0
         && report->manifest_digest == NULL && report->manifest_size == 0
         && report->layers[0]->blob_digest == NULL
         && report->layers[0]->media_type == NULL
         && report->layers[0]->blob_size == 0,
         "a Docker archive has no manifest of OCI's");
  guix_docker_report_free (report);
  options.format = GUIX_DOCKER_FORMAT_OCI_ARCHIVE;
  check (build_docker_image (&options, &report, NULL) == 0
         && strlen (report->manifest_digest) == 71 && report->manifest_size > 0
         && strlen (report->layers[0]->blob_digest) == 71
         && strcmp (report->layers[0]->media_type,
                    "application/vnd.oci.image.layer.v1.tar+gzip") == 0
         && report->layers[0]->blob_size > 0
         && report->layers[0]->blob_size < report->layers[0]->size,
         "an archive of OCI has one, and blobs");
  guix_docker_report_free (report);
  remove ("formats");
  options.format = GUIX_DOCKER_FORMAT_OCI;
  check (build_docker_image (&options, &report, NULL) == 0
         && report->archive_size == 0
         && access ("formats/oci-layout", R_OK) == 0
         && access ("formats/index.json", R_OK) == 0,
         "a layout is a directory");
  guix_docker_report_free (report);
  options.format = GUIX_DOCKER_FORMAT_DOCKER_ARCHIVE;
  check (build_docker_image (&options, NULL, NULL) == GUIX_DOCKER_STATUS_OUTPUT,
         "no archive takes its place");
  check_merge ();
  check (system ("rm -r formats") == 0, "it can be removed");
  options.format = GUIX_DOCKER_FORMAT_OCI + 1;
  check_refused (&options, "format", "none of the values",
                 "a format there is not");
}

static void
check_warnings (void)
{
  struct guix_docker_options options = small_image ("warnings.tar");
  struct guix_docker_report *report;
  const char *paths[] = { "/proc/version" };

  check (build_docker_image (&options, &report, NULL) == 0
         && report->warning_count == 0, "there is nothing to warn of");
  guix_docker_report_free (report);
  options.paths = paths;
  options.path_count = 1;
  check (build_docker_image (&options, &report, NULL) == 0
         && report->warning_count == 1
         && strstr (report->warnings[0], "\"/proc/version\""),
         "a warning names the file");
  guix_docker_report_free (report);
  remove ("warnings.tar");
}

static void
check_results (void)
{
  struct guix_docker_options options = small_image ("results.tar");
  struct guix_docker_report *report = (struct guix_docker_report *) &options;
  struct guix_docker_error *error = (struct guix_docker_error *) &options;
  struct stat status;

  check (returns (free_nothing), "free functions leave NULL alone");
  check (build_docker_image (&options, NULL, NULL) == 0,
         "neither report nor error need be asked for");
  check (build_docker_image (&options, &report, &error) == 0 && !error
         && report, "success sets the report and clears the error");
  if (report)
    check (report->struct_size >= FIRST_REPORT
           && strncmp (report->image_id, "sha256:", 7) == 0
           && strlen (report->image_id) == 71 && report->layer_count == 1
           && stat ("results.tar", &status) == 0
           && report->archive_size == (uint64_t) status.st_size
           && report->layers[0]->struct_size >= FIRST_LAYER
           && strlen (report->layers[0]->diff_id) == 71
           && report->layers[0]->size % 10240 == 0
           && report->layers[0]->item_count == 1
           && strcmp (report->layers[0]->items[0], small_file) == 0,
           "the report is of the image");
  guix_docker_report_free (report);
  options.prefix = "";
  error = (struct guix_docker_error *) &options;
  report = (struct guix_docker_report *) &options;
  check (build_docker_image (&options, &report, &error) == invalid && !report
         && error && error->struct_size >= FIRST_ERROR
         && error->status == invalid && is_about (error, "prefix", ""),
         "failure sets the error and clears the report");
  guix_docker_error_free (error);
  check (build_docker_image (&options, NULL, NULL) == invalid,
         "a failure whose error is not asked for");
  check (build_docker_image (&options, &report, NULL) == invalid && !report,
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
         && error->message[0] != '\0' && entries (".") == before
         && (!error->argument || is_about (error, error->argument, "")),
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
  check_modes ();
  check_words ();
  check_formats ();
  check_warnings ();
  check_results ();
  check_all_options ();
  check_statuses ();
  return data;
}

int
main (void)
{
  run_on_thread (check_all);
  return failures != 0;
}
