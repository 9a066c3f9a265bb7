//! Constant expressions: where they end. Which instructions may stand in one is for validation to
//! say; here they need only be well-formed.

use crate::{Error, ErrorKind, Expr, Instrs, Op, Reader};

impl Reader<'_> {
    /// The range of the instructions up to the `end` that closes the expression, which is included.
    pub(crate) fn expr(&mut self) -> Result<Expr, Error> {
        let start = self.offset();
        let mut instrs = Instrs::new(self.clone(), self.features());
        // Blocks are never valid here, but their `end` must not be taken for the expression's.
        let mut open_blocks = 0u32;
        loop {
            let instr = instrs.next_instr()?;
            match instr.op {
                op if op.begins_block() => open_blocks += 1,
                Op::End if open_blocks == 0 => break,
                Op::Else if open_blocks == 0 => {
                    let kind = ErrorKind::Malformed("END opcode expected");
                    return Err(Error::new(kind, instr.offset));
                }
                Op::End | Op::Delegate => open_blocks = open_blocks.saturating_sub(1),
                _ => {}
            }
        }
        *self = instrs.reader;
        Ok(start..self.offset())
    }
}
