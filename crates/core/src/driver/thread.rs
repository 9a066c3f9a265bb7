//! [`Thread`]: a computation: value stack, position, and the driver that runs it.

use super::{
    calls::Switch,
    collect::{Asker, Halted, Outlook, Room, make_room},
    metering::Account,
    slow::{array::Unfinished, growth::Growing},
    stack::Stack,
    threads::Threaded,
    unwind::{HostThrow, KnownPlaces, Search},
};
use crate::{
    Error, Trap,
    exec::{
        handlers::call::enter,
        machine::{
            Cell, Ip, Machine, Sp,
            context::{Context, Stop},
            dispatch::dispatch,
            views::{FuncEntity, MemoryView},
        },
        tables::{EXCEPTIONS, GC, plain},
    },
    runtime::{COLLECTS, Embedder, NO_INSTANCE, StoreInner},
};
use alloc::{boxed::Box, vec::Vec};
use core::ptr;
use windlass_decode::has_room_for;

/// A computation that can be paused: it owns its value stack and never uses the native stack for
/// guest calls.
pub(crate) struct Thread {
    pub(crate) stack: Stack,
    pub(crate) cx: Box<Context>,
    /// Frames that returned to another instance's code, innermost last.
    pub(crate) switches: Vec<Switch>,
    pub(crate) state: State,
    /// For throws.
    pub(crate) places: KnownPlaces,
    /// The search for who catches, if it was interrupted; and how much searches have looked at
    /// since one looked whether to stop: frames, and in each the tags that are the one in question.
    pub(crate) search: Option<Search>,
    pub(crate) searched: u64,
    /// What the host function that was called has thrown, until it is known who catches it.
    pub(crate) thrown: Option<HostThrow>,
    pub(crate) account: Account,
    /// Of an instruction that stopped in the middle.
    pub(crate) growing: Option<Growing>,
    pub(crate) unfinished: Option<Unfinished>,
    /// The function that it was started with, and how many slots its results take.
    pub(crate) func: u32,
    pub(crate) result_slots: usize,
    /// What lies in its slots beside frames, while the host does something else.
    pub(crate) held: Option<Held>,
    /// What the cell that comes next needs, for which a collection was interrupted: it goes on
    /// first.
    room: Option<Room>,
    /// For which instance the context was filled, and how often memories had moved by then.
    seen: (u32, u64),
}

/// Values in slots that are in no frame, of this function of the store.
#[derive(Clone, Copy)]
pub(crate) enum Held {
    /// They are what it will be given.
    Params(u32),
    /// They are what it has returned.
    Results(u32),
}

/// What to do next.
#[derive(Clone, Copy)]
pub(crate) enum State {
    Idle,
    /// To go on at `cx.saved`, at a handler word, when `cx.charge` is paid.
    Ready,
    /// It was called at once, and has stopped at `cx.saved` for this.
    Stopped(Stop),
    /// The function to be called is a host function.
    Host {
        func: u32,
        slots: usize,
        len: usize,
    },
    /// That host function was called: its results are the call's.
    HostFinished,
    /// A host function was called by the guest at `cx.saved`, whose call has two operand words.
    HostCalled {
        slots: usize,
        len: usize,
        is_tail: bool,
    },
    /// It trapped; `cx.saved` tells where.
    Trapped,
}

// SAFETY: its pointers lead into its own stack and context, and to code and stores that it runs on
// only when it is given the store, which is `Send`; code is `Sync`.
unsafe impl Send for Thread {}
// SAFETY: a shared reference only reads.
unsafe impl Sync for Thread {}

/// Why [`Thread::run`] returned.
pub(crate) enum Exit {
    /// The function returned: see [`Thread::results`].
    Finished,
    /// It trapped: see [`Thread::backtrace`]. It can't go on.
    Trap(Trap),
    /// The exception with this reference was thrown, and nothing in it catches that. It can't go
    /// on.
    Exception(u64),
    /// It failed otherwise: a function that was called for the first time is not valid, or the
    /// limiter has said so. It can't go on.
    Failed(Error),
    /// It called the host function `func` (index in the store) from `instance`:
    /// [`Thread::host_slots`] has the arguments and takes the results; then `run` goes on.
    HostCall { func: u32, instance: u32 },
    /// The fuel does not suffice for what comes next: `run` goes on when the debt is paid.
    OutOfFuel,
    /// The interrupt flag was set (it is cleared): `run` goes on.
    Interrupted,
}

impl From<Trap> for Exit {
    fn from(trap: Trap) -> Exit {
        Exit::Trap(trap)
    }
}

impl From<Error> for Exit {
    fn from(error: Error) -> Exit {
        Exit::Failed(error)
    }
}

/// The frame below the outermost one: its two words.
pub(crate) const ROOT_SLOTS: usize = 2;

/// Cells that return addresses can point to without a call before them: two operand words stand for
/// it.
pub(crate) struct ReturnCode([Cell; 3]);

// SAFETY: nothing ever writes them.
unsafe impl Sync for ReturnCode {}

/// The least stack on which the function can be called: it has room for the two words below the
/// outermost frame, for the values, and for that frame's two words.
fn least_stack(entity: &FuncEntity) -> usize {
    2 * ROOT_SLOTS + value_slots(entity)
}

/// The slots of its parameters and results, which lie in the same place.
pub(crate) fn value_slots(entity: &FuncEntity) -> usize {
    entity.param_slots.max(entity.result_slots).into()
}

pub(crate) static HALT: ReturnCode =
    ReturnCode([Cell::word(0), Cell::word(0), Cell::of_handler(plain::HALT)]);
pub(crate) static SWITCH_BACK: ReturnCode =
    ReturnCode([Cell::word(0), Cell::word(0), Cell::of_handler(plain::SWITCH_BACK)]);

impl ReturnCode {
    pub(crate) fn address(&'static self) -> Ip {
        self.0.as_ptr().wrapping_add(2)
    }
}

/// Something is not as the translator and the store make it: going on would be to read wild memory.
/// What was written until now cannot be trusted, so nothing may catch this.
#[cfg(not(test))]
#[cold]
extern "C" fn broken() -> ! {
    panic!("{BROKEN}")
}

/// The same where a test looks at it.
#[cfg(test)]
fn broken() -> ! {
    panic!("{BROKEN}")
}

pub(crate) const BROKEN: &str = "code or a reference is not what the engine has made";

impl Thread {
    /// A computation that has not started; none if the host has no memory for it.
    pub(crate) fn new() -> Option<Thread> {
        Some(Thread {
            stack: Stack::default(),
            cx: has_room_for(size_of::<Context>()).then(|| Box::new(Context::new()))?,
            switches: Vec::new(),
            state: State::Idle,
            places: KnownPlaces::default(),
            search: None,
            searched: 0,
            thrown: None,
            account: Account::default(),
            growing: None,
            unfinished: None,
            func: 0,
            result_slots: 0,
            held: None,
            room: None,
            seen: (NO_INSTANCE, 0),
        })
    }

    /// Starts a call of the store's function `func`, for which `put` writes the slots of its
    /// parameters; the thread is new or at rest. Reuses the stack that it has. A host function is
    /// fine too: `run` then asks for it at once.
    pub(crate) fn start<S: Embedder>(
        &mut self,
        store: &mut S,
        func: u32,
        put: impl FnOnce(&mut StoreInner, &mut [u64]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let entity = store.inner().funcs[func as usize];
        self.ensure_stack(store, least_stack(&entity))?;
        (self.cx.saved.ip, self.cx.saved.sp) =
            self.enter_root(store.inner(), func, &entity, put)?;
        self.state = match entity.code.is_host() {
            true => State::Host { func, slots: ROOT_SLOTS, len: value_slots(&entity) },
            false => State::Ready,
        };
        Ok(())
    }

    /// Whether this function of the store can be called at once: a guest's, for which the stack has
    /// room.
    #[inline]
    pub(crate) fn can_call_at_once(&self, entity: &FuncEntity) -> bool {
        !entity.code.is_host() && self.stack.len >= least_stack(entity)
    }

    /// Starts a call and runs it, all in one: the thread is at rest, and the function one that can
    /// be called at once. Whether the call has finished: then nothing is left of it but its
    /// results. If not, `run` does what it has stopped for.
    #[inline]
    pub(crate) fn call_at_once(
        &mut self,
        store: &mut StoreInner,
        func: u32,
        put: impl FnOnce(&mut StoreInner, &mut [u64]) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let entity = store.funcs[func as usize];
        debug_assert!(self.is_clear() && self.held.is_none() && self.can_call_at_once(&entity));
        let (ip, sp) = self.enter_root(store, func, &entity, put)?;
        let stop = self.execute_from(store, ip, sp);
        if stop != Stop::Finished {
            self.state = State::Stopped(stop);
        }
        Ok(stop == Stop::Finished)
    }

    /// Lays the outermost frame, for which the stack has room, and tells where its code begins and
    /// where it lies: all other registers are dead at a function's entry. A host function has no
    /// frame.
    #[inline]
    fn enter_root(
        &mut self,
        store: &mut StoreInner,
        func: u32,
        entity: &FuncEntity,
        put: impl FnOnce(&mut StoreInner, &mut [u64]) -> Result<(), Error>,
    ) -> Result<(Ip, Sp), Error> {
        let params = usize::from(entity.param_slots);
        put(store, self.stack.slots_mut(ROOT_SLOTS, params))?;
        (self.func, self.result_slots) = (func, entity.result_slots.into());
        let root = self.stack.base();
        if entity.code.is_host() {
            return Ok((HALT.address(), root));
        }
        self.cx.instance = entity.instance;
        // SAFETY: the stack has room for the arguments and two words; the function is not the
        // host's.
        unsafe {
            let sp = root.add(ROOT_SLOTS + params);
            sp.cast::<Ip>().write(HALT.address());
            sp.add(1).cast::<Sp>().write(root);
            Ok((entity.code.load(), sp))
        }
    }

    /// Comes to rest: the call has ended, and all of it is forgotten. A collection must not take
    /// what it finds for something of it, before or after the next one starts. Gives what may run
    /// code of the embedder's when it is dropped. Names every field, so that none that is added can
    /// be missed.
    pub(crate) fn rest(&mut self, store: &mut StoreInner) -> Option<HostThrow> {
        self.let_go(store);
        let Thread {
            stack: _,
            places: _,
            seen: _,
            cx,
            switches,
            state,
            search,
            searched,
            thrown,
            account,
            growing,
            unfinished,
            func,
            result_slots,
            held,
            room,
        } = self;
        switches.clear();
        (*state, *func, *result_slots) = (State::Idle, 0, 0);
        *account = Account::default();
        (*search, *held) = (None, None);
        *searched = 0;
        (*growing, *unfinished, *room) = (None, None, None);
        cx.charge = 0;
        cx.repeats = false;
        thrown.take()
    }

    /// It will not go on: gives back what it holds beside its stack.
    pub(crate) fn let_go(&mut self, store: &mut StoreInner) {
        self.held = None;
        self.abandon_growth(store);
    }

    /// Runs until there is something for the caller to do. The short way is here: to code at once,
    /// and out of it for a host function or when the call has finished.
    #[inline]
    pub(crate) fn run<S: Threaded>(&mut self, store: &mut S) -> Exit {
        let stop = match self.state {
            State::Ready if self.is_clear() => {
                self.held = None;
                self.cx.fuel = store.inner().fuel;
                self.execute_saved(store.inner())
            }
            State::HostCalled { .. } if self.is_clear() => {
                self.held = None;
                return self.run_on(store);
            }
            State::Stopped(stop) => {
                self.state = State::Ready;
                stop
            }
            _ => return self.run_at_last(store),
        };
        self.leave(stop, store)
    }

    /// As `run`, after a host function that was called by code, when nothing else is to be done or
    /// paid: so it is if nothing was before, and the host function has thrown nothing and owes
    /// nothing.
    #[inline]
    pub(crate) fn run_on<S: Threaded>(&mut self, store: &mut S) -> Exit {
        debug_assert!(self.is_clear() && self.held.is_none());
        let State::HostCalled { slots, is_tail, .. } = self.state else { return self.run(store) };
        self.state = State::Ready;
        let stop = self.execute_returned(store.inner(), slots, is_tail);
        self.leave(stop, store)
    }

    /// Code has stopped: on to a host function or out of the call at once, the long way otherwise.
    #[inline]
    fn leave<S: Threaded>(&mut self, stop: Stop, store: &mut S) -> Exit {
        match stop {
            Stop::Finished => {
                self.state = State::Idle;
                Exit::Finished
            }
            Stop::CallImport => match self.imported_host_func() {
                Some((func, entity)) => self.call_host(func, &entity, false),
                None => self.go_on(stop, store),
            },
            _ => self.go_on(stop, store),
        }
    }

    /// Whether nothing is to be done or paid before code runs.
    #[inline]
    fn is_clear(&self) -> bool {
        self.account.is_clear()
            && self.cx.charge == 0
            && self.thrown.is_none()
            && self.room.is_none()
    }

    /// As `run`, with what is to be done first.
    #[inline(never)]
    fn run_at_last(&mut self, store: &mut dyn Threaded) -> Exit {
        let has_returned = matches!(self.state, State::HostCalled { .. } | State::HostFinished);
        if has_returned && self.thrown.is_none() && self.is_in_debt() {
            // What the host function has done is paid before its results are taken: until then they
            // are held.
            return Exit::OutOfFuel;
        }
        self.held = None;
        match self.state {
            State::Host { func, .. } => {
                self.state = State::HostFinished;
                return Exit::HostCall { func, instance: NO_INSTANCE };
            }
            State::Idle | State::HostFinished => {
                self.state = State::Idle;
                return Exit::Finished;
            }
            State::Trapped => return Exit::Trap(Trap::Unreachable),
            State::HostCalled { slots, is_tail, .. } if self.thrown.is_none() => {
                self.cx.saved = self.returned(slots, is_tail);
                self.state = State::Ready;
            }
            State::HostCalled { .. } | State::Ready | State::Stopped(_) => {}
        }
        self.cx.fuel = store.inner().fuel;
        match self.begin(store) {
            Err(exit) => self.end_run(exit, store.inner()),
            Ok(()) => {
                let stop = self.execute_saved(store.inner());
                self.go_on(stop, store)
            }
        }
    }

    /// Does what the stopped code needs and has it go on, until there is something for the caller
    /// to do.
    #[inline(never)]
    fn go_on(&mut self, mut stop: Stop, store: &mut dyn Threaded) -> Exit {
        loop {
            match self.handle(stop, store) {
                Ok(()) => self.return_credit(),
                Err(exit) => return self.end_run(exit, store.inner()),
            }
            stop = self.execute_saved(store.inner());
        }
    }

    /// Notes what has become of the thread.
    fn end_run(&mut self, exit: Exit, store: &mut StoreInner) -> Exit {
        if !matches!(exit, Exit::OutOfFuel | Exit::Interrupted) {
            self.return_credit();
        }
        store.fuel = self.cx.fuel;
        store.has_debts |= self.is_in_debt();
        if matches!(exit, Exit::Trap(_) | Exit::Exception(_) | Exit::Failed(_)) {
            self.state = State::Trapped;
        }
        exit
    }

    /// Has code run from the beginning of a function on, until it stops.
    #[inline(never)]
    fn execute_from(&mut self, store: &mut StoreInner, ip: Ip, sp: Sp) -> Stop {
        self.cx.fuel = store.fuel;
        self.execute(store, Machine::new(ip, sp, ptr::null_mut()))
    }

    /// Has code run on behind its call of a host function, until it stops.
    #[inline(never)]
    fn execute_returned(&mut self, store: &mut StoreInner, slots: usize, is_tail: bool) -> Stop {
        self.cx.fuel = store.fuel;
        self.execute(store, self.returned(slots, is_tail))
    }

    /// Has code run from where it has stopped on, with the fuel that the context has, until it
    /// stops.
    #[inline(never)]
    fn execute_saved(&mut self, store: &mut StoreInner) -> Stop {
        self.execute(store, self.cx.saved)
    }

    /// Has code run from these registers on: in each of its few places they go from where they come
    /// from straight to code.
    #[inline(always)]
    fn execute(&mut self, store: &mut StoreInner, registers: Machine) -> Stop {
        // Code writes references: from here on no collection that has stopped can go on.
        store.touch();
        if !self.is_fresh(store) {
            self.refresh(store);
        }
        self.cx.heap = store.heap.view();
        let kept = self.lend_fuel(store);
        let cx = &raw mut *self.cx;
        // SAFETY: I1 to I7: the code is the translator's, and the context is what the store says.
        let stop = unsafe {
            // Code that stops where no register is needed saves less than all of them.
            (*cx).saved.cx = cx;
            dispatch(Machine { cx, ..registers })
        };
        self.cx.fuel += kept;
        store.heap.adopt(&self.cx.heap);
        // Should a limiter panic, what was used stays used.
        store.fuel = self.cx.fuel;
        stop
    }

    /// Does what is to be done before code runs.
    fn begin(&mut self, store: &mut dyn Threaded) -> Result<(), Exit> {
        self.pay()?;
        if self.thrown.is_some() {
            self.land_host_throw(store.inner())?;
        }
        if self.room.is_some() {
            self.make_room_again(store)?;
        }
        Ok(())
    }

    /// Whether the context is as `refresh` would fill it. What an instance has of its own stays
    /// where it is; growth of the stack fills in its new end.
    #[inline]
    fn is_fresh(&self, store: &StoreInner) -> bool {
        self.seen == (self.cx.instance, store.views_moved)
            && self.cx.globals.cast_const() == store.globals.as_ptr()
            && self.cx.funcs == store.funcs.as_ptr()
            && self.cx.func_count == store.funcs.len()
    }

    /// Fills the context from the store, for the running instance.
    #[inline(never)]
    pub(crate) fn refresh(&mut self, store: &mut StoreInner) {
        self.seen = (self.cx.instance, store.views_moved);
        let instance = &store.instances[self.cx.instance as usize];
        let cx = &mut *self.cx;
        cx.interrupt = store.interrupt.flag();
        cx.memory = instance.views.memories.first().copied().unwrap_or(MemoryView::NONE).into();
        cx.memories = instance.views.memories.as_ptr();
        cx.tables = instance.views.tables.as_ptr();
        cx.global_ids = instance.globals.as_ptr();
        cx.func_ids = instance.funcs.as_ptr();
        cx.globals = store.globals.as_mut_ptr();
        cx.own_globals = cx.globals.wrapping_add(instance.own_globals());
        cx.funcs = store.funcs.as_ptr();
        cx.func_count = store.funcs.len();
        // Of each there are less than a module has bytes, and imports have limits.
        let count = |items: usize| u32::try_from(items).unwrap_or(u32::MAX);
        cx.func_id_count = count(instance.funcs.len());
        cx.table_count = count(instance.views.tables.len());
        cx.memory_count = count(instance.views.memories.len());
        cx.stack_end = self.stack.end();
    }

    /// If a function's first cell has stopped, which asks again: does what it does.
    fn enter_at_last(&mut self) {
        if core::mem::take(&mut self.cx.repeats) {
            self.cx.saved.ip = self.cx.saved.ip.wrapping_add(1);
            // SAFETY: I1, I2: only the first cell of a function asks again, when its frame has
            // room.
            unsafe { enter(&mut self.cx.saved) }
        }
    }

    /// Does what the stopped code needs, so that it can go on; or tells the caller.
    fn handle(&mut self, stop: Stop, store: &mut dyn Threaded) -> Result<(), Exit> {
        match stop {
            Stop::Trap(Trap::MemoryOutOfBounds)
                if store.inner().others_have_grown(self.cx.instance) =>
            {
                self.refresh(store.inner());
                self.again();
            }
            Stop::Trap(trap) => {
                if self.cx.is_broken(trap) {
                    broken();
                }
                return Err(Exit::Trap(trap));
            }
            Stop::Outside => return Err(Exit::Trap(Trap::MemoryOutOfBounds)),
            Stop::Broken | Stop::Alone => broken(),
            Stop::Finished => {
                self.state = State::Idle;
                return Err(Exit::Finished);
            }
            Stop::OutOfFuel if !store.inner().interrupt.is_raised() => {
                if !self.pay_charge() {
                    return Err(self.owe());
                }
                self.enter_at_last();
            }
            Stop::OutOfFuel | Stop::Interrupted => {
                if self.cx.repeats {
                    // It gets on however often it is interrupted: what the cell does is done, and
                    // paid later, if that was not done before.
                    self.pay_charge();
                    self.enter_at_last();
                }
                store.inner().interrupt.clear();
                return Err(Exit::Interrupted);
            }
            Stop::Slow => self.slow(store)?,
            Stop::Throw if EXCEPTIONS => self.throw(store)?,
            Stop::ThrowRef if EXCEPTIONS => self.throw_ref(store)?,
            Stop::Reserve if GC => {
                self.make_room(store, Room::Heap(self.word(1) as u32 as usize), None)?;
                // The cell is executed again.
                self.cx.saved.ip = self.cx.saved.ip.wrapping_sub(1);
            }
            Stop::Throw | Stop::ThrowRef | Stop::Reserve => {
                unreachable!("modules that make objects or throw were refused")
            }
            Stop::Translate => self.translate(store)?,
            Stop::StackFull => self.grow_stack(store)?,
            Stop::SwitchBack => self.switch_back(store.inner()),
            Stop::CallImport | Stop::ReturnCallImport => {
                let instance = &store.inner().instances[self.cx.instance as usize];
                let func = instance.funcs[self.word(1) as usize];
                self.call(func, stop == Stop::ReturnCallImport, store)?;
            }
            Stop::CallForeign | Stop::ReturnCallForeign => {
                let func = (self.cx.saved.acc - 1) as u32;
                let wanted = windlass_validate::TypeId(self.word(1) as u32);
                let found = store.inner().funcs[func as usize].ty;
                let engine = &store.inner().engine;
                if found != wanted && !engine.types(|types| types.is_subtype(found, wanted)) {
                    return Err(Exit::Trap(Trap::IndirectCallTypeMismatch));
                }
                self.call(func, stop == Stop::ReturnCallForeign, store)?;
            }
        }
        Ok(())
    }

    /// Operand word `index` of the cell that stopped.
    pub(crate) fn word(&self, index: usize) -> u64 {
        // SAFETY: I1.
        unsafe { self.cx.saved.word(index) }
    }

    /// Field `index` of the first operand word of the cell that stopped.
    pub(crate) fn field(&self, index: usize) -> isize {
        // SAFETY: I1.
        unsafe { self.cx.saved.field(index) }
    }

    /// Goes on behind the cell that stopped, which has two operand words.
    pub(crate) fn advance(&mut self) {
        // SAFETY: I1.
        unsafe { self.cx.saved.advance(2) }
    }

    /// Goes on with the cell that stopped.
    pub(crate) fn again(&mut self) {
        self.cx.saved.ip = self.cx.saved.ip.wrapping_sub(1);
    }

    /// Makes room for what the cell that stopped makes: meanwhile the code is before it, and stays
    /// there if this is interrupted.
    #[inline(never)]
    pub(crate) fn make_room(
        &mut self,
        store: &mut dyn Threaded,
        room: Room,
        foreseen: Option<Outlook>,
    ) -> Result<(), Exit> {
        let at = self.cx.saved.ip;
        self.again();
        let made = make_room(store, Asker::Guest(self), room, foreseen);
        match made {
            Err(Halted::Interrupted) => self.room = Some(room),
            _ => self.cx.saved.ip = at,
        }
        Ok(made?)
    }

    /// Makes the room that was to be made when this was interrupted.
    #[inline(never)]
    fn make_room_again(&mut self, store: &mut dyn Threaded) -> Result<(), Exit> {
        let Some(room) = self.room.filter(|_| COLLECTS) else { return Ok(()) };
        make_room(store, Asker::Guest(self), room, None)?;
        self.room = None;
        Ok(())
    }

    /// The index in the stack of a slot of the frame.
    pub(crate) fn slot_index(&self, slot: isize) -> usize {
        let sp = self.cx.saved.sp as usize - self.stack.base() as usize;
        (sp / size_of::<u64>()).wrapping_add_signed(slot)
    }
}

#[cfg(test)]
#[path = "broken_tests.rs"]
mod broken_tests;
