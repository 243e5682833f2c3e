/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Building the kinds of images under a tool that looks at memory.  */

#ifndef SANITIZERS_KINDS_H
#define SANITIZERS_KINDS_H

#include "../c/kinds.h"

/* Whether KIND cannot be built under the tool that this is compiled for.

   A command is started by a copy of the process, which the library makes without
   what the C library does around a fork.  ThreadSanitizer, which knows of that
   alone, has locks that another thread may hold at that time, and the copy waits
   for them forever, when it exits for one.  */
static inline int
is_left_out (const struct kind *kind)
{
#ifdef __SANITIZE_THREAD__
  return kind->set == by_command || kind->set == failing_command
         || kind->set == unknown_command;
#else
  (void) kind;
  return 0;
#endif
}

/* Build an image, looking at all that comes of it; return the status, or -1 if
   there is too little.  */
static inline int
build (const struct guix_docker_options *options)
{
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  int status = (int) build_docker_image (options, &report, &error);

  /* All that is there is looked at.  */
  if (report && strlen (guix_docker_report_json (report)) < 100)
    status = -1;
  if (error && strlen (error->message) < 5)
    status = -1;
  guix_docker_report_free (report);
  guix_docker_error_free (error);
  return status;
}

#endif
