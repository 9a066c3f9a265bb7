//! [`Tree`]: the order of places, by whatever lies there. One sort of tree for all that is found by
//! a key, whose code is there once: [`Index`](crate::Index), [`Ordered`](crate::Ordered) and the
//! registry have what lies at the places. It must never take more than a logarithm of steps for
//! one, nor look at a key itself: it asks.

use alloc::{collections::TryReserveError, vec::Vec};
use core::cmp::Ordering;

/// A balanced tree (an AA tree) of places. Who asks says for a place how the key there compares
/// with what is wanted: places with less come before it, those with more after it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// By place; places that are not in the tree have nodes without a meaning.
    nodes: Vec<Node>,
    /// The place at the top and 1, as in nodes; 0 if there is none.
    root: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// What comes before and after it, below it.
    less: usize,
    more: usize,
    /// How far it is above the lowest nodes, which have 1: one more than what is less, and than
    /// what is more of that.
    level: u8,
}

/// How the key at a place compares with the one that is wanted.
pub(crate) type Order<'a> = &'a mut dyn FnMut(usize) -> Ordering;

impl Tree {
    /// Takes room for places below `end`.
    pub(crate) fn reserve(&mut self, end: usize) -> Result<(), TryReserveError> {
        self.nodes.try_reserve(end.saturating_sub(self.nodes.len()))
    }

    /// The last place whose key is not more than the one that is wanted.
    #[inline]
    pub(crate) fn at_most(&self, mut order: impl FnMut(usize) -> Ordering) -> Option<usize> {
        // Small builds have the search once, others here with what is asked inlined.
        match cfg!(feature = "fast") {
            true => self.found(&mut order, false),
            false => self.found::<dyn FnMut(usize) -> Ordering>(&mut order, false),
        }
    }

    /// The first place whose key is more than the one that is wanted.
    pub(crate) fn above(&self, mut order: impl FnMut(usize) -> Ordering) -> Option<usize> {
        self.found::<dyn FnMut(usize) -> Ordering>(&mut order, true)
    }

    /// The first place whose key is more than the wanted one, or the last whose is not.
    #[cfg_attr(feature = "fast", inline)]
    #[cfg_attr(not(feature = "fast"), inline(never))]
    fn found<F: FnMut(usize) -> Ordering + ?Sized>(
        &self,
        order: &mut F,
        above: bool,
    ) -> Option<usize> {
        let (mut at, mut found) = (self.root, None);
        while at != 0 {
            let node = self.node(at);
            let is_above = order(at - 1).is_gt();
            if is_above == above {
                found = Some(at - 1);
            }
            at = if is_above { node.less } else { node.more };
        }
        found
    }

    /// Adds a place, for which there should be room, and whose key no other has.
    pub(crate) fn insert(&mut self, place: usize, order: Order<'_>) {
        if place >= self.nodes.len() {
            self.nodes.resize(place + 1, Node::default());
        }
        self.nodes[place] = Node { less: 0, more: 0, level: 1 };
        self.root = self.put(self.root, place + 1, order);
    }

    /// Takes the place with the wanted key out; none if there is none.
    pub(crate) fn remove(&mut self, order: Order<'_>) -> Option<usize> {
        let mut found = None;
        self.root = self.take(self.root, order, &mut found);
        found
    }

    /// Forgets all; room stays.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.root = 0;
    }

    /// The room for places, none of which from `end` on is in the tree, to give some back.
    pub(crate) fn places(&mut self, end: usize) -> &mut Vec<impl Sized> {
        self.nodes.truncate(end);
        &mut self.nodes
    }

    /// Puts a node below this one; returns what stands in its place then. It goes as deep as the
    /// tree is: twice the logarithm at most.
    fn put(&mut self, at: usize, new: usize, order: Order<'_>) -> usize {
        if at == 0 {
            return new;
        }
        let Node { less, more, .. } = self.node(at);
        if order(at - 1).is_gt() {
            self.nodes[at - 1].less = self.put(less, new, order);
        } else {
            self.nodes[at - 1].more = self.put(more, new, order);
        }
        let at = self.skew(at);
        self.split(at)
    }

    /// Takes a node out that is this one or below it; returns what stands in its place then.
    fn take(&mut self, at: usize, order: Order<'_>, found: &mut Option<usize>) -> usize {
        if at == 0 {
            return 0;
        }
        let node = self.node(at);
        match order(at - 1) {
            Ordering::Greater => self.nodes[at - 1].less = self.take(node.less, order, found),
            Ordering::Less => self.nodes[at - 1].more = self.take(node.more, order, found),
            Ordering::Equal => {
                *found = Some(at - 1);
                // Without what is less it is one of the lowest.
                if node.less == 0 {
                    return node.more;
                }
                let (next, more) = self.take_first(node.more);
                self.nodes[next - 1] = Node { more, ..node };
                return self.balance(next);
            }
        }
        self.balance(at)
    }

    /// Takes the first of this node and those below it out, which is not none; returns it, and what
    /// stands in the node's place then.
    fn take_first(&mut self, at: usize) -> (usize, usize) {
        let Node { less, more, .. } = self.node(at);
        if less == 0 {
            return (at, more);
        }
        let (first, less) = self.take_first(less);
        self.nodes[at - 1].less = less;
        (first, self.balance(at))
    }

    /// Makes a node, below which one was taken out, a tree again.
    fn balance(&mut self, at: usize) -> usize {
        let Node { less, more, level } = self.node(at);
        let lower = self.node(less).level.min(self.node(more).level) + 1;
        if lower < level {
            self.nodes[at - 1].level = lower;
            if lower < self.node(more).level {
                self.nodes[more - 1].level = lower;
            }
        }
        let at = self.skew(at);
        let more = self.skew(self.node(at).more);
        self.nodes[at - 1].more = more;
        if more != 0 {
            self.nodes[more - 1].more = self.skew(self.node(more).more);
        }
        let at = self.split(at);
        self.nodes[at - 1].more = self.split(self.node(at).more);
        at
    }

    /// What is less must be lower: if it is not, the node goes below it.
    fn skew(&mut self, at: usize) -> usize {
        let Node { less, level, .. } = self.node(at);
        if at == 0 || self.node(less).level != level {
            return at;
        }
        self.nodes[at - 1].less = self.node(less).more;
        self.nodes[less - 1].more = at;
        less
    }

    /// What is more of what is more must be lower: if it is not, the node between goes above both.
    fn split(&mut self, at: usize) -> usize {
        let Node { more, level, .. } = self.node(at);
        if at == 0 || self.node(self.node(more).more).level != level {
            return at;
        }
        self.nodes[at - 1].more = self.node(more).less;
        self.nodes[more - 1].less = at;
        self.nodes[more - 1].level += 1;
        more
    }

    /// A node; none is one on level 0.
    #[cfg_attr(not(feature = "fast"), inline(never))]
    fn node(&self, at: usize) -> Node {
        self.nodes.get(at.wrapping_sub(1)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;
    use alloc::{collections::BTreeSet, vec::Vec};

    impl Tree {
        /// Its places in order; and checks that it is balanced.
        pub(crate) fn in_order(&self) -> Vec<usize> {
            let mut places = Vec::new();
            let depth = self.walk(self.root, &mut places);
            assert!(1 << (depth / 2) <= places.len() + 1, "{depth} of {}", places.len());
            places
        }

        fn walk(&self, at: usize, places: &mut Vec<usize>) -> usize {
            if at == 0 {
                return 0;
            }
            let node = self.node(at);
            assert_eq!(self.node(node.less).level, node.level - 1);
            assert!(node.level - self.node(node.more).level <= 1);
            assert!(self.node(self.node(node.more).more).level < node.level);
            let less = self.walk(node.less, places);
            places.push(at - 1);
            1 + less.max(self.walk(node.more, places))
        }
    }

    /// Places are their own keys.
    #[test]
    fn has_what_a_set_has_whatever_comes_and_goes() {
        let (mut tree, mut meant) = (Tree::default(), BTreeSet::new());
        let mut seed = 1_u64;
        for round in 0..6000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // It grows first, is emptied, and grows again.
            let place = (seed >> 33) as usize % 700;
            let is_there = meant.contains(&place);
            if is_there && (round % 3 == 0 || (2000..4500).contains(&round)) {
                assert_eq!(tree.remove(&mut |at| at.cmp(&place)), Some(place));
                meant.remove(&place);
            } else if !is_there && !(2000..4500).contains(&round) {
                tree.insert(place, &mut |at| at.cmp(&place));
                meant.insert(place);
            } else if !is_there {
                assert_eq!(tree.remove(&mut |at| at.cmp(&place)), None);
            }
            if round % 50 == 0 {
                assert_eq!(tree.in_order(), meant.iter().copied().collect::<Vec<_>>());
            }
            let below = meant.range(..=place).next_back();
            assert_eq!(tree.at_most(|at| at.cmp(&place)).as_ref(), below);
            assert_eq!(tree.above(|at| at.cmp(&place)).as_ref(), meant.range(place + 1..).next());
        }
        assert!(!meant.is_empty());
        for place in tree.in_order() {
            assert_eq!(tree.remove(&mut |at| at.cmp(&place)), Some(place));
            tree.in_order();
        }
        assert_eq!(tree.root, 0);
    }
}
