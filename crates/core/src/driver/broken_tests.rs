//! Backstops: what is beyond what there is, handlers do not read, whatever the code or a reference
//! says. Each is made to happen: by a wrong word of code that nobody verifies, or by a wrong
//! reference in a global or a table. The list is in the head of `exec`.

use super::BROKEN;
use crate::{
    AsContextMut, Config, Engine, Features, Instance, Module, Store, Trap,
    exec::{
        Cell,
        cells::{Layouts, Part},
    },
    translate::translated,
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    string::String,
};

const TEXT: &str = r#"(module
    (type $f (sub (func (result i32))))
    (type $s (sub (struct (field (mut i32)))))
    (type $a (array (mut i32)))
    (rec (type $o (descriptor $d) (struct)) (type $d (describes $o) (struct)))
    (global $func (mut (ref null $f)) (ref.null $f))
    (global $struct (mut (ref null $s)) (ref.null $s))
    (global $array (mut (ref null $a)) (ref.null $a))
    (global $any (mut anyref) (ref.null any))
    (table $t 2 funcref) (table $u 2 anyref)
    (memory 1) (memory $m 1)
    (elem declare func $leaf)
    (func $leaf (type $f) (i32.const 7))
    (func (export "call_ref") (result i32) (call_ref $f (global.get $func)))
    (func (export "return_call_ref") (result i32) (return_call_ref $f (global.get $func)))
    (func (export "call_indirect") (result i32) (call_indirect $t (type $f) (i32.const 1)))
    (func (export "struct.get") (result i32) (struct.get $s 0 (global.get $struct)))
    (func (export "struct.set") (result i32)
      (struct.set $s 0 (global.get $struct) (i32.const 1)) (i32.const 1))
    (func (export "array.get") (result i32) (array.get $a (global.get $array) (i32.const 1)))
    (func (export "array.set") (result i32)
      (array.set $a (global.get $array) (i32.const 1) (i32.const 1)) (i32.const 1))
    (func (export "array.len") (result i32) (array.len (global.get $array)))
    (func (export "ref.test") (result i32) (ref.test (ref $s) (global.get $any)))
    (func (export "ref.test exact") (result i32) (ref.test (ref $d) (global.get $any)))
    (func (export "ref.test struct") (result i32) (ref.test (ref struct) (global.get $any)))
    (func (export "ref.test array") (result i32) (ref.test (ref array) (global.get $any)))
    (func (export "ref.test func") (result i32) (ref.test (ref $f) (table.get $t (i32.const 1))))
    (func (export "ref.cast") (result i32)
      (drop (ref.cast (ref $s) (global.get $any))) (i32.const 1))
    (func (export "ref.cast_desc_eq") (result i32)
      (drop (ref.cast_desc_eq (ref $o) (global.get $any) (struct.new_default $d))) (i32.const 1))
    (func (export "ref.func") (result i32) (drop (ref.func $leaf)) (i32.const 1))
    (func (export "table.get") (result i32) (drop (table.get $u (i32.const 1))) (i32.const 1))
    (func (export "table.set") (result i32)
      (table.set $u (i32.const 1) (global.get $any)) (i32.const 1))
    (func (export "table.size") (result i32) (table.size $u))
    (func (export "i32.load") (result i32) (i32.load $m (i32.const 1)))
    (func (export "i32.store") (result i32)
      (i32.store $m (i32.const 1) (i32.const 1)) (i32.const 1))
    (func (export "i32.atomic.load") (result i32) (i32.atomic.load $m (i32.const 4))))"#;

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Value(i32),
    Trap(Trap),
    /// An abort, but in tests.
    Broken,
}

fn module() -> Module {
    let mut config = Config::new();
    config.features(Features::ALL);
    let engine = Engine::new(&config).expect("the settings are fine");
    let wasm = wat::parse_str(TEXT).expect("the text is a module");
    Module::from_binary(&engine, &wasm).expect("the module is valid")
}

/// Calls a function in a new store, which is changed before.
fn call(module: &Module, name: &str, change: impl FnOnce(&mut Store<()>)) -> End {
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, module, &[]).expect("it can be instantiated");
    let func = instance.get_typed_func::<(), i32>(&store, name).expect("it is exported");
    change(&mut store);
    match catch_unwind(AssertUnwindSafe(|| func.call(&mut store, ()))) {
        Ok(Ok(value)) => End::Value(value),
        Ok(Err(error)) => End::Trap(error.trap().expect("it traps")),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or_else(|| panic.downcast_ref::<String>().map(|text| &**text));
            assert_eq!(text, Some(BROKEN));
            End::Broken
        }
    }
}

/// A reference that is none: to a function, or to an object.
const FUNC: u64 = 1_000_000;
const OBJECT: u64 = 1 << 30;

#[test]
fn references_beyond_what_there_is_are_not_followed() {
    let module = module();
    let null = |name| call(&module, name, |_| {});
    let wrong = |name| {
        call(&module, name, |store| {
            let inner = &mut store.as_context_mut().0.inner;
            inner.globals.copy_from_slice(&[[FUNC, 0], [OBJECT, 0], [OBJECT, 0], [OBJECT, 0]]);
            inner.tables[0].elements.fill(FUNC);
        })
    };
    for (name, trap) in [
        ("call_ref", Trap::NullFunctionReference),
        ("return_call_ref", Trap::NullFunctionReference),
        ("call_indirect", Trap::UninitializedElement),
        ("struct.get", Trap::NullStructureReference),
        ("struct.set", Trap::NullStructureReference),
        ("array.get", Trap::NullArrayReference),
        ("array.set", Trap::NullArrayReference),
        ("array.len", Trap::NullArrayReference),
    ] {
        assert_eq!([null(name), wrong(name)], [End::Trap(trap), End::Broken], "{name}");
    }
    // Those that pass nothing but what is known to be there.
    for name in ["ref.test", "ref.test exact", "ref.test struct", "ref.test array", "ref.test func"]
    {
        assert_eq!([null(name), wrong(name)], [End::Value(0); 2], "{name}");
    }
    let fails = [End::Trap(Trap::CastFailure); 2];
    assert_eq!([null("ref.cast"), wrong("ref.cast")], fails);
    assert_eq!(wrong("ref.cast_desc_eq"), End::Trap(Trap::DescriptorCastFailure));
}

/// Has the upper half of an operand word be another number, in the only cell of its kind.
fn call_changed(name: &str, is_it: impl Fn(Part) -> bool, word: usize) -> End {
    let module = module();
    let func = module.0.find_export(name).expect("it is exported").1 as usize;
    let mut parts = translated(module.0.source(), func);
    let cells = &mut parts.code;
    let is_cell = |cell: &Cell| Layouts::get().of(*cell).any(|layout| is_it(layout.part));
    let at = cells.iter().position(is_cell).expect("there is such a cell");
    let own = cells[at + 1 + word].bits();
    cells[at + 1 + word] = Cell::word(u64::from(own as u32) | 500_000 << 32);
    module.0.code.publish(func, parts.code.into(), parts.catches).expect("there is memory");
    call(&module, name, |_| {})
}

#[test]
fn indices_beyond_what_there_is_are_not_used() {
    assert_eq!(call_changed("ref.func", |part| part == Part::Func, 0), End::Broken);
    assert_eq!(call_changed("table.get", |part| part == Part::TableGet, 0), End::Broken);
    assert_eq!(call_changed("table.set", |part| part == Part::TableSet, 0), End::Broken);
    assert_eq!(call_changed("table.size", |part| part == Part::TableSize, 0), End::Broken);
    assert_eq!(call_changed("call_indirect", |part| part == Part::CallIndirect, 1), End::Broken);
    let trap = End::Trap(Trap::MemoryOutOfBounds);
    let is_any = |part| matches!(part, Part::AnyMemory { .. });
    assert_eq!(call_changed("i32.load", is_any, 0), trap);
    assert_eq!(call_changed("i32.store", is_any, 0), trap);
    let is_atomic = |part| matches!(part, Part::AtomicMemory { .. });
    assert_eq!(call_changed("i32.atomic.load", is_atomic, 0), trap);
}
