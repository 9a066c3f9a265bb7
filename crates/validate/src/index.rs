//! [`Index`]: what is found by numbers that come in any order: in one sort of tree whose code is
//! there once, whatever it holds. Validation and the engine use it where a module decides how many
//! there are. It must never take more than a logarithm of steps for one, nor memory that nobody has
//! asked for.

use crate::tree::Tree;
use alloc::{collections::TryReserveError, vec::Vec};

/// Values by number, each number once; nothing is taken out but all.
///
/// ```
/// let mut index = windlass_validate::Index::default();
/// index.reserve(2)?;
/// index.insert(70, "seventy");
/// index.insert(30, "thirty");
/// assert_eq!(index.get(70), Some(&"seventy"));
/// assert_eq!(index.at_most(69), Some((30, &"thirty")));
/// # Ok::<(), std::collections::TryReserveError>(())
/// ```
#[derive(Debug)]
pub struct Index<T> {
    tree: Tree,
    /// In the order in which they came, with their numbers.
    values: Vec<(usize, T)>,
}

impl<T> Default for Index<T> {
    fn default() -> Index<T> {
        Index { tree: Tree::default(), values: Vec::new() }
    }
}

impl<T> Index<T> {
    /// Takes room for so many more.
    ///
    /// # Errors
    /// If the host has no memory for them.
    pub fn reserve(&mut self, count: usize) -> Result<(), TryReserveError> {
        self.tree.reserve(self.values.len().saturating_add(count))?;
        self.values.try_reserve(count)
    }

    /// Adds a value, for which there should be room, unless there is one of this number: then that
    /// stays. Returns whether it was added.
    pub fn insert(&mut self, number: usize, value: T) -> bool {
        if self.place(number).is_some_and(|at| self.values[at].0 == number) {
            return false;
        }
        self.tree.insert(self.values.len(), &mut |at| self.values[at].0.cmp(&number));
        self.values.push((number, value));
        true
    }

    /// The value of this number.
    pub fn get(&self, number: usize) -> Option<&T> {
        self.at_most(number).filter(|found| found.0 == number).map(|found| found.1)
    }

    /// The value of this number, to be changed.
    pub fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        let at = self.place(number)?;
        let (found, value) = self.values.get_mut(at)?;
        if *found == number { Some(value) } else { None }
    }

    /// The greatest number that is not greater than this one, and its value.
    pub fn at_most(&self, number: usize) -> Option<(usize, &T)> {
        let (number, value) = self.values.get(self.place(number)?)?;
        Some((*number, value))
    }

    /// The place of the greatest number that is not greater than this one.
    fn place(&self, number: usize) -> Option<usize> {
        self.tree.at_most(|at| self.values[at].0.cmp(&number))
    }

    /// All, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.values.iter().map(|(number, value)| (*number, value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Forgets all; room for as many stays.
    pub fn clear(&mut self) {
        self.tree.clear();
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Index;
    use alloc::{collections::BTreeMap, vec::Vec};

    #[test]
    fn finds_what_the_standard_library_finds_however_numbers_come() {
        let orders: [fn(usize) -> usize; 5] = [
            |i| i,
            |i| 2000 - i,
            |i| i * 7919 % 2003,
            |i| if i % 2 == 0 { i } else { 4000 - i },
            |i| i / 3,
        ];
        for order in orders {
            let (mut index, mut meant) = (Index::default(), BTreeMap::new());
            for i in 0..1500 {
                let number = order(i);
                assert_eq!(index.insert(number, i), !meant.contains_key(&number));
                meant.entry(number).or_insert(i);
            }
            assert_eq!(index.tree.in_order().len(), index.len());
            for number in 0..4100 {
                let below = meant.range(..=number).next_back().map(|(&at, i)| (at, i));
                assert_eq!(index.at_most(number), below);
                assert_eq!(index.get(number), meant.get(&number));
                assert_eq!(index.get_mut(number).copied(), meant.get(&number).copied());
            }
            assert_eq!(index.len(), meant.len());
            let mut all: Vec<(usize, usize)> = index.iter().map(|(at, &i)| (at, i)).collect();
            all.sort_unstable();
            assert_eq!(all, meant.into_iter().collect::<Vec<_>>());
            index.clear();
            assert_eq!((index.get(0), index.is_empty()), (None, true));
        }
    }

    #[test]
    fn room_that_is_too_large_is_an_error() {
        assert!(Index::<u64>::default().reserve(usize::MAX).is_err());
    }
}
