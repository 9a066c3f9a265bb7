//! [`Hierarchy`]: which types are declared supertypes of which. The registry is one over all types,
//! each module has one over its own.
//!
//! A node knows its parent and one ancestor further up (a skew-binary jump pointer), so the
//! question "is `a` below `b`" takes logarithmic time in the depth and constant memory a type. A
//! vector of all ancestors would answer in one step, but a hostile module makes it 63 times as
//! large.
//!
//! In builds without the feature `gc` no type has a supertype.

use crate::func::GC;
use alloc::vec::Vec;

/// A forest of types, each with a number.
pub(crate) trait Hierarchy {
    /// What is known of a type; none if there is none of this number.
    fn node(&self, number: u32) -> Option<Node>;

    /// The node of a new type, whose number is `own`. A `parent` that is not there counts as none.
    fn below(&self, own: u32, parent: Option<u32>) -> Node {
        let ends = || {
            let parent = parent.filter(|_| GC)?;
            let node = self.node(parent)?;
            let middle = self.node(node.jump)?;
            let far = self.node(middle.jump)?;
            let level = node.depth - middle.depth == middle.depth - far.depth;
            let jump = if level { middle.jump } else { parent };
            Some(Node { depth: node.depth + 1, parent, jump })
        };
        ends().unwrap_or(Node { depth: 0, parent: own, jump: own })
    }

    /// How many ancestors a type has.
    fn depth(&self, number: u32) -> u32 {
        self.node(number).map_or(0, |node| node.depth)
    }

    /// The ancestor of a type that has `depth` ancestors itself; the type itself if it is not that
    /// deep.
    fn ancestor(&self, mut number: u32, depth: u32) -> u32 {
        while let Some(node) = self.node(number) {
            if node.depth <= depth {
                break;
            }
            let far = self.depth(node.jump) >= depth;
            number = if far { node.jump } else { node.parent };
        }
        number
    }

    /// Whether `b` is `a` or one of its ancestors.
    fn is_below(&self, a: u32, b: u32) -> bool {
        a == b || GC && self.ancestor(a, self.depth(b)) == b
    }
}

/// The place of a type in a hierarchy. A root is its own parent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// How many ancestors there are.
    depth: u32,
    parent: u32,
    jump: u32,
}

/// Numbers are places.
impl Hierarchy for Vec<Node> {
    fn node(&self, number: u32) -> Option<Node> {
        self.get(number as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_walking_up() {
        let mut hierarchy: Vec<Node> = Vec::new();
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
            hierarchy.push(hierarchy.below(i, parent));
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
