//! What a cell reads and writes: operands and results in slots, registers and code, and the kinds
//! of cells that are no calls, objects or the driver's. A part of [`Verifier`].

use super::{
    Outcome, Progress, Verifier, ensure,
    types::{I31, Reference, Ty},
};
use crate::{
    Metering,
    exec::{
        Cell,
        cells::{Field, Layout, Layouts, Part, Type},
        machine::place::{Dest, Domain, Place},
        tables::Sort,
    },
};
use core::ops::Range;
use windlass_decode::{AbsHeapType, HeapType, RefType, ValType};

/// What the fields of a cell have to be read as.
pub(super) type Operands = [Ty; 4];

impl Verifier<'_> {
    /// Looks at the cell, and does to what is known what it does. Whether the next one may follow.
    pub(super) fn cell(&mut self, layout: &Layout) -> Result<bool, &'static str> {
        if let Part::NewFirst(_) = layout.part {
            // It may stop before it reads anything.
            self.state.pause();
        }
        let operands = self.read(layout)?;
        // Copies neither stop nor make room: a local that gets the object has its old value copied
        // to where it is wanted before.
        let is_making = |part| {
            use Part::*;
            matches!(part, NewFirst(_) | NewField(_) | NewLast(_) | NewDescribed | Copy)
        };
        let is_one_go = self.making.is_none() || is_making(layout.part);
        ensure(is_one_go, "I10: an object is made in one go")?;
        let goes_on = self.part(layout, &operands)?;
        Ok(goes_on)
    }

    /// The types of the operands.
    fn read(&self, layout: &Layout) -> Result<Operands, &'static str> {
        let mut operands = [Ty::DEAD; 4];
        let first = self.subject.code.get(self.at + 1).map_or(0, |word| word.bits());
        for (index, (field, operand)) in layout.fields.iter().zip(&mut operands).enumerate() {
            if let &(Field::Get(place, ty) | Field::Update(place, ty)) = field {
                *operand = self.operand(super::field(first, index), place, ty)?;
            }
        }
        Ok(operands)
    }

    /// The type of an operand, which may lie in this slot, read as `ty`. More of a constant says
    /// [`Self::value_of`].
    #[inline]
    fn operand(&self, slot: i32, place: Place, ty: Type) -> Result<Ty, &'static str> {
        let found = match place {
            Place::Const => match ty {
                Type::I32 | Type::F32 | Type::Index => Ty::NARROW,
                Type::V128 => Ty::LOW,
                _ => Ty::WIDE,
            },
            Place::Slot => {
                let found = self.state.slot(&self.frame, slot)?;
                if ty == Type::V128 {
                    let high = self.state.slot(&self.frame, slot + 1)?;
                    ensure(high == Ty::HIGH, "I2: the type of a slot that is read")?;
                }
                found
            }
            Place::Acc => self.state.acc(ty.domain()).ty,
            Place::P0 | Place::P1 => {
                let pins = self.state.flow.pins.get(ty.domain() as usize);
                let pin = pins.map_or(0, |pins| pins[usize::from(place == Place::P1)]);
                ensure(pin != 0, "I2: a register has the pinned local")?;
                self.state.slot(&self.frame, pin)?
            }
        };
        ensure(self.is(found, ty), "I2: the type of what is read")?;
        Ok(found)
    }

    /// Whether two layouts that are alike find the same in the cell.
    pub(super) fn reads_the_same(&self, a: &Layout, b: &Layout) -> bool {
        a.fields.iter().zip(&b.fields).enumerate().all(|(index, (a, b))| {
            let of_pin = |field: &Field| match *field {
                Field::Get(place @ (Place::P0 | Place::P1), ty) => {
                    let pins = self.state.flow.pins.get(ty.domain() as usize);
                    pins.is_some_and(|pins| {
                        pins[usize::from(place == Place::P1)] == self.field(index)
                    })
                }
                _ => true,
            };
            a == b || of_pin(a) && of_pin(b)
        })
    }

    /// Whether this can be read so. An integer can be read as one of the other width, too: as its
    /// lower half, or with the zeros behind it.
    fn is(&self, ty: Ty, wanted: Type) -> bool {
        let heap = |wanted| self.types.refers(ty, HeapType::Abs(wanted));
        let is_integer = [Ty::I32, Ty::I64].into_iter().any(|number| self.types.fits(ty, number));
        match wanted {
            Type::I32 | Type::I64 => is_integer,
            Type::F32 => self.types.fits(ty, Ty::F32),
            Type::F64 => self.types.fits(ty, Ty::F64),
            Type::V128 => self.types.fits(ty, Ty::LOW),
            Type::Word => ty.reference != Reference::None || is_integer,
            Type::Index => is_integer,
            Type::Ref => ty.reference != Reference::None,
            Type::I31 => heap(AbsHeapType::I31),
            Type::Array => heap(AbsHeapType::Array),
            Type::Func => heap(AbsHeapType::Func),
        }
    }

    /// The type of the operand that the field says; a wide constant is in operand word `wide`.
    pub(super) fn value_of(&self, field: Field, operand: Ty, wide: usize) -> Ty {
        match field {
            Field::Get(Place::Const, Type::I64 | Type::F64 | Type::Word) => {
                Ty::of_const(self.word(wide))
            }
            _ => operand,
        }
    }

    /// What the cell gives, if nothing but its operands and what it accesses says it. Handlers of
    /// one address do the same: so what it gives is also what each of the others would give whose
    /// operands these can be.
    fn given(&self, layout: &Layout, operands: &Operands) -> Result<Option<Ty>, &'static str> {
        let mut result = self.given_by(layout, operands)?;
        if let Some(result) = result.as_mut().filter(|_| self.is_shared) {
            for other in self.layouts.of(self.subject.code[self.at]) {
                if core::ptr::eq(other, layout) {
                    continue;
                }
                let given = self.read(other).and_then(|operands| self.given_by(other, &operands));
                if let Ok(Some(other)) = given {
                    *result = result.and(other);
                }
            }
        }
        Ok(result)
    }

    fn given_by(&self, layout: &Layout, operands: &Operands) -> Result<Option<Ty>, &'static str> {
        let Field::Set(_, ty) = layout.fields[0] else {
            return self.access(layout.part).map(|()| None);
        };
        Ok(Some(match layout.part {
            Part::Copy => self.value_of(layout.fields[1], operands[1], 1),
            Part::Select => {
                let x = self.value_of(layout.fields[1], operands[1], 1);
                let is_wide = matches!(layout.fields[1], Field::Get(Place::Const, _));
                let y = self.value_of(layout.fields[2], operands[2], 1 + usize::from(is_wide));
                self.types.join(x, y)
            }
            Part::Slots => {
                let slots = [self.low(1), self.high(1)].map(u32::cast_signed);
                let [x, y] = slots.map(|slot| self.state.slot(&self.frame, slot));
                let ty = self.types.join(x?, y?);
                let is_word = self.types.fits(ty, Ty::I32) || self.is(ty, Type::Word);
                ensure(is_word, "I2: slots that are selected")?;
                ty
            }
            part => {
                self.access(part)?;
                of_result(ty)
            }
        }))
    }

    /// The memory that the cell accesses, if it does.
    fn access(&self, part: Part) -> Outcome {
        match part {
            Part::Memory => self.first_memory(Sort::Own32),
            Part::SharedMemory => self.first_memory(Sort::Shared32),
            Part::AnyMemory { sort } => self.memory(sort),
            Part::AtomicMemory { is64, slots, ty } => self.atomic(is64, slots, ty),
            _ => Ok(()),
        }
    }

    /// What the cell does.
    fn part(&mut self, layout: &Layout, operands: &Operands) -> Result<bool, &'static str> {
        use Part::*;
        let mut result = None;
        match layout.part {
            Copy => {
                result = self.given(layout, operands)?;
                self.copy(layout.fields[0], result)?;
                self.note_copy(layout);
                return Ok(true);
            }
            Nothing
            | Select
            | Slots
            | Memory
            | SharedMemory
            | AnyMemory { .. }
            | AtomicMemory { .. } => {
                result = self.given(layout, operands)?;
            }
            Branch { word, again, zero } => {
                self.update(layout.fields[0])?;
                match self.test(layout, operands[1]).zip(zero) {
                    Some((test, zero)) => self.branch_tested(word, again, test, !zero)?,
                    None => self.branches(word..word + 1, again)?,
                }
            }
            Jump { again } => {
                self.branches(0..1, again)?;
                return Ok(false);
            }
            BrTable => {
                let targets = self.next_targets(self.words);
                self.branches(targets, None)?;
                return Ok(false);
            }
            LoopEnter(metering) | LoopEnterPinned(metering) | Charge(metering) => {
                ensure(metering == self.subject.metering, "I15: who looks at interrupts")?;
                self.state.pause();
                if let LoopEnter(_) | LoopEnterPinned(_) = layout.part {
                    self.state.flow.again = u32::try_from(self.at + 1 + layout.words).ok();
                }
                if let LoopEnterPinned(_) = layout.part {
                    self.load_pins()?;
                }
            }
            LoadPins => self.load_pins()?,
            GlobalGet { is_own } => {
                result = Some(self.global(is_own, self.high(0), layout.fields[0])?);
            }
            GlobalSet { is_own } => {
                let ty = self.global(is_own, self.low(1), layout.fields[1])?;
                let own = self.value_of(layout.fields[1], operands[1], 2);
                ensure(self.types.fits(own, ty), "I10: the type of a global")?;
            }
            TableGet | TableSet | TableSize => result = self.table(layout.part, operands)?,
            Func => {
                let ty = self.subject.context.funcs.get(self.high(0) as usize);
                let id = ty.and_then(|&ty| self.subject.context.type_ids.get(ty as usize));
                let id = id.ok_or("I6: the index of a function")?;
                result = Some(Ty::to(HeapType::Exact(id.0)));
            }
            StructGet(_)
            | StructSet(_)
            | ArrayGet(_)
            | ArraySet(_)
            | NewFirst(_)
            | NewField(_)
            | NewLast(_)
            | NewDescribed
            | GetDesc
            | DescCast
            | DescTest
            | SmallArray(_)
            | RefTest(_)
            | RefCast(_)
            | BrCast { .. } => {
                result = self.object(layout, operands)?;
            }
            MemoryLane(dest) => {
                self.first_memory(Sort::Own32)?;
                self.lane(1, dest)?;
            }
            AnyMemoryLane { sort } => {
                self.memory(sort)?;
                self.lane(2, Dest::Slot)?;
            }
            Enter(..) => ensure(self.at == 0, "I1: enter is the first cell only")?,
            Reload => {
                let [_, f64, f32] = self.frame.pins;
                let named = [0, 1, 2, 3].map(|index| self.field(index));
                let is_so = named == [f64[0], f64[1], f32[0], f32[1]];
                ensure(is_so, "I2: pinned locals to load again")?;
                self.state.flow.pins[Domain::F64 as usize] = f64;
                self.state.flow.pins[Domain::F32 as usize] = f32;
            }
            MoveMany => self.move_many()?,
            Gather(count) => self.gather(count)?,
            Slow => self.slow()?,
            SmallBulk(op) => self.small_bulk(op)?,
            Unreachable => return Ok(false),
            Call | CallImport | CallIndirect | CallRef => self.call(layout.part, operands)?,
            ReturnCall | ReturnCallImport | ReturnCallIndirect | ReturnCallRef => {
                self.return_call(layout.part, operands)?;
                // What the driver calls comes back behind the cell.
                return Ok(layout.part != ReturnCall);
            }
            ReturnNone | ReturnOne | ReturnMany => {
                self.returns(layout, operands)?;
                return Ok(false);
            }
            Throw | ThrowRef => {
                self.throws(layout.part)?;
                return Ok(false);
            }
        }
        if let Field::Set(dest, ty) = layout.fields[0] {
            self.set(dest, ty, result)?;
        }
        Ok(true)
    }

    /// What is known here goes to where these operand words lead.
    pub(super) fn branches(&mut self, mut words: Range<usize>, again: Option<Metering>) -> Outcome {
        let flow = self.state.flow();
        words.try_for_each(|word| self.branch(word, again, flow))
    }

    /// The cell's result, in the places that its first field says.
    fn set(&mut self, dest: Dest, wanted: Type, result: Option<Ty>) -> Outcome {
        let slot = self.field(0);
        let ty = result.unwrap_or(of_result(wanted));
        match dest {
            Dest::Acc => self.state.set_acc(wanted.domain(), ty, 0),
            Dest::Slot => {
                self.write(slot, ty)?;
                self.state.set_acc(wanted.domain(), ty, slot);
            }
            Dest::P0 | Dest::P1 => self.write_pin(wanted.domain(), dest == Dest::P1, slot, ty)?,
        }
        Ok(())
    }

    /// A copy leaves accumulators alone.
    fn copy(&mut self, field: Field, result: Option<Ty>) -> Outcome {
        match (field, result) {
            (Field::Set(Dest::Slot, _), Some(ty)) => self.write(self.field(0), ty),
            (Field::Set(dest, wanted), result) => self.set(dest, wanted, result),
            _ => Ok(()),
        }
    }

    /// After a copy: of a reference, the slots are noted.
    fn note_copy(&mut self, layout: &Layout) {
        let Field::Get(Place::Slot | Place::Acc | Place::P0 | Place::P1, _) = layout.fields[1]
        else {
            return;
        };
        let [to, from] = [self.field(0), self.slot_tested(layout)];
        let found = self.state.slot(&self.frame, from);
        let is_reference = found.is_ok_and(Ty::is_reference) && to != from;
        if is_reference && matches!(layout.fields[0], Field::Set(Dest::Slot, Type::Word)) {
            self.state.copy = Some((to, from));
        }
    }

    /// The registers of pinned integers get what lies in the slots that fields 0 and 1 name.
    fn load_pins(&mut self) -> Outcome {
        let pins = [self.field(0), self.field(1)];
        self.frame.check_pins(Domain::Int, pins)?;
        self.state.flow.pins[Domain::Int as usize] = pins;
        Ok(())
    }

    /// A slot, or the two of a vector. If it is that of a pinned local, a register that held its
    /// value does so no more.
    pub(super) fn write(&mut self, slot: i32, ty: Ty) -> Outcome {
        self.set_slot(slot, ty)?;
        if ty == Ty::LOW { self.set_slot(slot + 1, Ty::HIGH) } else { Ok(()) }
    }

    pub(super) fn set_slot(&mut self, slot: i32, ty: Ty) -> Outcome {
        let Progress { state, frame, .. } = &mut self.progress;
        state.set_slot(frame, self.types, slot, ty)
    }

    pub(super) fn refine_slot(&mut self, slot: i32, ty: Ty) -> Outcome {
        let Progress { state, frame, .. } = &mut self.progress;
        state.refine(frame, slot, ty)
    }

    /// Operands from this slot on are gone.
    pub(super) fn cut(&mut self, slot: i32) -> Outcome {
        let Progress { state, frame, .. } = &mut self.progress;
        state.cut(frame, slot)
    }

    /// A local is written, and the register that has it from here on.
    fn write_pin(&mut self, domain: Domain, second: bool, slot: i32, ty: Ty) -> Outcome {
        ensure(slot != 0, "I2: what is pinned is a local")?;
        self.frame.check_pins(domain, [slot, 0])?;
        self.set_slot(slot, ty)?;
        let pins =
            self.state.flow.pins.get_mut(domain as usize).ok_or("I2: no vector is pinned")?;
        pins[usize::from(second)] = slot;
        Ok(())
    }

    /// A latch adds to what it tests.
    fn update(&mut self, field: Field) -> Outcome {
        let ty = if let Field::Update(_, Type::I32) = field { Ty::I32 } else { Ty::I64 };
        match field {
            Field::Update(Place::Slot, _) => {
                self.write(self.field(0), ty)?;
                // The accumulator gets the sum.
                let slot = self.field(0);
                self.state.set_acc(Domain::Int, ty, slot);
                Ok(())
            }
            Field::Update(place @ (Place::P0 | Place::P1), _) => {
                self.write_pin(Domain::Int, place == Place::P1, self.field(0), ty)
            }
            _ => Ok(()),
        }
    }

    /// I6: the type of a global, which is read or written as the field says; `index` counts those
    /// that the module defines, or all.
    fn global(&self, is_own: bool, index: u32, field: Field) -> Result<Ty, &'static str> {
        let context = self.subject.context;
        let first = if is_own { context.imported.globals } else { 0 };
        let globals = context.globals.get(first as usize..);
        let global = globals.and_then(|globals| globals.get(index as usize));
        let ty = Ty::of(global.ok_or("I6: the index of a global")?.val);
        let (Field::Get(_, wanted) | Field::Set(_, wanted)) = field else { return Ok(ty) };
        ensure(self.is(ty, wanted), "I6: the type of a global")?;
        Ok(ty)
    }

    /// I6: a table, and what its elements and indices are.
    fn table(&self, part: Part, operands: &Operands) -> Result<Option<Ty>, &'static str> {
        let table = self.subject.context.tables.get(self.high(0) as usize);
        let table = table.ok_or("I6: the index of a table")?;
        let element = Ty::of(ValType::Ref(RefType { ..table.element }));
        let index = if table.limits.is64 { Ty::I64 } else { Ty::I32 };
        if part == Part::TableSize {
            return Ok(Some(index));
        }
        ensure(self.types.fits(operands[1], index), "I6: the index of an element")?;
        if part == Part::TableGet {
            return Ok(Some(element));
        }
        ensure(self.types.fits(operands[0], element), "I10: the type of a table's elements")?;
        Ok(None)
    }

    /// I6: memory 0 with 32-bit addresses and not shared, or the one that is named and of that
    /// sort.
    pub(super) fn first_memory(&self, sort: Sort) -> Outcome {
        let fits = self.subject.context.memories.first().is_some_and(|m| Sort::of(m) == sort);
        ensure(fits, "I6: memory 0 has 32-bit addresses, and is shared if the cell says so")
    }

    fn memory(&self, sort: Sort) -> Outcome {
        let memory = self.subject.context.memories.get(self.high(0) as usize);
        ensure(memory.is_some_and(|m| Sort::of(m) == sort), "I6: the index of a memory")
    }

    /// I6: a memory with addresses of the width. I2: the slots in operand word 2.
    fn atomic(&self, is64: bool, slots: usize, ty: Type) -> Outcome {
        let memory = self.subject.context.memories.get(self.high(0) as usize);
        ensure(memory.is_some_and(|m| m.limits.is64 == is64), "I6: the index of a memory")?;
        let slots = [(slots > 0).then(|| self.low(2)), (slots > 1).then(|| self.high(2))];
        for slot in slots.into_iter().flatten() {
            let found = self.state.slot(&self.frame, slot.cast_signed())?;
            ensure(self.is(found, ty), "I2: the type of what is read")?;
        }
        Ok(())
    }

    /// I2: the vector that a load of a lane writes.
    fn lane(&mut self, word: usize, dest: Dest) -> Outcome {
        let mut slot = 0;
        if dest == Dest::Slot {
            slot = super::field(self.word(word), 0);
            self.write(slot, Ty::LOW)?;
        }
        self.state.set_acc(Domain::Vector, Ty::LOW, slot);
        Ok(())
    }
}

/// Layouts of the cell with this word, each with one of `handler` that is like it but for slots
/// that are read instead of pinned locals, or the other way round.
pub(super) fn alike(
    layouts: &Layouts,
    word: Cell,
    handler: u64,
) -> impl Iterator<Item = (&Layout, &Layout)> {
    let lies = |place: &Place| matches!(place, Place::Slot | Place::P0 | Place::P1);
    let is_like = move |(a, b): (&Field, &Field)| match (a, b) {
        (Field::Get(a, x), Field::Get(b, y)) => x == y && (a == b || lies(a) && lies(b)),
        _ => a == b,
    };
    layouts.of(word).flat_map(move |own| {
        let alike = layouts.of(Cell::word(handler)).filter(move |other| {
            let is_so = own.words == other.words && own.part == other.part;
            is_so && own.fields.iter().zip(&other.fields).all(is_like)
        });
        alike.map(move |other| (own, other))
    })
}

/// What a result is that is written so.
fn of_result(ty: Type) -> Ty {
    match ty {
        Type::I32 | Type::Index => Ty::I32,
        Type::F32 => Ty::F32,
        Type::F64 => Ty::F64,
        Type::V128 => Ty::LOW,
        Type::I31 => Ty::to(I31),
        _ => Ty::I64,
    }
}
