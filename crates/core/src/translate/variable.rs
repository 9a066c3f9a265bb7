//! Locals, globals, `select`.

use super::{
    Translator,
    inst::{Global, Inst, Loc, NO_LOC, ResultLoc, What, single},
    placing::placed,
    stack::{Operand, Origin},
};
use crate::exec::{
    Cell,
    machine::place::{Domain, Kind, in_order},
    tables::{self, FAST},
};
use windlass_decode::{Op, ValType};

impl Translator<'_> {
    pub(super) fn local_get(&mut self, local: u32) {
        self.push_local(local);
    }

    pub(super) fn local_set(&mut self, local: u32) {
        let value = self.pop();
        self.write_local(local, value);
    }

    pub(super) fn local_tee(&mut self, local: u32) {
        let value = self.pop();
        self.write_local(local, value);
        match value.origin {
            Origin::Const(bits) => self.push_const(value.kind, bits),
            Origin::Local(_) | Origin::Temp => self.push_local(local),
        }
    }

    /// Writes a popped value to a local: best by sending the instruction that made it there.
    fn write_local(&mut self, local: u32, value: Operand) {
        let target = self.locals.get(local);
        if value.origin == Origin::Local(local) {
            return;
        }
        let d = match target.pin {
            Some(0) if FAST => ResultLoc::P0(target.slot),
            Some(_) if FAST => ResultLoc::P1(target.slot),
            _ => ResultLoc::Slot(target.slot),
        };
        let is_made = value.origin == Origin::Temp;
        if is_made && self.builder.redirect(ResultLoc::Slot(value.slot), d) {
            if target.pending.is_some()
                && let Some(inst) = self.builder.take_back()
            {
                // What is on the stack of the local is copied before.
                self.flush(local);
                self.builder.emit(inst);
            }
            self.builder.keep_stores();
        } else {
            self.flush(local);
            let a = self.place(value);
            self.copy(value.kind, a, d);
        }
    }

    pub(super) fn global_get(&mut self, global: u32) {
        let (kind, global) = self.global(global);
        self.produce(What::GlobalGet(kind, global), &mut [], kind);
    }

    pub(super) fn global_set(&mut self, global: u32) {
        let (kind, global) = self.global(global);
        let value = self.pop();
        let a = match self.place(value) {
            Loc::Const(_) if global.own.is_none() => Loc::Slot(self.slot_of(value)),
            a => a,
        };
        let find = |[a]: [Loc; 1]| tables::global_set(kind, global.own.is_some(), a.place());
        let Some(([a], entry)) = placed([a], find) else { return };
        self.builder.use_operands(kind.domain(), &[a]);
        self.builder.cell(entry, format_args!("global {} = {a}", global.index));
        let wide = single(&mut self.builder.code, 0, a, kind);
        self.builder.push(u64::from(global.in_cell()));
        self.builder.code.extend(wide.map(Cell::word));
    }

    /// A global, and the kind of its values.
    fn global(&self, index: u32) -> (Kind, Global) {
        let context = self.source.context;
        let ty = context.globals.get(index as usize).map_or(ValType::I64, |ty| ty.val);
        let kind = Kind::from(ty);
        let own = index.checked_sub(context.imported.globals);
        let has_places = tables::FAST && kind != Kind::V128;
        (kind, Global { index, own: own.filter(|_| has_places) })
    }

    /// `select`: of a comparison, if that was just made; of the other order, if the condition was
    /// negated.
    pub(super) fn select(&mut self) {
        let condition = self.pop();
        let (mut y, mut x) = (self.pop(), self.pop());
        if self.cmp_select(condition, x, y) {
            return;
        }
        let mut c = self.place(condition).unpinned();
        if self.is_last(condition)
            && let Some(&Inst { what: What::Un(Op::I32Eqz), a, .. }) = self.builder.last()
        {
            self.builder.take_back();
            core::mem::swap(&mut x, &mut y);
            c = a.unpinned();
        }
        if c.is_const() {
            c = Loc::Slot(self.slot_of(condition));
        }
        let kind = x.kind;
        let [a, b] = [x, y].map(|operand| match operand.origin {
            Origin::Const(bits) => Loc::Const(bits),
            _ => Loc::Slot(self.slot_of(operand)),
        });
        let d = ResultLoc::Slot(self.next_slot());
        self.builder.emit(Inst { what: What::Select(kind, c), d, a, b });
        self.push_temp(kind);
    }

    /// Joins a `select` with the comparison that made its condition. Both values must lie in slots.
    fn cmp_select(&mut self, condition: Operand, x: Operand, y: Operand) -> bool {
        let Some(&Inst { what: What::Bin(op), a, b, .. }) = self.builder.last() else {
            return false;
        };
        if !FAST
            || !self.is_last(condition)
            || x.kind.domain() != Domain::Int
            || [x, y].iter().any(|v| matches!(v.origin, Origin::Const(_)))
        {
            return false;
        }
        let (sx, sy) = (self.slot_of(x), self.slot_of(y));
        let d = ResultLoc::Slot(self.next_slot());
        let inst = Inst { what: What::CmpSelect(op, sx, sy), d, a, b };
        if inst.placed().is_none() {
            return false;
        }
        self.builder.take_back();
        self.builder.emit(inst);
        self.push_temp(x.kind);
        true
    }

    /// Whether a popped operand is the result of the last instruction, and nothing else's.
    pub(super) fn is_last(&self, operand: Operand) -> bool {
        operand.origin == Origin::Temp
            && self.builder.last().is_some_and(|last| last.d == ResultLoc::Slot(operand.slot))
    }

    /// Emits an instruction that pushes its result. Operands that have no handler where they lie
    /// are moved.
    pub(super) fn produce(&mut self, what: What, operands: &mut [Operand], kind: Kind) {
        let d = ResultLoc::Slot(self.next_slot());
        let mut inst = Inst { what, d, a: NO_LOC, b: NO_LOC };
        // What was made wider is read where it lies, so there its upper half has to be zero: not if
        // it was made narrower before, and that was taken back.
        let is_number = match what {
            What::Un(op) => op != Op::I64ExtendI32U,
            What::Bin(_) => true,
            _ => false,
        };
        // The upper one was made last.
        let mut read = [None; 2];
        for (loc, operand) in read.iter_mut().zip(&*operands).rev().filter(|_| is_number) {
            *loc = self.unconverted(*operand);
        }
        if let [a, ..] = operands {
            inst.a = read[0].unwrap_or_else(|| self.place(*a));
        }
        if let [_, b] = operands {
            inst.b = read[1].unwrap_or_else(|| self.place(*b));
            // The accumulator can be read once: a handler has no form with it twice.
            if inst.a.is_acc() && inst.b.is_acc() {
                inst.b = Loc::Slot(inst.b.slot());
            }
            if let What::Bin(op) = what
                && op.commutes()
                && !in_order(inst.a.place(), inst.b.place())
            {
                core::mem::swap(&mut inst.a, &mut inst.b);
                operands.swap(0, 1);
            }
        }
        if !self.builder.emit(inst) {
            self.emit_from_slots(inst, operands);
        }
        self.push_temp(kind);
    }

    /// Emits an instruction that has no handler for the places of its operands: from slots.
    fn emit_from_slots(&mut self, mut inst: Inst, operands: &[Operand]) {
        if let [a, ..] = operands {
            inst.a = self.slot_place(inst.a, *a);
        }
        if let [_, b] = operands
            && (!inst.b.is_const() || inst.entry().is_none())
        {
            inst.b = self.slot_place(inst.b, *b);
        }
        let emitted = self.builder.emit(inst);
        debug_assert!(emitted, "every instruction has a handler for slots: {inst}");
    }

    /// The slot of what is read at `loc`, of an operand.
    fn slot_place(&mut self, loc: Loc, operand: Operand) -> Loc {
        if loc.is_const() { Loc::Slot(self.slot_of(operand)) } else { loc.in_slot() }
    }
}
