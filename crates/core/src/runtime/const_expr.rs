//! Constant expressions (3.0, section 3.4.14): evaluated when a module is instantiated. They are
//! valid already; what can't be here is no concern of this file. References to objects that they
//! make are pinned until the instantiation ends.

use super::{
    Embedder, GlobalValue, Heap, PIECE, Pins, StoreInner, array_cost, fuel::default_struct_cost,
};
use crate::{
    Error, Trap,
    exec::tables::GC,
    module::ModuleInner,
    object_type::{Class, ObjectType},
};
use alloc::vec::Vec;
use core::ops::Range;
use windlass_decode::{Imm, Op};

/// What a constant expression can refer to: functions and globals of the instance in the making.
pub(crate) struct ConstContext<'a> {
    pub(crate) module: &'a ModuleInner,
    pub(crate) funcs: &'a [u32],
    pub(crate) globals: &'a [u32],
}

/// A value, and what it leads to if it is a reference that is collected.
type Value = (GlobalValue, Option<Class>);

impl ConstContext<'_> {
    /// The value of the expression: one slot, or two of a vector.
    pub(crate) fn eval(
        &self,
        store: &mut dyn Embedder,
        expr: &Range<usize>,
    ) -> Result<GlobalValue, Error> {
        let mut pins = Pins::new(store);
        let (value, class) = self.run(&mut pins, expr)?;
        drop(pins);
        if let Some(class) = class {
            // Until the instantiation ends: see `instantiate`.
            let pinned = &mut store.inner().pinned;
            pinned.try_reserve(1).map_err(|_| Trap::AllocationTooLarge)?;
            pinned.push((class, value[0]));
        }
        Ok(value)
    }

    /// What the expression leaves.
    fn run<S: Embedder + ?Sized>(
        &self,
        pins: &mut Pins<'_, S>,
        expr: &Range<usize>,
    ) -> Result<Value, Error> {
        let mut instrs = self.module.instrs(expr);
        let mut stack: Vec<Value> = Vec::new();
        loop {
            let instr = instrs.next_instr().map_err(windlass_validate::Error::from)?;
            let value = match (instr.op, instr.imm) {
                (Op::End, _) => return Ok(stack.pop().unwrap_or_default()),
                (Op::AnyConvertExtern | Op::ExternConvertAny, _) => continue,
                (_, Imm::I32(value)) => ([u64::from(value as u32), 0], None),
                (_, Imm::I64(value)) => ([value as u64, 0], None),
                (_, Imm::F32(bits)) => ([bits.into(), 0], None),
                (_, Imm::F64(bits)) => ([bits, 0], None),
                (_, Imm::V128(bytes)) => {
                    let bits = u128::from_le_bytes(bytes);
                    ([bits as u64, (bits >> 64) as u64], None)
                }
                (Op::GlobalGet, Imm::Index(index)) => {
                    let global = self.globals[index as usize] as usize;
                    let store = pins.store.inner();
                    (store.globals[global], store.class_of(store.global_types[global].val))
                }
                (Op::RefFunc, Imm::Index(index)) => {
                    ([u64::from(self.funcs[index as usize]) + 1, 0], None)
                }
                (Op::RefNull, _) => ([0, 0], None),
                (Op::RefI31, _) if GC => {
                    let value = pop(&mut stack)[0] as u32;
                    ([u64::from(value << 1 | 1), 0], Some(Class::Any))
                }
                (op, Imm::Index(index)) if GC => self.object(pins, op, index, 0, &mut stack)?,
                (op, Imm::Index2(index, count)) if GC => {
                    self.object(pins, op, index, count, &mut stack)?
                }
                (op, _) => {
                    let (b, a) = (pop(&mut stack)[0], pop(&mut stack)[0]);
                    ([binary(op, a, b), 0], None)
                }
            };
            stack.try_reserve(1).map_err(|_| crate::Trap::AllocationTooLarge)?;
            stack.push(value);
        }
    }

    /// Makes a structure or an array.
    fn object<S: Embedder + ?Sized>(
        &self,
        pins: &mut Pins<'_, S>,
        op: Op,
        index: u32,
        count: u32,
        stack: &mut Vec<Value>,
    ) -> Result<Value, Error> {
        let Some(Some(ty)) = self.module.objects.get(index as usize) else {
            return Err(Error::msg("a constant expression of a type that is no object's"));
        };
        let len = match op {
            Op::ArrayNewFixed => count,
            Op::ArrayNew | Op::ArrayNewDefault => pop(stack)[0] as u32,
            _ => 0,
        };
        let size = match ty.is_array() {
            true => ty.array_size(len.into()).ok_or(Trap::AllocationTooLarge)?,
            false => ty.size as usize,
        };
        if matches!(op, Op::StructNewDesc | Op::StructNewDefaultDesc)
            && stack.last().is_none_or(|(descriptor, _)| descriptor[0] == 0)
        {
            return Err(Trap::NullDescriptorReference.into());
        }
        // What it is made of is on this stack only. Each operand is pinned once, however many
        // objects are made above it: numbers as nulls, so that pins and operands are the same in
        // number.
        pins.keep(stack.len());
        for &(value, class) in &stack[pins.len()..] {
            match class {
                Some(class) => pins.pin(class, value[0])?,
                None => pins.pin(Class::Any, 0)?,
            }
        }
        // All else is about as long as the module is.
        let cost = match op {
            Op::ArrayNew | Op::ArrayNewDefault => {
                array_cost(u64::from(len) * u64::from(ty.element().size()))
            }
            Op::StructNewDefault | Op::StructNewDefaultDesc => default_struct_cost(ty.size.into()),
            _ => 0,
        };
        pins.store.reserve_gc(size, cost)?;
        let store = pins.store.inner();
        let object = match op {
            Op::ArrayNew => filled(store, ty, len, size, pop(stack))?,
            Op::ArrayNewDefault => filled(store, ty, len, size, [0, 0])?,
            _ => new_object(&mut store.heap, ty, op, len, stack),
        };
        pins.keep(stack.len());
        Ok(([object, 0], Some(Class::Any)))
    }
}

/// Makes an array of equal elements, for which the heap has room and which is paid. It takes a
/// while if it is large.
fn filled(
    store: &mut StoreInner,
    ty: &ObjectType,
    len: u32,
    size: usize,
    value: GlobalValue,
) -> Result<u64, Trap> {
    let storage = ty.element();
    // Fits: elements take 16 bytes at most.
    let step = PIECE as u32 / storage.size();
    let array = store.heap.begin_array(size);
    let mut done = 0;
    loop {
        let count = step.min(len - done);
        store.heap.fill(array, storage, done, count, value);
        done += count;
        if done == len {
            store.heap.finish_array(array, ty, len);
            return Ok(array);
        }
        store.look()?;
    }
}

/// Makes an object of what is on the stack, for which the heap has room.
fn new_object(heap: &mut Heap, ty: &ObjectType, op: Op, len: u32, stack: &mut Vec<Value>) -> u64 {
    match op {
        Op::ArrayNewFixed => {
            let array = heap.new_array(ty, len, [0, 0]);
            let storage = ty.element();
            for index in (0..len).rev() {
                let at = heap.element(array, storage, index);
                heap.write(at, storage, pop(stack));
            }
            array
        }
        _ => {
            let descriptor = match op {
                Op::StructNewDesc | Op::StructNewDefaultDesc => pop(stack)[0],
                _ => 0,
            };
            let is_default = matches!(op, Op::StructNewDefault | Op::StructNewDefaultDesc);
            let count = if is_default { 0 } else { ty.fields.len() };
            let values = stack.split_off(stack.len().saturating_sub(count));
            let mut slots = Vec::new();
            for (index, place) in ty.fields.iter().enumerate() {
                let value = values.get(index).map_or([0, 0], |(value, _)| *value);
                slots.extend_from_slice(&value[..place.storage.slots()]);
            }
            heap.new_struct(ty, &slots, descriptor)
        }
    }
}

fn pop(stack: &mut Vec<Value>) -> GlobalValue {
    stack.pop().unwrap_or_default().0
}

/// The arithmetic of extended constant expressions.
fn binary(op: Op, a: u64, b: u64) -> u64 {
    let narrow = |value: u32| u64::from(value);
    match op {
        Op::I32Add => narrow((a as u32).wrapping_add(b as u32)),
        Op::I32Sub => narrow((a as u32).wrapping_sub(b as u32)),
        Op::I32Mul => narrow((a as u32).wrapping_mul(b as u32)),
        Op::I64Add => a.wrapping_add(b),
        Op::I64Sub => a.wrapping_sub(b),
        _ => a.wrapping_mul(b),
    }
}
