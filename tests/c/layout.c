/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Where the members of every structure are: asserted for 64-bit machines,
   where programs that were compiled earlier rely on it, and printed for
   comparison with Guile's idea of them.  */

#include <stddef.h>
#include <stdio.h>

#include <guix_docker.h>

#if UINTPTR_MAX == UINT64_MAX
# define ASSERT(condition) _Static_assert (condition, #condition)
#else
# define ASSERT(condition) _Static_assert (1, "")
#endif

#define STRUCTURE(type, size)                             \
  ASSERT (sizeof (struct guix_docker_##type) == size);    \
  printf ("%s %lu\n", #type,                              \
          (unsigned long) sizeof (struct guix_docker_##type))

#define MEMBER(type, member, offset)                              \
  ASSERT (offsetof (struct guix_docker_##type, member) == offset); \
  printf ("%s.%s %lu\n", #type, #member,                          \
          (unsigned long) offsetof (struct guix_docker_##type, member))

int
main (void)
{
  STRUCTURE (options, 192);
  MEMBER (options, size, 0);
  MEMBER (options, image, 8);
  MEMBER (options, paths, 16);
  MEMBER (options, path_count, 24);
  MEMBER (options, prefix, 32);
  MEMBER (options, repository, 40);
  MEMBER (options, extra_files, 48);
  MEMBER (options, extra_file_count, 56);
  MEMBER (options, transformations, 64);
  MEMBER (options, transformation_count, 72);
  MEMBER (options, system, 80);
  MEMBER (options, database, 88);
  MEMBER (options, entry_point, 96);
  MEMBER (options, entry_point_count, 104);
  MEMBER (options, environment, 112);
  MEMBER (options, environment_count, 120);
  MEMBER (options, compressor, 128);
  MEMBER (options, compressor_count, 136);
  MEMBER (options, creation_time, 144);
  MEMBER (options, max_layers, 152);
  MEMBER (options, root_system, 160);
  MEMBER (options, history, 168);
  MEMBER (options, threads, 172);
  MEMBER (options, progress, 176);
  MEMBER (options, progress_data, 184);

  STRUCTURE (directive, 40);
  MEMBER (directive, kind, 0);
  MEMBER (directive, mode, 4);
  MEMBER (directive, name, 8);
  MEMBER (directive, target, 16);
  MEMBER (directive, content, 24);
  MEMBER (directive, content_size, 32);

  STRUCTURE (transformation, 16);
  MEMBER (transformation, from, 0);
  MEMBER (transformation, to, 8);

  STRUCTURE (variable, 16);
  MEMBER (variable, name, 0);
  MEMBER (variable, value, 8);

  STRUCTURE (report, 32);
  MEMBER (report, image_id, 0);
  MEMBER (report, archive_size, 8);
  MEMBER (report, layers, 16);
  MEMBER (report, layer_count, 24);

  STRUCTURE (layer, 32);
  MEMBER (layer, diff_id, 0);
  MEMBER (layer, size, 8);
  MEMBER (layer, items, 16);
  MEMBER (layer, item_count, 24);

  STRUCTURE (error, 16);
  MEMBER (error, status, 0);
  MEMBER (error, system_error, 4);
  MEMBER (error, message, 8);
  return 0;
}
