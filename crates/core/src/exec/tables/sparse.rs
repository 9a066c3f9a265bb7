//! [`Table`]: tables of handlers, without the room of those that there are not.
//!
//! The compiler makes tables over places ([`Dense`]), of which most entries are empty. They are in
//! no program: here the compiler puts all of them one behind the other and keeps a bit of each
//! entry, and a list of the handlers that there are. [`handlers`](super::handlers) finds a simple
//! instruction's here, [`others`] has the large ones of others; whoever chooses a handler walks
//! through the rows, as if the table were there.

use super::{
    Entry, Handlers, Maybe, OtherTables, SIMD, call::plain, control::BranchTables, fusions::Role,
    object::ObjectTables, ops, vector_ops,
};
use crate::exec::{machine::dispatch::Handler, meaning::native};
use core::marker::PhantomData;
use windlass_decode::Op;

/// Consists of [`Maybe`]s.
///
/// # Safety
/// Of nothing else, and without gaps.
pub(crate) unsafe trait Dense {}
// SAFETY: it is one.
unsafe impl Dense for Maybe {}
// SAFETY: arrays have no gaps.
unsafe impl<T: Dense, const N: usize> Dense for [T; N] {}

/// A table whose entries are kept below: where they begin.
#[derive(Debug)]
pub(crate) struct Table<T> {
    first: u16,
    of: PhantomData<T>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Table<T> {
        *self
    }
}
impl<T> Copy for Table<T> {}

impl<T> Table<T> {
    /// What begins so many entries behind it. There are fewer than 65,536: more fail to compile.
    pub(super) const fn behind<U>(self, entries: usize) -> Table<U> {
        Table { first: self.first + entries as u16, of: PhantomData }
    }
}

impl<T, const N: usize> Table<[T; N]> {
    /// A row, if there is one with this number.
    pub(crate) fn row(self, number: usize) -> Option<Table<T>> {
        (number < N).then(|| self.behind(number * entries::<T>()))
    }

    /// All rows.
    pub(crate) fn rows(self) -> impl Iterator<Item = Table<T>> {
        (0..N).filter_map(move |number| self.row(number))
    }
}

impl Table<Maybe> {
    /// The entry, if there is one: as many are before it in the list as bits are set before its.
    #[inline(never)]
    pub(crate) fn entry(self) -> Maybe {
        let group = usize::from(self.first) / GROUP;
        let (bits, bit) = (KEPT.bits[group], 1 << (usize::from(self.first) % GROUP));
        if bits & bit == 0 {
            return None;
        }
        let before = usize::from(KEPT.before[group]) + (bits & (bit - 1)).count_ones() as usize;
        Some(Entry { handler: KEPT.handlers[before], role: KEPT.roles[before] })
    }
}

/// A struct of tables, one behind the other; its fields are methods of the [`Table`] of it.
macro_rules! tables {
    ($($(#[$of:meta])* struct $name:ident {
        $($(#[$field_of:meta])* $field:ident: $ty:ty,)+
    })+) => {
        $(
            $(#[$of])*
            #[derive(Clone, Copy)]
            #[repr(C)]
            pub(crate) struct $name {
                $($(#[$field_of])* pub(crate) $field: $ty,)+
            }

            // SAFETY: so do its fields, which are aligned alike.
            unsafe impl sparse::Dense for $name where $($ty: sparse::Dense),+ {}

            impl sparse::Table<$name> {
                $($(#[$field_of])*
                pub(crate) fn $field(self) -> sparse::Table<$ty> {
                    self.behind(core::mem::offset_of!($name, $field) / size_of::<Maybe>())
                })+
            }
        )+
    };
}

/// The tables of an instruction, as the compiler made them.
#[derive(Clone, Copy)]
pub(super) struct Made {
    /// As if they were the first.
    pub(super) handlers: Handlers,
    pub(super) entries: &'static [Maybe],
}

impl Made {
    pub(super) const NONE: Made = Made { handlers: Handlers::None, entries: &[] };
}

/// `Made` of a variant of [`Handlers`] and its table.
macro_rules! made {
    ($variant:ident $table:expr) => {{
        let (first, entries) = $crate::exec::tables::sparse::dense($table);
        $crate::exec::tables::sparse::Made { handlers: Handlers::$variant(first), entries }
    }};
}
pub(super) use {made, tables};

pub(super) const fn dense<T: Dense>(table: &'static T) -> (Table<T>, &'static [Maybe]) {
    let first = core::ptr::from_ref(table).cast::<Maybe>();
    // SAFETY: `Dense`: it has so many, and nothing else.
    let entries = unsafe { core::slice::from_raw_parts(first, entries::<T>()) };
    (Table { first: 0, of: PhantomData }, entries)
}

const fn entries<T>() -> usize {
    size_of::<T>() / size_of::<Maybe>()
}

/// By instruction; and once more those that CPUs with more have in place of these. No program has
/// it.
#[allow(clippy::large_const_arrays)]
const MADE: [[Made; Op::ALL.len()]; 2] = {
    let mut made = [ops::ALL, [Made::NONE; Op::ALL.len()]];
    let mut op = 0;
    while SIMD && op < Op::ALL.len() {
        if let Handlers::None = made[0][op].handlers {
            made[0][op] = vector_ops::BASELINE[op];
        }
        if native::CAN_BE_FAST {
            made[1][op] = vector_ops::FAST[op];
        }
        op += 1;
    }
    made
};

/// The tables of instructions that are not simple, and all their entries.
const OTHERS: (Table<OtherTables>, &[Maybe]) = dense(&OtherTables {
    branch: BranchTables::ALL,
    object: windlass_decode::cut([ObjectTables::ALL]),
});

/// How many lists of entries there are: of instructions, for each sort of CPU, and of the others.
const LISTS: usize = 2 * Op::ALL.len() + 1;

/// One of them.
const fn list(number: usize) -> &'static [Maybe] {
    if number < LISTS - 1 {
        MADE[number / Op::ALL.len()][number % Op::ALL.len()].entries
    } else {
        OTHERS.1
    }
}

/// How many entries there are, and how many handlers.
const COUNTS: (usize, usize) = {
    let (mut entries, mut handlers, mut number) = (0, 0, 0);
    while number < LISTS {
        let (list, mut entry) = (list(number), 0);
        while entry < list.len() {
            handlers += list[entry].is_some() as usize;
            entry += 1;
        }
        entries += entry;
        number += 1;
    }
    (entries, handlers)
};

/// How many entries have their bits together.
const GROUP: usize = u32::BITS as usize;
const ENTRIES: usize = COUNTS.0;
const HANDLERS: usize = COUNTS.1;
const GROUPS: usize = ENTRIES.div_ceil(GROUP);
const _: () = assert!(ENTRIES <= 1 << 16);

struct Kept<const GROUPS: usize, const HANDLERS: usize> {
    /// Whether an entry has a handler.
    bits: [u32; GROUPS],
    /// How many handlers those before the group have.
    before: [u16; GROUPS],
    handlers: [Handler; HANDLERS],
    roles: [Role; HANDLERS],
}

/// What is kept, where the tables of instructions begin in it, and the others.
const ALL: (Kept<GROUPS, HANDLERS>, [[Handlers; Op::ALL.len()]; 2], Table<OtherTables>) = {
    let none = plain::UNREACHABLE;
    let mut kept = Kept {
        bits: [0; GROUPS],
        before: [0; GROUPS],
        handlers: [none.handler; HANDLERS],
        roles: [none.role; HANDLERS],
    };
    let mut placed = [[Handlers::None; Op::ALL.len()]; 2];
    let (mut at, mut count, mut number) = (0, 0, 0);
    let mut others = OTHERS.0;
    while number < LISTS {
        if number < LISTS - 1 {
            let (cpu, op) = (number / Op::ALL.len(), number % Op::ALL.len());
            placed[cpu][op] = MADE[cpu][op].handlers.behind(at);
        } else {
            others = others.behind(at);
        }
        let (list, mut entry) = (list(number), 0);
        while entry < list.len() {
            if at % GROUP == 0 {
                kept.before[at / GROUP] = count as u16;
            }
            if let Some(entry) = list[entry] {
                kept.bits[at / GROUP] |= 1 << (at % GROUP);
                kept.handlers[count] = entry.handler;
                kept.roles[count] = entry.role;
                count += 1;
            }
            (at, entry) = (at + 1, entry + 1);
        }
        number += 1;
    }
    (kept, placed, others)
};

static KEPT: Kept<GROUPS, HANDLERS> = ALL.0;

/// How many come before nothing but [`Handlers::None`].
const fn len(handlers: &[Handlers]) -> usize {
    let mut len = handlers.len();
    while len > 0 && matches!(handlers[len - 1], Handlers::None) {
        len -= 1;
    }
    len
}

static OF_ALL: [Handlers; len(&ALL.1[0])] = windlass_decode::cut(ALL.1[0]);
static OF_FAST: [Handlers; len(&ALL.1[1])] = windlass_decode::cut(ALL.1[1]);

/// Those of an instruction, for every CPU.
pub(super) fn of(op: Op) -> Handlers {
    OF_ALL.get(op as usize).copied().unwrap_or(Handlers::None)
}

/// Those of an instruction that are for CPUs with more (I8), if there are others.
pub(super) fn of_fast(op: Op) -> Handlers {
    OF_FAST.get(op as usize).copied().unwrap_or(Handlers::None)
}

/// Those of instructions that are not simple.
pub(super) fn others() -> Table<OtherTables> {
    const { ALL.2 }
}

#[cfg(test)]
mod tests {
    use super::{ALL, LISTS, Maybe, Table, list};
    use crate::exec::{machine::Cell, tables::FAST};
    use alloc::collections::BTreeMap;
    use core::marker::PhantomData;

    /// Each entry of the tables is found as it was made; those that are one part of sequences have
    /// one handler.
    #[test]
    fn entries_are_kept() {
        let (mut at, mut parts) = (0, BTreeMap::new());
        let bits = |handler| Cell::of_handler(handler).bits();
        let told = |entry: Maybe| entry.map(|entry| (bits(entry.handler), entry.role));
        for &entry in (0..LISTS).flat_map(list) {
            let kept = Table { first: at, of: PhantomData }.entry();
            assert_eq!(told(kept), told(entry), "entry {at}");
            if let Some(entry) = entry
                && let Some(part) = entry.role.part()
            {
                let handler = bits(entry.handler);
                assert_eq!(*parts.entry(part).or_insert(handler), handler, "entry {at}");
            }
            at = at.checked_add(1).unwrap();
        }
        assert!(at > 1000 && !ALL.0.handlers.is_empty());
        assert_eq!(parts.len() > 100, FAST, "{}", parts.len());
    }
}
