//! The first look at a function body: which locals are used most, which loops are innermost and
//! make no calls, and what those use most, after which blocks the function returns, which
//! exceptions are thrown again. Whatever must be known before the code that it is about has been
//! read is found here.

use super::{
    locals::{Local, Locals},
    skim::skim,
    work,
};
use crate::{
    exec::{
        machine::place::Domain,
        tables::{EXCEPTIONS, FAST, LEGACY},
    },
    room::push,
};
use alloc::{collections::TryReserveError, vec::Vec};
use windlass_decode::{Imm, Instr, Op, Reader, Shape};
use windlass_validate::shed;

/// What is known of a body before it is translated, in as far as it was read.
#[derive(Default)]
pub(super) struct Prescan {
    /// For each loop in order of appearance: it has no loops, no calls and no try blocks in it.
    pub(super) simple_loops: Vec<bool>,
    /// Of loops of that kind, those that name some locals often: in their order.
    hot: Vec<HotLoop>,
    /// The same of the innermost loop around the present point.
    used: Used,
    /// For each legacy `try` in order: one of its clauses has its exception thrown again.
    pub(super) rethrown: Vec<bool>,
    blocks: Blocks,
    /// The loops around the present point.
    loops: Vec<usize>,
    /// How many legacy `try`s there are around it, and the most there were.
    tries: usize,
    max_tries: usize,
    calls: u64,
}

/// Integers that a loop names most, and how often, the first most of all.
#[derive(Clone, Copy, Default)]
struct Used([(u32, u32); 4]);

/// An innermost loop without calls, by its number.
#[derive(Clone, Copy)]
struct HotLoop {
    index: usize,
    used: Used,
}

/// Pins of its own are worth their loading before and after a loop if so many more operands of a
/// turn are in registers.
const PINS_PAY: u32 = 3;

impl Used {
    /// A local is named, which counts so much; in the innermost loop around, if there is one.
    #[inline]
    fn local(&mut self, local: u32, known: &mut Local, weight: u64, inner: Option<u32>) {
        known.uses += weight;
        let Some(inner) = inner else { return };
        if known.used_in.0 != inner {
            known.used_in = (inner, 0);
        }
        known.used_in.1 += 1;
        if known.kind.domain() == Domain::Int {
            self.note(local, known.used_in.1);
        }
    }

    /// The local is named, for so many times by now.
    fn note(&mut self, local: u32, uses: u32) {
        let Used(most) = self;
        let own = most.iter().position(|&(known, count)| known == local && count > 0);
        let mut at = own.unwrap_or(most.len() - 1);
        if own.is_none() && most[at].1 >= uses {
            return;
        }
        most[at] = (local, uses);
        while at > 0 && most[at - 1].1 < uses {
            most.swap(at - 1, at);
            at -= 1;
        }
    }

    /// How often it names these two together, at most.
    fn uses_of(&self, pins: [Option<u32>; 2]) -> u32 {
        let uses = |pin: u32| {
            let known = self.0.iter().find(|&&(local, _)| local == pin);
            known.map_or(self.0[3].1, |&(_, uses)| uses)
        };
        pins.into_iter().flatten().map(uses).sum()
    }
}

/// An open block, as far as it matters here.
#[derive(Clone, Copy)]
enum Block {
    Loop,
    /// A legacy `try`, and which.
    Try(usize),
    Other,
}

/// A use in a loop counts as eight uses outside, up to this depth.
const MAX_DEPTH: usize = 6;

impl Prescan {
    /// Forgets everything but the memory.
    pub(super) fn clear(&mut self) {
        self.simple_loops.clear();
        self.hot.clear();
        self.rethrown.clear();
        self.blocks.clear();
        self.loops.clear();
        (self.tries, self.max_tries, self.calls) = (0, 0, 0);
    }

    /// See [`State::shed`](super::state::State::shed). What loops and blocks there are is known no
    /// longer.
    pub(super) fn shed(&mut self) -> bool {
        shed(&mut self.simple_loops)
            || shed(&mut self.hot)
            || shed(&mut self.rethrown)
            || self.blocks.shed()
    }

    /// Reads the next instruction. Uses of locals are noted there.
    ///
    /// # Errors
    /// If the host has no memory for what is found.
    pub(super) fn instr(
        &mut self,
        instr: &Instr<'_>,
        locals: &mut Locals,
    ) -> Result<(), TryReserveError> {
        work::count(1);
        match (instr.op, &instr.imm) {
            (Op::LocalGet | Op::LocalSet | Op::LocalTee, &Imm::Index(local)) if FAST => {
                let (weight, inner) = (self.weight(), self.inner());
                self.used.local(local, locals.get_mut(local), weight, inner);
            }
            _ if instr.op.shape() == Shape::special => return self.special(instr),
            _ => {}
        }
        self.blocks.ended.clear();
        Ok(())
    }

    /// Passes over the next instructions, at most so many, as far as nothing is to be known of them
    /// but which locals they use. How many there were.
    pub(super) fn skim(
        &mut self,
        reader: &mut Reader<'_>,
        locals: &mut Locals,
        most: usize,
    ) -> usize {
        if !FAST {
            return 0;
        }
        let (weight, inner) = (self.weight(), self.inner());
        let Prescan { used, .. } = self;
        let passed = skim(reader, most, |local| {
            used.local(local, locals.get_mut(local), weight, inner);
        });
        if passed > 0 {
            self.blocks.ended.clear();
        }
        work::count(passed);
        passed
    }

    /// How much a use of a local or a call counts here.
    fn weight(&self) -> u64 {
        1 << (3 * self.loops.len().min(MAX_DEPTH))
    }

    /// The number of the innermost loop around, if there is one.
    fn inner(&self) -> Option<u32> {
        // No body has as many loops as that.
        self.loops.last().map(|&inner| u32::try_from(inner).unwrap_or(u32::MAX))
    }

    fn special(&mut self, instr: &Instr<'_>) -> Result<(), TryReserveError> {
        match (instr.op, instr.imm) {
            (Op::Loop, _) => {
                // What is quicker there takes handlers of its own.
                if FAST {
                    self.not_simple();
                    self.used = Used::default();
                    push(&mut self.loops, self.simple_loops.len())?;
                    push(&mut self.simple_loops, true)?;
                }
                self.blocks.begin(Block::Loop)?;
            }
            (Op::Block | Op::If, _) => self.blocks.begin(Block::Other)?,
            (Op::TryTable, _) if EXCEPTIONS => {
                self.not_simple();
                self.blocks.begin(Block::Other)?;
            }
            (Op::Try, _) if LEGACY => {
                self.not_simple();
                self.blocks.begin(Block::Try(self.rethrown.len()))?;
                push(&mut self.rethrown, false)?;
                self.tries += 1;
                self.max_tries = self.tries.max(self.max_tries);
            }
            (Op::Rethrow, Imm::Index(label)) if LEGACY => {
                if let Some(Block::Try(index)) = self.blocks.around(label) {
                    self.rethrown[index] = true;
                }
            }
            (Op::Else, _) => self.blocks.follow_else(),
            (Op::End | Op::Delegate, _) => match self.blocks.end()? {
                Some(Block::Loop) if FAST => self.end_loop()?,
                Some(Block::Try(_)) if LEGACY => self.tries -= 1,
                _ => {}
            },
            (Op::Return, _) => self.blocks.follow_return(),
            (Op::Call | Op::CallIndirect | Op::CallRef, _) if FAST => {
                self.calls += self.weight();
                self.not_simple();
            }
            _ => {}
        }
        if !matches!(instr.op, Op::End | Op::Delegate) {
            self.blocks.ended.clear();
        }
        Ok(())
    }

    /// The innermost loop ends.
    fn end_loop(&mut self) -> Result<(), TryReserveError> {
        let Some(index) = self.loops.pop() else { return Ok(()) };
        let used = self.used;
        let is_hot = self.simple_loops[index] && used.0[0].1 + used.0[1].1 >= PINS_PAY;
        if is_hot { push(&mut self.hot, HotLoop { index, used }) } else { Ok(()) }
    }

    /// The integers that the `index`th loop is to have pinned itself, if that pays: they are named
    /// there more often than those which the function has.
    pub(super) fn own_pins(
        &self,
        index: usize,
        pins: [Option<u32>; 2],
    ) -> Option<[Option<u32>; 2]> {
        // Loops of that kind have none in them: they end in the order in which they begin.
        let at = self.hot.binary_search_by_key(&index, |hot| hot.index).ok()?;
        let HotLoop { used, .. } = &self.hot[at];
        let [first, second, ..] = used.0;
        let pays = first.1 + second.1 >= used.uses_of(pins) + PINS_PAY;
        let own = [first, second].map(|(local, uses)| (uses > 0).then_some(local));
        pays.then_some(own)
    }

    /// The innermost loop is not simple.
    fn not_simple(&mut self) {
        if let Some(&inner) = self.loops.last() {
            self.simple_loops[inner] = false;
        }
    }

    /// How many exceptions must be kept at once, to be thrown again.
    pub(super) fn kept(&self) -> usize {
        if LEGACY && self.rethrown.contains(&true) { self.max_tries } else { 0 }
    }

    /// The locals of each domain that are to be pinned.
    pub(super) fn pins(&self, locals: &Locals) -> [[Option<u32>; 2]; 3] {
        if !FAST {
            return [[None; 2]; 3];
        }
        [Domain::Int, Domain::F64, Domain::F32].map(|domain| {
            // Floats are loaded again after each call, by an instruction of their own.
            let cost = if domain == Domain::Int { 0 } else { self.calls };
            locals.most_used(domain, cost)
        })
    }

    /// Whether the function returns after the end of the `index`th block (loops and all others
    /// count). Asked when all was read, for one block after the other.
    pub(super) fn is_last(&mut self, index: usize) -> bool {
        self.blocks.is_last(index)
    }
}

/// What follows the ends of blocks.
#[derive(Default)]
struct Blocks {
    follows: Vec<Follow>,
    /// The open blocks.
    open: Vec<(usize, Block)>,
    /// Blocks that ended just before, with nothing but ends of blocks since.
    ended: Vec<usize>,
}

/// What follows the end of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follow {
    Code,
    Return,
    /// The end of the block with this index, which contains it.
    End(usize),
}

impl Blocks {
    fn clear(&mut self) {
        self.follows.clear();
        self.open.clear();
        self.ended.clear();
    }

    fn shed(&mut self) -> bool {
        shed(&mut self.follows) || shed(&mut self.open) || shed(&mut self.ended)
    }

    fn begin(&mut self, block: Block) -> Result<(), TryReserveError> {
        push(&mut self.open, (self.follows.len(), block))?;
        push(&mut self.follows, Follow::Code)
    }

    /// Ends the innermost block, which it returns, or the function.
    fn end(&mut self) -> Result<Option<Block>, TryReserveError> {
        let Some((index, block)) = self.open.pop() else {
            self.follow_return();
            return Ok(None);
        };
        push(&mut self.ended, index)?;
        Ok(Some(block))
    }

    /// The open block that this label names.
    fn around(&self, label: u32) -> Option<Block> {
        self.open.iter().nth_back(label as usize).map(|&(_, block)| block)
    }

    fn follow_return(&mut self) {
        self.follow(Follow::Return);
    }

    /// From the `else` of a block control goes to its end.
    fn follow_else(&mut self) {
        if let Some(&(block, _)) = self.open.last() {
            self.follow(Follow::End(block));
        }
    }

    fn follow(&mut self, follow: Follow) {
        work::count(self.ended.len());
        for block in self.ended.drain(..) {
            self.follows[block] = follow;
        }
    }

    /// Whether a return follows the end of the `index`th block.
    fn is_last(&mut self, index: usize) -> bool {
        // The outer block comes first: what follows it is known.
        if let Follow::End(outer) = self.follows[index] {
            self.follows[index] = self.follows[outer];
        }
        self.follows[index] == Follow::Return
    }
}
