//! [`Module`]: a decoded, validated module, and its translated code (see [`code`]).

mod code;
#[cfg(feature = "wat")]
mod text;

use crate::{
    CompilationMode, Engine, Error, ExportType, ExternType, ImportType, ValType,
    engine::HeldTypes,
    error::ModuleError,
    exec::{
        CodeTable,
        tables::{GC, plain},
    },
    lock::Once,
    object_type::ObjectType,
    room::{list, shrink},
    translate::{self, Listing},
    types::ItemType,
    verify::VERIFIES,
};
use alloc::{borrow::Cow, boxed::Box, collections::TryReserveError, sync::Arc, vec::Vec};
use core::{fmt, ops::Range};
use windlass_decode::{
    self as decode, ExternKind, Features, Import, Instrs, NameMap, NameSection, Reader,
};
use windlass_validate::{Context, Scratch, sort_numbers, validate_body};

/// A WebAssembly module, ready to be instantiated. Cheap to clone, and shared by stores and
/// threads.
///
/// ```
/// use windlass::{Engine, Module};
/// // A module that imports the function `env.f`.
/// let bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x09\x01\x03env\x01f\0\0";
/// let module = Module::new(&Engine::default(), bytes)?;
/// let import = module.imports().next().unwrap();
/// assert_eq!((import.module(), import.name()), ("env", "f"));
/// assert_eq!(import.ty().to_string(), "func () -> ()");
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone)]
pub struct Module(pub(crate) Arc<ModuleInner>);

pub(crate) struct ModuleInner {
    pub(crate) engine: Engine,
    /// Its own, or such as are always there.
    pub(crate) bytes: Cow<'static, [u8]>,
    pub(crate) decoded: decode::Module,
    /// Resolved types and index spaces.
    pub(crate) context: Context,
    /// Keeps the numbers of the types in `context` and in the code.
    _types: HeldTypes,
    /// How objects of its types lie in a heap, by the index of the type; none for function types.
    pub(crate) objects: Box<[Option<Arc<ObjectType>>]>,
    /// Translated code of the functions that the module defines.
    pub(crate) code: CodeTable,
    /// The bytes of all bodies.
    code_bytes: u64,
    /// How many slots the frames of the functions that the module defines take at most, if they
    /// were validated at once and the verifier is to compare that.
    frame_slots: Box<[u16]>,
    /// The most parameters or results of a function type.
    most_values: usize,
    /// How many slots the parameters and the results of each type take, by its index; none of what
    /// is no function type.
    pub(crate) func_slots: Box<[(u16, u16)]>,
    name: Option<Box<str>>,
    /// The names of functions, read when first asked for.
    func_names: Once<NameMap>,
    tag_names: Once<NameMap>,
    /// The exports in order of their names, as indices in `decoded.exports`.
    sorted_exports: Box<[u32]>,
}

impl Module {
    /// Decodes and validates a module in the binary format; with the feature `wat`, in the text
    /// format too.
    ///
    /// # Errors
    /// - [`ModuleError`] if the bytes are not a valid module, or use a feature that the engine's
    ///   [`Config`](crate::Config) switches off;
    /// - [`CodeTooLarge`](crate::CodeTooLarge) if a function is beyond a limit of the engine, where
    ///   the module is translated at once;
    /// - if the engine's modules have nearly 2^27 types, or the host has no memory for the module.
    ///
    /// ```
    /// use windlass::{Engine, Module, ModuleError};
    /// let error = Module::new(&Engine::default(), b"\0asm\x02\0\0\0").unwrap_err();
    /// assert_eq!(error.downcast_ref::<ModuleError>().unwrap().offset(), 4);
    /// ```
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module, Error> {
        let bytes = bytes.as_ref();
        #[cfg(feature = "wat")]
        return text::module(engine, None, bytes);
        #[cfg(not(feature = "wat"))]
        Module::from_binary(engine, bytes)
    }

    /// Decodes and validates a module in the binary format.
    ///
    /// # Errors
    /// As [`Module::new`].
    pub fn from_binary(engine: &Engine, bytes: &[u8]) -> Result<Module, Error> {
        let own = || Ok(Cow::Owned(list(bytes.iter().copied()).map_err(no_memory)?.into_vec()));
        Module::make(engine, bytes, own)
    }

    /// As [`Module::from_binary`], of bytes that are always there, in flash or in the program's
    /// own data: they are not copied. Function bodies, data segments and custom sections are read
    /// where they are.
    ///
    /// # Errors
    /// As [`Module::new`].
    ///
    /// ```
    /// use windlass::{Engine, Module};
    /// static GUEST: &[u8] = b"\0asm\x01\0\0\0"; // as a rule, `include_bytes!("guest.wasm")`
    /// let module = Module::from_static(&Engine::default(), GUEST)?;
    /// assert_eq!(module.bytes().as_ptr(), GUEST.as_ptr());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn from_static(engine: &Engine, bytes: &'static [u8]) -> Result<Module, Error> {
        Module::make(engine, bytes, || Ok(Cow::Borrowed(bytes)))
    }

    /// A module that keeps its bytes in this way, if they are one.
    fn make(
        engine: &Engine,
        bytes: &[u8],
        keep: impl FnOnce() -> Result<Cow<'static, [u8]>, Error>,
    ) -> Result<Module, Error> {
        let mut module = ModuleInner::new(engine, bytes, keep)?;
        module.shrink();
        if engine.config().compilation_mode == CompilationMode::Eager {
            module.translate_bodies()?;
        }
        Ok(Module(Arc::new(module)))
    }

    /// Reads a file in the binary format; with the feature `wat`, in the text format too.
    ///
    /// # Errors
    /// An [`std::io::Error`] if it can't be read, and as [`Module::new`].
    #[cfg(feature = "std")]
    pub fn from_file(engine: &Engine, path: impl AsRef<std::path::Path>) -> Result<Module, Error> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| {
            crate::error::place!(Error::new(error), "cannot read {}", path.display())
        })?;
        #[cfg(feature = "wat")]
        return text::module(engine, Some(path), &bytes);
        #[cfg(not(feature = "wat"))]
        Module::new(engine, bytes)
    }

    /// Whether the bytes are a valid module of the engine's features, in the binary format.
    ///
    /// # Errors
    /// [`ModuleError`] if not.
    ///
    /// ```
    /// use windlass::{Engine, Module};
    /// assert!(Module::validate(&Engine::default(), b"\0asm\x01\0\0\0").is_ok());
    /// assert!(Module::validate(&Engine::default(), b"\0asm").is_err());
    /// ```
    pub fn validate(engine: &Engine, bytes: &[u8]) -> Result<(), Error> {
        validated(bytes, engine.config().features, CompilationMode::Eager, false)?;
        Ok(())
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The bytes that it was made from, in the binary format.
    ///
    /// ```
    /// use windlass::{Engine, Module};
    /// let empty = b"\0asm\x01\0\0\0";
    /// assert_eq!(Module::new(&Engine::default(), empty)?.bytes(), empty);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The name that the module's name section gives it.
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// The imports, in order.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = ImportType<'_>> {
        let items = self.0.imports().map(|(import, ty)| {
            let ty = ExternType::resolve(&self.0.engine, ty);
            ImportType::new(&self.0.engine, &import.module, &import.name, ty)
        });
        Exactly { items, left: self.0.decoded.imports.len() }
    }

    /// The exports, in order.
    ///
    /// ```
    /// use windlass::{Engine, ExternType, Module};
    /// let text = r#"(func (export "f") (param i32)) (memory (export "m") 1 2)"#;
    /// let wasm = wat::parse_str(text).unwrap();
    /// let module = Module::new(&Engine::default(), wasm)?;
    /// let exports = module.exports().map(|e| format!("{}: {}", e.name(), e.ty()));
    /// let exports: Vec<_> = exports.collect();
    /// assert_eq!(exports, ["f: func (i32) -> ()", "m: memory 1..2"]);
    /// assert!(matches!(module.get_export("m"), Some(ExternType::Memory(_))));
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> {
        let exports = self.0.decoded.exports.iter();
        let items = exports.filter_map(|export| {
            let ty = self.0.item_type(export.kind, export.index)?;
            let ty = ExternType::resolve(&self.0.engine, ty);
            Some(ExportType::new(&self.0.engine, &export.name, ty))
        });
        Exactly { items, left: self.0.decoded.exports.len() }
    }

    /// The type of what is exported under `name`.
    pub fn get_export(&self, name: &str) -> Option<ExternType> {
        let (kind, index) = self.0.find_export(name)?;
        let ty = ExternType::resolve(&self.0.engine, self.0.item_type(kind, index)?);
        Some(ty.given(&self.0.engine))
    }

    /// What an instance takes of a store's memories and tables, without those that it imports.
    ///
    /// ```
    /// use windlass::{Engine, Module};
    /// let text = r#"(import "env" "m" (memory 9)) (memory 2) (memory 3) (table 10 funcref)"#;
    /// let module = Module::new(&Engine::default(), wat::parse_str(text).unwrap())?;
    /// let required = module.resources_required();
    /// assert_eq!((required.num_memories, required.max_initial_memory_size), (2, Some(3)));
    /// assert_eq!((required.num_tables, required.max_initial_table_size), (1, Some(10)));
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn resources_required(&self) -> ResourcesRequired {
        let Context { memories, tables, imported, .. } = &self.0.context;
        let memories = &memories[imported.memories as usize..];
        let tables = &tables[imported.tables as usize..];
        ResourcesRequired {
            num_memories: memories.len() as u32,
            max_initial_memory_size: memories.iter().map(|ty| ty.limits.min).max(),
            num_tables: tables.len() as u32,
            max_initial_table_size: tables.iter().map(|ty| ty.limits.min).max(),
        }
    }

    /// The contents of the custom sections of this name, in order.
    ///
    /// ```
    /// use windlass::{Engine, Module};
    /// let module = Module::new(&Engine::default(), b"\0asm\x01\0\0\0\0\x05\x01aXYZ")?;
    /// assert_eq!(module.custom_sections("a").next(), Some(&b"XYZ"[..]));
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn custom_sections<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let customs = self.0.decoded.customs.iter().filter(move |custom| custom.name == name);
        customs.map(|custom| &self.0.bytes[custom.bytes.clone()])
    }

    /// The translated code of a function that the module defines, in words, beside the byte offsets
    /// of the Wasm that it was made from: for people to read. It is translated for that once more.
    /// `func` is an index in the module's function index space. None if the module does not define
    /// it, or if it can't be translated; and in builds without the feature `listings`.
    ///
    /// ```
    /// use windlass::{Engine, Module};
    /// let wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x04\x01\x02\0\x0b";
    /// let module = Module::new(&Engine::default(), wasm)?;
    /// assert!(module.listing(0).unwrap().to_string().contains("return"));
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn listing(&self, func: u32) -> Option<Listing> {
        if !cfg!(feature = "listings") {
            return None;
        }
        let defined = self.defined(func)?;
        Listing::new(self.0.source(), defined).ok()
    }

    /// How large the translated code of a function is, in cells as
    /// [`Config::max_code_per_byte`](crate::Config) counts them and in words of 8 bytes. None as
    /// for [`Module::listing`].
    #[doc(hidden)]
    pub fn code_size(&self, func: u32) -> Option<(u64, usize)> {
        let defined = self.defined(func)?;
        translate::code_size(self.0.source(), defined).ok()
    }

    /// Has what collections are told of a function's frames made for every place in its code, and
    /// verified, if the engine's code is: for tests. How many places there are.
    ///
    /// # Errors
    /// If it is refused, or if the host has no memory for it.
    #[doc(hidden)]
    pub fn verify_maps(&self, func: u32) -> Result<usize, Error> {
        self.defined(func).map_or(Ok(0), |defined| self.0.verify_maps(defined))
    }

    /// The number among those that the module defines of a function that is valid.
    fn defined(&self, func: u32) -> Option<usize> {
        let defined = func.checked_sub(self.0.context.imported.funcs)? as usize;
        if defined >= self.0.decoded.bodies.len() {
            return None;
        }
        self.0.validate_late(defined).ok()?;
        Some(defined)
    }

    /// The name that the module's name section gives the function with this index.
    pub(crate) fn func_name(&self, index: u32) -> Option<&str> {
        self.0.func_name(index)
    }

    /// The name that the module's name section gives the tag with this index.
    pub(crate) fn tag_name(&self, index: u32) -> Option<&str> {
        let decode = || NameSection::decode_tags(&self.0.decoded, &self.0.bytes);
        self.0.tag_names.get_or_init(decode).get(index)
    }
}

/// Items that are so many, as those of a valid module are.
struct Exactly<I> {
    items: I,
    left: usize,
}

impl<I: Iterator> Iterator for Exactly<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.left = self.left.saturating_sub(1);
        self.items.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<I: Iterator> ExactSizeIterator for Exactly<I> {}

/// What an instance of a module takes: [`Module::resources_required`].
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourcesRequired {
    /// How many memories it makes.
    pub num_memories: u32,
    /// The largest size that one of them starts with, in pages; none if there is no memory.
    pub max_initial_memory_size: Option<u64>,
    /// How many tables it makes.
    pub num_tables: u32,
    /// The largest size that one of them starts with, in elements; none if there is no table.
    pub max_initial_table_size: Option<u64>,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("name", &self.name()).finish_non_exhaustive()
    }
}

impl ModuleInner {
    /// A module that is valid with the engine's features.
    #[inline(never)]
    fn new(
        engine: &Engine,
        bytes: &[u8],
        keep: impl FnOnce() -> Result<Cow<'static, [u8]>, Error>,
    ) -> Result<ModuleInner, Error> {
        let config = engine.config();
        let (features, mode, verifies) =
            (config.features, config.compilation_mode, config.verifies());
        let (decoded, mut context, frame_slots) = validated(bytes, features, mode, verifies)?;
        let types = engine.enter(&mut context)?;
        Ok(ModuleInner {
            engine: engine.clone(),
            bytes: keep()?,
            objects: object_types(&context).map_err(no_memory)?,
            _types: types,
            code: CodeTable::new(decoded.bodies.len(), plain::UNTRANSLATED).map_err(no_memory)?,
            code_bytes: decoded.bodies.iter().map(|body| body.code.len() as u64).sum(),
            frame_slots,
            most_values: most_values(&context),
            func_slots: func_slots(&context)?,
            name: NameSection::decode_module(&decoded, bytes),
            func_names: Once::new(),
            tag_names: Once::new(),
            sorted_exports: sorted_exports(&decoded)?,
            decoded,
            context,
        })
    }

    fn func_name(&self, index: u32) -> Option<&str> {
        if cfg!(not(feature = "names")) {
            return None;
        }
        let decode = || NameSection::decode_funcs(&self.decoded, &self.bytes);
        self.func_names.get_or_init(decode).get(index)
    }

    /// The instructions of a body or a constant expression.
    pub(crate) fn instrs(&self, code: &Range<usize>) -> Instrs<'_> {
        let reader = Reader::new(&self.bytes[code.clone()], code.start);
        Instrs::new(reader, self.engine.config().features)
    }

    /// The imports with their types.
    pub(crate) fn imports(&self) -> impl Iterator<Item = (&Import, ItemType)> {
        let mut counts = [0; 5];
        self.decoded.imports.iter().filter_map(move |import| {
            let kind = import.ty.kind();
            let index = counts[kind as usize];
            counts[kind as usize] += 1;
            Some((import, self.item_type(kind, index)?))
        })
    }

    /// The type of an element of an index space.
    fn item_type(&self, kind: ExternKind, index: u32) -> Option<ItemType> {
        let context = &self.context;
        let index = index as usize;
        Some(match kind {
            ExternKind::Func => {
                ItemType::Func(*context.type_ids.get(*context.funcs.get(index)? as usize)?)
            }
            ExternKind::Table => ItemType::Table(*context.tables.get(index)?),
            ExternKind::Memory => ItemType::Memory(*context.memories.get(index)?),
            ExternKind::Global => ItemType::Global(*context.globals.get(index)?),
            ExternKind::Tag => {
                ItemType::Tag(*context.type_ids.get(*context.tags.get(index)? as usize)?)
            }
        })
    }

    /// The export of this name: its kind, and its index in that index space.
    pub(crate) fn find_export(&self, name: &str) -> Option<(ExternKind, u32)> {
        let exports = &self.decoded.exports;
        let by_name = |&index: &u32| (*exports[index as usize].name).cmp(name);
        let place = self.sorted_exports.binary_search_by(by_name).ok()?;
        let export = &exports[self.sorted_exports[place] as usize];
        Some((export.kind, export.index))
    }

    /// Gives back what lists have reserved beyond their length.
    fn shrink(&mut self) {
        // Others have room for just as many as there are, if they are valid.
        shrink(&mut self.decoded.imports);
    }
}

/// Decodes and validates a module, but for its bodies if that is put off. If it is to be verified,
/// with how many slots each function's frame takes at most.
#[inline(never)]
fn validated(
    bytes: &[u8],
    features: Features,
    mode: CompilationMode,
    verifies: bool,
) -> Result<(decode::Module, Context, Box<[u16]>), Error> {
    let decoded = decode::Module::decode(bytes, features);
    let mut decoded = decoded.map_err(|error| ModuleError::new(error.into()))?;
    let context = Context::new(&mut decoded, bytes, features).map_err(ModuleError::new)?;
    let mut frame_slots = Vec::new();
    if mode != CompilationMode::Lazy {
        let mut scratch = Scratch::default();
        if VERIFIES && verifies {
            frame_slots.try_reserve_exact(decoded.bodies.len()).map_err(no_memory)?;
        }
        for index in 0..decoded.bodies.len() {
            validate_body(&context, &decoded, bytes, index, &mut scratch).map_err(|error| {
                // There are a million at most.
                let func = context.imported.funcs + index as u32;
                let names = NameSection::decode_funcs(&decoded, bytes);
                ModuleError::new(error).in_func(func, names.get(func))
            })?;
            if VERIFIES && verifies {
                // A valid function has no more than a slot has numbers.
                frame_slots.push(u16::try_from(scratch.frame_slots()).unwrap_or(u16::MAX));
            }
        }
    }
    Ok((decoded, context, frame_slots.into()))
}

#[cold]
fn no_memory(_: TryReserveError) -> Error {
    Error::msg("the host has no memory for the module")
}

/// The layouts of a module's types.
#[inline(never)]
fn object_types(context: &Context) -> Result<Box<[Option<Arc<ObjectType>>]>, TryReserveError> {
    let is_func = |index| context.type_func(index as u32).is_some();
    if !GC || (0..context.types.len()).all(is_func) {
        return Ok(Box::default());
    }
    let types = context.types.iter().zip(&context.type_ids);
    let is_func = |id| context.is_func_type(id);
    let mut objects = Vec::new();
    objects.try_reserve_exact(context.types.len())?;
    for (ty, &id) in types {
        objects.push(ObjectType::of(&ty.composite, id, is_func)?.map(Arc::new));
    }
    Ok(objects.into())
}

fn most_values(context: &Context) -> usize {
    let funcs = (0..context.types.len()).filter_map(|index| context.type_func(index as u32));
    funcs.map(|ty| ty.params.len().max(ty.results.len())).max().unwrap_or(0)
}

fn func_slots(context: &Context) -> Result<Box<[(u16, u16)]>, Error> {
    let of_type = |index| {
        let slots = |ty: &decode::FuncType| (slots_of(&ty.params), slots_of(&ty.results));
        context.type_func(index as u32).map_or((0, 0), slots)
    };
    list((0..context.types.len()).map(of_type)).map_err(no_memory)
}

fn sorted_exports(module: &decode::Module) -> Result<Box<[u32]>, Error> {
    // There are a million at most.
    let mut sorted =
        list((0..module.exports.len()).map(|index| index as u32)).map_err(no_memory)?;
    let name = |index: u32| &*module.exports[index as usize].name;
    sort_numbers(&mut sorted, &mut |a, b| name(a).cmp(name(b)));
    Ok(sorted)
}

/// How many slots values of these types take.
fn slots_of(types: &[decode::ValType]) -> u16 {
    types.iter().map(|ty| ty.slots() as u16).sum()
}

/// How many slots values of these types take.
pub(crate) fn slots_of_types(types: &[ValType]) -> u16 {
    types.iter().map(|ty| ty.slots() as u16).sum()
}
