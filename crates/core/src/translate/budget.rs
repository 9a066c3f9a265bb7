//! How much code a function may become. Code is counted in cells as they are before anything is
//! fused, with all operands in slots: an operator is one cell, a `br_table` one more for each
//! label, and what takes any number of values (`struct.new`, `array.new_fixed`) one for each of
//! them. So the count depends on the bytes of the body alone, not on metering, fusion, build or
//! host, and no operator emits more words than [`WORDS`] for each of its cells.
//!
//! Try blocks and their clauses, which are tables beside the code, are counted apart.
//!
//! It is taken before an operator is translated: code never grows beyond the limit first. Nothing
//! here may depend on what else of the module is translated: then it would matter who calls first.

use super::{TranslateError, Translator, encode::TooLarge};
use windlass_decode::{Imm, Instr, Op};

/// Limits of the code of a module's functions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodeLimits {
    /// Cells for each byte of a body.
    pub(crate) per_byte: u32,
    /// Cells for all bodies together.
    pub(crate) per_module: u64,
    /// The bytes of all bodies.
    pub(crate) bytes: u64,
}

/// What a function may have in any case, so that a short one may use a large type.
const BASE: u64 = 64;
/// The most cells of a function: with this many, no branch leads too far.
const MOST: u64 = (1 << 28) / WORDS;
/// The most try blocks and clauses of a function: the index that throws search is made of them in
/// one go.
const MOST_CATCHING: u64 = 1 << 17;
/// The most words of code for a cell.
const WORDS: u64 = 24;

impl CodeLimits {
    /// How many cells a body of so many bytes may become. Of what the module may have in all it
    /// gets its part.
    fn cells(self, body: u64) -> u64 {
        let own = BASE.saturating_add(body.saturating_mul(self.per_byte.into()));
        let bytes = self.bytes.max(1);
        let (whole, rest) = (self.per_module / bytes, self.per_module % bytes);
        // The module's share of it, by bytes, of which there are less than 2^32.
        let part = whole.saturating_mul(body).saturating_add(rest.saturating_mul(body) / bytes);
        own.min(part).min(MOST)
    }
}

/// What a function has of its limit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Budget {
    cells: u64,
    limit: u64,
    /// Try blocks and clauses.
    catching: u64,
}

impl Budget {
    pub(super) fn new(limits: CodeLimits, body: usize) -> Budget {
        let limit = limits.cells(u64::try_from(body).unwrap_or(u64::MAX));
        Budget { limit, ..Budget::default() }
    }

    /// So many cells were spent, of which these are not used yet.
    pub(super) fn cells(&self, unused: usize) -> u64 {
        self.cells.saturating_sub(unused as u64)
    }

    /// Spends cells ahead: as many as wanted, or as are left, if these are at least `least`. How
    /// many.
    pub(super) fn spend(&mut self, least: usize, wanted: usize) -> Result<usize, TooLarge> {
        let left = self.limit.saturating_sub(self.cells);
        if left < least as u64 {
            self.cells = self.cells.saturating_add(least as u64);
            return Err(TooLarge { what: "cells of code", count: self.cells, limit: self.limit });
        }
        let spent = usize::try_from(left).unwrap_or(usize::MAX).min(wanted);
        self.cells += spent as u64;
        Ok(spent)
    }

    /// So many were not used.
    pub(super) fn give_back(&mut self, unused: usize) {
        self.cells = self.cells(unused);
    }

    fn catch(&mut self, more: u64) -> Result<(), TooLarge> {
        self.catching = self.catching.saturating_add(more);
        let (count, limit) = (self.catching, MOST_CATCHING);
        if count > limit {
            return Err(TooLarge { what: "try blocks and clauses", count, limit });
        }
        Ok(())
    }

    /// Whether so many words are no more than the count allows for.
    #[cfg(debug_assertions)]
    pub(super) fn covers(&self, words: usize, unused: usize) -> bool {
        // A function begins and ends with cells that belong to no operator.
        words as u64 <= (self.cells(unused) + 1) * WORDS
    }
}

impl Translator<'_> {
    /// Counts an operator that is about to be translated, and takes the room that it may need.
    #[cfg_attr(feature = "fast", inline(always))]
    pub(super) fn spend(&mut self, instr: &Instr<'_>) -> Result<(), TranslateError> {
        if takes_more(instr.op) {
            return self.spend_more(instr);
        }
        self.take_cells(1)
    }

    #[inline(never)]
    fn spend_more(&mut self, instr: &Instr<'_>) -> Result<(), TranslateError> {
        let values = match (instr.op, instr.imm) {
            (Op::BrTable, Imm::Labels(labels)) => {
                let labels = usize::try_from(labels.len()).unwrap_or(usize::MAX);
                return self.take_targets(labels.saturating_add(1));
            }
            (Op::ArrayNewFixed, Imm::Index2(_, count)) => count.into(),
            (Op::StructNew, Imm::Index(ty)) => {
                let ty = self.source.objects.get(ty as usize).and_then(Option::as_ref);
                ty.map_or(0, |ty| ty.fields.len() as u64)
            }
            _ => 0,
        };
        match (instr.op, instr.imm) {
            (Op::TryTable, Imm::TryTable(_, catches)) => {
                self.budget.catch(catches.iter().count() as u64 + 1)?;
            }
            (Op::Try | Op::Catch | Op::CatchAll, _) => self.budget.catch(1)?,
            _ => {}
        }
        self.take_cells(usize::try_from(values + 1).unwrap_or(usize::MAX))?;
        if pushes_many(instr.op) { self.take_room_for_values() } else { Ok(()) }
    }
}

/// Whether an operator may be more than a cell, or pushes more than two values.
fn takes_more(op: Op) -> bool {
    use Op::*;
    matches!(op, BrTable | ArrayNewFixed | StructNew | TryTable | Try | CatchAll) || pushes_many(op)
}

/// Whether an operator may push as many values as a type has. Others push two at most.
fn pushes_many(op: Op) -> bool {
    use Op::*;
    matches!(op, Call | CallIndirect | CallRef | End | Else | Catch | Delegate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: CodeLimits = CodeLimits { per_byte: u32::MAX, per_module: u64::MAX, bytes: 1 };

    #[test]
    fn limits_are_in_proportion() {
        let limits = CodeLimits { per_byte: 4, per_module: u64::MAX, bytes: 1_000 };
        assert_eq!([1, 1_000].map(|body| limits.cells(body)), [68, 4_064]);
        // Together all functions have no more than the module may have.
        let limits = CodeLimits { per_module: 500, ..limits };
        let bodies = [1, 2, 97, 300, 600];
        assert_eq!(bodies.map(|body| limits.cells(body)), [0, 1, 48, 150, 300]);
    }

    #[test]
    fn branches_reach_everywhere_in_what_the_limits_allow() {
        let most = NONE.cells(u64::MAX);
        assert_eq!(most, MOST);
        let words = usize::try_from(most * WORDS).unwrap_or(usize::MAX);
        assert!(crate::translate::encode::distance(1, words).is_ok());
        assert!(crate::translate::encode::distance(words, 0).is_ok());
    }

    #[test]
    fn what_is_beyond_the_limit_is_an_error() {
        let mut budget = Budget::new(CodeLimits { per_byte: 1, ..NONE }, 10);
        assert_eq!(budget.spend(70, 70), Ok(70));
        assert_eq!(budget.spend(3, 16), Ok(4), "those that are left");
        budget.give_back(1);
        assert_eq!((budget.cells(0), budget.cells(3)), (73, 70));
        assert_eq!(budget.spend(1, 16), Ok(1));
        let error = budget.spend(1, 16).unwrap_err();
        assert_eq!((error.count, error.limit), (75, 74));
        assert!(budget.spend(usize::MAX, usize::MAX).is_err() && budget.spend(1, 1).is_err());
    }
}
