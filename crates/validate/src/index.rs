//! [`Index`]: what is found by numbers that come in any order: in one sort of tree whose code is
//! there once, whatever it holds. Validation and the engine use it where a module decides how many
//! there are. It must never take more than a logarithm of steps for one, nor memory that nobody has
//! asked for.

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
    /// In the order in which they came: that of the nodes.
    values: Vec<T>,
}

/// A balanced tree (an AA tree). Nodes are named by their places and 1; 0 is none.
#[derive(Debug, Default)]
struct Tree {
    nodes: Vec<Node>,
    root: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    number: usize,
    /// The nodes with smaller and with greater numbers below it.
    less: usize,
    more: usize,
    /// How far it is above the lowest nodes, which have 1: one more than what is less, and than
    /// what is more of that.
    level: u8,
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
        self.tree.nodes.try_reserve(count)?;
        self.values.try_reserve(count)
    }

    /// Adds a value, for which there should be room, unless there is one of this number: then that
    /// stays. Returns whether it was added.
    pub fn insert(&mut self, number: usize, value: T) -> bool {
        let is_new = self.tree.insert(number);
        if is_new {
            self.values.push(value);
        }
        is_new
    }

    /// The value of this number.
    pub fn get(&self, number: usize) -> Option<&T> {
        self.at_most(number).filter(|found| found.0 == number).map(|found| found.1)
    }

    /// The value of this number, to be changed.
    pub fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        let at = self.tree.at_most(number)?;
        if self.tree.nodes[at].number == number { self.values.get_mut(at) } else { None }
    }

    /// The greatest number that is not greater than this one, and its value.
    pub fn at_most(&self, number: usize) -> Option<(usize, &T)> {
        let at = self.tree.at_most(number)?;
        Some((self.tree.nodes[at].number, &self.values[at]))
    }

    /// All, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.tree.nodes.iter().map(|node| node.number).zip(&self.values)
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
        self.tree.nodes.clear();
        self.tree.root = 0;
        self.values.clear();
    }
}

impl Tree {
    /// The place of the greatest number that is not greater than this one.
    fn at_most(&self, number: usize) -> Option<usize> {
        let (mut at, mut found) = (self.root, None);
        while at != 0 {
            let node = self.node(at);
            at = match node.number <= number {
                true => {
                    found = Some(at - 1);
                    node.more
                }
                false => node.less,
            };
        }
        found
    }

    /// Adds a number, unless it is there.
    fn insert(&mut self, number: usize) -> bool {
        if self.at_most(number).is_some_and(|at| self.nodes[at].number == number) {
            return false;
        }
        self.nodes.push(Node { number, less: 0, more: 0, level: 1 });
        self.root = self.put(self.root, self.nodes.len());
        true
    }

    /// Puts the last node below this one; returns what stands in its place then. It goes as deep as
    /// the tree is: twice the logarithm at most.
    fn put(&mut self, at: usize, new: usize) -> usize {
        if at == 0 {
            return new;
        }
        let Node { number, less, more, .. } = self.node(at);
        if self.node(new).number < number {
            self.nodes[at - 1].less = self.put(less, new);
        } else {
            self.nodes[at - 1].more = self.put(more, new);
        }
        let at = self.skew(at);
        self.split(at)
    }

    /// What is less must be lower: if it is not, the node goes below it.
    fn skew(&mut self, at: usize) -> usize {
        let Node { less, level, .. } = self.node(at);
        if self.node(less).level != level {
            return at;
        }
        self.nodes[at - 1].less = self.node(less).more;
        self.nodes[less - 1].more = at;
        less
    }

    /// What is more of what is more must be lower: if it is not, the node between goes above both.
    fn split(&mut self, at: usize) -> usize {
        let Node { more, level, .. } = self.node(at);
        if self.node(self.node(more).more).level != level {
            return at;
        }
        self.nodes[at - 1].more = self.node(more).less;
        self.nodes[more - 1].less = at;
        self.nodes[more - 1].level += 1;
        more
    }

    /// A node; none is one on level 0.
    fn node(&self, at: usize) -> Node {
        self.nodes.get(at.wrapping_sub(1)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Index, Tree};
    use alloc::{collections::BTreeMap, vec::Vec};

    /// How deep the tree is; that its nodes are in order and balanced.
    fn depth(tree: &Tree, at: usize, above: usize, below: usize) -> usize {
        if at == 0 {
            return 0;
        }
        let node = tree.node(at);
        assert!((above..below).contains(&node.number));
        assert_eq!(tree.node(node.less).level, node.level - 1);
        assert!(node.level - tree.node(node.more).level <= 1);
        assert!(tree.node(tree.node(node.more).more).level < node.level);
        let less = depth(tree, node.less, above, node.number);
        1 + less.max(depth(tree, node.more, node.number + 1, below))
    }

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
            assert!(depth(&index.tree, index.tree.root, 0, usize::MAX) <= 22);
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
