//! The proposals that can be switched on and off, each a bit of [`Features`].

/// A set of WebAssembly features.
///
/// ```
/// use windlass_decode::Features;
/// assert!(Features::WASM3.contains(Features::GC));
/// assert!(!Features::WASM1.contains(Features::SIMD));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Features(u32);

macro_rules! features {
    ($($(#[$doc:meta])* $upper:ident $lower:ident $text:literal $bit:literal;)*) => {
        impl Features {
            $($(#[$doc])* pub const $upper: Features = Features(1 << $bit);)*

            /// Every feature with its name as people write it.
            pub const NAMED: &[(Features, &str)] = &[$((Features::$upper, $text)),*];
        }

        /// The features under their names in the table of instructions.
        #[allow(non_upper_case_globals, dead_code)]
        pub(crate) mod named {
            use super::Features;
            pub(crate) const mvp: Features = Features::NONE;
            $(pub(crate) const $lower: Features = Features::$upper;)*
        }
    };
}

features! {
    /// Import and export of mutable globals.
    MUTABLE_GLOBAL mutable_global "mutable-global" 0;
    /// `i32.extend8_s` and the like.
    SIGN_EXTENSION sign_extension "sign-extension" 1;
    /// Non-trapping float to integer conversions.
    SATURATING_FLOAT_TO_INT saturating_float_to_int "saturating-float-to-int" 2;
    /// Blocks and functions with several results, blocks with parameters.
    MULTI_VALUE multi_value "multi-value" 3;
    /// `memory.copy`, `table.init` and the like; passive segments.
    BULK_MEMORY bulk_memory "bulk-memory" 4;
    /// `externref`, several tables, table instructions.
    REFERENCE_TYPES reference_types "reference-types" 5;
    /// 128-bit vectors.
    SIMD simd "simd" 6;
    /// Vector instructions whose results may differ between hosts.
    RELAXED_SIMD relaxed_simd "relaxed-simd" 7;
    /// `return_call` and the like.
    TAIL_CALL tail_call "tail-call" 8;
    /// Arithmetic in constant expressions.
    EXTENDED_CONST extended_const "extended-const" 9;
    /// Several memories.
    MULTI_MEMORY multi_memory "multi-memory" 10;
    /// Memories and tables with 64-bit addresses.
    MEMORY64 memory64 "memory64" 11;
    /// Typed function references.
    FUNCTION_REFERENCES function_references "function-references" 12;
    /// Structures, arrays, recursive types and casts.
    GC gc "gc" 13;
    /// Tags, `throw`, `try_table`.
    EXCEPTIONS exceptions "exceptions" 14;
    /// `try`, `catch`, `delegate`, `rethrow`: superseded, but toolchains still emit them.
    LEGACY_EXCEPTIONS legacy_exceptions "legacy-exceptions" 15;
    /// Shared memories and atomic instructions.
    THREADS threads "threads" 16;
    /// 128-bit arithmetic on pairs of `i64`.
    WIDE_ARITHMETIC wide_arithmetic "wide-arithmetic" 17;
    /// Memories whose page size is one byte.
    CUSTOM_PAGE_SIZES custom_page_sizes "custom-page-sizes" 18;
    /// Structures with a descriptor, exact types.
    CUSTOM_DESCRIPTORS custom_descriptors "custom-descriptors" 19;
    /// Groups of imports that have the name of their module once.
    COMPACT_IMPORTS compact_imports "compact-imports" 20;
}

impl Features {
    /// No proposal: WebAssembly as first shipped, without mutable globals across modules.
    pub const NONE: Features = Features(0);
    /// WebAssembly 1.0.
    pub const WASM1: Features = Features::MUTABLE_GLOBAL;
    /// WebAssembly 2.0.
    pub const WASM2: Features = Features::WASM1
        .union(Features::SIGN_EXTENSION)
        .union(Features::SATURATING_FLOAT_TO_INT)
        .union(Features::MULTI_VALUE)
        .union(Features::BULK_MEMORY)
        .union(Features::REFERENCE_TYPES)
        .union(Features::SIMD);
    /// WebAssembly 3.0.
    pub const WASM3: Features = Features::WASM2
        .union(Features::RELAXED_SIMD)
        .union(Features::TAIL_CALL)
        .union(Features::EXTENDED_CONST)
        .union(Features::MULTI_MEMORY)
        .union(Features::MEMORY64)
        .union(Features::FUNCTION_REFERENCES)
        .union(Features::GC)
        .union(Features::EXCEPTIONS);
    /// Everything this crate knows.
    pub const ALL: Features = Features::WASM3
        .union(Features::LEGACY_EXCEPTIONS)
        .union(Features::THREADS)
        .union(Features::WIDE_ARITHMETIC)
        .union(Features::CUSTOM_PAGE_SIZES)
        .union(Features::CUSTOM_DESCRIPTORS)
        .union(Features::COMPACT_IMPORTS);

    /// Whether every feature of `other` is in this set.
    #[inline]
    pub const fn contains(self, other: Features) -> bool {
        self.0 & other.0 == other.0
    }

    /// The features of either set.
    pub const fn union(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }

    /// The features of this set that are not in `other`.
    pub const fn difference(self, other: Features) -> Features {
        Features(self.0 & !other.0)
    }

    /// Its bits.
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// The feature whose bit has this number.
    #[inline]
    pub(crate) const fn of_bit(number: u8) -> Features {
        Features(1 << number)
    }

    /// The names of the features in this set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Features::NAMED.iter().filter(move |(f, _)| self.contains(*f)).map(|(_, name)| *name)
    }
}

/// What cargo features leave out of a build: of WebAssembly, by which, and whether this build has
/// it.
const CARGO: [(Features, &str, bool); 7] = [
    (Features::SIMD.union(Features::RELAXED_SIMD), "simd", cfg!(feature = "simd")),
    (
        Features::GC.union(Features::FUNCTION_REFERENCES).union(Features::CUSTOM_DESCRIPTORS),
        "gc",
        cfg!(feature = "gc"),
    ),
    (
        Features::EXCEPTIONS.union(Features::LEGACY_EXCEPTIONS),
        "exceptions",
        cfg!(feature = "exceptions"),
    ),
    (Features::THREADS, "threads", cfg!(feature = "threads")),
    (Features::MEMORY64.union(Features::MULTI_MEMORY), "memory64", cfg!(feature = "memory64")),
    (Features::TAIL_CALL, "tail-calls", cfg!(feature = "tail-calls")),
    (
        Features::LEGACY_EXCEPTIONS
            .union(Features::WIDE_ARITHMETIC)
            .union(Features::CUSTOM_DESCRIPTORS)
            .union(Features::COMPACT_IMPORTS),
        "proposals",
        cfg!(feature = "proposals"),
    ),
];

impl Features {
    /// What this build has: everything, but for what it leaves out by cargo features. A module that
    /// needs what is left out is refused, whatever is switched on.
    pub const BUILT: Features = {
        let mut built = Features::ALL;
        let mut i = 0;
        while i < CARGO.len() {
            if !CARGO[i].2 {
                built = built.difference(CARGO[i].0);
            }
            i += 1;
        }
        built
    };

    /// The cargo feature that this build needs, too, to have one of these.
    pub(crate) fn cargo_feature(self) -> Option<&'static str> {
        let mut left_out = CARGO.iter().filter(|(.., is_there)| !is_there);
        left_out.find(|(features, ..)| features.contains(self)).map(|&(_, name, _)| name)
    }
}

impl Default for Features {
    /// WebAssembly 3.0.
    fn default() -> Features {
        Features::WASM3
    }
}

impl core::ops::BitOr for Features {
    type Output = Features;
    fn bitor(self, other: Features) -> Features {
        self.union(other)
    }
}

impl core::fmt::Debug for Features {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
