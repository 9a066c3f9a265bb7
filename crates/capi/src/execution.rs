//! `windlass_execution_t`: calls that can be paused and go on.

use crate::{
    entry::{Const, InOut, Mut, Out, Own, entries, hand_over, lock},
    func,
    reference::{wasm_func_t, wasm_trap_t},
    stack,
    store::Shared,
    trap,
    value::{self, wasm_val_t},
    vector::wasm_val_vec_t,
};
use std::{
    ffi::c_void,
    ptr,
    sync::{Arc, Mutex},
};
use windlass::{Error, Event, Execution, FuncType, Result};

/// A call.
pub struct windlass_execution_t {
    state: Mutex<State>,
    store: Arc<Shared>,
    ty: FuncType,
}

struct State {
    /// None while it runs.
    execution: Option<Execution>,
    request: *mut c_void,
}

/// Why a call returned to C: `windlass_event_t`.
mod event {
    pub(super) const FINISHED: u8 = 0;
    pub(super) const OUT_OF_FUEL: u8 = 1;
    pub(super) const INTERRUPTED: u8 = 2;
    pub(super) const HOST_PENDING: u8 = 3;
}

impl windlass_execution_t {
    /// Runs on; the values, if it finished, and the event.
    fn run(&self) -> Result<(u8, Vec<wasm_val_t>)> {
        stack::check()?;
        // It is not there while it runs: a callback that runs it again is refused.
        let running = || Error::msg("the execution is running");
        let mut execution = lock(&self.state)?.execution.take().ok_or_else(running)?;
        let mut request = ptr::null_mut();
        let outcome = self.store.enter(|cx| {
            Ok(match execution.run(&mut *cx)? {
                Event::Finished(vals) => {
                    (event::FINISHED, value::from_vals(&vals, cx, &self.store)?)
                }
                Event::OutOfFuel => (event::OUT_OF_FUEL, Vec::new()),
                Event::Interrupted => (event::INTERRUPTED, Vec::new()),
                Event::HostPending(pending) => {
                    request = trap::request(&pending);
                    (event::HOST_PENDING, Vec::new())
                }
                event => return Err(Error::msg(format!("an event of a new kind: {event:?}"))),
            })
        });
        *lock(&self.state)? = State { execution: Some(execution), request };
        outcome
    }
}

entries! {
    /// Starts a call; nothing runs yet.
    fn windlass_func_start(
        func: Const<'_, wasm_func_t>,
        args: Const<'_, wasm_val_vec_t>,
        out: Out<'_, *mut windlass_execution_t>,
    ) -> Own<wasm_trap_t> {
        let store = func.and_then(|func| func.store.as_ref());
        trap::of(store, |_| {
            let (func, store, ty) = func::parts(func).ok_or_else(trap::null)?;
            let execution = store.enter(|cx| {
                let params = value::to_vals(args, ty.params(), cx, &store)?;
                func.start(cx, &params)
            })?;
            let state = State { execution: Some(execution), request: ptr::null_mut() };
            let execution = windlass_execution_t { state: Mutex::new(state), store, ty };
            hand_over(out, Box::new(execution));
            Ok(())
        })
    }

    /// Runs until it finishes, which fills the results, or is stopped.
    fn windlass_execution_run(
        execution: Mut<'_, windlass_execution_t>,
        event: InOut<'_, u8>,
        results: InOut<'_, wasm_val_vec_t>,
    ) -> Own<wasm_trap_t> {
        trap::of(execution.map(|execution| &execution.store), |_| {
            let execution = execution.ok_or_else(trap::null)?;
            let mut results = results;
            let room = results.as_mut().map_or(0, |results| results.room().1);
            let wanted = execution.ty.results().len();
            if room != wanted {
                return Err(value::count(wanted, room));
            }
            let (happened, vals) = execution.run()?;
            event.into_iter().for_each(|event| *event = happened);
            match happened {
                event::FINISHED => value::put_results(results, vals),
                _ => Ok(()),
            }
        })
    }

    /// What the host function asked for that is pending, or null.
    fn windlass_execution_request(execution: Const<'_, windlass_execution_t>) -> *mut c_void {
        let state = execution.and_then(|execution| lock(&execution.state).ok());
        state.map_or(ptr::null_mut(), |state| state.request)
    }

    /// Gives the results of the host function that is pending: copies of these values.
    fn windlass_execution_resume(
        execution: Mut<'_, windlass_execution_t>,
        results: Const<'_, wasm_val_vec_t>,
    ) -> Own<wasm_trap_t> {
        trap::of(execution.map(|execution| &execution.store), |store| {
            let execution = execution.ok_or_else(trap::null)?;
            let mut state = lock(&execution.state)?;
            let running = || Error::msg("the execution is running");
            let waiting = state.execution.as_mut().ok_or_else(running)?;
            store.enter(|cx| {
                let vals = value::to_vals_of_kinds(results, cx, store)?;
                waiting.resume(cx, &vals)
            })?;
            state.request = ptr::null_mut();
            Ok(())
        })
    }

    /// Whether it finished or failed: it can't run on.
    fn windlass_execution_has_ended(execution: Const<'_, windlass_execution_t>) -> bool {
        let state = execution.and_then(|execution| lock(&execution.state).ok());
        state.is_some_and(|state| state.execution.as_ref().is_some_and(Execution::has_ended))
    }

    /// Deletes it; it never goes on.
    fn windlass_execution_delete(execution: Own<windlass_execution_t>) {
        drop(execution);
    }
}
