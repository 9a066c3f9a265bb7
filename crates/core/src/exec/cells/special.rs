//! [`from_slots`]: what else a cell is that begins a sequence by its general form, which reads
//! slots where the cell's own handler reads pinned locals. Where handlers share an address, the
//! general forms of some may share one with nobody: a cell of any begins the sequences of each.

use super::{Field, Layout, Layouts};
use crate::exec::{
    machine::{Cell, place::Place},
    tables,
};
use alloc::vec::Vec;
use windlass_validate::sort;

/// By the handler word of the general form, which is in order.
pub(super) fn from_slots(layouts: &Layouts) -> Vec<(u64, Layout)> {
    let mut found = Vec::new();
    for (special, general) in tables::fusions::specials() {
        let [special, general] = [special, general].map(Cell::of_handler);
        for like in layouts.of(general) {
            let all = layouts.of(special).filter_map(|own| own.in_slots(like));
            found.extend(all.map(|layout| (general.bits(), layout)));
        }
    }
    sort(&mut found, |a, b| a.0.cmp(&b.0));
    found
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
