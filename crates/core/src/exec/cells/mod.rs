//! [`Layouts`]: what each handler finds in its cell, by the handler's address. This is the opposite
//! way to [`tables`], which it is made from, and says once more what the handlers' comments say
//! about their operands: the checker of translated code relies on it and on nothing that the
//! translator has.

pub(crate) mod object;
pub(crate) mod vector;

use super::{
    handlers::{atomic, canonical},
    machine::{Cell, dispatch::Handler},
    tables::{AnyTable, BinTable, Handlers, PairTable, Sort, plain},
};
use crate::{
    Metering,
    exec::{
        machine::place::{Dest, Domain, Kind, Place, Way},
        tables,
    },
};
use alloc::vec::Vec;
use std::{collections::HashMap, sync::OnceLock};
use windlass_decode::{Nans, Op, Shape, ValType};

/// What a field of the first operand word is to the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// No slot: nothing, a constant, or what [`Part`] says.
    Free,
    /// A slot that is read.
    Read,
    /// A slot that is written, not a pinned local's.
    Write,
    /// Two slots that are read or written: this one and the next.
    ReadVector,
    WriteVector,
    /// The slot of a pinned local that is read or written: first or second.
    Pin(Domain, usize),
}

/// What there is in a cell beside slots in the first operand word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Nothing,
    /// Operand word 1 is two slots that are read.
    Slots,
    /// A branch that may be taken: its target is this operand word.
    Branch {
        word: usize,
        again: bool,
    },
    /// A branch that is taken: its target is operand word 0.
    Jump {
        again: bool,
    },
    /// The number of targets but the last, and targets.
    BrTable,
    LoopEnter,
    /// The index of a global is the lower or upper half of this operand word.
    Global {
        word: usize,
        upper: bool,
    },
    /// The index of a table or of a function is the upper half of operand word 0.
    Table,
    Func,
    /// A field of a structure, of so many bytes: its offset is the upper half of operand word 0.
    Field {
        size: u32,
    },
    /// An object is begun, whose size is operand word 1, gets a field, or is finished: see
    /// [`object`](super::handlers::object). No field if its size is 0.
    NewFirst {
        size: u32,
    },
    NewField {
        size: u32,
    },
    NewLast {
        size: u32,
    },
    /// The upper half of operand word 0 is the lower half of the header of an array.
    SmallArray,
    /// Memory 0 is accessed.
    Memory,
    /// The memory whose index is the upper half of operand word 0 is accessed.
    AnyMemory {
        sort: Sort,
    },
    /// The same for atomic instructions: sharing makes no difference. The lower and the upper half
    /// of operand word 2 are so many slots that are read.
    AtomicMemory {
        is64: bool,
        slots: usize,
    },
    /// The same as one of these, and field 0 of another operand word is a vector that is written.
    MemoryLane {
        word: usize,
    },
    AnyMemoryLane {
        sort: Sort,
        word: usize,
    },
    Call,
    CallImport,
    CallIndirect,
    CallRef,
    ReturnCall,
    ReturnCallImport,
    ReturnCallIndirect,
    ReturnCallRef,
    /// Which domains it loads pinned locals of.
    Enter([bool; 3]),
    Reload,
    ReturnNone,
    /// The result takes so many slots.
    ReturnOne {
        slots: usize,
    },
    ReturnMany,
    MoveMany,
    Slow,
    Throw,
    ThrowRef,
    Unreachable,
}

/// What a handler finds in its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Operand words; of `br_table` the first and one target.
    pub(crate) words: usize,
    pub(crate) fields: [Field; 4],
    pub(crate) part: Part,
}

/// The layouts of all handlers. A linker may give handlers of the same machine code one address:
/// then it has several. A handler of a sequence has that of its first part.
pub(crate) struct Layouts {
    layouts: HashMap<u64, Vec<Layout>>,
    /// Handlers of sequences, with the handlers of their parts.
    sequences: HashMap<u64, Vec<Vec<u64>>>,
}

/// The places that there are handlers for.
pub(crate) static PLACES: &[Place] =
    [Place::Slot, Place::Const, Place::Acc, Place::P0, Place::P1].split_at(tables::PLACES).0;
pub(crate) static DESTS: &[Dest] =
    [Dest::Slot, Dest::Acc, Dest::P0, Dest::P1].split_at(tables::DESTS).0;
const KINDS: [Kind; 5] = [Kind::I32, Kind::I64, Kind::F32, Kind::F64, Kind::V128];
const METERINGS: [Metering; 3] = [Metering::None, Metering::Interrupt, Metering::Fuel];
const WAYS: [Way; 4] = [
    Way::Jump,
    Way::Again(Metering::None),
    Way::Again(Metering::Interrupt),
    Way::Again(Metering::Fuel),
];
pub(crate) const FREE: [Field; 4] = [Field::Free; 4];

impl Layouts {
    /// The layouts, made when first asked for.
    pub(crate) fn get() -> &'static Layouts {
        static LAYOUTS: OnceLock<Layouts> = OnceLock::new();
        LAYOUTS.get_or_init(|| {
            let mut layouts = Layouts { layouts: HashMap::new(), sequences: HashMap::new() };
            Op::ALL.into_iter().for_each(|op| layouts.add_op(op));
            KINDS.into_iter().for_each(|kind| layouts.add_kind(kind));
            WAYS.into_iter().for_each(|way| layouts.add_way(way));
            METERINGS.into_iter().for_each(|metering| layouts.add_metering(metering));
            layouts.add_calls();
            layouts.add_references();
            layouts.add_objects();
            layouts.add_vector_constants();
            layouts.add_canonical();
            layouts.add_plain();
            layouts.add_sequences();
            layouts
        })
    }

    /// The layouts of the handler in this word; none if it is not one.
    pub(crate) fn of(&self, word: Cell) -> &[Layout] {
        self.layouts.get(&word.bits()).map_or(&[], |layouts| layouts)
    }

    /// The sequences whose handler is in this word, each by the handlers of its parts.
    pub(crate) fn sequences(&self, word: Cell) -> &[Vec<u64>] {
        self.sequences.get(&word.bits()).map_or(&[], |sequences| sequences)
    }

    /// Whether the cell with this word is one of `handler`, by itself or with others behind it.
    pub(crate) fn begins_with(&self, word: Cell, handler: u64) -> bool {
        word.bits() == handler || self.sequences(word).iter().any(|parts| parts[0] == handler)
    }

    pub(crate) fn add(
        &mut self,
        handler: impl Into<Option<Handler>>,
        words: usize,
        fields: [Field; 4],
        part: Part,
    ) {
        let Some(handler) = handler.into() else { return };
        let layouts = self.layouts.entry(Cell::of_handler(handler).bits()).or_default();
        let layout = Layout { words, fields, part };
        if !layouts.contains(&layout) {
            layouts.push(layout);
        }
    }

    fn add_op(&mut self, op: Op) {
        let kind = |types: &[ValType]| types.first().map_or(Kind::I64, |&ty| Kind::from(ty));
        let (operand, result) = (kind(op.info().params), kind(op.info().results));
        match tables::handlers(op) {
            Handlers::None => self.add_atomic(op),
            handlers @ (Handlers::VectorUn(_)
            | Handlers::VectorBin(_)
            | Handlers::VectorTern(_)
            | Handlers::VectorLoad(_)
            | Handlers::VectorStore(_)
            | Handlers::LoadLane(_)
            | Handlers::StoreLane(_)) => self.add_vector(op, handlers),
            Handlers::Un(table) => for_each(PLACES, |a| {
                for_each(DESTS, |d| {
                    let fields = [dest(d, result), source(a, operand), Field::Free, Field::Free];
                    self.add(table[a as usize][d as usize], 1, fields, Part::Nothing);
                });
            }),
            Handlers::Bin(table) => self.add_bin(table, operand, result, 1, Part::Nothing),
            Handlers::Cmp(tables) => {
                self.add_bin(&tables.value, operand, result, 1, Part::Nothing);
                for select in &tables.select {
                    self.add_bin(select, operand, Kind::I64, 2, Part::Slots);
                }
                for (way, (branch, branch_not)) in
                    WAYS.into_iter().zip(tables.branch.iter().zip(&tables.branch_not))
                {
                    for table in [branch, branch_not] {
                        for_pairs(|a, b| {
                            let handler = table[a as usize][b as usize];
                            self.add_branch(handler, a, b, operand, way);
                        });
                    }
                }
                tables.latch.iter().for_each(|latch| self.add_latches(latch, operand));
            }
            Handlers::Load(tables) => {
                for_each(PLACES, |a| {
                    for_each(DESTS, |d| {
                        let fields =
                            [dest(d, result), source(a, Kind::I32), Field::Free, Field::Free];
                        for table in [&tables.base].into_iter().chain(&tables.wrapped) {
                            self.add(table[a as usize][d as usize], 1, fields, Part::Memory);
                        }
                    });
                });
                for table in tables.indexed.iter().chain(tables.scaled.iter().flatten()) {
                    for_pairs(|a, b| {
                        for_each(DESTS, |d| {
                            let [d_field, a_field, b_field] =
                                [dest(d, result), source(a, Kind::I32), source(b, Kind::I32)];
                            let fields = [d_field, a_field, b_field, Field::Free];
                            let handler = table[a as usize][b as usize][d as usize];
                            self.add(handler, 1, fields, Part::Memory);
                        });
                    });
                }
                self.add_any(tables.any, Field::Write);
            }
            Handlers::Store(tables) => {
                for_pairs(|a, v| {
                    let fields =
                        [source(v, operand), source(a, Kind::I32), Field::Free, Field::Free];
                    let words = 1 + usize::from(v == Place::Const);
                    for table in [&tables.base].into_iter().chain(&tables.wrapped) {
                        self.add(table[a as usize][v as usize], words, fields, Part::Memory);
                    }
                });
                for table in tables.indexed.iter().chain(tables.scaled.iter().flatten()) {
                    for_each(PLACES, |v| {
                        for_pairs(|a, b| {
                            let [v_field, a_field, b_field] =
                                [source(v, operand), source(a, Kind::I32), source(b, Kind::I32)];
                            let fields = [v_field, a_field, b_field, Field::Free];
                            let words = 1 + usize::from(v == Place::Const);
                            let handler = table[v as usize][a as usize][b as usize];
                            self.add(handler, words, fields, Part::Memory);
                        });
                    });
                }
                self.add_any(tables.any, Field::Read);
            }
        }
    }

    pub(crate) fn add_any(&mut self, handlers: AnyTable, value: Field) {
        for (sort, handler) in Sort::ALL.into_iter().zip(handlers) {
            let fields = [value, Field::Read, Field::Free, Field::Free];
            self.add(handler, 2, fields, Part::AnyMemory { sort });
        }
    }

    fn add_atomic(&mut self, op: Op) {
        let (value, slots) = match op.info().shape {
            Shape::atomic_load => (Field::Write, 0),
            Shape::atomic_store => (Field::Read, 0),
            Shape::atomic_rmw => (Field::Write, 1),
            _ => (Field::Write, 2),
        };
        let fields = [value, Field::Read, Field::Free, Field::Free];
        for is64 in [false, true] {
            let words = if slots == 0 { 2 } else { 3 };
            self.add(atomic::handler(op, is64), words, fields, Part::AtomicMemory { is64, slots });
        }
    }

    fn add_bin(&mut self, table: &BinTable, operand: Kind, result: Kind, words: usize, part: Part) {
        for_pairs(|a, b| {
            for_each(DESTS, |d| {
                let [a_field, b_field] = pair(a, b, operand);
                let fields = [dest(d, result), a_field, b_field, Field::Free];
                let handler = table[a as usize][b as usize][d as usize];
                self.add(handler, words + wide(a, b, operand), fields, part);
            });
        });
    }

    fn add_branch(&mut self, handler: Option<Handler>, a: Place, b: Place, kind: Kind, way: Way) {
        let [a_field, b_field] = pair(a, b, kind);
        let fields = [Field::Free, a_field, b_field, Field::Free];
        let part = Part::Branch { word: 1, again: way != Way::Jump };
        self.add(handler, 2 + wide(a, b, kind), fields, part);
    }

    fn add_latches(&mut self, table: &[[PairTable; 2]; 2], kind: Kind) {
        for (again, orders) in [false, true].into_iter().zip(table) {
            for order in orders {
                for_pairs(|x, b| {
                    let x_field = if x == Place::Slot { Field::Write } else { source(x, kind) };
                    let fields = [x_field, source(b, kind), Field::Free, Field::Free];
                    let part = Part::Branch { word: 1, again };
                    self.add(order[x as usize][b as usize], 3, fields, part);
                });
            }
        }
    }

    /// Handlers by the kind of a value.
    fn add_kind(&mut self, kind: Kind) {
        let extra = |place: Place| wide(place, place, kind);
        for_each(PLACES, |a| {
            for_each(DESTS, |d| {
                let fields = [dest(d, kind), source(a, kind), Field::Free, Field::Free];
                self.add(tables::copy(kind, a, d), 1 + extra(a), fields, Part::Nothing);
            });
            let fields = [Field::Free, source(a, kind), Field::Free, Field::Free];
            let return_one = Part::ReturnOne { slots: kind.width() };
            let global = Part::Global { word: 1, upper: false };
            self.add(tables::global_set(kind, a), 2 + extra(a), fields, global);
            self.add(tables::return_one(kind, a), 1 + extra(a), fields, return_one);
        });
        for_each(DESTS, |d| {
            let fields = [dest(d, kind), Field::Free, Field::Free, Field::Free];
            self.add(tables::global_get(kind, d), 1, fields, Part::Global { word: 0, upper: true });
            for_pairs(|x, y| {
                for c in [Place::Slot, Place::Acc] {
                    let fields =
                        [dest(d, kind), source(x, kind), source(y, kind), source(c, Kind::I32)];
                    let constants = [x, y].iter().filter(|&&place| place == Place::Const).count();
                    self.add(
                        tables::select(kind, x, y, c, d),
                        1 + constants,
                        fields,
                        Part::Nothing,
                    );
                }
            });
        });
    }

    /// What makes NaNs canonical.
    fn add_canonical(&mut self) {
        for nans in Nans::ALL {
            for_each(PLACES, |a| {
                for_each(DESTS, |d| {
                    let kind = canonical::kind(nans);
                    let fields = [dest(d, kind), source(a, kind), Field::Free, Field::Free];
                    self.add(tables::canonical(nans, a, d), 1, fields, Part::Nothing);
                });
            });
        }
    }

    /// Branches by the way they go.
    fn add_way(&mut self, way: Way) {
        self.add(tables::br(way), 1, FREE, Part::Jump { again: way != Way::Jump });
        for (is64, kind) in [(false, Kind::I32), (true, Kind::I64)] {
            for zero in [false, true] {
                for_each(PLACES, |a| {
                    let handler = tables::br_test(is64, zero, a, way);
                    self.add_branch(handler, a, Place::Acc, kind, way);
                    let x = if a == Place::Slot { Field::Write } else { source(a, kind) };
                    let part = Part::Branch { word: 1, again: way != Way::Jump };
                    let fields = [x, Field::Free, Field::Free, Field::Free];
                    self.add(tables::latch_test(is64, zero, a, way), 3, fields, part);
                });
                for_pairs(|a, b| {
                    let handler = tables::br_and(is64, zero, a, b, way);
                    self.add_branch(handler, a, b, kind, way);
                });
            }
        }
    }

    fn add_metering(&mut self, metering: Metering) {
        self.add(tables::loop_enter(metering), 1, FREE, Part::LoopEnter);
        self.add(tables::charge(metering), 1, FREE, Part::Nothing);
        for bits in 0..8 {
            let [int, f64, f32] = [1, 2, 4].map(|bit| bits & bit != 0);
            let handler = tables::enter(metering, int, f64, f32);
            self.add(handler, 3, FREE, Part::Enter([int, f64, f32]));
        }
    }

    fn add_calls(&mut self) {
        for_each(PLACES, |a| {
            let index = [Field::Free, Field::Free, Field::Free, source(a, Kind::I32)];
            self.add(tables::call_indirect(false, a), 2, index, Part::CallIndirect);
            self.add(tables::call_indirect(true, a), 2, index, Part::ReturnCallIndirect);
            self.add(tables::call_ref(false, a), 2, index, Part::CallRef);
            self.add(tables::call_ref(true, a), 2, index, Part::ReturnCallRef);
            let fields = [Field::Free, source(a, Kind::I32), Field::Free, Field::Free];
            self.add(tables::br_table(a), 2, fields, Part::BrTable);
        });
        for (f64, f32) in [(true, false), (false, true), (true, true)] {
            self.add(tables::reload(f64, f32), 1, FREE, Part::Reload);
        }
    }

    fn add_references(&mut self) {
        for_each(PLACES, |a| {
            let fields = [Field::Free, source(a, Kind::Ref), Field::Free, Field::Free];
            self.add(tables::non_null(a), 1, fields, Part::Nothing);
        });
        for_each(DESTS, |d| {
            let fields = [dest(d, Kind::Ref), Field::Free, Field::Free, Field::Free];
            self.add(tables::ref_func(d), 1, fields, Part::Func);
            self.add(tables::table_size(d), 1, fields, Part::Table);
            for_each(PLACES, |a| {
                let fields = [dest(d, Kind::Ref), source(a, Kind::I64), Field::Free, Field::Free];
                self.add(tables::table_get(a, d), 1, fields, Part::Table);
            });
        });
        let fields = [Field::Read, Field::Read, Field::Free, Field::Free];
        self.add(plain::TABLE_SET, 1, fields, Part::Table);
    }

    fn add_sequences(&mut self) {
        for (handler, parts) in tables::fusions::sequences() {
            let parts: Vec<u64> = parts.into_iter().map(|p| Cell::of_handler(p).bits()).collect();
            let handler = Cell::of_handler(handler).bits();
            for layout in self.layouts.get(&parts[0]).cloned().unwrap_or_default() {
                let layouts = self.layouts.entry(handler).or_default();
                if !layouts.contains(&layout) {
                    layouts.push(layout);
                }
            }
            self.sequences.entry(handler).or_default().push(parts);
        }
    }

    fn add_plain(&mut self) {
        for (handler, words, part) in [
            (plain::CALL, 2, Part::Call),
            (plain::CALL_IMPORT, 2, Part::CallImport),
            (plain::RETURN_CALL, 2, Part::ReturnCall),
            (plain::RETURN_CALL_IMPORT, 2, Part::ReturnCallImport),
            (plain::RETURN_NONE, 1, Part::ReturnNone),
            (plain::RETURN_MANY, 1, Part::ReturnMany),
            (plain::MOVE_MANY, 1, Part::MoveMany),
            (plain::SLOW, 2, Part::Slow),
            (plain::THROW, 1, Part::Throw),
            (plain::THROW_REF, 1, Part::ThrowRef),
            (plain::UNREACHABLE, 1, Part::Unreachable),
            (plain::FENCE, 1, Part::Nothing),
        ] {
            self.add(handler, words, FREE, part);
        }
    }
}

pub(crate) fn for_each<T: Copy>(all: &[T], mut f: impl FnMut(T)) {
    all.iter().for_each(|&item| f(item));
}

pub(crate) fn for_pairs(mut f: impl FnMut(Place, Place)) {
    for_each(PLACES, |a| for_each(PLACES, |b| f(a, b)));
}

/// The field of an operand.
pub(crate) fn source(place: Place, kind: Kind) -> Field {
    match place {
        Place::Slot if kind == Kind::V128 => Field::ReadVector,
        Place::Slot => Field::Read,
        Place::Const | Place::Acc => Field::Free,
        Place::P0 => Field::Pin(kind.domain(), 0),
        Place::P1 => Field::Pin(kind.domain(), 1),
    }
}

/// The field of a result.
pub(crate) fn dest(dest: Dest, kind: Kind) -> Field {
    match dest {
        Dest::Slot if kind == Kind::V128 => Field::WriteVector,
        Dest::Slot => Field::Write,
        Dest::Acc => Field::Free,
        Dest::P0 => Field::Pin(kind.domain(), 0),
        Dest::P1 => Field::Pin(kind.domain(), 1),
    }
}

/// The fields of two operands: a constant has none, and the other is in the first.
fn pair(a: Place, b: Place, kind: Kind) -> [Field; 2] {
    match (a, b) {
        (Place::Const, other) | (other, Place::Const) => [source(other, kind), Field::Free],
        (a, b) => [source(a, kind), source(b, kind)],
    }
}

/// How many words the constant among two operands takes.
fn wide(a: Place, b: Place, kind: Kind) -> usize {
    let words = match kind {
        Kind::I32 | Kind::F32 => 0,
        Kind::I64 | Kind::Ref | Kind::F64 => 1,
        Kind::V128 => 2,
    };
    if a == Place::Const || b == Place::Const { words } else { 0 }
}
