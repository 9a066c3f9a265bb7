//! Strings between host and guest. WebAssembly has numbers only, so a string is an address and a
//! length in the guest's memory: the host copies out what the guest names, and asks the guest for
//! room for what it copies in. Both numbers are the guest's, and may be wrong.

use windlass::{Caller, Engine, Error, Extern, Instance, Linker, Memory, Module, Result, Store};

/// Greets whom it is told to: `greet` takes a name and returns a text, both as address and length.
const GUEST: &str = r#"
    (import "host" "upper" (func $upper (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (data (i32.const 16) "hello, ")
    (func $allocate (export "allocate") (param $length i32) (result i32)
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get $length))))
    (func (export "greet") (param $name i32) (param $length i32) (result i32 i32)
      (local $text i32)
      (local.set $text (call $allocate (i32.add (local.get $length) (i32.const 7))))
      (memory.copy (local.get $text) (i32.const 16) (i32.const 7))
      (memory.copy (i32.add (local.get $text) (i32.const 7))
        (call $upper (local.get $name) (local.get $length)) (local.get $length))
      (local.get $text) (i32.add (local.get $length) (i32.const 7)))"#;

/// The string that a guest means.
fn string(memory: &[u8], address: u32, length: u32) -> Result<String> {
    let start = address as usize;
    let end = start.checked_add(length as usize);
    let bytes = end.and_then(|end| memory.get(start..end));
    let bytes = bytes.ok_or_else(|| Error::msg("a string outside of the guest's memory"))?;
    Ok(std::str::from_utf8(bytes)?.to_owned())
}

/// A host function: makes the letters of a string capital ones, in their place.
fn upper(mut caller: Caller<'_, ()>, address: u32, length: u32) -> Result<u32> {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(Error::msg("the guest exports no memory"));
    };
    let text = string(memory.data(&caller), address, length)?.to_ascii_uppercase();
    memory.write(&mut caller, address as usize, text.as_bytes())?;
    Ok(address)
}

/// Copies a string into the guest, where the guest has room for it.
fn give(store: &mut Store<()>, guest: Instance, memory: Memory, text: &str) -> Result<(u32, u32)> {
    let allocate = guest.get_typed_func::<u32, u32>(&*store, "allocate")?;
    let length = u32::try_from(text.len())?;
    let address = allocate.call(&mut *store, length)?;
    memory.write(store, address as usize, text.as_bytes())?;
    Ok((address, length))
}

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "upper", upper)?;
    let mut store = Store::new(&engine, ());
    let guest = linker.instantiate(&mut store, &Module::new(&engine, GUEST)?)?;
    let memory = guest.get_memory(&store, "memory").expect("it is exported");

    let greet = guest.get_typed_func::<(u32, u32), (u32, u32)>(&store, "greet")?;
    let name = give(&mut store, guest, memory, "ada")?;
    let (address, length) = greet.call(&mut store, name)?;
    let text = string(memory.data(&store), address, length)?;
    println!("{text}");
    assert_eq!(text, "hello, ADA");

    // What a guest says may be wrong: then its call ends with the host's error.
    let error = greet.call(&mut store, (u32::MAX, 2)).unwrap_err();
    assert!(error.to_string().contains("outside of the guest's memory"), "{error}");
    Ok(())
}
