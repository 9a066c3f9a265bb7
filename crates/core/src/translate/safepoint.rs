//! [`Maps`]: where the frame of a function has references at the places where its code can stop while others run
//! or memory is collected. The translator tells them when it translates again with recording on; the validator,
//! which runs beside it, says what kinds of references they are. The driver asks, for garbage collection.
//!
//! Constants and locals' values on the symbolic stack need no entry: locals always lie in their own slots.

use super::{FIRST_LOCAL, Source as ModuleSource, TranslateError, Translator, stack::Source};
use crate::{
    exec::{SlowOp, select::Kind},
    object::{Class, Storage},
};
use alloc::{boxed::Box, vec::Vec};
use windlass_decode::{Instr, Op, ValType};
use windlass_validate::{Context, FuncValidator, Operand, Scratch};

/// How a frame stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stopped {
    /// It waits for a call that returns to this place. The arguments are the callee's.
    Called,
    /// The cell at this place is executed next.
    Before,
}

/// A place where code can stop.
struct Point {
    word: usize,
    stopped: Stopped,
    /// Its operands in `Maps::operands`.
    first: usize,
    end: usize,
}

/// Where the frames of a function have references.
pub(crate) struct Maps {
    /// Locals, parameters first.
    locals: Box<[(i16, Class)]>,
    params: usize,
    /// Sorted.
    points: Vec<Point>,
    operands: Vec<(i16, Class)>,
}

impl Maps {
    /// The parameters that are references.
    pub(crate) fn params(&self) -> &[(i16, Class)] {
        &self.locals[..self.params]
    }

    /// The locals that are references, parameters included.
    pub(crate) fn locals(&self) -> &[(i16, Class)] {
        &self.locals
    }

    /// The operands that are references. None if code cannot stop there.
    pub(crate) fn operands(&self, word: usize, stopped: Stopped) -> Option<&[(i16, Class)]> {
        let key = |point: &Point| (point.word, point.stopped);
        let index = self.points.binary_search_by_key(&(word, stopped), key).ok()?;
        let Point { first, end, .. } = self.points[index];
        self.operands.get(first..end)
    }
}

/// A place that the translator has noted: operands by their place on the stack, with their slots.
pub(super) struct Noted {
    word: usize,
    stopped: Stopped,
    operands: Vec<(usize, i16)>,
}

impl Translator<'_> {
    /// Notes that code can stop at the word that comes next: with these operands.
    pub(super) fn can_stop(&mut self, stopped: Stopped) {
        let word = self.builder.code.len();
        let Some(noted) = &mut self.noted else { return };
        let references = self
            .stack
            .iter()
            .enumerate()
            .filter(|(_, operand)| operand.kind == Kind::Ref && operand.source == Source::Temp);
        let operands = references.map(|(index, operand)| (index, operand.slot)).collect();
        noted.push(Noted { word, stopped, operands });
    }
}

/// The maps of the `defined`th function that the module defines.
pub(crate) fn maps(source: ModuleSource<'_>, defined: usize) -> Result<Maps, TranslateError> {
    let mut translator = Translator::new(source, defined, false)?;
    translator.noted = Some(Vec::new());
    let invalid = |_| TranslateError::Unsupported(0);
    let validator = FuncValidator::new(source.context, source.decoded, defined, Scratch::default());
    let mut recorder = Recorder {
        context: source.context,
        validator: validator.map_err(invalid)?,
        before: Vec::new(),
        points: Vec::new(),
        operands: Vec::new(),
    };
    translator.body(Some(&mut recorder))?;
    let Recorder { validator, mut points, operands, .. } = recorder;
    points.sort_by_key(|point| (point.word, point.stopped));
    points.dedup_by_key(|point| (point.word, point.stopped));
    let class = |index| class_of(source.context, validator.local_type(index as u32)?);
    let locals = translator.locals.iter().enumerate();
    let locals = locals.filter_map(|(index, local)| Some((local.slot, class(index)?)));
    // What legacy clauses have caught.
    let kept = translator.locals.end..translator.first_temp;
    let kept = kept.map(|slot| (slot as i16, Class::Exn));
    let locals: Box<[_]> = locals.chain(kept).collect();
    let params = locals.iter().filter(|(slot, _)| *slot < FIRST_LOCAL as i16).count();
    Ok(Maps { locals, params, points, operands })
}

/// Follows a translation with the types of operands.
pub(super) struct Recorder<'m> {
    context: &'m Context,
    validator: FuncValidator<'m>,
    /// The operands before an instruction that allocates.
    before: Vec<Operand>,
    points: Vec<Point>,
    operands: Vec<(i16, Class)>,
}

impl Recorder<'_> {
    /// Called before an instruction is translated.
    pub(super) fn before(&mut self, instr: &Instr<'_>) -> Result<(), TranslateError> {
        self.before.clear();
        if has_operands_when_stopped(instr.op) {
            self.before.extend_from_slice(self.validator.operands());
        }
        let invalid = |_| TranslateError::Unsupported(instr.offset);
        self.validator.step(instr).map_err(invalid)
    }

    /// Called after it was translated, with the places that were noted.
    pub(super) fn after(&mut self, op: Op, noted: &mut Vec<Noted>) {
        for Noted { word, stopped, operands } in noted.drain(..) {
            let first = self.operands.len();
            let types = match has_operands_when_stopped(op) {
                true => &self.before[..],
                false => self.validator.operands(),
            };
            for (index, slot) in operands {
                let ty = types.get(index).and_then(|operand| operand.val_type());
                if let Some(class) = ty.and_then(|ty| class_of(self.context, ty)) {
                    self.operands.push((slot, class));
                }
            }
            self.points.push(Point { word, stopped, first, end: self.operands.len() });
        }
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
    allocates || op == Throw || SlowOp::of(op).is_some()
}

/// What references of a canonical type lead to; none if nothing that is collected.
fn class_of(context: &Context, ty: ValType) -> Option<Class> {
    let ValType::Ref(ty) = ty else { return None };
    Class::of(Storage::of(ty, |id| context.is_func_type(id)))
}
