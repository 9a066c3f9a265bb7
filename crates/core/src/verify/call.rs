//! Calls, returns, throws, and moves of many values: what lies where when they are executed. A part
//! of [`Verifier`].

use super::{Outcome, Progress, Verifier, cell::Operands, ensure, field, frame::width, types::Ty};
use crate::exec::{
    DIRECT,
    cells::{Layout, Part},
    code::maps::Stopped,
    machine::place::Domain,
};
use windlass_decode::{AbsHeapType, FuncType, HeapType, ValType};
use windlass_validate::TypeId;

impl<'a> Verifier<'a> {
    /// I2: `count` slots of operands from `from` on.
    pub(super) fn operands(&self, from: i32, count: i32) -> Outcome {
        let fits = from >= self.frame.first_temp && from + count <= self.frame.end;
        ensure(fits, "I2: operands lie above the locals and in the frame")
    }

    /// I2: values of these types lie in slots of operands from `from` on.
    pub(super) fn values(&self, from: i32, types: &[ValType]) -> Outcome {
        self.operands(from, width(types))?;
        let mut slot = from;
        types.iter().try_for_each(|&ty| self.value(&mut slot, Ty::of(ty)))
    }

    /// A value of this type lies in the slot, or in two; the slot is then the one behind.
    pub(super) fn value(&self, slot: &mut i32, ty: Ty) -> Outcome {
        let fits =
            |slot, ty| Ok::<_, &str>(self.types.fits(self.state.slot(&self.frame, slot)?, ty));
        let mut is_so = fits(*slot, ty)?;
        *slot += 1;
        if ty == Ty::LOW {
            is_so &= fits(*slot, Ty::HIGH)?;
            *slot += 1;
        }
        ensure(is_so, "I2: the type of an operand")
    }

    /// Values of these types are now the operands from `from` on, and the last ones.
    pub(super) fn give(&mut self, from: i32, types: impl Iterator<Item = Ty>) -> Outcome {
        self.cut(from)?;
        let mut slot = from;
        for ty in types {
            self.write(slot, ty)?;
            slot += if ty == Ty::LOW { 2 } else { 1 };
        }
        Ok(())
    }

    /// I6: the type of what is called.
    fn callee(&self, part: Part, operands: &Operands) -> Result<&'a FuncType, &'static str> {
        let context = self.subject.context;
        let ty = match part {
            Part::CallIndirect | Part::ReturnCallIndirect | Part::CallRef | Part::ReturnCallRef => {
                let id = self.low(1);
                let index = context.type_index(TypeId(id)).ok_or("I6: the type of a call")?;
                let wanted = HeapType::Concrete(id);
                let fits = if matches!(part, Part::CallIndirect | Part::ReturnCallIndirect) {
                    let table = context.tables.get(self.high(1) as usize);
                    let table = table.ok_or("I6: the index of a table")?;
                    let index = if table.limits.is64 { Ty::I64 } else { Ty::I32 };
                    ensure(self.types.fits(operands[3], index), "I6: the index of an element")?;
                    self.types.heap_fits(table.element.heap, HeapType::Abs(AbsHeapType::Func))
                } else {
                    self.types.fits(operands[3], Ty::to(wanted))
                };
                ensure(fits, "I6: the type of what is called")?;
                return context.type_func(index).ok_or("I6: the type of a call");
            }
            Part::CallImport | Part::ReturnCallImport => {
                let index = u32::try_from(self.word(1)).ok();
                let imported = index.filter(|&index| index < context.imported.funcs);
                context.func_type(imported.ok_or("I6: the index of an imported function")?)
            }
            _ => {
                let func = self.subject.table.starting(self.word(1));
                let func = func.and_then(|defined| u32::try_from(defined).ok());
                let func = func.ok_or("I3: the code of a function of the module")?;
                context.func_type(context.imported.funcs + func)
            }
        };
        ensure(self.field(3) == i32::from(DIRECT), "I1: a direct call says so")?;
        ty.ok_or("I6: the type of a function")
    }

    pub(super) fn call(&mut self, part: Part, operands: &Operands) -> Outcome {
        let ty = self.callee(part, operands)?;
        self.work_on(ty.params.len() + ty.results.len());
        let first = self.field(0) - width(&ty.params);
        self.values(first, &ty.params)?;
        self.operands(first, width(&ty.results))?;
        let pins = [self.field(1), self.field(2)];
        ensure(pins == self.frame.pins[Domain::Int as usize], "I2: pinned locals to load again")?;
        self.cut(first)?;
        self.stops(self.at + 1 + self.words, Stopped::Called)?;
        self.state.forget();
        self.state.flow.again = None;
        // Integers are loaded by the return, others by a cell that follows.
        self.state.flow.pins = [pins, [0; 2], [0; 2]];
        self.may_throw(first)?;
        self.give(first, ty.results.iter().map(|&ty| Ty::of(ty)))?;
        if let [result] = ty.results[..] {
            let (domain, ty) = (domain(result), Ty::of(result));
            self.state.set_acc(domain, ty, first);
        }
        Ok(())
    }

    pub(super) fn return_call(&mut self, part: Part, operands: &Operands) -> Outcome {
        let ty = self.callee(part, operands)?;
        self.work_on(ty.params.len() + ty.results.len());
        let [from, count, shift] = [0, 1, 2].map(|index| self.field(index));
        ensure(count == width(&ty.params), "I2: the arguments of a tail call")?;
        ensure(shift == count - self.frame.param_slots, "I2: where the frame of a tail call goes")?;
        ensure(shift <= self.frame.end, "I2: room for the frame of a tail call")?;
        self.values(from, &ty.params)?;
        let fits = |(&own, &wanted)| self.types.fits(Ty::of(own), Ty::of(wanted));
        let results = ty.results.iter().zip(&self.ty.results);
        let is_so = ty.results.len() == self.ty.results.len() && results.clone().all(fits);
        ensure(is_so, "I2: the results of a tail call")?;
        if part != Part::ReturnCall {
            // What the driver calls comes back, and its results are returned by the next cell.
            self.operands(from, width(&ty.results))?;
            self.state.meet();
            let Progress { state, frame, .. } = &mut self.progress;
            state.forget_locals(frame)?;
            self.give(from, ty.results.iter().map(|&ty| Ty::of(ty)))?;
        }
        Ok(())
    }

    pub(super) fn returns(&mut self, layout: &Layout, operands: &Operands) -> Outcome {
        let results = &self.ty.results[..];
        let to = -self.frame.param_slots;
        match layout.part {
            Part::ReturnNone => ensure(results.is_empty(), "I2: there are results"),
            Part::ReturnOne => {
                let &[result] = results else { return Err("I2: there is one result") };
                let own = self.value_of(layout.fields[1], operands[1], 1);
                ensure(self.field(0) == to, "I2: where the result goes")?;
                ensure(self.types.fits(own, Ty::of(result)), "I2: the type of the result")
            }
            _ => {
                let is_so = self.field(0) == to && self.field(2) == width(results);
                ensure(is_so, "I2: where results go")?;
                self.work_on(results.len());
                self.values(self.field(1), results)
            }
        }
    }

    pub(super) fn throws(&mut self, part: Part) -> Outcome {
        let slot = self.field(1);
        if part == Part::Throw {
            let ty = self.subject.context.tag_type(self.high(0)).ok_or("I6: the index of a tag")?;
            self.work_on(ty.params.len());
            self.values(slot, &ty.params)?;
        } else {
            let ty = self.state.slot(&self.frame, slot)?;
            let exn = Ty::to(HeapType::Abs(AbsHeapType::Exn));
            ensure(self.types.fits(ty, exn), "I2: a reference to an exception")?;
        }
        self.may_throw(self.frame.end)
    }

    pub(super) fn move_many(&mut self) -> Outcome {
        let [to, from, count] = [0, 1, 2].map(|index| field(self.word(0), index));
        ensure(to < from && count > 0, "I2: slots that are moved go down")?;
        self.operands(to, count)?;
        self.operands(from, count)?;
        self.work_on(usize::try_from(count).unwrap_or(0));
        for index in 0..count {
            let ty = self.state.slot(&self.frame, from + index)?;
            self.set_slot(to + index, ty)?;
        }
        Ok(())
    }

    /// I2: slots that are read, and as many that are written, of operands.
    pub(super) fn gather(&mut self, count: usize) -> Outcome {
        let [to, from @ ..] = [0, 1, 2, 3].map(|index| self.field(index));
        self.operands(to, i32::try_from(count).unwrap_or(i32::MAX))?;
        for (slot, &from) in (to..).zip(&from[..count]) {
            let ty = self.state.slot(&self.frame, from)?;
            self.set_slot(slot, ty)?;
        }
        Ok(())
    }
}

/// The register file of a value.
pub(super) fn domain(ty: ValType) -> Domain {
    crate::exec::machine::place::Kind::from(ty).domain()
}
