//! Blocks of an embedder's own instruction set: reads their lines, and writes the code of their
//! handlers, in terms of `src/exec/handlers/block.rs`. Words of cells are those of the code that
//! the line was made from, so all operands are constants for the compiler, and branches within the
//! block are jumps of its machine code.
//!
//! ```text
//! block WEIGHT CELL + CELL + ...
//! ```
//!
//! A cell is `NAME{WORD WORD ...}`, with its operand words in hexadecimal digits; or it is left to
//! its own handler, as `NAME[WORD WORD ...]` or as `NAME*COUNT`, whatever its so many operand words
//! are. The latter only if no block can execute it: so each cell of code is one symbol.
//!
//! What is believed here of cells (how many words, which slots) the crate compares with what their
//! bodies say ([`Block::check`]): to be wrong is an error of the build.

use super::{
    Checks,
    body::{Param, Tree},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    format,
    prelude::v1::*,
    vec,
};

/// The most cells of a block, with those that it leaves.
pub(crate) const MOST_CELLS: usize = 4096;

/// A cell of a block.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) name: Tree,
    pub(crate) words: Words,
    /// Or the block leaves it to its own handler.
    pub(crate) is_executed: bool,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Words {
    /// Its operand words.
    Known(Vec<u64>),
    /// It has so many, and is not executed.
    Any(usize),
}

/// What of a cell the bodies confirm.
#[derive(Default)]
struct Form {
    words: usize,
    /// Fields of the first operand word that are slots.
    reads: [bool; 4],
    writes: bool,
    halves: bool,
    /// Whether it can stop for an interrupt or for want of fuel.
    stops: bool,
}

impl Cell {
    /// Reads a cell; `ops` are the functions of instructions.
    pub(crate) fn parse(text: &str, ops: &BTreeSet<String>) -> Result<Cell, String> {
        let text = text.trim();
        let between = |open: char, close: char| {
            text.strip_suffix(close).and_then(|text| text.split_once(open))
        };
        let executed = between('{', '}').map(|parts| (parts, true));
        let left = || between('[', ']').map(|parts| (parts, false));
        if let Some(((name, words), is_executed)) = executed.or_else(left) {
            let word = |word: &str| {
                let is_short = word.len() <= 16 && !word.starts_with('+');
                let number = u64::from_str_radix(word, 16).ok().filter(|_| is_short);
                number.ok_or_else(|| format!("`{word}` is no operand word in hexadecimal digits"))
            };
            let words = words.split_whitespace().map(word).collect::<Result<Vec<_>, _>>()?;
            let cell = Cell { name: Tree::parse(name)?, words: Words::Known(words), is_executed };
            return cell.check(ops).map(|()| cell);
        }
        let any = text.rsplit_once('*').and_then(|(name, count)| Some((name, count.parse().ok()?)));
        let Some((name, count)) = any else {
            let expected = "expected `NAME{WORD ...}`, `NAME[WORD ...]` or `NAME*COUNT`";
            return Err(format!("{expected}, not `{text}`"));
        };
        if count > usize::from(u16::MAX) {
            return Err(format!("no cell has {count} operand words"));
        }
        let cell = Cell { name: Tree::parse(name)?, words: Words::Any(count), is_executed: false };
        match cell.params() {
            Some(_) => Err(format!("`{name}` is left with its words: `{name}[WORD ...]`")),
            None => Ok(cell),
        }
    }

    /// Whether there is such a cell, for all that can be told here.
    fn check(&self, ops: &BTreeSet<String>) -> Result<(), String> {
        let name = self.name.to_text();
        let params = self.params().ok_or_else(|| format!("a block can't execute `{name}`"))?;
        if params.len() != self.name.args.len() {
            return Err(format!("`{name}` has {} parameters", params.len()));
        }
        for (param, arg) in params.iter().zip(&self.name.args) {
            if !param.is(arg, ops) {
                return Err(format!("`{}` in `{name}` is not known", arg.to_text()));
            }
        }
        let (found, form) = (self.len() - 1, self.form());
        if found != form.words {
            return Err(format!("`{name}` has {} operand words, not {found}", form.words));
        }
        Ok(())
    }

    fn params(&self) -> Option<&'static [Param]> {
        self.name.body().filter(|body| body.is_in_blocks).map(|body| body.params)
    }

    /// The operand words, if it is executed; none otherwise.
    pub(crate) fn known(&self) -> &[u64] {
        match &self.words {
            Words::Known(words) if self.is_executed => words,
            _ => &[],
        }
    }

    /// How many words it has, with that of the handler.
    pub(crate) fn len(&self) -> usize {
        1 + match &self.words {
            Words::Known(words) => words.len(),
            Words::Any(count) => *count,
        }
    }

    fn form(&self) -> Form {
        let arg = |index: usize| self.name.args.get(index);
        let is = |index: usize, word: &str| arg(index).is_some_and(|arg| arg.word == word);
        let is_slot = |index: usize| is(index, "Slot");
        let writes = |index: usize| !is(index, "Acc");
        let is_wide = arg(0).is_some_and(|op| {
            ["I64", "F64", "i64", "f64"].iter().any(|wide| op.word.starts_with(wide))
        });
        // Of two operands, from parameter 1 on.
        let pair = || {
            let (a, b) = (is_slot(1), is_slot(2));
            if is(1, "Const") { [false, b, false, false] } else { [false, a, b, false] }
        };
        let has_const = is(1, "Const") || is(2, "Const");
        let wide = usize::from(has_const && is_wide);
        let address = || match arg(1).map(|location| location.args.as_slice()) {
            Some([a]) => [a.word == "Slot", false],
            Some([a, b, _]) => [a.word == "Slot", b.word == "Slot"],
            _ => [false; 2],
        };
        let none = Form::default();
        match self.name.word.as_str() {
            "Un" => Form {
                words: 1,
                reads: [false, is_slot(1), false, false],
                writes: writes(2),
                ..none
            },
            "Bin" => Form { words: 1 + wide, reads: pair(), writes: writes(3), ..none },
            "Copy" => Form {
                words: 1 + usize::from(is(1, "Const") && is_wide),
                reads: [false, is_slot(1), false, false],
                writes: writes(2),
                ..none
            },
            "Select" => Form {
                words: 1 + usize::from(is(1, "Const")) + usize::from(is(2, "Const")),
                reads: [false, is_slot(1), is_slot(2), is_slot(3)],
                writes: writes(4),
                ..none
            },
            "CmpSelect" => {
                Form { words: 2 + wide, reads: pair(), writes: writes(3), halves: true, ..none }
            }
            "Load" => {
                let [a, b] = address();
                Form { words: 1, reads: [false, a, b, false], writes: writes(2), ..none }
            }
            "Store" => {
                let [a, b] = address();
                let words = 1 + usize::from(is(2, "Const"));
                Form { words, reads: [is_slot(2), a, b, false], ..none }
            }
            "GlobalGet" => Form { words: 1, writes: writes(1), ..none },
            "GlobalSet" => Form {
                words: 2 + usize::from(is(1, "Const") && is_wide),
                reads: [false, is_slot(1), false, false],
                ..none
            },
            "BrCmp" | "BrAnd" => Form { words: 2 + wide, reads: pair(), stops: true, ..none },
            "BrTest" => {
                Form { words: 2, reads: [false, is_slot(1), false, false], stops: true, ..none }
            }
            "Latch" => Form {
                words: 3,
                reads: [is_slot(1), is_slot(2), false, false],
                writes: writes(1),
                stops: true,
                ..none
            },
            "LatchTest" => Form {
                words: 3,
                reads: [is_slot(1), false, false, false],
                writes: writes(1),
                stops: true,
                ..none
            },
            "LoadPins" => Form { words: 1, reads: [true, true, false, false], ..none },
            "LoopEnterPinned" => {
                Form { words: 1, reads: [true, true, false, false], stops: true, ..none }
            }
            // Branches, and what pays.
            _ => Form { words: 1, stops: true, ..none },
        }
    }

    /// Field `index` of the first operand word.
    fn field(&self, index: usize) -> i16 {
        let word = self.known().first().copied().unwrap_or_default();
        (word >> (16 * index)) as u16 as i16
    }

    /// The slots that it reads and writes. None if a number can be no slot.
    fn slots(&self) -> Option<BTreeSet<i16>> {
        let form = self.form();
        let mut slots: BTreeSet<i16> =
            (0..4).filter(|&index| form.reads[index]).map(|index| self.field(index)).collect();
        slots.extend(self.written());
        if form.halves {
            let word = *self.known().get(1)?;
            for half in [word as u32 as i32, (word >> 32) as u32 as i32] {
                slots.insert(i16::try_from(half).ok()?);
            }
        }
        Some(slots)
    }

    fn written(&self) -> Option<i16> {
        (!self.known().is_empty() && self.form().writes).then(|| self.field(0))
    }

    /// The operand word that has the target of a branch; and whether the branch is always taken.
    pub(crate) fn branch(&self) -> Option<(usize, bool)> {
        match self.name.word.as_str() {
            _ if self.known().is_empty() => None,
            "Br" => Some((0, true)),
            "BrCmp" | "BrTest" | "BrAnd" | "Latch" | "LatchTest" => Some((1, false)),
            _ => None,
        }
    }

    /// Whether a branch pays for where it goes.
    fn pays(&self) -> bool {
        self.name.has("Interruptible") || self.name.has("Fueled")
    }
}

impl Param {
    fn is(self, arg: &Tree, ops: &BTreeSet<String>) -> bool {
        let inner = arg.args.as_slice();
        let word = arg.word.as_str();
        match (self, word, inner) {
            (Param::Op, _, []) => ops.contains(&snake(word)),
            (Param::Type, "i32" | "i64" | "f32" | "f64", []) => true,
            (Param::Src, "Slot" | "Const" | "Acc" | "P0" | "P1", []) => true,
            (Param::Dst, "Slot" | "SlotOnly" | "Acc" | "P0" | "P1", []) => true,
            (Param::Location, "Base" | "Wrapped", [a]) => Param::Src.is(a, ops),
            (Param::Location, "Indexed", [a, b, shift]) => {
                Param::Src.is(a, ops) && Param::Src.is(b, ops) && shift.word.parse::<u8>().is_ok()
            }
            (Param::Target, "Jump", []) => true,
            (Param::Target, "Again", [meter]) => Param::Meter.is(meter, ops),
            (Param::Meter, "Unmetered" | "Interruptible" | "Fueled", []) => true,
            (Param::Flag, "true" | "false", []) => true,
            _ => false,
        }
    }
}

/// The name of an instruction's function: `i32_load8_u` of `I32Load8U`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The functions of instructions, in the source of what they mean.
pub(crate) fn functions(source: &str) -> BTreeSet<String> {
    let after = source.split("fn ").skip(1);
    let name = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        Some(rest[..end].to_owned())
    };
    after.filter_map(name).collect()
}

/// A block that was read.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) cells: Vec<Cell>,
}

/// What begins and ends around cells, in the code of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Span {
    /// Branches go to its first cell.
    Loop { first: usize, last: usize },
    /// Branches go behind its last cell.
    Label { first: usize, last: usize },
}

impl Span {
    fn bounds(self) -> (usize, usize) {
        match self {
            Span::Loop { first, last } | Span::Label { first, last } => (first, last),
        }
    }
}

impl Block {
    pub(crate) fn parse(names: &str, ops: &BTreeSet<String>) -> Result<Block, String> {
        let cells = names.split(" + ").map(|cell| Cell::parse(cell, ops));
        let cells = cells.collect::<Result<Vec<_>, _>>()?;
        if cells.len() > MOST_CELLS {
            return Err(format!("a block has at most {MOST_CELLS} cells"));
        }
        if !cells[0].is_executed {
            return Err("a block executes its first cell".to_owned());
        }
        let block = Block { cells };
        if block.slots().is_none() {
            return Err("there is no such slot".to_owned());
        }
        Ok(block)
    }

    /// All slots that its cells use, and slot 0.
    fn slots(&self) -> Option<BTreeSet<i16>> {
        let mut all = BTreeSet::new();
        for cell in self.executed().map(|(_, cell)| cell) {
            all.extend(cell.slots()?);
        }
        Some(all)
    }

    fn executed(&self) -> impl Iterator<Item = (usize, &Cell)> {
        self.cells.iter().enumerate().filter(|(_, cell)| cell.is_executed)
    }

    /// Where each cell begins, in words behind the first.
    fn starts(&self) -> Vec<i64> {
        let mut at = 0;
        let start = |cell: &Cell| {
            let start = at;
            at += cell.len() as i64;
            start
        };
        self.cells.iter().map(start).collect()
    }

    /// Where a branch goes, in words behind the start of the first cell.
    fn target(&self, starts: &[i64], index: usize) -> Option<i64> {
        let (word, _) = self.cells[index].branch()?;
        let distance = i64::from(self.cells[index].known()[word] as u32 as i32);
        Some(starts[index] + 1 + distance / 8)
    }

    /// What begins where in the code, the outermost first. A branch that fits into none of these
    /// leaves the block.
    fn spans(&self, starts: &[i64]) -> Vec<Span> {
        let number: BTreeMap<i64, usize> = starts.iter().copied().zip(0..).collect();
        let branches = self.executed().filter_map(|(index, _)| {
            let target = self.target(starts, index)?;
            Some((index, *number.get(&target)?))
        });
        let mut loops: BTreeMap<usize, usize> = BTreeMap::new();
        let mut labels = BTreeSet::new();
        for (index, target) in branches {
            if target <= index {
                let last = loops.entry(target).or_default();
                *last = index.max(*last);
            } else {
                labels.insert(target);
            }
        }
        // A loop ends behind those that begin in it.
        let heads: Vec<usize> = loops.keys().rev().copied().collect();
        for head in heads {
            while let Some((_, &last)) =
                loops.range(head..=loops[&head]).find(|(_, last)| **last > loops[&head])
            {
                loops.insert(head, last);
            }
        }
        let mut spans: Vec<Span> =
            loops.iter().map(|(&first, &last)| Span::Loop { first, last }).collect();
        for target in labels {
            let around = loops.iter().filter(|(first, last)| **first < target && target <= **last);
            let first = around.map(|(&first, _)| first).max().unwrap_or(0);
            spans.push(Span::Label { first, last: target - 1 });
        }
        // Where two begin together the longer is outside; of equal ones, the label.
        spans.sort_by_key(|span| {
            let (first, last) = span.bounds();
            (first, usize::MAX - last, matches!(span, Span::Loop { .. }))
        });
        spans
    }

    /// What the crate has to confirm of the cells, for the block in that line.
    pub(super) fn check(&self, place: &str, checks: &mut Checks) {
        for (_, cell) in self.executed() {
            let Form { words, reads, writes, halves, stops } = cell.form();
            let reads = (0..4).fold(0, |mask, bit| mask | u8::from(reads[bit]) << bit);
            let (body, goes_on) = (cell.name.to_type(), !stops);
            let form = format!("<{body} as Step>::FORM");
            let is = format!("Form::is({form}, {words}, {reads}, {writes}, {halves}, {goes_on})");
            checks.add(&is, place, "no such cell");
        }
    }

    /// The code of its handler, whose body has this name.
    pub(crate) fn write(&self, name: &str, out: &mut String) {
        let starts = self.starts();
        let end = starts.last().map_or(0, |last| last + self.cells[starts.len() - 1].len() as i64);
        let spans = self.spans(&starts);
        let slots = self.slots().unwrap_or_default();
        let first = slots.first().map_or(0, |&first| first.min(0));
        let len = i32::from(slots.last().map_or(0, |&last| last.max(0))) - i32::from(first) + 1;
        let list: Vec<String> = slots.iter().map(i16::to_string).collect();
        let fueled = self.cells.iter().any(|cell| cell.name.has("Fueled"));
        let _ = writeln!(
            out,
            "block! {{\n{name}, {len} slots from {first}: [{}], fueled {fueled}, |m, out| {{",
            list.join(", "),
        );
        let code = Code { block: self, starts: &starts, spans: &spans };
        let mut open: Vec<Span> = Vec::new();
        let mut coming = spans.iter().copied().peekable();
        for index in 0..self.cells.len() {
            while let Some(span) = coming.next_if(|span| span.bounds().0 == index) {
                let _ = match span {
                    Span::Loop { first, .. } => writeln!(out, "'l{first}: loop {{"),
                    Span::Label { last, .. } => writeln!(out, "'t{}: {{", last + 1),
                };
                open.push(span);
            }
            code.cell(index, &open, out);
            while let Some(span) = open.pop_if(|span| span.bounds().1 == index) {
                if let Span::Loop { first, .. } = span {
                    let _ = writeln!(out, "break 'l{first};");
                }
                out.push_str("}\n");
            }
        }
        code.leave(self.cells.len(), &[], end, out);
        out.push_str("}\n}\n");
    }
}

/// The code of a block while it is written.
struct Code<'a> {
    block: &'a Block,
    starts: &'a [i64],
    spans: &'a [Span],
}

impl Code<'_> {
    fn cell(&self, index: usize, open: &[Span], out: &mut String) {
        let cell = &self.block.cells[index];
        let start = self.starts[index];
        if !cell.is_executed {
            return self.leave(index, open, start, out);
        }
        let body = cell.name.to_type();
        let words: Vec<String> = cell.known().iter().map(|word| format!("{word:#x}")).collect();
        let operands = format!("::<{body}, {}>(m, &[{}])", words.len(), words.join(", "));
        if let Some((_, is_always)) = cell.branch() {
            let target = self.block.target(self.starts, index).unwrap_or_default();
            let condition =
                if is_always { "true".to_owned() } else { format!("is_taken{operands}") };
            let _ = writeln!(out, "if {condition} {{");
            if cell.pays() {
                let _ = writeln!(out, "if let Err(stop) = charge{operands} {{");
                // What a latch has computed is to be stored.
                self.stop(index + 1, open, target, out);
                out.push_str("}\n");
            }
            match self.jump(target, open) {
                Some(jump) => {
                    let _ = writeln!(out, "{jump};");
                }
                None => self.leave(index + 1, open, target, out),
            }
            out.push_str("}\n");
            return;
        }
        let next = start + cell.len() as i64;
        let is_loop = matches!(cell.name.word.as_str(), "LoopEnter" | "LoopEnterPinned");
        if is_loop {
            let _ = writeln!(out, "out.enter_loop({next});");
        }
        let _ = writeln!(out, "if let Err(stop) = cell{operands} {{");
        if cell.form().stops {
            self.stop(index, open, next, out);
        } else {
            let _ = writeln!(out, "return out.trap(m, {start}, stop);");
        }
        out.push_str("}\n");
    }

    /// How the code goes to a word, if one of the open spans is for that.
    fn jump(&self, target: i64, open: &[Span]) -> Option<String> {
        open.iter().rev().find_map(|span| match *span {
            Span::Loop { first, .. } if self.starts[first] == target => {
                Some(format!("continue 'l{first}"))
            }
            Span::Label { last, .. } if self.starts.get(last + 1) == Some(&target) => {
                Some(format!("break 't{}", last + 1))
            }
            _ => None,
        })
    }

    /// Leaves the block, when those cells can have been executed that come before `index`, or are
    /// in one of the loops that are open.
    fn leave(&self, index: usize, open: &[Span], word: i64, out: &mut String) {
        self.store(index, open, out);
        let _ = writeln!(out, "return out.leave(m, {word});");
    }

    fn stop(&self, index: usize, open: &[Span], word: i64, out: &mut String) {
        self.store(index, open, out);
        let _ = writeln!(out, "return out.stop(m, {word}, stop);");
    }

    fn store(&self, index: usize, open: &[Span], out: &mut String) {
        let in_loop = open.iter().filter_map(|span| match span {
            Span::Loop { last, .. } => Some(last + 1),
            Span::Label { .. } => None,
        });
        let end = in_loop.max().unwrap_or(0).max(index);
        let written = self.block.cells[..end].iter().filter_map(Cell::written);
        for slot in written.collect::<BTreeSet<_>>() {
            let _ = writeln!(out, "out.store(m, {slot});");
        }
        debug_assert!(self.spans.len() >= open.len());
    }
}

/// The blocks of a set as source: their handlers, and an automaton that finds them in code, read
/// from the last cell to the first (that of Aho and Corasick).
pub(crate) struct Automaton<'a> {
    /// Cells by what they are, in order.
    symbols: BTreeMap<(usize, &'a Words), usize>,
    states: Vec<State>,
}

#[derive(Default)]
struct State {
    next: BTreeMap<usize, usize>,
    /// Where to go on if nothing of `next` comes: the longest end of what was read that begins a
    /// block, too.
    otherwise: usize,
    /// The longest block that begins where this is reached.
    block: Option<usize>,
}

impl<'a> Automaton<'a> {
    /// Of blocks whose parts have these numbers.
    pub(crate) fn new(blocks: &[&'a Block], part: impl Fn(&Tree) -> usize) -> Automaton<'a> {
        let cells = blocks.iter().flat_map(|block| &block.cells);
        let symbols: BTreeSet<_> = cells.map(|cell| (part(&cell.name), &cell.words)).collect();
        let symbols = symbols.into_iter().zip(0..).collect();
        let mut all = Automaton { symbols, states: vec![State::default()] };
        for (number, block) in blocks.iter().enumerate() {
            let mut state = 0;
            for cell in block.cells.iter().rev() {
                let symbol = all.symbols[&(part(&cell.name), &cell.words)];
                let new = all.states.len();
                let next = *all.states[state].next.entry(symbol).or_insert(new);
                if next == new {
                    all.states.push(State::default());
                }
                state = next;
            }
            all.states[state].block.get_or_insert(number);
        }
        // In the order of their depths.
        let mut queue = vec![0];
        let mut at = 0;
        while at < queue.len() {
            let state = queue[at];
            at += 1;
            for (symbol, next) in all.states[state].next.clone() {
                queue.push(next);
                if state > 0 {
                    let otherwise = all.go(all.states[state].otherwise, symbol);
                    all.states[next].otherwise = otherwise;
                    let shorter = all.states[otherwise].block;
                    all.states[next].block = all.states[next].block.or(shorter);
                }
            }
        }
        all
    }

    fn go(&self, mut state: usize, symbol: usize) -> usize {
        loop {
            match self.states[state].next.get(&symbol) {
                Some(&next) => return next,
                None if state == 0 => return 0,
                None => state = self.states[state].otherwise,
            }
        }
    }

    /// As source; and which symbols each of these blocks has.
    pub(crate) fn write(
        &self,
        blocks: &[&'a Block],
        part: impl Fn(&Tree) -> usize,
        out: &mut String,
    ) -> Result<(), String> {
        let symbols = self.symbols.keys().map(|(part, words)| match words {
            Words::Known(words) => format!("Symbol {{ part: {part}, words: Ok(&{words:?}) }}"),
            Words::Any(count) => format!("Symbol {{ part: {part}, words: Err({count}) }}"),
        });
        let head = "/// The cells of blocks, in order.\npub(super) static SYMBOLS";
        super::list(out, head, "Symbol", symbols);
        let mut moves = Vec::new();
        let mut states = Vec::new();
        for state in &self.states {
            let block = state.block.map_or("NONE".to_owned(), |block| block.to_string());
            states.push(format!(
                "State {{ block: {block}, otherwise: {}, first: {}, count: {} }}",
                state.otherwise,
                moves.len(),
                state.next.len(),
            ));
            moves.extend(state.next.iter().map(|(symbol, next)| format!("({symbol}, {next})")));
        }
        if states.len().max(moves.len()) >= usize::from(u16::MAX) {
            return Err("0: the blocks have too many cells".to_owned());
        }
        super::list(out, "/// Beginnings of blocks.\npub(super) static STATES", "State", states);
        super::list(
            out,
            "/// A symbol, and the state it leads to.\npub(super) static MOVES",
            "(u16, u16)",
            moves,
        );
        let cells = blocks.iter().enumerate().map(|(number, block)| {
            let symbol = |cell: &Cell| self.symbols[&(part(&cell.name), &cell.words)].to_string();
            let symbols: Vec<String> = block.cells.iter().map(symbol).collect();
            format!("(run::<Block{number}>, &[{}])", symbols.join(", "))
        });
        super::list(
            out,
            "/// Their handlers, and the symbols of their cells.\npub(super) static BLOCKS",
            "(Handler, &[u16])",
            cells,
        );
        Ok(())
    }
}
