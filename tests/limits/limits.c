/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Builds one image that is out of the ordinary and prints what came of it.

   usage: limits IMAGE paths LIST MAX-LAYERS [COMPRESSOR...]
          limits IMAGE variables NUMBER PATH
          limits IMAGE text ARGUMENT SIZE PATH

   LIST is a file of names, one a line; an IMAGE of "-" is /dev/null, by its
   descriptor.  */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guix_docker.h"

static struct guix_docker_options options;
static const char *paths[1];

static void
read_paths (const char *name)
{
  FILE *file = fopen (name, "r");
  const char **list = NULL;
  char *line = NULL;
  size_t size = 0, count = 0;
  ssize_t length;

  while (file && (length = getline (&line, &size, file)) > 0)
    {
      line[length - 1] = '\0';
      list = realloc (list, (count + 1) * sizeof *list);
      if (!list || !(list[count++] = strdup (line)))
        exit (2);
    }
  options.paths = list;
  options.path_count = count;
}

static void
set_variables (size_t count)
{
  struct guix_docker_variable *variables = calloc (count, sizeof *variables);
  const struct guix_docker_variable **list = calloc (count, sizeof *list);
  size_t index;

  if (!variables || !list)
    exit (2);
  for (index = 0; index < count; index++)
    {
      char *name, *value;

      if (asprintf (&name, "NAME_%lu", (unsigned long) index) < 0
          || asprintf (&value, "value %lu", (unsigned long) index) < 0)
        exit (2);
      variables[index].struct_size = sizeof *variables;
      variables[index].name = name;
      variables[index].value = value;
      list[index] = &variables[index];
    }
  options.environment = list;
  options.environment_count = count;
}

/* A text of SIZE bytes between FIRST and LAST.  */
static char *
make_text (const char *first, size_t size, const char *last)
{
  size_t before = strlen (first);
  char *text = malloc (before + size + strlen (last) + 1);

  if (!text)
    exit (2);
  strcpy (text, first);
  memset (text + before, 'x', size);
  strcpy (text + before + size, last);
  return text;
}

static void
set_text (const char *argument, size_t size)
{
  static struct guix_docker_directive directive = { .struct_size = sizeof directive };
  static struct guix_docker_transformation transformation
    = { sizeof transformation, "/a", "/b" };
  static struct guix_docker_variable variable = { sizeof variable, "A", "b" };
  static struct guix_docker_ownership ownership = { .struct_size = sizeof ownership };
  static const struct guix_docker_directive *const directives[] = { &directive };
  static const struct guix_docker_transformation *const transformations[]
    = { &transformation };
  static const struct guix_docker_variable *const variables[] = { &variable };
  static const struct guix_docker_ownership *const owners[] = { &ownership };
  static const char *words[2] = { "word", "word" }, *list[1];
  const char *text = make_text ("", size, ""), *name = make_text ("/", size, "");

  list[0] = text;
#define IS(other) (strcmp (argument, other) == 0)
  if (IS ("image"))
    options.image = text;
  else if (IS ("paths"))
    paths[0] = name;
  else if (IS ("prefix"))
    options.prefix = name;
  else if (IS ("repository"))
    options.repository = text;
  else if (IS ("system"))
    options.system = text;
  else if (IS ("database"))
    options.database = name;
  else if (IS ("root_system"))
    options.root_system = name;
  else if (IS ("directory") || IS ("file") || IS ("link") || IS ("target"))
    {
      directive.kind = IS ("directory") ? GUIX_DOCKER_DIRECTIVE_KIND_DIRECTORY
                       : IS ("file") ? GUIX_DOCKER_DIRECTIVE_KIND_FILE
                       : GUIX_DOCKER_DIRECTIVE_KIND_LINK;
      directive.name = IS ("target") ? "/link" : name;
      directive.target = IS ("target") ? name : paths[0];
      options.extra_files = directives;
      options.extra_file_count = 1;
    }
  else if (IS ("from") || IS ("to"))
    {
      if (IS ("from"))
        transformation.from = name;
      else
        {
          transformation.from = paths[0];
          transformation.to = name;
        }
      options.transformations = transformations;
      options.transformation_count = 1;
    }
  else if (IS ("environment_name") || IS ("environment_value"))
    {
      *(IS ("environment_name") ? &variable.name : &variable.value) = text;
      options.environment = variables;
      options.environment_count = 1;
    }
  else if (IS ("label_name") || IS ("label_value"))
    {
      *(IS ("label_name") ? &variable.name : &variable.value) = text;
      options.labels = variables;
      options.label_count = 1;
    }
  else if (IS ("annotation_name") || IS ("annotation_value"))
    {
      *(IS ("annotation_name") ? &variable.name : &variable.value) = text;
      options.annotations = variables;
      options.annotation_count = 1;
      options.format = GUIX_DOCKER_FORMAT_OCI_ARCHIVE;
    }
  else if (IS ("ownership"))
    {
      ownership.path = name;
      ownership.uid = 1;
      options.ownership = owners;
      options.ownership_count = 1;
    }
  else if (IS ("entry_point"))
    {
      words[1] = text;
      options.entry_point = words;
      options.entry_point_count = 2;
    }
  else if (IS ("cmd"))
    {
      words[1] = text;
      options.cmd = words;
      options.cmd_count = 2;
    }
  else if (IS ("compressor"))
    {
      options.compressor = list;
      options.compressor_count = 1;
    }
  else if (IS ("compressor_argument"))
    {
      words[0] = "cat";
      words[1] = text;
      options.compressor = words;
      options.compressor_count = 2;
    }
  else if (IS ("names"))
    {
      options.names = list;
      options.name_count = 1;
    }
  else if (IS ("user"))
    options.user = text;
  else if (IS ("working_directory"))
    options.working_directory = name;
  else if (IS ("exposed_ports"))
    {
      options.exposed_ports = list;
      options.exposed_port_count = 1;
    }
  else if (IS ("volumes"))
    {
      list[0] = name;
      options.volumes = list;
      options.volume_count = 1;
    }
  else if (IS ("stop_signal"))
    options.stop_signal = text;
  else if (IS ("health_check"))
    options.health_check = make_text ("{\"Test\": [\"CMD\", \"", size, "\"]}");
  else if (IS ("author"))
    options.author = text;
  else if (IS ("config"))
    options.config = make_text ("{\"author\": \"", size, "\"}");
  else if (IS ("config_nested"))
    {
      char *nested = make_text ("", size, "");

      memset (nested, '[', size);
      options.config = nested;
    }
  else if (IS ("reuse"))
    {
      list[0] = name;
      options.reuse = list;
      options.reuse_count = 1;
      options.format = GUIX_DOCKER_FORMAT_OCI_ARCHIVE;
    }
  else if (IS ("references_graphs"))
    {
      list[0] = name;
      options.references_graphs = list;
      options.references_graph_count = 1;
      options.layering = GUIX_DOCKER_LAYERING_REFERENCES;
      options.max_layers = 10;
    }
  else if (IS ("base"))
    {
      options.base = name;
      options.max_layers = 10;
    }
  else if (IS ("base_name"))
    {
      options.base = paths[0];
      options.base_name = text;
      options.max_layers = 10;
    }
  else if (IS ("variant"))
    options.variant = text;
  else
    exit (3);
}

/* The most memory this program had at a time, in KiB.  What wait4 says of a
   child has the memory of the process in it that has started it.  */
static void
print_memory (void)
{
  FILE *file = fopen ("/proc/self/status", "r");
  char line[256];
  unsigned long size;

  while (file && fgets (line, sizeof line, file))
    if (sscanf (line, "VmHWM: %lu", &size) == 1)
      printf ("memory: %lu\n", size);
  if (file)
    fclose (file);
}

int
main (int argc, char **argv)
{
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  int status;

  if (argc < 5)
    return 2;
  guix_docker_options_init (&options, sizeof options);
  options.prefix = "/prefix";
  options.system = "x86_64-linux";
  options.creation_time = 1;
  options.threads = 2;
  options.paths = paths;
  options.path_count = 1;
  if (strcmp (argv[1], "-") == 0)
    options.image_fd = open ("/dev/null", O_WRONLY);
  else
    options.image = argv[1];
  if (strcmp (argv[2], "paths") == 0)
    {
      read_paths (argv[3]);
      options.max_layers = (uint32_t) atoi (argv[4]);
      options.compressor = (const char *const *) argv + 5;
      options.compressor_count = (size_t) argc - 5;
    }
  else if (strcmp (argv[2], "variables") == 0)
    {
      paths[0] = argv[4];
      set_variables (strtoul (argv[3], NULL, 10));
    }
  else if (argc > 5)
    {
      paths[0] = argv[5];
      set_text (argv[3], strtoul (argv[4], NULL, 10));
    }
  else
    return 2;
  status = (int) build_docker_image (&options, &report, &error);
  printf ("status: %d\n", status);
  if (error)
    printf ("message: %s\nargument: %s\n", error->message,
            error->argument ? error->argument : "");
  if (report)
    printf ("id: %s\nsize: %llu\nlayers: %lu\n", report->image_id,
            (unsigned long long) report->archive_size,
            (unsigned long) report->layer_count);
  guix_docker_report_free (report);
  guix_docker_error_free (error);
  print_memory ();
  return 0;
}
