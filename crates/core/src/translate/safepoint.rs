//! [`Maps`]: where the frames of a function have references at places where its code can stop while
//! others run or memory is collected. The translator tells them when it translates again; the
//! validator, which runs beside it, says what kinds of references they are. The driver asks, for
//! garbage collection, for the places where frames have stopped: only what is in frames that exist
//! is noted, so maps never take more than the frames themselves.
//!
//! Constants and locals' values on the symbolic stack need no entry: locals always lie in their own
//! slots.

use super::{
    Failure, Source, TranslateError, Translator,
    job::{Interrupted, POLL, pieces, shed, verify},
    stack::Origin,
    state::State,
};
use crate::{
    Trap,
    exec::{
        SlowOp,
        code::maps::{Places, Run, Stopped},
        machine::place::Kind,
        tables::{EXCEPTIONS, GC},
    },
    object_type::{Class, Storage},
    room::boxed,
    verify::{Subject, VERIFIES, Verification, Verify},
};
use alloc::{boxed::Box, vec::Vec};
use core::{mem, ops::Range};
use windlass_decode::{Instr, Op, ValType};
use windlass_validate::{Context, FuncValidator, Scratch};

/// Adds a slot to a list of runs; none if the host has no memory for that.
fn add(runs: &mut Vec<Run>, from: usize, slot: i32, class: Class) -> Option<()> {
    if let Some(last) = runs[from..].last_mut()
        && last.class == class
        && i64::from(last.first) + i64::from(last.count) == i64::from(slot)
    {
        last.count += 1;
        return Some(());
    }
    runs.try_reserve(1).ok()?;
    runs.push(Run { first: slot, count: 1, class });
    Some(())
}

/// Where the frames of a function have references.
#[derive(Default)]
pub(crate) struct Maps {
    /// Locals, parameters first.
    pub(crate) locals: Vec<Run>,
    /// For each place that was asked for, its part of `runs`: the operands. None if code cannot
    /// stop there.
    pub(crate) places: Vec<Option<Range<usize>>>,
    pub(crate) runs: Vec<Run>,
}

/// The places that are asked for, and what was noted about them.
#[derive(Default)]
pub(super) struct Noting {
    /// Sorted.
    wanted: Vec<(usize, Stopped)>,
    noted: Vec<Noted>,
    has_failed: bool,
}

/// A place where the translator has noted operands by their place on the stack, with their slots.
struct Noted {
    /// Which of those that are wanted.
    place: usize,
    operands: Vec<(usize, i32)>,
}

impl Translator<'_> {
    /// Notes that code can stop at the word that comes next: with these operands.
    pub(super) fn can_stop(&mut self, stopped: Stopped) {
        let (stack, word) = (&self.state.stack, self.builder.code.len());
        // Nothing is collected otherwise.
        if !GC && !EXCEPTIONS {
            return;
        }
        let Some(noting) = &mut self.noting else { return };
        let Ok(place) = noting.wanted.binary_search(&(word, stopped)) else { return };
        let references = stack
            .iter()
            .enumerate()
            .filter(|(_, operand)| operand.kind == Kind::Ref && operand.origin == Origin::Temp);
        let mut operands = Vec::new();
        noting.has_failed |= operands.try_reserve_exact(stack.len()).is_err();
        noting.has_failed |= noting.noted.try_reserve(1).is_err();
        if !noting.has_failed {
            operands.extend(references.map(|(index, operand)| (index, i32::from(operand.slot))));
            noting.noted.push(Noted { place, operands });
        }
    }
}

/// Finding the maps of a function at some places. It takes as long as translating the function, and
/// can stop between any two instructions.
pub(crate) struct MapJob {
    is_begun: bool,
    /// Offset in the module of the next instruction.
    at: usize,
    scratch: Scratch,
    state: State,
    noting: Noting,
    maps: Maps,
    stages: Stages,
}

/// What is done, beside that it has begun.
#[derive(Default)]
struct Stages {
    is_scanned: bool,
    /// The maps are complete.
    is_complete: bool,
    verification: Verification,
}

impl MapJob {
    /// For these places, words of the function's code: sorted. None if the host has no memory for
    /// it.
    pub(crate) fn new(wanted: Vec<(usize, Stopped)>) -> Option<Box<[MapJob; 1]>> {
        let mut maps = Maps::default();
        maps.places.try_reserve_exact(wanted.len()).ok()?;
        maps.places.resize(wanted.len(), None);
        boxed(MapJob {
            is_begun: false,
            at: 0,
            scratch: Scratch::default(),
            state: State::new(),
            noting: Noting { wanted, ..Noting::default() },
            maps,
            stages: Stages::default(),
        })
    }

    /// What it was made for.
    pub(crate) fn wanted(&self) -> &[(usize, Stopped)] {
        &self.noting.wanted
    }

    /// Does what is left to do for the `defined`th function that the module defines, always the
    /// same.
    ///
    /// # Errors
    /// [`Failure::Interrupted`] if it was interrupted; the next call goes on. If the host has no
    /// memory for it. If the verifier, where it is asked, finds that a map is wrong.
    #[inline(never)]
    pub(crate) fn run(
        &mut self,
        source: Source<'_>,
        defined: usize,
        interrupted: Interrupted<'_>,
    ) -> Result<Maps, Failure> {
        if !self.is_begun {
            #[cfg(test)]
            MADE.set(MADE.get() + 1);
            self.state.begin(source, defined)?;
            let scratch = mem::take(&mut self.scratch);
            let validator = FuncValidator::new(source.context, source.decoded, defined, scratch)?;
            self.scratch = validator.into_scratch();
            self.at = source.decoded.bodies[defined].code.start;
            self.is_begun = true;
        }
        let scratch = mem::take(&mut self.scratch);
        let mut recorder = Recorder {
            context: source.context,
            validator: FuncValidator::resume(source.context, defined, scratch),
            maps: mem::take(&mut self.maps),
            has_failed: false,
        };
        let mut translator = self.state.go_on(source, defined, self.at);
        translator.noting = Some(mem::take(&mut self.noting));
        let done = self.stages.go_on(&mut translator, &mut recorder, interrupted);
        self.at = translator.instrs.reader.offset();
        self.noting = translator.noting.take().unwrap_or_default();
        let Recorder { validator, maps, .. } = recorder;
        self.scratch = validator.into_scratch();
        self.maps = maps;
        done.map(|()| mem::take(&mut self.maps))
    }
}

impl Stages {
    fn go_on(
        &mut self,
        translator: &mut Translator<'_>,
        recorder: &mut Recorder<'_>,
        interrupted: Interrupted<'_>,
    ) -> Result<(), Failure> {
        if !self.is_scanned {
            pieces(interrupted, &mut || Ok(translator.prescan(POLL)?))?;
            translator.begin()?;
            self.is_scanned = true;
        }
        let mut steps = || Ok(translator.recorded_steps(recorder, POLL)?);
        let stepped = pieces(interrupted, &mut steps);
        if recorder.has_failed {
            return Err(Failure::Other(Trap::AllocationTooLarge.into()));
        }
        stepped?;
        if !self.is_complete {
            translator.finish_enter();
            let locals = recorder.locals(translator);
            locals.ok_or_else(|| Failure::Other(Trap::AllocationTooLarge.into()))?;
            self.is_complete = true;
        }
        if VERIFIES && let Some(verify) = translator.source.verify {
            self.verify(verify, translator, &recorder.maps, interrupted)?;
        }
        shed(interrupted, || translator.state.shed() || recorder.validator.shed())
    }

    /// Has the maps compared with what is known of the code, which is translated again.
    fn verify(
        &mut self,
        verifier: &Verify,
        translator: &Translator<'_>,
        maps: &Maps,
        interrupted: Interrupted<'_>,
    ) -> Result<(), Failure> {
        let Translator { source, defined, state, .. } = translator;
        let wanted = translator.noting.as_ref().map_or(&[][..], |noting| &noting.wanted);
        let Maps { locals, places, runs } = maps;
        let State { builder, tries, loops, landed, .. } = state;
        let slots = source.slots_of(*defined);
        let subject = source.subject(*defined, slots, &builder.code, &tries.catches, loops, landed);
        let maps = Some(Places { wanted, parts: places, runs, locals });
        let subject = Subject { maps, ..subject };
        verify(verifier, &mut self.verification, subject, source.must_verify, interrupted)
    }
}

/// The parameters of a function that are references: what its frame has before it is entered.
pub(crate) fn param_map(context: &Context, func: usize) -> Option<Vec<Run>> {
    let ty = context.type_func(*context.funcs.get(func)?)?;
    let width: usize = ty.params.iter().map(|ty| ty.slots()).sum();
    let mut slot = -i32::try_from(width).ok()?;
    let mut runs = Vec::new();
    for ty in &ty.params {
        if let Some(class) = class_of(context, *ty) {
            add(&mut runs, 0, slot, class)?;
        }
        slot += i32::try_from(ty.slots()).ok()?;
    }
    Some(runs)
}

/// Follows a translation with the types of operands.
pub(super) struct Recorder<'m> {
    context: &'m Context,
    validator: FuncValidator<'m>,
    maps: Maps,
    has_failed: bool,
}

impl Recorder<'_> {
    /// Called before an instruction is translated.
    pub(super) fn before(&mut self, instr: &Instr<'_>) -> Result<(), TranslateError> {
        if has_operands_when_stopped(instr.op) { Ok(()) } else { self.step(instr) }
    }

    /// Called after it was translated, with the places that were noted.
    pub(super) fn after(
        &mut self,
        instr: &Instr<'_>,
        noting: &mut Noting,
    ) -> Result<(), TranslateError> {
        self.take(noting);
        if has_operands_when_stopped(instr.op) { self.step(instr) } else { Ok(()) }
    }

    /// Takes the places that were noted, where the operands are those that there are now.
    pub(super) fn take(&mut self, noting: &mut Noting) {
        self.has_failed |= noting.has_failed;
        for noted in noting.noted.drain(..) {
            self.has_failed |= self.add(noted).is_none();
        }
    }

    /// The locals, at the end.
    fn locals(&mut self, translator: &Translator<'_>) -> Option<()> {
        for (index, local) in (0..).zip(translator.locals.iter()) {
            let ty = self.validator.local_type(index);
            if let Some(class) = ty.and_then(|ty| class_of(self.context, ty)) {
                add(&mut self.maps.locals, 0, i32::from(local.slot), class)?;
            }
        }
        // What legacy clauses have caught.
        for slot in translator.locals.end..translator.first_temp {
            add(&mut self.maps.locals, 0, i32::try_from(slot).ok()?, Class::Exn)?;
        }
        Some(())
    }

    fn step(&mut self, instr: &Instr<'_>) -> Result<(), TranslateError> {
        self.validator.step(instr).map_err(|_| TranslateError::Unsupported(instr.offset))
    }

    fn add(&mut self, noted: Noted) -> Option<()> {
        let (types, runs) = (self.validator.operands(), &mut self.maps.runs);
        let from = runs.len();
        for (index, slot) in noted.operands {
            let ty = types.get(index).and_then(|operand| operand.val_type());
            if let Some(class) = ty.and_then(|ty| class_of(self.context, ty)) {
                add(runs, from, slot, class)?;
            }
        }
        self.maps.places[noted.place] = Some(from..runs.len());
        Some(())
    }
}

#[cfg(test)]
std::thread_local! {
    static MADE: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// How often this thread has looked for the maps of a function.
#[cfg(test)]
pub(crate) fn maps_made() -> usize {
    MADE.get()
}

/// Whether an instruction can stop with its own operands in their slots; others stop without them,
/// and what is below stays where it is.
fn has_operands_when_stopped(op: Op) -> bool {
    use Op::*;
    let allocates = matches!(
        op,
        StructNew
            | StructNewDefault
            | StructNewDesc
            | StructNewDefaultDesc
            | ArrayNew
            | ArrayNewDefault
            | ArrayNewFixed
            | ArrayNewData
            | ArrayNewElem
    );
    allocates || matches!(op, Throw | ThrowRef | Rethrow) || SlowOp::of(op).is_some()
}

/// What references of a canonical type lead to; none if nothing that is collected.
fn class_of(context: &Context, ty: ValType) -> Option<Class> {
    let ValType::Ref(ty) = ty else { return None };
    Class::of(Storage::of(ty, |id| context.is_func_type(id)))
}
