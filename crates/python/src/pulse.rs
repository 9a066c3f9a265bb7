//! The pulse: one thread that interrupts guests, now and then, which run for long and have
//! something to look after: whether a signal has come, or other threads that want the GIL, or other
//! tasks. What is to be looked after, `run` knows. A guest that takes less than a beat is never
//! interrupted.

use pyo3::pyfunction;
use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock},
    thread,
    time::Duration,
};
use windlass::InterruptHandle;

/// The time between two looks.
const BEAT: Duration = Duration::from_millis(10);

/// After so many beats with nothing to do, the thread sleeps until it is woken: waking it is dear.
const IDLE: u32 = 100;

/// The one of this process: a child that was forked has none of its parent's threads.
static PULSE: RwLock<Option<Arc<Pulse>>> = RwLock::new(None);

#[derive(Default)]
struct Pulse {
    runs: Mutex<Runs>,
    wake: Condvar,
}

#[derive(Default)]
struct Runs {
    next: u64,
    /// Each with whether it has been there for a whole beat.
    running: HashMap<u64, (InterruptHandle, bool)>,
    sleeps: bool,
}

/// While it lives, a guest is interrupted in each beat.
pub(crate) struct Watch {
    pulse: Arc<Pulse>,
    key: u64,
}

impl Watch {
    /// None if there is no thread for it.
    pub(crate) fn new(handle: &InterruptHandle) -> Option<Watch> {
        let pulse = Pulse::get()?;
        let mut runs = pulse.runs();
        let key = runs.next;
        runs.next += 1;
        runs.running.insert(key, (handle.clone(), false));
        if runs.sleeps {
            runs.sleeps = false;
            pulse.wake.notify_one();
        }
        drop(runs);
        Some(Watch { pulse, key })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.pulse.runs().running.remove(&self.key);
    }
}

impl Pulse {
    fn get() -> Option<Arc<Pulse>> {
        if let Some(pulse) = &*PULSE.read().unwrap_or_else(PoisonError::into_inner) {
            return Some(pulse.clone());
        }
        let mut place = PULSE.write().unwrap_or_else(PoisonError::into_inner);
        if place.is_none() {
            let pulse = Arc::new(Pulse::default());
            let beating = pulse.clone();
            let builder = thread::Builder::new().name("windlass-pulse".into());
            builder.stack_size(64 << 10).spawn(move || beating.beat()).ok()?;
            *place = Some(pulse);
        }
        place.clone()
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beat(&self) {
        let mut idle = 0;
        loop {
            thread::sleep(BEAT);
            let mut runs = self.runs();
            for (handle, is_old) in runs.running.values_mut() {
                if *is_old {
                    handle.interrupt();
                }
                *is_old = true;
            }
            idle = if runs.running.is_empty() { idle + 1 } else { 0 };
            if idle == IDLE {
                idle = 0;
                runs.sleeps = true;
                let sleeps = |runs: &mut Runs| runs.sleeps;
                drop(self.wake.wait_while(runs, sleeps));
            }
        }
    }
}

/// To be called in a child that was forked: it makes a pulse of its own.
#[pyfunction(name = "_after_fork")]
pub(crate) fn after_fork() {
    // Whoever has this lock holds the GIL, as whoever forks does: nobody has it now.
    *PULSE.write().unwrap_or_else(PoisonError::into_inner) = None;
    crate::run::forget_thread();
}
