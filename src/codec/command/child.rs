// SPDX-License-Identifier: GPL-3.0-or-later

//! A child process that is this library's alone.
//!
//! The host may wait for all its children, or have them vanish when they end.
//! So the command is a grandchild.  Its parent is a copy of this process that
//! does nothing but wait for it and tell how it ended.  That is made without a
//! signal that tells of its own end: only who asks for such children by name
//! hears of it, and it does not vanish.  It is held by a descriptor, and its
//! number, which is that of the process group of both, is only used while it has
//! not been waited for.
//!
//! Where the system cannot do that (before Linux 5.4, or in a sandbox that does
//! not know how), the copy is a child like any other, without such a descriptor.
//!
//! It lives until it is killed, so its number is not another process's before.

#![allow(unsafe_code)] // a process without a signal takes the system call itself

use std::ffi::{CString, OsString, c_char, c_int};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::ptr;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use rustix::io::Errno;
use rustix::pipe::PipeFlags;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use crate::job::signals;
use crate::retry::retry;

/// Waits for children of any kind (`__WALL`).
const ANY_CHILD: WaitIdOptions = WaitIdOptions::from_bits_retain(0x4000_0000);

/// The exit code of a child that could not run the command.
const NOT_RUN: c_int = 127;

/// The first number of a descriptor that is not a standard stream's.
const FIRST_FREE: c_int = 3;

/// How often the copy makes a call again that was interrupted: it blocks all
/// signals.
const MAX_ATTEMPTS: usize = 100;

/// What the parent of the command tells, with a number.
const STARTED: c_int = 0;
const FAILED: c_int = 1;
const ENDED: c_int = 2;

/// How long what was killed may take to be gone, where it cannot be known that it
/// is; and how often to look.
const LAST_WAIT: Duration = Duration::from_millis(500);
const MOMENT: Duration = Duration::from_millis(2);

unsafe extern "C" {
    /// Like `fork`, without a lock or a handler of the host's, so that the copy of
    /// a process with threads may call it too.
    fn _Fork() -> libc::pid_t;
}

/// A running command.
pub struct Child {
    /// The number of the process group, and of the child in it.
    pid: Pid,
    /// The child, if it is one without a signal.
    descriptor: Option<OwnedFd>,
    /// What it tells.
    report: OwnedFd,
    /// How the command ended.
    status: Option<ExitStatus>,
    /// Whether the child was waited for: its number may be another process's.
    is_over: bool,
}

/// The standard streams of a command.
pub struct Streams {
    /// What it reads.
    pub input: OwnedFd,
    /// Where it writes to.
    pub output: OwnedFd,
    /// Where it complains.
    pub error: OwnedFd,
}

impl Child {
    /// Runs `command`, a program and its arguments, in a process group of its
    /// own.
    pub fn spawn(command: &[OsString], streams: &Streams) -> io::Result<Self> {
        let words: Vec<CString> = command
            .iter()
            .map(|word| CString::new(word.as_bytes()))
            .collect::<Result<_, _>>()?;
        let mut arguments: Vec<*const c_char> = words.iter().map(|word| word.as_ptr()).collect();
        arguments.push(ptr::null());
        // Away from the numbers that they are to have.
        let high = |fd: &OwnedFd| rustix::io::fcntl_dupfd_cloexec(fd, FIRST_FREE);
        let [input, output, error] = [&streams.input, &streams.output, &streams.error].map(high);
        let (input, output, error) = (input?, output?, error?);
        let (report, told) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let told = high(&told)?;
        let mut descriptor: c_int = -1;
        let mask = signals::block_all();
        // SAFETY: the copy does only what may be done after a fork, and does not
        // return.
        let pid = unsafe {
            let pid = fork(&mut descriptor);
            if pid == 0 {
                supervise(
                    arguments.as_ptr(),
                    [input.as_raw_fd(), output.as_raw_fd(), error.as_raw_fd()],
                    told.as_raw_fd(),
                )
            }
            pid
        };
        let failed = io::Error::last_os_error();
        drop(mask);
        let Some(pid) = Some(pid).filter(|&pid| pid > 0).and_then(Pid::from_raw) else {
            return Err(failed);
        };
        // It does so too: whichever is first, there is that group from now on.
        let _ = rustix::process::setpgid(Some(pid), Some(pid));
        let own = |number: c_int| {
            // SAFETY: the system made it for this.
            unsafe { OwnedFd::from_raw_fd(number) }
        };
        let mut child = Child {
            pid,
            descriptor: (descriptor >= 0).then(|| own(descriptor)),
            report,
            status: None,
            is_over: false,
        };
        drop(told);
        loop {
            match child.told()? {
                Some((STARTED, _)) => return Ok(child),
                Some((_, number)) => return Err(io::Error::from_raw_os_error(number)),
                None if child.has_ended() => {
                    return Err(io::Error::other("it was killed at once"));
                }
                None => child.listen()?,
            }
        }
    }

    /// How it ended, if it has; that can be asked again.
    pub fn peek(&mut self) -> rustix::io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            // What it tells before it ends is there when it has.
            let has_ended = self.has_ended();
            self.status = match self.told()? {
                Some((ENDED, status)) => Some(ExitStatus::from_raw(status)),
                // Whoever killed it, the command's end is not to be known.
                None if has_ended => return Err(Errno::CHILD),
                _ => None,
            };
        }
        Ok(self.status)
    }

    /// Kills the command and what it has started, and forgets the child.
    pub fn end(&mut self) {
        if self.is_over {
            return;
        }
        self.is_over = true;
        // While it is there, the number is its own.
        let is_there = self
            .look(WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT)
            .is_ok();
        if is_there && (self.descriptor.is_some() || !self.is_silent()) {
            // None may be left, and then there is nothing more to do.
            let _ = rustix::process::kill_process_group(self.pid, Signal::KILL);
            // The group is not there if it could not be made.  A child that the
            // host may have waited for by now is not killed again: without a group
            // it ends by itself.
            if self.descriptor.is_some() {
                let _ = rustix::process::kill_process(self.pid, Signal::KILL);
            }
        }
        if self.descriptor.is_some() {
            // What was not killed, as it seems not to be there, is not waited for.
            if is_there {
                let _ = retry(|| self.look(WaitIdOptions::empty()));
            }
            return;
        }
        // The host may have waited for it, and have another child of that number.
        let start = Instant::now();
        while self.look(WaitIdOptions::NOHANG) == Ok(false) && start.elapsed() < LAST_WAIT {
            std::thread::sleep(MOMENT);
        }
    }

    /// Whether nobody is left who could tell something.
    fn is_silent(&self) -> bool {
        let mut polled = [PollFd::new(&self.report, PollFlags::empty())];
        let _ = rustix::event::poll(&mut polled, Some(&Timespec::default()));
        polled[0].revents().contains(PollFlags::HUP)
    }

    /// Whether the child has ended, as far as it can be known; fails if somebody
    /// else has waited for it.
    fn look(&self, options: WaitIdOptions) -> rustix::io::Result<bool> {
        let which = match &self.descriptor {
            Some(descriptor) => WaitId::PidFd(descriptor.as_fd()),
            None => WaitId::Pid(self.pid),
        };
        let options = options | WaitIdOptions::EXITED | ANY_CHILD;
        Ok(rustix::process::waitid(which, options)?.is_some())
    }

    fn has_ended(&self) -> bool {
        let now = self.look(WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT);
        !matches!(now, Ok(false) | Err(Errno::INTR))
    }

    /// What it tells, if there is something new.
    fn told(&mut self) -> rustix::io::Result<Option<(c_int, c_int)>> {
        let mut bytes = [0; 8];
        match rustix::io::read(&self.report, &mut bytes) {
            Ok(8) => {
                let [a, b, c, d, e, f, g, h] = bytes;
                let number = c_int::from_ne_bytes;
                Ok(Some((number([a, b, c, d]), number([e, f, g, h]))))
            }
            Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Waits until it tells something, or ends.
    fn listen(&self) -> rustix::io::Result<()> {
        let mut polled = vec![PollFd::new(&self.report, PollFlags::IN)];
        let descriptor = self.descriptor.as_ref();
        polled.extend(descriptor.map(|descriptor| PollFd::new(descriptor, PollFlags::IN)));
        let moment = Timespec::try_from(10 * MOMENT).unwrap_or_default();
        match rustix::event::poll(&mut polled, Some(&moment)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(errno) => Err(errno),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

/// What `clone3` takes, in its first version (`struct clone_args`).
#[derive(Default)]
#[repr(C, align(8))]
struct CloneArguments {
    flags: u64,
    /// Where to put a descriptor of the child.
    descriptor: u64,
    child_number: u64,
    parent_number: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    storage: u64,
}

/// Makes a copy of this process: a child without a signal, and a descriptor of
/// it, or a child like any other.  Returns as `fork` does.
///
/// # Safety
///
/// The copy may only do what may be done after a fork, and not return.
unsafe fn fork(descriptor: &mut c_int) -> c_int {
    let how = CloneArguments {
        flags: libc::CLONE_PIDFD as u64,
        descriptor: ptr::from_mut(descriptor) as u64,
        ..CloneArguments::default()
    };
    // SAFETY: the system writes where the structure says.  Without CLONE_VM this is
    // a fork, which runs no handlers of the host's.
    unsafe {
        let size = size_of::<CloneArguments>();
        let pid = libc::syscall(libc::SYS_clone3, ptr::from_ref(&how), size);
        match errno() {
            // It is not known, or not allowed.
            libc::ENOSYS | libc::EPERM | libc::EINVAL | libc::E2BIG if pid < 0 => {
                *descriptor = -1;
                _Fork()
            }
            _ => pid as c_int,
        }
    }
}

/// What the copy does: it starts the command and tells of it.
///
/// # Safety
///
/// `arguments` must be a list of strings that ends in NULL.
unsafe fn supervise(arguments: *const *const c_char, streams: [c_int; 3], told: c_int) -> ! {
    /// Where it tells.
    const TOLD: c_int = FIRST_FREE;
    // SAFETY: all of this may be done after a fork, and the pointers are to what
    // lives.
    unsafe {
        // Without a group of its own the command could not be ended.
        let mut is_ready = libc::setpgid(0, 0) == 0;
        for (number, stream) in streams.into_iter().enumerate() {
            is_ready = is_ready && libc::dup2(stream, number as c_int) >= 0;
        }
        is_ready = is_ready && libc::dup2(told, TOLD) >= 0;
        if !is_ready {
            tell(told, FAILED, errno());
            libc::_exit(NOT_RUN);
        }
        close_all_from(TOLD + 1);
        // The command's end is to be heard of here.
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        let mut pipe = [-1; 2];
        let mut pid = libc::pipe2(pipe.as_mut_ptr(), libc::O_CLOEXEC);
        if pid == 0 {
            pid = _Fork();
        }
        if pid == 0 {
            libc::fcntl(TOLD, libc::F_SETFD, libc::FD_CLOEXEC);
            signals::reset_for_command();
            libc::execvp(*arguments, arguments);
            tell(pipe[1], FAILED, errno());
            libc::_exit(NOT_RUN);
        }
        if pid < 0 {
            tell(TOLD, FAILED, errno());
            libc::_exit(NOT_RUN);
        }
        // They are the command's alone.
        for number in [0, 1, 2, pipe[1]] {
            libc::close(number);
        }
        // The pipe ends when the command runs.
        let mut problem = [STARTED, 0];
        let room = problem.as_mut_ptr().cast();
        for _ in 0..MAX_ATTEMPTS {
            if libc::read(pipe[0], room, size_of_val(&problem)) >= 0 || errno() != libc::EINTR {
                break;
            }
        }
        let mut status = 0;
        if problem[0] == FAILED {
            // Before this process ends, or it would be the host's, if that takes
            // orphans.
            wait_for(pid, &mut status);
        }
        // Whoever cannot be told would wait: the end is seen.
        if !tell(TOLD, problem[0], problem[1]) {
            libc::kill(pid, libc::SIGKILL);
            wait_for(pid, &mut status);
            libc::_exit(NOT_RUN);
        }
        wait_for(pid, &mut status);
        if !tell(TOLD, ENDED, status) {
            libc::_exit(NOT_RUN);
        }
        // Until it is killed: nobody can wait for it before, and have its number
        // become another process's.  When nobody listens any more, it goes.
        let mut listener = libc::pollfd {
            fd: TOLD,
            events: 0,
            revents: 0,
        };
        while libc::poll(&mut listener, 1, -1) <= 0 {}
        libc::_exit(0)
    }
}

/// Waits for the child `pid`, if it is there.
///
/// # Safety
///
/// It is safe, and may be done after a fork.
unsafe fn wait_for(pid: libc::pid_t, status: &mut c_int) {
    // SAFETY: the status is there.
    unsafe {
        for _ in 0..MAX_ATTEMPTS {
            if libc::waitpid(pid, status, 0) >= 0 || errno() != libc::EINTR {
                return;
            }
        }
    }
}

/// The number of the last failure.
///
/// # Safety
///
/// It is always safe, and may be done after a fork.
unsafe fn errno() -> c_int {
    // SAFETY: it is this thread's own.
    unsafe { *libc::__errno_location() }
}

/// Tells something; returns whether that could be done.
///
/// # Safety
///
/// It is safe, and may be done after a fork.
unsafe fn tell(told: c_int, what: c_int, number: c_int) -> bool {
    let message = [what, number];
    // SAFETY: these are as many bytes.
    unsafe {
        for _ in 0..MAX_ATTEMPTS {
            let size = size_of_val(&message);
            let written = libc::write(told, message.as_ptr().cast(), size);
            if written >= 0 || errno() != libc::EINTR {
                return written == size as isize;
            }
        }
        false
    }
}

/// Closes all descriptors from `first` on.
///
/// # Safety
///
/// Nothing may use them any more; it may be done after a fork.
unsafe fn close_all_from(first: c_int) {
    // SAFETY: closing touches no memory.
    unsafe {
        let last = libc::c_uint::MAX;
        if libc::syscall(libc::SYS_close_range, first as libc::c_uint, last, 0) == 0 {
            return;
        }
        // Before Linux 5.9.
        let mut limit = std::mem::zeroed::<libc::rlimit>();
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        for number in first..limit.rlim_cur.min(1 << 16) as c_int {
            libc::close(number);
        }
    }
}
