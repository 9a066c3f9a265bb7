//! Chooses the blocks of a program's own instruction set from its profile. Which cells a block can
//! execute, and what is in a line, says the code that reads such files when the engine is built.
//!
//! The plan:
//! 1. A cell is hot if it was executed often enough to matter. What is not, and what a block can't
//!    execute (calls, objects, vectors), is left to its own handler wherever it lies.
//! 2. From where a block begins, it has all hot cells that lead on from there, in the order of
//!    memory: arms, loops, loops in loops. So it ends where control leaves for good.
//! 3. Blocks are to begin where hot code is come to from elsewhere: after a call, at the begin of a
//!    function, out of cold code; and where another block leaves for hot code.
//! 4. The best is taken, then the best of what it leaves to do, until there are as many cells as
//!    wanted.

use super::profiled::ProfiledCell;
use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec::Vec,
};
use core::fmt::Write;
use set::block::{Cell, MOST_CELLS, functions};

/// What the build has names for, too.
mod name {
    pub(super) use crate::exec::machine::Name;
}
#[allow(dead_code)]
#[path = "../../../build/set.rs"]
mod set;

/// The most cells of all blocks, with those that they leave: the build numbers them by 16 bits.
const MOST_CELLS_OF_ALL: usize = 60_000;

/// How much is to be chosen.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    /// How many cells the blocks execute at most, and each.
    pub(crate) cells: usize,
    pub(crate) cells_of_block: usize,
    /// A cell is hot if it is so many parts of a million of all that was executed; a block is
    /// wanted if it is worth so many.
    pub(crate) hot: u64,
    pub(crate) least: u64,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted { cells: 5_000, cells_of_block: 600, hot: 20, least: 500 }
    }
}

/// The code of a function.
struct Function<'a> {
    cells: &'a [ProfiledCell],
    /// Those that blocks can execute.
    known: Vec<Option<Cell>>,
    /// Where each begins, in words.
    starts: Vec<i64>,
    number: BTreeMap<i64, usize>,
    is_hot: Vec<bool>,
    /// Whether it can lie in a block.
    can_lie: Vec<bool>,
    /// How often each is still executed by its own handler.
    rest: Vec<u64>,
}

/// A block that there can be.
struct Candidate {
    function: usize,
    /// The cells that it executes.
    cells: BTreeSet<usize>,
}

impl Candidate {
    /// How many cells it has, with those that it leaves.
    fn length(&self) -> usize {
        let ends = self.cells.first().zip(self.cells.last());
        ends.map_or(0, |(first, last)| last - first + 1)
    }
}

impl<'a> Function<'a> {
    fn new(cells: &'a [ProfiledCell], ops: &BTreeSet<String>, least: u64) -> Function<'a> {
        let mut at = 0;
        let start = |cell: &ProfiledCell| {
            let start = at;
            at += 1 + cell.words.len() as i64;
            start
        };
        let starts: Vec<i64> = cells.iter().map(start).collect();
        let number = starts.iter().copied().zip(0..).collect();
        let known: Vec<_> =
            cells.iter().map(|cell| Cell::parse(&executed(cell), ops).ok()).collect();
        let is_hot =
            |(cell, known): (&ProfiledCell, &Option<Cell>)| known.is_some() && cell.count >= least;
        let is_other = |cell: &ProfiledCell| {
            let body = cell.name.split('<').next().unwrap_or_default();
            OTHERS.contains(&body) && !cell.name.contains("Simd")
        };
        let can_lie =
            |(cell, known): (&ProfiledCell, &Option<Cell>)| known.is_some() || is_other(cell);
        let can_lie = cells.iter().zip(&known).map(can_lie).collect();
        let is_hot = cells.iter().zip(&known).map(is_hot).collect();
        let rest = cells.iter().map(|cell| cell.count).collect();
        Function { cells, known, starts, number, is_hot, can_lie, rest }
    }

    /// The cell that a distance leads to.
    fn at_distance(&self, from: usize, word: u64) -> Option<usize> {
        let distance = i64::from(word as u32 as i32);
        self.number.get(&(self.starts[from] + 1 + distance / 8)).copied()
    }

    /// The cells that can come after one that a block executes.
    fn after(&self, index: usize) -> Vec<usize> {
        let branch = self.known[index].as_ref().and_then(Cell::branch);
        let target =
            branch.and_then(|(word, _)| self.at_distance(index, self.cells[index].words[word]));
        let goes_on = branch.is_none_or(|(_, is_always)| !is_always);
        let next = Some(index + 1).filter(|&next| goes_on && next < self.cells.len());
        target.into_iter().chain(next).collect()
    }

    /// Where hot code is come to after a cell that blocks do not execute.
    fn after_other(&self, index: usize) -> Vec<usize> {
        let cell = &self.cells[index];
        let mut after = Vec::from([index + 1]);
        if cell.name.starts_with("BrTable") {
            let targets = cell.words.iter().skip(1);
            after = targets.filter_map(|&word| self.at_distance(index, word)).collect();
        }
        after.retain(|&next| self.is_hot.get(next) == Some(&true));
        after
    }

    /// Where control comes to hot code out of cells that are in no block.
    fn entries(&self) -> Vec<usize> {
        let mut entries = Vec::new();
        for (index, cell) in self.cells.iter().enumerate() {
            if !self.is_hot[index] && cell.count > 0 {
                entries.extend(match self.known[index] {
                    Some(_) => self.after(index),
                    None => self.after_other(index),
                });
            }
        }
        entries.retain(|&entry| self.is_hot[entry]);
        entries
    }

    /// The cells of the block that begins there; and where those begin that it leaves for.
    fn block(&self, entry: usize, most: usize) -> (BTreeSet<usize>, Vec<usize>) {
        let (mut cells, mut next) = (BTreeSet::new(), BTreeSet::from([entry]));
        let mut left = Vec::new();
        let lie = self.can_lie[entry..].iter().take(MOST_CELLS).take_while(|can| **can);
        let end = entry + lie.count();
        while let Some(index) = next.pop_first() {
            if index < entry || index >= end || !self.is_hot[index] || cells.len() >= most {
                match self.is_hot[index] {
                    true => left.push(index),
                    false if self.known[index].is_none() => left.extend(self.after_other(index)),
                    false => {}
                }
                continue;
            }
            cells.insert(index);
            next.extend(self.after(index).into_iter().filter(|after| !cells.contains(after)));
        }
        (cells, left)
    }

    /// How many dispatches a block saves: how often each of its cells is executed in it.
    fn saved(&self, cells: &BTreeSet<usize>) -> Vec<(usize, u64)> {
        let Some(&entry) = cells.first() else { return Vec::new() };
        // A cell outside of the block's loops is executed once at most.
        let mut end_of_loops = entry;
        let mut in_loop: BTreeSet<usize> = BTreeSet::new();
        for &index in cells.iter().rev() {
            for target in self.after(index).into_iter().filter(|target| *target <= index) {
                in_loop.extend(cells.range(target..=index));
                end_of_loops = end_of_loops.max(index);
            }
        }
        let entered = self.cells[entry].count;
        let share = |&index: &usize| {
            let most = if in_loop.contains(&index) { u64::MAX } else { entered };
            (index, self.rest[index].min(most))
        };
        cells.iter().map(share).collect()
    }
}

/// Bodies that blocks do not execute, but which can lie in one.
const OTHERS: [&str; 20] = [
    "BrTable",
    "Call",
    "CallImport",
    "CallIndirect",
    "CallRef",
    "Enter",
    "Gather",
    "MoveMany",
    "Reload",
    "Return",
    "ReturnCall",
    "ReturnCallImport",
    "ReturnCallIndirect",
    "ReturnCallRef",
    "ReturnMany",
    "ReturnNone",
    "Slow",
    "SmallCopy",
    "SmallFill",
    "Unreachable",
];

/// A cell as the file has it, if a block executes it.
fn executed(cell: &ProfiledCell) -> String {
    format!("{}{{{}}}", cell.name, words(cell))
}

fn words(cell: &ProfiledCell) -> String {
    let words: Vec<String> = cell.words.iter().map(|word| format!("{word:x}")).collect();
    words.join(" ")
}

/// The file: our own instruction set, and blocks.
pub(crate) fn choose(functions_executed: &[Vec<ProfiledCell>], wanted: Wanted) -> String {
    let ops = functions(include_str!("../meaning/num.rs"));
    let total: u64 = functions_executed.iter().flatten().map(|cell| cell.count).sum();
    let part = |parts: u64| (u128::from(total) * u128::from(parts) / 1_000_000) as u64;
    let mut all: Vec<Function<'_>> = functions_executed
        .iter()
        .map(|cells| Function::new(cells, &ops, part(wanted.hot).max(1)))
        .collect();
    let mut candidates = candidates(&all, wanted.cells_of_block);
    let mut out = format!(
        "# The instruction set of a program: ours, and parts of its code. Made by `windlass\n\
         # profile`; weights are parts of a million of what it executes.\n\n\
         windlass {}\ninclude general\n\n",
        env!("CARGO_PKG_VERSION"),
    );
    let (mut cells, mut all_cells) = (0, 0);
    let mut lines = BTreeSet::new();
    let worth = |all: &[Function<'_>], candidate: &Candidate| -> u64 {
        let saved = all[candidate.function].saved(&candidate.cells);
        saved.into_iter().map(|(_, count)| count).sum()
    };
    let mut worths: Vec<u64> = candidates.iter().map(|one| worth(&all, one)).collect();
    // What a block is worth only falls while others are taken: so the first that is still worth as
    // much as it was is the best.
    while let Some((index, &known)) =
        worths.iter().enumerate().max_by_key(|&(index, worth)| (*worth, usize::MAX - index))
    {
        let now = worth(&all, &candidates[index]);
        if now < known {
            worths[index] = now;
            continue;
        }
        worths.swap_remove(index);
        let candidate = candidates.swap_remove(index);
        if now < part(wanted.least).max(1) {
            break;
        }
        let length = candidate.length();
        if cells + candidate.cells.len() > wanted.cells || all_cells + length > MOST_CELLS_OF_ALL {
            continue;
        }
        let function = &mut all[candidate.function];
        let text = line(function, &candidate.cells);
        for (index, count) in function.saved(&candidate.cells) {
            function.rest[index] -= count;
        }
        if candidate.cells.len() > 1 && lines.insert(text.clone()) {
            cells += candidate.cells.len();
            all_cells += length;
            let weight = u128::from(now) * 1_000_000 / u128::from(total.max(1));
            let _ = writeln!(out, "block {weight} {text}");
        }
    }
    out
}

fn candidates(all: &[Function<'_>], most: usize) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for (number, function) in all.iter().enumerate() {
        let mut known = BTreeSet::new();
        let mut entries = function.entries();
        while let Some(entry) = entries.pop() {
            if known.insert(entry) {
                let (cells, left) = function.block(entry, most);
                entries.extend(left);
                candidates.push(Candidate { function: number, cells });
            }
        }
    }
    candidates
}

/// The cells of a block, and those between them, as the file has them.
fn line(function: &Function<'_>, cells: &BTreeSet<usize>) -> String {
    let (Some(&first), Some(&last)) = (cells.first(), cells.last()) else { return String::new() };
    let cell = |index: usize| {
        let cell = &function.cells[index];
        match cells.contains(&index) {
            true => executed(cell),
            false if function.known[index].is_some() => format!("{}[{}]", cell.name, words(cell)),
            false => format!("{}*{}", cell.name, cell.words.len()),
        }
    };
    (first..=last).map(cell).collect::<Vec<_>>().join(" + ")
}

#[cfg(test)]
#[path = "own_set_tests.rs"]
mod tests;
