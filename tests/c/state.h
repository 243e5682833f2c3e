/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What calls must leave as it was in the program that makes them.  */

#ifndef STATE_H
#define STATE_H

#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "kinds.h"

extern char **environ;

#define MOST_DESCRIPTORS 64

static volatile sig_atomic_t children_told, others_told;

static inline void
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

static inline int
threads_now (void)
{
  return (int) entries ("/proc/self/task");
}

static inline void
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
static inline const char *
difference (const struct state *before, struct state *after)
{
  int attempt, number;

  /* Threads that have been waited for are shown for a while.  */
  for (attempt = 0; attempt < 20000 && after->threads > before->threads; attempt++)
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

static inline int
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
static inline int
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
static inline void
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
#endif
