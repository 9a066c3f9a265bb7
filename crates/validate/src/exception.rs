//! Exceptions: tags, `throw`, `try_table`, and the legacy `try` with its clauses.

use crate::lists::Lists;
use crate::{Error, FrameKind, FuncValidator, InvalidKind, Operand};
use alloc::vec::Vec;
use windlass_decode::{AbsHeapType, BlockType, Catch, Catches};

/// `(ref null exn)`
const EXNREF: Operand = Operand::abs(true, AbsHeapType::Exn);
/// `(ref exn)`
const EXN: Operand = Operand::abs(false, AbsHeapType::Exn);

impl<'c> FuncValidator<'c> {
    /// The fields of a tag.
    fn tag(&self, tag: u32) -> Result<&'c [Operand], Error> {
        let ty = self.at(&self.ctx.tags, tag, "tag")?;
        self.func_type(ty)?;
        Ok(self.ctx.lists.of_type(ty).0)
    }

    pub(crate) fn throw(&mut self, tag: u32) -> Result<(), Error> {
        self.pop_all(self.tag(tag)?)?;
        self.set_unreachable();
        Ok(())
    }

    pub(crate) fn throw_ref(&mut self) -> Result<(), Error> {
        self.pop(EXNREF)?;
        self.set_unreachable();
        Ok(())
    }

    /// The labels of the clauses are those outside the block.
    #[inline(never)]
    pub(crate) fn try_table(&mut self, ty: BlockType, catches: Catches<'_>) -> Result<(), Error> {
        for catch in catches.iter() {
            self.check_catch(catch)?;
        }
        self.block(FrameKind::TryTable, ty)
    }

    /// What the clause gives must be what its label takes.
    fn check_catch(&mut self, catch: Catch) -> Result<(), Error> {
        let values = match catch.tag {
            Some(tag) => self.tag(tag)?,
            None => &[],
        };
        let exn: &[Operand] = if catch.exn { &[EXN] } else { &[] };
        self.with_label(catch.label, |this, types| {
            let split = values.len().min(types.len());
            let (start, rest) = types.split_at(split);
            if this.all_match(values, start) && this.all_match(exn, rest) {
                return Ok(());
            }
            let given: Vec<Operand> = values.iter().chain(exn).copied().collect();
            let show = |types: &[Operand]| this.ctx.show(types.iter().copied());
            Err(this.error(InvalidKind::Mismatch {
                what: "what the catch clause gives its label",
                expected: show(types),
                found: show(&given),
            }))
        })
    }

    /// Legacy `catch` (with a tag) and `catch_all`: the end of the clause before.
    pub(crate) fn catch(&mut self, tag: Option<u32>) -> Result<(), Error> {
        let open = self.frames().last().map(|frame| frame.kind);
        if !matches!(open, Some(FrameKind::Try | FrameKind::Catch)) {
            return Err(self.malformed("END opcode expected: catch without try"));
        }
        let params = match tag {
            Some(tag) => self.tag(tag)?,
            None => &[],
        };
        let frame = self.pop_frame()?;
        let kind = if tag.is_some() { FrameKind::Catch } else { FrameKind::CatchAll };
        self.push_frame(kind, frame.ty)?;
        self.push_all(params)
    }

    /// Legacy `delegate`: the end of a `try` without clauses. Its label is counted from outside.
    pub(crate) fn delegate(&mut self, label: u32) -> Result<(), Error> {
        if self.frames().last().is_none_or(|frame| frame.kind != FrameKind::Try) {
            return Err(self.malformed("END opcode expected: delegate without try"));
        }
        let frame = self.pop_frame()?;
        self.frame_size.end_try();
        self.with_label(label, |_, _| Ok(()))?;
        let one = Lists::one(frame.ty);
        let (_, results) = self.ctx.lists.of_block(frame.ty, &one);
        self.push_all(results)
    }

    /// Legacy `rethrow`: only inside a clause.
    pub(crate) fn rethrow(&mut self, label: u32) -> Result<(), Error> {
        let kind = match self.label(label) {
            Some(frame) => frame.kind,
            None => {
                return Err(self.error(InvalidKind::Unknown { space: "label", index: label }));
            }
        };
        if !matches!(kind, FrameKind::Catch | FrameKind::CatchAll) {
            return Err(self.error(InvalidKind::InvalidRethrowLabel(label)));
        }
        self.frame_size.note_rethrow();
        self.set_unreachable();
        Ok(())
    }
}
