//! What a unit of fuel buys at most: programs that each do little but what is most expensive in its
//! kind, and how many nanoseconds of the host's CPU they take for each unit.
//! `cargo run --release --bin fuel [part of a name]`.
//!
//! Each must stay below 20, or this fails: see `FUEL_VERSION` in the crate `windlass`.

use std::process::ExitCode;
use windlass::{
    Caller, Config, Engine, Error, Features, FuncType, Linker, Metering, Module, Store, TypedFunc,
    Val, ValType,
};
use windlass_benches::clock::timed;

/// The most that a unit may take, in nanoseconds.
const LIMIT: f64 = 20.0;
/// How long to measure each, in seconds.
const LEAST: f64 = 0.1;
const PLENTY: u64 = 1 << 60;

/// A program: declarations, and the body of a loop. `$i` counts its rounds; `$a`, `$b` and the like
/// are locals.
struct Program {
    name: &'static str,
    declarations: String,
    body: String,
}

fn program(
    name: &'static str,
    declarations: impl Into<String>,
    body: impl Into<String>,
) -> Program {
    Program { name, declarations: declarations.into(), body: body.into() }
}

/// The same text many times, so that the loop itself costs nothing.
fn times(count: usize, text: &str) -> String {
    text.repeat(count)
}

const LOCALS: &str = r#"(local $i i32) (local $a i32) (local $l i64) (local $f f64) (local $v v128)
    (local $x (ref null any)) (local $r (ref null $object)) (local $bytes (ref null $bytes))"#;

const TYPES: &str = r#"(type $object (sub (struct (field (ref null any)))))
    (type $bytes (array (mut i8))) (type $longs (array (mut i64))) (type $refs (array (mut anyref)))
    (type $void (func))"#;

fn binary(op: &str, local: &str) -> String {
    times(50, &format!("(local.set {local} ({op} (local.get {local}) (local.get {local})))"))
}

fn unary(op: &str, local: &str) -> String {
    times(50, &format!("(local.set {local} ({op} (local.get {local})))"))
}

fn many(count: usize, ty: &str) -> String {
    times(count, &format!("{ty} "))
}

/// The types `$d0` to `$d63`, each below the one before: no type may be deeper.
fn deep_types() -> String {
    let below = |depth| format!("(type $d{depth} (sub $d{} (struct)))", depth - 1);
    format!("(type $d0 (sub (struct))) {}", (1..64).map(below).collect::<String>())
}

/// Throws by each name of a tag, within 500 clauses that have it by others.
fn aliases() -> String {
    let clauses: String = (0..500).map(|i| format!("(catch $a{} $x)", 2 * i)).collect();
    let site = |i| {
        format!(
            "(block $x (try_table {clauses} (block $y (try_table (catch $a{} $y) (throw $a{i})))))",
            i * 7 % 1000
        )
    };
    (0..250).map(site).collect()
}

fn programs() -> Vec<Program> {
    let memory = "(memory $m 64)";
    let table = "(table $t 100000 funcref) (elem declare func $nothing) \
        (func $nothing (type $void))";
    let mut all = vec![
        program("a plain loop", "", "(local.set $a (i32.add (local.get $a) (i32.const 3)))"),
        program("empty loops", "", times(200, "(loop)")),
        program("empty ifs", "", times(100, "(if (local.get $a) (then) (else))")),
        program("blocks left", "", times(100, "(block (br 0))")),
        program(
            "br_table",
            "",
            times(50, "(block (block (block (br_table 0 1 2 (local.get $i)))))"),
        ),
        program("calls", "(func $f)", times(50, "(call $f)")),
        program(
            "calls with 30,000 locals",
            format!("(func $f (local {}))", many(30_000, "i64")),
            times(10, "(call $f)"),
        ),
        program(
            "calls with 7 locals",
            "(func $f (local i64 i64 i64 i64 i64 i64 i64))",
            times(50, "(call $f)"),
        ),
        program(
            "calls with 900 results",
            format!(
                "(type $many (func (result {}))) (func $f (type $many) {})",
                many(900, "i64"),
                times(900, "(i64.const 1) ")
            ),
            format!("(call $f) {}", times(900, "drop ")),
        ),
        program(
            "results passed on",
            format!(
                "(type $many (func (result {0}))) (type $pass (func (param {0}) (result {0})))
                (func $f (type $many) {1}) (func $g (type $pass) {2})",
                many(900, "i64"),
                times(900, "(i64.const 1) "),
                (0..900).map(|i| format!("(local.get {i})")).collect::<String>(),
            ),
            format!("(call $f) {} {}", times(10, "(call $g) "), times(900, "drop ")),
        ),
        program(
            "branches with 900 values",
            format!(
                "(type $many (func (result {0}))) (type $pass (func (param {0}) (result {0})))
                (func $f (type $many) {1})",
                many(900, "i64"),
                times(900, "(i64.const 1) ")
            ),
            format!(
                "(call $f) {} {}",
                times(
                    10,
                    "(block $b (type $pass) (i64.const 7) (br_if $b (i32.const 1)) unreachable)"
                ),
                times(900, "drop ")
            ),
        ),
        program(
            "call_indirect",
            format!("{table} (elem (table $t) (i32.const 0) func $nothing)"),
            times(50, "(call_indirect $t (type $void) (i32.const 0))"),
        ),
        program("host calls", r#"(import "host" "nothing" (func $h))"#, times(50, "(call $h)")),
        program(
            "host calls with 16 numbers",
            r#"(import "host" "sixteen" (func $h
                (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)))"#,
            times(10, &format!("(call $h {})", times(16, "(local.get $l)"))),
        ),
        program(
            "host calls with 900 values",
            format!(
                r#"(type $many (func (param {0}) (result {0})))
                    (import "host" "many" (func $h (type $many)))
                (type $start (func (result {0}))) (func $f (type $start) {1})"#,
                many(900, "i64"),
                times(900, "(i64.const 1) ")
            ),
            format!("(call $f) {} {}", times(10, "(call $h) "), times(900, "drop ")),
        ),
        program(
            "host calls with a reference",
            r#"(import "host" "reference" (func $h (param anyref) (result anyref)))"#,
            times(20, "(local.set $x (call $h (local.get $x)))"),
        ),
        program(
            "host calls through a table",
            r#"(import "host" "table" (table $t 1 funcref))"#,
            times(50, "(call_indirect $t (type $void) (i32.const 0))"),
        ),
        program(
            "calls of another instance",
            r#"(import "other" "nothing" (func $h))"#,
            times(50, "(call $h)"),
        ),
        program(
            "indirect calls of another instance",
            r#"(import "other" "table" (table $t 1 funcref))"#,
            times(50, "(call_indirect $t (type $void) (i32.const 0))"),
        ),
        program(
            "calls of a large instance",
            r#"(import "large" "nothing" (func $h))"#,
            times(50, "(call $h)"),
        ),
        program(
            "memory.fill of 63 bytes",
            memory,
            times(50, "(memory.fill (i32.const 1) (i32.const 2) (i32.const 63))"),
        ),
        program(
            "memory.fill of 1 MiB",
            memory,
            "(memory.fill (i32.const 1) (i32.const 2) (i32.const 1048576))",
        ),
        program(
            "memory.copy of 63 bytes",
            memory,
            times(50, "(memory.copy (i32.const 1) (i32.const 2000) (i32.const 63))"),
        ),
        program(
            "memory.copy of 1 MiB",
            memory,
            "(memory.copy (i32.const 1) (i32.const 3) (i32.const 1048576))",
        ),
        program(
            "memory.init of 63 bytes",
            format!(
                r#"{memory}
            (data $d "{}")"#,
                times(63, "a")
            ),
            times(50, "(memory.init $d (i32.const 1) (i32.const 0) (i32.const 63))"),
        ),
        program(
            "memory.fill, shared",
            "(memory $m 64 64 shared)",
            "(memory.fill (i32.const 1) (i32.const 2) (i32.const 1048576))",
        ),
        program(
            "memory.copy, shared",
            "(memory $m 64 64 shared)",
            "(memory.copy (i32.const 1) (i32.const 4) (i32.const 1048576))",
        ),
        program("memory.size", memory, times(50, "(local.set $a (memory.size))")),
        program("memory.grow by 0", memory, times(20, "(drop (memory.grow (i32.const 0)))")),
        program("data.drop", format!(r#"{memory} (data $d "a")"#), times(50, "(data.drop $d)")),
        program(
            "elem.drop",
            format!("{table} (elem $e func $nothing)"),
            times(50, "(elem.drop $e)"),
        ),
        program(
            "table.fill of 7",
            table,
            times(50, "(table.fill $t (i32.const 1) (ref.null func) (i32.const 7))"),
        ),
        program(
            "table.fill of 90,000",
            table,
            "(table.fill $t (i32.const 1) (ref.null func) (i32.const 90000))",
        ),
        program(
            "table.copy of 90,000",
            table,
            "(table.copy $t $t (i32.const 1) (i32.const 3) (i32.const 90000))",
        ),
        program(
            "table.grow by 0",
            table,
            times(20, "(drop (table.grow $t (ref.null func) (i32.const 0)))"),
        ),
        program(
            "table.get and table.set",
            table,
            times(50, "(table.set $t (i32.const 7) (table.get $t (i32.const 8)))"),
        ),
        program(
            "array.new_default of 63 bytes",
            "",
            times(20, "(local.set $bytes (array.new_default $bytes (i32.const 63)))"),
        ),
        program(
            "array.new_default of 127 bytes",
            "",
            times(20, "(local.set $bytes (array.new_default $bytes (i32.const 127)))"),
        ),
        program(
            "array.new_default of 100,000 references",
            "",
            "(local.set $x (array.new_default $refs (i32.const 100000)))",
        ),
        program(
            "array.new_fixed of 16 bytes",
            "",
            times(
                10,
                &format!(
                    "(local.set $x (array.new_fixed $bytes 16 {}))",
                    times(16, "(local.get $a)")
                ),
            ),
        ),
        program(
            "array.copy of 63 bytes",
            "",
            format!(
                "(local.set $bytes (array.new_default $bytes (i32.const 1000))) {}",
                times(
                    50,
                    "(array.copy $bytes $bytes (local.get $bytes) \
            (i32.const 1) (local.get $bytes) (i32.const 501) (i32.const 63))"
                )
            ),
        ),
        program(
            "array.copy of 100,000 bytes",
            "",
            format!(
                "(local.set $bytes (array.new_default $bytes (i32.const 200000))) {}",
                times(
                    10,
                    "(array.copy $bytes $bytes (local.get $bytes) \
            (i32.const 1) (local.get $bytes) (i32.const 99998) (i32.const 100000))"
                )
            ),
        ),
        program(
            "array.fill of 63 bytes",
            "",
            format!(
                "(local.set $bytes (array.new_default $bytes (i32.const 1000))) {}",
                times(
                    50,
                    "(array.fill $bytes (local.get $bytes) (i32.const 1) \
            (i32.const 5) (i32.const 63))"
                )
            ),
        ),
        program(
            "array.init_data of 60,000 bytes",
            format!(
                r#"(data $d
            "{}")"#,
                times(60_000, "a")
            ),
            format!(
                "(local.set $bytes (array.new_default $bytes (i32.const 60001))) {}",
                times(
                    10,
                    "(array.init_data $bytes $d (local.get $bytes) \
                (i32.const 1) (i32.const 0) (i32.const 60000))"
                )
            ),
        ),
        program("garbage", "", times(20, "(local.set $r (struct.new $object (ref.null any)))")),
        program(
            "garbage beside a list of 10,000,000 bytes",
            "",
            format!(
                "(if (ref.is_null (local.get $x)) (then (loop $more
                    (local.set $x (struct.new $object (local.get $x)))
                    (br_if $more (i32.ne (local.tee $a (i32.add (local.get $a) (i32.const 1))) \
                    (i32.const 600000))))))
                {}",
                times(20, "(local.set $r (struct.new $object (ref.null any)))")
            ),
        ),
        program(
            "garbage beside 1,000,000 references in a table",
            "(table $t 1000000 anyref)",
            times(20, "(local.set $r (struct.new $object (ref.null any)))"),
        ),
        program(
            "garbage under 50,000 frames",
            "(func $deep (param $n i32) (local $r (ref null $object)) (local $i i32)
              (if (local.get $n)
                (then (call $deep (i32.sub (local.get $n) (i32.const 1))) \
                (drop (ref.is_null (local.get $r))))
                (else (loop $more
                  (local.set $r (struct.new $object (local.get $r)))
                  (local.set $r (struct.new $object (ref.null any)))
                  (br_if $more (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) \
                  (i32.const 1000000)))))))",
            "(call $deep (i32.const 50000))",
        ),
        program(
            "ref.test and ref.cast",
            "(type $sub (sub $object (struct (field (ref null any)))))",
            format!(
                "(local.set $x (struct.new $sub (ref.null any))) {}",
                times(
                    50,
                    "(drop (ref.test (ref $sub) (local.get $x))) \
            (local.set $x (ref.cast (ref $sub) (local.get $x)))"
                )
            ),
        ),
        program(
            "ref.test and ref.cast along 63 types",
            deep_types(),
            format!(
                "(local.set $x (struct.new $d63)) {}",
                times(
                    50,
                    "(drop (ref.test (ref $d0) (local.get $x))) \
            (local.set $x (ref.cast (ref $d9) (local.get $x)))"
                )
            ),
        ),
        program(
            "throws caught by callers",
            "(tag $t) (func $f (throw $t))",
            times(10, "(block $b (try_table (catch $t $b) (call $f)))"),
        ),
        program(
            "throws with a reference",
            "(tag $t (param i64)) (func $f (throw $t (i64.const 1)))",
            times(
                10,
                "(drop (block $b (result exnref) (try_table (catch_all_ref $b) (call $f)) \
                (unreachable)))",
            ),
        ),
        program(
            "throws through 50,000 frames",
            "(tag $t) (func $deep (param $n i32)
              (if (i32.eqz (local.get $n)) (then (throw $t))) (call $deep (i32.sub (local.get $n) \
              (i32.const 1))))",
            "(block $b (try_table (catch $t $b) (call $deep (i32.const 50000))))",
        ),
        program(
            "throws through 10,000 frames with 20 clauses",
            format!(
                "(tag $t) {} (func $deep (param $n i32)
                  (if (i32.eqz (local.get $n)) (then (throw $t)))
                  (block $b (try_table {} (call $deep (i32.sub (local.get $n) (i32.const 1))))))",
                (0..20).map(|i| format!("(tag $u{i})")).collect::<String>(),
                (0..20).map(|i| format!("(catch $u{i} $b)")).collect::<String>(),
            ),
            "(block $b (try_table (catch $t $b) (call $deep (i32.const 10000))))",
        ),
        program(
            "throws where a tag is imported 1,000 times",
            (0..1000).map(|i| format!(r#"(import "host" "tag" (tag $a{i}))"#)).collect::<String>(),
            aliases(),
        ),
        program(
            "memory.atomic.notify",
            "(memory $m 1 1 shared)",
            times(50, "(drop (memory.atomic.notify (i32.const 8) (i32.const 1)))"),
        ),
        program(
            "memory.atomic.wait32 for no time",
            "(memory $m 1 1 shared)",
            times(50, "(drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 0)))"),
        ),
        program(
            "i64.atomic.rmw.cmpxchg",
            "(memory $m 1 1 shared)",
            times(50, "(drop (i64.atomic.rmw.cmpxchg (i32.const 8) (i64.const 0) (i64.const 0)))"),
        ),
        program(
            "i32.atomic.rmw8.cmpxchg_u",
            "(memory $m 1 1 shared)",
            times(
                50,
                "(drop (i32.atomic.rmw8.cmpxchg_u (i32.const 8) (i32.const 0) (i32.const 0)))",
            ),
        ),
        program("atomic.fence", "(memory $m 1 1 shared)", times(50, "(atomic.fence)")),
        program(
            "i64.add128",
            "",
            times(
                20,
                "(i64.add128 (local.get $l) (local.get $l) \
            (local.get $l) (local.get $l)) (local.set $l) (local.set $l)",
            ),
        ),
        program(
            "i64.mul_wide_u",
            "",
            times(
                20,
                "(i64.mul_wide_u (local.get $l) (local.get $l)) (local.set $l) (local.set $l)",
            ),
        ),
        program(
            "i64.div_s",
            "",
            times(
                50,
                "(local.set $l (i64.div_s \
            (i64.const -7000000000000000001) (i64.or (local.get $l) (i64.const 1))))",
            ),
        ),
        program(
            "i64.rem_u",
            "",
            times(
                50,
                "(local.set $l (i64.rem_u \
            (i64.const -7000000000000000001) (i64.or (local.get $l) (i64.const 1))))",
            ),
        ),
        program(
            "i32.trunc_sat_f64_s",
            "",
            times(50, "(local.set $a (i32.trunc_sat_f64_s (local.get $f)))"),
        ),
    ];
    for op in ["f64.sqrt", "f64.nearest", "f64.ceil", "f64.trunc"] {
        all.push(program(op, "", unary(op, "$f")));
    }
    for op in ["f64.div", "f64.min", "f64.copysign"] {
        all.push(program(op, "", binary(op, "$f")));
    }
    for op in [
        "i8x16.popcnt",
        "i8x16.abs",
        "i64x2.abs",
        "f32x4.sqrt",
        "f64x2.sqrt",
        "f32x4.nearest",
        "f64x2.floor",
        "i32x4.trunc_sat_f32x4_u",
        "i32x4.trunc_sat_f64x2_u_zero",
        "f32x4.convert_i32x4_u",
        "i16x8.extadd_pairwise_i8x16_s",
    ] {
        all.push(program(op, "", unary(op, "$v")));
    }
    for op in [
        "i8x16.swizzle",
        "i64x2.mul",
        "i32x4.mul",
        "i16x8.q15mulr_sat_s",
        "f64x2.div",
        "f32x4.min",
        "f64x2.pmax",
        "i8x16.narrow_i16x8_u",
        "i64x2.extmul_high_i32x4_u",
        "i32x4.dot_i16x8_s",
        "i16x8.relaxed_dot_i8x16_i7x16_s",
        "i8x16.avgr_u",
    ] {
        all.push(program(op, "", binary(op, "$v")));
    }
    for op in ["i8x16.shl", "i64x2.shr_s", "i8x16.shr_s"] {
        all.push(program(
            op,
            "",
            times(50, &format!("(local.set $v ({op} (local.get $v) (local.get $a)))")),
        ));
    }
    for op in ["i8x16.all_true", "i8x16.bitmask", "v128.any_true"] {
        all.push(program(op, "", times(50, &format!("(local.set $a ({op} (local.get $v)))"))));
    }
    let shuffle = "(local.set $v (i8x16.shuffle 15 1 30 3 7 6 5 4 9 8 11 10 2 12 14 31 \
        (local.get $v) (local.get $v)))";
    all.push(program("i8x16.shuffle", "", times(50, shuffle)));
    let relaxed = "(local.set $v (f64x2.relaxed_madd (local.get $v) (local.get $v) \
        (local.get $v)))";
    all.push(program("f64x2.relaxed_madd", "", times(50, relaxed)));
    all
}

/// What programs import.
fn linker(engine: &Engine, store: &mut Store<()>) -> Result<Linker<()>, Error> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("host", "nothing", || {})?;
    let sixteen = |_: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64,
                   _: i64| {};
    linker.func_wrap("host", "sixteen", sixteen)?;
    let longs = || std::iter::repeat_n(ValType::I64, 900);
    let ty = FuncType::new(engine, longs(), longs());
    let same = |_: Caller<'_, ()>, params: &[Val], results: &mut [Val]| {
        results.copy_from_slice(params);
        Ok(())
    };
    linker.func_new("host", "many", ty, same)?;
    let any = || [ValType::Ref(windlass::RefType::ANYREF)];
    let ty = FuncType::new(engine, any(), any());
    linker.func_new("host", "reference", ty, same)?;
    let host_table = r#"(import "host" "nothing" (func $h)) (table (export "table") 1 funcref)
        (tag (export "tag"))
        (elem (i32.const 0) func $h)"#;
    let other = r#"(func $f (export "nothing")) (table (export "table") 1 funcref)
        (elem (i32.const 0) func $f)"#;
    let large = format!(
        r#"(func
        (export "nothing")) {} {}"#,
        times(100, "(memory 0)"),
        times(1000, "(table 0 funcref)")
    );
    for (name, text) in [("host", host_table), ("other", other), ("large", &large)] {
        let module = Module::new(engine, wat::parse_str(text).expect("the text is right"))?;
        let instance = linker.instantiate(&mut *store, &module)?;
        linker.instance(&mut *store, name, instance)?;
    }
    Ok(linker)
}

/// Nanoseconds a unit, for the best of several runs.
fn measure(program: &Program) -> Result<f64, Error> {
    let Program { declarations, body, .. } = program;
    // Imports come first.
    let text = format!(
        r#"(module {TYPES} {declarations} (func (export "run") (param $n i32) {LOCALS}
          (loop $next {body}
            (br_if $next (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1)))
              (local.get $n))))))"#
    );
    let config = Config::new().features(Features::ALL).metering(Metering::Fuel).clone();
    let engine = Engine::new(&config)?;
    let mut store = Store::new(&engine, ());
    let linker = linker(&engine, &mut store)?;
    let binary = wat::parse_str(text).map_err(|error| Error::msg(error.to_string()))?;
    let module = Module::new(&engine, binary)?;
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<u32, ()>(&store, "run")?;
    let mut rounds = 1;
    run.call_with(&mut store, rounds)?;
    loop {
        let (seconds, units) = run.timed(&mut store, rounds)?;
        if seconds < LEAST / 4.0 {
            rounds *= 2;
            continue;
        }
        let mut best = seconds / units;
        for _ in 0..4 {
            let (seconds, units) = run.timed(&mut store, rounds)?;
            best = best.min(seconds / units);
        }
        return Ok(best * 1e9);
    }
}

/// Calls that are given fuel.
trait Timed {
    fn call_with(&self, store: &mut Store<()>, rounds: u32) -> Result<u64, Error>;
    fn timed(&self, store: &mut Store<()>, rounds: u32) -> Result<(f64, f64), Error>;
}

impl Timed for TypedFunc<u32, ()> {
    fn call_with(&self, store: &mut Store<()>, rounds: u32) -> Result<u64, Error> {
        store.set_fuel(PLENTY)?;
        self.call(&mut *store, rounds)?;
        Ok(PLENTY - store.get_fuel()?)
    }

    fn timed(&self, store: &mut Store<()>, rounds: u32) -> Result<(f64, f64), Error> {
        let (units, time) = timed(|| self.call_with(store, rounds));
        Ok((time.as_secs_f64(), units? as f64))
    }
}

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let (mut results, mut bad) = (Vec::new(), 0);
    let mut programs = programs();
    programs.retain(|program| program.name.contains(&wanted));
    for program in &programs {
        match measure(program) {
            Ok(nanoseconds) => results.push((nanoseconds, program.name)),
            Err(error) => {
                println!("{}: {error:?}", program.name);
                bad += 1;
            }
        }
    }
    results.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("ns/unit");
    for (nanoseconds, name) in &results {
        let is_above = *nanoseconds > LIMIT;
        bad += usize::from(is_above);
        println!("{nanoseconds:7.2}  {name}{}", if is_above { "  above the limit" } else { "" });
    }
    println!("{} programs, {bad} bad", programs.len());
    if bad == 0 && !programs.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
