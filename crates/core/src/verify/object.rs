//! Structures, arrays and casts: I10. Offsets are of fields of the type that the reference has,
//! objects are made whole, and what a cast has let through is of the type. A part of [`Verifier`].

use super::{
    NO_MEMORY, Outcome, Progress, Verifier,
    cell::Operands,
    ensure,
    slow::{is_stored, unpacked},
    state::Test,
    types::{Reference, Ty},
};
use crate::{
    Metering,
    exec::{
        Cell, SlowOp,
        cells::{Field, Layout, Part},
        handlers::cast::NULL_PASSES,
        machine::place::{Domain, Place},
        tables::object::{Access, Wanted},
    },
    object_type::{ARRAY, FEW_FIELDS, HEADER, ObjectType},
};
use alloc::vec::Vec;
use windlass_decode::{AbsHeapType, CompositeType, HeapType, StorageType};
use windlass_validate::TypeId;

/// An object that is being made.
#[derive(Default)]
pub(super) struct Making {
    size: u32,
    /// Its bytes are all zero.
    is_zeroed: bool,
    /// The fields that were written: offset, by which handler, and what.
    fields: Vec<(u32, Cell, Ty)>,
}

const NO_FIELD: &str = "I10: the offset of a field";
const NO_ELEMENT: &str = "I10: the elements of an array";
const NO_TYPE: &str = "I10: the type of an object";
const NOT_MADE: &str = "I10: the header of an object";

impl<'a> Verifier<'a> {
    /// What the cell does with an object; what its result is.
    pub(super) fn object(
        &mut self,
        layout: &Layout,
        operands: &Operands,
    ) -> Result<Option<Ty>, &'static str> {
        match layout.part {
            Part::StructGet(access) => {
                Ok(Self::got(self.struct_field(operands[1], access)?, access))
            }
            Part::StructSet(access) => {
                let wanted = self.struct_field(operands[1], access)?;
                self.put(layout, operands, wanted, "I10: the type of a field")
            }
            Part::ArrayGet(access) => Ok(Self::got(self.element(operands[1], access)?, access)),
            Part::ArraySet(access) => {
                let wanted = self.element(operands[1], access)?;
                self.put(layout, operands, wanted, "I10: the type of an element")
            }
            Part::NewFirst(access) => {
                ensure(self.making.is_none(), "I10: one object is made after the other")?;
                let size = self.low(1);
                let making = Making { size, is_zeroed: access.is_none(), fields: Vec::new() };
                self.making = Some(making);
                self.new_field(access.is_some(), self.value_of(layout.fields[0], operands[0], 2))?;
                Ok(None)
            }
            Part::NewField(_) => {
                self.new_field(true, self.value_of(layout.fields[0], operands[0], 1))?;
                Ok(None)
            }
            Part::NewLast(access) => {
                let fields = self.making.as_ref().map_or(0, |making| making.fields.len());
                self.new_field(access.is_some(), self.value_of(layout.fields[1], operands[1], 2))?;
                let made = self.made(self.word(1));
                // If it is refused, the cell may have to be looked at as another handler's.
                if let (Err(_), Some(making)) = (made, &mut self.making) {
                    making.fields.truncate(fields);
                }
                made.map(Some)
            }
            Part::NewDescribed => {
                self.new_field(false, Ty::DEAD)?;
                let made = self.made(self.word(1))?;
                let described = match made.reference {
                    Reference::To(HeapType::Exact(id)) => self.layout_of(id)?.0,
                    _ => return Err(NOT_MADE),
                };
                let descriptor = self.subject.context.types[described].descriptor;
                let descriptor = descriptor.ok_or(NOT_MADE)?;
                let fits = self.types.fits(operands[1], Ty::to(HeapType::Exact(descriptor)));
                ensure(fits, "I10: the type of a descriptor")?;
                Ok(Some(made))
            }
            Part::GetDesc => {
                let Some((id, is_exact)) = self.type_of(operands[1], NO_TYPE)? else {
                    return Ok(Some(Ty::NULL));
                };
                let (index, _) = self.layout_of(id)?;
                let descriptor = self.subject.context.types[index].descriptor.ok_or(NO_TYPE)?;
                Ok(Some(Ty::to(match is_exact {
                    true => HeapType::Exact(descriptor),
                    false => HeapType::Concrete(descriptor),
                })))
            }
            Part::DescCast => match self.described(operands)? {
                Some(ty) => self.refine(layout, ty).map(|()| None),
                None => Ok(None),
            },
            Part::DescTest => {
                let Some(ty) = self.described(operands)? else { return Ok(None) };
                self.state.test = Some(Test { slot: self.slot_tested(layout), ty });
                Ok(Some(Ty::TESTED))
            }
            Part::SmallArray(access) => self.small_array(access).map(|()| None),
            Part::RefTest(wanted) => {
                self.tested(wanted, operands[1])?;
                Ok(None)
            }
            Part::RefCast(wanted) => {
                let ty = self.tested(wanted, operands[1])?;
                self.refine(layout, ty).map(|()| None)
            }
            Part::BrCast { wanted, passes } => {
                self.br_cast(layout, wanted, passes, operands[1]).map(|()| None)
            }
            _ => Err("I1: an instruction on objects"),
        }
    }

    /// What operand 1 is if it has the descriptor that is operand 2; none if there is no
    /// descriptor, which traps.
    fn described(&self, operands: &Operands) -> Result<Option<Ty>, &'static str> {
        let is_traced = match operands[1].reference {
            Reference::To(heap) => self.types.is_traced(heap),
            _ => true,
        };
        ensure(is_traced, "I10: what is tested")?;
        let Some((id, is_exact)) = self.type_of(operands[2], NO_TYPE)? else { return Ok(None) };
        let (index, _) = self.layout_of(id)?;
        let of = self.subject.context.types[index].describes.ok_or(NO_TYPE)?;
        let of = if is_exact { HeapType::Exact(of) } else { HeapType::Concrete(of) };
        Ok(Some(self.types.both(operands[1], of)))
    }

    /// What was found out of which reference, if operand 1, which is a `ty`, tells that: it is in
    /// the accumulator still.
    pub(super) fn test(&self, layout: &Layout, ty: Ty) -> Option<Test> {
        let acc = self.state.acc(Domain::Int);
        let is_there = match layout.fields[1] {
            Field::Get(Place::Acc, _) => ty == Ty::TESTED,
            Field::Get(Place::Slot, _) => acc.ty == Ty::TESTED && acc.slot == self.field(1),
            _ => false,
        };
        self.state.test.filter(|_| is_there)
    }

    /// What is read from an object: of this type, if there is something.
    fn got(ty: Option<Ty>, access: Access) -> Option<Ty> {
        Some(ty.unwrap_or(of_access(access)))
    }

    /// Something is written where this type is wanted; in what is null is nothing: it traps.
    fn put(
        &self,
        layout: &Layout,
        operands: &Operands,
        wanted: Option<Ty>,
        fault: &'static str,
    ) -> Result<Option<Ty>, &'static str> {
        let own = self.value_of(layout.fields[0], operands[0], 1);
        ensure(wanted.is_none_or(|wanted| self.types.fits(own, wanted)), fault)?;
        Ok(None)
    }

    /// The index of a type that the module has, and its layout.
    fn layout_of(&self, id: u32) -> Result<(usize, &'a ObjectType), &'static str> {
        let index = self.subject.context.type_index(TypeId(id)).ok_or(NO_TYPE)? as usize;
        match self.subject.objects.get(index) {
            Some(Some(object)) => Ok((index, object)),
            _ => Err(NO_TYPE),
        }
    }

    /// The type of the field whose offset the cell has, of a structure of this type; none if that
    /// is null, whose access traps.
    fn struct_field(&mut self, object: Ty, access: Access) -> Result<Option<Ty>, &'static str> {
        let Some((id, _)) = self.type_of(object, NO_FIELD)? else { return Ok(None) };
        let (index, layout) = self.layout_of(id)?;
        let CompositeType::Struct(fields) = &self.subject.context.types[index].composite else {
            return Err(NO_FIELD);
        };
        let place = layout.field_at(self.high(0)).ok_or(NO_FIELD)?;
        self.work_on(FEW_FIELDS);
        let field = fields.get(place).ok_or(NO_FIELD)?;
        ensure(is_accessed(access, field.storage), NO_FIELD)?;
        Ok(Some(unpacked(field.storage)))
    }

    /// The type of the elements of an array of this type; none if that is null, whose access traps.
    fn element(&self, array: Ty, access: Access) -> Result<Option<Ty>, &'static str> {
        let Some((id, _)) = self.type_of(array, NO_ELEMENT)? else { return Ok(None) };
        let (index, _) = self.layout_of(id)?;
        let CompositeType::Array(element) = self.subject.context.types[index].composite else {
            return Err(NO_ELEMENT);
        };
        ensure(is_accessed(access, element.storage), NO_ELEMENT)?;
        Ok(Some(unpacked(element.storage)))
    }

    /// The module's type that a reference is known to be of, and whether it is of no type below it;
    /// none if it is null. It is a `fault` if there is no such type.
    fn type_of(&self, ty: Ty, fault: &'static str) -> Result<Option<(u32, bool)>, &'static str> {
        match ty.reference {
            Reference::To(HeapType::Concrete(id)) => Ok(Some((id, false))),
            Reference::To(HeapType::Exact(id)) => Ok(Some((id, true))),
            _ if self.types.refers(ty, HeapType::Abs(AbsHeapType::None)) => Ok(None),
            _ => Err(fault),
        }
    }

    /// The object that is being made gets a field.
    fn new_field(&mut self, is_written: bool, ty: Ty) -> Outcome {
        let (offset, handler) = (self.high(0), self.subject.code[self.at]);
        let making = self.making.as_mut().ok_or("I10: an object is begun before it ends")?;
        if is_written {
            making.fields.try_reserve(1).map_err(|_| NO_MEMORY)?;
            making.fields.push((offset, handler, ty));
        }
        Ok(())
    }

    /// The object is made, with this header: each field was written as its type says, in order.
    fn made(&mut self, header: u64) -> Result<Ty, &'static str> {
        let making = self.making.as_ref().ok_or("I10: an object is begun before it ends")?;
        let (made, fields) = (self.object_made(making, header)?, making.fields.len());
        self.making = None;
        self.work_on(fields);
        Ok(made)
    }

    fn object_made(&self, making: &Making, header: u64) -> Result<Ty, &'static str> {
        let (low, len) = (header as u32, (header >> 32) as u32);
        let id = low & (ARRAY - 1);
        let (index, layout) = self.layout_of(id)?;
        ensure(layout.header == low, NOT_MADE)?;
        let (count, size) = match &self.subject.context.types[index].composite {
            CompositeType::Struct(fields) => (fields.len(), layout.size as usize),
            _ => (len as usize, layout.array_size(len.into()).ok_or(NOT_MADE)?),
        };
        let is_whole = making.is_zeroed && making.fields.is_empty()
            || !making.is_zeroed && making.fields.len() == count;
        ensure(is_whole && making.size as usize == size, NOT_MADE)?;
        for (number, &(offset, handler, ty)) in making.fields.iter().enumerate() {
            let (place, storage) = match &self.subject.context.types[index].composite {
                CompositeType::Struct(fields) => {
                    (layout.fields[number].offset, fields[number].storage)
                }
                CompositeType::Array(element) => {
                    let before = number as u32 * layout.element().size();
                    (HEADER + before, element.storage)
                }
                CompositeType::Func(_) => return Err(NOT_MADE),
            };
            // A handler that has several types does for each what it does.
            let mut parts = self.layouts.of(handler).map(|layout| layout.part);
            let is_written = parts.any(|part| match part {
                Part::NewFirst(Some(access))
                | Part::NewField(access)
                | Part::NewLast(Some(access)) => is_accessed(access, storage),
                _ => false,
            });
            let fits = self.types.fits(ty, unpacked(storage));
            ensure(place == offset && is_written && fits, NOT_MADE)?;
        }
        Ok(Ty::to(HeapType::Exact(id)))
    }

    /// A small array is made here; the next cell makes it if it is not so small. That one's type
    /// and operands are the array's.
    fn small_array(&mut self, access: Access) -> Outcome {
        let code = self.subject.code;
        let [Some(next), Some(first)] = [2, 3].map(|index| code.get(self.at + index)) else {
            return Err("I10: the driver makes what is no small array");
        };
        let mut parts = self.layouts.of(*next).map(|layout| layout.part);
        let op = SlowOp::from_number((first.bits() & 0xffff) as u16);
        let makes = matches!(op, Some(SlowOp::ArrayNew | SlowOp::ArrayNewDefault));
        let is_slow = parts.any(|part| part == Part::Slow) && makes;
        ensure(is_slow, "I10: the driver makes what is no small array")?;
        let base = super::field(first.bits(), 1);
        ensure(base == self.field(0), "I10: where an array is made")?;
        let layout = self.subject.objects.get((first.bits() >> 32) as usize);
        let Some(Some(layout)) = layout else { return Err("I10: the header of an array") };
        let is_array = layout.is_array() && layout.header == self.high(0);
        ensure(is_array, "I10: the header of an array")?;
        let id = layout.header & (ARRAY - 1);
        self.element(Ty::to(HeapType::Concrete(id)), access).map(|_| ())
    }

    /// I6, I10: what a reference is tested for, and its type if it passes.
    fn tested(&self, wanted: Wanted, ty: Ty) -> Result<Ty, &'static str> {
        let bits = self.high(0);
        let passes = self.passing(wanted, bits & !NULL_PASSES)?;
        // Of others, nothing is looked at but whether they are null.
        let Reference::To(own) = ty.reference else { return Ok(ty) };
        let is_of_hierarchy = match wanted {
            Wanted::Always | Wanted::Never => true,
            Wanted::Func | Wanted::ExactFunc => {
                self.types.heap_fits(own, HeapType::Abs(AbsHeapType::Func))
            }
            _ => self.types.is_traced(own),
        };
        ensure(is_of_hierarchy, "I10: what is tested")?;
        Ok(match (wanted, passes) {
            (Wanted::Never, _) => Ty::NULL,
            (Wanted::Always, _) => ty,
            (_, Some(heap)) => self.types.both(ty, heap),
            (_, None) => ty,
        })
    }

    fn passing(&self, wanted: Wanted, bits: u32) -> Result<Option<HeapType>, &'static str> {
        use AbsHeapType::{Array, Eq, I31, Struct};
        Ok(Some(match wanted {
            Wanted::Always | Wanted::Never => return Ok(None),
            Wanted::I31 => HeapType::Abs(I31),
            Wanted::Eq => HeapType::Abs(Eq),
            Wanted::Struct => HeapType::Abs(Struct),
            Wanted::Array => HeapType::Abs(Array),
            Wanted::Final | Wanted::Below => {
                let id = bits & (ARRAY - 1);
                let (_, layout) = self.layout_of(id)?;
                ensure(layout.header == bits, "I10: the type of a cast")?;
                if wanted == Wanted::Final { HeapType::Exact(id) } else { HeapType::Concrete(id) }
            }
            Wanted::Func | Wanted::ExactFunc => {
                let index = self.subject.context.type_index(TypeId(bits));
                let func = index.and_then(|index| self.subject.context.type_func(index));
                ensure(func.is_some(), "I6: the type of a cast")?;
                if wanted == Wanted::Func {
                    HeapType::Concrete(bits)
                } else {
                    HeapType::Exact(bits)
                }
            }
        }))
    }

    /// What the cell has tested is of this type from here on, wherever it lies.
    fn refine(&mut self, layout: &Layout, ty: Ty) -> Outcome {
        let slot = self.slot_tested(layout);
        if let Field::Get(Place::Acc, _) = layout.fields[1] {
            self.state.set_acc(Domain::Int, ty, slot);
        }
        if slot == 0 { Ok(()) } else { self.refine_slot(slot, ty) }
    }

    /// A branch that is taken if the reference passes, or if it does not.
    fn br_cast(&mut self, layout: &Layout, wanted: Wanted, passes: bool, ty: Ty) -> Outcome {
        let test = Test { slot: self.slot_tested(layout), ty: self.tested(wanted, ty)? };
        self.branch_tested(1, None, test, passes)
    }

    /// The same, of what was tested.
    pub(super) fn branch_tested(
        &mut self,
        word: usize,
        again: Option<Metering>,
        Test { slot, ty: passed }: Test,
        passes: bool,
    ) -> Outcome {
        let copy = self.state.copy.filter(|&(_, from)| from == slot).map(|(to, _)| to);
        // It is an operand: if it is the value of a local, it was copied to its own slot.
        let mut slots = [Some(slot), copy].into_iter().flatten();
        let mut refined = self.state.flow();
        let Progress { state, frame, .. } = &mut self.progress;
        for slot in slots.clone().filter(|&slot| frame.temp(slot)) {
            state.slots.set(&mut refined.slots, frame.index(slot), passed)?;
        }
        if passes {
            return self.branch(word, again, refined);
        }
        // Who goes on has it refined; who is led to the target has not.
        self.branches(word..word + 1, again)?;
        self.state.flow = refined;
        let acc = self.state.acc(Domain::Int);
        if acc.ty != Ty::TESTED && slots.any(|slot| slot == acc.slot) {
            self.state.set_acc(Domain::Int, passed, acc.slot);
        }
        Ok(())
    }

    /// The slot of what is tested or copied, wherever it is read; 0 if there is none.
    pub(super) fn slot_tested(&self, layout: &Layout) -> i32 {
        let pins = self.state.flow.pins[Domain::Int as usize];
        match layout.fields[1] {
            Field::Get(Place::Slot, _) => self.field(1),
            Field::Get(Place::P0, _) => pins[0],
            Field::Get(Place::P1, _) => pins[1],
            Field::Get(Place::Acc, _) => self.state.acc(Domain::Int).slot,
            _ => 0,
        }
    }
}

/// What an access gives where there is nothing.
fn of_access(access: Access) -> Ty {
    match access {
        Access::I8S | Access::I8U | Access::I16S | Access::I16U | Access::I32 => Ty::I32,
        Access::I64 => Ty::NULL,
        Access::F32 => Ty::F32,
        Access::F64 => Ty::F64,
        Access::V128 => Ty::LOW,
    }
}

/// Whether fields of this type are accessed so.
fn is_accessed(access: Access, storage: StorageType) -> bool {
    use crate::object_type::Storage;
    let so: &[Storage] = match access {
        Access::I8S | Access::I8U => &[Storage::I8],
        Access::I16S | Access::I16U => &[Storage::I16],
        Access::I32 => &[Storage::I32],
        Access::I64 => &[Storage::I64, Storage::Any],
        Access::F32 => &[Storage::F32],
        Access::F64 => &[Storage::F64],
        Access::V128 => &[Storage::V128],
    };
    so.iter().any(|&so| is_stored(storage, so))
}
