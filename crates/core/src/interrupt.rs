//! [`Interrupt`], the word that running code looks at, and [`Epochs`], which counts an engine's
//! ticks and raises the interrupts of stores whose deadline has come. Whoever raises waits for
//! nobody: what is locked just then, its holder looks at again afterwards.

use crate::lock::TryLock;
use alloc::{collections::TryReserveError, sync::Arc};
#[cfg(feature = "std")]
use core::sync::atomic::AtomicBool;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering, fence};
use windlass_validate::Ordered;

/// Somebody asked for it: stops one guest.
const ASKED: u8 = 1;
/// The deadline has come: stops every guest until there is another deadline.
const DEADLINE: u8 = 2;

/// Set from any thread to stop a guest. Code looks whether it is 0; the bits are its causes.
pub(crate) struct Interrupt {
    causes: AtomicU8,
    /// The thread on which the guest waits.
    #[cfg(feature = "std")]
    sleeper: TryLock<Option<std::thread::Thread>>,
    /// It is to be woken: who wakes it looks again afterwards.
    #[cfg(feature = "std")]
    wakes: AtomicBool,
}

impl Interrupt {
    pub(crate) fn new() -> Interrupt {
        Interrupt {
            causes: AtomicU8::new(0),
            #[cfg(feature = "std")]
            sleeper: TryLock::new(None),
            #[cfg(feature = "std")]
            wakes: AtomicBool::new(false),
        }
    }

    /// What running code looks at.
    pub(crate) fn flag(&self) -> &AtomicU8 {
        &self.causes
    }

    #[inline]
    pub(crate) fn is_raised(&self) -> bool {
        self.causes.load(Ordering::Relaxed) != 0
    }

    /// Stops the guest, or the next one if none runs.
    pub(crate) fn raise(&self) {
        self.set(ASKED);
    }

    /// Takes back that somebody asked: it has stopped the guest, or is not to. A deadline stays.
    pub(crate) fn clear(&self) {
        self.causes.fetch_and(!ASKED, Ordering::Relaxed);
    }

    fn set(&self, cause: u8) {
        self.causes.fetch_or(cause, Ordering::Relaxed);
        #[cfg(feature = "std")]
        self.wake(std::thread::Thread::unpark);
    }

    /// Wakes the sleeper. Whoever lies down meanwhile looks at the causes afterwards; and if
    /// another thread wakes it just then, that does so once more: the sleeper may have seen that
    /// the cause before was taken back.
    #[cfg(feature = "std")]
    fn wake(&self, mut unpark: impl FnMut(&std::thread::Thread)) {
        self.wakes.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        while self.wakes.load(Ordering::Relaxed) {
            let woken = self.sleeper.try_with(|sleeper| {
                // The causes of those whose wake this is come before it.
                self.wakes.swap(false, Ordering::AcqRel);
                if let Some(thread) = sleeper {
                    unpark(thread);
                }
            });
            if woken.is_none() {
                return;
            }
            fence(Ordering::SeqCst);
        }
    }
}

/// While it lives, an interrupt wakes this thread.
#[cfg(feature = "std")]
pub(crate) struct Sleeper<'a>(&'a Interrupt);

#[cfg(feature = "std")]
impl Sleeper<'_> {
    /// The causes are to be looked at after this.
    pub(crate) fn new(interrupt: &Interrupt) -> Sleeper<'_> {
        interrupt.sleeper.with(|sleeper| *sleeper = Some(std::thread::current()));
        fence(Ordering::SeqCst);
        Sleeper(interrupt)
    }
}

#[cfg(feature = "std")]
impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.0.sleeper.with(|sleeper| *sleeper = None);
    }
}

/// The ticks of an engine, and who waits for which.
#[derive(Default)]
pub(crate) struct Epochs {
    /// Ticks that nobody has counted yet.
    ticks: AtomicUsize,
    state: TryLock<State>,
}

#[derive(Default)]
struct State {
    /// The ticks so far. They don't come to an end, whatever the size of a host's words.
    now: u64,
    /// Up to which tick deadlines have raised their interrupts.
    raised: u64,
    /// In the order of their keys.
    deadlines: Ordered<Due>,
}

/// What is raised, and when.
struct Due {
    at: u64,
    interrupt: Arc<Interrupt>,
}

impl Due {
    /// The tick; one tick's are in order of their addresses.
    fn key(&self) -> (u64, usize) {
        key(self.at, &self.interrupt)
    }
}

fn key(at: u64, interrupt: &Arc<Interrupt>) -> (u64, usize) {
    (at, Arc::as_ptr(interrupt) as usize)
}

impl Epochs {
    /// One tick more. Allocates nothing, frees nothing, waits for nobody.
    pub(crate) fn increment(&self) {
        self.ticks.fetch_add(1, Ordering::Relaxed);
        self.raise();
    }

    /// Raises whose deadline has come. If another thread holds the list, it does so instead when it
    /// lets it go.
    fn raise(&self) {
        fence(Ordering::SeqCst);
        while self.ticks.load(Ordering::Relaxed) != 0 {
            if self.state.try_with(|state| state.raise(&self.ticks)).is_none() {
                return;
            }
            fence(Ordering::SeqCst);
        }
    }

    /// Works on the list, with the ticks up to now counted.
    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        let result = self.state.with(|state| {
            state.raise(&self.ticks);
            f(state)
        });
        self.raise();
        result
    }

    #[cfg(test)]
    pub(crate) fn deadlines(&self) -> usize {
        self.with(|state| state.deadlines.len())
    }
}

impl State {
    fn raise(&mut self, ticks: &AtomicUsize) {
        let more = ticks.swap(0, Ordering::Relaxed) as u64;
        self.now = self.now.saturating_add(more);
        if self.raised < self.now {
            // What lies before has been raised already.
            let mut last = (self.raised, usize::MAX);
            while let Some(due) = self.deadlines.above(|due| due.key().cmp(&last))
                && due.at <= self.now
            {
                due.interrupt.set(DEADLINE);
                last = due.key();
            }
            self.raised = self.now;
        }
    }
}

/// The deadline of a store, which ends with it.
pub(crate) struct Deadline {
    epochs: Arc<Epochs>,
    interrupt: Arc<Interrupt>,
    at: Option<At>,
}

/// When a deadline is, and what ends it: only programs that set one have that in them.
struct At {
    tick: u64,
    end: fn(&Deadline, u64),
}

impl Deadline {
    /// None yet.
    pub(crate) fn new(epochs: Arc<Epochs>, interrupt: Arc<Interrupt>) -> Deadline {
        Deadline { epochs, interrupt, at: None }
    }

    /// Sets it so many ticks from now on, instead of the one before.
    ///
    /// # Errors
    /// If it is the first, and the host has no memory for it.
    pub(crate) fn set(&mut self, ticks: u64) -> Result<(), TryReserveError> {
        let Deadline { epochs, interrupt, at } = self;
        epochs.with(|state| {
            match at.take() {
                Some(old) => {
                    let old = key(old.tick, interrupt);
                    state.deadlines.remove(|due| due.key().cmp(&old));
                }
                None => state.deadlines.reserve()?,
            }
            interrupt.causes.fetch_and(!DEADLINE, Ordering::Relaxed);
            let new = state.now.saturating_add(ticks);
            if new <= state.now {
                interrupt.set(DEADLINE);
            }
            let due = Due { at: new, interrupt: interrupt.clone() };
            state.deadlines.insert(due, |a, b| a.key().cmp(&b.key()));
            *at = Some(At { tick: new, end: Deadline::end });
            Ok(())
        })
    }

    fn end(&self, tick: u64) {
        let key = key(tick, &self.interrupt);
        let due = self.epochs.with(|state| state.deadlines.remove(|due| due.key().cmp(&key)));
        drop(due);
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        if let Some(At { tick, end }) = self.at.take() {
            end(self, tick);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline(epochs: &Arc<Epochs>) -> (Arc<Interrupt>, Deadline) {
        let interrupt = Arc::new(Interrupt::new());
        (interrupt.clone(), Deadline::new(epochs.clone(), interrupt))
    }

    #[test]
    fn causes_do_not_clear_each_other() {
        let epochs = Arc::new(Epochs::default());
        let (interrupt, mut deadline) = deadline(&epochs);
        deadline.set(1).expect("there is memory");
        interrupt.raise();
        epochs.increment();
        interrupt.clear();
        assert!(interrupt.is_raised(), "the deadline has come all the same");
        interrupt.raise();
        deadline.set(1).expect("there is memory");
        assert!(interrupt.is_raised(), "somebody asked all the same");
        interrupt.clear();
        assert!(!interrupt.is_raised());
    }

    /// One thread wakes the sleeper, which sees nothing, since that was taken back; before it lets
    /// the sleeper go, another raises.
    #[test]
    fn a_raise_while_another_wakes_is_not_lost() {
        let interrupt = Interrupt::new();
        let _sleeper = Sleeper::new(&interrupt);
        interrupt.causes.fetch_or(ASKED, Ordering::Relaxed);
        let mut seen = alloc::vec::Vec::new();
        interrupt.wake(|_| {
            if seen.is_empty() {
                interrupt.clear();
                seen.push(interrupt.is_raised());
                interrupt.raise();
            } else {
                seen.push(interrupt.is_raised());
            }
        });
        assert_eq!(seen, [false, true]);
    }

    #[test]
    fn deadlines_come_in_order_and_end_with_their_store() {
        let epochs = Arc::new(Epochs::default());
        let (first, mut one) = deadline(&epochs);
        let (second, mut two) = deadline(&epochs);
        let (third, mut three) = deadline(&epochs);
        let raised = || [&first, &second, &third].map(|interrupt| interrupt.is_raised());
        one.set(2).expect("there is memory");
        two.set(3).expect("there is memory");
        three.set(u64::MAX).expect("there is memory");
        epochs.increment();
        assert_eq!(raised(), [false, false, false]);
        epochs.increment();
        assert_eq!(raised(), [true, false, false]);
        one.set(1).expect("there is memory");
        assert_eq!(raised(), [false, false, false]);
        epochs.increment();
        assert_eq!(raised(), [true, true, false]);
        two.set(0).expect("there is memory");
        assert_eq!(raised(), [true, true, false]);
        assert_eq!(epochs.deadlines(), 3);
        drop((one, two, three));
        assert_eq!(epochs.deadlines(), 0);
    }

    #[test]
    fn a_tick_while_the_list_is_held_is_not_lost() {
        let epochs = Arc::new(Epochs::default());
        let (interrupt, mut deadline) = deadline(&epochs);
        deadline.set(1).expect("there is memory");
        epochs.with(|_| {
            // Waits for nobody.
            epochs.increment();
            assert!(!interrupt.is_raised());
        });
        assert!(interrupt.is_raised());
    }

    #[test]
    fn ticks_from_many_threads_are_counted() {
        let epochs = Arc::new(Epochs::default());
        let (interrupt, mut deadline) = deadline(&epochs);
        deadline.set(4000).expect("there is memory");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| epochs.increment()));
            }
        });
        assert!(interrupt.is_raised());
        deadline.set(1).expect("there is memory");
        assert!(!interrupt.is_raised());
    }
}
