//! [`Hierarchy`]: which types are declared supertypes of which. The registry has one over all
//! types, each module one over its own.
//!
//! A node knows its parent and one ancestor further up (a skew-binary jump pointer), so the
//! question "is `a` below `b`" takes logarithmic time in the depth and constant memory a type. A
//! vector of all ancestors would answer in one step, but a hostile module makes it 63 times as large.

use alloc::vec::Vec;

/// A forest of types, each identified by its place of insertion.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hierarchy {
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    /// How many ancestors there are.
    depth: u32,
    parent: u32,
    jump: u32,
}

impl Hierarchy {
    /// Adds the next type. A `parent` that is not in the hierarchy yet counts as none.
    pub(crate) fn push(&mut self, parent: Option<u32>) {
        let own = self.nodes.len() as u32;
        let node = match parent.and_then(|p| self.nodes.get(p as usize).map(|node| (p, *node))) {
            None => Node { depth: 0, parent: own, jump: own },
            Some((p, node)) => {
                let middle = self.nodes[node.jump as usize];
                let far = self.nodes[middle.jump as usize];
                let level = node.depth - middle.depth == middle.depth - far.depth;
                let jump = if level { middle.jump } else { p };
                Node { depth: node.depth + 1, parent: p, jump }
            }
        };
        self.nodes.push(node);
    }

    /// How many ancestors `index` has.
    pub(crate) fn depth(&self, index: u32) -> u32 {
        self.nodes.get(index as usize).map_or(0, |node| node.depth)
    }

    /// The ancestor of `index` that has `depth` ancestors itself; `index` itself if it is not that
    /// deep.
    pub(crate) fn ancestor(&self, mut index: u32, depth: u32) -> u32 {
        while let Some(node) = self.nodes.get(index as usize) {
            if node.depth <= depth {
                break;
            }
            let far = self.depth(node.jump) >= depth;
            index = if far { node.jump } else { node.parent };
        }
        index
    }

    /// Whether `b` is `a` or one of its ancestors.
    pub(crate) fn is_below(&self, a: u32, b: u32) -> bool {
        a == b || self.ancestor(a, self.depth(b)) == b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_walking_up() {
        let mut hierarchy = Hierarchy::default();
        let mut parents = Vec::new();
        let mut state = 1u32;
        for i in 0..400u32 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Mostly chains, so that the hierarchy gets deep.
            let parent = match state >> 28 {
                0 => None,
                1 | 2 if i > 0 => Some((state >> 8) % i),
                _ => i.checked_sub(1),
            };
            hierarchy.push(parent);
            parents.push(parent);
        }
        let walk = |mut a: u32, b: u32| loop {
            if a == b {
                return true;
            }
            match parents[a as usize] {
                Some(parent) => a = parent,
                None => return false,
            }
        };
        for a in 0..400 {
            for b in 0..400 {
                assert_eq!(hierarchy.is_below(a, b), walk(a, b), "{a} {b}");
            }
        }
    }
}
