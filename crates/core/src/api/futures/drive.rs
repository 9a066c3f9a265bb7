//! [`drive`]: an execution as a future. It runs the guest until that waits for a host function that
//! is a future, awaits this in its place, and goes on. Called by everything in `futures`. No other
//! file may hold a host function's future, and nothing here may keep a part of the store in a state
//! that a drop of the future would leave behind.

use super::host::AsyncHost;
use crate::{
    Caller, Error, Event, Execution, FuncType, Pending, StoreContextMut, Trap,
    api::{execution::Progress, func::HostScope, store::StoreState},
};
use alloc::vec::Vec;
use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// Runs the execution, which is of this store, to its end.
pub(super) async fn drive<T: 'static, R>(
    store: &mut StoreState<T>,
    mut execution: Execution<R>,
) -> Result<R, Error> {
    let mut returned = None;
    loop {
        let interval = store.yield_interval;
        let host = match execution.advance(store, interval, returned.take())? {
            Progress::Yielded => None,
            Progress::Event(Event::Finished(results)) => return Ok(results),
            Progress::Event(Event::HostPending(pending)) => {
                let ty = execution.pending_type(store);
                match future_of::<T>(pending, ty.as_ref()) {
                    Ok(host) => Some(host),
                    Err(pending) => {
                        pending.give_up();
                        return Err(execution.end(store, pending.into()));
                    }
                }
            }
            Progress::Event(Event::OutOfFuel) => {
                return Err(execution.end(store, Trap::OutOfFuel.into()));
            }
            Progress::Event(Event::Interrupted) => {
                return Err(execution.end(store, Trap::Interrupted.into()));
            }
        };
        match host {
            None => YieldOnce(false).await,
            Some(host) => {
                let (instance, slots) = execution.host_call(store)?;
                returned = Some(call(store, &host, instance, slots).await);
            }
        }
    }
}

/// The host function that is a future, if what is pending asks for one, and it has the type of the
/// function that was called. A request can come from anywhere: another function may have passed on
/// what it got. So nothing of it is trusted but the type that it was made with.
fn future_of<T: 'static>(
    pending: Pending,
    called: Option<&FuncType>,
) -> Result<AsyncHost<T>, Pending> {
    match pending.request().downcast_ref::<AsyncHost<T>>() {
        Some(host) if called == Some(host.ty()) => Ok(host.clone()),
        _ => Err(pending),
    }
}

/// Calls a host function and awaits its results, in slots.
async fn call<T>(
    store: &mut StoreState<T>,
    host: &AsyncHost<T>,
    instance: u32,
    slots: Vec<u64>,
) -> Result<Vec<u64>, Error> {
    let mut nested = Nested::begin(store)?;
    let caller = Caller::new(StoreContextMut(nested.store()), instance);
    host.call(caller, slots).await
}

/// A host function that is a future, from its call until it is done or dropped: it counts as a call
/// from the host that is running, since what it calls is polled on the same native stack.
struct Nested<'a, T>(HostScope<'a, T>);

impl<'a, T> Nested<'a, T> {
    fn begin(store: &'a mut StoreState<T>) -> Result<Nested<'a, T>, Error> {
        store.threads.enter_again(&store.inner)?;
        Ok(Nested(HostScope::begin(store)))
    }

    fn store(&mut self) -> &mut StoreState<T> {
        self.0.store
    }
}

impl<T> Drop for Nested<'_, T> {
    fn drop(&mut self) {
        let StoreState { inner, threads, .. } = &mut *self.0.store;
        threads.leave(inner, None);
    }
}

/// Is pending once, and wakes whoever polls it at once: others can run before that polls it again.
struct YieldOnce(bool);

impl Future for YieldOnce {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
