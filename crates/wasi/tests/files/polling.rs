//! `poll_oneoff`: clocks, descriptors, interruption.

use crate::world::{BUFFER, READ, RESULT, ROOT, World, both, call};
use std::{
    cell::Cell,
    time::{Duration, Instant},
};
use windlass_wasi::{
    DeterministicClock, Dialect, Errno, GuestMemory, InputStream, MonotonicClock, WallClock,
    WasiCtxBuilder, preview1,
};

const SUBSCRIPTIONS: u32 = BUFFER;
const EVENTS: u32 = BUFFER + 0x1000;

fn world(set: impl FnOnce(&mut WasiCtxBuilder)) -> World {
    let mut builder = WasiCtxBuilder::new();
    set(&mut builder);
    World { ctx: builder.build(), memory: vec![0; 1 << 16], name: "poll", host: None }
}

/// A clock: its number, the time, the flags.
fn clock(id: u32, timeout: u64, flags: u16) -> [u8; 48] {
    let mut record = [0; 48];
    record[16..20].copy_from_slice(&id.to_le_bytes());
    record[24..32].copy_from_slice(&timeout.to_le_bytes());
    record[40..42].copy_from_slice(&flags.to_le_bytes());
    record
}

/// A descriptor: 1 to be read, 2 to be written.
fn descriptor(kind: u8, fd: u32) -> [u8; 48] {
    let mut record = [0; 48];
    record[8] = kind;
    record[16..20].copy_from_slice(&fd.to_le_bytes());
    record
}

/// Polls; the user data of each subscription is 100 plus its place. Returns place, error, kind and
/// bytes of each event.
fn poll(w: &mut World, subscriptions: &[[u8; 48]]) -> Result<Vec<(u64, u16, u8, u64)>, Errno> {
    poll_until(w, subscriptions, &|| false)
}

fn poll_until(
    w: &mut World,
    subscriptions: &[[u8; 48]],
    interrupted: &dyn Fn() -> bool,
) -> Result<Vec<(u64, u16, u8, u64)>, Errno> {
    for (index, subscription) in subscriptions.iter().enumerate() {
        let at = SUBSCRIPTIONS + 48 * index as u32;
        w.put(at, subscription);
        w.put(at, &(100 + index as u64).to_le_bytes());
    }
    let count = subscriptions.len() as u32;
    preview1::poll_oneoff(
        &mut w.ctx,
        &mut GuestMemory::new(&mut w.memory).interrupted_by(interrupted),
        Dialect::Preview1,
        SUBSCRIPTIONS,
        EVENTS,
        count,
        RESULT,
    )?;
    let event = |i| {
        let at = EVENTS + 32 * i;
        let error = w.memory[at as usize + 8] as u16;
        (w.u64(at) - 100, error, w.memory[at as usize + 10], w.u64(at + 16))
    };
    Ok((0..w.u32(RESULT)).map(event).collect())
}

#[test]
fn clocks() {
    let mut w = world(|_| ());
    let start = Instant::now();
    assert_eq!(poll(&mut w, &[clock(1, 30_000_000, 0)]), Ok(vec![(0, 0, 0, 0)]));
    assert!(start.elapsed() >= Duration::from_millis(30));
    let start = Instant::now();
    let both = [clock(1, 60_000_000_000, 0), clock(0, 5_000_000, 0)];
    assert_eq!(poll(&mut w, &both), Ok(vec![(1, 0, 0, 0)]), "the first that comes");
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(poll(&mut w, &[clock(0, 1, 1)]), Ok(vec![(0, 0, 0, 0)]), "a time long past");
    assert_eq!(poll(&mut w, &[clock(0, 0, 0), clock(1, 0, 0)]).unwrap().len(), 2);
    call!(w, clock_time_get, 0, 0, RESULT).unwrap();
    let soon = w.u64(RESULT) + 20_000_000;
    let start = Instant::now();
    assert_eq!(poll(&mut w, &[clock(0, soon, 1)]), Ok(vec![(0, 0, 0, 0)]));
    assert!(start.elapsed() >= Duration::from_millis(15));
}

#[test]
fn wrong_subscriptions() {
    let mut w = world(|_| ());
    let inval = Errno::Inval as u16;
    assert_eq!(poll(&mut w, &[]), Err(Errno::Inval));
    assert_eq!(poll(&mut w, &[clock(7, 0, 0)]), Ok(vec![(0, inval, 0, 0)]));
    assert_eq!(poll(&mut w, &[clock(1, 0, 2)]), Ok(vec![(0, inval, 0, 0)]));
    assert_eq!(poll(&mut w, &[descriptor(3, 0)]), Err(Errno::Inval));
    let badf = Errno::BadF as u16;
    let wrong = [descriptor(1, 99), descriptor(2, 0), descriptor(1, 1), clock(1, u64::MAX, 0)];
    let events = poll(&mut w, &wrong).unwrap();
    assert_eq!(events, [(0, badf, 1, 0), (1, badf, 2, 0), (2, badf, 1, 0)]);
    let end = w.memory.len() as u32;
    for (subscriptions, events, count, stored) in [
        (end - 47, EVENTS, 1, RESULT),
        (SUBSCRIPTIONS, end - 31, 1, RESULT),
        (SUBSCRIPTIONS, EVENTS, 1, end - 3),
        (SUBSCRIPTIONS, EVENTS, u32::MAX, RESULT),
        (SUBSCRIPTIONS, EVENTS, 1 << 28, RESULT),
    ] {
        let dialect = Dialect::Preview1;
        let answer = call!(w, poll_oneoff, dialect, subscriptions, events, count, stored);
        assert_eq!(answer, Err(Errno::Fault));
    }
}

#[test]
fn descriptors() {
    both(|w| {
        w.make("f", b"12345");
        let fd = w.open("f", 0, READ).unwrap();
        w.read(fd, 2).unwrap();
        let all = [descriptor(1, fd), descriptor(1, 0), descriptor(2, 1), clock(1, u64::MAX, 0)];
        assert_eq!(poll(w, &all), Ok(vec![(0, 0, 1, 3), (1, 0, 1, 1), (2, 0, 2, 1)]));
        let badf = Errno::BadF as u16;
        assert_eq!(poll(w, &[descriptor(2, fd)]), Ok(vec![(0, badf, 2, 0)]), "not to be written");
        assert_eq!(poll(w, &[descriptor(1, ROOT)]), Ok(vec![(0, badf, 1, 0)]));
    });
}

/// Input that comes after some time.
struct Slow(Instant);

impl InputStream for Slow {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Errno> {
        Ok(0)
    }
    fn is_ready(&mut self) -> Result<bool, Errno> {
        Ok(Instant::now() >= self.0)
    }
}

#[test]
fn input_that_comes_late() {
    let later = Instant::now() + Duration::from_millis(50);
    let mut w = world(|builder| {
        builder.stdin(Slow(later));
    });
    call!(w, fd_fdstat_set_flags, 0, 4).unwrap();
    assert_eq!(w.read(0, 1), Err(Errno::Again), "nonblocking");
    let timeout = clock(1, 1_000_000, 0);
    assert_eq!(poll(&mut w, &[descriptor(1, 0), timeout]), Ok(vec![(1, 0, 0, 0)]));
    assert_eq!(poll(&mut w, &[descriptor(1, 0)]), Ok(vec![(0, 0, 1, 1)]));
    assert!(Instant::now() >= later);
    assert_eq!(w.read(0, 1), Ok(vec![]));
}

#[test]
fn interruption() {
    let mut w = world(|_| ());
    let asked = Cell::new(0);
    let interrupted = || {
        asked.set(asked.get() + 1);
        asked.get() == 3
    };
    let forever = [clock(1, u64::MAX, 0)];
    assert_eq!(poll_until(&mut w, &forever, &interrupted), Err(Errno::Intr));
    assert_eq!(asked.get(), 3);
}

#[test]
fn deterministic_clocks_do_not_wait() {
    let clocks = DeterministicClock::new(Duration::from_secs(5), Duration::ZERO);
    let mut w = world(|builder| {
        builder.wall_clock(clocks.clone()).monotonic_clock(clocks.clone());
    });
    let start = Instant::now();
    assert_eq!(poll(&mut w, &[clock(1, 60_000_000_000, 0)]), Ok(vec![(0, 0, 0, 0)]));
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(MonotonicClock::now(&clocks), Duration::from_secs(65));
}

/// Clocks that show one time forever.
struct Still;

impl WallClock for Still {
    fn now(&self) -> Duration {
        Duration::from_secs(1000)
    }
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }
}

impl MonotonicClock for Still {
    fn now(&self) -> Duration {
        Duration::from_secs(7)
    }
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }
    fn sleep(&self, _: Duration) {}
    fn is_virtual(&self) -> bool {
        true
    }
}

/// Polls, and fails if it looks too often whether it is interrupted: it spins.
fn poll_briefly(w: &mut World, subscription: [u8; 48]) -> Vec<(u64, u16, u8, u64)> {
    let asked = Cell::new(0);
    let interrupted = || {
        asked.set(asked.get() + 1);
        asked.get() > 3
    };
    poll_until(w, &[subscription], &interrupted).expect("it ends")
}

const SECOND: u64 = 1_000_000_000;

/// Waits are measured by the clock that sleeps, whichever is named: none hangs on the other one.
#[test]
fn clocks_that_have_nothing_to_do_with_each_other() {
    let virtual_clock = || DeterministicClock::new(Duration::from_secs(3), Duration::ZERO);
    let slept = virtual_clock();
    let mut stopped = world(|builder| {
        builder.wall_clock(Still).monotonic_clock(slept.clone());
    });
    let mut host = world(|builder| {
        builder.monotonic_clock(virtual_clock());
    });
    let mut apart = world(|builder| {
        builder.wall_clock(virtual_clock()).monotonic_clock(virtual_clock());
    });
    let mut none = world(|builder| {
        builder.wall_clock(Still).monotonic_clock(Still);
    });
    for w in [&mut stopped, &mut host, &mut apart, &mut none] {
        let start = Instant::now();
        call!(w, clock_time_get, 0, 0, RESULT).unwrap();
        let in_an_hour = w.u64(RESULT) + 3600 * SECOND;
        call!(w, clock_time_get, 1, 0, RESULT).unwrap();
        let later = w.u64(RESULT) + 20 * 3600 * SECOND;
        for wait in [clock(0, 3600 * SECOND, 0), clock(0, in_an_hour, 1)] {
            assert_eq!(poll_briefly(w, wait), [(0, 0, 0, 0)]);
        }
        for wait in [clock(1, 3600 * SECOND, 0), clock(1, later, 1)] {
            assert_eq!(poll_briefly(w, wait), [(0, 0, 0, 0)]);
        }
        assert!(start.elapsed() < Duration::from_secs(60));
    }
    assert_eq!(MonotonicClock::now(&slept), Duration::from_secs(3 + 20 * 3600));
}

/// Whatever two subscriptions say, a call ends at once in virtual time, or waits for what does not
/// come until it is interrupted: it never looks again for nothing.
#[test]
fn all_pairs_of_subscriptions() {
    let times = [0, 5, 1 << 40, u64::MAX - 1, u64::MAX];
    let mut all = vec![[0; 48]];
    for time in times {
        for flags in 0..3 {
            all.extend((0..3).map(|id| clock(id, time, flags)));
        }
    }
    for fd in [0, 1, 3, 99] {
        all.extend((1..4).map(|kind| descriptor(kind, fd)));
    }
    let step = Duration::from_millis(1);
    for first in &all {
        for second in &all {
            let mut w = world(|builder| {
                builder.wall_clock(DeterministicClock::new(Duration::ZERO, step));
                builder.monotonic_clock(DeterministicClock::new(Duration::ZERO, step));
            });
            let asked = Cell::new(0);
            let interrupted = || {
                asked.set(asked.get() + 1);
                asked.get() >= 4
            };
            match poll_until(&mut w, &[*first, *second], &interrupted) {
                Err(Errno::Intr) => {
                    let is_endless = |record: &[u8; 48]| {
                        let time = u64::from_le_bytes(record[24..32].try_into().unwrap());
                        record[8] == 0 && time >= u64::MAX - 1
                    };
                    assert!(is_endless(first) && is_endless(second), "{first:?} {second:?}");
                }
                Err(error) => assert_eq!(error, Errno::Inval, "{first:?} {second:?}"),
                Ok(events) => assert!(!events.is_empty() && asked.get() < 4),
            }
        }
    }
}

/// A real monotonic clock, beside a time of day that stands still.
#[test]
fn a_time_of_day_that_stands_still() {
    let mut w = world(|builder| {
        builder.wall_clock(Still);
    });
    let soon = 1000 * SECOND + 20_000_000;
    for wait in [clock(0, 20_000_000, 0), clock(0, soon, 1)] {
        let start = Instant::now();
        assert_eq!(poll(&mut w, &[wait]), Ok(vec![(0, 0, 0, 0)]));
        assert!(start.elapsed() >= Duration::from_millis(20));
        let asked = Cell::new(0);
        let interrupted = || {
            asked.set(asked.get() + 1);
            asked.get() == 2
        };
        assert_eq!(poll_until(&mut w, &[wait], &interrupted), Err(Errno::Intr));
    }
    let forever = clock(0, u64::MAX, 1);
    assert_eq!(poll_until(&mut w, &[forever], &|| true), Err(Errno::Intr));
}

/// A time of day that is set while a guest waits for it.
#[test]
fn a_time_of_day_that_is_set() {
    let day = DeterministicClock::new(Duration::from_secs(1000), Duration::ZERO);
    let mut w = world(|builder| {
        builder.wall_clock(day.clone());
    });
    let asked = Cell::new(0);
    let sets = || {
        asked.set(asked.get() + 1);
        if asked.get() == 2 {
            day.sleep(Duration::from_secs(3600));
        }
        false
    };
    let start = Instant::now();
    let wait = clock(0, 3000 * SECOND, 1);
    assert_eq!(poll_until(&mut w, &[wait], &sets), Ok(vec![(0, 0, 0, 0)]));
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn the_older_layout() {
    let mut w = world(|_| ());
    let mut record = [0; 56];
    record[0] = 7;
    record[16..24].copy_from_slice(&u64::MAX.to_le_bytes()); // the identifier
    record[24] = 1;
    record[32..40].copy_from_slice(&1_000_000u64.to_le_bytes());
    w.put(SUBSCRIPTIONS, &record);
    call!(w, poll_oneoff, Dialect::Unstable, SUBSCRIPTIONS, EVENTS, 1, RESULT).unwrap();
    assert_eq!((w.u32(RESULT), w.u64(EVENTS), w.u64(EVENTS + 8)), (1, 7, 0));
}

/// Time passes at once when only clocks are waited for, as far as it goes; its end does not come.
#[test]
fn virtual_time() {
    let clocks = DeterministicClock::new(Duration::ZERO, Duration::ZERO);
    let mut w = world(|builder| {
        builder.wall_clock(clocks.clone()).monotonic_clock(clocks.clone());
    });
    let now = || MonotonicClock::now(&clocks).as_nanos();
    let (hour, day) = (3_600_000_000_000, 86_400_000_000_000);
    let all = [clock(1, day, 0), clock(0, hour, 0), clock(1, u64::MAX, 0)];
    assert_eq!(poll(&mut w, &all), Ok(vec![(1, 0, 0, 0)]), "the first that comes");
    assert_eq!(now(), hour.into());
    assert_eq!(poll(&mut w, &[clock(1, day, 1)]), Ok(vec![(0, 0, 0, 0)]));
    assert_eq!(now(), day.into());

    let asked = Cell::new(0);
    let interrupted = || {
        asked.set(asked.get() + 1);
        asked.get() % 3 == 0
    };
    for forever in [clock(1, u64::MAX, 0), clock(0, u64::MAX - 1, 0), clock(1, u64::MAX, 1)] {
        assert_eq!(poll_until(&mut w, &[forever], &interrupted), Err(Errno::Intr));
        assert_eq!(now(), day.into(), "that is no time that passes");
    }
    assert_eq!(asked.get(), 9);
    assert_eq!(poll(&mut w, &[clock(1, u64::MAX - 1, 1)]), Ok(vec![(0, 0, 0, 0)]));
    clocks.sleep(Duration::MAX);
    assert_eq!(now(), u64::MAX.into(), "it stops there");
    call!(w, clock_time_get, 1, 0, RESULT).unwrap();
    assert_eq!(w.u64(RESULT), u64::MAX);
    assert_eq!(poll(&mut w, &[clock(1, 5, 1)]), Ok(vec![(0, 0, 0, 0)]), "long past");
    assert_eq!(poll_until(&mut w, &[clock(1, 1, 0)], &interrupted), Err(Errno::Intr));
}

/// Two subscriptions of one descriptor: each has its event.
#[cfg(unix)] // Elsewhere it can't be told whether a connection can be read.
#[test]
fn one_descriptor_twice() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = std::net::TcpStream::connect(address.local_addr().unwrap()).unwrap();
    let mut w = world(|builder| {
        builder.preopened_socket(address);
    });
    call!(w, sock_accept, 3, 0, RESULT).unwrap();
    let fd = w.u32(RESULT);
    let both = [descriptor(1, fd), descriptor(2, fd)];
    assert_eq!(poll(&mut w, &both), Ok(vec![(1, 0, 2, 1)]), "it can be written only");
    let twice = [descriptor(1, fd), descriptor(1, fd)];
    let reader = std::thread::spawn(move || {
        let mut w = w;
        let answer = poll(&mut w, &twice);
        (w, answer)
    });
    std::io::Write::write_all(&mut client, b"x").unwrap();
    let (mut w, answer) = reader.join().unwrap();
    assert_eq!(answer, Ok(vec![(0, 0, 1, 1), (1, 0, 1, 1)]));
    assert_eq!(poll(&mut w, &both), Ok(vec![(0, 0, 1, 1), (1, 0, 2, 1)]));
}
