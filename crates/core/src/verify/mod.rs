//! The verifier: an abstract interpreter of translated code. It reads a function's cells from the
//! first to the last, knows of every slot and register what type of value is there, and refuses
//! what could break an invariant of [`exec`](crate::exec): so translated code is safe to run, even
//! if the translator is wrong. `translate` asks for it after each translation, where that is
//! wanted.
//!
//! It knows the module, as it was validated, and the formats of cells ([`Layouts`]), and is below
//! the translator, of which it uses nothing. What the translator tells it of loops
//! ([`LoopStart`]) it uses only to forget: a wrong word of that can lead to a refusal, never to a
//! function that is let through. What is paid it compares with the function's body ([`Body`]). It
//! must never repair anything.
//!
//! One pass suffices: code is laid out in the order of the function's body. Where branches forward
//! lead to, what they bring is joined before the pass comes there; where a branch leads back, what
//! was assumed there must hold. Accumulators are dead where control comes together.

mod asked;
mod body;
mod call;
mod catch;
mod cell;
mod flow;
mod frame;
mod maps;
#[cfg(test)]
mod maps_tests;
#[cfg(test)]
mod mutation_tests;
mod object;
mod paid;
#[cfg(test)]
mod paid_tests;
mod slots;
mod slow;
mod state;
#[cfg(test)]
mod tests;
mod types;
#[cfg(test)]
mod valid_tests;
#[cfg(test)]
mod work_tests;

use crate::{
    Metering,
    exec::{
        Catches, Cell, CodeTable,
        cells::{Layout, Layouts, Part},
        code::maps::Places,
    },
    object_type::ObjectType,
};
use alloc::{collections::BinaryHeap, sync::Arc, vec::Vec};
pub(crate) use asked::{VERIFIES, Verification, Verify};
use body::Body;
use cell::alike;
use core::{
    fmt, mem,
    ops::{Deref, DerefMut},
};
use flow::{Label, Mark};
use frame::Frame;
use slots::Slots;
use state::{Flow, State};
use types::Types;
use windlass_decode::{BlockType, FuncType, Module};
use windlass_validate::Context;

/// What the verifier needs of a module, and the translated code of one of its functions.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    /// The module.
    pub(crate) bytes: &'a [u8],
    pub(crate) decoded: &'a Module,
    pub(crate) context: &'a Context,
    pub(crate) objects: &'a [Option<Arc<ObjectType>>],
    pub(crate) table: &'a CodeTable,
    pub(crate) metering: Metering,
    /// Which of those that the module defines; and how many slots its frame takes at most, as
    /// validation has counted them, if that is known.
    pub(crate) defined: usize,
    pub(crate) frame_slots: Option<usize>,
    pub(crate) code: &'a [Cell],
    pub(crate) catches: &'a Catches,
    /// In the order of words.
    pub(crate) loops: &'a [LoopStart],
    /// The offsets in the module of the ends of blocks that branches alone lead to, in order; not
    /// of those whose branches return at once.
    pub(crate) landed: &'a [usize],
    /// What collections are told of places where the code has stopped.
    pub(crate) maps: Option<Places<'a>>,
}

/// Where a loop begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoopStart {
    /// The word that branches go back to.
    pub(crate) word: usize,
    /// The slot behind the operands that the loop begins with: its parameters are the last of them.
    pub(crate) end: i16,
    /// The type of the block, as the module has it.
    pub(crate) ty: BlockType,
}

/// Why code is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Index of the handler word of the cell.
    pub(crate) at: usize,
    /// The number of the invariant that does not hold, and what is wrong.
    pub(crate) what: &'static str,
}

/// A frame has room for that of a small function, which is so large at most.
const SMALL_FRAME: usize = 20;

const NO_MEMORY: &str = "no memory to look";
const TOO_MUCH: &str = "to look would take too much time or memory";

impl Fault {
    /// Whether nothing is known to be wrong: the host has no memory to look.
    pub(crate) fn is_want_of_memory(&self) -> bool {
        self.what == NO_MEMORY
    }

    /// Whether nothing is known to be wrong: to look would take more memory than a function of its
    /// size is granted.
    pub(crate) fn is_excess(&self) -> bool {
        self.what == TOO_MUCH
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell at word {}: {}", self.at, self.what)
    }
}

type Outcome = Result<(), &'static str>;

/// `what` is wrong unless `holds`.
fn ensure(holds: bool, what: &'static str) -> Outcome {
    if holds { Ok(()) } else { Err(what) }
}

/// How far verification has come: it can stop between any two cells, and go on with the same code.
#[derive(Default)]
pub(crate) struct Progress {
    stage: Stage,
    frame: Frame,
    marks: Vec<Mark>,
    labels: Vec<Label>,
    /// How many of these were seen to be cells.
    seen: usize,
    /// How many of the loops that the translator told of have begun.
    loops: usize,
    /// The cell that is looked at, and how many operand words it has.
    at: usize,
    words: usize,
    /// Of a `br_table` that is looked at in pieces: the operand word that is next, or 0.
    target: usize,
    /// Its machine code is that of several handlers.
    is_shared: bool,
    /// Cells behind, each with the handler that a sequence executes it by, which is not its own: it
    /// reads slots where the other reads pinned locals.
    parts: Vec<(usize, u64)>,
    state: State,
    /// Whether anything leads to where the pass is.
    is_reachable: bool,
    /// The object that is being made.
    making: Option<object::Making>,
    /// Which entry of the tables of try blocks is looked at next.
    tables: Tables,
    /// Where each try block ends.
    ends: Vec<usize>,
    /// The try block that the cell is in, how many of their spans have begun, and what throws in
    /// each block bring to its clauses; the blocks where that is something.
    block: Option<u32>,
    spans: usize,
    thrown: Vec<Option<Flow>>,
    pending: BinaryHeap<u32>,
    /// Blocks are being left: the innermost that is not, and how many clauses of the last one in
    /// `pending` have got what was thrown.
    leaving: Option<(Option<u32>, usize)>,
    /// The walk over the body, how many regions were paid, and the word behind the last branch that
    /// it has.
    body: Body,
    payments: usize,
    behind_branch: usize,
    /// The cell was compared with it.
    is_compared: bool,
    /// How many of the places that there are maps for are behind.
    stops: usize,
    /// At the start of the last loop, the first place in it that is told of, and up to which slot
    /// what is not told of there was forgotten.
    forgotten: Option<(usize, i32)>,
}

/// A place in the tables of try blocks: of a span, then of a block from the last on, then of a
/// clause.
#[derive(Clone, Copy, Debug, Default)]
struct Tables {
    span: usize,
    folded: usize,
    block: usize,
    clause: usize,
}

/// What is being done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Begin,
    /// Finding where cells begin, and where branches lead.
    Cells,
    /// Seeing that these are cells.
    Labels,
    /// Looking at the tables of try blocks.
    Tables,
    /// The pass.
    Pass,
    Done,
}

impl Progress {
    /// Verifies some more of the code of a function, always the same. Whether there is more.
    pub(crate) fn step(&mut self, subject: Subject<'_>) -> Result<bool, Fault> {
        let context = subject.context;
        let ty = context.funcs[context.imported.funcs as usize + subject.defined];
        let Some(ty) = context.type_func(ty) else {
            unreachable!("validation knows the type of every function")
        };
        let types = Types::new(context);
        let layouts = Layouts::get();
        let mut verifier = Verifier { subject, layouts, types, ty, progress: mem::take(self) };
        let outcome = verifier.step();
        let at = verifier.at;
        *self = verifier.progress;
        outcome.map_err(|what| Fault { at, what })
    }
}

/// A pass over the code of a function: what it reads, and how far it has come.
struct Verifier<'a> {
    subject: Subject<'a>,
    layouts: &'static Layouts,
    types: Types<'a>,
    ty: &'a FuncType,
    progress: Progress,
}

impl Deref for Verifier<'_> {
    type Target = Progress;

    fn deref(&self) -> &Progress {
        &self.progress
    }
}

impl DerefMut for Verifier<'_> {
    fn deref_mut(&mut self) -> &mut Progress {
        &mut self.progress
    }
}

/// So much is done in one step: cells, operands, clauses, targets and parts of what is known are
/// looked at.
const PIECE: usize = 512;

impl Verifier<'_> {
    /// Whether there is more to do.
    fn step(&mut self) -> Result<bool, &'static str> {
        if self.stage == Stage::Begin {
            self.begin()?;
        }
        self.progress.state.slots.work = 0;
        while self.stage != Stage::Done && self.progress.state.slots.work < PIECE {
            self.work_on(1);
            let is_end = self.at == self.subject.code.len();
            match self.stage {
                Stage::Tables => self.look_at_tables()?,
                Stage::Pass if is_end => self.end()?,
                Stage::Pass => self.next()?,
                Stage::Labels => self.look_at_labels()?,
                _ if is_end => self.stage = Stage::Labels,
                _ => self.find()?,
            }
        }
        Ok(self.stage != Stage::Done)
    }

    /// So much is done.
    fn work_on(&mut self, count: usize) {
        self.progress.state.slots.work += count;
    }

    fn begin(&mut self) -> Outcome {
        let Subject { context, decoded, defined, code, .. } = self.subject;
        // Canonical, as all types here are; those of the body were validated.
        let locals = decoded.bodies[defined].locals.iter();
        let locals = locals.map(|&(count, ty)| (count, context.canonical_val(ty).unwrap_or(ty)));
        self.frame = Frame::new(self.ty, locals).map_err(|_| NO_MEMORY)?;
        self.marks.try_reserve_exact(code.len()).map_err(|_| NO_MEMORY)?;
        self.marks.resize(code.len(), Mark::NOTHING);
        self.stage = Stage::Cells;
        Ok(())
    }

    /// I1, as far as it does not need the frame: known handlers, one cell after the other. I3:
    /// where branches lead.
    fn find(&mut self) -> Outcome {
        let (code, at) = (self.subject.code, self.at);
        let layout = self.layouts.of(code[at]).next().ok_or("I1: not a handler")?;
        let words = self.count_words(at, layout);
        let fits = words < code.len() - at;
        ensure(fits, "I1: the code ends within the cell")?;
        self.marks[at].begin_cell();
        self.find_labels(at, layout.part, words)?;
        if self.target == 0 {
            self.at = at + 1 + words;
        }
        Ok(())
    }

    /// I3: cells begin where branches lead. Some labels each time.
    fn look_at_labels(&mut self) -> Outcome {
        let rest = self.labels.get(self.seen..).unwrap_or_default();
        for label in rest.iter().take(PIECE) {
            if !self.is_cell(label.word) {
                self.at = label.from;
                return Err("I3: a branch goes to the start of a cell");
            }
        }
        let count = rest.len().min(PIECE);
        self.work_on(count);
        self.seen += count;
        if self.seen < self.labels.len() {
            return Ok(());
        }
        let blocks = self.subject.catches.blocks.len();
        self.ends.try_reserve_exact(blocks).map_err(|_| NO_MEMORY)?;
        self.ends.resize(blocks, 0);
        (self.at, self.stage, self.is_reachable) = (0, Stage::Tables, true);
        self.enter()
    }

    /// How many operand words the cell has.
    fn count_words(&self, at: usize, layout: &Layout) -> usize {
        match layout.part {
            Part::BrTable => {
                let targets = self.subject.code.get(at + 1).map_or(0, |word| word.bits() >> 32);
                layout.words + usize::try_from(targets).unwrap_or(usize::MAX - layout.words)
            }
            _ => layout.words,
        }
    }

    /// Looks at the next cell, or does some of what has to be done before.
    fn next(&mut self) -> Outcome {
        let at = self.at;
        let layouts = self.layouts;
        let known = layouts.find(self.subject.code[at]);
        if self.target == 0 {
            if !self.is_compared && !self.compare(known)? {
                return Ok(());
            }
            self.is_compared = true;
            if !self.enter_blocks()? {
                return Ok(());
            }
            let is_paid = self.stops_behind()?;
            self.arrive()?;
            if self.is_reachable {
                self.stops_before(is_paid)?;
            }
            let [is_sequence, is_block] = known.leads();
            ensure(!is_sequence || self.is_sequence()?, "I1: what a sequence says follows")?;
            ensure(!is_block || self.is_block()?, "I1: what a block says follows")?;
            self.look_at_parts()?;
        }
        self.is_shared = known.is_shared();
        let mut outcome = Err("I1: not a handler");
        for layout in layouts.known(known) {
            self.words = self.count_words(at, layout);
            outcome = match self.is_reachable {
                true => self.cell(layout),
                // Nothing leads here: it is not executed.
                false => Ok(false),
            };
            if outcome.is_ok() || matches!(outcome, Err(NO_MEMORY | TOO_MUCH)) {
                break;
            }
        }
        let goes_on = outcome?;
        if self.target == 0 {
            self.is_reachable = goes_on;
            self.is_compared = false;
            self.at = at + 1 + self.words;
        }
        Ok(())
    }

    /// At the end of the code.
    fn end(&mut self) -> Outcome {
        ensure(!self.is_reachable, "I3: the code goes on beyond its end")?;
        if self.enter_block(None)? && self.is_paid()? {
            self.stage = Stage::Done;
        }
        Ok(())
    }

    /// I1: whether the cells that begin here are those that the first one's handler executes.
    fn is_sequence(&mut self) -> Result<bool, &'static str> {
        let (code, layouts) = (self.subject.code, self.layouts);
        let known = self.parts.len();
        for parts in layouts.sequences(code[self.at]) {
            self.parts.try_reserve(parts.len()).map_err(|_| NO_MEMORY)?;
            if self.follow(&parts[1..]) {
                return Ok(true);
            }
            self.parts.truncate(known);
        }
        Ok(false)
    }

    /// Whether cells of these handlers follow, or such as they can execute: those are noted.
    fn follow(&mut self, parts: &[u64]) -> bool {
        let (code, layouts) = (self.subject.code, self.layouts);
        let mut at = self.at;
        for &part in parts {
            let first = layouts.of(code[at]).next();
            at += 1 + first.map_or(0, |layout| self.count_words(at, layout));
            let Some(&cell) = code.get(at) else { return false };
            if layouts.begins_with(cell, part) {
                continue;
            }
            if alike(layouts, cell, part).next().is_none() {
                return false;
            }
            self.parts.push((at, part));
        }
        true
    }

    /// I2: of the cell, what a sequence finds in another place than the cell's own handler is the
    /// same: a pinned local, and its slot.
    fn look_at_parts(&mut self) -> Outcome {
        let (at, word) = (self.at, self.subject.code[self.at]);
        for index in (0..self.parts.len()).rev().filter(|_| self.is_reachable) {
            let (of, part) = self.parts[index];
            if of == at {
                let mut alike = alike(self.layouts, word, part);
                let is_same = alike.any(|(own, other)| self.reads_the_same(own, other));
                ensure(is_same, "I2: what a sequence reads of a cell")?;
            }
        }
        self.parts.retain(|&(of, _)| of > at);
        Ok(())
    }

    /// I1: whether the cells that begin here are those that a block executes, word by word. What is
    /// out of bounds traps in a block for good: so it is in no module with memories that others can
    /// grow.
    fn is_block(&mut self) -> Result<bool, &'static str> {
        let Subject { code, context, .. } = self.subject;
        let layouts = self.layouts;
        let is_shared = context.memories.iter().any(|memory| memory.shared);
        ensure(!is_shared, "I6: a block where memories are shared")?;
        for cells in layouts.blocks(code[self.at]) {
            self.work_on(cells.len());
            let mut rest = code.get(self.at..).unwrap_or_default();
            let is_cell = |&(part, words): &(u64, Result<&[u64], usize>)| {
                let count = words.map_or_else(|count| count, <[u64]>::len);
                let Some((cell, after)) = rest.split_at_checked(1 + count) else { return false };
                rest = after;
                let follow = || cell[1..].iter().map(|word| word.bits());
                let is_same = words.is_ok_and(|words| words.iter().copied().eq(follow()));
                (words.is_err() || is_same) && layouts.begins_with(cell[0], part)
            };
            if cells.iter().all(is_cell) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Operand word `index` of the cell.
    fn word(&self, index: usize) -> u64 {
        self.subject.code[self.at + 1 + index].bits()
    }

    /// Field `index` of the cell's first operand word.
    fn field(&self, index: usize) -> i32 {
        field(self.word(0), index)
    }

    fn low(&self, word: usize) -> u32 {
        self.word(word) as u32
    }

    fn high(&self, word: usize) -> u32 {
        (self.word(word) >> 32) as u32
    }

    /// The first cell, and the frame that it sets up.
    fn enter(&mut self) -> Outcome {
        let first = self.subject.code.first().ok_or("I1: a function begins with enter")?;
        let domains = self.layouts.of(*first).find_map(|layout| match layout.part {
            Part::Enter(metering, domains) if metering == self.subject.metering => Some(domains),
            _ => None,
        });
        let domains = domains.ok_or("I1: a function begins with enter")?;
        let half = |index: usize| field(self.word(1), index);
        let pins =
            [[self.field(0), self.field(1)], [self.field(2), self.field(3)], [half(0), half(1)]];
        let unsigned = |index: usize| (self.word(1) >> (16 * index) & 0xffff) as i32;
        let [size, zeroed] = [unsigned(2), unsigned(3)];
        // Else each call would take more of the stack than is accounted for.
        let most = self.subject.frame_slots.map(|most| most + SMALL_FRAME);
        let is_needed = most.is_none_or(|most| size as usize <= most);
        ensure(is_needed, "I2: the frame is no larger than what the function needs")?;
        self.frame.enter(size, zeroed, domains, pins)?;
        self.state.flow.pins = pins;
        let words = self.subject.code.len();
        self.state.slots = Slots::new(self.frame.index(self.frame.end), slots::granted(words))?;
        self.payments = 1;
        self.look_at_locals()?;
        self.begin_body()
    }
}

/// Field `index` of an operand word.
fn field(word: u64, index: usize) -> i32 {
    ((word >> (16 * index) & 0xffff) as u16).cast_signed().into()
}
