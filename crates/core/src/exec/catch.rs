//! [`Catches`]: what a function's code catches, and where: tables beside the code, which nothing looks at before
//! something is thrown. The translator makes them; `exception` reads them. They must never depend on where the
//! code lies.

use super::machine::Ip;
use alloc::vec::Vec;

/// The try blocks of a function.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Catches {
    /// From which word of the code on which block is the innermost, in the order of words.
    pub(crate) spans: Vec<(u32, Option<u32>)>,
    pub(crate) blocks: Vec<TryBlock>,
}

/// A try block.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TryBlock {
    /// The block that has what this one does not catch.
    pub(crate) outer: Option<u32>,
    /// The first that matches is it.
    pub(crate) clauses: Vec<Clause>,
}

/// A clause of a try block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    /// The module's index of the tag that it catches; none catches all.
    pub(crate) tag: Option<u32>,
    /// The word of the code where it goes on.
    pub(crate) target: u32,
    /// The slots that the fields go to begin here, if there is a tag.
    pub(crate) fields: i16,
    /// The slot that the reference to the exception goes to, if it is wanted.
    pub(crate) reference: Option<i16>,
}

impl Catches {
    /// From `word` on, `block` is the innermost.
    pub(crate) fn begin(&mut self, word: u32, block: Option<u32>) {
        if self.spans.last().is_some_and(|last| last.0 == word) {
            self.spans.pop();
        }
        self.spans.push((word, block));
    }

    /// The innermost block at `word`.
    pub(crate) fn innermost(&self, word: usize) -> Option<u32> {
        let index = self.spans.partition_point(|span| span.0 as usize <= word);
        self.spans[index.checked_sub(1)?].1
    }

    /// The clause for an exception with tag `tag` that is thrown in `block`. `tags` are the running instance's.
    #[inline]
    pub(crate) fn find(&self, mut block: Option<u32>, tags: &[u32], tag: u32) -> Option<&Clause> {
        while let Some(index) = block {
            let TryBlock { outer, clauses } = &self.blocks[index as usize];
            let fits = |clause: &&Clause| clause.tag.is_none_or(|own| tags[own as usize] == tag);
            if let Some(clause) = clauses.iter().find(fits) {
                return Some(clause);
            }
            block = *outer;
        }
        None
    }
}

/// The tables of a function and where its code is.
pub(crate) struct CodeCatches {
    pub(crate) start: Ip,
    pub(crate) len: usize,
    pub(crate) catches: Catches,
}

// SAFETY: I7: it only names the code; what uses the address says why it may.
unsafe impl Send for CodeCatches {}
// SAFETY: as above.
unsafe impl Sync for CodeCatches {}
