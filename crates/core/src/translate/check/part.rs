//! What each kind of cell holds beside its operands: memories, targets, callees, clauses, types. A
//! part of [`Checker`].

use super::{
    super::{FIRST_LOCAL, encode::low},
    Checker, Outcome, ensure, field, width,
};
use crate::{
    exec::{
        Catches, Cell, DIRECT, SlowOp,
        cells::{Layout, Layouts, Part},
        machine::place::Domain,
        tables::Sort,
    },
    object_type::{FieldLayout, HEADER},
};
use windlass_decode::FuncType;

impl<'a> Checker<'a> {
    /// I6: memory 0 with 32-bit addresses and not shared, or the one that is named and of that
    /// sort.
    fn memory(&self, any: Option<Sort>, at: usize) -> Outcome {
        let memories = &self.source.context.memories;
        let Some(sort) = any else {
            let fits = memories.first().is_some_and(|m| Sort::of(m) == Sort::Own32);
            return ensure(fits, "I6: memory 0 has 32-bit addresses and is not shared");
        };
        let memory = memories.get(self.high(at, 0) as usize);
        ensure(memory.is_some_and(|m| Sort::of(m) == sort), "I6: the index of a memory")
    }

    /// I6: a memory with addresses of the width. I2: the slots in operand word 2.
    fn atomic(&self, at: usize, is64: bool, slots: usize) -> Outcome {
        let memory = self.source.context.memories.get(self.high(at, 0) as usize);
        ensure(memory.is_some_and(|m| m.limits.is64 == is64), "I6: the index of a memory")?;
        let halves = |slot| match slot {
            0 => self.low(at, 2) as isize,
            _ => self.high(at, 2).cast_signed() as isize,
        };
        let mut named = (0..slots).map(halves);
        ensure(named.all(|slot| self.in_frame(slot)), "I2: a slot that is read")
    }

    /// I2: the vector that a load of a lane writes.
    fn lane(&self, at: usize, word: usize) -> Outcome {
        ensure(self.vector(field(self.word(at, word), 0)), "I2: a vector that is written")
    }

    pub(super) fn part(&self, at: usize, layout: &Layout) -> Outcome {
        let context = self.source.context;
        match layout.part {
            Part::Nothing | Part::LoopEnter | Part::Unreachable => Ok(()),
            Part::Slots => {
                let [x, y] = [self.low(at, 1) as isize, self.high(at, 1).cast_signed() as isize];
                ensure(self.in_frame(x) && self.in_frame(y), "I2: slots that are selected")
            }
            Part::Branch { word, again } => self.target(at, word, again),
            Part::Jump { again } => self.target(at, 0, again),
            Part::BrTable => {
                let count = self.high(at, 0) as usize;
                (1..=count + 1).try_for_each(|word| self.target(at, word, false))
            }
            Part::Global { word, upper } => {
                let index = if upper { self.high(at, word) } else { low(self.word(at, word)) };
                ensure((index as usize) < context.globals.len(), "I6: the index of a global")
            }
            Part::Table => {
                let index = self.high(at, 0) as usize;
                ensure(index < context.tables.len(), "I6: the index of a table")
            }
            Part::Func => {
                let index = self.high(at, 0) as usize;
                ensure(index < context.funcs.len(), "I6: the index of a function")
            }
            Part::Field { size } => {
                let offset = self.high(at, 0);
                let mut objects = self.source.objects.iter().flatten();
                let is_field = objects.any(|ty| {
                    let mut places = ty.fields.iter();
                    let of_size = |place: &FieldLayout| place.storage.size() == size;
                    !ty.is_array() && places.any(|place| place.offset == offset && of_size(place))
                });
                ensure(is_field, "I10: the offset of a field")
            }
            Part::NewFirst { size } => {
                ensure(self.making.is_none(), "I10: one object is made after the other")?;
                self.new_field(at, size, low(self.word(at, 1)))
            }
            Part::NewField { size } => self.new_field(at, size, self.making.unwrap_or(0)),
            Part::NewLast { size } => {
                let making = self.making.ok_or("I10: an object is begun before it ends")?;
                self.new_field(at, size, making)?;
                ensure(self.is_object(self.word(at, 1), making), "I10: the header of an object")
            }
            Part::SmallArray => {
                let next = self.code.get(at + 1 + layout.words);
                let slow = next.is_some_and(|&next| {
                    Layouts::get().of(next).iter().any(|layout| layout.part == Part::Slow)
                });
                ensure(slow, "I10: the driver makes what is no small array")?;
                let header = self.high(at, 0);
                let mut objects = self.source.objects.iter().flatten();
                let is_array = objects.any(|ty| ty.is_array() && ty.header == header);
                ensure(is_array, "I10: the header of an array")?;
                self.operands(self.field(at, 0), 1)
            }
            Part::Memory => self.memory(None, at),
            Part::AnyMemory { sort } => self.memory(Some(sort), at),
            Part::AtomicMemory { is64, slots } => self.atomic(at, is64, slots),
            Part::MemoryLane { word } => self.memory(None, at).and(self.lane(at, word)),
            Part::AnyMemoryLane { sort, word } => {
                self.memory(Some(sort), at).and(self.lane(at, word))
            }
            Part::Enter(_) => ensure(at == 0, "I1: enter is the first cell only"),
            Part::Reload => {
                let [f64, f32] = [Domain::F64, Domain::F32].map(|d| self.pins[d as usize]);
                let named = [0, 1, 2, 3].map(|index| self.field(at, index));
                ensure(named == [f64[0], f64[1], f32[0], f32[1]], "I2: pinned locals to load again")
            }
            Part::Call | Part::CallImport | Part::CallIndirect | Part::CallRef => {
                self.call(at, layout.part)
            }
            Part::ReturnCall
            | Part::ReturnCallImport
            | Part::ReturnCallIndirect
            | Part::ReturnCallRef => self.return_call(at, layout.part),
            Part::ReturnNone => ensure(self.ty.results.is_empty(), "I2: there are results"),
            Part::ReturnOne { slots } => {
                let to_params = self.field(at, 0) == -self.param_slots;
                let one =
                    self.ty.results.len() == 1 && width(&self.ty.results) == slots.cast_signed();
                ensure(to_params && one, "I2: where the result goes")
            }
            Part::ReturnMany => {
                let count = width(&self.ty.results);
                let (to, named) = (self.field(at, 0), self.field(at, 2));
                ensure(to == -self.param_slots && named == count, "I2: where results go")?;
                self.operands(self.field(at, 1), count)
            }
            Part::MoveMany => {
                let [to, from, count] = [0, 1, 2].map(|index| self.field(at, index));
                ensure(to < from && count > 0, "I2: slots that are moved go down")?;
                self.operands(to, count)?;
                self.operands(from, count)
            }
            Part::Slow => self.slow(at),
            Part::Throw => {
                let ty = context.tag_type(self.high(at, 0)).ok_or("I6: the index of a tag")?;
                self.operands(self.field(at, 1), width(&ty.params))
            }
            Part::ThrowRef => {
                ensure(self.in_frame(self.field(at, 1)), "I2: a reference to an exception")
            }
        }
    }

    /// I3 and I5: the target of a branch.
    fn target(&self, at: usize, word: usize, again: bool) -> Outcome {
        let bytes = self.low(at, word) as isize;
        let cell = size_of::<Cell>().cast_signed();
        let target = (at.cast_signed() + 1) + bytes / cell;
        let is_cell = bytes % cell == 0
            && usize::try_from(target).is_ok_and(|at| self.starts.get(at) == Some(&true));
        ensure(is_cell, "I3: a branch goes to the start of a cell")?;
        let is_loop = self.again == Some(target.cast_unsigned());
        ensure(!again || is_loop, "I5: the loop is the innermost, and makes no calls")
    }

    /// I6: the type of what is called.
    fn callee(&self, at: usize, part: Part) -> Result<&'a FuncType, &'static str> {
        let context = self.source.context;
        let ty = match part {
            Part::CallIndirect | Part::ReturnCallIndirect | Part::CallRef | Part::ReturnCallRef => {
                let table = self.high(at, 1) as usize;
                let by_table = matches!(part, Part::CallIndirect | Part::ReturnCallIndirect);
                let is_table = table < context.tables.len();
                ensure(is_table || !by_table, "I6: the index of a table")?;
                let id = low(self.word(at, 1));
                let index = context.type_index(windlass_validate::TypeId(id));
                return index
                    .and_then(|index| context.type_func(index))
                    .ok_or("I6: the type of an indirect call");
            }
            Part::CallImport | Part::ReturnCallImport => {
                let index = u32::try_from(self.word(at, 1)).ok();
                let imported = index.filter(|&index| index < context.imported.funcs);
                context.func_type(imported.ok_or("I6: the index of an imported function")?)
            }
            _ => {
                let func = self.callees.get(&self.word(at, 1));
                context.func_type(*func.ok_or("I3: the code of a function that the body calls")?)
            }
        };
        ensure(self.field(at, 3) == isize::from(DIRECT), "I1: a direct call says so")?;
        ty.ok_or("I6: the type of a function")
    }

    fn call(&self, at: usize, part: Part) -> Outcome {
        let ty = self.callee(at, part)?;
        let frame = self.field(at, 0);
        let first = frame - width(&ty.params);
        self.operands(first, width(&ty.params))?;
        self.operands(first, width(&ty.results))?;
        let pins = [self.field(at, 1), self.field(at, 2)];
        ensure(pins == self.pins[Domain::Int as usize], "I2: pinned locals to load again")
    }

    fn return_call(&self, at: usize, part: Part) -> Outcome {
        let ty = self.callee(at, part)?;
        let [from, count, shift] = [0, 1, 2].map(|index| self.field(at, index));
        ensure(count == width(&ty.params), "I2: the arguments of a tail call")?;
        ensure(shift == count - self.param_slots, "I2: where the frame of a tail call goes")?;
        ensure(shift <= self.end, "I2: room for the frame of a tail call")?;
        ensure(width(&ty.results) == width(&self.ty.results), "I2: the results of a tail call")?;
        self.operands(from, count)
    }

    /// I2, I3 and I6 of where exceptions are caught: what a throw relies on.
    pub(super) fn catches(&self, catches: &Catches) -> Outcome {
        let is_block = |block: Option<u32>, of: usize| block.is_none_or(|b| (b as usize) < of);
        let count = catches.blocks.len();
        ensure(catches.spans.is_sorted_by(|a, b| a.0 < b.0), "I3: spans of try blocks in order")?;
        for &(word, block) in &catches.spans {
            let is_cell = word as usize == self.code.len() || self.starts[word as usize];
            ensure(is_cell, "I3: a try block begins and ends at the start of a cell")?;
            ensure(is_block(block, count), "I3: the number of a try block")?;
        }
        for (index, block) in catches.blocks.iter().enumerate() {
            ensure(is_block(block.outer, index), "I3: the outer try block is an earlier one")?;
            for clause in &block.clauses {
                let is_cell = self.starts.get(clause.target as usize) == Some(&true);
                ensure(is_cell, "I3: a clause goes on at the start of a cell")?;
                if let Some(tag) = clause.tag {
                    let ty = self.source.context.tag_type(tag).ok_or("I6: the index of a tag")?;
                    self.operands(clause.fields.into(), width(&ty.params))?;
                }
                if let Some(slot) = clause.reference {
                    let slot = isize::from(slot);
                    let is_local = slot >= FIRST_LOCAL.cast_signed() && slot < self.end;
                    let pinned = self.pins.as_flattened().contains(&slot);
                    ensure(is_local && !pinned, "I2: where the reference to an exception goes")?;
                }
            }
        }
        Ok(())
    }

    /// I10: a field of the object of `making` bytes that is being made.
    fn new_field(&self, at: usize, size: u32, making: u32) -> Outcome {
        let offset = if size == 0 { HEADER } else { self.high(at, 0) };
        let fits = offset >= HEADER && u64::from(offset) + u64::from(size) <= u64::from(making);
        ensure(fits, "I10: a field of what is made")
    }

    /// Whether this is the header of an object of so many bytes.
    fn is_object(&self, header: u64, size: u32) -> bool {
        self.source.objects.iter().flatten().any(|ty| {
            let own = match ty.is_array() {
                true => ty.array_size(header >> 32),
                false => (header >> 32 == 0).then_some(ty.size as usize),
            };
            ty.header == low(header) && own == Some(size as usize)
        })
    }

    /// An instruction that the driver executes.
    fn slow(&self, at: usize) -> Outcome {
        let context = self.source.context;
        let op = SlowOp::from_number((self.word(at, 0) & 0xffff) as u16)
            .ok_or("I1: a slow instruction")?;
        let (first, second) = (self.high(at, 0) as usize, self.word(at, 1));
        let memory = |index: usize| index < context.memories.len();
        let table = |index: usize| index < context.tables.len();
        let data = |index: usize| index < self.source.decoded.data.len();
        let element = |index: usize| index < context.elements.len();
        let array_width = |index: usize| {
            let ty = self.source.objects.get(index)?.as_ref().filter(|ty| ty.is_array())?;
            Some(ty.element().slots().cast_signed())
        };
        let is_array = |index: usize| array_width(index).is_some();
        let second = usize::try_from(second).unwrap_or(usize::MAX);
        use SlowOp::*;
        let (slots, indices) = match op {
            MemorySize | MemoryGrow => (1, memory(first)),
            MemoryFill | MemoryAtomicWait32 | MemoryAtomicWait64 => (3, memory(first)),
            MemoryAtomicNotify => (2, memory(first)),
            MemoryCopy => (3, memory(first) && memory(second)),
            MemoryInit => (3, data(first) && memory(second)),
            DataDrop => (0, data(first)),
            TableGrow => (2, table(first)),
            TableFill => (3, table(first)),
            TableCopy => (3, table(first) && table(second)),
            TableInit => (3, element(first) && table(second)),
            ElemDrop => (0, element(first)),
            I64Add128 | I64Sub128 => (4, true),
            I64MulWideS | I64MulWideU => (2, true),
            ArrayNew => (1 + array_width(first).unwrap_or(0), is_array(first)),
            ArrayNewDefault => (1, is_array(first)),
            ArrayNewData => (2, is_array(first) && data(second)),
            ArrayNewElem => (2, is_array(first) && element(second)),
            ArrayFill => (3 + array_width(first).unwrap_or(0), is_array(first)),
            ArrayCopy => (5, is_array(first) && is_array(second)),
            ArrayInitData => (4, is_array(first) && data(second)),
            ArrayInitElem => (4, is_array(first) && element(second)),
        };
        ensure(indices, "I6: an index of a slow instruction")?;
        self.operands(self.field(at, 1), slots)
    }
}
