/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Build an image of the paths on standard input, one a line, without Guile,
   and print what it cost this process.

   usage: build-image [--immutable] [--layout] IMAGE MAX-LAYERS THREADS
                      [COMPRESSOR...]

   prints: read BYTES, written BYTES, memory KIB  */

#include <guix_docker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
print_number (const char *file, const char *label, const char *name)
{
  char line[256];
  FILE *stream = fopen (file, "r");

  while (stream && fgets (line, sizeof line, stream))
    if (strncmp (line, label, strlen (label)) == 0)
      printf ("%s %llu\n", name, strtoull (line + strlen (label), NULL, 10));
  if (stream)
    fclose (stream);
}

int
main (int argc, char **argv)
{
  struct guix_docker_options options;
  guix_docker_error *error;
  char **paths = NULL, *line = NULL;
  size_t count = 0, size = 0;

  guix_docker_options_init (&options, sizeof options);
  for (; argc > 1 && argv[1][0] == '-'; argc--, argv++)
    if (strcmp (argv[1], "--layout") == 0)
      options.format = GUIX_DOCKER_FORMAT_OCI;
    else if (strcmp (argv[1], "--immutable") == 0)
      options.immutable_paths = 1;
    else
      return 2;
  if (argc < 4)
    return 2;
  for (ssize_t length; (length = getline (&line, &size, stdin)) > 0; )
    {
      line[length - 1] = '\0';
      paths = realloc (paths, ++count * sizeof *paths);
      if (!paths || !(paths[count - 1] = strdup (line)))
        return 1;
    }

  options.image = argv[1];
  options.paths = (const char *const *) paths;
  options.path_count = count;
  options.prefix = "/gnu/store/profile";
  options.system = "x86_64-linux";
  options.creation_time = 1;
  options.max_layers = (uint32_t) atoi (argv[2]);
  options.threads = (uint32_t) atoi (argv[3]);
  options.compressor = (const char *const *) argv + 4;
  options.compressor_count = argc - 4;
  if (build_docker_image (&options, NULL, &error) != 0)
    {
      fprintf (stderr, "%s\n", error->message);
      return 1;
    }
  print_number ("/proc/self/io", "rchar:", "read");
  print_number ("/proc/self/io", "wchar:", "written");
  print_number ("/proc/self/status", "VmHWM:", "memory");
  return 0;
}
