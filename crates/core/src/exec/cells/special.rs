//! [`from_slots`]: what else a cell is that begins a sequence by its general form, which reads
//! slots where the cell's own handler reads pinned locals. Where handlers share an address, the
//! general forms of some may share one with nobody: a cell of any begins the sequences of each.
//! And [`Named`]: which handlers those are.

use super::{Field, Layout, Layouts};
use crate::exec::{
    machine::{Cell, place::Place},
    tables::fusions::{self, Role},
};
use alloc::vec::Vec;
use windlass_validate::sort;

/// What handlers are to sequences and blocks: until all are known.
#[derive(Default)]
pub(super) struct Named {
    /// The handler of each part, or 0.
    parts: Vec<u64>,
    /// Handlers that read pinned locals, each with the part that reads slots instead.
    special: Vec<(u64, u16)>,
}

impl Named {
    pub(super) fn add(&mut self, handler: u64, role: Role) {
        if let Some(part) = role.part().map(usize::from) {
            self.parts.resize(self.parts.len().max(part + 1), 0);
            self.parts[part] = handler;
        }
        self.special.extend(role.general().map(|general| (handler, general)));
    }

    /// The handler of a part: none if this CPU has another.
    pub(super) fn handler(&self, part: u16) -> Option<u64> {
        self.parts.get(usize::from(part)).copied().filter(|&handler| handler != 0)
    }
}

/// By the handler word of the general form, which is in order.
pub(super) fn from_slots(layouts: &Layouts, named: &Named) -> Vec<(u64, Layout)> {
    let mut found = Vec::new();
    for &(special, general) in &named.special {
        let Some(general) = named.handler(general) else { continue };
        for like in layouts.of(Cell::word(general)) {
            let all = layouts.of(Cell::word(special)).filter_map(|own| own.in_slots(like));
            found.extend(all.map(|layout| (general, layout)));
        }
    }
    sort(&mut found, |a, b| a.0.cmp(&b.0));
    found
}

impl Layouts {
    /// Handlers of sequences: cells that begin one are laid out as before.
    pub(super) fn add_sequences(&mut self, named: &Named) {
        let others = from_slots(self, named);
        for (handler, parts) in fusions::sequences() {
            let parts: Option<Vec<u64>> = parts.iter().map(|&part| named.handler(part)).collect();
            let Some(parts) = parts else { continue };
            let handler = Cell::of_handler(handler).bits();
            let first: Vec<Layout> = self.of(Cell::word(parts[0])).copied().collect();
            first.into_iter().for_each(|layout| self.add_layout(handler, layout));
            let from = others.partition_point(|other| other.0 < parts[0]);
            let of_part = others[from..].iter().take_while(|other| other.0 == parts[0]);
            of_part.for_each(|other| self.add_layout(handler, other.1));
            self.sequences.push((handler, parts));
        }
        sort(&mut self.sequences, Ord::cmp);
    }
}

impl Layout {
    /// The same that reads slots where `general` does and this reads pinned locals, if they are
    /// alike beside that and what types operands have.
    fn in_slots(&self, general: &Layout) -> Option<Layout> {
        let mut layout = *self;
        for (own, general) in layout.fields.iter_mut().zip(&general.fields) {
            match (&mut *own, general) {
                (Field::Get(place @ (Place::P0 | Place::P1), _), Field::Get(Place::Slot, _)) => {
                    *place = Place::Slot;
                }
                (Field::Get(place, _), Field::Get(other, _)) if place == other => {}
                (Field::Set(dest, _), Field::Set(other, _)) if dest == other => {}
                (own, general) if own == general => {}
                _ => return None,
            }
        }
        (layout.words == general.words).then_some(layout)
    }
}
