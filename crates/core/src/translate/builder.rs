//! [`Builder`]: the code of one function while it grows. It remembers the instructions of the
//! current straight stretch, and what each accumulator holds. Translation emits here; it must never
//! know what Wasm means.
//!
//! The plan, fusion:
//! 1. An instruction is emitted as if nothing came after it: its result goes to a slot and to the
//!    accumulator.
//! 2. A consumer that reads the accumulator for the last time drops the store: the handler is
//!    exchanged for the one without, in place (`use_operands`).
//! 3. A consumer that can do more takes the instruction before it back (`take_back`), and emits one
//!    that does both: a comparison becomes part of a branch or `select`, an addition or shift part
//!    of an address.
//! 4. If up to [`MAX_TAKE_OUT`] others lie between that don't mind, they are emitted again without
//!    it (`take_out`).
//! 5. `local.set` of the last result sends that result to the local instead of copying it.
//! 6. None of this reaches over a label, a call or whatever else may run in between: there,
//!    `forget` drops what is remembered, or `fence` what can still be changed. So each look behind
//!    is at a handful of records.

use super::{
    encode::TooLarge,
    inst::{Inst, Loc, ResultLoc, What},
};
use crate::exec::{
    Cell,
    machine::place::Domain,
    tables::{
        Entry, FAST,
        fusions::{self, Behind, Role},
    },
};
use alloc::{boxed::Box, collections::TryReserveError, string::String, vec::Vec};
use core::fmt::Display;
use windlass_validate::shed;

/// What an accumulator holds: the value of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    slot: i16,
    /// The record of the instruction that made it, whose store can still be dropped; or [`NONE`].
    record: u16,
}

const NONE: u16 = u16::MAX;
const _: () = assert!(MAX_RECORDS < NONE as usize);

/// What the accumulators hold, by domain: none in builds whose handlers have none.
type Accs = [Option<Held>; if FAST { 4 } else { 0 }];

/// Where a cell begins, and what it is to sequences.
#[derive(Clone, Copy, Debug)]
struct Start {
    at: u32,
    role: Role,
}

/// An instruction that was emitted in the current stretch.
#[derive(Clone, Copy, Debug)]
struct Record {
    inst: Inst,
    /// Its cell's index among those that begin.
    start: usize,
    /// Where its cell begins and ends.
    at: usize,
    end: usize,
    /// What the accumulators held before.
    before: Accs,
    /// Offset in the module of the instruction it was made from.
    offset: usize,
}

/// What is kept beside the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Recording {
    #[default]
    None,
    /// Which Wasm each cell was made from.
    Offsets,
    /// That, and the cells in words.
    Text,
}

/// A cell for listings and for the map from code to Wasm.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Index of the cell's handler word.
    pub(crate) at: usize,
    /// Offset in the module of the instruction.
    pub(crate) offset: usize,
    /// The cell in words, if wanted.
    pub(crate) text: String,
    /// How many cells its handler executes, of a listing: see [`Builder::find_sequences`].
    pub(crate) sequence: usize,
}

/// The code of one function while it grows.
#[derive(Default)]
pub(crate) struct Builder {
    pub(crate) code: Vec<Cell>,
    starts: Vec<Start>,
    /// Of finished code, the last cells that sequences were looked for at, and where the last of
    /// them begins; none if there were none.
    behind: Behind,
    fused: Option<usize>,
    records: Vec<Record>,
    accs: Accs,
    /// Offset in the module of the instruction that is being translated.
    pub(crate) offset: usize,
    /// Every cell, if wanted.
    pub(crate) lines: Option<Vec<Line>>,
    recording: Recording,
    /// The code when it is complete, in as far as it was copied.
    copy: Vec<Cell>,
    /// What did not fit: the code is not to be used.
    failed: Option<TooLarge>,
}

impl Builder {
    /// Keeps from now on what is wanted beside the code.
    pub(crate) fn record(&mut self, recording: Recording) {
        self.lines = (recording != Recording::None).then(Vec::new);
        self.recording = recording;
    }

    /// Forgets everything but the memory.
    pub(crate) fn clear(&mut self) {
        self.code.clear();
        self.starts.clear();
        self.behind = Behind::default();
        self.fused = None;
        self.copy.clear();
        self.forget();
        self.record(Recording::None);
        self.failed = None;
    }

    /// Takes room for so many words of code, and what is kept beside them.
    pub(super) fn reserve(&mut self, words: usize) -> Result<(), TryReserveError> {
        // A cell has two words, at least.
        let cells = words / 2;
        self.code.try_reserve(words)?;
        self.starts.try_reserve(cells)?;
        // There are a few more than [`MAX_RECORDS`] while a value is wanted in an accumulator.
        self.records.try_reserve(cells.min(MAX_RECORDS + MAX_TAKE_OUT))?;
        self.lines.as_mut().map_or(Ok(()), |lines| lines.try_reserve(cells))
    }

    /// Copies some of the code, which is complete, to where it has just the room it needs. Whether
    /// there is more.
    pub(super) fn copy_some(&mut self) -> Result<bool, TryReserveError> {
        // Nothing is left, once it was copied and given back.
        let rest = self.code.get(self.copy.len()..).unwrap_or_default();
        self.copy.try_reserve_exact(rest.len())?;
        self.copy.extend_from_slice(&rest[..rest.len().min(COPIED)]);
        Ok(self.copy.len() < self.code.len())
    }

    /// The code that was copied, as it lies there.
    pub(super) fn copied(&self) -> &[Cell] {
        &self.copy
    }

    /// The code, when it was copied.
    pub(super) fn take_copy(&mut self) -> Box<[Cell]> {
        core::mem::take(&mut self.copy).into_boxed_slice()
    }

    /// See [`State::shed`](super::state::State::shed).
    pub(super) fn shed(&mut self) -> bool {
        shed(&mut self.starts) || shed(&mut self.code)
    }

    /// A number that has been encoded. One that does not fit is remembered, and any other in its
    /// place will do: the code is never handed out.
    pub(crate) fn fit<T: Default>(&mut self, number: Result<T, TooLarge>) -> T {
        number.unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            T::default()
        })
    }

    /// Whether everything so far has fitted.
    #[inline]
    pub(crate) fn check(&self) -> Result<(), TooLarge> {
        match self.failed {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    /// Begins a cell that is not an [`Inst`]; its operands follow by `push`. Returns the index of
    /// its first operand word.
    // Inlined, so that the text is made where it is wanted only.
    #[inline]
    pub(crate) fn cell(&mut self, entry: Entry, text: impl Display) -> usize {
        self.line(text);
        self.begin(entry);
        self.code.len()
    }

    /// Appends the handler word of a cell.
    fn begin(&mut self, entry: Entry) {
        // No function has as much code as that: its budget is far below.
        let at = u32::try_from(self.code.len()).unwrap_or(u32::MAX);
        self.starts.push(Start { at, role: entry.role });
        self.code.push(Cell::of_handler(entry.handler));
    }

    /// Exchanges the handler of a cell, whose start has this index.
    fn exchange(&mut self, start: usize, entry: Entry) {
        if let Some(start) = self.starts.get_mut(start) {
            start.role = entry.role;
            self.code[start.at as usize] = Cell::of_handler(entry.handler);
        }
    }

    /// In finished code: cells that the instruction set has a sequence or a block for get the
    /// handler of all together; some of the cells, from the end on. Whether there were any left.
    pub(crate) fn fuse_some(&mut self, blocks: bool) -> bool {
        for _ in 0..PIECE {
            let Some(Start { at, role }) = self.starts.pop() else { return false };
            let (start, end) = (at as usize, self.fused.unwrap_or(self.code.len()));
            let cell = self.code.get_mut(start..end).and_then(|cell| cell.split_first_mut());
            let Some((word, words)) = cell else { return false };
            if let (Some(handler), _) = fusions::fuse(&mut self.behind, role, words, blocks) {
                *word = Cell::of_handler(handler);
            }
            self.fused = Some(start);
        }
        true
    }

    /// Of finished code, for a listing: notes how many cells each handler would execute, if
    /// [`Builder::fuse_some`] were called.
    pub(crate) fn find_sequences(&mut self, blocks: bool) {
        let Some(lines) = &mut self.lines else { return };
        let mut behind = Behind::default();
        let mut end = self.code.len();
        for &Start { at, role } in self.starts.iter().rev() {
            let start = at as usize;
            let Some(words) = self.code.get(start + 1..end) else { return };
            let (_, length) = fusions::fuse(&mut behind, role, words, blocks);
            end = start;
            if let Ok(line) = lines.binary_search_by_key(&start, |line| line.at) {
                lines[line].sequence = length;
            }
        }
    }

    /// Appends an operand word.
    pub(crate) fn push(&mut self, word: u64) {
        self.code.push(Cell::word(word));
    }

    #[inline]
    fn line(&mut self, text: impl Display) {
        if self.lines.is_some() {
            self.push_line(text);
        }
    }

    #[cold]
    fn push_line(&mut self, text: impl Display) {
        let text = self.text(text);
        if let Some(lines) = &mut self.lines {
            lines.push(Line { at: self.code.len(), offset: self.offset, text, sequence: 1 });
        }
    }

    /// The text, if it is wanted.
    fn text(&self, text: impl Display) -> String {
        use alloc::string::ToString;
        let is_wanted = cfg!(feature = "listings") && self.recording == Recording::Text;
        if is_wanted { text.to_string() } else { String::new() }
    }

    /// Emits an instruction, if there is a handler for its places, or with operands in slots.
    pub(crate) fn emit(&mut self, inst: Inst) -> bool {
        match inst.entry() {
            Some(entry) => self.append(&inst, entry),
            None => match inst.placed() {
                Some((inst, entry)) => self.append(&inst, entry),
                None => return false,
            },
        }
        true
    }

    /// Appends an instruction with its handler.
    fn append(&mut self, inst: &Inst, entry: Entry) {
        if self.records.len() >= MAX_RECORDS && !self.is_pending() {
            self.fence();
        }
        let before = self.accs;
        for (domain, loc) in inst.uses() {
            self.use_operand(domain, loc);
        }
        self.line(inst);
        let (start, at) = (self.starts.len(), self.code.len());
        self.begin(entry);
        inst.operands(&mut self.code);
        let record = u16::try_from(self.records.len()).unwrap_or(NONE);
        self.note_result(inst, record);
        let end = self.code.len();
        self.records.push(Record { inst: *inst, start, at, end, before, offset: self.offset });
    }

    /// Notes what is where after an instruction, which has this record.
    fn note_result(&mut self, inst: &Inst, record: u16) {
        let result = inst.result();
        self.written(inst.d.slot(), result.width());
        match inst.d {
            _ if matches!(inst.what, What::Copy(_)) => {}
            ResultLoc::Slot(slot) | ResultLoc::Acc(slot) => {
                self.hold(result.domain(), Held { slot, record });
            }
            ResultLoc::P0(_) | ResultLoc::P1(_) => {}
        }
    }

    /// The last instruction, whose result goes to `from`, sends it to `d` instead: if there is a
    /// handler for that, and nothing came after it. Whether it does. It stays where it is in the
    /// module: should it trap, that is told.
    pub(crate) fn redirect(&mut self, from: ResultLoc, d: ResultLoc) -> bool {
        let end = self.code.len();
        let index = self.records.len().wrapping_sub(1);
        let Some(record) = self.records.get_mut(index) else { return false };
        if record.end != end || record.inst.d != from {
            return false;
        }
        let inst = Inst { d, ..record.inst };
        let Some(entry) = inst.entry() else { return false };
        // What it reads was seen to when it was emitted.
        record.inst = inst;
        self.accs = record.before;
        self.code.truncate(record.at + 1);
        let start = record.start;
        self.exchange(start, entry);
        inst.operands(&mut self.code);
        self.note_result(&inst, u16::try_from(index).unwrap_or(NONE));
        let text = self.text(inst);
        if let Some(line) = self.lines.as_mut().and_then(|lines| lines.last_mut()) {
            line.text = text;
        }
        true
    }

    /// Notes that an instruction reads these operands: what it takes from the accumulator for the
    /// last time need not have been stored, what it reads from a slot must have been.
    pub(crate) fn use_operands(&mut self, domain: Domain, operands: &[Loc]) {
        for &loc in operands {
            self.use_operand(domain, loc);
        }
    }

    #[inline]
    fn use_operand(&mut self, domain: Domain, loc: Loc) {
        let Some(&Some(held)) = self.accs.get(domain as usize) else { return };
        if held.slot != loc.slot() || held.record == NONE {
            return;
        }
        match loc {
            Loc::Acc { slot, last_use: true }
                if self.send(held, ResultLoc::Slot(slot), ResultLoc::Acc(slot)) =>
            {
                if let Some(acc) = self.accs.get_mut(domain as usize) {
                    *acc = None;
                }
            }
            // A consumer that was taken back has read it from the accumulator.
            Loc::Slot(slot) => {
                self.send(held, ResultLoc::Acc(slot), ResultLoc::Slot(slot));
            }
            _ => {}
        }
    }

    /// What an accumulator holds, if its instruction was emitted with the result going to `from`:
    /// now it goes to `d`, if there is a handler for that. Whether it does.
    fn send(&mut self, held: Held, from: ResultLoc, d: ResultLoc) -> bool {
        let record = &mut self.records[usize::from(held.record)];
        let inst = Inst { d, ..record.inst };
        let entry = if record.inst.d == from { inst.entry() } else { None };
        let Some(entry) = entry else { return false };
        record.inst = inst;
        let (start, at) = (record.start, record.at);
        self.exchange(start, entry);
        let text = self.text(inst);
        if let Some(lines) = &mut self.lines
            && let Ok(index) = lines.binary_search_by_key(&at, |line| line.at)
        {
            lines[index].text = text;
        }
        true
    }

    /// Whether an accumulator alone has a value that is wanted: its consumer was taken back.
    fn is_pending(&self) -> bool {
        self.accs.iter().flatten().any(|held| {
            self.records
                .get(usize::from(held.record))
                .is_some_and(|record| matches!(record.inst.d, ResultLoc::Acc(_)))
        })
    }

    /// Slots have a new value: no accumulator holds the old one any more.
    pub(crate) fn written(&mut self, slot: i16, width: usize) {
        // Of two stretches of slots, none ends before the other begins.
        let ends = |slot: i16, width: i32| i32::from(slot) + width;
        let end = ends(slot, i32::try_from(width).unwrap_or(i32::MAX / 2));
        for (domain, acc) in self.accs.iter_mut().enumerate() {
            let held_width = if domain == Domain::Vector as usize { 2 } else { 1 };
            if acc.is_some_and(|held| {
                i32::from(held.slot) < end && i32::from(slot) < ends(held.slot, held_width)
            }) {
                *acc = None;
            }
        }
    }

    /// Whether the accumulator of `domain` holds the value of `slot`.
    pub(crate) fn holds(&self, domain: Domain, slot: i16) -> bool {
        let held = self.accs.get(domain as usize).copied().flatten();
        held.is_some_and(|held| held.slot == slot)
    }

    /// The accumulator of `domain` holds the value of `slot`, by a call.
    pub(crate) fn set_held(&mut self, domain: Domain, slot: i16) {
        self.hold(domain, Held { slot, record: NONE });
    }

    fn hold(&mut self, domain: Domain, held: Held) {
        if let Some(acc) = self.accs.get_mut(domain as usize) {
            *acc = Some(held);
        }
    }

    /// The store of the accumulator's value to `slot` must stay: the slot is a local.
    pub(crate) fn keep_stores(&mut self) {
        for held in self.accs.iter_mut().flatten() {
            held.record = NONE;
        }
    }

    /// The last instruction, if nothing came after it.
    pub(crate) fn last(&self) -> Option<&Inst> {
        self.nth_last(0)
    }

    /// The instruction before the last `n`, if there is nothing else between it and the end.
    pub(crate) fn nth_last(&self, n: usize) -> Option<&Inst> {
        let index = self.records.len().checked_sub(n + 1)?;
        let mut end = self.code.len();
        for record in self.records[index..].iter().rev() {
            if record.end != end {
                return None;
            }
            end = record.at;
        }
        Some(&self.records[index].inst)
    }

    /// Takes the last instruction back.
    pub(crate) fn take_back(&mut self) -> Option<Inst> {
        self.last()?;
        let record = self.records.pop()?;
        self.code.truncate(record.at);
        self.starts.pop();
        self.accs = record.before;
        if let Some(lines) = &mut self.lines {
            while lines.last().is_some_and(|line| line.at >= record.at) {
                lines.pop();
            }
        }
        Some(record.inst)
    }

    /// Takes back the instruction before the last `n` and leaves those in place.
    pub(crate) fn take_out(&mut self, n: usize) -> Option<Inst> {
        let offset = self.offset;
        let mut later = [None; MAX_TAKE_OUT];
        for slot in later.get_mut(..n)? {
            let record = self.records.last().copied()?;
            *slot = Some((self.take_back()?, record.offset));
        }
        let inst = self.take_back();
        for (inst, offset) in later.into_iter().flatten().rev() {
            self.offset = offset;
            self.emit(inst);
        }
        self.offset = offset;
        inst
    }

    /// Nothing is known about what came before: other code comes here, or everything was
    /// overwritten.
    pub(crate) fn forget(&mut self) {
        self.records.clear();
        self.accs = Accs::default();
    }

    /// Nothing before can be changed any more; what the accumulators hold stays.
    pub(crate) fn fence(&mut self) {
        self.records.clear();
        self.keep_stores();
    }
}

/// The most that [`Builder::take_out`] reaches over.
pub(crate) const MAX_TAKE_OUT: usize = 4;

/// How many cells of finished code are looked at in one go.
const PIECE: usize = 256;

/// How many instructions of a stretch are remembered.
const MAX_RECORDS: usize = 1 << 12;

/// So many words are copied in one go.
const COPIED: usize = 1 << 18;
