//! The checker: a pass over translated code that verifies the invariants of [`exec`](crate::exec)
//! again, from the module and the handlers' [`Layouts`] and nothing else of the translator's.
//! Called after each translation in builds with debug assertions; release builds do not have it. It
//! must never repair anything.

mod part;
#[cfg(test)]
mod tests;

use super::{FIRST_LOCAL, Source, encode::low};
use crate::exec::{
    Catches, Cell,
    cells::{Field, Layout, Layouts, Part},
};
use alloc::{collections::TryReserveError, vec::Vec};
use core::fmt;
use std::collections::HashMap;
use windlass_decode::{FuncType, Imm, Op, Reader, ValType};

/// An invariant that does not hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Index of the handler word of the cell.
    at: usize,
    /// The invariant's number and what is wrong.
    what: &'static str,
}

impl Fault {
    /// Whether nothing is known to be wrong: the host has no memory to look.
    pub(super) fn is_want_of_memory(&self) -> bool {
        self.what == NO_MEMORY
    }
}

const NO_MEMORY: &str = "no memory to look";

impl From<TryReserveError> for Fault {
    fn from(_: TryReserveError) -> Fault {
        Fault { at: 0, what: NO_MEMORY }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell at word {}: {}", self.at, self.what)
    }
}

/// Verifies the code of the `defined`th function that the module defines.
pub(super) fn check(
    source: Source<'_>,
    defined: usize,
    code: &[Cell],
    catches: &Catches,
) -> Result<(), Fault> {
    let mut checker = Checker::new(source, defined, code)?;
    checker.cells()?;
    checker.catches(catches).map_err(|what| Fault { at: 0, what })
}

type Outcome = Result<(), &'static str>;

/// `what` is wrong unless `holds`.
fn ensure(holds: bool, what: &'static str) -> Outcome {
    if holds { Ok(()) } else { Err(what) }
}

/// The code of a function, and what its first cell says of its frame.
struct Checker<'a> {
    source: Source<'a>,
    code: &'a [Cell],
    /// Whether a cell begins at each word.
    starts: Vec<bool>,
    ty: &'a FuncType,
    param_slots: isize,
    /// Slots of the locals end here, those that keep exceptions among them, and those of operands
    /// begin.
    first_temp: isize,
    /// Slots of operands end here; the two words of the next frame may follow.
    end: isize,
    pins: [[isize; 2]; 3],
    /// The functions of the module that the body calls, by where their code may be.
    callees: HashMap<u64, u32>,
    /// The first cell of the innermost loop whose start the context has.
    again: Option<usize>,
    /// The size of the object that is being made.
    making: Option<u32>,
}

impl<'a> Checker<'a> {
    fn new(source: Source<'a>, defined: usize, code: &'a [Cell]) -> Result<Self, Fault> {
        let context = source.context;
        let ty = context.funcs[context.imported.funcs as usize + defined];
        let Some(ty) = context.type_func(ty) else {
            unreachable!("validation knows the type of every function")
        };
        let locals = &source.decoded.bodies[defined].locals;
        let declared: usize = locals.iter().map(|&(n, ty)| n as usize * ty.slots()).sum();
        let mut checker = Checker {
            source,
            code,
            starts: Vec::new(),
            ty,
            param_slots: width(&ty.params),
            first_temp: (FIRST_LOCAL + declared).cast_signed(),
            end: 0,
            pins: [[0; 2]; 3],
            callees: callees(source, defined)?,
            again: None,
            making: None,
        };
        checker.find_cells()?;
        checker.enter().map_err(|what| Fault { at: 0, what })?;
        Ok(checker)
    }

    /// I1, as far as it does not need the frame: known handlers, one cell after the other.
    fn find_cells(&mut self) -> Result<(), Fault> {
        self.starts.try_reserve_exact(self.code.len())?;
        self.starts.resize(self.code.len(), false);
        let mut at = 0;
        while at < self.code.len() {
            self.starts[at] = true;
            let Some(layout) = Layouts::get().of(self.code[at]).first() else {
                return Err(Fault { at, what: "I1: not a handler" });
            };
            let next = at + 1 + self.words(at, layout);
            if next > self.code.len() {
                return Err(Fault { at, what: "I1: the code ends within the cell" });
            }
            at = next;
        }
        Ok(())
    }

    /// How many operand words the cell has.
    fn words(&self, at: usize, layout: &Layout) -> usize {
        match layout.part {
            Part::BrTable => {
                let targets = self.code.get(at + 1).map_or(0, |word| word.bits() >> 32);
                layout.words + usize::try_from(targets).unwrap_or(usize::MAX - layout.words)
            }
            _ => layout.words,
        }
    }

    /// Every cell.
    fn cells(&mut self) -> Result<(), Fault> {
        let mut starts = Vec::new();
        starts.try_reserve_exact(self.starts.iter().filter(|&&is_start| is_start).count())?;
        starts.extend((0..self.code.len()).filter(|&at| self.starts[at]));
        let mut goes_on = true;
        for (index, &at) in starts.iter().enumerate() {
            ensure(self.is_sequence(&starts[index..]), "I1: what a sequence says follows")
                .map_err(|what| Fault { at, what })?;
            let mut outcome = Err("I1: not a handler");
            for layout in Layouts::get().of(self.code[at]) {
                outcome = self.cell(at, layout);
                if outcome.is_ok() {
                    goes_on = self.track(at, layout);
                    break;
                }
            }
            outcome.map_err(|what| Fault { at, what })?;
        }
        let last = starts.last().copied().unwrap_or(0);
        match goes_on {
            true => Err(Fault { at: last, what: "I3: the code goes on beyond its end" }),
            false => Ok(()),
        }
    }

    /// I1: whether the cells that begin here are those that the first one's handler executes.
    fn is_sequence(&self, starts: &[usize]) -> bool {
        let layouts = Layouts::get();
        let sequences = layouts.sequences(self.code[starts[0]]);
        let follow = |parts: &Vec<u64>| {
            parts.len() <= starts.len()
                && starts
                    .iter()
                    .zip(parts)
                    .skip(1)
                    .all(|(&at, &part)| layouts.begins_with(self.code[at], part))
        };
        sequences.is_empty() || sequences.iter().any(follow)
    }

    /// I5: notes what the cell does to the loop whose start the context has. Whether the next cell
    /// may follow.
    fn track(&mut self, at: usize, layout: &Layout) -> bool {
        match layout.part {
            Part::LoopEnter => self.again = Some(at + 1 + layout.words),
            Part::NewFirst { .. } => self.making = Some(low(self.word(at, 1))),
            Part::NewLast { .. } => self.making = None,
            Part::Call | Part::CallImport | Part::CallIndirect | Part::CallRef => self.again = None,
            _ => {}
        }
        use Part::*;
        !matches!(
            layout.part,
            Jump { .. }
                | BrTable
                | ReturnCall
                | ReturnCallIndirect
                | ReturnCallRef
                | ReturnNone
                | ReturnOne { .. }
                | ReturnMany
                | Throw
                | ThrowRef
                | Unreachable
        )
    }

    fn word(&self, at: usize, index: usize) -> u64 {
        self.code[at + 1 + index].bits()
    }

    /// Field `index` of the cell's first operand word.
    fn field(&self, at: usize, index: usize) -> isize {
        field(self.word(at, 0), index)
    }

    fn low(&self, at: usize, word: usize) -> i32 {
        low(self.word(at, word)).cast_signed()
    }

    fn high(&self, at: usize, word: usize) -> u32 {
        (self.word(at, word) >> 32) as u32
    }

    /// The first cell, and the frame that it sets up.
    fn enter(&mut self) -> Outcome {
        let layouts = self.code.first().map_or(&[][..], |&word| Layouts::get().of(word));
        let domains = layouts.iter().find_map(|layout| match layout.part {
            Part::Enter(domains) => Some(domains),
            _ => None,
        });
        let domains = domains.ok_or("I1: a function begins with enter")?;
        let sizes = self.high(0, 1);
        let [size, zeroed] = [sizes & 0xffff, sizes >> 16].map(|n| (n as usize).cast_signed());
        let half = |index: usize| field(self.word(0, 1), index);
        let pins = [
            [self.field(0, 0), self.field(0, 1)],
            [self.field(0, 2), self.field(0, 3)],
            [half(0), half(1)],
        ];
        self.end = size - FIRST_LOCAL.cast_signed();
        // Behind the locals may be slots that keep exceptions.
        ensure(
            zeroed >= self.first_temp - FIRST_LOCAL.cast_signed(),
            "I2: enter zeroes the locals",
        )?;
        self.first_temp = zeroed + FIRST_LOCAL.cast_signed();
        ensure(
            size <= super::MAX_SLOTS.cast_signed(),
            "I2: cells can name all slots of the frame",
        )?;
        ensure(self.end >= self.first_temp, "I2: the frame has room for the locals")?;
        for (has, [first, second]) in domains.into_iter().zip(pins) {
            ensure(has == (first != 0), "I2: pinned locals are those that enter loads")?;
            for slot in [first, second] {
                let is_local = slot < self.first_temp && self.in_frame(slot);
                ensure(slot == 0 || is_local, "I2: what is pinned is a local")?;
            }
        }
        self.pins = pins;
        Ok(())
    }

    /// I2: parameters lie below the frame's two words, everything else above.
    fn in_frame(&self, slot: isize) -> bool {
        (-self.param_slots..0).contains(&slot)
            || (FIRST_LOCAL.cast_signed()..self.end).contains(&slot)
    }

    /// I2: a vector takes two slots.
    fn vector(&self, slot: isize) -> bool {
        self.in_frame(slot) && self.in_frame(slot + 1)
    }

    /// I2: `count` slots of operands from `from` on.
    fn operands(&self, from: isize, count: isize) -> Outcome {
        let fits = from >= self.first_temp && from + count <= self.end;
        ensure(fits, "I2: operands lie above the locals and in the frame")
    }

    fn cell(&self, at: usize, layout: &Layout) -> Outcome {
        for (index, field) in layout.fields.into_iter().enumerate() {
            let slot = self.field(at, index);
            match field {
                Field::Free => {}
                Field::Read => ensure(self.in_frame(slot), "I2: a slot that is read")?,
                Field::Write => {
                    ensure(self.in_frame(slot), "I2: a slot that is written")?;
                    let pinned = self.pins.as_flattened().contains(&slot);
                    ensure(!pinned, "I2: a pinned local is written with its register")?;
                }
                Field::ReadVector => ensure(self.vector(slot), "I2: a vector that is read")?,
                Field::WriteVector => {
                    ensure(self.vector(slot), "I2: a vector that is written")?;
                    let pins = self.pins.as_flattened();
                    let pinned = pins.contains(&slot) || pins.contains(&(slot + 1));
                    ensure(!pinned, "I2: a pinned local is written with its register")?;
                }
                Field::Pin(domain, number) => {
                    let pin = self.pins[domain as usize][number];
                    ensure(pin != 0 && slot == pin, "I2: a pinned local is the one enter loads")?;
                }
            }
        }
        self.part(at, layout)
    }
}

/// Field `index` of an operand word.
fn field(word: u64, index: usize) -> isize {
    ((word >> (16 * index) & 0xffff) as u16).cast_signed().into()
}

/// How many slots values of these types take.
fn width(types: &[ValType]) -> isize {
    types.iter().map(|ty| ty.slots().cast_signed()).sum()
}

/// The functions of the module that a body calls directly, by where their code may be.
fn callees(source: Source<'_>, defined: usize) -> Result<HashMap<u64, u32>, TryReserveError> {
    let mut callees = HashMap::new();
    let body = &source.decoded.bodies[defined];
    let reader = Reader::new(&source.bytes[body.code.clone()], body.code.start);
    let mut instrs = windlass_decode::Instrs::new(reader, source.context.features);
    while !instrs.reader.is_empty() {
        let Ok(instr) = instrs.next_instr() else { break };
        if let (Op::Call | Op::ReturnCall, Imm::Index(func)) = (instr.op, instr.imm)
            && let Some(callee) = func.checked_sub(source.context.imported.funcs)
        {
            let [stub, current] =
                [source.code.stub(callee as usize), source.code.current(callee as usize)];
            callees.try_reserve(2)?;
            callees.insert(Cell::of_code(stub).bits(), func);
            callees.insert(Cell::of_code(current).bits(), func);
        }
    }
    Ok(callees)
}
