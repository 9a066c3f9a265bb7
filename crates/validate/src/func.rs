//! [`FuncValidator`]: checks a function body instruction by instruction, with a stack of operand
//! types and a stack of control frames (3.0, appendix "Validation Algorithm"). The translator
//! drives it and reads its stacks; [`validate_body`] drives it alone. The rules of the single
//! instructions stand in files by topic; those whose row in the table says all are checked here.

use crate::context::at;
use crate::frame::FrameSize;
use crate::locals::Locals;
use crate::signature;
use crate::{Context, Error, InvalidKind, Operand, work};
use alloc::vec::Vec;
use windlass_decode::{
    BlockType, CompositeType, ErrorKind, Features, Imm, Instr, Instrs, Module, Op, Reader, Shape,
    ValType,
};

/// A block that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What opened it.
    pub kind: FrameKind,
    /// Its type, canonical: see [`Context::block_type`] and [`Context::label_types`].
    pub ty: BlockType,
    /// How many operands lie below the block's own.
    pub height: u32,
    /// Whether the rest of the block cannot be reached.
    pub unreachable: bool,
    /// Which locals were set when it was opened.
    pub(crate) mark: u32,
}

/// What opened a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The names are the instructions'.
pub enum FrameKind {
    /// The function body itself.
    Func,
    Block,
    Loop,
    If,
    Else,
    TryTable,
    Try,
    Catch,
    CatchAll,
}

/// The memory that a [`FuncValidator`] uses, to be used again for the next function.
#[derive(Debug, Default)]
pub struct Scratch {
    operands: Vec<Operand>,
    frames: Vec<Frame>,
    locals: Locals,
    pub(crate) frame_size: FrameSize,
}

/// Checks the body of one function.
#[derive(Debug)]
pub struct FuncValidator<'c> {
    pub(crate) ctx: &'c Context,
    pub(crate) operands: Vec<Operand>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) locals: Locals,
    /// The types of the function's parameters.
    params: &'c [ValType],
    /// How many slots the function needs, as far as it was seen.
    pub(crate) frame_size: FrameSize,
    /// The height of the innermost frame.
    pub(crate) height: usize,
    /// Whether there is a memory 0, and its addresses have 32 bits.
    pub(crate) has_memory32: bool,
    /// The offset of the current instruction.
    pub(crate) offset: usize,
}

/// Checks the body of the `body_index`th function that `module` defines. `bytes` are those that the
/// module was decoded from.
///
/// # Errors
/// The first instruction that is malformed or not valid, with its place; or that the host has no
/// memory.
pub fn validate_body(
    ctx: &Context,
    module: &Module,
    bytes: &[u8],
    body_index: usize,
    scratch: &mut Scratch,
) -> Result<(), Error> {
    let Some(body) = module.bodies.get(body_index) else {
        let kind = InvalidKind::Unknown { space: "function body", index: body_index as u32 };
        return Err(Error::new(kind, bytes.len()));
    };
    let mut validator = FuncValidator::new(ctx, module, body_index, core::mem::take(scratch))?;
    let code = bytes.get(body.code.clone()).unwrap_or_default();
    let mut instrs = Instrs::new(Reader::new(code, body.code.start), ctx.features);
    while validator.run(&mut instrs, usize::MAX)? {}
    validator.finish(body.code.end)?;
    *scratch = validator.into_scratch();
    Ok(())
}

/// Empties a list and gives a piece of its memory back, if it has taken more than that: giving all
/// of it back at once would take long. Whether there may be more.
pub fn shed<T>(list: &mut Vec<T>) -> bool {
    let piece = SHED / size_of::<T>().max(1);
    list.clear();
    let is_large = list.capacity() > piece;
    if is_large {
        list.shrink_to(list.capacity() - piece);
    }
    is_large
}

/// So many bytes are given back at a time.
const SHED: usize = 2 << 20;

/// What of the rules is in the build.
pub(crate) const GC: bool = Features::BUILT.contains(Features::GC);
const EXCEPTIONS: bool = Features::BUILT.contains(Features::EXCEPTIONS);
const LEGACY: bool = Features::BUILT.contains(Features::LEGACY_EXCEPTIONS);
pub(crate) const DESCRIPTORS: bool = Features::BUILT.contains(Features::CUSTOM_DESCRIPTORS);
const TAIL_CALLS: bool = Features::BUILT.contains(Features::TAIL_CALL);

impl<'c> FuncValidator<'c> {
    /// Starts with the `body_index`th function that `module` defines.
    pub fn new(
        ctx: &'c Context,
        module: &Module,
        body_index: usize,
        scratch: Scratch,
    ) -> Result<FuncValidator<'c>, Error> {
        let mut validator = FuncValidator::with_scratch(ctx, scratch);
        validator.reset(module, body_index)?;
        Ok(validator)
    }

    fn with_scratch(ctx: &'c Context, scratch: Scratch) -> FuncValidator<'c> {
        let Scratch { operands, frames, locals, frame_size } = scratch;
        let (params, height, offset) = (&[][..], 0, 0);
        let has_memory32 = ctx.memories.first().is_some_and(|memory| !memory.limits.is64);
        FuncValidator {
            ctx,
            operands,
            frames,
            locals,
            params,
            frame_size,
            height,
            has_memory32,
            offset,
        }
    }

    /// A validator of a constant expression that gives one value.
    pub(crate) fn of_const(
        ctx: &'c Context,
        ty: Operand,
        scratch: Scratch,
    ) -> Result<FuncValidator<'c>, Error> {
        let mut validator = FuncValidator::with_scratch(ctx, scratch);
        let ty = ty.val_type().map_or(BlockType::Empty, BlockType::Result);
        validator.start(ty, 0)?;
        Ok(validator)
    }

    /// Starts again with another function of the same module, with the memory of the last.
    pub fn reset(&mut self, module: &Module, body_index: usize) -> Result<(), Error> {
        let func = self.ctx.imported.funcs as usize + body_index;
        let ty = self.ctx.funcs.get(func);
        let (Some(body), Some(&ty)) = (module.bodies.get(body_index), ty) else {
            let kind = InvalidKind::Unknown { space: "function body", index: body_index as u32 };
            return Err(Error::new(kind, 0));
        };
        self.params = self.params_of(body_index);
        let results = self.ctx.type_func(ty).map_or(0, |ty| ty.results.len());
        self.frame_size = FrameSize::new(module, body_index, results);
        self.start(BlockType::Func(ty), body.code.len())?;
        for &(count, ty) in &body.locals {
            let ty = self.ctx.canonical_val(ty);
            let ty = ty.map_err(|error| error.at(body.code.start))?;
            let pushed = self.locals.push(count, ty.into());
            pushed.map_err(|error| error.at(body.code.start))?;
        }
        Ok(())
    }

    fn start(&mut self, ty: BlockType, bytes: usize) -> Result<(), Error> {
        self.operands.clear();
        self.frames.clear();
        self.locals.clear(self.params, bytes).map_err(|error| error.at(self.offset))?;
        self.push_frame(FrameKind::Func, ty)
    }

    /// Goes on with the function that `scratch` comes from: [`FuncValidator::into_scratch`] was
    /// called between two of its instructions.
    pub fn resume(ctx: &'c Context, body_index: usize, scratch: Scratch) -> FuncValidator<'c> {
        let mut validator = FuncValidator::with_scratch(ctx, scratch);
        validator.height = validator.frames.last().map_or(0, |frame| frame.height as usize);
        validator.params = validator.params_of(body_index);
        validator
    }

    /// The parameters of the `body_index`th function that the module defines.
    fn params_of(&self, body_index: usize) -> &'c [ValType] {
        let ty = self.ctx.funcs.get(self.ctx.imported.funcs as usize + body_index);
        ty.and_then(|&ty| self.ctx.type_func(ty)).map_or(&[], |ty| &ty.params)
    }

    /// Ends; the memory can be used again, or [`FuncValidator::resume`] goes on with it.
    pub fn into_scratch(self) -> Scratch {
        let FuncValidator { operands, frames, locals, frame_size, .. } = self;
        Scratch { operands, frames, locals, frame_size }
    }

    /// At the end: gives some of the memory back that only a large function takes. Whether there is
    /// more.
    pub fn shed(&mut self) -> bool {
        shed(&mut self.operands) || shed(&mut self.frames)
    }

    /// What the function is validated against.
    pub fn context(&self) -> &'c Context {
        self.ctx
    }

    /// The types of the operands, the topmost last. In unreachable code, there can be more that
    /// are not known.
    #[inline]
    pub fn operands(&self) -> &[Operand] {
        &self.operands
    }

    /// The open blocks, the innermost last; the first is the function body.
    #[inline]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The block that a branch with this label leaves, or goes on with.
    #[inline]
    pub fn label(&self, label: u32) -> Option<&Frame> {
        let place = self.frames.len().checked_sub(label as usize + 1)?;
        self.frames.get(place)
    }

    /// The type of a local.
    pub fn local_type(&self, index: u32) -> Option<ValType> {
        self.local(index)?.val_type()
    }

    #[inline]
    pub(crate) fn local(&self, index: u32) -> Option<Operand> {
        self.locals.get(index, self.params)
    }

    /// How many locals there are, parameters included.
    pub fn num_locals(&self) -> u32 {
        self.locals.len()
    }

    /// Whether the next instruction can be reached.
    #[inline]
    pub fn is_reachable(&self) -> bool {
        self.frames.last().is_some_and(|frame| !frame.unreachable)
    }

    /// Whether the last `end` was seen.
    #[inline]
    pub fn is_finished(&self) -> bool {
        self.frames.is_empty()
    }

    /// Checks that the body is complete and its frame not too large; `offset` is where it ends.
    pub fn finish(&self, offset: usize) -> Result<(), Error> {
        if self.is_finished() {
            return self.check_frame(offset);
        }
        Err(windlass_decode::Error::new(ErrorKind::UnexpectedEnd, offset).into())
    }

    /// Checks one instruction and applies its effect to the stacks.
    #[inline]
    pub fn step(&mut self, instr: &Instr<'_>) -> Result<(), Error> {
        self.reserve(0)?;
        let result = self.instr(instr);
        self.frame_size.note_height(self.operands.len());
        result
    }

    #[inline]
    fn instr(&mut self, instr: &Instr<'_>) -> Result<(), Error> {
        self.offset = instr.offset;
        work::count(1);
        if self.frames.is_empty() {
            return Err(self.malformed("section size mismatch: instructions after the last end"));
        }
        // Every third instruction or so is this one.
        if let (Op::LocalGet, &Imm::Index(index)) = (instr.op, &instr.imm) {
            return self.local_get(index);
        }
        let signature = signature::of(instr.op);
        if signature.is_simple() && self.apply(signature) {
            return Ok(());
        }
        self.rule(instr)
    }

    /// An instruction whose row in the table gives its type, but for a memory's address.
    fn simple(&mut self, instr: &Instr<'_>) -> Result<(), Error> {
        let info = instr.op.info();
        match info.shape {
            Shape::special if GC => return self.aggregate(instr),
            Shape::load
            | Shape::store
            | Shape::v_load
            | Shape::v_store
            | Shape::v_load_lane
            | Shape::v_store_lane
            | Shape::atomic_load
            | Shape::atomic_store
            | Shape::atomic_rmw
            | Shape::atomic_cmpxchg
            | Shape::atomic_wait
            | Shape::atomic_notify => return self.access(instr),
            Shape::v_shuffle | Shape::v_extract | Shape::v_replace => self.check_lanes(instr)?,
            _ => {}
        }
        self.pop_all(info.params)?;
        self.push_all(info.results)
    }

    /// One instruction by its own rule, or else by its row in the table.
    fn rule(&mut self, instr: &Instr<'_>) -> Result<(), Error> {
        // By reference, so that nothing of the immediate is read before it is known what it is.
        match (instr.op, &instr.imm) {
            (Op::LocalSet, &Imm::Index(index)) => self.local_set(index),
            (Op::LocalTee, &Imm::Index(index)) => self.local_tee(index),
            (Op::GlobalGet, &Imm::Index(index)) => self.global_get(index),
            (Op::GlobalSet, &Imm::Index(index)) => self.global_set(index),
            (Op::Nop | Op::AtomicFence, _) => Ok(()),
            (Op::Unreachable, _) => {
                self.set_unreachable();
                Ok(())
            }
            (Op::Block, &Imm::Block(ty)) => self.block(FrameKind::Block, ty),
            (Op::Loop, &Imm::Block(ty)) => self.block(FrameKind::Loop, ty),
            (Op::If, &Imm::Block(ty)) => self.block(FrameKind::If, ty),
            (Op::Else, _) => self.r#else(),
            (Op::End, _) => self.end(),
            (Op::Br, &Imm::Index(label)) => self.br(label),
            (Op::BrIf, &Imm::Index(label)) => self.br_if(label),
            (Op::BrTable, &Imm::Labels(labels)) => self.br_table(labels),
            (Op::Return, _) => self.r#return(),
            (Op::Call, &Imm::Index(func)) => self.call(func),
            (Op::CallIndirect, &Imm::Index2(ty, table)) => self.call_indirect(ty, table),
            (Op::CallRef, &Imm::Index(ty)) if GC => self.call_ref(ty),
            (Op::ReturnCall, &Imm::Index(func)) if TAIL_CALLS => self.return_call(func),
            (Op::ReturnCallIndirect, &Imm::Index2(ty, t)) if TAIL_CALLS => {
                self.return_call_indirect(ty, t)
            }
            (Op::ReturnCallRef, &Imm::Index(ty)) if GC && TAIL_CALLS => self.return_call_ref(ty),
            (Op::Drop, _) => self.pop_any().map(drop),
            (Op::Select, _) => self.select(),
            (Op::SelectT, &Imm::Types(ty, count)) => self.select_t(ty, count),
            (Op::Throw, &Imm::Index(tag)) if EXCEPTIONS => self.throw(tag),
            (Op::ThrowRef, _) if EXCEPTIONS => self.throw_ref(),
            (Op::TryTable, &Imm::TryTable(ty, catches)) if EXCEPTIONS => {
                self.try_table(ty, catches)
            }
            (Op::Try, &Imm::Block(ty)) if LEGACY => self.block(FrameKind::Try, ty),
            (Op::Catch, &Imm::Index(tag)) if LEGACY => self.catch(Some(tag)),
            (Op::CatchAll, _) if LEGACY => self.catch(None),
            (Op::Delegate, &Imm::Index(label)) if LEGACY => self.delegate(label),
            (Op::Rethrow, &Imm::Index(label)) if LEGACY => self.rethrow(label),
            (Op::MemorySize, &Imm::Index(memory)) => self.memory_size(memory),
            (Op::MemoryGrow, &Imm::Index(memory)) => self.memory_grow(memory),
            (Op::MemoryFill, &Imm::Index(memory)) => self.memory_fill(memory),
            (Op::MemoryCopy, &Imm::Index2(to, from)) => self.memory_copy(to, from),
            (Op::MemoryInit, &Imm::Index2(data, memory)) => self.memory_init(data, memory),
            (Op::DataDrop, &Imm::Index(data)) => self.check_data(data),
            (Op::TableGet, &Imm::Index(table)) => self.table_get(table),
            (Op::TableSet, &Imm::Index(table)) => self.table_set(table),
            (Op::TableSize, &Imm::Index(table)) => self.table_size(table),
            (Op::TableGrow, &Imm::Index(table)) => self.table_grow(table),
            (Op::TableFill, &Imm::Index(table)) => self.table_fill(table),
            (Op::TableCopy, &Imm::Index2(to, from)) => self.table_copy(to, from),
            (Op::TableInit, &Imm::Index2(elem, table)) => self.table_init(elem, table),
            (Op::ElemDrop, &Imm::Index(elem)) => self.element(elem).map(drop),
            (Op::RefNull, &Imm::Heap(heap)) => self.ref_null(heap),
            (Op::RefIsNull, _) => self.ref_is_null(),
            (Op::RefFunc, &Imm::Index(func)) => self.ref_func(func),
            (Op::RefEq, _) if GC => self.ref_eq(),
            (Op::RefAsNonNull, _) if GC => self.ref_as_non_null(),
            (Op::BrOnNull, &Imm::Index(label)) if GC => self.br_on_null(label),
            (Op::BrOnNonNull, &Imm::Index(label)) if GC => self.br_on_non_null(label),
            (Op::BrOnCast, &Imm::BrCast { label, from, to }) if GC => {
                self.br_on_cast(label, from, to)
            }
            (Op::BrOnCastFail, &Imm::BrCast { label, from, to }) if GC => {
                self.br_on_cast_fail(label, from, to)
            }
            (Op::RefTest, &Imm::Heap(heap)) if GC => self.ref_test(heap, false),
            (Op::RefTestNull, &Imm::Heap(heap)) if GC => self.ref_test(heap, true),
            (Op::RefCast, &Imm::Heap(heap)) if GC => self.ref_cast(heap, false),
            (Op::RefCastNull, &Imm::Heap(heap)) if GC => self.ref_cast(heap, true),
            (Op::RefCastDescEq, &Imm::Heap(heap)) if DESCRIPTORS => {
                self.ref_cast_desc_eq(heap, false)
            }
            (Op::RefCastDescEqNull, &Imm::Heap(heap)) if DESCRIPTORS => {
                self.ref_cast_desc_eq(heap, true)
            }
            (Op::BrOnCastDescEq, &Imm::BrCast { label, from, to }) if DESCRIPTORS => {
                self.pop_descriptor_of(to)?;
                self.br_on_cast(label, from, to)
            }
            (Op::BrOnCastDescEqFail, &Imm::BrCast { label, from, to }) if DESCRIPTORS => {
                self.pop_descriptor_of(to)?;
                self.br_on_cast_fail(label, from, to)
            }
            _ => self.simple(instr),
        }
    }

    /// An error at the current instruction.
    #[cold]
    pub(crate) fn error(&self, kind: InvalidKind) -> Error {
        Error::new(kind, self.offset)
    }

    /// A malformed construct at the current instruction.
    #[cold]
    pub(crate) fn malformed(&self, what: &'static str) -> Error {
        Error::malformed(what, self.offset)
    }

    /// The element of an index space.
    #[inline]
    pub(crate) fn at<T: Copy>(
        &self,
        items: &[T],
        index: u32,
        space: &'static str,
    ) -> Result<T, Error> {
        at(items, index, space).map_err(|error| error.at(self.offset))
    }

    /// The type with this index.
    pub(crate) fn composite(&self, index: u32) -> Result<&'c CompositeType, Error> {
        match self.ctx.types.get(index as usize) {
            Some(ty) => Ok(&ty.composite),
            None => Err(self.error(InvalidKind::Unknown { space: "type", index })),
        }
    }

    /// Whether a feature is on.
    #[inline]
    pub(crate) fn has(&self, feature: Features) -> bool {
        Features::BUILT.contains(feature) && self.ctx.features.contains(feature)
    }

    /// A constant expression's `ref.func`, which declares the function by itself.
    pub(crate) fn declared_ref_func(&mut self, func: u32, offset: usize) -> Result<(), Error> {
        self.offset = offset;
        self.push_func_ref(func)
    }
}

#[cfg(test)]
mod tests {
    use super::{SHED, Vec, shed};

    #[test]
    fn memory_is_given_back_in_pieces() {
        let bytes = |list: &Vec<u64>| list.capacity() * 8;
        let mut list: Vec<u64> = Vec::with_capacity(10 * SHED / 8);
        let mut before = bytes(&list);
        while shed(&mut list) {
            assert!(bytes(&list) < before && before - bytes(&list) <= SHED);
            before = bytes(&list);
        }
        assert!(list.is_empty() && bytes(&list) <= SHED);
        let mut small: Vec<u64> = Vec::with_capacity(100);
        assert!(!shed(&mut small) && small.capacity() >= 100);
    }
}
