//! Calls: arguments are put where they lie by height, which is where the callee's frame begins.

use super::{TranslateError, Translator, encode, inst::Loc, placing::placed};
use crate::exec::{
    Cell, DIRECT, SlowOp,
    code::maps::Stopped,
    machine::place::{Domain, Kind},
    pack_const, pack_fields, pack_halves,
    tables::{self, Maybe, Sort, plain},
};
use windlass_decode::{FuncType, Imm, Op};

impl<'m> Translator<'m> {
    fn imported(&self) -> u32 {
        self.source.context.imported.funcs
    }

    fn func_type(&self, func: u32) -> &'m FuncType {
        match self.source.context.func_type(func) {
            Some(ty) => ty,
            None => unreachable!("validation knows the type of every function"),
        }
    }

    pub(super) fn type_func(&self, ty: u32) -> &'m FuncType {
        match self.source.context.type_func(ty) {
            Some(ty) => ty,
            None => unreachable!("validation knows that it is a function's type"),
        }
    }

    /// The second operand word of a direct call.
    fn code_word(&self, func: u32) -> Cell {
        match func.checked_sub(self.imported()) {
            Some(defined) => Cell::of_code(self.source.code.current(defined as usize)),
            None => Cell::word(func.into()),
        }
    }

    #[inline(never)]
    pub(super) fn call(&mut self, func: u32) -> Result<(), TranslateError> {
        let ty = self.func_type(func);
        if let Some(defined) = func.checked_sub(self.imported())
            && self.call_small(defined as usize, ty)?
        {
            return Ok(());
        }
        self.count_callee(func < self.imported());
        self.settle(self.stack.len() - ty.params.len(), true);
        let entry = if func < self.imported() { plain::CALL_IMPORT } else { plain::CALL };
        self.builder.cell(entry, format_args!("call {func}"));
        self.push_call(DIRECT);
        let code = self.code_word(func);
        self.builder.code.push(code);
        self.finish_call(ty);
        Ok(())
    }

    pub(super) fn call_indirect(&mut self, ty: u32, table: u32) {
        let index = self.callee();
        let func = self.type_func(ty);
        self.settle(self.stack.len() - func.params.len(), true);
        let Some(entry) = tables::call_indirect(false, index.place()) else { return };
        self.builder.use_operands(Domain::Int, &[index]);
        let text = format_args!("call_indirect table {table} [{index}] type {ty}");
        self.builder.cell(entry, text);
        self.push_call(index.slot());
        self.push_type(ty, table);
        self.finish_call(func);
    }

    pub(super) fn call_ref(&mut self, ty: u32) {
        let callee = self.callee();
        let func = self.type_func(ty);
        self.settle(self.stack.len() - func.params.len(), true);
        let Some(entry) = tables::call_ref(false, callee.place()) else { return };
        self.builder.use_operands(Domain::Int, &[callee]);
        self.builder.cell(entry, format_args!("call_ref {callee} type {ty}"));
        self.push_call(callee.slot());
        self.push_type(ty, 0);
        self.finish_call(func);
    }

    /// The place of what says what is called, popped: a reference, or the index of one in a table.
    fn callee(&mut self) -> Loc {
        let operand = self.pop();
        self.variable_place(operand)
    }

    /// The first operand word of a call: the new frame, and the pinned locals to load again after
    /// it.
    fn push_call(&mut self, last: i16) {
        let delta = self.next_slot();
        let [p0, p1] = self.pin_slots(Domain::Int);
        self.builder.push(pack_fields([delta, p0, p1, last]));
    }

    fn push_type(&mut self, ty: u32, table: u32) {
        let id = self.source.context.type_ids[ty as usize].0;
        self.builder.push(pack_halves(id.cast_signed(), table.cast_signed()));
    }

    /// After a call: arguments are replaced by results; pinned floats are loaded again.
    fn finish_call(&mut self, ty: &FuncType) {
        self.count_values(ty);
        self.truncate(self.stack.len() - ty.params.len());
        self.builder.forget();
        self.can_stop(Stopped::Called);
        let first = self.next_slot();
        self.push_temps(ty.results.iter().copied().map(Kind::from));
        let [_, f64, f32] = self.pinned().map(|pins| pins[0].is_some());
        if let Some(entry) = tables::reload(f64, f32) {
            let [d, f] = [Domain::F64, Domain::F32].map(|domain| self.pin_slots(domain));
            self.builder.cell(entry, "reload");
            self.builder.push(pack_fields([d[0], d[1], f[0], f[1]]));
        }
        if let [result] = ty.results[..] {
            self.builder.set_held(Kind::from(result).domain(), first);
        }
    }

    pub(super) fn return_call(&mut self, func: u32) {
        let ty = self.func_type(func);
        self.count_callee(func < self.imported());
        self.settle(self.stack.len() - ty.params.len(), true);
        let imported = func < self.imported();
        let entry = if imported { plain::RETURN_CALL_IMPORT } else { plain::RETURN_CALL };
        self.builder.cell(entry, format_args!("return_call {func}"));
        let from = self.push_tail_call(ty, DIRECT);
        let code = self.code_word(func);
        self.builder.code.push(code);
        self.finish_tail_call(ty, from, imported);
    }

    pub(super) fn return_call_indirect(&mut self, ty: u32, table: u32) {
        let index = self.callee();
        let func = self.type_func(ty);
        self.settle(self.stack.len() - func.params.len(), true);
        let find = |[index]: [Loc; 1]| tables::call_indirect(true, index.place());
        let Some(([index], entry)) = placed([index], find) else { return };
        self.builder.use_operands(Domain::Int, &[index]);
        let text = format_args!("return_call_indirect table {table} [{index}] type {ty}");
        self.builder.cell(entry, text);
        let from = self.push_tail_call(func, index.slot());
        self.push_type(ty, table);
        self.finish_tail_call(func, from, true);
    }

    pub(super) fn return_call_ref(&mut self, ty: u32) {
        let callee = self.callee();
        let func = self.type_func(ty);
        self.settle(self.stack.len() - func.params.len(), true);
        let find = |[callee]: [Loc; 1]| tables::call_ref(true, callee.place());
        let Some(([callee], entry)) = placed([callee], find) else { return };
        self.builder.use_operands(Domain::Int, &[callee]);
        self.builder.cell(entry, format_args!("return_call_ref {callee} type {ty}"));
        let from = self.push_tail_call(func, callee.slot());
        self.push_type(ty, 0);
        self.finish_tail_call(func, from, true);
    }

    /// The first operand word of a tail call; returns where the arguments are.
    fn push_tail_call(&mut self, ty: &FuncType, last: i16) -> i16 {
        let slots = Self::width_of(ty.params.iter().copied().map(Kind::from));
        self.count_values(ty);
        self.count_slots(slots);
        let from = self.top_slot(slots);
        let [slots, own] = [slots, self.locals.param_slots].map(encode::slot);
        let (slots, own) = (self.builder.fit(slots), self.builder.fit(own));
        self.builder.push(pack_fields([from, slots, slots - own, last]));
        from
    }

    /// What the driver calls as an ordinary call (a host function) comes back and returns.
    fn finish_tail_call(&mut self, ty: &FuncType, from: i16, may_return: bool) {
        if may_return {
            let slots = Self::width_of(ty.results.iter().copied().map(Kind::from));
            self.reserve(self.height + slots);
            self.emit_return_slots(from, slots);
        }
        self.stop();
    }

    /// Translates an instruction that the driver executes, if it is one: operands and results lie
    /// in slots.
    pub(super) fn slow(&mut self, op: Op, imm: Imm<'_>) -> bool {
        let Some(slow) = SlowOp::of(op) else { return false };
        let (first, second) = match imm {
            Imm::Index(index) => (index, 0),
            Imm::Index2(first, second) => (first, second),
            Imm::None => (0, 0),
            // What it is, is not told: who never shows an instruction need not be able to.
            _ => unreachable!("slow instructions have no immediates but indices"),
        };
        let (operands, result) = self.slow_type(slow, first);
        self.settle(self.stack.len() - operands, true);
        self.can_stop(Stopped::Before);
        self.truncate(self.stack.len() - operands);
        let base = self.next_slot();
        let entry = self.small_bulk(slow, [first, second]).unwrap_or(plain::SLOW);
        self.builder.cell(entry, format_args!("{} {first} {second} from s{base}", op.mnemonic()));
        self.builder.push(pack_const(slow.number(), base, first));
        self.builder.push(u64::from(second));
        self.builder.forget();
        for kind in result.iter().flatten() {
            self.push_temp(*kind);
        }
        true
    }

    /// The handler of one that the driver need not execute if it does little.
    fn small_bulk(&self, op: SlowOp, memories: [u32; 2]) -> Maybe {
        let sort = Sort::of(self.source.context.memories.first()?);
        let is_plain = memories == [0; 2] && sort == Sort::Own32;
        if is_plain { tables::small_bulk(op, self.source.metering) } else { None }
    }

    /// How many operands a slow instruction takes, and its results.
    fn slow_type(&self, op: SlowOp, index: u32) -> (usize, [Option<Kind>; 2]) {
        use SlowOp::*;
        let context = self.source.context;
        let address = |is64: bool| Some(if is64 { Kind::I64 } else { Kind::I32 });
        let memory =
            || address(context.memories.get(index as usize).is_some_and(|m| m.limits.is64));
        let table = || address(context.tables.get(index as usize).is_some_and(|t| t.limits.is64));
        let wide = Some(Kind::I64);
        let (operands, first, second) = match op {
            MemorySize => (0, memory(), None),
            MemoryGrow => (1, memory(), None),
            MemoryCopy | MemoryFill | MemoryInit => (3, None, None),
            TableCopy | TableFill | TableInit => (3, None, None),
            DataDrop | ElemDrop => (0, None, None),
            TableGrow => (2, table(), None),
            ArrayNewData | ArrayNewElem => (2, Some(Kind::Ref), None),
            ArrayFill | ArrayInitData | ArrayInitElem => (4, None, None),
            ArrayCopy => (5, None, None),
            I64Add128 | I64Sub128 => (4, wide, wide),
            I64MulWideS | I64MulWideU => (2, wide, wide),
            // Translated by `array_new`, and by `wait_or_notify`.
            ArrayNew | ArrayNewDefault | MemoryAtomicNotify | MemoryAtomicWait32
            | MemoryAtomicWait64 => op.misplaced(),
        };
        (operands, [first, second])
    }
}
