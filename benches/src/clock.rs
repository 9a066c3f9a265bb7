//! What a run costs: CPU time and memory of this process.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// The CPU time that this process has used. Unlike the time of day, it does not count the time in
/// which other processes had the CPU.
pub fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Runs `f` and tells how much CPU time it took.
pub fn timed<R>(f: impl FnOnce() -> R) -> (R, Duration) {
    let start = cpu_time();
    let result = f();
    (result, cpu_time() - start)
}

/// The most memory that this process has had at once, in KiB; none where the system does not tell.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
