//! `poll_oneoff`: waits until one of many things happens: a time comes, or a descriptor can be read
//! or written.

use crate::{
    Dialect, Errno, FileType, GuestMemory, WasiCtx,
    clock::{MONOTONIC, REALTIME, nanoseconds},
    ctx::FileRef,
    descriptor::Kind,
    fuel, rights,
    wait::{Pause, SLICE},
};
use core::time::Duration;

/// What a guest waits for.
#[derive(Clone, Copy)]
enum Wait {
    /// Until the monotonic clock shows a time, in nanoseconds, or it is this time of day.
    Clock { deadline: u64, time_of_day: Option<u64> },
    /// Until a descriptor can be read, or written.
    Descriptor { fd: u32, writing: bool },
    /// Not at all: the subscription is wrong.
    Wrong(Errno),
}

const CLOCK: u8 = 0;
const FD_READ: u8 = 1;
const FD_WRITE: u8 = 2;

/// `subclockflags`: the time is a point, not a distance.
const ABSTIME: u16 = 1;

/// After so many subscriptions it looks whether the call is to end.
const LOOKS: u32 = 256;

/// An event that is ready.
struct Ready {
    error: u16,
    bytes: u64,
    hangup: bool,
}

/// Waits until at least one of the subscriptions has happened, and tells all that have.
///
/// A subscription that is wrong in itself happens at once, with its error in the event. All are
/// looked at, then there is one wait for all of them. If the call is interrupted, the answer is
/// `EINTR`. A time of 2^64 - 1 or more nanoseconds does not come, by whatever clock: waiting for it
/// is waiting forever.
///
/// All waiting is measured by the monotonic clock. A distance is one on it, whichever clock is
/// named. A time of day is as far away as that clock says when the call begins; if the clock shows
/// it sooner, since it was set, the wait ends, too. So none hangs on a clock that stands still. (A
/// virtual monotonic clock which stands still though it has slept is taken at its word.)
///
/// Parameters: `subscriptions`, `count` of them; `events`, room for as many; `stored`, where the
/// count of events goes.
///
/// Errors: `EINVAL` if there is nothing to wait for, or no such kind of subscription; `EINTR`;
/// `EFAULT`. In an event: `EBADF`, `EINVAL` if there is no such clock or flag, `ENOTCAPABLE`.
///
/// ```text
/// subscriptions ─▶ ┌───────────────┬─────────────┬─────────┬────────────────┬──────────────┬────────────────┬────────────┬─
///                  │ u64: userdata │ u8: 0 clock │ 7 bytes │ u32: clock id  │ u64: timeout │ u64: precision │ u16: flags │ 48 bytes
///                  │               │ 1 read      │         │ (8 with pad)   │              │                │ 1 absolute │ each,
///                  │               │ 2 write     │         │ or u32: fd     │              │                │            │ read
///                  └───────────────┴─────────────┴─────────┴────────────────┴──────────────┴────────────────┴────────────┴─
/// events        ─▶ ┌───────────────┬────────────┬──────────┬─────────┬────────────┬─────────────┬─────────┬─
///                  │ u64: userdata │ u16: error │ u8: kind │ 5 bytes │ u64: bytes │ u16: 1 =    │ 6 bytes │ 32 bytes each,
///                  │               │            │          │         │ to be read │ hung up     │         │ written
///                  └───────────────┴────────────┴──────────┴─────────┴────────────┴─────────────┴─────────┴─
/// ```
///
/// In `wasi_unstable` a subscription has 56 bytes: a u64 comes before the clock's id.
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#poll_oneoff>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/poll.html>.
pub fn poll_oneoff(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    dialect: Dialect,
    subscriptions: u32,
    events: u32,
    count: u32,
    stored: u32,
) -> Result<(), Errno> {
    let mut poll = Poll::new(ctx, memory, dialect, [subscriptions, events, count, stored])?;
    while let Some(pause) = poll.look(ctx, memory)? {
        match pause.clock {
            // Virtual time passes at once, all of it.
            Some(left) if ctx.monotonic_clock.is_virtual() => {
                memory.check_interrupt()?;
                ctx.monotonic_clock.sleep(left);
                poll.time.slept = left;
            }
            _ => ctx.wait(memory, pause)?,
        }
    }
    Ok(())
}

/// A call of [`poll_oneoff`]. The subscriptions stay in the guest's memory: only it can be long.
struct Poll {
    layout: Layout,
    events: u32,
    count: u32,
    stored: u32,
    /// Distances count from here: the time of day, and that of the monotonic clock.
    start: (u64, u64),
    time: Time,
}

/// The monotonic time of a call.
struct Time {
    seen: u64,
    /// What was slept since, if the clock is virtual.
    slept: Duration,
    /// What was slept while it stood still.
    missing: u64,
}

impl Time {
    fn now(&mut self, ctx: &WasiCtx) -> Result<u64, Errno> {
        let now = ctx.time(MONOTONIC)?;
        let slept = core::mem::take(&mut self.slept);
        if now <= self.seen {
            self.missing = self.missing.saturating_add(nanoseconds(slept)?);
        }
        self.seen = now;
        Ok(now.saturating_add(self.missing))
    }
}

impl Poll {
    /// Checks the arguments.
    fn new(
        ctx: &WasiCtx,
        memory: &mut GuestMemory<'_>,
        dialect: Dialect,
        [subscriptions, events, count, stored]: [u32; 4],
    ) -> Result<Poll, Errno> {
        if count == 0 {
            return Err(Errno::Inval);
        }
        let layout = Layout::new(dialect, subscriptions);
        memory.check(stored, 4)?;
        memory.check(subscriptions, count.checked_mul(layout.size).ok_or(Errno::Fault)?)?;
        memory.check(events, count.checked_mul(Layout::EVENT).ok_or(Errno::Fault)?)?;
        memory.charge(fuel::SUBSCRIPTION * u64::from(count));
        let start = match memory.progress.start {
            Some(start) => start,
            None => (ctx.time(REALTIME)?, ctx.time(MONOTONIC)?),
        };
        memory.progress.start = Some(start);
        let time = Time { seen: start.1, slept: Duration::ZERO, missing: 0 };
        Ok(Poll { layout, events, count, stored, start, time })
    }

    /// Tells what has happened; if nothing has, what there is to wait for.
    fn look(
        &mut self,
        ctx: &mut WasiCtx,
        memory: &mut GuestMemory<'_>,
    ) -> Result<Option<Pause>, Errno> {
        let mut found = 0;
        let mut pause = Pause::new(SLICE);
        let mut waits_for_other = false;
        for index in 0..self.count {
            if index % LOOKS == LOOKS - 1 {
                memory.check_interrupt()?;
            }
            let (userdata, kind, what) = self.layout.subscription(memory, index, self.start)?;
            match ctx.happened(what, &mut self.time)? {
                Ok(ready) => {
                    self.layout.event(memory, self.events, found, userdata, kind, &ready)?;
                    found += 1;
                }
                // For what has happened there is no wait.
                Err(_) if found > 0 => {}
                Err(Left::Forever) => {}
                Err(Left::Time(left)) => {
                    pause.longest = pause.longest.min(left);
                    pause.clock = Some(pause.clock.map_or(left, |first| first.min(left)));
                }
                Err(Left::Descriptor(fd, writing)) => {
                    waits_for_other = true;
                    ctx.add_to(&mut pause, fd, writing);
                }
            }
        }
        if found > 0 {
            memory.write_u32(self.stored, found)?;
            return Ok(None);
        }
        pause.by_clock = pause.clock.is_some() && !waits_for_other;
        Ok(Some(pause))
    }
}

/// What a subscription that has not happened waits for.
enum Left {
    Time(Duration),
    /// The end of time.
    Forever,
    Descriptor(u32, bool),
}

impl WasiCtx {
    /// Whether what is waited for has happened; if not, what there is to wait for.
    fn happened(&mut self, what: Wait, time: &mut Time) -> Result<Result<Ready, Left>, Errno> {
        let ready = |bytes, hangup| Ok(Ok(Ready { error: 0, bytes, hangup }));
        let failed = |errno: Errno| Ok(Ok(Ready { error: errno as u16, bytes: 0, hangup: false }));
        match what {
            Wait::Wrong(errno) => failed(errno),
            Wait::Clock { deadline, time_of_day } => {
                let is_time = match time_of_day.filter(|&time| time < u64::MAX) {
                    Some(time) => self.time(REALTIME)? >= time,
                    None => false,
                };
                match deadline.saturating_sub(time.now(self)?) {
                    _ if is_time => ready(0, false),
                    _ if deadline == u64::MAX => Ok(Err(Left::Forever)),
                    0 => ready(0, false),
                    left => Ok(Err(Left::Time(Duration::from_nanos(left)))),
                }
            }
            Wait::Descriptor { fd, writing } => match self.bytes_ready(fd, writing) {
                Ok(Some(0)) => ready(0, self.has_hung_up(fd)),
                Ok(Some(bytes)) => ready(bytes, false),
                Ok(None) => Ok(Err(Left::Descriptor(fd, writing))),
                Err(errno) => failed(errno),
            },
        }
    }

    /// Whether a descriptor can be read (or written) without waiting, and how many bytes that will
    /// be at least.
    fn bytes_ready(&mut self, fd: u32, writing: bool) -> Result<Option<u64>, Errno> {
        let descriptor = self.table.get(fd)?;
        descriptor.check(rights::POLL_FD_READWRITE)?;
        match descriptor.kind {
            Kind::File(_) => self.file_bytes_ready(fd, writing),
            #[cfg(feature = "std")]
            Kind::Connection(index) if !writing => {
                let ready = self.is_ready(fd, writing)?;
                let hung_up = ready && self.socket(index)?.has_hung_up();
                Ok(ready.then_some(u64::from(!hung_up)))
            }
            _ => Ok(self.is_ready(fd, writing)?.then_some(1)),
        }
    }

    /// Whether nothing can be read, since the other side of a connection is done.
    fn has_hung_up(&self, fd: u32) -> bool {
        self.table.get(fd).is_ok_and(|descriptor| matches!(descriptor.kind, Kind::Connection(_)))
    }

    fn file_bytes_ready(&mut self, fd: u32, writing: bool) -> Result<Option<u64>, Errno> {
        let FileRef { file, fs, .. } = self.file(fd, rights::POLL_FD_READWRITE, Errno::BadF)?;
        if (writing && !file.write) || (!writing && !file.read) {
            return Err(Errno::BadF);
        }
        if file.file_type == FileType::RegularFile {
            let size = fs.metadata(file.handle)?.size;
            return Ok(Some(if writing { 1 } else { size.saturating_sub(file.offset) }));
        }
        Ok(fs.is_ready(file.handle, writing)?.then_some(1))
    }
}

/// Where the fields of a subscription are.
struct Layout {
    subscriptions: u32,
    size: u32,
    /// Of the clock's id.
    clock: usize,
}

impl Layout {
    const EVENT: u32 = 32;
    const LONGEST: usize = 56;

    fn new(dialect: Dialect, subscriptions: u32) -> Layout {
        match dialect {
            Dialect::Preview1 => Layout { subscriptions, size: 48, clock: 16 },
            Dialect::Unstable => Layout { subscriptions, size: 56, clock: 24 },
        }
    }

    /// Reads a subscription: its user data, its kind, and what it waits for.
    fn subscription(
        &self,
        memory: &GuestMemory<'_>,
        index: u32,
        start: (u64, u64),
    ) -> Result<(u64, u8, Wait), Errno> {
        let mut record = [0; Layout::LONGEST];
        let record = &mut record[..self.size as usize];
        memory.read(self.subscriptions + index * self.size, record)?;
        let record = &*record;
        let userdata = u64_at(record, 0);
        let kind = record[8];
        let what = match kind {
            CLOCK => self.clock(record, start),
            FD_READ | FD_WRITE => {
                Wait::Descriptor { fd: u32_at(record, 16), writing: kind == FD_WRITE }
            }
            _ => return Err(Errno::Inval),
        };
        Ok((userdata, kind, what))
    }

    fn clock(&self, record: &[u8], start: (u64, u64)) -> Wait {
        let id = u32_at(record, self.clock);
        let timeout = u64_at(record, self.clock + 8);
        let flags = u16::from_le_bytes([record[self.clock + 24], record[self.clock + 25]]);
        let (time_of_day, monotonic) = start;
        let behind = |distance| monotonic.saturating_add(distance);
        match (id, flags) {
            (REALTIME | MONOTONIC, 0) => {
                Wait::Clock { deadline: behind(timeout), time_of_day: None }
            }
            (MONOTONIC, ABSTIME) => Wait::Clock { deadline: timeout, time_of_day: None },
            (REALTIME, ABSTIME) => {
                let deadline = match timeout {
                    u64::MAX => u64::MAX,
                    _ => behind(timeout.saturating_sub(time_of_day)),
                };
                Wait::Clock { deadline, time_of_day: Some(timeout) }
            }
            _ => Wait::Wrong(Errno::Inval),
        }
    }

    /// Writes an event.
    fn event(
        &self,
        memory: &mut GuestMemory<'_>,
        events: u32,
        index: u32,
        userdata: u64,
        kind: u8,
        ready: &Ready,
    ) -> Result<(), Errno> {
        let mut record = [0; Layout::EVENT as usize];
        record[0..8].copy_from_slice(&userdata.to_le_bytes());
        record[8..10].copy_from_slice(&ready.error.to_le_bytes());
        record[10] = kind;
        record[16..24].copy_from_slice(&ready.bytes.to_le_bytes());
        record[24] = u8::from(ready.hangup);
        memory.write(events + index * Layout::EVENT, &record)
    }
}

fn u32_at(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
}

fn u64_at(record: &[u8], at: usize) -> u64 {
    u64::from(u32_at(record, at)) | u64::from(u32_at(record, at + 4)) << 32
}
