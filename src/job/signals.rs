// SPDX-License-Identifier: GPL-3.0-or-later

//! The signals of threads and of the commands they start.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Restores the signal mask it was made with when dropped.
pub struct Mask(libc::sigset_t);

/// Blocks every signal in the calling thread until the result is dropped.
pub fn block_all() -> Mask {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut old = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset initializes the set it is given; pthread_sigmask
    // reads the one and initializes the other.  Neither can fail with a valid
    // pointer and SIG_BLOCK.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), old.as_mut_ptr());
        Mask(old.assume_init())
    }
}

impl Drop for Mask {
    fn drop(&mut self) {
        // SAFETY: the set was initialized by pthread_sigmask.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut());
        }
    }
}

/// Whether the process has children vanish when they end, with their exit
/// status.
pub fn children_vanish() -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: with no new action, sigaction writes the one in force.
    let action = unsafe {
        if libc::sigaction(libc::SIGCHLD, std::ptr::null(), action.as_mut_ptr()) != 0 {
            return false;
        }
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN || action.sa_flags & libc::SA_NOCLDWAIT != 0
}

/// Makes `command` start with no signal blocked, and with the default action
/// for SIGPIPE, which end those who write to a pipe that nobody reads; and with
/// none of the process's descriptors, one of which may be the other end of such
/// a pipe.  Otherwise it would have the mask of the thread that starts it, and
/// all descriptors that are not closed on their own.
pub fn start_alone(command: &mut Command) {
    let prepare = || {
        let mut none = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigemptyset initializes the set that pthread_sigmask reads;
        // setting SIGPIPE to its default is always valid; marking descriptors
        // to be closed by exec touches no memory.
        unsafe {
            libc::sigemptyset(none.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
            libc::signal(libc::SIGPIPE, libc::SIG_DFL);
            // Before Linux 5.11, and where a sandbox refuses it, they stay.
            libc::syscall(
                libc::SYS_close_range,
                3 as libc::c_uint,
                libc::c_uint::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            );
        }
        Ok(())
    };
    // SAFETY: the closure runs between fork and exec, where only functions
    // that are safe in signal handlers may be called: these are.
    unsafe { command.pre_exec(prepare) };
}
