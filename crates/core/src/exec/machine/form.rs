//! [`Form`]: what a block has to know of a cell that is in it: see
//! [`block`](crate::exec::handlers::block). Bodies tell it, and the build compares it with what it
//! takes for granted of the cells that a file names.

/// What the cell of a body consists of. Of the context, such a body uses nothing but memory 0,
/// globals, and what a [`Meter`](crate::exec::handlers::control::Meter) uses; and it has no calls.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// Operand words.
    words: usize,
    /// Which fields of the first operand word are slots that are read: a bit for each.
    reads: u8,
    /// Whether field 0 is a slot that is written.
    writes: bool,
    /// Whether both halves of operand word 1 are slots that are read.
    halves: bool,
    /// Whether it stops for nothing but traps.
    traps: bool,
}

impl Form {
    /// So many operand words, and no slots.
    pub(crate) const fn of(words: usize) -> Form {
        Form { words, reads: 0, writes: false, halves: false, traps: true }
    }

    /// Field `index` is a slot that is read, if `is_slot`.
    pub(crate) const fn read(mut self, index: usize, is_slot: bool) -> Form {
        self.reads |= (is_slot as u8) << index;
        self
    }

    /// Two operands, as [`operands`](crate::exec::handlers::numeric::operands) reads them: their
    /// slots are fields 1 and 2, or one is a constant.
    pub(crate) const fn pair(self, a: [bool; 2], b: [bool; 2]) -> Form {
        let [a_is_slot, a_is_const] = a;
        self.read(1, a_is_slot).read(if a_is_const { 1 } else { 2 }, b[0])
    }

    /// Field 0 is a slot that is written, if `is_slot`.
    pub(crate) const fn write(mut self, is_slot: bool) -> Form {
        self.writes |= is_slot;
        self
    }

    /// Both halves of operand word 1 are slots that are read.
    pub(crate) const fn read_halves(mut self) -> Form {
        self.halves = true;
        self
    }

    /// It stops for an interrupt, or for want of fuel.
    pub(crate) const fn stop(mut self) -> Form {
        self.traps = false;
        self
    }

    /// None of a body with vectors.
    pub(crate) const fn unless(self, has_vectors: bool) -> Option<Form> {
        if has_vectors { None } else { Some(self) }
    }

    /// Whether it is this form, as the build has it.
    pub(crate) const fn is(
        form: Option<Form>,
        words: usize,
        reads: u8,
        writes: bool,
        halves: bool,
        traps: bool,
    ) -> bool {
        match form {
            Some(form) => {
                form.words == words
                    && form.reads == reads
                    && form.writes == writes
                    && form.halves == halves
                    && form.traps == traps
            }
            None => false,
        }
    }
}
