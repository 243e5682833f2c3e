/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One line per check, and what the programs' images have in common.  */

#ifndef CHECK_H
#define CHECK_H

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <guix_docker.h>

static int failures;

/* Say whether CONDITION holds; the rest is a format and its arguments.  */
__attribute__ ((format (printf, 2, 3))) static void
check (int condition, const char *format, ...)
{
  va_list arguments;

  fputs (condition ? "ok - " : "not ok - ", stdout);
  va_start (arguments, format);
  vprintf (format, arguments);
  va_end (arguments);
  putchar ('\n');
  fflush (stdout);
  failures += !condition;
}

static inline void
write_file (const char *name, size_t size)
{
  FILE *file = fopen (name, "w");
  unsigned state = 1;

  if (!file)
    {
      perror (name);
      exit (2);
    }
  for (; size > 0; size--)
    putc ((state = state * 1103515245 + 12345) >> 16 & 255, file);
  fclose (file);
}

/* The absolute names of input that the programs make in the directory they
   are run in.  */
static char small_file[4200], large_file[4200];
static const char *small_paths[] = { small_file };
static const char *large_paths[] __attribute__ ((unused)) = { large_file };

static inline void
make_input (void)
{
  char here[4096];

  if (!getcwd (here, sizeof here))
    exit (2);
  snprintf (small_file, sizeof small_file, "%s/small", here);
  snprintf (large_file, sizeof large_file, "%s/large", here);
  write_file (small_file, 1000);
  write_file (large_file, 3000000);
}

/* Elements of lists, which are there for as long as the block they are written
   in, or always outside of functions.  */
#define DIRECTIVE(kind, mode, name, target, content, size)               \
  (&(const struct guix_docker_directive)                                 \
   { sizeof (struct guix_docker_directive),                              \
     GUIX_DOCKER_DIRECTIVE_KIND_##kind, mode, name, target,              \
     (const uint8_t *) (content), size })
#define TRANSFORMATION(from, to)                                         \
  (&(const struct guix_docker_transformation)                            \
   { sizeof (struct guix_docker_transformation), from, to })
#define VARIABLE(name, value)                                            \
  (&(const struct guix_docker_variable)                                  \
   { sizeof (struct guix_docker_variable), name, value })
#define OWNERSHIP(path, uid, gid)                                        \
  (&(const struct guix_docker_ownership)                                 \
   { sizeof (struct guix_docker_ownership), uid, gid, path })

/* Options for an image of the small file.  */
static inline struct guix_docker_options
small_image (const char *image)
{
  struct guix_docker_options options;

  guix_docker_options_init (&options, sizeof options);
  options.image = image;
  options.paths = small_paths;
  options.path_count = 1;
  options.prefix = "/prefix";
  options.creation_time = 1;
  return options;
}

static inline int
exists (const char *name)
{
  struct stat status;

  return lstat (name, &status) == 0;
}

static inline int
same_content (const char *one, const char *other)
{
  FILE *first = fopen (one, "r"), *second = fopen (other, "r");
  int a = 0, b = 0;

  while (first && second && a == b && a != EOF)
    {
      a = getc (first);
      b = getc (second);
    }
  if (first)
    fclose (first);
  if (second)
    fclose (second);
  return first && second && a == b;
}

/* How many entries DIRECTORY has, hidden ones too.  */
static inline unsigned
entries (const char *directory)
{
  DIR *stream = opendir (directory);
  unsigned count = 0;

  if (!stream)
    return 0;
  while (readdir (stream))
    count++;
  closedir (stream);
  return count;
}

/* Whether FUNCTION returns, in a process that kills itself then: it has no
   leaks to account for.  */
static inline int
returns (void (*function) (void))
{
  int status = 0;
  pid_t child = fork ();

  if (child == 0)
    {
      function ();
      raise (SIGKILL);
    }
  return waitpid (child, &status, 0) == child && WIFSIGNALED (status)
         && WTERMSIG (status) == SIGKILL;
}

/* Whether ERROR is about ARGUMENT, and its message has PART.  */
static inline int
is_about (const struct guix_docker_error *error, const char *argument,
          const char *part)
{
  size_t length = strlen (argument);

  return error && error->argument && strcmp (error->argument, argument) == 0
         && strncmp (error->message, argument, length) == 0
         && strncmp (error->message + length, ": ", 2) == 0
         && strstr (error->message, part);
}

/* OPTIONS are refused because of ARGUMENT, with a message that has PART, and
   nothing appears.  */
static inline void
check_refused (const struct guix_docker_options *options,
               const char *argument, const char *part, const char *name)
{
  struct guix_docker_error *error;
  unsigned before = entries (".");
  int status = (int) build_docker_image (options, NULL, &error);

  check (status == GUIX_DOCKER_STATUS_INVALID_ARGUMENT && is_about (error, argument, part)
         && entries (".") == before,
         "%s: %s", name, error ? error->message : "no message");
  guix_docker_error_free (error);
}

/* Run CHECKS on a thread of its own.  What the library keeps for a thread that
   calls it is freed when the thread ends, and only then.  */
static inline void
run_on_thread (void *(*checks) (void *))
{
  pthread_t thread;

  if (pthread_create (&thread, NULL, checks, NULL) != 0)
    exit (2);
  pthread_join (thread, NULL);
}

#endif
