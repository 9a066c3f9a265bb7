//! [`Config`]: the settings of an engine. Read when an engine is made; nothing changes them
//! afterwards.

use crate::memory_source::MemorySource;
use alloc::sync::Arc;
use core::{
    any::Any,
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
};
use windlass_decode::Features;

/// How many calls a backtrace tells of if nothing else is set: a guest that recursed a million
/// times is not told in full.
const MAX_BACKTRACE: usize = 64;

/// How a running guest is kept in check. Chosen once per engine: code is translated for it.
///
/// ```
/// use windlass::{Config, Engine, Metering, Store};
/// let engine = Engine::new(Config::new().metering(Metering::Interrupt))?;
/// assert!(Store::new(&engine, ()).interrupt_handle().is_ok());
/// assert!(Store::new(&engine, ()).get_fuel().is_err());
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Metering {
    /// Not at all: fastest.
    #[default]
    None,
    /// It looks at an interrupt flag at function entries and loop iterations, in long code without
    /// these, when a host function has returned, and in the middle of instructions that move much:
    /// [`InterruptHandle`](crate::InterruptHandle),
    /// [`Store::set_epoch_deadline`](crate::Store::set_epoch_deadline).
    Interrupt,
    /// It counts fuel, and looks at the interrupt flag, where code goes on, at least every 16,384
    /// units. What costs what, [`FUEL_VERSION`](crate::FUEL_VERSION) says.
    Fuel,
}

/// When the function bodies of a module are validated and translated.
///
/// ```
/// use windlass::{CompilationMode, Config, Engine};
/// let engine = Engine::new(Config::new().compilation_mode(CompilationMode::Eager))?;
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum CompilationMode {
    /// Both when the module is made.
    Eager,
    /// Validated when the module is made, translated when first called.
    #[default]
    LazyTranslation,
    /// Both when first called: the fastest start. An invalid body is an error when it is called.
    Lazy,
}

/// The settings of an [`Engine`](crate::Engine).
///
/// ```
/// use windlass::{Config, Engine};
///
/// let mut config = Config::new();
/// config.consume_fuel(true).wasm_memory64(false);
/// let engine = Engine::new(&config)?;
/// # Ok::<(), windlass::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) features: Features,
    pub(crate) metering: Metering,
    pub(crate) compilation_mode: CompilationMode,
    pub(crate) max_stack_slots: usize,
    pub(crate) max_nested_calls: usize,
    pub(crate) max_backtrace_frames: usize,
    pub(crate) canonicalize_nans: bool,
    pub(crate) verify_code: bool,
    pub(crate) verifier: Option<Verifier>,
    pub(crate) fuse: bool,
    pub(crate) max_code_per_byte: u32,
    pub(crate) max_code_per_module: u64,
    pub(crate) memory_source: Option<HostMemory>,
}

/// What verifies code, of which nothing is known here: it is named where somebody asks for it, so
/// that programs that don't have nothing of it.
#[derive(Clone, Copy)]
pub(crate) struct Verifier(pub(crate) &'static (dyn Any + Send + Sync));

/// It is never changed.
impl RefUnwindSafe for Verifier {}

impl UnwindSafe for Verifier {}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

/// What the memories of the engine's stores lie in.
#[derive(Clone)]
pub(crate) struct HostMemory(pub(crate) Arc<dyn MemorySource>);

/// Sources are used through calls of theirs alone, which leave nothing half done here.
impl RefUnwindSafe for HostMemory {}

impl UnwindSafe for HostMemory {}

impl fmt::Debug for HostMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemorySource")
    }
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

macro_rules! feature_switches {
    ($($(#[$doc:meta])* $name:ident $feature:ident;)*) => {
        /// Switches for the proposals of WebAssembly.
        impl Config {
            $($(#[$doc])*
            pub fn $name(&mut self, enable: bool) -> &mut Config {
                self.feature(Features::$feature, enable)
            })*
        }
    };
}

feature_switches! {
    /// Blocks and functions with several results. On by default.
    wasm_multi_value MULTI_VALUE;
    /// `memory.copy` and the like, passive segments. On by default.
    wasm_bulk_memory BULK_MEMORY;
    /// `externref`, several tables. On by default.
    wasm_reference_types REFERENCE_TYPES;
    /// 128-bit vectors. On by default.
    wasm_simd SIMD;
    /// Vector instructions whose results the specification lets differ between hosts; here they
    /// are those of its deterministic profile on each. On by default.
    wasm_relaxed_simd RELAXED_SIMD;
    /// Tail calls. On by default.
    wasm_tail_call TAIL_CALL;
    /// Arithmetic in constant expressions. On by default.
    wasm_extended_const EXTENDED_CONST;
    /// Several memories. On by default.
    wasm_multi_memory MULTI_MEMORY;
    /// Memories and tables with 64-bit addresses. On by default.
    wasm_memory64 MEMORY64;
    /// Typed function references. On by default.
    wasm_function_references FUNCTION_REFERENCES;
    /// Structures and arrays. On by default.
    wasm_gc GC;
    /// Exceptions. On by default.
    wasm_exceptions EXCEPTIONS;
    /// The superseded form of exceptions. Off by default.
    wasm_legacy_exceptions LEGACY_EXCEPTIONS;
    /// Shared memories and atomic instructions. Off by default.
    wasm_threads THREADS;
    /// 128-bit arithmetic. Off by default.
    wasm_wide_arithmetic WIDE_ARITHMETIC;
    /// Memories with pages of one byte. Off by default.
    wasm_custom_page_sizes CUSTOM_PAGE_SIZES;
    /// Structures with a descriptor, exact types. Off by default.
    wasm_custom_descriptors CUSTOM_DESCRIPTORS;
    /// Groups of imports that have the name of their module once. Off by default.
    wasm_compact_imports COMPACT_IMPORTS;
}

impl Config {
    /// The default settings: WebAssembly 3.0, no metering, translation at the first call. What 3.0
    /// has not is asked for: threads, 128-bit arithmetic, pages of one byte, custom descriptors,
    /// groups of imports, the superseded exceptions.
    pub fn new() -> Config {
        Config {
            features: Features::WASM3,
            metering: Metering::None,
            compilation_mode: CompilationMode::default(),
            max_stack_slots: 1 << 20,
            max_nested_calls: 200,
            max_backtrace_frames: MAX_BACKTRACE,
            canonicalize_nans: false,
            verify_code: false,
            verifier: None,
            fuse: true,
            max_code_per_byte: 4,
            max_code_per_module: u64::MAX,
            memory_source: None,
        }
    }

    /// Sets all features at once.
    ///
    /// ```
    /// use windlass::{Config, Features};
    /// Config::new().features(Features::WASM1 | Features::BULK_MEMORY);
    /// ```
    pub fn features(&mut self, features: Features) -> &mut Config {
        self.features = features;
        self
    }

    fn feature(&mut self, feature: Features, enable: bool) -> &mut Config {
        self.features = match enable {
            true => self.features.union(feature),
            false => self.features.difference(feature),
        };
        self
    }

    /// How a running guest is kept in check. Not at all by default.
    ///
    /// ```
    /// use windlass::{Config, Metering};
    /// Config::new().metering(Metering::Interrupt);
    /// ```
    pub fn metering(&mut self, metering: Metering) -> &mut Config {
        self.metering = metering;
        self
    }

    /// The same as `metering(Metering::Fuel)`, or `Metering::None` to switch it off. A new store
    /// has no fuel, and runs nothing before [`Store::set_fuel`](crate::Store::set_fuel), which
    /// says what happens when there is too little. What costs what,
    /// [`FUEL_VERSION`](crate::FUEL_VERSION) says.
    ///
    /// ```
    /// use windlass::Config;
    /// Config::new().consume_fuel(true);
    /// ```
    pub fn consume_fuel(&mut self, enable: bool) -> &mut Config {
        self.metering(if enable { Metering::Fuel } else { Metering::None })
    }

    /// When function bodies are validated and translated.
    ///
    /// That costs no fuel, since modules are shared by stores and whoever calls a function first
    /// would pay for all. It takes time linear in the bytes of the body, and is part of the price
    /// of a module: bound its size, or choose [`CompilationMode::Eager`]. When it happens at a
    /// call, an interrupt stops it as it stops a guest, and an execution that is run again goes on
    /// with it.
    ///
    /// ```
    /// use windlass::{CompilationMode, Config};
    /// Config::new().compilation_mode(CompilationMode::Eager);
    /// ```
    pub fn compilation_mode(&mut self, mode: CompilationMode) -> &mut Config {
        self.compilation_mode = mode;
        self
    }

    /// The largest size in bytes of a guest's value stack, which bounds how deep functions of the
    /// guest call each other: beyond it they trap with
    /// [`Trap::StackOverflow`](crate::Trap::StackOverflow). 8 MiB by default; the stack grows to it
    /// as needed.
    ///
    /// ```
    /// use windlass::Config;
    /// Config::new().max_wasm_stack(64 << 10);
    /// ```
    pub fn max_wasm_stack(&mut self, bytes: usize) -> &mut Config {
        self.max_stack_slots = bytes / 8;
        self
    }

    /// Whether errors tell where the guest was ([`WasmBacktrace`](crate::WasmBacktrace)). They do
    /// by default, with at most 64 calls. This sets that number, or none.
    ///
    /// ```
    /// use windlass::{Config, Engine, Instance, Module, Store};
    /// let engine = Engine::new(Config::new().wasm_backtrace(false))?;
    /// let wasm = wat::parse_str(r#"(func (export "f") unreachable)"#).unwrap();
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &Module::new(&engine, wasm)?, &[])?;
    /// let f = instance.get_typed_func::<(), ()>(&store, "f")?;
    /// assert!(f.call(&mut store, ()).unwrap_err().backtrace().is_none());
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn wasm_backtrace(&mut self, enable: bool) -> &mut Config {
        self.wasm_backtrace_max_frames(if enable { MAX_BACKTRACE } else { 0 })
    }

    /// How many calls a [`WasmBacktrace`](crate::WasmBacktrace) tells of at most: 64 by default.
    /// Each takes about 32 bytes of an error; 0 is no backtrace.
    ///
    /// ```
    /// use windlass::Config;
    /// Config::new().wasm_backtrace_max_frames(20);
    /// ```
    pub fn wasm_backtrace_max_frames(&mut self, frames: usize) -> &mut Config {
        self.max_backtrace_frames = frames;
        self
    }

    /// How deep calls from host to guest may nest (the host calls the guest, which calls the host,
    /// and so on): beyond this they trap with [`Trap::StackOverflow`](crate::Trap::StackOverflow).
    /// 200 by default, on every host.
    ///
    /// Each takes native stack: what the host function keeps there, and about 1 KiB of the
    /// library's in an optimized build, or 2.5 KiB in one that is not. The default fits the 2 MiB
    /// that threads have by default even if host functions keep 4 KiB each. Programs that go deeper
    /// need a thread with more stack: 16 KiB for each call is plenty for most host functions.
    ///
    /// ```
    /// use windlass::{Config, Engine};
    /// let engine = Engine::new(Config::new().max_nested_calls(1000))?;
    /// let thread = std::thread::Builder::new().stack_size(1000 * (16 << 10));
    /// thread.spawn(move || drop(engine)).unwrap().join().unwrap();
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn max_nested_calls(&mut self, depth: usize) -> &mut Config {
        self.max_nested_calls = depth;
        self
    }

    /// How much code a function may be translated to, in cells for each byte of its body; 64 cells
    /// more in any case. 4 by default. Functions without structures and arrays have 1 at most, and
    /// what compilers make of those hardly more: the limit is for large objects of values that come
    /// from calls. The most that was seen in 29 modules of compilers of C, C++, Rust and Go
    /// (184,000 functions, no structures) is 0.97; 0.5 is usual. Beyond it, translation ends with
    /// [`CodeTooLarge`](crate::CodeTooLarge): in every [`CompilationMode`] and on every host for
    /// the same functions.
    ///
    /// Cells are counted as they are before the translator joins them: an operator is one, with one
    /// more for each label of a `br_table` and each value of `struct.new` or `array.new_fixed`. A
    /// cell takes 16 to 128 bytes of memory.
    ///
    /// ```
    /// use windlass::Config;
    /// Config::new().max_code_per_byte(2);
    /// ```
    pub fn max_code_per_byte(&mut self, cells: u32) -> &mut Config {
        self.max_code_per_byte = cells;
        self
    }

    /// How much code the functions of a module may be translated to together, in cells as
    /// [`Config::max_code_per_byte`] counts them. Each function has its part of it, by the bytes of
    /// its body: so it does not matter which are called, or in which order. Beyond its part, a
    /// function is an error, [`CodeTooLarge`](crate::CodeTooLarge). By default there is only the
    /// limit by bytes.
    ///
    /// ```
    /// use windlass::Config;
    /// Config::new().max_code_per_module(10_000_000);
    /// ```
    pub fn max_code_per_module(&mut self, cells: u64) -> &mut Config {
        self.max_code_per_module = cells;
        self
    }

    /// Where the linear memories of the engine's stores lie: in bytes that the host gives, also
    /// those of memories that modules define. By default, and of shared memories always, in what
    /// the allocator or the system gives. See [`MemorySource`] and
    /// [`MemoryPool`](crate::MemoryPool).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use windlass::{Config, Engine, Memory, MemoryPool, MemoryType, Store};
    /// let pool = Arc::new(MemoryPool::new([]));
    /// let engine = Engine::new(Config::new().memory_source(pool))?;
    /// let memory = Memory::new(Store::new(&engine, ()), MemoryType::new(1, None));
    /// assert!(memory.is_err(), "there is nothing in the pool");
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn memory_source(&mut self, source: Arc<dyn MemorySource>) -> &mut Config {
        self.memory_source = Some(HostMemory(source));
        self
    }

    /// Whether translated code is verified, where the build has the verifier.
    pub(crate) fn verifies(&self) -> bool {
        cfg!(debug_assertions) || self.verify_code
    }

    /// Whether every NaN that an instruction makes has the same bits: positive, only the highest
    /// bit of the payload set. Off by default: then the host's CPU chooses among the bits that the
    /// specification allows. With it, and without what the host brings in, a guest computes the
    /// same bits on every host: the deterministic profile of the specification (relaxed vector
    /// instructions are deterministic anyway). Costs an instruction after each one that may make a
    /// NaN.
    ///
    /// ```
    /// use windlass::{Config, Engine, Instance, Module, Store};
    /// # let wasm = wat::parse_str(r#"(module (func (export "nan") (param f32 f32) (result i32)
    /// #     (i32.reinterpret_f32 (f32.div (local.get 0) (local.get 1)))))"#)?;
    /// let engine = Engine::new(Config::new().canonicalize_nans(true))?;
    /// let module = Module::from_binary(&engine, &wasm)?; // "nan": the bits of a / b
    /// let mut store = Store::new(&engine, ());
    /// let instance = Instance::new(&mut store, &module, &[])?;
    /// let nan = instance.get_typed_func::<(f32, f32), i32>(&mut store, "nan")?;
    /// assert_eq!(nan.call(&mut store, (0.0, 0.0))?, 0x7fc0_0000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn canonicalize_nans(&mut self, enable: bool) -> &mut Config {
        self.canonicalize_nans = enable;
        self
    }

    /// Whether sequences of cells are executed as one (default: `true`). It changes neither results
    /// nor fuel: for tests of that, and for finding out what it is worth.
    #[doc(hidden)]
    pub fn fuse(&mut self, enable: bool) -> &mut Config {
        self.fuse = enable;
        self
    }
}
