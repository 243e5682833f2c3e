/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Builds one image through the C interface, as its arguments say, and prints
   what came of it and what the call changed in the process.

   usage: driver [OPTION VALUE...]...

   Exits with 0 whenever the call returned; its status is in the output.  */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guix_docker.h"

#define MAX 64

/* System calls between prctl with this and 1, and this and 0, are those of the
   library.  The system knows no such request.  */
#define MARKER 0x67646b72

static const char *paths[MAX], *entry_point[MAX], *compressor[MAX], *names[MAX],
  *cmd[MAX], *ports[MAX], *volumes[MAX], *layouts[MAX], *graphs[MAX];
static struct guix_docker_directive directives[MAX];
static struct guix_docker_transformation transformations[MAX];
static struct guix_docker_variable environment[MAX], labels[MAX],
  annotations[MAX];
static struct guix_docker_ownership ownership[MAX];

/* What the options point to: pointers to these.  */
static const struct guix_docker_directive *directive_list[MAX];
static const struct guix_docker_transformation *transformation_list[MAX];
static const struct guix_docker_variable *environment_list[MAX],
  *label_list[MAX], *annotation_list[MAX];
static const struct guix_docker_ownership *ownership_list[MAX];

/* What to do when so many bytes are done.  */
static const char *command, *directory;
static int cancel;
static uint64_t threshold;

/* How much memory there is for the call, in KiB, and of which kind; any if
   negative.  */
static long left = -1;
static int limited;

static pthread_t caller;
static unsigned long calls;

static int
progress (void *data, const struct guix_docker_event *event)
{
  static struct guix_docker_event last;
  static int acted;

  calls++;
  if (data != &calls || !pthread_equal (caller, pthread_self ()))
    puts ("harm: the callback got wrong data, or was called on another thread");
  if (event->struct_size < sizeof *event)
    puts ("harm: the event is too small");
  if (event->phase < last.phase
      || (event->phase == last.phase
          && (event->done < last.done || event->total != last.total)))
    puts ("harm: the callback was told of less than before");
  last = *event;
  if (event->phase == GUIX_DOCKER_PHASE_SCANNING
        ? event->total != 0 : event->done > event->total)
    puts ("harm: more is done than there is");
  if (acted || event->total == 0 || event->done < threshold)
    return 0;
  acted = 1;
  if (directory && chdir (directory) != 0)
    puts ("harm: the directory cannot be changed");
  if (command || directory || cancel)
    printf ("acted: %llu %llu\n", (unsigned long long) event->done,
            (unsigned long long) event->total);
  if (command && system (command) != 0)
    puts ("harm: the command failed");
  return cancel;
}

static unsigned
entries (const char *name)
{
  DIR *stream = opendir (name);
  unsigned count = 0;

  while (stream && readdir (stream))
    count++;
  if (stream)
    closedir (stream);
  return count;
}

/* All that a call must leave as it was.  */
struct host
{
  unsigned descriptors, threads;
  sigset_t mask;
  struct sigaction actions[NSIG];
  mode_t umask;
  char directory[4096];
};

static void
look (struct host *host)
{
  int number;

  memset (host, 0, sizeof *host);
  host->descriptors = entries ("/proc/self/fd");
  host->threads = entries ("/proc/self/task");
  pthread_sigmask (SIG_SETMASK, NULL, &host->mask);
  for (number = 1; number < NSIG; number++)
    sigaction (number, NULL, &host->actions[number]);
  host->umask = umask (0);
  umask (host->umask);
  if (!getcwd (host->directory, sizeof host->directory))
    host->directory[0] = '\0';
}

/* Whether there are more than COUNT threads.  The system shows threads that
   have been waited for until it has cleaned up after them.  */
static int
threads_left (unsigned count)
{
  int attempt;

  for (attempt = 0; attempt < 20000; attempt++)
    {
      if (entries ("/proc/self/task") <= count)
        return 0;
      usleep (1000);
    }
  return 1;
}

static void
compare (const struct host *before, const struct host *after)
{
  sigset_t pending;
  int number;

  if (after->descriptors != before->descriptors)
    printf ("harm: %u descriptors became %u\n", before->descriptors,
            after->descriptors);
  if (threads_left (before->threads))
    printf ("harm: %u threads became more\n", before->threads);
  if (after->umask != before->umask
      || (!directory && strcmp (after->directory, before->directory) != 0))
    puts ("harm: the umask or the working directory changed");
  sigpending (&pending);
  for (number = 1; number < NSIG; number++)
    {
      if (sigismember (&before->mask, number)
          != sigismember (&after->mask, number))
        printf ("harm: signal %d is masked differently\n", number);
      if (before->actions[number].sa_handler
          != after->actions[number].sa_handler)
        printf ("harm: signal %d is handled differently\n", number);
      if (sigismember (&pending, number) == 1)
        printf ("harm: signal %d is pending\n", number);
    }
  if (waitpid (-1, NULL, WNOHANG) != -1)
    puts ("harm: a child is left");
}

/* Limit the memory to what is used and what is LEFT, or lift the limit.  */
static void
limit (int is_on)
{
  struct rlimit limit;
  char line[256];
  FILE *status;
  const char *key = limited == RLIMIT_AS ? "VmSize:" : "VmData:";
  size_t length = strlen (key);
  long used = 0;

  /* Nothing is opened that would be counted as left open.  */
  if (left < 0 || !(status = fopen ("/proc/self/status", "r")))
    return;
  while (fgets (line, sizeof line, status))
    if (strncmp (line, key, length) == 0)
      used = atol (line + length);
  fclose (status);
  getrlimit (limited, &limit);
  limit.rlim_cur = is_on ? (rlim_t) (used + left) << 10 : limit.rlim_max;
  setrlimit (limited, &limit);
}

/* The words of a compressor end with ";".  */
static char **
words (char **argument, const char **list, size_t *count)
{
  for (; *argument && strcmp (*argument, ";") != 0; argument++)
    list[(*count)++] = *argument;
  return argument;
}

static void
fail (const char *message, const char *word)
{
  fprintf (stderr, "driver: %s: %s\n", message, word ? word : "");
  exit (2);
}

#define TEXT(option_name, member)            \
  else if (!strcmp (option, option_name))    \
    options->member = value;
#define NUMBER(option_name, member)          \
  else if (!strcmp (option, option_name))    \
    options->member = (uint32_t) atoll (value);

static void
parse (char **argument, struct guix_docker_options *options)
{
  for (; *argument; argument++)
    {
      const char *option = *argument;
      char *value = *++argument;
      struct guix_docker_directive *directive
        = &directives[options->extra_file_count];

      if (!value)
        fail ("no value for", option);
      TEXT ("image", image)
      else if (!strcmp (option, "path"))
        paths[options->path_count++] = value;
      TEXT ("prefix", prefix)
      TEXT ("repository", repository)
      TEXT ("system", system)
      TEXT ("database", database)
      TEXT ("root-system", root_system)
      NUMBER ("max-layers", max_layers)
      else if (!strcmp (option, "creation-time"))
        options->creation_time = atoll (value);
      NUMBER ("history", history)
      NUMBER ("threads", threads)
      else if (!strcmp (option, "entry-point"))
        {
          options->entry_point = entry_point;
          argument = words (argument, entry_point,
                            &options->entry_point_count);
        }
      else if (!strcmp (option, "compressor"))
        argument = words (argument, compressor, &options->compressor_count);
      else if (!strcmp (option, "directory"))
        {
          directive->kind = GUIX_DOCKER_DIRECTIVE_KIND_DIRECTORY;
          directive->name = value;
          options->extra_file_count++;
        }
      else if (!strcmp (option, "mode"))
        directives[options->extra_file_count - 1].mode
          = (uint32_t) strtoul (value, NULL, 8);
      else if (!strcmp (option, "kind"))
        directives[options->extra_file_count - 1].kind
          = (uint32_t) atoll (value);
      else if (!strcmp (option, "file"))
        {
          directive->kind = GUIX_DOCKER_DIRECTIVE_KIND_FILE;
          directive->name = value;
          options->extra_file_count++;
        }
      else if (!strcmp (option, "link"))
        {
          directive->kind = GUIX_DOCKER_DIRECTIVE_KIND_LINK;
          directive->name = value;
          directive->target = *++argument;
          options->extra_file_count++;
        }
      else if (!strcmp (option, "transformation"))
        {
          transformations[options->transformation_count].from = value;
          transformations[options->transformation_count++].to = *++argument;
        }
      else if (!strcmp (option, "variable"))
        {
          environment[options->environment_count].name = value;
          environment[options->environment_count++].value = *++argument;
        }
      else if (!strcmp (option, "ownership"))
        {
          ownership[options->ownership_count].path = value;
          ownership[options->ownership_count].uid
            = (uint32_t) strtoul (*++argument, NULL, 10);
          ownership[options->ownership_count++].gid
            = (uint32_t) strtoul (*++argument, NULL, 10);
        }
      else if (!strcmp (option, "name"))
        names[options->name_count++] = value;
      else if (!strcmp (option, "cmd"))
        {
          options->cmd = cmd;
          argument = words (argument, cmd, &options->cmd_count);
        }
      TEXT ("user", user)
      TEXT ("working-directory", working_directory)
      else if (!strcmp (option, "exposed-port"))
        ports[options->exposed_port_count++] = value;
      else if (!strcmp (option, "volume"))
        volumes[options->volume_count++] = value;
      else if (!strcmp (option, "label"))
        {
          labels[options->label_count].name = value;
          labels[options->label_count++].value = *++argument;
        }
      TEXT ("stop-signal", stop_signal)
      TEXT ("health-check", health_check)
      TEXT ("author", author)
      TEXT ("config", config)
      else if (!strcmp (option, "image-fd"))
        options->image_fd = atoi (value);
      NUMBER ("archive-digest", archive_digest)
      NUMBER ("format", format)
      else if (!strcmp (option, "annotation"))
        {
          annotations[options->annotation_count].name = value;
          annotations[options->annotation_count++].value = *++argument;
        }
      else if (!strcmp (option, "reuse"))
        {
          options->reuse = layouts;
          layouts[options->reuse_count++] = value;
        }
      else if (!strcmp (option, "no-reuse"))
        options->reuse = layouts;
      NUMBER ("immutable-paths", immutable_paths)
      NUMBER ("layering", layering)
      else if (!strcmp (option, "references-graph"))
        graphs[options->references_graph_count++] = value;
      TEXT ("base", base)
      TEXT ("base-name", base_name)
      TEXT ("variant", variant)
      NUMBER ("whiteouts", whiteouts)
      NUMBER ("modes", modes)
      NUMBER ("xattrs", xattrs)
      NUMBER ("parent-directories", parent_directories)
      NUMBER ("config-keys", config_keys)
      else if (!strcmp (option, "null"))
        {
          /* An element that is missing, or a list behind no pointer.  */
          if (!strcmp (value, "path"))
            paths[options->path_count++] = NULL;
          else if (!strcmp (value, "paths"))
            options->paths = NULL, options->path_count = 1;
          else if (!strcmp (value, "directive"))
            directive_list[options->extra_file_count++] = NULL;
          else if (!strcmp (value, "ownership"))
            ownership_list[options->ownership_count++] = NULL;
          else if (!strcmp (value, "transformation"))
            transformation_list[options->transformation_count++] = NULL;
          else if (!strcmp (value, "variable"))
            environment_list[options->environment_count++] = NULL;
          else if (!strcmp (value, "label"))
            label_list[options->label_count++] = NULL;
          else if (!strcmp (value, "annotation"))
            annotation_list[options->annotation_count++] = NULL;
          else if (!strcmp (value, "name"))
            directives[0].name = NULL;
          else if (!strcmp (value, "target"))
            directives[0].target = NULL;
          else if (!strcmp (value, "content"))
            directives[0].content = NULL, directives[0].content_size = 1;
          else if (!strcmp (value, "from"))
            transformations[0].from = NULL;
          else if (!strcmp (value, "to"))
            transformations[0].to = NULL;
          else if (!strcmp (value, "variable-name"))
            environment[0].name = NULL;
          else if (!strcmp (value, "variable-value"))
            environment[0].value = NULL;
          else if (!strcmp (value, "ownership-path"))
            ownership[options->ownership_count - 1].path = NULL;
          else if (!strcmp (value, "word"))
            compressor[options->compressor_count++] = NULL;
          else if (!strcmp (value, "entry-point"))
            options->entry_point = NULL, options->entry_point_count = 1;
          else
            fail ("unknown", value);
        }
      else if (!strcmp (option, "at"))
        threshold = strtoull (value, NULL, 10);
      else if (!strcmp (option, "run"))
        command = value;
      else if (!strcmp (option, "chdir"))
        directory = value;
      else if (!strcmp (option, "cancel"))
        cancel = atoi (value);
      else if (!strcmp (option, "address-space"))
        limited = RLIMIT_AS, left = atol (value);
      else if (!strcmp (option, "data"))
        limited = RLIMIT_DATA, left = atol (value);
      else if (!strcmp (option, "ignore"))
        signal (atoi (value), SIG_IGN);
      else
        fail ("unknown option", option);
    }
}

/* Give all elements their sizes, and have the lists point to them.  */
static void
set_lists (void)
{
  int index;

#define SET(list, elements)                                 \
  elements[index].struct_size = sizeof elements[index];     \
  list[index] = &elements[index];
  for (index = 0; index < MAX; index++)
    {
      SET (directive_list, directives)
      SET (transformation_list, transformations)
      SET (environment_list, environment)
      SET (label_list, labels)
      SET (annotation_list, annotations)
      SET (ownership_list, ownership)
    }
#undef SET
}

int
main (int argc, char **argv)
{
  struct guix_docker_options options;
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  static struct host before, after;
  guix_docker_status status;

  (void) argc;
  setvbuf (stdout, NULL, _IOLBF, 0);
  guix_docker_options_init (&options, sizeof options);
  set_lists ();
  options.paths = paths;
  options.extra_files = directive_list;
  options.transformations = transformation_list;
  options.environment = environment_list;
  options.ownership = ownership_list;
  options.names = names;
  options.exposed_ports = ports;
  options.volumes = volumes;
  options.labels = label_list;
  options.annotations = annotation_list;
  options.references_graphs = graphs;
  options.compressor = compressor;
  parse (argv + 1, &options);
  caller = pthread_self ();
  options.progress = progress;
  options.progress_data = &calls;

  look (&before);
  limit (1);
  prctl (MARKER, 1, 0, 0, 0);
  status = build_docker_image (&options, &report, &error);
  prctl (MARKER, 0, 0, 0, 0);
  limit (0);
  look (&after);
  compare (&before, &after);

  printf ("status: %d\n", (int) status);
  if ((status == GUIX_DOCKER_STATUS_OK) != (error == NULL)
      || (status == GUIX_DOCKER_STATUS_OK) != (report != NULL)
      || (error && error->status != status))
    puts ("harm: status, error and report do not go together");
  if (error)
    printf ("errno: %d\nmessage: %s\n", error->system_error, error->message);
  if (error && error->argument)
    {
      size_t length = strlen (error->argument);

      printf ("argument: %s\n", error->argument);
      if (strncmp (error->message, error->argument, length) != 0
          || strncmp (error->message + length, ": ", 2) != 0)
        puts ("harm: the message does not begin with its argument");
    }
  if (report)
    printf ("id: %s\nsize: %llu\nlayers: %lu\n", report->image_id,
            (unsigned long long) report->archive_size,
            (unsigned long) report->layer_count);
  if (report && report->warning_count > 0)
    printf ("warning: %s\n", report->warnings[0]);
  printf ("calls: %lu\n", calls);
  guix_docker_error_free (error);
  guix_docker_report_free (report);
  return 0;
}
