//! What small functions compute is done where they are called, once they are validated: results,
//! fuel, and where the stack overflows, are the same with each metering and in each mode of
//! compilation.

use windlass::{
    CompilationMode, Config, Engine, Event, Instance, Metering, Module, Store, Trap, Val,
};

const METERINGS: [Metering; 3] = [Metering::None, Metering::Interrupt, Metering::Fuel];

const TEXT: &str = r#"(module
    (global $depth (mut i32) (i32.const 0))
    (func $rotate (param i64 i32) (result i64)
        (i64.rotr (local.get 0) (i64.extend_i32_u (local.get 1))))
    (func $mix (param i64 i64) (result i64)
        (i64.add (i64.add (local.get 0) (local.get 1))
            (i64.mul
                (i64.and (i64.shl (local.get 0) (i64.const 1)) (i64.const 0x1fffffffe))
                (i64.and (local.get 1) (i64.const 0xffffffff)))))
    (func $first (param i64 i64) (result i64) (local.get 0))
    (func $second (param i64 i64) (result i64) (local.get 1))
    (func $nothing (param i64) (result i64) (i64.const 5))
    (func $swapped (param i64 i64) (result i64) (i64.sub (local.get 1) (local.get 0)))
    (func $twice (param f64) (result f64) (f64.add (local.get 0) (local.get 0)))
    (func $seven (result i32) (i32.const 7))
    (func $less (param i64 i64) (result i32) (i64.lt_u (local.get 0) (local.get 1)))
    ;; Not one of them: it can trap.
    (func $divide (param i64 i64) (result i64) (i64.div_u (local.get 0) (local.get 1)))

    (func (export "f") (param $a i64) (param $b i64) (param $n i32) (result i64)
        (local $c i64)
        (loop $again
            (local.set $c (call $mix (local.get $a) (i64.xor (local.get $b) (local.get $c))))
            (local.set $a (call $rotate (i64.xor (local.get $a) (local.get $c)) (i32.const 24)))
            (local.set $b (call $rotate (call $mix (local.get $b) (local.get $b))
                (local.get $n)))
            (local.set $c (call $swapped (local.get $c) (call $first (local.get $b)
                (local.get $a))))
            (local.set $c (call $swapped (i64.add (local.get $c) (local.get $a))
                (call $second (local.get $b) (i64.mul (local.get $c) (local.get $b)))))
            ;; An operand that a parameter is twice is written meanwhile.
            (local.set $a (call $swapped (local.get $a)
                (local.tee $a (call $mix (local.get $a) (i64.const 3)))))
            (local.set $b (i64.add (call $nothing (local.get $b)) (local.get $b)))
            (local.set $c (i64.add (local.get $c) (i64.trunc_sat_f64_s
                (call $twice (call $twice (f64.convert_i32_u (local.get $n)))))))
            (if (call $less (call $rotate (local.get $a) (i32.const 1)) (local.get $b))
                (then (local.set $c (call $first (i64.sub (local.get $c) (local.get $b))
                    (i64.const 1)))))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br_if $again (i32.gt_s (local.get $n) (i32.const 0))))
        (i64.add (i64.add (local.get $a) (local.get $b))
            (i64.add (local.get $c) (i64.extend_i32_u (call $seven)))))
    (func (export "divide") (param i64 i64) (result i64)
        (call $divide (local.get 0) (call $first (local.get 1) (i64.const 1))))

    (func $deep (export "deep") (param i64) (result i64)
        (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
        (i64.add (call $deep (i64.add (local.get 0) (i64.const 1)))
            (call $mix (call $mix (local.get 0) (i64.const 3)) (local.get 0))))
    (func $even (export "shallow") (param i64) (result i64)
        (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
        (drop (call $mix (local.get 0) (call $rotate (local.get 0) (i32.const 3))))
        (call $even (local.get 0)))
    (func (export "depth") (result i32) (global.get $depth))

    (type $box (struct (field i64)))
    (func $sum (param (ref $box) i64) (result i64)
        (i64.add (struct.get $box 0 (local.get 0)) (local.get 1)))
    ;; A reference lies below the operands of what is computed.
    (func (export "held") (param i64) (result i64)
        (call $sum (struct.new $box (local.get 0))
            (call $mix (call $rotate (local.get 0) (i32.const 8)) (local.get 0)))))"#;

/// What `f` computes.
fn model(mut a: u64, mut b: u64, mut n: u32) -> u64 {
    let mix = |x: u64, y: u64| {
        let low = |x: u64| x & 0xffff_ffff;
        x.wrapping_add(y).wrapping_add((2 * low(x)).wrapping_mul(low(y)))
    };
    let swapped = |x: u64, y: u64| y.wrapping_sub(x);
    let mut c = 0_u64;
    loop {
        c = mix(a, b ^ c);
        a = (a ^ c).rotate_right(24);
        b = mix(b, b).rotate_right(n);
        c = swapped(c, b);
        c = swapped(c.wrapping_add(a), c.wrapping_mul(b));
        a = swapped(a, mix(a, 3));
        b = b.wrapping_add(5);
        c = c.wrapping_add(u64::from(n) * 4);
        if a.rotate_right(1) < b {
            c = c.wrapping_sub(b);
        }
        n -= 1;
        if n == 0 {
            break;
        }
    }
    a.wrapping_add(b).wrapping_add(c).wrapping_add(7)
}

const MODES: [CompilationMode; 3] =
    [CompilationMode::Eager, CompilationMode::LazyTranslation, CompilationMode::Lazy];

/// Runs what is asked with each metering and in each mode of compilation.
fn in_each_way(run: impl Fn(&mut Store<()>, &Instance, &str)) {
    let wasm = wat::parse_str(TEXT).unwrap();
    for metering in METERINGS {
        for mode in MODES {
            let mut config = Config::new();
            config.metering(metering).compilation_mode(mode).verify_code(true);
            let engine = Engine::new(&config).unwrap();
            let module = Module::new(&engine, &wasm).unwrap();
            let mut store = Store::new(&engine, ());
            if metering == Metering::Fuel {
                store.set_fuel(1 << 40).unwrap();
            }
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            run(&mut store, &instance, &format!("{metering:?}, {mode:?}"));
        }
    }
}

#[test]
fn what_small_functions_compute_is_computed() {
    in_each_way(|store, instance, how| {
        let f = instance.get_typed_func::<(u64, u64, u32), u64>(&*store, "f").unwrap();
        for a in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            for n in 1..9 {
                let b = a.rotate_left(n) ^ 0x55;
                assert_eq!(f.call(&mut *store, (a, b, n)).unwrap(), model(a, b, n), "{how}");
            }
        }
    });
}

#[test]
fn what_can_trap_is_called() {
    in_each_way(|store, instance, how| {
        let divide = instance.get_typed_func::<(u64, u64), u64>(&*store, "divide").unwrap();
        assert_eq!(divide.call(&mut *store, (91, 7)).unwrap(), 13, "{how}");
        let error = divide.call(&mut *store, (91, 0)).unwrap_err();
        assert_eq!(error.trap(), Some(Trap::IntegerDivideByZero), "{how}");
        let frames = error.backtrace().unwrap().frames();
        assert_eq!(frames.len(), 2, "{how}");
    });
}

#[test]
fn the_stack_overflows_at_the_same_depth() {
    for name in ["deep", "shallow"] {
        let depths = std::cell::RefCell::new(Vec::new());
        in_each_way(|store, instance, how| {
            let deep = instance.get_typed_func::<u64, u64>(&*store, name).unwrap();
            let error = deep.call(&mut *store, 1).unwrap_err();
            assert_eq!(error.trap(), Some(Trap::StackOverflow), "{how}");
            let depth = instance.get_typed_func::<(), u32>(&*store, "depth").unwrap();
            depths.borrow_mut().push(depth.call(&mut *store, ()).unwrap());
        });
        let depths = depths.into_inner();
        assert!(depths[0] > 1_000 && depths.iter().all(|&depth| depth == depths[0]), "{depths:?}");
    }
}

#[test]
fn what_is_computed_is_paid_for() {
    const PLENTY: u64 = 1 << 30;
    let wasm = wat::parse_str(TEXT).unwrap();
    let mut all = Vec::new();
    for mode in MODES {
        let mut config = Config::new();
        config.metering(Metering::Fuel).compilation_mode(mode).verify_code(true);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, &wasm).unwrap();
        for slice in [1, 3, 50, PLENTY] {
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let mut run = |name: &str, args: &[Val]| {
                let func = instance.get_func(&store, name).unwrap();
                let mut execution = func.start(&mut store, args).unwrap();
                let mut given = 0;
                loop {
                    store.set_fuel(slice).unwrap();
                    given += slice;
                    match execution.run(&mut store).unwrap() {
                        Event::Finished(results) => {
                            let used = given - store.get_fuel().unwrap();
                            break (results[0].i64(), used);
                        }
                        Event::OutOfFuel => store.gc(),
                        event => panic!("{event:?}"),
                    }
                }
            };
            let f = run("f", &[Val::I64(3), Val::I64(5), Val::I32(7)]);
            assert_eq!(f.0, Some(model(3, 5, 7) as i64), "{mode:?}, {slice}");
            let held = run("held", &[Val::I64(1 << 60)]);
            assert_eq!(held.0, Some((1 << 61) + (1 << 52)), "{mode:?}, {slice}");
            all.push((f, held));
        }
    }
    assert!(all.iter().all(|used| *used == all[0]), "{all:?}");
}
