//! Structures, arrays and `i31`. An object is made by several cells: the first takes its place and
//! is where the code may stop to make room; see [`exec::object`](crate::exec). All operands lie in
//! their slots then.

use super::{
    Translator,
    encode::{index, low},
    inst::{Inst, Loc, NO_LOC, ResultLoc, What},
    placing::placed,
    stack::{Operand, Origin},
};
use crate::{
    exec::{
        Cell, SlowOp,
        code::maps::Stopped,
        machine::place::{Dest, Domain, Kind, Place},
        pack_const, pack_fields,
        tables::{
            self, Maybe,
            object::{Access, Wanted},
            plain,
        },
    },
    object_type::{FieldLayout, HEADER, MIN_OBJECT, ObjectType, Storage},
};
use alloc::vec::Vec;
use core::fmt;
use windlass_decode::{Imm, Op};

/// What an instruction on objects does that has a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    /// `struct.get` of the field at an offset.
    Get(Access, Kind, u32),
    /// `array.get`
    Element(Access, Kind),
    /// `array.len`
    Len,
    RefI31,
    I31Get {
        signed: bool,
    },
    /// The last field, at an offset, of what is made with this header; `a` is the value.
    Last(Access, u32, u64),
    /// What is made, with this header.
    Done(u64),
    /// What is made, with this header, and `a` as its descriptor.
    Described(u64),
    /// `ref.get_desc`
    Descriptor,
    /// `ref.test`
    Test(Wanted, u32),
    /// Whether `a` has the descriptor `b`, or is null.
    DescTest {
        nullable: bool,
    },
}

impl Object {
    /// The kind of the result.
    pub(crate) fn result(self) -> Kind {
        match self {
            Object::Get(_, kind, _) | Object::Element(_, kind) => kind,
            Object::Len | Object::I31Get { .. } | Object::Test(..) | Object::DescTest { .. } => {
                Kind::I32
            }
            Object::RefI31
            | Object::Last(..)
            | Object::Done(_)
            | Object::Described(_)
            | Object::Descriptor => Kind::Ref,
        }
    }

    /// The register file of the first operand.
    pub(crate) fn domain(self) -> Domain {
        match self {
            Object::Last(access, ..) => domain(access),
            Object::Get(..)
            | Object::Element(..)
            | Object::Len
            | Object::RefI31
            | Object::I31Get { .. }
            | Object::Done(_)
            | Object::Described(_)
            | Object::Descriptor
            | Object::Test(..)
            | Object::DescTest { .. } => Domain::Int,
        }
    }

    /// Its handler, if there is one for these places.
    pub(crate) fn entry(self, a: Place, b: Place, d: Dest) -> Maybe {
        match self {
            Object::Get(access, ..) => tables::object::struct_get(access, a, d),
            Object::Element(access, _) => tables::object::array_get(access, a, b, d),
            Object::Len => tables::object::array_len(a, d),
            Object::RefI31 => tables::object::ref_i31(a, d),
            Object::I31Get { signed: true } => tables::object::i31_get_s(a, d),
            Object::I31Get { signed: false } => tables::object::i31_get_u(a, d),
            Object::Last(access, ..) => tables::object::new_last(access, a, d),
            Object::Done(_) => tables::object::new_done(d),
            Object::Described(_) => tables::object::new_described(a, d),
            Object::Descriptor => tables::object::get_desc(a, d),
            Object::DescTest { .. } => tables::object::desc_test(a, b, d),
            Object::Test(wanted, _) => tables::object::ref_test(wanted, a, d),
        }
    }

    /// Appends its operand words.
    pub(crate) fn operands(self, d: i16, a: Loc, b: Loc, code: &mut Vec<Cell>) {
        let mut push = |word| code.push(Cell::word(word));
        match self {
            Object::Get(_, _, offset) => push(pack_const(d, a.slot(), offset)),
            Object::Element(..) => push(match b {
                Loc::Const(index) => pack_const(d, a.slot(), low(index)),
                _ => pack_fields([d, a.slot(), b.slot(), 0]),
            }),
            Object::Len | Object::RefI31 | Object::I31Get { .. } | Object::Descriptor => {
                push(pack_fields([d, a.slot(), 0, 0]));
            }
            Object::DescTest { nullable } => {
                push(pack_fields([d, a.slot(), b.slot(), nullable.into()]));
            }
            Object::Described(header) => {
                push(pack_fields([d, a.slot(), 0, 0]));
                push(header);
            }
            Object::Last(_, offset, header) => {
                push(pack_const(d, a.slot(), offset));
                push(header);
                if let Loc::Const(bits) = a {
                    push(bits);
                }
            }
            Object::Done(header) => {
                push(pack_fields([d, 0, 0, 0]));
                push(header);
            }
            Object::Test(_, wanted) => push(pack_const(d, a.slot(), wanted)),
        }
    }

    /// For listings.
    pub(crate) fn write(
        self,
        f: &mut fmt::Formatter<'_>,
        d: ResultLoc,
        a: Loc,
        b: Loc,
    ) -> fmt::Result {
        match self {
            Object::Get(_, _, offset) => write!(f, "{d} = struct {a}.{offset}"),
            Object::Element(..) => write!(f, "{d} = array {a}[{b}]"),
            Object::Len => write!(f, "{d} = array.len {a}"),
            Object::RefI31 => write!(f, "{d} = ref.i31 {a}"),
            Object::I31Get { signed } => {
                write!(f, "{d} = i31.get_{} {a}", if signed { 's' } else { 'u' })
            }
            Object::Last(_, offset, header) => {
                write!(f, "{d} = new {header:#x}, field {offset} = {a}")
            }
            Object::Done(header) => write!(f, "{d} = new {header:#x}"),
            Object::Described(header) => write!(f, "{d} = new {header:#x}, descriptor {a}"),
            Object::Descriptor => write!(f, "{d} = ref.get_desc {a}"),
            Object::DescTest { nullable } => {
                write!(f, "{d} = {a} has descriptor {b}{}", if nullable { " or null" } else { "" })
            }
            Object::Test(wanted, bits) => write!(f, "{d} = ref.test {wanted:?} {bits:#x} {a}"),
        }
    }
}

/// An object that is made.
struct Made {
    header: u64,
    /// Its bytes.
    size: u32,
    /// Whether it has a descriptor.
    described: bool,
}

impl Made {
    fn structure(ty: &ObjectType, described: bool) -> Made {
        Made { header: ty.header.into(), size: ty.size, described }
    }
}

/// The register file of what is accessed.
fn domain(access: Access) -> Domain {
    match access {
        Access::F32 => Domain::F32,
        Access::F64 => Domain::F64,
        Access::V128 => Domain::Vector,
        Access::I8S | Access::I8U | Access::I16S | Access::I16U | Access::I32 | Access::I64 => {
            Domain::Int
        }
    }
}

/// How a field is accessed, and what its value is.
fn access(storage: Storage, signed: bool) -> (Access, Kind) {
    match storage {
        Storage::I8 if signed => (Access::I8S, Kind::I32),
        Storage::I8 => (Access::I8U, Kind::I32),
        Storage::I16 if signed => (Access::I16S, Kind::I32),
        Storage::I16 => (Access::I16U, Kind::I32),
        Storage::I32 => (Access::I32, Kind::I32),
        Storage::I64 => (Access::I64, Kind::I64),
        Storage::F32 => (Access::F32, Kind::F32),
        Storage::F64 => (Access::F64, Kind::F64),
        Storage::V128 => (Access::V128, Kind::V128),
        Storage::Any | Storage::Func | Storage::Exn => (Access::I64, Kind::Ref),
    }
}

impl<'m> Translator<'m> {
    /// Translates an instruction on structures, arrays or `i31`, if it is one.
    #[inline(never)]
    pub(super) fn object(&mut self, op: Op, imm: Imm<'_>) -> bool {
        if !tables::GC {
            return false;
        }
        match (op, imm) {
            (Op::StructNew | Op::StructNewDesc, Imm::Index(ty)) => {
                let ty = self.object_type(ty);
                let made = Made::structure(ty, op == Op::StructNewDesc);
                self.new_object(made, ty.fields.len(), |index| ty.fields[index]);
            }
            (Op::StructNewDefault | Op::StructNewDefaultDesc, Imm::Index(ty)) => {
                let ty = self.object_type(ty);
                let made = Made::structure(ty, op == Op::StructNewDefaultDesc);
                self.new_object(made, 0, |index| ty.fields[index]);
            }
            (Op::RefGetDesc, _) => self.object_op(Object::Descriptor, 1),
            (Op::ArrayNewFixed, Imm::Index2(ty, count)) => self.array_new_fixed(ty, count),
            (Op::ArrayNew | Op::ArrayNewDefault, Imm::Index(ty)) => self.array_new(op, ty),
            (Op::StructGet | Op::StructGetS | Op::StructGetU, Imm::Index2(ty, field)) => {
                let place = self.object_type(ty).fields[field as usize];
                let (access, kind) = access(place.storage, op == Op::StructGetS);
                self.object_op(Object::Get(access, kind, place.offset), 1);
            }
            (Op::ArrayGet | Op::ArrayGetS | Op::ArrayGetU, Imm::Index(ty)) => {
                let (access, kind) = access(self.object_type(ty).element(), op == Op::ArrayGetS);
                self.object_op(Object::Element(access, kind), 2);
            }
            (Op::StructSet, Imm::Index2(ty, field)) => self.struct_set(ty, field),
            (Op::ArraySet, Imm::Index(ty)) => self.array_set(ty),
            (Op::ArrayLen, _) => self.object_op(Object::Len, 1),
            (Op::RefI31, _) => match self.stack.last().map(|operand| operand.origin) {
                Some(Origin::Const(bits)) => {
                    self.pop();
                    self.push_const(Kind::Ref, u64::from((low(bits)) << 1 | 1));
                }
                _ => self.object_op(Object::RefI31, 1),
            },
            (Op::I31GetS, _) => self.object_op(Object::I31Get { signed: true }, 1),
            (Op::I31GetU, _) => self.object_op(Object::I31Get { signed: false }, 1),
            _ => return false,
        }
        true
    }

    /// The layout of a type, which is no function type.
    fn object_type(&self, ty: u32) -> &'m ObjectType {
        match self.source.objects.get(ty as usize) {
            Some(Some(ty)) => ty,
            _ => unreachable!("validation knows that it is no function type"),
        }
    }

    /// An instruction with one or two operands and a result. The first is never read from the code.
    pub(super) fn object_op(&mut self, object: Object, operands: usize) {
        let index = (operands == 2).then(|| self.pop());
        let reference = self.pop();
        let a = self.variable_place(reference);
        let mut b = index.map_or(NO_LOC, |index| self.place(index));
        if a.is_acc() && b.is_acc() {
            b = Loc::Slot(b.slot());
        }
        let d = ResultLoc::Slot(self.next_slot());
        let inst = Inst { what: What::Object(object), d, a, b };
        let emitted = self.builder.emit(inst);
        debug_assert!(emitted, "there is a handler for slots: {inst}");
        self.push_temp(object.result());
    }

    fn struct_set(&mut self, ty: u32, field: u32) {
        let place = self.object_type(ty).fields[field as usize];
        let (access, kind) = access(place.storage, false);
        let (value, reference) = (self.pop(), self.pop());
        let a = self.variable_place(reference);
        let v = self.stored(value, kind, a.is_acc());
        let find = |[a, v]: [Loc; 2]| tables::object::struct_set(access, a.place(), v.place());
        let Some(([a, v], entry)) = placed([a, v], find) else {
            unreachable!("there is a handler for these places")
        };
        self.builder.use_operands(Domain::Int, &[a]);
        self.builder.use_operands(kind.domain(), &[v]);
        self.builder.cell(entry, format_args!("struct {a}.{} = {v}", place.offset));
        self.builder.push(pack_const(v.slot(), a.slot(), place.offset));
        self.push_value(v);
    }

    fn array_set(&mut self, ty: u32) {
        let (access, kind) = access(self.object_type(ty).element(), false);
        let (value, index, reference) = (self.pop(), self.pop(), self.pop());
        let b = self.variable_place(index);
        let a = match self.variable_place(reference) {
            a @ (Loc::P0(_) | Loc::P1(_)) if b.place() != a.place() => a,
            a => Loc::Slot(a.slot()),
        };
        let v = self.stored(value, kind, b.is_acc());
        let find = |[a, b, v]: [Loc; 3]| {
            tables::object::array_set(access, a.place(), b.place(), v.place())
        };
        let Some(([a, b, v], entry)) = placed([a, b, v], find) else {
            unreachable!("there is a handler for these places")
        };
        self.builder.use_operands(Domain::Int, &[a, b]);
        self.builder.use_operands(kind.domain(), &[v]);
        self.builder.cell(entry, format_args!("array {a}[{b}] = {v}"));
        self.builder.push(pack_fields([v.slot(), a.slot(), b.slot(), 0]));
        self.push_value(v);
    }

    /// Where to read a value that is stored. An integer can't be in the accumulator if something
    /// else is.
    fn stored(&mut self, value: Operand, kind: Kind, is_taken: bool) -> Loc {
        match self.place(value) {
            Loc::Acc { slot, .. } if is_taken && kind.domain() == Domain::Int => Loc::Slot(slot),
            Loc::Const(_) if kind == Kind::V128 => Loc::Slot(self.slot_of(value)),
            place => place,
        }
    }

    fn push_value(&mut self, v: Loc) {
        if let Loc::Const(bits) = v {
            self.builder.push(bits);
        }
    }

    fn array_new_fixed(&mut self, ty: u32, count: u32) {
        let ty = self.object_type(ty);
        let storage = ty.element();
        let header = u64::from(count) << 32 | u64::from(ty.header);
        let size = ty
            .array_size(count.into())
            .map_or(Ok(MIN_OBJECT), |size| index("bytes of an array", size));
        let size = self.builder.fit(size);
        // There is one for each operand: few enough.
        let field = |index: usize| {
            let offset = HEADER + u32::try_from(index).unwrap_or(count) * storage.size();
            FieldLayout { offset, storage }
        };
        self.new_object(Made { header, size, described: false }, count as usize, field);
    }

    /// Makes an object of the top operands, so many fields, and the descriptor above them if there
    /// is one; without fields, of zeros.
    fn new_object(&mut self, made: Made, count: usize, field: impl Fn(usize) -> FieldLayout) {
        let Made { header, size, described } = made;
        if described {
            self.settle_descriptor();
        }
        // What is in accumulators now stays in its slot, too: the first cell may stop.
        self.builder.keep_stores();
        self.can_stop(Stopped::Before);
        self.count_object(size);
        let from = self.stack.len() - count - usize::from(described);
        // What the last cell does with the last field.
        let last = if described { count } else { count.saturating_sub(1) };
        if count == 0 {
            self.builder.cell(tables::object::NEW_ZEROED, format_args!("new {size} bytes"));
            self.builder.push(0);
            self.builder.push(size.into());
        }
        for index in 0..last.max(count.min(1)) {
            let v = self.field_value(from + index);
            self.new_field(field(index), v, (index == 0).then_some(size));
        }
        let what = if described {
            (Object::Described(header), self.field_value(from + count))
        } else if last == 0 {
            (Object::Done(header), NO_LOC)
        } else {
            let FieldLayout { offset, storage } = field(last);
            (Object::Last(access(storage, false).0, offset, header), self.field_value(from + last))
        };
        self.truncate(from);
        let d = ResultLoc::Slot(self.next_slot());
        let inst = Inst { what: What::Object(what.0), d, a: what.1, b: NO_LOC };
        let emitted = self.builder.emit(inst);
        debug_assert!(emitted, "an object can be made from everywhere: {inst}");
        self.push_temp(Kind::Ref);
    }

    /// A descriptor is not read from the code: a constant, which is null, goes to its slot.
    fn settle_descriptor(&mut self) {
        let top = self.stack.len() - 1;
        if let Origin::Const(_) = self.stack[top].origin {
            self.settle(top, true);
        }
    }

    /// The place of an operand that a field gets: it stays there.
    fn field_value(&self, index: usize) -> Loc {
        match self.place(self.stack[index]) {
            Loc::Acc { slot, .. } => Loc::Acc { slot, last_use: false },
            place => place,
        }
    }

    /// Writes a field of the object that is made; of the first one if `size` says how large it is.
    fn new_field(&mut self, place: FieldLayout, v: Loc, size: Option<u32>) {
        let (access, _) = access(place.storage, false);
        let find = |[v]: [Loc; 1]| match size {
            Some(_) => tables::object::new_first(access, v.place()),
            None => tables::object::new_field(access, v.place()),
        };
        let Some(([v], entry)) = placed([v], find) else {
            unreachable!("an object can be made from everywhere")
        };
        let of = format_args!("field {} = {v}", place.offset);
        match size {
            Some(size) => self.builder.cell(entry, format_args!("new {size} bytes, {of}")),
            None => self.builder.cell(entry, of),
        };
        self.builder.push(pack_const(v.slot(), 0, place.offset));
        if let Some(size) = size {
            self.builder.push(size.into());
        }
        self.push_value(v);
    }

    /// `array.new` and `array.new_default`: a cell for small ones, and one for the driver.
    fn array_new(&mut self, op: Op, index: u32) {
        let ty = self.object_type(index);
        let is_default = op == Op::ArrayNewDefault;
        let operands = if is_default { 1 } else { 2 };
        self.settle(self.stack.len() - operands, true);
        self.builder.keep_stores();
        let base = self.stack[self.stack.len() - operands].slot;
        let (access, _) = access(ty.element(), false);
        if let Some(entry) = tables::object::array_new(access, is_default) {
            self.builder.cell(entry, format_args!("small {} {index} from s{base}", op.mnemonic()));
            self.builder.push(pack_const(base, 0, ty.header));
        }
        self.can_stop(Stopped::Before);
        self.truncate(self.stack.len() - operands);
        let Some(slow) = SlowOp::of(op) else { return };
        self.builder.cell(plain::SLOW, format_args!("{} {index} 0 from s{base}", op.mnemonic()));
        self.builder.push(pack_const(slow.number(), base, index));
        self.builder.push(0);
        self.builder.forget();
        self.push_temp(Kind::Ref);
    }
}
