/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The header included twice and before anything else; compiled once with
   MAIN and once without, to be included in two files of one program.  */

#include <guix_docker.h>
#include <guix_docker.h>

#if GUIX_DOCKER_VERSION_NUMBER < 0x000100
# error "the version's number is too low"
#endif

const char *version (void);

#ifdef MAIN
int
main (void)
{
  struct guix_docker_options options;

  guix_docker_options_init (&options, sizeof options);
  return version () == guix_docker_version ()
         && options.creation_time == GUIX_DOCKER_NOW
         && options.format == GUIX_DOCKER_FORMAT_DOCKER_ARCHIVE ? 0 : 1;
}
#else
const char *
version (void)
{
  return guix_docker_version ();
}
#endif
