/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Images to descriptors, what all members of the report say, and the report as
   JSON, which goes to the files report-*.json.  */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "check.h"

static volatile sig_atomic_t signals;

static void
count_signal (int number)
{
  (void) number;
  signals++;
}

/* What a reader of one end gets: all there is, or so much.  */
struct reader
{
  int descriptor;
  size_t most;
  FILE *copy;
};

static void *
read_all (void *data)
{
  struct reader *reader = data;
  char buffer[40000];
  size_t all = 0;
  ssize_t count;

  while (all < reader->most
         && (count = read (reader->descriptor, buffer, sizeof buffer)) > 0)
    {
      all += (size_t) count;
      if (reader->copy)
        fwrite (buffer, 1, (size_t) count, reader->copy);
    }
  close (reader->descriptor);
  return NULL;
}

/* Writes an image as OPTIONS say to ENDS[1], while another thread reads MOST
   bytes from ENDS[0] and copies them to the file COPY, if that is not NULL.  */
static int
transfer (struct guix_docker_options options, const int *ends, size_t most,
          const char *copy, struct guix_docker_report **report,
          struct guix_docker_error **error)
{
  struct reader reader = { ends[0], most, copy ? fopen (copy, "w") : NULL };
  pthread_t thread;
  int status;

  if (pthread_create (&thread, NULL, read_all, &reader) != 0)
    exit (2);
  options.image = NULL;
  options.image_fd = ends[1];
  status = (int) build_docker_image (&options, report, error);
  check (fcntl (ends[1], F_GETFD) >= 0
         && !(fcntl (ends[1], F_GETFL) & O_NONBLOCK),
         "the descriptor stays open and as it was");
  close (ends[1]);
  pthread_join (thread, NULL);
  if (reader.copy)
    fclose (reader.copy);
  return status;
}

static void
save (const char *name, const struct guix_docker_report *report)
{
  FILE *file = fopen (name, "w");

  if (!file)
    exit (2);
  fputs (guix_docker_report_json (report), file);
  fclose (file);
}

static void
make_ends (int socket, int *ends)
{
  if (socket ? socketpair (AF_UNIX, SOCK_STREAM, 0, ends) : pipe (ends))
    exit (2);
}

static void
check_streams (struct guix_docker_options options, const char *what)
{
  struct guix_docker_report *report;
  struct guix_docker_error *error;
  int socket, status, ends[2];

  options.image = "file";
  if (build_docker_image (&options, NULL, NULL) != 0)
    exit (2);
  for (socket = 0; socket < 2; socket++)
    {
      const char *kind = socket ? "socket" : "pipe";

      make_ends (socket, ends);
      status = transfer (options, ends, SIZE_MAX, "copy", &report, &error);
      check (status == 0 && same_content ("copy", "file"),
             "%s, %s: the bytes are a file's: %s", what, kind,
             error ? error->message : "");
      guix_docker_report_free (report);
      guix_docker_error_free (error);

      make_ends (socket, ends);
      status = transfer (options, ends, 1, NULL, &report, &error);
      check (status == GUIX_DOCKER_STATUS_OUTPUT && !report && strstr (error->message, "reader") && signals == 0,
             "%s, %s: a reader that goes is an error, and no signal: %s", what,
             kind, error ? error->message : "");
      guix_docker_error_free (error);
    }
}

static void
check_wrong (void)
{
  struct guix_docker_options options = small_image (NULL);
  static const int wrong[] = { -2, INT32_MIN, 1000000 };
  struct guix_docker_error *error;
  size_t index;
  int status;

  for (index = 0; index < sizeof wrong / sizeof *wrong; index++)
    {
      options.image_fd = wrong[index];
      status = (int) build_docker_image (&options, NULL, &error);
      check (status == GUIX_DOCKER_STATUS_INVALID_ARGUMENT
             && strcmp (error->argument, "image_fd") == 0,
             "a descriptor that is not open: %s", error->message);
      guix_docker_error_free (error);
    }
  options.image_fd = -1;
  status = (int) build_docker_image (&options, NULL, &error);
  check (status == GUIX_DOCKER_STATUS_INVALID_ARGUMENT
         && strcmp (error->argument, "image") == 0,
         "neither a name nor a descriptor: %s", error->message);
  guix_docker_error_free (error);
  options.image = "both.tar";
  options.image_fd = 0;
  status = (int) build_docker_image (&options, NULL, &error);
  check (status == GUIX_DOCKER_STATUS_INVALID_ARGUMENT
         && strcmp (error->argument, "image_fd") == 0 && !exists ("both.tar"),
         "a name and the descriptor 0: %s", error->message);
  guix_docker_error_free (error);
  options.image_fd = 1;
  status = (int) build_docker_image (&options, NULL, &error);
  check (status == GUIX_DOCKER_STATUS_INVALID_ARGUMENT
         && strcmp (error->argument, "image_fd") == 0 && !exists ("both.tar"),
         "a name and a descriptor: %s", error->message);
  guix_docker_error_free (error);
}

/* A thread that asks for the JSON of REPORT when the others do.  */
struct asker
{
  pthread_t thread;
  pthread_barrier_t *barrier;
  const struct guix_docker_report *report;
  const char *json;
};

static void *
ask (void *data)
{
  struct asker *asker = data;

  pthread_barrier_wait (asker->barrier);
  asker->json = guix_docker_report_json (asker->report);
  return NULL;
}

#define ASKERS 8

/* The JSON of REPORT, which nobody has asked for before.  */
static const char *
check_json (const struct guix_docker_report *report)
{
  struct asker askers[ASKERS];
  pthread_barrier_t barrier;
  int number, same = 0;

  pthread_barrier_init (&barrier, NULL, ASKERS);
  for (number = 0; number < ASKERS; number++)
    {
      askers[number].barrier = &barrier;
      askers[number].report = report;
      if (pthread_create (&askers[number].thread, NULL, ask, &askers[number]))
        exit (2);
    }
  for (number = 0; number < ASKERS; number++)
    {
      pthread_join (askers[number].thread, NULL);
      same += askers[number].json && askers[number].json == askers[0].json;
    }
  pthread_barrier_destroy (&barrier);
  check (same == ASKERS && guix_docker_report_json (report) == askers[0].json,
         "%d threads that ask first, and all later, get the same JSON", same);
  return askers[0].json;
}

static void
check_report (struct guix_docker_options options)
{
  static const char *names[] = { "host.example/a", "b:auto" };
  struct guix_docker_report *report;
  const char *json;
  char tag[16];

  options.names = names;
  options.name_count = 2;
  options.archive_digest = 1;
  options.image = "report.tar";
  if (build_docker_image (&options, &report, NULL) != 0)
    exit (2);
  snprintf (tag, sizeof tag, "b:%.12s", report->image_id + 7);
  check (report->name_count == 2
         && strcmp (report->names[0], "host.example/a:latest") == 0
         && strcmp (report->names[1], tag) == 0,
         "the report has the names: %s, %s", report->names[0],
         report->names[1]);
  check (report->archive_digest && strlen (report->archive_digest) == 71,
         "the report has the archive's digest");
  json = check_json (report);
  check (strstr (json, report->image_id) && strstr (json, tag)
         && strstr (json, report->archive_digest),
         "the report is there as JSON");
  check (guix_docker_report_json (NULL) == NULL, "no report has no JSON");
  save ("report-1.json", report);
  guix_docker_report_free (report);
  options.archive_digest = 0;
  options.max_layers = 5;
  if (build_docker_image (&options, &report, NULL) != 0)
    exit (2);
  check (!report->archive_digest, "the digest is not made unless asked for");
  save ("report-2.json", report);
  guix_docker_report_free (report);
}

int
main (void)
{
  static const char *gzip[] = { "gzip", "-1" };
  static const char *zstd[] = { "zstd", "-3" };
  struct guix_docker_options options;

  signal (SIGPIPE, count_signal);
  make_input ();
  options = small_image (NULL);
  options.paths = large_paths;
  check_report (options);
  check_streams (options, "single layer");
  options.max_layers = 2;
  check_streams (options, "layered");
  options.compressor_count = 2;
  options.compressor = gzip;
  check_streams (options, "layered, gzip");
  options.compressor = zstd;
  check_streams (options, "layered, zstd");
  check_wrong ();
  return failures != 0;
}
