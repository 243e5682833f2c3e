/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Builds a Docker image of the files and directories named on the command
   line:

     example IMAGE PATH...

   For instance "example /tmp/hello.tar.gz /gnu/store/...-hello-2.12", and then
   "docker load </tmp/hello.tar.gz".  */

#include <stdio.h>

#include <guix_docker.h>

int
main (int argc, char **argv)
{
  static const char *const gzip[] = { "gzip", "-9n" };
  static const struct guix_docker_variable lang
    = { sizeof lang, "LANG", "C.UTF-8" };
  static const struct guix_docker_variable home
    = { sizeof home, "HOME", "/root" };
  static const struct guix_docker_variable *const environment[]
    = { &lang, &home };
  static const struct guix_docker_directive tmp
    = { sizeof tmp, GUIX_DOCKER_DIRECTIVE_KIND_DIRECTORY, 01777, "/tmp",
        NULL, NULL, 0 };
  static const struct guix_docker_directive root
    = { sizeof root, GUIX_DOCKER_DIRECTIVE_KIND_DIRECTORY, 0700, "/root",
        NULL, NULL, 0 };
  static const struct guix_docker_directive *const extra_files[]
    = { &tmp, &root };

  struct guix_docker_options options;
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  size_t layer;

  if (argc < 3)
    {
      fprintf (stderr, "usage: %s IMAGE PATH...\n", argv[0]);
      return 2;
    }

  guix_docker_options_init (&options, sizeof options);
  options.image = argv[1];
  options.paths = (const char *const *) argv + 2;
  options.path_count = (size_t) argc - 2;
  options.prefix = argv[2];
  options.repository = "example";
  options.environment = environment;
  options.environment_count = sizeof environment / sizeof environment[0];
  options.extra_files = extra_files;
  options.extra_file_count = sizeof extra_files / sizeof extra_files[0];
  options.compressor = gzip;
  options.compressor_count = sizeof gzip / sizeof gzip[0];
  options.max_layers = 100;

  if (build_docker_image (&options, &report, &error) != GUIX_DOCKER_STATUS_OK)
    {
      fprintf (stderr, "%s: %s: %s\n", argv[0],
               guix_docker_status_name ((int32_t) error->status),
               error->message);
      guix_docker_error_free (error);
      return 1;
    }

  printf ("%s: %lu bytes\n", report->image_id,
          (unsigned long) report->archive_size);
  for (layer = 0; layer < report->layer_count; layer++)
    printf ("%s: %lu bytes, %lu items\n", report->layers[layer]->diff_id,
            (unsigned long) report->layers[layer]->size,
            (unsigned long) report->layers[layer]->item_count);
  guix_docker_report_free (report);
  return 0;
}
