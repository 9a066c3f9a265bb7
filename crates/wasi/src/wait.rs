//! How functions wait: for a descriptor that can be read or written, for a partner, for a time.
//! [`WasiCtx::wait`] is the only place that waits for these, [`Pause`] is what it waits for. Never
//! for longer than [`SLICE`] without a look at whether the call is to end; never while other
//! threads want the context: then the function is put off, whoever called it waits, and calls it
//! again. Streams, sockets and file systems of this crate never wait, but for storage, and for what
//! the embedder wraps in a `ReadStream` or `WriteStream`.

use crate::{Errno, GuestMemory, WasiCtx, ctx::FileRef, descriptor::Kind, types::fdflags};
use core::time::Duration;
#[cfg(all(feature = "std", unix))]
use {
    rustix::{
        event::{PollFd, PollFlags, poll},
        fs::Timespec,
    },
    std::{
        os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
        vec::Vec,
    },
};

/// As long as anything waits without a look at whether it should stop.
pub(crate) const SLICE: Duration = Duration::from_millis(10);

/// The same where nothing tells that the wait is over.
const SHORT: Duration = Duration::from_millis(2);

/// How many descriptors of the host are waited for at once, each a copy for as long. With more it
/// looks at all of them every [`SHORT`].
#[cfg(all(feature = "std", unix))]
const MOST: usize = 16;

/// What a function waits for. It stands by itself: the context can change meanwhile.
pub(crate) struct Pause {
    /// Until one of these can be read, or written. Each once.
    #[cfg(all(feature = "std", unix))]
    host: Vec<Awaited>,
    /// At most for so long.
    pub(crate) longest: Duration,
    /// For nothing but the time of a clock.
    pub(crate) by_clock: bool,
    /// Also for the time of a clock: how far that is, even if it is longer than [`SLICE`].
    pub(crate) clock: Option<Duration>,
}

/// A descriptor of the host that is waited for.
#[cfg(all(feature = "std", unix))]
struct Awaited {
    /// What it is a copy of.
    of: RawFd,
    /// A copy, so that the guest can close its own.
    copy: OwnedFd,
    wanted: PollFlags,
}

impl Pause {
    pub(crate) fn new(longest: Duration) -> Pause {
        Pause {
            #[cfg(all(feature = "std", unix))]
            host: Vec::new(),
            longest: longest.min(SLICE),
            by_clock: false,
            clock: None,
        }
    }

    /// For something that doesn't tell when it is ready: until it is time for the next look.
    pub(crate) fn short() -> Pause {
        Pause::new(SHORT)
    }

    /// Also until this can be read, or written.
    #[cfg(all(feature = "std", unix))]
    fn add(&mut self, fd: Option<BorrowedFd<'_>>, writing: bool) {
        let of = fd.map(|fd| fd.as_raw_fd());
        if let Some(known) = self.host.iter_mut().find(|known| Some(known.of) == of) {
            known.wanted |= wanted(writing);
            return;
        }
        let copy = fd.filter(|_| self.host.len() < MOST).map(|fd| fd.try_clone_to_owned());
        match (of, copy) {
            (Some(of), Some(Ok(copy))) => {
                self.host.push(Awaited { of, copy, wanted: wanted(writing) })
            }
            _ => self.longest = self.longest.min(SHORT),
        }
    }

    /// Waits.
    #[cfg(all(feature = "std", unix))]
    pub(crate) fn wait(self) {
        let fds = self
            .host
            .iter()
            .map(|awaited| PollFd::from_borrowed_fd(awaited.copy.as_fd(), awaited.wanted));
        let mut fds: Vec<PollFd<'_>> = fds.collect();
        // An error is found again when it is looked at.
        let _ = poll(&mut fds, Some(&timespec(self.longest)));
    }

    #[cfg(all(feature = "std", not(unix)))]
    pub(crate) fn wait(self) {
        std::thread::sleep(self.longest);
    }
}

#[cfg(all(feature = "std", unix))]
fn wanted(writing: bool) -> PollFlags {
    if writing { PollFlags::OUT } else { PollFlags::IN }
}

#[cfg(all(feature = "std", unix))]
fn timespec(time: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos() as _,
    }
}

/// Whether reading (or writing) something of the host would not wait. An end or an error can be
/// read.
#[cfg(all(feature = "std", unix))]
pub(crate) fn is_ready(fd: BorrowedFd<'_>, writing: bool) -> Result<bool, Errno> {
    let mut fds = [PollFd::from_borrowed_fd(fd, wanted(writing))];
    match poll(&mut fds, Some(&timespec(Duration::ZERO))) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl WasiCtx {
    /// Waits once; the caller looks again.
    ///
    /// Errors: `EINTR` if the call is to end; `EAGAIN` if the function is put off: then it returns
    /// that, and has not done anything that [`GuestMemory`]'s `progress` does not tell.
    pub(crate) fn wait(&mut self, memory: &GuestMemory<'_>, pause: Pause) -> Result<(), Errno> {
        memory.check_interrupt()?;
        #[cfg(feature = "std")]
        {
            if memory.puts_off {
                self.pause = Some(pause);
                return Err(Errno::Again);
            }
            if !pause.by_clock {
                pause.wait();
                return Ok(());
            }
        }
        // Virtual time does not pass while something else is waited for.
        if pause.by_clock || !self.monotonic_clock.is_virtual() {
            self.monotonic_clock.sleep(pause.longest);
        }
        Ok(())
    }

    /// Whether the function is put off.
    pub(crate) fn is_put_off(&self) -> bool {
        #[cfg(feature = "std")]
        return self.pause.is_some();
        #[cfg(not(feature = "std"))]
        false
    }

    /// Waits until a stream or a socket can be read, or written.
    ///
    /// Errors: as [`WasiCtx::wait`]; `EAGAIN` if it has the flag `NONBLOCK`.
    pub(crate) fn await_ready(
        &mut self,
        memory: &GuestMemory<'_>,
        fd: u32,
        writing: bool,
    ) -> Result<(), Errno> {
        while !self.is_ready(fd, writing)? {
            if self.table.get(fd)?.flags & fdflags::NONBLOCK != 0 {
                return Err(Errno::Again);
            }
            let mut pause = Pause::new(SLICE);
            self.add_to(&mut pause, fd, writing);
            self.wait(memory, pause)?;
        }
        Ok(())
    }

    /// The same for what was ready, and then said `EAGAIN`: another one was quicker. If it goes on
    /// to say so, it is looked at only now and then.
    pub(crate) fn await_again(
        &mut self,
        memory: &GuestMemory<'_>,
        fd: u32,
        writing: bool,
    ) -> Result<(), Errno> {
        if self.table.get(fd)?.flags & fdflags::NONBLOCK != 0 {
            return Err(Errno::Again);
        }
        self.wait(memory, Pause::short())?;
        self.await_ready(memory, fd, writing)
    }

    /// Whether a descriptor can be read, or written, without waiting.
    pub(crate) fn is_ready(&mut self, fd: u32, writing: bool) -> Result<bool, Errno> {
        match self.table.get(fd)?.kind {
            Kind::File(_) => {
                let FileRef { file, fs, .. } = self.file(fd, 0, Errno::BadF)?;
                fs.is_ready(file.handle, writing)
            }
            Kind::Directory(_) => Err(Errno::BadF),
            Kind::Input(_) if writing => Err(Errno::BadF),
            Kind::Output(_) if !writing => Err(Errno::BadF),
            Kind::Input(index) => self.input(index)?.is_ready(),
            Kind::Output(index) => self.output(index)?.is_ready(),
            #[cfg(feature = "std")]
            Kind::Listener(index) | Kind::Connection(index) => {
                self.socket(index)?.is_ready(writing)
            }
            #[cfg(not(feature = "std"))]
            Kind::Listener(_) | Kind::Connection(_) => Err(Errno::BadF),
        }
    }

    /// Lets a pause also end when a descriptor can be read, or written.
    pub(crate) fn add_to(&self, pause: &mut Pause, fd: u32, writing: bool) {
        #[cfg(all(feature = "std", unix))]
        pause.add(self.host_fd(fd), writing);
        #[cfg(not(all(feature = "std", unix)))]
        {
            let _ = (fd, writing);
            pause.longest = pause.longest.min(SHORT);
        }
    }

    /// Whether what a descriptor is open to never waits itself, but says `EAGAIN`.
    pub(crate) fn says_again(&self, fd: u32) -> bool {
        let Ok(descriptor) = self.table.get(fd) else { return false };
        match descriptor.kind {
            Kind::File(_) | Kind::Listener(_) | Kind::Connection(_) => true,
            #[cfg(all(feature = "std", unix))]
            Kind::Input(_) | Kind::Output(_) => self.host_fd(fd).is_some(),
            _ => false,
        }
    }

    /// What the host can wait for to know when a descriptor is ready.
    #[cfg(all(feature = "std", unix))]
    fn host_fd(&self, fd: u32) -> Option<BorrowedFd<'_>> {
        match self.table.get(fd).ok()?.kind {
            Kind::File(ref file) => self.filesystems[file.fs].host_fd(file.handle),
            Kind::Input(index) => self.inputs.get(index)?.as_ref()?.host_fd(),
            Kind::Output(index) => self.outputs.get(index)?.as_ref()?.host_fd(),
            Kind::Listener(index) | Kind::Connection(index) => {
                self.socket(index).ok().map(crate::socket::Socket::host_fd)
            }
            Kind::Directory(_) => None,
        }
    }
}

#[cfg(all(test, feature = "std", unix))]
mod tests {
    use super::*;
    use std::io::pipe;

    #[test]
    fn a_descriptor_is_copied_once() {
        let (from, to) = pipe().unwrap();
        let mut pause = Pause::new(SLICE);
        pause.add(Some(to.as_fd()), false);
        pause.add(Some(from.as_fd()), false);
        pause.add(Some(to.as_fd()), true);
        pause.add(Some(from.as_fd()), false);
        let wanted: Vec<PollFlags> = pause.host.iter().map(|awaited| awaited.wanted).collect();
        assert_eq!(wanted, [PollFlags::IN | PollFlags::OUT, PollFlags::IN]);
        assert_eq!(pause.longest, SLICE);
    }

    #[test]
    fn no_more_than_so_many_are_copied() {
        let pipes: Vec<_> = (0..MOST).map(|_| pipe().unwrap()).collect();
        let mut pause = Pause::new(SLICE);
        for (from, _) in &pipes {
            pause.add(Some(from.as_fd()), false);
        }
        assert_eq!((pause.host.len(), pause.longest), (16, SLICE));
        // The others are looked at again and again.
        pause.add(Some(pipes[0].1.as_fd()), true);
        pause.add(Some(pipes[3].0.as_fd()), false);
        assert_eq!((pause.host.len(), pause.longest), (16, SHORT));
        let mut pause = Pause::new(SLICE);
        pause.add(None, false);
        assert_eq!((pause.host.len(), pause.longest), (0, SHORT));
    }
}
