//! The first look at a function body: which locals are used most, and which loops are innermost and
//! make no calls. Whatever must be known before the code that it is about has been read is found here.

use crate::exec::select::{Domain, Kind};
use alloc::{vec, vec::Vec};
use windlass_decode::{Error, Imm, Instrs, Op};

/// What is known of a body before it is translated.
pub(crate) struct Prescan {
    /// For each loop in order of appearance: it has no loops and no calls in it.
    pub(crate) simple_loops: Vec<bool>,
    /// The pinned locals of each domain.
    pub(crate) pins: [[Option<u32>; 2]; 3],
}

/// A use in a loop counts as eight uses outside, up to this depth.
const MAX_DEPTH: u32 = 6;

/// Reads a body. `kinds` are those of the locals, parameters first.
pub(crate) fn prescan(mut instrs: Instrs<'_>, kinds: &[Kind]) -> Result<Prescan, Error> {
    let mut uses = vec![0u64; kinds.len()];
    let mut simple_loops = Vec::new();
    // For each open block the loop that it is, and the loop around each point.
    let mut blocks: Vec<Option<usize>> = Vec::new();
    let mut loops: Vec<usize> = Vec::new();
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
                blocks.push(Some(simple_loops.len()));
                simple_loops.push(true);
            }
            (Op::Block | Op::If | Op::Try | Op::TryTable, _) => blocks.push(None),
            (Op::End, _) => {
                if let Some(Some(_)) = blocks.pop() {
                    loops.pop();
                }
            }
            (Op::Call | Op::CallIndirect | Op::CallRef, _) => {
                calls += weight;
                if let Some(&inner) = loops.last() {
                    simple_loops[inner] = false;
                }
            }
            _ => {}
        }
    }
    let pins = [Domain::Int, Domain::F64, Domain::F32].map(|domain| {
        // Floats are loaded again after each call, by an instruction of their own.
        let cost = if domain == Domain::Int { 0 } else { calls };
        most_used(domain, kinds, &uses, cost)
    });
    Ok(Prescan { simple_loops, pins })
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
