//! wasi-threads: [`WasiThreads`], which gives guests `wasi.thread-spawn`, and [`SharedWasiCtx`],
//! the context that all threads of a program have together. A thread is one of the host, with a
//! store and an instance of its own; what they share is the memory, the context and their end. Must
//! never hold the context's lock while it waits.

use crate::{WasiCtx, fuel};
use std::{
    collections::BTreeSet,
    format,
    string::String,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    vec::Vec,
};
use windlass::{
    AsContext, Caller, Engine, Error, ExternType, InterruptHandle, Linker, Module, SharedMemory,
    Store,
};

/// A context that several threads use, one at a time.
#[derive(Clone)]
pub struct SharedWasiCtx(Arc<Mutex<WasiCtx>>);

impl SharedWasiCtx {
    /// Shares a context. Clones are the same one.
    pub fn new(wasi: WasiCtx) -> SharedWasiCtx {
        SharedWasiCtx(Arc::new(Mutex::new(wasi)))
    }

    /// The context, for as long as no other thread should have it.
    pub fn lock(&self) -> MutexGuard<'_, WasiCtx> {
        locked(&self.0)
    }
}

/// What is behind these locks can be used after a panic elsewhere: poison is ignored.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The threads of one program.
///
/// A module whose threads are to run imports a shared memory, and exports `wasi_thread_start`; it
/// starts them by `wasi.thread-spawn`. When one thread ends the program (`proc_exit`, a trap), or
/// the main function returns, all others are interrupted: the engine needs
/// [`Metering::Interrupt`](windlass::Metering) or [`Metering::Fuel`](windlass::Metering). That ends
/// also those that wait in a function of WASI or still execute their module's `start`; but not
/// those in a stream of the embedder that blocks. A new thread gets half of the fuel of the one
/// that starts it.
pub struct WasiThreads<T>(Arc<Group<T>>);

struct Group<T> {
    program: Mutex<Option<Program<T>>>,
    state: Mutex<State>,
}

/// What a thread is made of.
struct Program<T> {
    linker: Linker<T>,
    module: Module,
    new_store: Arc<NewStore<T>>,
    max_threads: usize,
    stack_size: usize,
}

/// Makes the store of a new thread.
type NewStore<T> = dyn Fn(&T) -> Store<T> + Send + Sync;

#[derive(Default)]
struct State {
    /// Of running threads, the main one included.
    handles: Vec<(u32, InterruptHandle)>,
    joins: Vec<JoinHandle<()>>,
    last: u32,
    /// Whether the program is to end; then why, if a thread other than the main one said so.
    ended: bool,
    why: Option<Error>,
}

/// Numbers of threads have 29 bits.
const MAX_NUMBER: u32 = 0x1fff_ffff;
/// So many threads may run at once, the main one included, and so large are their native stacks, if
/// nothing else is said.
const MAX_THREADS: usize = 256;
const STACK_SIZE: usize = 2 << 20;

impl<T: Send + 'static> WasiThreads<T> {
    /// Defines in `linker` what the module needs for its threads: `wasi.thread-spawn`, and the
    /// shared memories that it imports. `new_store` makes the store of a new thread from the data
    /// of the one that starts it.
    ///
    /// # Errors
    /// If a name is defined already, if there is no room for the memory, or if linker, store and
    /// module do not belong to the same engine.
    pub fn new(
        linker: &mut Linker<T>,
        store: &Store<T>,
        module: &Module,
        new_store: impl Fn(&T) -> Store<T> + Send + Sync + 'static,
    ) -> Result<WasiThreads<T>, Error> {
        let engines = [store.engine(), module.engine()];
        if !engines.iter().all(|engine| Engine::same(linker.engine(), engine)) {
            return Err(Error::msg("linker, store and module must belong to the same engine"));
        }
        let mut defined = BTreeSet::new();
        for import in module.imports() {
            if let ExternType::Memory(ty) = import.ty()
                && ty.is_shared()
                && defined.insert((import.module(), import.name()))
            {
                let memory = SharedMemory::new(store.engine(), ty)?;
                linker.define(store, import.module(), import.name(), memory)?;
            }
        }
        let group = Arc::new(Group { program: Mutex::default(), state: Mutex::default() });
        let weak = Arc::downgrade(&group);
        linker.func_wrap(
            "wasi",
            "thread-spawn",
            move |mut caller: Caller<'_, T>, argument: i32| -> i32 {
                // An engine that counts none has none to take.
                let _ = caller.consume_fuel(fuel::SPAWN);
                let started = weak.upgrade().and_then(|group| group.spawn(&mut caller, argument));
                started.map_or(-1, |number| number as i32)
            },
        )?;
        *locked(&group.program) = Some(Program {
            linker: linker.clone(),
            module: module.clone(),
            new_store: Arc::new(new_store),
            max_threads: MAX_THREADS,
            stack_size: STACK_SIZE,
        });
        Ok(WasiThreads(group))
    }

    /// Whether a module is a program with threads: it imports `wasi.thread-spawn`, or it imports a
    /// shared memory and exports `wasi_thread_start`, whatever it then does.
    pub fn are_in(module: &Module) -> bool {
        let shared = |ty: &ExternType| matches!(ty, ExternType::Memory(ty) if ty.is_shared());
        module.imports().any(|import| (import.module(), import.name()) == ("wasi", "thread-spawn"))
            || (module.imports().any(|import| shared(&import.ty()))
                && module.exports().any(|export| export.name() == START))
    }

    /// How many threads may run at once, the main one included: 256 if nothing else is said. More
    /// are refused: `thread-spawn` returns a negative number.
    pub fn max_threads(self, threads: usize) -> WasiThreads<T> {
        self.set(|program| program.max_threads = threads)
    }

    /// The native stack of each thread but the main one, in bytes: 2 MiB if nothing else is said.
    /// What it has to be is said with
    /// [`Config::max_nested_calls`](windlass::Config::max_nested_calls).
    pub fn stack_size(self, bytes: usize) -> WasiThreads<T> {
        self.set(|program| program.stack_size = bytes)
    }

    fn set(self, set: impl FnOnce(&mut Program<T>)) -> WasiThreads<T> {
        if let Some(program) = &mut *locked(&self.0.program) {
            set(program);
        }
        self
    }

    /// Runs the main thread: `main` calls the guest. Returns when all threads have ended, with the
    /// error that ended the program if there was one, whichever thread it came from.
    ///
    /// # Errors
    /// That error; or if guests of the engine can't be interrupted.
    pub fn run<E: From<Error>>(
        self,
        store: &mut Store<T>,
        main: impl FnOnce(&mut Store<T>) -> Result<(), E>,
    ) -> Result<(), E> {
        locked(&self.0.state).handles.push((MAIN, store.interrupt_handle()?));
        let others = Others(&self.0);
        let result = main(store);
        drop(others);
        match locked(&self.0.state).why.take() {
            Some(error) => Err(error.into()),
            None => result,
        }
    }
}

/// What a thread's instance exports to be started by: its parameters are the thread's number and
/// the argument of `thread-spawn`.
const START: &str = "wasi_thread_start";

/// The number of the main thread.
const MAIN: u32 = 0;

/// Dropped by the main thread when it is done, by a panic, too: ends the others, and waits for
/// them.
struct Others<'a, T: Send + 'static>(&'a Arc<Group<T>>);

impl<T: Send + 'static> Drop for Others<'_, T> {
    fn drop(&mut self) {
        self.0.end(MAIN, None);
        while let Some(thread) = { locked(&self.0.state).joins.pop() } {
            // A panic was told where it happened.
            let _ = thread.join();
        }
        locked(&self.0.program).take();
    }
}

/// A thread that runs. Dropped by a panic, it ends the program.
struct Running<T: Send + 'static> {
    group: Arc<Group<T>>,
    number: u32,
}

impl<T: Send + 'static> Drop for Running<T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.group.end(self.number, Some(Error::msg("a thread of the program panicked")));
        }
    }
}

impl<T: Send + 'static> Running<T> {
    /// Makes the thread's instance and calls it. What the module does when it is instantiated
    /// happens on the new thread, which can be interrupted; that there can be no instance ends the
    /// program.
    fn run(self, linker: &Linker<T>, module: &Module, mut store: Store<T>, argument: i32) {
        let result = linker.instantiate(&mut store, module).and_then(|instance| {
            let start = instance.get_typed_func::<(i32, i32), ()>(&store, START)?;
            start.call(&mut store, (self.number as i32, argument))
        });
        match result {
            Ok(()) => locked(&self.group.state).handles.retain(|&(other, _)| other != self.number),
            Err(error) => self.group.end(self.number, Some(error)),
        }
    }
}

impl<T: Send + 'static> Group<T> {
    /// Starts a thread; returns its number, or none if there can't be one.
    fn spawn(self: &Arc<Self>, caller: &mut Caller<'_, T>, argument: i32) -> Option<u32> {
        let program = locked(&self.program);
        let Program { linker, module, new_store, max_threads, stack_size } = program.as_ref()?;
        let (linker, module, new_store) = (linker.clone(), module.clone(), new_store.clone());
        let (max_threads, stack_size) = (*max_threads, *stack_size);
        drop(program);
        if !module.exports().any(|export| export.name() == START) {
            return None;
        }
        let mut store = new_store(caller.data());
        let fuel = caller.as_context().get_fuel().ok();
        if let Some(fuel) = fuel {
            store.set_fuel(fuel / 2).ok()?;
        }
        let handle = store.interrupt_handle().ok()?;

        let mut state = locked(&self.state);
        if state.ended || state.handles.len() >= max_threads {
            return None;
        }
        state.joins.retain(|thread| !thread.is_finished());
        let number = state.free_number();
        let running = Running { group: self.clone(), number };
        let run = move || running.run(&linker, &module, store, argument);
        let name: String = format!("wasi thread {number}");
        let thread = thread::Builder::new().name(name).stack_size(stack_size).spawn(run).ok()?;
        state.last = number;
        state.handles.push((number, handle));
        state.joins.push(thread);
        drop(state);
        if let Some(fuel) = fuel {
            caller.set_fuel(fuel - fuel / 2).ok();
        }
        Some(number)
    }

    /// Ends the program: the first to say so says why.
    fn end(&self, number: u32, why: Option<Error>) {
        let mut state = locked(&self.state);
        state.handles.retain(|&(other, _)| other != number);
        if !state.ended {
            state.ended = true;
            state.why = why;
            state.handles.iter().for_each(|(_, handle)| handle.interrupt());
        }
    }
}

impl State {
    /// The number of the next thread: one that no running thread has.
    fn free_number(&self) -> u32 {
        let mut number = self.last;
        loop {
            number = number % MAX_NUMBER + 1;
            if self.handles.iter().all(|&(other, _)| other != number) {
                return number;
            }
        }
    }
}
