//! Link checks: whether what is given for a module's imports matches what the module declares (3.0,
//! section 4.5.3). Called by `instance` and by the linker.

use super::{SharedMemory, StoreInner};
use crate::{
    Engine, Error, Escaped, ExternType, Module,
    error::{LinkError, LinkErrorKind, LinkErrors, error, text},
    types::ItemType,
};
use core::fmt;
use windlass_decode::{Count, Import, ImportType, MESSAGES};
use windlass_validate::TypeRegistry;

/// What is given for an import: something of the store, by its index, or a memory that belongs to
/// no store.
pub(crate) enum Item {
    Func(u32),
    Table(u32),
    Memory(u32),
    Global(u32),
    Tag(u32),
    SharedMemory(SharedMemory),
}

impl Item {
    /// Its type at present. The index is one of the store.
    pub(crate) fn ty(&self, store: &StoreInner) -> ItemType {
        match self {
            Item::Func(func) => ItemType::Func(store.funcs[*func as usize].ty),
            Item::Table(table) => ItemType::Table(store.tables[*table as usize].ty_now()),
            Item::Memory(memory) => ItemType::Memory(store.memories[*memory as usize].ty_now()),
            Item::Global(global) => ItemType::Global(store.global_types[*global as usize]),
            Item::Tag(tag) => ItemType::Tag(store.tags[*tag as usize].ty),
            Item::SharedMemory(memory) => ItemType::Memory(memory.type_now()),
        }
    }
}

/// Whether the import wants a function of just its type, and of none below it.
fn is_exact(import: &Import) -> bool {
    matches!(import.ty, ImportType::ExactFunc(_))
}

/// Whether something of type `given` can be imported as `wanted`, the type of `import`.
fn matches(types: &TypeRegistry, import: &Import, given: &ItemType, wanted: &ItemType) -> bool {
    match (given, wanted) {
        (ItemType::Func(given), ItemType::Func(wanted)) if is_exact(import) => given == wanted,
        (ItemType::Func(given), ItemType::Func(wanted)) => types.is_subtype(*given, *wanted),
        (ItemType::Table(given), ItemType::Table(wanted)) => types.table_matches(given, wanted),
        (ItemType::Memory(given), ItemType::Memory(wanted)) => types.memory_matches(given, wanted),
        (ItemType::Global(given), ItemType::Global(wanted)) => types.global_matches(given, wanted),
        // A tag is written and read: the types must be the same.
        (ItemType::Tag(given), ItemType::Tag(wanted)) => given == wanted,
        _ => false,
    }
}

/// Checks everything that is given for the imports of `module`.
pub(crate) fn check_imports(
    store: &StoreInner,
    module: &Module,
    given: &[Item],
) -> Result<(), Error> {
    if module.0.decoded.imports.len() != given.len() {
        return Err(wrong_number(module, given.len()));
    }
    let given = || module.0.imports().zip(given.iter().map(|given| given.ty(store)));
    let fits = |types: &TypeRegistry| {
        given().all(|((import, wanted), given)| matches(types, import, &given, &wanted))
    };
    if store.engine.types(fits) {
        return Ok(());
    }
    let mut errors = LinkErrors::default();
    for ((import, wanted), given) in given() {
        check_import(&store.engine, import, wanted, given, &mut errors);
    }
    errors.finish()
}

/// The error that not as many things are given as there are imports: it names the first that
/// misses its own.
#[cold]
fn wrong_number(module: &Module, given: usize) -> Error {
    let imports = &module.0.decoded.imports;
    let missing = imports.get(given).map(|import| {
        let [module, name] = [import.module.as_str(), &*import.name].map(Escaped);
        text!("; nothing is given for `{module}`::`{name}`")
    });
    let (wanted, missing) = (Count(imports.len(), "import"), missing.unwrap_or_default());
    let are = if given == 1 { "is" } else { "are" };
    error!("the module has {wanted}, but {given} {are} given{missing}")
}

/// Checks what is given for one import by its type.
pub(crate) fn check_import(
    engine: &Engine,
    import: &Import,
    wanted: ItemType,
    given: ItemType,
    errors: &mut LinkErrors,
) {
    if engine.types(|types| matches(types, import, &given, &wanted)) {
        return;
    }
    errors.add(|| {
        let kind = LinkErrorKind::IncompatibleImportType;
        if !MESSAGES {
            return LinkError::new(kind, import, format_args!(""));
        }
        let [wanted, given] = [wanted, given].map(|ty| ExternType::resolve(engine, ty));
        let just = if is_exact(import) { "just " } else { "" };
        LinkError::new(kind, import, format_args!("expected {just}{wanted}, found {given}"))
    });
}

/// The error that nothing is there for an import; `hint` says what else is. None if the host has no
/// memory for it.
#[cold]
pub(crate) fn unknown(
    engine: &Engine,
    import: &Import,
    wanted: ItemType,
    hint: impl fmt::Display,
) -> Option<LinkError> {
    if !MESSAGES {
        return LinkError::new(LinkErrorKind::UnknownImport, import, format_args!(""));
    }
    let wanted = ExternType::resolve(engine, wanted);
    let detail = format_args!("expected {wanted}, found nothing of this name{hint}");
    LinkError::new(LinkErrorKind::UnknownImport, import, detail)
}
