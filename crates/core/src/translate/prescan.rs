//! The first look at a function body: which locals are used most, which loops are innermost and
//! make no calls, after which blocks the function returns, which exceptions are thrown again.
//! Whatever must be known before the code that it is about has been read is found here.

use super::{locals::Locals, skim::skim, work};
use crate::{
    exec::{machine::place::Domain, tables::FAST},
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
        self.rethrown.clear();
        self.blocks.clear();
        self.loops.clear();
        (self.tries, self.max_tries, self.calls) = (0, 0, 0);
    }

    /// See [`State::shed`](super::state::State::shed). What loops and blocks there are is known no
    /// longer.
    pub(super) fn shed(&mut self) -> bool {
        shed(&mut self.simple_loops) || shed(&mut self.rethrown) || self.blocks.shed()
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
            (Op::LocalGet | Op::LocalSet | Op::LocalTee, &Imm::Index(local)) => {
                locals.get_mut(local).uses += self.weight();
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
        let weight = self.weight();
        let passed = skim(reader, most, |local| locals.get_mut(local).uses += weight);
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

    fn special(&mut self, instr: &Instr<'_>) -> Result<(), TryReserveError> {
        match (instr.op, instr.imm) {
            (Op::Loop, _) => {
                self.not_simple();
                push(&mut self.loops, self.simple_loops.len())?;
                // What is quicker there takes handlers of its own.
                push(&mut self.simple_loops, FAST)?;
                self.blocks.begin(Block::Loop)?;
            }
            (Op::Block | Op::If, _) => self.blocks.begin(Block::Other)?,
            (Op::TryTable, _) => {
                self.not_simple();
                self.blocks.begin(Block::Other)?;
            }
            (Op::Try, _) => {
                self.not_simple();
                self.blocks.begin(Block::Try(self.rethrown.len()))?;
                push(&mut self.rethrown, false)?;
                self.tries += 1;
                self.max_tries = self.tries.max(self.max_tries);
            }
            (Op::Rethrow, Imm::Index(label)) => {
                if let Some(Block::Try(index)) = self.blocks.around(label) {
                    self.rethrown[index] = true;
                }
            }
            (Op::Else, _) => self.blocks.follow_else(),
            (Op::End | Op::Delegate, _) => match self.blocks.end()? {
                Some(Block::Loop) => drop(self.loops.pop()),
                Some(Block::Try(_)) => self.tries -= 1,
                _ => {}
            },
            (Op::Return, _) => self.blocks.follow_return(),
            (Op::Call | Op::CallIndirect | Op::CallRef, _) => {
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

    /// The innermost loop is not simple.
    fn not_simple(&mut self) {
        if let Some(&inner) = self.loops.last() {
            self.simple_loops[inner] = false;
        }
    }

    /// How many exceptions must be kept at once, to be thrown again.
    pub(super) fn kept(&self) -> usize {
        if self.rethrown.contains(&true) { self.max_tries } else { 0 }
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
