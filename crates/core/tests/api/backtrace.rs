//! Backtraces: where a guest was, shown by errors.

use crate::{instance, linked};
use windlass::{
    Caller, CompilationMode, Config, Engine, Error, Features, Instance, Linker, Metering, Module,
    Store, Trap,
};

const TEXT: &str = r#"
    (module $sums
      (func $inner (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
      (func $middle (param i32) (result i32) (i32.add (i32.const 1) (call $inner (local.get 0))))
      (func (export "outer") (param i32) (result i32)
        (i32.add (i32.const 1) (call $middle (local.get 0)))))"#;

#[test]
fn a_trap_tells_functions_and_offsets() {
    let (mut store, instance) = instance(TEXT);
    let outer = instance.get_typed_func::<i32, i32>(&store, "outer").unwrap();
    assert_eq!(outer.call(&mut store, 1).unwrap(), 3);
    let error = outer.call(&mut store, 0).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::IntegerDivideByZero));
    let frames = error.backtrace().unwrap().frames();
    assert_eq!(frames.iter().map(|f| f.func_index()).collect::<Vec<_>>(), [0, 1, 2]);
    let names: Vec<_> = frames.iter().map(|f| f.func_name()).collect();
    assert_eq!(names, [Some("inner"), Some("middle"), None]);
    assert!(frames.iter().all(|f| f.module().name() == Some("sums")));
    // The bytes at the offsets: a division and two calls.
    let bytes = wat::parse_str(TEXT).unwrap();
    let ops: Vec<_> = frames.iter().map(|f| bytes[f.module_offset()]).collect();
    assert_eq!(ops, [0x6d, 0x10, 0x10]);
    // A body begins with a count of locals; before it stands its size, which is one byte here.
    for frame in frames {
        let start = frame.module_offset() - frame.func_offset();
        assert_eq!((bytes[start], frame.func_offset() < bytes[start - 1].into()), (0, true));
        assert_eq!(frame.instance(), instance);
    }
    assert_eq!(frames[0].module().bytes(), bytes);
}

/// Where the result of what traps goes, to a local at once or through a small function, does not
/// change where the trap is.
#[test]
fn a_trap_is_told_where_its_instruction_is() {
    let text = r#"
        (func $id (param i32) (result i32) (local.get 0))
        (func (export "set") (param i32 i32) (result i32) (local i32)
          (local.set 2 (i32.div_s (local.get 0) (local.get 1)))
          (local.get 2))
        (func (export "call") (param i32 i32) (result i32) (local i32)
          (loop (local.set 0 (i32.add (local.get 0) (local.get 1))))
          (local.set 2 (call $id (i32.div_s (local.get 0) (local.get 1))))
          (local.get 2))"#;
    let wasm = wat::parse_str(text).unwrap();
    for metering in [Metering::None, Metering::Interrupt, Metering::Fuel] {
        for mode in [CompilationMode::Eager, CompilationMode::Lazy] {
            let config = Config::new().metering(metering).compilation_mode(mode).clone();
            let engine = Engine::new(&config).unwrap();
            let module = Module::new(&engine, &wasm).unwrap();
            let mut store = Store::new(&engine, ());
            if metering == Metering::Fuel {
                store.set_fuel(1000).unwrap();
            }
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            for name in ["set", "call"] {
                let func = instance.get_typed_func::<(i32, i32), i32>(&store, name).unwrap();
                let error = func.call(&mut store, (1, 0)).unwrap_err();
                let offset = error.backtrace().unwrap().frames()[0].module_offset();
                assert_eq!(wasm[offset], 0x6d, "{name}, {metering:?}, {mode:?}: i32.div_s");
            }
        }
    }
}

#[test]
fn it_is_shown_with_the_message() {
    let (mut store, instance) = instance(TEXT);
    let outer = instance.get_typed_func::<i32, i32>(&store, "outer").unwrap();
    let error = outer.call(&mut store, 0).unwrap_err();
    let offsets: Vec<_> =
        error.backtrace().unwrap().frames().iter().map(|f| f.module_offset()).collect();
    let expected = format!(
        "integer divide by zero\n\
         wasm backtrace:\n\
         \x20   0: {:#8x} - sums!inner\n\
         \x20   1: {:#8x} - sums!middle\n\
         \x20   2: {:#8x} - sums!<wasm function 2>",
        offsets[0], offsets[1], offsets[2]
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.root_cause().to_string(), "integer divide by zero");
}

#[test]
fn it_goes_through_calls_of_the_host() {
    let mut linker: Linker<()> = Linker::new(&Engine::default());
    linker
        .func_wrap("env", "back", |mut caller: Caller<'_, ()>| -> Result<(), Error> {
            let inner = caller.get_export("inner").and_then(|f| f.into_func()).unwrap();
            inner.call(&mut caller, &[], &mut [])
        })
        .unwrap();
    let text = r#"(import "env" "back" (func $back))
                  (func $inner (export "inner") unreachable)
                  (func $outer (export "outer") (call $back))"#;
    let (mut store, instance) = linked(&linker, (), text);
    let outer = instance.get_typed_func::<(), ()>(&store, "outer").unwrap();
    let error = outer.call(&mut store, ()).unwrap_err();
    let frames = error.backtrace().unwrap().frames();
    let names: Vec<_> = frames.iter().map(|f| f.func_name().unwrap()).collect();
    assert_eq!(names, ["inner", "outer"]);
}

#[test]
fn a_deep_recursion_is_told_in_part() {
    let text = r#"(func $deep (export "deep") (param i32) (result i32)
                    (i32.add (call $deep (local.get 0)) (i32.const 1)))"#;
    let (mut store, instance) = instance(text);
    let deep = instance.get_typed_func::<i32, i32>(&store, "deep").unwrap();
    let error = deep.call(&mut store, 0).unwrap_err();
    assert_eq!(error.trap(), Some(Trap::StackOverflow));
    assert_eq!(error.backtrace().unwrap().frames().len(), 64);
    assert!(error.to_string().ends_with(" more times\n       ... and more"), "{error}");
}

/// Frames that repeat are told once, how many calls of how many functions they may be.
#[test]
fn frames_that_repeat_are_told_once() {
    let shown = |text: &str, depth: i32| {
        let (mut store, instance) = instance(text);
        let run = instance.get_typed_func::<i32, ()>(&store, "run").unwrap();
        let error = run.call(&mut store, depth).unwrap_err().to_string();
        let line = |line: &str| match line.split_once(" - ") {
            Some((place, name)) => format!("{} {name}", place.split_once(':').unwrap().0.trim()),
            None => line.trim().to_string(),
        };
        error.lines().skip(2).map(line).collect::<Vec<_>>()
    };
    let one = r#"(module $m (func $f (export "run") (param i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (call $f (i32.sub (local.get 0) (i32.const 1)))))"#;
    assert_eq!(shown(one, 10), ["0 m!f", "1 m!f", "... the last frame is there 9 more times"]);
    assert_eq!(shown(one, 3), ["0 m!f", "1 m!f", "2 m!f", "3 m!f"]);
    assert_eq!(
        shown(one, 1000),
        ["0 m!f", "1 m!f", "... the last frame is there 62 more times", "... and more"]
    );
    let two = r#"(module $m
        (func $even (param i32)
            (if (i32.eqz (local.get 0)) (then unreachable))
            (call $odd (i32.sub (local.get 0) (i32.const 1))))
        (func $odd (param i32) (call $even (local.get 0)))
        (func $run (export "run") (param i32) (call $even (local.get 0))))"#;
    assert_eq!(
        shown(two, 9),
        [
            "0 m!even",
            "1 m!odd",
            "2 m!even",
            "... the last 2 frames are there 8 more times",
            "19 m!run"
        ]
    );
}

/// Control characters, lines and directions of text in the names of a module stay text.
#[test]
fn names_are_shown_without_harm() {
    const NAME: &str = "größe\u{1b}[2J\r\n\u{9b}\u{2028}\u{202e}";
    const SHOWN: &str = r"größe\u{1b}[2J\r\n\u{9b}\u{2028}\u{202e}";
    let name: String = NAME.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let text = format!(
        r#"(module (@name "{name}")
            (tag $t (@name "{name}"))
            (func (@name "{name}") (export "trap") unreachable)
            (func (export "throw") (throw $t)))"#
    );
    let engine = Engine::new(Config::new().features(Features::ALL)).unwrap();
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let mut call = |name: &str| {
        let func = instance.get_typed_func::<(), ()>(&store, name);
        func.and_then(|func| func.call(&mut store, ())).unwrap_err().to_string()
    };
    assert!(call("trap").ends_with(&format!("- {SHOWN}!{SHOWN}")), "{}", call("trap"));
    assert!(call("throw").contains(&format!("tag {SHOWN} ")), "{}", call("throw"));
    assert!(call(NAME).contains(SHOWN), "{}", call(NAME));
    // Who asks for a name gets it as it is.
    assert_eq!(module.name(), Some(NAME));

    let import = format!(r#"(import "{name}" "{name}" (func))"#);
    let module = Module::new(&engine, wat::parse_str(import).unwrap()).unwrap();
    let mut linker = Linker::new(&engine);
    let path = format!("`{SHOWN}`::`{SHOWN}`");
    let unknown = linker.instantiate(&mut store, &module).unwrap_err().to_string();
    assert!(unknown.contains(&path), "{unknown}");
    assert!(linker.alias(NAME, NAME, "a", "b").unwrap_err().to_string().contains(&path));
    assert!(linker.alias_module(NAME, "a").unwrap_err().to_string().contains(SHOWN));
    linker.func_wrap(NAME, NAME, || ()).unwrap();
    let twice = linker.func_wrap(NAME, NAME, || ()).unwrap_err().to_string();
    assert!(twice.contains(&path), "{twice}");
}

#[cfg(feature = "demangle")]
#[test]
fn names_are_shown_as_they_were_written() {
    let text = r#"(module $m
        (func $_ZN4core9panicking5panic17h0123456789abcdefE unreachable)
        (func $_ZN5space3fooEi (call 0))
        (func (export "run") (call 1)))"#;
    let (mut store, instance) = instance(text);
    let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
    let error = run.call(&mut store, ()).unwrap_err();
    let shown = error.to_string();
    let names: Vec<_> = shown.lines().filter_map(|line| line.split_once('!')).collect();
    assert_eq!(names[0].1, "core::panicking::panic");
    assert_eq!(names[1].1, "space::foo(int)");
    // Who asks for a name gets it as it is.
    let frames = error.backtrace().unwrap().frames();
    assert_eq!(frames[1].func_name(), Some("_ZN5space3fooEi"));
}

#[test]
fn as_many_calls_are_told_as_the_engine_says() {
    let text = r#"(func $f (export "f") (param i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (call $f (i32.sub (local.get 0) (i32.const 1))))"#;
    for (most, told) in [(0, 0), (1, 1), (64, 64), (101, 101), (1000, 101)] {
        let mut config = windlass::Config::new();
        let engine = windlass::Engine::new(config.wasm_backtrace_max_frames(most)).unwrap();
        let module = windlass::Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
        let mut store = windlass::Store::new(&engine, ());
        let instance = windlass::Instance::new(&mut store, &module, &[]).unwrap();
        let f = instance.get_typed_func::<i32, ()>(&store, "f").unwrap();
        let error = f.call(&mut store, 100).unwrap_err();
        assert_eq!(error.backtrace().map_or(0, |trace| trace.frames().len()), told);
        let has_more = error.to_string().contains("and more");
        assert_eq!(has_more, told != 0 && told < 101, "{most}");
    }
}
