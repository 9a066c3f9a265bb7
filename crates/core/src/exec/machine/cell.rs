//! Cells of translated code, and how their operand words are packed. The translator writes them;
//! handlers read them by [`Machine`](super::Machine).
//!
//! A cell is a handler word followed by operand words. Fields of the first operand word: four slot
//! numbers (`u16`-sized, signed), or two and a 32-bit constant; constants of 64 bits take a word of
//! their own.

use super::dispatch::Handler;

/// One word of translated code.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) union Cell {
    /// The first word of each cell.
    pub(crate) handler: Handler,
    /// Operands.
    pub(crate) word: u64,
    /// The address of code.
    pub(crate) code: Ip,
}

impl Cell {
    /// A word of operands.
    pub(crate) const fn word(word: u64) -> Cell {
        Cell { word }
    }

    /// A handler word.
    pub(crate) const fn of_handler(handler: Handler) -> Cell {
        // On a 32-bit host the rest of the word is to be initialised too.
        let mut cell = Cell { word: 0 };
        cell.handler = handler;
        cell
    }

    /// The address of code.
    pub(crate) const fn of_code(code: Ip) -> Cell {
        let mut cell = Cell { word: 0 };
        cell.code = code;
        cell
    }

    /// The bits of a word of operands.
    pub(crate) fn bits(self) -> u64 {
        // SAFETY: all constructors initialise the whole word.
        unsafe { self.word }
    }
}

/// A place in translated code.
pub(crate) type Ip = *const Cell;

/// Packs four slot numbers into an operand word.
pub(crate) fn pack_fields(fields: [i16; 4]) -> u64 {
    fields.iter().enumerate().fold(0, |w, (i, &f)| w | u64::from(f as u16) << (16 * i))
}

/// Packs two slot numbers and a constant into an operand word.
pub(crate) fn pack_const(d: i16, a: i16, k: u32) -> u64 {
    u64::from(d as u16) | u64::from(a as u16) << 16 | u64::from(k) << 32
}

/// Packs two 32-bit constants into an operand word.
pub(crate) fn pack_halves(low: i32, high: i32) -> u64 {
    u64::from(low as u32) | u64::from(high as u32) << 32
}
