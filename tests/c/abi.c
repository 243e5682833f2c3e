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
#include "tables.h"

static const int invalid = GUIX_DOCKER_STATUS_INVALID_ARGUMENT;

static void
check_version (void)
{
  unsigned long number = 0;
  const char *part = VERSION;
  int parts;

  for (parts = 0; parts < 3; parts++, part++)
    number = number << 8 | strtoul (part, (char **) &part, 10);
  check (strcmp (guix_docker_version (), VERSION) == 0,
         "the version is Cargo.toml's, " VERSION);
  check (number == GUIX_DOCKER_VERSION_NUMBER,
         "the header's number is that of the version: 0x%06x",
         (unsigned) GUIX_DOCKER_VERSION_NUMBER);
}

/* Every status has the name of its constant, and no other number has one.  */
static void
check_names (void)
{
  static const struct
  {
    int32_t status;
    const char *name;
  } names[] = {
#define NAMED(constant, name) { constant, name },
    CONSTANTS_OF_status (NAMED)
  };
  const int32_t count = sizeof names / sizeof *names;
  int32_t number;
  int unnamed = 0;

  for (number = 0; number < count; number++)
    {
      const char *name = guix_docker_status_name (names[number].status);

      check (name && strcmp (name, names[number].name) == 0
             && name == guix_docker_status_name (names[number].status),
             "the name of status %d is %s", names[number].status,
             name ? name : "NULL");
    }
  for (number = -1000; number < 1000; number++)
    unnamed += !guix_docker_status_name (number);
  check (unnamed == 2000 - count && !guix_docker_status_name (INT32_MIN)
         && !guix_docker_status_name (INT32_MAX),
         "other numbers have no names");
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
    = { 0, GUIX_DOCKER_NO_PERMISSIONS, 01777, 1 };
  static const char *names[] = { "/zero", "/none", "/sticky", "/one", "/zero" };
  struct guix_docker_directive directives[5];
  const struct guix_docker_directive *list[5];
  struct guix_docker_options options = small_image ("modes.tar");
  unsigned number;

  memset (directives, 0, sizeof directives);
  for (number = 0; number < 5; number++)
    {
      list[number] = &directives[number];
      directives[number].struct_size = sizeof directives[number];
      directives[number].kind = GUIX_DOCKER_DIRECTIVE_KIND_DIRECTORY;
      directives[number].name = names[number];
      if (number < 4)
        directives[number].mode = modes[number];
    }
  options.extra_files = list;
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

/* Every kind of a directive.  */
static void
check_kinds (void)
{
#define KIND(constant, name) constant,
  static const uint32_t kinds[] = { CONSTANTS_OF_directive_kind (KIND) };
  struct guix_docker_directive directive
    = { sizeof directive, 0, 0, "/made", small_file, (const uint8_t *) "x", 1 };
  const struct guix_docker_directive *const list[] = { &directive };
  const size_t count = sizeof kinds / sizeof kinds[0];
  struct guix_docker_options options = small_image ("kinds.tar");
  size_t index;

  options.extra_files = list;
  options.extra_file_count = 1;
  for (index = 0; index < count; index++)
    {
      directive.kind = kinds[index];
      check (build_docker_image (&options, NULL, NULL) == 0
             && mode_of ("kinds.tar", index == 0 ? "made/" : "made") > 0,
             "a directive of kind %lu", (unsigned long) kinds[index]);
    }
  remove ("kinds.tar");
  directive.kind = 0;
  check_refused (&options, "extra_files", "no kind 0", "a directive of no kind");
  directive.kind = kinds[count - 1] + 1;
  check_refused (&options, "extra_files", "no kind", "a kind there is not");
}

static int
stop_merge (void *data, const struct guix_docker_event *event)
{
  return *(int *) data + (event->struct_size < FIRST_SIZE_OF_event);
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
  check (merge.struct_size == sizeof merge && merge.target == NULL
         && merge.sources == NULL && merge.progress == NULL,
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
  merge.progress = stop_merge;
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
  merge.struct_size = 8;
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
    check (report->struct_size >= FIRST_SIZE_OF_report
           && strncmp (report->image_id, "sha256:", 7) == 0
           && strlen (report->image_id) == 71 && report->layer_count == 1
           && stat ("results.tar", &status) == 0
           && report->archive_size == (uint64_t) status.st_size
           && report->layers[0]->struct_size >= FIRST_SIZE_OF_layer
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
         && error && error->struct_size >= FIRST_SIZE_OF_error
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
stop (void *data, const struct guix_docker_event *event)
{
  (void) event;
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
  const struct guix_docker_directive *const directives[]
    = { DIRECTIVE (DIRECTORY, 0, "etc", NULL, NULL, 0),
        DIRECTIVE (FILE, 0, "/etc/name", NULL, "a\0b", 3),
        DIRECTIVE (LINK, 0, "/etc/link", "name", NULL, 0) };
  const struct guix_docker_transformation *const transformations[]
    = { TRANSFORMATION ("/tmp", "/data"), TRANSFORMATION ("/data", "") };
  const struct guix_docker_variable *const environment[]
    = { VARIABLE ("A", "b=c"), VARIABLE ("EMPTY", "") };
  const struct guix_docker_ownership *const ownership[]
    = { OWNERSHIP ("/", 1, 2), OWNERSHIP ("/etc", 3000000, 4) };
  struct guix_docker_options options = small_image ("all.tar.gz");
  struct guix_docker_report *report;
  struct guix_docker_error *error;
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
  options.labels = environment;
  options.label_count = 2;
  options.ownership = ownership;
  options.ownership_count = 2;
  options.max_layers = UINT32_MAX;
  options.threads = 8;
  status = (int) build_docker_image (&options, &report, &error);
  check (status == 0, "all options at once: %s", error ? error->message : "");
  guix_docker_report_free (report);
  guix_docker_error_free (error);
  options.threads = UINT32_MAX;
  check (build_docker_image (&options, NULL, NULL) == 0,
         "more threads than there can be");
  options.threads = 0;
  options.entry_point_count = 0;
  options.extra_file_count = 0;
  options.transformation_count = 0;
  options.environment_count = 0;
  options.label_count = 0;
  options.ownership_count = 0;
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
  check_names ();
  check_kinds ();
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
