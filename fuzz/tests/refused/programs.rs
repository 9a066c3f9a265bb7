//! The programs whose allocations are refused, one after the other.

use super::{Refusing, unrefused};
use windlass::{
    CompilationMode, Config, Engine, Error, Event, ExternRef, ExternType, Features, Instance,
    Linker, Memory, MemoryType, Metering, Module, RootScope, Store, Trap, Val,
};
use windlass_differential::program;

/// The fuel of a generated program.
const FUEL: u64 = 100_000;

/// What of a program is tried.
pub(super) type Program = dyn Fn(&Refusing) -> Result<(), Error>;

const PROGRAMS: [(&str, fn(&Refusing) -> Result<(), Error>); 6] = [
    ("make", make),
    ("call", call),
    ("collect", collect),
    ("link", link),
    ("grow", grow),
    ("pause", pause),
];

/// What the names of generated programs begin with; their seed follows.
const GENERATED: &str = "generated-";

/// The names of all programs, with so many generated ones.
pub(super) fn names(generated: u64) -> Vec<String> {
    let written = PROGRAMS.iter().map(|(name, _)| (*name).to_string());
    written.chain((0..generated).map(|seed| format!("{GENERATED}{seed}"))).collect()
}

/// The program of this name.
pub(super) fn named(name: &str) -> Option<Box<Program>> {
    if let Some(seed) = name.strip_prefix(GENERATED) {
        let seed: u64 = seed.parse().ok()?;
        return Some(Box::new(move |refusing: &Refusing| generated(seed, refusing)));
    }
    let (_, program) = PROGRAMS.iter().find(|(known, _)| *known == name)?;
    Some(Box::new(*program))
}

/// A module with something of everything.
const TEXT: &str = r#"(module $everything
    (type $point (struct (field (mut i64)) (field (ref null $point))))
    (type $array (array (mut i32)))
    (type $unary (func (param i32) (result i32)))
    (import "host" "f" (func $f (param i32) (result i32)))
    (table $t 3 10 funcref) (memory $m 1 4) (global $g (mut i32) (i32.const 7))
    (global $list (mut (ref null $point)) (ref.null $point))
    (tag $tag (param i32))
    (export "memory" (memory $m)) (export "table" (table $t)) (export "g" (global $g))
    (elem (i32.const 0) func $twice $thrice) (elem $passive func $twice)
    (data (i32.const 16) "some bytes") (data $d "passive")
    (func $twice (type $unary) (i32.mul (local.get 0) (i32.const 2)))
    (func $thrice (type $unary) (return_call $twice (local.get 0)))
    (func (export "call") (param i32) (result i32) (local i64 f64 v128)
      (memory.init $m $d (i32.const 0) (i32.const 0) (i32.const 7))
      (table.init $t $passive (i32.const 2) (i32.const 0) (i32.const 1))
      (block $done (loop $again
        (br_if $done (i32.eqz (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (global.set $g (i32.add (global.get $g) (call_indirect $t (type $unary)
          (call $f (local.get 0)) (i32.and (local.get 0) (i32.const 1)))))
        (br $again)))
      (call $catch (global.get $g)))
    (func $catch (param i32) (result i32)
      (block $h (result i32 exnref)
        (try_table (catch_ref $tag $h) (throw $tag (local.get 0)))
        (unreachable))
      (drop))
    (func $recurse (export "recurse") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (i32.add (i32.const 1) (call $recurse (i32.sub (local.get 0) (i32.const 1)))))))
    (func (export "objects") (param i32)
      (loop $next
        (global.set $list (struct.new $point (i64.const 1) (global.get $list)))
        (drop (array.new $array (i32.const 1) (i32.const 100)))
        (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "grow") (param i32) (result i32)
      (drop (table.grow $t (ref.null func) (i32.const 2)))
      (memory.grow (local.get 0))))"#;

fn wasm() -> Vec<u8> {
    wat::parse_str(TEXT).expect("the text is a module")
}

fn config(mode: CompilationMode) -> Config {
    let mut config = Config::new();
    config.features(Features::ALL).metering(Metering::Fuel).compilation_mode(mode);
    config
}

/// A module of an engine, and a store with an instance of it.
fn guest() -> (Store<()>, Instance) {
    let engine = Engine::new(&config(CompilationMode::Eager)).expect("the settings are valid");
    let module = Module::new(&engine, wasm()).expect("it is valid");
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "f", |n: i32| n + 1).expect("the name is free");
    let mut store = Store::new(&engine, ());
    store.set_fuel(u64::MAX).expect("it counts fuel");
    let instance = linker.instantiate(&mut store, &module).expect("there is memory");
    (store, instance)
}

/// Not translated: the checker of translated code, which is part of this build, needs memory of its
/// own, and ends the process without. `garbage.rs` in the engine's tests has that.
fn make(refusing: &Refusing) -> Result<(), Error> {
    let wasm = wasm();
    let config = config(CompilationMode::LazyTranslation);
    refusing.starts_here();
    let engine = Engine::new(&config)?;
    let made = Module::new(&engine, &wasm).map(drop);
    refusing.ends_here();
    Module::new(&engine, &wasm).expect("there is memory again");
    made
}

fn call(refusing: &Refusing) -> Result<(), Error> {
    let (mut store, instance) = guest();
    refusing.starts_here();
    let mut run = || {
        let call = instance.get_typed_func::<i32, i32>(&store, "call")?;
        call.call(&mut store, 5)?;
        let recurse = instance.get_typed_func::<i32, i32>(&store, "recurse")?;
        recurse.call(&mut store, 3000).map(drop)
    };
    let ended = run();
    refusing.ends_here();
    run().expect("there is memory again");
    ended
}

fn collect(refusing: &Refusing) -> Result<(), Error> {
    let (mut store, instance) = guest();
    let objects = instance.get_typed_func::<i32, ()>(&store, "objects")?;
    refusing.starts_here();
    let ended = objects.call(&mut store, 2000);
    store.gc();
    let mut scope = RootScope::new(&mut store);
    let rooted = ExternRef::new(&mut scope, 7).and_then(|value| value.to_owned_rooted(&mut scope));
    drop(scope);
    refusing.ends_here();
    objects.call(&mut store, 10).expect("there is memory again");
    ended.and(rooted.map(drop))
}

fn link(refusing: &Refusing) -> Result<(), Error> {
    let engine = Engine::new(&config(CompilationMode::Eager))?;
    let module = Module::new(&engine, wasm())?;
    refusing.starts_here();
    let mut linker = Linker::new(&engine);
    let mut attempt = || -> Result<(), Error> {
        linker.func_wrap("host", "f", |n: i32| n + 1)?;
        let mut store = Store::new(&engine, ());
        store.set_fuel(u64::MAX)?;
        linker.instantiate_pre(&module)?.instantiate(&mut store)?;
        linker.instantiate(&mut store, &module).map(drop)
    };
    let linked = attempt();
    refusing.ends_here();
    linked
}

fn grow(refusing: &Refusing) -> Result<(), Error> {
    let (mut store, instance) = guest();
    let grow = instance.get_typed_func::<i32, i32>(&store, "grow")?;
    refusing.starts_here();
    let mut attempt = || -> Result<(), Error> {
        grow.call(&mut store, 1)?;
        let memory = Memory::new(&mut store, MemoryType::new(1, Some(4)))?;
        memory.grow(&mut store, 1).map(drop)
    };
    let grown = attempt();
    refusing.ends_here();
    grown
}

fn pause(refusing: &Refusing) -> Result<(), Error> {
    let (mut store, instance) = guest();
    let recurse = instance.get_func(&store, "recurse").expect("it is exported");
    store.set_fuel(0)?;
    refusing.starts_here();
    let mut attempt = || -> Result<(), Error> {
        let mut execution = recurse.start(&mut store, &[Val::I32(2000)])?;
        while let Event::OutOfFuel = execution.run(&mut store)? {
            execution.backtrace(&store)?;
            store.set_fuel(5000)?;
        }
        Ok(())
    };
    let paused = attempt();
    refusing.ends_here();
    paused
}

/// A structured program: makes its module, and calls each of its functions. What they compute is
/// compared elsewhere.
fn generated(seed: u64, refusing: &Refusing) -> Result<(), Error> {
    let wasm = wat::parse_str(program::text(seed)).expect("the text is a module");
    let engine = |mode| Engine::new(&config(mode));
    let translated = Module::new(&engine(CompilationMode::Eager)?, &wasm)?;
    let engine = engine(CompilationMode::LazyTranslation)?;
    refusing.starts_here();
    let made = Module::new(&engine, &wasm).map(drop).and_then(|()| call_all(&translated));
    refusing.ends_here();
    call_all(&translated).expect("there is memory again");
    made
}

/// Calls each exported function once; a trap is as good as an end, but for those about memory.
fn call_all(module: &Module) -> Result<(), Error> {
    let mut store = Store::new(module.engine(), ());
    store.set_fuel(FUEL)?;
    let instance = Instance::new(&mut store, module, &[])?;
    for export in module.exports() {
        let ExternType::Func(ty) = export.ty() else { continue };
        // Lists of the test's own.
        let (args, mut results) = unrefused(|| {
            let args: Option<Vec<Val>> = ty.params().map(Val::default_for_ty).collect();
            (args, vec![Val::I32(0); ty.results().len()])
        });
        let (Some(args), Some(func)) = (args, instance.get_func(&store, export.name())) else {
            continue;
        };
        match func.call(&mut store, &args, &mut results) {
            Err(error) if error.trap().is_none_or(|trap| trap == Trap::AllocationTooLarge) => {
                return Err(error);
            }
            _ => {}
        }
    }
    Ok(())
}
