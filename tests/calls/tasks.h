/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The threads and processes that are traced.  */

/* A thread, or a process, that is traced.  */
struct task
{
  pid_t id, process;
  /* Whether it executes another program, and is left alone.  */
  int is_foreign;
  /* What is to be done when the call is over.  */
  enum { NOTHING, FAIL, RESTORE } deed;
  int error, changed;
  word saved;
  /* How many of its calls were interrupted in a row.  */
  int interruptions;
};

#define MAX_TASKS 256
static struct task tasks[MAX_TASKS];
static int task_count;

/* The process that was started first.  */
static pid_t program;

static void
die (const char *what)
{
  fprintf (stderr, "tamper: %s: %s\n", what, strerror (errno));
  exit (2);
}

static struct task *
find_task (pid_t id)
{
  int index;

  for (index = 0; index < task_count; index++)
    if (tasks[index].id == id)
      return &tasks[index];
  return NULL;
}

/* The process that the thread ID is of.  */
static pid_t
process_of (pid_t id)
{
  char name[64], line[256];
  FILE *file;
  int process = id;

  snprintf (name, sizeof name, "/proc/%d/status", (int) id);
  file = fopen (name, "r");
  while (file && fgets (line, sizeof line, file))
    if (sscanf (line, "Tgid: %d", &process) == 1)
      break;
  if (file)
    fclose (file);
  return process;
}

static struct task *
add_task (pid_t id)
{
  struct task *task = find_task (id);

  if (task)
    return task;
  if (task_count == MAX_TASKS)
    {
      errno = EAGAIN;
      die ("too many threads");
    }
  task = &tasks[task_count++];
  memset (task, 0, sizeof *task);
  task->id = id;
  task->process = process_of (id);
  return task;
}

static void
remove_task (pid_t id)
{
  struct task *task = find_task (id);

  if (task)
    *task = tasks[--task_count];
}

/* Whether there are processes besides the program.  */
static int
has_others (void)
{
  int index;

  for (index = 0; index < task_count; index++)
    if (tasks[index].process != program)
      return 1;
  return 0;
}

static void
kill_all (void)
{
  int index;

  for (index = 0; index < task_count; index++)
    kill (tasks[index].process, SIGKILL);
}
