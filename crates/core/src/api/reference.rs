//! References that the host holds: [`Rooted`] and [`OwnedRooted`] keep what they refer to alive,
//! and the types here say what it is. Every use of one is checked: a reference whose scope has
//! ended, or one of another store, is an error.

mod any;
mod array;
mod eq;
mod exn;
mod external;
mod field;
mod i31;
mod rooted;
mod scope;
mod structure;

pub use any::AnyRef;
pub use array::{ArrayRef, ArrayRefPre};
pub use eq::EqRef;
pub use exn::ExnRef;
pub use external::ExternRef;
pub use i31::I31;
pub(crate) use rooted::Reference;
pub use rooted::{GcRef, OwnedRooted, Rooted, RootedGcRef};
pub use scope::RootScope;
pub use structure::{StructRef, StructRefPre};

use super::value::check_store;
use crate::{
    AsContext, ConcreteType, Error, Func, HeapType, RefType, ValType, error::error,
    runtime::StoreInner,
};

/// A reference.
///
/// ```
/// use windlass::{HeapType, Ref, Val};
/// assert!(Ref::Extern(None).is_null());
/// assert!(matches!(Val::from(Ref::null(HeapType::I31)), Val::AnyRef(None)));
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub enum Ref {
    /// A function, or null.
    Func(Option<Func>),
    /// A host value, or null.
    Extern(Option<Rooted<ExternRef>>),
    /// A structure, an array, a number of 31 bits or a host value as one of them; or null.
    Any(Option<Rooted<AnyRef>>),
    /// An exception, or null.
    Exn(Option<Rooted<ExnRef>>),
}

/// A reference to a function.
pub type FuncRef = Func;

impl Ref {
    /// The null reference of a type.
    pub fn null(ty: HeapType) -> Ref {
        match ty.top() {
            HeapType::Extern => Ref::Extern(None),
            HeapType::Any => Ref::Any(None),
            HeapType::Exn => Ref::Exn(None),
            _ => Ref::Func(None),
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Ref::Func(None) | Ref::Extern(None) | Ref::Any(None) | Ref::Exn(None))
    }

    /// The function, or null, if it is a reference to functions.
    pub fn as_func(&self) -> Option<Option<Func>> {
        if let Ref::Func(func) = self { Some(*func) } else { None }
    }

    /// The host value, or null, if it is a reference to host values.
    pub fn as_extern(&self) -> Option<Option<Rooted<ExternRef>>> {
        if let Ref::Extern(value) = self { Some(*value) } else { None }
    }

    /// The value, or null, if it is a reference of `any`.
    pub fn as_any(&self) -> Option<Option<Rooted<AnyRef>>> {
        if let Ref::Any(value) = self { Some(*value) } else { None }
    }

    /// Whether it is a function, or null of these.
    pub fn is_func(&self) -> bool {
        self.as_func().is_some()
    }

    /// Whether it is a host value, or null of these.
    pub fn is_extern(&self) -> bool {
        self.as_extern().is_some()
    }

    /// Whether it is a reference of `any`, or null of these.
    pub fn is_any(&self) -> bool {
        self.as_any().is_some()
    }

    /// Whether it is an exception, or null of these.
    pub fn is_exn(&self) -> bool {
        self.as_exn().is_some()
    }

    /// The function, or null.
    ///
    /// # Panics
    /// If it is no reference to functions.
    ///
    /// ```
    /// use windlass::Ref;
    /// assert!(Ref::Func(None).unwrap_func().is_none());
    /// ```
    pub fn unwrap_func(&self) -> Option<Func> {
        self.as_func().unwrap_or_else(|| self.is_another("func"))
    }

    /// The host value, or null.
    ///
    /// # Panics
    /// If it is no reference to host values.
    pub fn unwrap_extern(&self) -> Option<Rooted<ExternRef>> {
        self.as_extern().unwrap_or_else(|| self.is_another("extern"))
    }

    /// The value, or null.
    ///
    /// # Panics
    /// If it is no reference of `any`.
    pub fn unwrap_any(&self) -> Option<Rooted<AnyRef>> {
        self.as_any().unwrap_or_else(|| self.is_another("any"))
    }

    /// The exception, or null.
    ///
    /// # Panics
    /// If it is no reference to exceptions.
    pub fn unwrap_exn(&self) -> Option<Rooted<ExnRef>> {
        self.as_exn().unwrap_or_else(|| self.is_another("exn"))
    }

    #[cold]
    fn is_another(&self, wanted: &str) -> ! {
        panic!("expected a reference of {wanted}, found {self:?}")
    }

    /// The exception, or null, if it is a reference to exceptions.
    pub fn as_exn(&self) -> Option<Option<Rooted<ExnRef>>> {
        if let Ref::Exn(value) = self { Some(*value) } else { None }
    }

    /// The most exact type; of one that is defined, [inexact](HeapType::inexact).
    ///
    /// # Errors
    /// If it belongs to another store, or if its scope has ended.
    pub fn ty(&self, store: impl AsContext) -> Result<RefType, Error> {
        let store = &store.as_context().0.inner;
        Ok(self.ty_in(store)?.inexact().given(&store.engine))
    }

    /// Whether it is of type `ty`.
    ///
    /// # Errors
    /// If it belongs to another store, or if its scope has ended.
    pub fn matches_ty(&self, store: impl AsContext, ty: &RefType) -> Result<bool, Error> {
        let store = &store.as_context().0.inner;
        Ok(self.ty_in(store)?.matches(&store.engine, ty))
    }

    /// The most exact type, in the sense of [`HeapType::exact`] too.
    pub(crate) fn ty_in(&self, store: &StoreInner) -> Result<RefType, Error> {
        let heap = match self {
            Ref::Func(Some(func)) => store.func_heap_type(func.index_in(store)?),
            Ref::Extern(Some(value)) => value.slot(store).map(|_| HeapType::Extern)?,
            Ref::Any(Some(value)) => store.heap_type_of(value.slot(store)?),
            Ref::Exn(Some(value)) => value.slot(store).map(|_| HeapType::Exn)?,
            Ref::Func(None) => HeapType::NoFunc,
            Ref::Extern(None) => HeapType::NoExtern,
            Ref::Any(None) => HeapType::None,
            Ref::Exn(None) => HeapType::NoExn,
        };
        Ok(RefType::new(self.is_null(), heap))
    }

    /// How it lies in a slot, if it is of type `wanted`.
    pub(crate) fn to_slot(self, store: &StoreInner, wanted: RefType) -> Result<u64, Error> {
        let slot = match self {
            Ref::Func(Some(func)) => {
                check_store(store.id, func.store(), "function")?;
                func.to_slot()
            }
            Ref::Extern(Some(value)) => value.slot(store)?,
            Ref::Any(Some(value)) => value.slot(store)?,
            Ref::Exn(Some(value)) => value.slot(store)?,
            Ref::Func(None) | Ref::Extern(None) | Ref::Any(None) | Ref::Exn(None) => 0,
        };
        let in_hierarchy = Ref::null(wanted.heap_type());
        let is_any = wanted.heap_type() == wanted.heap_type().top()
            && core::mem::discriminant(&self) == core::mem::discriminant(&in_hierarchy);
        if is_any && (slot != 0 || wanted.is_nullable()) {
            return Ok(slot);
        }
        let own = self.ty_in(store)?;
        if own.matches(&store.engine, &wanted) { Ok(slot) } else { Err(mismatch(own, wanted)) }
    }

    /// The reference of a type of the hierarchy of `ty` that lies in a slot, rooted in the
    /// innermost scope.
    pub(crate) fn from_slot(store: &mut StoreInner, ty: HeapType, slot: u64) -> Ref {
        match ty.top() {
            HeapType::Extern => Ref::Extern(Rooted::from_slot(store, slot)),
            HeapType::Any => Ref::Any(Rooted::from_slot(store, slot)),
            HeapType::Exn => Ref::Exn(Rooted::from_slot(store, slot)),
            _ => Ref::Func(Func::from_slot(store.id, slot)),
        }
    }
}

/// Checks that what lies in a slot, a reference of the hierarchy of `wanted`, is of that type.
pub(crate) fn check_slot(store: &StoreInner, wanted: RefType, slot: u64) -> Result<(), Error> {
    let heap = match (slot, wanted.heap_type().top()) {
        (0, top) => top.bottom(),
        (_, HeapType::Func) => store.func_heap_type(slot as usize - 1),
        (_, HeapType::Any) => store.heap_type_of(slot),
        (_, top) => top,
    };
    let own = RefType::new(slot == 0, heap);
    if own.matches(&store.engine, &wanted) { Ok(()) } else { Err(mismatch(own, wanted)) }
}

#[cold]
fn mismatch(own: RefType, wanted: RefType) -> Error {
    let (own, wanted) = (ValType::from(own), ValType::from(wanted));
    error!("type mismatch: expected a value of type {wanted}, found {own}")
}

impl From<Func> for Ref {
    fn from(func: Func) -> Ref {
        Ref::Func(Some(func))
    }
}

impl From<Option<Func>> for Ref {
    fn from(func: Option<Func>) -> Ref {
        Ref::Func(func)
    }
}

impl From<Option<Rooted<ExternRef>>> for Ref {
    fn from(value: Option<Rooted<ExternRef>>) -> Ref {
        Ref::Extern(value)
    }
}

impl From<Option<Rooted<AnyRef>>> for Ref {
    fn from(value: Option<Rooted<AnyRef>>) -> Ref {
        Ref::Any(value)
    }
}

impl From<Rooted<ExternRef>> for Ref {
    fn from(value: Rooted<ExternRef>) -> Ref {
        Ref::Extern(Some(value))
    }
}

impl From<Rooted<EqRef>> for Ref {
    fn from(value: Rooted<EqRef>) -> Ref {
        Ref::Any(Some(value.into()))
    }
}

impl From<Rooted<StructRef>> for Ref {
    fn from(value: Rooted<StructRef>) -> Ref {
        Ref::Any(Some(value.into()))
    }
}

impl From<Rooted<ArrayRef>> for Ref {
    fn from(value: Rooted<ArrayRef>) -> Ref {
        Ref::Any(Some(value.into()))
    }
}

impl From<Rooted<ExnRef>> for Ref {
    fn from(value: Rooted<ExnRef>) -> Ref {
        Ref::Exn(Some(value))
    }
}

impl From<Rooted<AnyRef>> for Ref {
    fn from(value: Rooted<AnyRef>) -> Ref {
        Ref::Any(Some(value))
    }
}

/// What a reference of the hierarchies of `any` and `extern` refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Referent {
    /// A number.
    I31(I31),
    /// A host value, by its index in the store.
    Host(u32),
    /// An object: as it lies in slots.
    Object(u64),
}

impl Referent {
    /// What a slot refers to that is not null.
    pub(crate) fn of(slot: u64) -> Referent {
        match slot & 7 {
            0 => Referent::Object(slot),
            2 => Referent::Host((slot >> 3) as u32),
            _ => Referent::I31(I31::wrapping_u32((slot >> 1) as u32)),
        }
    }
}

impl StoreInner {
    /// The most exact type of a reference to the function with this index.
    fn func_heap_type(&self, func: usize) -> HeapType {
        HeapType::concrete(&self.engine, self.funcs[func].ty).exact()
    }

    /// The most exact type of a reference of the hierarchy of `any` that is not null.
    pub(crate) fn heap_type_of(&self, slot: u64) -> HeapType {
        match Referent::of(slot) {
            Referent::I31(_) => HeapType::I31,
            Referent::Host(_) => HeapType::Any,
            Referent::Object(object) => {
                let ty = ConcreteType::new(&self.engine, self.heap.type_of(object));
                match self.heap.is_array(object) {
                    true => HeapType::ConcreteArray(ty),
                    false => HeapType::ConcreteStruct(ty),
                }
                .exact()
            }
        }
    }
}
