//! Any bytes: the decoder says what is wrong and where, or gives a module whose every part can be
//! read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use windlass_decode::{Error, Features, Instrs, Module, NameSection};

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = read_all(bytes) {
        assert!(error.offset() <= bytes.len(), "{error}");
    }
});

fn read_all(bytes: &[u8]) -> Result<(), Error> {
    let module = Module::decode(bytes, Features::ALL)?;
    NameSection::decode(&module, bytes);
    for body in &module.bodies {
        let mut instrs = Instrs::at(bytes, body.code.start, Features::ALL);
        while instrs.reader.offset() < body.code.end {
            instrs.next_instr()?;
        }
    }
    Ok(())
}
