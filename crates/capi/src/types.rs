//! The types of what modules import and export, as C has them: `wasm_valtype_t`,
//! `wasm_externtype_t` with its kinds, `wasm_importtype_t` and `wasm_exporttype_t`. They belong to
//! no engine, unless they come from a module; those keep what they are exactly.

use crate::{
    entry::{Const, InOut, Mut, Out, Own, entries, named_entries, put},
    vector::{Vector, wasm_name_t, wasm_valtype_vec_t},
};
use windlass::{
    Engine, Error, ExternType, Finality, FuncType, GlobalType, HeapType, MemoryType, Mutability,
    RefType, Result, TableType, TagType, ValType,
};

/// `wasm_valkind_t`: what kinds of values there are. Those from 128 on are references in C.
pub(crate) mod kind {
    use super::{HeapType, ValType};

    pub(crate) const I32: u8 = 0;
    pub(crate) const I64: u8 = 1;
    pub(crate) const F32: u8 = 2;
    pub(crate) const F64: u8 = 3;
    pub(crate) const EXTERNREF: u8 = 128;
    pub(crate) const FUNCREF: u8 = 129;
    pub(crate) const ANYREF: u8 = 130;
    pub(crate) const EXNREF: u8 = 131;
    pub(crate) const V128: u8 = 132;

    /// The kind of the values of a type.
    pub(crate) fn of(ty: &ValType) -> u8 {
        match ty {
            ValType::I32 => I32,
            ValType::I64 => I64,
            ValType::F32 => F32,
            ValType::F64 => F64,
            ValType::V128 => V128,
            ValType::Ref(ty) => match ty.heap_type().top() {
                HeapType::Extern => EXTERNREF,
                HeapType::Any => ANYREF,
                HeapType::Exn => EXNREF,
                _ => FUNCREF,
            },
        }
    }

    /// The most general type of values of a kind.
    pub(crate) fn ty(kind: u8) -> Option<ValType> {
        Some(match kind {
            I32 => ValType::I32,
            I64 => ValType::I64,
            F32 => ValType::F32,
            F64 => ValType::F64,
            V128 => ValType::V128,
            EXTERNREF => ValType::EXTERNREF,
            FUNCREF => ValType::FUNCREF,
            ANYREF => ValType::ANYREF,
            EXNREF => ValType::EXNREF,
            _ => return None,
        })
    }
}

/// The type of a value.
#[derive(Clone)]
pub struct wasm_valtype_t(pub(crate) ValType);

/// `wasm_limits_t`: what is more than 32 bits say, is the most they can say.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct wasm_limits_t {
    min: u32,
    max: u32,
}

/// No maximum.
const NONE: u32 = u32::MAX;

impl wasm_limits_t {
    fn new(min: u64, max: Option<u64>) -> wasm_limits_t {
        let cut = |value: u64| u32::try_from(value).unwrap_or(NONE);
        wasm_limits_t { min: cut(min), max: max.map_or(NONE, cut) }
    }

    fn max(self) -> Option<u32> {
        (self.max != NONE).then_some(self.max)
    }
}

/// The type of something that is imported or exported.
#[derive(Clone)]
pub struct wasm_externtype_t(Kind);

/// The type of a function.
pub type wasm_functype_t = wasm_externtype_t;
/// The type of a global.
pub type wasm_globaltype_t = wasm_externtype_t;
/// The type of a table.
pub type wasm_tabletype_t = wasm_externtype_t;
/// The type of a memory.
pub type wasm_memorytype_t = wasm_externtype_t;
/// The type of a tag.
pub type wasm_tagtype_t = wasm_externtype_t;

/// The kinds, each with what C asks for by reference.
#[derive(Clone)]
enum Kind {
    Func(Func),
    Global(wasm_valtype_t, Mutability),
    Table(TableType, wasm_valtype_t, wasm_limits_t),
    Memory(MemoryType, wasm_limits_t),
    Tag(Box<wasm_externtype_t>),
}

#[derive(Clone)]
struct Func {
    params: wasm_valtype_vec_t,
    results: wasm_valtype_vec_t,
    /// The type itself, if it comes from an engine.
    ty: Option<FuncType>,
}

fn types(types: impl Iterator<Item = ValType>) -> wasm_valtype_vec_t {
    types.map(|ty| Some(Box::new(wasm_valtype_t(ty)))).collect::<Vec<_>>().into()
}

impl wasm_externtype_t {
    pub(crate) fn new(ty: &ExternType) -> Option<wasm_externtype_t> {
        Some(wasm_externtype_t(match ty {
            ExternType::Func(ty) => return Some(wasm_externtype_t::of_func(ty)),
            ExternType::Global(ty) => Kind::Global(wasm_valtype_t(ty.content()), ty.mutability()),
            ExternType::Table(ty) => {
                let limits = wasm_limits_t::new(ty.minimum(), ty.maximum());
                Kind::Table(*ty, wasm_valtype_t(ty.element().into()), limits)
            }
            ExternType::Memory(ty) => Kind::of_memory(*ty),
            ExternType::Tag(ty) => Kind::Tag(Box::new(wasm_externtype_t::of_func(ty.ty()))),
            _ => return None,
        }))
    }

    pub(crate) fn of_func(ty: &FuncType) -> wasm_externtype_t {
        let (params, results) = (types(ty.params()), types(ty.results()));
        wasm_externtype_t(Kind::Func(Func { params, results, ty: Some(ty.clone()) }))
    }

    fn func(&self) -> Option<&Func> {
        match &self.0 {
            Kind::Func(func) => Some(func),
            _ => None,
        }
    }

    /// The function type in an engine.
    ///
    /// # Errors
    /// If it is no function type, or has types of another engine.
    pub(crate) fn func_type(&self, engine: &Engine) -> Result<FuncType> {
        let func = self.func().ok_or_else(|| Error::msg("the type is not that of a function"))?;
        if let Some(ty) = func.ty.as_ref().filter(|ty| Engine::same(ty.engine(), engine)) {
            return Ok(ty.clone());
        }
        let all = |types: &wasm_valtype_vec_t| -> Result<Vec<ValType>> {
            let types = types.as_slice().iter();
            let null = || Error::msg("a type is null");
            types.map(|ty| Ok(ty.as_ref().ok_or_else(null)?.0)).collect()
        };
        let (params, results) = (all(&func.params)?, all(&func.results)?);
        FuncType::with_finality_and_supertype(engine, Finality::Final, None, params, results)
    }

    /// # Errors
    /// If it is of something else.
    pub(crate) fn global_type(&self) -> Result<GlobalType> {
        match &self.0 {
            Kind::Global(content, mutability) => Ok(GlobalType::new(content.0, *mutability)),
            _ => Err(Error::msg("the type is not that of a global")),
        }
    }

    /// # Errors
    /// If it is of something else.
    pub(crate) fn table_type(&self) -> Result<TableType> {
        match &self.0 {
            Kind::Table(ty, ..) => Ok(*ty),
            _ => Err(Error::msg("the type is not that of a table")),
        }
    }

    /// # Errors
    /// If it is of something else.
    pub(crate) fn memory_type(&self) -> Result<MemoryType> {
        match &self.0 {
            Kind::Memory(ty, _) => Ok(*ty),
            _ => Err(Error::msg("the type is not that of a memory")),
        }
    }

    /// # Errors
    /// If it is of something else.
    pub(crate) fn tag_type(&self, engine: &Engine) -> Result<TagType> {
        match &self.0 {
            Kind::Tag(ty) => Ok(TagType::new(ty.func_type(engine)?)),
            _ => Err(Error::msg("the type is not that of a tag")),
        }
    }

    /// `wasm_externkind_t`.
    pub(crate) fn kind(&self) -> u8 {
        match self.0 {
            Kind::Func(_) => 0,
            Kind::Global(..) => 1,
            Kind::Table(..) => 2,
            Kind::Memory(..) => 3,
            Kind::Tag(_) => 4,
        }
    }
}

impl Kind {
    fn of_memory(ty: MemoryType) -> Kind {
        Kind::Memory(ty, wasm_limits_t::new(ty.minimum(), ty.maximum()))
    }
}

/// The type of an import.
#[derive(Clone)]
pub struct wasm_importtype_t {
    module: wasm_name_t,
    name: wasm_name_t,
    ty: Box<wasm_externtype_t>,
}

/// The type of an export.
#[derive(Clone)]
pub struct wasm_exporttype_t {
    name: wasm_name_t,
    ty: Box<wasm_externtype_t>,
}

fn name_of(name: &str) -> wasm_name_t {
    name.as_bytes().to_vec().into()
}

impl wasm_importtype_t {
    pub(crate) fn new(import: &windlass::ImportType<'_>) -> Option<wasm_importtype_t> {
        let ty = Box::new(wasm_externtype_t::new(&import.ty())?);
        Some(wasm_importtype_t {
            module: name_of(import.module()),
            name: name_of(import.name()),
            ty,
        })
    }
}

impl wasm_exporttype_t {
    pub(crate) fn new(export: &windlass::ExportType<'_>) -> Option<wasm_exporttype_t> {
        let ty = Box::new(wasm_externtype_t::new(&export.ty())?);
        Some(wasm_exporttype_t { name: name_of(export.name()), ty })
    }
}

/// What all kinds of types have.
macro_rules! common {
    ($($module:ident $text:literal $ty:ty;)*) => {
        $(mod $module {
            use super::*;

            named_entries! {
                /// Deletes it.
                fn delete as (concat!("wasm_", $text, "_delete")) (ty: Own<$ty>) {
                    drop(ty);
                }

                /// A copy.
                fn copy as (concat!("wasm_", $text, "_copy")) (ty: Const<'_, $ty>) -> Own<$ty> {
                    ty.cloned().map(Box::new)
                }
            }
        })*
    };
}

common! {
    valtype "valtype" wasm_valtype_t;
    functype "functype" wasm_functype_t;
    globaltype "globaltype" wasm_globaltype_t;
    tabletype "tabletype" wasm_tabletype_t;
    memorytype "memorytype" wasm_memorytype_t;
    tagtype "tagtype" wasm_tagtype_t;
    externtype "externtype" wasm_externtype_t;
    importtype "importtype" wasm_importtype_t;
    exporttype "exporttype" wasm_exporttype_t;
}

/// Casts between kinds of types: the same pointer, or null.
macro_rules! casts {
    ($($module:ident $text:literal $ty:ty where $kind:literal;)*) => {
        $(mod $module {
            use super::*;

            named_entries! {
                /// The same type as the general kind.
                fn up as (concat!("wasm_", $text, "_as_externtype")) (
                    ty: Mut<'_, $ty>,
                ) -> Mut<'_, wasm_externtype_t> {
                    ty
                }

                /// The same type as the general kind.
                fn up_const as (concat!("wasm_", $text, "_as_externtype_const")) (
                    ty: Const<'_, $ty>,
                ) -> Const<'_, wasm_externtype_t> {
                    ty
                }

                /// The same type, if it is of that kind.
                fn down as (concat!("wasm_externtype_as_", $text)) (
                    ty: Mut<'_, wasm_externtype_t>,
                ) -> Mut<'_, $ty> {
                    ty.filter(|ty| ty.kind() == $kind)
                }

                /// The same type, if it is of that kind.
                fn down_const as (concat!("wasm_externtype_as_", $text, "_const")) (
                    ty: Const<'_, wasm_externtype_t>,
                ) -> Const<'_, $ty> {
                    ty.filter(|ty| ty.kind() == $kind)
                }
            }
        })*
    };
}

casts! {
    functype_cast "functype" wasm_functype_t where 0;
    globaltype_cast "globaltype" wasm_globaltype_t where 1;
    tabletype_cast "tabletype" wasm_tabletype_t where 2;
    memorytype_cast "memorytype" wasm_memorytype_t where 3;
    tagtype_cast "tagtype" wasm_tagtype_t where 4;
}

/// The vector, which is taken from C.
fn taken<T>(vector: InOut<'_, Vector<T>>) -> Vector<T> {
    vector.map_or_else(Vector::empty, |vector| vector.take().into())
}

entries! {
    /// The most general type of a kind; null if there is no such kind.
    fn wasm_valtype_new(kind: u8) -> Own<wasm_valtype_t> {
        Some(Box::new(wasm_valtype_t(kind::ty(kind)?)))
    }

    /// The kind of its values.
    fn wasm_valtype_kind(ty: Const<'_, wasm_valtype_t>) -> u8 {
        ty.map_or(kind::I32, |ty| kind::of(&ty.0))
    }

    /// Whether it is a reference that may be null.
    fn windlass_valtype_is_nullable(ty: Const<'_, wasm_valtype_t>) -> bool {
        ty.and_then(|ty| ty.0.as_ref()).is_some_and(RefType::is_nullable)
    }

    /// Its name, as the text format has it.
    fn windlass_valtype_name(ty: Const<'_, wasm_valtype_t>, out: Out<'_, wasm_name_t>) {
        put(out, ty.map_or_else(Vector::empty, |ty| name_of(&ty.0.to_string())));
    }

    /// A function type, which takes both vectors.
    fn wasm_functype_new(
        params: InOut<'_, wasm_valtype_vec_t>,
        results: InOut<'_, wasm_valtype_vec_t>,
    ) -> Own<wasm_functype_t> {
        let (params, results) = (taken(params), taken(results));
        if params.as_slice().iter().chain(results.as_slice()).any(Option::is_none) {
            return None;
        }
        Some(Box::new(wasm_externtype_t(Kind::Func(Func { params, results, ty: None }))))
    }

    /// Its parameters, which it owns.
    fn wasm_functype_params(
        ty: Const<'_, wasm_functype_t>,
    ) -> Const<'_, wasm_valtype_vec_t> {
        Some(&ty?.func()?.params)
    }

    /// Its results, which it owns.
    fn wasm_functype_results(
        ty: Const<'_, wasm_functype_t>,
    ) -> Const<'_, wasm_valtype_vec_t> {
        Some(&ty?.func()?.results)
    }

    /// A global's type, which takes that of its value.
    fn wasm_globaltype_new(
        content: Own<wasm_valtype_t>,
        mutability: u8,
    ) -> Own<wasm_globaltype_t> {
        let mutability = match mutability {
            0 => Mutability::Const,
            1 => Mutability::Var,
            _ => return None,
        };
        Some(Box::new(wasm_externtype_t(Kind::Global(*content?, mutability))))
    }

    /// The type of its value, which it owns.
    fn wasm_globaltype_content(
        ty: Const<'_, wasm_globaltype_t>,
    ) -> Const<'_, wasm_valtype_t> {
        match &ty?.0 {
            Kind::Global(content, _) => Some(content),
            _ => None,
        }
    }

    /// Whether it can be set.
    fn wasm_globaltype_mutability(ty: Const<'_, wasm_globaltype_t>) -> u8 {
        matches!(ty.map(|ty| &ty.0), Some(Kind::Global(_, Mutability::Var))).into()
    }

    /// A table's type, which takes that of its elements; null if those are no references.
    fn wasm_tabletype_new(
        element: Own<wasm_valtype_t>,
        limits: Const<'_, wasm_limits_t>,
    ) -> Own<wasm_tabletype_t> {
        let (element, limits) = (element?, limits?);
        let ty = TableType::new(*element.0.as_ref()?, limits.min, limits.max());
        Some(Box::new(wasm_externtype_t(Kind::Table(ty, *element, *limits))))
    }

    /// The type of its elements, which it owns.
    fn wasm_tabletype_element(
        ty: Const<'_, wasm_tabletype_t>,
    ) -> Const<'_, wasm_valtype_t> {
        match &ty?.0 {
            Kind::Table(_, element, _) => Some(element),
            _ => None,
        }
    }

    /// Its limits, in elements, which it owns.
    fn wasm_tabletype_limits(
        ty: Const<'_, wasm_tabletype_t>,
    ) -> Const<'_, wasm_limits_t> {
        match &ty?.0 {
            Kind::Table(.., limits) => Some(limits),
            _ => None,
        }
    }

    /// A memory's type.
    fn wasm_memorytype_new(limits: Const<'_, wasm_limits_t>) -> Own<wasm_memorytype_t> {
        let limits = limits?;
        let ty = MemoryType::new(limits.min, limits.max());
        Some(Box::new(wasm_externtype_t(Kind::Memory(ty, *limits))))
    }

    /// Its limits, in pages, which it owns.
    fn wasm_memorytype_limits(
        ty: Const<'_, wasm_memorytype_t>,
    ) -> Const<'_, wasm_limits_t> {
        match &ty?.0 {
            Kind::Memory(_, limits) => Some(limits),
            _ => None,
        }
    }

    /// A memory's type with 64-bit limits; `max` is `UINT64_MAX` for none. A shared one has one.
    fn windlass_memorytype_new(
        min: u64,
        max: u64,
        is_64: bool,
        shared: bool,
    ) -> Own<wasm_memorytype_t> {
        let given = (max != u64::MAX).then_some(max);
        let narrow = |value: u64| u32::try_from(value).ok();
        let ty = match (is_64, shared) {
            (true, true) => MemoryType::shared64(min, given?),
            (true, false) => MemoryType::new64(min, given),
            (false, true) => MemoryType::shared(narrow(min)?, narrow(given?)?),
            (false, false) => match given {
                Some(max) => MemoryType::new(narrow(min)?, Some(narrow(max)?)),
                None => MemoryType::new(narrow(min)?, None),
            },
        };
        Some(Box::new(wasm_externtype_t(Kind::of_memory(ty))))
    }

    /// What the memory's type says exactly; false if it is no memory's.
    fn windlass_memorytype_limits(
        ty: Const<'_, wasm_memorytype_t>,
        min: InOut<'_, u64>,
        max: InOut<'_, u64>,
        is_64: InOut<'_, bool>,
        shared: InOut<'_, bool>,
    ) -> bool {
        let Some(ty) = ty.and_then(|ty| ty.memory_type().ok()) else { return false };
        let set = |to: InOut<'_, u64>, value| to.into_iter().for_each(|to| *to = value);
        set(min, ty.minimum());
        set(max, ty.maximum().unwrap_or(u64::MAX));
        is_64.into_iter().for_each(|to| *to = ty.is_64());
        shared.into_iter().for_each(|to| *to = ty.is_shared());
        true
    }

    /// A tag's type, which takes that of its exceptions' values.
    fn wasm_tagtype_new(ty: Own<wasm_functype_t>) -> Own<wasm_tagtype_t> {
        let ty = ty.filter(|ty| ty.func().is_some())?;
        Some(Box::new(wasm_externtype_t(Kind::Tag(ty))))
    }

    /// The type of its exceptions' values, as parameters, which it owns.
    fn wasm_tagtype_functype(
        ty: Const<'_, wasm_tagtype_t>,
    ) -> Const<'_, wasm_functype_t> {
        match &ty?.0 {
            Kind::Tag(ty) => Some(&**ty),
            _ => None,
        }
    }

    /// What kind it is of.
    fn wasm_externtype_kind(ty: Const<'_, wasm_externtype_t>) -> u8 {
        ty.map_or(0, wasm_externtype_t::kind)
    }

    /// An import's type, which takes all three.
    fn wasm_importtype_new(
        module: InOut<'_, wasm_name_t>,
        name: InOut<'_, wasm_name_t>,
        ty: Own<wasm_externtype_t>,
    ) -> Own<wasm_importtype_t> {
        let (module, name) = (taken(module), taken(name));
        Some(Box::new(wasm_importtype_t { module, name, ty: ty? }))
    }

    /// The name of the module, which it owns.
    fn wasm_importtype_module(
        ty: Const<'_, wasm_importtype_t>,
    ) -> Const<'_, wasm_name_t> {
        Some(&ty?.module)
    }

    /// The name in the module, which it owns.
    fn wasm_importtype_name(
        ty: Const<'_, wasm_importtype_t>,
    ) -> Const<'_, wasm_name_t> {
        Some(&ty?.name)
    }

    /// The type, which it owns.
    fn wasm_importtype_type(
        ty: Const<'_, wasm_importtype_t>,
    ) -> Const<'_, wasm_externtype_t> {
        Some(&*ty?.ty)
    }

    /// An export's type, which takes both.
    fn wasm_exporttype_new(
        name: InOut<'_, wasm_name_t>,
        ty: Own<wasm_externtype_t>,
    ) -> Own<wasm_exporttype_t> {
        let name = taken(name);
        Some(Box::new(wasm_exporttype_t { name, ty: ty? }))
    }

    /// The name, which it owns.
    fn wasm_exporttype_name(
        ty: Const<'_, wasm_exporttype_t>,
    ) -> Const<'_, wasm_name_t> {
        Some(&ty?.name)
    }

    /// The type, which it owns.
    fn wasm_exporttype_type(
        ty: Const<'_, wasm_exporttype_t>,
    ) -> Const<'_, wasm_externtype_t> {
        Some(&*ty?.ty)
    }
}
