//! Properties of types: sizes, threads.

use windlass::*;

#[test]
fn an_error_is_one_pointer() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
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
