//! [`Slab`]: items by number, for the registry. A number that is free is given again, the lowest
//! first, so that the numbers in use stay low and memory goes back when the highest are free.
//! Everything takes logarithmic time.

use crate::room;
use crate::tree::Tree;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Items by number.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    items: Vec<Option<T>>,
    /// The numbers without an item below the length of `items`. The last number has one, but
    /// between [`Slab::claim`] and [`Slab::put`].
    free: Tree,
    /// How many of them there are; a few are lost where there was no memory to note them.
    unused: usize,
}

impl<T> Default for Slab<T> {
    fn default() -> Slab<T> {
        Slab { items: Vec::new(), free: Tree::default(), unused: 0 }
    }
}

impl<T> Slab<T> {
    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.items.len() - self.unused
    }

    /// One more than the highest number.
    pub(crate) fn end(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.items.get(number as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.items.get_mut(number as usize)?.as_mut()
    }

    /// Makes room for `count` more; none if the host has no memory for that.
    pub(crate) fn reserve(&mut self, count: usize) -> Option<()> {
        self.items.try_reserve(count).ok()
    }

    /// A number that is free, for [`Slab::put`]; none if all below `limit` are in use.
    pub(crate) fn claim(&mut self, limit: u32) -> Option<u32> {
        if let Some(first) = self.free.above(|_| Ordering::Greater) {
            self.forget(first);
            return u32::try_from(first).ok();
        }
        let number = u32::try_from(self.items.len()).ok().filter(|&number| number < limit)?;
        self.items.push(None);
        Some(number)
    }

    /// Gives a claimed number its item.
    pub(crate) fn put(&mut self, number: u32, item: T) {
        if let Some(place) = self.items.get_mut(number as usize) {
            *place = Some(item);
        }
    }

    /// Takes an item out; its number is free.
    pub(crate) fn remove(&mut self, number: u32) -> Option<T> {
        let number = number as usize;
        let item = self.items.get_mut(number)?.take()?;
        self.unused += 1;
        if self.free.reserve(number + 1).is_ok() {
            self.free.insert(number, &mut |at| at.cmp(&number));
        }
        while let Some(None) = self.items.last() {
            self.items.pop();
            self.forget(self.items.len());
        }
        let len = self.items.len();
        give_back(&mut self.items, len);
        give_back(self.free.places(len), len);
        Some(item)
    }

    /// A number is not free any more.
    fn forget(&mut self, number: usize) {
        self.free.remove(&mut |at| at.cmp(&number));
        self.unused -= 1;
    }
}

/// Gives memory back of a list that should have no more than twice this length.
pub(crate) fn give_back<T>(list: &mut Vec<T>, len: usize) {
    if len < list.capacity() / 4 {
        room::shrink_to(list, 2 * len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn insert(slab: &mut Slab<char>, item: char) -> u32 {
        let number = slab.claim(u32::MAX).unwrap();
        slab.put(number, item);
        number
    }

    #[test]
    fn gives_the_lowest_number_and_memory_back() {
        let mut slab = Slab::default();
        let numbers: Vec<u32> = "abcdef".chars().map(|item| insert(&mut slab, item)).collect();
        assert_eq!(numbers, vec![0, 1, 2, 3, 4, 5]);
        assert_eq!((slab.remove(4), slab.remove(1), slab.remove(1)), (Some('e'), Some('b'), None));
        assert_eq!((slab.len(), slab.end()), (4, 6));
        assert_eq!((slab.get(1), slab.get(2)), (None, Some(&'c')));
        assert_eq!(insert(&mut slab, 'g'), 1);
        // The last one goes, and the free one before it.
        assert_eq!((slab.remove(5), slab.len(), slab.end()), (Some('f'), 4, 4));
        assert_eq!(slab.claim(4), None);
        (0..4).for_each(|number| assert!(slab.remove(number).is_some()));
        assert_eq!((slab.len(), slab.end(), slab.items.capacity()), (0, 0, 0));
    }
}
