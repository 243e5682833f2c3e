/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Loads LIBRARY, uses it and unloads it, again and again: code that is gone
   while a thread still runs it crashes the program.

   usage: unload LIBRARY ROUNDS  */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>

#include "check.h"

typedef guix_docker_status build_function (const struct guix_docker_options *,
                                           struct guix_docker_report **,
                                           struct guix_docker_error **);
typedef void init_function (struct guix_docker_options *, size_t);

static int good;
static unsigned round_number;

/* What a library keeps for a thread that called it holds it in place until
   the thread ends.  */
static void *
use (void *library)
{
  build_function *build;
  init_function *init;
  struct guix_docker_options options;

  *(void **) &build = dlsym (library, "build_docker_image");
  *(void **) &init = dlsym (library, "guix_docker_options_init");
  init (&options, sizeof options);
  options.image = "unload.tar";
  options.paths = round_number % 2 ? small_paths : large_paths;
  options.path_count = 1;
  options.prefix = "/prefix";
  options.threads = 8;
  good = build (&options, NULL, NULL) == 0;
  return NULL;
}

/* The main thread ends after the library was closed: what is kept for it must
   still be there, or be nothing.  */
static void
use_on_main_thread (const char *name)
{
  int round, all = 1;
  pid_t child;
  int status = -1;

  fflush (stdout);
  child = fork ();
  if (child == 0)
    {
      for (round = 0; round < 20; round++)
        {
          void *library = dlopen (name, RTLD_NOW | RTLD_LOCAL);

          if (!library)
            _exit (2);
          use (library);
          all = all && good;
          dlclose (library);
        }
      exit (all ? 0 : 1);
    }
  waitpid (child, &status, 0);
  check (WIFEXITED (status) && WEXITSTATUS (status) == 0,
         "the program ends well after the main thread has used and closed it");
}

int
main (int argc, char **argv)
{
  unsigned rounds = argc > 2 ? (unsigned) atoi (argv[2]) : 0;
  int unloaded = 1;

  make_input ();
  for (round_number = 0; round_number < rounds; round_number++)
    {
      void *library = dlopen (argv[1], RTLD_NOW | RTLD_LOCAL);
      pthread_t thread;

      if (!library)
        {
          check (0, "the library can be loaded: %s", dlerror ());
          return 1;
        }
      if (pthread_create (&thread, NULL, use, library) != 0)
        return 2;
      pthread_join (thread, NULL);
      dlclose (library);
      library = dlopen (argv[1], RTLD_NOW | RTLD_NOLOAD);
      unloaded = unloaded && !library;
      if (library)
        dlclose (library);
      if (!good)
        break;
    }
  check (good, "loaded, used and unloaded %u times", round_number);
  check (unloaded, "the library is gone after that");
  use_on_main_thread (argv[1]);
  remove ("unload.tar");
  return failures != 0;
}
