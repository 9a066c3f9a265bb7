//! The programs whose allocations are refused, one after the other.

use super::{Refusing, unrefused};
use windlass::{
    CompilationMode, Config, Engine, Error, Event, ExternRef, ExternType, Features, Instance,
    Linker, Memory, MemoryType, Metering, Module, RootScope, Store, Trap, Val,
};
use windlass_differential::program;
use windlass_wasi::{
    DirPerms, Errno, FilePerms, GuestMemory, MemoryFs, MemoryOutputPipe, WasiCtx, oflags,
    preview1 as wasi, rights,
};

/// The fuel of a generated program.
const FUEL: u64 = 100_000;

/// What of a program is tried.
pub(super) type Program = dyn Fn(&Refusing) -> Result<(), Error>;

const PROGRAMS: [(&str, fn(&Refusing) -> Result<(), Error>); 7] = [
    ("files", files),
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

/// A guest's calls on files in memory: each is done again where it had no memory, and all are then
/// as if it had been there at once.
fn files(refusing: &Refusing) -> Result<(), Error> {
    let (fs, stdout) = (MemoryFs::with_limit(1 << 24), MemoryOutputPipe::new(1 << 20));
    let (dirs, files) = (DirPerms::all(), FilePerms::all());
    let builder = &mut WasiCtx::builder();
    let mut ctx =
        builder.stdout(stdout.clone()).preopened_fs(fs.clone(), "/", dirs, files)?.build();
    let mut bytes = guest_memory();
    refusing.starts_here();
    let ended = calls(&mut ctx, &mut bytes);
    refusing.ends_here();
    assert_eq!(fs.metadata("dir/moved")?.size, 2);
    assert_eq!(fs.read("dir/moved")?, *b"ab");
    let names: Vec<Vec<u8>> = fs.read_dir("dir")?.into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, [b"link".to_vec(), b"moved".to_vec()]);
    assert_eq!(stdout.contents(), b"abcdefgh".repeat(512));
    ended
}

/// Addresses in the guest's memory.
const AT: u32 = 64;
const PATH: u32 = 1024;
const PATH2: u32 = 2048;
const BUFFER: u32 = 8192;

/// A memory with what the calls are given.
fn guest_memory() -> Vec<u8> {
    let mut bytes = vec![0; 1 << 16];
    let mut put = |at: u32, text: &[u8]| bytes[at as usize..][..text.len()].copy_from_slice(text);
    put(PATH, b"dir");
    put(PATH + 16, b"dir/link/file");
    put(PATH + 48, b"../../outside\xff");
    put(PATH2, b".");
    put(PATH2 + 16, b"dir/link");
    put(PATH2 + 32, b"dir/moved");
    put(PATH2 + 48, b"dir/also");
    put(BUFFER, &b"abcdefgh".repeat(512));
    // A list of one buffer, of 4096 bytes.
    put(AT + 16, &[BUFFER.to_le_bytes(), 4096_u32.to_le_bytes()].concat());
    bytes
}

/// The calls; an error if one had no memory.
fn calls(ctx: &mut WasiCtx, bytes: &mut [u8]) -> Result<(), Error> {
    let mut refused = Ok(());
    macro_rules! call {
        ($name:ident, $($arg:expr),*) => {
            loop {
                match wasi::$name(ctx, &mut GuestMemory::new(bytes), $($arg),*) {
                    Ok(()) => break,
                    Err(Errno::NoMem | Errno::NoSpc) if refused.is_ok() => {
                        refused = Err(Error::msg("no room"));
                    }
                    Err(error) => return Err(Error::msg(error.to_string())),
                }
            }
        };
    }
    let all = rights::ALL;
    let create = oflags::CREAT.into();
    call!(path_create_directory, 3, PATH, 3);
    call!(path_symlink, PATH2, 1, 3, PATH2 + 16, 8);
    // Descriptors 4 to 40: more than the table has at first.
    for _ in 4..=40 {
        call!(path_open, 3, 1, PATH + 16, 13, create, all, all, 0, AT);
    }
    for block in 0..40 {
        call!(fd_pwrite, 4, AT + 16, 1, block * 8192, AT);
    }
    for part in 0..20 {
        call!(fd_allocate, 4, 1 << 20 | part << 14, 100);
    }
    call!(fd_filestat_set_size, 4, (1 << 20) + 100);
    call!(fd_filestat_set_size, 4, 10);
    call!(fd_filestat_set_size, 4, 2);
    call!(fd_write, 1, AT + 16, 1, AT);
    call!(path_link, 3, 1, PATH + 16, 13, 3, PATH2 + 48, 8);
    call!(path_rename, 3, PATH + 16, 13, 3, PATH2 + 32, 9);
    call!(path_readlink, 3, PATH2 + 16, 8, BUFFER, 100, AT);
    call!(fd_readdir, 3, BUFFER, 4096, 0, AT);
    call!(path_unlink_file, 3, PATH2 + 48, 8);
    for fd in 4..=40 {
        call!(fd_close, fd);
    }
    let outside = wasi::path_unlink_file(ctx, &mut GuestMemory::new(bytes), 3, PATH + 48, 14);
    if !matches!(outside, Err(Errno::IlSeq | Errno::NoMem)) {
        return Err(Error::msg("it leads out of the directory"));
    }
    refused
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
