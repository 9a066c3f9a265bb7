//! Limiters that do more than say yes or no: they fail, panic, drop what they have of the store,
//! run other stores.

use crate::module;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use windlass::{
    Config, Engine, Error, Event, Execution, ExternRef, Instance, Memory, MemoryType, OwnedRooted,
    Ref, RefType, ResourceLimiter, Rooted, Store, Table, TableType, Trap, Val,
};

/// What the limiter does when it is asked.
#[derive(Default)]
struct Limiter {
    answer: Answer,
    asked: usize,
    held: Vec<OwnedRooted<ExternRef>>,
    paused: Option<Execution>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Answer {
    #[default]
    Yes,
    Fail,
    Panic,
    /// Drops all that it has of the store.
    Forget,
    /// Runs a guest of another store.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Refused(&'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {} for you", self.0)
    }
}

impl std::error::Error for Refused {}

impl Limiter {
    fn answer(&mut self, what: &'static str) -> Result<bool, Error> {
        self.asked += 1;
        match self.answer {
            Answer::Yes => Ok(true),
            Answer::Fail => Err(Refused(what).into()),
            Answer::Panic => panic!("the limiter panics"),
            Answer::Forget => {
                self.held.clear();
                self.paused = None;
                Ok(true)
            }
            Answer::Other => {
                let (mut store, instance) = crate::instance(GUEST);
                let func = instance.get_typed_func::<i32, i32>(&store, "grow_memory")?;
                Ok(func.call(&mut store, 1)? == 1)
            }
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        self.answer("memory")
    }
    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        self.answer("table")
    }
    fn gc_heap_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        self.answer("heap")
    }
}

const GUEST: &str = r#"
    (memory (export "memory") 1)
    (table (export "table") 1 funcref)
    (type $array (array (mut i64)))
    (tag $tag (param i32))
    (global $done (export "done") (mut i32) (i32.const 0))
    (func (export "grow_memory") (param i32) (result i32)
      (memory.grow (local.get 0))
      (global.set $done (i32.const 1)))
    (func (export "grow_table") (param i32) (result i32)
      (table.grow (ref.null func) (local.get 0))
      (global.set $done (i32.const 1)))
    (func (export "allocate") (param i32) (result i32)
      (array.len (array.new_default $array (local.get 0)))
      (global.set $done (i32.const 1)))
    (func (export "throw") (param i32) (result i32)
      (block $caught (result i32 exnref)
        (try_table (catch_ref $tag $caught) (throw $tag (local.get 0)))
        (unreachable))
      (drop)
      (global.set $done (i32.const 1)))"#;

const CALLS: [(&str, &str); 4] =
    [("grow_memory", "memory"), ("grow_table", "table"), ("allocate", "heap"), ("throw", "heap")];

fn store() -> (Store<Limiter>, Instance) {
    let mut store = Store::new(&Engine::default(), Limiter::default());
    store.limiter(|limiter| limiter);
    let instance = add_instance(&mut store).unwrap();
    (store, instance)
}

fn add_instance(store: &mut Store<Limiter>) -> Result<Instance, Error> {
    let module = module(&store.engine().clone(), GUEST);
    Instance::new(store, &module, &[])
}

fn call(store: &mut Store<Limiter>, instance: &Instance, func: &str) -> Result<i32, Error> {
    instance.get_typed_func::<i32, i32>(&mut *store, func)?.call(store, 3)
}

fn is_done(store: &mut Store<Limiter>, instance: &Instance) -> bool {
    let global = instance.get_global(&*store, "done").unwrap();
    global.get(store).unwrap_i32() == 1
}

#[test]
fn an_error_of_the_limiter_ends_the_call_with_it() {
    for (func, what) in CALLS {
        let (mut store, instance) = store();
        store.data_mut().answer = Answer::Fail;
        let error = call(&mut store, &instance, func).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Refused(what)), "{func}");
        assert_eq!(error.trap(), None);
        assert_eq!(error.backtrace().unwrap().frames().len(), 1, "{func}");
        assert!(!is_done(&mut store, &instance), "the guest does not go on");
        let asked = store.data().asked;
        store.data_mut().answer = Answer::Yes;
        assert!(call(&mut store, &instance, func).is_ok());
        assert!(store.data().asked > asked, "{func}: nothing had grown");
    }
}

#[test]
fn a_trap_of_the_limiter_is_one() {
    struct Traps;
    impl ResourceLimiter for Traps {
        fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
            Err(Trap::Interrupted.into())
        }
        fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
            Ok(true)
        }
    }
    let mut store = Store::new(&Engine::default(), Traps);
    store.limiter(|limiter| limiter);
    let error = Memory::new(&mut store, MemoryType::new(0, None)).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::Interrupted));
}

#[test]
fn an_error_of_the_limiter_is_that_of_what_the_host_called() {
    let (mut store, instance) = store();
    let memory = instance.get_memory(&store, "memory").unwrap();
    let table = instance.get_table(&store, "table").unwrap();
    let refused =
        |result: Result<(), Error>| *result.unwrap_err().downcast_ref::<Refused>().unwrap();
    store.data_mut().answer = Answer::Fail;
    assert_eq!(refused(memory.grow(&mut store, 1).map(drop)).0, "memory");
    assert_eq!(refused(table.grow(&mut store, 1, Ref::Func(None)).map(drop)).0, "table");
    assert_eq!(refused(Memory::new(&mut store, MemoryType::new(1, None)).map(drop)).0, "memory");
    let ty = TableType::new(RefType::FUNCREF, 1, None);
    assert_eq!(refused(Table::new(&mut store, ty, Ref::Func(None)).map(drop)).0, "table");
    assert_eq!(refused(add_instance(&mut store).map(drop)).0, "table");
    assert_eq!((memory.size(&store), table.size(&store)), (1, 1));
}

#[test]
fn a_growth_that_fails_in_the_host_can_be_an_error() {
    struct Strict;
    impl ResourceLimiter for Strict {
        fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
            Ok(true)
        }
        fn memory_grow_failed(&mut self, error: Error) -> Result<(), Error> {
            Err(error)
        }
        fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
            Ok(true)
        }
    }
    let mut store = Store::new(&Engine::default(), Strict);
    store.limiter(|limiter| limiter);
    let memory = Memory::new(&mut store, MemoryType::new64(0, None)).unwrap();
    // More than half of the host's addresses is never given.
    let bytes = 1u64 << (usize::BITS - 1);
    let error = memory.grow(&mut store, bytes >> 16).unwrap_err();
    assert_eq!(error.to_string(), format!("the host cannot allocate {bytes} bytes"));
}

#[test]
fn a_limiter_that_panics_leaves_the_store_as_it_was() {
    for (func, _) in CALLS {
        let (mut store, instance) = store();
        for _ in 0..3 {
            store.data_mut().answer = Answer::Panic;
            let result = catch_unwind(AssertUnwindSafe(|| call(&mut store, &instance, func)));
            assert!(result.is_err(), "{func}");
            assert!(!is_done(&mut store, &instance));
            store.gc();
        }
        store.data_mut().answer = Answer::Yes;
        assert!(call(&mut store, &instance, func).is_ok(), "{func}");
        assert!(is_done(&mut store, &instance));
    }
}

#[test]
fn a_limiter_that_panics_gives_no_fuel_back() {
    let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
    let mut store = Store::new(&engine, Limiter::default());
    store.limiter(|limiter| limiter);
    store.set_fuel(1000).unwrap();
    let instance = add_instance(&mut store).unwrap();
    store.data_mut().answer = Answer::Panic;
    let result = catch_unwind(AssertUnwindSafe(|| call(&mut store, &instance, "grow_memory")));
    assert!(result.is_err());
    assert!(store.get_fuel().unwrap() < 1000);
}

#[test]
fn an_execution_whose_limiter_panics_has_ended() {
    let (mut store, instance) = store();
    let func = instance.get_func(&store, "grow_memory").unwrap();
    let mut execution = func.start(&mut store, &[Val::I32(1)]).unwrap();
    store.data_mut().answer = Answer::Panic;
    assert!(catch_unwind(AssertUnwindSafe(|| execution.run(&mut store).map(drop))).is_err());
    assert!(execution.has_ended());
    store.data_mut().answer = Answer::Yes;
    assert!(execution.run(&mut store).is_err());
    assert_eq!(call(&mut store, &instance, "grow_memory").unwrap(), 1);
}

#[test]
fn an_instantiation_whose_limiter_panics_leaves_nothing_behind() {
    let (mut store, other) = store();
    let engine = store.engine().clone();
    // The heap has room after that: the memory is asked about when functions, globals and objects
    // are there.
    call(&mut store, &other, "allocate").unwrap();
    let text = r#"(type $array (array i64))
        (global (ref $array) (array.new_default $array (i32.const 10)))
        (func (export "f") (result i32) (i32.const 42))
        (memory 1)"#;
    let refused = module(&engine, text);
    store.data_mut().answer = Answer::Panic;
    for _ in 0..3 {
        let result =
            catch_unwind(AssertUnwindSafe(|| Instance::new(&mut store, &refused, &[]).map(drop)));
        assert!(result.is_err());
        store.gc();
    }
    store.data_mut().answer = Answer::Yes;
    let instance = Instance::new(&mut store, &refused, &[]).unwrap();
    let f = instance.get_typed_func::<(), i32>(&store, "f").unwrap();
    assert_eq!(f.call(&mut store, ()).unwrap(), 42);
}

#[test]
fn a_limiter_may_drop_what_it_has_of_the_store() {
    for (func, _) in CALLS {
        let (mut store, instance) = store();
        let value = ExternRef::new(&mut store, 7u32).unwrap();
        let owned = value.to_owned_rooted(&mut store).unwrap();
        let start = instance.get_func(&store, "throw").unwrap();
        let paused = start.start(&mut store, &[Val::I32(1)]).unwrap();
        let data = store.data_mut();
        (data.held, data.paused) = (vec![owned], Some(paused));
        data.answer = Answer::Forget;
        assert!(call(&mut store, &instance, func).is_ok());
        assert!(store.data().paused.is_none());
        store.gc();
        assert!(call(&mut store, &instance, func).is_ok());
        let kept: Rooted<ExternRef> = value;
        assert!(kept.data(&store).is_ok());
    }
}

#[test]
fn a_limiter_may_run_other_stores() {
    for (func, _) in CALLS {
        let (mut store, instance) = store();
        let mut execution = {
            let func = instance.get_func(&store, func).unwrap();
            func.start(&mut store, &[Val::I32(3)]).unwrap()
        };
        store.data_mut().answer = Answer::Other;
        assert!(matches!(execution.run(&mut store).unwrap(), Event::Finished(_)));
        assert!(is_done(&mut store, &instance));
    }
}

#[test]
fn a_limiter_of_stacks_can_fail_and_panic_too() {
    #[derive(Default)]
    struct Stacks(Answer);
    impl ResourceLimiter for Stacks {
        fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
            Ok(true)
        }
        fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
            Ok(true)
        }
        fn stack_growing(&mut self, current: usize, desired: usize) -> Result<bool, Error> {
            assert!(current < desired);
            match self.0 {
                Answer::Fail => Err(Refused("stack").into()),
                Answer::Panic => panic!("the limiter panics"),
                _ => Ok(true),
            }
        }
    }
    let mut store = Store::new(&Engine::default(), Stacks::default());
    store.limiter(|limiter| limiter);
    let module = module(
        &store.engine().clone(),
        r#"(func $f (export "f") (param i32) (result i32)
             (if (result i32) (local.get 0)
               (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
               (else (i32.const 0))))"#,
    );
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let f = instance.get_typed_func::<i32, i32>(&store, "f").unwrap();
    // What a first call needs and what a deep one needs.
    for depth in [1, 3000] {
        for answer in [Answer::Fail, Answer::Panic, Answer::Panic] {
            store.data_mut().0 = answer;
            let result = catch_unwind(AssertUnwindSafe(|| f.call(&mut store, depth)));
            let error = result.map(|result| *result.unwrap_err().downcast_ref().unwrap());
            assert_eq!(error.ok(), (answer == Answer::Fail).then_some(Refused("stack")));
        }
        store.data_mut().0 = Answer::Yes;
        assert_eq!(f.call(&mut store, depth).unwrap(), depth);
    }
}
