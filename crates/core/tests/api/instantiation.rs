//! What an instantiation pays, and that it can be interrupted: where it does more than its module
//! is long.

use crate::module;
use windlass::{
    Config, Engine, Error, Instance, InterruptHandle, Metering, Module, ResourceLimiter, Store,
    Trap,
};

/// Counts what is made, and interrupts at the growth with this number.
#[derive(Default)]
struct Limits {
    growths: usize,
    interrupt: Option<(usize, InterruptHandle)>,
}

impl Limits {
    fn grows(&mut self) -> Result<bool, Error> {
        if let Some((at, handle)) = &self.interrupt
            && *at == self.growths
        {
            handle.interrupt();
        }
        self.growths += 1;
        Ok(true)
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        self.grows()
    }
    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool, Error> {
        self.grows()
    }
    // One table more than a failed attempt would leave.
    fn tables(&self) -> usize {
        2
    }
}

fn store(metering: Metering) -> Store<Limits> {
    let engine = Engine::new(Config::new().metering(metering)).unwrap();
    let mut store = Store::new(&engine, Limits::default());
    store.limiter(|limits| limits);
    store
}

fn text(store: &Store<Limits>, text: &str) -> Module {
    let types = r#"(type $b (array (mut i8))) (type $v (array (mut v128)))
        (type $wide (struct (field v128 v128 v128 v128 i64)))
        (type $s (struct (field i64 i64))) (func $f)"#;
    module(store.engine(), &format!("{types} {text}"))
}

/// Modules, and the fuel that each instantiation takes.
const DEAR: [(&str, u64); 6] = [
    ("(global (ref $b) (array.new $b (i32.const 7) (i32.const 6000000)))", 8 + 375_000),
    ("(global (ref $v) (array.new_default $v (i32.const 1000)))", 8 + 1000),
    ("(table 1000000 funcref (ref.func $f))", 125_000),
    ("(table 80 anyref (ref.i31 (i32.const 3)))", 10),
    (
        "(elem anyref (item (array.new_default $b (i32.const 64)))
            (item (struct.new_default $wide)))",
        8 + 4 + 5,
    ),
    (
        "(table 1 anyref (array.new_default $b (i32.const 100)))
        (global anyref (array.new_default $b (i32.const 100)))",
        2 * (8 + 6),
    ),
];

/// What is no longer than it says, or that nobody touches.
const CHEAP: &str = r#"(table 10000000 funcref) (memory 10000)
    (table 7 funcref (ref.func $f))
    (global (ref $b) (array.new $b (i32.const 7) (i32.const 63)))
    (global (ref $v) (array.new_default $v (i32.const 3)))
    (global (ref $s) (struct.new $s (i64.const 1) (i64.const 2)))
    (global (ref $wide) (struct.new $wide (v128.const i64x2 1 2) (v128.const i64x2 1 2)
      (v128.const i64x2 1 2) (v128.const i64x2 1 2) (i64.const 3)))
    (global anyref (array.new_fixed $b 4 (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)))
    (elem (i32.const 0) func $f $f) (data (i32.const 0) "abc")"#;

#[test]
fn an_instantiation_pays_for_what_is_more_than_its_module_is_long() {
    for (dear, cost) in DEAR {
        let mut store = store(Metering::Fuel);
        let module = text(&store, dear);
        for fuel in [0, cost / 2, cost - 1] {
            store.set_fuel(fuel).unwrap();
            let error = Instance::new(&mut store, &module, &[]).unwrap_err();
            assert_eq!(error.trap(), Some(Trap::OutOfFuel), "{dear}, {fuel}");
            assert_eq!(store.get_fuel().unwrap(), 0);
        }
        for left in [0, 5] {
            store.set_fuel(cost + left).unwrap();
            Instance::new(&mut store, &module, &[]).unwrap();
            assert_eq!(store.get_fuel().unwrap(), left, "{dear}");
        }
    }
}

#[test]
fn nothing_else_is_paid() {
    let mut store = store(Metering::Fuel);
    let cheap = text(&store, CHEAP);
    Instance::new(&mut store, &cheap, &[]).unwrap();
}

#[test]
fn an_instantiation_that_pays_is_interrupted() {
    for metering in [Metering::Interrupt, Metering::Fuel] {
        for (dear, cost) in DEAR {
            let mut store = store(metering);
            let _ = store.set_fuel(3 * cost);
            let module = text(&store, dear);
            let handle = store.interrupt_handle().unwrap();
            handle.interrupt();
            let error = Instance::new(&mut store, &module, &[]).unwrap_err();
            assert_eq!(error.trap(), Some(Trap::Interrupted), "{dear}");
            // At its first growth: if something is paid after that, it looks.
            store.data_mut().interrupt = Some((store.data().growths, handle.clone()));
            let made = Instance::new(&mut store, &module, &[]);
            store.data_mut().interrupt = None;
            assert!(made.is_err() || !dear.starts_with("(table 1000000"), "it is filled");
            if let Err(error) = made {
                assert_eq!(error.trap(), Some(Trap::Interrupted), "{dear}");
                assert!(!handle.is_interrupted(), "{dear}");
                Instance::new(&mut store, &module, &[]).unwrap();
            }
        }
        let mut store = store(metering);
        let handle = store.interrupt_handle().unwrap();
        let cheap = text(&store, CHEAP);
        handle.interrupt();
        Instance::new(&mut store, &cheap, &[]).unwrap();
        assert!(handle.is_interrupted(), "it waits for a guest");
    }
}

#[test]
fn a_large_array_is_interrupted_while_there_is_made_room_for_it() {
    let mut store = store(Metering::Interrupt);
    let two = r#"(global (ref $b) (array.new_default $b (i32.const 1000)))
        (global (ref $b) (array.new $b (i32.const 7) (i32.const 90000000)))"#;
    let module = text(&store, two);
    let handle = store.interrupt_handle().unwrap();
    store.data_mut().interrupt = Some((1, handle.clone()));
    let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::Interrupted));
    assert!(!handle.is_interrupted());
}

#[test]
fn elements_are_copied_between_tables_of_the_host() {
    use windlass::{Func, Ref, RefType, Store, Table, TableType};
    let mut store = Store::<()>::default();
    let mut table =
        |ty| Table::new(&mut store, TableType::new(ty, 3, None), Ref::null(ty.heap_type()));
    let (a, b, other) =
        (table(RefType::FUNCREF), table(RefType::FUNCREF), table(RefType::EXTERNREF));
    let (a, b, other) = (a.unwrap(), b.unwrap(), other.unwrap());
    let func = Func::wrap(&mut store, || {});
    a.set(&mut store, 0, func.into()).unwrap();
    Table::copy(&mut store, &b, 1, &a, 0, 2).unwrap();
    let set = |store: &mut Store<()>, table: Table| {
        [0, 1, 2].map(|index| !table.get(&mut *store, index).unwrap().is_null())
    };
    assert_eq!(set(&mut store, b), [false, true, false]);
    Table::copy(&mut store, &b, 0, &b, 1, 2).unwrap();
    assert_eq!(set(&mut store, b), [true, false, false]);
    for (to, from, len) in [(2, 0, 2), (0, 2, 2), (u64::MAX, 0, 1), (0, 1, u64::MAX)] {
        let error = Table::copy(&mut store, &b, to, &a, from, len).unwrap_err();
        assert_eq!(error.trap(), Some(windlass::Trap::TableOutOfBounds));
    }
    let error = Table::copy(&mut store, &other, 0, &a, 0, 1).unwrap_err();
    let expected = "type mismatch: expected elements of type externref, found funcref";
    assert_eq!(error.to_string(), expected);
    assert!(Table::copy(Store::<()>::default(), &a, 0, &a, 0, 1).is_err());
}

#[test]
fn a_trap_of_an_instantiation_says_where() {
    const FIT: &str = r#"(memory 1) (table 1 funcref) (func $f)
        (data "passive") (elem func $f)"#;
    for (what, expected) in [
        (
            r#"(data (i32.const 65535) "ab")"#,
            "data segment 1 does not fit: 2 bytes at 0xffff of memory 0, which has 0x10000: \
             out of bounds memory access",
        ),
        (
            r#"(memory $m 0) (data (memory $m) (i32.const -1) "a")"#,
            "data segment 1 does not fit: 1 byte at 0xffffffff of memory 1, which has 0x0: \
             out of bounds memory access",
        ),
        (
            "(elem (i32.const 5) $f)",
            "element segment 1 does not fit: 1 element at 5 of table 0, which has 1: \
             out of bounds table access",
        ),
    ] {
        let mut store = Store::<()>::default();
        let module = module(store.engine(), &format!("{FIT} {what}"));
        let error = Instance::new(&mut store, &module, &[]).unwrap_err();
        assert!(error.trap().is_some());
        assert_eq!(format!("{error:#}"), expected);
    }
    for (what, place) in [
        ("(global i32 (i32.const 0)) (global (ref $b) (ARRAY))", "cannot make global 1"),
        ("(table 1 funcref) (table 9000000 funcref (ref.func $f))", "cannot make table 1"),
        ("(table 1 (ref null $b) (ARRAY))", "cannot make table 0"),
        ("(elem (ref $b) (item (ARRAY)))", "cannot make element segment 0"),
    ] {
        let mut store = store(Metering::Fuel);
        store.set_fuel(100).unwrap();
        let what = what.replace("ARRAY", "array.new $b (i32.const 7) (i32.const 6000000)");
        let module = text(&store, &what);
        let error = Instance::new(&mut store, &module, &[]).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::OutOfFuel));
        let expected = format!("{place}: {}", Trap::OutOfFuel);
        assert_eq!(format!("{error:#}"), expected, "{what}");
    }
}
