//! `clock_*`, and the clocks that they read: [`WallClock`] and [`MonotonicClock`], which an
//! embedder can replace. Time reaches the guest through nothing else.

use crate::{Errno, GuestMemory, WasiCtx};
use alloc::sync::Arc;
use core::time::Duration;
use spin::Mutex;

/// The time of day.
pub trait WallClock: Send {
    /// The smallest step that it can tell.
    fn resolution(&self) -> Duration;

    /// The time since 1970-01-01T00:00:00Z.
    fn now(&self) -> Duration;
}

/// A clock that never goes back, from an arbitrary start.
pub trait MonotonicClock: Send {
    /// The smallest step that it can tell.
    fn resolution(&self) -> Duration;

    /// The time since its start.
    fn now(&self) -> Duration;

    /// Whether its time passes only when it is read and slept, and not while waiting for something
    /// else.
    fn is_virtual(&self) -> bool {
        false
    }

    /// Lets time pass: how `poll_oneoff` waits, by whichever clock the guest names. It may return
    /// early; then the guest waits on. A virtual clock that stands still meanwhile has slept all of
    /// it.
    fn sleep(&self, duration: Duration) {
        #[cfg(feature = "std")]
        std::thread::sleep(duration);
        #[cfg(not(feature = "std"))]
        let _ = duration;
    }
}

/// The clocks of the host.
#[cfg(feature = "std")]
#[derive(Clone)]
pub(crate) struct HostClock(std::time::Instant);

#[cfg(feature = "std")]
impl HostClock {
    /// Its monotonic time starts now.
    pub(crate) fn new() -> HostClock {
        HostClock(std::time::Instant::now())
    }
}

/// What the host's clocks promise on every system.
const RESOLUTION: Duration = Duration::from_nanos(1);

#[cfg(feature = "std")]
impl WallClock for HostClock {
    fn resolution(&self) -> Duration {
        RESOLUTION
    }

    fn now(&self) -> Duration {
        use std::time::SystemTime;
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

#[cfg(feature = "std")]
impl MonotonicClock for HostClock {
    fn resolution(&self) -> Duration {
        RESOLUTION
    }

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Both clocks of a guest to which no host gives time: it stands still but for what is slept.
#[cfg(not(feature = "std"))]
pub(crate) fn still() -> DeterministicClock {
    DeterministicClock::new(Duration::ZERO, Duration::ZERO)
}

/// The last time that can be told to a guest: in the year 2554. Whoever waits for it waits forever.
pub(crate) const END: Duration = Duration::from_nanos(u64::MAX);

/// A clock that knows nothing of the host: it goes on by a fixed step whenever it is read, and by
/// as much as is slept, without waiting; it stops at the last time that a guest can be told. Clones
/// share their time, so one can be both clocks of a guest.
///
/// ```
/// use std::time::Duration;
/// use windlass_wasi::{DeterministicClock, MonotonicClock};
/// let clock = DeterministicClock::new(Duration::from_secs(1), Duration::from_millis(1));
/// assert_eq!(MonotonicClock::now(&clock), Duration::from_millis(1001));
/// clock.sleep(Duration::from_secs(60));
/// assert_eq!(MonotonicClock::now(&clock), Duration::from_millis(61_002));
/// ```
#[derive(Clone, Debug)]
pub struct DeterministicClock {
    time: Arc<Mutex<Duration>>,
    step: Duration,
}

impl DeterministicClock {
    /// It begins at `start`.
    pub fn new(start: Duration, step: Duration) -> DeterministicClock {
        DeterministicClock { time: Arc::new(Mutex::new(start)), step }
    }

    /// Its time ends where a guest's does.
    fn pass(&self, duration: Duration) -> Duration {
        let mut time = self.time.lock();
        *time = time.saturating_add(duration).min(END);
        *time
    }
}

impl WallClock for DeterministicClock {
    fn resolution(&self) -> Duration {
        self.step.max(RESOLUTION)
    }

    fn now(&self) -> Duration {
        self.pass(self.step)
    }
}

impl MonotonicClock for DeterministicClock {
    fn resolution(&self) -> Duration {
        self.step.max(RESOLUTION)
    }

    fn now(&self) -> Duration {
        self.pass(self.step)
    }

    fn is_virtual(&self) -> bool {
        true
    }

    fn sleep(&self, duration: Duration) {
        self.pass(duration);
    }
}

/// The clocks' numbers. The clocks of processor time (2, 3) are not offered: `EINVAL`, as the
/// specification wants it.
pub(crate) const REALTIME: u32 = 0;
pub(crate) const MONOTONIC: u32 = 1;

/// Tells the smallest step of a clock.
///
/// Parameters: `id`, 0 for the time of day, 1 for the monotonic clock; `resolution`, where the
/// nanoseconds go.
///
/// Errors: `EINVAL` if there is no such clock, the clocks of processor time included; `EFAULT`.
///
/// ```text
/// resolution ─▶ ┌─────┐
///               │ u64 │ written
///               └─────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#clock_res_get>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/clock_getres.html>.
pub fn clock_res_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    id: u32,
    resolution: u32,
) -> Result<(), Errno> {
    let value = match id {
        REALTIME => ctx.wall_clock.resolution(),
        MONOTONIC => ctx.monotonic_clock.resolution(),
        _ => return Err(Errno::Inval),
    };
    memory.write_u64(resolution, nanoseconds(value)?)
}

/// Tells the time.
///
/// Parameters: `id`, 0 for the time of day, 1 for the monotonic clock; `precision`, which is not
/// used; `time`, where the nanoseconds go: since 1970, or since the clock's start.
///
/// Errors: `EINVAL` if there is no such clock; `EFAULT`; `EOVERFLOW` in the year 2554.
///
/// ```text
/// time ─▶ ┌─────┐
///         │ u64 │ written
///         └─────┘
/// ```
///
/// It follows, of WASI,
/// <https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#clock_time_get>
/// and, of POSIX,
/// <https://pubs.opengroup.org/onlinepubs/9799919799/functions/clock_gettime.html>.
pub fn clock_time_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    id: u32,
    precision: u64,
    time: u32,
) -> Result<(), Errno> {
    let _ = precision;
    memory.write_u64(time, ctx.time(id)?)
}

impl WasiCtx {
    /// The time of a clock in nanoseconds.
    pub(crate) fn time(&self, id: u32) -> Result<u64, Errno> {
        nanoseconds(match id {
            REALTIME => self.wall_clock.now(),
            MONOTONIC => self.monotonic_clock.now(),
            _ => return Err(Errno::Inval),
        })
    }
}

pub(crate) fn nanoseconds(duration: Duration) -> Result<u64, Errno> {
    u64::try_from(duration.as_nanos()).map_err(|_| Errno::Overflow)
}
