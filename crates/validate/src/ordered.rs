//! [`Ordered`]: items in the order of their keys, where keys are texts or numbers that come and go.
//! The engine keeps names of imports and deadlines in it, validation the types of a module. It must
//! never take more than a logarithm of steps for one.

use crate::tree::Tree;
use alloc::{collections::TryReserveError, vec::Vec};
use core::{cmp::Ordering, iter::successors, mem};

/// Items in the order of their keys, each key once. What has the key is the item's own; who asks
/// says how an item compares with what is wanted.
///
/// ```
/// let mut names = windlass_validate::Ordered::default();
/// for name in ["write", "read", "exit"] {
///     names.reserve()?;
///     names.insert(name, |a, b| a.cmp(b));
/// }
/// assert_eq!(names.find(|name| name.cmp(&"read")), Some(&"read"));
/// assert_eq!(names.remove(|name| name.cmp(&"exit")), Some("exit"));
/// assert_eq!(names.iter(|a, b| a.cmp(b)).collect::<Vec<_>>(), [&"read", &"write"]);
/// # Ok::<(), std::collections::TryReserveError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ordered<T> {
    tree: Tree,
    places: Vec<Place<T>>,
    /// The first place without an item.
    vacant: Option<usize>,
    len: usize,
}

#[derive(Clone, Debug)]
enum Place<T> {
    Item(T),
    /// None, and the next place without one.
    Vacant(Option<usize>),
}

impl<T> Default for Ordered<T> {
    fn default() -> Ordered<T> {
        Ordered { tree: Tree::default(), places: Vec::new(), vacant: None, len: 0 }
    }
}

impl<T> Ordered<T> {
    /// Takes room for one more.
    ///
    /// # Errors
    /// If the host has no memory for it.
    pub fn reserve(&mut self) -> Result<(), TryReserveError> {
        if self.vacant.is_none() {
            self.places.try_reserve(1)?;
            self.tree.reserve(self.places.len() + 1)?;
        }
        Ok(())
    }

    /// The item that is equal to what is wanted.
    pub fn find(&self, mut order: impl FnMut(&T) -> Ordering) -> Option<&T> {
        let at = self.tree.at_most(|at| compare(&self.places, at, &mut order))?;
        self.get(at).filter(|item| order(item).is_eq())
    }

    /// The item that is equal to what is wanted, to be changed, but for its key.
    pub fn find_mut(&mut self, mut order: impl FnMut(&T) -> Ordering) -> Option<&mut T> {
        let at = self.tree.at_most(|at| compare(&self.places, at, &mut order))?;
        match self.places.get_mut(at) {
            Some(Place::Item(item)) if order(item).is_eq() => Some(item),
            _ => None,
        }
    }

    /// The first item that comes after what is wanted.
    pub fn above(&self, mut order: impl FnMut(&T) -> Ordering) -> Option<&T> {
        self.get(self.tree.above(|at| compare(&self.places, at, &mut order))?)
    }

    /// Adds an item, for which there should be room, and to which no other is equal.
    pub fn insert(&mut self, item: T, order: impl Fn(&T, &T) -> Ordering) {
        let at = self.vacant.unwrap_or(self.places.len());
        let order = &mut |other: &T| order(other, &item);
        self.tree.insert(at, &mut |at| compare(&self.places, at, order));
        match self.places.get_mut(at) {
            Some(place) => {
                let Place::Vacant(next) = mem::replace(place, Place::Item(item)) else { return };
                self.vacant = next;
            }
            None => self.places.push(Place::Item(item)),
        }
        self.len += 1;
    }

    /// Takes the item out that is equal to what is wanted.
    pub fn remove(&mut self, mut order: impl FnMut(&T) -> Ordering) -> Option<T> {
        let at = self.tree.remove(&mut |at| compare(&self.places, at, &mut order))?;
        match mem::replace(self.places.get_mut(at)?, Place::Vacant(self.vacant.replace(at))) {
            Place::Item(item) => {
                self.len -= 1;
                Some(item)
            }
            Place::Vacant(_) => None,
        }
    }

    /// All, in order.
    pub fn iter(&self, order: impl Fn(&T, &T) -> Ordering) -> impl Iterator<Item = &T> {
        let first = self.above(|_| Ordering::Greater);
        successors(first, move |last| self.above(|item| order(item, last)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn get(&self, at: usize) -> Option<&T> {
        match self.places.get(at)? {
            Place::Item(item) => Some(item),
            Place::Vacant(_) => None,
        }
    }
}

/// How the item at a place compares; the tree has none without.
fn compare<T>(places: &[Place<T>], at: usize, order: &mut impl FnMut(&T) -> Ordering) -> Ordering {
    match places.get(at) {
        Some(Place::Item(item)) => order(item),
        _ => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use super::Ordered;
    use alloc::{vec, vec::Vec};

    #[test]
    fn places_are_given_again_and_the_order_stays() {
        let mut items = Ordered::default();
        for round in 0..50_u32 {
            for key in (0..40).map(|i| i * 7 % 41) {
                items.reserve().unwrap();
                items.insert((key, round), |a: &(u32, u32), b| a.0.cmp(&b.0));
            }
            assert_eq!(items.len(), 40);
            items.find_mut(|item| item.0.cmp(&14)).unwrap().1 = 99;
            assert_eq!(items.find(|item| item.0.cmp(&14)), Some(&(14, 99)));
            let keys: Vec<u32> = items.iter(|a, b| a.0.cmp(&b.0)).map(|item| item.0).collect();
            let mut sorted: Vec<u32> = (0..40).map(|i| i * 7 % 41).collect();
            sorted.sort_unstable();
            assert_eq!(keys, sorted);
            assert_eq!(items.above(|item| item.0.cmp(&39)).map(|item| item.0), Some(40));
            assert_eq!(items.above(|item| item.0.cmp(&40)), None);
            for key in keys {
                assert_eq!(items.remove(|item| item.0.cmp(&key)).map(|item| item.0), Some(key));
                assert_eq!(items.remove(|item| item.0.cmp(&key)), None);
            }
            assert!(items.is_empty());
        }
        assert_eq!(items.places.len(), 40);
    }

    #[test]
    fn a_copy_is_its_own() {
        let mut items = Ordered::default();
        items.insert(vec![1], Ord::cmp);
        let mut copy = items.clone();
        copy.find_mut(|_| core::cmp::Ordering::Equal).unwrap().push(2);
        assert_eq!(items.find(|_| core::cmp::Ordering::Equal), Some(&vec![1]));
    }
}
