//! Limits: what guests may take, and how deep calls may be.

use crate::{linked, module};
use windlass::{
    Caller, Config, Engine, Error, Func, Instance, Linker, Memory, MemoryType, Ref, RefType,
    ResourceLimiter, Store, StoreLimits, StoreLimitsBuilder, Table, TableType, Trap,
};

const GROWS: &str = r#"
    (memory (export "memory") 1 100)
    (table (export "table") 1 100 funcref)
    (func (export "grow_memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "grow_table") (param i32) (result i32)
      (table.grow (ref.null func) (local.get 0)))"#;

fn limited(limits: StoreLimits) -> Store<StoreLimits> {
    let mut store = Store::new(&Engine::default(), limits);
    store.limiter(|limits| limits);
    store
}

#[test]
fn growth_stops_at_the_limit() {
    let mut store =
        limited(StoreLimitsBuilder::new().memory_size(3 << 16).table_elements(5).build());
    let module = module(&store.engine().clone(), GROWS);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let grow = instance.get_typed_func::<i32, i32>(&store, "grow_memory").unwrap();
    let grown = [1, 2, 1, 1].map(|delta| grow.call(&mut store, delta).unwrap());
    assert_eq!(grown, [1, -1, 2, -1]);
    let grow = instance.get_typed_func::<i32, i32>(&store, "grow_table").unwrap();
    let grown = [4, 1, 0].map(|delta| grow.call(&mut store, delta).unwrap());
    assert_eq!(grown, [1, -1, 5]);
    let memory = instance.get_memory(&store, "memory").unwrap();
    assert!(memory.grow(&mut store, 1).is_err());
    assert_eq!(memory.size(&store), 3);
}

#[test]
fn new_memories_and_tables_count_too() {
    let mut store =
        limited(StoreLimitsBuilder::new().memory_size(1 << 16).table_elements(5).build());
    assert!(Memory::new(&mut store, MemoryType::new(1, None)).is_ok());
    let error = Memory::new(&mut store, MemoryType::new(2, None)).unwrap_err();
    assert_eq!(error.to_string(), "resource limit exceeded: memory minimum size of 2 pages");
    let table = |elements| TableType::new(RefType::EXTERNREF, elements, None);
    assert!(Table::new(&mut store, table(5), Ref::Extern(None)).is_ok());
    assert!(Table::new(&mut store, table(6), Ref::Extern(None)).is_err());
}

#[test]
fn what_does_not_fit_into_the_total_says_so() {
    let total = |bytes| limited(StoreLimitsBuilder::new().total_size(bytes).build());
    let mut store = total(100_000);
    let error = Memory::new(&mut store, MemoryType::new(2, None)).unwrap_err();
    assert_eq!(error.to_string(), "resource limit exceeded: total size, with a memory of 2 pages");
    let wide = TableType::new(RefType::EXTERNREF, 20_000, None);
    let error = Table::new(&mut store, wide, Ref::Extern(None)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "resource limit exceeded: total size, with a table of 20000 elements"
    );
    // As much as the instance takes; its first call needs a stack.
    let runs = module(store.engine(), "(func (export \"run\"))");
    let mut bytes = 0;
    let error = loop {
        let mut store =
            Store::new(runs.engine(), StoreLimitsBuilder::new().total_size(bytes).build());
        store.limiter(|limits| limits);
        if let Ok(instance) = Instance::new(&mut store, &runs, &[]) {
            let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
            break run.call(&mut store, ()).unwrap_err();
        }
        bytes += 64;
    };
    assert!(error.to_string().starts_with("no room for a stack of "), "{error}");
    assert_eq!(error.trap(), Some(Trap::StackOverflow));
}

#[test]
fn numbers_of_instances_memories_and_tables_are_limited() {
    let limits = StoreLimitsBuilder::new().instances(2).memories(2).tables(2).build();
    let mut store = limited(limits);
    let engine = store.engine().clone();
    let both = module(&engine, "(memory 1) (table 1 funcref)");
    Instance::new(&mut store, &both, &[]).unwrap();
    Instance::new(&mut store, &both, &[]).unwrap();
    let error = Instance::new(&mut store, &module(&engine, "(module)"), &[]).unwrap_err();
    assert_eq!(error.to_string(), "resource limit exceeded: instance count too high at 3");
    let error = Memory::new(&mut store, MemoryType::new(0, None)).unwrap_err();
    assert_eq!(error.to_string(), "resource limit exceeded: memory count too high at 3");
}

#[test]
fn an_instance_that_is_refused_leaves_nothing_behind() {
    let mut store = limited(StoreLimitsBuilder::new().memories(1).build());
    let engine = store.engine().clone();
    let two = module(&engine, "(memory 1) (memory 1)");
    for _ in 0..3 {
        let error = Instance::new(&mut store, &two, &[]).unwrap_err();
        assert_eq!(error.to_string(), "resource limit exceeded: memory count too high at 2");
    }
    Instance::new(&mut store, &module(&engine, "(memory 1)"), &[]).unwrap();
}

#[test]
fn limits_are_the_embedders_to_decide() {
    /// Keeps a record and refuses the third.
    #[derive(Default)]
    struct Record(Vec<(usize, usize, Option<usize>)>);
    impl ResourceLimiter for Record {
        fn memory_growing(
            &mut self,
            current: usize,
            desired: usize,
            max: Option<usize>,
        ) -> Result<bool, Error> {
            self.0.push((current, desired, max));
            Ok(self.0.len() != 3)
        }
        fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
            Ok(true)
        }
    }
    let mut store = Store::new(&Engine::default(), Record::default());
    store.limiter(|record| record);
    let module = module(&store.engine().clone(), GROWS);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let grow = instance.get_typed_func::<i32, i32>(&store, "grow_memory").unwrap();
    let grown = [1, 1, 100, 1].map(|delta| grow.call(&mut store, delta).unwrap());
    assert_eq!(grown, [1, -1, -1, 2]);
    let page = 1 << 16;
    let max = Some(100 * page);
    let expected = [
        (0, page, max),
        (page, 2 * page, max),
        (2 * page, 3 * page, max),
        (2 * page, 3 * page, max),
    ];
    assert_eq!(store.data().0, expected);
}

#[test]
fn memory_that_the_host_does_not_have_is_an_error() {
    let mut store = Store::new(&Engine::default(), ());
    let huge = MemoryType::new64(1 << 47, None);
    assert!(Memory::new(&mut store, huge).is_err());
    let memory = Memory::new(&mut store, MemoryType::new64(0, None)).unwrap();
    assert!(memory.grow(&mut store, 1 << 47).is_err());
    assert_eq!(memory.size(&store), 0);
}

#[test]
fn recursion_of_a_guest_ends_in_a_trap() {
    let run = |bytes: usize| {
        let engine = Engine::new(Config::new().max_wasm_stack(bytes)).unwrap();
        let mut store = Store::new(&engine, ());
        let module = module(
            &engine,
            r#"(global $depth (export "depth") (mut i32) (i32.const 0))
               (func $f (export "f")
                 (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
                 (call $f))"#,
        );
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_typed_func::<(), ()>(&store, "f").unwrap();
        assert_eq!(f.call(&mut store, ()).unwrap_err().trap(), Some(Trap::StackOverflow));
        instance.get_global(&store, "depth").unwrap().get(&mut store).unwrap_i32()
    };
    let (small, large) = (run(64 << 10), run(640 << 10));
    assert!(small > 100 && large > 8 * small, "{small} {large}");
}

#[test]
fn recursion_through_the_host_ends_in_a_trap() {
    let engine = Engine::new(Config::new().max_nested_calls(20)).unwrap();
    let mut linker: Linker<i32> = Linker::new(&engine);
    linker
        .func_wrap("env", "back", |mut caller: Caller<'_, i32>| -> Result<(), Error> {
            *caller.data_mut() += 1;
            let f = caller.get_export("f").and_then(|f| f.into_func()).unwrap();
            f.call(&mut caller, &[], &mut [])
        })
        .unwrap();
    let text = r#"(import "env" "back" (func $back)) (func (export "f") (call $back))"#;
    let (mut store, instance) = linked(&linker, 0, text);
    let f = instance.get_typed_func::<(), ()>(&store, "f").unwrap();
    for _ in 0..3 {
        *store.data_mut() = 0;
        assert_eq!(f.call(&mut store, ()).unwrap_err().trap(), Some(Trap::StackOverflow));
        assert_eq!(*store.data(), 20);
    }
}

#[test]
fn a_host_function_that_calls_itself_ends_in_a_trap() {
    let mut store = Store::new(&Engine::default(), None::<Func>);
    let func = Func::wrap(&mut store, |mut caller: Caller<'_, Option<Func>>| {
        let own = caller.data().expect("set below");
        own.call(&mut caller, &[], &mut [])
    });
    *store.data_mut() = Some(func);
    let error = func.call(&mut store, &[], &mut []).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::StackOverflow));
}

#[test]
fn a_growth_that_is_not_allowed_can_be_an_error() {
    let text = r#"(memory 1) (table 1 funcref)
        (func (export "memory") (result i32) (memory.grow (i32.const 1)))
        (func (export "table") (result i32) (table.grow (ref.null func) (i32.const 1)))"#;
    for trap in [false, true] {
        let limits = windlass::StoreLimitsBuilder::new().memory_size(1 << 16).table_elements(1);
        let limits = limits.trap_on_grow_failure(trap).build();
        let mut store = windlass::Store::new(&windlass::Engine::default(), limits);
        store.limiter(|limits| limits);
        let wasm = wat::parse_str(text).unwrap();
        let module = windlass::Module::new(store.engine(), wasm).unwrap();
        let instance = windlass::Instance::new(&mut store, &module, &[]).unwrap();
        for (name, message) in [
            (
                "memory",
                "resource limit exceeded: a memory of 131072 bytes: \
                 `StoreLimitsBuilder::memory_size` allows 65536\n",
            ),
            (
                "table",
                "resource limit exceeded: a table of 2 elements: \
                 `StoreLimitsBuilder::table_elements` allows 1\n",
            ),
        ] {
            let grow = instance.get_typed_func::<(), i32>(&store, name).unwrap();
            match grow.call(&mut store, ()) {
                Ok(old) => assert_eq!((old, trap), (-1, false), "{name}"),
                Err(error) => assert!(trap && error.to_string().starts_with(message), "{error}"),
            }
        }
    }
}
