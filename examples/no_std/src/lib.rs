//! Embedding without the standard library, as in firmware: Windlass with `default-features = false`
//! needs an allocator and nothing else. The example `no_std` calls this; that it builds for a
//! machine without an operating system is checked by
//!
//! ```text
//! cargo check -p windlass-example-no-std --no-default-features --target thumbv7em-none-eabi
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use windlass::{
    Caller, Config, Engine, Linker, Module, Result, Store, StoreLimits, StoreLimitsBuilder,
};

/// What the guest may do with the machine: here, set the levels of pins.
struct Board {
    levels: Vec<bool>,
    limits: StoreLimits,
}

/// The most that a guest may make the host hold: there is no other limit than the allocator's.
const MEMORY: usize = 128 << 10;

/// Runs a guest's `main` and returns the levels of the pins afterwards.
///
/// The guest comes as a binary, from flash or from a wire: there is no text format here.
///
/// # Errors
/// If the module is not valid, imports what there is not, traps, or takes more memory or time than
/// it may.
pub fn run(guest: &[u8], pins: usize) -> Result<Vec<bool>> {
    // No thread can stop the guest here, so fuel does.
    let engine = Engine::new(Config::new().consume_fuel(true))?;
    let module = Module::new(&engine, guest)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("board", "set", |mut caller: Caller<'_, Board>, pin: u32, level: u32| {
        if let Some(place) = caller.data_mut().levels.get_mut(pin as usize) {
            *place = level != 0;
        }
    })?;
    let limits = StoreLimitsBuilder::new().total_size(MEMORY).build();
    let mut levels = Vec::new();
    levels.resize(pins, false);
    let mut store = Store::new(&engine, Board { levels, limits });
    store.limiter(|board| &mut board.limits);
    store.set_fuel(100_000)?;
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&store, "main")?.call(&mut store, ())?;
    Ok(store.into_data().levels)
}
