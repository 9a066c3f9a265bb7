//! [`Layouts`]: what each handler finds in its cell, by the handler's address. This is the opposite
//! way to [`tables`], which it is made from, and says once more what the handlers' comments say
//! about their operands: the verifier of translated code relies on it and on nothing that the
//! translator has.

mod known;
pub(crate) mod object;
#[cfg(all(
    feature = "fast",
    feature = "std",
    any(not(tail_calls), debug_assertions),
    any(test, feature = "profile"),
))]
pub(crate) mod own_set;
#[cfg(feature = "profile")]
pub(crate) mod profile;
#[cfg(all(
    feature = "fast",
    feature = "std",
    any(not(tail_calls), debug_assertions),
    any(test, feature = "profile"),
))]
pub(crate) mod profiled;
mod special;
pub(crate) mod vector;

use super::{
    handlers::{atomic, canonical},
    machine::Cell,
    tables::{
        BinTable, Entry, Handlers, Maybe, PairTable, Sort, Table,
        object::{Access, Wanted},
        plain,
    },
};
use crate::lock::Once;
use crate::{
    Metering,
    exec::{
        SlowOp,
        machine::place::{Dest, Domain, Kind, Place, Way},
        tables,
    },
};
use alloc::vec::Vec;
pub(crate) use known::Known;
use known::{NONE, UNKNOWN};
use special::Named;
use windlass_decode::{Nans, Op, Shape, ValType};
use windlass_validate::sort;

/// What a value has to be, or is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    I32,
    I64,
    F32,
    F64,
    V128,
    /// An `i64` or a reference, which is moved or compared only. What a result is says [`Part`].
    Word,
    /// An `i32` or `i64`, without a sign.
    Index,
    /// A reference; an `i31`; an array; a function.
    Ref,
    I31,
    Array,
    Func,
}

/// What a field of the first operand word is to the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// No slot: nothing, or what [`Part`] says.
    Free,
    /// An operand.
    Get(Place, Type),
    /// A result.
    Set(Dest, Type),
    /// Both, in a slot or pinned; the accumulator is left alone.
    Update(Place, Type),
}

/// What there is in a cell beside slots in the first operand word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Nothing,
    /// The result is the operand; a wide constant is operand word 1. Accumulators are left alone.
    Copy,
    /// The result is operand 1 or 2; their constants are operand words from 1 on.
    Select,
    /// The result is one of two slots in operand word 1.
    Slots,
    /// A branch that may be taken: its target is this operand word. If it only tests operand 1, it
    /// is taken if that is zero, or if it is not.
    Branch {
        word: usize,
        again: Option<Metering>,
        zero: Option<bool>,
    },
    /// A branch that is taken: its target is operand word 0.
    Jump {
        again: Option<Metering>,
    },
    /// The number of targets but the last, and targets.
    BrTable,
    LoopEnter(Metering),
    /// The same, and fields 0 and 1 are slots that are loaded into the registers of pinned
    /// integers; 0 is none.
    LoopEnterPinned(Metering),
    LoadPins,
    Charge(Metering),
    /// The index of a global is the upper half of operand word 0, or the lower half of word 1, with
    /// a constant behind it; it counts those that the module defines, or all.
    GlobalGet {
        is_own: bool,
    },
    GlobalSet {
        is_own: bool,
    },
    /// The index of a table or of a function is the upper half of operand word 0.
    TableGet,
    TableSet,
    TableSize,
    Func,
    /// A field of a structure: its offset is the upper half of operand word 0.
    StructGet(Access),
    StructSet(Access),
    ArrayGet(Access),
    ArraySet(Access),
    /// An object is begun, whose size is operand word 1, gets a field, or is finished, with a
    /// header in operand word 1: see [`object`](super::handlers::object).
    NewFirst(Option<Access>),
    NewField(Access),
    NewLast(Option<Access>),
    /// The same with a descriptor, which is operand 1; the descriptor of an object; and whether an
    /// object, operand 1, has the descriptor that is operand 2.
    NewDescribed,
    GetDesc,
    DescCast,
    DescTest,
    /// The upper half of operand word 0 is the lower half of the header of an array.
    SmallArray(Access),
    /// What is tested for is the upper half of operand word 0; a branch has its target in word 1.
    RefTest(Wanted),
    RefCast(Wanted),
    BrCast {
        wanted: Wanted,
        passes: bool,
    },
    /// Memory 0 is accessed.
    Memory,
    /// The same, and it is shared.
    SharedMemory,
    /// The memory whose index is the upper half of operand word 0 is accessed.
    AnyMemory {
        sort: Sort,
    },
    /// The same for atomic instructions: sharing makes no difference. The lower and the upper half
    /// of operand word 2 are so many slots that are read, of this type.
    AtomicMemory {
        is64: bool,
        slots: usize,
        ty: Type,
    },
    /// The same as one of these, and the result is a vector, whose slot is field 0 of operand word
    /// 1, or of word 2.
    MemoryLane(Dest),
    AnyMemoryLane {
        sort: Sort,
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
    Enter(Metering, [bool; 3]),
    Reload,
    ReturnNone,
    ReturnOne,
    ReturnMany,
    MoveMany,
    /// So many slots, which fields name from 1 on, go to the slots from field 0 on.
    Gather(usize),
    Slow,
    /// The same, of this instruction on memory 0.
    SmallBulk(SlowOp),
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

/// The cells of a block: the handler of each, and its operand words, or how many it has, whatever
/// they are.
pub(crate) type BlockCells = Vec<(u64, Result<&'static [u64], usize>)>;

/// The layouts of all handlers. A linker may give handlers of the same machine code one address:
/// then it has several. A handler of a sequence or of a block has that of its first part.
pub(crate) struct Layouts {
    /// Open addressing: handler words.
    entries: Vec<(u64, Known)>,
    count: usize,
    layouts: Vec<(Layout, u32)>,
    /// Handlers of sequences, with the handlers of their parts: in order.
    sequences: Vec<(u64, Vec<u64>)>,
    /// Handlers of blocks, with their cells: in order.
    blocks: Vec<(u64, BlockCells)>,
    named: Named,
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
        static LAYOUTS: Once<Layouts> = Once::new();
        LAYOUTS.get_or_init(|| {
            let entries = alloc::vec![(0, UNKNOWN); 1 << 10];
            let mut layouts = Layouts {
                entries,
                count: 0,
                layouts: Vec::new(),
                sequences: Vec::new(),
                blocks: Vec::new(),
                named: Named::default(),
            };
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
            let named = core::mem::take(&mut layouts.named);
            layouts.add_sequences(&named);
            layouts.add_blocks(&named);
            layouts.note_leads();
            layouts
        })
    }

    /// The layouts of the handler in this word; none if it is not one.
    pub(crate) fn of(&self, word: Cell) -> impl Iterator<Item = &Layout> {
        self.known(self.find(word))
    }

    /// What there is in cells, of each handler.
    #[cfg(test)]
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part> {
        self.layouts.iter().map(|(layout, _)| layout.part)
    }

    /// The handlers of sequences, each with those of its parts.
    #[cfg(test)]
    pub(crate) fn all_sequences(&self) -> &[(u64, Vec<u64>)] {
        &self.sequences
    }

    /// What is known of this word: looked up once, for a cell that is asked about again and again.
    #[inline]
    pub(crate) fn find(&self, word: Cell) -> Known {
        self.entries[self.entry(word.bits())].1
    }

    /// The same as [`Layouts::of`], of what was looked up.
    #[inline]
    pub(crate) fn known(&self, known: Known) -> impl Iterator<Item = &Layout> {
        let mut next = known.first;
        core::iter::from_fn(move || {
            let (layout, after) = self.layouts.get(next as usize)?;
            next = *after;
            Some(layout)
        })
    }

    /// The sequences whose handler is in this word, each by the handlers of its parts.
    pub(crate) fn sequences(&self, word: Cell) -> impl Iterator<Item = &[u64]> {
        let first = self.find(word).sequences as usize;
        let own = self.sequences.get(first..).unwrap_or_default().iter();
        own.take_while(move |sequence| sequence.0 == word.bits()).map(|sequence| &*sequence.1)
    }

    /// The blocks whose handler is in this word, each by its cells.
    pub(crate) fn blocks(&self, word: Cell) -> impl Iterator<Item = &BlockCells> {
        let first = self.find(word).blocks as usize;
        let own = self.blocks.get(first..).unwrap_or_default().iter();
        own.take_while(move |block| block.0 == word.bits()).map(|block| &block.1)
    }

    /// Whether the cell with this word is one of `handler`, by itself or with others behind it.
    pub(crate) fn begins_with(&self, word: Cell, handler: u64) -> bool {
        word.bits() == handler
            || self.sequences(word).any(|parts| parts[0] == handler)
            || self.blocks(word).any(|cells| cells[0].0 == handler)
    }

    /// Where a handler word is among the entries, or would be.
    fn entry(&self, word: u64) -> usize {
        let mask = self.entries.len() - 1;
        let mut at = (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
        while self.entries[at].1.first != NONE && self.entries[at].0 != word {
            at = (at + 1) & mask;
        }
        at
    }

    pub(crate) fn add(
        &mut self,
        entry: impl Into<Maybe>,
        words: usize,
        fields: [Field; 4],
        part: Part,
    ) {
        if let Some(entry) = entry.into() {
            self.add_entry(entry, Layout { words, fields, part });
        }
    }

    #[inline(never)]
    fn add_entry(&mut self, entry: Entry, layout: Layout) {
        let handler = Cell::of_handler(entry.handler).bits();
        self.named.add(handler, entry.role);
        self.add_layout(handler, layout);
    }

    fn add_layout(&mut self, handler: u64, layout: Layout) {
        if self.of(Cell::word(handler)).any(|known| *known == layout) {
            return;
        }
        let entry = self.entry(handler);
        let next = self.entries[entry].1;
        self.count += usize::from(next.first == NONE);
        // There are tens of thousands.
        let first = self.layouts.len() as u32;
        let is_event = next.is_event || layout.part.is_event();
        let is_shared = next.first != NONE;
        self.entries[entry] = (handler, Known { first, is_shared, is_event, ..next });
        self.layouts.push((layout, next.first));
        if 2 * self.count > self.entries.len() {
            let empty = alloc::vec![(0, UNKNOWN); 2 * self.entries.len()];
            for (word, known) in core::mem::replace(&mut self.entries, empty) {
                if known.first != NONE {
                    let entry = self.entry(word);
                    self.entries[entry] = (word, known);
                }
            }
        }
    }

    /// Notes of handlers where their sequences and blocks begin, which are in order.
    fn note_leads(&mut self) {
        for index in (0..self.sequences.len()).rev() {
            let entry = self.entry(self.sequences[index].0);
            self.entries[entry].1.sequences = index as u32;
        }
        for index in (0..self.blocks.len()).rev() {
            let entry = self.entry(self.blocks[index].0);
            self.entries[entry].1.blocks = index as u32;
        }
    }

    fn add_op(&mut self, op: Op) {
        let ty = |types: &[ValType]| types.first().map_or(Type::I64, |&ty| Type::of(ty.into()));
        let (operand, result) = (ty(op.info().params), ty(op.info().results));
        // References are compared by the instructions of integers.
        let operand = match op {
            Op::I64Eqz | Op::I64Eq | Op::I64Ne => Type::Word,
            _ => operand,
        };
        match tables::handlers(op) {
            Handlers::None => self.add_atomic(op),
            handlers @ (Handlers::VectorUn(_)
            | Handlers::VectorBin(_)
            | Handlers::VectorTern(_)
            | Handlers::VectorLoad(_)
            | Handlers::VectorStore(_)
            | Handlers::LoadLane(_)
            | Handlers::StoreLane(_)) => self.add_vector(op, handlers),
            handlers @ Handlers::Un(_) => for_each(PLACES, |a| {
                for_each(DESTS, |d| {
                    let fields = [dest(d, result), source(a, operand), Field::Free, Field::Free];
                    self.add(handlers.un(a, d), 1, fields, Part::Nothing);
                });
            }),
            Handlers::Bin(table) => self.add_bin(table, operand, result, 1, Part::Nothing),
            Handlers::Cmp(tables) => {
                self.add_bin(tables.value(), operand, result, 1, Part::Nothing);
                for select in tables.select().rows() {
                    self.add_bin(select, operand, Type::Word, 2, Part::Slots);
                }
                let ways = tables.branch().rows().zip(tables.branch_not().rows());
                for (way, (branch, branch_not)) in WAYS.into_iter().zip(ways) {
                    for table in [branch, branch_not] {
                        for_pairs(|a, b| {
                            let handler = tables::pair(table, a, b);
                            self.add_branch(handler, a, b, operand, way);
                        });
                    }
                }
                tables.latch().rows().for_each(|latch| self.add_latches(latch, operand));
            }
            handlers @ Handlers::Load(_) => {
                for_each(PLACES, |a| {
                    for_each(DESTS, |d| {
                        let fields =
                            [dest(d, result), source(a, Type::I32), Field::Free, Field::Free];
                        self.add(handlers.load(a, d), 1, fields, Part::Memory);
                        self.add(handlers.load_wrapped(a, d), 1, fields, Part::Memory);
                        let shared = handlers.load_shared(a, d);
                        self.add(shared, 1, fields, Part::SharedMemory);
                    });
                });
                for shift in 0..=3 {
                    for_pairs(|a, b| {
                        for_each(DESTS, |d| {
                            let [d_field, a_field, b_field] =
                                [dest(d, result), source(a, Type::I32), source(b, Type::I32)];
                            let fields = [d_field, a_field, b_field, Field::Free];
                            let handler = handlers.load_indexed(a, b, shift, d);
                            self.add(handler, 1, fields, Part::Memory);
                        });
                    });
                }
                self.add_any(handlers, dest(Dest::Slot, result));
            }
            handlers @ Handlers::Store(_) => {
                for_pairs(|a, v| {
                    let fields =
                        [source(v, operand), source(a, Type::I32), Field::Free, Field::Free];
                    let words = 1 + usize::from(v == Place::Const);
                    self.add(handlers.store(a, v), words, fields, Part::Memory);
                    self.add(handlers.store_wrapped(a, v), words, fields, Part::Memory);
                    let shared = handlers.store_shared(a, v);
                    self.add(shared, words, fields, Part::SharedMemory);
                });
                for shift in 0..=3 {
                    for_each(PLACES, |v| {
                        for_pairs(|a, b| {
                            let [v_field, a_field, b_field] =
                                [source(v, operand), source(a, Type::I32), source(b, Type::I32)];
                            let fields = [v_field, a_field, b_field, Field::Free];
                            let words = 1 + usize::from(v == Place::Const);
                            let handler = handlers.store_indexed(a, b, shift, v);
                            self.add(handler, words, fields, Part::Memory);
                        });
                    });
                }
                self.add_any(handlers, source(Place::Slot, operand));
            }
        }
    }

    pub(crate) fn add_any(&mut self, handlers: Handlers, value: Field) {
        for sort in Sort::ALL {
            let address = source(Place::Slot, Type::address(sort.is64()));
            let fields = [value, address, Field::Free, Field::Free];
            self.add(handlers.any(sort), 2, fields, Part::AnyMemory { sort });
        }
    }

    fn add_atomic(&mut self, op: Op) {
        let info = op.info();
        let ty = |types: &[ValType]| types.first().map_or(Type::I64, |&ty| Type::of(ty.into()));
        let result = dest(Dest::Slot, ty(info.results));
        let (value, slots) = match info.shape {
            Shape::atomic_load => (result, 0),
            Shape::atomic_store => (source(Place::Slot, ty(info.params)), 0),
            Shape::atomic_rmw => (result, 1),
            _ => (result, 2),
        };
        for is64 in [false, true] {
            let address = source(Place::Slot, Type::address(is64));
            let fields = [value, address, Field::Free, Field::Free];
            let words = if slots == 0 { 2 } else { 3 };
            let part = Part::AtomicMemory { is64, slots, ty: ty(info.params) };
            self.add(atomic::handler(op).map(Entry::alone), words, fields, part);
        }
    }

    fn add_bin(
        &mut self,
        table: Table<BinTable>,
        operand: Type,
        result: Type,
        words: usize,
        part: Part,
    ) {
        for_pairs(|a, b| {
            for_each(DESTS, |d| {
                let [a_field, b_field] = pair(a, b, operand);
                let fields = [dest(d, result), a_field, b_field, Field::Free];
                let handler = tables::two(table, a, b, d);
                self.add(handler, words + wide(a, b, operand), fields, part);
            });
        });
    }

    fn add_branch(&mut self, entry: Maybe, a: Place, b: Place, kind: Type, way: Way) {
        let [a_field, b_field] = pair(a, b, kind);
        let fields = [Field::Free, a_field, b_field, Field::Free];
        let part = Part::Branch { word: 1, again: again(way), zero: None };
        self.add(entry, 2 + wide(a, b, kind), fields, part);
    }

    fn add_latches(&mut self, table: Table<[[PairTable; 2]; 2]>, kind: Type) {
        let kind = if kind == Type::Word { Type::I64 } else { kind };
        for (again, orders) in [None, Some(Metering::None)].into_iter().zip(table.rows()) {
            for order in orders.rows() {
                for_pairs(|x, b| {
                    let (handler, b) = (tables::pair(order, x, b), source(b, kind));
                    let fields = [Field::Update(x, kind), b, Field::Free, Field::Free];
                    let part = Part::Branch { word: 1, again, zero: None };
                    self.add(handler, 3, fields, part);
                });
            }
        }
    }

    /// Handlers by the kind of a value.
    fn add_kind(&mut self, kind: Kind) {
        // Those of integers move references, too.
        let ty = if kind == Kind::I64 { Type::Word } else { Type::of(kind) };
        let extra = |place: Place| wide(place, place, ty);
        for_each(PLACES, |a| {
            for_each(DESTS, |d| {
                let fields = [dest(d, ty), source(a, ty), Field::Free, Field::Free];
                self.add(tables::copy(kind, a, d), 1 + extra(a), fields, Part::Copy);
            });
            let fields = [Field::Free, source(a, ty), Field::Free, Field::Free];
            for is_own in [false, true] {
                let handler = tables::global_set(kind, is_own, a);
                self.add(handler, 2 + extra(a), fields, Part::GlobalSet { is_own });
            }
            self.add(tables::return_one(kind, a), 1 + extra(a), fields, Part::ReturnOne);
        });
        for_each(DESTS, |d| {
            let fields = [dest(d, ty), Field::Free, Field::Free, Field::Free];
            for is_own in [false, true] {
                let handler = tables::global_get(kind, is_own, d);
                self.add(handler, 1, fields, Part::GlobalGet { is_own });
            }
            for_pairs(|x, y| {
                for c in [Place::Slot, Place::Acc] {
                    let fields = [dest(d, ty), source(x, ty), source(y, ty), source(c, Type::I32)];
                    let constants = [x, y].iter().filter(|&&place| place == Place::Const).count();
                    let handler = tables::select(kind, x, y, c, d);
                    self.add(handler, 1 + constants, fields, Part::Select);
                }
            });
        });
    }

    /// What makes NaNs canonical.
    fn add_canonical(&mut self) {
        for nans in Nans::ALL {
            for_each(PLACES, |a| {
                for_each(DESTS, |d| {
                    let kind = Type::of(canonical::kind(nans));
                    let fields = [dest(d, kind), source(a, kind), Field::Free, Field::Free];
                    self.add(tables::canonical(nans, a, d), 1, fields, Part::Nothing);
                });
            });
        }
    }

    /// Branches by the way they go.
    fn add_way(&mut self, way: Way) {
        self.add(tables::br(way), 1, FREE, Part::Jump { again: again(way) });
        for (is64, kind) in [(false, Type::I32), (true, Type::I64)] {
            for zero in [false, true] {
                for_each(PLACES, |a| {
                    let handler = tables::br_test(is64, zero, a, way);
                    let tested = if is64 { Type::Word } else { kind };
                    let (word, again) = (1, again(way));
                    let part = Part::Branch { word, again, zero: Some(zero) };
                    let fields = [Field::Free, source(a, tested), Field::Free, Field::Free];
                    self.add(handler, 2, fields, part);
                    let part = Part::Branch { word, again, zero: None };
                    let fields = [Field::Update(a, kind), Field::Free, Field::Free, Field::Free];
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
        self.add(tables::loop_enter(metering, false), 1, FREE, Part::LoopEnter(metering));
        if tables::FAST {
            let handler = tables::loop_enter(metering, true);
            self.add(handler, 1, FREE, Part::LoopEnterPinned(metering));
        }
        self.add(tables::charge(metering), 1, FREE, Part::Charge(metering));
        // Without pins there is one for all.
        for bits in 0..if tables::FAST { 8 } else { 1 } {
            let [int, f64, f32] = [1, 2, 4].map(|bit| bits & bit != 0);
            let handler = tables::enter(metering, int, f64, f32);
            self.add(handler, 3, FREE, Part::Enter(metering, [int, f64, f32]));
        }
    }

    fn add_calls(&mut self) {
        for_each(PLACES, |a| {
            let index = [Field::Free, Field::Free, Field::Free, source(a, Type::Index)];
            self.add(tables::call_indirect(false, a), 2, index, Part::CallIndirect);
            self.add(tables::call_indirect(true, a), 2, index, Part::ReturnCallIndirect);
            let index = [Field::Free, Field::Free, Field::Free, source(a, Type::Func)];
            self.add(tables::call_ref(false, a), 2, index, Part::CallRef);
            self.add(tables::call_ref(true, a), 2, index, Part::ReturnCallRef);
            let fields = [Field::Free, source(a, Type::I32), Field::Free, Field::Free];
            self.add(tables::br_table(a), 2, fields, Part::BrTable);
        });
        for count in [2, 3] {
            self.add(tables::gather(count), 1, FREE, Part::Gather(count));
        }
        for op in [SlowOp::MemoryCopy, SlowOp::MemoryFill] {
            for metering in METERINGS {
                self.add(tables::small_bulk(op, metering), 2, FREE, Part::SmallBulk(op));
            }
        }
        if tables::FAST {
            self.add(tables::load_pins(), 1, FREE, Part::LoadPins);
        }
        for (f64, f32) in [(true, false), (false, true), (true, true)] {
            self.add(tables::reload(f64, f32), 1, FREE, Part::Reload);
        }
    }

    fn add_references(&mut self) {
        for_each(PLACES, |a| {
            let fields = [Field::Free, source(a, Type::Ref), Field::Free, Field::Free];
            self.add(tables::non_null(a), 1, fields, Part::Nothing);
        });
        for_each(DESTS, |d| {
            let fields = [dest(d, Type::Word), Field::Free, Field::Free, Field::Free];
            self.add(tables::ref_func(d), 1, fields, Part::Func);
            self.add(tables::table_size(d), 1, fields, Part::TableSize);
            for_each(PLACES, |a| {
                let index = source(a, Type::Index);
                let fields = [dest(d, Type::Word), index, Field::Free, Field::Free];
                self.add(tables::table_get(a, d), 1, fields, Part::TableGet);
            });
        });
        let [value, index] = [Type::Ref, Type::Index].map(|ty| source(Place::Slot, ty));
        let fields = [value, index, Field::Free, Field::Free];
        self.add(plain::TABLE_SET, 1, fields, Part::TableSet);
    }

    fn add_blocks(&mut self, named: &Named) {
        for (handler, cells) in tables::blocks::blocks() {
            let handler = Cell::of_handler(handler).bits();
            let cells = cells.map(|(part, words)| Some((named.handler(part)?, words)));
            let Some(cells) = cells.collect::<Option<BlockCells>>() else { continue };
            let first: Vec<Layout> = self.of(Cell::word(cells[0].0)).copied().collect();
            first.into_iter().for_each(|layout| self.add_layout(handler, layout));
            self.blocks.push((handler, cells));
        }
        sort(&mut self.blocks, Ord::cmp);
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

/// The compiler is not to know how many there are: it would write all of this out for each.
pub(crate) fn for_each<T: Copy>(all: &[T], mut f: impl FnMut(T)) {
    core::hint::black_box(all).iter().for_each(|&item| f(item));
}

pub(crate) fn for_pairs(mut f: impl FnMut(Place, Place)) {
    for_each(PLACES, |a| for_each(PLACES, |b| f(a, b)));
}

/// The field of an operand.
pub(crate) fn source(place: Place, ty: Type) -> Field {
    Field::Get(place, ty)
}

/// The field of a result.
pub(crate) fn dest(dest: Dest, ty: Type) -> Field {
    Field::Set(dest, ty)
}

/// Who looks at interrupts and pays where a branch goes back to the start of a loop.
fn again(way: Way) -> Option<Metering> {
    match way {
        Way::Jump => None,
        Way::Again(metering) => Some(metering),
    }
}

/// The fields of two operands: a constant has none, and the other is in the first.
fn pair(a: Place, b: Place, ty: Type) -> [Field; 2] {
    match (a, b) {
        (Place::Const, other) | (other, Place::Const) => [source(other, ty), Field::Free],
        (a, b) => [source(a, ty), source(b, ty)],
    }
}

/// How many words the constant among two operands takes.
fn wide(a: Place, b: Place, ty: Type) -> usize {
    if a == Place::Const || b == Place::Const { ty.wide() } else { 0 }
}

impl Type {
    pub(crate) fn of(kind: Kind) -> Type {
        match kind {
            Kind::I32 => Type::I32,
            Kind::I64 => Type::I64,
            Kind::F32 => Type::F32,
            Kind::F64 => Type::F64,
            Kind::V128 => Type::V128,
            Kind::Ref => Type::Word,
        }
    }

    /// Of an address in a memory.
    fn address(is64: bool) -> Type {
        if is64 { Type::I64 } else { Type::I32 }
    }

    /// The register file of its values.
    pub(crate) fn domain(self) -> Domain {
        match self {
            Type::F32 => Domain::F32,
            Type::F64 => Domain::F64,
            Type::V128 => Domain::Vector,
            _ => Domain::Int,
        }
    }

    /// How many words of its own a constant takes.
    fn wide(self) -> usize {
        match self {
            Type::I32 | Type::F32 | Type::Index => 0,
            Type::V128 => 2,
            _ => 1,
        }
    }
}
