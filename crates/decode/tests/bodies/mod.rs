//! For the tests: decodes a module and the code of its bodies, as far as form goes. Validation does
//! this in the project proper.

use windlass_decode::{Error, ErrorKind, Features, Instrs, Module, Op};

/// Whether a module and all its instructions are well-formed; if not, the message.
pub(crate) fn decode(bytes: &[u8], features: Features) -> Result<Module, String> {
    let module = Module::decode(bytes, features).map_err(|e| e.to_string())?;
    for body in &module.bodies {
        // Code may be read on past its end: then it does not end there, and is refused.
        let mut instrs = Instrs::at(bytes, body.code.start, features);
        code(&module, &mut instrs).map_err(|e| e.to_string())?;
        if instrs.reader.offset() != body.code.end {
            return Err("section size mismatch".into());
        }
    }
    Ok(module)
}

fn code(module: &Module, instrs: &mut Instrs<'_>) -> Result<(), Error> {
    let mut blocks = vec![Op::Block];
    while let Some(block) = blocks.last_mut() {
        let instr = instrs.next_instr()?;
        let malformed = |words| Err(Error::new(ErrorKind::Malformed(words), instr.offset));
        match instr.op {
            Op::Block | Op::Loop | Op::If | Op::Try | Op::TryTable => blocks.push(instr.op),
            Op::Else if *block == Op::If => *block = Op::Else,
            Op::Else => return malformed("END opcode expected"),
            Op::End | Op::Delegate => drop(blocks.pop()),
            Op::MemoryInit | Op::DataDrop if module.data_count.is_none() => {
                return malformed("data count section required");
            }
            _ => {}
        }
    }
    Ok(())
}
