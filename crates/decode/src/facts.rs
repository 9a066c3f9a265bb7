//! What is true of an instruction, beyond its type: the last column of [THE TABLE](crate::ops), as
//! data. Validation takes the widths of accesses from here, the engine all of it. Nothing here
//! depends on an engine: which handlers there are is for the engine to say.

use crate::Op;

/// The facts of a row, in 4 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// The opcodes of the twins, which are of a byte; 0 where there is none.
    swapped: u8,
    negated: u8,
    commutes_and_nans: Numeric,
    raw: Option<Raw>,
}

/// What is true of a numeric instruction.
#[derive(Clone, Copy, Debug)]
struct Numeric(u8);

impl Numeric {
    const COMMUTES: u8 = 1;
    /// Above that, the place of the NaNs in [`Nans::ALL`] and 1.
    const NANS: u8 = 1;
}

/// The NaNs that an instruction makes, if its operands or its meaning ask for some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nans {
    /// An `f32`.
    F32,
    /// An `f64`.
    F64,
    /// In lanes.
    F32x4,
    /// In lanes.
    F64x2,
}

impl Nans {
    /// All of them.
    pub const ALL: [Nans; 4] = [Nans::F32, Nans::F64, Nans::F32x4, Nans::F64x2];
}

/// The type of what an instruction moves: in memory, or in a lane.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    V128,
}

impl Raw {
    /// log2 of how many bytes it has.
    pub const fn size_log2(self) -> u8 {
        match self {
            Raw::I8 | Raw::U8 => 0,
            Raw::I16 | Raw::U16 => 1,
            Raw::I32 | Raw::U32 | Raw::F32 => 2,
            Raw::I64 | Raw::U64 | Raw::F64 => 3,
            Raw::V128 => 4,
        }
    }
}

impl Facts {
    pub(crate) const NONE: Facts =
        Facts { swapped: 0, negated: 0, commutes_and_nans: Numeric(0), raw: None };

    /// Whether anything is true.
    pub(crate) const fn is_some(self) -> bool {
        let Facts { swapped, negated, commutes_and_nans, raw } = self;
        swapped != 0 || negated != 0 || commutes_and_nans.0 != 0 || raw.is_some()
    }

    pub(crate) const fn commutes(self) -> Facts {
        let commutes_and_nans = Numeric(self.commutes_and_nans.0 | Numeric::COMMUTES);
        Facts { commutes_and_nans, ..self }
    }

    pub(crate) const fn swapped(self, twin: Op) -> Facts {
        Facts { swapped: twin.byte(), ..self }
    }

    pub(crate) const fn negated(self, twin: Op) -> Facts {
        Facts { negated: twin.byte(), ..self }
    }

    pub(crate) const fn nans(self, nans: Nans) -> Facts {
        let place = (nans as u8 + 1) << Numeric::NANS;
        Facts { commutes_and_nans: Numeric(self.commutes_and_nans.0 | place), ..self }
    }

    pub(crate) const fn raw(self, raw: Raw) -> Facts {
        Facts { raw: Some(raw), ..self }
    }
}

/// The last column of a row as [`Facts`].
macro_rules! facts {
    ($facts:expr;) => { $facts };
    ($facts:expr; commutes $($rest:tt)*) => { facts!($facts.commutes(); $($rest)*) };
    ($facts:expr; swapped = $op:ident $($rest:tt)*) => {
        facts!($facts.swapped(Op::$op); $($rest)*)
    };
    ($facts:expr; negated = $op:ident $($rest:tt)*) => {
        facts!($facts.negated(Op::$op); $($rest)*)
    };
    ($facts:expr; nans = $nans:ident $($rest:tt)*) => {
        facts!($facts.nans(facts!(@ $nans Nans)); $($rest)*)
    };
    ($facts:expr; raw = $raw:ident $($rest:tt)*) => {
        facts!($facts.raw(facts!(@ $raw Raw)); $($rest)*)
    };
    // For the macros of those who have a function for each.
    ($facts:expr; rmw = $rmw:ident $($rest:tt)*) => { facts!($facts; $($rest)*) };
    (@ i8 $of:ident) => { $of::I8 };
    (@ u8 $of:ident) => { $of::U8 };
    (@ i16 $of:ident) => { $of::I16 };
    (@ u16 $of:ident) => { $of::U16 };
    (@ i32 $of:ident) => { $of::I32 };
    (@ u32 $of:ident) => { $of::U32 };
    (@ i64 $of:ident) => { $of::I64 };
    (@ u64 $of:ident) => { $of::U64 };
    (@ f32 $of:ident) => { $of::F32 };
    (@ f64 $of:ident) => { $of::F64 };
    (@ v128 $of:ident) => { $of::V128 };
    (@ f32x4 $of:ident) => { $of::F32x4 };
    (@ f64x2 $of:ident) => { $of::F64x2 };
}
pub(crate) use facts;

impl Op {
    /// The twin with this opcode, if it is one: 0 is `unreachable`.
    const fn twin(byte: u8) -> Option<Op> {
        if byte == 0 { None } else { Op::of_byte(byte as usize) }
    }

    /// Whether the two operands can be swapped: of shape `bin`, `cmp` or `v_bin`. Which NaN comes
    /// out of two may change.
    pub const fn commutes(self) -> bool {
        self.facts().commutes_and_nans.0 & Numeric::COMMUTES != 0
    }

    /// The comparison of numbers that does the same with operands swapped, if it is another one.
    pub const fn swapped(self) -> Option<Op> {
        Op::twin(self.facts().swapped)
    }

    /// The comparison of numbers that is true when this is false, if there is one.
    pub const fn negated(self) -> Option<Op> {
        Op::twin(self.facts().negated)
    }

    /// What NaNs the instruction makes whose bits the specification leaves open. Copies, signs and
    /// loads keep the bits of their operands.
    pub const fn nans(self) -> Option<Nans> {
        let place = self.facts().commutes_and_nans.0 >> Numeric::NANS;
        if place == 0 { None } else { Some(Nans::ALL[place as usize - 1]) }
    }

    /// What the instruction moves from or to memory, an address in a memory or a lane.
    pub const fn raw(self) -> Option<Raw> {
        self.facts().raw
    }
}
