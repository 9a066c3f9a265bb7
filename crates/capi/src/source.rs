//! Linear memory in bytes that C gives: for one memory, or for all of an engine. The engine takes
//! them when it makes a memory, and gives them back when that ends; C must not use the store then.

use crate::{
    config::{self, wasm_config_t},
    entry::{Const, Mut, Own, entries},
    info::{Finalizer, HostInfo},
    reference::{wasm_memory_t, wasm_ref_t},
    store::wasm_store_t,
    types::wasm_memorytype_t,
};
use std::{
    ffi::c_void,
    slice,
    sync::{Arc, Mutex, PoisonError},
};
use windlass::{Memory, MemorySource};

/// Gives bytes for a memory: at least as many as the first number, and no more than the second are
/// ever used. Stores how many it gives; null if there are none.
pub type windlass_memory_take_callback_t =
    Option<unsafe extern "C" fn(*mut c_void, usize, usize, *mut usize) -> *mut u8>;

/// Gets the bytes of a memory that has ended.
pub type windlass_memory_give_back_callback_t =
    Option<unsafe extern "C" fn(*mut c_void, *mut u8, usize)>;

/// Two functions of C's.
struct Callbacks {
    take: windlass_memory_take_callback_t,
    give_back: windlass_memory_give_back_callback_t,
    env: HostInfo,
}

impl MemorySource for Callbacks {
    fn take(&self, minimum: usize, maximum: Option<usize>) -> Option<&'static mut [u8]> {
        let (take, most, mut size) = (self.take?, maximum.unwrap_or(usize::MAX), 0);
        // SAFETY: C gave the function, for this call.
        let bytes = unsafe { take(self.env.data, minimum, most, &raw mut size) };
        if bytes.is_null() {
            return None;
        }
        if isize::try_from(size).is_err() {
            // No slice has so many: C gets them back as it gave them.
            if let Some(give_back) = self.give_back {
                // SAFETY: C gave the function, for this call.
                unsafe { give_back(self.env.data, bytes, size) }
            }
            return None;
        }
        // SAFETY: C has so many bytes there, with something in them, that nobody else uses until
        // they are given back.
        Some(unsafe { slice::from_raw_parts_mut(bytes, size) })
    }

    fn give_back(&self, bytes: &'static mut [u8]) {
        if let Some(give_back) = self.give_back {
            // SAFETY: C gave the function, for this call.
            unsafe { give_back(self.env.data, bytes.as_mut_ptr(), bytes.len()) }
        }
    }
}

/// Bytes for one memory, which has this: when it ends, so does what C has attached to them.
struct Once {
    bytes: Mutex<Option<&'static mut [u8]>>,
    _info: HostInfo,
}

impl MemorySource for Once {
    fn take(&self, _: usize, _: Option<usize>) -> Option<&'static mut [u8]> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn give_back(&self, _: &'static mut [u8]) {}
}

entries! {
    /// All memories of the engine's stores, but shared ones, lie in bytes that `take` gives.
    fn windlass_config_memory_source(
        config: Mut<'_, wasm_config_t>,
        take: windlass_memory_take_callback_t,
        give_back: windlass_memory_give_back_callback_t,
        env: *mut c_void,
        finalizer: Finalizer,
    ) {
        let source = Callbacks { take, give_back, env: HostInfo::new(env, finalizer) };
        config::set(config, |config| {
            config.memory_source(Arc::new(source));
        });
    }

    /// A memory of zeros in these bytes; null if they are too few for its type.
    fn windlass_memory_new_with_bytes(
        store: Mut<'_, wasm_store_t>,
        ty: Const<'_, wasm_memorytype_t>,
        bytes: *mut u8,
        size: usize,
        env: *mut c_void,
        finalizer: Finalizer,
    ) -> Own<wasm_memory_t> {
        // Whatever goes wrong, it ends once.
        let info = HostInfo::new(env, finalizer);
        let (store, ty) = (&store?.0, ty?.memory_type().ok()?);
        if bytes.is_null() || isize::try_from(size).is_err() {
            return None;
        }
        // SAFETY: C has so many bytes there, with something in them, that nobody else uses until
        // the finalizer is called.
        let bytes = unsafe { slice::from_raw_parts_mut(bytes, size) };
        let source = Arc::new(Once { bytes: Mutex::new(Some(bytes)), _info: info });
        let memory = store.enter(|cx| Memory::with_source(cx, ty, source));
        Some(Box::new(wasm_ref_t::of_extern(memory.ok()?, store)))
    }
}
