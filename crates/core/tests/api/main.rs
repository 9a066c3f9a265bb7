//! Tests of the embedding API: what an embedder sees and relies on.

mod abandoned;
mod backtrace;
mod call_hooks;
mod calls;
mod casts;
mod code_limits;
mod collection;
mod costs;
mod crossing;
mod descriptors;
mod embedder_code;
mod error_stack;
mod errors;
mod exceptions;
mod exceptions_collected;
mod foreign;
mod fuel_laws;
mod futures;
mod growth;
mod guest_objects;
mod host;
mod host_memory;
mod instantiation;
mod instructions;
mod limiters;
mod limits;
mod link;
mod loop_pins;
mod memory;
mod metering;
mod module;
mod nans;
mod native_stack;
mod objects;
mod pausing;
mod reentrance;
mod references;
mod roots;
mod sequences;
mod slices;
mod small_calls;
mod small_copies;
mod stores;
mod threads;
mod throws;
mod typed_functions;
mod types_held;
mod verification;
mod widths;

use windlass::{Engine, Extern, Instance, Linker, Module, Store};

/// A module from the text format.
fn module(engine: &Engine, text: &str) -> Module {
    Module::new(engine, wat::parse_str(text).expect("the text is right")).expect("a valid module")
}

/// An instance, without imports, in a store of its own.
fn instance(text: &str) -> (Store<()>, Instance) {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).expect("an instance");
    (store, instance)
}

/// An instance whose imports the linker has, in a store with this data.
fn linked<T>(linker: &Linker<T>, data: T, text: &str) -> (Store<T>, Instance) {
    let mut store = Store::new(linker.engine(), data);
    let module = module(linker.engine(), text);
    let instance = linker.instantiate(&mut store, &module).expect("an instance");
    (store, instance)
}

/// What goes wrong when a module is instantiated with these imports.
fn instantiation_error(store: &mut Store<()>, text: &str, imports: &[Extern]) -> windlass::Error {
    let module = module(&store.engine().clone(), text);
    Instance::new(store, &module, imports).expect_err("an error")
}
