//! [`Table`]: a table of references of a store.

use super::value::check_store;
use crate::{
    AsContext, AsContextMut, Error, HeapType, Ref, RefType, TableType, Trap, ValType,
    error::error,
    runtime::{self, StoreId, StoreInner, add_table},
};
use windlass_decode::Count;

/// A table of references of a store. It is a number, cheap to copy.
///
/// ```
/// use windlass::{Engine, Func, Ref, RefType, Store, Table, TableType};
/// let mut store = Store::new(&Engine::default(), ());
/// let table = Table::new(&mut store, TableType::new(RefType::FUNCREF, 2, None), Ref::Func(None))?;
/// let func = Func::wrap(&mut store, || {});
/// table.set(&mut store, 1, func.into())?;
/// assert!(table.get(&mut store, 0).unwrap().is_null());
/// assert!(table.get(&mut store, 2).is_none());
/// assert_eq!(table.grow(&mut store, 3, func.into())?, 2);
/// # Ok::<(), windlass::Error>(())
/// ```
///
/// # Panics
/// Methods that do not return a `Result` panic if the table belongs to another store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    store: StoreId,
    index: u32,
}

impl Table {
    /// A table of type `ty` whose elements are all `init`.
    ///
    /// # Errors
    /// If `init` is not of the elements' type, or if the limits of the store or the host don't
    /// allow it.
    pub fn new(mut store: impl AsContextMut, ty: TableType, init: Ref) -> Result<Table, Error> {
        let store = store.as_context_mut().0;
        if !ValType::from(ty.element()).is_of(&store.inner.engine) {
            return Err(Error::msg("the type of the elements belongs to another engine"));
        }
        let init = init.to_slot(&store.inner, ty.element())?;
        if ty.maximum().is_some_and(|max| ty.minimum() > max) {
            return Err(Error::msg("size minimum must not be greater than maximum"));
        }
        store.inner.touch();
        let index = add_table(store, ty.to_decoded(), init)?;
        Ok(Table { store: store.inner.id, index })
    }

    /// Its type. The minimum is the size that it started with.
    pub fn ty(&self, store: impl AsContext) -> TableType {
        let inner = &store.as_context().0.inner;
        let ty = inner.tables[self.index_in(inner)].ty;
        TableType::from_decoded(&inner.engine, ty).given(&inner.engine)
    }

    /// The element at `index`, if there is one.
    pub fn get(&self, mut store: impl AsContextMut, index: u64) -> Option<Ref> {
        let inner = &mut store.as_context_mut().0.inner;
        let table = &inner.tables[self.index_in(inner)];
        let slot = *table.elements.get(usize::try_from(index).ok()?)?;
        let ty = HeapType::from_decoded(&inner.engine, table.ty.element.heap);
        Some(Ref::from_slot(inner, ty, slot))
    }

    /// Sets the element at `index`.
    ///
    /// # Errors
    /// If there is none, if `value` is not of the elements' type, or if it or the table belongs to
    /// another store.
    pub fn set(&self, mut store: impl AsContextMut, index: u64, value: Ref) -> Result<(), Error> {
        let inner = &mut store.as_context_mut().0.inner;
        check_store(inner.id, self.store, "table")?;
        let slot = self.slot(inner, value)?;
        inner.touch();
        let elements = &mut inner.tables[self.index as usize].elements;
        let element = usize::try_from(index).ok().and_then(|index| elements.get_mut(index));
        *element.ok_or(Trap::TableOutOfBounds)? = slot;
        Ok(())
    }

    /// The number of elements.
    pub fn size(&self, store: impl AsContext) -> u64 {
        let inner = &store.as_context().0.inner;
        inner.tables[self.index_in(inner)].elements.len() as u64
    }

    /// Adds `delta` elements that are `init`; returns the old size.
    ///
    /// # Errors
    /// If the type, the limits of the store or the host don't allow it, if `init` is not of the
    /// elements' type, or if it or the table belongs to another store. An error of the limiter's as
    /// it is.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u64, init: Ref) -> Result<u64, Error> {
        let store = store.as_context_mut().0;
        check_store(store.inner.id, self.store, "table")?;
        let slot = self.slot(&store.inner, init)?;
        store.inner.touch();
        let failed = || error!("failed to grow table by {}", Count(delta, "element"));
        runtime::grow_table(store, self.index, delta, slot)?.ok_or_else(failed)
    }

    /// Sets `len` elements from `start` on to `value`.
    ///
    /// # Errors
    /// If there are not so many, if `value` is not of the elements' type, or if it or the table
    /// belongs to another store.
    pub fn fill(
        &self,
        mut store: impl AsContextMut,
        start: u64,
        value: Ref,
        len: u64,
    ) -> Result<(), Error> {
        let inner = &mut store.as_context_mut().0.inner;
        check_store(inner.id, self.store, "table")?;
        let slot = self.slot(inner, value)?;
        inner.touch();
        let elements = &mut inner.tables[self.index as usize].elements;
        let range = usize::try_from(start).ok().zip(usize::try_from(len).ok());
        let range = range.and_then(|(start, len)| Some(start..start.checked_add(len)?));
        let part = range.and_then(|range| elements.get_mut(range));
        part.ok_or(Trap::TableOutOfBounds)?.fill(slot);
        Ok(())
    }

    /// Copies `len` elements of `src_table`, from `src_index` on, to `dst_table`, from `dst_index`
    /// on. They can be the same table, and the ranges overlap.
    ///
    /// # Errors
    /// If one of the tables has not so many elements there: then nothing is copied. If elements of
    /// the one are not of the other's type, or if a table belongs to another store.
    ///
    /// ```
    /// use windlass::{Func, Ref, RefType, Store, Table, TableType};
    /// let mut store = Store::<()>::default();
    /// let ty = TableType::new(RefType::FUNCREF, 4, None);
    /// let table = Table::new(&mut store, ty, Ref::Func(None))?;
    /// let func = Func::wrap(&mut store, || {});
    /// table.set(&mut store, 0, func.into())?;
    /// Table::copy(&mut store, &table, 1, &table, 0, 3)?;
    /// assert!(!table.get(&mut store, 1).unwrap().is_null());
    /// assert!(table.get(&mut store, 2).unwrap().is_null());
    /// assert!(Table::copy(&mut store, &table, 2, &table, 0, 3).is_err());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn copy(
        mut store: impl AsContextMut,
        dst_table: &Table,
        dst_index: u64,
        src_table: &Table,
        src_index: u64,
        len: u64,
    ) -> Result<(), Error> {
        let inner = &mut store.as_context_mut().0.inner;
        check_store(inner.id, dst_table.store, "table")?;
        check_store(inner.id, src_table.store, "table")?;
        let (to, from) = (dst_table.index as usize, src_table.index as usize);
        let [wanted, own] = [to, from]
            .map(|table| RefType::from_decoded(&inner.engine, inner.tables[table].ty.element));
        if !own.matches(&inner.engine, &wanted) {
            let [wanted, own] = [wanted, own].map(ValType::from);
            return Err(error!("type mismatch: expected elements of type {wanted}, found {own}"));
        }
        inner.touch();
        let range = |table: usize, start: u64| {
            let [start, len] = [start, len].map(|count| usize::try_from(count).ok());
            let range = start?..start?.checked_add(len?)?;
            (range.end <= inner.tables[table].elements.len()).then_some(range)
        };
        let ranges = range(to, dst_index).zip(range(from, src_index));
        let (target, source) = ranges.ok_or(Trap::TableOutOfBounds)?;
        if to == from {
            inner.tables[to].elements.copy_within(source, target.start);
        } else if let Ok([to, from]) = inner.tables.get_disjoint_mut([to, from]) {
            to.elements[target].copy_from_slice(&from.elements[source]);
        }
        Ok(())
    }

    pub(crate) fn from_index(store: StoreId, index: u32) -> Table {
        Table { store, index }
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    /// A reference as an element of the table.
    fn slot(&self, store: &StoreInner, value: Ref) -> Result<u64, Error> {
        let ty = store.tables[self.index as usize].ty.element;
        value.to_slot(store, RefType::from_decoded(&store.engine, ty))
    }

    fn index_in(&self, store: &StoreInner) -> usize {
        match check_store(store.id, self.store, "table") {
            Ok(()) => self.index as usize,
            Err(error) => panic!("{error}"),
        }
    }
}
