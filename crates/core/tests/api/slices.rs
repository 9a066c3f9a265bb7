//! The same programs without metering, with interrupts, and with fuel in slices: results, traps and
//! the fuel that is used in all are the same.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use windlass::{
    Caller, Config, Engine, Event, Execution, InterruptHandle, Linker, Metering, Module, Store,
    Trap,
};

/// A program that does one thing.
macro_rules! traps {
    ($instr:literal) => {
        concat!(
            r#"(memory 1) (memory $m64 i64 1) (table $t 4 funcref) (data $d "abcd") (elem $e func)
            (type $b (array (mut i8))) (type $f (array (mut funcref)))
            (func $array (result (ref $b)) (array.new_default $b (i32.const 4)))
            (func (export "run") (result i64) (call $tick (i32.const 5)) "#,
            $instr,
            "(i64.const 0))"
        )
    };
}

/// Programs: what each returns or how it traps. `tick` has the guest interrupted before each of its
/// next runs. What is moved at once is smaller than what bulk operations move here.
const PROGRAMS: &[(&str, Result<i64, Trap>, &str)] = &[
    (
        "loops",
        Ok(23_240),
        r#"(func (export "run") (result i64) (local $i i32) (local $sum i64)
          (loop $next
            (block $two (block $one (block $zero
              (br_table $zero $one $two $zero (i32.and (local.get $i) (i32.const 3))))
              (local.set $sum (i64.add (local.get $sum) (i64.const 7))) (br $two))
              (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $i)))))
            (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 5)))
              (then (call $tick (i32.const 2)))
              (else (local.set $sum (i64.add (local.get $sum) (i64.const 1)))))
            (br_if $next (i32.lt_u
              (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200))))
          (i64.mul (local.get $sum) (i64.const 4)))"#,
    ),
    (
        "copies of few bytes",
        Ok(1_400),
        r#"(memory 1)
        (func (export "run") (result i64) (local $i i32) (local $sum i64)
          (call $tick (i32.const 20))
          (loop $next
            (memory.fill (local.get $i) (i32.const 7) (i32.add (local.get $i) (i32.const 20)))
            (memory.copy (i32.const 1000) (local.get $i) (i32.add (local.get $i) (i32.const 10)))
            (local.set $sum (i64.add (local.get $sum)
              (i64.load8_u offset=1009 (local.get $i))))
            (br_if $next (i32.lt_u
              (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200))))
          (local.get $sum))"#,
    ),
    (
        "host functions that cost",
        Ok(14_850),
        r#"(func $last (param i64) (result i64) (return_call $consume (local.get 0)))
        (func (export "run") (result i64) (local $i i64) (local $sum i64)
          (call $tick (i32.const 50))
          (loop $next
            (local.set $sum (i64.add (local.get $sum)
              (if (result i64) (i64.eqz (i64.rem_u (local.get $i) (i64.const 3)))
                (then (call $last (local.get $i)))
                (else (call $consume (local.get $i))))))
            (br_if $next (i64.lt_u
              (local.tee $i (i64.add (local.get $i) (i64.const 1))) (i64.const 100))))
          (local.get $sum))"#,
    ),
    (
        "calls",
        Ok(5_050),
        r#"(func $f (param $n i64) (result i64)
            (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
          (if (result i64) (i64.eqz (local.get $n))
            (then (i64.const 0))
            (else (i64.add (local.get $n) (call $f (i64.sub (local.get $n) (i64.const 1)))))))
        (func (export "run") (result i64) (call $f (i64.const 100)))"#,
    ),
    (
        "memory",
        Ok(0x1234_5678_0203_0405),
        r#"(memory 1) (data $d "\01\02\03\04\05")
        (func (export "run") (result i64)
          (drop (memory.grow (i32.const 80)))
          (call $tick (i32.const 50))
          (memory.fill (i32.const 3) (i32.const 0xaa) (i32.const 3000000))
          (memory.init $d (i32.const 1000) (i32.const 0) (i32.const 5))
          (i64.store (i32.const 2000000) (i64.const 0x12345678))
          ;; Forwards and backwards, over each other.
          (memory.copy (i32.const 1003) (i32.const 1000) (i32.const 4000000))
          (memory.copy (i32.const 900) (i32.const 1003) (i32.const 4000000))
          (i64.or
            (i64.shl (i64.load32_u (i32.const 1999900)) (i64.const 32))
            (i64.extend_i32_u (i32.load8_u (i32.const 904)))
            (i64.or (i64.shl (i64.extend_i32_u (i32.load8_u (i32.const 903))) (i64.const 8)))
            (i64.or (i64.shl (i64.extend_i32_u (i32.load8_u (i32.const 902))) (i64.const 16)))
            (i64.or (i64.shl (i64.extend_i32_u (i32.load8_u (i32.const 901))) (i64.const 24)))))"#,
    ),
    (
        "tables",
        Ok(300_006),
        r#"(table $t 100000 funcref) (table $u 300000 funcref)
        (elem $e func $one $two) (elem declare func $one $two)
        (type $f (func (result i64)))
        (func $one (type $f) (i64.const 1)) (func $two (type $f) (i64.const 2))
        (func $at (param i32) (result i64) (call_indirect $t (type $f) (local.get 0)))
        (func (export "run") (result i64)
          (call $tick (i32.const 40))
          (drop (table.grow $t (ref.null func) (i32.const -1)))
          (drop (table.grow $t (ref.func $one) (i32.const 300000)))
          (table.fill $t (i32.const 10) (ref.func $two) (i32.const 250000))
          (table.copy $t $t (i32.const 20) (i32.const 100) (i32.const 299999))
          (table.copy $t $t (i32.const 101) (i32.const 20) (i32.const 299999))
          (table.copy $u $t (i32.const 1) (i32.const 0) (i32.const 299999))
          (table.init $t $e (i32.const 5) (i32.const 0) (i32.const 2))
          (i64.add (call $at (i32.const 5)) (i64.add (call $at (i32.const 101))
            (i64.add (call $at (i32.const 300000)) (i64.sub
              (i64.extend_i32_u (table.size $u)) (i64.const -2))))))"#,
    ),
    (
        "arrays",
        Ok(0x5050_5051_0000_3ffd),
        r#"(type $b (array (mut i8))) (type $l (array (mut i64))) (type $r (array (mut anyref)))
        (data $d "\50\50\50\50")
        (func (export "run") (result i64)
            (local $b (ref null $b)) (local $l (ref null $l)) (local $r (ref null $r))
              (local $i i32)
          (call $tick (i32.const 60))
          (local.set $r (array.new $r (ref.i31 (i32.const 0x3ffd)) (i32.const 300000)))
          (local.set $b (array.new $b (i32.const 1) (i32.const 3000000)))
          (local.set $l (array.new_default $l (i32.const 300000)))
          ;; Garbage, so that there are collections.
          (loop $next
            (drop (array.new_default $l (i32.const 300000)))
            (br_if $next (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1)))
              (i32.const 3))))
          (array.copy $b $b (local.get $b) (i32.const 3) (local.get $b) (i32.const 2)
            (i32.const 2900000))
          (array.init_data $b $d (local.get $b) (i32.const 9) (i32.const 0) (i32.const 4))
          (array.copy $b $b (local.get $b) (i32.const 2) (local.get $b) (i32.const 9)
            (i32.const 2900000))
          (array.fill $l (local.get $l) (i32.const 1) (i64.const 0x50505050) (i32.const 299000))
          (array.copy $l $l (local.get $l) (i32.const 7) (local.get $l) (i32.const 1)
            (i32.const 200000))
          (i64.or
            (i64.shl (i64.add (array.get $l (local.get $l) (i32.const 200000))
              (i64.extend_i32_u (array.get_u $b (local.get $b) (i32.const 2000000))))
                (i64.const 32))
            (i64.extend_i32_u (i31.get_u (ref.cast (ref i31)
              (array.get $r (local.get $r) (i32.const 299999))))))) "#,
    ),
    (
        "garbage",
        Ok(200_000),
        r#"(type $s (struct (field $next (ref null $s)) (field i64)))
        (type $r (array (mut (ref null $s))))
        (func (export "run") (result i64) (local $i i64) (local $s (ref null $s))
          (local $r (ref null $r))
          (loop $next
            (local.set $s (struct.new $s (local.get $s) (local.get $i)))
            (if (i64.eqz (i64.rem_u (local.get $i) (i64.const 20000)))
              (then
                (call $tick (i32.const 3))
                (local.set $r (array.new $r (local.get $s) (i32.const 140000)))
                (local.set $s (array.get $r (local.get $r) (i32.const 139999)))))
            (br_if $next (i64.ne (local.tee $i (i64.add (local.get $i) (i64.const 1)))
              (i64.const 200000))))
          (local.set $i (i64.const 0))
          (loop $next
            (local.set $i (i64.add (local.get $i) (i64.const 1)))
            (br_if $next (i32.eqz (ref.is_null
              (local.tee $s (struct.get $s $next (local.get $s)))))))
          (local.get $i))"#,
    ),
    (
        "exceptions",
        Ok(6_000),
        r#"(tag $t (param i64)) (tag $u)
        (func $f (param $n i64)
          (if (i64.eqz (local.get $n)) (then (throw $t (i64.const 300))))
          (try_table (catch $u 0) (call $f (i64.sub (local.get $n) (i64.const 1)))))
        (func (export "run") (result i64) (local $i i64) (local $sum i64)
          (loop $next
            (call $tick (i32.const 3))
            (block $caught (result i64)
              (try_table (catch $t $caught) (call $f (local.get $i)))
              (unreachable))
            (local.set $sum (i64.add (local.get $sum)))
            (br_if $next (i64.ne (local.tee $i (i64.add (local.get $i) (i64.const 1)))
              (i64.const 20))))
          (local.get $sum))"#,
    ),
    (
        "growth",
        Ok(-1_000_898),
        r#"(memory $a 1 3) (memory $b 0) (table $t 4 8 externref)
        (func (export "run") (result i64)
          (i64.add (i64.extend_i32_s (memory.grow $a (i32.const 3)))
          (i64.add (i64.mul (i64.extend_i32_s (memory.grow $a (i32.const 2))) (i64.const 100))
          (i64.add (i64.extend_i32_s (memory.grow $b (i32.const -1)))
          (i64.add (i64.mul (i64.extend_i32_s (memory.grow $a (i32.const 1))) (i64.const 1000))
          (i64.mul (i64.extend_i32_s (table.grow $t (ref.null extern) (i32.const 5)))
            (i64.const 999996)))))))"#,
    ),
    (
        "fill",
        Err(Trap::MemoryOutOfBounds),
        traps!("(memory.fill (i32.const 1) (i32.const 0) (i32.const -1))"),
    ),
    (
        "fill 64",
        Err(Trap::MemoryOutOfBounds),
        traps!("(memory.fill $m64 (i64.const 1) (i32.const 0) (i64.const -1))"),
    ),
    (
        "copy",
        Err(Trap::MemoryOutOfBounds),
        traps!("(memory.copy (i32.const 0) (i32.const 1) (i32.const 65536))"),
    ),
    (
        "init",
        Err(Trap::MemoryOutOfBounds),
        traps!("(memory.init $d (i32.const 0) (i32.const 0) (i32.const -1))"),
    ),
    (
        "table fill",
        Err(Trap::TableOutOfBounds),
        traps!("(table.fill $t (i32.const 1) (ref.null func) (i32.const -1))"),
    ),
    (
        "table copy",
        Err(Trap::TableOutOfBounds),
        traps!("(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const -1))"),
    ),
    (
        "table init",
        Err(Trap::TableOutOfBounds),
        traps!("(table.init $t $e (i32.const 0) (i32.const 1) (i32.const -1))"),
    ),
    (
        "array fill",
        Err(Trap::ArrayOutOfBounds),
        traps!("(array.fill $b (call $array) (i32.const 0) (i32.const 1) (i32.const -1))"),
    ),
    (
        "array copy",
        Err(Trap::ArrayOutOfBounds),
        traps!(
            "(array.copy $b $b (call $array) (i32.const 1) (call $array) (i32.const 0) \
                (i32.const -1))"
        ),
    ),
    (
        "array init data",
        Err(Trap::ArrayOutOfBounds),
        traps!("(array.init_data $b $d (call $array) (i32.const 0) (i32.const 0) (i32.const -1))"),
    ),
    (
        "array init elem",
        Err(Trap::ArrayOutOfBounds),
        traps!(
            "(array.init_elem $f $e (array.new_default $f (i32.const 1)) (i32.const 0) \
                (i32.const 0) (i32.const -1))"
        ),
    ),
    (
        "array new data",
        Err(Trap::MemoryOutOfBounds),
        traps!("(drop (array.new_data $b $d (i32.const 0) (i32.const -1)))"),
    ),
    (
        "array new elem",
        Err(Trap::TableOutOfBounds),
        traps!("(drop (array.new_elem $f $e (i32.const 0) (i32.const -1)))"),
    ),
];

/// How a program is run.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// By a call that cannot be paused.
    Call(Metering),
    /// By an execution that is interrupted whenever the program asks for it.
    Interrupted(Metering),
    /// With so much fuel at once.
    Slices(u64),
    /// With so much fuel, set anew before each run, under a deadline that has come.
    Anew(u64),
}

/// What came of it, and the fuel that it used.
type Outcome = (Result<i64, Trap>, Option<u64>);

const PLENTY: u64 = 1 << 40;

fn run(text: &str, way: Way) -> Outcome {
    let metering = match way {
        Way::Call(metering) | Way::Interrupted(metering) => metering,
        Way::Slices(_) | Way::Anew(_) => Metering::Fuel,
    };
    let engine = Engine::new(Config::new().metering(metering)).unwrap();
    let ticks = Arc::new(AtomicU32::new(0));
    let mut linker = Linker::new(&engine);
    let (set, is_interrupted) = (ticks.clone(), matches!(way, Way::Interrupted(_)));
    let tick = move |caller: Caller<'_, ()>, n: u32| {
        set.store(n, Ordering::Relaxed);
        if is_interrupted {
            caller.interrupt_handle().unwrap().interrupt();
        }
    };
    linker.func_wrap("env", "tick", tick).unwrap();
    let consume = |mut caller: Caller<'_, ()>, n: i64| {
        assert_eq!(caller.consume_fuel(n as u64).is_ok(), caller.get_fuel().is_ok());
        3 * n
    };
    linker.func_wrap("env", "consume", consume).unwrap();
    let text = format!(
        r#"(import "env" "tick" (func $tick (param i32)))
        (import "env" "consume" (func $consume (param i64) (result i64))) {text}"#
    );
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let func = instance.get_func(&store, "run").unwrap();
    let (result, given) = match way {
        Way::Call(_) => {
            let given = if metering == Metering::Fuel { PLENTY } else { 0 };
            let _ = store.set_fuel(given);
            let result = func.typed::<(), i64>(&store).unwrap().call(&mut store, ());
            (result.map_err(|error| error.trap().unwrap()), given)
        }
        Way::Interrupted(_) => {
            let given = if metering == Metering::Fuel { PLENTY } else { 0 };
            let _ = store.set_fuel(given);
            let handle = store.interrupt_handle().unwrap();
            let mut execution = func.start(&mut store, &[]).unwrap();
            (interrupted(&mut store, &mut execution, &handle, &ticks), given)
        }
        Way::Slices(slice) => {
            let mut execution = func.start(&mut store, &[]).unwrap();
            sliced(&mut store, &mut execution, slice)
        }
        Way::Anew(slice) => {
            let mut execution = func.start(&mut store, &[]).unwrap();
            anew(&mut store, &mut execution, slice)
        }
    };
    (result, store.get_fuel().ok().map(|left| given - left))
}

fn ended(event: Result<Event, windlass::Error>) -> Result<i64, Trap> {
    match event {
        Ok(Event::Finished(values)) => Ok(values[0].i64().unwrap()),
        Err(error) => Err(error.trap().unwrap()),
        event => panic!("{event:?}"),
    }
}

fn interrupted(
    store: &mut Store<()>,
    execution: &mut Execution,
    handle: &InterruptHandle,
    ticks: &AtomicU32,
) -> Result<i64, Trap> {
    loop {
        // The host function asks while the guest runs.
        match execution.run(&mut *store) {
            Ok(Event::Interrupted) => {}
            event => return ended(event),
        }
        if ticks.load(Ordering::Relaxed) > 0 {
            ticks.fetch_sub(1, Ordering::Relaxed);
            handle.interrupt();
        }
    }
}

/// Runs with slices; tells the fuel that was given.
fn sliced(
    store: &mut Store<()>,
    execution: &mut Execution,
    slice: u64,
) -> (Result<i64, Trap>, u64) {
    let mut given = 0;
    loop {
        match execution.run(&mut *store) {
            Ok(Event::OutOfFuel) => {
                assert_eq!(store.get_fuel().unwrap(), 0, "everything is taken");
                store.set_fuel(slice).unwrap();
                given += slice;
            }
            event => return (ended(event), given),
        }
    }
}

/// Sets the fuel anew before each run, under a deadline that has come; tells the fuel that was
/// given and not taken away.
fn anew(store: &mut Store<()>, execution: &mut Execution, slice: u64) -> (Result<i64, Trap>, u64) {
    store.set_epoch_deadline(0).unwrap();
    let mut given = 0;
    for _ in 0..1_000_000 {
        given -= store.get_fuel().unwrap();
        store.set_fuel(slice).unwrap();
        given += slice;
        match execution.run(&mut *store) {
            Ok(Event::OutOfFuel | Event::Interrupted) => {}
            event => return (ended(event), given),
        }
    }
    panic!("it does not come to an end")
}

/// What differs from what is wanted.
fn differences((name, wanted, text): (&str, Result<i64, Trap>, &str)) -> Vec<String> {
    let (_, fuel) = run(text, Way::Call(Metering::Fuel));
    let mut ways = vec![Way::Call(Metering::None)];
    for metering in [Metering::Interrupt, Metering::Fuel] {
        ways.extend([Way::Call(metering), Way::Interrupted(metering)]);
    }
    ways.extend([1000, 7, 1].map(Way::Slices));
    ways.extend([100_000, 1000].map(Way::Anew));
    let differs = |&way: &Way| {
        let (result, used) = run(text, way);
        let differs = result != wanted || used.is_some() && used != fuel;
        differs.then(|| {
            format!("{name}, {way:?}: {result:?} for {used:?}, not {wanted:?} for {fuel:?}")
        })
    };
    ways.iter().filter_map(differs).collect()
}

#[test]
fn results_and_fuel_do_not_depend_on_metering() {
    let found: Vec<String> = PROGRAMS.iter().copied().flat_map(differences).collect();
    assert!(found.is_empty(), "{found:#?}");
}
