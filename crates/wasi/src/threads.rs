//! wasi-threads: [`WasiThreads`], which gives guests `wasi.thread-spawn`, and [`SharedWasiCtx`], the context that all
//! threads of a program have together. A thread is one of the host, with a store and an instance of its own;
//! what they share is the memory, the context and their end. Must never hold the context's lock while it waits.

use crate::WasiCtx;
use std::{
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
/// A module whose threads are to run imports a shared memory and `wasi.thread-spawn`, and exports
/// `wasi_thread_start`. When one thread ends the program (`proc_exit`, a trap), or the main function
/// returns, all others are interrupted: the engine needs [`Metering::Interrupt`](windlass::Metering) or
/// [`Metering::Fuel`](windlass::Metering). A new thread gets half of the fuel of the one that starts it.
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

/// Numbers of threads have 29 bits; and no program may have more threads at once than this.
const MAX_NUMBER: u32 = 0x1fff_ffff;
const MAX_THREADS: usize = 4096;

impl<T: Send + 'static> WasiThreads<T> {
    /// Defines in `linker` what the module needs for its threads: `wasi.thread-spawn`, and the shared memory
    /// that it imports. `new_store` makes the store of a new thread from the data of the one that starts it.
    ///
    /// # Errors
    /// If a name is defined already, if there is no room for the memory, or if linker, store and module do not belong
    /// to the same engine.
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
        for import in module.imports() {
            if let ExternType::Memory(ty) = import.ty()
                && ty.is_shared()
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
                let started = weak.upgrade().and_then(|group| group.spawn(&mut caller, argument));
                started.map_or(-1, |number| number as i32)
            },
        )?;
        *locked(&group.program) = Some(Program {
            linker: linker.clone(),
            module: module.clone(),
            new_store: Arc::new(new_store),
        });
        Ok(WasiThreads(group))
    }

    /// Whether a module starts threads.
    pub fn are_in(module: &Module) -> bool {
        module.imports().any(|import| (import.module(), import.name()) == ("wasi", "thread-spawn"))
    }

    /// Runs the main thread: `main` calls the guest. Returns when all threads have ended, with the error that ended
    /// the program if there was one, whichever thread it came from.
    ///
    /// # Errors
    /// That error; or if guests of the engine can't be interrupted.
    pub fn run<E: From<Error>>(
        self,
        store: &mut Store<T>,
        main: impl FnOnce(&mut Store<T>) -> Result<(), E>,
    ) -> Result<(), E> {
        locked(&self.0.state).handles.push((0, store.interrupt_handle()?));
        let result = main(store);
        self.0.end(0, None);
        while let Some(thread) = { locked(&self.0.state).joins.pop() } {
            // A panic was told where it happened.
            let _ = thread.join();
        }
        locked(&self.0.program).take();
        match locked(&self.0.state).why.take() {
            Some(error) => Err(error.into()),
            None => result,
        }
    }
}

impl<T: Send + 'static> Group<T> {
    /// Starts a thread; returns its number, or none if there can't be one.
    fn spawn(self: &Arc<Self>, caller: &mut Caller<'_, T>, argument: i32) -> Option<u32> {
        let program = locked(&self.program);
        let Program { linker, module, new_store } = program.as_ref()?;
        let (linker, module, new_store) = (linker.clone(), module.clone(), new_store.clone());
        drop(program);
        let mut store = new_store(caller.data());
        if let Ok(fuel) = caller.as_context().get_fuel() {
            store.set_fuel(fuel / 2).ok()?;
            caller.set_fuel(fuel - fuel / 2).ok()?;
        }
        let instance = linker.instantiate(&mut store, &module).ok()?;
        let start = instance.get_typed_func::<(i32, i32), ()>(&store, "wasi_thread_start").ok()?;
        let handle = store.interrupt_handle().ok()?;

        let mut state = locked(&self.state);
        if state.ended || state.handles.len() >= MAX_THREADS {
            return None;
        }
        state.joins.retain(|thread| !thread.is_finished());
        let mut number = state.last;
        loop {
            number = number % MAX_NUMBER + 1;
            if state.handles.iter().all(|&(other, _)| other != number) {
                break;
            }
        }
        let group = self.clone();
        let run = move || match start.call(&mut store, (number as i32, argument)) {
            Ok(()) => locked(&group.state).handles.retain(|&(other, _)| other != number),
            Err(error) => group.end(number, Some(error)),
        };
        let name: String = format!("wasi thread {number}");
        let thread = thread::Builder::new().name(name).spawn(run).ok()?;
        state.last = number;
        state.handles.push((number, handle));
        state.joins.push(thread);
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
