//! Counts which cells are executed, for the choice of the instruction set: with the feature
//! `profile` alone, in which all handlers of all places are there and none of sequences. The loop
//! of [`dispatch`](super::dispatch) reports each cell here, and
//! [`cells::profile`](crate::exec::cells::profile) asks. It changes nothing that guests see.

use super::{Cell, Ip, names::without_paths};
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::{
    cell::RefCell,
    hash::{BuildHasherDefault, Hasher},
    mem,
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// A cell that was executed.
#[derive(Clone, Copy)]
pub(crate) struct Executed {
    name: &'static str,
    pub(crate) count: u64,
    /// The next cell in memory; 0 if the cell does not go on there, or has not yet.
    pub(crate) next: usize,
}

impl Executed {
    /// The name of its handler.
    pub(crate) fn name(&self) -> String {
        without_paths(self.name)
    }
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

/// The code of functions, by where it begins: words.
static CODE: Mutex<BTreeMap<usize, Vec<u64>>> = Mutex::new(BTreeMap::new());

/// Where code begins that has come since somebody asked.
static NEW: Mutex<Vec<usize>> = Mutex::new(Vec::new());

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

/// Code comes to lie there. What lay there before is no more.
pub(crate) fn published(code: &[Cell]) {
    let start = code.as_ptr().addr();
    let mut all = CODE.lock().unwrap_or_else(PoisonError::into_inner);
    let end = start + size_of_val(code);
    all.retain(|&at, words| at >= end || at + 8 * words.len() <= start);
    all.insert(start, code.iter().map(|cell| cell.bits()).collect());
    NEW.lock().unwrap_or_else(PoisonError::into_inner).push(start);
}

/// Shows what was executed on this thread and on those that have ended, since the last call, by the
/// addresses of operands; the code, with the address of each function's; and the addresses of what
/// has come since then.
pub(crate) fn take<R>(
    show: impl FnOnce(&BTreeMap<usize, Executed>, &BTreeMap<usize, Vec<u64>>, &[usize]) -> R,
) -> R {
    LOCAL.with(|local| hand_over(mem::take(&mut local.0.borrow_mut())));
    let all = mem::take(&mut *ALL.lock().unwrap_or_else(PoisonError::into_inner));
    let code = CODE.lock().unwrap_or_else(PoisonError::into_inner);
    let new = mem::take(&mut *NEW.lock().unwrap_or_else(PoisonError::into_inner));
    show(&all, &code, &new)
}
