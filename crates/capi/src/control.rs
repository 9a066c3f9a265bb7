//! What bounds guests: fuel, deadlines and interrupts, limits; and collections.

use crate::{
    entry::{Const, InOut, Mut, Own, entries},
    reference::wasm_trap_t,
    store::{Cx, wasm_store_t},
    trap,
};
use windlass::{Error, InterruptHandle, StoreLimitsBuilder};

/// What stops guests of a store, from any thread.
pub struct windlass_interrupt_handle_t(InterruptHandle);

/// `windlass_limits_t`: the most that guests of a store may take; `SIZE_MAX` for no limit.
#[repr(C)]
pub struct windlass_limits_t {
    memory_size: usize,
    gc_heap_size: usize,
    stack_size: usize,
    total_size: usize,
    table_elements: usize,
    instances: usize,
    tables: usize,
    memories: usize,
}

/// What C is told where guests use no fuel: what to do about it.
fn no_fuel(_: Error) -> Error {
    Error::msg("the engine does not count fuel: windlass_config_consume_fuel makes one that does")
}

entries! {
    /// Sets how much fuel is left.
    fn windlass_store_set_fuel(store: Mut<'_, wasm_store_t>, fuel: u64) -> Own<wasm_trap_t> {
        trap::of(store.map(|store| &store.0), |store| {
            store.enter(|cx| cx.set_fuel(fuel).map_err(no_fuel))
        })
    }

    /// How much fuel is left.
    fn windlass_store_get_fuel(
        store: Const<'_, wasm_store_t>,
        fuel: InOut<'_, u64>,
    ) -> Own<wasm_trap_t> {
        trap::of(store.map(|store| &store.0), |store| {
            let fuel = fuel.ok_or_else(trap::null)?;
            let left = |cx: &mut Cx<'_>| windlass::AsContext::as_context(cx).get_fuel();
            *fuel = store.enter(|cx| left(cx).map_err(no_fuel))?;
            Ok(())
        })
    }

    /// Stops guests when the engine has made this many ticks more.
    fn windlass_store_set_epoch_deadline(
        store: Mut<'_, wasm_store_t>,
        ticks: u64,
    ) -> Own<wasm_trap_t> {
        let store = store.map(|store| &store.0);
        trap::of(store, |store| store.enter(|cx| cx.set_epoch_deadline(ticks)))
    }

    /// Limits what guests may take from now on.
    fn windlass_store_set_limits(
        store: Mut<'_, wasm_store_t>,
        limits: Const<'_, windlass_limits_t>,
    ) -> Own<wasm_trap_t> {
        trap::of(store.map(|store| &store.0), |store| {
            let limits = limits.ok_or_else(|| Error::msg("the limits are null"))?;
            let limits = StoreLimitsBuilder::new()
                .memory_size(limits.memory_size)
                .gc_heap_size(limits.gc_heap_size)
                .stack_size(limits.stack_size)
                .total_size(limits.total_size)
                .table_elements(limits.table_elements)
                .instances(limits.instances)
                .tables(limits.tables)
                .memories(limits.memories)
                .build();
            store.enter(|cx| {
                cx.data_mut().limits = limits;
                Ok(())
            })
        })
    }

    /// Collects garbage.
    fn windlass_store_gc(store: Mut<'_, wasm_store_t>) -> Own<wasm_trap_t> {
        trap::of(store.map(|store| &store.0), |store| {
            store.enter(|cx| {
                cx.gc();
                Ok(())
            })
        })
    }

    /// What stops guests of the store; null if the engine's guests don't look.
    fn windlass_interrupt_handle_new(
        store: Const<'_, wasm_store_t>,
    ) -> Own<windlass_interrupt_handle_t> {
        let handle = store?.0.enter(|cx| windlass::AsContext::as_context(cx).interrupt_handle());
        Some(Box::new(windlass_interrupt_handle_t(handle.ok()?)))
    }

    /// Stops the guest that runs, or the next.
    fn windlass_interrupt_handle_interrupt(handle: Mut<'_, windlass_interrupt_handle_t>) {
        if let Some(handle) = handle {
            handle.0.interrupt();
        }
    }

    /// Takes an interrupt back that no guest has noticed.
    fn windlass_interrupt_handle_clear(handle: Mut<'_, windlass_interrupt_handle_t>) {
        if let Some(handle) = handle {
            handle.0.clear_interrupt();
        }
    }

    /// Deletes it.
    fn windlass_interrupt_handle_delete(handle: Own<windlass_interrupt_handle_t>) {
        drop(handle);
    }
}
