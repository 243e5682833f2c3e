/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the header promises of the sizes of structures that programs fill in:
   those of older and of newer programs are taken.  */

#include <stdint.h>

#include "check.h"
#include "tables.h"

static const int invalid = GUIX_DOCKER_STATUS_INVALID_ARGUMENT;

/* Room for what a newer program has.  */
union room
{
  struct guix_docker_options options;
  unsigned char bytes[sizeof (struct guix_docker_options) + 64];
};

static void
init_nothing (void)
{
  guix_docker_options_init (NULL, sizeof (struct guix_docker_options));
  guix_docker_merge_init (NULL, sizeof (struct guix_docker_merge));
}

static int
is_zero (const void *member, size_t size)
{
  const unsigned char *bytes = member;

  while (size > 0 && bytes[size - 1] == 0)
    size--;
  return size == 0;
}

static void
check_init (void)
{
  struct guix_docker_options options;
  union room room;
  size_t size, index;
  int kept = 1, zeroed = 1;

  check (returns (init_nothing), "init leaves NULL alone");

  memset (&options, 0xaa, sizeof options);
  guix_docker_options_init (&options, sizeof options);
  check (options.struct_size == sizeof options && options.image_fd == -1
         && !options.image && !options.paths
         && options.path_count == 0 && !options.prefix
         && !options.repository && !options.extra_files
         && options.extra_file_count == 0 && !options.transformations
         && options.transformation_count == 0 && !options.system
         && !options.database && !options.entry_point
         && options.entry_point_count == 0 && !options.environment
         && options.environment_count == 0 && !options.compressor
         && options.compressor_count == 0
         && options.creation_time == GUIX_DOCKER_NOW
         && options.max_layers == 0 && !options.root_system
         && options.history == GUIX_DOCKER_HISTORY_LAYERS
         && options.threads == 0 && !options.progress
         && !options.progress_data, "init sets the defaults");
  options.struct_size = 0;
  options.image_fd = 0;
  options.creation_time = 0;
#define COUNT_ZERO(member) \
  + is_zero (&options.member, sizeof options.member)
#define COUNT(member) + 1
  check (0 MEMBERS_OF_options (COUNT_ZERO) == 0 MEMBERS_OF_options (COUNT),
         "all members but three are 0 or NULL at first");

  for (size = 0; size < sizeof options; size++)
    {
      memset (room.bytes, 0xaa, sizeof room);
      guix_docker_options_init (&room.options, size);
      for (index = size; index < sizeof room; index++)
        kept = kept && room.bytes[index] == 0xaa;
    }
  check (kept, "init writes no more than the size it is given");

  memset (room.bytes, 0xaa, sizeof room);
  guix_docker_options_init (&room.options, sizeof options + 32);
  for (index = sizeof options; index < sizeof options + 32; index++)
    zeroed = zeroed && room.bytes[index] == 0;
  for (; index < sizeof room; index++)
    kept = kept && room.bytes[index] == 0xaa;
  check (zeroed && kept && room.options.struct_size == sizeof options + 32,
         "init clears what a newer program has");
}

/* Builds with options of SIZE bytes, the last of them LAST; what is behind
   them is not to be read.  */
static int
sized (uint32_t size, int last)
{
  const size_t known = sizeof (struct guix_docker_options);
  struct guix_docker_options options = small_image ("sized.tar");
  struct guix_docker_error *error = NULL;
  union room room;
  int status;

  options.struct_size = size;
  memset (room.bytes, 0xaa, sizeof room);
  memcpy (room.bytes, &options, size < known && size >= sizeof size
                                  ? size : known);
  if (size > known && size <= sizeof room)
    {
      memset (room.bytes + known, 0, size - known);
      room.bytes[size - 1] = (unsigned char) last;
    }
  status = (int) build_docker_image (&room.options, NULL, &error);
  if (status != 0
      && (!is_about (error, "options", last ? "version" : "struct_size")
          || exists ("sized.tar")))
    status = -1;
  guix_docker_error_free (error);
  remove ("sized.tar");
  return status;
}

static void
check_sizes (void)
{
  const uint32_t size = sizeof (struct guix_docker_options);
  struct guix_docker_options options;
  char part[100];
  uint32_t wrong;
  int refused = 1;

  check (build_docker_image (NULL, NULL, NULL) == invalid,
         "options of NULL are refused without asking for the error");
  check_refused (NULL, "options", "NULL", "options of NULL are refused");
  memset (&options, 0, sizeof options);
  options.image = "zeros.tar";
  options.prefix = "/prefix";
  snprintf (part, sizeof part, "struct_size of the options is 0, not %lu or more",
            (unsigned long) FIRST_SIZE_OF_options);
  check_refused (&options, "options", part,
                 "options that were only zeroed are refused");
  for (wrong = 0; wrong < FIRST_SIZE_OF_options; wrong++)
    refused = refused && sized (wrong, 0) == invalid;
  check (refused, "sizes below the first version's are refused");
  check (sized (UINT32_MAX, 0) == invalid && sized (UINT32_MAX / 2, 0) == invalid
         && sized (1 << 20, 0) == invalid,
         "sizes that make no sense are refused");
  check (sized (FIRST_SIZE_OF_options, 0) == 0,
         "the size of the first version is accepted");
  check (sized (size, 0) == 0, "the size of this version is accepted");
  check (sized (size + 8, 0) == 0 && sized (size + 64, 0) == 0
         && sized (size + 1, 0) == 0,
         "a newer program's options are accepted if they ask for nothing new");
  check (sized (size + 8, 1) == invalid && sized (size + 64, 255) == invalid
         && sized (size + 1, 1) == invalid, "and refused if they do");
}

/* Two elements for each list.  */
static const struct guix_docker_directive *const two_directives[]
  = { DIRECTIVE (DIRECTORY, 0700, "/one", NULL, NULL, 0),
      DIRECTIVE (FILE, 0, "/one/two", NULL, "text", 4) };
static const struct guix_docker_transformation *const two_transformations[]
  = { TRANSFORMATION ("/tmp", "/first"), TRANSFORMATION ("/", "/second/") };
static const struct guix_docker_variable *const two_variables[]
  = { VARIABLE ("A", "b"), VARIABLE ("C", "d") };
static const struct guix_docker_ownership *const two_ownerships[]
  = { OWNERSHIP ("/", 1, 2), OWNERSHIP ("/tmp", 3000000, 4) };

/* Every list of structures in the options.  */
#define LISTS(LIST)                                                           \
  LIST (directive, extra_files, extra_file_count, two_directives)             \
  LIST (transformation, transformations, transformation_count,                \
        two_transformations)                                                  \
  LIST (ownership, ownership, ownership_count, two_ownerships)                \
  LIST (variable, environment, environment_count, two_variables)              \
  LIST (variable, labels, label_count, two_variables)                         \
  LIST (variable, annotations, annotation_count, two_variables)

#define SETTER(type, member, count, elements)                                 \
  static void                                                                 \
  set_##member (struct guix_docker_options *options, const void *const *list, \
                size_t number)                                                \
  {                                                                           \
    options->member = (const struct guix_docker_##type *const *) list;        \
    options->count = number;                                                  \
  }
LISTS (SETTER)

static const struct list
{
  const char *argument;
  size_t first_size;            /* of an element in the first version */
  size_t size;                  /* of one now */
  const void *const *elements;
  void (*set) (struct guix_docker_options *, const void *const *, size_t);
} lists[] = {
#define ROW(type, member, count, elements)                                    \
  { #member, FIRST_SIZE_OF_##type, sizeof (struct guix_docker_##type),        \
    (const void *const *) elements, set_##member },
  LISTS (ROW)
};

/* Options with ELEMENTS in LIST.  */
static struct guix_docker_options
with_list (const struct list *list, const void *const *elements)
{
  struct guix_docker_options options = small_image ("elements.tar");

  options.format = GUIX_DOCKER_FORMAT_OCI_ARCHIVE;
  list->set (&options, elements, 2);
  return options;
}

/* Builds with LIST, whose element WHICH has SIZE bytes, the last of them LAST;
   expected.tar is what is to come of it.  There is nothing behind the element,
   as valgrind knows.  */
static int
with_element (const struct list *list, int which, uint32_t size, int last)
{
  size_t room = size < 4096 ? size : 4096;
  const size_t known = room < list->size ? room : list->size;
  const void *elements[2] = { list->elements[0], list->elements[1] };
  struct guix_docker_options options;
  struct guix_docker_error *error = NULL;
  unsigned char *element;
  int status;

  /* Every version has the size.  */
  room = room < sizeof size ? sizeof size : room;
  element = calloc (1, room);
  if (!element)
    exit (2);
  memcpy (element, elements[which], known);
  memcpy (element, &size, sizeof size);
  if (last)
    element[room - 1] = (unsigned char) last;
  elements[which] = element;
  options = with_list (list, elements);
  status = (int) build_docker_image (&options, NULL, &error);
  if (status == 0
        ? !same_content ("elements.tar", "expected.tar")
        : !is_about (error, list->argument, last ? "version" : "struct_size")
            || exists ("elements.tar"))
    status = -1;
  guix_docker_error_free (error);
  remove ("elements.tar");
  free (element);
  return status;
}

static void
check_elements (void)
{
  size_t number;
  int which;

  for (number = 0; number < sizeof lists / sizeof lists[0]; number++)
    {
      const struct list *list = &lists[number];
      const uint32_t size = (uint32_t) list->size;
      struct guix_docker_options options = with_list (list, list->elements);

      check (build_docker_image (&options, NULL, NULL) == 0
             && rename ("elements.tar", "expected.tar") == 0,
             "%s: elements as the header has them", list->argument);
      for (which = 0; which < 2; which++)
        {
          const void *elements[2] = { list->elements[0], list->elements[1] };
          const char *element = which ? "the last element" : "the first element";
          uint32_t wrong;
          int refused = 1;

          elements[which] = NULL;
          options = with_list (list, elements);
          check_refused (&options, list->argument, "NULL", element);
          for (wrong = 0; wrong < list->first_size; wrong++)
            refused = refused && with_element (list, which, wrong, 0) == invalid;
          check (refused, "%s: %s is refused below the first version's size",
                 list->argument, element);
          check (with_element (list, which, UINT32_MAX, 0) == invalid
                 && with_element (list, which, 1 << 20, 0) == invalid
                 && with_element (list, which, (1 << 16) + 1, 0) == invalid,
                 "%s: and of a size that makes no sense", list->argument);
          check (with_element (list, which, (uint32_t) list->first_size, 0) == 0,
                 "%s: that of the first version is accepted", list->argument);
          check (with_element (list, which, size + 8, 0) == 0
                 && with_element (list, which, size + 64, 0) == 0
                 && with_element (list, which, size + 1, 0) == 0,
                 "%s: a newer program's is accepted if it asks for nothing new",
                 list->argument);
          check (with_element (list, which, size + 8, 1) == invalid
                 && with_element (list, which, size + 64, 255) == invalid
                 && with_element (list, which, size + 1, 1) == invalid,
                 "%s: and refused if it does", list->argument);
        }
      options = with_list (list, NULL);
      check_refused (&options, list->argument, "NULL", "a list of NULL");
      list->set (&options, NULL, 0);
      check (build_docker_image (&options, NULL, NULL) == 0,
             "%s: no list is an empty one", list->argument);
      list->set (&options, list->elements, SIZE_MAX);
      check_refused (&options, list->argument, "no list has", "a huge count");
      remove ("elements.tar");
    }
  remove ("expected.tar");
}

/* A merge whose options have SIZE bytes, the last of them LAST.  */
static int
sized_merge (uint32_t size, int last)
{
  static const char *const sources[] = { "sizes-layout" };
  const size_t known = sizeof (struct guix_docker_merge);
  struct guix_docker_merge options;
  struct guix_docker_error *error = NULL;
  size_t room = size < 4096 ? size : 4096;
  unsigned char *bytes;
  int status;

  guix_docker_merge_init (&options, sizeof options);
  options.struct_size = size;
  options.target = "sizes-merged";
  options.sources = sources;
  options.source_count = 1;
  room = room < sizeof size ? sizeof size : room;
  bytes = calloc (1, room);
  if (!bytes)
    exit (2);
  memcpy (bytes, &options, room < known ? room : known);
  if (last)
    bytes[room - 1] = (unsigned char) last;
  status = (int) guix_docker_merge_layouts ((const void *) bytes, &error);
  if (status != 0
      && !is_about (error, "options", last ? "version" : "struct_size"))
    status = -1;
  guix_docker_error_free (error);
  free (bytes);
  return status;
}

static void
check_merge_sizes (void)
{
  const uint32_t size = sizeof (struct guix_docker_merge);
  struct guix_docker_options options = small_image ("sizes-layout");
  struct guix_docker_merge merge;
  uint32_t wrong;
  int refused = 1;

  memset (&merge, 0xaa, sizeof merge);
  guix_docker_merge_init (&merge, sizeof merge);
  check (merge.struct_size == size && !merge.target && !merge.sources
         && merge.source_count == 0 && !merge.progress && !merge.progress_data,
         "the defaults of a merge are set");
  options.format = GUIX_DOCKER_FORMAT_OCI;
  if (build_docker_image (&options, NULL, NULL) != 0)
    exit (2);
  for (wrong = 0; wrong < FIRST_SIZE_OF_merge; wrong++)
    refused = refused && sized_merge (wrong, 0) == invalid;
  check (refused && sized_merge (UINT32_MAX, 0) == invalid
         && !exists ("sizes-merged"),
         "a merge: sizes that make no sense are refused");
  check (sized_merge (size + 8, 1) == invalid && !exists ("sizes-merged"),
         "a merge: what this version does not have is refused");
  check (sized_merge (FIRST_SIZE_OF_merge, 0) == 0 && sized_merge (size, 0) == 0
         && sized_merge (size + 8, 0) == 0,
         "a merge: the sizes of the first version, this one and a later one");
  if (system ("rm -r sizes-layout sizes-merged") != 0)
    exit (2);
}

static void *
check_all (void *data)
{
  make_input ();
  check_init ();
  check_sizes ();
  check_elements ();
  check_merge_sizes ();
  return data;
}

int
main (void)
{
  run_on_thread (check_all);
  return failures != 0;
}
