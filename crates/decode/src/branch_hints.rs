//! Branch hints, from the custom section `metadata.code.branch_hint` (the proposal of that name,
//! part of 3.0's appendix on custom sections): which way conditional branches are expected to go.
//! For tools; the engine does not look at them, and they are never a reason to refuse a module.

use crate::{Error, ErrorKind, Features, Instrs, Module, Op, Reader};
use alloc::vec::Vec;

/// A hint about one instruction.
///
/// ```
/// use windlass_decode::{BranchHint, Features, Module};
///
/// // (func (param i32) (@metadata.code.branch_hint "\01") (if (local.get 0) (then)))
/// let bytes = b"\0asm\x01\0\0\0\x01\x05\x01\x60\x01\x7f\0\x03\x02\x01\0\
///     \x00\x20\x19metadata.code.branch_hint\x01\0\x01\x03\x01\x01\
///     \x0a\x09\x01\x07\0\x20\0\x04\x40\x0b\x0b";
/// let module = Module::decode(bytes, Features::default())?;
/// let hints = BranchHint::check(&module, bytes, Features::default())?;
/// assert_eq!((hints[0].func, hints[0].likely), (0, true));
/// assert_eq!(bytes[hints[0].offset], 0x04); // `if`
/// # Ok::<(), windlass_decode::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchHint {
    /// The function, in the module's function index space.
    pub func: u32,
    /// The byte offset in the module of the instruction.
    pub offset: usize,
    /// Whether the condition is likely to be true.
    pub likely: bool,
}

/// The name of the custom section.
const SECTION: &str = "metadata.code.branch_hint";

const CODE_SECTION: u8 = 10;

impl BranchHint {
    /// The hints in a module that is valid with these features, in order, or what is wrong with
    /// their section: its format, a function that the module does not define, or an instruction
    /// that is neither `if` nor `br_if`. Without the section there are none.
    pub fn check(
        module: &Module,
        bytes: &[u8],
        features: Features,
    ) -> Result<Vec<BranchHint>, Error> {
        let mut sections = module.customs.iter().filter(|custom| custom.name == SECTION);
        let Some(section) = sections.next() else { return Ok(Vec::new()) };
        if let Some(second) = sections.next() {
            return Err(malformed("multiple sections of branch hints", second.bytes.start));
        }
        if section.after >= CODE_SECTION && section.after != DATA_COUNT_SECTION {
            return Err(malformed("misplaced section of branch hints", section.bytes.start));
        }
        let mut hints = Vec::new();
        let mut reader = Reader::new(&bytes[section.bytes.clone()], section.bytes.start);
        let mut previous = None;
        for _ in 0..reader.u32()? {
            let offset = reader.offset();
            let func = reader.u32()?;
            if previous.is_some_and(|previous| previous >= func) {
                return Err(malformed("functions of branch hints out of order", offset));
            }
            previous = Some(func);
            let Some(body) = Body::of(module, func) else {
                return Err(malformed("branch hints of a function without a body", offset));
            };
            body.hints(&mut reader, bytes, features, &mut hints)?;
        }
        if !reader.is_empty() {
            return Err(reader.error(ErrorKind::Malformed("section size mismatch")));
        }
        Ok(hints)
    }
}

const DATA_COUNT_SECTION: u8 = 12;

fn malformed(what: &'static str, offset: usize) -> Error {
    Error::new(ErrorKind::Malformed(what), offset)
}

/// A function that hints are about.
struct Body<'m> {
    func: u32,
    body: &'m crate::Body,
}

impl<'m> Body<'m> {
    fn of(module: &'m Module, func: u32) -> Option<Body<'m>> {
        let is_func = |import: &&crate::Import| import.ty.kind() == crate::ExternKind::Func;
        let imported = module.imports.iter().filter(is_func).count() as u32;
        let body = module.bodies.get(func.checked_sub(imported)? as usize)?;
        Some(Body { func, body })
    }

    /// Reads the hints of this function.
    fn hints(
        &self,
        reader: &mut Reader<'_>,
        bytes: &[u8],
        features: Features,
        hints: &mut Vec<BranchHint>,
    ) -> Result<(), Error> {
        let code = self.body.code.clone();
        let mut instrs = Instrs::new(Reader::new(&bytes[code.clone()], code.start), features);
        let mut previous = None;
        for _ in 0..reader.u32()? {
            let at = reader.offset();
            let distance = reader.u32()?;
            if previous.is_some_and(|previous| previous >= distance) {
                return Err(malformed("branch hints out of order", at));
            }
            previous = Some(distance);
            if reader.u32()? != 1 {
                return Err(malformed("a branch hint is not one byte long", at));
            }
            let likely = match reader.byte()? {
                0 => false,
                1 => true,
                _ => return Err(malformed("a branch hint is neither 0 nor 1", at)),
            };
            let offset = self.body.start.saturating_add(distance as usize);
            let target = loop {
                if instrs.reader.is_empty() {
                    break None;
                }
                let instr = instrs.next_instr()?;
                if instr.offset >= offset {
                    break (instr.offset == offset).then_some(instr.op);
                }
            };
            if !matches!(target, Some(Op::If | Op::BrIf)) {
                return Err(malformed("invalid target of a branch hint", at));
            }
            hints.try_reserve(1).map_err(|_| reader.error(ErrorKind::OutOfMemory))?;
            hints.push(BranchHint { func: self.func, offset, likely });
        }
        Ok(())
    }
}
