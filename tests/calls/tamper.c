/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Runs a program and tampers with its system calls.

   usage: tamper LOG MODE [ARGUMENT...] -- PROGRAM [WORD...]

   count             changes nothing; the log has each call's name
   fail K N          the K-th call of those that can fail fails in its N-th way
   persist K ERROR   the K-th call of those that can fail, and all later ones of
                     its name, fail with ERROR, or as is most likely if that is
                     "any"
   exhaust K         the K-th call of those that take memory fails, and all later
                     ones
   kill K WHOM       the program is killed before its K-th call: "one", the
                     process by itself, or "all", with those it has started
   cut SEED          half of all reads, writes and lists of directories are of
                     fewer bytes than asked for
   interrupt SEED    a third of the calls that can be interrupted are

   Calls are those of all threads, and of all processes until they execute
   another program, between two markers that the program makes: prctl with
   MARKER and 1 or 0.  At the second one the program is held until all processes
   that it has started are gone, for some time.

   The log has lines of a word, a colon and more:

   hit         what was done to which call
   call        K and the name of a call (count)
   spared      a call that has no such way of failing; the program was killed
   unknown     the number of a call that table.h has not
   left        a process that was not gone at the end; it was killed
   calls       how many calls there were, and how many of them can fail
   ended       how the program ended: "exit" or "signal", and a number

   Exits with 0 unless it could not do its work.  */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <linux/ptrace.h>
#include <time.h>
#include <unistd.h>

#include "registers.h"
#include "tasks.h"

#define MARKER 0x67646b72

/* What is there to know of a call, besides its errors.  */
enum
{
  /* A signal may end it before it has done anything.  */
  MAY_BE_INTERRUPTED = 1 << 0,
  /* Which of its arguments is a number of bytes that it may do less of.  */
  HAS_LENGTH = 1 << 1,
  HAS_FOURTH_LENGTH = 1 << 2,
  HAS_FIFTH_LENGTH = 1 << 3,
  HAS_ROOM_FOR_ENTRIES = 1 << 4,
  /* It is done even if it fails.  */
  IS_DONE_ANYWAY = 1 << 5,
  /* It tells of a failure by returning what was there.  */
  KEEPS_BREAK = 1 << 6,
  /* It fails when there is no more memory to be had.  */
  TAKES_MEMORY = 1 << 7
};

#define MAX_ERRORS 32

struct call
{
  long number;
  const char *name;
  int traits;
  int errors[MAX_ERRORS];
};

static const struct call known[] = {
#define CALL(name, traits, ...) { SYS_##name, #name, traits, { __VA_ARGS__, 0 } },
#define NEVER(name) { SYS_##name, #name, 0, { 0 } },
#define INTERRUPTED(name) { SYS_##name, #name, MAY_BE_INTERRUPTED, { EINTR } },
#include "table.h"
};

enum mode { COUNT, FAIL_CALL, PERSIST, EXHAUST, KILL, CUT, INTERRUPT };

static enum mode mode;
static FILE *log_file;
static unsigned long wanted, way, calls, failable, taken, deeds;
static int kills_all, is_counting, is_over;
static const char *wanted_error;
/* The call that fails for good, and how.  */
static const struct call *persistent;
static int persistent_error;
static uint64_t seed;
/* The thread that is at the second marker.  */
static pid_t held;
static struct timespec deadline;

static void
say (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  vfprintf (log_file, format, arguments);
  va_end (arguments);
  fputc ('\n', log_file);
  /* Whoever waits too long kills this process, and wants to know why.  */
  if (mode != COUNT)
    fflush (log_file);
}

/* A number from 0 to BOUND - 1.  */
static unsigned long
random_number (unsigned long bound)
{
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (unsigned long) (seed * 0x2545f4914f6cdd1dU >> 33) % bound;
}

static const struct call *
find_call (long number)
{
  size_t index;

  for (index = 0; index < sizeof known / sizeof *known; index++)
    if (known[index].number == number)
      return &known[index];
  return NULL;
}

/* Those that are not gone go now.  */
static void
end_others (const char *when)
{
  int index;

  for (index = 0; index < task_count; index++)
    if (tasks[index].process != program && tasks[index].id == tasks[index].process)
      {
        say ("left: %d, which %s, %s", (int) tasks[index].id,
             tasks[index].is_foreign ? "is a command" : "is a copy", when);
        kill (tasks[index].id, SIGKILL);
      }
}

static void
wait_until (int milliseconds)
{
  clock_gettime (CLOCK_MONOTONIC, &deadline);
  deadline.tv_sec += milliseconds / 1000;
  deadline.tv_nsec += milliseconds % 1000 * 1000000L;
  if (deadline.tv_nsec >= 1000000000L)
    {
      deadline.tv_sec++;
      deadline.tv_nsec -= 1000000000L;
    }
}

static int
is_late (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec > deadline.tv_sec
         || (now.tv_sec == deadline.tv_sec && now.tv_nsec > deadline.tv_nsec);
}

/* Whether descriptor NUMBER of the process is a pipe.  */
static int
is_pipe (pid_t process, word number)
{
  char name[64], target[16];
  ssize_t length;

  snprintf (name, sizeof name, "/proc/%d/fd/%d", (int) process, (int) number);
  length = readlink (name, target, sizeof target);
  return length >= 5 && memcmp (target, "pipe:", 5) == 0;
}

static void
change_argument (struct task *task, registers *registers, int number, word value)
{
  word *where = argument (registers, number);

  task->deed = RESTORE;
  task->changed = number;
  task->saved = *where;
  *where = value;
  if (set_registers (task->id, registers) != 0 && errno != ESRCH)
    die ("changing an argument");
}

/* Have the call that begins fail with ERROR.  */
static void
fail_call (struct task *task, const struct call *call, int error)
{
  registers registers;

  if (get_registers (task->id, &registers) != 0)
    return;
  if (call->traits & KEEPS_BREAK)
    {
      /* It returns what there is if it cannot be what is asked for.  */
      change_argument (task, &registers, 0, 0);
      return;
    }
  task->deed = FAIL;
  task->error = error;
  if (!(call->traits & IS_DONE_ANYWAY) && skip_call (task->id, &registers) != 0
      && errno != ESRCH)
    die ("leaving out a call");
}

/* Have the call that begins do less than it is asked for.  */
static void
cut_call (struct task *task, const struct call *call)
{
  registers registers;
  word length;
  unsigned long least = 1;
  int number = call->traits & HAS_FIFTH_LENGTH ? 4
               : call->traits & HAS_FOURTH_LENGTH ? 3 : 2;

  if (random_number (2) || get_registers (task->id, &registers) != 0)
    return;
  length = *argument (&registers, number);
  /* There is always room for one entry.  */
  if (call->traits & HAS_ROOM_FOR_ENTRIES)
    least = 300;
  if (length <= least || length >= (word) 1 << 31)
    return;
  /* So many bytes go through a pipe at once or not at all.  */
  if (length <= 4096 && call->traits & HAS_LENGTH
      && is_pipe (task->process, *argument (&registers, 0)))
    return;
  /* Sometimes very few.  */
  if (random_number (2))
    length = least + random_number (length < least + 8 ? length - least : 8);
  else
    length = least + random_number (length - least);
  change_argument (task, &registers, number, length);
  deeds++;
}

static void
interrupt_call (struct task *task, const struct call *call)
{
  if (!(call->traits & MAY_BE_INTERRUPTED) || task->interruptions == 3
      || random_number (3))
    {
      task->interruptions = 0;
      return;
    }
  task->interruptions++;
  deeds++;
  fail_call (task, call, EINTR);
}

/* Have CALL fail from now on, if it can fail as is wanted.  */
static void
persist (const struct call *call)
{
  unsigned long index;

  for (index = 0; call->errors[index]; index++)
    if (strcmp (wanted_error, "any") == 0
        || strcmp (wanted_error, strerrorname_np (call->errors[index])) == 0)
      break;
  /* A sleep that is always interrupted is none that a system has.  */
  if (!call->errors[index] || (!call->errors[1] && call->errors[0] == EINTR))
    {
      say ("spared: %s", call->name);
      kill_all ();
      return;
    }
  persistent = call;
  persistent_error = call->errors[index];
  say ("hit: %s %s and later ones", call->name, strerrorname_np (persistent_error));
}

static void
enter (struct task *task, const struct ptrace_syscall_info *info)
{
  long number = (long) info->entry.nr;
  const struct call *call;
  unsigned long index;

  task->deed = NOTHING;
  if (number == SYS_prctl && info->entry.args[0] == MARKER)
    {
      is_counting = info->entry.args[1] == 1;
      if (!is_counting)
        {
          is_over = 1;
          held = task->id;
          wait_until (3000);
        }
      return;
    }
  if (!is_counting)
    return;
  call = find_call (number);
  if (!call)
    {
      say ("unknown: %ld", number);
      return;
    }
  calls++;
  if (call->errors[0])
    failable++;
  switch (mode)
    {
    case COUNT:
      say ("call: %lu %s", calls, call->name);
      break;
    case FAIL_CALL:
      if (failable != wanted || !call->errors[0])
        break;
      for (index = 0; call->errors[index] && index < way; index++)
        continue;
      if (call->errors[index])
        {
          say ("hit: %s %s", call->name, strerrorname_np (call->errors[index]));
          deeds++;
          fail_call (task, call, call->errors[index]);
        }
      else
        {
          say ("spared: %s", call->name);
          kill_all ();
        }
      break;
    case PERSIST:
      if (failable == wanted && call->errors[0])
        persist (call);
      if (call != persistent)
        break;
      deeds++;
      fail_call (task, call, persistent_error);
      break;
    case EXHAUST:
      if (!(call->traits & TAKES_MEMORY) || ++taken < wanted)
        break;
      if (deeds++ == 0)
        say ("hit: %s and later ones", call->name);
      fail_call (task, call, ENOMEM);
      break;
    case KILL:
      if (calls != wanted)
        break;
      say ("hit: %s", call->name);
      deeds++;
      wait_until (5000);
      if (kills_all)
        kill_all ();
      else
        kill (program, SIGKILL);
      break;
    case CUT:
      if (call->traits & (HAS_LENGTH | HAS_FOURTH_LENGTH | HAS_FIFTH_LENGTH
                          | HAS_ROOM_FOR_ENTRIES))
        cut_call (task, call);
      break;
    case INTERRUPT:
      interrupt_call (task, call);
      break;
    }
}

static void
leave (struct task *task)
{
  registers registers;

  if (task->deed == NOTHING)
    return;
  if (get_registers (task->id, &registers) == 0)
    {
      if (task->deed == FAIL)
        set_result (&registers, -task->error);
#if defined __aarch64__
      else if (task->changed == 0)
        /* The result is there.  */
        ;
#endif
      else
        *argument (&registers, task->changed) = task->saved;
      if (set_registers (task->id, &registers) != 0 && errno != ESRCH)
        die ("changing a result");
    }
  task->deed = NOTHING;
}

/* What the task that has stopped with STATUS is to go on with.  */
static void
handle_stop (struct task *task, int status)
{
  int signal = WSTOPSIG (status), event = status >> 16, deliver = 0;
  struct ptrace_syscall_info info;
  unsigned long message;

  if (signal == (SIGTRAP | 0x80))
    {
      if (ptrace (PTRACE_GET_SYSCALL_INFO, task->id, sizeof info, &info) > 0)
        {
          if (info.op == PTRACE_SYSCALL_INFO_ENTRY && !task->is_foreign)
            enter (task, &info);
          else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
            leave (task);
        }
      if (task->id == held)
        return;
    }
  else if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK
           || event == PTRACE_EVENT_VFORK)
    {
      if (ptrace (PTRACE_GETEVENTMSG, task->id, NULL, &message) == 0)
        add_task ((pid_t) message);
    }
  else if (event == PTRACE_EVENT_EXEC)
    /* The program itself does so once, before all else.  */
    task->is_foreign = task->process != program;
  else if (event == PTRACE_EVENT_STOP)
    {
      if (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN
          || signal == SIGTTOU)
        {
          ptrace (PTRACE_LISTEN, task->id, NULL, NULL);
          return;
        }
    }
  else
    deliver = signal;
  ptrace (task->is_foreign || is_over ? PTRACE_CONT : PTRACE_SYSCALL, task->id,
          NULL, (long) deliver);
}

static void
start (char **command)
{
  int gate[2];
  char byte = 0;
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK
                 | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

  if (pipe (gate) != 0 || (program = fork ()) < 0)
    die ("starting a process");
  if (program == 0)
    {
      /* When this process is traced.  */
      close (gate[1]);
      if (read (gate[0], &byte, 1) == 1)
        {
          close (gate[0]);
          fclose (log_file);
          execvp (command[0], command);
        }
      fprintf (stderr, "tamper: %s: %s\n", command[0], strerror (errno));
      _exit (127);
    }
  close (gate[0]);
  if (ptrace (PTRACE_SEIZE, program, NULL, options) != 0)
    die ("tracing");
  add_task (program);
  /* Its first stop is that of exec; calls are seen from then on.  */
  if (write (gate[1], &byte, 1) != 1)
    die ("starting the program");
  close (gate[1]);
}

/* Trace until there is nobody left.  */
static void
trace (void)
{
  int status, has_ended = 0, ending = 0;
  struct task *task;
  pid_t id;

  for (;;)
    {
      int is_limited = held || has_ended;

      id = waitpid (-1, &status, __WALL | (is_limited ? WNOHANG : 0));
      if (id < 0 && errno == EINTR)
        continue;
      if (id < 0)
        break;
      if (id == 0)
        usleep (200);
      else if (WIFSTOPPED (status))
        {
          task = add_task (id);
          handle_stop (task, status);
        }
      else
        {
          remove_task (id);
          if (id == program)
            {
              has_ended = 1;
              held = 0;
              ending = status;
              if (!deeds || mode != KILL)
                wait_until (3000);
            }
        }
      if (held && (!has_others () || is_late ()))
        {
          if (has_others ())
            end_others ("when the call had returned");
          ptrace (PTRACE_CONT, held, NULL, NULL);
          held = 0;
        }
      if (has_ended && has_others () && is_late ())
        {
          end_others ("when the program had ended");
          wait_until (3000);
        }
    }
  say ("calls: %lu %lu", calls, failable);
  say ("deeds: %lu", deeds);
  if (WIFSIGNALED (ending))
    say ("ended: signal %d", WTERMSIG (ending));
  else
    say ("ended: exit %d", WEXITSTATUS (ending));
}

static void
usage (void)
{
  fputs ("usage: tamper LOG MODE [ARGUMENT...] -- PROGRAM [WORD...]\n", stderr);
  exit (2);
}

int
main (int argc, char **argv)
{
  static const char *const names[]
    = { "count", "fail", "persist", "exhaust", "kill", "cut", "interrupt" };
  static const int counts[] = { 0, 2, 2, 1, 2, 1, 1 };
  int index, count;

  for (index = 0; index < 7; index++)
    if (argc > 2 && strcmp (argv[2], names[index]) == 0)
      break;
  if (index == 7)
    usage ();
  count = counts[index];
  if (argc < count + 5 || strcmp (argv[count + 3], "--") != 0)
    usage ();
  mode = (enum mode) index;
  if (count > 0)
    wanted = strtoul (argv[3], NULL, 10);
  if (mode == FAIL_CALL)
    way = strtoul (argv[4], NULL, 10);
  if (mode == PERSIST)
    wanted_error = argv[4];
  kills_all = mode == KILL && strcmp (argv[4], "all") == 0;
  /* Any number but 0 does, and small ones are alike at first.  */
  seed = wanted * 0x9e3779b97f4a7c15U + 0x6a09e667f3bcc909U;
  log_file = fopen (argv[1], "we");
  if (!log_file)
    die (argv[1]);
  /* Those that nobody waits for are to be waited for here.  */
  prctl (PR_SET_CHILD_SUBREAPER, 1);
  start (argv + count + 4);
  trace ();
  return fclose (log_file) == 0 ? 0 : 2;
}
