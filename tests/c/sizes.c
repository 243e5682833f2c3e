/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the header promises of the sizes of structures that programs fill in:
   those of older and of newer programs are taken.  */

#include <stdint.h>

#include "check.h"

static const int invalid = GUIX_DOCKER_STATUS_INVALID_ARGUMENT;

/* The sizes of structures in the first version of the library, which programs
   that were compiled with it go on to ask for: with words of 64 bits, and of
   32.  */
#define FIRST_OPTIONS (sizeof (void *) == 8 ? 216u : 128u)
#define FIRST_DIRECTIVE (sizeof (void *) == 8 ? 40u : 24u)
#define FIRST_PAIR (sizeof (void *) == 8 ? 16u : 8u)
#define FIRST_OWNERSHIP (sizeof (void *) == 8 ? 16u : 12u)

/* Room for what a newer program has.  */
union room
{
  struct guix_docker_options options;
  unsigned char bytes[sizeof (struct guix_docker_options) + 64];
};

static void
init_nothing (void)
{
  (guix_docker_options_init) (NULL, sizeof (struct guix_docker_options));
  guix_docker_options_init (NULL, sizeof (struct guix_docker_options));
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
  check (options.size == sizeof options && !options.image && !options.paths
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
         && !options.progress_data && !options.monitor
         && options.reserved == 0, "init sets the defaults");
  check (options.directive_size == sizeof (struct guix_docker_directive)
         && options.transformation_size
              == sizeof (struct guix_docker_transformation)
         && options.variable_size == sizeof (struct guix_docker_variable),
         "and the sizes of elements as the program has them");

  memset (&options, 0xaa, sizeof options);
  (guix_docker_options_init) (&options, sizeof options);
  check (options.directive_size == FIRST_DIRECTIVE
         && options.transformation_size == FIRST_PAIR
         && options.variable_size == FIRST_PAIR,
         "the function alone sets those of the first version");

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
  check (zeroed && kept && room.options.size == sizeof options + 32,
         "init clears what a newer program has");
}

/* Builds with options of SIZE bytes, the last of them LAST; what is behind
   them is not to be read.  */
static int
sized (size_t size, int last)
{
  const size_t known = sizeof (struct guix_docker_options);
  struct guix_docker_options options = small_image ("sized.tar");
  struct guix_docker_error *error = NULL;
  union room room;
  int status;

  options.size = size;
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
      && (!is_about (error, "options", last ? "version" : "size")
          || exists ("sized.tar")))
    status = -1;
  guix_docker_error_free (error);
  remove ("sized.tar");
  return status;
}

static void
check_sizes (void)
{
  const size_t size = sizeof (struct guix_docker_options);
  struct guix_docker_options options;
  size_t wrong;
  int refused = 1;

  check (build_docker_image (NULL, NULL, NULL) == invalid,
         "options of NULL are refused without asking for the error");
  check_refused (NULL, "options", "NULL", "options of NULL are refused");
  memset (&options, 0, sizeof options);
  options.image = "zeros.tar";
  options.prefix = "/prefix";
  check_refused (&options, "options", "guix_docker_options_init",
                 "options that were only zeroed are refused");
  for (wrong = 0; wrong < FIRST_OPTIONS; wrong++)
    refused = refused && sized (wrong, 0) == invalid;
  check (refused, "sizes below the first version's are refused");
  check (sized (SIZE_MAX, 0) == invalid && sized (SIZE_MAX / 2, 0) == invalid
         && sized (1 << 20, 0) == invalid,
         "sizes that make no sense are refused");
  check (sized (FIRST_OPTIONS, 0) == 0,
         "the size of the first version is accepted");
  check (sized (size, 0) == 0, "the size of this version is accepted");
  check (sized (size + 8, 0) == 0 && sized (size + 64, 0) == 0
         && sized (size + 1, 0) == 0,
         "a newer program's options are accepted if they ask for nothing new");
  check (sized (size + 8, 1) == invalid && sized (size + 64, 255) == invalid
         && sized (size + 1, 1) == invalid, "and refused if they do");
  options = small_image ("reserved.tar");
  options.reserved = 1;
  check_refused (&options, "options", "reserved",
                 "the reserved member is refused");
}

/* Two elements for each list.  */
static const struct guix_docker_directive two_directives[]
  = { { GUIX_DOCKER_DIRECTIVE_DIRECTORY, 0700, "/one", NULL, NULL, 0 },
      { GUIX_DOCKER_DIRECTIVE_FILE, 0, "/one/two", NULL,
        (const uint8_t *) "text", 4 } };
static const struct guix_docker_transformation two_transformations[]
  = { { "/tmp", "/first" }, { "/", "/second/" } };
static const struct guix_docker_variable two_variables[]
  = { { "A", "b" }, { "C", "d" } };
static const struct guix_docker_ownership two_ownerships[]
  = { { "/", 1, 2 }, { "/tmp", 3000000, 4 } };

struct list
{
  const char *argument;
  size_t first_size;            /* of an element in the first version */
  size_t size;                  /* of one now */
  const void *elements;
};

/* Options with LIST, whose elements have SIZE bytes, as those at ELEMENTS.  */
static struct guix_docker_options
with_list (const struct list *list, const void *elements, uint32_t size)
{
  struct guix_docker_options options = small_image ("elements.tar");

  if (list->elements == two_directives)
    {
      options.extra_files = elements;
      options.extra_file_count = 2;
      options.directive_size = size;
    }
  else if (list->elements == two_transformations)
    {
      options.transformations = elements;
      options.transformation_count = 2;
      options.transformation_size = size;
    }
  else if (list->elements == two_ownerships)
    {
      options.ownership = elements;
      options.ownership_count = 2;
      options.ownership_size = size;
    }
  else
    {
      options.environment = elements;
      options.environment_count = 2;
      options.variable_size = size;
    }
  return options;
}

/* Builds with LIST, whose elements have SIZE bytes, the last of them LAST;
   expected.tar is what is to come of it.  There is nothing behind the list,
   as valgrind knows.  */
static int
with_elements (const struct list *list, uint32_t size, int last)
{
  const size_t room = size < 4096 ? size : 4096;
  const size_t known = room < list->size ? room : list->size;
  unsigned char *elements = calloc (2, room > 0 ? room : 1);
  struct guix_docker_options options = with_list (list, elements, size);
  struct guix_docker_error *error = NULL;
  size_t index;
  int status;

  if (!elements)
    exit (2);
  for (index = 0; index < 2; index++)
    memcpy (elements + index * room,
            (const unsigned char *) list->elements + index * list->size,
            known);
  if (last)
    elements[2 * room - 1] = (unsigned char) last;
  status = (int) build_docker_image (&options, NULL, &error);
  if (status == 0
        ? !same_content ("elements.tar", "expected.tar")
        : !is_about (error, list->argument, last ? "version" : "size")
            || exists ("elements.tar"))
    status = -1;
  guix_docker_error_free (error);
  remove ("elements.tar");
  free (elements);
  return status;
}

static void
check_elements (void)
{
  const struct list lists[]
    = { { "extra_files", FIRST_DIRECTIVE, sizeof two_directives[0],
          two_directives },
        { "transformations", FIRST_PAIR, sizeof two_transformations[0],
          two_transformations },
        { "environment", FIRST_PAIR, sizeof two_variables[0],
          two_variables },
        { "ownership", FIRST_OWNERSHIP, sizeof two_ownerships[0],
          two_ownerships } };
  struct guix_docker_options options;
  size_t number;

  for (number = 0; number < sizeof lists / sizeof lists[0]; number++)
    {
      const struct list *list = &lists[number];
      const uint32_t size = (uint32_t) list->size;
      uint32_t wrong;
      int refused = 1;

      options = with_list (list, list->elements, size);
      check (build_docker_image (&options, NULL, NULL) == 0
             && rename ("elements.tar", "expected.tar") == 0,
             "%s: elements as the header has them", list->argument);
      for (wrong = 0; wrong < list->first_size; wrong++)
        refused = refused && with_elements (list, wrong, 0) == invalid;
      check (refused, "%s: elements below the first version's are refused",
             list->argument);
      check (with_elements (list, UINT32_MAX, 0) == invalid
             && with_elements (list, 1 << 20, 0) == invalid,
             "%s: elements of a size that makes no sense are refused",
             list->argument);
      check (with_elements (list, (uint32_t) list->first_size, 0) == 0,
             "%s: elements of the first version are accepted",
             list->argument);
      check (with_elements (list, size + 8, 0) == 0
             && with_elements (list, size + 64, 0) == 0
             && with_elements (list, size + 1, 0) == 0,
             "%s: a newer program's elements are accepted if they ask for "
             "nothing new", list->argument);
      check (with_elements (list, size + 8, 1) == invalid
             && with_elements (list, size + 64, 255) == invalid
             && with_elements (list, size + 1, 1) == invalid,
             "%s: and refused if they do", list->argument);
    }
  remove ("expected.tar");
}

static void *
check_all (void *data)
{
  make_input ();
  check_init ();
  check_sizes ();
  check_elements ();
  return data;
}

int
main (void)
{
  run_on_thread (check_all);
  return failures != 0;
}
