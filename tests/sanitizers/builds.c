/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Builds images in every way, once or twice, for tools that look at each access
   to memory and make programs many times slower.

   usage: builds [freed]

   "freed" passes a list that was freed, which such a tool must see.  */

#define _GNU_SOURCE
#include "kinds.h"

static const char *const images[] = { "plain.tar", "gzip.tar", "zstd.tar",
                                      "layout.tar", "layout" };

static int
stop (void *data, const struct guix_docker_event *event)
{
  (void) data;
  return event->phase == GUIX_DOCKER_PHASE_WRITING && event->done > 0;
}

static void
build_kinds (void)
{
  int index, round, good;

  for (index = 0; index < KINDS; index++)
    {
      const struct kind *kind = &kinds[index];
      struct guix_docker_options options = options_of (kind, "builds.image");

      if (is_left_out (kind))
        continue;
      good = 1;
      /* The second one finds what the first one has left.  */
      for (round = 0; round < 2; round++)
        good = good && build (&options) == kind->status;
      remove_image ("builds.image");
      options.progress = stop;
      good = good && build (&options) != -1 && !exists ("builds.image");
      check (good, "%s", kind->name);
    }
}

static void
build_upon_all (void)
{
  size_t index;
  int round, good = 0;

  for (index = 0; index < sizeof images / sizeof *images; index++)
    {
      struct guix_docker_options options = small_image (images[index]);

      options.paths = both;
      options.path_count = 2;
      if (index == 1)
        by_gzip (&options);
      if (index == 2 || index == 3)
        by_zstd (&options);
      if (index == 3)
        options.format = GUIX_DOCKER_FORMAT_OCI_ARCHIVE;
      if (index == 4)
        options.format = GUIX_DOCKER_FORMAT_OCI;
      if (build (&options) != 0)
        exit (2);
      for (round = 0; round < 2; round++)
        {
          options = small_image ("upon.tar");
          options.max_layers = 5;
          options.base = images[index];
          options.format = round ? GUIX_DOCKER_FORMAT_OCI_ARCHIVE
                                 : GUIX_DOCKER_FORMAT_DOCKER_ARCHIVE;
          good += build (&options) == 0;
          remove ("upon.tar");
        }
    }
  check (good == 10, "%d images upon others", good);
}

static void
refuse_broken_bases (void)
{
  size_t index;
  int good = 0;

  for (index = 0; index < 4; index++)
    {
      struct guix_docker_options options = small_image ("broken.tar");
      char command[200];

      /* Cut off, and with other bytes in the middle.  */
      snprintf (command, sizeof command,
                "head -c 5000 %s >cut && cp %s changed && printf 0123456789 | "
                "dd of=changed bs=1 seek=2000 conv=notrunc status=none",
                images[index], images[index]);
      if (system (command) != 0)
        exit (2);
      options.max_layers = 5;
      options.base = "cut";
      good += build (&options) > 0 && !exists ("broken.tar");
      /* Bytes that nobody looks at may be changed.  */
      options.base = "changed";
      good += build (&options) >= 0;
      remove ("broken.tar");
    }
  check (good == 8, "%d broken bases", good);
}

static void
merge (void)
{
  static const char *const sources[] = { "layout", "layout.tar", "base-layout" };
  struct guix_docker_merge options;
  struct guix_docker_error *error;
  int status;

  guix_docker_merge_init (&options, sizeof options);
  options.target = "merged";
  options.sources = sources;
  options.source_count = 3;
  status = (int) guix_docker_merge_layouts (&options, &error);
  check (status == 0 && !error, "layouts are merged: %s",
         error ? error->message : "");
  guix_docker_error_free (error);
  options.target = "/no/such/directory/merged";
  status = (int) guix_docker_merge_layouts (&options, &error);
  check (status != 0 && error, "or not: %s", error ? error->message : "");
  guix_docker_error_free (error);
}

static void *
build_all (void *unused)
{
  make_kinds ();
  build_kinds ();
  build_upon_all ();
  refuse_broken_bases ();
  merge ();
  return unused;
}

static void *
pass_freed_list (void *unused)
{
  struct guix_docker_options options;
  const char **list = malloc (2 * sizeof *list);

  make_input ();
  options = small_image ("freed.tar");
  list[0] = list[1] = small_file;
  options.paths = list;
  options.path_count = 2;
  free (list);
  build (&options);
  return unused;
}

int
main (int argc, char **argv)
{
  if (argc > 1 && strcmp (argv[1], "freed") == 0)
    run_on_thread (pass_freed_list);
  else
    run_on_thread (build_all);
  return failures != 0;
}
