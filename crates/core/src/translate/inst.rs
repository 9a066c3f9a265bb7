//! [`Inst`]: an instruction of threaded code before it is encoded: operation, places of operands
//! and result. Fusion and retargeting work on these; [`Inst::entry`] and [`Inst::operands`]
//! encode them.

use super::{encode::low, object::Object, vector::Vector};
use crate::exec::{
    Cell,
    handlers::canonical,
    machine::place::{Dest, Domain, Kind, Place},
    pack_const, pack_fields, pack_halves,
    tables::{self, ANY_MEMORY, Handlers, Maybe, Sort},
};
use alloc::vec::Vec;
use core::fmt;
use windlass_decode::{Nans, Op};

/// Where an operand lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loc {
    /// In a slot.
    Slot(i16),
    /// In the code.
    Const(u64),
    /// In the accumulator, which holds what belongs to `slot`. If `last_use`, nothing reads the
    /// slot later.
    Acc {
        slot: i16,
        last_use: bool,
    },
    /// In a pinned local, whose slot has it too.
    P0(i16),
    P1(i16),
}

impl Loc {
    pub(crate) fn place(self) -> Place {
        match self {
            Loc::Slot(_) => Place::Slot,
            Loc::Const(_) => Place::Const,
            Loc::Acc { .. } => Place::Acc,
            Loc::P0(_) => Place::P0,
            Loc::P1(_) => Place::P1,
        }
    }

    /// The slot; of a constant, any.
    pub(crate) fn slot(self) -> i16 {
        match self {
            Loc::Slot(slot) | Loc::Acc { slot, .. } | Loc::P0(slot) | Loc::P1(slot) => slot,
            Loc::Const(_) => 0,
        }
    }

    pub(crate) fn is_const(self) -> bool {
        matches!(self, Loc::Const(_))
    }

    pub(crate) fn is_acc(self) -> bool {
        matches!(self, Loc::Acc { .. })
    }

    /// The same value where every handler finds it, if it is there: a pinned local's slot.
    pub(crate) fn unpinned(self) -> Loc {
        match self {
            Loc::P0(slot) | Loc::P1(slot) => Loc::Slot(slot),
            other => other,
        }
    }

    /// The same value in its slot; a constant stays.
    pub(crate) fn in_slot(self) -> Loc {
        match self {
            Loc::Acc { slot, .. } => Loc::Slot(slot),
            other => other.unpinned(),
        }
    }

    fn bits(self) -> u64 {
        match self {
            Loc::Const(bits) => bits,
            _ => 0,
        }
    }
}

impl fmt::Display for Loc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loc::Slot(slot) => write!(f, "s{slot}"),
            Loc::Const(bits) => write!(f, "#{bits:#x}"),
            Loc::Acc { .. } => f.write_str("acc"),
            Loc::P0(slot) => write!(f, "p0(s{slot})"),
            Loc::P1(slot) => write!(f, "p1(s{slot})"),
        }
    }
}

/// Where a result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultLoc {
    /// To a slot (and the accumulator).
    Slot(i16),
    /// To the accumulator: the store to the slot is not needed.
    Acc(i16),
    /// To a pinned local and its slot.
    P0(i16),
    P1(i16),
}

impl ResultLoc {
    pub(crate) fn dest(self) -> Dest {
        match self {
            ResultLoc::Slot(_) => Dest::Slot,
            ResultLoc::Acc(_) => Dest::Acc,
            ResultLoc::P0(_) => Dest::P0,
            ResultLoc::P1(_) => Dest::P1,
        }
    }

    pub(crate) fn slot(self) -> i16 {
        match self {
            ResultLoc::Slot(slot)
            | ResultLoc::Acc(slot)
            | ResultLoc::P0(slot)
            | ResultLoc::P1(slot) => slot,
        }
    }

    /// Where the result lies: a pinned local that was read from its slot is one all the same.
    pub(crate) fn loc(self) -> Loc {
        match self {
            ResultLoc::Slot(slot) | ResultLoc::Acc(slot) => Loc::Slot(slot),
            ResultLoc::P0(slot) => Loc::P0(slot),
            ResultLoc::P1(slot) => Loc::P1(slot),
        }
    }
}

impl fmt::Display for ResultLoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResultLoc::Slot(slot) => write!(f, "s{slot}"),
            ResultLoc::Acc(_) => f.write_str("acc"),
            ResultLoc::P0(slot) => write!(f, "p0(s{slot})"),
            ResultLoc::P1(slot) => write!(f, "p1(s{slot})"),
        }
    }
}

/// What an instruction that has a result does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// One operand.
    Un(Op),
    /// Two operands.
    Bin(Op),
    /// Loads from `a + offset`.
    Load(Op, u32),
    /// The same, from a memory that is shared.
    LoadShared(Op, u32),
    /// Loads from `(a + constant) mod 2^32`.
    Wrapped(Op, u32),
    /// Loads from `a + (b << shift) + offset`.
    Indexed(Op, u32, u16),
    /// Loads from any memory: what the others do not reach.
    LoadAny(Op, u32, u64, Sort),
    /// Reads a global.
    GlobalGet(Kind, Global),
    /// Refers to a function.
    RefFunc(u32),
    /// Reads an element of a table.
    TableGet(u32),
    /// The size of a table.
    TableSize(Kind, u32),
    /// `c ? a : b`
    Select(Kind, Loc),
    /// `op(a, b) ? x : y`, both slots.
    CmpSelect(Op, i16, i16),
    /// Copies and leaves accumulators alone.
    Copy(Kind),
    /// Makes these NaNs canonical.
    Canonical(Nans),
    /// A vector instruction that is none of these.
    Vector(Vector),
    /// An instruction on objects.
    Object(Object),
}

/// A global.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Global {
    pub(crate) index: u32,
    /// Its index among those that the module defines, if there are handlers for it as one of those.
    pub(crate) own: Option<u32>,
}

impl Global {
    /// The index as cells have it.
    pub(crate) fn in_cell(self) -> u32 {
        self.own.unwrap_or(self.index)
    }
}

/// An instruction that has a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inst {
    pub(crate) what: What,
    pub(crate) d: ResultLoc,
    pub(crate) a: Loc,
    pub(crate) b: Loc,
}

/// An operand that is not there.
pub(crate) const NO_LOC: Loc = Loc::Slot(0);

/// The kind of a simple instruction's only result.
pub(crate) fn result_kind(op: Op) -> Kind {
    op.first_result().map_or(Kind::I64, Kind::from)
}

/// The kind of a simple instruction's first operand (not counting addresses).
pub(crate) fn operand_kind(op: Op) -> Kind {
    op.first_param().map_or(Kind::I32, Kind::from)
}

impl Inst {
    /// The kind of the result.
    pub(crate) fn result(&self) -> Kind {
        match self.what {
            What::Un(op)
            | What::Bin(op)
            | What::Load(op, _)
            | What::LoadShared(op, _)
            | What::Wrapped(op, _)
            | What::Indexed(op, ..)
            | What::LoadAny(op, ..) => result_kind(op),
            What::GlobalGet(kind, _)
            | What::TableSize(kind, _)
            | What::Select(kind, _)
            | What::Copy(kind) => kind,
            What::RefFunc(_) | What::TableGet(_) => Kind::Ref,
            What::CmpSelect(..) => Kind::I64,
            What::Canonical(nans) => canonical::kind(nans),
            What::Vector(vector) if tables::SIMD => vector.result(),
            What::Object(object) if tables::GC => object.result(),
            What::Vector(_) | What::Object(_) => Kind::I64,
        }
    }

    /// What it reads, each with its register file.
    pub(crate) fn uses(&self) -> [(Domain, Loc); 3] {
        let (domain, third) = match self.what {
            What::Un(op) | What::Bin(op) | What::CmpSelect(op, ..) => {
                (operand_kind(op).domain(), NO_LOC)
            }
            What::Load(..)
            | What::LoadShared(..)
            | What::Wrapped(..)
            | What::Indexed(..)
            | What::LoadAny(..)
            | What::RefFunc(_)
            | What::TableGet(_)
            | What::TableSize(..) => (Domain::Int, NO_LOC),
            What::GlobalGet(kind, _) | What::Copy(kind) => (kind.domain(), NO_LOC),
            What::Canonical(nans) => (canonical::kind(nans).domain(), NO_LOC),
            What::Select(kind, c) => (kind.domain(), c),
            What::Vector(vector) if tables::SIMD => return vector.uses(self.a, self.b),
            What::Object(object) if tables::GC => {
                return [(object.domain(), self.a), (Domain::Int, self.b), (Domain::Int, NO_LOC)];
            }
            What::Vector(_) | What::Object(_) => (Domain::Int, NO_LOC),
        };
        [(domain, self.a), (domain, self.b), (Domain::Int, third)]
    }

    /// What its cell begins with, if there is a handler for these places.
    pub(crate) fn entry(&self) -> Maybe {
        let (a, b, d) = (self.a.place(), self.b.place(), self.d.dest());
        match self.what {
            What::Un(op) => tables::handlers(op).un(a, d),
            What::Bin(op) => tables::handlers(op).bin(a, b, d),
            What::Load(op, _) => tables::handlers(op).load(a, d),
            What::LoadShared(op, _) => tables::handlers(op).load_shared(a, d),
            What::Wrapped(op, _) => tables::handlers(op).load_wrapped(a, d),
            What::Indexed(op, shift, _) => tables::handlers(op).load_indexed(a, b, shift, d),
            What::LoadAny(op, _, _, sort) if ANY_MEMORY => match (a, d) {
                (Place::Slot, Dest::Slot) => tables::handlers(op).any(sort),
                _ => None,
            },
            What::GlobalGet(kind, global) => tables::global_get(kind, global.own.is_some(), d),
            What::RefFunc(_) => tables::ref_func(d),
            What::TableGet(_) => tables::table_get(a, d),
            What::TableSize(..) => tables::table_size(d),
            What::Select(kind, c) => tables::select(kind, a, b, c.place(), d),
            What::CmpSelect(op, ..) => match tables::handlers(op) {
                Handlers::Cmp(tables) => tables::two(tables.select().row(0)?, a, b, d),
                _ => None,
            },
            What::Copy(kind) => tables::copy(kind, a, d),
            What::Canonical(nans) => tables::canonical(nans, a, d),
            What::Vector(vector) if tables::SIMD => vector.entry(a, b, d),
            What::Object(object) if tables::GC => object.entry(a, b, d),
            What::LoadAny(..) | What::Vector(_) | What::Object(_) => None,
        }
    }

    /// Appends its operand words.
    pub(crate) fn operands(&self, code: &mut Vec<Cell>) {
        let d = self.d.slot();
        match self.what {
            What::Un(_) | What::Canonical(_) => {
                code.push(Cell::word(pack_fields([d, self.a.slot(), 0, 0])))
            }
            What::Bin(op) => {
                let wide = pair(code, d, self.a, self.b, operand_kind(op));
                code.extend(wide.map(Cell::word));
            }
            What::Load(_, offset) | What::LoadShared(_, offset) | What::Wrapped(_, offset) => {
                code.push(Cell::word(pack_const(d, self.a.slot(), offset)));
            }
            What::Indexed(_, _, offset) => code.push(Cell::word(pack_fields([
                d,
                self.a.slot(),
                self.b.slot(),
                offset.cast_signed(),
            ]))),
            What::LoadAny(_, memory, offset, _) if ANY_MEMORY => {
                code.push(Cell::word(pack_const(d, self.a.slot(), memory)));
                code.push(Cell::word(offset));
            }
            What::GlobalGet(_, global) => {
                code.push(Cell::word(pack_const(d, 0, global.in_cell())));
            }
            What::RefFunc(index) | What::TableSize(_, index) => {
                code.push(Cell::word(pack_const(d, 0, index)));
            }
            What::TableGet(table) => {
                code.push(Cell::word(pack_const(d, self.a.slot(), table)));
            }
            What::Select(_, c) => {
                let fields = [d, self.a.slot(), self.b.slot(), c.slot()];
                code.push(Cell::word(pack_fields(fields)));
                for loc in [self.a, self.b] {
                    if loc.is_const() {
                        code.push(Cell::word(loc.bits()));
                    }
                }
            }
            What::CmpSelect(op, x, y) => {
                let wide = pair(code, d, self.a, self.b, operand_kind(op));
                code.push(Cell::word(pack_halves(x.into(), y.into())));
                code.extend(wide.map(Cell::word));
            }
            What::Copy(kind) => {
                let wide = single(code, d, self.a, kind);
                code.extend(wide.map(Cell::word));
            }
            What::Vector(vector) if tables::SIMD => vector.operands(d, self.a, self.b, code),
            What::Object(object) if tables::GC => object.operands(d, self.a, self.b, code),
            What::LoadAny(..) | What::Vector(_) | What::Object(_) => {}
        }
    }
}

/// The first operand word of an instruction with one operand that may be a constant; returns the
/// constant if it takes a word of its own.
pub(crate) fn single(code: &mut Vec<Cell>, d: i16, a: Loc, kind: Kind) -> Option<u64> {
    let Loc::Const(bits) = a else {
        code.push(Cell::word(pack_fields([d, a.slot(), 0, 0])));
        return None;
    };
    code.push(Cell::word(pack_const(d, 0, low(bits))));
    kind.is_wide().then_some(bits)
}

/// The first operand word of an instruction with two operands of which one may be a constant;
/// returns the constant if it takes a word of its own.
pub(crate) fn pair(code: &mut Vec<Cell>, d: i16, a: Loc, b: Loc, kind: Kind) -> Option<u64> {
    let (other, bits) = match (a, b) {
        (Loc::Const(bits), other) | (other, Loc::Const(bits)) => (other, bits),
        _ => {
            code.push(Cell::word(pack_fields([d, a.slot(), b.slot(), 0])));
            return None;
        }
    };
    code.push(Cell::word(pack_const(d, other.slot(), low(bits))));
    kind.is_wide().then_some(bits)
}

impl fmt::Display for Inst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inst { d, a, b, .. } = self;
        match self.what {
            What::Un(op) => write!(f, "{d} = {} {a}", op.mnemonic()),
            What::Bin(op) => write!(f, "{d} = {} {a} {b}", op.mnemonic()),
            What::Load(op, offset) if a.is_const() => {
                write!(f, "{d} = {} [{offset:#x}]", op.mnemonic())
            }
            What::Load(op, offset) => write!(f, "{d} = {} [{a} + {offset:#x}]", op.mnemonic()),
            What::LoadShared(op, offset) => {
                write!(f, "{d} = {} shared [{a} + {offset:#x}]", op.mnemonic())
            }
            What::Wrapped(op, offset) => {
                write!(f, "{d} = {} [wrap {a} + {offset:#x}]", op.mnemonic())
            }
            What::Indexed(op, shift, offset) => {
                write!(f, "{d} = {} [{a} + ({b} << {shift}) + {offset:#x}]", op.mnemonic())
            }
            What::LoadAny(op, memory, offset, _) => {
                write!(f, "{d} = {} memory {memory} [{a} + {offset:#x}]", op.mnemonic())
            }
            What::GlobalGet(_, global) => write!(f, "{d} = global {}", global.index),
            What::RefFunc(func) => write!(f, "{d} = func {func}"),
            What::TableGet(table) => write!(f, "{d} = table {table} [{a}]"),
            What::TableSize(_, table) => write!(f, "{d} = size of table {table}"),
            What::Select(_, c) => write!(f, "{d} = select {c} ? {a} : {b}"),
            What::CmpSelect(op, x, y) => {
                write!(f, "{d} = select {} {a} {b} ? s{x} : s{y}", op.mnemonic())
            }
            What::Copy(_) => write!(f, "{d} = copy {a}"),
            What::Canonical(_) => write!(f, "{d} = canonical {a}"),
            What::Vector(vector) => vector.write(f, *d, *a, *b),
            What::Object(object) => object.write(f, *d, *a, *b),
        }
    }
}
