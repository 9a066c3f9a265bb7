//! Handlers of references and of the tables that hold them. References lie in slots as
//! [`exec`](super) says; what they refer to is not looked at here.

use crate::{
    Trap,
    exec::machine::{
        Machine, Name,
        context::Stop,
        dispatch::Step,
        place::{Dst, Slot, Src, name},
        views::TableView,
    },
};
use core::marker::PhantomData;

/// `d` = a reference to a function of the instance. Operands: `d, -, index`.
pub(crate) struct RefFunc<D>(PhantomData<D>);
impl<D: Dst> Step for RefFunc<D> {
    const NAME: Option<Name> = name!(RefFunc, D);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6.
        unsafe {
            let index = m.high(0) as u32;
            if index >= m.cx().func_id_count {
                return Err(Stop::Broken);
            }
            let func = *m.cx().func_ids.add(index as usize);
            D::set(m, 0, i64::from(func) + 1);
            m.advance(1);
        }
        Ok(())
    }
}

/// Traps if the reference is null. Operands: `-, a`.
pub(crate) struct NonNull<A>(PhantomData<A>);
impl<A: Src> Step for NonNull<A> {
    const NAME: Option<Name> = name!(NonNull, A);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2.
        unsafe {
            if A::get::<i64>(m, 1, 0) == 0 {
                return Err(Trap::NullReference.into());
            }
            m.advance(1);
        }
        Ok(())
    }
}

/// The table whose index in the instance is the upper half of the operand word; if there is none,
/// it stops so.
#[inline(always)]
unsafe fn table(m: &mut Machine, none: Stop) -> Result<*const TableView, Stop> {
    // SAFETY: I1, I4, I6.
    unsafe {
        let index = m.high(0) as u32;
        if index >= m.cx().table_count {
            return Err(none);
        }
        Ok(m.cx().tables.add(index as usize))
    }
}

/// `d` = the table's element `a`. Operands: `d, a, table`.
pub(crate) struct TableGet<A, D>(PhantomData<(A, D)>);
impl<A: Src, D: Dst> Step for TableGet<A, D> {
    const NAME: Option<Name> = name!(TableGet, A, D);
    const IS_ALWAYS_THERE: bool = !A::IS_PIN;

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6; the index is checked.
        unsafe {
            let table = table(m, Trap::TableOutOfBounds.into())?;
            let index = A::get::<i64>(m, 1, 0) as u64;
            if index >= (*table).len as u64 {
                return Err(Trap::TableOutOfBounds.into());
            }
            let value = *(*table).base.add(index as usize);
            D::set(m, 0, value as i64);
            m.advance(1);
        }
        Ok(())
    }
}

/// The table's element `a` = `v`, both in slots. Operands: `v, a, table`.
pub(crate) struct TableSet;
impl Step for TableSet {
    const NAME: Option<Name> = name!(TableSet);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6; the index is checked.
        unsafe {
            let table = table(m, Trap::TableOutOfBounds.into())?;
            let index = Slot::get::<i64>(m, 1, 0) as u64;
            if index >= (*table).len as u64 {
                return Err(Trap::TableOutOfBounds.into());
            }
            *(*table).base.add(index as usize) = Slot::get::<i64>(m, 0, 0) as u64;
            m.advance(1);
        }
        Ok(())
    }
}

/// `d` = the table's size. Operands: `d, -, table`.
pub(crate) struct TableSize<D>(PhantomData<D>);
impl<D: Dst> Step for TableSize<D> {
    const NAME: Option<Name> = name!(TableSize, D);

    #[inline(always)]
    unsafe fn step(m: &mut Machine) -> Result<(), Stop> {
        // SAFETY: I1, I2, I4, I6.
        unsafe {
            let table = table(m, Stop::Broken)?;
            let len = (*table).len as i64;
            D::set(m, 0, len);
            m.advance(1);
        }
        Ok(())
    }
}
