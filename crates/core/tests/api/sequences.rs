//! Sequences of cells with one handler change neither results nor fuel, traps or backtraces.

use windlass::{Config, Engine, Error, Instance, Metering, Module, Store};

/// Loops of the sorts that compilers make: with loads, stores, calls, tables of labels, floats, and
/// a trap in their middle.
const TEXT: &str = r#"(module
    (memory 1)
    (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "f") (param $n i32) (result i64) (local $i i32) (local $sum i64) (local $x f64)
        (loop $fill
            (i32.store8 (local.get $i) (i32.mul (local.get $i) (i32.const 7)))
            (i32.store offset=1024 (i32.shl (local.get $i) (i32.const 2)) (local.get $i))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $fill (i32.lt_u (local.get $i) (i32.const 200))))
        (local.set $i (i32.const 0))
        (loop $sum
            (local.set $sum (i64.add (local.get $sum) (i64.load8_u (local.get $i))))
            (local.set $sum (i64.xor (i64.rotl (local.get $sum) (i64.const 5))
                (i64.extend_i32_u (i32.load offset=1024 (i32.shl (local.get $i) (i32.const 2))))))
            (local.set $x (f64.add (f64.mul (local.get $x) (f64.const 0.5))
                (f64.convert_i32_u (local.get $i))))
            (block $a (block $b (block $c
                (br_table $a $b $c (i32.and (local.get $i) (i32.const 3))))
                (local.set $sum (i64.add (local.get $sum) (i64.const 3))))
                (local.set $i (call $add (local.get $i) (i32.const 1))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            ;; Beyond the end of the memory at last.
            (drop (i32.load (i32.mul (local.get $i) (local.get $n))))
            (br_if $sum (i32.lt_s (local.get $i) (i32.const 200))))
        (i64.add (local.get $sum) (i64.trunc_sat_f64_s (local.get $x)))))"#;

/// The result, or the error with its backtrace; and the fuel that is left.
fn run(metering: Metering, fuse: bool, n: i32, fuel: u64) -> (Result<i64, String>, Option<u64>) {
    let engine = Engine::new(Config::new().metering(metering).fuse(fuse)).unwrap();
    let module = Module::new(&engine, wat::parse_str(TEXT).unwrap()).unwrap();
    let mut store = Store::new(&engine, ());
    if metering == Metering::Fuel {
        store.set_fuel(fuel).unwrap();
    }
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let f = instance.get_typed_func::<i32, i64>(&store, "f").unwrap();
    let result = f.call(&mut store, n).map_err(|error: Error| format!("{error:?}"));
    (result, store.get_fuel().ok())
}

#[test]
fn sequences_change_neither_results_nor_fuel() {
    for metering in [Metering::None, Metering::Interrupt, Metering::Fuel] {
        for n in [1, 300, 400, 65_536, -1] {
            let [with, without] = [true, false].map(|fuse| run(metering, fuse, n, 1 << 20));
            assert_eq!(with, without, "{metering:?}, {n}");
            assert_eq!(with.0.is_ok(), n < 330 && n > 0, "{with:?}");
        }
    }
    // Out of fuel everywhere.
    for fuel in 0..400 {
        let [with, without] = [true, false].map(|fuse| run(Metering::Fuel, fuse, 1, 7 * fuel));
        assert_eq!(with, without, "{fuel}");
    }
}
