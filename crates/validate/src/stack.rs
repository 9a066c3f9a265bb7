//! The two stacks of a [`FuncValidator`]: operand types and control frames (3.0, appendix
//! "Validation Algorithm"). The rules of the instructions only touch the stacks through these
//! functions.

use crate::lists::Lists;
use crate::signature::Signature;
use crate::{Error, Frame, FrameKind, FuncValidator, InvalidKind, Operand, room, work};
use alloc::string::String;
use windlass_decode::BlockType;
use windlass_decode::limits::OPERANDS;

impl FuncValidator<'_> {
    /// Applies the type of a simple instruction, if the operands are just those that it wants.
    /// Without loops and with few branches, as what comes next is hard to predict.
    #[inline]
    pub(crate) fn apply(&mut self, signature: Signature) -> bool {
        let len = self.operands.len();
        let params = signature.params();
        let matches = |depth: usize| {
            let operand = self.operands.get(len.wrapping_sub(depth + 1)).copied();
            (params <= depth) | (operand == Some(signature.operand(depth)))
        };
        if len < self.height + params || !(matches(0) & matches(1)) {
            return false;
        }
        self.operands.truncate(len - params);
        self.push(signature.result());
        true
    }

    #[inline]
    pub(crate) fn push(&mut self, ty: Operand) {
        self.frame_size.note(&[ty]);
        self.operands.push(ty);
    }

    /// Pushes operands of these types. A few bytes can push many, so there is a limit.
    pub(crate) fn push_all<T: Copy + Into<Operand>>(&mut self, types: &[T]) -> Result<(), Error> {
        if self.operands.len() + types.len() > OPERANDS {
            let what = "the number of operands on the stack";
            return Err(self.error(InvalidKind::LimitExceeded { what, limit: OPERANDS as u64 }));
        }
        match types {
            [] => return Ok(()),
            // `step` has made room for some.
            &[ty] => {
                self.push(ty.into());
                return Ok(());
            }
            _ => {}
        }
        work::count(types.len() / LANES);
        let first = self.operands.len();
        self.reserve(types.len())?;
        self.operands.extend(types.iter().map(|&ty| ty.into()));
        self.frame_size.note(&self.operands[first..]);
        Ok(())
    }

    /// Makes room for so many operands, and for those that one instruction pushes one by one.
    #[inline]
    pub(crate) fn reserve(&mut self, count: usize) -> Result<(), Error> {
        if self.operands.capacity() - self.operands.len() >= count + SINGLE {
            return Ok(());
        }
        let room = self.operands.try_reserve(count + SINGLE);
        room.map_err(|_| self.error(InvalidKind::OutOfMemory))
    }

    /// Pops an operand that must match `expected`.
    #[inline]
    pub(crate) fn pop(&mut self, expected: Operand) -> Result<(), Error> {
        if self.operands.len() > self.height && self.operands.last() == Some(&expected) {
            self.operands.pop();
            return Ok(());
        }
        self.pop_many(&[expected])
    }

    /// Pops operands that must match `types`.
    #[inline]
    pub(crate) fn pop_all<T: Copy + Into<Operand>>(&mut self, types: &[T]) -> Result<(), Error> {
        match types {
            [] => Ok(()),
            &[ty] => self.pop(ty.into()),
            _ => self.pop_many(types),
        }
    }

    #[inline(never)]
    fn pop_many<T: Copy + Into<Operand>>(&mut self, types: &[T]) -> Result<(), Error> {
        let there = self.check(types)?;
        self.operands.truncate(self.operands.len() - there);
        Ok(())
    }

    /// Pops operands that must match `types`, and pushes these.
    pub(crate) fn retype<T: Copy + Into<Operand>>(&mut self, types: &[T]) -> Result<(), Error> {
        self.pop_all(types)?;
        self.push_all(types)
    }

    /// Checks that the topmost operands match `types`, and tells how many of them are on the stack:
    /// all, but in unreachable code.
    #[inline]
    pub(crate) fn check<T: Copy + Into<Operand>>(&self, types: &[T]) -> Result<usize, Error> {
        let own = self.operands.get(self.height..).unwrap_or_default();
        let there = own.len().min(types.len());
        let (beyond, known) = types.split_at(types.len() - there);
        let top = &own[own.len() - there..];
        if self.all_match(top, known) && (beyond.is_empty() || !self.is_reachable()) {
            return Ok(there);
        }
        Err(self.mismatch(self.ctx.show(types.iter().map(|&ty| ty.into())), top))
    }

    /// Whether so many operands match types one by one.
    #[inline]
    pub(crate) fn all_match<T: Copy + Into<Operand>>(&self, top: &[Operand], types: &[T]) -> bool {
        let matches = |(&a, &b): (&Operand, &T)| {
            work::count(1);
            let b = b.into();
            a == b || self.ctx.operand_matches(a, b)
        };
        if top.len() != types.len() {
            return false;
        }
        // Many are most often just those.
        (top.len() > LANES && same(top, types)) || top.iter().zip(types).all(matches)
    }

    #[cold]
    #[inline(never)]
    fn mismatch(&self, expected: String, top: &[Operand]) -> Error {
        let found = self.ctx.show(top.iter().copied());
        self.error(InvalidKind::Operands { expected, found })
    }

    /// Pops an operand of any type.
    pub(crate) fn pop_any(&mut self) -> Result<Operand, Error> {
        if self.operands.len() > self.height {
            return Ok(self.operands.pop().unwrap_or(Operand::UNKNOWN));
        }
        if self.is_reachable() {
            let (expected, found) = ("t".into(), String::new());
            return Err(self.error(InvalidKind::Operands { expected, found }));
        }
        Ok(Operand::UNKNOWN)
    }

    /// Pops a reference of any type; it is one not known only in unreachable code.
    pub(crate) fn pop_ref(&mut self) -> Result<Operand, Error> {
        let ty = self.pop_any()?;
        if ty.is_ref() {
            return Ok(ty);
        }
        if ty == Operand::UNKNOWN {
            return Ok(Operand::UNKNOWN_REF);
        }
        let expected = "(ref null t)".into();
        Err(self.error(InvalidKind::Operands { expected, found: self.ctx.show([ty]) }))
    }

    /// Whether the innermost block has operands on the stack.
    pub(crate) fn has_operands(&self) -> bool {
        self.operands.len() > self.height
    }

    /// Opens a block, whose operands are on the stack's top but not below its height yet.
    pub(crate) fn push_frame(&mut self, kind: FrameKind, ty: BlockType) -> Result<(), Error> {
        self.height = self.operands.len();
        let height = self.height as u32;
        let mark = self.locals.mark();
        let frame = Frame { kind, ty, height, unreachable: false, mark };
        room::push(&mut self.frames, frame).map_err(|error| error.at(self.offset))
    }

    /// Closes the innermost block, whose results must be all that is left, and removes them.
    pub(crate) fn pop_frame(&mut self) -> Result<Frame, Error> {
        let ctx = self.ctx;
        let Some(&frame) = self.frames.last() else {
            return Err(Error::malformed("END opcode expected", self.offset));
        };
        let one = Lists::one(frame.ty);
        let (_, results) = ctx.lists.of_block(frame.ty, &one);
        self.pop_all(results)?;
        if self.operands.len() != self.height {
            return Err(self.surplus(results));
        }
        self.frames.pop();
        self.height = self.frames.last().map_or(0, |frame| frame.height as usize);
        self.locals.restore(frame.mark);
        Ok(frame)
    }

    /// There are operands left below the block's results.
    #[cold]
    fn surplus(&self, results: &[Operand]) -> Error {
        let results = results.iter().copied();
        let rest = self.operands[self.height..].iter().copied();
        self.error(InvalidKind::BlockOperands {
            expected: self.ctx.show(results.clone()),
            found: self.ctx.show(rest.chain(results)),
        })
    }

    /// The rest of the innermost block cannot be reached: whatever it needs is there.
    pub(crate) fn set_unreachable(&mut self) {
        self.operands.truncate(self.height);
        if let Some(frame) = self.frames.last_mut() {
            frame.unreachable = true;
        }
    }
}

/// How many operands an instruction pushes one by one at most.
const SINGLE: usize = 4;

/// How many operands are compared or copied in about the time that an instruction takes.
const LANES: usize = 32;

/// Whether the operands are just these types.
fn same<T: Copy + Into<Operand>>(top: &[Operand], types: &[T]) -> bool {
    work::count(top.len() / LANES);
    // Without a branch for each of them.
    top.chunks(LANES).zip(types.chunks(LANES)).all(|(top, types)| {
        let pairs = top.iter().zip(types);
        pairs.fold(0, |differs, (&a, &b)| differs | (a.bits() ^ b.into().bits())) == 0
    })
}
