// SPDX-License-Identifier: GPL-3.0-or-later

//! What a command reads: a socket, which ends when it is shut down, whoever has
//! got a copy of its descriptor.  A pipe would end when the last copy is closed,
//! and a host that forks meanwhile may have made one.

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, Shutdown, SocketFlags, SocketType};

use super::BUFFER_SIZE;

/// This library's end of the socket.
pub struct Input(OwnedFd);

impl Input {
    /// This end, and the command's.
    pub fn new() -> rustix::io::Result<(Self, OwnedFd)> {
        let (own, other) = rustix::net::socketpair(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )?;
        // A smaller buffer does as well.
        let _ = rustix::net::sockopt::set_socket_send_buffer_size(&own, BUFFER_SIZE);
        Ok((Input(own), other))
    }

    /// Gives as many of `bytes` as there is room for; `AGAIN` if there is none,
    /// and `PIPE` if the command has closed its end.
    pub fn give(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        rustix::net::send(&self.0, bytes, flags)
    }

    /// Asks `poll` about room for more bytes.
    pub fn poll_for_room(&self) -> PollFd<'_> {
        PollFd::new(&self.0, PollFlags::OUT)
    }

    /// Whether nobody has the command's end any more.
    pub fn is_abandoned(&self) -> bool {
        let mut polled = [PollFd::new(&self.0, PollFlags::empty())];
        let _ = rustix::event::poll(&mut polled, Some(&Timespec::default()));
        let gone = PollFlags::HUP | PollFlags::ERR;
        polled[0].revents().intersects(gone)
    }

    /// Whether the command's end was closed with bytes in it, which are gone then.
    pub fn has_lost(&self) -> bool {
        !matches!(rustix::net::sockopt::socket_error(&self.0), Ok(Ok(())))
    }

    /// Whether there are bytes that were not read yet.
    #[allow(unsafe_code)]
    pub fn has_unread(&self) -> rustix::io::Result<bool> {
        let mut count: libc::c_int = 0;
        // SAFETY: this request writes an int.
        let result = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::TIOCOUTQ, &mut count) };
        match result {
            0 => Ok(count > 0),
            _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)),
        }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // Whoever has a copy of this end, the command sees that it is over.
        let _ = rustix::net::shutdown(&self.0, Shutdown::Write);
    }
}
