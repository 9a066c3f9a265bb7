//! Innermost loops have integers of their own pinned in registers; whichever way such a loop is
//! left, the function's are there again.

use windlass::{Config, Engine, Instance, Metering, Module, Store};

/// `$h` names `$a` and `$b` most, the function, too; `$own` names `$x` and `$i`, and is left as
/// `exit` says. There are up to four rounds.
fn text(exit: &str) -> String {
    let text = r#"(module
        (func (export "f") (param $n i32) (result i32)
            (local $a i32) (local $b i32) (local $i i32) (local $x i32) (local $j i32)
            (local $round i32)
            (local.set $a (i32.const 1))
            (local.set $b (i32.const 2))
            (loop $outer
                (local.set $round (i32.add (local.get $round) (i32.const 1)))
                (local.set $j (i32.const 0))
                (loop $h
                    (local.set $a (i32.add (i32.mul (local.get $a) (i32.const 3)) (local.get $b)))
                    (local.set $b (i32.xor (local.get $b) (i32.shl (local.get $a) (i32.const 1))))
                    (local.set $a (i32.add (local.get $a) (local.get $b)))
                    (local.set $b (i32.sub (local.get $b) (local.get $a)))
                    (local.set $a (i32.add (local.get $a) (i32.mul (local.get $a) (local.get $b))))
                    (local.set $b (i32.sub (local.get $b) (i32.mul (local.get $b) (local.get $b))))
                    (local.set $j (i32.add (local.get $j) (i32.const 1)))
                    (br_if $h (i32.lt_u (local.get $j) (i32.const 3))))
                (local.set $i (i32.const 0))
                (block $out
                    (loop $own
                        (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 5))
                            (local.get $i)))
                        (local.set $x (i32.xor (local.get $x)
                            (i32.shl (local.get $i) (i32.const 2))))
                        (local.set $i (i32.add (local.get $i) (i32.const 1)))
                        EXIT))
                (local.set $a (i32.add (local.get $a) (local.get $x)))
                (local.set $b (i32.xor (local.get $b) (local.get $a)))
                (br_if $outer (i32.lt_u (local.get $round) (i32.const 4))))
            (i32.add (i32.mul (local.get $a) (i32.const 7))
                (i32.add (local.get $b) (local.get $x)))))"#;
    text.replace("EXIT", exit)
}

/// How `$own` is left when it has gone round often enough.
#[derive(Clone, Copy, PartialEq)]
enum Exit {
    Out,
    /// Back to `$outer`, but in the fourth round.
    Outer,
    /// That in the first round only.
    FirstOuter,
    Return,
    Trap,
}

/// What the function results in.
fn model(n: u32, exit: Exit) -> Option<u32> {
    let (mut a, mut b, mut x) = (1_u32, 2_u32, 0_u32);
    for round in 1.. {
        for _ in 0..3 {
            a = a.wrapping_mul(3).wrapping_add(b);
            b ^= a << 1;
            a = a.wrapping_add(b);
            b = b.wrapping_sub(a);
            a = a.wrapping_add(a.wrapping_mul(b));
            b = b.wrapping_sub(b.wrapping_mul(b));
        }
        for i in 0..=n {
            x = x.wrapping_mul(5).wrapping_add(i);
            x ^= i << 2;
        }
        match exit {
            Exit::Outer if round < 4 => continue,
            Exit::FirstOuter if round == 1 => continue,
            Exit::Return => return Some(a ^ x),
            Exit::Trap => return None,
            _ => {}
        }
        a = a.wrapping_add(x);
        b ^= a;
        if round == 4 {
            break;
        }
    }
    Some(a.wrapping_mul(7).wrapping_add(b.wrapping_add(x)))
}

#[test]
fn whichever_way_a_loop_is_left_the_functions_pins_are_there() {
    let done = "(i32.gt_u (local.get $i) (local.get $n))";
    let again = "(br_if $own (i32.le_u (local.get $i) (local.get $n)))";
    let early = format!("(i32.and {done} (i32.lt_u (local.get $round) (i32.const 4)))");
    let exits = [
        (Exit::Out, again.to_owned()),
        (Exit::Out, format!("(br_if $out {done}) (br $own)")),
        (Exit::Out, format!("(if {done} (then (br $out))) (br $own)")),
        (Exit::Out, format!("(if {done} (then (br_table $out (local.get $round)))) (br $own)")),
        (Exit::Outer, format!("(br_if $outer {early}) {again}")),
        (Exit::Outer, format!("(if {early} (then (br $outer))) {again}")),
        (
            Exit::FirstOuter,
            format!("(if {done} (then (br_table $out $outer $out (local.get $round)))) (br $own)"),
        ),
        (
            Exit::Return,
            format!(
                "(if {done} (then (return (i32.xor (local.get $a) (local.get $x))))) (br $own)"
            ),
        ),
        (Exit::Trap, format!("(if {done} (then (unreachable))) (br $own)")),
    ];
    for metering in [Metering::None, Metering::Interrupt, Metering::Fuel] {
        let engine = Engine::new(Config::new().metering(metering).verify_code(true)).unwrap();
        for (exit, text_of_exit) in &exits {
            let wasm = wat::parse_str(text(text_of_exit)).unwrap();
            let module = Module::new(&engine, wasm).unwrap();
            let mut store = Store::new(&engine, ());
            if metering == Metering::Fuel {
                store.set_fuel(1 << 40).unwrap();
            }
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let f = instance.get_typed_func::<u32, u32>(&store, "f").unwrap();
            for n in 0..6 {
                let result = f.call(&mut store, n).ok();
                assert_eq!(result, model(n, *exit), "{metering:?}, {n}, {text_of_exit}");
            }
        }
    }
}
