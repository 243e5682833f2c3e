/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Calls from threads with little stack: how much of it the calls take, and that
   what the documentation asks for is enough, with as much left to the callbacks
   as it says.

   usage: stack [main]

   "main" is to be called where the main thread has as much stack as that.  */

#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>

#include "kinds.h"

/* What a calling thread needs, as the header says: half of it is left for the
   callbacks, and for a later version that takes more.  */
#define DOCUMENTED ((size_t) 64 << 10)
#define MOST_USED (DOCUMENTED / 2)

/* Where what is used is measured.  */
#define ROOM ((size_t) 1 << 20)
#define PATTERN 0xa5

static int
build (const struct kind *kind)
{
  struct guix_docker_options options = options_of (kind, "stack.image");
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  int status = (int) build_docker_image (&options, &report, &error);

  guix_docker_report_free (report);
  guix_docker_error_free (error);
  return status;
}

static void *
build_as (void *kind)
{
  return (void *) (long) build (kind);
}

/* Build on a thread with ATTRIBUTES.  */
static int
build_on (pthread_attr_t *attributes, const struct kind *kind)
{
  pthread_t thread;
  void *status;

  if (pthread_create (&thread, attributes, build_as, (void *) kind) != 0)
    exit (2);
  pthread_attr_destroy (attributes);
  pthread_join (thread, &status);
  remove_image ("stack.image");
  return (int) (long) status;
}

/* How many bytes of its stack a thread uses that builds KIND; the C library has
   what it needs for a thread there, too.  */
static size_t
used_by (const struct kind *kind, int *status)
{
  pthread_attr_t attributes;
  size_t untouched = 0;
  unsigned char *room = mmap (NULL, ROOM, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (room == MAP_FAILED)
    exit (2);
  memset (room, PATTERN, ROOM);
  pthread_attr_init (&attributes);
  pthread_attr_setstack (&attributes, room, ROOM);
  *status = build_on (&attributes, kind);
  while (untouched < ROOM && room[untouched] == PATTERN)
    untouched++;
  munmap (room, ROOM);
  return ROOM - untouched;
}

static void
check_threads (void)
{
  size_t used, most = 0;
  int index, status, enough = 0;

  for (index = 0; index < KINDS; index++)
    {
      pthread_attr_t attributes;

      used = used_by (&kinds[index], &status);
      check (status == kinds[index].status && used <= MOST_USED,
             "%s takes %lu bytes of stack", kinds[index].name,
             (unsigned long) used);
      most = used > most ? used : most;
      pthread_attr_init (&attributes);
      pthread_attr_setstacksize (&attributes, DOCUMENTED);
      status = build_on (&attributes, &kinds[index]);
      enough += status == kinds[index].status;
    }
  check (most > 1000, "what is measured is the stack");
  check (enough == KINDS, "a stack of %lu KiB is enough for %d kinds of builds",
         (unsigned long) DOCUMENTED >> 10, enough);
}

static void
check_main (void)
{
  int index, good = 0;

  for (index = 0; index < KINDS; index++)
    {
      good += build (&kinds[index]) == kinds[index].status;
      remove_image ("stack.image");
    }
  check (good == KINDS, "the main thread builds %d kinds of images", good);
}

int
main (int argc, char **argv)
{
  make_kinds ();
  if (argc > 1 && strcmp (argv[1], "main") == 0)
    check_main ();
  else
    check_threads ();
  return failures != 0;
}
