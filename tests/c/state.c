/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Calls leave the program that makes them as it was, for every kind of build,
   whether it ends well, fails or is cancelled, from several threads, in a child,
   and where the standard streams are closed.

   usage: state [ROUNDS]  */

#define _GNU_SOURCE
#include "state.h"

#define AT_ONCE 8

/* Cancel in the phase that DATA points to.  */
static int
stop (void *data, const struct guix_docker_event *event)
{
  return event->phase >= *(uint32_t *) data;
}

static void
check_kinds (void)
{
  static uint32_t phases[] = { GUIX_DOCKER_PHASE_SCANNING,
                               GUIX_DOCKER_PHASE_WRITING };
  int index, phase, ended = 0, cancelled = 0;

  for (index = 0; index < KINDS; index++)
    {
      const struct kind *kind = &kinds[index];
      struct guix_docker_options options = options_of (kind, "state.image");

      ended += leaves_all (kind->name, &options, kind->status, -1);
      options.progress = stop;
      for (phase = 0; phase < 2; phase++)
        {
          options.progress_data = &phases[phase];
          /* It may have failed before it could be stopped.  */
          cancelled += leaves_all (kind->name, &options,
                                   GUIX_DOCKER_STATUS_CANCELLED,
                                   kind->status ? kind->status : -1);
        }
    }
  check (ended == KINDS, "%d kinds of builds leave all in the program as it was",
         ended);
  check (cancelled == 2 * KINDS, "so do %d that are cancelled", cancelled);
}

struct job
{
  unsigned number, rounds;
  int good;
};

static void *
work (void *data)
{
  struct job *job = data;
  unsigned round;

  for (round = 0; round < job->rounds; round++)
    {
      const struct kind *kind = &kinds[(job->number + round) % (unsigned) KINDS];
      struct guix_docker_options options;
      uint32_t phase = round % 2;
      char image[40];

      snprintf (image, sizeof image, "at-once-%u-%u.image", job->number, round);
      options = options_of (kind, image);
      if (round % 9 == 8)
        options.progress = stop, options.progress_data = &phase;
      switch (build (&options))
        {
        case 0:
          job->good += kind->status == 0 && round % 9 != 8 && exists (image);
          break;
        case GUIX_DOCKER_STATUS_CANCELLED:
          job->good += round % 9 == 8 && !exists (image);
          break;
        default:
          job->good += kind->status != 0 && !exists (image);
        }
    }
  return NULL;
}

static void
check_at_once (unsigned rounds)
{
  static struct state before, after;
  struct job jobs[AT_ONCE];
  pthread_t threads[AT_ONCE];
  unsigned number;
  int good = 0;
  const char *changed;

  children_told = others_told = 0;
  look (&before);
  for (number = 0; number < AT_ONCE; number++)
    {
      jobs[number] = (struct job) { number, rounds, 0 };
      if (pthread_create (&threads[number], NULL, work, &jobs[number]) != 0)
        exit (2);
    }
  for (number = 0; number < AT_ONCE; number++)
    {
      pthread_join (threads[number], NULL);
      good += jobs[number].good;
    }
  look (&after);
  changed = difference (&before, &after);
  check (good == (int) (AT_ONCE * rounds) && !changed,
         "%d builds of all kinds on %d threads end as they should; changed: %s",
         good, AT_ONCE, changed ? changed : "nothing");
  if (system ("rm -rf at-once-*") != 0)
    exit (2);
}

/* A child of a program that has threads of its own, and has made calls.  */
static int
builds_in_child (void)
{
  int index, status;
  pid_t child;

  fflush (stdout);
  child = fork ();
  if (child == 0)
    {
      int good = 1;

      for (index = 0; index < KINDS; index++)
        {
          struct guix_docker_options options
            = options_of (&kinds[index], "child.image");

          good = good && build (&options) == kinds[index].status;
          remove_image ("child.image");
        }
      _exit (good ? 0 : 1);
    }
  /* A child that waits for a lock waits for ever.  */
  for (index = 0; index < 60000; index++)
    {
      if (waitpid (child, &status, WNOHANG) == child)
        {
          return WIFEXITED (status) && WEXITSTATUS (status) == 0;
        }
      usleep (10000);
    }
  kill (child, SIGKILL);
  waitpid (child, NULL, 0);
  return 0;
}

static void
check_child (void)
{
  struct job job = { 0, 40, 0 };
  pthread_t thread;
  int round, good = 0;

  check (builds_in_child (), "a child builds images of all kinds");
  if (pthread_create (&thread, NULL, work, &job) != 0)
    exit (2);
  for (round = 0; round < 5; round++)
    good += builds_in_child ();
  pthread_join (thread, NULL);
  check (good == 5 && job.good == (int) job.rounds,
         "so does one that is forked during a build");
  if (system ("rm -rf at-once-*") != 0)
    exit (2);
}

/* Descriptors that are made then must not get the numbers of standard
   streams that commands, or the library, then write to.  */
static void
check_closed_streams (void)
{
  int index, good = 0, kept = dup (1);

  fflush (stdout);
  close (0);
  close (1);
  close (2);
  for (index = 0; index < KINDS; index++)
    {
      struct guix_docker_options options
        = options_of (&kinds[index], "closed.image");

      good += leaves_all (kinds[index].name, &options, kinds[index].status, -1);
    }
  if (open ("/dev/null", O_RDONLY) != 0 || dup2 (kept, 1) != 1
      || dup2 (kept, 2) != 2)
    exit (2);
  close (kept);
  check (good == KINDS, "standard streams may be closed: %d builds", good);
}

int
main (int argc, char **argv)
{
  unsigned rounds = argc > 1 ? (unsigned) atoi (argv[1]) : 25;

  make_kinds ();
  set_unusual_state ();
  check_kinds ();
  check_at_once (rounds);
  check_child ();
  check_closed_streams ();
  return failures != 0;
}
