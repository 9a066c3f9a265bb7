//! [`Profile`]: what programs have executed, for the choice of an instruction set: with the feature
//! `profile`. [`machine::profile`](crate::exec::machine::profile) counts; here the counts are
//! joined with the code that they are of.

use super::profiled::{ProfiledCell, profiled};
use crate::exec::machine::profile::{Executed, take};
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::fmt;

/// Cells that follow each other in memory, with names, and how often each was executed. Only the
/// last may be a branch or a call.
#[allow(unreachable_pub)] // Re-exported by the crate.
pub type Stretch = Vec<(String, u64)>;

/// Which cells were executed. As text it is what `cargo xtask choose` reads: a line for each cell,
/// with its count, and an empty line behind each stretch.
#[allow(unreachable_pub)]
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// By their handlers and counts, in order.
    pub stretches: Vec<Stretch>,
    /// The whole code of each function of which something was executed; in order, too.
    pub functions: Vec<Vec<ProfiledCell>>,
    /// What all functions consist of that were translated since the last profile, executed or not:
    /// handlers, and how many cells of each there are.
    pub code: BTreeMap<String, u64>,
}

impl Profile {
    /// A file for `WINDLASS_INSTRUCTION_SET`: our own instruction set, and the hottest parts of
    /// these programs with their operands, each executed by one handler. It is for engines of this
    /// version, whose [`Metering`](crate::Metering) is as it was here.
    pub fn instruction_set(&self) -> String {
        super::own_set::choose(&self.functions, super::own_set::Wanted::default())
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for stretch in &self.stretches {
            for (name, count) in stretch {
                writeln!(f, "{count} {name}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// What was executed on this thread and on those that have ended, since the last call. To be asked
/// while the modules are there, or before others are: code that comes to lie where other code was
/// is taken for that.
///
/// Where code lies in memory makes no difference: what executes the same has the same profile.
#[allow(unreachable_pub)]
pub fn take_profile() -> Profile {
    let mut profile = take(|executed, code, new| Profile {
        stretches: stretches(executed),
        functions: code.iter().filter_map(|(&at, code)| function(executed, at, code)).collect(),
        code: handlers(new.iter().filter_map(|at| code.get(at))),
    });
    profile.stretches.sort_unstable();
    profile.functions.sort_unstable();
    profile
}

/// How many cells of each handler there are in code.
fn handlers<'a>(code: impl Iterator<Item = &'a Vec<u64>>) -> BTreeMap<String, u64> {
    let mut handlers = BTreeMap::new();
    for cell in code.filter_map(|code| profiled(code, |_| 0)).flatten() {
        *handlers.entry(cell.name).or_default() += 1;
    }
    handlers
}

fn stretches(executed: &BTreeMap<usize, Executed>) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut next = 0;
    for (&address, cell) in executed {
        if stretches.is_empty() || address != next {
            stretches.push(Vec::new());
        }
        let name = cell.name();
        stretches.last_mut().into_iter().for_each(|s| s.push((name.clone(), cell.count)));
        next = cell.next;
    }
    stretches
}

/// The cells of a function whose code lies at an address; none if none was executed.
fn function(
    executed: &BTreeMap<usize, Executed>,
    address: usize,
    code: &[u64],
) -> Option<Vec<ProfiledCell>> {
    executed.range(address..address + size_of_val(code)).next()?;
    let count = |word| executed.get(&(address + 8 * word)).map_or(0, |executed| executed.count);
    profiled(code, count)
}
