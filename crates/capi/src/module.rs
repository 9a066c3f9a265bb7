//! `wasm_module_t`: modules, and bytes that they are made from.

use crate::{
    config::wasm_engine_t,
    entry::{Const, Mut, Out, Own, entries, hand_over, put},
    info::Info,
    reference::{Object, wasm_module_t, wasm_ref_t, wasm_trap_t},
    store::wasm_store_t,
    trap,
    types::{wasm_exporttype_t, wasm_importtype_t},
    vector::{Vector, wasm_byte_vec_t, wasm_name_t},
};
use std::{slice, sync::Arc};
#[cfg(feature = "wat")]
use windlass::Error;
use windlass::{Engine, Module, Result};

/// A module, with what C has attached to it.
pub(crate) struct ModuleData {
    pub(crate) module: Module,
    pub(crate) info: Info,
}

/// A module for the stores of an engine, on any thread.
pub struct wasm_shared_module_t(Arc<ModuleData>);

/// Types of imports.
pub type wasm_importtype_vec_t = Vector<Own<wasm_importtype_t>>;
/// Types of exports.
pub type wasm_exporttype_vec_t = Vector<Own<wasm_exporttype_t>>;

impl wasm_ref_t {
    pub(crate) fn of_module(module: Module) -> Box<wasm_ref_t> {
        let data = ModuleData { module, info: Info::default() };
        Box::new(wasm_ref_t { object: Object::Module(Arc::new(data)), store: None })
    }
}

/// Bytes of C's.
///
/// # Safety
/// `size` bytes are at `bytes`, unless that is null, for as long as they are used.
unsafe fn slice<'a>(bytes: *const u8, size: usize) -> Result<&'a [u8]> {
    match bytes.is_null() {
        true if size == 0 => Ok(&[]),
        true => Err(trap::null()),
        // SAFETY: the caller's.
        false => Ok(unsafe { slice::from_raw_parts(bytes, size) }),
    }
}

/// What can fail without a store.
fn outcome(result: Result<()>) -> Own<wasm_trap_t> {
    result.err().map(|error| trap::from_error(&error, None))
}

fn make(engine: &Engine, binary: Const<'_, wasm_byte_vec_t>) -> Option<Box<wasm_module_t>> {
    Some(wasm_ref_t::of_module(Module::from_binary(engine, binary?.as_slice()).ok()?))
}

entries! {
    /// A module of bytes in the binary format; null if they are none. `windlass_module_new` tells
    /// why.
    fn wasm_module_new(
        store: Mut<'_, wasm_store_t>,
        binary: Const<'_, wasm_byte_vec_t>,
    ) -> Own<wasm_module_t> {
        make(&store?.0.engine, binary)
    }

    /// Whether the bytes are a valid module.
    fn wasm_module_validate(
        store: Mut<'_, wasm_store_t>,
        binary: Const<'_, wasm_byte_vec_t>,
    ) -> bool {
        let (Some(store), Some(binary)) = (store, binary) else { return false };
        Module::validate(&store.0.engine, binary.as_slice()).is_ok()
    }

    /// The types of its imports, in order.
    fn wasm_module_imports(module: Const<'_, wasm_module_t>, out: Out<'_, wasm_importtype_vec_t>) {
        let module = module.and_then(|module| module.module());
        let types: wasm_importtype_vec_t = module.map_or_else(Vector::empty, |data| {
            let imports = data.module.imports();
            let types = imports.map(|import| wasm_importtype_t::new(&import).map(Box::new));
            types.collect::<Vec<_>>().into()
        });
        put(out, types);
    }

    /// The types of its exports, in order.
    fn wasm_module_exports(module: Const<'_, wasm_module_t>, out: Out<'_, wasm_exporttype_vec_t>) {
        let module = module.and_then(|module| module.module());
        let types: wasm_exporttype_vec_t = module.map_or_else(Vector::empty, |data| {
            let exports = data.module.exports();
            let types = exports.map(|export| wasm_exporttype_t::new(&export).map(Box::new));
            types.collect::<Vec<_>>().into()
        });
        put(out, types);
    }

    /// The module in the binary format: there is no code of the machine's to keep.
    fn wasm_module_serialize(module: Const<'_, wasm_module_t>, out: Out<'_, wasm_byte_vec_t>) {
        let module = module.and_then(|module| module.module());
        put(out, module.map_or_else(Vector::empty, |data| data.module.bytes().to_vec().into()));
    }

    /// The same as `wasm_module_new`: the bytes are checked as any others.
    fn wasm_module_deserialize(
        store: Mut<'_, wasm_store_t>,
        binary: Const<'_, wasm_byte_vec_t>,
    ) -> Own<wasm_module_t> {
        make(&store?.0.engine, binary)
    }

    /// The module for other threads.
    fn wasm_module_share(module: Const<'_, wasm_module_t>) -> Own<wasm_shared_module_t> {
        Some(Box::new(wasm_shared_module_t(module?.module()?.clone())))
    }

    /// The module again; null if the store has another engine.
    fn wasm_module_obtain(
        store: Mut<'_, wasm_store_t>,
        module: Const<'_, wasm_shared_module_t>,
    ) -> Own<wasm_module_t> {
        let (store, module) = (store?, module?);
        if !Engine::same(&store.0.engine, module.0.module.engine()) {
            return None;
        }
        let object = Object::Module(module.0.clone());
        Some(Box::new(wasm_ref_t { object, store: None }))
    }

    /// Deletes it.
    fn wasm_shared_module_delete(module: Own<wasm_shared_module_t>) {
        drop(module);
    }

    /// A module of bytes in the binary format.
    fn windlass_module_new(
        engine: Mut<'_, wasm_engine_t>,
        bytes: *const u8,
        size: usize,
        out: Out<'_, *mut wasm_module_t>,
    ) -> Own<wasm_trap_t> {
        outcome((|| {
            let engine = engine.ok_or_else(trap::null)?;
            // SAFETY: the caller's.
            let module = Module::from_binary(&engine.0, unsafe { slice(bytes, size) }?)?;
            hand_over(out, wasm_ref_t::of_module(module));
            Ok(())
        })())
    }

    /// Why the bytes are no valid module; null if they are one.
    fn windlass_module_validate(
        engine: Mut<'_, wasm_engine_t>,
        bytes: *const u8,
        size: usize,
    ) -> Own<wasm_trap_t> {
        outcome((|| {
            let engine = engine.ok_or_else(trap::null)?;
            // SAFETY: the caller's.
            Module::validate(&engine.0, unsafe { slice(bytes, size) }?)
        })())
    }

    /// The name that the module has in itself; empty if it has none.
    fn windlass_module_name(module: Const<'_, wasm_module_t>, out: Out<'_, wasm_name_t>) {
        let name = module.and_then(|module| module.module()?.module.name());
        put(out, name.unwrap_or_default().as_bytes().to_vec().into());
    }
}

#[cfg(feature = "wat")]
entries! {
    /// The binary format of a text.
    fn windlass_wat2wasm(
        text: *const u8,
        size: usize,
        out: Out<'_, wasm_byte_vec_t>,
    ) -> Own<wasm_trap_t> {
        outcome((|| {
            // SAFETY: the caller's.
            let text = unsafe { slice(text, size) }?;
            let bytes = wat::parse_bytes(text).map_err(|error| Error::msg(error.to_string()))?;
            put(out, bytes.into_owned().into());
            Ok(())
        })())
    }
}
