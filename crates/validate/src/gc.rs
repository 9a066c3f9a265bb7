//! Structures, arrays and `i31` (garbage collection).

use crate::func::DESCRIPTORS;
use crate::subtype;
use crate::{Error, FuncValidator, InvalidKind, Operand, work};
use windlass_decode::{
    AbsHeapType, CompositeType, FieldType, Imm, Instr, Op, StorageType, ValType,
};

impl<'c> FuncValidator<'c> {
    /// The instructions on structures, arrays and `i31`.
    #[inline(never)]
    pub(crate) fn aggregate(&mut self, instr: &Instr<'_>) -> Result<(), Error> {
        match (instr.op, instr.imm) {
            (Op::StructNew, Imm::Index(ty)) => self.struct_new(ty, false),
            (Op::StructNewDefault, Imm::Index(ty)) => self.struct_new_default(ty, false),
            (Op::StructNewDesc, Imm::Index(ty)) if DESCRIPTORS => self.struct_new(ty, true),
            (Op::StructNewDefaultDesc, Imm::Index(ty)) if DESCRIPTORS => {
                self.struct_new_default(ty, true)
            }
            (Op::RefGetDesc, Imm::Index(ty)) if DESCRIPTORS => self.ref_get_desc(ty),
            (Op::StructGet, Imm::Index2(ty, field)) => self.struct_get(ty, field, false),
            (Op::StructGetS | Op::StructGetU, Imm::Index2(ty, field)) => {
                self.struct_get(ty, field, true)
            }
            (Op::StructSet, Imm::Index2(ty, field)) => self.struct_set(ty, field),
            (Op::ArrayNew, Imm::Index(ty)) => self.array_new(ty),
            (Op::ArrayNewDefault, Imm::Index(ty)) => self.array_new_default(ty),
            (Op::ArrayNewFixed, Imm::Index2(ty, count)) => self.array_new_fixed(ty, count),
            (Op::ArrayNewData, Imm::Index2(ty, data)) => self.array_new_data(ty, data),
            (Op::ArrayNewElem, Imm::Index2(ty, elem)) => self.array_new_elem(ty, elem),
            (Op::ArrayGet, Imm::Index(ty)) => self.array_get(ty, false),
            (Op::ArrayGetS | Op::ArrayGetU, Imm::Index(ty)) => self.array_get(ty, true),
            (Op::ArraySet, Imm::Index(ty)) => self.array_set(ty),
            (Op::ArrayLen, _) => self.convert(Operand::abs(true, AbsHeapType::Array), Operand::I32),
            (Op::ArrayFill, Imm::Index(ty)) => self.array_fill(ty),
            (Op::ArrayCopy, Imm::Index2(to, from)) => self.array_copy(to, from),
            (Op::ArrayInitData, Imm::Index2(ty, data)) => self.array_init_data(ty, data),
            (Op::ArrayInitElem, Imm::Index2(ty, elem)) => self.array_init_elem(ty, elem),
            (Op::AnyConvertExtern, _) => self.convert_ref(AbsHeapType::Extern, AbsHeapType::Any),
            (Op::ExternConvertAny, _) => self.convert_ref(AbsHeapType::Any, AbsHeapType::Extern),
            (Op::RefI31, _) => self.convert(Operand::I32, Operand::abs(false, AbsHeapType::I31)),
            (Op::I31GetS | Op::I31GetU, _) => {
                self.convert(Operand::abs(true, AbsHeapType::I31), Operand::I32)
            }
            // An immediate that is not of the opcode's form: no decoder makes it.
            _ => Err(self.malformed("illegal opcode")),
        }
    }

    pub(crate) fn convert(&mut self, from: Operand, to: Operand) -> Result<(), Error> {
        self.pop(from)?;
        self.push(to);
        Ok(())
    }

    /// Null stays null, and what is not null stays so.
    fn convert_ref(&mut self, from: AbsHeapType, to: AbsHeapType) -> Result<(), Error> {
        let operand = self.pop_ref()?;
        self.push(operand);
        self.convert(Operand::abs(true, from), Operand::abs(operand.is_nullable(), to))
    }

    fn struct_type(&self, index: u32) -> Result<&'c [FieldType], Error> {
        match self.composite(index)? {
            CompositeType::Struct(fields) => Ok(fields),
            _ => Err(self.wrong(index, "a structure type")),
        }
    }

    fn array_type(&self, index: u32) -> Result<FieldType, Error> {
        match self.composite(index)? {
            CompositeType::Array(element) => Ok(*element),
            _ => Err(self.wrong(index, "an array type")),
        }
    }

    #[cold]
    fn wrong(&self, index: u32, expected: &'static str) -> Error {
        self.error(InvalidKind::WrongComposite { index, expected })
    }

    fn field(&self, ty: u32, field: u32) -> Result<FieldType, Error> {
        self.at(self.struct_type(ty)?, field, "field")
    }

    /// An array type whose elements can be set.
    fn mutable_array(&self, ty: u32) -> Result<FieldType, Error> {
        let element = self.array_type(ty)?;
        if !element.mutable {
            return Err(self.error(InvalidKind::ImmutableArray(ty)));
        }
        Ok(element)
    }

    fn check_default(&self, ty: u32, field: u32, stored: FieldType) -> Result<(), Error> {
        work::count(1);
        match stored.storage {
            StorageType::Val(found) if !found.is_defaultable() => {
                let found = self.ctx.show([found.into()]);
                Err(self.error(InvalidKind::NotDefaultable { ty, field, found }))
            }
            _ => Ok(()),
        }
    }

    /// Packed fields are read with a sign, others without.
    fn check_packed(&self, field: FieldType, signed: bool) -> Result<(), Error> {
        let what = "the field or element";
        match (field.storage, signed) {
            (StorageType::Val(_), true) => Err(self.error(InvalidKind::Unpacked(what))),
            (StorageType::I8 | StorageType::I16, false) => {
                Err(self.error(InvalidKind::Packed(what)))
            }
            _ => Ok(()),
        }
    }

    /// `struct.new`, with a descriptor if `described`.
    fn struct_new(&mut self, ty: u32, described: bool) -> Result<(), Error> {
        self.struct_type(ty)?;
        self.pop_descriptor(ty, described)?;
        self.pop_all(self.ctx.lists.of_type(ty).0)?;
        self.push(self.made(ty)?);
        Ok(())
    }

    /// `struct.new_default`, with a descriptor if `described`.
    fn struct_new_default(&mut self, ty: u32, described: bool) -> Result<(), Error> {
        let fields = self.struct_type(ty)?;
        self.pop_descriptor(ty, described)?;
        if let Some(field) = self.ctx.lists.no_default(ty) {
            self.check_default(ty, field, fields[field as usize])?;
        }
        self.push(self.made(ty)?);
        Ok(())
    }

    fn struct_get(&mut self, ty: u32, field: u32, signed: bool) -> Result<(), Error> {
        let field = self.field(ty, field)?;
        self.check_packed(field, signed)?;
        self.convert(self.concrete(true, ty)?, field.into())
    }

    fn struct_set(&mut self, ty: u32, field: u32) -> Result<(), Error> {
        let stored = self.field(ty, field)?;
        if !stored.mutable {
            return Err(self.error(InvalidKind::ImmutableField { ty, field }));
        }
        self.pop_all(&[self.concrete(true, ty)?, stored.into()])
    }

    fn array_new(&mut self, ty: u32) -> Result<(), Error> {
        let element = self.array_type(ty)?;
        self.pop_all(&[element.into(), Operand::I32])?;
        self.push(self.made(ty)?);
        Ok(())
    }

    fn array_new_default(&mut self, ty: u32) -> Result<(), Error> {
        self.check_default(ty, 0, self.array_type(ty)?)?;
        self.convert(Operand::I32, self.made(ty)?)
    }

    fn array_new_fixed(&mut self, ty: u32, count: u32) -> Result<(), Error> {
        let element = self.array_type(ty)?.into();
        for _ in 0..count {
            self.pop(element)?;
            if !self.is_reachable() && !self.has_operands() {
                break;
            }
        }
        self.push(self.made(ty)?);
        Ok(())
    }

    /// Bytes can only become numbers and vectors.
    fn check_numeric(&self, ty: u32, element: FieldType) -> Result<(), Error> {
        match element.storage {
            StorageType::Val(ValType::Ref(_)) => Err(self.error(InvalidKind::ArrayNotNumeric(ty))),
            _ => Ok(()),
        }
    }

    /// The references of an element segment must be of the array's element type.
    fn check_references(&self, element: FieldType, elem: u32) -> Result<(), Error> {
        let from = self.element(elem)?;
        match element.storage {
            StorageType::Val(ValType::Ref(to)) => self.check_elements(from, to),
            _ => Err(self.error(InvalidKind::Mismatch {
                what: "the element segment's type",
                expected: self.ctx.show([element.into()]),
                found: self.ctx.show([from.into()]),
            })),
        }
    }

    fn array_new_data(&mut self, ty: u32, data: u32) -> Result<(), Error> {
        self.check_numeric(ty, self.array_type(ty)?)?;
        self.check_data(data)?;
        self.pop_all(&[Operand::I32, Operand::I32])?;
        self.push(self.made(ty)?);
        Ok(())
    }

    fn array_new_elem(&mut self, ty: u32, elem: u32) -> Result<(), Error> {
        self.check_references(self.array_type(ty)?, elem)?;
        self.pop_all(&[Operand::I32, Operand::I32])?;
        self.push(self.made(ty)?);
        Ok(())
    }

    fn array_get(&mut self, ty: u32, signed: bool) -> Result<(), Error> {
        let element = self.array_type(ty)?;
        self.check_packed(element, signed)?;
        self.pop_all(&[self.concrete(true, ty)?, Operand::I32])?;
        self.push(element.into());
        Ok(())
    }

    fn array_set(&mut self, ty: u32) -> Result<(), Error> {
        let element = self.mutable_array(ty)?;
        self.pop_all(&[self.concrete(true, ty)?, Operand::I32, element.into()])
    }

    fn array_fill(&mut self, ty: u32) -> Result<(), Error> {
        let element = self.mutable_array(ty)?;
        self.pop_all(&[self.concrete(true, ty)?, Operand::I32, element.into(), Operand::I32])
    }

    fn array_copy(&mut self, to: u32, from: u32) -> Result<(), Error> {
        let (target, source) = (self.mutable_array(to)?, self.array_type(from)?);
        if !subtype::storage(self.ctx, source.storage, target.storage) {
            return Err(self.error(InvalidKind::ArraysDoNotMatch { to, from }));
        }
        let [to, from] = [self.concrete(true, to)?, self.concrete(true, from)?];
        self.pop_all(&[to, Operand::I32, from, Operand::I32, Operand::I32])
    }

    fn array_init_data(&mut self, ty: u32, data: u32) -> Result<(), Error> {
        self.check_numeric(ty, self.mutable_array(ty)?)?;
        self.check_data(data)?;
        self.pop_all(&[self.concrete(true, ty)?, Operand::I32, Operand::I32, Operand::I32])
    }

    fn array_init_elem(&mut self, ty: u32, elem: u32) -> Result<(), Error> {
        self.check_references(self.mutable_array(ty)?, elem)?;
        self.pop_all(&[self.concrete(true, ty)?, Operand::I32, Operand::I32, Operand::I32])
    }
}

/// What a field's value is on the stack.
impl From<FieldType> for Operand {
    fn from(field: FieldType) -> Operand {
        match field.storage {
            StorageType::I8 | StorageType::I16 => Operand::I32,
            StorageType::Val(ty) => ty.into(),
        }
    }
}
