//! [`Maps`]: where the frames of a function have references at places where its code can stop while others run or
//! memory is collected. The translator tells them when it translates again; the validator, which runs beside it,
//! says what kinds of references they are. The driver asks, for garbage collection, for the places where frames have
//! stopped: only what is in frames that exist is noted, so maps never take more than the frames themselves.
//!
//! Constants and locals' values on the symbolic stack need no entry: locals always lie in their own slots.

use super::{
    Source as ModuleSource, TranslateError, Translator, builder::Recording, stack::Source,
};
use crate::{
    exec::{SlowOp, select::Kind},
    object::{Class, Storage},
};
use alloc::vec::Vec;
use core::ops::Range;
use windlass_decode::{Instr, Op, ValType};
use windlass_validate::{Context, FuncValidator, Scratch};

/// How a frame stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stopped {
    /// It waits for a call that returns to this place. The arguments are the callee's.
    Called,
    /// The cell at this place is executed next.
    Before,
}

/// Consecutive slots with references of one class, counted from the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) first: i32,
    pub(crate) count: u32,
    pub(crate) class: Class,
}

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
    /// For each place that was asked for, its part of `runs`: the operands. None if code cannot stop there.
    pub(crate) places: Vec<Option<Range<usize>>>,
    pub(crate) runs: Vec<Run>,
}

/// The places that are asked for, and what was noted about them.
pub(super) struct Noting<'a> {
    /// Sorted.
    wanted: &'a [(usize, Stopped)],
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
        let word = self.builder.code.len();
        let Some(noting) = &mut self.noting else { return };
        let Ok(place) = noting.wanted.binary_search(&(word, stopped)) else { return };
        let references = self
            .stack
            .iter()
            .enumerate()
            .filter(|(_, operand)| operand.kind == Kind::Ref && operand.source == Source::Temp);
        let mut operands = Vec::new();
        noting.has_failed |= operands.try_reserve_exact(self.stack.len()).is_err();
        if !noting.has_failed {
            operands.extend(references.map(|(index, operand)| (index, i32::from(operand.slot))));
            noting.noted.push(Noted { place, operands });
        }
    }
}

/// Where frames of the `defined`th function that the module defines have references, at these places: words of its
/// code, sorted. This takes as long as translating the function; none if the host has no memory for it.
pub(crate) fn maps(
    source: ModuleSource<'_>,
    defined: usize,
    wanted: &[(usize, Stopped)],
) -> Option<Maps> {
    let mut translator = Translator::new(source, defined, Recording::None).ok()?;
    translator.noting = Some(Noting { wanted, noted: Vec::new(), has_failed: false });
    let validator = FuncValidator::new(source.context, source.decoded, defined, Scratch::default());
    let mut maps = Maps::default();
    maps.places.try_reserve_exact(wanted.len()).ok()?;
    maps.places.resize(wanted.len(), None);
    let context = source.context;
    let mut recorder = Recorder { context, validator: validator.ok()?, maps, has_failed: false };
    translator.body(Some(&mut recorder)).ok()?;
    let Recorder { validator, mut maps, has_failed, .. } = recorder;
    let class = |index| class_of(context, validator.local_type(index as u32)?);
    for (index, local) in translator.locals.iter().enumerate() {
        if let Some(class) = class(index) {
            add(&mut maps.locals, 0, i32::from(local.slot), class)?;
        }
    }
    // What legacy clauses have caught.
    for slot in translator.locals.end..translator.first_temp {
        add(&mut maps.locals, 0, i32::try_from(slot).ok()?, Class::Exn)?;
    }
    (!has_failed).then_some(maps)
}

/// The parameters of a function that are references: what its frame has before it is entered.
pub(crate) fn param_map(context: &Context, func: u32) -> Option<Vec<Run>> {
    let ty = context.type_func(*context.funcs.get(func as usize)?)?;
    let width = |ty: &ValType| if *ty == ValType::V128 { 2 } else { 1 };
    let mut slot = -ty.params.iter().map(width).sum::<i32>();
    let mut runs = Vec::new();
    for ty in &ty.params {
        if let Some(class) = class_of(context, *ty) {
            add(&mut runs, 0, slot, class)?;
        }
        slot += width(ty);
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
        noting: &mut Noting<'_>,
    ) -> Result<(), TranslateError> {
        self.take(noting);
        if has_operands_when_stopped(instr.op) { self.step(instr) } else { Ok(()) }
    }

    /// Takes the places that were noted, where the operands are those that there are now.
    pub(super) fn take(&mut self, noting: &mut Noting<'_>) {
        self.has_failed |= noting.has_failed;
        for noted in noting.noted.drain(..) {
            self.has_failed |= self.add(noted).is_none();
        }
    }

    fn step(&mut self, instr: &Instr<'_>) -> Result<(), TranslateError> {
        self.validator.step(instr).map_err(|_| TranslateError::Unsupported(instr.offset))
    }

    fn add(&mut self, noted: Noted) -> Option<()> {
        if self.maps.places[noted.place].is_some() {
            return Some(());
        }
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

/// Whether an instruction can stop with its own operands in their slots; others stop without them, and what is
/// below stays where it is.
fn has_operands_when_stopped(op: Op) -> bool {
    use Op::*;
    let allocates = matches!(
        op,
        StructNew
            | StructNewDefault
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
