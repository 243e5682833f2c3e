/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The system calls that the library may make, each with the ways in which it
   can fail: the most likely one first, then what else its manual page has and
   what file systems in user space, and sandboxes, give.  What comes of wrong
   pointers, numbers of descriptors and flags alone is left out.

   CALL (NAME, TRAITS, ERRORS...) for those that can fail; NEVER (NAME) for
   those that cannot, or not here.  */

#define NAMING EACCES, ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, ENOMEM
#define CHANGING NAMING, EPERM, EROFS, EDQUOT, ENOSPC, EIO
#define WRITING EIO, EDQUOT, EFBIG, EINTR, EPERM, EPIPE, EAGAIN, EINVAL, ENOMEM
#define READING EIO, EINTR, EAGAIN, EINVAL, EISDIR, ENOMEM
#define OPENING                                                               \
  EMFILE, NAMING, ENFILE, EINTR, EIO, ENODEV, ENXIO, EOPNOTSUPP, EOVERFLOW,   \
    EPERM, EROFS, EBUSY, EDQUOT, ENOSPC, EISDIR, ETXTBSY

/* Memory.  */
CALL (mmap, TAKES_MEMORY, ENOMEM, EAGAIN, ENFILE, EPERM, EACCES, ENODEV)
CALL (mremap, TAKES_MEMORY, ENOMEM, EAGAIN)
CALL (mprotect, TAKES_MEMORY, ENOMEM, EACCES)
CALL (madvise, 0, ENOMEM, EAGAIN, EINVAL, EACCES)
CALL (brk, TAKES_MEMORY | KEEPS_BREAK, ENOMEM)
/* Taking away part of a mapping can take one more.  */
CALL (munmap, 0, ENOMEM)

/* Threads, processes.  */
CALL (clone3, 0, EAGAIN, ENOMEM, ENOSYS, EPERM, ENOSPC, EUSERS)
CALL (clone, 0, EAGAIN, ENOMEM, ENOSYS, EPERM, ENOSPC, EUSERS)
#ifdef SYS_fork
CALL (fork, 0, EAGAIN, ENOMEM, ENOSYS)
CALL (vfork, 0, EAGAIN, ENOMEM, ENOSYS)
#endif
CALL (execve, 0, ENOENT, EACCES, E2BIG, EAGAIN, EIO, EINVAL, ELOOP, EMFILE,
      ENAMETOOLONG, ENFILE, ENOEXEC, ENOMEM, ENOTDIR, EPERM, ETXTBSY)
CALL (wait4, MAY_BE_INTERRUPTED, ECHILD, EINTR)
CALL (waitid, MAY_BE_INTERRUPTED, ECHILD, EINTR, EINVAL)
CALL (setpgid, 0, EPERM, EACCES, ESRCH)
CALL (prctl, 0, EINVAL, EPERM)
CALL (prlimit64, 0, EPERM, EINVAL)
CALL (sched_getaffinity, 0, EINVAL, EPERM, ENOSYS)
CALL (sigaltstack, 0, ENOMEM, EPERM)
CALL (getrandom, MAY_BE_INTERRUPTED, ENOSYS, EINTR, EAGAIN, EIO)

/* Descriptors.  */
#ifdef SYS_open
CALL (open, MAY_BE_INTERRUPTED, OPENING)
#endif
CALL (openat, MAY_BE_INTERRUPTED, OPENING)
CALL (openat2, MAY_BE_INTERRUPTED, OPENING, ENOSYS, EAGAIN, EXDEV, E2BIG)
CALL (close, IS_DONE_ANYWAY, EIO, EINTR, ENOSPC, EDQUOT)
CALL (close_range, 0, ENOSYS, EMFILE, ENOMEM, EPERM)
CALL (fcntl, 0, EMFILE, EAGAIN, EINTR, EPERM, EBUSY)
CALL (dup, 0, EMFILE, ENOMEM)
#ifdef SYS_dup2
CALL (dup2, 0, EMFILE, EBUSY, EINTR)
#endif
CALL (dup3, 0, EMFILE, EBUSY, EINTR)
CALL (pipe2, 0, EMFILE, ENFILE)
#ifdef SYS_poll
CALL (poll, MAY_BE_INTERRUPTED, ENOMEM, EINTR, EINVAL)
#endif
CALL (ppoll, MAY_BE_INTERRUPTED, ENOMEM, EINTR, EINVAL)
CALL (ioctl, 0, ENOTTY, EINVAL)
CALL (socketpair, 0, EMFILE, ENFILE, ENOMEM, EAFNOSUPPORT, EOPNOTSUPP,
      EPROTONOSUPPORT)
CALL (setsockopt, 0, ENOPROTOOPT, ENOMEM, EDOM)
CALL (getsockopt, 0, ENOPROTOOPT, ENOMEM)
CALL (shutdown, 0, ENOTCONN)
CALL (sendto, MAY_BE_INTERRUPTED | HAS_LENGTH, ENOBUFS, EPIPE, EAGAIN,
      ECONNRESET, EINTR, ENOMEM, EMSGSIZE)
CALL (recvfrom, MAY_BE_INTERRUPTED | HAS_LENGTH, ENOMEM, ECONNRESET, EAGAIN,
      EINTR)
CALL (flock, MAY_BE_INTERRUPTED, ENOLCK, EINTR, EWOULDBLOCK, ENOSYS)

/* What is in files.  */
CALL (read, MAY_BE_INTERRUPTED | HAS_LENGTH, READING)
CALL (readv, MAY_BE_INTERRUPTED | HAS_LENGTH, READING)
CALL (pread64, MAY_BE_INTERRUPTED | HAS_LENGTH, READING, ENXIO, EOVERFLOW)
CALL (preadv, MAY_BE_INTERRUPTED | HAS_LENGTH, READING, ENXIO, EOVERFLOW)
CALL (write, MAY_BE_INTERRUPTED | HAS_LENGTH, ENOSPC, WRITING)
CALL (writev, MAY_BE_INTERRUPTED | HAS_LENGTH, ENOSPC, WRITING)
CALL (pwrite64, MAY_BE_INTERRUPTED | HAS_LENGTH, ENOSPC, WRITING, ENXIO)
CALL (pwritev, MAY_BE_INTERRUPTED | HAS_LENGTH, ENOSPC, WRITING, ENXIO)
CALL (copy_file_range, HAS_FIFTH_LENGTH, EXDEV, EIO, EFBIG, EINVAL, ENOMEM,
      ENOSPC, EOPNOTSUPP, EOVERFLOW, EPERM, ETXTBSY, ENOSYS)
CALL (sendfile, HAS_FOURTH_LENGTH, EINVAL, EIO, EAGAIN, ENOMEM, EOVERFLOW)
CALL (splice, HAS_FIFTH_LENGTH, EINVAL, EAGAIN, ENOMEM)
CALL (lseek, 0, EIO, ESPIPE, EINVAL, EOVERFLOW)
CALL (fallocate, MAY_BE_INTERRUPTED, ENOSPC, EIO, EOPNOTSUPP, EINTR, EFBIG,
      EINVAL, ENODEV, ENOSYS, EPERM, ETXTBSY)
CALL (ftruncate, MAY_BE_INTERRUPTED, EIO, EINTR, EFBIG, EINVAL, EPERM, ETXTBSY)
CALL (fadvise64, 0, EINVAL, ESPIPE)
CALL (fsync, 0, EIO, ENOSPC, EDQUOT, EINTR, EROFS)
CALL (memfd_create, 0, EMFILE, ENFILE, ENOMEM, EPERM)

/* Directories, names and what is known of files.  */
CALL (getdents64, HAS_ROOM_FOR_ENTRIES, EIO, ENOENT, EINVAL, ENOTDIR)
CALL (newfstatat, 0, EIO, NAMING, EOVERFLOW)
CALL (fstat, 0, EIO, ENOMEM, EOVERFLOW)
#ifdef SYS_stat
CALL (stat, 0, EIO, NAMING, EOVERFLOW)
CALL (lstat, 0, EIO, NAMING, EOVERFLOW)
CALL (access, 0, EACCES, EIO, NAMING, EPERM, EROFS, ETXTBSY)
CALL (readlink, 0, EIO, NAMING, EINVAL)
CALL (link, 0, EIO, CHANGING, EEXIST, EMLINK, EXDEV)
CALL (unlink, 0, EIO, CHANGING, EBUSY, EISDIR)
CALL (rmdir, 0, EIO, CHANGING, EBUSY, ENOTEMPTY, EINVAL)
CALL (mkdir, 0, EIO, CHANGING, EEXIST, EMLINK, EINVAL)
CALL (rename, 0, EIO, CHANGING, EBUSY, EEXIST, EISDIR, EXDEV)
#endif
CALL (statx, 0, EIO, NAMING, ENOSYS)
CALL (statfs, MAY_BE_INTERRUPTED, EIO, NAMING, EINTR, ENOSYS, EOVERFLOW)
CALL (fstatfs, MAY_BE_INTERRUPTED, EIO, ENOMEM, EINTR, ENOSYS, EOVERFLOW)
CALL (faccessat, 0, EACCES, EIO, NAMING, EPERM, EROFS, ETXTBSY)
CALL (readlinkat, 0, EIO, NAMING, EINVAL)
CALL (linkat, 0, EIO, CHANGING, EEXIST, EMLINK, EXDEV)
CALL (symlinkat, 0, EIO, CHANGING, EEXIST)
CALL (unlinkat, 0, EIO, CHANGING, EBUSY, EISDIR, ENOTEMPTY)
CALL (mkdirat, 0, EIO, CHANGING, EEXIST, EMLINK)
CALL (renameat, 0, EIO, CHANGING, EBUSY, EEXIST, EISDIR, EXDEV)
CALL (renameat2, 0, EIO, CHANGING, EBUSY, EEXIST, EISDIR, EXDEV, EINVAL)
CALL (fchmod, 0, EIO, EPERM, EROFS, ENOMEM)
CALL (fchmodat, 0, EIO, NAMING, EPERM, EROFS)
CALL (utimensat, 0, EIO, NAMING, EPERM, EROFS)
CALL (chdir, 0, EIO, NAMING)
CALL (getcwd, 0, ENOENT, EACCES, ENOMEM)
CALL (getxattr, 0, EOPNOTSUPP, ENODATA, EIO, ERANGE, E2BIG, NAMING)
CALL (lgetxattr, 0, EOPNOTSUPP, ENODATA, EIO, ERANGE, E2BIG, NAMING)
CALL (fgetxattr, 0, EOPNOTSUPP, ENODATA, EIO, ERANGE, E2BIG)
CALL (listxattr, 0, EOPNOTSUPP, EIO, ERANGE, E2BIG, NAMING)
CALL (llistxattr, 0, EOPNOTSUPP, EIO, ERANGE, E2BIG, NAMING)
CALL (flistxattr, 0, EOPNOTSUPP, EIO, ERANGE, E2BIG)

/* They do not return.  */
NEVER (exit)
NEVER (exit_group)
NEVER (rt_sigreturn)
/* They only tell, or set what is this process's.  */
NEVER (getpid)
NEVER (gettid)
NEVER (getuid)
NEVER (geteuid)
NEVER (getgid)
NEVER (getegid)
NEVER (umask)
NEVER (uname)
NEVER (sched_yield)
NEVER (set_tid_address)
#ifdef SYS_arch_prctl
NEVER (arch_prctl)
#endif
/* They take a clock that there always is.  */
NEVER (clock_gettime)
/* It can be interrupted, and no more; a thread that blocks all signals, or the
   one that the host has handlers on, goes on sleeping.  */
INTERRUPTED (clock_nanosleep)
/* They fail for numbers or pointers that are wrong, and no other reason; and a
   process may always signal its children and itself.  */
NEVER (rt_sigprocmask)
NEVER (rt_sigaction)
NEVER (set_robust_list)
NEVER (rseq)
NEVER (kill)
NEVER (tgkill)
/* Locks of the C library, which takes failures that are no part of waiting for
   damage to the process, and aborts.  */
NEVER (futex)
/* The system's own, for calls that were interrupted by a stop.  */
NEVER (restart_syscall)
