//! Instructions on references of all kinds: null, functions, tests and casts, and branches on them.

use crate::{Error, FuncValidator, InvalidKind, Operand, func::DESCRIPTORS, subtype::top};
use windlass_decode::{AbsHeapType, ErrorKind, Features, HeapType, RefType};

impl FuncValidator<'_> {
    /// The reference type to the module's type `index`.
    pub(crate) fn concrete(&self, nullable: bool, index: u32) -> Result<Operand, Error> {
        let id = self.at(&self.ctx.type_ids, index, "type")?;
        Ok(Operand::heap(nullable, HeapType::Concrete(id.0)))
    }

    /// The type of a reference to what an instruction has just made, by the index of its type. That
    /// it is exact shows only where there are exact types.
    pub(crate) fn made(&self, index: u32) -> Result<Operand, Error> {
        let id = self.at(&self.ctx.type_ids, index, "type")?;
        let exact = self.has(Features::CUSTOM_DESCRIPTORS);
        Ok(Operand::heap(false, if exact { HeapType::Exact } else { HeapType::Concrete }(id.0)))
    }

    pub(crate) fn canonical_ref(&self, ty: RefType) -> Result<RefType, Error> {
        self.ctx.canonical_ref(ty).map_err(|error| error.at(self.offset))
    }

    pub(crate) fn ref_null(&mut self, heap: HeapType) -> Result<(), Error> {
        let ty = self.canonical_ref(RefType { nullable: true, heap })?;
        self.push(ty.into());
        Ok(())
    }

    pub(crate) fn ref_is_null(&mut self) -> Result<(), Error> {
        self.pop_ref()?;
        self.push(Operand::I32);
        Ok(())
    }

    pub(crate) fn ref_as_non_null(&mut self) -> Result<(), Error> {
        let ty = self.pop_ref()?;
        self.push(ty.non_null());
        Ok(())
    }

    pub(crate) fn ref_func(&mut self, func: u32) -> Result<(), Error> {
        self.push_func_ref(func)?;
        if !self.ctx.is_declared(func) {
            return Err(self.error(InvalidKind::UndeclaredFunctionReference(func)));
        }
        Ok(())
    }

    pub(crate) fn push_func_ref(&mut self, func: u32) -> Result<(), Error> {
        let ty = self.at(&self.ctx.funcs, func, "function")?;
        let exact = self.ctx.is_exact(func);
        self.push(if exact { self.made(ty)? } else { self.concrete(false, ty)? });
        Ok(())
    }

    pub(crate) fn ref_eq(&mut self) -> Result<(), Error> {
        let eq = Operand::abs(true, AbsHeapType::Eq);
        self.pop_all(&[eq, eq])?;
        self.push(Operand::I32);
        Ok(())
    }

    pub(crate) fn br_on_null(&mut self, label: u32) -> Result<(), Error> {
        let ty = self.pop_ref()?;
        self.with_label(label, Self::retype)?;
        self.push(ty.non_null());
        Ok(())
    }

    /// The label takes the reference last; the other operands stay.
    pub(crate) fn br_on_non_null(&mut self, label: u32) -> Result<(), Error> {
        self.with_label(label, |this, types| {
            let (rest, last) = this.split_label(types)?;
            this.pop(Operand::from(last).with_null(true))?;
            this.retype(rest)
        })
    }

    pub(crate) fn br_on_cast(
        &mut self,
        label: u32,
        from: RefType,
        to: RefType,
    ) -> Result<(), Error> {
        let (from, to) = self.check_cast(from, to)?;
        self.br_cast(label, from, to, difference(from, to))
    }

    pub(crate) fn br_on_cast_fail(
        &mut self,
        label: u32,
        from: RefType,
        to: RefType,
    ) -> Result<(), Error> {
        let (from, to) = self.check_cast(from, to)?;
        self.br_cast(label, from, difference(from, to), to)
    }

    /// The type that is tested for must lie below the operand's; with custom descriptors it is
    /// enough that both are of one hierarchy.
    fn check_cast(&self, from: RefType, to: RefType) -> Result<(RefType, RefType), Error> {
        let (from, to) = (self.canonical_ref(from)?, self.canonical_ref(to)?);
        let fits = if self.has(Features::CUSTOM_DESCRIPTORS) {
            top(self.ctx, to.heap) == top(self.ctx, from.heap)
        } else {
            self.ctx.ref_is_subtype(to, from)
        };
        if fits {
            return Ok((from, to));
        }
        let is_wanted = !DESCRIPTORS && self.ctx.features.contains(Features::CUSTOM_DESCRIPTORS);
        if is_wanted && top(self.ctx, to.heap) == top(self.ctx, from.heap) {
            let what = "a cast to a type that is not below the operand's";
            let kind = ErrorKind::NotBuilt { what, feature: "proposals" };
            return Err(windlass_decode::Error::new(kind, self.offset).into());
        }
        Err(self.error(InvalidKind::Mismatch {
            what: "the type to cast to",
            expected: self.ctx.show([from.into()]),
            found: self.ctx.show([to.into()]),
        }))
    }

    /// Pops `from`; the branch takes it as `branch`, and it goes on as `fall`.
    fn br_cast(
        &mut self,
        label: u32,
        from: RefType,
        branch: RefType,
        fall: RefType,
    ) -> Result<(), Error> {
        self.with_label(label, |this, types| {
            let (rest, last) = this.split_label(types)?;
            if !this.ctx.ref_is_subtype(branch, last) {
                return Err(this.error(InvalidKind::Mismatch {
                    what: "the reference that the branch takes",
                    expected: this.ctx.show([last.into()]),
                    found: this.ctx.show([branch.into()]),
                }));
            }
            this.pop(from.into())?;
            this.retype(rest)?;
            this.push(fall.into());
            Ok(())
        })
    }

    /// The operands of a label that takes a reference last.
    fn split_label<'a>(&self, types: &'a [Operand]) -> Result<(&'a [Operand], RefType), Error> {
        if let Some((last, rest)) = types.split_last()
            && let Some(last) = last.ref_type()
        {
            return Ok((rest, last));
        }
        Err(self.error(InvalidKind::Mismatch {
            what: "the label's last operand",
            expected: "a reference".into(),
            found: self.ctx.show(types.last().copied()),
        }))
    }

    pub(crate) fn ref_test(&mut self, heap: HeapType, nullable: bool) -> Result<(), Error> {
        self.pop_castable(heap, nullable)?;
        self.push(Operand::I32);
        Ok(())
    }

    pub(crate) fn ref_cast(&mut self, heap: HeapType, nullable: bool) -> Result<(), Error> {
        let ty = self.pop_castable(heap, nullable)?;
        self.push(ty);
        Ok(())
    }

    /// Pops any reference of the hierarchy that `heap` belongs to.
    fn pop_castable(&mut self, heap: HeapType, nullable: bool) -> Result<Operand, Error> {
        let ty = self.canonical_ref(RefType { nullable, heap })?;
        self.pop(Operand::abs(true, top(self.ctx, ty.heap)))?;
        Ok(ty.into())
    }
}

/// What is left of `from` where a cast to `to` fails.
fn difference(from: RefType, to: RefType) -> RefType {
    RefType { nullable: from.nullable && !to.nullable, heap: from.heap }
}
