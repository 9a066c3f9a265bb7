//! [`large_module`]: a module to measure start-up with.

use std::fmt::Write;

/// A module with `functions` functions of about fifty instructions each, of which `run` calls one.
/// No two are alike.
pub fn large_module(functions: u32) -> Vec<u8> {
    let mut text = String::from("(module (memory 1)\n");
    for i in 0..functions {
        function(&mut text, i).expect("a string takes all");
    }
    text.push_str(
        "(func (export \"run\") (param i32) (result i64)
            (i64.extend_i32_s (call 0 (local.get 0) (i32.const 7)))))",
    );
    wat::parse_str(text).expect("the text is a module")
}

fn function(text: &mut String, i: u32) -> std::fmt::Result {
    let (offset, factor, callee) = (i * 4 % 60_000, i * 2 + 1, i / 2);
    writeln!(
        text,
        "(func (param $a i32) (param $b i32) (result i32) (local $i i32) (local $x f64)
            (block $done
                (loop $again
                    (br_if $done (i32.ge_u (local.get $i) (i32.const {i})))
                    (i32.store offset={offset} (i32.and (local.get $i) (i32.const 1020))
                        (i32.add (local.get $a)
                            (i32.load offset={offset} (i32.and (local.get $b) (i32.const 1020)))))
                    (local.set $a (i32.xor (i32.mul (local.get $a) (i32.const {factor}))
                        (i32.shr_u (local.get $b) (i32.const 3))))
                    (local.set $x (f64.add (f64.mul (local.get $x) (f64.const {i}.5))
                        (f64.convert_i32_s (local.get $a))))
                    (if (i32.lt_s (local.get $a) (local.get $b))
                        (then (local.set $b (i32.sub (local.get $b) (i32.const 1))))
                        (else (local.set $a (call {callee} (local.get $b) (local.get $a)))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br $again)))
            (select (local.get $a) (i32.trunc_sat_f64_s (local.get $x))
                (f64.lt (local.get $x) (f64.const 1000))))"
    )
}
