//! [`Contents`], the bytes of a file in memory, in blocks: what was never written takes no room,
//! growing copies nothing, and no call works for longer than it transfers. What is cut off becomes
//! waste, which is freed some at a time. [`Budget`] counts what all of a file system takes, waste
//! included: it must never give back what is still held. Only `tree` uses them.

use crate::{Errno, lists};
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

/// Counts what several things take together: files in memory, and whatever else the embedder lets
/// it count. Set by [`MemoryFs::with_budget`](crate::MemoryFs::with_budget).
pub trait MemoryBudget: Send + Sync {
    /// Takes bytes, if there are so many left; whether there are.
    fn take(&self, bytes: u64) -> bool;

    /// Gives back bytes that were taken.
    fn give_back(&self, bytes: u64);
}

/// How many bytes a file system takes, and may take, those included that it has yet to free.
pub(super) struct Budget {
    used: u64,
    pub(super) limit: u64,
    /// What it has in common with others.
    common: Option<Arc<dyn MemoryBudget>>,
    /// Blocks that no file has any more, and what they count for until they are freed.
    waste: Vec<(Blocks, u64)>,
}

/// The blocks of a file by number.
type Blocks = BTreeMap<u64, Vec<u8>>;

/// So many blocks are freed at once: that takes a part of a millisecond.
const FREED: usize = 1024;
/// So few blocks are no waste.
const FEW: usize = 64;
/// So often waste is freed for what is taken, at most: beyond it, who takes it is told that there
/// is no room, until whoever has made so much has freed it.
const PASSES: usize = 32;

impl Budget {
    pub(super) fn new(limit: u64, common: Option<Arc<dyn MemoryBudget>>) -> Budget {
        Budget { used: 0, limit, common, waste: Vec::new() }
    }

    /// Counts bytes that are about to be used. Frees some waste for them if need be: calls free all
    /// of it, so there is only what others have made meanwhile.
    pub(super) fn take(&mut self, bytes: u64) -> Result<(), Errno> {
        for _ in 0..PASSES {
            if self.try_take(bytes) {
                return Ok(());
            }
            if self.waste.is_empty() || bytes > self.limit {
                break;
            }
            self.reclaim();
        }
        Err(Errno::NoSpc)
    }

    fn try_take(&mut self, bytes: u64) -> bool {
        let used = self.used.checked_add(bytes).filter(|&used| used <= self.limit);
        let Some(used) = used else { return false };
        if bytes > 0 && self.common.as_ref().is_some_and(|common| !common.take(bytes)) {
            return false;
        }
        self.used = used;
        true
    }

    pub(super) fn give_back(&mut self, bytes: u64) {
        self.used = self.used.saturating_sub(bytes);
        if bytes > 0
            && let Some(common) = &self.common
        {
            common.give_back(bytes);
        }
    }

    /// Frees blocks that count for `cost` together: at once if they are few, else they become
    /// waste.
    fn discard(&mut self, blocks: Blocks, cost: u64) {
        if blocks.len() <= FEW || self.waste.try_reserve(1).is_err() {
            drop(blocks);
            self.give_back(cost);
        } else {
            self.waste.push((blocks, cost));
        }
    }

    /// Frees some waste; whether there is more.
    pub(super) fn reclaim(&mut self) -> bool {
        let Some((blocks, cost)) = self.waste.last_mut() else { return false };
        let mut freed = 0;
        for (_, block) in core::iter::from_fn(|| blocks.pop_first()).take(FREED) {
            freed += block_cost(block.len());
        }
        if blocks.is_empty() {
            // With what was reserved and never written.
            freed = *cost;
            self.waste.pop();
        } else {
            *cost -= freed;
        }
        self.give_back(freed);
        !self.waste.is_empty()
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        self.waste.clear();
        self.give_back(self.used);
    }
}

/// The bytes of a file.
#[derive(Default)]
pub(super) struct Contents {
    len: u64,
    /// By number. What is not here, or beyond the end of a block, is zero. No byte of a block is
    /// beyond `len`.
    blocks: Blocks,
    /// These blocks count as whole ones whether they are there or not: ranges, from their first
    /// block to the one behind their last, of which no two touch.
    reserved: BTreeMap<u64, u64>,
    /// What it counts for.
    cost: u64,
}

/// What a node of each of the maps takes.
const NODE: usize = lists::node::<u64, Vec<u8>>();
const BLOCK: usize = 4096;
/// The least that is set aside for a block; then twice as much, and so on.
const LEAST: usize = 64;
/// What a block counts for besides: its place in the map, half of whose nodes may be empty, and
/// what the allocator takes.
const ENTRY: u64 = 112;

/// What is set aside for a block of `len` bytes.
fn capacity(len: usize) -> usize {
    len.next_power_of_two().clamp(LEAST, BLOCK)
}

/// What a block of `len` bytes counts for.
fn block_cost(len: usize) -> u64 {
    capacity(len) as u64 + ENTRY
}

/// The most that a block counts for.
const WHOLE: u64 = BLOCK as u64 + ENTRY;

/// The number of the block that has a byte, and where it is there.
fn place(offset: u64) -> (u64, usize) {
    (offset / BLOCK as u64, (offset % BLOCK as u64) as usize)
}

impl Contents {
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Frees the file: later, if it is large.
    pub(super) fn discard(self, budget: &mut Budget) {
        budget.discard(self.blocks, self.cost);
    }

    /// Fills `target` from `offset` on, as far as the file reaches; returns how far.
    pub(super) fn read(&self, offset: u64, target: &mut [u8]) -> usize {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = target.len().min(left);
        let mut done = 0;
        while done < count {
            let (number, start) = place(offset + done as u64);
            let part = &mut target[done..count];
            let len = part.len().min(BLOCK - start);
            let part = &mut part[..len];
            let block = self.blocks.get(&number).and_then(|block| block.get(start..));
            let block = block.unwrap_or_default();
            let (there, zero) = part.split_at_mut(len.min(block.len()));
            there.copy_from_slice(&block[..there.len()]);
            zero.fill(0);
            done += len;
        }
        count
    }

    /// Writes from `offset` on; returns how much, which is less than all if there is no more room.
    pub(super) fn write(
        &mut self,
        budget: &mut Budget,
        offset: u64,
        source: &[u8],
    ) -> Result<usize, Errno> {
        let mut done = 0;
        while done < source.len() {
            let (number, start) = place(offset + done as u64);
            let len = (source.len() - done).min(BLOCK - start);
            let part = &source[done..done + len];
            match self.write_block(budget, number, start, part) {
                Ok(()) => done += len,
                Err(error) if done == 0 => return Err(error),
                Err(_) => break,
            }
            self.len = self.len.max(offset + done as u64);
        }
        Ok(done)
    }

    fn write_block(
        &mut self,
        budget: &mut Budget,
        number: u64,
        start: usize,
        part: &[u8],
    ) -> Result<(), Errno> {
        let end = start + part.len();
        let mut fresh = Vec::new();
        let is_reserved = self.is_reserved(number);
        let entries = self.blocks.len();
        let block = self.blocks.get_mut(&number);
        let old = block.as_ref().map_or(0, |block| block_cost(block.len()));
        let is_new = block.is_none();
        if is_new {
            lists::room_for_nodes(entries, NODE, capacity(end))?;
        }
        let block = block.unwrap_or(&mut fresh);
        if block.len() < end {
            let more = if is_reserved { 0 } else { block_cost(end) - old };
            budget.take(more)?;
            if block.try_reserve_exact(capacity(end) - block.len()).is_err() {
                budget.give_back(more);
                return Err(Errno::NoSpc);
            }
            self.cost += more;
            block.resize(end, 0);
        }
        block[start..end].copy_from_slice(part);
        if is_new {
            self.blocks.insert(number, fresh);
        }
        Ok(())
    }

    /// Cuts the file, or extends it by zeros.
    pub(super) fn set_len(&mut self, budget: &mut Budget, len: u64) -> Result<(), Errno> {
        if len < self.len {
            // First all that can fail.
            lists::room_for_nodes(self.blocks.len().max(self.reserved.len()), 2 * NODE, 0)?;
            let (number, end) = place(len);
            if end > 0 {
                self.cut_block(budget, number, end)?;
            }
            let kept = number + u64::from(end > 0);
            let cut = self.blocks.split_off(&kept);
            let held: u64 = cut.iter().map(cost).sum();
            let not_written = self.cut_reserved(kept, &cut);
            self.cost -= held + not_written;
            // What was reserved and not written is free at once.
            budget.give_back(not_written);
            budget.discard(cut, held);
        }
        self.len = len;
        Ok(())
    }

    /// Reserves no block from `kept` on any more; tells how much less than they counted for those
    /// take that are there.
    fn cut_reserved(&mut self, kept: u64, cut: &Blocks) -> u64 {
        let mut ranges = self.reserved.split_off(&kept);
        if let Some(mut last) = self.reserved.last_entry()
            && *last.get() > kept
        {
            ranges.insert(kept, last.insert(kept));
        }
        ranges.iter().map(|(&from, &to)| missing(cut, from, to)).sum()
    }

    fn is_reserved(&self, number: u64) -> bool {
        self.reserved.range(..=number).next_back().is_some_and(|(_, &to)| number < to)
    }

    /// Cuts a block that is there.
    fn cut_block(&mut self, budget: &mut Budget, number: u64, end: usize) -> Result<(), Errno> {
        let is_reserved = self.is_reserved(number);
        if let Some(block) = self.blocks.get_mut(&number)
            && end < block.len()
        {
            let freed = block_cost(block.len()) - block_cost(end);
            if freed > 0 {
                let mut smaller = Vec::new();
                smaller.try_reserve_exact(capacity(end))?;
                smaller.extend_from_slice(&block[..end]);
                *block = smaller;
            } else {
                block.truncate(end);
            }
            if !is_reserved {
                self.cost -= freed;
                budget.give_back(freed);
            }
        }
        Ok(())
    }

    /// Makes sure that what is from `start` on and before `end` can be written without taking more
    /// room. Looks at those blocks only, as far as they are there.
    pub(super) fn reserve(
        &mut self,
        budget: &mut Budget,
        start: u64,
        end: u64,
    ) -> Result<(), Errno> {
        let (first, last) = (start / BLOCK as u64, end.div_ceil(BLOCK as u64));
        (last - first).checked_mul(WHOLE).ok_or(Errno::NoSpc)?;
        // From the first to the last of the ranges that this one touches; what lies between them
        // is new.
        let (mut from, mut to, mut done, mut more) = (first, last, first, 0);
        let before = self.reserved.range(..first).next_back().filter(|&(_, &to)| to >= first);
        for (&range_from, &range_to) in before.into_iter().chain(self.reserved.range(first..=last))
        {
            more += missing(&self.blocks, done, range_from);
            (from, to, done) = (from.min(range_from), to.max(range_to), done.max(range_to));
        }
        more += missing(&self.blocks, done, last);
        lists::room_for_nodes(self.reserved.len(), NODE, 0)?;
        budget.take(more)?;
        self.cost += more;
        while let Some((&range, _)) = self.reserved.range(from..=last).next() {
            self.reserved.remove(&range);
        }
        self.reserved.insert(from, to);
        self.len = self.len.max(end);
        Ok(())
    }

    /// A copy of all bytes, if the host has room for them.
    pub(super) fn to_vec(&self) -> Result<Vec<u8>, Errno> {
        let len = usize::try_from(self.len).map_err(|_| Errno::FBig)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| Errno::NoMem)?;
        bytes.resize(len, 0);
        self.read(0, &mut bytes);
        Ok(bytes)
    }
}

/// How much less than whole blocks those take that are there of these.
fn missing(blocks: &Blocks, from: u64, to: u64) -> u64 {
    if from >= to {
        return 0;
    }
    (to - from) * WHOLE - blocks.range(from..to).map(cost).sum::<u64>()
}

fn cost((_, block): (&u64, &Vec<u8>)) -> u64 {
    block_cost(block.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// What a file must count for: computed anew from its blocks.
    fn check(file: &Contents, budget: &Budget) {
        let loose = |(number, _): &(&u64, &Vec<u8>)| !file.is_reserved(**number);
        let blocks: u64 = file.blocks.iter().filter(loose).map(cost).sum();
        let reserved: u64 = file.reserved.iter().map(|(from, to)| to - from).sum();
        assert_eq!(file.cost, blocks + reserved * WHOLE);
        let ends = file.reserved.iter().zip(file.reserved.keys().skip(1));
        assert!(ends.clone().all(|((_, to), next)| to < next), "{:?}", file.reserved);
        assert!(file.reserved.iter().all(|(from, to)| from < to), "{:?}", file.reserved);
        let waste: u64 = budget.waste.iter().map(|&(_, cost)| cost).sum();
        assert_eq!(budget.used, file.cost + waste);
        let end = |(number, block): (&u64, &Vec<u8>)| number * BLOCK as u64 + block.len() as u64;
        assert!(file.blocks.iter().all(|entry| end(entry) <= file.len));
    }

    #[test]
    fn as_a_vector() {
        let (mut file, mut budget) = (Contents::default(), Budget::new(1 << 20, None));
        let mut model: Vec<u8> = Vec::new();
        let mut state = 1u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for step in 0..2000 {
            let offset = random(20_000);
            match random(8) {
                0 => {
                    file.set_len(&mut budget, offset).unwrap();
                    model.resize(offset as usize, 0);
                }
                1 if step % 5 == 0 => {
                    let end = offset + 1 + random(5000);
                    file.reserve(&mut budget, offset, end).unwrap();
                    model.resize(model.len().max(end as usize), 0);
                }
                _ => {
                    let bytes = vec![step as u8 | 1; random(9000) as usize + 1];
                    assert_eq!(file.write(&mut budget, offset, &bytes), Ok(bytes.len()));
                    let end = offset as usize + bytes.len();
                    model.resize(model.len().max(end), 0);
                    model[offset as usize..end].copy_from_slice(&bytes);
                }
            }
            check(&file, &budget);
            assert_eq!(file.len(), model.len() as u64);
            let mut part = vec![7; 5000];
            let count = file.read(offset, &mut part);
            let rest = model.get(offset as usize..).unwrap_or_default();
            assert_eq!(part[..count], rest[..rest.len().min(5000)], "step {step}");
        }
        assert_eq!(file.to_vec().as_ref(), Ok(&model));
        file.set_len(&mut budget, 0).unwrap();
        while budget.reclaim() {}
        assert_eq!(budget.used, 0);
    }

    #[test]
    fn holes_take_no_room() {
        let (mut file, mut budget) = (Contents::default(), Budget::new(10_000, None));
        assert_eq!(file.write(&mut budget, 1 << 50, b"x"), Ok(1));
        assert_eq!((file.len(), file.blocks.len(), budget.used), ((1 << 50) + 1, 1, 64 + ENTRY));
        assert_eq!(file.reserve(&mut budget, 0, 1 << 50), Err(Errno::NoSpc));
        file.set_len(&mut budget, 1 << 60).unwrap();
        // What has more bytes than there are addresses is too large for another reason.
        let too_large = if usize::BITS > 32 { Errno::NoMem } else { Errno::FBig };
        assert_eq!(file.to_vec(), Err(too_large));
        assert_eq!(
            file.write(&mut budget, 0, &[1; 20_000]),
            Ok(8192),
            "as much as there is room for"
        );
        assert_eq!(file.write(&mut budget, 1 << 40, &[1; 4096]), Err(Errno::NoSpc));
        check(&file, &budget);
    }

    #[test]
    fn what_is_reserved_is_what_was_asked_for() {
        let (mut file, mut budget) = (Contents::default(), Budget::new(1 << 20, None));
        let block = BLOCK as u64;
        // Far from the start of the file, which stays as it is.
        file.reserve(&mut budget, (1 << 40) - 1, 1 << 40).unwrap();
        assert_eq!((budget.used, file.len()), (WHOLE, 1 << 40));
        file.set_len(&mut budget, 0).unwrap();
        assert_eq!(budget.used, 0);
        // Parts apart, then what touches and joins them.
        for (from, to, blocks) in
            [(2, 4, 2), (6, 8, 4), (9, 10, 5), (4, 5, 6), (3, 7, 7), (0, 20, 20)]
        {
            file.reserve(&mut budget, from * block, to * block).unwrap();
            assert_eq!(budget.used, blocks * WHOLE, "{from} to {to}");
            check(&file, &budget);
        }
        assert_eq!(file.reserved.len(), 1);
        // Too much leaves everything as it was.
        assert_eq!(file.reserve(&mut budget, 10 * block, 1 << 30), Err(Errno::NoSpc));
        assert_eq!((budget.used, file.len()), (20 * WHOLE, 20 * block));
        file.set_len(&mut budget, 5 * block + 1).unwrap();
        assert_eq!(budget.used, 6 * WHOLE);
        check(&file, &budget);
    }

    #[test]
    fn what_is_taken_frees_no_more_than_a_bound() {
        let (mut file, mut budget) = (Contents::default(), Budget::new(7_500_000, None));
        let blocks = PASSES * FREED + 4 * FREED;
        for number in 0..blocks {
            assert_eq!(file.write(&mut budget, (number * BLOCK) as u64, b"x"), Ok(1));
        }
        file.set_len(&mut budget, 0).unwrap();
        let all = 7_400_000;
        assert_eq!(budget.take(all), Err(Errno::NoSpc));
        assert_eq!(budget.used, 4 * FREED as u64 * (64 + ENTRY), "so many are left");
        assert_eq!(budget.take(all), Ok(()));
    }

    #[test]
    fn what_is_cut_off_is_freed_in_pieces() {
        let (mut file, mut budget) = (Contents::default(), Budget::new(16_000_000, None));
        let blocks = 3000;
        let fill = |file: &mut Contents, budget: &mut Budget| {
            assert_eq!(file.write(budget, 0, &vec![1; blocks * BLOCK]), Ok(blocks * BLOCK));
        };
        fill(&mut file, &mut budget);
        file.reserve(&mut budget, 0, 3500 * BLOCK as u64).unwrap();
        file.set_len(&mut budget, 10 * BLOCK as u64 + 1).unwrap();
        assert_eq!(budget.used, blocks as u64 * WHOLE, "it is held");
        let mut pieces = 0;
        while budget.reclaim() {
            check(&file, &budget);
            pieces += 1;
        }
        assert_eq!((pieces, budget.used), (blocks / FREED, file.cost));
        // What is needed is freed when it is needed.
        fill(&mut file, &mut budget);
        file.set_len(&mut budget, 0).unwrap();
        fill(&mut file, &mut budget);
        check(&file, &budget);
        file.discard(&mut budget);
        assert!(budget.used > 0);
        while budget.reclaim() {}
        assert_eq!(budget.used, 0);
    }
}
