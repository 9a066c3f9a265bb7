//! Instructions whose meaning is easily missed.

use crate::module;
use windlass::{Config, Engine, Instance, Store, V128, Val};

fn instance(text: &str) -> (Store<()>, Instance) {
    let engine = Engine::new(Config::new().wasm_threads(true).wasm_relaxed_simd(true)).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module(&engine, text), &[]).unwrap();
    (store, instance)
}

/// What was read, and what is in memory then.
fn cmpxchg(memory: &str, op: &str, expected: u64, new: u64) -> (u64, u64) {
    let narrow = |name: &str, of: String| match &op[..3] {
        "i32" => format!("({name} {of})"),
        _ => of,
    };
    let [x, y] = ["(local.get 0)", "(local.get 1)"].map(|of| narrow("i32.wrap_i64", of.into()));
    let read = narrow("i64.extend_i32_u", format!("({op} (i32.const 8) {x} {y})"));
    let text = format!(
        r#"(memory {memory})
           (func (export "f") (param i64 i64) (result i64 i64)
             (i64.store (i32.const 8) (i64.const 0x1122334455667788))
             {read}
             (i64.load (i32.const 8)))"#
    );
    let (mut store, instance) = instance(&text);
    let f = instance.get_typed_func::<(u64, u64), (u64, u64)>(&store, "f").unwrap();
    f.call(&mut store, (expected, new)).unwrap()
}

#[test]
fn narrow_compare_exchange_wraps_what_is_expected() {
    const OLD: u64 = 0x1122_3344_5566_7788;
    for memory in ["1 1", "1 1 shared"] {
        for (op, bits) in [
            ("i32.atomic.rmw8.cmpxchg_u", 8),
            ("i32.atomic.rmw16.cmpxchg_u", 16),
            ("i32.atomic.rmw.cmpxchg", 32),
            ("i64.atomic.rmw8.cmpxchg_u", 8),
            ("i64.atomic.rmw16.cmpxchg_u", 16),
            ("i64.atomic.rmw32.cmpxchg_u", 32),
            ("i64.atomic.rmw.cmpxchg", 64),
        ] {
            let mask = u64::MAX >> (64 - bits);
            let new = 0xcdcd_cdcd_cdcd_cdcd;
            let written = (OLD & mask, OLD & !mask | new & mask);
            // Equal in its width, whatever is above; sign-extended as compilers do it.
            for above in [0, u64::MAX, 0x5a5a_5a5a_5a5a_5a5a] {
                let expected = OLD & mask | above & !mask;
                assert_eq!(cmpxchg(memory, op, expected, new), written, "{memory}, {op}");
            }
            let other = OLD ^ 1;
            assert_eq!(cmpxchg(memory, op, other, new), (OLD & mask, OLD), "{memory}, {op}");
        }
    }
}

#[test]
fn relaxed_dot_products_wrap() {
    let (mut store, instance) = instance(
        r#"(func (export "dot") (param v128 v128) (result v128)
             (i16x8.relaxed_dot_i8x16_i7x16_s (local.get 0) (local.get 1)))
           (func (export "add") (param v128 v128) (result v128)
             (i32x4.relaxed_dot_i8x16_i7x16_add_s (local.get 0) (local.get 1)
               (v128.const i32x4 1 2 3 4)))"#,
    );
    let mut call = |name: &str, x: [i8; 4], y: [i8; 4]| {
        let wide =
            |lanes: [i8; 4]| V128::from(u128::from(u32::from_le_bytes(lanes.map(|x| x as u8))));
        let mut results = [Val::I32(0)];
        let func = instance.get_func(&store, name).unwrap();
        func.call(&mut store, &[wide(x).into(), wide(y).into()], &mut results).unwrap();
        results[0].unwrap_v128().as_u128()
    };
    let least = [-128; 4];
    let lanes = call("dot", least, least);
    assert_eq!([0, 16, 32].map(|bits| (lanes >> bits) as i16), [-32768, -32768, 0]);
    assert_eq!(call("dot", least, [-127; 4]) as i16, 32512);
    assert_eq!(call("dot", [127; 4], [-1; 4]) as i16, -254);
    let lanes = call("add", least, least);
    assert_eq!([0, 32, 64, 96].map(|bits| (lanes >> bits) as i32), [1 - 65536, 2, 3, 4]);
}
