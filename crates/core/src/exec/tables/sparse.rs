//! [`Table`]: the handlers of simple instructions, without the room of those that there are not.
//!
//! The compiler makes tables over places ([`Dense`]), of which most entries are empty. They are in
//! no program: here the compiler puts all of them one behind the other and keeps a bit of each
//! entry, and a list of the handlers that there are. [`handlers`](super::handlers) finds an
//! instruction's here; whoever chooses one walks through the rows, as if the table were there.

use super::{Entry, Handlers, Maybe, SIMD, call::plain, fusions::Role, ops, vector_ops};
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

/// How many entries [`MADE`] has, and how many handlers.
const COUNTS: (usize, usize) = {
    let (mut entries, mut handlers, mut all) = (0, 0, 0);
    while all < 2 * Op::ALL.len() {
        let made = MADE[all / Op::ALL.len()][all % Op::ALL.len()];
        let mut entry = 0;
        while entry < made.entries.len() {
            handlers += made.entries[entry].is_some() as usize;
            entry += 1;
        }
        entries += entry;
        all += 1;
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

/// What is kept, and where the tables of instructions begin in it.
const ALL: (Kept<GROUPS, HANDLERS>, [[Handlers; Op::ALL.len()]; 2]) = {
    let none = plain::UNREACHABLE;
    let mut kept = Kept {
        bits: [0; GROUPS],
        before: [0; GROUPS],
        handlers: [none.handler; HANDLERS],
        roles: [none.role; HANDLERS],
    };
    let mut placed = [[Handlers::None; Op::ALL.len()]; 2];
    let (mut at, mut count, mut all) = (0, 0, 0);
    while all < 2 * Op::ALL.len() {
        let (cpu, op) = (all / Op::ALL.len(), all % Op::ALL.len());
        let made = MADE[cpu][op];
        placed[cpu][op] = made.handlers.behind(at);
        let mut entry = 0;
        while entry < made.entries.len() {
            if at % GROUP == 0 {
                kept.before[at / GROUP] = count as u16;
            }
            if let Some(entry) = made.entries[entry] {
                kept.bits[at / GROUP] |= 1 << (at % GROUP);
                kept.handlers[count] = entry.handler;
                kept.roles[count] = entry.role;
                count += 1;
            }
            (at, entry) = (at + 1, entry + 1);
        }
        all += 1;
    }
    (kept, placed)
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

#[cfg(test)]
mod tests {
    use super::{ALL, MADE, Maybe, Table};
    use crate::exec::{
        machine::Cell,
        tables::{FAST, fusions::handler_of},
    };
    use core::marker::PhantomData;

    /// Each entry of the tables is found as it was made, with the handler of the part that it is.
    #[test]
    fn entries_are_kept() {
        let (mut at, mut parts) = (0, 0);
        let bits = |handler| Cell::of_handler(handler).bits();
        let told = |entry: Maybe| entry.map(|entry| (bits(entry.handler), entry.role));
        for &entry in MADE.iter().flatten().flat_map(|made| made.entries) {
            let kept = Table { first: at, of: PhantomData }.entry();
            assert_eq!(told(kept), told(entry), "entry {at}");
            if let Some(handler) = entry.and_then(|entry| handler_of(entry.role)) {
                assert_eq!(entry.map(|entry| bits(entry.handler)), Some(bits(handler)));
                parts += 1;
            }
            at = at.checked_add(1).unwrap();
        }
        assert!(at > 1000 && !ALL.0.handlers.is_empty());
        assert_eq!(parts > 100, FAST, "{parts}");
    }
}
