/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Programs that have children of their own: they wait for all, want none to
   be waited for, or fork while an image is compressed by a command.

   usage: children ROUNDS  */

#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "check.h"

#define STRANGERS 64

static const char *cat[] = { "cat" };
static const char *dying[] = { "sh", "-c", "head -c 5000 >/dev/null; kill -9 $$" };
static int rounds;

/* What the thread beside the builds has done.  */
static volatile int over;
static int reaped, strangers_killed;
static pid_t strangers[STRANGERS];

static struct guix_docker_options
filtered (const char *const *command, size_t words)
{
  struct guix_docker_options options = small_image ("image.tar");

  options.paths = large_paths;
  options.compressor = command;
  options.compressor_count = words;
  return options;
}

/* A process group of its own that nobody may kill.  */
static pid_t
make_stranger (void)
{
  pid_t child = fork ();

  if (child == 0)
    {
      setpgid (0, 0);
      for (;;)
        pause ();
    }
  return child;
}

/* Have the next process get NUMBER, where that is allowed.  */
static void
ask_for_number (pid_t number)
{
  FILE *file = fopen ("/proc/sys/kernel/ns_last_pid", "w");

  if (file)
    {
      fprintf (file, "%d", (int) number - 1);
      fclose (file);
    }
}

/* Wait for all children; give the number of each to a stranger.  */
static void *
reap (void *unused)
{
  unsigned next = 0;

  (void) unused;
  while (!over)
    {
      int status;
      pid_t child = waitpid (-1, &status, WNOHANG);

      if (child <= 0)
        {
          usleep (50);
          continue;
        }
      for (unsigned i = 0; i < STRANGERS; i++)
        if (strangers[i] == child)
          {
            strangers[i] = 0;
            strangers_killed++;
            child = 0;
          }
      if (child == 0)
        continue;
      reaped++;
      ask_for_number (child);
      if (strangers[next % STRANGERS] == 0)
        strangers[next++ % STRANGERS] = make_stranger ();
    }
  return NULL;
}

static void
end_strangers (void)
{
  for (unsigned i = 0; i < STRANGERS; i++)
    if (strangers[i] > 0)
      {
        kill (strangers[i], SIGKILL);
        waitpid (strangers[i], NULL, 0);
        strangers[i] = 0;
      }
}

/* Build ROUNDS images, every other one by a command that dies; return how many
   end as they should.  */
static int
build_rounds (void)
{
  int right = 0;

  for (int round = 0; round < rounds; round++)
    {
      int dies = round % 2;
      struct guix_docker_options options
        = dies ? filtered (dying, 3) : filtered (cat, 1);
      struct guix_docker_error *error;
      int status = (int) build_docker_image (&options, NULL, &error);

      right += dies ? status == GUIX_DOCKER_STATUS_COMPRESSOR
                        && strstr (error->message, "killed by signal 9")
                    : status == 0;
      guix_docker_error_free (error);
    }
  return right;
}

static void
check_reaping (const char *system)
{
  int right;
  pthread_t thread;

  over = reaped = strangers_killed = 0;
  if (pthread_create (&thread, NULL, reap, NULL) != 0)
    exit (2);
  right = build_rounds ();
  over = 1;
  pthread_join (thread, NULL);
  check (right == rounds, "%s, all children are waited for: %d of %d builds end well",
         system, right, rounds);
  check (strangers_killed == 0,
         "%s: none of those that got numbers of %d commands is killed", system,
         reaped);
  end_strangers ();
}

static void
check_vanishing (const char *how, void (*handler) (int), int flags)
{
  struct sigaction action = { .sa_handler = handler, .sa_flags = flags }, old;
  int right;

  sigaction (SIGCHLD, &action, &old);
  right = build_rounds ();
  sigaction (SIGCHLD, &old, NULL);
  check (right == rounds, "%s: %d of %d builds end well", how, right, rounds);
}

/* Fork children that live on, with copies of all descriptors.  */
static void *
fork_often (void *unused)
{
  unsigned next = 0;

  (void) unused;
  while (!over && next < STRANGERS)
    {
      strangers[next++] = make_stranger ();
      usleep (2000);
    }
  return NULL;
}

static void
check_forking (void)
{
  int right;
  pthread_t thread;

  over = 0;
  if (pthread_create (&thread, NULL, fork_often, NULL) != 0)
    exit (2);
  /* A build that waits for one of them waits for ever.  */
  alarm (120);
  right = build_rounds ();
  alarm (0);
  over = 1;
  pthread_join (thread, NULL);
  check (right == rounds, "children are forked meanwhile: %d of %d builds end well",
         right, rounds);
  end_strangers ();
}

/* Where orphans become the host's children, as they are process 1's, none may
   come of a command that cannot be run, or that has ended.  */
static void
check_orphans (void)
{
  static const char *missing[] = { "/nowhere/compressor" };
  int right = 0, orphans = 0;

  prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  for (int round = 0; round < rounds; round++)
    {
      int runs = round % 2;
      struct guix_docker_options options = filtered (runs ? cat : missing, 1);
      int status = (int) build_docker_image (&options, NULL, NULL);

      right += status == (runs ? 0 : GUIX_DOCKER_STATUS_COMPRESSOR);
      while (waitpid (-1, NULL, WNOHANG) > 0)
        orphans++;
    }
  prctl (PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  check (right == rounds && orphans == 0,
         "orphans are the host's: %d of %d builds end well, %d orphans", right,
         rounds, orphans);
}

/* Have clone3 be unknown, as it is to old systems.  */
static int
forget_clone3 (void)
{
  struct sock_filter code[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program
    = { .len = sizeof code / sizeof *code, .filter = code };

  return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
         && prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int
has_clone3 (void)
{
  return syscall (SYS_clone3, NULL, 0) < 0 && errno != ENOSYS && errno != EPERM;
}

static void
check_all (const char *system)
{
  check_reaping (system);
  check_vanishing ("SIGCHLD is ignored", SIG_IGN, 0);
  check_vanishing ("children are not to be waited for", SIG_DFL, SA_NOCLDWAIT);
  check_forking ();
  check_orphans ();
}

int
main (int argc, char **argv)
{
  rounds = argc > 1 ? atoi (argv[1]) : 100;
  make_input ();
  check_all (has_clone3 () ? "a system with pidfds" : "a system without");
  if (forget_clone3 ())
    check_all ("a system without");
  unlink ("image.tar");
  return failures > 0;
}
