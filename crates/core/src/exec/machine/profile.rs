//! Counts which cells are executed, for the choice of the instruction set: with the feature
//! `profile` alone, in which all handlers of all places are there and none of sequences. The loop
//! of [`dispatch`](super::dispatch) reports each cell here. It changes nothing that guests see.

use super::Ip;
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::{
    cell::RefCell,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    mem,
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Cells that follow each other in memory, with names, and how often each was executed. Only the
/// last may be a branch or a call.
#[allow(unreachable_pub)] // Re-exported by the crate.
pub type Stretch = Vec<(String, u64)>;

/// Which cells were executed, as `cargo xtask choose` reads it: a line for each cell, with its
/// count, and an empty line behind each stretch.
#[allow(unreachable_pub)]
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// In the order of memory.
    pub stretches: Vec<Stretch>,
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

#[derive(Clone, Copy)]
struct Executed {
    name: &'static str,
    count: u64,
    /// The next cell in memory; 0 if the cell does not go on there, or has not yet.
    next: usize,
}

type Counts = HashMap<usize, Executed, BuildHasherDefault<AddressHasher>>;

/// Spreads addresses of words.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(byte.into());
        }
    }

    fn write_usize(&mut self, address: usize) {
        self.0 = (self.0 ^ address as u64 >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The counts of a thread, which are everybody's when it ends.
struct Local(RefCell<Counts>);

impl Drop for Local {
    fn drop(&mut self) {
        hand_over(mem::take(&mut self.0.borrow_mut()));
    }
}

static ALL: Mutex<BTreeMap<usize, Executed>> = Mutex::new(BTreeMap::new());

std::thread_local! {
    static LOCAL: Local = Local(RefCell::default());
}

fn hand_over(counts: Counts) {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    for (address, executed) in counts {
        let known = all.entry(address).or_insert(Executed { count: 0, ..executed });
        known.count += executed.count;
        known.next = known.next.max(executed.next);
    }
}

/// The cell with operands at `ip` was executed, by a handler with this name; `next` is the next
/// handler word if it goes on in memory.
pub(super) fn count(ip: Ip, name: &'static str, next: Option<Ip>) {
    LOCAL.with(|local| {
        let mut counts = local.0.borrow_mut();
        let new = Executed { name, count: 0, next: 0 };
        let executed = counts.entry(ip.addr()).or_insert(new);
        executed.count += 1;
        if let Some(next) = next {
            // Where its operands will be.
            executed.next = next.wrapping_add(1).addr();
        }
    });
}

/// What was executed on this thread and on those that have ended, since the last call. To be asked
/// while the modules are there: code that comes to lie where other code was is taken for that.
#[allow(unreachable_pub)]
pub fn take_profile() -> Profile {
    LOCAL.with(|local| hand_over(mem::take(&mut local.0.borrow_mut())));
    let all = mem::take(&mut *ALL.lock().unwrap_or_else(PoisonError::into_inner));
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut next = 0;
    for (address, executed) in all {
        if stretches.is_empty() || address != next {
            stretches.push(Vec::new());
        }
        let name = without_paths(executed.name);
        stretches.last_mut().into_iter().for_each(|s| s.push((name.clone(), executed.count)));
        next = executed.next;
    }
    Profile { stretches }
}

/// The name of a type without the modules that it and its parameters are in.
fn without_paths(name: &str) -> String {
    let mut short = String::new();
    for word in name.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        short.push_str(word.rsplit("::").next().unwrap_or(word));
    }
    short
}
