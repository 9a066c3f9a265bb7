//! [`Listing`]: translated code in words, beside the offsets of the Wasm it was made from.

use super::{Line, Source, TranslateError, record};
use alloc::vec::Vec;
use core::fmt;

/// The translated code of a function for people to read.
pub(crate) struct Listing(Vec<Line>);

impl Listing {
    /// Translates a function again and lists its cells.
    pub(crate) fn new(source: Source<'_>, defined: usize) -> Result<Listing, TranslateError> {
        record(source, defined).map(Listing)
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.0 {
            writeln!(f, "{:#08x} {:6}  {}", line.offset, line.at, line.text)?;
        }
        Ok(())
    }
}
