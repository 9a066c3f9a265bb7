//! [`Thread`]: a computation: value stack, position, and the driver that runs it.

use super::{
    collect::{Halted, Room, make_room},
    metering::Account,
    slow::{array::Unfinished, growth::Growing},
    unwind::{HostThrow, KnownPlaces, Search},
};
use crate::{
    Error, Module, Trap,
    backtrace::CodePlace,
    exec::{
        handlers::call::{DIRECT, enter, push_frame, replace_frame, return_to},
        machine::{
            Cell, Ip, Machine, Sp, Value,
            context::{Context, Stop},
            dispatch::dispatch,
            views::{FuncEntity, MemoryView},
        },
        meaning::v128::V128,
        tables::select::plain,
    },
    runtime::{Embedder, StoreInner},
    translate::{self, Job, Stopped},
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};

/// A computation that can be paused: it owns its value stack and never uses the native stack for
/// guest calls.
pub(crate) struct Thread {
    pub(crate) stack: Stack,
    pub(crate) cx: Box<Context>,
    /// Frames that returned to another instance's code, innermost last.
    pub(crate) switches: Vec<Switch>,
    pub(crate) state: State,
    parked: Option<Box<Parked>>,
    /// For throws.
    pub(crate) places: KnownPlaces,
    /// The search for who catches, if it was interrupted.
    pub(crate) search: Option<Search>,
    /// What the host function that was called has thrown, until it is known who catches it.
    pub(crate) thrown: Option<HostThrow>,
    pub(crate) account: Account,
    /// Of an instruction that stopped in the middle.
    pub(crate) growing: Option<Growing>,
    pub(crate) unfinished: Option<Unfinished>,
    result_slots: usize,
    /// The host function whose results lie in its slots already, while it is paused.
    held: Option<u32>,
    /// What the cell that comes next needs, for which a collection was interrupted: it goes on
    /// first.
    room: Option<Room>,
}

/// What to do next.
#[derive(Clone, Copy)]
pub(crate) enum State {
    Idle,
    /// To go on at `cx.saved`, at a handler word, when `cx.charge` is paid.
    Ready,
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

/// Where a frame that another instance called returns to.
#[derive(Clone, Copy)]
pub(crate) struct Switch {
    pub(crate) ret: Ip,
    pub(crate) instance: u32,
}

/// A translation that an interrupt has stopped. If another thread finishes it first, it is of no
/// use any more.
struct Parked {
    module: Module,
    defined: usize,
    job: Job,
}

impl Parked {
    fn is_of(&self, module: &Module, defined: usize) -> bool {
        Arc::ptr_eq(&self.module.0, &module.0) && self.defined == defined
    }
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

/// The most frames that a backtrace has: one more than an error keeps, which then tells of more.
const MAX_BACKTRACE: usize = 65;

/// The frame below the outermost one: its two words.
const ROOT_SLOTS: usize = 2;

/// Cells that return addresses can point to without a call before them: two operand words stand for
/// it.
pub(crate) struct ReturnCode([Cell; 3]);

// SAFETY: nothing ever writes them.
unsafe impl Sync for ReturnCode {}

pub(crate) static HALT: ReturnCode =
    ReturnCode([Cell::word(0), Cell::word(0), Cell::of_handler(plain::HALT)]);
pub(crate) static SWITCH_BACK: ReturnCode =
    ReturnCode([Cell::word(0), Cell::word(0), Cell::of_handler(plain::SWITCH_BACK)]);

impl ReturnCode {
    pub(crate) fn address(&'static self) -> Ip {
        self.0.as_ptr().wrapping_add(2)
    }
}

impl Thread {
    /// A computation that has not started.
    pub(crate) fn new() -> Thread {
        Thread {
            stack: Stack::default(),
            cx: Box::new(Context::new()),
            switches: Vec::new(),
            state: State::Idle,
            parked: None,
            places: KnownPlaces::default(),
            search: None,
            thrown: None,
            account: Account::default(),
            growing: None,
            unfinished: None,
            result_slots: 0,
            held: None,
            room: None,
        }
    }

    /// Starts a call of the store's function `func` with arguments in slots. Reuses the stack that
    /// this thread has. A host function is fine too: `run` then asks for it at once.
    pub(crate) fn start(
        &mut self,
        store: &mut dyn Embedder,
        func: u32,
        args: &[u64],
    ) -> Result<(), Error> {
        self.forget();
        let entity = store.inner().funcs[func as usize];
        let params = usize::from(entity.param_slots);
        self.result_slots = entity.result_slots.into();
        let values = params.max(self.result_slots);
        self.ensure_stack(store, 2 * ROOT_SLOTS + values)?;
        self.stack.slots_mut(ROOT_SLOTS, args.len()).copy_from_slice(args);
        if entity.code.is_host() {
            self.state = State::Host { func, slots: ROOT_SLOTS, len: values };
            return Ok(());
        }
        self.cx.instance = entity.instance;
        let root = self.stack.base();
        // SAFETY: the stack has room for the arguments and two words; the function is not the
        // host's.
        let (sp, ip) = unsafe {
            let sp = root.add(ROOT_SLOTS + params);
            sp.cast::<Ip>().write(HALT.address());
            sp.add(1).cast::<Sp>().write(root);
            (sp, entity.code.load())
        };
        self.cx.saved = Machine::new(ip, sp, ptr::null_mut());
        self.state = State::Ready;
        Ok(())
    }

    /// Forgets the call before: a collection may come before the next one runs, and must not take
    /// what it finds for something of the old one. Names every field, so that none that is added
    /// can be missed.
    fn forget(&mut self) {
        let Thread {
            stack: _,
            places: _,
            cx,
            switches,
            state,
            parked,
            search,
            thrown,
            account,
            growing,
            unfinished,
            result_slots,
            held,
            room,
        } = self;
        switches.clear();
        (*state, *result_slots) = (State::Idle, 0);
        *account = Account::default();
        (*parked, *search, *thrown, *held) = (None, None, None, None);
        (*growing, *unfinished, *room) = (None, None, None);
        cx.charge = 0;
    }

    /// Runs until there is something for the caller to do.
    pub(crate) fn run(&mut self, store: &mut dyn Embedder) -> Exit {
        self.held = None;
        match self.state {
            State::Host { func, slots, len } => {
                self.state = State::HostFinished;
                let _ = (slots, len);
                return Exit::HostCall { func, instance: crate::runtime::NO_INSTANCE };
            }
            State::Idle | State::HostFinished => {
                self.state = State::Idle;
                return Exit::Finished;
            }
            State::Trapped => return Exit::Trap(Trap::Unreachable),
            State::HostCalled { slots, is_tail, .. } if self.thrown.is_none() => {
                self.take_results(slots, is_tail);
                self.state = State::Ready;
            }
            State::HostCalled { .. } | State::Ready => {}
        }
        self.cx.saved.cx = &raw mut *self.cx;
        self.cx.fuel = store.inner().fuel;
        self.cx.interrupt = store.inner().interrupt.flag();
        let exit = match self.begin(store) {
            Err(exit) => exit,
            Ok(()) => {
                self.refresh(store.inner());
                loop {
                    // Code writes references: from here on no collection that has stopped can go
                    // on.
                    store.inner().touch();
                    self.cx.heap = store.inner().heap.view();
                    // SAFETY: I1 to I7: the code is the translator's, and the context was refreshed
                    // since the store was last used otherwise.
                    let stop = unsafe { dispatch(self.cx.saved) };
                    store.inner().heap.adopt(&self.cx.heap);
                    // Should a limiter panic, what was used stays used.
                    store.inner().fuel = self.cx.fuel;
                    match self.handle(stop, store) {
                        Ok(()) => self.return_credit(),
                        Err(exit) => break exit,
                    }
                }
            }
        };
        if !matches!(exit, Exit::OutOfFuel | Exit::Interrupted) {
            self.return_credit();
        }
        store.inner().fuel = self.cx.fuel;
        store.inner().has_debts |= self.is_in_debt();
        if matches!(exit, Exit::Trap(_) | Exit::Exception(_) | Exit::Failed(_)) {
            self.state = State::Trapped;
        }
        exit
    }

    /// Does what is to be done before code runs.
    fn begin(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        self.pay()?;
        self.land_host_throw(store.inner())?;
        self.make_room_again(store)
    }

    /// Fills the context from the store, for the running instance.
    pub(crate) fn refresh(&mut self, store: &mut StoreInner) {
        let instance = &store.instances[self.cx.instance as usize];
        let cx = &mut *self.cx;
        cx.memory = instance.views.memories.first().copied().unwrap_or(MemoryView::NONE);
        cx.memories = instance.views.memories.as_ptr();
        cx.tables = instance.views.tables.as_ptr();
        cx.global_ids = instance.globals.as_ptr();
        cx.func_ids = instance.funcs.as_ptr();
        cx.globals = store.globals.as_mut_ptr();
        cx.funcs = store.funcs.as_ptr();
        cx.stack_end = self.stack.end();
    }

    /// Does what the stopped code needs, so that it can go on; or tells the caller.
    fn handle(&mut self, stop: Stop, store: &mut dyn Embedder) -> Result<(), Exit> {
        match stop {
            Stop::Trap(Trap::MemoryOutOfBounds)
                if store.inner().others_have_grown(self.cx.instance) =>
            {
                self.refresh(store.inner());
                self.again();
            }
            Stop::Trap(trap) => return Err(Exit::Trap(trap)),
            Stop::Finished => {
                self.state = State::Idle;
                return Err(Exit::Finished);
            }
            Stop::OutOfFuel => return Err(self.owe()),
            Stop::Interrupted => {
                if core::mem::take(&mut self.cx.repeats) {
                    // It gets on however often it is interrupted: what the cell does is done, and
                    // paid later, if that was not done before.
                    self.pay_charge();
                    self.cx.saved.ip = self.cx.saved.ip.wrapping_add(1);
                    // SAFETY: I1, I2: only the first cell of a function asks again, when its frame
                    // has room.
                    unsafe { enter(&mut self.cx.saved) }
                }
                store.inner().interrupt.clear();
                return Err(Exit::Interrupted);
            }
            Stop::Slow => self.slow(store)?,
            Stop::Throw => self.throw(store)?,
            Stop::ThrowRef => self.throw_ref(store)?,
            Stop::Reserve => {
                self.make_room(store, Room::Heap(self.word(1) as u32 as usize))?;
                // The cell is executed again.
                self.cx.saved.ip = self.cx.saved.ip.wrapping_sub(1);
            }
            Stop::Translate => self.translate(store.inner())?,
            Stop::StackFull => self.grow_stack(store)?,
            Stop::SwitchBack => self.switch_back(store.inner()),
            Stop::CallImport | Stop::ReturnCallImport => {
                let instance = &store.inner().instances[self.cx.instance as usize];
                let func = instance.funcs[self.word(1) as usize];
                self.call(func, stop == Stop::ReturnCallImport, store.inner())?;
            }
            Stop::CallForeign | Stop::ReturnCallForeign => {
                let func = (self.cx.saved.acc - 1) as u32;
                let wanted = windlass_validate::TypeId(self.word(1) as u32);
                let found = store.inner().funcs[func as usize].ty;
                let engine = &store.inner().engine;
                if found != wanted && !engine.types(|types| types.is_subtype(found, wanted)) {
                    return Err(Exit::Trap(Trap::IndirectCallTypeMismatch));
                }
                self.call(func, stop == Stop::ReturnCallForeign, store.inner())?;
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
    pub(crate) fn make_room(&mut self, store: &mut dyn Embedder, room: Room) -> Result<(), Exit> {
        let at = self.cx.saved.ip;
        self.again();
        let made = make_room(store, Some(self), room);
        match made {
            Err(Halted::Interrupted) => self.room = Some(room),
            _ => self.cx.saved.ip = at,
        }
        Ok(made?)
    }

    /// Makes the room that was to be made when this was interrupted.
    fn make_room_again(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        let Some(room) = self.room else { return Ok(()) };
        make_room(store, Some(self), room)?;
        self.room = None;
        Ok(())
    }

    /// The index in the stack of a slot of the frame.
    pub(crate) fn slot_index(&self, slot: isize) -> usize {
        let sp = self.cx.saved.sp as usize - self.stack.base() as usize;
        (sp / size_of::<u64>()).wrapping_add_signed(slot)
    }

    /// Translates the function whose stub was called, and makes the call that called it direct.
    fn translate(&mut self, store: &mut StoreInner) -> Result<(), Exit> {
        let module = store.instances[self.cx.instance as usize].module.clone();
        let defined = self.word(0) as usize;
        let stub = module.0.code.stub(defined);
        let mut parked = match self.parked.take() {
            Some(parked) if parked.is_of(&module, defined) => parked,
            _ => Box::new(Parked { module: module.clone(), defined, job: Job::default() }),
        };
        let interrupt = &store.interrupt;
        let mut interrupted = || interrupt.is_raised();
        let code = translate::translated(&module.0, defined, &mut parked.job, &mut interrupted);
        let Some(code) = code.map_err(Exit::Failed)? else {
            self.parked = Some(parked);
            // The stub is executed again.
            self.again();
            interrupt.clear();
            return Err(Exit::Interrupted);
        };
        // SAFETY: I3: two operand words of a call, or what stands for it, lie before a return
        // address. If the call is direct, the second is an address of code.
        unsafe {
            let ret = *self.cx.saved.sp.cast::<Ip>();
            let call = Machine { ip: ret.sub(2), ..self.cx.saved };
            if call.field(3) == DIRECT as isize {
                let target = ret.sub(1).cast::<*mut Cell>().cast_mut();
                let stub = stub.cast_mut();
                let _ = AtomicPtr::from_ptr(target).compare_exchange(
                    stub,
                    code.cast_mut(),
                    Ordering::Release,
                    Ordering::Relaxed,
                );
            }
        }
        self.cx.saved.ip = code;
        Ok(())
    }

    /// How much the value stack takes.
    pub(crate) fn stack_bytes(&self) -> usize {
        self.stack.len * size_of::<u64>()
    }

    /// Doubles the value stack, or makes it at least larger.
    fn grow_stack(&mut self, store: &mut dyn Embedder) -> Result<(), Exit> {
        let len = self.stack.len;
        let max = store.inner().max_stack_slots;
        for wanted in [2 * len, len + MIN_STACK].map(|wanted| wanted.min(max)) {
            if let Some(larger) = self.larger_stack(store, wanted)? {
                self.cx.saved.sp = self.stack.move_to(larger, self.cx.saved.sp);
                self.cx.stack_end = self.stack.end();
                return Ok(());
            }
        }
        Err(Exit::Trap(Trap::StackOverflow))
    }

    /// Makes the value stack at least `len` slots. Nothing may point into it.
    fn ensure_stack(&mut self, store: &mut dyn Embedder, len: usize) -> Result<(), Error> {
        if self.stack.len >= len {
            return Ok(());
        }
        let max = store.inner().max_stack_slots;
        if len > max {
            return Err(Trap::StackOverflow.into());
        }
        let larger = self.larger_stack(store, len.max(MIN_STACK).min(max))?;
        self.stack = larger.ok_or(Trap::StackOverflow)?;
        Ok(())
    }

    /// A stack of `len` slots to take the place of the present one, which is smaller; none if a
    /// limit or the host does not allow it.
    fn larger_stack(
        &mut self,
        store: &mut dyn Embedder,
        len: usize,
    ) -> Result<Option<Stack>, Error> {
        let more = len.saturating_sub(self.stack.len) * size_of::<u64>();
        if more == 0 || !store.grow_stacks(more)? {
            return Ok(None);
        }
        let stack = Stack::allocate(len);
        if stack.is_none() {
            store.inner().held.stacks -= more;
        }
        Ok(stack)
    }

    /// Calls a function of the store that the handlers could not call themselves. For a tail call
    /// of a host function, the code goes on with a return.
    fn call(&mut self, func: u32, is_tail: bool, store: &mut StoreInner) -> Result<(), Exit> {
        let entity = store.funcs[func as usize];
        let params = isize::from(entity.param_slots as i16);
        if entity.code.is_host() {
            let first = if is_tail { self.field(0) } else { self.field(0) - params };
            let len = entity.param_slots.max(entity.result_slots).into();
            self.state = State::HostCalled { slots: self.slot_index(first), len, is_tail };
            return Err(Exit::HostCall { func, instance: self.cx.instance });
        }
        let is_foreign = entity.instance != self.cx.instance;
        // SAFETY: I1, I2, I3.
        unsafe {
            if is_tail {
                replace_frame(&mut self.cx.saved);
                if is_foreign {
                    self.return_by_switch();
                }
            } else {
                let delta = self.field(0);
                push_frame(&mut self.cx.saved, delta, 2);
                if is_foreign {
                    self.return_by_switch();
                }
            }
            self.cx.saved.ip = entity.code.load();
        }
        self.switch(&entity, store);
        Ok(())
    }

    /// Makes the current frame return to the current instance.
    ///
    /// # Safety
    /// I2: `sp` is a frame.
    unsafe fn return_by_switch(&mut self) {
        // SAFETY: the caller's promise.
        unsafe {
            let ret = self.cx.saved.sp.cast::<Ip>();
            if *ret != SWITCH_BACK.address() {
                self.switches.push(Switch { ret: *ret, instance: self.cx.instance });
                *ret = SWITCH_BACK.address();
            }
        }
    }

    fn switch(&mut self, entity: &FuncEntity, store: &mut StoreInner) {
        if entity.instance != self.cx.instance {
            self.cx.instance = entity.instance;
            self.refresh(store);
        }
    }

    /// A function that another instance called has returned.
    fn switch_back(&mut self, store: &mut StoreInner) {
        let Some(Switch { ret, instance }) = self.switches.pop() else {
            unreachable!("a frame that returns by a switch has one")
        };
        // SAFETY: I2, I3.
        unsafe { return_to(&mut self.cx.saved, ret) }
        self.cx.instance = instance;
        self.refresh(store);
    }

    /// Goes on after a host function: the first result is in the accumulators too.
    fn take_results(&mut self, slots: usize, is_tail: bool) {
        let mut words = [0; 2];
        for (word, slot) in words.iter_mut().zip(self.stack.slots_mut(slots, 2)) {
            *word = *slot;
        }
        let bits = words[0];
        let m = &mut self.cx.saved;
        V128::from_words(words).set_acc(m);
        m.acc = bits;
        f64::from_bits(bits).set_acc(m);
        f32::from_bits(bits as u32).set_acc(m);
        // SAFETY: I1, I2: the call has two operand words; a tail call is followed by a return.
        unsafe {
            let next = m.ip.add(2);
            if is_tail { m.ip = next } else { return_to(m, next) }
        }
    }

    /// The results of the finished function, in slots.
    pub(crate) fn results(&self) -> &[u64] {
        self.stack.slots(ROOT_SLOTS, self.result_slots)
    }

    /// The slots of a pending host call: arguments from the first on, and room for the results
    /// there. As long as the larger of the two.
    pub(crate) fn host_slots(&mut self) -> &mut [u64] {
        match self.state {
            State::Host { slots, len, .. } | State::HostCalled { slots, len, .. } => {
                self.stack.slots_mut(slots, len)
            }
            State::HostFinished => {
                let len = self.stack.len - 2 * ROOT_SLOTS;
                self.stack.slots_mut(ROOT_SLOTS, len)
            }
            _ => &mut [],
        }
    }

    /// Notes that the results of the pending host function `func` lie in its slots: a collection
    /// finds them there.
    pub(crate) fn hold_results(&mut self, func: u32) {
        self.held = Some(func);
    }

    /// Marks references in its slots that are in no frame: what a host function is given, or has
    /// given.
    pub(crate) fn mark_values(&self, store: &mut StoreInner) {
        let first = match self.state {
            // Once it has returned its results are read at once, and after a trap nothing is.
            State::Idle | State::Trapped => return,
            State::Host { slots, .. } | State::HostCalled { slots, .. } => slots,
            State::Ready | State::HostFinished => ROOT_SLOTS,
        };
        if let Some(unfinished) = self.unfinished {
            store.marker().mark(crate::object_type::Class::Any, unfinished.array);
        }
        if let Some(thrown) = &self.thrown {
            store.marker().mark(crate::object_type::Class::Exn, thrown.reference);
        }
        let ((State::Host { func, .. }, _) | (_, Some(func))) = (self.state, self.held) else {
            return;
        };
        let ty = store.engine.func_type(store.funcs[func as usize].ty);
        let types = if self.held.is_some() { &ty.results } else { &ty.params };
        let mut slot = first;
        for &ty in types {
            if let Some(class) = store.class_of(ty) {
                store.marker().mark(class, self.stack.slots(slot, 1)[0]);
            }
            slot += if ty == windlass_decode::ValType::V128 { 2 } else { 1 };
        }
    }

    /// Shows all frames, with the instance that each belongs to and where it has stopped, until
    /// `visit` gives none.
    pub(crate) fn frames(
        &self,
        visit: &mut dyn FnMut(u32, Ip, Stopped, Sp) -> Option<()>,
    ) -> Option<()> {
        let ip = self.cx.saved.ip;
        let mut at = match self.state {
            State::Ready => Some((ip, Stopped::Before)),
            State::HostCalled { is_tail: false, .. } => Some((ip.wrapping_add(2), Stopped::Called)),
            // Its own frame is done for.
            State::HostCalled { is_tail: true, .. } => None,
            _ => return Some(()),
        };
        let mut walk = self.walk();
        loop {
            if let Some((ip, stopped)) = at {
                visit(walk.instance, ip, stopped, walk.sp)?;
            }
            // SAFETY: I2: nothing runs meanwhile.
            let Some(ret) = (unsafe { walk.up(&self.switches) }) else { return Some(()) };
            at = Some((ret, Stopped::Called));
        }
    }

    /// Where the guest is, innermost first: after a trap, or in a host call. This looks at nothing
    /// but the frames, since hosts may take traps for control flow.
    pub(crate) fn backtrace(&self, store: &StoreInner) -> Vec<CodePlace> {
        let mut frames = Vec::new();
        if !matches!(self.state, State::HostCalled { .. } | State::Trapped | State::Ready) {
            return frames;
        }
        let (mut ip, mut walk) = (self.cx.saved.ip, self.walk());
        while frames.len() < MAX_BACKTRACE {
            let module = store.instances[walk.instance as usize].module.clone();
            frames.push(CodePlace::new(module, ip));
            // SAFETY: I2: nothing runs meanwhile.
            let Some(ret) = (unsafe { walk.up(&self.switches) }) else { break };
            ip = ret.wrapping_sub(1);
        }
        frames
    }
}

/// The value stack: slots that start as zeros. It grows on demand.
#[derive(Default)]
pub(crate) struct Stack {
    base: Option<ptr::NonNull<u64>>,
    len: usize,
}

/// The least size of a value stack, in slots.
const MIN_STACK: usize = 1024;

impl Stack {
    pub(crate) fn base(&self) -> Sp {
        self.base.map_or(ptr::null_mut(), ptr::NonNull::as_ptr)
    }

    fn end(&self) -> Sp {
        self.base().wrapping_add(self.len)
    }

    pub(crate) fn slots(&self, from: usize, len: usize) -> &[u64] {
        assert!(from + len <= self.len || len == 0, "slots of the stack");
        match self.base {
            // SAFETY: these slots are initialised and borrowed with `self`.
            Some(base) if len > 0 => unsafe {
                core::slice::from_raw_parts(base.as_ptr().add(from), len)
            },
            _ => &[],
        }
    }

    pub(crate) fn slots_mut(&mut self, from: usize, len: usize) -> &mut [u64] {
        let len = len.min(self.len.saturating_sub(from));
        match self.base {
            // SAFETY: these slots are initialised and borrowed with `self`.
            Some(base) if len > 0 => unsafe {
                core::slice::from_raw_parts_mut(base.as_ptr().add(from), len)
            },
            _ => &mut [],
        }
    }

    fn allocate(len: usize) -> Option<Stack> {
        let mut slots: Vec<u64> = Vec::new();
        slots.try_reserve_exact(len).ok()?;
        slots.resize(len, 0);
        let base = Box::into_raw(slots.into_boxed_slice()).cast();
        Some(Stack { base: ptr::NonNull::new(base), len })
    }

    /// Moves to a larger one; frames move along. Returns where the frame `sp` is now.
    fn move_to(&mut self, grown: Stack, sp: Sp) -> Sp {
        let (old, new) = (self.base(), grown.base());
        let moved = |sp: Sp| new.wrapping_byte_add(sp as usize - old as usize);
        // SAFETY: both have at least the old size, and pointers into the stack lie in saved frames
        // only: the second word of each frame, up to the outermost, whose caller is the base.
        unsafe {
            ptr::copy_nonoverlapping(old, new, self.len);
            let mut frame = moved(sp);
            while frame != new {
                let caller = frame.add(1).cast::<Sp>();
                *caller = moved(*caller);
                frame = *caller;
            }
        }
        *self = grown;
        moved(sp)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Some(base) = self.base {
            // SAFETY: it came from a box of so many slots.
            drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(base.as_ptr(), self.len)) });
        }
    }
}
