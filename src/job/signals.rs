// SPDX-License-Identifier: GPL-3.0-or-later

//! The signals of threads and of the commands they start.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;

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

/// Has no signal blocked and the default action for SIGPIPE, which end those who
/// write to a pipe that nobody reads; and has all descriptors but the standard
/// streams closed when a command is run, one of which may be the other end of
/// such a pipe.  To be called between fork and exec: otherwise a command would
/// have the mask of the thread that starts it, and all descriptors that are not
/// closed on their own.
pub fn reset_for_command() {
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
}
