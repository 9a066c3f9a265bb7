//! [`Roots`]: the references that the host holds, which the collector visits. The public `Rooted`
//! and `OwnedRooted` name their entries by [`Root`]s; a root whose entry is gone is an error, never
//! another reference.
//!
//! [`Pins`] are for references that are held across something that may collect, and that nobody
//! else holds.
//!
//! There are two lists of roots. *Scoped* roots go last in, first out: a scope remembers how many
//! there were and ends by dropping the others. *Owned* roots live as long as their owner, a counter
//! outside the store.

use super::{Embedder, StoreId, StoreInner};
use crate::{Error, Trap, error::error, object_type::Class};
use alloc::{sync::Arc, vec::Vec};
use core::num::NonZeroU64;

/// Names an entry of a store's [`Roots`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Root {
    store: StoreId,
    list: List,
    index: u32,
    generation: NonZeroU64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Scoped,
    Owned,
}

/// A reference that the host holds.
#[derive(Clone, Copy)]
struct Entry {
    /// As it lies in slots; never null.
    slot: u64,
    class: Class,
    /// When the entry was made: tells it from others that had its place.
    generation: NonZeroU64,
}

/// A place for an owned root.
enum Place {
    Held(Entry, Arc<()>),
    Free { next: Option<u32> },
}

impl Place {
    fn entry(&self) -> Option<&Entry> {
        match self {
            Place::Held(entry, _) => Some(entry),
            Place::Free { .. } => None,
        }
    }
}

/// The references that the host holds.
pub(crate) struct Roots {
    scoped: Vec<Entry>,
    owned: Vec<Place>,
    /// The first place in `owned` that is free, and how many are: to note them takes no memory,
    /// which collections have to free.
    free: Option<u32>,
    free_count: usize,
    /// Dead entries are looked for when `owned` has so many.
    trim_at: usize,
    /// Grows whenever entries go: those of a place have different ones.
    generation: NonZeroU64,
}

/// The most entries of `owned` that are never looked through.
const MIN_TRIM: usize = 64;

impl Default for Roots {
    fn default() -> Roots {
        Roots {
            scoped: Vec::new(),
            owned: Vec::new(),
            free: None,
            free_count: 0,
            trim_at: MIN_TRIM,
            generation: NonZeroU64::MIN,
        }
    }
}

impl Roots {
    /// How many scoped roots there are: what a scope remembers.
    #[inline]
    pub(crate) fn depth(&self) -> usize {
        self.scoped.len()
    }

    /// Ends the scope that began when there were `depth` scoped roots.
    #[inline]
    pub(crate) fn leave(&mut self, depth: usize) {
        if self.scoped.len() > depth {
            self.scoped.truncate(depth);
            self.next_generation();
        }
    }

    /// Every reference, for the collector.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Class, u64)> + '_ {
        let owned = self.owned.iter().filter_map(Place::entry);
        self.scoped.iter().chain(owned).map(|entry| (entry.class, entry.slot))
    }

    /// Drops owned roots whose owners are gone. Called before a collection, too.
    pub(crate) fn trim(&mut self) {
        for (index, place) in (0..).zip(&mut self.owned) {
            if matches!(place, Place::Held(_, owner) if Arc::strong_count(owner) == 1) {
                *place = Place::Free { next: self.free.replace(index) };
                self.free_count += 1;
            }
        }
        self.next_generation();
        self.trim_at = MIN_TRIM.max(2 * (self.owned.len() - self.free_count));
    }

    /// A free place, which is so no longer.
    fn claim(&mut self) -> Option<u32> {
        let index = self.free?;
        if let Place::Free { next } = self.owned[index as usize] {
            self.free = next;
            self.free_count -= 1;
        }
        Some(index)
    }

    fn next_generation(&mut self) {
        // 2^64 scopes don't end in the life of a program.
        self.generation = self.generation.saturating_add(1);
    }

    fn entry(&self, root: Root) -> Option<&Entry> {
        let entry = match root.list {
            List::Scoped => self.scoped.get(root.index as usize),
            List::Owned => self.owned.get(root.index as usize)?.entry(),
        };
        entry.filter(|entry| entry.generation == root.generation)
    }
}

impl StoreInner {
    /// A root in the innermost scope for a reference that is not null.
    ///
    /// # Panics
    /// If there are 2^32 roots already: a hundred gigabytes of them.
    pub(crate) fn root(&mut self, class: Class, slot: u64) -> Root {
        let roots = &mut self.roots;
        let index = u32::try_from(roots.scoped.len()).expect("fewer than 2^32 roots");
        let generation = roots.generation;
        roots.scoped.push(Entry { slot, class, generation });
        Root { store: self.id, list: List::Scoped, index, generation }
    }

    /// A root that lives as long as the counter that comes with it.
    ///
    /// # Panics
    /// As `root`.
    pub(crate) fn own(&mut self, class: Class, slot: u64) -> (Root, Arc<()>) {
        let roots = &mut self.roots;
        if roots.free.is_none() && roots.owned.len() >= roots.trim_at {
            roots.trim();
        }
        let (generation, owner) = (roots.generation, Arc::new(()));
        let place = Place::Held(Entry { slot, class, generation }, owner.clone());
        let index = match roots.claim() {
            Some(index) => {
                roots.owned[index as usize] = place;
                index
            }
            None => {
                roots.owned.push(place);
                u32::try_from(roots.owned.len() - 1).expect("fewer than 2^32 roots")
            }
        };
        (Root { store: self.id, list: List::Owned, index, generation }, owner)
    }

    /// A root in a scope for the same reference: an owned one gets another, which does not end with
    /// its owner.
    ///
    /// # Errors
    /// As `rooted`.
    pub(crate) fn scoped(&mut self, root: Root, class: Class, what: &str) -> Result<Root, Error> {
        let slot = self.rooted(root, what)?;
        Ok(match root.list {
            List::Scoped => root,
            List::Owned => self.root(class, slot),
        })
    }

    /// The reference that the root holds, as it lies in slots.
    ///
    /// # Errors
    /// If it belongs to another store, or if its scope has ended. `what` is what it refers to.
    #[inline]
    pub(crate) fn rooted(&self, root: Root, what: &str) -> Result<u64, Error> {
        if root.store != self.id {
            return Err(error!("the {what} belongs to another store"));
        }
        match self.roots.entry(root) {
            Some(entry) => Ok(entry.slot),
            None => Err(gone(what)),
        }
    }
}

/// References that a collection keeps for as long as this lives: those that are about to be stored.
/// Whoever allocates must have them pinned, since the limiter that may be asked can drop the owner
/// of a root, and what is in no place that a collection sees is lost to it.
pub(crate) struct Pins<'a, S: Embedder + ?Sized> {
    /// The store that they are pinned in.
    pub(crate) store: &'a mut S,
    depth: usize,
}

impl<'a, S: Embedder + ?Sized> Pins<'a, S> {
    /// None yet.
    pub(crate) fn new(store: &'a mut S) -> Pins<'a, S> {
        let depth = store.inner().pinned.len();
        Pins { store, depth }
    }

    /// Pins a reference, as it lies in slots.
    ///
    /// # Errors
    /// If the host has no memory for that.
    pub(crate) fn pin(&mut self, class: Class, slot: u64) -> Result<(), Trap> {
        let pinned = &mut self.store.inner().pinned;
        pinned.try_reserve(1).map_err(|_| Trap::AllocationTooLarge)?;
        pinned.push((class, slot));
        Ok(())
    }

    /// How many there are.
    pub(crate) fn len(&mut self) -> usize {
        self.store.inner().pinned.len() - self.depth
    }

    /// Keeps the first `count` of them.
    pub(crate) fn keep(&mut self, count: usize) {
        let depth = self.depth + count;
        self.store.inner().pinned.truncate(depth);
    }
}

impl<S: Embedder + ?Sized> Drop for Pins<'_, S> {
    fn drop(&mut self) {
        self.store.inner().pinned.truncate(self.depth);
    }
}

#[cold]
fn gone(what: &str) -> Error {
    error!("the reference to the {what} was used after its scope: it is not rooted any more")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Engine;

    fn store() -> StoreInner {
        StoreInner::new(StoreId::next(), &Engine::default())
    }

    #[test]
    fn scopes_end_their_roots_and_no_others() {
        let mut store = store();
        let outer = store.root(Class::Any, 8);
        let depth = store.roots.depth();
        let inner = store.root(Class::Any, 16);
        assert_eq!(store.rooted(inner, "it").unwrap(), 16);
        store.roots.leave(depth);
        assert_eq!(store.rooted(outer, "it").unwrap(), 8);
        assert!(store.rooted(inner, "it").is_err());
        let later = store.root(Class::Any, 24);
        assert!(store.rooted(inner, "it").is_err());
        assert_eq!(store.rooted(later, "it").unwrap(), 24);
        assert_eq!(store.roots.iter().collect::<Vec<_>>(), [(Class::Any, 8), (Class::Any, 24)]);
    }

    #[test]
    fn owned_roots_live_as_long_as_their_owners() {
        let mut store = store();
        let (kept, owner) = store.own(Class::Any, 8);
        let (lost, other) = store.own(Class::Exn, 16);
        drop(other);
        store.roots.trim();
        assert_eq!(store.rooted(kept, "it").unwrap(), 8);
        assert!(store.rooted(lost, "it").is_err());
        let (again, _other) = store.own(Class::Any, 32);
        assert!(store.rooted(lost, "it").is_err());
        assert_eq!(store.rooted(again, "it").unwrap(), 32);
        assert_eq!(store.roots.owned.len(), 2);
        drop(owner);
    }

    #[test]
    fn dead_owned_roots_make_room() {
        let mut store = store();
        for _ in 0..10_000 {
            store.own(Class::Any, 8);
        }
        assert!(store.roots.owned.len() <= 2 * MIN_TRIM);
    }
}
