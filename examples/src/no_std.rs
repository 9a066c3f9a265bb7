//! Embedding without the standard library: what is to be seen is in `no_std/src/lib.rs`, a crate
//! with `#![no_std]`. Here is only the board that it would run on.

use windlass::Result;

/// `(module (import "board" "set" (func (param i32 i32))) (func (export "main")
/// i32.const 2 i32.const 1 call 0))`, as a binary: the text format needs the standard library.
const BLINK: &[u8] = &[
    0, b'a', b's', b'm', 1, 0, 0, 0, // magic and version
    1, 9, 2, 0x60, 2, 0x7f, 0x7f, 0, 0x60, 0, 0, // types
    2, 13, 1, 5, b'b', b'o', b'a', b'r', b'd', 3, b's', b'e', b't', 0, 0, // imports
    3, 2, 1, 1, // functions
    7, 8, 1, 4, b'm', b'a', b'i', b'n', 0, 1, // exports
    10, 10, 1, 8, 0, 0x41, 2, 0x41, 1, 0x10, 0, 0x0b, // code
];

pub(crate) fn main() -> Result<()> {
    let levels = windlass_example_no_std::run(BLINK, 4)?;
    println!("levels of the pins: {levels:?}");
    assert_eq!(levels, [false, false, true, false]);
    assert!(windlass_example_no_std::run(&BLINK[..20], 4).is_err());
    Ok(())
}
