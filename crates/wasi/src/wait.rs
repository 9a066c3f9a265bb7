//! Waits until something of the host can be read or written. Files, streams and sockets of the host use it.

use crate::Errno;
use rustix::{
    event::{PollFd, PollFlags, poll},
    fs::Timespec,
};
use std::{os::fd::BorrowedFd, time::Duration};

/// Whether reading (or writing) would not wait, at the latest after `wait`. An end or an error can be read.
pub(crate) fn ready(fd: BorrowedFd<'_>, writing: bool, wait: Duration) -> Result<bool, Errno> {
    let wanted = if writing { PollFlags::OUT } else { PollFlags::IN };
    let mut fds = [PollFd::from_borrowed_fd(fd, wanted)];
    let timeout = Timespec {
        tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: wait.subsec_nanos() as _,
    };
    match poll(&mut fds, Some(&timeout)) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
