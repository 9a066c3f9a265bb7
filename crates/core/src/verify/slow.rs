//! What the driver executes: operands and results lie in slots, by the order of the instruction's
//! type. A part of [`Verifier`].

use super::{Outcome, Verifier, ensure, types::Ty};
use crate::{
    exec::{SlowOp, tables::Sort},
    object_type::Storage,
};
use windlass_decode::{CompositeType, FieldType, HeapType, StorageType, ValType};

/// The most operands and results that there are.
type Tys = ([Option<Ty>; 5], [Option<Ty>; 2]);

fn tys<const N: usize>(operands: [Ty; N]) -> [Option<Ty>; 5] {
    let mut all = [None; 5];
    all.iter_mut().zip(operands).for_each(|(place, ty)| *place = Some(ty));
    all
}

const NO_MEMORY: &str = "I6: the index of a memory";
const NO_TABLE: &str = "I6: the index of a table";
const NO_SEGMENT: &str = "I6: the index of a segment";
const NO_ARRAY: &str = "I6: the type of an array";

impl Verifier<'_> {
    /// An instruction that the driver executes.
    pub(super) fn slow(&mut self) -> Outcome {
        let op = u16::try_from(self.word(0) & 0xffff).ok().and_then(SlowOp::from_number);
        let op = op.ok_or("I1: a slow instruction")?;
        let (operands, results) = self.slow_type(op)?;
        let base = self.field(1);
        let slots = |tys: &[Option<Ty>]| {
            tys.iter().flatten().map(|&ty| if ty == Ty::LOW { 2 } else { 1 }).sum::<i32>()
        };
        self.operands(base, slots(&operands))?;
        self.operands(base, slots(&results))?;
        let mut slot = base;
        operands.into_iter().flatten().try_for_each(|ty| self.value(&mut slot, ty))?;
        self.state.forget();
        self.give(base, results.into_iter().flatten())
    }

    /// The same, of `memory.copy` or `memory.fill` that only accesses memory 0.
    pub(super) fn small_bulk(&mut self, op: SlowOp) -> Outcome {
        let is_op = self.low(0) & 0xffff == u32::from(op.number().cast_unsigned());
        ensure(is_op, "I1: a slow instruction")?;
        ensure(self.high(0) == 0 && self.word(1) == 0, "I6: the index of a memory")?;
        self.first_memory(Sort::Own32)?;
        self.slow()
    }

    fn address(&self, memory: u32) -> Result<Ty, &'static str> {
        let memory = self.subject.context.memories.get(memory as usize).ok_or(NO_MEMORY)?;
        Ok(if memory.limits.is64 { Ty::I64 } else { Ty::I32 })
    }

    /// What indices of a table are, and its elements.
    fn table_types(&self, table: u32) -> Result<[Ty; 2], &'static str> {
        let table = self.subject.context.tables.get(table as usize).ok_or(NO_TABLE)?;
        let index = if table.limits.is64 { Ty::I64 } else { Ty::I32 };
        Ok([index, Ty::to(table.element.heap)])
    }

    /// A reference to an array of this type, and what its elements are.
    fn array_types(&self, index: u32) -> Result<(Ty, StorageType), &'static str> {
        let context = self.subject.context;
        let ty = context.types.get(index as usize).ok_or(NO_ARRAY)?;
        let CompositeType::Array(FieldType { storage, .. }) = ty.composite else {
            return Err(NO_ARRAY);
        };
        let id = context.type_ids.get(index as usize).ok_or(NO_ARRAY)?;
        Ok((Ty::to(HeapType::Concrete(id.0)), storage))
    }

    fn has_data(&self, index: u32) -> Outcome {
        ensure((index as usize) < self.subject.decoded.data.len(), NO_SEGMENT)
    }

    /// The elements of a segment.
    fn segment(&self, index: u32) -> Result<Ty, &'static str> {
        let ty = self.subject.context.elements.get(index as usize).ok_or(NO_SEGMENT)?;
        Ok(Ty::to(ty.heap))
    }

    fn slow_type(&self, op: SlowOp) -> Result<Tys, &'static str> {
        use SlowOp::*;
        let first = self.high(0);
        let second = u32::try_from(self.word(1)).unwrap_or(u32::MAX);
        let least = |a: Ty, b: Ty| if a == Ty::I32 || b == Ty::I32 { Ty::I32 } else { Ty::I64 };
        let (i32, i64) = (Ty::I32, Ty::I64);
        let none = [None; 2];
        let one = |ty| [Some(ty), None];
        Ok(match op {
            MemorySize => (tys([]), one(self.address(first)?)),
            MemoryGrow => (tys([self.address(first)?]), one(self.address(first)?)),
            MemoryCopy => {
                let [to, from] = [self.address(first)?, self.address(second)?];
                (tys([to, from, least(to, from)]), none)
            }
            MemoryFill => (tys([self.address(first)?, i32, self.address(first)?]), none),
            MemoryInit => {
                self.has_data(first)?;
                (tys([self.address(second)?, i32, i32]), none)
            }
            DataDrop => {
                self.has_data(first)?;
                (tys([]), none)
            }
            TableGrow => {
                let [index, element] = self.table_types(first)?;
                (tys([element, index]), one(index))
            }
            TableFill => {
                let [index, element] = self.table_types(first)?;
                (tys([index, element, index]), none)
            }
            TableCopy => {
                let [[to, into], [from, element]] =
                    [self.table_types(first)?, self.table_types(second)?];
                ensure(self.types.fits(element, into), "I10: the type of a table's elements")?;
                (tys([to, from, least(to, from)]), none)
            }
            TableInit => {
                let [index, into] = self.table_types(second)?;
                let fits = self.types.fits(self.segment(first)?, into);
                ensure(fits, "I10: the type of a table's elements")?;
                (tys([index, i32, i32]), none)
            }
            ElemDrop => {
                self.segment(first)?;
                (tys([]), none)
            }
            MemoryAtomicNotify => (tys([self.address(first)?, i32]), one(i32)),
            MemoryAtomicWait32 => (tys([self.address(first)?, i32, i64]), one(i32)),
            MemoryAtomicWait64 => (tys([self.address(first)?, i64, i64]), one(i32)),
            I64Add128 | I64Sub128 => (tys([i64; 4]), [Some(i64); 2]),
            I64MulWideS | I64MulWideU => (tys([i64; 2]), [Some(i64); 2]),
            ArrayNew | ArrayNewDefault | ArrayNewData | ArrayNewElem | ArrayFill | ArrayCopy
            | ArrayInitData | ArrayInitElem => self.array_type(op, first, second)?,
        })
    }

    fn array_type(&self, op: SlowOp, first: u32, second: u32) -> Result<Tys, &'static str> {
        use SlowOp::*;
        let (array, storage) = self.array_types(first)?;
        let element = unpacked(storage);
        let i32 = Ty::I32;
        let id = self.subject.context.type_ids[first as usize].0;
        let one = [Some(Ty::to(HeapType::Exact(id))), None];
        let segment = |storage: StorageType| {
            let fits = self.types.fits(self.segment(second)?, unpacked(storage));
            ensure(fits, "I10: the type of an array's elements")
        };
        // Bytes become numbers only.
        let data = |storage: StorageType| {
            self.has_data(second)?;
            let is_number = !matches!(storage, StorageType::Val(ValType::Ref(_)));
            ensure(is_number, "I10: the type of an array's elements")
        };
        Ok(match op {
            ArrayNew => (tys([element, i32]), one),
            ArrayNewDefault => (tys([i32]), one),
            ArrayNewData => {
                data(storage)?;
                (tys([i32, i32]), one)
            }
            ArrayNewElem => {
                segment(storage)?;
                (tys([i32, i32]), one)
            }
            ArrayFill => (tys([array, i32, element, i32]), [None; 2]),
            ArrayCopy => {
                let (from, other) = self.array_types(second)?;
                let fits = match (other, storage) {
                    (StorageType::Val(a), StorageType::Val(b)) => {
                        self.types.fits(Ty::of(a), Ty::of(b))
                    }
                    (a, b) => a == b,
                };
                ensure(fits, "I10: the type of an array's elements")?;
                (tys([array, i32, from, i32, i32]), [None; 2])
            }
            ArrayInitData => {
                data(storage)?;
                (tys([array, i32, i32, i32]), [None; 2])
            }
            ArrayInitElem => {
                segment(storage)?;
                (tys([array, i32, i32, i32]), [None; 2])
            }
            _ => return Err("I1: a slow instruction"),
        })
    }
}

/// What a field's or an element's value is on the stack.
pub(super) fn unpacked(storage: StorageType) -> Ty {
    match storage {
        StorageType::I8 | StorageType::I16 => Ty::I32,
        StorageType::Val(ty) => Ty::of(ty),
    }
}

/// Whether that is how fields of the type are stored.
pub(super) fn is_stored(storage: StorageType, so: Storage) -> bool {
    match storage {
        StorageType::I8 => so == Storage::I8,
        StorageType::I16 => so == Storage::I16,
        StorageType::Val(ValType::I32) => so == Storage::I32,
        StorageType::Val(ValType::I64) => so == Storage::I64,
        StorageType::Val(ValType::F32) => so == Storage::F32,
        StorageType::Val(ValType::F64) => so == Storage::F64,
        StorageType::Val(ValType::V128) => so == Storage::V128,
        StorageType::Val(ValType::Ref(_)) => {
            matches!(so, Storage::Any | Storage::Func | Storage::Exn)
        }
    }
}
