/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A program that uses all there was in the first version of the header.
   Compiled with the header of any version, and run with the library of any
   other, it makes the same images and prints the same.

   usage: client INPUT [STRUCTURE]

   Makes one.tar.gz, two.tar and no third image in the current directory from
   what is in INPUT, an absolute name.  Compiled with GROWN, for a header whose
   structures all have one more member, `grown', it prints what that is in the
   structures that the library fills in, if they have it, and asks for
   something by that of STRUCTURE.  */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <guix_docker.h>

static int failures;

static void
expect (int condition, const char *what)
{
  if (!condition)
    {
      printf ("wrong: %s\n", what);
      failures++;
    }
}

#ifdef GROWN
# define PRINT_GROWN(type, structure)                                    \
  do                                                                     \
    if ((structure)->struct_size                                         \
        >= offsetof (struct guix_docker_##type, grown)                   \
           + sizeof (structure)->grown)                                  \
      printf ("grown " #type " %lu\n", (unsigned long) (structure)->grown); \
  while (0)
#else
# define PRINT_GROWN(type, structure) ((void) 0)
#endif

struct news
{
  unsigned calls, events;
  uint32_t phase;
  uint64_t done, total;
};

static int
progress (void *data, uint64_t done, uint64_t total)
{
  struct news *news = data;

  news->calls++;
  expect (done <= total, "more is done than there is");
  return 0;
}

static int
monitor (void *data, const struct guix_docker_event *event)
{
  struct news *news = data;

  if (news->events++ == 0)
    PRINT_GROWN (event, event);
  expect (event->struct_size >= 24, "an event is too small");
  expect (event->phase >= GUIX_DOCKER_PHASE_SCANNING
          && event->phase <= GUIX_DOCKER_PHASE_WRITING, "an unknown phase");
  expect (event->phase > news->phase
          || (event->phase == news->phase && event->done >= news->done
              && event->total == news->total), "an event goes back");
  news->phase = event->phase;
  news->done = event->done;
  news->total = event->total;
  return 0;
}

/* What is in the input: room for INPUT and a short name.  */
static char names[5][4200];

static const char *
input (const char *directory, const char *name, int index)
{
  snprintf (names[index], sizeof names[index], "%s/%s", directory, name);
  return names[index];
}

static void
build (const struct guix_docker_options *options)
{
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  guix_docker_status status = build_docker_image (options, &report, &error);
  size_t layer, item;

  printf ("status %d\n", (int) status);
  if (report)
    {
      PRINT_GROWN (report, report);
      printf ("%s %lu\n", report->image_id,
              (unsigned long) report->archive_size);
      for (layer = 0; layer < report->layer_count; layer++)
        {
          const struct guix_docker_layer *one = report->layers[layer];

          PRINT_GROWN (layer, one);
          printf ("%s %lu\n", one->diff_id, (unsigned long) one->size);
          for (item = 0; item < one->item_count; item++)
            printf ("item %s\n", one->items[item]);
        }
    }
  if (error)
    {
      PRINT_GROWN (error, error);
      expect (error->status == status, "the statuses differ");
      printf ("error %d %d %s: %s\n", (int) error->status,
              error->system_error, error->argument ? error->argument : "none",
              error->message);
    }
  guix_docker_report_free (report);
  guix_docker_error_free (error);
}

int
main (int argc, char **argv)
{
  static const char *words[] = { "/bin/sh", "-c" };
  static const char *gzip[] = { "gzip", "-9n" };
  static const char *slow[] = { "sh", "-c", "sleep 0.3; exec cat" };
  const char *paths[3];
  struct guix_docker_directive directives[4];
  struct guix_docker_transformation transformations[2];
  struct guix_docker_variable environment[2];
  struct guix_docker_options options, other;
  struct news news = { 0, 0, 0, 0, 0 };

  if (argc < 2)
    return 2;
  paths[0] = input (argv[1], "a", 0);
  paths[1] = input (argv[1], "b", 1);
  paths[2] = input (argv[1], "c", 2);

  memset (directives, 0, sizeof directives);
  directives[0].kind = GUIX_DOCKER_DIRECTIVE_DIRECTORY;
  directives[0].name = "/etc";
  directives[1].kind = GUIX_DOCKER_DIRECTIVE_DIRECTORY;
  directives[1].mode = GUIX_DOCKER_NO_PERMISSIONS;
  directives[1].name = "/closed";
  directives[2].kind = GUIX_DOCKER_DIRECTIVE_FILE;
  directives[2].name = "/etc/name";
  directives[2].content = (const uint8_t *) "a\0b";
  directives[2].content_size = 3;
  directives[3].kind = GUIX_DOCKER_DIRECTIVE_LINK;
  directives[3].name = "/etc/link";
  directives[3].target = "name";
  memset (transformations, 0, sizeof transformations);
  transformations[0].from = paths[0];
  transformations[0].to = "/first";
  transformations[1].from = "/first";
  transformations[1].to = "/second";
  memset (environment, 0, sizeof environment);
  environment[0].name = "A";
  environment[0].value = "b=c";
  environment[1].name = "EMPTY";
  environment[1].value = "";

  memset (&options, 0xaa, sizeof options);
  guix_docker_options_init (&options, sizeof options);
  expect (options.size == sizeof options, "the size is not set");
  expect (options.directive_size == sizeof directives[0]
          && options.transformation_size == sizeof transformations[0]
          && options.variable_size == sizeof environment[0],
          "sizes of elements are not set");
  expect (options.reserved == 0, "the reserved member is not 0");
#ifdef GROWN
  expect (options.grown == 0, "the new member is not 0");
  if (argc > 2)
    {
      options.grown = strcmp (argv[2], "options") == 0;
      directives[3].grown = strcmp (argv[2], "directive") == 0;
      transformations[1].grown = strcmp (argv[2], "transformation") == 0;
      environment[1].grown = strcmp (argv[2], "variable") == 0;
    }
#endif
  options.image = "one.tar.gz";
  options.paths = paths;
  options.path_count = 3;
  options.prefix = paths[1];
  options.repository = "Some/Name";
  options.extra_files = directives;
  options.extra_file_count = 4;
  options.transformations = transformations;
  options.transformation_count = 2;
  options.system = "aarch64-linux-gnu";
  options.database = input (argv[1], "database", 3);
  options.entry_point = words;
  options.entry_point_count = 2;
  options.environment = environment;
  options.environment_count = 2;
  options.compressor = gzip;
  options.compressor_count = 2;
  options.creation_time = 1234567890;
  options.max_layers = 3;
  options.history = GUIX_DOCKER_HISTORY_ONE;
  options.threads = 2;
  options.progress = progress;
  options.progress_data = &news;
  options.monitor = monitor;
  build (&options);

  /* Compressed slowly, so that there is progress to tell of.  */
  other = options;
  other.image = "two.tar";
  other.root_system = input (argv[1], "root", 4);
  other.compressor = slow;
  other.compressor_count = 3;
  memset (&news, 0, sizeof news);
  build (&other);
  printf ("progress %d, events %d\n", news.calls > 0, news.events > 0);

  options.image = "three.tar";
  options.max_layers = 1;
  build (&options);
  return failures != 0;
}
