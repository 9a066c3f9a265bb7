//! Lists as long as a module says, made so that a host without memory for them gets an error:
//! [`list`] and its like. Used wherever validation keeps something for each part of a module. What
//! is made for a part is of a fixed size or comes from here.

use crate::func::GC;
use crate::{Error, InvalidKind};
use alloc::{boxed::Box, vec::Vec};
use windlass_decode::{CompositeType, FuncType, SubType};

/// An empty list with room for just so many.
pub(crate) fn list<T>(len: usize) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    grow_to(&mut list, len)?;
    Ok(list)
}

/// Gives a list room for just so many in all.
pub(crate) fn grow_to<T>(list: &mut Vec<T>, len: usize) -> Result<(), Error> {
    let more = len.saturating_sub(list.len());
    list.try_reserve_exact(more).map_err(|_| Error::from(InvalidKind::OutOfMemory))
}

/// Adds to a list whose length nobody knows before.
pub(crate) fn push<T>(list: &mut Vec<T>, item: T) -> Result<(), Error> {
    list.try_reserve(1).map_err(|_| Error::from(InvalidKind::OutOfMemory))?;
    // There is room: what makes more need not be linked for this.
    if list.len() < list.capacity() {
        list.push(item);
    }
    Ok(())
}

/// Gives back what a list has beyond so many, if the host has the memory to move it.
pub(crate) fn shrink_to<T>(list: &mut Vec<T>, len: usize) {
    let mut smaller = Vec::new();
    if smaller.try_reserve_exact(len.max(list.len())).is_ok() {
        smaller.append(list);
        *list = smaller;
    }
}

/// A copy of a list.
fn copy<T: Copy>(items: &[T]) -> Result<Box<[T]>, Error> {
    let mut copy = list(items.len())?;
    copy.extend_from_slice(items);
    Ok(copy.into())
}

/// A copy of a type.
pub(crate) fn copy_type(ty: &SubType) -> Result<SubType, Error> {
    let composite = match &ty.composite {
        CompositeType::Func(ty) => {
            CompositeType::Func(FuncType { params: copy(&ty.params)?, results: copy(&ty.results)? })
        }
        CompositeType::Struct(fields) => {
            CompositeType::Struct(copy(if GC { fields } else { &[] })?)
        }
        CompositeType::Array(element) => CompositeType::Array(*element),
    };
    let &SubType { is_final, describes, descriptor, .. } = ty;
    Ok(SubType { is_final, supertypes: copy(&ty.supertypes)?, describes, descriptor, composite })
}
