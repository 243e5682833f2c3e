/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Builds images of all kinds on several threads at once, each on several threads
   of the library's; some are cancelled.  For tools that look for data races.

   usage: together [ROUNDS | race]

   ROUNDS is how many builds each thread makes.  With "race", what an image is
   made of is changed during the build, which such a tool must see.  */

#define _GNU_SOURCE
#include "kinds.h"

#define AT_ONCE 8

struct job
{
  pthread_t thread;
  unsigned number, rounds;
  unsigned good, cancelled;
};

/* Cancel at the event that DATA counts down to.  */
static int
stop (void *data, const struct guix_docker_event *event)
{
  unsigned *left = data;

  return event->phase != 0 && --*left == 0;
}

/* Put an OCI layout that all share, with the base, into one of JOB's own.  */
static int
merge (const struct job *job)
{
  static const char *const sources[] = { "base-layout" };
  struct guix_docker_merge options;
  struct guix_docker_error *error;
  char target[40];
  int status;

  snprintf (target, sizeof target, "merged-%u", job->number);
  guix_docker_merge_init (&options, sizeof options);
  options.target = target;
  options.sources = sources;
  options.source_count = 1;
  status = (int) guix_docker_merge_layouts (&options, &error);
  guix_docker_error_free (error);
  return status == 0 && exists (target);
}

static void *
work (void *data)
{
  struct job *job = data;
  unsigned round, next = job->number;

  for (round = 0; round < job->rounds; round++)
    {
      const struct kind *kind;
      struct guix_docker_options options;
      unsigned left = 1 + round / 3 % 3;
      char image[40];
      int status;

      do
        kind = &kinds[next++ % (unsigned) KINDS];
      while (is_left_out (kind));
      snprintf (image, sizeof image, "image-%u", job->number);
      options = options_of (kind, image);
      options.threads = 1 + (job->number + round) % 8;
      if (round % 3 == 0)
        options.progress = stop, options.progress_data = &left;
      status = build (&options);
      /* It may have ended before there was anything to cancel.  */
      if (status == GUIX_DOCKER_STATUS_CANCELLED && options.progress)
        job->cancelled++, job->good += !exists (image);
      else
        job->good += status == kind->status && exists (image) == (status == 0);
      remove_image (image);
    }
  job->good += (unsigned) merge (job);
  return NULL;
}

static void
work_at_once (unsigned rounds)
{
  struct job jobs[AT_ONCE];
  unsigned number, good = 0, cancelled = 0;

  for (number = 0; number < AT_ONCE; number++)
    {
      jobs[number] = (struct job) { .number = number, .rounds = rounds };
      if (pthread_create (&jobs[number].thread, NULL, work, &jobs[number]) != 0)
        exit (2);
    }
  for (number = 0; number < AT_ONCE; number++)
    {
      pthread_join (jobs[number].thread, NULL);
      good += jobs[number].good;
      cancelled += jobs[number].cancelled;
    }
  check (good == AT_ONCE * (rounds + 1),
         "%u of %u builds on %d threads end as they should, with a merge on each",
         good - AT_ONCE, AT_ONCE * rounds, AT_ONCE);
  check (cancelled >= AT_ONCE, "%u of them are cancelled", cancelled);
}

static uint8_t content[1000];

static void *
change_content (void *unused)
{
  memset (content, 1, sizeof content);
  return unused;
}

/* There is nothing that says whether the change or the build comes first.  */
static void
build_of_changing_content (void)
{
  const struct guix_docker_directive *const directives[]
    = { DIRECTIVE (FILE, 0, "/content", NULL, content, sizeof content) };
  struct guix_docker_options options = small_image ("race.tar");
  pthread_t thread;

  options.extra_files = directives;
  options.extra_file_count = 1;
  if (pthread_create (&thread, NULL, change_content, NULL) != 0)
    exit (2);
  check (build (&options) == 0, "an image of what is changed");
  pthread_join (thread, NULL);
}

int
main (int argc, char **argv)
{
  make_kinds ();
  if (argc > 1 && strcmp (argv[1], "race") == 0)
    build_of_changing_content ();
  else
    work_at_once (argc > 1 ? (unsigned) atoi (argv[1]) : 40);
  return failures != 0;
}
