/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Where the members of every structure are: asserted, as programs that were
   compiled earlier rely on it, and printed for comparison with Guile's idea of
   them.  A hosted compiler is needed for printing alone: machines of other
   sizes can be asserted with nothing but a compiler.  */

#include <stddef.h>
#if __STDC_HOSTED__
# include <stdio.h>
#endif

#include <guix_docker.h>

#if UINTPTR_MAX == UINT64_MAX
# define BY_WORD(long_words, short_words) (long_words)
#elif UINTPTR_MAX == UINT32_MAX
# define BY_WORD(long_words, short_words) (short_words)
#else
# error "words have neither 64 nor 32 bits"
#endif

/* Each structure, its size and its members' offsets: on machines with words of
   64 bits, and on those with words of 32.  */
#define STRUCTURES(STRUCTURE)                   \
  STRUCTURE (options, OPTIONS, 480, 280)        \
  STRUCTURE (merge, MERGE, 48, 24)              \
  STRUCTURE (directive, DIRECTIVE, 40, 24)      \
  STRUCTURE (transformation, TRANSFORMATION, 16, 8) \
  STRUCTURE (variable, VARIABLE, 16, 8)         \
  STRUCTURE (ownership, OWNERSHIP, 16, 12)      \
  STRUCTURE (event, EVENT, 24, 24)              \
  STRUCTURE (report, REPORT, 104, 56)           \
  STRUCTURE (layer, LAYER, 64, 40)              \
  STRUCTURE (error, ERROR, 32, 20)

#define OPTIONS(MEMBER)                         \
  MEMBER (options, size, 0, 0)                  \
  MEMBER (options, image, 8, 4)                 \
  MEMBER (options, paths, 16, 8)                \
  MEMBER (options, path_count, 24, 12)          \
  MEMBER (options, prefix, 32, 16)              \
  MEMBER (options, repository, 40, 20)          \
  MEMBER (options, extra_files, 48, 24)         \
  MEMBER (options, extra_file_count, 56, 28)    \
  MEMBER (options, transformations, 64, 32)     \
  MEMBER (options, transformation_count, 72, 36) \
  MEMBER (options, system, 80, 40)              \
  MEMBER (options, database, 88, 44)            \
  MEMBER (options, entry_point, 96, 48)         \
  MEMBER (options, entry_point_count, 104, 52)  \
  MEMBER (options, environment, 112, 56)        \
  MEMBER (options, environment_count, 120, 60)  \
  MEMBER (options, compressor, 128, 64)         \
  MEMBER (options, compressor_count, 136, 68)   \
  MEMBER (options, creation_time, 144, 72)      \
  MEMBER (options, max_layers, 152, 80)         \
  MEMBER (options, root_system, 160, 88)        \
  MEMBER (options, history, 168, 92)            \
  MEMBER (options, threads, 172, 96)            \
  MEMBER (options, progress, 176, 100)          \
  MEMBER (options, progress_data, 184, 104)     \
  MEMBER (options, monitor, 192, 108)           \
  MEMBER (options, directive_size, 200, 112)    \
  MEMBER (options, transformation_size, 204, 116) \
  MEMBER (options, variable_size, 208, 120)     \
  MEMBER (options, reserved, 212, 124)          \
  MEMBER (options, ownership, 216, 128)         \
  MEMBER (options, ownership_count, 224, 132)   \
  MEMBER (options, ownership_size, 232, 136)    \
  MEMBER (options, variant, 240, 140)           \
  MEMBER (options, whiteouts, 248, 144)         \
  MEMBER (options, modes, 252, 148)             \
  MEMBER (options, xattrs, 256, 152)            \
  MEMBER (options, parent_directories, 260, 156) \
  MEMBER (options, config_keys, 264, 160)       \
  MEMBER (options, format, 268, 164)            \
  MEMBER (options, names, 272, 168) \
  MEMBER (options, name_count, 280, 172) \
  MEMBER (options, cmd, 288, 176) \
  MEMBER (options, cmd_count, 296, 180) \
  MEMBER (options, user, 304, 184) \
  MEMBER (options, working_directory, 312, 188) \
  MEMBER (options, exposed_ports, 320, 192) \
  MEMBER (options, exposed_port_count, 328, 196) \
  MEMBER (options, volumes, 336, 200) \
  MEMBER (options, volume_count, 344, 204) \
  MEMBER (options, labels, 352, 208) \
  MEMBER (options, label_count, 360, 212) \
  MEMBER (options, stop_signal, 368, 216) \
  MEMBER (options, health_check, 376, 220) \
  MEMBER (options, author, 384, 224) \
  MEMBER (options, config, 392, 228) \
  MEMBER (options, image_fd, 400, 232) \
  MEMBER (options, archive_digest, 404, 236) \
  MEMBER (options, annotations, 408, 240) \
  MEMBER (options, annotation_count, 416, 244) \
  MEMBER (options, reuse, 424, 248) \
  MEMBER (options, reuse_count, 432, 252) \
  MEMBER (options, references_graphs, 440, 256) \
  MEMBER (options, references_graph_count, 448, 260) \
  MEMBER (options, layering, 456, 264) \
  MEMBER (options, immutable_paths, 460, 268) \
  MEMBER (options, base, 464, 272) \
  MEMBER (options, base_name, 472, 276)

#define MERGE(MEMBER)                           \
  MEMBER (merge, size, 0, 0)                    \
  MEMBER (merge, target, 8, 4)                  \
  MEMBER (merge, sources, 16, 8)                \
  MEMBER (merge, source_count, 24, 12)          \
  MEMBER (merge, monitor, 32, 16)               \
  MEMBER (merge, progress_data, 40, 20)

#define DIRECTIVE(MEMBER)                       \
  MEMBER (directive, kind, 0, 0)                \
  MEMBER (directive, mode, 4, 4)                \
  MEMBER (directive, name, 8, 8)                \
  MEMBER (directive, target, 16, 12)            \
  MEMBER (directive, content, 24, 16)           \
  MEMBER (directive, content_size, 32, 20)

#define TRANSFORMATION(MEMBER)                  \
  MEMBER (transformation, from, 0, 0)           \
  MEMBER (transformation, to, 8, 4)

#define VARIABLE(MEMBER)                        \
  MEMBER (variable, name, 0, 0)                 \
  MEMBER (variable, value, 8, 4)

#define OWNERSHIP(MEMBER)                       \
  MEMBER (ownership, path, 0, 0)                \
  MEMBER (ownership, uid, 8, 4)                 \
  MEMBER (ownership, gid, 12, 8)

#define EVENT(MEMBER)                           \
  MEMBER (event, struct_size, 0, 0)             \
  MEMBER (event, phase, 4, 4)                   \
  MEMBER (event, done, 8, 8)                    \
  MEMBER (event, total, 16, 16)

#define REPORT(MEMBER)                          \
  MEMBER (report, struct_size, 0, 0)            \
  MEMBER (report, image_id, 8, 4)               \
  MEMBER (report, archive_size, 16, 8)          \
  MEMBER (report, layers, 24, 16)               \
  MEMBER (report, layer_count, 32, 20)          \
  MEMBER (report, warnings, 40, 24)             \
  MEMBER (report, warning_count, 48, 28)        \
  MEMBER (report, archive_digest, 56, 32)       \
  MEMBER (report, names, 64, 36)                \
  MEMBER (report, name_count, 72, 40)           \
  MEMBER (report, json, 80, 44)                 \
  MEMBER (report, manifest_digest, 88, 48)      \
  MEMBER (report, manifest_size, 96, 52)

#define LAYER(MEMBER)                           \
  MEMBER (layer, struct_size, 0, 0)             \
  MEMBER (layer, diff_id, 8, 4)                 \
  MEMBER (layer, size, 16, 8)                   \
  MEMBER (layer, items, 24, 16)                 \
  MEMBER (layer, item_count, 32, 20)            \
  MEMBER (layer, blob_digest, 40, 24)           \
  MEMBER (layer, media_type, 48, 28)            \
  MEMBER (layer, blob_size, 56, 32)

#define ERROR(MEMBER)                           \
  MEMBER (error, struct_size, 0, 0)             \
  MEMBER (error, status, 8, 4)                  \
  MEMBER (error, system_error, 12, 8)           \
  MEMBER (error, message, 16, 12)               \
  MEMBER (error, argument, 24, 16)

/* An array of no size does not compile.  */
#define ASSERT(name, condition) \
  extern const char name[(condition) ? 1 : -1];

#define ASSERT_MEMBER(type, member, long_words, short_words) \
  ASSERT (place_of_##type##_##member,                        \
          offsetof (struct guix_docker_##type, member)       \
          == BY_WORD (long_words, short_words))

/* Padding that a later version put a member into would hold whatever an
   earlier program left there.  */
#define PLUS_SIZE(type, member, long_words, short_words) \
  + sizeof ((struct guix_docker_##type *) 0)->member

#define ASSERT_STRUCTURE(type, members, long_words, short_words)  \
  ASSERT (size_of_##type, sizeof (struct guix_docker_##type)      \
                          == BY_WORD (long_words, short_words))   \
  ASSERT (no_padding_in_##type,                                   \
          sizeof (struct guix_docker_##type) == 0 members (PLUS_SIZE)) \
  members (ASSERT_MEMBER)

STRUCTURES (ASSERT_STRUCTURE)

#if __STDC_HOSTED__
# define PRINT_MEMBER(type, member, long_words, short_words) \
  printf ("%s.%s %lu\n", #type, #member,                     \
          (unsigned long) offsetof (struct guix_docker_##type, member));

# define PRINT_STRUCTURE(type, members, long_words, short_words)  \
  printf ("%s %lu\n", #type,                                      \
          (unsigned long) sizeof (struct guix_docker_##type));    \
  members (PRINT_MEMBER)

int
main (void)
{
  STRUCTURES (PRINT_STRUCTURE)
  return 0;
}
#endif
