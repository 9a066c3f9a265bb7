//! `windlass explore`: a function's Wasm as text, with its offsets, and the cells that it was
//! translated to, side by side. `dump` has its command line.

use std::{fmt::Write, ops::Range};
use windlass::{Error, Escaped, Listing, ListingCell};

/// A module in the text format: lines, and the offset that each comes from.
pub(crate) struct Text(Vec<(usize, String)>);

/// As wide is the text at most, if there is something beside it.
const WIDTH: usize = 56;

impl Text {
    /// Prints a module. Its names can't act on a terminal.
    pub(crate) fn new(bytes: &[u8]) -> Result<Text, Error> {
        let mut storage = String::new();
        let printer = wasmprinter::Config::new();
        let lines = printer
            .offsets_and_lines(bytes, &mut storage)
            .map_err(|error| Error::msg(format!("it can't be shown as text: {error}")))?;
        let mut text: Vec<(usize, String)> = Vec::new();
        for (offset, line) in lines {
            // A line without one belongs to the line before it.
            let offset = offset.and_then(|offset| usize::try_from(offset).ok());
            let offset = offset.unwrap_or_else(|| text.last().map_or(0, |(offset, _)| *offset));
            text.push((offset, Escaped(line.trim_end()).to_string()));
        }
        Ok(Text(text))
    }

    /// The lines of a function, whose body is there: also the one that it begins with.
    fn of(&self, body: &Range<usize>) -> &[(usize, String)] {
        let end = self.0.partition_point(|(offset, _)| *offset < body.end);
        let is_head = |line: &str| line.trim_start().starts_with("(func ");
        // Its own head is the last before its end, whichever offset the printer gives that.
        let head = self.0[..end].iter().rposition(|(_, line)| is_head(line));
        let start = || self.0.partition_point(|(offset, _)| *offset < body.start);
        &self.0[head.unwrap_or_else(start).min(end)..end]
    }
}

/// Both sides, line by line: cells stand beside the instruction that they were made from, or below
/// it. Those that are made later, from what was before, stand below what is there.
pub(crate) fn sides(text: &Text, body: Range<usize>, listing: &Listing) -> String {
    let lines = text.of(&body);
    let indent = lines.first().map_or(0, |(_, line)| line.len() - line.trim_start().len());
    let width = lines.iter().map(|(_, line)| line.chars().count() - indent).max().unwrap_or(0);
    let mut sides = Sides { lines, indent, width: width.min(WIDTH), text: String::new() };
    let mut rest = 0;
    for cell in listing.cells() {
        sides.left_to(cell.offset);
        let at = sides.lines.iter().position(|(offset, _)| *offset == cell.offset);
        sides.both(at == Some(0), &show(cell, &mut rest));
    }
    sides.left_to(usize::MAX);
    sides.text + &listing.catches().to_string()
}

/// The text that grows, and the lines of the left side that are still to come.
struct Sides<'a> {
    lines: &'a [(usize, String)],
    indent: usize,
    width: usize,
    text: String,
}

impl Sides<'_> {
    /// Shows the lines before this offset, with nothing beside them.
    fn left_to(&mut self, offset: usize) {
        while self.lines.first().is_some_and(|(at, _)| *at < offset) {
            self.both(true, "");
        }
    }

    /// Shows the next line, or none, and something beside it.
    fn both(&mut self, takes_line: bool, right: &str) {
        let left = match self.lines.split_first() {
            Some(((offset, line), rest)) if takes_line => {
                self.lines = rest;
                format!("{offset:#08x}  {}", line.get(self.indent..).unwrap_or(line))
            }
            _ => String::new(),
        };
        let line = format!("{left:width$} │{right}", width = self.width + "0x000000  ".len());
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{}", line.trim_end());
    }
}

/// A cell, with the bracket of its sequence; `rest` cells of the one before are still to come.
fn show(cell: ListingCell<'_>, rest: &mut usize) -> String {
    format!("{:6} {}{}", cell.at, cell.bracket(rest), cell.text)
}
