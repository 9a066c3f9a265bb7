//! `--timeout`: [`Watchdog`] stops a program when its time is up. `run` starts it before anything
//! else that takes time.

use crate::terminal::{TIMED_OUT, complain};
use std::{
    process,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};
use windlass::InterruptHandle;

/// Stops the program when its time is up. Dropped, it lets it run.
pub(crate) struct Watchdog {
    _done: mpsc::Sender<()>,
    state: Arc<Mutex<State>>,
}

/// Whichever comes first, the program is stopped when its time is up and it is there.
#[derive(Default)]
struct State {
    guest: Option<InterruptHandle>,
    has_fired: bool,
}

/// How long a program may take to notice that its time is up. It takes longer in a call of the host
/// that can't be interrupted, or on a machine that is very busy: nobody can tell which.
const GRACE: Duration = Duration::from_millis(500);

impl Watchdog {
    pub(crate) fn start(timeout: Duration) -> Watchdog {
        let (_done, wait) = mpsc::channel::<()>();
        let state = Arc::<Mutex<State>>::default();
        let watched = state.clone();
        let timed_out = move |time| wait.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout);
        thread::spawn(move || {
            if timed_out(timeout) {
                lock(&watched).fire();
                if timed_out(GRACE) {
                    complain(match lock(&watched).guest {
                        Some(_) => "interrupted: the program did not stop by itself in time",
                        None => "interrupted, before the program began",
                    });
                    process::exit(TIMED_OUT.into());
                }
            }
        });
        Watchdog { _done, state }
    }

    /// What it stops.
    pub(crate) fn watch(&self, guest: InterruptHandle) {
        lock(&self.state).watch(guest);
    }

    /// Whether the time is up.
    pub(crate) fn has_fired(&self) -> bool {
        lock(&self.state).has_fired
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn watch(&mut self, guest: InterruptHandle) {
        if self.has_fired {
            guest.interrupt();
        }
        self.guest = Some(guest);
    }

    fn fire(&mut self) {
        self.has_fired = true;
        if let Some(guest) = &self.guest {
            guest.interrupt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State;
    use windlass::{Config, Engine, Metering, Store};

    #[test]
    fn a_program_is_stopped_that_comes_when_its_time_is_up() {
        let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
        for comes_late in [false, true] {
            let guest = Store::new(&engine, ()).interrupt_handle().unwrap();
            let mut state = State::default();
            if comes_late {
                state.fire();
                state.watch(guest.clone());
            } else {
                state.watch(guest.clone());
                assert!(!guest.is_interrupted());
                state.fire();
            }
            assert!(guest.is_interrupted() && state.has_fired);
        }
    }
}
