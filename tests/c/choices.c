/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Parameters that are one of a few numbers: every constant that the header has for
   them, and numbers that it does not have.  */

#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/xattr.h>

#include "check.h"
#include "tables.h"

static void
check_flags (void)
{
  static const char *const names[]
    = { "parent_directories", "archive_digest", "immutable_paths" };
  size_t index;

  for (index = 0; index < sizeof names / sizeof names[0]; index++)
    {
      struct guix_docker_options options = small_image ("flags.tar");
      uint32_t *const flags[]
        = { &options.parent_directories, &options.archive_digest,
            &options.immutable_paths };

      *flags[index] = 1;
      check (build_docker_image (&options, NULL, NULL) == 0, "%s: 1",
             names[index]);
      remove ("flags.tar");
      *flags[index] = 2;
      check_refused (&options, names[index], "2 is neither 0 nor 1", "2");
      *flags[index] = UINT32_MAX;
      check_refused (&options, names[index], "4294967295 is neither 0 nor 1",
                     "the greatest number");
    }
}

/* The words of choices, each with the status that check_choices gets by it.  */
static const struct word
{
  const char *choice;
  uint32_t value;
  int status;
} words[] = {
#define WORD(choice, CHOICE, name, status) \
  { #choice, GUIX_DOCKER_##CHOICE##_##name, status },
  WORD (format, FORMAT, DOCKER_ARCHIVE, 0)
  WORD (format, FORMAT, OCI_ARCHIVE, 0)
  WORD (format, FORMAT, OCI, 0)
  WORD (modes, MODES, GUIX, 0)
  WORD (modes, MODES, KEEP, 0)
  WORD (xattrs, XATTRS, DROP, 0)
  WORD (xattrs, XATTRS, KEEP, 0)
  WORD (whiteouts, WHITEOUTS, REFUSE, GUIX_DOCKER_STATUS_INPUT)
  WORD (whiteouts, WHITEOUTS, ALLOW, 0)
  WORD (layering, LAYERING, SIZE, 0)
  WORD (layering, LAYERING, REFERENCES, 0)
  WORD (history, HISTORY, LAYERS, 0)
  WORD (history, HISTORY, ONE, 0)
  WORD (history, HISTORY, NONE, 0)
  WORD (config_keys, CONFIG_KEYS, GUIX, 0)
  WORD (config_keys, CONFIG_KEYS, SPEC, 0)
};

#define WORDS (sizeof words / sizeof words[0])

/* The member that CHOICE, an enum, is for, or NULL.  */
static uint32_t *
choice_of (struct guix_docker_options *options, const char *choice)
{
#define CHOICE(member)                  \
  if (strcmp (choice, #member) == 0)    \
    return &options->member;
  CHOICE (format)
  CHOICE (modes)
  CHOICE (xattrs)
  CHOICE (whiteouts)
  CHOICE (layering)
  CHOICE (history)
  CHOICE (config_keys)
#undef CHOICE
  return NULL;
}

/* Builds an image to which the words of every choice make a difference, with CHOICE
   set to VALUE; says in RESULT what comes of it.  */
static int
build_by_choice (const char *choice, uint32_t value, char *result, size_t size)
{
  /* The paths are made by check_choices.  */
  static char paths[6][4300];
  static const char *list[6], *graph[1];
  const struct guix_docker_variable *const environment[]
    = { VARIABLE ("A", "b") };
  struct guix_docker_options options = small_image ("choices");
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  int index, status;

  for (index = 0; index < 6; index++)
    {
      snprintf (paths[index], sizeof paths[index], "%.*s/%s",
                (int) (strlen (small_file) - strlen ("/small")), small_file,
                index == 5 ? "graph" : index == 4 ? ".wh.choice"
                : (const char *[]) { "item-0", "item-1", "item-2", "item-3" }[index]);
      list[index] = paths[index];
    }
  graph[0] = paths[5];
  options.paths = list;
  options.path_count = strcmp (choice, "whiteouts") == 0 ? 5 : 4;
  options.max_layers = 3;
  options.references_graphs = graph;
  options.references_graph_count = 1;
  options.environment = environment;
  options.environment_count = 1;
  *choice_of (&options, choice) = value;
  status = (int) build_docker_image (&options, &report, &error);
  if (report)
    snprintf (result, size, "%s %s %s", report->image_id,
              report->manifest_digest ? report->manifest_digest : "no manifest",
              report->archive_size > 0 ? "a file" : "a directory");
  else
    snprintf (result, size, "%s", error->message);
  guix_docker_report_free (report);
  guix_docker_error_free (error);
  if (system ("rm -rf choices") != 0)
    exit (2);
  return status;
}

/* Each of the COUNT VALUES of CHOICE, which are called NAMES, is known here, and
   makes an image of its own.  */
static void
check_choice (const char *choice, const uint32_t *values,
              const char *const *names, size_t count)
{
  struct guix_docker_options options = small_image ("none");
  char results[8][600];
  size_t value, other, word;

  if (!choice_of (&options, choice) || count > 8)
    {
      check (0, "%s: a choice that is not tested", choice);
      return;
    }
  for (value = 0; value < count; value++)
    {
      for (word = 0; word < WORDS; word++)
        if (strcmp (words[word].choice, choice) == 0
            && words[word].value == values[value])
          break;
      if (word == WORDS)
        {
          check (0, "%s: %s is not tested", choice, names[value]);
          continue;
        }
      check (build_by_choice (choice, values[value], results[value],
                              sizeof results[value])
             == words[word].status, "%s: %s: %s", choice, names[value],
             results[value]);
      for (other = 0; other < value; other++)
        check (strcmp (results[value], results[other]) != 0,
               "%s: %s and %s are two things", choice, names[other],
               names[value]);
    }
  *choice_of (&options, choice) = (uint32_t) count;
  check_refused (&options, choice, "none of the values",
                 "a value there is not");
  *choice_of (&options, choice) = UINT32_MAX;
  check_refused (&options, choice, "none of the values", "another one");
}

/* Every constant of every enum that a parameter is one of.  */
static void
check_choices (void)
{
  static const char *const items[] = { "item-0", "item-1", "item-2", "item-3" };
  char name[4300];
  int index;
  FILE *graph = fopen ("graph", "w");

  for (index = 0; graph && index < 4; index++)
    {
      snprintf (name, sizeof name, "%.*s/%s",
                (int) (strlen (small_file) - strlen ("/small")), small_file,
                items[index]);
      write_file (items[index], 1000 + 10000 * (size_t) index);
      /* The smallest one is what all others refer to.  */
      fprintf (graph, "%s\n\n%d\n", name, index > 0);
      if (index > 0)
        fprintf (graph, "%.*s0\n", (int) (strlen (name) - 1), name);
    }
  if (!graph || fclose (graph) != 0 || chmod ("item-1", 0600) != 0)
    exit (2);
  write_file (".wh.choice", 10);
  if (setxattr ("item-2", "user.choice", "x", 1, 0) != 0)
    check (0, "the file system has no attributes of users: %s",
           strerror (errno));

#define VALUE(constant, name) constant,
#define NAME(constant, name) name,
#define ENUM(choice)                                                    \
  if (strcmp (#choice, "status") != 0                                   \
      && strcmp (#choice, "directive_kind") != 0                        \
      && strcmp (#choice, "phase") != 0)                                \
    {                                                                   \
      static const uint32_t values[] = { CONSTANTS_OF_##choice (VALUE) }; \
      static const char *const names[] = { CONSTANTS_OF_##choice (NAME) }; \
                                                                        \
      check_choice (#choice, values, names,                             \
                    sizeof values / sizeof values[0]);                  \
    }
  ENUMS (ENUM)
#undef ENUM
}

static void *
check_all (void *data)
{
  make_input ();
  check_flags ();
  check_choices ();
  return data;
}

int
main (void)
{
  run_on_thread (check_all);
  return failures != 0;
}
