//! [`Listing`]: translated code in words, beside the offsets of the Wasm it was made from. `Module`
//! makes it, by translating once more; nothing here is executed.

use super::{Line, Recording, Source, TranslateError, record};
use crate::exec::{Catches, Clause};
use alloc::vec::Vec;
use core::fmt;

/// The translated code of a function, for people to read: see
/// [`Module::listing`](crate::Module::listing).
///
/// It is shown a cell a line: the offset of the Wasm, where the cell lies in the code, in words of
/// 8 bytes, and the cell in words. With `{:#}` brackets show the sequences that are executed as
/// one. At its end are the places where something is caught.
pub struct Listing {
    lines: Vec<Line>,
    catches: Catches,
}

/// A cell of translated code, in a [`Listing`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListingCell<'a> {
    /// Where the Wasm instruction that it was made from lies in the module, in bytes. It may be one
    /// of several: what consumes a value and what computes it are often one cell.
    pub offset: usize,
    /// Where it lies in the code, in words of 8 bytes.
    pub at: usize,
    /// What it does.
    pub text: &'a str,
    /// How many cells are executed as one if this is the first that is come to, itself included:
    /// more than 1 where the instruction set has a sequence. The others are also there for
    /// themselves, for branches to them.
    pub sequence: usize,
}

impl Listing {
    /// Translates a function again and lists its cells.
    pub(crate) fn new(source: Source<'_>, defined: usize) -> Result<Listing, TranslateError> {
        let (lines, catches) = record(source, defined, Recording::Text)?;
        Ok(Listing { lines, catches })
    }

    /// The cells, in order.
    ///
    /// ```
    /// # use windlass::{Engine, Module};
    /// # let wasm = wat::parse_str("(func (param i32) (result i32) local.get 0)").unwrap();
    /// # let module = Module::new(&Engine::default(), wasm)?;
    /// let listing = module.listing(0).expect("function 0 is defined");
    /// let last = listing.cells().last().expect("it has cells");
    /// assert!(last.text.contains("return"));
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn cells(&self) -> impl ExactSizeIterator<Item = ListingCell<'_>> {
        self.lines.iter().map(|line| {
            let Line { at, offset, ref text, sequence } = *line;
            ListingCell { offset, at, text, sequence }
        })
    }

    /// Where something is caught, and what is then done, in lines; nothing for most functions.
    pub fn catches(&self) -> impl fmt::Display {
        ShownCatches(&self.catches)
    }
}

impl ListingCell<'_> {
    /// The bracket that shows sequences, beside this cell: the cells of a function are asked in
    /// order, and `rest`, 0 at first, is how many are still to come of the sequence that is open.
    ///
    /// ```
    /// # use windlass::{Engine, Module};
    /// # let wasm = wat::parse_str("(func (param i32) (result i32) local.get 0)").unwrap();
    /// # let module = Module::new(&Engine::default(), wasm)?;
    /// # let listing = module.listing(0).expect("function 0 is defined");
    /// let mut rest = 0;
    /// for cell in listing.cells() {
    ///     println!("{} {}", cell.bracket(&mut rest), cell.text);
    /// }
    /// assert_eq!(rest, 0);
    /// # Ok::<(), windlass::Error>(())
    /// ```
    pub fn bracket(&self, rest: &mut usize) -> char {
        match (*rest, self.sequence) {
            (0, 0 | 1) => ' ',
            (0, sequence) => {
                *rest = sequence - 1;
                '┌'
            }
            (1, _) => {
                *rest = 0;
                '└'
            }
            _ => {
                *rest -= 1;
                '│'
            }
        }
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = 0;
        for cell in self.cells() {
            let bracket = if f.alternate() { cell.bracket(&mut rest) } else { ' ' };
            writeln!(f, "{:#08x} {:6} {bracket}{}", cell.offset, cell.at, cell.text)?;
        }
        ShownCatches(&self.catches).fmt(f)
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing").field("cells", &self.lines.len()).finish_non_exhaustive()
    }
}

/// Shows what is caught where.
struct ShownCatches<'a>(&'a Catches);

impl fmt::Display for ShownCatches<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, block) in &self.0.spans {
            match block {
                Some(block) => writeln!(f, "    from {word:6}  try {block}")?,
                None => writeln!(f, "    from {word:6}  no try")?,
            }
        }
        for (index, block) in self.0.blocks.iter().enumerate() {
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
