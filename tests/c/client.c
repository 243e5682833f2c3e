/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A program that uses all there was in the first version of the header.
   Compiled with the header of any version, and run with the library of any
   other, it makes the same images and prints the same.

   usage: client INPUT [STRUCTURE]

   Makes one.tar.gz, two.tar, no third image, the directory layout, and a copy
   of it, merged, in the current directory from what is in INPUT, an absolute
   name.  Compiled with GROWN, for a header whose
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
  unsigned events;
  uint32_t phase;
  uint64_t done, total;
};

static int
progress (void *data, const struct guix_docker_event *event)
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
  expect (event->total == 0 || event->done <= event->total,
          "more is done than there is");
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
print_status (guix_docker_status status)
{
  const char *name = guix_docker_status_name ((int32_t) status);

  printf ("status %d %s\n", (int) status, name ? name : "without a name");
}

static void
print_error (const struct guix_docker_error *error, guix_docker_status status)
{
  expect ((status == GUIX_DOCKER_STATUS_OK) == !error, "an error and no failure");
  if (!error)
    return;
  PRINT_GROWN (error, error);
  expect (error->status == status, "the statuses differ");
  printf ("error %d %d %s: %s\n", (int) error->status, error->system_error,
          error->argument ? error->argument : "none", error->message);
}

static void
merge_layout (struct guix_docker_merge *merge)
{
  static const char *sources[] = { "layout" };
  struct guix_docker_error *error;
  guix_docker_status status;

  merge->target = "merged";
  merge->sources = sources;
  merge->source_count = 1;
  status = guix_docker_merge_layouts (merge, &error);
  print_status (status);
  print_error (error, status);
  guix_docker_error_free (error);
}

static void
build (const struct guix_docker_options *options)
{
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  guix_docker_status status = build_docker_image (options, &report, &error);
  size_t layer, item;

  print_status (status);
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
          if (one->blob_digest)
            printf ("blob %s %s %lu\n", one->blob_digest, one->media_type,
                    (unsigned long) one->blob_size);
        }
      if (report->manifest_digest)
        printf ("manifest %s %lu\n", report->manifest_digest,
                (unsigned long) report->manifest_size);
      for (item = 0; item < report->name_count; item++)
        printf ("name %s\n", report->names[item]);
      for (item = 0; item < report->warning_count; item++)
        printf ("warning %s\n", report->warnings[item]);
      expect (guix_docker_report_json (report) != NULL, "there is no JSON");
    }
  print_error (error, status);
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
  struct guix_docker_variable variables[2];
  struct guix_docker_ownership ownerships[2];
  const struct guix_docker_directive *directive_list[4];
  const struct guix_docker_transformation *transformation_list[2];
  const struct guix_docker_variable *variable_list[2];
  const struct guix_docker_ownership *ownership_list[2];
  struct guix_docker_options options, other;
  struct guix_docker_merge merge;
  struct news news = { 0, 0, 0, 0 };
  size_t index;

  if (argc < 2)
    return 2;
  paths[0] = input (argv[1], "a", 0);
  paths[1] = input (argv[1], "b", 1);
  paths[2] = input (argv[1], "c", 2);

  memset (directives, 0, sizeof directives);
  directives[0].kind = GUIX_DOCKER_DIRECTIVE_KIND_DIRECTORY;
  directives[0].name = "/etc";
  directives[1].kind = GUIX_DOCKER_DIRECTIVE_KIND_DIRECTORY;
  directives[1].mode = GUIX_DOCKER_NO_PERMISSIONS;
  directives[1].name = "/closed";
  directives[2].kind = GUIX_DOCKER_DIRECTIVE_KIND_FILE;
  directives[2].name = "/etc/name";
  directives[2].content = (const uint8_t *) "a\0b";
  directives[2].content_size = 3;
  directives[3].kind = GUIX_DOCKER_DIRECTIVE_KIND_LINK;
  directives[3].name = "/etc/link";
  directives[3].target = "name";
  memset (transformations, 0, sizeof transformations);
  transformations[0].from = paths[0];
  transformations[0].to = "/first";
  transformations[1].from = "/first";
  transformations[1].to = "/second";
  memset (variables, 0, sizeof variables);
  variables[0].name = "A";
  variables[0].value = "b=c";
  variables[1].name = "EMPTY";
  variables[1].value = "";
  memset (ownerships, 0, sizeof ownerships);
  ownerships[0].path = "/";
  ownerships[0].uid = 1;
  ownerships[1].path = "/etc";
  ownerships[1].gid = 2;
#define LIST(list, elements, type)                                   \
  for (index = 0; index < sizeof list / sizeof *list; index++)       \
    {                                                                \
      elements[index].struct_size = sizeof (struct guix_docker_##type); \
      list[index] = &elements[index];                                \
    }
  LIST (directive_list, directives, directive)
  LIST (transformation_list, transformations, transformation)
  LIST (variable_list, variables, variable)
  LIST (ownership_list, ownerships, ownership)

  memset (&options, 0xaa, sizeof options);
  guix_docker_options_init (&options, sizeof options);
  expect (options.struct_size == sizeof options, "the size is not set");
  expect (options.image_fd == -1, "there is a descriptor");
  memset (&merge, 0xaa, sizeof merge);
  guix_docker_merge_init (&merge, sizeof merge);
  expect (merge.struct_size == sizeof merge && !merge.target,
          "the options of a merge are not set");
#ifdef GROWN
  expect (options.grown == 0 && merge.grown == 0, "the new member is not 0");
  if (argc > 2)
    {
      options.grown = strcmp (argv[2], "options") == 0;
      directives[3].grown = strcmp (argv[2], "directive") == 0;
      transformations[1].grown = strcmp (argv[2], "transformation") == 0;
      variables[1].grown = strcmp (argv[2], "variable") == 0;
      ownerships[1].grown = strcmp (argv[2], "ownership") == 0;
      merge.grown = strcmp (argv[2], "merge") == 0;
    }
#endif
  options.image = "one.tar.gz";
  options.paths = paths;
  options.path_count = 3;
  options.prefix = paths[1];
  options.repository = "Some/Name";
  options.extra_files = directive_list;
  options.extra_file_count = 4;
  options.transformations = transformation_list;
  options.transformation_count = 2;
  options.system = "aarch64-linux-gnu";
  options.database = input (argv[1], "database", 3);
  options.entry_point = words;
  options.entry_point_count = 2;
  options.environment = variable_list;
  options.environment_count = 2;
  options.labels = variable_list;
  options.label_count = 1;
  options.ownership = ownership_list;
  options.ownership_count = 2;
  options.compressor = gzip;
  options.compressor_count = 2;
  options.creation_time = 1234567890;
  options.max_layers = 3;
  options.history = GUIX_DOCKER_HISTORY_ONE;
  options.threads = 2;
  options.progress = progress;
  options.progress_data = &news;
  build (&options);

  /* Compressed slowly, so that there is progress to tell of.  */
  other = options;
  other.image = "two.tar";
  other.root_system = input (argv[1], "root", 4);
  other.compressor = slow;
  other.compressor_count = 3;
  memset (&news, 0, sizeof news);
  build (&other);
  printf ("events %d\n", news.events > 0);

  options.image = "three.tar";
  options.max_layers = 1;
  memset (&news, 0, sizeof news);
  build (&options);
  options.image = "layout";
  options.max_layers = 3;
  options.format = GUIX_DOCKER_FORMAT_OCI;
  memset (&news, 0, sizeof news);
  options.modes = GUIX_DOCKER_MODES_KEEP;
  build (&options);
  merge_layout (&merge);
  return failures != 0;
}
