//! Locals and globals.

use crate::{Error, FuncValidator, InvalidKind, Operand};

impl FuncValidator<'_> {
    /// A local's type.
    #[inline]
    fn known_local(&self, index: u32) -> Result<Operand, Error> {
        match self.local(index) {
            Some(ty) => Ok(ty),
            None => Err(self.error(InvalidKind::Unknown { space: "local", index })),
        }
    }

    #[inline]
    pub(crate) fn local_get(&mut self, index: u32) -> Result<(), Error> {
        let ty = self.known_local(index)?;
        if !ty.is_defaultable() && !self.locals.is_set(index) {
            return Err(self.error(InvalidKind::UninitializedLocal(index)));
        }
        self.push(ty);
        Ok(())
    }

    pub(crate) fn local_set(&mut self, index: u32) -> Result<(), Error> {
        let ty = self.known_local(index)?;
        self.pop(ty)?;
        if !ty.is_defaultable() {
            self.locals.set(index).map_err(|error| error.at(self.offset))?;
        }
        Ok(())
    }

    pub(crate) fn local_tee(&mut self, index: u32) -> Result<(), Error> {
        self.local_set(index)?;
        let ty = self.known_local(index)?;
        self.push(ty);
        Ok(())
    }

    pub(crate) fn global_get(&mut self, index: u32) -> Result<(), Error> {
        let global = self.at(&self.ctx.globals, index, "global")?;
        self.push(global.val.into());
        Ok(())
    }

    pub(crate) fn global_set(&mut self, index: u32) -> Result<(), Error> {
        let global = self.at(&self.ctx.globals, index, "global")?;
        if !global.mutable {
            return Err(self.error(InvalidKind::ImmutableGlobal(index)));
        }
        self.pop(global.val.into())
    }
}
