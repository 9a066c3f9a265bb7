//! Any bytes, and modules with bytes changed: the decoder says what is wrong and where, or gives a
//! module whose every part can be read.

use crate::modules;
use arbitrary::{Result, Unstructured};
use windlass_decode::{Error, Features, Instrs, Module, NameSection};

pub(crate) fn run(input: &mut Unstructured<'_>) -> Result<u64> {
    let bytes = match input.ratio(1, 4)? {
        true => input.bytes(input.len())?.to_vec(),
        false => {
            let mut bytes = modules::any(input)?;
            modules::damage(&mut bytes, input)?;
            bytes
        }
    };
    Ok(match read_all(&bytes) {
        Ok(instrs) => instrs,
        Err(error) => {
            assert!(error.offset() <= bytes.len(), "{error}");
            crate::digest(&error.to_string())
        }
    })
}

/// Reads everything; returns how many instructions there are.
fn read_all(bytes: &[u8]) -> Result<u64, Error> {
    let module = Module::decode(bytes, Features::ALL)?;
    NameSection::decode(&module, bytes);
    let mut count = 0;
    for body in &module.bodies {
        let mut instrs = Instrs::at(bytes, body.code.start, Features::ALL);
        while instrs.reader.offset() < body.code.end {
            instrs.next_instr()?;
            count += 1;
        }
    }
    Ok(count)
}
