//! What cells do: a handler for each shape of instruction, generic over what it computes
//! (`meaning`) and over the places of its operands (`machine`). `tables` chooses among them. A
//! handler is a leaf: what takes more than a few instructions it leaves to the driver. What cells
//! of small builds have in common (`bodies`) calls.

pub(crate) mod atomic;
pub(crate) mod block;
#[cfg(common_bodies)]
mod bodies;
pub(crate) mod bulk;
pub(crate) mod call;
pub(crate) mod canonical;
pub(crate) mod cast;
pub(crate) mod control;
pub(crate) mod memory;
pub(crate) mod numeric;
pub(crate) mod object;
pub(crate) mod reference;
pub(crate) mod sequence;
pub(crate) mod vector;
