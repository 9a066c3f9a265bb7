//! Properties of types: sizes, threads.

use windlass::*;

#[test]
fn an_error_is_one_pointer() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    // What registers return.
    assert_eq!(size_of::<Result<(), Error>>(), 2 * size_of::<usize>());
    assert_eq!(size_of::<Trap>(), 1);
}

#[test]
fn errors_that_programs_unwrap_show_their_messages() {
    let engine = Engine::default();
    let module = Module::new(&engine, b"\0asm\x01\0\0\0\x7f").unwrap_err();
    let shown = format!("{:?}", module.downcast_ref::<ModuleError>().unwrap());
    assert_eq!(shown, module.to_string());
    let wasm = wat::parse_str(r#"(import "a" "b" (func))"#).unwrap();
    let module = Module::new(&engine, wasm).unwrap();
    let link = Linker::<()>::new(&engine).instantiate_pre(&module).err().unwrap();
    let shown = format!("{:?}", link.downcast_ref::<LinkError>().unwrap());
    assert_eq!(shown, link.to_string());
}

#[test]
fn handles_are_small_and_copied() {
    fn copied<V: Copy>() {}
    copied::<(Func, Memory, Table, Global, Instance, Rooted<ExternRef>, Val, Ref)>();
    copied::<TypedFunc<(i32, String), String>>();
    assert!(size_of::<Func>() <= 16);
    assert!(size_of::<Val>() <= 32);
}

#[test]
fn what_can_be_is_shared_by_threads() {
    fn shared<V: Send + Sync>() {}
    shared::<(Engine, Config, Module, InterruptHandle, FuncType, Error, WasmBacktrace)>();
    shared::<(Func, Memory, Table, Global, Instance, Extern, Rooted<ExternRef>, Val)>();
    shared::<(Store<Vec<u8>>, Linker<Vec<u8>>, Execution)>();
    shared::<(TypedFunc<i32, i32>, StoreLimits, Pending, Event)>();
}

#[test]
fn any_error_becomes_one_and_comes_back() {
    fn parse(text: &str) -> Result<i32, Error> {
        Ok(text.parse::<i32>()?)
    }
    assert_eq!(parse("12").unwrap(), 12);
    let error = parse("twelve").unwrap_err();
    assert!(error.is::<std::num::ParseIntError>());
    assert_eq!(error.to_string(), "invalid digit found in string");
    let error: Box<dyn std::error::Error> = error.into();
    assert_eq!(error.to_string(), "invalid digit found in string");
    let error = Error::msg("other").downcast::<Trap>().unwrap_err();
    assert_eq!(error.to_string(), "other");
}

/// What the guide says Wasmtime's traps are called here is what they are called.
#[test]
fn the_guide_names_traps_as_they_are() {
    let guide = include_str!("../../../../docs/switching.md");
    for (theirs, trap) in [
        ("UnreachableCodeReached", Trap::Unreachable),
        ("HeapMisaligned", Trap::UnalignedAtomic),
        ("IndirectCallToNull", Trap::UninitializedElement),
        ("BadSignature", Trap::IndirectCallTypeMismatch),
        ("IntegerDivisionByZero", Trap::IntegerDivideByZero),
        ("BadConversionToInteger", Trap::InvalidConversionToInteger),
        ("Interrupt", Trap::Interrupted),
        ("AtomicWaitNonSharedMemory", Trap::ExpectedSharedMemory),
        ("TableOutOfBounds", Trap::UndefinedElement),
    ] {
        assert!(guide.contains(&format!("`{theirs}` is `{trap:?}`")), "{theirs}");
    }
    // These have Wasmtime's names.
    assert!(guide.contains("what unwraps has Wasmtime's names, `unwrap_funcref` and so on"));
    assert!(Val::null_func_ref().unwrap_funcref().is_none());
    assert!(Val::null_extern_ref().unwrap_externref().is_none());
    assert!(Val::null_any_ref().unwrap_anyref().is_none());
    assert!(Val::null_exn_ref().unwrap_exnref().is_none());
}

#[test]
fn a_file_that_is_not_there_is_an_error_of_the_system() {
    let error = Module::from_file(&Engine::default(), "no/such.wasm").unwrap_err();
    assert_eq!(error.to_string(), "cannot read no/such.wasm");
    let cause = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    assert_eq!(cause, Some(std::io::ErrorKind::NotFound));
}
