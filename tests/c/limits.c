/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Calls where the system limits the size of files, descriptors, processes or
   stacks: they end well or say what is short, and leave the program that makes
   them as it was.  */

#define _GNU_SOURCE
#include "state.h"

#include <grp.h>

/* A user of no other suite, whose processes would be counted as well.  */
#define NOBODY 65531

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
  char image[40];
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
      struct rlimit old;

      getrlimit (RLIMIT_STACK, &old);
      set_limit (RLIMIT_STACK, limits[which]);
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
int
main (void)
{
  make_kinds ();
  set_unusual_state ();
  check_file_size ();
  check_descriptors ();
  check_processes ();
  check_stack_limit ();
  return failures != 0;
}
