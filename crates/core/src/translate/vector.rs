//! Vector instructions. A vector takes two slots; as an operand it is there, in its accumulator or,
//! if it was a constant just before, in the code.

use super::{
    Translator,
    encode::low,
    inst::{Inst, Loc, NO_LOC, ResultLoc, What, result_kind},
    memory::constant_address,
    placing::placed,
    stack::Operand,
};
use crate::exec::{
    Cell,
    machine::place::{Dest, Domain, Kind, Place},
    pack_const, pack_fields,
    tables::{self, Maybe, Sort},
};
use alloc::vec::Vec;
use core::fmt;
use windlass_decode::{Imm, MemArg, Op, Shape};

/// What an instruction does that only vectors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vector {
    /// A constant.
    Const([u8; 16]),
    /// The second operand is a constant.
    BinConst(Op, [u8; 16]),
    /// Three vectors; the third is here.
    Tern(Op, Loc),
    /// A vector and a count.
    Shift(Op),
    Extract(Op, u8),
    /// A vector and a scalar.
    Replace(Op, u8),
    Shuffle([u8; 16]),
    /// Loads a lane from `a + offset`; `b` is the vector.
    LoadLane(Op, u32, u8),
    /// The same from a memory that the fast handlers do not reach.
    LoadLaneAny(Op, MemArg, Sort, u8),
}

impl Vector {
    /// The kind of the result.
    pub(crate) fn result(self) -> Kind {
        match self {
            Vector::Extract(op, _) => result_kind(op),
            Vector::Const(_)
            | Vector::BinConst(..)
            | Vector::Tern(..)
            | Vector::Shift(_)
            | Vector::Replace(..)
            | Vector::Shuffle(_)
            | Vector::LoadLane(..)
            | Vector::LoadLaneAny(..) => Kind::V128,
        }
    }

    /// What it reads, each with its register file.
    pub(crate) fn uses(self, a: Loc, b: Loc) -> [(Domain, Loc); 3] {
        const V: Domain = Domain::Vector;
        let none = (V, NO_LOC);
        match self {
            Vector::Const(_) => [none; 3],
            Vector::BinConst(..) | Vector::Extract(..) => [(V, a), none, none],
            Vector::Tern(_, c) => [(V, a), (V, b), (V, c)],
            Vector::Shift(_) => [(V, a), (Domain::Int, b), none],
            Vector::Replace(op, _) => [(V, a), (replacement(op).domain(), b), none],
            Vector::Shuffle(_) => [(V, a), (V, b), none],
            Vector::LoadLane(..) | Vector::LoadLaneAny(..) => [(Domain::Int, a), (V, b), none],
        }
    }

    /// Its handler, if there is one for these places.
    pub(crate) fn entry(self, a: Place, b: Place, d: Dest) -> Maybe {
        match self {
            Vector::Const(_) => tables::vector::constant(d),
            Vector::BinConst(op, _) => tables::handlers(op).bin(a, Place::Const, d),
            Vector::Tern(op, c) => tables::handlers(op).tern([a, b, c.place()], d),
            Vector::Shift(op) | Vector::Replace(op, _) => tables::handlers(op).bin(a, b, d),
            Vector::Extract(op, _) => tables::handlers(op).un(a, d),
            Vector::Shuffle(_) => tables::handlers(Op::I8x16Shuffle).bin(a, b, d),
            Vector::LoadLane(op, ..) => tables::handlers(op).load_lane(a, b, d),
            Vector::LoadLaneAny(op, _, sort, _) => match (a, b, d) {
                (Place::Slot, Place::Slot, Dest::Slot) => tables::handlers(op).any(sort),
                _ => None,
            },
        }
    }

    /// Appends its operand words.
    pub(crate) fn operands(self, d: i16, a: Loc, b: Loc, code: &mut Vec<Cell>) {
        let (x, y) = (a.slot(), b.slot());
        let mut push = |word| code.push(Cell::word(word));
        match self {
            Vector::Const(bytes) | Vector::BinConst(_, bytes) | Vector::Shuffle(bytes) => {
                push(pack_fields([d, x, y, 0]));
                words(bytes).into_iter().for_each(push);
            }
            Vector::Tern(_, c) => push(pack_fields([d, x, y, c.slot()])),
            Vector::Shift(_) => push(match b {
                Loc::Const(count) => pack_const(d, x, low(count)),
                _ => pack_fields([d, x, y, 0]),
            }),
            Vector::Extract(_, lane) => push(pack_fields([d, x, lane.into(), 0])),
            Vector::Replace(_, lane) => push(pack_fields([d, x, y, lane.into()])),
            Vector::LoadLane(_, offset, lane) => {
                push(pack_const(y, x, offset));
                push(pack_fields([d, lane.into(), 0, 0]));
            }
            Vector::LoadLaneAny(_, arg, _, lane) => {
                push(pack_const(y, x, arg.memory));
                push(arg.offset);
                push(pack_fields([d, lane.into(), 0, 0]));
            }
        }
    }

    /// For listings.
    pub(crate) fn write(
        self,
        f: &mut fmt::Formatter<'_>,
        d: ResultLoc,
        a: Loc,
        b: Loc,
    ) -> fmt::Result {
        match self {
            Vector::Const(bytes) => write!(f, "{d} = {}", Constant(bytes)),
            Vector::BinConst(op, bytes) => {
                write!(f, "{d} = {} {a} {}", op.mnemonic(), Constant(bytes))
            }
            Vector::Tern(op, c) => write!(f, "{d} = {} {a} {b} {c}", op.mnemonic()),
            Vector::Shift(op) => write!(f, "{d} = {} {a} {b}", op.mnemonic()),
            Vector::Extract(op, lane) => write!(f, "{d} = {} {lane} {a}", op.mnemonic()),
            Vector::Replace(op, lane) => write!(f, "{d} = {} {lane} {a} {b}", op.mnemonic()),
            Vector::Shuffle(lanes) => write!(f, "{d} = i8x16.shuffle {lanes:?} {a} {b}"),
            Vector::LoadLane(op, offset, lane) => {
                write!(f, "{d} = {} {lane} [{a} + {offset:#x}] {b}", op.mnemonic())
            }
            Vector::LoadLaneAny(op, arg, _, lane) => {
                let MemArg { memory, offset, .. } = arg;
                write!(f, "{d} = {} {lane} memory {memory} [{a} + {offset:#x}] {b}", op.mnemonic())
            }
        }
    }
}

/// A constant as listings show it.
struct Constant([u8; 16]);

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:#x}", u128::from_le_bytes(self.0))
    }
}

/// The two words of a vector, the lower first.
fn words(bytes: [u8; 16]) -> [u64; 2] {
    let bits = u128::from_le_bytes(bytes);
    [(bits & 0xffff_ffff_ffff_ffff) as u64, (bits >> 64) as u64]
}

/// The kind of the scalar that `replace_lane` takes.
fn replacement(op: Op) -> Kind {
    op.info().params.get(1).copied().map_or(Kind::I32, Kind::from)
}

impl Translator<'_> {
    /// Translates a vector instruction that has nothing to do with memory, if it is one.
    pub(super) fn vector(&mut self, op: Op, imm: Imm<'_>) -> bool {
        if !tables::SIMD {
            return false;
        }
        match (op.info().shape, imm) {
            (Shape::v_const, Imm::V128(bytes)) => {
                self.emit_vector(What::Vector(Vector::Const(bytes)), NO_LOC, NO_LOC);
            }
            (Shape::v_un | Shape::v_test | Shape::v_splat, _) => {
                let a = self.pop();
                let a = self.variable_place(a);
                self.emit_vector(What::Un(op), a, NO_LOC);
            }
            (Shape::v_extract, Imm::Lane(lane)) => {
                let a = self.pop();
                let a = self.place(a);
                self.emit_vector(What::Vector(Vector::Extract(op, lane)), a, NO_LOC);
            }
            (Shape::v_bin, _) => self.vector_bin(op),
            (Shape::v_tern, _) => self.vector_tern(op),
            (Shape::v_shuffle, Imm::Lanes(lanes)) => {
                let (b, a) = (self.pop(), self.pop());
                let [a, b] = self.two_vectors(a, b);
                self.emit_vector(What::Vector(Vector::Shuffle(lanes)), a, b);
            }
            (Shape::v_shift, _) => {
                let (b, a) = (self.pop(), self.pop());
                let (a, b) = (self.place(a), self.place(b).unpinned());
                self.emit_vector(What::Vector(Vector::Shift(op)), a, b);
            }
            (Shape::v_replace, Imm::Lane(lane)) => {
                let (b, a) = (self.pop(), self.pop());
                let b = self.variable_place(b).unpinned();
                let a = self.place(a);
                self.emit_vector(What::Vector(Vector::Replace(op, lane)), a, b);
            }
            _ => return false,
        }
        true
    }

    /// Emits an instruction that pushes its result. There is a handler for the places.
    fn emit_vector(&mut self, what: What, a: Loc, b: Loc) {
        let inst = Inst { what, d: ResultLoc::Slot(self.next_slot()), a, b };
        let emitted = self.builder.emit(inst);
        debug_assert!(
            emitted,
            "vector instructions have handlers for slots and one accumulator: {inst}"
        );
        self.push_temp(inst.result());
    }

    /// The places of two vectors, of which at most one is the accumulator.
    fn two_vectors(&self, a: Operand, b: Operand) -> [Loc; 2] {
        let [a, b] = [self.place(a), self.place(b)];
        if a.is_acc() && b.is_acc() { [a, Loc::Slot(b.slot())] } else { [a, b] }
    }

    fn vector_bin(&mut self, op: Op) {
        let (mut b, mut a) = (self.pop(), self.pop());
        if op.commutes() && self.last_constant(a).is_some() {
            core::mem::swap(&mut a, &mut b);
        }
        if let Some(bytes) = self.last_constant(b)
            && let what = What::Vector(Vector::BinConst(op, bytes))
            && let d = ResultLoc::Slot(self.next_slot())
            && (Inst { what, d, a: Loc::Slot(a.slot), b: NO_LOC }).entry().is_some()
        {
            self.builder.take_back();
            let a = self.place(a);
            return self.emit_vector(what, a, NO_LOC);
        }
        let [a, b] = self.two_vectors(a, b);
        if op.commutes() && b.is_acc() {
            self.emit_vector(What::Bin(op), b, a);
        } else {
            self.emit_vector(What::Bin(op), a, b);
        }
    }

    /// The constant that a popped operand is, if the instruction for it is the last.
    fn last_constant(&self, operand: Operand) -> Option<[u8; 16]> {
        match self.builder.last()?.what {
            What::Vector(Vector::Const(bytes)) if self.is_last(operand) => Some(bytes),
            _ => None,
        }
    }

    fn vector_tern(&mut self, op: Op) {
        let (c, b, a) = (self.pop(), self.pop(), self.pop());
        let [mut a, mut b, c] = [a, b, c].map(|operand| self.place(operand));
        // One at most is the accumulator: the last.
        if c.is_acc() {
            b = Loc::Slot(b.slot());
        }
        if c.is_acc() || b.is_acc() {
            a = Loc::Slot(a.slot());
        }
        self.emit_vector(What::Vector(Vector::Tern(op, c)), a, b);
    }

    /// Translates a load or store of one lane; none if it is neither.
    pub(super) fn lane_access(&mut self, op: Op, arg: MemArg, lane: u8) -> Option<()> {
        if !tables::SIMD {
            return None;
        }
        let (sort, offset) = self.reach(arg)?;
        let (vector, address) = (self.pop(), self.pop());
        let is_load = op.info().shape == Shape::v_load_lane;
        let Some(offset) = offset else {
            let a = Loc::Slot(self.slot_of(address));
            let v = Loc::Slot(self.slot_of(vector));
            if is_load {
                let what = What::Vector(Vector::LoadLaneAny(op, arg, sort, lane));
                self.emit_vector(what, a, v);
            } else {
                let entry = tables::handlers(op).any(sort)?;
                let MemArg { memory, offset, .. } = arg;
                let text = format_args!(
                    "{} memory {memory} [{a} + {offset:#x}] = {v} {lane}",
                    op.mnemonic()
                );
                self.builder.cell(entry, text);
                self.builder.push(pack_const(v.slot(), a.slot(), memory));
                self.builder.push(offset);
                self.builder.push(pack_fields([0, lane.into(), 0, 0]));
            }
            return Some(());
        };
        let (a, offset) = match constant_address(address, offset) {
            Some(at) => (Loc::Const(0), at),
            None => (self.variable_place(address), offset),
        };
        let v = self.place(vector);
        if is_load {
            self.emit_vector(What::Vector(Vector::LoadLane(op, offset, lane)), a, v);
            return Some(());
        }
        let find = |[a, v]: [Loc; 2]| tables::handlers(op).store_lane(a.place(), v.place());
        let ([a, v], entry) = placed([a, v], find)?;
        self.builder.use_operands(Domain::Int, &[a]);
        self.builder.use_operands(Domain::Vector, &[v]);
        let text = format_args!("{} [{a} + {offset:#x}] = {v} {lane}", op.mnemonic());
        self.builder.cell(entry, text);
        self.builder.push(pack_const(v.slot(), a.slot(), offset));
        self.builder.push(pack_fields([0, lane.into(), 0, 0]));
        Some(())
    }
}
