//! Errors of others and ours: what embedders write compiles, and what goes out and comes back is
//! found again.

use std::{error::Error as StdError, fmt, io};
use windlass::*;

type Boxed = Box<dyn StdError + Send + Sync>;

/// A host's own error.
#[derive(Debug, PartialEq, Eq)]
struct Broke {
    missing: u32,
}

impl fmt::Display for Broke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} are missing", self.missing)
    }
}

impl StdError for Broke {}

/// What a program's own errors look like.
#[derive(Debug, thiserror::Error)]
enum PluginError {
    #[error("the guest failed")]
    Guest(#[from] Error),
    #[error("while linking")]
    Link {
        #[source]
        source: Error,
    },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A guest whose `run` calls the host's `f`, and that traps in `bad`.
fn guest<E: Into<Boxed> + 'static>(
    f: impl Fn() -> Result<(), E> + Send + Sync + 'static,
) -> (Store<()>, Instance) {
    let wasm = wat::parse_str(
        r#"(module $m (import "host" "f" (func $f))
             (func $run (export "run") (call $f))
             (func $bad (export "bad") unreachable))"#,
    );
    let mut store = Store::<()>::default();
    let module = Module::new(store.engine(), wasm.unwrap()).unwrap();
    let mut linker = Linker::new(store.engine());
    linker.func_wrap("host", "f", f).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn call(store: &mut Store<()>, instance: Instance, name: &str) -> Result<()> {
    instance.get_typed_func::<(), ()>(&mut *store, name)?.call(store, ())
}

/// The error of a guest that traps.
fn trapped() -> Error {
    let (mut store, instance) = guest(|| Ok::<(), Error>(()));
    call(&mut store, instance, "bad").unwrap_err()
}

fn traps() -> Result<()> {
    Err(trapped())
}

/// The error of a guest whose host function fails so.
fn failed<E: Into<Boxed> + 'static>(
    f: impl Fn() -> Result<(), E> + Send + Sync + 'static,
) -> Error {
    let (mut store, instance) = guest(f);
    call(&mut store, instance, "run").unwrap_err()
}

/// Whether the error or one that it comes from is an `E`.
fn chain_has<E: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source()).any(|error| error.is::<E>())
}

fn frames(error: &Error) -> usize {
    error.backtrace().map_or(0, |backtrace| backtrace.frames().len())
}

/// The nine lines that whoever embeds an engine writes without thinking.
#[test]
fn natural_lines_compile() {
    fn into_anyhow() -> anyhow::Result<()> {
        Module::new(&Engine::default(), b"\0asm\x01\0\0\0")?;
        Ok(traps()?)
    }
    fn from_thiserror() -> Result<(), PluginError> {
        Ok(traps()?)
    }
    fn as_source() -> Result<(), PluginError> {
        traps().map_err(|source| PluginError::Link { source })
    }
    fn into_box() -> Result<(), Box<dyn StdError>> {
        Ok(traps()?)
    }
    fn into_shared_box() -> Result<(), Boxed> {
        Ok(traps()?)
    }
    fn into_io() -> io::Result<()> {
        traps().map_err(io::Error::other)
    }
    fn any_into_ours() -> Result<()> {
        Err(io::Error::other("full"))?
    }
    fn with_context() -> Result<()> {
        traps().context("running the plugin")
    }
    fn from_host_functions(linker: &mut Linker<()>) -> Result<()> {
        linker.func_wrap("host", "anyhow", || -> anyhow::Result<i32> { Ok(1) })?;
        linker.func_wrap("host", "io", |n: i32| -> io::Result<i64> { Ok(n.into()) })?;
        linker
            .func_wrap("host", "own", |_: Caller<'_, ()>| -> Result<(), PluginError> { Ok(()) })?;
        linker.func_wrap("host", "box", || -> Result<(i32, i32), Boxed> { Ok((1, 2)) })?;
        linker.func_wrap("host", "text", || -> Result<(), String> { Ok(()) })?;
        Ok(())
    }
    assert_eq!(into_anyhow().unwrap_err().downcast_ref(), Some(&Trap::Unreachable));
    assert!(chain_has::<Trap>(&from_thiserror().unwrap_err()));
    assert!(chain_has::<Trap>(&as_source().unwrap_err()));
    assert!(chain_has::<Trap>(&*into_box().unwrap_err()));
    assert!(chain_has::<Trap>(&*into_shared_box().unwrap_err()));
    assert!(chain_has::<Trap>(&into_io().unwrap_err()));
    assert!(any_into_ours().unwrap_err().is::<io::Error>());
    assert_eq!(with_context().unwrap_err().trap(), Some(Trap::Unreachable));
    from_host_functions(&mut Linker::new(&Engine::default())).unwrap();
}

#[test]
fn what_a_host_function_returns_is_found_in_the_error_of_the_call() {
    let broke = || Broke { missing: 5 };
    let own = failed(move || Err(broke()));
    assert_eq!(own.downcast_ref(), Some(&broke()));
    let boxed = failed(move || Err(Boxed::from(broke())));
    assert_eq!(boxed.downcast_ref(), Some(&broke()));
    let ours = failed(move || Err(Error::new(broke()).context("paying")));
    assert_eq!(ours.downcast_ref(), Some(&broke()));
    let anyhows = failed(move || Err(anyhow::Error::new(broke()).context("paying")));
    assert_eq!(anyhows.downcast_ref(), Some(&broke()));
    let wrapped = failed(move || Err(PluginError::Guest(broke().into())));
    assert!(wrapped.chain().any(|error| error.is::<Broke>()));
    let text = failed(|| Err("not today".to_string()));
    assert_eq!(text.root_cause().to_string(), "not today");
    for error in [own, boxed, ours, anyhows, wrapped, text] {
        assert_eq!(frames(&error), 1, "{error}");
        assert_eq!(error.to_string().matches("wasm backtrace").count(), 1, "{error}");
    }
}

#[test]
fn a_box_gives_back_the_error_that_went_in() {
    let boxed = Boxed::from(trapped());
    assert_eq!(boxed.to_string(), trapped().to_string());
    assert!(chain_has::<Trap>(&*boxed));
    let error = Error::from_boxed(boxed);
    assert_eq!((error.trap(), frames(&error)), (Some(Trap::Unreachable), 1));
    // Without anything added it is what it was made from.
    let boxed = Boxed::from(Error::new(Broke { missing: 1 }));
    assert_eq!(boxed.downcast_ref(), Some(&Broke { missing: 1 }));
    // Contexts come back, too.
    let boxed = Boxed::from(trapped().context("in the box"));
    assert!(boxed.to_string().starts_with("in the box\nwasm backtrace"));
    assert!(chain_has::<Trap>(&*boxed));
    let error = Error::from_boxed(boxed);
    assert!(error.to_string().starts_with("in the box\nwasm backtrace"));
    assert_eq!((error.trap(), frames(&error)), (Some(Trap::Unreachable), 1));
}

#[test]
fn anyhow_gives_back_the_error_that_went_in() {
    let error = anyhow::Error::from(trapped()).context("upstairs");
    assert_eq!(error.downcast_ref(), Some(&Trap::Unreachable));
    let inner = error.downcast_ref::<WasmBacktrace>().unwrap();
    assert_eq!(inner.frames()[0].func_name(), Some("bad"));
    assert!(chain_has::<Trap>(&*error));
    let error = Error::from_anyhow(error);
    assert_eq!(error.to_string(), "upstairs");
    assert_eq!((error.trap(), frames(&error)), (Some(Trap::Unreachable), 1));
    // What came in a box is found along the chain, and comes back.
    let error = anyhow::Error::from(Error::from_boxed(Box::new(Broke { missing: 2 })));
    assert!(chain_has::<Broke>(&*error));
    assert_eq!(Error::from_anyhow(error).downcast_ref(), Some(&Broke { missing: 2 }));
    // The message is told where there is a backtrace, too.
    let error = anyhow::Error::from(trapped());
    assert!(error.to_string().starts_with("unreachable\nwasm backtrace"), "{error}");
    assert_eq!(Error::from_anyhow(error).to_string(), trapped().to_string());
}

/// A guest calls the host, which calls a guest that traps: however the host passes the error on,
/// it is one trap with one backtrace.
#[test]
fn a_trap_goes_through_a_host_function_in_any_form() {
    let ours = failed(|| Err(trapped()));
    let context = failed(|| Err(trapped().context("inside")));
    let boxed = failed(|| Err(Boxed::from(trapped())));
    let anyhows = failed(|| Err(anyhow::Error::from(trapped())));
    for error in [&ours, &context, &boxed, &anyhows] {
        assert_eq!(error.trap(), Some(Trap::Unreachable), "{error}");
        let frames = error.backtrace().unwrap().frames();
        let names: Vec<_> = frames.iter().map(|frame| frame.func_name().unwrap()).collect();
        assert_eq!(names, ["bad", "run"], "{error}");
        assert_eq!(error.to_string().matches("wasm backtrace").count(), 1, "{error}");
        assert_eq!(error.root_cause().to_string(), "unreachable");
    }
    let wrapped = failed(|| Err(PluginError::Guest(trapped())));
    assert_eq!(wrapped.trap(), None, "it is what the host says that it is");
    assert!(wrapped.chain().any(|error| error.is::<Trap>()));
}

#[test]
fn exceptions_and_pending_calls_pass_in_any_form() {
    let mut store = Store::<()>::default();
    let ask = Func::wrap(&mut store, || -> Result<i32, Boxed> { Err(Pending::new(7_u8).into()) });
    let mut execution = ask.start(&mut store, &[]).unwrap();
    let Event::HostPending(pending) = execution.run(&mut store).unwrap() else {
        panic!("it waits")
    };
    assert_eq!(pending.request().downcast_ref(), Some(&7_u8));
    let text = r#"(import "host" "throw" (func $throw))
        (tag $t (export "t"))
        (func (export "run") (result i32)
          (block $caught (try_table (catch $t $caught) (call $throw)) (return (i32.const 0)))
          (i32.const 1))"#;
    let module = Module::new(store.engine(), wat::parse_str(text).unwrap()).unwrap();
    let mut linker = Linker::new(store.engine());
    let throw = |mut caller: Caller<'_, ()>| -> anyhow::Result<()> {
        let tag = caller.get_export("t").and_then(Extern::into_tag).unwrap();
        let exception = ExnRef::new(&mut caller, &tag, &[])?;
        Ok(caller.throw(exception)?)
    };
    linker.func_wrap("host", "throw", throw).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<(), i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 1);
}

#[test]
fn link_errors_and_contexts_are_found_and_taken() {
    let engine = Engine::default();
    let wasm = wat::parse_str(r#"(import "env" "f" (func))"#).unwrap();
    let module = Module::new(&engine, wasm).unwrap();
    let linker = Linker::<()>::new(&engine);
    let link = || linker.instantiate(Store::new(&engine, ()), &module).unwrap_err();
    let error = anyhow::Error::from(link()).context("loading");
    assert_eq!(error.downcast_ref::<LinkError>().unwrap().name(), "f");
    let error = link().context(Broke { missing: 3 }).context("loading");
    assert!(error.is::<LinkError>() && error.is::<Broke>() && !error.is::<Trap>());
    assert_eq!(error.downcast::<Broke>().unwrap().missing, 3);
    let error = link().context("loading").downcast::<Trap>().unwrap_err();
    assert_eq!(error.downcast::<LinkError>().unwrap().module(), "env");
    assert_eq!(trapped().downcast::<WasmBacktrace>().unwrap().frames().len(), 1);
}

#[test]
fn each_message_is_told_once() {
    let error = failed(|| Err(PluginError::Guest(trapped().context("the filter failed"))));
    let told = format!("{:?}", error.context("serving a request"));
    let lines: Vec<_> = told.lines().filter(|line| !line.starts_with("    ")).collect();
    let expected = [
        "serving a request",
        "wasm backtrace:",
        "caused by: the guest failed",
        "caused by: the filter failed",
        "wasm backtrace:",
        "caused by: unreachable",
    ];
    assert_eq!(lines, expected, "{told}");
    let error = trapped().context("inner").context("outer");
    assert!(format!("{error:#}").starts_with("outer: inner: unreachable\nwasm backtrace"));
    let messages: Vec<_> = error.chain().skip(1).map(|error| error.to_string()).collect();
    assert_eq!(messages, ["inner", "unreachable"]);
}

#[test]
fn macros_make_errors_of_any_function() {
    fn ours(n: i32) -> Result<()> {
        ensure!(n != 1);
        ensure!(n != 2, "{n} is {}", "two");
        ensure!(n != 3, Trap::Interrupted);
        bail!(Broke { missing: 4 })
    }
    fn others() -> anyhow::Result<()> {
        bail!("with a reason")
    }
    let said: Vec<_> = (1..5).map(|n| ours(n).unwrap_err().to_string()).collect();
    assert_eq!(said, ["condition failed: `n != 1`", "2 is two", "interrupted", "4 are missing"]);
    assert_eq!(ours(3).unwrap_err().trap(), Some(Trap::Interrupted));
    assert!(ours(4).unwrap_err().is::<Broke>());
    assert_eq!(others().unwrap_err().to_string(), "with a reason");
    assert_eq!(None::<()>.context("nothing there").unwrap_err().to_string(), "nothing there");
}

/// What is put around an error in the world of `anyhow` comes back with it.
#[test]
fn contexts_around_a_box_come_back() {
    let boxed: Box<dyn std::error::Error + Send + Sync> = io::Error::other("disk on fire").into();
    let error = anyhow::Error::from(Error::from_boxed(boxed)).context("reading the plugin");
    let error = Error::from_anyhow(error);
    assert_eq!(error.to_string(), "reading the plugin");
    assert!(error.is::<io::Error>());
    assert_eq!(error.chain().last().unwrap().to_string(), "disk on fire");
    assert_eq!(error.downcast::<io::Error>().unwrap().to_string(), "disk on fire");
}
