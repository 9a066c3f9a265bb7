//! Casts and tests of references. A cast leaves the reference where it is.

use super::{Translator, condition::Condition, object::Object, stack::Origin};
use crate::exec::{
    handlers::cast::NULL_PASSES,
    machine::place::{Domain, Kind},
    pack_const,
    tables::{self, object::Wanted},
};
use windlass_decode::{AbsHeapType, HeapType, Op, RefType};

impl Translator<'_> {
    /// What a reference type is tested for, and the bits for the handler.
    fn wanted(&self, ty: RefType) -> (Wanted, u32) {
        use AbsHeapType::*;
        let null = if ty.nullable { NULL_PASSES } else { 0 };
        let index = match ty.heap {
            HeapType::Abs(Any | Extern | Func | Exn) => return (Wanted::Always, null),
            HeapType::Abs(None | NoExtern | NoFunc | NoExn) => return (Wanted::Never, null),
            HeapType::Abs(I31) => return (Wanted::I31, null),
            HeapType::Abs(Eq) => return (Wanted::Eq, null),
            HeapType::Abs(Struct) => return (Wanted::Struct, null),
            HeapType::Abs(Array) => return (Wanted::Array, null),
            HeapType::Concrete(index) => index as usize,
        };
        match self.source.objects.get(index) {
            Some(Some(object)) if self.source.context.types[index].is_final => {
                (Wanted::Final, null | object.header)
            }
            Some(Some(object)) => (Wanted::Below, null | object.header),
            _ => (Wanted::Func, null | self.source.context.type_ids[index].0),
        }
    }

    /// `ref.test` and `ref.cast`.
    pub(super) fn cast(&mut self, op: Op, heap: HeapType) {
        let (is_test, nullable) = match op {
            Op::RefTest => (true, false),
            Op::RefTestNull => (true, true),
            Op::RefCast => (false, false),
            Op::RefCastNull => (false, true),
            other => unreachable!("{} is neither test nor cast", other.mnemonic()),
        };
        let (wanted, bits) = self.wanted(RefType { nullable, heap });
        if is_test {
            return self.object_op(Object::Test(wanted, bits), 1);
        }
        let operand = self.pop();
        let a = self.kept_place(operand);
        let Some(handler) = tables::object::ref_cast(wanted, a.place()) else { return };
        self.builder.use_operands(Domain::Int, &[a]);
        self.builder.cell(handler, format_args!("ref.cast {wanted:?} {bits:#x} {a}"));
        self.builder.push(pack_const(0, a.slot(), bits));
        self.push(operand.origin, Kind::Ref);
    }

    /// `br_on_cast` and `br_on_cast_fail`: the reference stays an operand either way.
    pub(super) fn br_cast(&mut self, op: Op, label: u32, to: RefType) {
        let (wanted, bits) = self.wanted(to);
        let operand = self.pop();
        let a = self.kept_place(operand);
        self.push(operand.origin, Kind::Ref);
        let on = match op {
            Op::BrOnCast => true,
            Op::BrOnCastFail => false,
            other => unreachable!("{} is no branch on a cast", other.mnemonic()),
        };
        // What was read from the code is a constant no longer: it may be needed in its slot.
        if let (Some(top), Origin::Const(_)) = (self.stack.last_mut(), operand.origin) {
            top.origin = Origin::Temp;
        }
        let condition = |taken| Condition::Cast { wanted, bits, passes: taken == on, a };
        self.branch_if(label, |_, taken| condition(taken));
    }
}
