//! `clock_*`, and the clocks that they read: [`WallClock`] and [`MonotonicClock`], which an embedder can
//! replace. Time reaches the guest through nothing else.

use crate::{
    WasiCtx,
    abi::{Errno, GuestMemory},
};
use std::time::{Duration, Instant, SystemTime};

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
}

/// The clocks of the host.
pub(crate) struct HostClock(Instant);

impl HostClock {
    /// Its monotonic time starts now.
    pub(crate) fn new() -> HostClock {
        HostClock(Instant::now())
    }
}

/// What the host's clocks promise on every system.
const RESOLUTION: Duration = Duration::from_nanos(1);

impl WallClock for HostClock {
    fn resolution(&self) -> Duration {
        RESOLUTION
    }

    fn now(&self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

impl MonotonicClock for HostClock {
    fn resolution(&self) -> Duration {
        RESOLUTION
    }

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The clocks' numbers. The clocks of processor time (2, 3) are not offered: `EINVAL`, as the
/// specification wants it.
const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;

pub(crate) fn clock_res_get(
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

pub(crate) fn clock_time_get(
    ctx: &mut WasiCtx,
    memory: &mut GuestMemory<'_>,
    id: u32,
    _precision: u64,
    time: u32,
) -> Result<(), Errno> {
    let value = match id {
        REALTIME => ctx.wall_clock.now(),
        MONOTONIC => ctx.monotonic_clock.now(),
        _ => return Err(Errno::Inval),
    };
    memory.write_u64(time, nanoseconds(value)?)
}

fn nanoseconds(duration: Duration) -> Result<u64, Errno> {
    u64::try_from(duration.as_nanos()).map_err(|_| Errno::Overflow)
}
