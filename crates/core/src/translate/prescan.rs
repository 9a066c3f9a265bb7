//! The first look at a function body: which locals are used most, which loops are innermost and make no
//! calls, after which blocks the function returns, which exceptions are thrown again. Whatever must be known
//! before the code that it is about has been read is found here.

use crate::exec::select::{Domain, Kind};
use alloc::{vec, vec::Vec};
use windlass_decode::{Error, Imm, Instrs, Op};

/// What is known of a body before it is translated.
pub(crate) struct Prescan {
    /// For each loop in order of appearance: it has no loops, no calls and no try blocks in it.
    pub(crate) simple_loops: Vec<bool>,
    /// For each legacy `try` in order: one of its clauses has its exception thrown again.
    pub(crate) rethrown: Vec<bool>,
    /// How many exceptions must be kept for that at once.
    pub(crate) kept: usize,
    /// For each block (loops and all others) in order of appearance: after its end the function returns.
    pub(crate) last_blocks: Vec<bool>,
    /// The pinned locals of each domain.
    pub(crate) pins: [[Option<u32>; 2]; 3],
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
const MAX_DEPTH: u32 = 6;

/// Reads a body. `kinds` are those of the locals, parameters first.
pub(crate) fn prescan(mut instrs: Instrs<'_>, kinds: &[Kind]) -> Result<Prescan, Error> {
    let mut uses = vec![0u64; kinds.len()];
    let mut simple_loops = Vec::new();
    let mut rethrown = Vec::new();
    let mut blocks = Blocks::default();
    // The loops and how many legacy `try`s there are around each point.
    let mut loops: Vec<usize> = Vec::new();
    let (mut tries, mut max_tries) = (0, 0);
    let mut calls = 0u64;
    while !instrs.reader.is_empty() {
        let instr = instrs.next_instr()?;
        let weight = 1 << (3 * (loops.len() as u32).min(MAX_DEPTH));
        match (instr.op, instr.imm) {
            (Op::LocalGet | Op::LocalSet | Op::LocalTee, Imm::Index(local)) => {
                if let Some(uses) = uses.get_mut(local as usize) {
                    *uses += weight;
                }
            }
            (Op::Loop, _) => {
                if let Some(&outer) = loops.last() {
                    simple_loops[outer] = false;
                }
                loops.push(simple_loops.len());
                simple_loops.push(true);
                blocks.begin(Block::Loop);
            }
            (Op::Block | Op::If, _) => blocks.begin(Block::Other),
            (Op::Try | Op::TryTable, _) => {
                if let Some(&inner) = loops.last() {
                    simple_loops[inner] = false;
                }
                if instr.op == Op::Try {
                    blocks.begin(Block::Try(rethrown.len()));
                    rethrown.push(false);
                    tries += 1;
                    max_tries = tries.max(max_tries);
                } else {
                    blocks.begin(Block::Other);
                }
            }
            (Op::Rethrow, Imm::Index(label)) => {
                if let Some(Block::Try(index)) = blocks.around(label) {
                    rethrown[index] = true;
                }
            }
            (Op::Else, _) => blocks.follow_else(),
            (Op::End | Op::Delegate, _) => match blocks.end() {
                Some(Block::Loop) => drop(loops.pop()),
                Some(Block::Try(_)) => tries -= 1,
                _ => {}
            },
            (Op::Return, _) => blocks.follow_return(),
            (Op::Call | Op::CallIndirect | Op::CallRef, _) => {
                calls += weight;
                if let Some(&inner) = loops.last() {
                    simple_loops[inner] = false;
                }
            }
            _ => {}
        }
        if !matches!(instr.op, Op::End | Op::Delegate) {
            blocks.ended.clear();
        }
    }
    let pins = [Domain::Int, Domain::F64, Domain::F32].map(|domain| {
        // Floats are loaded again after each call, by an instruction of their own.
        let cost = if domain == Domain::Int { 0 } else { calls };
        most_used(domain, kinds, &uses, cost)
    });
    let kept = if rethrown.contains(&true) { max_tries } else { 0 };
    Ok(Prescan { simple_loops, rethrown, kept, last_blocks: blocks.last(), pins })
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
    fn begin(&mut self, block: Block) {
        self.open.push((self.follows.len(), block));
        self.follows.push(Follow::Code);
    }

    /// Ends the innermost block, which it returns, or the function.
    fn end(&mut self) -> Option<Block> {
        let Some((index, block)) = self.open.pop() else {
            self.follow_return();
            return None;
        };
        self.ended.push(index);
        Some(block)
    }

    /// The open block that this label names.
    fn around(&self, label: u32) -> Option<Block> {
        self.open.iter().rev().nth(label as usize).map(|&(_, block)| block)
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
        for block in self.ended.drain(..) {
            self.follows[block] = follow;
        }
    }

    /// For each block whether a return follows its end.
    fn last(mut self) -> Vec<bool> {
        for block in 0..self.follows.len() {
            // The outer block comes first: what follows it is known.
            if let Follow::End(outer) = self.follows[block] {
                self.follows[block] = self.follows[outer];
            }
        }
        self.follows.iter().map(|&follow| follow == Follow::Return).collect()
    }
}

/// The two locals of a domain that are used most, if it is more than `cost`; the lower index wins a draw.
fn most_used(domain: Domain, kinds: &[Kind], uses: &[u64], cost: u64) -> [Option<u32>; 2] {
    let mut best: [Option<(u64, u32)>; 2] = [None; 2];
    for (local, (&kind, &uses)) in kinds.iter().zip(uses).enumerate() {
        if kind == Kind::V128 || kind.domain() != domain || uses <= cost {
            continue;
        }
        let candidate = Some((uses, local as u32));
        if best[0].is_none_or(|(most, _)| uses > most) {
            best = [candidate, best[0]];
        } else if best[1].is_none_or(|(most, _)| uses > most) {
            best[1] = candidate;
        }
    }
    best.map(|best| best.map(|(_, local)| local))
}
