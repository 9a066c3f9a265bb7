//! What is valid is let through: functions whose code was refused once, of each kind; and that what
//! is known where control comes together is no less than can be.

use super::{
    tests::verify,
    types::{Ty, Types},
};
use crate::{Config, Engine, Metering, Module, translate::translated};
use windlass_decode::{AbsHeapType, HeapType};

/// Types that the texts have: two structures that have nothing in common, one below the first, and
/// an array.
const TYPES: &str = "(type $s (sub (struct (field (mut i64)))))
    (type $t (sub $s (struct (field (mut i64)) (field f64))))
    (type $u (struct (field f32) (field (mut i64))))
    (type $a (array (mut i64)))
    (type $get (func (result i32)))
    (func $may_throw)";

fn modules(text: &str) -> impl Iterator<Item = Module> {
    let wasm = wat::parse_str(alloc::format!("(module {TYPES} {text})")).expect("text of a module");
    let meterings = [Metering::None, Metering::Interrupt, Metering::Fuel];
    let settings = meterings.into_iter().flat_map(|m| [(m, true), (m, false)]);
    settings.map(move |(metering, fuse)| {
        let mut config = Config::new();
        config.metering(metering).fuse(fuse).verify_code(true);
        let engine = Engine::new(&config).expect("the settings are fine");
        Module::from_binary(&engine, &wasm).expect("the module is valid")
    })
}

/// All functions of the text are let through, with every kind of metering.
fn taken(text: &str) {
    for module in modules(text) {
        for defined in 0..module.0.source().decoded.bodies.len() {
            let parts = translated(module.0.source(), defined);
            assert_eq!(verify(&module, defined, &parts), Ok(()), "function {defined} of {text}");
        }
    }
}

/// A local gets an object while its old value is an operand: that is copied before the last cell
/// that makes the object.
#[test]
fn objects_are_made_beside_copies() {
    taken(
        "(func (param (ref null $s)) (result i64)
            (local.get 0) (local.set 0 (struct.new_default $s)) (struct.get $s 0))
        (func (param (ref null $s)) (result i64) (local (ref null $t))
            (local.get 1) (local.set 1 (struct.new $t (i64.const 1) (f64.const 2)))
            (struct.get $t 0))",
    );
}

/// A loop without a body and the one behind it begin at one word; only one of them is of the kind
/// that says where it begins.
#[test]
fn loops_begin_where_others_do() {
    taken(
        "(func (loop) (loop $l (try_table (catch_all $l) (call $may_throw))))
        (func (param i32)
            (loop) (loop $l (loop $m (br_if $m (local.get 0))) (br_if $l (local.get 0))))
        (func (param i32) (loop) (loop $l (call $may_throw) (br_if $l (local.get 0))))
        (func (param i32)
            (loop) (loop $l (br_table $l $l 1 (local.get 0))))",
    );
}

/// An access to what is always null traps, whatever is written.
#[test]
fn what_is_null_has_no_fields() {
    taken(
        "(func (struct.set $s 0 (ref.null $s) (i64.const 5)))
        (func (param nullref i64) (struct.set $s 0 (local.get 0) (local.get 1)))
        (func (param i64) (array.set $a (ref.null $a) (i32.const 1) (local.get 0)))
        (func (param nullref) (array.set $a (local.get 0) (i32.const 1) (i64.const 7)))
        (func (param nullref) (result i64) (struct.get $s 0 (local.get 0)))
        (func (param nullref) (result i64) (array.get $a (local.get 0) (i32.const 0)))",
    );
}

/// A local's value that was cast is an operand still, behind a branch that brings others elsewhere.
#[test]
fn what_was_cast_is_of_its_type_behind_a_branch() {
    taken(
        "(func (param anyref i32) (result i64)
            (block $b (result i64)
                (ref.cast (ref $s) (local.get 0))
                (br_if $b (i64.const 1) (local.get 1))
                (drop) (struct.get $s 0)))
        (func (param anyref anyref) (result i64)
            (block $b (result (ref $u))
                (ref.cast (ref $s) (local.get 0))
                (br_on_cast $b anyref (ref $u) (local.get 1))
                (drop) (return (struct.get $s 0)))
            (struct.get $u 1))
        (func (param anyref anyref) (result i64)
            (block $b (result anyref)
                (ref.cast (ref $s) (local.get 0))
                (br_on_cast_fail $b anyref (ref $u) (local.get 1))
                (struct.get $u 1) (drop) (return (struct.get $s 0)))
            (drop) (i64.const 0))
        (func (param funcref) (result i32)
            (i32.const 5)
            (call_ref $get (br_on_null 0 (ref.cast (ref $get) (local.get 0)))) (drop))
        (func (param anyref i32) (result i64)
            (ref.cast (ref $s) (local.get 0))
            (br_if 0 (i64.const 1) (local.get 1)) (drop)
            (br_if 0 (i64.const 2) (i32.eqz (local.get 1))) (drop)
            (struct.get $s 0))",
    );
}

/// What is known of locals on one way only is not known where both ways come together.
#[test]
fn what_one_way_has_cast_is_not_known_behind() {
    let text = "(func (param anyref i32) (result i64)
        (block $b
            (br_if $b (local.get 1))
            (drop (ref.cast (ref $s) (local.get 0))))
        (struct.get $s 0 (ref.cast (ref $s) (local.get 0))))";
    for module in modules(text) {
        let mut parts = translated(module.0.source(), 1);
        assert_eq!(verify(&module, 1, &parts), Ok(()));
        // Without the second cast.
        let listed = crate::translate::listed(module.0.source(), 1);
        let casts = listed.iter().filter(|(_, line)| line.starts_with("ref.cast"));
        let words: alloc::vec::Vec<usize> = casts.map(|&(at, _)| at).collect();
        let [_, second] = words[..] else { panic!("two casts: {listed:?}") };
        parts.code.drain(second..second + 2);
        let fault = verify(&module, 1, &parts).expect_err("a fault");
        assert!(fault.what.starts_with("I10: the offset of a field"), "{fault}");
    }
}

/// What passes as two types that have nothing in common is null.
#[test]
fn what_is_of_two_types_is_null() {
    taken(
        "(func (param anyref) (result i64)
            (ref.cast (ref null $s) (local.get 0))
            (struct.get $u 1 (ref.cast (ref null $u) (local.get 0)))
            (drop) (struct.get $s 0))
        (func (param eqref) (result i64)
            (ref.cast i31ref (local.get 0))
            (struct.get $s 0 (ref.cast (ref null $s) (local.get 0)))
            (drop) (drop) (i64.const 0))",
    );
}

/// A constant that a cast never lets through is read from the slot where it was tested.
#[test]
fn what_never_passes_is_tested_where_it_is_read() {
    taken(
        "(func (result i32) (array.len (ref.cast nullref (ref.i31 (i32.const 7)))))
        (func (result i32)
            (array.len (ref.cast (ref none) (ref.cast nullref (ref.i31 (i32.const 7))))))
        (func (result i64) (struct.get $s 0 (ref.cast (ref $s) (ref.i31 (i32.const 7)))))",
    );
}

/// Where control comes together.
#[test]
fn what_comes_together_is_what_both_are() {
    taken(
        "(func $extern (param externref))
        (func (param i32 nullref) (result i32)
            (i31.get_s (if (result i31ref) (local.get 0)
                (then (ref.i31 (i32.const 3))) (else (local.get 1)))))
        (func (param i32 nullref) (result i32)
            (i31.get_s (if (result i31ref) (local.get 0)
                (then (local.get 1)) (else (ref.i31 (i32.const 3))))))
        (func (param i32 nullexternref (ref $s))
            (call $extern (if (result externref) (local.get 0)
                (then (local.get 1)) (else (extern.convert_any (local.get 2)))))
            (call $extern (if (result externref) (local.get 0)
                (then (extern.convert_any (local.get 2))) (else (local.get 1)))))
        (func (param i32 nullexternref nullref)
            (call $extern (if (result externref) (local.get 0)
                (then (local.get 1)) (else (extern.convert_any (local.get 2))))))",
    );
}

/// Both of two types fit the one that [`Types::join`] finds, and that fits whatever both fit.
#[test]
fn what_is_joined_is_the_least() {
    use AbsHeapType::*;
    let module = modules("").next().expect("there are settings");
    let source = module.0.source();
    let types = Types::new(source.context);
    let abs = [Any, Eq, I31, Struct, Array, None, Extern, NoExtern, Func, NoFunc, Exn, NoExn];
    let ids = source.context.type_ids.iter().map(|id| id.0);
    let heaps = ids.flat_map(|id| [HeapType::Concrete(id), HeapType::Exact(id)]);
    let refs = abs.into_iter().map(HeapType::Abs).chain(heaps).map(Ty::to);
    let both = [Ty::I32.and(Ty::I64), Ty::NARROW, Ty::WIDE];
    let plain = [Ty::I32, Ty::I64, Ty::F32, Ty::F64, Ty::LOW, Ty::HIGH];
    let all = || refs.clone().chain(plain).chain(both).chain([0, 1].map(Ty::of_const));
    for (a, b) in all().flat_map(|a| all().map(move |b| (a, b))) {
        let joined = types.join(a, b);
        assert!(types.fits(a, joined) && types.fits(b, joined), "{a:?}, {b:?}: {joined:?}");
        for wanted in all().filter(|&wanted| types.fits(a, wanted) && types.fits(b, wanted)) {
            assert!(types.fits(joined, wanted), "{a:?}, {b:?}: {joined:?}, not {wanted:?}");
        }
    }
}
