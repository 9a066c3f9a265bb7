//! Casts and tests of references. A cast leaves the reference where it is.

use super::{
    Translator,
    condition::Condition,
    inst::{Inst, Loc, ResultLoc, What},
    object::Object,
    placing::placed,
    stack::{Operand, Origin},
};
use crate::exec::{
    handlers::cast::NULL_PASSES,
    machine::place::{Domain, Kind},
    pack_const, pack_fields,
    tables::{self, object::Wanted},
};
use windlass_decode::{AbsHeapType, HeapType, Op, RefType};

/// What an operand is behind a test of it: a constant no longer, as it was put into its slot, and
/// what lies there has passed.
fn tested(origin: Origin) -> Origin {
    match origin {
        Origin::Const(_) => Origin::Temp,
        other => other,
    }
}

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
            HeapType::Concrete(index) | HeapType::Exact(index) => index as usize,
        };
        let is_just = matches!(ty.heap, HeapType::Exact(_));
        let has_none_below = is_just || self.source.context.types[index].is_final;
        match self.source.objects.get(index) {
            Some(Some(object)) if has_none_below => (Wanted::Final, null | object.header),
            Some(Some(object)) => (Wanted::Below, null | object.header),
            _ => {
                let wanted = if has_none_below { Wanted::ExactFunc } else { Wanted::Func };
                (wanted, null | self.source.context.type_ids[index].0)
            }
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
        let find = |[a]: [Loc; 1]| tables::object::ref_cast(wanted, a.place());
        let Some(([a], entry)) = placed([a], find) else { return };
        self.builder.use_operands(Domain::Int, &[a]);
        self.builder.cell(entry, format_args!("ref.cast {wanted:?} {bits:#x} {a}"));
        self.builder.push(pack_const(0, a.slot(), bits));
        self.push(tested(operand.origin), Kind::Ref);
    }

    /// `ref.cast_desc_eq`
    pub(super) fn desc_cast(&mut self, nullable: bool) {
        let (descriptor, operand) = (self.pop(), self.pop());
        let a = self.kept_place(operand);
        let b = self.descriptor_place(descriptor, a);
        let find = |[a, b]: [Loc; 2]| tables::object::desc_cast(a.place(), b.place());
        let Some(([a, b], entry)) = placed([a, b], find) else {
            unreachable!("there is a handler for slots")
        };
        self.builder.use_operands(Domain::Int, &[a, b]);
        let null = if nullable { " or null" } else { "" };
        self.builder.cell(entry, format_args!("ref.cast_desc_eq {a} {b}{null}"));
        self.builder.push(pack_fields([0, a.slot(), b.slot(), nullable.into()]));
        self.push(tested(operand.origin), Kind::Ref);
    }

    /// `br_on_cast_desc_eq` and `br_on_cast_desc_eq_fail`: the reference stays an operand either
    /// way; whether it passes is one more until the branch takes that.
    pub(super) fn br_desc_cast(&mut self, label: u32, nullable: bool, on: bool) {
        let (descriptor, operand) = (self.pop(), self.pop());
        let a = self.kept_place(operand);
        let b = self.descriptor_place(descriptor, a);
        self.push(tested(operand.origin), Kind::Ref);
        let d = ResultLoc::Slot(self.next_slot());
        let inst = Inst { what: What::Object(Object::DescTest { nullable }), d, a, b };
        let emitted = self.builder.emit(inst);
        debug_assert!(emitted, "there is a handler for slots: {inst}");
        self.push_temp(Kind::I32);
        let passes = self.pop();
        self.branch_if(label, |this, taken| this.condition(passes, taken == on));
    }

    /// Where to read a descriptor: not in the code, and not in the accumulator if `a` is there.
    fn descriptor_place(&mut self, descriptor: Operand, a: Loc) -> Loc {
        match self.variable_place(descriptor) {
            b if a.is_acc() => b.in_slot(),
            b => b,
        }
    }

    /// `br_on_cast` and `br_on_cast_fail`: the reference stays an operand either way.
    #[inline(never)]
    pub(super) fn br_cast(&mut self, op: Op, label: u32, to: RefType) {
        let (wanted, bits) = self.wanted(to);
        let operand = self.pop();
        let a = self.kept_place(operand);
        self.push(tested(operand.origin), Kind::Ref);
        let on = match op {
            Op::BrOnCast => true,
            Op::BrOnCastFail => false,
            other => unreachable!("{} is no branch on a cast", other.mnemonic()),
        };
        let condition = |taken| Condition::Cast { wanted, bits, passes: taken == on, a };
        self.branch_if(label, |_, taken| condition(taken));
    }
}
