//! From Wasm to threaded code.
//!
//! [`translate`] turns one validated function body into cells. It keeps a symbolic operand stack
//! ([`stack`]): `local.get` and constants emit nothing, they become operands of what consumes them.
//! A value has a slot of its own by its height, so every merge of control agrees without moves.
//! [`builder`] remembers the last instructions, so that a consumer can fuse with them.
//!
//! Translation is a deterministic function of the module's bytes and the engine's configuration,
//! and of the build's instruction set and the CPU:
//! the map from code back to Wasm is found by translating again with recording on. It must never
//! depend on anything else.
//!
//! Numbers are narrowed in [`encode`] alone, where what does not fit is an error.

#![deny(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss)]

mod atomic;
#[cfg(all(test, feature = "fast"))]
mod block_tests;
mod branch;
mod budget;
mod builder;
mod call;
mod cast;
mod condition;
mod control;
mod encode;
mod exception;
mod fuel;
mod inst;
mod job;
mod listing;
mod locals;
mod memory;
mod numeric;
mod object;
mod placing;
mod prescan;
mod reference;
mod room;
mod safepoint;
mod skim;
mod small;
mod stack;
mod state;
mod variable;
mod vector;
mod work;

use crate::{
    Error, Metering,
    exec::{
        Catches, Cell, CodeTable,
        machine::place::{Domain, Kind},
        set_by_enter,
        tables::{self, DESCRIPTORS, EXCEPTIONS, FAST, GC, LEGACY, TAIL_CALLS, THREADS},
    },
    object_type::ObjectType,
    verify::{Fault, LoopStart, Subject, Verify},
};
use alloc::{collections::TryReserveError, sync::Arc, vec::Vec};
pub(crate) use budget::CodeLimits;
pub(crate) use builder::Line;
use builder::Recording;
use core::ops::{Deref, DerefMut};
pub(crate) use encode::TooLarge;
pub use fuel::FUEL_VERSION;
pub(crate) use job::{Interrupted, Job, Translated};
#[cfg(test)]
pub(crate) use job::{Parts, listed, translated};
pub use listing::{Listing, ListingCell};
pub(crate) use safepoint::{MapJob, param_map};
#[cfg(test)]
pub(crate) use safepoint::{Maps, maps_made};
use safepoint::{Noting, Recorder};
use state::State;
use windlass_decode::{BlockType, Imm, Instr, Instrs, Op, Push, Shape, limits};
use windlass_validate::Context;

/// What translation needs of a module.
#[derive(Clone, Copy)]
pub(crate) struct Source<'m> {
    pub(crate) bytes: &'m [u8],
    pub(crate) decoded: &'m windlass_decode::Module,
    pub(crate) context: &'m Context,
    pub(crate) objects: &'m [Option<Arc<ObjectType>>],
    pub(crate) code: &'m CodeTable,
    pub(crate) limits: CodeLimits,
    /// The most parameters or results that a type of the module has.
    pub(crate) most_values: usize,
    pub(crate) metering: Metering,
    /// Whether sequences of cells are executed as one.
    pub(crate) fuses: bool,
    /// Whether every NaN that is made gets the same bits.
    pub(crate) canonicalize_nans: bool,
    /// How many slots frames take at most, by functions that the module defines; of no function if
    /// they are validated late.
    pub(crate) frame_slots: &'m [u16],
    /// Whether all functions are known to be valid.
    pub(crate) is_valid: bool,
    /// What verifies that which is translated, if that is to be.
    pub(crate) verify: Option<&'static Verify>,
    /// Whether it is an error if it cannot be, for want of a budget.
    pub(crate) must_verify: bool,
}

impl<'m> Source<'m> {
    /// Whether blocks may execute its code: not if memories are shared, as what is out of bounds
    /// there may be tried again, and a block does not keep slots for that.
    fn has_blocks(self) -> bool {
        !self.context.memories.iter().any(|memory| memory.shared)
    }

    /// For the verifier: the code of a function, whose frame takes so many slots at most.
    pub(crate) fn subject(
        self,
        defined: usize,
        frame_slots: Option<usize>,
        code: &'m [Cell],
        catches: &'m Catches,
        loops: &'m [LoopStart],
        landed: &'m [usize],
    ) -> Subject<'m> {
        let Source { bytes, decoded, context, objects, code: table, metering, .. } = self;
        Subject {
            bytes,
            decoded,
            context,
            objects,
            table,
            metering,
            defined,
            frame_slots,
            code,
            catches,
            loops,
            landed,
            maps: None,
        }
    }
}

impl Source<'_> {
    /// How many slots the function's frame takes at most, if it was not validated late.
    fn slots_of(self, defined: usize) -> Option<usize> {
        self.frame_slots.get(defined).copied().map(usize::from)
    }
}

#[cfg(test)]
impl<'m> Source<'m> {
    /// The same of what a test has translated.
    pub(crate) fn subject_of(self, defined: usize, parts: &'m Parts) -> Subject<'m> {
        let Parts { code, catches, loops, landed } = parts;
        self.subject(defined, self.slots_of(defined), code, catches, loops, landed)
    }
}

/// Why a valid function could not be translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TranslateError {
    /// It needs more of something than there is.
    TooLarge(TooLarge),
    /// It has an instruction that is not supported (the module should have been refused), at this
    /// offset.
    Unsupported(usize),
    /// The host has no memory for it.
    NoMemory,
}

impl From<TooLarge> for TranslateError {
    fn from(error: TooLarge) -> TranslateError {
        TranslateError::TooLarge(error)
    }
}

impl From<TryReserveError> for TranslateError {
    #[cold]
    fn from(_: TryReserveError) -> TranslateError {
        TranslateError::NoMemory
    }
}

/// Why a function could not be made ready to run.
pub(crate) enum Failure {
    TooLarge(TooLarge),
    /// It was not validated before, and is not valid.
    Invalid(windlass_validate::Error),
    /// Another error.
    Other(Error),
    /// The host has no memory for it.
    NoMemory,
    /// It was translated wrongly.
    Refused(Fault),
    /// To verify it would take more memory than the verifier may have.
    Unverified,
    /// It was interrupted: what is done is kept.
    Interrupted,
}

/// Translates again and returns every cell with the offset of its Wasm instruction, and what is
/// caught.
fn record(
    source: Source<'_>,
    defined: usize,
    recording: Recording,
) -> Result<(Vec<Line>, Catches), TranslateError> {
    #[cfg(test)]
    RECORDED.with(|recorded| recorded.set(recorded.get() + 1));
    let mut state = State::default();
    let mut translator = Translator::new(source, defined, recording, &mut state)?;
    translator.body(None)?;
    if recording == Recording::Text && source.fuses {
        translator.builder.find_sequences(source.has_blocks());
    }
    Ok((translator.builder.lines.take().unwrap_or_default(), translator.state.take_catches()))
}

/// How large the code of a function is: in cells as limits count them, and in words.
pub(crate) fn code_size(
    source: Source<'_>,
    defined: usize,
) -> Result<(u64, usize), TranslateError> {
    let mut state = State::default();
    let mut translator = Translator::new(source, defined, Recording::None, &mut state)?;
    translator.body(None)?;
    translator.builder.check()?;
    Ok((translator.state.cells(), translator.builder.code.len()))
}

#[cfg(test)]
std::thread_local! {
    /// How often a function was translated again, on this thread.
    pub(crate) static RECORDED: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// The offsets in the module of the instructions that the cells with these words were made from;
/// the words are in order. None at all if the function can't be translated any more.
pub(crate) fn offsets_of(
    source: Source<'_>,
    defined: usize,
    words: impl Iterator<Item = usize>,
) -> Vec<usize> {
    let Ok((lines, _)) = record(source, defined, Recording::Offsets) else { return Vec::new() };
    let start = source.decoded.bodies[defined].code.start;
    let mut lines = lines.iter().peekable();
    let mut offset = start;
    let of_word = |word| {
        while let Some(line) = lines.next_if(|line| line.at <= word) {
            offset = line.offset;
        }
        offset
    };
    words.map(of_word).collect()
}

/// The most slots that a frame can have. Validation refuses functions that need more.
const MAX_SLOTS: usize = limits::FRAME_SLOTS;
const _: () = assert!(MAX_SLOTS < i16::MAX as usize - 2);
/// Where locals begin: slots 0 and 1 are the return address and the caller's frame.
const FIRST_LOCAL: usize = 2;

/// The instruction that was read. It is looked at where it lies: moving it takes as long as reading
/// it.
fn there<'i, 'm>(
    next: &'i Result<Instr<'m>, windlass_decode::Error>,
) -> Result<&'i Instr<'m>, TranslateError> {
    next.as_ref().map_err(|error| TranslateError::Unsupported(error.offset()))
}

/// A translation: what it reads, and what it has, whose fields it lends as its own.
struct Translator<'m> {
    source: Source<'m>,
    /// The function, and where it is read.
    defined: usize,
    instrs: Instrs<'m>,
    state: &'m mut State,
    /// Where the present instruction can stop, if wanted.
    noting: Option<Noting>,
}

impl Deref for Translator<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state
    }
}

impl DerefMut for Translator<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.state
    }
}

impl<'m> Translator<'m> {
    /// Of the `defined`th function that the module defines; [`Translator::body`] translates it.
    fn new(
        source: Source<'m>,
        defined: usize,
        recording: Recording,
        state: &'m mut State,
    ) -> Result<Self, TranslateError> {
        state.begin(source, defined)?;
        let at = source.decoded.bodies[defined].code.start;
        let mut translator = state.go_on(source, defined, at);
        translator.builder.record(recording);
        Ok(translator)
    }

    /// Translates the whole body.
    fn body(&mut self, recorder: Option<&mut Recorder<'_>>) -> Result<(), TranslateError> {
        while self.prescan(usize::MAX)? {}
        self.begin()?;
        match recorder {
            None => while self.steps(usize::MAX)? {},
            Some(recorder) => while self.recorded_steps(recorder, usize::MAX)? {},
        }
        self.finish_enter();
        Ok(())
    }

    /// Takes steps, at most so many. Whether there may be more.
    fn steps(&mut self, most: usize) -> Result<bool, TranslateError> {
        for _ in 0..most {
            if FAST && self.push_next() {
                self.builder.check()?;
            } else if !self.step(None)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Translates the next instruction if all that it does is push an operand, and nothing is left
    /// of the one before; else nothing is done. The same would come of [`Translator::step`].
    #[inline(always)]
    fn push_next(&mut self) -> bool {
        if self.landing.is_some() || self.unreachable.is_some() || self.state.room == 0 {
            return false;
        }
        let offset = self.instrs.reader.offset();
        let Some(push) = self.instrs.next_push() else { return false };
        work::count(1);
        self.builder.offset = offset;
        self.state.room -= 1;
        match push {
            Push::Local(local) => {
                self.count(Op::LocalGet);
                self.push_local(local);
            }
            Push::I32(value) => {
                self.count(Op::I32Const);
                self.push_const(Kind::I32, value.cast_unsigned().into());
            }
        }
        self.divide_region();
        true
    }

    /// The same, and records where code can stop.
    fn recorded_steps(
        &mut self,
        recorder: &mut Recorder<'_>,
        most: usize,
    ) -> Result<bool, TranslateError> {
        for _ in 0..most {
            if !self.step(Some(recorder))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Translates the next instruction, or a piece of what one of them or the end of the body
    /// leaves to do. Whether there was anything.
    #[inline(always)]
    fn step(&mut self, mut recorder: Option<&mut Recorder<'_>>) -> Result<bool, TranslateError> {
        if self.landing.is_some() && self.land_some() {
            return Ok(true);
        }
        if self.instrs.reader.is_empty() {
            return Ok(self.finish_costs());
        }
        let next = self.next_instr();
        let instr = there(&next)?;
        self.builder.offset = instr.offset;
        if let Some(recorder) = &mut recorder {
            recorder.before(instr)?;
        }
        self.instr(instr)?;
        if let (Some(recorder), Some(noting)) = (&mut recorder, &mut self.noting) {
            recorder.after(instr, noting)?;
        }
        if self.divide_region()
            && let (Some(recorder), Some(noting)) = (&mut recorder, &mut self.noting)
        {
            recorder.take(noting);
        }
        self.check_room();
        self.builder.check()?;
        Ok(true)
    }

    /// The next instruction.
    #[inline(always)]
    fn next_instr(&mut self) -> Result<Instr<'m>, windlass_decode::Error> {
        work::count(1);
        self.instrs.next_instr()
    }

    /// Looks at the next instructions before translation, at most so many. Whether there may be
    /// more.
    fn prescan(&mut self, most: usize) -> Result<bool, TranslateError> {
        let Translator { instrs, state: State { scanned, locals, .. }, .. } = self;
        let mut left = most;
        while left > 0 {
            left -= scanned.skim(&mut instrs.reader, locals, left);
            if left == 0 {
                break;
            }
            if instrs.reader.is_empty() {
                return Ok(false);
            }
            let next = instrs.next_instr();
            scanned.instr(there(&next)?, locals)?;
            left -= 1;
        }
        Ok(true)
    }

    /// After the prescan: begins with the translation.
    fn begin(&mut self) -> Result<(), TranslateError> {
        // Behind the locals lie references to what legacy clauses have caught.
        self.first_temp = self.locals.end + self.scanned.kept();
        encode::slot(self.first_temp + FIRST_LOCAL)?;
        if FAST {
            self.pin_locals();
        }
        let start = self.source.decoded.bodies[self.defined].code.start;
        self.instrs = job::instrs(self.source, self.defined, start);
        self.builder.offset = start;
        self.take_room(1)?;
        self.enter();
        self.has_paid();
        self.push_function_frame();
        Ok(())
    }

    /// The locals that are used most are pinned.
    fn pin_locals(&mut self) {
        self.pins = self.scanned.pins(&self.locals);
        for domain in self.pins {
            for (pin, local) in (0..).zip(domain) {
                if let Some(local) = local {
                    self.locals.get_mut(local).pin = Some(pin);
                }
            }
        }
    }

    /// The locals that are pinned at present, by domain: none without `fast`.
    fn pinned(&self) -> [[Option<u32>; 2]; 3] {
        if FAST { self.pins } else { [[None; 2]; 3] }
    }

    /// Translates one instruction.
    #[cfg_attr(feature = "fast", inline(always))]
    fn instr(&mut self, instr: &Instr<'m>) -> Result<(), TranslateError> {
        if (self.unreachable.is_some() || instr.op.begins_block()) && self.skip_unreachable(instr) {
            return Ok(());
        }
        self.spend(instr)?;
        self.count(instr.op);
        match (instr.op, &instr.imm) {
            (op, _) if op.shape() == Shape::special => self.special(instr)?,
            (op, imm) if self.simple(op, imm).is_none() => {
                return Err(TranslateError::Unsupported(instr.offset));
            }
            _ => {}
        }
        if self.source.canonicalize_nans
            && self.unreachable.is_none()
            && let Some(nans) = instr.op.nans()
        {
            self.canonicalize(nans);
        }
        Ok(())
    }

    /// Translates one instruction that the table describes by its shape; none if it is not one that
    /// the engine executes.
    fn simple(&mut self, op: Op, imm: &Imm<'m>) -> Option<()> {
        match *imm {
            Imm::None if self.numeric(op) => {}
            Imm::I32(value) => self.push_const(Kind::I32, value.cast_unsigned().into()),
            Imm::I64(value) => self.push_const(Kind::I64, value.cast_unsigned()),
            Imm::F32(bits) => self.push_const(Kind::F32, bits.into()),
            Imm::F64(bits) => self.push_const(Kind::F64, bits),
            Imm::Mem(arg) => self.memory_access(op, arg)?,
            Imm::MemLane(arg, lane) => self.lane_access(op, arg, lane)?,
            imm if self.slow(op, imm) || self.vector(op, imm) => {}
            _ => return None,
        }
        Some(())
    }

    /// Translates one instruction with code of its own.
    fn special(&mut self, instr: &Instr<'m>) -> Result<(), TranslateError> {
        match (instr.op, instr.imm) {
            (Op::Nop, _) => {}
            (Op::Unreachable, _) => self.trap(),
            (Op::Block, Imm::Block(ty)) => self.block(ty),
            (Op::Loop, Imm::Block(ty)) => self.enter_loop(ty),
            (Op::If, Imm::Block(ty)) => self.enter_if(ty),
            (Op::Else, _) => self.enter_else(),
            (Op::End, _) => self.end(),
            (Op::Br, Imm::Index(label)) => self.br(label),
            (Op::BrIf, Imm::Index(label)) => self.br_if(label),
            (Op::BrTable, Imm::Labels(labels)) => self.br_table(labels)?,
            (Op::Return, _) => self.return_(),
            (Op::Call, Imm::Index(func)) => self.call(func)?,
            (Op::CallIndirect, Imm::Index2(ty, table)) => self.call_indirect(ty, table),
            (Op::ReturnCall, Imm::Index(func)) if TAIL_CALLS => self.return_call(func),
            (Op::ReturnCallIndirect, Imm::Index2(ty, table)) if TAIL_CALLS => {
                self.return_call_indirect(ty, table);
            }
            (Op::CallRef, Imm::Index(ty)) if GC => self.call_ref(ty),
            (Op::ReturnCallRef, Imm::Index(ty)) if GC && TAIL_CALLS => self.return_call_ref(ty),
            (Op::BrOnNull, Imm::Index(label)) if GC => self.br_on_null(label),
            (Op::BrOnNonNull, Imm::Index(label)) if GC => self.br_on_non_null(label),
            (Op::Throw, Imm::Index(tag)) if EXCEPTIONS => self.throw(tag),
            (Op::ThrowRef, _) if EXCEPTIONS => self.throw_ref(),
            (Op::TryTable, Imm::TryTable(ty, catches)) if EXCEPTIONS => {
                self.try_table(ty, catches)?
            }
            (Op::Try, Imm::Block(ty)) if LEGACY => self.legacy_try(ty)?,
            (Op::Catch, Imm::Index(tag)) if LEGACY => self.catch(Some(tag))?,
            (Op::CatchAll, _) if LEGACY => self.catch(None)?,
            (Op::Delegate, Imm::Index(label)) if LEGACY => self.delegate(label),
            (Op::Rethrow, Imm::Index(label)) if LEGACY => self.rethrow(label),
            (Op::Drop, _) => drop(self.pop()),
            (Op::Select | Op::SelectT, _) => self.select(),
            (Op::LocalGet, Imm::Index(local)) => self.local_get(local),
            (Op::LocalSet, Imm::Index(local)) => self.local_set(local),
            (Op::LocalTee, Imm::Index(local)) => self.local_tee(local),
            (Op::GlobalGet, Imm::Index(global)) => self.global_get(global),
            (Op::GlobalSet, Imm::Index(global)) => self.global_set(global),
            (Op::RefNull, _) => self.push_const(Kind::Ref, 0),
            (Op::RefIsNull, _) => self.unary(Op::I64Eqz),
            (Op::RefAsNonNull, _) if GC => self.ref_as_non_null(),
            (Op::RefFunc, Imm::Index(func)) => self.ref_func(func),
            (Op::TableGet, Imm::Index(table)) => self.table_get(table),
            (Op::TableSet, Imm::Index(table)) => self.table_set(table),
            (Op::TableSize, Imm::Index(table)) => self.table_size(table),
            (Op::AtomicFence, _) if THREADS => self.fence(),
            (Op::RefEq, _) if GC => self.binary(Op::I64Eq),
            (Op::AnyConvertExtern | Op::ExternConvertAny, _) => {}
            (Op::RefCastDescEq, _) if DESCRIPTORS => self.desc_cast(false),
            (Op::RefCastDescEqNull, _) if DESCRIPTORS => self.desc_cast(true),
            (Op::BrOnCastDescEq, Imm::BrCast { label, to, .. }) if DESCRIPTORS => {
                self.br_desc_cast(label, to.nullable, true);
            }
            (Op::BrOnCastDescEqFail, Imm::BrCast { label, to, .. }) if DESCRIPTORS => {
                self.br_desc_cast(label, to.nullable, false);
            }
            (op, Imm::Heap(heap)) if GC => self.cast(op, heap),
            (op, Imm::BrCast { label, to, .. }) if GC => self.br_cast(op, label, to),
            (op, imm) if self.object(op, imm) => {}
            (op, imm) if self.slow(op, imm) => {}
            _ => return Err(TranslateError::Unsupported(instr.offset)),
        }
        Ok(())
    }

    /// The kind of a block's or function's values, with the slots they take.
    fn width_of(kinds: impl Iterator<Item = Kind>) -> usize {
        kinds.map(Kind::width).sum()
    }

    /// Emits the function's first cell; frame size and cost are not known yet.
    fn enter(&mut self) {
        let has = |pins: [Option<u32>; 2]| pins[0].is_some();
        let [int, f64, f32] = self.pinned();
        let entry = tables::enter(self.source.metering, has(int), has(f64), has(f32));
        let [int, f64, f32] =
            [Domain::Int, Domain::F64, Domain::F32].map(|domain| self.pin_slots(domain));
        let text = format_args!(
            "enter int s{} s{} f64 s{} s{} f32 s{} s{}",
            int[0], int[1], f64[0], f64[1], f32[0], f32[1]
        );
        let at = self.builder.cell(entry, text);
        self.builder.push(crate::exec::pack_fields([int[0], int[1], f64[0], f64[1]]));
        self.builder.push(0);
        self.builder.push(0);
        self.open_region(at + 2);
        // The last return is not counted where it is.
        let results = Self::width_of(self.results(BlockType::Func(self.ty)));
        self.count_slots(self.first_temp - FIRST_LOCAL);
        self.count_slots(results);
    }

    fn finish_enter(&mut self) {
        let [.., f32] = [Domain::Int, Domain::F64, Domain::F32].map(|d| self.pin_slots(d));
        // Room for the two words below the frame of whatever this one calls.
        let size = self.first_temp + self.max_height + FIRST_LOCAL;
        let zeroed = self.first_temp - FIRST_LOCAL;
        let size = size.max(FIRST_LOCAL + set_by_enter(zeroed));
        let [size, zeroed] = [size, zeroed].map(|number| self.builder.fit(encode::slot(number)));
        self.builder.code[2] = Cell::word(crate::exec::pack_fields([f32[0], f32[1], size, zeroed]));
    }

    /// The slots of the pinned locals of a domain; slot 0 where there is none.
    fn pin_slots(&self, domain: Domain) -> [i16; 2] {
        self.slots_of(self.pinned()[domain as usize])
    }

    fn slots_of(&self, pins: [Option<u32>; 2]) -> [i16; 2] {
        pins.map(|pin| pin.map_or(0, |local| self.locals.get(local).slot))
    }
}
