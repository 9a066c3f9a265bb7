//! Casts and calls along deep chains of types.

use crate::instance;
use std::fmt::Write;

/// As deep as types may be, with one at the side of each.
const DEPTH: usize = 64;

/// The types `$name0` and so on, each below the one before, and `$name_side0` and so on.
fn chain(name: &str, of: &str) -> String {
    let mut text = format!("(type ${name}0 (sub {of})) ");
    for depth in 1..DEPTH {
        let above = format!("(sub ${name}{} {of})", depth - 1);
        let side = above.replace("(sub", "(sub final");
        write!(text, "(type ${name}{depth} {above}) (type ${name}_side{depth} {side}) ").unwrap();
    }
    text
}

#[test]
fn every_supertype_is_found_and_no_other() {
    let mut text = chain("s", "(struct)") + &chain("f", "(func)");
    text += "(table $objects 200 anyref) (table $funcs 200 funcref) ";
    let mut set = String::new();
    for depth in 0..DEPTH {
        for side in ["", "_side"].into_iter().take(if depth == 0 { 1 } else { 2 }) {
            let at = depth + if side.is_empty() { 0 } else { DEPTH };
            write!(text, "(func $g{side}{depth} (type $f{side}{depth})) ").unwrap();
            write!(text, "(elem declare func $g{side}{depth}) ").unwrap();
            write!(
                set,
                "(table.set $objects (i32.const {at}) (struct.new $s{side}{depth}))
                (table.set $funcs (i32.const {at}) (ref.func $g{side}{depth})) "
            )
            .unwrap();
        }
        // Whether an object, a function, and a function that is called are of this type: bits.
        write!(
            text,
            r#"(func (export "{depth}") (param i32) (result i32)
              (i32.or
                (ref.test (ref $s{depth}) (table.get $objects (local.get 0)))
                (i32.shl (ref.test (ref $f{depth}) (table.get $funcs (local.get 0)))
                  (i32.const 1))))
            (func (export "call {depth}") (param i32)
              (call_indirect $funcs (type $f{depth}) (local.get 0)))"#
        )
        .unwrap();
    }
    write!(text, "(func $set {set}) (start $set)").unwrap();
    let (mut store, instance) = instance(&text);
    for wanted in 0..DEPTH {
        let test = instance.get_typed_func::<i32, i32>(&store, &wanted.to_string()).unwrap();
        let call = instance.get_typed_func::<i32, ()>(&store, &format!("call {wanted}")).unwrap();
        for depth in 0..DEPTH {
            let expected = depth >= wanted;
            let bits = if expected { 3 } else { 0 };
            assert_eq!(test.call(&mut store, depth as i32).unwrap(), bits, "{depth} {wanted}");
            assert_eq!(call.call(&mut store, depth as i32).is_ok(), expected, "{depth} {wanted}");
            if depth > 0 {
                let is_below = depth > wanted;
                let side = (DEPTH + depth) as i32;
                let bits = if is_below { 3 } else { 0 };
                assert_eq!(test.call(&mut store, side).unwrap(), bits, "side {depth} {wanted}");
                assert_eq!(call.call(&mut store, side).is_ok(), is_below);
            }
        }
    }
}
