//! `--timeout`: [`Watchdog`] stops a program when its time is up. `run` starts it before anything
//! else that takes time.

use crate::terminal::{TIMED_OUT, complain};
use std::{
    process,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};
use windlass::InterruptHandle;

/// Stops the program when its time is up. Dropped, it lets it run.
pub(crate) struct Watchdog {
    _done: mpsc::Sender<()>,
    guest: Arc<OnceLock<InterruptHandle>>,
    has_fired: Arc<AtomicBool>,
}

/// How long a program may take to notice that its time is up. It takes longer in a call of the host
/// that can't be interrupted, or on a machine that is very busy: nobody can tell which.
const GRACE: Duration = Duration::from_millis(500);

impl Watchdog {
    pub(crate) fn start(timeout: Duration) -> Watchdog {
        let (_done, wait) = mpsc::channel::<()>();
        let guest = Arc::<OnceLock<InterruptHandle>>::default();
        let has_fired = Arc::<AtomicBool>::default();
        let (watched, fired) = (guest.clone(), has_fired.clone());
        let timed_out = move |time| wait.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout);
        thread::spawn(move || {
            if timed_out(timeout) {
                // Before the interrupt, which whoever is stopped by it has seen.
                fired.store(true, Ordering::Release);
                let guest = watched.get();
                if let Some(guest) = guest {
                    guest.interrupt();
                }
                if timed_out(GRACE) {
                    complain(match guest {
                        Some(_) => "interrupted: the program did not stop by itself in time",
                        None => "interrupted, before the program began",
                    });
                    process::exit(TIMED_OUT.into());
                }
            }
        });
        Watchdog { _done, guest, has_fired }
    }

    /// What it stops.
    pub(crate) fn watch(&self, guest: InterruptHandle) {
        // It is called once.
        let _ = self.guest.set(guest);
    }

    /// Whether the time is up.
    pub(crate) fn has_fired(&self) -> bool {
        self.has_fired.load(Ordering::Acquire)
    }
}
