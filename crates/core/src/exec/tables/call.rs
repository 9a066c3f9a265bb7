//! Handlers of functions' starts, calls and returns; and those that have one form only, of all
//! topics.

use super::{ByPlace, Entry, FAST, Maybe, PLACES, cut, h};
use crate::{
    Metering,
    exec::{
        SlowOp,
        handlers::{
            atomic,
            bulk::{SmallCopy, SmallFill},
            call::{
                self, CallIndirect, CallRef, Enter, Reload, Return, ReturnCallIndirect,
                ReturnCallRef,
            },
            control::{Fueled, Interruptible, Unmetered},
            reference::TableSet,
        },
        machine::{
            Value,
            dispatch::{Handler, Step},
            place::{Acc, Const, Kind, Named, P0, P1, Place, Slot},
        },
    },
};
use core::marker::PhantomData;

/// `return` of one value
pub(crate) fn return_one(kind: Kind, a: Place) -> Maybe {
    struct Of<T>(PhantomData<T>);
    impl<T: Value + Named> Of<T> {
        const TABLE: &'static ByPlace = &over_places!(Return<T>);
    }
    by_kind!(kind, |T| Of::<T>::TABLE[a as usize], super::vector::return_one(a))
}

/// The start of a function that pins locals of these domains.
pub(crate) fn enter(metering: Metering, int: bool, f64: bool, f32: bool) -> Entry {
    macro_rules! pins {
        ($m:ty) => {
            match (int, f64, f32) {
                // No local is pinned.
                _ if !FAST => Entry::of::<Enter<$m, false, false, false>>(),
                (false, false, false) => Entry::of::<Enter<$m, false, false, false>>(),
                (true, false, false) => Entry::of::<Enter<$m, true, false, false>>(),
                (false, true, false) => Entry::of::<Enter<$m, false, true, false>>(),
                (true, true, false) => Entry::of::<Enter<$m, true, true, false>>(),
                (false, false, true) => Entry::of::<Enter<$m, false, false, true>>(),
                (true, false, true) => Entry::of::<Enter<$m, true, false, true>>(),
                (false, true, true) => Entry::of::<Enter<$m, false, true, true>>(),
                (true, true, true) => Entry::of::<Enter<$m, true, true, true>>(),
            }
        };
    }
    match metering {
        Metering::None => pins!(Unmetered),
        Metering::Interrupt => pins!(Interruptible),
        Metering::Fuel => pins!(Fueled),
    }
}

/// Loads pinned floats again; nothing if there are none.
pub(crate) fn reload(f64: bool, f32: bool) -> Maybe {
    match (f64, f32) {
        _ if !FAST => None,
        (false, false) => None,
        (true, false) => h::<Reload<true, false>>(),
        (false, true) => h::<Reload<false, true>>(),
        (true, true) => h::<Reload<true, true>>(),
    }
}

/// `call_indirect`, or its tail call, by an index anywhere but in the code.
pub(crate) fn call_indirect(tail: bool, a: Place) -> Maybe {
    let tables = [variable_places!(CallIndirect), variable_places!(ReturnCallIndirect)];
    tables[usize::from(tail)][a as usize]
}

/// `call_ref`, or its tail call, by a reference anywhere but in the code.
pub(crate) fn call_ref(tail: bool, a: Place) -> Maybe {
    let tables = [variable_places!(CallRef), variable_places!(ReturnCallRef)];
    tables[usize::from(tail)][a as usize]
}

/// `memory.copy` within memory 0, or `memory.fill` of it, which are done at once if they are small.
pub(crate) fn small_bulk(op: SlowOp, metering: Metering) -> Maybe {
    match (op, metering) {
        _ if !FAST => None,
        (SlowOp::MemoryCopy, Metering::None) => h::<SmallCopy<Unmetered>>(),
        (SlowOp::MemoryCopy, Metering::Interrupt) => h::<SmallCopy<Interruptible>>(),
        (SlowOp::MemoryCopy, Metering::Fuel) => h::<SmallCopy<Fueled>>(),
        (SlowOp::MemoryFill, Metering::None) => h::<SmallFill<Unmetered>>(),
        (SlowOp::MemoryFill, Metering::Interrupt) => h::<SmallFill<Interruptible>>(),
        (SlowOp::MemoryFill, Metering::Fuel) => h::<SmallFill<Fueled>>(),
        _ => None,
    }
}

/// Handlers that have one form only.
pub(crate) mod plain {
    use super::{Entry, Handler, Step, TableSet, atomic, call};
    pub(crate) const CALL: Entry = Entry::of::<call::Call>();
    pub(crate) const CALL_IMPORT: Entry = Entry::of::<call::CallImport>();
    pub(crate) const RETURN_CALL: Entry = Entry::of::<call::ReturnCall>();
    pub(crate) const RETURN_CALL_IMPORT: Entry = Entry::of::<call::ReturnCallImport>();
    pub(crate) const RETURN_NONE: Entry = Entry::of::<call::ReturnNone>();
    pub(crate) const RETURN_MANY: Entry = Entry::of::<call::ReturnMany>();
    pub(crate) const MOVE_MANY: Entry = Entry::of::<call::MoveMany>();
    pub(crate) const SLOW: Entry = Entry::of::<call::Slow>();
    pub(crate) const TABLE_SET: Entry = Entry::of::<TableSet>();
    pub(crate) const UNREACHABLE: Entry = Entry::of::<call::Unreachable>();
    pub(crate) const THROW: Entry = Entry::of::<call::Throw>();
    pub(crate) const THROW_REF: Entry = Entry::of::<call::ThrowRef>();
    pub(crate) const UNTRANSLATED: Handler = call::Untranslated::HANDLER;
    pub(crate) const FENCE: Entry = Entry::of::<atomic::Fence>();
    pub(crate) const HALT: Handler = call::Halt::HANDLER;
    pub(crate) const SWITCH_BACK: Handler = call::SwitchBack::HANDLER;
}
