//! Blocks, branches, calls and `select` (3.0, section 3.4.1 and following).

use crate::lists::Lists;
use crate::{Error, FrameKind, FuncValidator, Index, InvalidKind, Operand, work};
use windlass_decode::{
    BlockType, CompositeType, Features, FuncType, Labels, MESSAGES, RefType, ValType,
};

impl<'c> FuncValidator<'c> {
    /// The canonical form of a block type.
    fn canonical_block(&self, ty: BlockType) -> Result<BlockType, Error> {
        match ty {
            BlockType::Empty => Ok(ty),
            BlockType::Result(ty) => {
                let ty = self.ctx.canonical_val(ty).map_err(|error| error.at(self.offset))?;
                Ok(BlockType::Result(ty))
            }
            BlockType::Func(index) => {
                let func = self.func_type(index)?;
                let simple = func.params.is_empty() && func.results.len() <= 1;
                if !simple && !self.has(Features::MULTI_VALUE) {
                    let what = "a block with operands or several results";
                    let feature = "multi-value";
                    return Err(self.error(InvalidKind::FeatureDisabled { what, feature }));
                }
                Ok(ty)
            }
        }
    }

    pub(crate) fn block(&mut self, kind: FrameKind, ty: BlockType) -> Result<(), Error> {
        let ty = self.canonical_block(ty)?;
        if kind == FrameKind::If {
            self.pop(Operand::I32)?;
        }
        if kind == FrameKind::Try {
            self.frame_size.begin_try();
        }
        let one = Lists::one(ty);
        let (params, _) = self.ctx.lists.of_block(ty, &one);
        self.pop_all(params)?;
        self.push_frame(kind, ty)?;
        self.push_all(params)
    }

    pub(crate) fn r#else(&mut self) -> Result<(), Error> {
        if self.frames().last().is_none_or(|frame| frame.kind != FrameKind::If) {
            return Err(self.malformed("END opcode expected: else without if"));
        }
        let frame = self.pop_frame()?;
        let one = Lists::one(frame.ty);
        let (params, _) = self.ctx.lists.of_block(frame.ty, &one);
        self.push_frame(FrameKind::Else, frame.ty)?;
        self.push_all(params)
    }

    pub(crate) fn end(&mut self) -> Result<(), Error> {
        if self.frames().last().is_some_and(|frame| frame.kind == FrameKind::If) {
            // As if there were an empty `else`: the block's operands are its results.
            self.r#else()?;
        }
        let frame = self.pop_frame()?;
        if matches!(frame.kind, FrameKind::Try | FrameKind::Catch | FrameKind::CatchAll) {
            self.frame_size.end_try();
        }
        if !self.is_finished() {
            let one = Lists::one(frame.ty);
            let (_, results) = self.ctx.lists.of_block(frame.ty, &one);
            self.push_all(results)?;
        }
        Ok(())
    }

    /// The type of the block that a branch to `label` leaves or goes on with, and what opened it.
    fn label_type(&self, label: u32) -> Result<(BlockType, FrameKind), Error> {
        match self.label(label) {
            Some(frame) => Ok((frame.ty, frame.kind)),
            None => Err(self.error(InvalidKind::Unknown { space: "label", index: label })),
        }
    }

    /// Calls `then` with the operands of a branch to `label`.
    pub(crate) fn with_label<R>(
        &mut self,
        label: u32,
        then: impl FnOnce(&mut Self, &[Operand]) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut one = [Operand::UNKNOWN];
        let types = self.label_operands(label, &mut one)?;
        then(self, types)
    }

    /// The operands of a branch to `label`, if it is one alone in `one`.
    fn label_operands<'a>(
        &self,
        label: u32,
        one: &'a mut [Operand; 1],
    ) -> Result<&'a [Operand], Error>
    where
        'c: 'a,
    {
        let (ty, kind) = self.label_type(label)?;
        *one = Lists::one(ty);
        let (params, results) = self.ctx.lists.of_block(ty, one);
        Ok(if kind == FrameKind::Loop { params } else { results })
    }

    pub(crate) fn br(&mut self, label: u32) -> Result<(), Error> {
        self.with_label(label, Self::pop_all)?;
        self.set_unreachable();
        Ok(())
    }

    pub(crate) fn br_if(&mut self, label: u32) -> Result<(), Error> {
        self.pop(Operand::I32)?;
        self.with_label(label, Self::retype)
    }

    #[inline(never)]
    pub(crate) fn br_table(&mut self, labels: Labels<'_>) -> Result<(), Error> {
        self.pop(Operand::I32)?;
        let arity = self.with_label(labels.default, |_, types| Ok(types.len()))?;
        // Labels of the same type take the same operands.
        let mut last = self.label_type(labels.default)?;
        let mut checked = Index::default();
        work::count(labels.len() as usize);
        for label in labels.iter() {
            let ty = self.label_type(label)?;
            let is_new = match by_index(ty) {
                _ if ty == last => false,
                Some(index) => {
                    checked.reserve(1).map_err(|_| self.error(InvalidKind::OutOfMemory))?;
                    checked.insert(index, ())
                }
                None => true,
            };
            if is_new {
                self.with_label(label, |this, types| this.check_arity(types, arity))?;
            }
            last = ty;
        }
        self.br(labels.default)
    }

    fn check_arity(&self, types: &[Operand], arity: usize) -> Result<(), Error> {
        if types.len() != arity {
            let what = "the number of a label's operands";
            let (expected, found) = (show_count(arity), show_count(types.len()));
            return Err(self.error(InvalidKind::Mismatch { what, expected, found }));
        }
        self.check(types).map(drop)
    }

    fn results(&self) -> BlockType {
        self.frames().first().map_or(BlockType::Empty, |frame| frame.ty)
    }

    pub(crate) fn r#return(&mut self) -> Result<(), Error> {
        let ty = self.results();
        let one = Lists::one(ty);
        let (_, results) = self.ctx.lists.of_block(ty, &one);
        self.pop_all(results)?;
        self.set_unreachable();
        Ok(())
    }

    /// The function type with this index.
    pub(crate) fn func_type(&self, index: u32) -> Result<&'c FuncType, Error> {
        match self.composite(index)? {
            CompositeType::Func(ty) => Ok(ty),
            _ => {
                Err(self.error(InvalidKind::WrongComposite { index, expected: "a function type" }))
            }
        }
    }

    /// The index of the function type of a function.
    fn callee(&self, func: u32) -> Result<u32, Error> {
        let ty = self.at(&self.ctx.funcs, func, "function")?;
        self.func_type(ty)?;
        Ok(ty)
    }

    /// The type index of the callee of `call_indirect`, its table's operand popped.
    fn indirect_callee(&mut self, ty: u32, table: u32) -> Result<u32, Error> {
        let table = self.at(&self.ctx.tables, table, "table")?;
        if !self.ctx.ref_is_subtype(table.element, RefType::FUNCREF) {
            return Err(self.error(InvalidKind::Mismatch {
                what: "the table's element type",
                expected: self.ctx.show([RefType::FUNCREF.into()]),
                found: self.ctx.show([table.element.into()]),
            }));
        }
        self.func_type(ty)?;
        self.pop(table.limits.addr_type().into())?;
        Ok(ty)
    }

    /// The type index of the callee of `call_ref`, the reference popped.
    fn ref_callee(&mut self, ty: u32) -> Result<u32, Error> {
        self.func_type(ty)?;
        self.pop(self.concrete(true, ty)?)?;
        Ok(ty)
    }

    fn call_type(&mut self, ty: u32) -> Result<(), Error> {
        let (params, results) = self.ctx.lists.of_type(ty);
        self.pop_all(params)?;
        self.push_all(results)
    }

    /// A tail call: the callee's results must be the caller's.
    fn return_call_type(&mut self, ty: u32) -> Result<(), Error> {
        let own = self.results();
        let one = Lists::one(own);
        let (_, results) = self.ctx.lists.of_block(own, &one);
        let (params, given) = self.ctx.lists.of_type(ty);
        if !self.all_match(given, results) {
            let show = |types: &[Operand]| self.ctx.show(types.iter().copied());
            return Err(self.error(InvalidKind::Mismatch {
                what: "the callee's result type",
                expected: show(results),
                found: show(given),
            }));
        }
        self.pop_all(params)?;
        self.set_unreachable();
        Ok(())
    }

    pub(crate) fn call(&mut self, func: u32) -> Result<(), Error> {
        let ty = self.callee(func)?;
        self.call_type(ty)
    }

    pub(crate) fn call_indirect(&mut self, ty: u32, table: u32) -> Result<(), Error> {
        let ty = self.indirect_callee(ty, table)?;
        self.call_type(ty)
    }

    pub(crate) fn call_ref(&mut self, ty: u32) -> Result<(), Error> {
        let ty = self.ref_callee(ty)?;
        self.call_type(ty)
    }

    pub(crate) fn return_call(&mut self, func: u32) -> Result<(), Error> {
        let ty = self.callee(func)?;
        self.return_call_type(ty)
    }

    pub(crate) fn return_call_indirect(&mut self, ty: u32, table: u32) -> Result<(), Error> {
        let ty = self.indirect_callee(ty, table)?;
        self.return_call_type(ty)
    }

    pub(crate) fn return_call_ref(&mut self, ty: u32) -> Result<(), Error> {
        let ty = self.ref_callee(ty)?;
        self.return_call_type(ty)
    }

    /// Without types, both operands have the same type, which is not a reference.
    pub(crate) fn select(&mut self) -> Result<(), Error> {
        self.pop(Operand::I32)?;
        let second = self.pop_any()?;
        let first = self.pop_any()?;
        let known = if first == Operand::UNKNOWN { second } else { first };
        let same = first == second || first == Operand::UNKNOWN || second == Operand::UNKNOWN;
        if !same || first.is_ref() || second.is_ref() {
            return Err(self.error(InvalidKind::Mismatch {
                what: "the pair of operands of select",
                expected: "two numbers or vectors of one type".into(),
                found: self.ctx.show([first, second]),
            }));
        }
        self.push(known);
        Ok(())
    }

    pub(crate) fn select_t(&mut self, ty: Option<ValType>, count: u32) -> Result<(), Error> {
        let (Some(ty), 1) = (ty, count) else {
            return Err(self.error(InvalidKind::InvalidResultArity(count)));
        };
        let ty = self.ctx.canonical_val(ty).map_err(|error| error.at(self.offset))?.into();
        self.pop_all(&[ty, ty, Operand::I32])?;
        self.push(ty);
        Ok(())
    }
}

/// What tells label types apart that may have many operands.
fn by_index((ty, kind): (BlockType, FrameKind)) -> Option<usize> {
    match ty {
        BlockType::Func(index) => Some(index as usize * 2 + usize::from(kind == FrameKind::Loop)),
        _ => None,
    }
}

fn show_count(count: usize) -> alloc::string::String {
    if MESSAGES { alloc::format!("{count}") } else { alloc::string::String::new() }
}
