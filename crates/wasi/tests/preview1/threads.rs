//! wasi-threads: programs whose threads wait, loop or start when the program ends. Each must end by
//! itself; if one does not, the test fails when it has waited very long.

use std::{
    fs::File,
    io::{PipeWriter, pipe},
    os::fd::OwnedFd,
    sync::mpsc,
    thread,
    time::Duration,
};
use windlass::{Config, Engine, Error, Features, Linker, Metering, Module, Store, Trap};
use windlass_wasi::{
    FileStream, I32Exit, MemoryOutputPipe, SharedWasiCtx, WasiCtxBuilder, WasiThreads,
};

/// Much longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

/// What every program imports. `$wait` waits for a number of nanoseconds.
const IMPORTS: &str = r#"
    (import "env" "memory" (memory 1 1 shared))
    (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32)
      (result i32)))
    (export "memory" (memory 0))
    (func $read (result i32)
        (i32.store (i32.const 64) (i32.const 128)) (i32.store (i32.const 68) (i32.const 1))
        (call $fd_read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 72)))
    (func $write
        (i32.store (i32.const 80) (i32.const 128)) (i32.store (i32.const 84) (i32.const 1))
        (drop (call $fd_write (i32.const 1) (i32.const 80) (i32.const 1) (i32.const 88))))
    (func $started (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (drop (memory.atomic.notify (i32.const 0) (i32.const 100))))
    (func $until_started
        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
"#;

fn engine() -> Engine {
    let mut config = Config::new();
    config.features(Features::ALL).metering(Metering::Interrupt);
    Engine::new(&config).expect("an engine")
}

/// Runs a program's `_start` on a thread of its own. Its standard input is a pipe in which nothing
/// comes.
fn run(program: &str) -> (Result<(), Error>, Vec<u8>) {
    let (from, to) = pipe().expect("a pipe");
    let text = format!("(module {IMPORTS} {program})");
    let (send, receive) = mpsc::channel();
    thread::spawn(move || send.send(run_with(&text, from.into())));
    let answer = receive.recv_timeout(LONG).expect("the program ends");
    drop::<PipeWriter>(to);
    answer
}

fn run_with(text: &str, input: OwnedFd) -> (Result<(), Error>, Vec<u8>) {
    let engine = engine();
    let module = Module::new(&engine, text).unwrap();
    assert!(WasiThreads::<SharedWasiCtx>::are_in(&module));
    let stdout = MemoryOutputPipe::new(1000);
    let mut builder = WasiCtxBuilder::new();
    builder.stdin(FileStream(File::from(input))).stdout(stdout.clone());
    let wasi = SharedWasiCtx::new(builder.build());
    let mut store = Store::new(&engine, wasi);
    let mut linker = Linker::new(&engine);
    windlass_wasi::add_shared_to_linker(&mut linker, |wasi| wasi).unwrap();
    let of_thread = engine.clone();
    let threads = WasiThreads::new(&mut linker, &store, &module, move |wasi: &SharedWasiCtx| {
        Store::new(&of_thread, wasi.clone())
    });
    let result = threads.unwrap().max_threads(4).run(&mut store, |store| {
        let instance = linker.instantiate(&mut *store, &module)?;
        instance.get_typed_func::<(), ()>(&*store, "_start")?.call(store, ())
    });
    (result, stdout.contents())
}

fn exit_code(result: Result<(), Error>) -> i32 {
    let error = result.expect_err("it calls proc_exit");
    error.downcast_ref::<I32Exit>().unwrap_or_else(|| panic!("{error}")).0
}

/// Ends while another thread is in `what`, which must not go on to write.
fn ends_a_thread_in(what: &str) {
    let thread = format!(
        r#"(func (export "wasi_thread_start") (param i32 i32)
            (call $started) {what} (loop $l (br_if $l (i32.const 1))) (call $write))"#
    );
    for (end, code) in [("(call $exit (i32.const 9))", 9), ("", 0), ("(unreachable)", -1)] {
        let (result, written) = run(&format!(
            r#"{thread} (func (export "_start")
                (drop (call $spawn (i32.const 0))) (call $until_started) {end})"#
        ));
        match code {
            0 => assert!(result.is_ok(), "{what}: {result:?}"),
            -1 => assert_eq!(result.unwrap_err().trap(), Some(Trap::Unreachable)),
            code => assert_eq!(exit_code(result), code, "{what}"),
        }
        assert_eq!(written, b"");
    }
}

#[test]
fn a_thread_that_reads() {
    ends_a_thread_in("(drop (call $read))");
}

#[test]
fn a_thread_that_polls() {
    // One subscription: standard input can be read.
    ends_a_thread_in(
        "(i32.store8 (i32.const 264) (i32.const 1))
         (drop (call $poll (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 96)))",
    );
}

#[test]
fn a_thread_that_loops() {
    ends_a_thread_in("(loop $l (br $l))");
}

/// The main thread waits, another one ends the program.
#[test]
fn the_main_thread_reads() {
    let (result, _) =
        run(r#"(func (export "wasi_thread_start") (param i32 i32) (call $exit (i32.const 5)))
           (func (export "_start")
               (drop (call $spawn (i32.const 0))) (drop (call $read)) (loop $l (br $l)))"#);
    assert_eq!(exit_code(result), 5);
}

/// While one thread waits in a function of WASI, others can use all of them.
#[test]
fn others_go_on_meanwhile() {
    let (result, written) = run(
        r#"(func (export "wasi_thread_start") (param i32 i32) (call $started) (drop (call $read)))
           (func (export "_start")
               (drop (call $spawn (i32.const 0))) (call $until_started)
               (drop (memory.atomic.wait32 (i32.const 32) (i32.const 0) (i64.const 30000000)))
               (i32.store (i32.const 128) (i32.const 0x2a)) (call $write)
               (call $exit (i32.const 3)))"#,
    );
    assert_eq!((exit_code(result), written), (3, b"*".to_vec()));
}

/// What a module does when it is instantiated, it does on each thread; and where it does not come
/// to an end, it can be stopped as anything else.
#[test]
fn a_start_function_that_loops() {
    let program = |end: &str| {
        format!(
            r#"(func $init
                   (if (i32.atomic.rmw.add (i32.const 4) (i32.const 1))
                       (then (call $started) (loop $l (br $l)))))
               (start $init)
               (func (export "wasi_thread_start") (param i32 i32))
               (func (export "_start")
                   (if (i32.lt_s (call $spawn (i32.const 0)) (i32.const 1)) (then (unreachable)))
                   (call $until_started) {end})"#
        )
    };
    assert_eq!(exit_code(run(&program("(call $exit (i32.const 7))")).0), 7);
    assert!(run(&program("")).0.is_ok());
}

/// An instance that can't be made ends the program: the thread that started it has gone on.
#[test]
fn a_start_function_that_traps() {
    let (result, _) = run(r#"(func $init
               (if (i32.atomic.rmw.add (i32.const 4) (i32.const 1)) (then (unreachable))))
           (start $init)
           (func (export "wasi_thread_start") (param i32 i32))
           (func (export "_start") (drop (call $spawn (i32.const 0))) (loop $l (br $l)))"#);
    assert_eq!(result.unwrap_err().trap(), Some(Trap::Unreachable));
}

#[test]
fn too_many_threads() {
    let (result, _) =
        run(r#"(func (export "wasi_thread_start") (param i32 i32) (drop (call $read)))
           (func (export "_start") (local $i i32)
               (loop $more
                   (local.set $i (i32.add (local.get $i) (i32.const 1)))
                   (br_if $more (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0))))
               (call $exit (local.get $i)))"#);
    assert_eq!(exit_code(result), 4, "the main thread and three others");
}

#[test]
fn what_a_program_with_threads_is() {
    let engine = engine();
    let shared = r#"(import "foo" "bar" (memory 1 1 shared))"#;
    let start = r#"(func (export "wasi_thread_start") (param i32 i32))"#;
    let spawn = r#"(import "wasi" "thread-spawn" (func (param i32) (result i32)))"#;
    for (text, is) in [
        (format!("{shared}{start}"), true),
        (spawn.into(), true),
        (shared.into(), false),
        (start.into(), false),
        (format!(r#"(import "foo" "bar" (memory 1 1)){start}"#), false),
    ] {
        let module = Module::new(&engine, format!("(module {text})")).unwrap();
        assert_eq!(WasiThreads::<SharedWasiCtx>::are_in(&module), is, "{text}");
    }
}
