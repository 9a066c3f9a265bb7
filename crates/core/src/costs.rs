//! What operators cost in fuel, beside amounts that are known only when they run (those are in
//! `runtime/fuel.rs`). The documentation of [`FUEL_VERSION`](crate::FUEL_VERSION) has the table.
//! The translator counts by it, and the verifier counts again. It must never depend on cells, the
//! build or the host.

use windlass_decode::{FuncType, Op};

/// A stretch of code that is paid as a whole is not to become more expensive: it bounds what is
/// owed, and how long an interrupt waits where there are neither loops nor calls.
pub(crate) const MAX_REGION: u64 = 100_000;

/// Moving, setting or growing by so many bytes, beside the operator.
pub(crate) const fn amount(bytes: u64) -> u64 {
    bytes / 64
}

/// An operator, beside amounts.
pub(crate) const fn operator(op: Op) -> u32 {
    use Op::*;
    match op {
        Nop | Block | Else | End | Drop | Unreachable => 0,
        TryTable | Catch | CatchAll | Delegate => 0,
        Call | ReturnCall => 5,
        CallIndirect | ReturnCallIndirect | CallRef | ReturnCallRef => 12,
        Throw | ThrowRef | Rethrow => 20,
        StructNew | StructNewDefault | StructNewDesc | StructNewDefaultDesc | ArrayNew
        | ArrayNewDefault | ArrayNewFixed | ArrayNewData | ArrayNewElem => 3,
        MemorySize | DataDrop | ElemDrop | I64Add128 | I64Sub128 | I64MulWideS | I64MulWideU => 5,
        MemoryFill | MemoryCopy | MemoryInit | TableFill | TableCopy | TableInit | ArrayFill
        | ArrayCopy | ArrayInitData | ArrayInitElem => 6,
        MemoryAtomicNotify => 10,
        MemoryAtomicWait32 | MemoryAtomicWait64 => 40,
        MemoryGrow | TableGrow => 100,
        _ => 1,
    }
}

/// What a call by name costs more: an imported function is the host's, or another instance's.
pub(crate) fn callee(is_imported: bool) -> u64 {
    if is_imported { 7 } else { 0 }
}

/// The values that a call takes and gives.
pub(crate) fn values(ty: &FuncType) -> u64 {
    (ty.params.len() + ty.results.len()) as u64
}

/// Making an object of a known size.
pub(crate) fn object(bytes: u64) -> u64 {
    bytes / 16
}

/// Moving or setting so many slots.
pub(crate) fn slots(slots: usize) -> u64 {
    slots as u64 / 8
}
