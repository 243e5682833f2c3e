/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The registers of a process that has stopped at a system call.  Arguments must
   be as they were when the call is over: compilers rely on that.  */

#include <elf.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined __x86_64__
typedef struct user_regs_struct registers;
typedef unsigned long long word;

static word *
argument (registers *registers, int number)
{
  switch (number)
    {
    case 0: return &registers->rdi;
    case 1: return &registers->rsi;
    case 2: return &registers->rdx;
    case 3: return &registers->r10;
    default: return &registers->r8;
    }
}

static void
set_result (registers *registers, long result)
{
  registers->rax = (word) result;
}
#elif defined __aarch64__
typedef struct user_regs_struct registers;
typedef unsigned long long word;

static word *
argument (registers *registers, int number)
{
  return &registers->regs[number];
}

static void
set_result (registers *registers, long result)
{
  registers->regs[0] = (word) result;
}
#else
#error "this processor is not known"
#endif

static int
get_registers (pid_t pid, registers *registers)
{
  struct iovec room = { registers, sizeof *registers };

  return (int) ptrace (PTRACE_GETREGSET, pid, NT_PRSTATUS, &room);
}

static int
set_registers (pid_t pid, registers *registers)
{
  struct iovec room = { registers, sizeof *registers };

  return (int) ptrace (PTRACE_SETREGSET, pid, NT_PRSTATUS, &room);
}

/* Have the system make no call at all.  */
static int
skip_call (pid_t pid, registers *registers)
{
#if defined __x86_64__
  registers->orig_rax = (word) -1;
  return set_registers (pid, registers);
#else
  int none = -1;
  struct iovec room = { &none, sizeof none };

  (void) registers;
  return (int) ptrace (PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &room);
#endif
}
