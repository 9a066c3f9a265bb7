//! [`Listing`]: translated code in words, beside the offsets of the Wasm it was made from.

use super::{Line, Recording, Source, TranslateError, record};
use crate::exec::{Catches, Clause};
use alloc::vec::Vec;
use core::fmt;

/// The translated code of a function for people to read.
pub(crate) struct Listing {
    lines: Vec<Line>,
    catches: Catches,
}

impl Listing {
    /// Translates a function again and lists its cells.
    pub(crate) fn new(source: Source<'_>, defined: usize) -> Result<Listing, TranslateError> {
        let (lines, catches) = record(source, defined, Recording::Text)?;
        Ok(Listing { lines, catches })
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{:#08x} {:6}  {}", line.offset, line.at, line.text)?;
        }
        for (word, block) in &self.catches.spans {
            match block {
                Some(block) => writeln!(f, "    from {word:6}  try {block}")?,
                None => writeln!(f, "    from {word:6}  no try")?,
            }
        }
        for (index, block) in self.catches.blocks.iter().enumerate() {
            for clause in &block.clauses {
                writeln!(f, "     try {index:6}  {}", Shown(clause))?;
            }
            if let Some(outer) = block.outer {
                writeln!(f, "     try {index:6}  is in try {outer}")?;
            }
        }
        Ok(())
    }
}

/// Shows a clause.
struct Shown<'a>(&'a Clause);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Clause { tag, target, fields, reference } = self.0;
        match tag {
            Some(tag) => write!(f, "tag {tag}: fields to s{fields}, ")?,
            None => f.write_str("all: ")?,
        }
        if let Some(slot) = reference {
            write!(f, "reference to s{slot}, ")?;
        }
        write!(f, "go on at {target}")
    }
}
