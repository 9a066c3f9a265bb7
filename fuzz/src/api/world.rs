//! [`World`]: the guest's text, the stores with their models, and the embedder's side: a limiter
//! and a host function that misbehave when they are told to.

use super::model::{Own, Place};
use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use windlass::{
    AsContextMut, Caller, CompilationMode, Config, Engine, Error, Execution, ExternRef, Instance,
    Linker, Metering, Module, OwnedRooted, Pending, Ref, ResourceLimiter, RootScope, Store, Val,
};

/// What an instance defines that others import.
const OWN: &str = r#"
    (memory $memory (export "memory") 1 6)
    (table $table (export "table") 2 20 externref)
    (global $global (export "global") (mut i64) (i64.const 0))"#;

const IMPORTED: &str = r#"
    (import "owner" "memory" (memory $memory 1 6)) (export "memory" (memory $memory))
    (import "owner" "table" (table $table 2 20 externref)) (export "table" (table $table))
    (import "owner" "global" (global $global (mut i64))) (export "global" (global $global))"#;

const BODY: &str = r#"
    (type $node (struct (field i64) (field (ref null $node))))
    (tag $tag (param i64))
    (global $list (mut (ref null $node)) (ref.null $node))
    (global $counter (export "counter") (mut i64) (i64.const 0))
    (func (export "store") (param i32 i64) (i64.store (local.get 0) (local.get 1)))
    (func (export "load") (param i32) (result i64) (i64.load (local.get 0)))
    (func (export "grow_memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "grow_table") (param externref i32) (result i32)
      (table.grow $table (local.get 0) (local.get 1)))
    (func (export "table_set") (param i32 externref)
      (table.set $table (local.get 0) (local.get 1)))
    (func (export "set") (param i64) (global.set $global (local.get 0)))
    (func (export "push") (param i64)
      (global.set $list (struct.new $node (local.get 0) (global.get $list))))
    (func (export "sum") (result i64) (local $at (ref null $node)) (local $sum i64)
      (local.set $at (global.get $list))
      (loop $next
        (if (ref.is_null (local.get $at)) (then (return (local.get $sum))))
        (local.set $sum (i64.add (local.get $sum) (struct.get $node 0 (local.get $at))))
        (local.set $at (struct.get $node 1 (local.get $at)))
        (br $next))
      (unreachable))
    (func (export "garbage") (param i32)
      (loop $next
        (drop (struct.new $node (i64.const 1) (global.get $list)))
        (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "act") (param i32) (result i32) (call $act (local.get 0)))
    (func (export "count") (param i32)
      (loop $next
        (global.set $counter (i64.add (global.get $counter) (i64.const 1)))
        (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "ask") (param i32) (local $i i32)
      (loop $next
        (local.set $i (call $act (i32.const 3)))
        (global.set $counter
          (i64.add (global.get $counter) (i64.extend_i32_s (local.get $i))))
        (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "catch") (param i64) (result i64)
      (block $caught (result i64)
        (try_table (catch $tag $caught) (throw $tag (local.get 0)))
        (unreachable)))
    (func (export "throw") (param i64) (throw $tag (local.get 0)))
    (func $recurse (export "recurse") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0))
        (then (i32.const 0))
        (else (i32.add (i32.const 1)
          (call $recurse (i32.sub (local.get 0) (i32.const 1)))))))"#;

/// How a limiter refuses.
#[derive(Clone, Copy, Debug, PartialEq, arbitrary::Arbitrary)]
pub(super) enum Refusal {
    No,
    Error,
    Panic,
}

/// Refuses once, after so many questions.
#[derive(Default)]
pub(super) struct Limiter {
    pub(super) armed: Option<(u32, Refusal)>,
    pub(super) has_refused: bool,
}

impl Limiter {
    fn answer(&mut self) -> Result<bool, Error> {
        match self.armed {
            None => return Ok(true),
            Some((0, _)) => {}
            Some((left, refusal)) => {
                self.armed = Some((left - 1, refusal));
                return Ok(true);
            }
        }
        self.has_refused = true;
        match self.armed.take().expect("it was just there").1 {
            Refusal::No => Ok(false),
            Refusal::Error => Err(Error::msg("the limiter fails")),
            // Without the hook, which a fuzzer takes for a find.
            Refusal::Panic => resume_unwind(Box::new("the limiter panics")),
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        self.answer()
    }
    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        self.answer()
    }
    fn stack_growing(&mut self, _: usize, _: usize) -> Result<bool, Error> {
        self.answer()
    }
    fn total_growing(&mut self, _: usize, _: usize) -> Result<bool, Error> {
        self.answer()
    }
}

/// The embedder's data in a store.
#[derive(Default)]
pub(super) struct Data {
    pub(super) limiter: Limiter,
    pub(super) held: Vec<(OwnedRooted<ExternRef>, u64)>,
}

/// A host value that counts how many of them there are.
pub(super) struct Counted(pub(super) u64, Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the host function does when it is called with a number.
fn act(mut caller: Caller<'_, Data>, what: i32) -> Result<i32, Error> {
    match what {
        1 => Err(Error::msg("the host fails")),
        2 => resume_unwind(Box::new("the host panics")),
        3 => Err(Pending::new(3).into()),
        4 => {
            let push = caller.get_export("push").and_then(|item| item.into_func());
            let push = push.ok_or_else(|| Error::msg("it is exported"))?;
            push.call(&mut caller, &[Val::I64(5)], &mut [])?;
            Ok(4)
        }
        5 => {
            let memory = caller.get_export("memory").and_then(|item| item.into_memory());
            let memory = memory.ok_or_else(|| Error::msg("it is exported"))?;
            Ok(memory.grow(&mut caller, 1).is_ok().into())
        }
        6 => {
            caller.data_mut().held.clear();
            Ok(6)
        }
        7 => {
            caller.gc();
            Ok(7)
        }
        _ => Ok(0),
    }
}

/// An engine with its modules.
pub(super) struct House {
    pub(super) engine: Engine,
    pub(super) own: Module,
    pub(super) user: Module,
    pub(super) linker: Linker<Data>,
}

impl House {
    fn new(config: &Config) -> House {
        let engine = Engine::new(config).expect("the settings are valid");
        let import = r#"(import "host" "act" (func $act (param i32) (result i32)))"#;
        let [own, user] = [OWN, IMPORTED].map(|first| {
            // Imports come first.
            let text = format!("(module {import} {first} {BODY})");
            let wasm = wat::parse_str(text).expect("the text is a module");
            Module::new(&engine, wasm).expect("it is valid")
        });
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "act", act).expect("the name is free");
        House { engine, own, user, linker }
    }
}

/// An instance and its model.
pub(super) struct Guest {
    pub(super) instance: Instance,
    /// The index of what it shares.
    pub(super) place: usize,
    pub(super) own: Own,
}

/// A call that is paused, and what it still may add to its instance's counter.
pub(super) struct Paused {
    pub(super) execution: Execution,
    pub(super) guest: usize,
    pub(super) adds: i64,
    pub(super) pending: bool,
}

/// A store and its model.
pub(super) struct Room {
    pub(super) store: Store<Data>,
    pub(super) house: usize,
    pub(super) places: Vec<Place>,
    pub(super) guests: Vec<Guest>,
    pub(super) paused: Vec<Paused>,
}

/// Everything.
pub(super) struct World {
    pub(super) houses: [House; 2],
    pub(super) rooms: Vec<Room>,
    /// How many host values there are.
    values: Arc<AtomicUsize>,
    next_value: u64,
}

/// How a call ended.
#[derive(Debug)]
pub(super) enum Ended<R> {
    Well(R),
    Failed(Error),
    Panicked,
}

/// Does something that may panic, as the embedder's own code does.
pub(super) fn attempt<R>(something: impl FnOnce() -> Result<R, Error>) -> Ended<R> {
    match catch_unwind(AssertUnwindSafe(something)) {
        Ok(Ok(value)) => Ended::Well(value),
        Ok(Err(error)) => Ended::Failed(error),
        Err(panic) => {
            let ours = ["the limiter panics", "the host panics"];
            match panic.downcast_ref::<&str>() {
                Some(message) if ours.contains(message) => Ended::Panicked,
                // Of the library itself: a find.
                _ => resume_unwind(panic),
            }
        }
    }
}

impl World {
    pub(super) fn new() -> World {
        let mut config = Config::new();
        config.metering(Metering::Fuel).max_wasm_stack(64 << 10);
        let first = House::new(&config);
        config.compilation_mode(CompilationMode::Eager).fuse(false);
        let second = House::new(&config);
        World { houses: [first, second], rooms: Vec::new(), values: Arc::default(), next_value: 0 }
    }

    /// A new store of an engine.
    pub(super) fn open(&mut self, house: usize) {
        let mut store = Store::new(&self.houses[house].engine, Data::default());
        store.limiter(|data| &mut data.limiter);
        let (places, guests, paused) = Default::default();
        self.rooms.push(Room { store, house, places, guests, paused });
    }

    /// A new host value, and its number.
    pub(super) fn value(&mut self) -> (Counted, u64) {
        self.values.fetch_add(1, Ordering::Relaxed);
        self.next_value += 1;
        (Counted(self.next_value, self.values.clone()), self.next_value)
    }

    /// Everything is as the models say.
    pub(super) fn check(&mut self) {
        for room in &mut self.rooms {
            room.check();
        }
    }

    /// Drops all stores: no host value is left.
    pub(super) fn end(mut self) {
        self.rooms.clear();
        assert_eq!(self.values.load(Ordering::Relaxed), 0, "host values have outlived stores");
    }
}

impl Room {
    fn check(&mut self) {
        self.store.data_mut().limiter = Limiter::default();
        self.store.set_fuel(1_000_000).expect("it counts fuel");
        for index in 0..self.guests.len() {
            self.check_guest(index);
        }
        for (held, number) in &self.store.data_mut().held.split_off(0) {
            let mut scope = RootScope::new(&mut self.store);
            let rooted = held.to_rooted(&mut scope);
            assert_eq!(number_of(&mut scope, Some(rooted)), Some(*number));
            scope.as_context_mut().data_mut().held.push((held.clone(), *number));
        }
    }

    fn check_guest(&mut self, index: usize) {
        let guest = &self.guests[index];
        let place = &self.places[guest.place];
        let mut store = RootScope::new(&mut self.store);
        let memory = guest.instance.get_memory(&store, "memory").expect("it is exported");
        assert_eq!(memory.size(&store), place.pages);
        for (address, expected) in &place.words {
            let mut bytes = [0; 8];
            memory.read(&store, *address as usize, &mut bytes).expect("it was stored there");
            assert_eq!(i64::from_le_bytes(bytes), *expected, "at {address}");
        }
        let table = guest.instance.get_table(&store, "table").expect("it is exported");
        assert_eq!(table.size(&store), place.table.len() as u64);
        for (index, expected) in (0..).zip(&place.table) {
            let element = table.get(&mut store, index);
            let Some(Ref::Extern(element)) = element else { panic!("{element:?}") };
            assert_eq!(number_of(&mut store, element), *expected, "element {index}");
        }
        let global = guest.instance.get_global(&store, "global").expect("it is exported");
        assert_eq!(global.get(&mut store).i64(), Some(place.global));
        let sum = guest.instance.get_typed_func::<(), i64>(&mut store, "sum");
        let sum = sum.expect("it is exported").call(&mut store, ()).expect("nothing stops it");
        assert_eq!(sum, guest.own.sum());
        let counter = guest.instance.get_global(&store, "counter").expect("it is exported");
        let counter = counter.get(&mut store).i64().expect("it is of this type");
        let (least, most) = guest.own.counted;
        assert!(least <= counter && counter <= most, "{least} <= {counter} <= {most}");
    }
}

/// The number of a host value.
fn number_of(
    store: &mut RootScope<&mut Store<Data>>,
    value: Option<windlass::Rooted<ExternRef>>,
) -> Option<u64> {
    let value = value?;
    let data = value.data(&*store).expect("it lives").expect("it is the host's");
    Some(data.downcast_ref::<Counted>().expect("it is of this type").0)
}
