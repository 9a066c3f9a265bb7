//! What is begun and not done: it counts as long as it lasts, and not any longer, however it ends.

use crate::module;
use windlass::{
    CompilationMode, Config, Engine, Error, Event, Execution, Instance, Memory, MemoryType,
    Metering, Ref, ResourceLimiter, Store, StoreLimitsBuilder, Trap, Val,
};

/// Says what the store holds.
#[derive(Default)]
struct Probe {
    held: usize,
    limit: Option<usize>,
    fails: bool,
}

impl ResourceLimiter for Probe {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        Ok(true)
    }
    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        if self.fails { Err(Error::msg("no more")) } else { Ok(true) }
    }
    fn total_growing(&mut self, current: usize, desired: usize) -> Result<bool, Error> {
        self.held = current;
        Ok(self.limit.is_none_or(|limit| desired <= limit))
    }
}

/// What the store holds, when nothing is left of what nobody can use any more.
fn held(store: &mut Store<Probe>) -> usize {
    let limit = store.data_mut().limit.replace(0);
    Memory::new(&mut *store, MemoryType::new(1, None)).unwrap_err();
    store.data_mut().limit = limit;
    store.data().held
}

const TABLE: &str = r#"
    (table $t (export "t") 0 anyref)
    (func (export "grow") (result i32) (table.grow $t (ref.i31 (i32.const 1)) (i32.const 500000)))
    (func (export "one") (result i32) (table.grow $t (ref.null any) (i32.const 1)))"#;
const BYTES: usize = 500_000 * 8;

fn with_table(metering: Metering) -> (Store<Probe>, Instance) {
    let mut config = Config::new();
    config.metering(metering).compilation_mode(CompilationMode::Eager);
    let engine = Engine::new(&config).unwrap();
    let mut store = Store::new(&engine, Probe::default());
    store.limiter(|probe| probe);
    let instance = Instance::new(&mut store, &module(&engine, TABLE), &[]).unwrap();
    (store, instance)
}

/// An execution of `grow`, in the middle of what it does.
fn growing(store: &mut Store<Probe>, instance: &Instance) -> Execution {
    let func = instance.get_func(&*store, "grow").unwrap();
    let mut execution = func.start(&mut *store, &[]).unwrap();
    for _ in 0..3 {
        store.interrupt_handle().unwrap().interrupt();
        assert!(matches!(execution.run(&mut *store).unwrap(), Event::Interrupted));
    }
    execution
}

#[test]
fn a_table_counts_while_it_grows() {
    let (mut store, instance) = with_table(Metering::Interrupt);
    let before = held(&mut store);
    let mut first = growing(&mut store, &instance);
    assert!(held(&mut store) >= before + BYTES);
    // Two that want the same count once, as they take it once.
    let second = growing(&mut store, &instance);
    assert!((before + BYTES..before + 2 * BYTES).contains(&held(&mut store)));
    // What nobody does any more takes nothing; who relied on it asks again.
    drop(second);
    assert!(held(&mut store) < before + BYTES);
    assert!(matches!(first.run(&mut store).unwrap(), Event::Finished(_)));
    assert_eq!(held(&mut store), before + BYTES);
    assert_eq!(instance.get_table(&store, "t").unwrap().size(&store), 500_000);
    // A small one, whose room is there already.
    let one = instance.get_typed_func::<(), i32>(&store, "one").unwrap();
    assert_eq!(one.call(&mut store, ()).unwrap(), 500_000);
    assert_eq!(held(&mut store), before + BYTES + 8);
}

#[test]
fn a_growth_that_is_not_done_is_given_back() {
    let (mut store, instance) = with_table(Metering::Fuel);
    let before = held(&mut store);
    let grow = instance.get_typed_func::<(), i32>(&store, "grow").unwrap();
    // The fuel ends in the middle.
    store.set_fuel(50_000).unwrap();
    assert_eq!(grow.call(&mut store, ()).unwrap_err().trap(), Some(Trap::OutOfFuel));
    assert_eq!(held(&mut store), before);
    // The limiter fails when it is asked again, since another has grown the table.
    store.set_fuel(50_000).unwrap();
    let mut execution = grow.func().start(&mut store, &[]).unwrap();
    assert!(matches!(execution.run(&mut store).unwrap(), Event::OutOfFuel));
    store.set_fuel(1_000_000).unwrap();
    let one = instance.get_typed_func::<(), i32>(&store, "one").unwrap();
    assert_eq!(one.call(&mut store, ()).unwrap(), 0);
    assert!(held(&mut store) >= before + BYTES);
    store.data_mut().fails = true;
    assert!(execution.run(&mut store).is_err());
    assert_eq!(held(&mut store), before + 8);
}

#[test]
fn what_a_paused_growth_will_take_is_taken_from_others() {
    let engine = Engine::new(Config::new().metering(Metering::Fuel)).unwrap();
    let limits = StoreLimitsBuilder::new().total_size(10 << 20).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let table = |n: usize| {
        format!(
            r#"(table $t{n} 0 anyref)
            (func (export "{n}") (result i32)
              (table.grow $t{n} (ref.i31 (i32.const 1)) (i32.const 500000)))"#
        )
    };
    let text = [0, 1, 2, 3].map(table).concat();
    let instance = Instance::new(&mut store, &module(&engine, &text), &[]).unwrap();
    let mut start = |n: usize| {
        let func = instance.get_func(&store, &n.to_string()).unwrap();
        let mut execution = func.start(&mut store, &[]).unwrap();
        store.set_fuel(50_000).unwrap();
        let event = execution.run(&mut store).unwrap();
        let result = match event {
            Event::OutOfFuel => None,
            Event::Finished(results) => results[0].i32(),
            event => panic!("{event:?}"),
        };
        (execution, result)
    };
    let paused = [0, 1].map(&mut start);
    assert_eq!(paused.each_ref().map(|(_, result)| *result), [None; 2]);
    assert_eq!(start(2).1, Some(-1), "two take 8 MB of the 10");
    drop(paused);
    let paused = [2, 3].map(&mut start);
    assert_eq!(paused.each_ref().map(|(_, result)| *result), [None; 2]);
}

/// What somebody else let go of, for an instantiation, stays free when that fails.
#[test]
fn an_instantiation_that_fails_undoes_its_own_only() {
    let (mut store, instance) = with_table(Metering::Interrupt);
    let engine = store.engine().clone();
    let before = held(&mut store);
    drop(growing(&mut store, &instance));
    store.data_mut().limit = Some(before + (6 << 20));
    let text = "(memory 64) (table 500000 funcref)";
    assert!(Instance::new(&mut store, &module(&engine, text), &[]).is_err());
    assert!(store.data().held > before + BYTES, "there was room for the table");
    assert_eq!(held(&mut store), before);
}

/// What is noted of calls between instances counts as their stacks do.
#[test]
fn calls_between_instances_count() {
    let calls: usize = 5000;
    let mut config = Config::new();
    config.consume_fuel(true).compilation_mode(CompilationMode::Eager);
    let engine = Engine::new(&config).unwrap();
    let text = r#"(table (export "t") 1 funcref) (type $f (func (param i32)))
        (func (export "f") (type $f)
          (if (local.get 0)
            (then (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))
            (else (loop $l (br $l)))))"#;
    let paused = |is_foreign: bool| {
        let mut store = Store::new(&engine, Probe::default());
        store.limiter(|probe| probe);
        let [own, other] =
            [(); 2].map(|()| Instance::new(&mut store, &module(&engine, text), &[]).unwrap());
        let funcs = [&own, &other].map(|instance| instance.get_func(&store, "f").unwrap());
        for (instance, func) in [(&own, funcs[usize::from(is_foreign)]), (&other, funcs[0])] {
            let table = instance.get_table(&store, "t").unwrap();
            table.set(&mut store, 0, Ref::Func(Some(func))).unwrap();
        }
        let before = held(&mut store);
        let mut execution = funcs[0].start(&mut store, &[Val::I32(calls as i32)]).unwrap();
        store.set_fuel(1_000_000).unwrap();
        assert!(matches!(execution.run(&mut store).unwrap(), Event::OutOfFuel));
        let during = held(&mut store);
        drop(execution);
        assert_eq!(held(&mut store), before);
        during - before
    };
    let (own, foreign) = (paused(false), paused(true));
    let noted = 2 * size_of::<usize>();
    assert!(foreign >= own + noted * calls, "{foreign} after {own}");
    // A limit of the stacks limits both.
    let limits = StoreLimitsBuilder::new().stack_size(foreign - 1).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    let [own, other] =
        [(); 2].map(|()| Instance::new(&mut store, &module(&engine, text), &[]).unwrap());
    let funcs = [&own, &other].map(|instance| instance.get_func(&store, "f").unwrap());
    for (instance, func) in [(&own, funcs[1]), (&other, funcs[0])] {
        let table = instance.get_table(&store, "t").unwrap();
        table.set(&mut store, 0, Ref::Func(Some(func))).unwrap();
    }
    store.set_fuel(1_000_000).unwrap();
    let error = funcs[0].call(&mut store, &[Val::I32(calls as i32)], &mut []).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::StackOverflow));
}

/// Of a store one translation waits, and whoever comes goes on with it: so many executions that are
/// interrupted in turn need no more time than one, and no more memory.
#[test]
fn a_translation_that_was_interrupted_is_everybody_s() {
    let engine = Engine::new(Config::new().metering(Metering::Interrupt)).unwrap();
    let body = "(local.set 0 (i32.mul (local.get 0) (i32.const 3)))".repeat(5000);
    let text =
        format!(r#"(func (export "f") (param i32) {body}) (func (export "g") (param i32) {body})"#);
    let runs = |names: &[&str]| {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module(&engine, &text), &[]).unwrap();
        let mut executions: Vec<Execution> = Vec::new();
        for name in names {
            let func = instance.get_func(&store, name).unwrap();
            executions.push(func.start(&mut store, &[Val::I32(1)]).unwrap());
        }
        let mut runs = 0;
        while !executions.iter().all(Execution::has_ended) {
            for execution in executions.iter_mut().filter(|execution| !execution.has_ended()) {
                store.interrupt_handle().unwrap().interrupt();
                execution.run(&mut store).unwrap();
                runs += 1;
            }
        }
        runs
    };
    let one = runs(&["f"]);
    assert!(one > 50, "{one}");
    let many = runs(&["f"; 10]);
    assert!(many < one + 50, "{many} runs, and {one} of one");
    // Each has the other's finished first, and both end.
    let both = runs(&["f", "g"]);
    assert!(both < 2 * one + 10, "{both} runs, and {one} of one");
}
