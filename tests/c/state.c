/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What calls leave as it was in the program that makes them, for every kind of
   build, whether it ends well, fails or is cancelled; calls under limits of the
   system; calls from several threads and from a child.

   usage: state [ROUNDS]  */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <grp.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "kinds.h"

extern char **environ;

#define AT_ONCE 8
#define MOST_DESCRIPTORS 64
#define NOBODY 65534

static volatile sig_atomic_t children_told, others_told;

static void
count_signal (int number)
{
  if (number == SIGCHLD)
    children_told++;
  else
    others_told++;
}

/* What is known of a descriptor.  */
struct descriptor
{
  int flags, status_flags;
  dev_t device;
  ino_t inode;
  off_t offset;
};

struct state
{
  struct sigaction actions[NSIG];
  sigset_t mask, pending;
  mode_t umask;
  struct stat directory;
  char locale[200], name[16];
  char **environment;
  unsigned variables, threads;
  size_t variables_size;
  struct descriptor descriptors[MOST_DESCRIPTORS];
  stack_t signal_stack;
  struct rlimit limits[RLIMIT_NLIMITS];
  struct itimerval timer;
  cpu_set_t processors;
  int priority, rounding, dumpable, parent_death, subreaper;
};

static int
threads_now (void)
{
  return (int) entries ("/proc/self/task");
}

static void
look (struct state *state)
{
  char **variable;
  int number;

  /* Padding is compared, too.  */
  memset (state, 0, sizeof *state);
  for (number = 1; number < NSIG; number++)
    sigaction (number, NULL, &state->actions[number]);
  pthread_sigmask (SIG_SETMASK, NULL, &state->mask);
  sigpending (&state->pending);
  state->umask = umask (0);
  umask (state->umask);
  if (stat (".", &state->directory) != 0)
    exit (2);
  /* What the calls put there has changed it.  */
  memset (&state->directory.st_size, 0,
          sizeof state->directory - offsetof (struct stat, st_size));
  state->directory.st_nlink = 0;
  snprintf (state->locale, sizeof state->locale, "%s",
            setlocale (LC_ALL, NULL));
  state->environment = environ;
  for (variable = environ; *variable; variable++)
    {
      state->variables++;
      state->variables_size += strlen (*variable);
    }
  state->threads = (unsigned) threads_now ();
  for (number = 0; number < MOST_DESCRIPTORS; number++)
    {
      struct descriptor *descriptor = &state->descriptors[number];
      struct stat status;

      descriptor->flags = fcntl (number, F_GETFD);
      if (descriptor->flags < 0 || fstat (number, &status) != 0)
        continue;
      descriptor->status_flags = fcntl (number, F_GETFL);
      descriptor->device = status.st_dev;
      descriptor->inode = status.st_ino;
      /* That of the standard output is where the last check ended.  */
      descriptor->offset = number == 1 ? 0 : lseek (number, 0, SEEK_CUR);
    }
  sigaltstack (NULL, &state->signal_stack);
  for (number = 0; number < RLIMIT_NLIMITS; number++)
    getrlimit ((__rlimit_resource_t) number, &state->limits[number]);
  getitimer (ITIMER_REAL, &state->timer);
  sched_getaffinity (0, sizeof state->processors, &state->processors);
  prctl (PR_GET_NAME, state->name);
  prctl (PR_GET_PDEATHSIG, &state->parent_death);
  prctl (PR_GET_CHILD_SUBREAPER, &state->subreaper);
  state->dumpable = prctl (PR_GET_DUMPABLE);
  state->priority = getpriority (PRIO_PROCESS, 0);
  state->rounding = fegetround ();
}

/* The first thing that is another one, or NULL.  */
static const char *
difference (const struct state *before, struct state *after)
{
  int attempt, number;

  /* Threads that have been waited for are shown for a while.  */
  for (attempt = 0; attempt < 100 && after->threads > before->threads; attempt++)
    {
      usleep (1000);
      after->threads = (unsigned) threads_now ();
    }
#define SAME(member) \
  if (memcmp (&before->member, &after->member, sizeof before->member) != 0) \
    return #member;
  for (number = 1; number < NSIG; number++)
    {
      SAME (actions[number].sa_handler)
      SAME (actions[number].sa_flags)
    }
  SAME (mask)
  SAME (pending)
  SAME (umask)
  SAME (directory)
  SAME (locale)
  SAME (name)
  SAME (environment)
  SAME (variables)
  SAME (variables_size)
  SAME (threads)
  SAME (descriptors)
  SAME (signal_stack)
  SAME (limits)
  SAME (timer)
  SAME (processors)
  SAME (priority)
  SAME (rounding)
  SAME (dumpable)
  SAME (parent_death)
  SAME (subreaper)
#undef SAME
  if (children_told || others_told)
    return "signals that came";
  if (waitpid (-1, NULL, WNOHANG) != -1 || errno != ECHILD)
    return "children";
  return NULL;
}

/* Cancel in the phase that DATA points to.  */
static int
stop (void *data, const struct guix_docker_event *event)
{
  return event->phase >= *(uint32_t *) data;
}

static int
build (struct guix_docker_options *options)
{
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  int status = (int) build_docker_image (options, &report, &error);

  if (status == GUIX_DOCKER_STATUS_INTERNAL)
    printf ("# %s\n", error->message);
  guix_docker_report_free (report);
  guix_docker_error_free (error);
  return status;
}

/* Build KIND as OPTIONS say and return whether the status is EXPECTED, or
   OTHER, and nothing is changed nor left.  */
static int
leaves_all (const char *name, const struct guix_docker_options *wanted,
            int expected, int other)
{
  static struct state before, after;
  struct guix_docker_options options = *wanted;
  unsigned files = entries (".");
  const char *changed;
  int status;

  children_told = others_told = 0;
  look (&before);
  status = build (&options);
  look (&after);
  changed = difference (&before, &after);
  if (status == 0)
    remove_image (options.image);
  if ((status == expected || status == other) && !changed && entries (".") == files)
    return 1;
  check (0, "%s: status %d; changed: %s; %u files were %u", name, status,
         changed ? changed : "nothing", entries ("."), files);
  return 0;
}

/* What a program may have set that others have not.  */
static void
set_unusual_state (void)
{
  struct sigaction action = { .sa_handler = count_signal };
  static char signal_stack[1 << 16];
  stack_t stack = { .ss_sp = signal_stack, .ss_size = sizeof signal_stack };
  sigset_t mask;
  int number;

  for (number = 1; number < NSIG; number++)
    if (number != SIGINT && number != SIGTERM && number != SIGHUP
        && number != SIGSEGV && number != SIGABRT && number != SIGBUS)
      sigaction (number, &action, NULL);
  signal (SIGURG, SIG_IGN);
  sigemptyset (&mask);
  sigaddset (&mask, SIGUSR2);
  sigaddset (&mask, SIGRTMIN + 3);
  pthread_sigmask (SIG_SETMASK, &mask, NULL);
  sigaltstack (&stack, NULL);
  umask (0026);
  if (!setlocale (LC_ALL, "C.UTF-8"))
    setlocale (LC_ALL, "C");
  setenv ("STATE", "some", 1);
  fesetround (FE_UPWARD);
  prctl (PR_SET_NAME, "the-host");
  if (open ("/dev/zero", O_RDONLY) < 0 || open ("/", O_RDONLY | O_CLOEXEC) < 0)
    exit (2);
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
      options.monitor = stop;
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

static void
set_limit (int which, rlim_t value)
{
  struct rlimit limit;

  getrlimit ((__rlimit_resource_t) which, &limit);
  limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
  setrlimit ((__rlimit_resource_t) which, &limit);
}

/* Passing the limit on files sends a signal, whose handler counts.  */
static void
check_file_size (void)
{
  int index, good = 0, tried = 0;

  for (index = 0; index < KINDS; index++)
    {
      const struct kind *kind = &kinds[index];
      struct guix_docker_options options = options_of (kind, "size.image");
      const char *large[] = { large_file };

      if (kind->status != 0)
        continue;
      options.paths = large;
      options.path_count = 1;
      set_limit (RLIMIT_FSIZE, 1 << 20);
      /* A command that cannot write has its own signal.  */
      good += leaves_all (kind->name, &options, GUIX_DOCKER_STATUS_NO_SPACE,
                          options.compressor == cat
                            ? GUIX_DOCKER_STATUS_COMPRESSOR : -1);
      set_limit (RLIMIT_FSIZE, RLIM_INFINITY);
      tried++;
    }
  check (good == tried, "files past their limit send no signal: %d of %d kinds",
         good, tried);
}

static void
check_descriptors (void)
{
  static const int high = 40;
  int index, limit, good = 0, tried = 0, refused = 0;

  for (index = 0; index < KINDS; index++)
    {
      const struct kind *kind = &kinds[index];
      int any = 0;

      for (limit = 3; limit <= high; limit++)
        {
          struct guix_docker_options options = options_of (kind, "few.image");
          static struct state before, after;
          const char *changed;
          unsigned files = entries (".");
          int status;

          children_told = others_told = 0;
          look (&before);
          set_limit (RLIMIT_NOFILE, (rlim_t) limit);
          status = build (&options);
          set_limit (RLIMIT_NOFILE, before.limits[RLIMIT_NOFILE].rlim_cur);
          look (&after);
          changed = difference (&before, &after);
          if (status == 0)
            remove_image ("few.image");
          any |= status == GUIX_DOCKER_STATUS_RESOURCES;
          tried++;
          if ((status == kind->status
               || (status == GUIX_DOCKER_STATUS_RESOURCES && limit < high))
              && !changed && entries (".") == files)
            good++;
          else
            check (0, "%s with %d descriptors: status %d; changed: %s", kind->name,
                   limit, status, changed ? changed : "nothing");
        }
      refused += any;
    }
  check (good == tried && refused >= KINDS - 1,
         "few descriptors end well or in RESOURCES: %d of %d builds", good, tried);
}

/* In a child that is another user with at most so many processes.  */
static int
status_with_processes (const struct kind *kind, int most)
{
  struct guix_docker_options options = options_of (kind, "/tmp/none");
  char image[5000];
  int status = -1;
  pid_t child;

  snprintf (image, sizeof image, "nobody/%d.image", most);
  options.image = image;
  options.threads = 4;
  fflush (stdout);
  child = fork ();
  if (child == 0)
    {
      struct rlimit limit = { (rlim_t) most, (rlim_t) most };
      static struct state before, after;
      const char *changed;

      if (setgroups (0, NULL) != 0 || setresgid (NOBODY, NOBODY, NOBODY) != 0
          || setrlimit (RLIMIT_NPROC, &limit) != 0
          || setresuid (NOBODY, NOBODY, NOBODY) != 0)
        _exit (100);
      children_told = others_told = 0;
      look (&before);
      status = build (&options);
      look (&after);
      changed = difference (&before, &after);
      if (changed)
        {
          printf ("# %s, %d processes: changed: %s\n", kind->name, most, changed);
          fflush (stdout);
        }
      _exit (changed ? 101 : status);
    }
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    ;
  remove_image (image);
  return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
}

static void
check_processes (void)
{
  static const int mosts[] = { 1, 2, 3, 4, 5, 6, 8, 100 };
  int index, good = 0, tried = 0, refused = 0;
  size_t which;

  if (getuid () != 0)
    {
      puts ("skip - few processes: only root can become another user");
      return;
    }
  mkdir ("nobody", 0755);
  if (chmod (".", 0755) != 0 || chmod ("nobody", 0777) != 0
      || chmod (small_file, 0644) != 0 || chmod (large_file, 0644) != 0
      || chmod ("base.tar", 0644) != 0
      || system ("chmod -R a+rX base-layout") != 0)
    exit (2);
  for (index = 0; index < KINDS; index++)
    for (which = 0; which < sizeof mosts / sizeof *mosts; which++)
      {
        int status = status_with_processes (&kinds[index], mosts[which]);

        tried++;
        refused += status == GUIX_DOCKER_STATUS_RESOURCES;
        if (status == kinds[index].status
            || (status == GUIX_DOCKER_STATUS_RESOURCES && mosts[which] < 100))
          good++;
        else
          check (0, "%s with %d processes: status %d", kinds[index].name,
                 mosts[which], status);
      }
  check (good == tried && refused >= KINDS,
         "few processes end well or in RESOURCES: %d of %d builds", good, tried);
  remove_image ("nobody");
}

/* The limit is that of threads whose size is not said, too.  */
static void
check_stack_limit (void)
{
  static const rlim_t limits[] = { 64 << 10, 1 << 20, RLIM_INFINITY };
  int index, good = 0;
  size_t which;

  for (which = 0; which < sizeof limits / sizeof *limits; which++)
    {
      struct rlimit old, limit;

      getrlimit (RLIMIT_STACK, &old);
      limit = old;
      limit.rlim_cur = limits[which] < limit.rlim_max ? limits[which]
                                                      : limit.rlim_max;
      setrlimit (RLIMIT_STACK, &limit);
      for (index = 0; index < KINDS; index++)
        {
          struct guix_docker_options options
            = options_of (&kinds[index], "stack.image");

          good += leaves_all (kinds[index].name, &options, kinds[index].status,
                              -1);
        }
      setrlimit (RLIMIT_STACK, &old);
    }
  check (good == 3 * KINDS, "no limit on the stack matters: %d builds", good);
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
        options.monitor = stop, options.progress_data = &phase;
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
  for (index = 0; index < 6000; index++)
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
  check_file_size ();
  check_descriptors ();
  check_processes ();
  check_stack_limit ();
  check_at_once (rounds);
  check_child ();
  check_closed_streams ();
  return failures != 0;
}
