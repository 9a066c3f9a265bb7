//! No bytes make the engine panic, hang or take much memory: modules that are cut off, that have
//! bits flipped or bytes replaced are refused by an error, or are modules, which then run within
//! their limits.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use windlass::{
    CompilationMode, Config, Engine, Features, Instance, Metering, Module, Store, StoreLimits,
    StoreLimitsBuilder,
};

/// A module with every section, of what the engine executes.
const ALL_SECTIONS: &str = r#"(module $everything
    (type $unary (func (param i32) (result i32)))
    (type $pair (func (param i64 f64) (result f64 i64)))
    (table $t 3 10 funcref) (table $u i64 2 externref)
    (memory $m 1 4) (memory $n i64 1 2)
    (global $g (mut i32) (i32.add (i32.const 1) (i32.mul (i32.const 2) (i32.const -3))))
    (global $h f64 (f64.const 1.5)) (global $r funcref (ref.func $twice))
    (export "run" (func $run)) (export "t" (table $t)) (export "m" (memory $m))
      (export "g" (global $g))
    (start $begin)
    (elem (i32.const 0) func $twice $double) (elem (table $u)
      (i64.const 0) externref (ref.null extern))
    (elem $passive func $twice) (elem declare func $double)
    (data (i32.const 16) "some bytes") (data (memory $n) (i64.const 8) "more") (data $p "passive")
    (func $begin (global.set $g (i32.const 7)))
    (func $twice (type $unary) (i32.mul (local.get 0) (i32.const 2)))
    (func $double (type $unary) (return_call $twice (local.get 0)))
    (func $swap (type $pair) (local.get 1) (local.get 0))
    (func $run (param $size i32) (result i64) (local $i i32) (local $sum i64)
        (memory.init $m $p (i32.const 0) (i32.const 0) (i32.const 7)) (data.drop $p)
        (table.init $t $passive (i32.const 2) (i32.const 0) (i32.const 1)) (elem.drop $passive)
        (memory.copy $n $m (i64.const 0) (i32.const 0) (i32.const 8))
        (memory.fill $m (i32.const 100) (i32.const 5) (i32.const 50))
        (drop (memory.grow $m (i32.const 1)))
        (block $done
            (loop $again
                (br_if $done (i32.ge_u (local.get $i) (local.get $size)))
                (block $a (block $b (block $c (br_table $a $b $c (local.get $i))))
                    (local.set $sum (i64.add (local.get $sum)
                      (i64.load $n offset=4 (i64.const 4)))))
                (local.set $sum (i64.xor (local.get $sum) (i64.extend_i32_s
                    (call_indirect $t (type $unary) (local.get $i) (i32.and (local.get $i)
                      (i32.const 1))))))
                (call $swap (local.get $sum) (f64.convert_i32_s (local.get $i)))
                (local.set $sum) (drop)
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br $again)))
        (i32.store8 $m offset=3 (i32.const 4) (i32.trunc_sat_f32_s (f32.const 1e30)))
        (if (result i64) (i32.eqz (local.get $size)) (then (i64.const -1)) (else (local.get $sum))))
    (@custom "more" "bytes"))"#;

/// Programs from a compiler: some of the benchmarks' kernels, which all export `run`.
const KERNELS: [&[u8]; 4] = [
    include_bytes!("../../../benches/kernels/indirect.wasm"),
    include_bytes!("../../../benches/kernels/quicksort.wasm"),
    include_bytes!("../../../benches/kernels/raytrace.wasm"),
    include_bytes!("../../../benches/kernels/vm.wasm"),
];

fn all_sections() -> Vec<u8> {
    wat::parse_str(ALL_SECTIONS).expect("the text is a module")
}

/// An engine that translates at once, and whose guests run out of fuel.
fn engine() -> Engine {
    let mut config = Config::new();
    config.features(Features::ALL).compilation_mode(CompilationMode::Eager);
    config.metering(Metering::Fuel).max_wasm_stack(64 << 10);
    Engine::new(&config).expect("the settings are valid")
}

/// What became of some bytes.
#[derive(PartialEq)]
enum Outcome {
    /// They are no module.
    Refused,
    /// They are a module; whether `run` returned.
    Module { returned: bool },
}

/// Makes a module of the bytes and, if they are one, runs it a little.
fn attempt(engine: &Engine, bytes: &[u8]) -> Outcome {
    let module = match within_memory(bytes.len(), || Module::new(engine, bytes)) {
        Ok(module) => module,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Outcome::Refused;
        }
    };
    let limits = StoreLimitsBuilder::new().memory_size(8 << 20).table_elements(10_000).build();
    let mut store: Store<StoreLimits> = Store::new(engine, limits);
    store.limiter(|limits| limits);
    store.set_fuel(2_000).expect("the engine counts fuel");
    let run = Instance::new(&mut store, &module, &[])
        .and_then(|instance| instance.get_typed_func::<i32, i64>(&mut store, "run"));
    let returned = run.is_ok_and(|run| run.call(&mut store, 1).is_ok());
    Outcome::Module { returned }
}

#[test]
fn whole_modules_run() {
    let engine = engine();
    assert!(attempt(&engine, &all_sections()) == Outcome::Module { returned: true });
    for kernel in KERNELS {
        assert!(matches!(attempt(&engine, kernel), Outcome::Module { .. }));
    }
}

#[test]
fn truncated_modules() {
    let engine = engine();
    for bytes in KERNELS.map(<[u8]>::to_vec).into_iter().chain([all_sections()]) {
        let modules = (0..bytes.len())
            .filter(|length| attempt(&engine, &bytes[..*length]) != Outcome::Refused)
            .count();
        // Where a section ends, what is before can be a module, but never once functions are
        // declared.
        assert!(modules < 12, "{modules} of {} prefixes", bytes.len());
    }
}

#[test]
fn flipped_bits() {
    let engine = engine();
    let mut bytes = all_sections();
    let (mut refused, mut returned) = (0, 0);
    for i in 0..bytes.len() {
        for bit in 0..8 {
            bytes[i] ^= 1 << bit;
            match attempt(&engine, &bytes) {
                Outcome::Refused => refused += 1,
                Outcome::Module { returned: true } => returned += 1,
                Outcome::Module { returned: false } => {}
            }
            bytes[i] ^= 1 << bit;
        }
    }
    assert!(
        refused > bytes.len() && returned > bytes.len(),
        "{refused} refused, {returned} returned"
    );
}

#[test]
fn replaced_bytes() {
    let engine = engine();
    let mut random = Random(1);
    let mut refused = 0;
    for kernel in KERNELS {
        for _ in 0..400 {
            let mut bytes = kernel.to_vec();
            for _ in 0..1 + random.below(3) {
                let at = random.below(bytes.len());
                bytes[at] = random.below(256) as u8;
            }
            refused += usize::from(attempt(&engine, &bytes) == Outcome::Refused);
        }
    }
    assert!(refused > 400, "{refused}");
}

#[test]
fn pieces_in_other_places() {
    let engine = engine();
    let bytes = all_sections();
    let mut random = Random(2);
    for _ in 0..1000 {
        let (a, b) = (random.below(bytes.len()), random.below(bytes.len()));
        let (from, to, target) = (a.min(b), a.max(b), random.below(bytes.len()));
        attempt(&engine, &[&bytes[..from], &bytes[to..]].concat());
        attempt(&engine, &[&bytes[..target], &bytes[from..to], &bytes[target..]].concat());
    }
}

/// A generator of numbers (xorshift), the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}

/// Runs `f` and checks that it never holds much more memory than bytes of that number deserve: a
/// function may have 50,000 locals for a few bytes, but nothing is sized by a count alone.
fn within_memory<R>(bytes: usize, f: impl FnOnce() -> R) -> R {
    let before = HELD.get();
    PEAK.set(before);
    let result = f();
    let peak = PEAK.get() - before;
    let limit = (8 << 20) + 1000 * bytes as isize;
    assert!(peak < limit, "{peak} bytes of memory for {bytes} bytes");
    result
}

/// A module of so many structures of `fields` fields each; in all of them or in none the last
/// differ.
fn structures(count: usize, fields: usize, differ: bool) -> Vec<u8> {
    let last = |index| if differ { ["i8", "i16", "i32", "i64"][index & 3] } else { "i8" };
    let ty = |index: usize| {
        let digits = (0..8).map(|digit| format!("(field {})", last(index >> (2 * digit))));
        let fields = format!("{} {}", "(field i8) ".repeat(fields - 8), digits.collect::<String>());
        format!("(type (struct {fields}))")
    };
    wat::parse_str((0..count).map(ty).collect::<String>()).unwrap()
}

/// A module of many types takes a known multiple of its bytes.
#[test]
fn types_are_kept_once_in_a_module_and_once_in_an_engine() {
    for (differ, most) in [(false, 17), (true, 30)] {
        let bytes = structures(50, 5_000, differ);
        let engine = engine();
        let before = HELD.get();
        PEAK.set(before);
        let module = Module::new(&engine, &bytes).unwrap();
        let times = (PEAK.get() - before) / bytes.len() as isize;
        assert!(times <= most, "{times} times its bytes");
        drop(module);
    }
}

/// A module for which validation and the engine keep long lists of every kind.
fn long_lists() -> Vec<u8> {
    let each = |part: &dyn Fn(usize) -> String| (0..400).map(part).collect::<String>();
    let text = format!(
        r#"(module $lists {structures} (type $f (func (param {params}) (result {params})))
            {imports} {funcs} {tables} {globals} {tags} {exports} {elements} {data}
            (elem func {items}) (elem funcref {exprs})
            (global $long i32 {sum})
            (func $deep (type $f) {locals} (block {blocks} {ends}) (call $deep {gets}) (call $deep))
            {customs})"#,
        structures = each(&|i| format!("(type (struct {}))", "(field i8)".repeat(i))),
        params = "i32 ".repeat(500),
        imports = each(&|i| format!("(import \"a\" \"{i}\" (func $i{i}))")),
        funcs = each(&|i| format!("(func $f{i})")),
        tables = each(&|_| "(table 0 funcref)".into()),
        globals = each(&|_| "(global i32 (i32.const 0))".into()),
        tags = each(&|_| "(tag)".into()),
        exports = each(&|i| format!("(export \"{i}{}\" (func $f{i}))", "x".repeat(3 * i))),
        elements = each(&|_| "(elem func)".into()),
        data = each(&|_| "(data)".into()),
        items = each(&|i| format!("$f{i} ")),
        exprs = each(&|i| format!("(ref.func $f{i}) ")),
        sum = format!("{} (i32.const 1)", "(i32.add (i32.const 1) ".repeat(400)) + &")".repeat(400),
        locals = "(local i64)".repeat(500),
        blocks = "block ".repeat(400),
        ends = "end ".repeat(400),
        gets = (0..500).map(|i| format!("(local.get {i})")).collect::<String>(),
        customs = each(&|i| format!("(@custom \"c{i}{}\")", "x".repeat(3 * i))),
    );
    wat::parse_str(text).unwrap()
}

/// Whatever is as long as a module says is made so that a host without memory for it gets an error.
#[test]
fn a_host_without_memory_gets_an_error() {
    let bytes = long_lists();
    let refused = refusing_each(0, |refusing| {
        let engine = Engine::new(Config::new().features(Features::ALL)).unwrap();
        refusing.starts_here();
        let made = Module::new(&engine, &bytes);
        let valid = Module::validate(&engine, &bytes);
        refusing.ends_here();
        made.map(drop).and(valid)
    });
    assert!(refused > 100, "only {refused} large allocations");
}

/// A module whose functions have much of all that translation keeps lists of: `run` calls them, and
/// has many references on its operand stack while memory is collected.
fn long_functions() -> Vec<u8> {
    let each = |part: &dyn Fn(usize) -> String| (0..300).map(part).collect::<String>();
    let times = |n: usize, part: &str| part.repeat(n);
    let text = format!(
        r#"(module
            (tag $e) (tag $f) {tags} (memory 1) (table 1 funcref)
            (type $s (struct (field i32))) (type $a (array i32)) (type $wide (struct {fields}))
            (type $many (func (result {many})))
            (func $many (type $many) {consts})
            (func $operands (local {many}) {gets} block end {drops} {consts} loop end {drops}
                (call $many) {drops} (block (type $many) (br 0 (call $many))) {drops})
            (func $blocks (param i32) {blocks} {branches} {ends} {loops} {ifs}
                (block (block (br_table {labels} (local.get 0)))))
            (func $clauses (block (try_table {clauses} (call $many) {drops})))
            (func $tries {tries} (throw $f) {ends})
            (func $legacy {legacy})
            (func $nested {nested} (throw $f) {catches})
            (func $objects (param i32) (if (local.get 0) (then
                (drop (array.new_fixed $a 300 {elements})) (drop (struct.new $wide {elements})))))
            (func $numbers (param i64) (local f64) {sums} {floats})
            (func $collect (local i32)
                (loop (drop (array.new $a (i32.const 1) (i32.const 100000)))
                    (local.set 0 (i32.add (local.get 0) (i32.const 1)))
                    (br_if 0 (i32.lt_u (local.get 0) (i32.const 20)))))
            (func (export "translate") (call $operands) (call $blocks (i32.const 1)) (call $clauses)
                (call $legacy) (call $objects (i32.const 0)) (call $numbers (i64.const 1))
                (block (try_table (catch_all 0) (call $tries)))
                (block (try_table (catch_all 0) (call $nested))))
            (func (export "collect") (local {references}) {objects} (call $collect) {drops}))"#,
        tags = each(&|i| format!("(tag $t{i})")),
        fields = each(&|_| "(field i32)".into()),
        many = each(&|_| "i64 ".into()),
        consts = each(&|i| format!("(i64.const {i})")),
        gets = each(&|i| format!("(local.get {i})")),
        drops = each(&|_| "drop ".into()),
        blocks = times(300, "block "),
        branches = each(&|i| format!("(br_if {i} (local.get 0))")),
        ends = times(300, "end "),
        loops = times(300, "(loop (br_if 1 (local.get 0)) (br_if 0 (i32.const 0)))"),
        ifs = times(300, "(if (local.get 0) (then) (else))"),
        labels = times(300, "0 1 "),
        clauses = each(&|i| format!("(catch $t{i} 0)")),
        tries = times(300, "try_table (catch $e 0)"),
        legacy = times(300, "try throw $e catch $e catch_all end "),
        nested = times(300, "try "),
        catches = times(300, "catch $e end "),
        elements = each(&|i| format!("(i32.const {i})")),
        sums = each(&|i| format!("(local.set 0 (i64.add (local.get 0) (i64.const {i})))")),
        floats = times(300, "(local.set 1 (f64.neg (local.get 1)))"),
        references = each(&|_| "externref ".into()),
        objects = each(&|i| format!("(struct.new $s (i32.const {i}))")),
    );
    wat::parse_str(text).unwrap()
}

/// Whatever translation keeps lists of is made so, too, when functions are called for the first
/// time and before; nothing is lost by a failure.
#[test]
fn a_host_without_memory_for_code_gets_an_error() {
    use CompilationMode::{Eager, Lazy, LazyTranslation};
    let bytes = long_functions();
    for mode in [Lazy, LazyTranslation, Eager] {
        let mut config = Config::new();
        config.features(Features::ALL).metering(Metering::Fuel).compilation_mode(mode);
        // Throws do without a list of what they have found; a value stack begins smaller.
        let refused = refusing_each(2, |refusing| {
            let engine = Engine::new(&config).unwrap();
            if mode == Eager {
                refusing.starts_here();
            }
            let module = Module::new(&engine, &bytes)?;
            refusing.ends_here();
            let mut store = Store::new(&engine, ());
            store.set_fuel(u64::MAX).unwrap();
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let run = instance.get_typed_func::<(), ()>(&mut store, "translate").unwrap();
            if mode != Eager {
                refusing.starts_here();
            }
            let called = run.call(&mut store, ());
            refusing.ends_here();
            run.call(&mut store, ()).expect("there is memory again");
            called
        });
        assert!(refused > 100, "only {refused} large allocations, {mode:?}");
    }
}

/// What a collection needs to know of frames is made so, too.
#[test]
fn a_host_without_memory_for_maps_gets_an_error() {
    let bytes = long_functions();
    let mut config = Config::new();
    config.features(Features::ALL).compilation_mode(CompilationMode::Eager);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, &bytes).unwrap();
    // A heap that can't grow collects.
    let refused = refusing_each(usize::MAX, |refusing| {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "collect").unwrap();
        refusing.starts_here();
        let called = run.call(&mut store, ());
        refusing.ends_here();
        run.call(&mut store, ()).expect("there is memory again");
        called
    });
    assert!(refused > 20, "only {refused} large allocations");
}

/// Which large allocation is refused.
struct Refusing(usize);

impl Refusing {
    /// Begins to count.
    fn starts_here(&self) {
        LEFT.set(Some(self.0));
    }

    /// Counts no longer.
    fn ends_here(&self) {
        LEFT.set(None);
    }
}

/// Makes an attempt for each large allocation that one makes, which is refused; returns how many
/// there are. Each of them must fail, by an error about memory, but for some that can do without.
fn refusing_each(
    mut without: usize,
    attempt: impl Fn(&Refusing) -> Result<(), windlass::Error>,
) -> usize {
    attempt(&Refusing(usize::MAX)).expect("with memory it does not fail");
    for refused in 0.. {
        let outcome = attempt(&Refusing(refused));
        LEFT.set(None);
        let was_refused = REFUSED.replace(false);
        match outcome {
            Ok(()) if !was_refused => return refused,
            Ok(()) if without == 0 => panic!("allocation {refused} was refused unnoticed"),
            Ok(()) => without -= 1,
            Err(error) => {
                let is_known = ["memory", "room", "the heap is full", "call stack exhausted"];
                let error = error.to_string();
                assert!(is_known.iter().any(|known| error.contains(known)), "{error}");
            }
        }
    }
    unreachable!("an attempt allocates finitely often")
}

thread_local! {
    /// Bytes that this thread has allocated and not freed, and the largest value of that.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    /// After how many more large allocations one is refused, once.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    static REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// What is smaller is of a fixed size, whatever the module says; the largest such block, a module
/// itself, takes a little more than 1 KiB.
const LARGE: usize = 1280;

/// The system's allocator, with a count of the bytes; refuses what it is told to.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

impl Counting {
    fn count(change: isize) {
        let held = HELD.get() + change;
        HELD.set(held);
        PEAK.set(PEAK.get().max(held));
    }

    /// Whether this allocation is the one to be refused; after it, none is.
    fn refuses(size: usize) -> bool {
        let Some(left) = LEFT.get().filter(|_| size >= LARGE) else { return false };
        LEFT.set(left.checked_sub(1));
        REFUSED.set(left == 0 || REFUSED.get());
        left == 0
    }
}

// SAFETY: it hands on to the system's allocator, unchanged, whatever it does not refuse.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if Counting::refuses(layout.size()) {
            return std::ptr::null_mut();
        }
        Counting::count(layout.size() as isize);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        Counting::count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}
