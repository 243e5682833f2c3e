/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which kinds of builds are left out where ThreadSanitizer looks.  */

#ifndef COMMANDS_H
#define COMMANDS_H

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

#endif
