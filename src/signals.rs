// SPDX-License-Identifier: GPL-3.0-or-later

//! The signal mask of the calling thread.

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
