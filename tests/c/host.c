/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What calls leave as it was in the program: threads, descriptors, memory,
   signals, children; and calls at the same time.

   usage: host ROUNDS  */

#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "check.h"
#include "tables.h"

#define AT_ONCE 8

static const char *cat[] = { "cat" };
static const char *gzip[] = { "gzip", "-1" };
static const char *dying[] = { "sh", "-c", "head -c 5000 >/dev/null; kill -9 $$" };

/* An image of the large file, in the way that NUMBER stands for.  */
static struct guix_docker_options
image_by (unsigned number, const char *name)
{
  struct guix_docker_options options = small_image (name);

  options.paths = large_paths;
  options.threads = 1 + number % 3;
  options.max_layers = number % 4 == 3 ? 3 : 0;
  if (number % 3 == 1)
    options.compressor = gzip, options.compressor_count = 2;
  if (number % 3 == 2)
    options.compressor = cat, options.compressor_count = 1;
  return options;
}

/* Whether there are no more than COUNT threads; the system shows threads that
   have been waited for until it has cleaned up after them.  */
static int
threads_are (unsigned count)
{
  int attempt;

  for (attempt = 0; attempt < 20000; attempt++)
    {
      if (entries ("/proc/self/task") <= count)
        return 1;
      usleep (1000);
    }
  return 0;
}

static void
check_rounds (unsigned rounds)
{
  unsigned round, files = 0, tasks = 0, failed = 0, expected = 0;
  size_t used_before = 0, used_after;

  for (round = 0; round < rounds; round++)
    {
      struct guix_docker_options options = image_by (round, "round.tar");
      struct guix_docker_report *report;
      struct guix_docker_error *error;
      int status;

      if (round % 5 == 4)
        options.compressor = dying, options.compressor_count = 3;
      expected += round % 5 == 4;
      status = (int) build_docker_image (&options, &report, &error);
      failed += status != 0;
      guix_docker_report_free (report);
      guix_docker_error_free (error);
      if (round == rounds / 5)
        {
          files = entries ("/proc/self/fd");
          tasks = entries ("/proc/self/task");
          used_before = mallinfo2 ().uordblks;
        }
    }
  used_after = mallinfo2 ().uordblks;
  check (failed == expected, "%u of %u calls fail as they should", failed,
         rounds);
  check (entries ("/proc/self/fd") == files, "no descriptor stays open");
  check (threads_are (tasks), "no thread stays");
  /* Less than 100 bytes a call: nothing that a call makes is that small.  */
  check (used_after < used_before + rounds * 100,
         "no memory stays in use: %lu, then %lu bytes",
         (unsigned long) used_before, (unsigned long) used_after);
  check (waitpid (-1, NULL, WNOHANG) == -1 && errno == ECHILD,
         "no child stays");
  remove ("round.tar");
}

struct job
{
  unsigned number;
  int status;
  char name[32], id[80];
};

static void *
work (void *data)
{
  struct job *job = data;
  struct guix_docker_options options = image_by (job->number % 3, job->name);
  struct guix_docker_report *report;

  job->status = (int) build_docker_image (&options, &report, NULL);
  if (report)
    snprintf (job->id, sizeof job->id, "%s", report->image_id);
  guix_docker_report_free (report);
  return NULL;
}

static void
check_at_once (int same_name)
{
  struct job jobs[AT_ONCE];
  pthread_t threads[AT_ONCE];
  unsigned number, before = entries (".");
  int good = 1;

  for (number = 0; number < AT_ONCE; number++)
    {
      jobs[number].number = same_name ? 0 : number;
      jobs[number].status = -1;
      jobs[number].id[0] = '\0';
      snprintf (jobs[number].name, sizeof jobs[number].name, "once-%u.tar",
                same_name ? 0 : number);
      pthread_create (&threads[number], NULL, work, &jobs[number]);
    }
  for (number = 0; number < AT_ONCE; number++)
    {
      pthread_join (threads[number], NULL);
      good = good && jobs[number].status == 0
             && strcmp (jobs[number].id, jobs[0].id) == 0
             && same_content (jobs[number].name,
                              jobs[number].number % 3 == 1
                                ? "once-1.tar" : "once-0.tar");
    }
  check (good, "%d calls at the same time, %s", AT_ONCE,
         same_name ? "all for the same image" : "for images of their own");
  for (number = 0; number < AT_ONCE; number++)
    remove (jobs[number].name);
  check (entries (".") == before, "and nothing else appears");
}

static volatile sig_atomic_t handled, elsewhere;
static pthread_t caller;

static void
handle (int number)
{
  (void) number;
  handled++;
  if (!pthread_equal (caller, pthread_self ()))
    elsewhere++;
}

/* A flood of signals whose handler does not restart system calls.  */
static void
check_signals (void)
{
  struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
  struct sigaction action, before[NSIG], after;
  sigset_t mask, mask_after;
  unsigned round;
  int number, good = 1, same = 1;

  memset (&action, 0, sizeof action);
  action.sa_handler = handle;
  sigaction (SIGALRM, &action, NULL);
  sigemptyset (&mask);
  sigaddset (&mask, SIGUSR1);
  pthread_sigmask (SIG_SETMASK, &mask, NULL);
  for (number = 1; number < NSIG; number++)
    sigaction (number, NULL, &before[number]);
  caller = pthread_self ();
  setitimer (ITIMER_REAL, &often, NULL);
  for (round = 0; round < 12; round++)
    {
      struct guix_docker_options options = image_by (round, "signals.tar");

      good = good && build_docker_image (&options, NULL, NULL) == 0;
    }
  setitimer (ITIMER_REAL, &never, NULL);
  check (good && handled > 0, "images are built under a flood of signals");
  check (elsewhere == 0, "handlers run on the program's own thread");
  pthread_sigmask (SIG_SETMASK, NULL, &mask_after);
  for (number = 1; number < NSIG; number++)
    {
      if (sigaction (number, NULL, &after) != 0)
        continue;               /* one of the C library's own */
      same = same && after.sa_handler == before[number].sa_handler
             && after.sa_flags == before[number].sa_flags
             && sigismember (&mask, number)
                  == sigismember (&mask_after, number);
    }
  check (same, "the signal mask and all handlers are as they were");
  sigemptyset (&mask);
  pthread_sigmask (SIG_SETMASK, &mask, NULL);
  signal (SIGALRM, SIG_DFL);
  remove ("signals.tar");
}

/* At its default, SIGPIPE kills.  */
static void
check_broken_pipes (void)
{
  unsigned round;
  int good = 1;
  sigset_t pending;

  signal (SIGPIPE, SIG_DFL);
  for (round = 0; round < 10; round++)
    {
      struct guix_docker_options options = image_by (0, "pipe.tar");

      options.compressor = dying;
      options.compressor_count = 3;
      good = good && build_docker_image (&options, NULL, NULL)
                       == GUIX_DOCKER_STATUS_COMPRESSOR
             && !exists ("pipe.tar");
    }
  sigpending (&pending);
  check (good && !sigismember (&pending, SIGPIPE),
         "a compressor that dies sends no SIGPIPE to the program");
}

#define PHASE(name) (1u << GUIX_DOCKER_PHASE_##name)
#define PLUS_PHASE(constant, name) | 1u << constant
#define ALL_PHASES (0u CONSTANTS_OF_phase (PLUS_PHASE))

/* What the callback was told.  */
struct news
{
  unsigned events, elsewhere, wrong, phases;
  struct guix_docker_event event;
  uint32_t stop_phase;
};

static int
progress (void *data, const struct guix_docker_event *event)
{
  struct news *news = data;

  news->events++;
  news->elsewhere += !pthread_equal (caller, pthread_self ());
  news->wrong += event->struct_size < FIRST_SIZE_OF_event
                 || event->phase >= 32 || !(ALL_PHASES & 1u << event->phase)
                 || event->phase < news->event.phase;
  if (event->phase == news->event.phase)
    news->wrong += event->done < news->event.done
                   || event->total != news->event.total;
  if (event->phase == GUIX_DOCKER_PHASE_SCANNING)
    news->wrong += event->total != 0;
  else
    news->wrong += event->total == 0 || event->done > event->total;
  news->phases |= 1u << event->phase;
  news->event = *event;
  return news->stop_phase == event->phase ? 2 : 0;
}

static const char *slow[] = { "sh", "-c", "sleep 0.5; exec cat" };

static void
check_progress (void)
{
  struct news news;
  struct guix_docker_options options = image_by (0, "progress.tar");
  unsigned before = entries (".");
  int status;

  caller = pthread_self ();
  memset (&news, 0, sizeof news);
  options.progress = progress;
  options.progress_data = &news;
  options.compressor = slow;
  options.compressor_count = 3;
  status = (int) build_docker_image (&options, NULL, NULL);
  check (status == 0 && news.events >= 5 && news.elsewhere == 0
         && news.wrong == 0,
         "progress is told on the calling thread, and goes up: %u events",
         news.events);
  check (news.events <= 40, "and not too often");
  remove ("progress.tar");
  memset (&news, 0, sizeof news);
  news.stop_phase = GUIX_DOCKER_PHASE_WRITING;
  check (build_docker_image (&options, NULL, NULL)
             == GUIX_DOCKER_STATUS_CANCELLED && entries (".") == before,
         "the callback stops the build, and nothing is left");
}

#define FILES 500
#define MOST_PATHS 800

/* Builds with as many times the same path as it takes to be told of all
   PHASES, which take time on any machine then.  */
static int
build_for_long (struct guix_docker_options *options, struct news *news,
                unsigned phases)
{
  int status;

  options->path_count = 50;
  do
    {
      options->path_count *= 2;
      memset (news, 0, sizeof *news);
      status = (int) build_docker_image (options, NULL, NULL);
    }
  while (status == 0 && (news->phases & phases) != phases
         && options->path_count < MOST_PATHS);
  return status;
}

static void
check_phases (void)
{
  static const char *paths[MOST_PATHS];
  static char directory[4200];
  char file[4300];
  struct news news;
  struct guix_docker_options options = small_image ("phases.tar");
  unsigned number, before;
  uint32_t phase;
  int status;

  snprintf (directory, sizeof directory, "%.*s/many",
            (int) (strlen (small_file) - strlen ("/small")), small_file);
  mkdir (directory, 0755);
  for (number = 0; number < FILES; number++)
    {
      snprintf (file, sizeof file, "%s/%u", directory, number);
      write_file (file, 2000);
    }
  for (number = 0; number < MOST_PATHS; number++)
    paths[number] = directory;
  before = entries (".");

  options.paths = paths;
  options.threads = 1;
  options.compressor = slow;
  options.compressor_count = 3;
  options.progress = progress;
  options.progress_data = &news;
  options.max_layers = 2 * MOST_PATHS;
  status = build_for_long (&options, &news, ALL_PHASES);
  check (status == 0 && news.phases == ALL_PHASES,
         "a layered image with equal layers has all phases, with %lu paths",
         (unsigned long) options.path_count);
  check (news.wrong == 0 && news.elsewhere == 0,
         "they come in order, and none goes back: %u events", news.events);
  for (phase = 0; ALL_PHASES >> phase != 0; phase++)
    {
      if (!(ALL_PHASES & 1u << phase))
        continue;
      remove ("phases.tar");
      memset (&news, 0, sizeof news);
      news.stop_phase = phase;
      check (build_docker_image (&options, NULL, NULL)
                 == GUIX_DOCKER_STATUS_CANCELLED && news.event.phase == phase
             && news.wrong == 0 && entries (".") == before,
             "the callback stops phase %lu, and nothing is left",
             (unsigned long) phase);
    }

  options.max_layers = 0;
  status = build_for_long (&options, &news, PHASE (SCANNING)
                                            | PHASE (WRITING));
  check (status == 0 && news.phases == (PHASE (SCANNING) | PHASE (WRITING)),
         "a single layer is not compared with any");
  check (news.wrong == 0 && news.elsewhere == 0,
         "its phases come in order, too: %u events", news.events);
  memset (&news, 0, sizeof news);
  news.stop_phase = GUIX_DOCKER_PHASE_WRITING;
  check (build_docker_image (&options, NULL, NULL)
             == GUIX_DOCKER_STATUS_CANCELLED
         && news.event.phase == GUIX_DOCKER_PHASE_WRITING,
         "and the build is stopped in the last one");
  remove ("phases.tar");
}

int
main (int argc, char **argv)
{
  unsigned rounds = argc > 1 ? (unsigned) atoi (argv[1]) : 100;

  make_input ();
  check_rounds (rounds);
  check_at_once (0);
  check_at_once (1);
  check_signals ();
  check_broken_pipes ();
  check_progress ();
  check_phases ();
  return failures != 0;
}
