/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The header included twice and before anything else; compiled once with
   MAIN and once without, to be included in two files of one program.  */

#include <guix_docker.h>
#include <guix_docker.h>

const char *version (void);

#ifdef MAIN
int
main (void)
{
  struct guix_docker_options options;

  guix_docker_options_init (&options, sizeof options);
  return version () == guix_docker_version ()
         && options.creation_time == GUIX_DOCKER_NOW ? 0 : 1;
}
#else
const char *
version (void)
{
  return guix_docker_version ();
}
#endif
